"""Money, service levels and an estimator's own error, against hand counts, SciPy and simulation."""

import numpy as np
import pytest
from estimates import hidden, interval, reason, value
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from lifecycle.stats import counting
from lifecycle.stats.performance import calibration, estimation, service
from lifecycle.stats.performance import value as money
from lifecycle.stats.performance.past_error import Outcome, past_error
from lifecycle.stats.summaries import merge

WORTH = (20.0, -5.0, -100.0, 1.0)
seeds = st.integers(0, 2**31)


def amounts(y, d):
    return np.array([[1.0, -5.0], [-100.0, 20.0]])[y, d]


@given(seeds)
def test_the_value_of_decisions_is_the_mean_of_their_amounts(seed):
    rng = np.random.default_rng(seed)
    y, d = rng.integers(0, 2, 60), rng.integers(0, 2, 60)
    each = amounts(y, d)
    tally = counting.binary_tally(np.append(y, [2, 0]), np.append(d, [0, 2]))

    mean = money.value_per_decision(tally, worth=WORTH)
    total = money.total_value(tally, worth=WORTH)

    assert value(mean) == pytest.approx(each.mean())
    assert value(total) == pytest.approx(each.sum())
    assert mean.n == total.n == 60
    assert interval(mean) == pytest.approx(stats.t.interval(0.95, 59, each.mean(), stats.sem(each)))
    assert interval(total) == pytest.approx([60 * bound for bound in interval(mean)])


def test_value_without_an_outcome_or_a_decision_is_insufficient():
    tally = counting.binary_tally([2, 1], [1, 2])

    for measure in (money.value_per_decision, money.total_value):
        assert measure(tally, worth=WORTH).insufficient
        assert "both an outcome and a decision" in reason(measure(tally, worth=WORTH))


def test_one_decision_has_a_value_and_no_interval():
    alone = counting.binary_tally([1], [0])

    assert value(money.total_value(alone, worth=WORTH)) == -100.0
    assert money.total_value(alone, worth=WORTH).interval is None


def test_expected_value_is_realised_on_average_and_its_band_holds():
    inside, errors = [], []
    for seed in range(150):
        rng = np.random.default_rng(seed)
        chance = rng.beta(1, 3, 4000).round(2)
        y, d = (rng.random(4000) < chance).astype(int), (chance > 0.3).astype(int)
        edges = np.unique(chance)
        fitted = calibration.calibrate(
            counting.binary_tally(y[:3000], d[:3000], chance[:3000], edges=edges)
        )
        now = counting.binary_tally(y[3000:], d[3000:], chance[3000:], edges=edges)
        expected = estimation.expect(now, calibration=fitted)
        found = money.expected_total_value(expected, worth=WORTH)
        true = amounts(y[3000:], d[3000:]).sum()
        inside.append(interval(found)[0] <= true <= interval(found)[1])
        errors.append(value(found) - true)
    assert np.mean(inside) >= 0.896
    assert abs(np.mean(errors)) < 3 * np.std(errors) / np.sqrt(150) + 1e-9


@given(st.lists(st.floats(0.01, 1e5), min_size=1, max_size=200), st.sampled_from([0.5, 0.95, 0.99]))
def test_a_latency_quantile_is_numpys_within_its_resolution(values, share):
    profile = counting.numeric_profile(values, edges=service.LATENCY_EDGES)

    found = service.quantile(profile, share=share)

    true = np.quantile(values, share, method="inverted_cdf")
    assert abs(value(found) - true) <= hidden(found) + 1e-9 * true
    assert hidden(found) <= true * 0.046
    if found.interval is None:
        assert "too few for an interval" in (found.reason or "")
    else:
        assert interval(found)[0] <= value(found) <= interval(found)[1]


def test_latency_quantiles_of_parts_add_up(rng):
    values = rng.lognormal(4, 1, 3000)
    parts = [
        counting.numeric_profile(part, edges=service.LATENCY_EDGES)
        for part in np.array_split(values, 7)
    ]
    whole = counting.numeric_profile(values, edges=service.LATENCY_EDGES)

    assert service.quantile(merge(parts), share=0.95).value == pytest.approx(
        value(service.quantile(whole, share=0.95))
    )


def test_the_interval_of_a_quantile_holds_the_true_one():
    true = stats.lognorm(0.8, scale=80).ppf(0.95)
    inside = 0
    for seed in range(300):
        values = np.random.default_rng(seed).lognormal(np.log(80), 0.8, 400)
        profile = counting.numeric_profile(values, edges=service.LATENCY_EDGES)
        low, high = interval(service.quantile(profile, share=0.95))
        inside += low <= true <= high
    assert inside / 300 >= 0.93


@pytest.mark.parametrize("n", [10, 100, 300, 700, 2000])
def test_a_quantile_has_an_interval_only_where_its_rows_can_bound_it(n):
    true, rng, covered = stats.lognorm(0.8, scale=80).ppf(0.99), np.random.default_rng(n), []
    for _ in range(200):
        values = rng.lognormal(np.log(80), 0.8, n)
        profile = counting.numeric_profile(values, edges=service.LATENCY_EDGES)
        found = service.quantile(profile, share=0.99)
        if found.interval is None:
            assert found.confidence is None
            assert found.reason == f"{n} rows are too few for an interval of this quantile"
        else:
            covered.append(found.interval[0] <= true <= found.interval[1])

    assert len(covered) == (200 if n >= 700 else 0)
    assert not covered or np.mean(covered) >= 0.93


def test_no_latency_is_insufficient_and_one_is_exact():
    nothing = counting.numeric_profile([np.nan, np.inf], edges=service.LATENCY_EDGES)
    one = counting.numeric_profile([12.5], edges=service.LATENCY_EDGES)

    assert service.quantile(nothing, share=0.5).insufficient
    assert value(service.quantile(one, share=0.99)) == 12.5
    assert hidden(service.quantile(one, share=0.99)) == 0


def test_errors_are_what_the_succeeded_values_are_not():
    profile = counting.category_profile([0, 0, 1, 2, 2, -1], categories=("200", "ok"))

    found = service.error_share(profile)

    assert (value(found), found.n) == (2 / 5, 5)
    bounds = stats.binomtest(2, 5).proportion_ci(method="wilson")
    assert interval(found) == pytest.approx((bounds.low, bounds.high))


def test_throughput_has_the_exact_interval_of_a_count():
    found = service.throughput(120, seconds=60)

    assert value(found) == 2.0
    low, high = stats.chi2.ppf(0.025, 240) / 2, stats.chi2.ppf(0.975, 242) / 2
    assert interval(found) == pytest.approx((low / 60, high / 60))
    assert service.throughput(0, seconds=60).insufficient


def test_real_traffic_has_the_published_medians(frame):
    trace = frame("azure_llm_trace_2023")

    for kind, medians in {"code": (1469, 13), "conv": (1020, 129)}.items():
        rows = trace[trace.service == kind]
        for column, median in zip(("context_tokens", "generated_tokens"), medians, strict=True):
            profile = counting.numeric_profile(rows[column], edges=service.LATENCY_EDGES)
            found = service.quantile(profile, share=0.5)
            assert value(found) == pytest.approx(median, abs=hidden(found) + 1)


def test_the_own_error_of_an_estimator_is_counted_by_hand():
    outcomes = [
        Outcome(0.9, (0.85, 0.95), 0.88),
        Outcome(0.8, (0.75, 0.85), 0.6),
        Outcome(0.7, None, 0.8),
    ]

    found = past_error(outcomes)

    assert found is not None
    assert found.windows == 3
    assert found.mean_absolute == pytest.approx((0.02 + 0.2 + 0.1) / 3)
    assert found.bias == pytest.approx((0.02 + 0.2 - 0.1) / 3)
    assert found.worst == pytest.approx(0.2)
    assert found.covered == 0.5
    bounds = stats.binomtest(1, 2).proportion_ci(method="wilson")
    assert found.covered_interval == pytest.approx((bounds.low, bounds.high))
    assert [outcome.missed for outcome in outcomes] == [False, True, False]
    assert past_error([]) is None
    alone = past_error(outcomes[2:])
    assert alone is not None
    assert alone.covered is None
