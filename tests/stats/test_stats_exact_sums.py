"""Sums of doubles are the standard library's `fsum`, whatever the order and the partition."""

import math
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from lifecycle.stats.summaries import exact, runs

doubles = st.floats(allow_nan=False, allow_infinity=False)
columns = st.lists(st.one_of(doubles, st.integers(-3, 3).map(float)), max_size=40)


def fsum(values):
    """Add up without rounding and round once; beyond the largest double lies infinity."""
    total = sum(map(Fraction, values), Fraction())
    try:
        return float(total)
    except OverflowError:
        return math.inf if total > 0 else -math.inf


def summed(values):
    return exact.sums_between(np.array(values, dtype=float), [0, len(values)])


@given(columns, st.lists(st.integers(0, 40), min_size=2, max_size=6))
def test_a_sum_is_the_true_sum_rounded_once(values, cuts):
    bounds = np.sort(np.minimum(cuts, len(values)))

    found = exact.sums_between(np.array(values, dtype=float), bounds)

    parts = [values[a:b] for a, b in pairwise(bounds)]
    assert found.rounded.tolist() == [fsum(part) for part in parts]


@given(st.lists(st.floats(-1e150, 1e150), max_size=40))
def test_squares_are_those_of_doubles_summed_without_rounding(values):
    column = np.array(values, dtype=float)

    found = exact.sums_between(column, [0, len(column)], squared=True)

    assert found.rounded[0] == math.fsum(column * column)


@given(columns)
def test_a_sum_can_be_had_without_rounding(values):
    found = exact.stacked([summed(values), summed([1.0])])

    assert found.fraction(0, 0) == sum(map(Fraction, values), Fraction())
    assert found.fraction(1, 0) == 1


def test_a_square_beyond_the_doubles_makes_the_sum_infinite():
    column = np.array([1e200, 1.0])

    assert exact.sums_between(column, [0, 2], squared=True).rounded[0] == np.inf


@given(st.data(), columns)
def test_any_partition_in_any_order_gives_the_same_limbs(data, values):
    order = data.draw(st.permutations(range(len(values))))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(values)), max_size=4)))
    parts = np.split(np.array(values, dtype=float)[list(order)], cuts)

    merged = exact.merged([summed(part) for part in parts])

    assert merged == summed(values)
    assert merged == summed(np.sort(values))


def test_rows_beyond_one_run_and_one_block_are_added_alike(rng):
    column = np.sort(rng.normal(size=3 * runs.BLOCK + 17)) * 1e-3

    found = exact.sums_between(column, [0, 5, len(column)])

    assert found.rounded.tolist() == [math.fsum(column[:5]), math.fsum(column[5:])]
    assert found == exact.sums_between(rng.permutation(column[5:]), [0, 0, len(column) - 5]) + (
        exact.sums_between(column, [0, 5, 5])
    )


@given(
    hnp.arrays(np.float64, (2, 5), elements=doubles),
    hnp.arrays(np.int64, (2, 5), elements=st.integers(0, 2**35)),
)
def test_a_product_with_a_count_is_not_rounded(values, times):
    found = exact.products(values, times)

    expected = [fsum([Fraction(v) * n]) for v, n in zip(values.flat, times.flat, strict=True)]
    assert found.rounded.ravel().tolist() == expected
    assert found.total().rounded.tolist() == [
        fsum(Fraction(v) * int(n) for v, n in zip(row, counts, strict=True))
        for row, counts in zip(values.tolist(), times, strict=True)
    ]


def test_bounds_in_rows_leave_out_what_lies_between_them():
    values = np.array([1.0, 2.0, np.nan, np.inf, 3.0, 4.0])

    found = exact.sums_between(values, [[0, 1, 2], [4, 4, 6]])

    assert found.rounded.tolist() == [[1.0, 2.0], [0.0, 7.0]]
    assert found[1] == exact.sums_between(values, [4, 4, 6])


def test_cells_are_stacked_and_grouped():
    one, two = summed([1e300, 1.0]), summed([0.25])

    both = exact.stacked([one, two, exact.zeros(1)])

    assert both.shape == (3, 1)
    assert both[0] == one
    assert both.total().grouped(np.array([1, 0, 1]), cells=2).rounded.tolist() == [0.25, 1e300]
    assert both.total().grouped(np.array([0, 0, 0]), cells=1) == one + two


def test_sums_of_nothing_and_sums_that_cancel_hold_nothing():
    assert summed([]) == exact.zeros(1)
    assert summed([1e308, -1e308, 5e-324, -5e-324]) == exact.zeros(1)
    assert exact.zeros(2, 3).rounded.tolist() == [[0.0] * 3] * 2
    assert exact.zeros(2) != "nothing"


def test_ties_round_to_even_and_what_lies_below_breaks_them():
    half = 2.0**-53
    cases = [[1.0, half], [1.0, half, 2.0**-1000], [1.0 + 2 * half, half], [-1.0, -half]]

    assert [summed(case).rounded[0] for case in cases] == [fsum(case) for case in cases]


def test_exact_sums_have_no_hash():
    with pytest.raises(TypeError, match="unhashable"):
        hash(exact.zeros(1))


def ascending(column, cuts):
    found = runs.ascending(np.array(column), np.array(cuts))
    return [exact.sums_of_runs([side])[0] for side in found]


def test_zeros_of_both_signs_are_nothing_in_any_order():
    column = [-1.0, -5e-324, 0.0, -0.0, 0.0, 5e-324, 5.0]

    assert ascending(column, [0, 7]) == [summed([4.0]), summed([26.0])]


@st.composite
def at_a_change_of_exponent(draw):
    """Draw a power of two or its root, or a double that is a few places off it."""
    size = 2.0 ** (draw(st.integers(-2_148, 2_047)) / 2)
    bits = np.float64(size).view(np.int64) + draw(st.integers(-2, 2))
    value = float(np.int64(max(bits, 0)).view(np.float64))
    return draw(st.sampled_from([-1.0, 1.0])) * value


@given(
    st.lists(st.one_of(doubles, at_a_change_of_exponent()), max_size=60),
    st.lists(st.integers(0, 60), max_size=5),
)
def test_a_promise_of_order_changes_nothing_but_the_time(values, cuts):
    column = np.sort(np.array(values, dtype=float))
    bounds = np.sort(np.minimum([0, *cuts, len(column)], len(column)))

    plain, squares = ascending(column, bounds)

    assert plain == exact.sums_between(column, bounds)
    assert squares == exact.sums_between(column, [0, len(column)], squared=True)
