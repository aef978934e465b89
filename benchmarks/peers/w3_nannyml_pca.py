"""What NannyML takes for the reconstruction error of all columns together, in chunks of a tenth."""

import json
import resource
import sys
from pathlib import Path

import nannyml  # pyright: ignore[reportMissingImports] -- the peer's own environment
import pandas as pd

begun = resource.getrusage(resource.RUSAGE_SELF)
before, now = (pd.read_parquet(Path(sys.argv[1]) / f"{side}.parquet") for side in ("ref", "cur"))
columns = [c for c in before.columns if not pd.api.types.is_datetime64_any_dtype(before[c])]
calculator = nannyml.DataReconstructionDriftCalculator(
    column_names=columns, chunk_size=len(before) // 10
)
calculator.fit(before)
calculator.calculate(now).to_df()
ended = resource.getrusage(resource.RUSAGE_SELF)
cpu = ended.ru_utime + ended.ru_stime - begun.ru_utime - begun.ru_stime
print("RESULT", json.dumps({"cpu": cpu, "peak_mb": ended.ru_maxrss / 1024}))
