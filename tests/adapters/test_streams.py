"""Detectors on streams: planted changes, a sum written out, and the electricity market."""

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lifecycle.adapters.streams import DETECTORS
from lifecycle.errors import InvalidInput
from lifecycle.stats.drift.streams import cusum

ELEC2 = Path(__file__).parents[3] / "shared" / "data" / "elec2.parquet"


@pytest.fixture
def rng():
    return np.random.default_rng(1)


@pytest.mark.parametrize("name", sorted(DETECTORS))
def test_a_rise_of_the_error_rate_is_found_soon_after_it(rng, name):
    errors = np.concatenate([rng.random(4000) < 0.1, rng.random(4000) < 0.3]).astype(float)

    found = DETECTORS[name](errors)

    assert found
    assert 4000 <= found[0] < 4400


@pytest.mark.parametrize("name", ["adwin", "cusum"])
def test_a_fall_is_found_as_well(rng, name):
    errors = np.concatenate([rng.random(4000) < 0.3, rng.random(4000) < 0.1]).astype(float)

    assert any(4000 <= place < 4500 for place in DETECTORS[name](errors))


@pytest.mark.parametrize("name", sorted(DETECTORS))
def test_a_steady_stream_is_left_alone(rng, name):
    assert len(DETECTORS[name]((rng.random(20_000) < 0.2).astype(float))) <= 2


@settings(deadline=None, max_examples=50)
@given(st.integers(0, 2**31))
def test_the_cumulative_sum_is_the_published_recursion(seed):
    rng = np.random.default_rng(seed)
    values = rng.normal(size=300) + np.repeat([0.0, rng.normal()], 150)
    level = values[:50]
    high = low = 0.0
    expected = None
    for place, x in enumerate(values[50:], start=50):
        z = (x - level.mean()) / level.std(ddof=1)
        high, low = max(0.0, high + z - 0.25), max(0.0, low - z - 0.25)
        if max(high, low) > 8:
            expected = place
            break

    found = cusum(values, warm_up=50, decision=8)

    assert (found[0] if found else None) == expected


def test_a_stream_without_an_error_so_far_still_notices_the_first_ones():
    assert cusum(np.concatenate([np.zeros(1000), np.ones(30)]))


def test_a_short_stream_has_no_changes_and_a_level_needs_two_observations():
    assert cusum(np.zeros(10)) == []
    with pytest.raises(InvalidInput, match="not 1"):
        cusum(np.zeros(10), warm_up=1)


@pytest.mark.skipif(
    not ELEC2.exists(), reason="the shared data set elec2 is not beside this checkout"
)
def test_on_elec2_the_previous_label_predicts_worse_and_better_in_turns():
    """The published accuracy, and the changes found with the versions the lock names."""
    label = pq.read_table(ELEC2, columns=["class"])["class"].to_numpy(zero_copy_only=False)
    errors = (label[1:] != label[:-1]).astype(float)

    assert 1 - errors.mean() == pytest.approx(0.853, abs=5e-4)
    found = {name: len(detect(errors)) for name, detect in DETECTORS.items()}
    assert found == {"adwin": 7, "page_hinkley": 10, "cusum": 15}
