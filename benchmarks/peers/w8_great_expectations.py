"""What Great Expectations takes for eighty checks: no missing value, in range, in the set."""

import json
import resource
import sys
from pathlib import Path

import great_expectations as gx  # pyright: ignore[reportMissingImports] -- the peer's own environment
import pandas as pd

WIDE = 1e12

begun = resource.getrusage(resource.RUSAGE_SELF)
rows = pd.read_parquet(Path(sys.argv[1]) / "cur.parquet")
expected = []
for name in rows.columns:
    if pd.api.types.is_datetime64_any_dtype(rows[name]):
        continue
    expected.append(gx.expectations.ExpectColumnValuesToNotBeNull(column=name))
    if pd.api.types.is_numeric_dtype(rows[name]):
        expected.append(
            gx.expectations.ExpectColumnValuesToBeBetween(
                column=name, min_value=-WIDE, max_value=WIDE
            )
        )
    else:
        known = list(rows[name].unique())
        expected.append(gx.expectations.ExpectColumnValuesToBeInSet(column=name, value_set=known))
context = gx.get_context(mode="ephemeral")
asset = context.data_sources.add_pandas("rows").add_dataframe_asset("rows")
batch = asset.add_batch_definition_whole_dataframe("all").get_batch({"dataframe": rows})
found = batch.validate(gx.ExpectationSuite(name="checks", expectations=expected))
ended = resource.getrusage(resource.RUSAGE_SELF)
cpu = ended.ru_utime + ended.ru_stime - begun.ru_utime - begun.ru_stime
if len(found.results) != len(expected):
    raise SystemExit("not every check was made")
print("RESULT", json.dumps({"cpu": cpu, "peak_mb": ended.ru_maxrss / 1024}))
