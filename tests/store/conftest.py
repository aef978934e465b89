import shutil
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest

from lifecycle.store.connection import Workspace


@pytest.fixture
def at():
    return datetime(2026, 5, 4, 10, 30, 0, 123456, tzinfo=UTC)


@pytest.fixture(scope="session")
def empty_home(tmp_path_factory):
    """Make an empty workspace once; copying a folder is faster than making its tables."""
    home = tmp_path_factory.mktemp("empty") / "home"
    Workspace.create(home, at=datetime(2026, 5, 4, tzinfo=UTC)).close()
    return home


@pytest.fixture
def workspace(tmp_path, empty_home):
    home = shutil.copytree(empty_home, tmp_path / "home")
    with Workspace.open(home) as opened:
        yield opened


@pytest.fixture
def predictions(at):
    """Make a table of scored rows, spread over some days, ids numbered from a start."""

    def make(rows, *, days=1, first=0, **columns):
        midnight = at.replace(hour=0, minute=0, second=0, microsecond=0)
        step = timedelta(days=days) / rows
        times = [midnight + i * step + timedelta(seconds=1) for i in range(rows)]
        return pa.table(
            {
                "lc_id": [f"id-{i}" for i in range(first, first + rows)],
                "lc_at": pa.array(times, pa.timestamp("us", tz="UTC")),
                "score": [i / rows for i in range(rows)],
                "colour": ["red" if i % 2 else None for i in range(rows)],
            }
            | columns
        )

    return make
