"""Do probabilities mean what they say: the line that maps their log-odds to the outcomes'."""

from math import sqrt

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from lifecycle.stats.inference import CONFIDENCE, Estimate, FloatArray, normal_quantile, nothing
from lifecycle.stats.validation.levels import FEWEST

STEPS = 50
CLOSE = 1e-10
EDGE = 1e-6
"""Scores are kept so far from 0 and 1, where log-odds end."""


def calibration_slope(
    labels: ArrayLike, scores: ArrayLike, *, confidence: float = CONFIDENCE
) -> Estimate:
    """Estimate the slope of outcomes on log-odds; 1 is right, below it scores are too extreme.

    Parameters
    ----------
    labels, scores
        Shape (rows,): outcomes 0 and 1, probabilities.

    Notes
    -----
    Source: Cox (1958), doi:10.1093/biomet/45.3-4.562; logistic regression by Newton's steps.
    """
    y, x, unable = _prepared(labels, scores)
    if unable is not None:
        return unable
    found = _fitted(np.column_stack([np.ones_like(x), x]), y, offset=np.zeros_like(x))
    return _coefficient(found, position=1, n=len(y), expected=1.0, confidence=confidence)


def calibration_intercept(
    labels: ArrayLike, scores: ArrayLike, *, confidence: float = CONFIDENCE
) -> Estimate:
    """Estimate by how many log-odds outcomes are likelier than scores say; 0 is right.

    Parameters
    ----------
    labels, scores
        Shape (rows,): outcomes 0 and 1, probabilities.

    Notes
    -----
    Calibration in the large: the slope is held at 1.
    """
    y, x, unable = _prepared(labels, scores)
    if unable is not None:
        return unable
    found = _fitted(np.ones((len(x), 1)), y, offset=x)
    return _coefficient(found, position=0, n=len(y), expected=0.0, confidence=confidence)


def _prepared(
    labels: ArrayLike, scores: ArrayLike
) -> tuple[FloatArray, FloatArray, Estimate | None]:
    y, s = np.asarray(labels, np.float64), np.asarray(scores, np.float64)
    x = special.logit(np.clip(s, EDGE, 1 - EDGE))
    if min(float(y.sum()), float(len(y) - y.sum())) < FEWEST:
        return y, x, nothing("calibration needs two rows of either outcome", n=len(y))
    if len(np.unique(x)) < FEWEST:
        return y, x, nothing("all scores are the same", n=len(y))
    return y, x, None


def _fitted(
    design: FloatArray, y: FloatArray, *, offset: FloatArray
) -> tuple[FloatArray, FloatArray] | None:
    """Fit a logistic regression; ``None`` where outcomes are separated and it has no end."""
    beta = np.zeros(design.shape[1])
    for _ in range(STEPS):
        p = special.expit(design @ beta + offset)
        information = design.T @ (design * (p * (1 - p))[:, None])
        if np.linalg.cond(information) > 1 / np.finfo(np.float64).eps:
            return None
        step = np.linalg.solve(information, design.T @ (y - p))
        beta = beta + step
        if float(np.abs(step).max()) < CLOSE:
            return beta, np.linalg.inv(information)
    return None


def _coefficient(
    found: tuple[FloatArray, FloatArray] | None,
    *,
    position: int,
    n: int,
    expected: float,
    confidence: float,
) -> Estimate:
    if found is None:
        return nothing("the scores separate the outcomes, so no line fits", n=n)
    value, error = float(found[0][position]), sqrt(float(found[1][position, position]))
    half = normal_quantile(confidence) * error
    p = float(2 * special.ndtr(-abs(value - expected) / error))
    return Estimate(value, n, (value - half, value + half), confidence, p_value=p)
