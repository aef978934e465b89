"""Missing and stuck values against hand counts and SciPy."""

import numpy as np
import pytest
from estimates import reason
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from lifecycle.stats import counting, quality
from lifecycle.stats.summaries import CategoryProfile, numeric_bins

COLUMN = np.repeat([0.0, 1.0, 2.0], [50, 30, 20])
EDGES = numeric_bins(COLUMN, bins=8)
REFERENCE = counting.numeric_profile(COLUMN, edges=EDGES)


def number(values):
    return counting.numeric_profile(values, edges=EDGES)


def category(a, b, *, other=0, missing=0):
    return CategoryProfile(("a", "b"), np.array([a, b]), other, missing)


@given(st.integers(0, 200), st.integers(0, 50), st.integers(0, 50))
def test_the_missing_share_is_the_hand_count_with_scipys_interval(held, nan, infinite):
    rows = held + nan + infinite

    found = quality.missing_share(
        REFERENCE, number([0.5] * held + [np.nan] * nan + [np.inf] * infinite)
    )

    if rows == 0:
        assert found.insufficient
        assert found.reason == "the window holds no rows"
    else:
        assert found.value == pytest.approx((nan + infinite) / rows)
        expected = stats.binomtest(nan + infinite, rows).proportion_ci(method="wilson")
        assert found.interval == pytest.approx((expected.low, expected.high), abs=1e-9)


def test_one_value_where_the_reference_varies_is_stuck():
    found = quality.stuck_value(REFERENCE, number([1.0] * 10))

    assert found.value == 1.0
    assert found.p_value == pytest.approx(stats.binom.pmf(10, 10, 0.3))


def test_a_stuck_value_the_reference_never_held_cannot_be_chance():
    assert quality.stuck_value(REFERENCE, number([7.0] * 3)).p_value == 0.0


@pytest.mark.parametrize(
    ("reference", "current"),
    [
        (REFERENCE, number([0.0, 1.0])),
        (REFERENCE, number([0.0, np.nan, 0.1])),
        (category(3, 3), category(1, 1)),
        (category(3, 3), category(0, 0, other=4)),
        (category(3, 3), category(1, 0, other=4)),
    ],
)
def test_values_that_vary_or_may_vary_are_not_stuck(reference, current):
    found = quality.stuck_value(reference, current)

    assert found.value == 0.0
    assert found.p_value == 1.0


def test_a_single_category_is_stuck_unless_the_reference_is_too():
    assert quality.stuck_value(category(1, 3), category(2, 0)).p_value == pytest.approx(1 / 16)
    assert quality.stuck_value(category(3, 0, other=1), category(2, 0)).value == 1.0
    same = quality.stuck_value(category(3, 0), category(2, 0))
    assert same.value is None
    assert same.reason == "the reference does not vary either"


def test_a_window_without_values_is_neither():
    found = quality.stuck_value(REFERENCE, number([np.nan]))

    assert found.insufficient
    assert "no usable values" in reason(found)
