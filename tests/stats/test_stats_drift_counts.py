"""Distances of count vectors against SciPy, their intervals against simulation."""

import numpy as np
import pytest
from estimates import interval, untyped, value
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from scipy.spatial.distance import jensenshannon

from lifecycle.errors import InvalidInput
from lifecycle.stats import counting
from lifecycle.stats.drift import counts
from lifecycle.stats.drift.tables import bin_matrix
from lifecycle.stats.summaries import CategoryProfile, numeric_bins

histograms = st.lists(st.integers(0, 10_000), min_size=3, max_size=3).filter(any)
full = st.lists(st.integers(1, 10_000), min_size=4, max_size=4)


def category(rows, *, other=0, missing=0):
    names = tuple("abcdefghijklmnop"[: len(rows)])
    return CategoryProfile(names, np.array(rows, dtype=np.int64), other, missing)


@given(histograms, histograms)
def test_psi_is_scipys_kl_divergence_both_ways(reference, current):
    p, q = np.add(reference, 0.5), np.add(current, 0.5)

    expected = stats.entropy(p, q) + stats.entropy(q, p)

    found = counts.population_stability_index(reference, current)
    assert found == pytest.approx(expected, abs=1e-12)


@given(histograms, histograms)
def test_kl_divergence_is_scipys_entropy(reference, current):
    expected = stats.entropy(np.add(reference, 0.5), np.add(current, 0.5))

    assert counts.kullback_leibler(reference, current) == pytest.approx(expected, abs=1e-12)


@given(histograms, histograms)
def test_jensen_shannon_is_scipys_distance_in_base_2(reference, current):
    found = counts.jensen_shannon_divergence(reference, current)

    assert found == pytest.approx(jensenshannon(reference, current, base=2) ** 2, abs=1e-12)


@given(full, full)
def test_chi_squared_is_scipys_contingency_test(reference, current):
    expected = untyped(stats.chi2_contingency(np.array([reference, current]), correction=False))

    found = counts.chi_squared(category(reference), category(current))

    assert found.value == pytest.approx(expected.statistic, rel=1e-9, abs=1e-9)
    assert found.p_value == pytest.approx(expected.pvalue, rel=1e-9)


@given(full, full)
def test_cramers_v_is_scipys_association(reference, current):
    expected = stats.contingency.association(np.array([reference, current]), method="cramer")

    found = counts.cramers_v(category(reference), category(current))

    assert found.value == pytest.approx(expected, abs=1e-9)
    assert found.p_value == counts.chi_squared(category(reference), category(current)).p_value


def test_distances_have_their_hand_counted_values():
    before, now = category([50, 50, 0]), category([50, 0, 50])

    assert counts.total_variation(before, now).value == pytest.approx(0.5)
    assert counts.hellinger(before, now).value == pytest.approx(np.sqrt(0.5))
    assert counts.jensen_shannon(before, now).value == pytest.approx(np.sqrt(0.5))


def test_disjoint_sides_are_at_distance_1():
    before, now = category([70, 0]), category([0, 90])

    for measure in (counts.total_variation, counts.hellinger, counts.jensen_shannon):
        assert measure(before, now).value == 1.0
    assert counts.cramers_v(before, now).value == pytest.approx(1.0)


def test_unseen_and_missing_values_are_bins():
    before = category([80, 20])

    unseen = counts.total_variation(before, category([40, 10], other=50))
    missing = counts.total_variation(before, category([40, 10], missing=50))

    assert unseen.value == pytest.approx(0.5)
    assert missing.value == pytest.approx(0.5)
    assert missing.n == 100


def test_a_numeric_column_is_compared_on_its_references_deciles(rng):
    x, y = rng.normal(0, 1, 5000), rng.normal(0.3, 1, 3000)
    edges = numeric_bins(np.sort(x), bins=256)
    deciles = np.quantile(x, np.arange(1, 10) / 10, method="inverted_cdf")
    bounds = np.concatenate([[-np.inf], np.nextafter(deciles, np.inf), [np.inf]])
    expected = [np.histogram(side, bounds)[0] for side in (x, y)]

    before, now = (counting.numeric_profile(side, edges=edges) for side in (x, y))

    assert bin_matrix([before, now], before).tolist() == [side.tolist() for side in expected]


def test_missing_numbers_raise_psi():
    x = np.arange(1000.0)
    edges = numeric_bins(x, bins=64)
    before = counting.numeric_profile(x, edges=edges)
    gone = counting.numeric_profile(np.where(x % 2 == 0, np.nan, x), edges=edges)

    assert counts.psi(before, before).value == 0
    assert value(counts.psi(before, gone)) > 1


def test_one_bin_on_both_sides_is_no_drift_and_has_no_interval():
    before, now = category([500]), category([700])

    assert counts.chi_squared(before, now).p_value == 1.0
    assert counts.psi(before, now).value == 0
    assert counts.psi(before, now).interval is None


def test_small_bins_leave_no_interval():
    before, now = category([300, 2]), category([300, 1])

    found = counts.jensen_shannon(before, now)

    assert found.value is not None
    assert found.interval is None
    assert found.confidence is None


def test_a_bin_empty_on_one_side_leaves_unbounded_divergences_without_interval():
    before, now = category([300, 300]), category([600, 0])

    assert counts.psi(before, now).interval is None
    assert counts.kl_divergence(before, now).interval is None
    assert counts.hellinger(before, now).interval is not None


@pytest.mark.parametrize(
    ("reference", "current"), [([1, 2], [1]), ([0, 0], [1, 1]), ([1, -1], [1, 1]), ([[1]], [[1]])]
)
def test_what_are_no_two_histograms_is_refused(reference, current):
    with pytest.raises(InvalidInput, match="count"):
        counts.population_stability_index(reference, current)


def test_profiles_of_different_bins_are_refused():
    number = counting.numeric_profile([1.0], edges=np.array([0.0]))
    pairs = [
        (number, counting.numeric_profile([1.0], edges=np.array([1.0]))),
        (number, category([1])),
        (category([1]), number),
        (category([1]), category([1, 2])),
    ]

    for before, now in pairs:
        with pytest.raises(InvalidInput, match="different bins"):
            counts.psi(before, now)


LAWS = {
    "equal": ([0.1] * 10, [0.1] * 10),
    "near": ([0.1] * 10, [0.12, 0.08, 0.11, 0.09, 0.1, 0.1, 0.13, 0.07, 0.1, 0.1]),
    "far": ([0.1] * 10, [0.25, 0.2, 0.15, 0.1, 0.08, 0.07, 0.05, 0.04, 0.03, 0.03]),
    "three": ([0.5, 0.3, 0.2], [0.4, 0.3, 0.3]),
}
TRUTHS = {
    counts.psi: lambda p, q: np.sum((q - p) * np.log(q / p)),
    counts.kl_divergence: stats.entropy,
    counts.jensen_shannon: lambda p, q: jensenshannon(p, q, base=2),
    counts.hellinger: lambda p, q: np.sqrt(np.sum((np.sqrt(p) - np.sqrt(q)) ** 2) / 2),
    counts.total_variation: lambda p, q: np.abs(p - q).sum() / 2,
    counts.cramers_v: lambda p, q: np.sqrt(
        0.75 * 0.25 * np.sum((p - q) ** 2 / (0.75 * p + 0.25 * q))
    ),
}


@pytest.mark.parametrize("measure", TRUTHS, ids=lambda m: m.compute.__name__)
@pytest.mark.parametrize("law", LAWS)
def test_intervals_cover_the_truth_as_often_as_they_say(measure, law, rng):
    p, q = (np.array(side) for side in LAWS[law])
    truth = TRUTHS[measure](p, q)

    inside = 0
    for _ in range(300):
        before, now = (category(rng.multinomial(n, side)) for n, side in ((1500, p), (500, q)))
        low, high = measure(before, now).interval
        inside += low <= truth + 1e-12 and truth <= high

    # 95 % less three standard errors of 300 draws
    assert inside / 300 >= 0.912


@pytest.mark.parametrize("measure", [m for m in TRUTHS if m is not counts.total_variation])
def test_far_from_equality_intervals_are_as_wide_as_the_values_spread(measure, rng):
    p, q = (np.array(side) for side in LAWS["far"])
    draws = [
        measure(category(rng.multinomial(6000, p)), category(rng.multinomial(2000, q)))
        for _ in range(300)
    ]

    widths = [interval(found)[1] - interval(found)[0] for found in draws]

    expected = 2 * 1.96 * np.std([value(found) for found in draws])
    assert 0.85 * expected <= np.mean(widths) <= 1.35 * expected


def test_near_equality_intervals_reach_as_far_as_scipys_noncentral_ones():
    before, now = category([1000] * 5), category([210, 190, 200, 205, 195])
    found = counts.cramers_v(before, now)

    statistic = value(counts.chi_squared(before, now))
    assert statistic < 4
    assert interval(found)[0] == 0
    high = interval(found)[1] ** 2 * 6000
    assert 0.005 <= stats.ncx2.cdf(statistic, 4, high) <= 0.025 + 1e-6


def test_the_interval_of_total_variation_is_mcdiarmids_less_the_bias():
    found = counts.total_variation(category([600, 400]), category([150, 50]))

    band = np.sqrt(np.log(2 / 0.05) * (1 / 1000 + 1 / 200) / 2)
    bias = np.sqrt(0.24 / 1000 + 0.1875 / 200)
    assert found.value == pytest.approx(0.15)
    assert found.interval == pytest.approx((max(0.15 - band - bias, 0), 0.15 + band))
