"""What Evidently takes for the drift of every column with its default tests."""

import json
import resource
import sys
from pathlib import Path

import pandas as pd
from evidently import (  # pyright: ignore[reportMissingImports] -- the peer's own environment
    DataDefinition,
    Dataset,
    Report,
)
from evidently.presets import DataDriftPreset  # pyright: ignore[reportMissingImports] -- likewise

begun = resource.getrusage(resource.RUSAGE_SELF)
before, now = (pd.read_parquet(Path(sys.argv[1]) / f"{side}.parquet") for side in ("ref", "cur"))
numbers = [name for name in before.columns if pd.api.types.is_numeric_dtype(before[name])]
others = [name for name in before.columns if name not in numbers]
columns = DataDefinition(numerical_columns=numbers, categorical_columns=others)
sides = (Dataset.from_pandas(rows, data_definition=columns) for rows in (now, before))
Report([DataDriftPreset()]).run(*sides).dict()
ended = resource.getrusage(resource.RUSAGE_SELF)
cpu = ended.ru_utime + ended.ru_stime - begun.ru_utime - begun.ru_stime
print("RESULT", json.dumps({"cpu": cpu, "peak_mb": ended.ru_maxrss / 1024}))
