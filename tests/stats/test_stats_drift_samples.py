"""Samples are compared by stretches as SciPy compares them point by point."""

from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from lifecycle.stats.drift import samples

values = st.one_of(
    st.floats(-1e5, 1e5, allow_subnormal=False),
    st.integers(-3, 3).map(float),
    st.floats(0, 1).map(lambda v: 1e6 + v),
)
ordered = st.lists(values, min_size=1, max_size=80).map(lambda held: np.sort(np.array(held)))


def area(x, y):
    return samples.area_between(samples.Summed.of(x), samples.Summed.of(y))


@given(ordered, ordered, st.floats(0.1, 20))
def test_the_area_over_stretches_of_any_length_is_scipys(x, y, stretch):
    with patch.object(samples, "STRETCH", stretch):
        found = area(x, y)

    assert found == pytest.approx(stats.wasserstein_distance(x, y), rel=1e-9, abs=1e-9)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # of SciPy's own p-value
@given(ordered, ordered, st.floats(0.1, 20))
def test_the_gap_over_stretches_of_any_length_is_scipys(x, y, stretch):
    with patch.object(samples, "STRETCH", stretch):
        found = samples.largest_gap(x, y)

    expected: float = stats.ks_2samp(x, y, method="asymp").statistic  # pyright: ignore[reportAttributeAccessIssue] -- SciPy types the result as a tuple
    assert found == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("moved", [0.0, 0.05])
@pytest.mark.parametrize(("n", "m"), [(60_000, 20_000), (20_000, 60_000), (50_000, 300)])
def test_large_samples_of_many_shapes_are_as_far_apart_as_scipy_says(n, m, moved, rng):
    for draw in (
        lambda k: rng.normal(1e6, 1, k),
        lambda k: rng.standard_t(2, k),
        lambda k: np.where(rng.random(k) < 0.3, 0.0, rng.lognormal(0, 2, k)),
        lambda k: rng.integers(0, 9, k).astype(float),
    ):
        x, y = np.sort(draw(n)), np.sort(draw(m) + moved)

        assert area(x, y) == pytest.approx(stats.wasserstein_distance(x, y), rel=1e-8)


@given(ordered, ordered)
def test_the_area_is_the_same_from_either_side(x, y):
    assert area(x, y) == pytest.approx(area(y, x), rel=1e-9, abs=1e-9)
