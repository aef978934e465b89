"""Estimates without labels against scikit-learn, published values and simulation."""

import numpy as np
import pytest
from estimates import interval, reason, value
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special
from sklearn import metrics
from sklearn.isotonic import IsotonicRegression

from lifecycle.errors import InsufficientData, InvalidInput
from lifecycle.stats import counting
from lifecycle.stats.performance import calibration, estimation
from lifecycle.stats.performance.estimation import ESTIMATED

seeds = st.integers(0, 2**31)
UNKNOWN = 2

REALISED = {
    "roc_auc": lambda y, _, s: metrics.roc_auc_score(y, s),
    "average_precision": lambda y, _, s: metrics.average_precision_score(y, s),
    "accuracy": lambda y, d, _: metrics.accuracy_score(y, d),
    "precision": lambda y, d, _: metrics.precision_score(y, d),
    "recall": lambda y, d, _: metrics.recall_score(y, d),
    "specificity": lambda y, d, _: metrics.recall_score(1 - y, 1 - d),
    "f1": lambda y, d, _: metrics.f1_score(y, d),
}


def rows(rng, n, *, mean=0.0, distort=1.5):
    """Draw outcomes, decisions and scores; the scores are distorted chances."""
    z = rng.normal(mean, 1.3, n)
    score = special.expit(distort * z - (0.5 if distort != 1 else 0)).round(3)
    return (rng.random(n) < special.expit(z)).astype(int), (score > 0.6).astype(int), score


def tally(y, d, s):
    return counting.binary_tally(y, d, s, edges=np.unique(s))


def unlabelled(d, s):
    return tally(np.full(len(d), UNKNOWN), d, s)


def learned(rng, n=3000, **options):
    return calibration.calibrate(tally(*rows(rng, n, **options)))


def estimates(current, fitted):
    expected = estimation.expect(current, calibration=fitted)
    return {name: estimation.estimate(name, expected) for name in ESTIMATED}


@settings(max_examples=30)
@given(seeds)
def test_isotonic_regression_is_scikit_learns(seed):
    rng = np.random.default_rng(seed)
    counts = rng.integers(1, 9, 40)
    hits = rng.binomial(counts, np.linspace(0.2, 0.8, 40))

    shares, blocks = calibration.isotonic(hits, counts)

    expected = IsotonicRegression().fit(np.arange(40), hits / counts, counts).predict(np.arange(40))
    assert shares == pytest.approx(expected, abs=1e-12)
    assert np.all(np.diff(blocks) >= 0)
    assert len(np.unique(shares)) == blocks[-1] + 1


def test_isotonic_regression_wants_rows_in_every_bin():
    with pytest.raises(InvalidInput, match="same bins"):
        calibration.isotonic(np.array([0]), np.array([0]))


def test_a_calibrated_chance_is_scikit_learns_between_scores_too(rng):
    y, d, s = rows(rng, 2000)
    fitted = calibration.calibrate(tally(y, d, s))

    new = np.linspace(0, 1, 501)
    expected = IsotonicRegression(out_of_bounds="clip").fit(s, y).predict(new)
    assert fitted.method == "isotonic"
    assert fitted.chance(new) == pytest.approx(expected, abs=1e-12)


def test_scores_that_are_chances_are_left_alone(rng):
    fitted = learned(rng, distort=1)

    assert fitted.method == "none"
    assert fitted.raw is fitted.fit
    assert not fitted.fit.fails
    assert fitted.chance(np.array([0.2, 0.7])).tolist() == [0.2, 0.7]


def test_the_calibration_test_is_hosmer_and_lemeshows_by_hand():
    counts, hits = np.array([100, 100]), np.array([30, 60])
    chances = np.array([0.25, 0.5])

    fit = calibration.goodness(counts, hits, chances=chances)

    # groups of equal variance put both bins apart: (5^2 / 18.75) + (10^2 / 25)
    assert fit.p_value == pytest.approx(special.chdtrc(2, 25 / 18.75 + 100 / 25))
    assert fit.error == pytest.approx(15 / 200)
    assert (fit.groups, fit.n) == (2, 200)


def test_the_calibration_test_keeps_its_level_on_true_chances():
    def rejected(seed):
        y, _, s = rows(np.random.default_rng(seed), 2000, distort=1)
        found = tally(y, y, s)
        counts = found.scores[:2].sum(axis=0)[:-1]
        p = calibration.goodness(counts, found.scores[1][:-1], chances=found.edges).p_value
        assert p is not None
        return p < 0.05

    # 200 simulations: 0.05 give or take three standard errors
    assert 0.005 <= np.mean([rejected(seed) for seed in range(200)]) <= 0.097


def test_a_calibration_of_scores_that_do_not_order_chances_fails(rng):
    s = rng.random(4000).round(3)
    y = (rng.random(4000) < np.abs(s - 0.5) * 2).astype(int)

    fitted = calibration.calibrate(tally(y, y, s))

    assert fitted.fit.fails
    assert fitted.fit.error > 0.1
    assert fitted.fit.p_value is not None
    assert fitted.fit.p_value < 1e-20


def test_a_calibration_without_variance_is_not_tested_but_judged_by_its_error(rng):
    certain = np.repeat([0.0, 1.0], 500)
    right = calibration.calibrate(tally(certain.astype(int), certain.astype(int), certain))

    assert right.fit.p_value is None
    assert right.fit.error == 0
    assert not right.fit.fails
    assert right.method == "isotonic"


@pytest.mark.parametrize(("n", "positives"), [(199, 100), (1000, 29), (1000, 971)])
def test_a_small_reference_is_insufficient(n, positives):
    y = (np.arange(n) < positives).astype(int)

    with pytest.raises(InsufficientData, match=f"{positives} of them positive"):
        calibration.calibrate(tally(y, y, np.linspace(0, 1, n)))


def test_estimates_equal_scikit_learn_when_scores_leave_nothing_to_chance(rng):
    s = np.repeat([0.1, 0.3, 0.6, 0.9], 200)
    y = np.repeat([0, 0, 1, 1], 200)
    d = np.repeat([0, 1, 0, 1], 200)
    fitted = calibration.calibrate(tally(y, d, s))

    found = estimates(unlabelled(d, s), fitted)

    for name, expected in REALISED.items():
        assert value(found[name]) == pytest.approx(expected(y, d, s), abs=1e-12), name


def test_estimates_do_not_read_outcomes(rng):
    fitted = learned(rng)
    y, d, s = rows(rng, 500)

    with_outcomes, without = estimates(tally(y, d, s), fitted), estimates(unlabelled(d, s), fitted)

    assert with_outcomes == without


def test_estimates_follow_a_shift_of_the_rows_and_their_bands_hold_what_is_realised():
    inside, errors = {name: [] for name in ESTIMATED}, {name: [] for name in ESTIMATED}
    for seed in range(150):
        rng = np.random.default_rng(seed)
        fitted = learned(rng)
        y, d, s = rows(rng, 800, mean=-0.7)
        for name, found in estimates(unlabelled(d, s), fitted).items():
            true = REALISED[name](y, d, s)
            low, high = interval(found)
            inside[name].append(low <= true <= high)
            errors[name].append(value(found) - true)

    for name in ESTIMATED:
        # 95 % of 150, give or take three standard errors
        assert np.mean(inside[name]) >= 0.896, name
        assert abs(np.mean(errors[name])) < 0.008, name


def test_average_precision_has_no_bias_in_small_windows():
    errors = []
    for seed in range(300):
        rng = np.random.default_rng(seed)
        fitted = learned(np.random.default_rng(1), 20_000, distort=1)
        y, d, s = rows(rng, 100, distort=1)
        found = estimates(unlabelled(d, s), fitted)["average_precision"]
        errors.append(value(found) - metrics.average_precision_score(y, s))
    # the plain product of expectations would be 0.012 too low
    assert abs(np.mean(errors)) < 3 * np.std(errors) / np.sqrt(300) + 0.002


def test_a_window_of_one_row_has_an_estimate_with_a_wide_band(rng):
    fitted = learned(rng)

    found = estimates(unlabelled(np.array([1]), np.array([0.8])), fitted)

    low, high = interval(found["accuracy"])
    assert found["accuracy"].n == 1
    assert high - low > 0.5


@pytest.mark.parametrize(
    ("decisions", "scores", "missing"),
    [
        ([], [], dict.fromkeys(ESTIMATED, "no row has")),
        ([0, 0], [0.2, 0.3], {"precision": "no row was decided positive"}),
        ([2, 2], [0.2, 0.3], {"accuracy": "both a valid score and a decision"}),
        ([1, 0], [np.nan, np.nan], {"roc_auc": "no row has a valid score"}),
    ],
)
def test_what_cannot_be_estimated_has_a_reason(rng, decisions, scores, missing):
    current = counting.binary_tally(
        np.full(len(decisions), UNKNOWN), decisions, np.asarray(scores, float)
    )

    found = estimates(current, learned(rng))

    for name, why in missing.items():
        assert found[name].insufficient, name
        assert why in reason(found[name]), name


def test_a_window_of_certain_scores_holds_one_class_only():
    certain = np.repeat([0.0, 1.0], 500)
    fitted = calibration.calibrate(tally(certain.astype(int), certain.astype(int), certain))

    found = estimates(unlabelled(np.zeros(5, int), np.zeros(5)), fitted)

    assert "only one of the two classes" in reason(found["roc_auc"])
    assert "no positive is to be expected" in reason(found["recall"])


def test_bins_of_many_scores_cost_at_most_the_stated_resolution(rng):
    fitted = learned(rng)
    y, d, s = rows(rng, 3000)
    fine = estimates(tally(y, d, s), fitted)["roc_auc"]
    coarse = estimates(counting.binary_tally(y, d, s, edges=np.arange(1, 50) / 50), fitted)[
        "roc_auc"
    ]

    assert coarse.resolution is not None
    assert abs(value(coarse) - value(fine)) <= coarse.resolution + 1e-3  # and of the chances


def test_cbpe_of_california_is_the_published_one(frame):
    data = frame("california_housing_nannyml")
    golden = frame("golden_nannyml_california_housing")
    golden = golden[golden.metric == "cbpe_estimated_roc_auc"].set_index("chunk_key").value

    def parts(part):
        return part.clf_target.to_numpy(), part.y_pred.to_numpy(), part.y_pred_proba.to_numpy()

    reference = data[data.period == "reference"]
    fitted = calibration.calibrate(tally(*parts(reference)))

    found = {
        month: value(estimates(tally(*parts(chunk)), fitted)["roc_auc"])
        for month, chunk in data.groupby(data.timestamp.dt.strftime("%Y-%m"))
    }

    assert found == pytest.approx(golden.to_dict(), abs=5e-4)
    assert found["2022-03"] == pytest.approx(0.829077, abs=1e-6)
    assert found["2022-04"] == pytest.approx(0.910661, abs=1e-6)
