"""Are comparisons on the same rows, calibration lines and weak slices what others compute?"""

from math import sqrt

import numpy as np
import pytest
from estimates import value
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, brier_score_loss, mean_absolute_error, roc_auc_score

from lifecycle.errors import InvalidInput
from lifecycle.stats.validation import calibration, levels, paired, resources, weak_spots
from lifecycle.stats.validation.levels import Metric

seeds = st.integers(0, 2**31)


def scored(seed, n=200):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, n)
    y[:2] = y[2:4] = [0, 1]
    first = np.round(np.clip(0.5 * y + rng.random(n) * 0.6, 0, 1), 2)
    return y, first, np.round(np.clip(0.3 * y + rng.random(n) * 0.7, 0, 1), 2), rng


@settings(max_examples=30)
@given(seeds)
def test_gains_are_differences_of_scikit_learns_scores_and_turn_with_the_sides(seed):
    y, a, b, rng = scored(seed)
    expected = {
        Metric.ROC_AUC: roc_auc_score(y, a) - roc_auc_score(y, b),
        Metric.BRIER: brier_score_loss(y, b) - brier_score_loss(y, a),
        Metric.MAE: mean_absolute_error(y, b) - mean_absolute_error(y, a),
        Metric.RMSE: sqrt(np.mean((b - y) ** 2)) - sqrt(np.mean((a - y) ** 2)),
    }
    for metric, difference in expected.items():
        found = paired.gain(metric, y, a, b, rng=rng)
        turned = paired.gain(metric, y, b, a, rng=rng)
        assert found.value == pytest.approx(difference, abs=1e-12), metric
        assert turned.value == pytest.approx(-difference, abs=1e-12), metric
        assert found.interval is not None
        assert found.interval[0] <= value(found) <= found.interval[1]


def test_delongs_test_agrees_with_the_bootstrap_and_a_permutation_of_sides():
    y, a, b, rng = scored(3, n=400)
    found = paired.auc_difference(y, a, b)
    drawn = []
    for _ in range(1500):
        at = rng.integers(0, len(y), len(y))
        drawn.append(roc_auc_score(y[at], a[at]) - roc_auc_score(y[at], b[at]))
    assert found.interval is not None
    half = (found.interval[1] - found.interval[0]) / 2
    assert half == pytest.approx(1.96 * np.std(drawn), rel=0.1)


def test_delongs_variance_is_the_u_statistics_own_covariance():
    # Written out from the definition: all pairs of positives and negatives.
    y, a, b, _ = scored(11, n=60)
    d = [s[y == 1][:, None] - s[y == 0][None, :] for s in (a, b)]
    psi = [np.where(x > 0, 1.0, np.where(x == 0, 0.5, 0.0)) for x in d]
    apart = psi[0] - psi[1]
    m, n = apart.shape
    error = sqrt(apart.mean(axis=1).var(ddof=1) / m + apart.mean(axis=0).var(ddof=1) / n)
    found = paired.auc_difference(y, a, b)
    assert found.p_value == pytest.approx(2 * stats.norm.sf(abs(apart.mean()) / error))


@settings(max_examples=40)
@given(st.integers(0, 30), st.integers(0, 30), st.integers(1, 50))
def test_mcnemars_p_value_is_scipys_exact_binomial(won, lost, same):
    first = np.array([1] * won + [0] * lost + [1] * same, bool)
    second = np.array([0] * won + [1] * lost + [1] * same, bool)
    found = paired.accuracy_difference(first, second)
    expected = stats.binomtest(won, won + lost).pvalue if won + lost else 1.0
    assert found.p_value == pytest.approx(expected)
    assert found.value == pytest.approx((won - lost) / (won + lost + same))


def test_the_interval_of_paired_accuracies_covers_the_truth_about_as_often_as_it_says():
    rng = np.random.default_rng(5)
    covered = 0
    for _ in range(2000):
        both = rng.choice(4, 120, p=(0.7, 0.12, 0.06, 0.12))
        found = paired.accuracy_difference(np.isin(both, (0, 1)), np.isin(both, (0, 2)))
        assert found.interval is not None
        covered += found.interval[0] <= 0.06 <= found.interval[1]
    assert 0.93 <= covered / 2000 <= 0.975


@settings(max_examples=30)
@given(seeds)
def test_comparing_means_is_scipys_paired_t_test(seed):
    _, a, b, _ = scored(seed)
    found, expected = paired.mean_difference(a, b), stats.ttest_rel(a, b)
    low, high = expected.confidence_interval(0.95)
    assert found.p_value == pytest.approx(expected.pvalue)
    assert found.interval == pytest.approx((low, high))


def test_the_calibration_line_is_scikit_learns_logistic_regression():
    rng = np.random.default_rng(1)
    s = rng.uniform(0.05, 0.95, 3000)
    x = np.log(s / (1 - s))
    y = (rng.random(3000) < 1 / (1 + np.exp(-(0.4 + 0.7 * x)))).astype(int)
    fit = LogisticRegression(C=np.inf, tol=1e-10, max_iter=1000).fit(x[:, None], y)
    slope = calibration.calibration_slope(y, s)
    assert slope.value == pytest.approx(fit.coef_[0, 0], rel=1e-5)
    assert slope.interval is not None
    assert slope.interval[0] < 0.7 < slope.interval[1]
    large = calibration.calibration_intercept(y, s)
    p = 1 / (1 + np.exp(-(x + value(large))))
    assert p.mean() == pytest.approx(y.mean()), "the score equation of a logistic intercept"


def test_a_line_that_has_no_end_or_one_outcome_is_insufficient():
    s = np.linspace(0.1, 0.9, 50)
    for y in ((s > 0.5).astype(int), np.zeros(50, int)):
        assert calibration.calibration_slope(y, s).insufficient
    assert calibration.calibration_slope([0, 1] * 25, [0.5] * 50).insufficient


def test_the_gap_between_rows_is_the_difference_of_scikit_learns_scores():
    y, a, b, rng = scored(2)
    gap = levels.generalisation_gap(Metric.ROC_AUC, (y, a), (y, b))
    assert gap.value == pytest.approx(roc_auc_score(y, a) - roc_auc_score(y, b))
    decided = (a > 0.5).astype(float)
    other = rng.integers(0, 2, len(y))
    gap = levels.generalisation_gap(Metric.ACCURACY, (y, decided), (y, other))
    assert gap.value == pytest.approx(accuracy_score(y, decided) - accuracy_score(y, other))
    assert levels.generalisation_gap(Metric.MAE, (y, b), (y, a)).value == pytest.approx(
        mean_absolute_error(y, a) - mean_absolute_error(y, b)
    )
    assert levels.generalisation_gap(Metric.ROC_AUC, ([1, 1], [0, 1]), (y, a)).insufficient


def test_the_spread_of_a_normal_sample_is_bounded_by_chi_squared():
    values = np.array([0.7, 0.72, 0.71, 0.69, 0.73])
    found = levels.spread(values, n=100)
    s = values.std(ddof=1)
    expected = [s * sqrt(4 / stats.chi2.ppf(p, 4)) for p in (0.975, 0.025)]
    assert found.value == pytest.approx(s)
    assert found.interval == pytest.approx(tuple(expected))
    assert levels.spread([0.7], n=100).insufficient


def test_a_column_that_holds_the_outcome_is_told_whichever_way_it_runs():
    y, a, _, _ = scored(4)
    for turned in (a, -a):
        found = levels.single_feature_auc(y, np.where(np.arange(len(y)) < 5, np.nan, turned))
        assert found.value == pytest.approx(roc_auc_score(y[5:], a[5:]))
        assert found.n == len(y) - 5


def test_the_worst_slice_is_found_and_no_slice_of_equals_is():
    rng = np.random.default_rng(0)
    region = weak_spots.Cut("region", rng.integers(0, 3, 3000), ("N", "S", "W"))
    age = weak_spots.Cut("age", rng.integers(0, 2, 3000), ("young", "old"))
    weak = (region.codes == 1) & (age.codes == 1)
    losses = rng.random(3000) * 0.4 + 0.3 * weak
    found = weak_spots.worst_slice(losses, [region, age])
    assert found[0].where == {"region": "S", "age": "old"}
    expected = losses[weak].mean() - losses[~weak].mean()
    assert found[0].estimate.value == pytest.approx(expected)
    assert found[0].estimate.n == weak.sum()
    assert value(weak_spots.worst_slice_gap(losses, [region, age])) == pytest.approx(expected)
    even = weak_spots.worst_slice(rng.random(3000), [region, age])
    assert all((s.estimate.interval or (0,))[0] < 0 for s in even)
    assert len(even) == 3 + 2 + 6
    assert weak_spots.worst_slice_gap(losses[:20], [_cut(region, 20)]).insufficient
    with pytest.raises(InvalidInput, match="another number of rows"):
        weak_spots.worst_slice(losses[:5], [region])


def _cut(cut, n):
    return weak_spots.Cut(cut.column, cut.codes[:n], cut.names)


def test_shares_latencies_and_sizes_say_when_there_is_nothing():
    assert weak_spots.share([True, False, False, False]).value == 0.25
    assert weak_spots.share([]).insufficient
    rng = np.random.default_rng(0)
    taken = rng.exponential(2.0, 400)
    found = resources.scoring_latency(taken)
    assert found.value == pytest.approx(np.quantile(taken, 0.95))
    assert found.interval is not None
    assert found.interval[0] < 2.0 * np.log(20) < found.interval[1]
    assert resources.scoring_latency([]).insufficient
    assert resources.megabytes(2_500_000, n=10).value == 2.5


def test_no_mean_stands_behind_an_area_and_few_rows_say_nothing():
    with pytest.raises(InvalidInput, match="no mean over rows"):
        levels.losses(Metric.ROC_AUC, [0, 1], [0, 1])
    rng = np.random.default_rng(0)
    for metric in Metric:
        assert levels.level(metric, [1], [1]) is None
        found = paired.gain(metric, np.array([]), np.array([]), np.array([]), rng=rng)
        assert found.insufficient, metric
    same = paired.gain(Metric.RMSE, [1.0, 2.0], [1.0, 2.0], [1.0, 2.0], rng=rng)
    assert (same.value, same.p_value) == (0.0, 1.0)
    assert levels.level(Metric.RMSE, [1.0, 2.0], [1.0, 2.0]) == levels.Level(0.0, 0.0, 2)
    assert paired.auc_difference([0, 0, 1, 1], [1, 2, 3, 4], [1, 2, 3, 4]).p_value == 1.0
    assert paired.mean_difference([1.0, 2.0], [1.0, 2.0]).p_value == 1.0
