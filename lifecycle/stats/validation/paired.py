"""Which of two sets of answers to the same rows is better, and could it be chance."""

from math import sqrt

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from lifecycle.stats.inference import (
    CONFIDENCE,
    Estimate,
    FloatArray,
    Interval,
    clipped,
    normal_quantile,
    nothing,
    student_quantile,
)
from lifecycle.stats.validation.levels import FEWEST, Metric, losses, placements

DRAWS = 1000
"""Bootstrap draws: the ends of a 95 % interval then rest on 25 draws each."""


def gain(
    metric: Metric,
    labels: ArrayLike,
    first: ArrayLike,
    second: ArrayLike,
    *,
    rng: np.random.Generator,
    confidence: float = CONFIDENCE,
) -> Estimate:
    """Estimate by how much the first answers are better than the second; above 0 they are.

    Parameters
    ----------
    labels, first, second
        Shape (rows,): outcomes, and two answers to each row.
    rng
        Draws rows for the measure without a formula, the root mean square error.
    """
    if metric is Metric.ROC_AUC:
        return auc_difference(labels, first, second, confidence=confidence)
    if metric is Metric.RMSE:
        return _root_difference(labels, first, second, rng=rng, confidence=confidence)
    ours, theirs = losses(metric, labels, first), losses(metric, labels, second)
    if metric is Metric.ACCURACY:
        return accuracy_difference(ours > 0, theirs > 0, confidence=confidence)
    return mean_difference(theirs, ours, confidence=confidence)


def auc_difference(
    labels: ArrayLike, first: ArrayLike, second: ArrayLike, *, confidence: float = CONFIDENCE
) -> Estimate:
    """Compare two areas under the ROC curve on the same rows by DeLong's test.

    Parameters
    ----------
    labels, first, second
        Shape (rows,): outcomes 0 and 1, and two scores of each row.

    Returns
    -------
    Estimate
        First minus second, -1 to 1, with a two-sided p-value that the areas are equal.

    Notes
    -----
    Source: DeLong, DeLong and Clarke-Pearson (1988), doi:10.2307/2531595.
    """
    sides = [placements(labels, scores) for scores in (first, second)]
    m, n = (len(part) for part in sides[0])
    if min(m, n) < FEWEST:
        return nothing(f"{m} positives and {n} negatives; two of each are needed", n=m + n)
    positive, negative = (sides[0][i] - sides[1][i] for i in (0, 1))
    value = float(positive.mean())
    error = sqrt(float(positive.var(ddof=1)) / m + float(negative.var(ddof=1)) / n)
    interval = clipped(value, normal_quantile(confidence) * error, low=-1.0, high=1.0)
    p = 1.0 if error == 0 else float(2 * special.ndtr(-abs(value) / error))
    return Estimate(value, m + n, interval, confidence, p_value=p)


def accuracy_difference(
    first: ArrayLike, second: ArrayLike, *, confidence: float = CONFIDENCE
) -> Estimate:
    """Compare two accuracies on the same rows by McNemar's exact test.

    Parameters
    ----------
    first, second
        Shape (rows,), whether each answer was right.

    Returns
    -------
    Estimate
        First minus second, -1 to 1, with a two-sided p-value that they are equal.

    Notes
    -----
    Only rows on which the two differ tell them apart. The interval is Wald's after half a row was
    added to each of the four cells. Sources: McNemar (1947), doi:10.1007/BF02295996; Agresti and
    Min (2005), doi:10.1002/sim.1781.
    """
    one, other = np.asarray(first, bool), np.asarray(second, bool)
    n = len(one)
    if n == 0:
        return nothing("no row has an outcome and two answers")
    won, lost = int((one & ~other).sum()), int((~one & other).sum())
    b, c, total = won + 0.5, lost + 0.5, n + 2.0
    centre = (b - c) / total
    half = normal_quantile(confidence) * sqrt(b + c - (b - c) ** 2 / total) / total
    low, high = clipped(centre, half, low=-1.0, high=1.0)
    value = (won - lost) / n
    chance = float(special.bdtr(min(won, lost), won + lost, 0.5)) if won + lost else 1.0
    interval = (min(low, value), max(high, value))
    return Estimate(value, n, interval, confidence, p_value=min(1.0, 2 * chance))


def mean_difference(
    first: ArrayLike, second: ArrayLike, *, confidence: float = CONFIDENCE
) -> Estimate:
    """Compare two means over the same rows by Student's paired test.

    Parameters
    ----------
    first, second
        Shape (rows,), two values of each row.

    Returns
    -------
    Estimate
        First minus second, with a two-sided p-value that the means are equal.
    """
    apart = np.asarray(first, np.float64) - np.asarray(second, np.float64)
    n = len(apart)
    if n < FEWEST:
        return nothing(f"{n} rows; comparing means needs two", n=n)
    value, error = float(apart.mean()), float(apart.std(ddof=1)) / sqrt(n)
    half = student_quantile(confidence, freedom=n - 1) * error
    p = 1.0 if error == 0 else float(2 * special.stdtr(n - 1, -abs(value) / error))
    return Estimate(value, n, (value - half, value + half), confidence, p_value=p)


def _root_difference(
    labels: ArrayLike,
    first: ArrayLike,
    second: ArrayLike,
    *,
    rng: np.random.Generator,
    confidence: float,
) -> Estimate:
    """Compare two root mean square errors by drawing rows, the same for both.

    Notes
    -----
    Percentiles of the paired bootstrap: Efron and Tibshirani (1993), chapter 13.
    """
    ours, theirs = (losses(Metric.RMSE, labels, answers) for answers in (first, second))
    n = len(ours)
    if n < FEWEST:
        return nothing(f"{n} rows; comparing errors needs two", n=n)
    value = sqrt(float(theirs.mean())) - sqrt(float(ours.mean()))
    drawn = np.array([_drawn(ours, theirs, rng=rng) for _ in range(DRAWS)])
    low, high = np.quantile(drawn, [(1 - confidence) / 2, (1 + confidence) / 2])
    below = (int((drawn <= 0).sum()) + 1) / (DRAWS + 1)
    above = (int((drawn >= 0).sum()) + 1) / (DRAWS + 1)
    interval: Interval = (min(float(low), value), max(float(high), value))
    return Estimate(value, n, interval, confidence, p_value=min(1.0, 2 * min(below, above)))


def _drawn(ours: FloatArray, theirs: FloatArray, *, rng: np.random.Generator) -> float:
    picked = rng.integers(0, len(ours), len(ours))
    return sqrt(float(theirs[picked].mean())) - sqrt(float(ours[picked].mean()))
