"""What pandera takes for eighty checks: no missing value, numbers in range, texts in their set."""

import json
import resource
import sys
from pathlib import Path

import pandas as pd
import pandera.pandas as pa  # pyright: ignore[reportMissingImports] -- the peer's own environment

WIDE = 1e12

begun = resource.getrusage(resource.RUSAGE_SELF)
rows = pd.read_parquet(Path(sys.argv[1]) / "cur.parquet")
columns = {}
for name in rows.columns:
    if pd.api.types.is_numeric_dtype(rows[name]):
        check = pa.Check.in_range(-WIDE, WIDE)
    elif pd.api.types.is_datetime64_any_dtype(rows[name]):
        continue
    else:
        check = pa.Check.isin(list(rows[name].unique()))
    columns[name] = pa.Column(checks=check, nullable=False)
pa.DataFrameSchema(columns).validate(rows, lazy=True)
ended = resource.getrusage(resource.RUSAGE_SELF)
cpu = ended.ru_utime + ended.ru_stime - begun.ru_utime - begun.ru_stime
print("RESULT", json.dumps({"cpu": cpu, "peak_mb": ended.ru_maxrss / 1024}))
