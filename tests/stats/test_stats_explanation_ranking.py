"""Is an order of columns that is called sure the true one, as often as promised?"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from lifecycle.errors import InsufficientData, InvalidInput
from lifecycle.stats.explanations.ranking import Order, ranking


def drawn(rng, means, rows):
    """Draw gamma-distributed sizes that share a factor, as SHAP values of a row do."""
    common = rng.gamma(4.0, 0.25, (rows, 1))
    return common * rng.gamma(1.5, np.asarray(means) / 1.5, (rows, len(means)))


def test_the_interval_of_two_columns_is_scipys_paired_t_interval():
    sizes = drawn(np.random.default_rng(1), [1.0, 0.8], 90)

    (pair,) = ranking(sizes, confidence=0.9).pairs

    expected = stats.ttest_rel(sizes[:, 0], sizes[:, 1]).confidence_interval(0.9)
    low, high = (
        (expected.low, expected.high) if pair.above == 0 else (-expected.high, -expected.low)
    )
    assert pair.interval == pytest.approx((low, high))


def test_an_order_called_sure_is_wrong_in_fewer_than_one_run_of_twenty():
    rng = np.random.default_rng(2)
    means = np.array([1.0, 0.97, 0.6, 0.58, 0.3, 0.0])
    wrong = 0
    for _ in range(400):
        looks = (ranking(drawn(rng, means, rows), looks=3) for rows in (125, 250, 500))
        wrong += any(
            (pair.order is Order.SURE and means[pair.above] < means[pair.below])
            or not pair.interval[0] <= means[pair.above] - means[pair.below] <= pair.interval[1]
            for seen in looks
            for pair in seen.pairs
        )

    assert wrong / 400 <= 0.05


def test_columns_apart_are_sure_columns_alike_are_equal_and_few_rows_leave_them_open():
    rng = np.random.default_rng(3)
    many = ranking(drawn(rng, [3.0, 1.0, 0.5, 0.49], 4000))
    few = ranking(drawn(rng, [3.0, 1.0, 0.9, 0.8], 20))

    assert [pair.order for pair in many.pairs] == [Order.SURE, Order.SURE, Order.EQUAL]
    assert many.stable
    assert not few.stable
    assert many.order.tolist()[:2] == [0, 1]
    assert (many.best[:2].tolist(), many.worst[:2].tolist()) == ([1, 2], [1, 2])
    assert (many.best[2], many.worst[2]) == (3, 4)


def test_all_rows_of_a_population_leave_no_order_open_and_half_of_them_narrow_it():
    sizes = drawn(np.random.default_rng(6), [1.0, 0.99], 200)

    (whole,), (half,), (endless,) = (
        ranking(sizes, population=population).pairs for population in (200, 400, None)
    )

    assert whole.order is not Order.OPEN
    assert whole.interval == (whole.difference, whole.difference)
    assert np.ptp(half.interval) == pytest.approx(np.ptp(endless.interval) * np.sqrt(0.5))


def test_columns_that_are_never_used_are_equal():
    assert ranking(np.zeros((50, 3))).stable


@given(st.integers(0, 1000), st.integers(2, 8))
def test_the_rank_found_lies_between_the_best_and_the_worst(seed, columns):
    sizes = np.random.default_rng(seed).gamma(1.0, 1.0, (30, columns))

    found = ranking(sizes)

    ranks = np.empty(columns, int)
    ranks[found.order] = np.arange(1, columns + 1)
    assert (found.best <= ranks).all()
    assert (ranks <= found.worst).all()


def test_what_is_no_table_or_too_short_is_refused():
    with pytest.raises(InvalidInput):
        ranking(np.zeros(3))
    with pytest.raises(InvalidInput):
        ranking(np.zeros((3, 3)), looks=0)
    with pytest.raises(InvalidInput):
        ranking(np.zeros((3, 3)), population=2)
    with pytest.raises(InsufficientData):
        ranking(np.zeros((1, 3)))
