"""Estimates of several classes without labels against scikit-learn and simulation."""

import numpy as np
import pytest
from estimates import interval, reason, value
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

from lifecycle.errors import InsufficientData
from lifecycle.stats import counting
from lifecycle.stats.performance import calibration, class_estimation, classes, estimation, scores
from lifecycle.stats.performance.agreement import macro_of
from lifecycle.stats.performance.class_estimation import MEASURES

NAMES = ("a", "b", "c")
seeds = st.integers(0, 2**31)


def specificity(y, d):
    """Average the true negative rate of each class over the classes."""
    found = metrics.multilabel_confusion_matrix(y, d, labels=[0, 1, 2])
    return np.mean(found[:, 0, 0] / found[:, 0].sum(axis=1))


REALISED = {
    "roc_auc_ovr": lambda y, _, s: metrics.roc_auc_score(y, s, multi_class="ovr"),
    "accuracy": lambda y, d, _: metrics.accuracy_score(y, d),
    "precision": lambda y, d, _: metrics.precision_score(y, d, average="macro"),
    "recall": lambda y, d, _: metrics.recall_score(y, d, average="macro"),
    "specificity": lambda y, d, _: specificity(y, d),
    "f1": lambda y, d, _: metrics.f1_score(y, d, average="macro"),
}


def rows(rng, n, *, mix=(0.0, 0.5, -0.5), sharpened=1.0):
    """Draw outcomes by their chances; the scores are those chances, or sharpened ones."""
    chances = np.exp(rng.normal(0, 1.2, (n, 3)) + mix)
    chances /= chances.sum(axis=1, keepdims=True)
    y = np.minimum((chances.cumsum(axis=1) < rng.random((n, 1))).sum(axis=1), 2)
    score = chances**sharpened
    score /= score.sum(axis=1, keepdims=True)
    return y, score.argmax(axis=1), score


def learned(rng, n=3000, **options):
    y, _, s = rows(rng, n, **options)
    return class_estimation.calibrate_classes(y, s, classes=NAMES)


def expected(rng, n=1500, *, fitted, **options):
    """Draw a window of another mix; return its truth and what is expected of it."""
    y, d, s = rows(rng, n, mix=(0.5, 0.0, 0.0), **options)
    return (y, d, s), class_estimation.expect_classes(s, d, calibration=fitted)


@pytest.mark.parametrize("sharpened", [1.0, 1.5])
def test_the_band_covers_what_scikit_learn_finds_later(sharpened):
    inside = dict.fromkeys(MEASURES, 0)
    errors = {name: [] for name in MEASURES}
    for seed in range(60):
        rng = np.random.default_rng(seed)
        fitted = learned(rng, sharpened=sharpened)
        truth, window = expected(rng, fitted=fitted, sharpened=sharpened)
        for name, measure in MEASURES.items():
            found, realised = measure(window), REALISED[name](*truth)
            low, high = interval(found)
            inside[name] += low <= realised <= high
            errors[name].append(value(found) - realised)

    # of 60 at 95 %: 57 give or take three standard errors; a calibration that has to be learned
    # is not quite a function of one score, which takes a little off
    assert min(inside.values()) >= (52 if sharpened == 1 else 50)
    assert max(abs(np.mean(found)) for found in errors.values()) < 0.01


def test_scores_that_are_chances_are_left_alone_and_others_are_calibrated(rng):
    assert [one.method for one in learned(rng).each] == ["none"] * 3
    assert [one.method for one in learned(rng, sharpened=2).each] == ["isotonic"] * 3


def test_two_classes_are_estimated_as_a_binary_model_is(rng):
    score = rng.random(4000).round(3)
    y = (rng.random(4000) < score).astype(int)
    d = (score > 0.4).astype(int)
    both = np.column_stack([1 - score, score])

    fitted = class_estimation.calibrate_classes(y, both, classes=("no", "yes"))
    several = class_estimation.expect_classes(both, d, calibration=fitted)

    tally = counting.binary_tally(y, d, score, edges=np.unique(score))
    one = estimation.expect(tally, calibration=calibration.calibrate(tally))
    found = {name: measure(several) for name, measure in MEASURES.items()}
    accuracy = estimation.estimate("accuracy", one)
    assert value(found["accuracy"]) == pytest.approx(value(accuracy), abs=1e-9)
    assert interval(found["accuracy"]) == pytest.approx(interval(accuracy), abs=2e-3)
    area = estimation.estimate("roc_auc", one)
    assert value(found["roc_auc_ovr"]) == pytest.approx(value(area), abs=1e-9)
    assert interval(found["roc_auc_ovr"]) == pytest.approx(interval(area), abs=2e-3)
    rates = [value(estimation.estimate(name, one)) for name in ("recall", "specificity")]
    assert value(found["recall"]) == pytest.approx(np.mean(rates), abs=1e-9)
    assert value(found["specificity"]) == pytest.approx(np.mean(rates), abs=1e-9)


@settings(max_examples=30)
@given(seeds)
def test_chances_of_a_row_add_up_to_1_and_so_do_the_cells_of_its_confusion(seed):
    rng = np.random.default_rng(seed)

    _, window = expected(rng, 200, fitted=learned(rng, 600, sharpened=2), sharpened=2)

    assert window.chances.sum(axis=1) == pytest.approx(1)
    assert np.all(window.chances >= 0)
    assert value(MEASURES["accuracy"](window)) == pytest.approx(
        np.mean(window.chances[np.arange(200), window.decisions])
    )


@settings(max_examples=30)
@given(seeds, st.sampled_from(["precision", "recall", "f1", "specificity"]))
def test_the_slopes_of_an_average_are_its_differences(seed, rate):
    rng = np.random.default_rng(seed)
    counts = rng.integers(1, 50, (3, 3)).astype(float)
    n, step = counts.sum(), 1e-4

    _, slopes = macro_of(counts / n, rate=rate)

    # one more row in a cell dilutes the others, which takes the mean slope off
    mean = float(np.sum(slopes * counts / n))
    for cell in np.ndindex(3, 3):
        more = counts.copy()
        more[cell] += step
        before, after = (macro_of(c / c.sum(), rate=rate) for c in (counts, more))
        assert (after[0] - before[0]) * n / step == pytest.approx(slopes[cell] - mean, abs=1e-3)


def test_the_realised_area_is_scikit_learns_and_its_interval_delongs(rng):
    y, _, s = rows(rng, 900)

    tied = s.round(2)
    areas = [metrics.roc_auc_score(y == c, tied[:, c]) for c in range(3)]
    assert value(classes.roc_auc_ovr(y, tied)) == pytest.approx(np.mean(areas))
    assert value(classes.roc_auc_ovr(y, s)) == pytest.approx(REALISED["roc_auc_ovr"](y, None, s))

    hit = (y == 1).astype(int)
    two = classes.roc_auc_ovr(hit, np.column_stack([1 - s[:, 1], s[:, 1]]))
    one = scores.roc_auc(counting.binary_tally(hit, hit, s[:, 1], edges=np.unique(s[:, 1])))
    assert interval(two) == pytest.approx(interval(one), abs=1e-4)


def test_specificity_of_classes_is_the_mean_over_each_against_the_rest(rng):
    y, d, _ = rows(rng, 500)

    found = classes.specificity_macro(counting.class_tally(y, d, classes=NAMES))

    assert value(found) == pytest.approx(specificity(y, d))
    low, high = interval(found)
    assert low < value(found) < high
    alone = counting.class_tally([0, 0, 0], [0, 1, 0], classes=NAMES)
    assert "only one class" in reason(classes.specificity_macro(alone))


def test_a_class_with_few_outcomes_is_named(rng):
    y, _, s = rows(rng, 1000)
    keep = (y != 2) | (np.cumsum(y == 2) <= 20)

    with pytest.raises(InsufficientData, match="class 'c' against the rest: the reference has"):
        class_estimation.calibrate_classes(y[keep], s[keep], classes=NAMES)


def test_a_class_whose_scores_do_not_order_its_chances_fails_and_is_named(rng):
    score = rng.dirichlet([1, 1, 1], 4000)
    is_b = rng.random(4000) < np.abs(score[:, 1] - 0.4)
    y = np.where(is_b, 1, np.where(rng.random(4000) < 0.5, 0, 2))

    fitted = class_estimation.calibrate_classes(y, score, classes=NAMES)

    assert fitted.failing == "b"
    assert learned(rng).failing is None


def signals(rng, n):
    """Score each class by its own signal: each score is a chance, but not beside the others."""
    y = rng.integers(0, 3, n)
    seen = rng.random((n, 3)) < np.where(np.eye(3)[y] == 1, 0.8, 0.2)
    return y, np.where(seen, 0.8 / (0.8 + 2 * 0.2), 0.2 / (0.2 + 2 * 0.8))


def test_scores_that_only_stand_for_themselves_one_by_one_fail_together(rng):
    y, score = signals(rng, 3000)

    fitted = class_estimation.calibrate_classes(y, score, classes=NAMES)

    assert fitted.failing is None
    assert fitted.likeliest.fails
    # of the rows with one signal, 0.512 of 0.576 are of that class; promised are 0.667 of 0.889
    assert fitted.likeliest.error > 0.05


def test_scores_that_promise_too_few_of_their_likeliest_class_are_all_calibrated():
    y, _, s = rows(np.random.default_rng(0), 800, sharpened=0.8)
    tallies = [counting.binary_tally(y == c, np.full(800, 2), s[:, c]) for c in range(3)]

    fitted = class_estimation.calibrate_classes(y, s, classes=NAMES)

    assert [calibration.calibrate(tally).method for tally in tallies] == ["none"] * 3
    assert [one.method for one in fitted.each] == ["isotonic"] * 3
    promised = s.max(axis=1).mean()
    assert np.mean(s.argmax(axis=1) == y) - promised > 0.03
    assert fitted.likeliest.error < 0.01


def test_scores_out_of_range_or_all_0_are_not_valid():
    given = np.array([[0.2, 0.8], [0, 0], [1.2, 0.1], [np.nan, 0.5], [-0.1, 1], [1, 1]])

    assert class_estimation.valid_scores(given).tolist() == [True, False, False, False, False, True]


def test_without_predictions_only_the_ranking_is_estimated(rng):
    _, _, s = rows(rng, 400)
    unknown = np.full(400, -1)

    window = class_estimation.expect_classes(s, unknown, calibration=learned(rng))

    assert value(MEASURES["roc_auc_ovr"](window)) > 0.5
    for name in set(MEASURES) - {"roc_auc_ovr"}:
        assert "a prediction" in reason(MEASURES[name](window))
    nobody = class_estimation.expect_classes(s[:0], unknown[:0], calibration=learned(rng))
    assert "no row" in reason(MEASURES["roc_auc_ovr"](nobody))
