"""An engine, and a way to give it rows."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lifecycle.engines import choose


@pytest.fixture(scope="module")
def engine():
    with choose("duckdb") as opened:
        yield opened


@pytest.fixture
def source(engine, tmp_path):
    def write(**columns):
        file = tmp_path / "rows.parquet"
        pq.write_table(pa.table(columns), file)
        return engine.open(str(file))

    return write
