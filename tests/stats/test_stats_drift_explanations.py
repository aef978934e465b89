"""Rankings of columns against scikit-learn's gain and SciPy's correlation."""

import numpy as np
import pytest
from estimates import interval, value
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from sklearn.metrics import ndcg_score

from lifecycle.errors import InvalidInput
from lifecycle.stats.drift.explanations import (
    Importance,
    explanation_ndcg,
    explanation_rank_correlation,
)

importances = st.lists(
    st.floats(0.01, 10).map(lambda v: round(v, 2)), min_size=5, max_size=5, unique=True
)


def importance(values, *, error=0.0, n=500):
    return Importance(np.array(values, float), np.full(len(values), error), n)


@given(importances, importances)
def test_gain_is_scikit_learns(before, now):
    found = explanation_ndcg(importance(before), importance(now))

    assert found.value == pytest.approx(ndcg_score([before], [now]))


@given(importances, importances)
def test_rank_correlation_is_scipys(before, now):
    found = explanation_rank_correlation(importance(before), importance(now))

    expected = stats.spearmanr(before, now).statistic  # pyright: ignore[reportAttributeAccessIssue]
    assert found.value == pytest.approx(float(expected))


def test_ties_share_their_rank_and_stand_in_the_worst_order():
    before, tied = [3.0, 2.0, 1.0], [1.0, 1.0, 0.5]

    expected = stats.spearmanr(before, tied).statistic  # pyright: ignore[reportAttributeAccessIssue]
    found = explanation_rank_correlation(importance(before), importance(tied))
    assert found.value == pytest.approx(float(expected))
    worst = explanation_ndcg(importance(before), importance([0.9, 1.0, 0.5]))
    assert explanation_ndcg(importance(before), importance(tied)).value == worst.value


def test_errors_widen_the_interval_and_none_closes_it():
    before, now = [5.0, 4.0, 1.0], [5.0, 4.2, 1.0]

    sure = explanation_ndcg(importance(before), importance(now))
    unsure = explanation_ndcg(importance(before, error=1), importance(now, error=1))

    assert interval(sure) == (1, 1)
    low, high = interval(unsure)
    assert low < value(unsure) <= high
    assert (unsure.n_reference, unsure.n, unsure.confidence) == (500, 500, 0.95)


def test_two_columns_or_equal_ones_have_no_ranking():
    assert explanation_ndcg(importance([1, 2]), importance([1, 2])).insufficient
    flat = explanation_rank_correlation(importance([1, 2, 3]), importance([1, 1, 1]))
    assert flat.value is None
    assert not flat.insufficient
    with pytest.raises(InvalidInput, match="same columns"):
        explanation_ndcg(importance([1, 2, 3]), importance([1, 2, 3, 4]))
