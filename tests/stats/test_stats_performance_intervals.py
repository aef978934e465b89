"""Intervals of performance against published formulas and simulation."""

import numpy as np
import pytest
from estimates import interval, value
from scipy import special, stats

from lifecycle.stats import counting
from lifecycle.stats.performance import classes, decisions, regression, scores


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


def test_intervals_of_a_regression_cover_the_truth_as_often_as_they_say(rng):
    def draw():
        y = rng.normal(0, 1, 150)
        return counting.error_tally(y, y + rng.normal(0.2, 1, 150))

    folded = stats.foldnorm(0.2).mean()
    truths = {regression.mae: folded, regression.rmse: np.sqrt(1.04), regression.bias: 0.2}

    shares = coverage(draw, truths)

    assert 0.91 <= min(shares.values()) <= max(shares.values()) <= 0.993, shares
