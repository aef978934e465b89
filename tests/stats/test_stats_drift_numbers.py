"""KS and Wasserstein against SciPy, and binned values within their stated resolution."""

import numpy as np
import pytest
from estimates import hidden, interval, reason, untyped, value
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from lifecycle.errors import InvalidInput
from lifecycle.stats import counting
from lifecycle.stats.drift import numbers
from lifecycle.stats.summaries import numeric_bins

numeric = st.one_of(st.floats(-1e5, 1e5, allow_subnormal=False), st.integers(-4, 4).map(float))
samples = st.lists(numeric, min_size=1, max_size=60).map(lambda v: np.sort(np.array(v)))


def scipys_ks(x, y):
    return untyped(stats.ks_2samp(x, y, method="asymp"))


def profiles(x, y, *, bins):
    edges = numeric_bins(np.sort(x), bins=bins)
    return tuple(counting.numeric_profile(side, edges=edges) for side in (x, y))


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # of SciPy's own p-value
@given(samples, samples)
def test_exact_ks_is_scipys(x, y):
    assert numbers.ks_exact(x, y).value == pytest.approx(scipys_ks(x, y).statistic, abs=1e-12)


@given(samples, samples)
def test_exact_wasserstein_is_scipys(x, y):
    expected = stats.wasserstein_distance(x, y)

    assert numbers.wasserstein_raw_exact(x, y).value == pytest.approx(expected, rel=1e-9, abs=1e-9)


@given(samples, samples, st.integers(2, 30))
def test_binned_ks_is_within_its_resolution_of_the_exact_one(x, y, bins):
    found = numbers.ks(*profiles(x, y, bins=bins))
    exact = value(numbers.ks_exact(x, y))

    assert value(found) - 1e-12 <= exact <= value(found) + hidden(found) + 1e-12


@given(samples, samples, st.integers(2, 30))
def test_binned_wasserstein_is_within_its_resolution_of_the_exact_one(x, y, bins):
    found = numbers.wasserstein_raw(*profiles(x, y, bins=bins))
    exact = numbers.wasserstein_raw_exact(x, y).value
    slack = 1e-9 * (1 + np.abs(x).max() + np.abs(y).max())

    assert value(found) - slack <= exact <= value(found) + hidden(found) + slack


@given(samples, samples)
def test_ks_resolution_is_at_most_the_smaller_share_of_a_bin(x, y):
    before, now = profiles(x, y, bins=8)

    hidden = numbers.ks(before, now).resolution or 0.0

    shares = np.minimum(before.counts / before.n, now.counts / now.n)
    assert hidden <= shares.max() + 1e-12


@settings(max_examples=30)
@given(st.integers(0, 2**31))
def test_ks_of_a_column_of_few_values_is_exact_even_for_values_never_seen(seed):
    rng = np.random.default_rng(seed)
    x, y = rng.poisson(3, 400).astype(float), rng.poisson(7, 300) / 2 - 1

    found = numbers.ks(*profiles(x, y, bins=64))

    assert found.value == pytest.approx(scipys_ks(x, y).statistic, abs=1e-12)
    assert found.resolution is None


def test_a_column_of_few_values_has_no_resolution_when_only_those_come():
    x, y = np.repeat([0.0, 1.0, 2.0], 50), np.repeat([0.0, 1.0, 2.0], [20, 70, 10])

    before, now = profiles(x, y, bins=64)

    assert numbers.ks(before, now).resolution is None
    assert numbers.wasserstein_raw(before, now).resolution is None
    assert numbers.wasserstein(before, now).value == pytest.approx(
        stats.wasserstein_distance(x, y) / np.std(x)
    )


@pytest.mark.parametrize("offset", [0.0, 1e6, 1e9])
def test_wasserstein_is_in_reference_deviations_far_from_zero_too(offset, rng):
    x, y = rng.normal(offset, 2, 20_000), rng.normal(offset + 1, 2, 5_000)

    found = numbers.wasserstein(*profiles(x, y, bins=256))

    expected = stats.wasserstein_distance(x, y) / np.std(x)
    assert found.value == pytest.approx(expected, rel=2e-3)
    exact = numbers.wasserstein_exact(np.sort(x), np.sort(y))
    assert exact.value == pytest.approx(expected, rel=1e-9)
    assert hidden(found) < 0.01


def test_256_bins_cost_little_on_a_large_sample(rng):
    x, y = rng.lognormal(0, 1, 100_000), rng.lognormal(0.1, 1.1, 30_000)

    before, now = profiles(x, y, bins=256)

    ks = numbers.ks(before, now)
    assert hidden(ks) < 1 / 200
    assert ks.value == pytest.approx(scipys_ks(x, y).statistic, abs=0.002)
    p = scipys_ks(x, y).pvalue
    assert ks.p_value is not None
    assert ks.p_value <= max(p * 1e6, 1e-100)


def test_missing_and_infinite_values_do_not_count():
    x = np.arange(100.0)
    dirty = np.concatenate([x, [np.nan] * 30, [np.inf] * 30])

    before, now = profiles(x, dirty[~np.isnan(dirty)], bins=256)

    assert numbers.ks(before, now).value == 0
    assert numbers.wasserstein_raw(before, now).value == 0
    assert numbers.ks(before, now).n == 100


def test_a_constant_reference_has_no_deviation_to_measure_in():
    x = np.full(50, 3.0)

    same = numbers.wasserstein(*profiles(x, x, bins=16))
    moved = numbers.wasserstein(*profiles(x, x + 1, bins=16))
    exact = numbers.wasserstein_exact(x, x + 1)

    assert same.value == 0
    for found in (moved, exact):
        assert found.value is None
        assert "constant" in reason(found)
    assert numbers.wasserstein_raw(*profiles(x, x + 1, bins=16)).value == pytest.approx(1)


def test_values_too_large_to_add_up_have_a_reason_and_no_number():
    x, y = np.array([-1.7e308, 1.7e308]), np.array([-1.7e308, -1.7e308])
    wide = np.linspace(-1e300, 1e300, 40)

    for found in (
        numbers.wasserstein_raw(*profiles(x, y, bins=8)),
        numbers.wasserstein_raw_exact(x, y),
        numbers.wasserstein(*profiles(x, y, bins=8)),
        numbers.wasserstein(*profiles(wide, wide / 2, bins=8)),
        numbers.wasserstein_exact(wide, wide / 2),
    ):
        assert found.value is None
        assert "too large" in reason(found)
    assert value(numbers.ks(*profiles(x, y, bins=8))) > 0


def test_an_empty_side_has_a_reason_and_no_number():
    x, none = np.arange(5.0), np.zeros(0)
    edges = numeric_bins(x, bins=4)
    before = counting.numeric_profile(x, edges=edges)
    empty = counting.numeric_profile(none, edges=edges)

    for measure in (numbers.ks, numbers.wasserstein, numbers.wasserstein_raw):
        assert measure(before, empty).insufficient
        assert "window" in reason(measure(before, empty))
        assert "reference" in reason(measure(empty, before))
    for exact in (numbers.ks_exact, numbers.wasserstein_exact, numbers.wasserstein_raw_exact):
        assert exact(x, none).insufficient
        assert "reference" in reason(exact(none, x))


def test_profiles_of_different_bins_are_refused():
    before = counting.numeric_profile([1.0], edges=np.array([0.0]))
    now = counting.numeric_profile([1.0], edges=np.array([0.5]))

    for measure in (numbers.ks, numbers.wasserstein_raw):
        with pytest.raises(InvalidInput, match="different bins"):
            measure(before, now)


def test_the_ks_interval_covers_the_truth_as_often_as_it_says(rng):
    grid = np.linspace(-5, 6, 4000)
    truth = np.max(stats.norm.cdf(grid) - stats.norm.cdf(grid, 0.4, 1.3))
    inside = 0
    for _ in range(300):
        x, y = np.sort(rng.normal(0, 1, 900)), np.sort(rng.normal(0.4, 1.3, 300))
        low, high = interval(numbers.ks_exact(x, y))
        inside += low <= truth <= high

    assert inside / 300 >= 0.912


@pytest.mark.parametrize("bins", [8, 64])
def test_a_profile_without_edges_hides_everything_a_bin_can_hold(bins):
    x = np.arange(10.0)
    profile = counting.numeric_profile(x, edges=np.zeros(0))
    exact = numbers.ks(*profiles(x, x, bins=bins))

    assert numbers.ks(profile, profile).resolution == 1.0
    assert exact.value == 0
