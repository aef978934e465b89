import numpy as np
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
    def write(name="rows", **columns):
        file = tmp_path / f"{name}.parquet"
        pq.write_table(pa.table(columns), file)
        return engine.open(str(file))

    return write


@pytest.fixture(scope="module")
def people():
    """Return two thousand simulated decisions about people of two attributes."""
    rng = np.random.default_rng(8)
    sex, race = rng.choice(["F", "M"], 2_000), rng.choice(["a", "b", "c"], 2_000)
    region = rng.choice(["north", "south"], 2_000)
    y = rng.integers(0, 2, 2_000)
    score = np.clip(0.5 * y + 0.1 * (sex == "M") + rng.random(2_000) * 0.5, 0, 1).round(2)
    p = (score > 0.45).astype(int)
    return {"y": y, "p": p, "s": score, "sex": sex, "race": race, "region": region}
