"""Intervals of performance against published formulas and simulation."""

import numpy as np
import pytest
from estimates import interval, value
from scipy import special, stats

from lifecycle.stats import counting
from lifecycle.stats.performance import agreement, classes, decisions, regression, scores


def test_the_interval_of_an_area_is_delongs(rng):
    negatives, positives = rng.normal(0, 1, 40).round(1), rng.normal(1, 1, 25).round(1)
    wins = np.sign(positives[:, np.newaxis] - negatives) / 2 + 0.5
    area = wins.mean()
    error = np.sqrt(wins.mean(axis=1).var(ddof=1) / 25 + wins.mean(axis=0).var(ddof=1) / 40)
    half = 1.959963984540054 * error / (area * (1 - area))
    label = np.repeat([0, 1], [40, 25])
    score = special.expit(np.concatenate([negatives, positives]))

    found = scores.roc_auc(counting.binary_tally(label, label, score))

    assert found.value == pytest.approx(area, abs=1e-12)
    expected = special.expit(special.logit(area) + np.array([-half, half]))
    assert found.interval == pytest.approx(tuple(expected), abs=1e-9)


def test_the_interval_of_average_precision_is_boyds_logit_one():
    label, score = np.array([1, 1, 0, 1, 0, 0]), np.array([0.9, 0.8, 0.7, 0.6, 0.5, 0.4])

    found = scores.average_precision(counting.binary_tally(label, label, score))

    mean = 11 / 12  # precision 1, 1 and 3/4 at the three positives
    half = 1.959963984540054 / np.sqrt(3 * mean * (1 - mean))
    assert found.value == pytest.approx(mean)
    assert found.interval == pytest.approx(
        tuple(special.expit(special.logit(mean) + np.array([-half, half])))
    )


def coverage(draw, truths, *, runs=300):
    """Return the share of runs whose interval holds the truth, per measure."""
    inside = dict.fromkeys(truths, 0)
    for _ in range(runs):
        tally = draw()
        for measure, truth in truths.items():
            low, high = measure(tally).interval
            inside[measure] += low <= truth <= high
    return {measure.__name__: count / runs for measure, count in inside.items()}


def test_intervals_of_a_classifier_cover_the_truth_as_often_as_they_say(rng):
    def draw(n=400):
        score = rng.beta(2, 3, n).round(2)
        label = (rng.random(n) < score).astype(int)
        return counting.binary_tally(label, score > 0.5, score)

    large = draw(2_000_000)
    measures = [
        decisions.accuracy,
        decisions.precision,
        decisions.recall,
        decisions.f1,
        decisions.balanced_accuracy,
        decisions.mcc,
        decisions.cohen_kappa,
        scores.roc_auc,
        scores.average_precision,
        scores.brier,
        scores.log_loss,
    ]

    shares = coverage(draw, {m: m(large).value for m in measures})

    assert 0.915 <= min(shares.values()) <= max(shares.values()) <= 0.993, shares


def test_intervals_of_classes_cover_the_truth_as_often_as_they_say(rng):
    law = np.array([[0.35, 0.05, 0.05], [0.03, 0.2, 0.07], [0.05, 0.05, 0.15]])

    def draw():
        cells = rng.multinomial(400, law.ravel())
        label, guess = np.repeat(np.arange(9), cells) // 3, np.repeat(np.arange(9), cells) % 3
        return counting.class_tally(label, guess, classes=("a", "b", "c"))

    cells = (law * 1_000_000).round().astype(int).ravel()
    large = counting.class_tally(
        np.repeat(np.arange(9), cells) // 3,
        np.repeat(np.arange(9), cells) % 3,
        classes=("a", "b", "c"),
    )
    truths = {m: m(large).value for m in (classes.mcc, classes.cohen_kappa, classes.accuracy)}
    for average in (
        classes.precision_macro,
        classes.recall_weighted,
        classes.f1_macro,
        classes.f1_weighted,
        classes.precision_weighted,
        classes.balanced_accuracy,
    ):
        inside = 0
        truth = value(average(large))
        for _ in range(200):
            low, high = interval(average(draw()))
            inside += low <= truth <= high
        assert 0.905 <= inside / 200 <= 0.995

    shares = coverage(draw, truths)
    assert 0.915 <= min(shares.values()) <= max(shares.values()) <= 0.993, shares


RARE = {
    "ten positives": np.array([[940.5, 49.5], [1, 9]]),
    "ten positives, hardly ever missed": np.array([[940.5, 49.5], [0.2, 9.8]]),
    "twenty positives, hardly ever missed": np.array([[931, 49], [0.4, 19.6]]),
    "one rare class of three": np.array([[450, 30, 2], [30, 455, 3], [0.3, 0.2, 9.5]]),
    "hardly any error": np.array([[989, 1], [0.2, 9.8]]),
}


@pytest.mark.parametrize(("rate", "average"), [("recall", "macro"), ("recall", "labelled")])
@pytest.mark.parametrize("case", RARE)
def test_an_average_over_a_rare_class_lies_within_its_interval_as_often_as_it_says(
    rng, case, rate, average
):
    assert 0.91 <= _covered(rng, RARE[case], rate=rate, average=average) <= 0.99


@pytest.mark.parametrize("average", ["macro", "weighted"])
@pytest.mark.parametrize("rate", ["precision", "recall", "specificity", "f1"])
@pytest.mark.parametrize("case", ["one rare class of three", "hardly any error"])
def test_other_averages_over_a_rare_class_are_as_sure_as_they_say(rng, case, rate, average):
    assert 0.91 <= _covered(rng, RARE[case], rate=rate, average=average) <= 0.99


def _covered(rng, law, *, rate, average, runs=400):
    """Return the share of drawn confusions whose interval holds the average of the law."""
    truth = value(_average(law, rate=rate, average=average))
    drawn = rng.multinomial(round(law.sum()), law.ravel() / law.sum(), size=runs)
    bounds = [
        interval(_average(cells.reshape(law.shape), rate=rate, average=average)) for cells in drawn
    ]
    return np.mean([low <= truth <= high for low, high in bounds])


def _average(confusion, *, rate, average):
    return agreement.averaged(confusion, rate=rate, average=average, confidence=0.95)


def test_a_rare_class_found_in_every_row_adds_the_doubt_of_its_few_rows():
    confusion = np.array([[941, 49], [0, 10]])

    low, high = interval(_average(confusion, rate="recall", average="labelled"))

    # Wilson by hand: 941 of 990 lies 0.0152 above its lower and 0.0118 below its upper bound;
    # 10 of 10 lies z^2 / (10 + z^2) = 0.2775 above its lower one and has no room above.
    recall = (941 / 990 + 1) / 2
    assert low == pytest.approx(recall - np.hypot(0.015, 0.27753) / 2, abs=2e-4)
    assert high == pytest.approx(recall + 0.01173 / 2, abs=2e-4)


@pytest.mark.parametrize("rate", ["precision", "recall", "specificity", "f1"])
def test_rates_vary_together_as_their_slopes_in_every_cell_say(rng, rate):
    shares = rng.dirichlet(np.ones(16)).reshape(4, 4)

    def rates(cells):
        return agreement.class_rates(cells / cells.sum(), rate=rate, average="macro").each

    step, base = 1e-6, rates(shares)
    slopes = np.array(
        [(rates(shares + step * np.eye(16)[c].reshape(4, 4)) - base) / step for c in range(16)]
    )
    labels = base[np.repeat(np.arange(4), 4)]

    found = agreement.class_rates(shares, rate=rate, average="weighted")

    assert found.covariances(shares) == pytest.approx(
        np.cov(slopes.T, aweights=shares.ravel(), ddof=0), abs=1e-4
    )
    expected = [np.cov(s, labels, aweights=shares.ravel(), ddof=0)[0, 1] for s in slopes.T]
    assert found.with_labels(shares) == pytest.approx(np.array(expected), abs=1e-4)


def test_the_rate_of_a_class_never_predicted_is_left_open():
    found = _average(np.array([[90, 0], [10, 0]]), rate="precision", average="macro")

    low, high = interval(found)

    assert value(found) == pytest.approx(0.45)
    assert low == pytest.approx(0.45 - (0.9 - 0.8256) / 2, abs=1e-3)
    assert high == pytest.approx(0.45 + np.hypot(0.9448 - 0.9, 1) / 2, abs=1e-3)


def test_intervals_of_a_regression_cover_the_truth_as_often_as_they_say(rng):
    def draw():
        y = rng.normal(0, 1, 150)
        return counting.error_tally(y, y + rng.normal(0.2, 1, 150))

    folded = stats.foldnorm(0.2).mean()
    truths = {regression.mae: folded, regression.rmse: np.sqrt(1.04), regression.bias: 0.2}

    shares = coverage(draw, truths)

    assert 0.91 <= min(shares.values()) <= max(shares.values()) <= 0.993, shares


ALIKE = {
    "balanced, two in a thousand": (np.array([[0.499, 0.001], [0.001, 0.499]]), 100),
    "balanced, one in a hundred": (np.array([[0.495, 0.005], [0.005, 0.495]]), 100),
    "rare positives, one in a hundred": (np.array([[0.895, 0.005], [0.005, 0.095]]), 100),
    "very rare positives": (np.array([[0.979, 0.001], [0.001, 0.019]]), 300),
    "few rows": (np.array([[0.475, 0.025], [0.025, 0.475]]), 30),
    "hardly better than chance": (np.array([[0.82, 0.08], [0.08, 0.02]]), 300),
    "ten classes": (np.eye(10) * 0.099 + (1 - np.eye(10)) * 0.01 / 90, 100),
    "three classes, one rare": (np.diag([0.88, 0.08, 0.02]) + (1 - np.eye(3)) * 0.02 / 6, 100),
}


@pytest.mark.parametrize("case", ALIKE)
def test_agreement_beyond_chance_is_covered_however_little_disagrees(rng, case):
    law, n = ALIKE[case]
    large = (law * 1e9).astype(np.int64)

    for measure in (agreement.matthews, agreement.cohen_kappa):
        truth, held, runs = value(measure(large, confidence=0.95)), 0, 0
        for cells in rng.multinomial(n, law.ravel() / law.sum(), size=600):
            found = measure(cells.reshape(law.shape), confidence=0.95)
            if found.value is not None:
                low, high = interval(found)
                assert low <= found.value <= high
                runs, held = runs + 1, held + (low <= truth <= high)
        assert held / runs >= 0.9
