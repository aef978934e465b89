"""Intervals, tests and corrections against scipy.stats."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from lifecycle.errors import InvalidInput
from lifecycle.stats import inference

levels = st.sampled_from([0.8, 0.9, 0.95, 0.99])
probabilities = st.lists(st.floats(0, 1), min_size=1, max_size=30)


@st.composite
def proportions(draw):
    n = draw(st.integers(1, 5000))
    return draw(st.integers(0, n)), n


@given(levels)
def test_the_normal_quantile_is_scipys(level):
    assert inference.normal_quantile(level) == pytest.approx(stats.norm.interval(level)[1])


@given(levels, st.integers(1, 500))
def test_the_student_quantile_is_scipys(level, freedom):
    found = inference.student_quantile(level, freedom=freedom)

    assert found == pytest.approx(stats.t.interval(level, freedom)[1])


@pytest.mark.parametrize("level", [0, 1, -1, 95])
def test_a_level_outside_0_to_1_is_refused(level):
    with pytest.raises(InvalidInput, match="confidence"):
        inference.normal_quantile(level)
    with pytest.raises(InvalidInput, match="confidence"):
        inference.student_quantile(level, freedom=3)
    with pytest.raises(InvalidInput, match="confidence"):
        inference.simultaneous_band(10, 10, confidence=level)


@given(proportions(), levels)
def test_wilsons_interval_is_scipys(part, level):
    k, n = part

    low, high = inference.wilson(k, n, confidence=level)

    expected = stats.binomtest(k, n).proportion_ci(level, method="wilson")
    assert (low, high) == pytest.approx((expected.low, expected.high), abs=1e-9)
    assert 0 <= low <= k / n <= high <= 1


@pytest.mark.parametrize(("k", "n"), [(3, 2), (-1, 2), (0, 0)])
def test_what_is_no_proportion_is_refused(k, n):
    with pytest.raises(InvalidInput, match="not a proportion"):
        inference.wilson(k, n)


@pytest.mark.parametrize(
    ("first", "second", "low", "high"),
    [  # Newcombe (1998), table II, method 10
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((10, 10), (0, 20), 0.6791, 1.0000),
        ((10, 10), (0, 10), 0.6075, 1.0000),
    ],
)
def test_newcombes_interval_is_his_published_one(first, second, low, high):
    assert inference.newcombe(first, second) == pytest.approx((low, high), abs=5e-5)


@given(proportions(), proportions(), levels)
def test_a_difference_lies_in_its_interval_and_turns_with_its_sides(first, second, level):
    low, high = inference.newcombe(first, second, confidence=level)
    value = first[0] / first[1] - second[0] / second[1]

    assert low <= value + 1e-12
    assert value <= high + 1e-12
    assert inference.newcombe(second, first, confidence=level) == pytest.approx(
        (-high, -low), abs=1e-9
    )


def test_the_interval_of_a_ratio_is_the_published_one_of_koopman():
    found = inference.ratio_interval((36, 40), (16, 80))

    # Koopman (1984), as quoted by Gart and Nam (1988), doi:10.2307/2531848
    assert found == pytest.approx((2.94, 7.15), abs=5e-3)


@given(proportions(), proportions(), levels)
def test_at_its_bounds_the_score_of_a_ratio_is_the_quantile(first, second, level):
    (k, n), (m, o) = first, second
    z = stats.norm.ppf((1 + level) / 2)

    for ratio in inference.ratio_interval(first, second, confidence=level):
        if 1e-6 < ratio < 1e6:
            q = np.roots([(n + o) * ratio, -(ratio * (n + m) + k + o), k + m]).min()
            p = ratio * q  # the likeliest rates of that ratio
            error = np.sqrt(p * (1 - p) / n + ratio**2 * q * (1 - q) / o)
            assert abs(k / n - ratio * m / o) / error == pytest.approx(z, rel=1e-4)


@given(proportions(), proportions(), levels)
def test_a_ratio_lies_in_its_interval(first, second, level):
    low, high = inference.ratio_interval(first, second, confidence=level)

    assert low >= 0
    if second[0] == 0:
        assert high == np.inf
    else:
        value = first[0] / first[1] / (second[0] / second[1])
        assert low <= value * (1 + 1e-9)
        assert value <= high * (1 + 1e-9)


def test_a_ratio_interval_covers_the_true_ratio_as_often_as_it_says(rng):
    first, second = rng.binomial(120, 0.1, 4000), rng.binomial(300, 0.2, 4000)

    low, high = inference.ratio_bounds((first, 120), (second, 300), z=1.96)

    assert 0.935 < np.mean((low <= 0.5) & (high >= 0.5)) < 0.975


def test_a_mean_has_scipys_t_interval(rng):
    x = rng.normal(3, 2, 40)

    found = inference.mean_interval(x.sum(), (x * x).sum(), 40, confidence=0.9)

    assert found == pytest.approx(stats.t.interval(0.9, 39, x.mean(), stats.sem(x)))


def test_a_mean_without_spread_has_no_interval():
    assert inference.mean_interval(4.0, 16.0, 1) is None
    assert inference.mean_interval(8.0, 32.0, 2) is None


def test_a_logit_interval_stays_inside_0_to_1():
    found = inference.logit_interval(0.99, 0.02, confidence=0.95)

    assert found is not None
    low, high = found

    assert 0 < low < 0.99 < high < 1
    assert inference.logit_interval(1.0, 0.1, confidence=0.95) is None
    assert inference.logit_interval(0.5, 0.0, confidence=0.95) is None


@pytest.mark.parametrize(("n", "m"), [(50, 70), (400, 90), (1000, 1000)])
@pytest.mark.parametrize("d", [0.05, 0.1, 0.15, 0.2, 0.3])
def test_the_ks_p_value_is_close_to_scipys_finite_sample_one(n, m, d):
    expected = stats.kstwo.sf(d, round(n * m / (n + m)))

    assert inference.ks_p_value(d, n=n, m=m) == pytest.approx(expected, abs=0.0045)


@given(st.floats(0, 500), st.integers(1, 60))
def test_the_chi_squared_p_value_is_scipys(x, freedom):
    found = inference.chi_squared_p_value(x, freedom=freedom)

    assert found == pytest.approx(stats.chi2.sf(x, freedom), rel=1e-9)


@given(st.floats(0, 3000), st.integers(1, 40))
def test_a_noncentrality_bound_puts_the_statistic_at_its_quantile(x, freedom):
    found = inference.noncentrality_bounds([x], freedom=[freedom], confidence=0.9)
    low, high = (float(bound[0]) for bound in found)

    assert 0 <= low <= high
    for bound, probability in ((low, 0.95), (high, 0.05)):
        if bound == 0:
            assert stats.chi2.cdf(x, freedom) <= probability + 1e-12
        else:
            assert stats.ncx2.cdf(x, freedom, bound) == pytest.approx(probability, abs=1e-6)


@pytest.mark.parametrize("x", [10_001, 20_000, 1e6])
@pytest.mark.parametrize("freedom", [1, 9, 30])
def test_a_noncentrality_bound_of_a_large_statistic_is_close_to_scipys(x, freedom):
    found = inference.noncentrality_bounds([x], freedom=[freedom], confidence=0.9)
    low, high = (float(bound[0]) for bound in found)

    assert stats.ncx2.cdf(x, freedom, low) == pytest.approx(0.95, abs=2e-3)
    assert stats.ncx2.cdf(x, freedom, high) == pytest.approx(0.05, abs=2e-3)


def test_the_simultaneous_band_is_massarts_bound_on_the_harmonic_count():
    band = inference.simultaneous_band(300, 600, confidence=0.95)

    assert 2 * np.exp(-2 * 200 * band**2) == pytest.approx(0.05)


def test_the_simultaneous_band_covers_unlike_laws_as_often_as_it_says(rng):
    band = inference.simultaneous_band(80, 200, confidence=0.9)
    grid = np.linspace(-4, 6, 400)
    truth = stats.norm.cdf(grid) - stats.norm.cdf(grid, 0.7, 1.5)
    inside = 0
    for _ in range(400):
        x, y = np.sort(rng.normal(0, 1, 80)), np.sort(rng.normal(0.7, 1.5, 200))
        found = np.searchsorted(x, grid) / 80 - np.searchsorted(y, grid) / 200
        inside += np.max(np.abs(found - truth)) <= band

    assert inside / 400 >= 0.88


@given(probabilities)
def test_benjamini_hochberg_is_scipys(p):
    assert inference.benjamini_hochberg(p) == pytest.approx(
        stats.false_discovery_control(p, method="bh")
    )


@given(probabilities)
def test_bonferroni_multiplies_and_stops_at_1(p):
    assert inference.bonferroni(p) == pytest.approx([min(x * len(p), 1) for x in p])


def test_corrections_accept_an_empty_family_and_refuse_what_is_no_probability():
    assert inference.benjamini_hochberg([]) == []
    assert inference.bonferroni([]) == []
    for wrong in (-0.1, 1.1, float("nan")):
        with pytest.raises(InvalidInput, match="p-value"):
            inference.bonferroni([0.5, wrong])
