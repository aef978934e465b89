"""What NannyML takes for the drift of every column, day by day, with its default measure."""

import json
import resource
import sys
from pathlib import Path

import nannyml  # pyright: ignore[reportMissingImports] -- the peer's own environment
import pandas as pd

begun = resource.getrusage(resource.RUSAGE_SELF)
before, now = (pd.read_parquet(Path(sys.argv[1]) / f"{side}.parquet") for side in ("ref", "hist"))
columns = list(before.columns)
# Its limits come from chunks of the reference, so the reference needs days as well.
before["ts"] = pd.date_range("2024-11-01", periods=len(before), freq=pd.Timedelta("30D") / 1e6)
texts = [name for name in columns if not pd.api.types.is_numeric_dtype(before[name])]
found = nannyml.UnivariateDriftCalculator(
    column_names=columns,
    treat_as_categorical=texts,
    timestamp_column_name="ts",
    chunk_period="D",
).fit(before)
found.calculate(now).to_df()
ended = resource.getrusage(resource.RUSAGE_SELF)
cpu = ended.ru_utime + ended.ru_stime - begun.ru_utime - begun.ru_stime
print("RESULT", json.dumps({"cpu": cpu, "peak_mb": ended.ru_maxrss / 1024}))
