"""Gaps between means: against SciPy's Welch intervals, and what cannot be compared."""

import pytest
from estimates import interval, reason
from scipy import stats as scipy_stats

from benchmarks.interval_coverage import CASES, coverage
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


@pytest.mark.parametrize(
    "name",
    [
        "mean error difference, 5 groups",
        "mean error difference to a named group, 5 groups",
        "error parity ratio, 5 groups",
        "error parity ratio to a named group, 5 groups",
        "impact ratio to a named group, 5 groups",
    ],
)
def test_gaps_of_means_and_ratios_to_a_named_group_hold_a_nominal_95_percent(name):
    assert coverage(CASES[name], n=200, rate=0.5, runs=400) == pytest.approx(0.95, abs=0.03)


def test_equal_means_are_no_more_apart_than_chance_has_it(rng):
    same = [fairness.mean_error_difference([tally(group(rng, 60))] * 3)]
    apart = fairness.mean_error_difference([tally(group(rng, 60, shift=s)) for s in (0, 0, 2.0)])

    assert same[0].p_value == pytest.approx(1, abs=0.01)
    assert apart.p_value is not None
    assert apart.p_value < 1e-6


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
