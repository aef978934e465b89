"""What the tests of the statistics share."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings

# A busy machine is slow now and then; that says nothing about a property.
settings.register_profile("patient", settings.default, deadline=None, max_examples=60)
settings.load_profile("patient")

DATA = Path(__file__).parents[3] / "shared" / "data"


@pytest.fixture
def rng():
    return np.random.default_rng(20240229)


@pytest.fixture
def frame():
    """Read a real data set, or skip where the shared data are not at hand."""
    pandas = pytest.importorskip("pandas")

    def read(name, **options):
        path = DATA / f"{name}.parquet"
        if not path.exists():
            pytest.skip(f"the shared data set {name} is not beside this checkout")
        return pandas.read_parquet(path, **options)

    return read
