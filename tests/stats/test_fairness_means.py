"""Gaps between means: against SciPy's Welch intervals, and what cannot be compared."""

import pytest
from estimates import interval, reason
from scipy import stats as scipy_stats

from lifecycle.errors import InvalidInput
from lifecycle.stats import counting, fairness


def group(rng, n, *, shift=0.0, spread=1.0):
    y = rng.normal(5, 1, n)
    return y, y + rng.normal(shift, spread, n)


def tally(part):
    return counting.error_tally(*part)


def test_a_difference_of_two_means_has_welchs_interval(rng):
    first, second = group(rng, 300), group(rng, 200, shift=2.0, spread=2.0)

    found = fairness.mean_error_difference([tally(first), tally(second)])

    errors = [p - y for y, p in (first, second)]
    test = scipy_stats.ttest_ind(errors[1], errors[0], equal_var=False)
    expected = test.confidence_interval(0.95)
    assert found.value == pytest.approx(errors[1].mean() - errors[0].mean())
    assert interval(found) == pytest.approx((expected.low, expected.high), abs=1e-3)
    assert found.n == 500


def test_a_ratio_lies_between_0_and_1_and_a_reference_limits_the_pairs(rng):
    parts = [tally(group(rng, 400, spread=s)) for s in (1.0, 2.0, 4.0)]

    every = fairness.error_parity_ratio(parts)
    middle = fairness.error_parity_ratio(parts, reference=1)

    assert every.value == pytest.approx(0.25, abs=0.04)
    assert middle.value == pytest.approx(0.5, abs=0.07)
    assert 0 < interval(every)[0] < interval(every)[1] <= 1


def test_three_groups_hold_the_true_widest_gap_at_least_as_often_as_they_say(rng):
    held = 0
    for _ in range(300):
        parts = [tally(group(rng, 60, shift=s)) for s in (0.0, 0.0, 0.3)]
        low, high = interval(fairness.mean_error_difference(parts))
        held += low <= 0.3 <= high

    assert held / 300 >= 0.94


def test_what_cannot_be_compared_says_why(rng):
    large, small = tally(group(rng, 100)), tally(group(rng, 5))
    exact = counting.error_tally([1.0] * 50, [1.0] * 50)
    constant = counting.error_tally([1.0] * 50, [2.0] * 50)

    assert "1 of 2 groups left out" in reason(fairness.mean_error_difference([large, small]))
    assert "reference group" in reason(fairness.mean_error_difference([large, small], reference=1))
    with pytest.raises(InvalidInput, match="no group at position 4"):
        fairness.mean_error_difference([large, large], reference=4)
    assert "mean is zero" in reason(fairness.error_parity_ratio([large, exact]))
    apart = fairness.mean_error_difference([constant, exact])
    assert (apart.value, interval(apart)) == (1.0, (1.0, 1.0))
    assert fairness.mean_error_difference([large, large], confidence=None).interval is None
    unlabelled = counting.binary_tally([2], [1], [0.5])
    assert "no row of the group" in reason(fairness.calibration_bias(unlabelled))
