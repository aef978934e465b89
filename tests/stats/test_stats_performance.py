"""Performance from tallies against scikit-learn, intervals against simulation."""

import warnings
from dataclasses import replace

import numpy as np
import pytest
from estimates import hidden, interval, reason, value
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special, stats
from sklearn import metrics

from lifecycle.errors import InvalidInput
from lifecycle.stats import counting
from lifecycle.stats.performance import classes, decisions, regression, scores

seeds = st.integers(0, 2**31)
SKLEARN = {
    decisions.accuracy: metrics.accuracy_score,
    decisions.precision: metrics.precision_score,
    decisions.recall: metrics.recall_score,
    decisions.specificity: lambda y, d: metrics.recall_score(1 - y, 1 - d),
    decisions.f1: metrics.f1_score,
    decisions.balanced_accuracy: metrics.balanced_accuracy_score,
    decisions.mcc: metrics.matthews_corrcoef,
    decisions.cohen_kappa: metrics.cohen_kappa_score,
}
SKLEARN_SCORES = {
    scores.roc_auc: metrics.roc_auc_score,
    scores.average_precision: metrics.average_precision_score,
    scores.brier: metrics.brier_score_loss,
    scores.log_loss: metrics.log_loss,
}
SKLEARN_CLASSES = {
    classes.precision_macro: lambda y, p: metrics.precision_score(y, p, average="macro"),
    classes.precision_weighted: lambda y, p: metrics.precision_score(y, p, average="weighted"),
    classes.recall_macro: lambda y, p: metrics.recall_score(y, p, average="macro"),
    classes.recall_weighted: lambda y, p: metrics.recall_score(y, p, average="weighted"),
    classes.f1_macro: lambda y, p: metrics.f1_score(y, p, average="macro"),
    classes.f1_weighted: lambda y, p: metrics.f1_score(y, p, average="weighted"),
    classes.balanced_accuracy: metrics.balanced_accuracy_score,
    classes.accuracy: metrics.accuracy_score,
    classes.mcc: metrics.matthews_corrcoef,
    classes.cohen_kappa: metrics.cohen_kappa_score,
}


def binary(seed, *, n=120, digits=None):
    """Simulate outcomes, decisions and scores that know something of them."""
    rng = np.random.default_rng(seed)
    score = rng.random(n) if digits is None else rng.random(n).round(digits)
    label = (rng.random(n) < 0.1 + 0.8 * score).astype(int)
    label[:2] = 0, 1
    return label, (score > 0.6).astype(int), score


@settings(max_examples=25)
@given(seeds)
def test_rates_of_decisions_are_scikit_learns(seed):
    label, decision, _ = binary(seed)
    tally = counting.binary_tally(label, decision)

    for measure, expected in SKLEARN.items():
        found = measure(tally)
        assert found.value == pytest.approx(expected(label, decision), abs=1e-12)
        assert interval(found)[0] <= value(found) <= interval(found)[1]


@settings(max_examples=25)
@given(seeds)
def test_measures_of_scores_are_scikit_learns_when_bins_hold_one_score(seed):
    label, decision, score = binary(seed, digits=2)
    tally = counting.binary_tally(label, decision, score)

    assert tally.exact
    for measure, expected in SKLEARN_SCORES.items():
        found = measure(tally)
        assert found.value == pytest.approx(expected(label, score), abs=1e-12)
        assert interval(found)[0] <= value(found) <= interval(found)[1]
        assert found.resolution is None


@settings(max_examples=30)
@given(seeds, st.integers(2, 40))
def test_ranking_from_coarse_bins_is_within_its_resolution(seed, bins):
    label, decision, score = binary(seed)
    tally = counting.binary_tally(label, decision, score, edges=np.arange(1, bins) / bins)

    for measure in (scores.roc_auc, scores.average_precision):
        found = measure(tally)
        expected = SKLEARN_SCORES[measure](label, score)
        assert abs(value(found) - expected) <= hidden(found) + 1e-12
    assert scores.brier(tally).value == pytest.approx(metrics.brier_score_loss(label, score))
    assert scores.log_loss(tally).value == pytest.approx(metrics.log_loss(label, score))
    assert scores.log_loss(tally).interval is None


@settings(max_examples=30)
@given(seeds, st.integers(1, 12), st.floats(0.1, 0.95))
def test_the_resolution_of_ranking_is_what_the_worst_order_inside_bins_costs(seed, bins, common):
    rng = np.random.default_rng(seed)
    at = rng.integers(0, bins, 60)
    label = (rng.random(60) < common).astype(int)
    label[:2] = 0, 1
    middle = (at + 0.5) / bins
    tally = counting.binary_tally(label, label, middle, edges=np.arange(1, bins) / bins)
    tally = replace(tally, exact=False)

    for measure in (scores.roc_auc, scores.average_precision):
        found = measure(tally)
        # The extreme orders: positives tied above their bin's negatives, or below them one by one.
        shift, apart = (label - 0.5) / (2 * bins), np.arange(60) * 1e-6
        reached = [
            SKLEARN_SCORES[measure](label, order)
            for order in (middle + shift, middle - shift + apart)
        ]
        off = max(abs(r - value(found)) for r in reached)
        assert hidden(found) == pytest.approx(off, abs=1e-12)


def calibration_error(label, score):
    """Count the expected calibration error by hand, on bins open to the left."""
    bins = np.clip(np.ceil(score * 10).astype(int), 1, 10)
    return sum(
        abs((label[bins == b] - score[bins == b]).sum()) / len(label) for b in np.unique(bins)
    )


@given(seeds, st.integers(2, 60))
def test_calibration_error_is_the_hand_count_within_its_resolution(seed, bins):
    label, decision, score = binary(seed)
    expected = calibration_error(label, score)

    grid = scores.ece(counting.binary_tally(label, decision, score, edges=np.arange(1, 90) / 90))
    fine = scores.ece(counting.binary_tally(label, decision, score))
    rough = scores.ece(
        counting.binary_tally(label, decision, score, edges=np.arange(1, bins) / bins)
    )

    assert grid.value == pytest.approx(expected)
    assert grid.resolution is None
    assert fine.value == pytest.approx(expected)
    assert abs(value(rough) - expected) <= hidden(rough) + 1e-9


def test_rows_without_outcome_decision_or_score_are_left_out():
    label, decision, score = binary(3)
    more = counting.binary_tally(
        np.append(label, [2, 2, 1]),
        np.append(decision, [1, 0, 2]),
        np.append(score, [0.5, 0.5, np.nan]),
        edges=np.unique(score),
    )
    plain = counting.binary_tally(label, decision, score, edges=np.unique(score))

    for measure in (*SKLEARN, *SKLEARN_SCORES, scores.ece):
        assert measure(more).value == pytest.approx(measure(plain).value)
        assert measure(more).n == measure(plain).n
    assert more.rows - decisions.accuracy(more).n == 3


def test_one_class_alone_cannot_be_ranked():
    tally = counting.binary_tally([1, 1], [1, 0], [0.2, 0.7])

    for measure in (scores.roc_auc, scores.average_precision, decisions.balanced_accuracy):
        found = measure(tally)
        assert found.value is None
        assert found.insufficient
        assert "only one of the two classes" in reason(found)


def test_perfect_scores_have_no_made_up_interval():
    tally = counting.binary_tally([0, 0, 1, 1], [0, 0, 1, 1], [0.1, 0.2, 0.8, 0.9])

    for measure in (scores.roc_auc, scores.average_precision):
        assert measure(tally).value == pytest.approx(1.0)
        assert measure(tally).interval is None
    for measure in (decisions.mcc, decisions.cohen_kappa):
        low, high = interval(measure(tally))
        assert measure(tally).value == pytest.approx(1.0)
        assert low < 0.1
        assert high == pytest.approx(1.0)
    bounds = decisions.balanced_accuracy(tally).interval
    assert bounds == pytest.approx((1 - np.hypot(0.6576, 0.6576) / 2, 1.0), abs=1e-4)  # Wilson's
    assert interval(decisions.accuracy(tally))[0] < 1


def test_one_row_of_each_class_has_an_area_without_interval():
    tally = counting.binary_tally([0, 1], [0, 1], [0.4, 0.4])

    assert scores.roc_auc(tally).value == 0.5
    assert scores.roc_auc(tally).interval is None


def test_one_scored_row_has_a_brier_score_without_interval():
    tally = counting.binary_tally([1], [1], [0.4])

    assert scores.brier(tally).value == pytest.approx(0.36)
    assert scores.brier(tally).interval is None
    assert scores.log_loss(tally).interval is None


def test_certain_and_wrong_scores_have_a_finite_log_loss():
    tally = counting.binary_tally([0, 1], [0, 1], [1.0, 0.0])

    assert scores.log_loss(tally).value == pytest.approx(metrics.log_loss([0, 1], [1.0, 0.0]))


def test_what_is_undefined_has_a_reason():
    no_rows = counting.binary_tally([2], [1], [0.5])
    negative = counting.binary_tally([0, 0], [0, 0])

    for measure in (*SKLEARN, *SKLEARN_SCORES, scores.ece):
        assert measure(no_rows).value is None
        assert measure(no_rows).reason
    for measure, word in {
        decisions.precision: "decided positive",
        decisions.recall: "positive outcome",
        decisions.f1: "neither",
        decisions.mcc: "one class",
        decisions.cohen_kappa: "one class",
    }.items():
        assert measure(negative).value is None
        assert word in reason(measure(negative))
    only_decided = counting.binary_tally([0, 1], [1, 1])
    assert "prediction" in reason(decisions.mcc(only_decided))


def multi(seed, *, k=4, n=150):
    rng = np.random.default_rng(seed)
    label = rng.integers(0, rng.integers(2, k + 1), n)
    guess = np.where(rng.random(n) < 0.6, label, rng.integers(0, rng.integers(2, k + 1), n))
    return label, guess


@settings(max_examples=25)
@given(seeds)
def test_rates_of_classes_are_scikit_learns(seed):
    label, guess = multi(seed)
    tally = counting.class_tally(label, guess, classes=("a", "b", "c", "d"))

    for measure, expected in SKLEARN_CLASSES.items():
        found = measure(tally)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # scikit-learn warns of classes never predicted
            assert found.value == pytest.approx(expected(label, guess), abs=1e-12)
        assert interval(found)[0] <= value(found) <= interval(found)[1]


@given(seeds)
def test_relabelling_classes_changes_nothing(seed):
    label, guess = multi(seed)
    turn = np.array([2, 0, 3, 1])
    names = ("a", "b", "c", "d")
    tally = counting.class_tally(label, guess, classes=names)
    turned = counting.class_tally(turn[label], turn[guess], classes=names)

    for measure in SKLEARN_CLASSES:
        assert measure(turned).value == pytest.approx(measure(tally).value, abs=1e-12)
        assert measure(turned).interval == pytest.approx(measure(tally).interval, abs=1e-9)


def test_classes_without_rows_have_a_reason():
    tally = counting.class_tally([-1, 0], [0, -1], classes=("a", "b"))

    assert tally.unlabelled == 2
    for measure in SKLEARN_CLASSES:
        assert measure(tally).value is None
        assert measure(tally).insufficient


def test_perfect_classes_have_no_made_up_interval():
    tally = counting.class_tally([0, 1, 2], [0, 1, 2], classes=("a", "b", "c"))

    for measure in (classes.mcc, classes.cohen_kappa):
        assert measure(tally).value == pytest.approx(1.0)
        assert interval(measure(tally))[0] < 0.3
    for measure in (classes.f1_macro, classes.recall_macro):
        assert measure(tally).value == pytest.approx(1.0)
        low, high = interval(measure(tally))
        assert low < 0.7
        assert high == 1


@settings(max_examples=30)
@given(seeds)
def test_hand_and_tills_area_is_scikit_learns(seed):
    rng = np.random.default_rng(seed)
    label = np.append(rng.integers(0, 3, 60), [0, 1, 2])
    score = special.softmax(rng.normal(0, 1, (63, 3)).round(1) + np.eye(3)[label], axis=1)

    found = classes.roc_auc_hand_till(label, score)

    expected = metrics.roc_auc_score(label, score, multi_class="ovo", average="macro")
    assert found.value == pytest.approx(expected, abs=1e-12)
    loss = classes.log_loss_classes(label, score)
    assert loss.value == pytest.approx(metrics.log_loss(label, score), abs=1e-12)
    assert interval(loss)[0] < value(loss) < interval(loss)[1]


def test_multi_class_scores_are_checked():
    assert classes.roc_auc_hand_till([0, 0], np.full((2, 2), 0.5)).insufficient
    assert classes.log_loss_classes([], np.zeros((0, 2))).insufficient
    for labels, score in (
        ([0], [0.5]),
        ([0, 1], [[0.5, 0.5]]),
        ([2], [[0.5, 0.5]]),
        ([0], [[0.5, np.nan]]),
    ):
        with pytest.raises(InvalidInput, match="score"):
            classes.log_loss_classes(labels, score)


@given(seeds)
def test_errors_of_a_regression_are_scikit_learns(seed):
    rng = np.random.default_rng(seed)
    y = rng.normal(10, 3, 80)
    p = y + rng.normal(0.5, 1, 80)
    tally = counting.error_tally(np.append(y, [np.nan, 1.0, np.inf]), np.append(p, [1, np.nan, 1]))

    assert (tally.n, tally.unlabelled, tally.invalid) == (80, 1, 2)
    assert regression.mae(tally).value == pytest.approx(metrics.mean_absolute_error(y, p))
    assert regression.rmse(tally).value == pytest.approx(metrics.root_mean_squared_error(y, p))
    assert regression.r2(tally).value == pytest.approx(metrics.r2_score(y, p))
    relative = metrics.mean_absolute_percentage_error(y, p)
    assert regression.mape(tally).value == pytest.approx(relative)
    assert regression.bias(tally).value == pytest.approx(np.mean(p - y))
    expected = stats.t.interval(0.95, 79, np.mean(p - y), stats.sem(p - y))
    assert regression.bias(tally).interval == pytest.approx(expected)


@given(seeds)
def test_variance_is_explained_of_outcomes_far_from_zero(seed):
    rng = np.random.default_rng(seed)
    y = rng.normal(1.7e9, 1_000, 300)
    p = y + rng.normal(0, 300, 300)

    found = regression.r2(counting.error_tally(y, p))

    assert found.value == pytest.approx(metrics.r2_score(y, p), abs=1e-4)
    far = regression.r2(counting.error_tally(y * 1e6, p * 1e6))
    assert far.value == pytest.approx(metrics.r2_score(y * 1e6, p * 1e6), abs=1e-4)


def test_an_outcome_of_0_has_no_relative_error_and_is_counted():
    some = regression.mape(counting.error_tally([0.0, 2.0, -4.0], [1.0, 3.0, -3.0]))
    none = regression.mape(counting.error_tally([0.0, 0.0], [1.0, 2.0]))

    assert some.value == pytest.approx((1 / 2 + 1 / 4) / 2)
    assert (some.n, some.reason) == (2, "1 of 3 rows have outcome 0 and are left out")
    assert none.insufficient
    assert "every outcome is 0" in reason(none)


def test_a_regression_without_rows_or_spread_has_a_reason():
    none = counting.error_tally([np.nan], [1.0])
    constant = counting.error_tally([0.1, 0.1, 0.1], [0.2, 0.3, 0.4])
    alone = counting.error_tally([1.0], [2.0])

    for measure in (
        regression.mae,
        regression.rmse,
        regression.mape,
        regression.r2,
        regression.bias,
    ):
        assert measure(none).insufficient
        assert measure(none).reason
    assert "constant" in reason(regression.r2(constant))
    for measure in (regression.mae, regression.rmse, regression.mape, regression.bias):
        assert measure(alone).value == 1.0
        assert measure(alone).interval is None
