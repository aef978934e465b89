"""How good answers are by one measure, with its error, and how far two sets of rows differ."""

from dataclasses import dataclass
from enum import StrEnum
from math import sqrt

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from lifecycle.errors import InvalidInput
from lifecycle.stats.inference import (
    CONFIDENCE,
    Estimate,
    FloatArray,
    bounded,
    logit_interval,
    normal_quantile,
    nothing,
)


class Metric(StrEnum):
    """What answers are judged by; for the first two more is better, for the others less."""

    ROC_AUC = "roc_auc"
    ACCURACY = "accuracy"
    BRIER = "brier"
    MAE = "mae"
    RMSE = "rmse"


GAINS = frozenset({Metric.ROC_AUC, Metric.ACCURACY})
"""Measures of which more is better."""

FEWEST = 2
"""Below two rows, or two of either outcome, nothing has an error."""


@dataclass(frozen=True, slots=True)
class Level:
    """How good answers are: the measure's value, its standard error and the rows behind it."""

    value: float
    error: float
    n: int


def placements(labels: ArrayLike, scores: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Return what DeLong's variance is made of.

    Parameters
    ----------
    labels, scores
        Shape (rows,); labels are 0 and 1.

    Returns
    -------
    tuple of ndarray
        For each positive the share of negatives it beats, shape (positives,), and for each
        negative the share of positives that beat it, shape (negatives,); ties count half.

    Notes
    -----
    Source: DeLong, DeLong and Clarke-Pearson (1988), doi:10.2307/2531595.
    """
    y, s = np.asarray(labels, np.float64), np.asarray(scores, np.float64)
    above, below = s[y == 1], s[y == 0]
    return _beaten(above, below), 1.0 - _beaten(below, above)


def _beaten(values: FloatArray, among: FloatArray) -> FloatArray:
    ordered = np.sort(among)
    strictly = np.searchsorted(ordered, values, side="left")
    weakly = np.searchsorted(ordered, values, side="right")
    return (strictly + weakly) / (2.0 * max(len(ordered), 1))


def losses(metric: Metric, labels: ArrayLike, answers: ArrayLike) -> FloatArray:
    """Return each row's part of a measure that is a mean: right or wrong, or the error's size.

    Raises
    ------
    InvalidInput
        The measure compares rows with each other and is no mean.
    """
    if metric is Metric.ACCURACY:
        return (np.asarray(labels) == np.asarray(answers)).astype(np.float64)
    y, a = np.asarray(labels, np.float64), np.asarray(answers, np.float64)
    if metric is Metric.MAE:
        return np.abs(a - y)
    if metric in {Metric.BRIER, Metric.RMSE}:
        return (a - y) ** 2
    raise InvalidInput(f"{metric} is no mean over rows")


def level(metric: Metric, labels: ArrayLike, answers: ArrayLike) -> Level | None:
    """Measure answers against labels; ``None`` where there are too few rows of an outcome."""
    if metric is Metric.ROC_AUC:
        positive, negative = placements(labels, answers)
        m, n = len(positive), len(negative)
        if min(m, n) < FEWEST:
            return None
        spread = float(positive.var(ddof=1)) / m + float(negative.var(ddof=1)) / n
        return Level(float(positive.mean()), sqrt(spread), m + n)
    parts = losses(metric, labels, answers)
    if len(parts) < FEWEST:
        return None
    mean, error = float(parts.mean()), float(parts.std(ddof=1)) / sqrt(len(parts))
    if metric is not Metric.RMSE:
        return Level(mean, error, len(parts))
    root = sqrt(mean)
    return Level(root, error / (2 * root) if root > 0 else 0.0, len(parts))


def generalisation_gap(
    metric: Metric,
    training: tuple[ArrayLike, ArrayLike],
    assessed: tuple[ArrayLike, ArrayLike],
    *,
    confidence: float = CONFIDENCE,
) -> Estimate:
    """Estimate by how much a model is better on the rows it learned from; above 0 it is.

    Parameters
    ----------
    training, assessed
        Labels and answers on the two sets of rows, each of shape (rows,).
    """
    before, now = level(metric, *training), level(metric, *assessed)
    if before is None or now is None:
        return nothing("a side has fewer than two rows of an outcome")
    sign = 1.0 if metric in GAINS else -1.0
    value = sign * (before.value - now.value)
    half = normal_quantile(confidence) * sqrt(before.error**2 + now.error**2)
    interval = (value - half, value + half)
    made = bounded(value, n=now.n, interval=interval, confidence=confidence)
    return Estimate(made.value, made.n, made.interval, made.confidence, n_reference=before.n)


def spread(values: ArrayLike, *, n: int, confidence: float = CONFIDENCE) -> Estimate:
    """Estimate the standard deviation of a measure over repeated fits.

    Parameters
    ----------
    values
        Shape (fits,), the measure of each fit on the same rows.
    n
        Rows each fit was measured on.

    Notes
    -----
    The interval is that of a normal sample: ``(k - 1) s^2 / sigma^2`` is chi-squared.
    """
    found = np.asarray(values, np.float64)
    k = len(found)
    if k < FEWEST:
        return nothing(f"{k} fits; a spread needs two", n=n)
    deviation = float(found.std(ddof=1))
    tail = (1 - confidence) / 2
    low, high = (
        deviation * sqrt((k - 1) / float(special.chdtri(k - 1, chance)))
        for chance in (tail, 1 - tail)
    )
    return bounded(deviation, n=n, interval=(low, high), confidence=confidence)


def single_feature_auc(
    labels: ArrayLike, values: ArrayLike, *, confidence: float = CONFIDENCE
) -> Estimate:
    """Estimate how well one column alone tells the outcomes apart, in whichever direction.

    Parameters
    ----------
    labels, values
        Shape (rows,); rows without a value are left out.
    """
    y, x = np.asarray(labels, np.float64), np.asarray(values, np.float64)
    kept = np.isfinite(x) & np.isfinite(y)
    found = level(Metric.ROC_AUC, y[kept], x[kept])
    if found is None:
        return nothing("fewer than two rows of an outcome have a value", n=int(kept.sum()))
    value = max(found.value, 1 - found.value)
    interval = logit_interval(value, found.error, confidence=confidence)
    return bounded(value, n=found.n, interval=interval, confidence=confidence)
