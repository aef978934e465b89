"""The chance of a gap against SciPy's binomials, outcome by outcome; intervals of few counts."""

from functools import partial
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats as scipy_stats

from benchmarks.exact_coverage import compare, gap, two
from lifecycle.stats.fairness import spread
from lifecycle.stats.fairness.chances import chance
from lifecycle.stats.fairness.compared import DRAWN, groups
from lifecycle.stats.inference import newcombe

sizes = st.integers(5, 14)
counts = st.lists(
    sizes.flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), min_size=2, max_size=3
).map(np.array)


def enumerated(rows, truth, *, apart):
    """Return the chance of a narrower gap than the one in ``rows``, and of one no wider."""
    n = rows[:, 1]
    rate = [(np.arange(m + 1) + DRAWN) / (m + 2 * DRAWN) for m in n]
    seen = apart([each[k] for each, k in zip(rate, rows[:, 0], strict=True)])
    laws = [scipy_stats.binom.pmf(np.arange(m + 1), m, p) for m, p in zip(n, truth, strict=True)]
    narrower = no_wider = 0.0
    for outcome in product(*(range(m + 1) for m in n)):
        weight = np.prod([law[k] for law, k in zip(laws, outcome, strict=True)])
        found = apart([each[k] for each, k in zip(rate, outcome, strict=True)])
        narrower += weight * (found < seen - 1e-9)
        no_wider += weight * (found < seen + 1e-9)
    return narrower, no_wider


@pytest.mark.parametrize("ratio", [False, True])
@given(counts, st.lists(st.floats(0.05, 0.95), min_size=3, max_size=3))
def test_the_chance_of_a_gap_is_the_sum_over_all_outcomes(ratio, rows, truth):
    rate, truth = groups(rows, ratio=ratio), truth[: len(rows)]

    found = chance(rate, np.array([truth]), rate.gap)

    def apart(rates):
        return np.log(max(rates) / min(rates)) if ratio else max(rates) - min(rates)

    assert found[:, 0] == pytest.approx(enumerated(rows, truth, apart=apart), abs=1e-5)


@pytest.mark.parametrize("below_only", [False, True])
@pytest.mark.parametrize("ratio", [False, True])
@given(counts, st.lists(st.floats(0.05, 0.95), min_size=3, max_size=3))
def test_so_is_the_chance_of_a_gap_to_a_named_group(below_only, ratio, rows, truth):
    rate = groups(rows, ratio=ratio, reference=0, below_only=below_only)
    truth = truth[: len(rows)]

    found = chance(rate, np.array([truth]), rate.gap)

    def apart(rates):
        scale = np.log(rates) if ratio else np.array(rates)
        return (scale[0] - scale[1:]).max() if below_only else np.abs(scale[0] - scale[1:]).max()

    assert found[:, 0] == pytest.approx(enumerated(rows, truth, apart=apart), abs=1e-5)


@pytest.mark.parametrize("hits", [40, 200])
def test_of_many_successes_the_chance_is_nearly_that_of_the_counts(hits):
    rows, truth = np.array([[hits, 400], [hits + 25, 400]]), (hits / 400, (hits + 20) / 400)
    rate = groups(rows, ratio=False)

    found = chance(rate, np.array([truth]), rate.gap).mean()

    k = np.arange(401)
    law = [scipy_stats.binom.pmf(k, 400, p) for p in truth]
    apart = np.abs(k[:, np.newaxis] - k)
    half = (apart < 25) + (apart == 25) / 2
    assert found == pytest.approx(law[0] @ half @ law[1], abs=0.01)


@pytest.mark.parametrize("hits", [3, 25, 500])
def test_groups_that_look_alike_may_still_be_as_far_apart_as_newcombe_says(hits):
    rows = np.array([[hits, 1_000], [hits, 1_000]])

    (low, high), p_value = spread.widest_gap([groups(rows, ratio=False)], confidence=0.95)

    signed = newcombe((hits, 1_000), (hits, 1_000), confidence=0.9)[1]
    assert low == 0
    assert high == pytest.approx(signed, rel=0.25)
    assert p_value > 0.9


@pytest.mark.parametrize("is_ratio", [False, True])
@pytest.mark.parametrize(("n", "rate"), [(50, 0.1), (200, 0.02), (200, 0.05)])
def test_of_two_to_ten_expected_successes_a_gap_holds_95_percent(is_ratio, n, rate):
    held = [
        compare(partial(gap, is_ratio=is_ratio), n, rate * times, is_ratio=is_ratio)
        for times in (0.8, 1.0, 1.2)
    ]

    assert np.mean(held) == pytest.approx(0.95, abs=0.02)


def test_of_groups_that_are_far_apart_one_of_them_with_one_success_a_gap_holds_95_percent():
    holds = partial(gap, is_ratio=False)
    held = [
        two(holds, 50, (0.02 * times, 0.1 * times), truth=0.08 * times)
        for times in (0.8, 0.9, 1.0, 1.1, 1.2)
    ]

    assert np.mean(held) == pytest.approx(0.95, abs=0.01)
