"""Do sums over SHAP values say what they claim?"""

import numpy as np
import pytest
from scipy import stats

from lifecycle.stats.explanations.attributions import additivity_error, mean_absolute, of_row


def test_the_interval_of_a_mean_is_scipys_and_does_not_reach_below_0():
    rng = np.random.default_rng(8)
    sizes = rng.gamma(1.0, 1.0, 50)
    signed = (sizes * rng.choice([-1, 1], 50))[:, np.newaxis]

    found = mean_absolute(signed)

    expected = stats.t.interval(0.95, 49, sizes.mean(), stats.sem(sizes))
    assert (found.value, *(found.interval or ())) == pytest.approx((sizes.mean(), *expected))
    assert (mean_absolute(np.array([[0.0], [1.0]])).interval or (1,))[0] == 0.0
    assert mean_absolute(np.array([[1.0]])).insufficient


def test_several_outputs_count_alike():
    found = mean_absolute(np.array([[1.0, -3.0], [0.0, 2.0]]))

    assert (found.value, found.n) == (1.5, 2)


def test_a_linear_models_own_terms_add_up_and_a_lost_one_is_the_error():
    rng = np.random.default_rng(3)
    rows, weights = rng.normal(size=(20, 4)), np.array([2.0, -1.0, 0.5, 3.0])
    base = np.full((20, 1), rows.mean(axis=0) @ weights)
    answers = (rows @ weights)[:, np.newaxis]
    terms = ((rows - rows.mean(axis=0)) * weights)[:, :, np.newaxis]

    assert additivity_error(terms, base, answers).value == pytest.approx(0, abs=1e-12)
    lost = additivity_error(terms[:, :3], base, answers)
    assert lost.value == pytest.approx(np.abs(terms[:, 3]).max())
    assert lost.n == 20
    assert additivity_error(terms[:0], base[:0], answers[:0]).insufficient


def test_a_value_of_one_row_is_read_off():
    found = of_row(-0.25)

    assert (found.value, found.n, found.interval) == (-0.25, 1, None)
