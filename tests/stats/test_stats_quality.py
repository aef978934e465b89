"""Missing and stuck values against hand counts and SciPy."""

from dataclasses import replace

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


def test_a_single_category_is_stuck_and_not_by_chance_where_the_reference_varies():
    assert quality.stuck_value(category(1, 3), category(2, 0)).p_value == pytest.approx(1 / 16)
    assert quality.stuck_value(category(3, 0, other=1), category(2, 0)).value == 1.0


def test_a_stuck_value_is_told_even_where_the_reference_is_stuck_at_it():
    same = quality.stuck_value(category(3, 0), category(2, 0))

    assert (same.value, same.p_value) == (1.0, 1.0)
    assert reason(same) == "the reference holds one single value as well"


def test_a_column_that_moves_away_from_a_constant_reference_is_not_stuck():
    assert quality.stuck_value(category(3, 0), category(2, 1)).value == 0.0


def test_a_window_without_values_is_neither():
    found = quality.stuck_value(REFERENCE, number([np.nan]))

    assert found.insufficient
    assert "no usable values" in reason(found)


def test_a_reference_without_values_tells_nothing_about_a_stuck_one():
    found = quality.stuck_value(number([np.nan]), number([1.0, 1.0]))

    assert found.insufficient
    assert "the reference holds no usable values" in reason(found)


@given(st.integers(0, 40), st.integers(0, 40))
def test_infinite_values_are_a_share_of_all_rows(held, infinite):
    found = quality.infinite_share(REFERENCE, number([1.0] * held + [-np.inf] * infinite))

    if held + infinite == 0:
        assert found.insufficient
    else:
        assert found.value == pytest.approx(infinite / (held + infinite))


VALUES = st.lists(st.floats(-50, 50), min_size=1, max_size=60)


@given(VALUES, VALUES, st.integers(2, 20))
def test_the_share_out_of_range_is_the_hand_count(before, after, bins):
    edges = numeric_bins(np.sort(before), bins=bins)
    reference = counting.numeric_profile(before, edges=edges)
    outside = sum(x < min(before) or x > max(before) for x in after) / len(after)

    found = quality.out_of_range_share(reference, counting.numeric_profile(after, edges=edges))

    assert found.value == pytest.approx(outside)
    assert found.resolution is None


@given(VALUES, st.lists(st.floats(-50, 50), max_size=5), st.floats(-50, 50), st.floats(-50, 50))
def test_a_share_out_of_any_range_holds_the_hand_count_within_its_resolution(
    after, edges, one, other
):
    low, high = sorted((one, other))
    profile = counting.numeric_profile(after, edges=np.unique(np.array(edges, float)))
    outside = sum(x < low or x > high for x in after) / len(after)

    found = quality.out_of_range_share(replace(profile, low=low, high=high), profile)

    assert found.value is not None
    assert found.value <= outside + 1e-12
    assert outside <= found.value + (found.resolution or 0.0) + 1e-12
    bottom, top = found.interval or (1, 0)
    assert bottom <= outside <= top


@given(VALUES)
def test_no_row_of_the_reference_lies_outside_it(before):
    reference = counting.numeric_profile(before, edges=numeric_bins(np.sort(before), bins=8))

    found = quality.out_of_range_share(reference, reference)

    assert (found.value, found.resolution) == (0.0, None)


def test_a_range_needs_a_reference_with_values():
    assert quality.out_of_range_share(number([np.nan]), REFERENCE).insufficient


def test_unseen_categories_are_a_hand_count_while_every_category_is_counted():
    found = quality.unseen_category_share(category(5, 5), category(3, 1, other=4, missing=2))

    assert found.value == pytest.approx(0.4)
    assert found.interval == pytest.approx(
        tuple(stats.binomtest(4, 10).proportion_ci(method="wilson")), abs=1e-9
    )
    beyond = quality.unseen_category_share(category(5, 5, other=1), category(1, 1))
    assert beyond.value is None
    assert not beyond.insufficient
    assert "one by one" in reason(beyond)


def test_volume_is_told_as_a_share_of_the_usual_number():
    assert quality.volume_change(100.0, 0).value == -1.0
    assert quality.volume_change(100.0, 250).value == 1.5
    assert quality.volume_change(0.0, 5).insufficient


@given(st.integers(0, 200), st.integers(1, 200))
def test_a_share_of_broken_rows_has_scipys_wilson_interval(broken, kept):
    found = quality.broken_share(broken, broken + kept)

    expected = stats.binomtest(broken, broken + kept).proportion_ci(0.95, method="wilson")
    assert found.value == broken / (broken + kept)
    assert found.interval == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_an_age_is_in_hours_and_may_lie_in_the_future():
    assert (quality.age_in_hours(5_400.0, 7).value, quality.age_in_hours(5_400.0, 7).n) == (1.5, 7)
    assert quality.age_in_hours(-3_600.0, 7).value == -1.0
    assert quality.broken_share(0, 0).insufficient
