"""How well does a classifier work while no outcome is known: expectations from calibrated scores.

A row with score s turns out positive with the calibrated chance of s, so every count of a
confusion matrix has an expectation, and every measure built on them an estimate. This holds while
only the mix of rows changes; when the meaning of a score changes (concept drift), nothing that
lacks outcomes can see it.

An interval covers what is realised in a window of that size: outcomes fall by chance, and the
calibration was learned from a limited reference. Both follow from the delta method.

Source: confidence-based performance estimation, Bialek et al. (2024), arXiv:2407.08649.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import sqrt

import numpy as np

from lifecycle.stats.inference import (
    CONFIDENCE,
    Estimate,
    bounded,
    logit_interval,
    normal_quantile,
    nothing,
)
from lifecycle.stats.performance.calibration import Calibration
from lifecycle.stats.performance.ranking import area
from lifecycle.stats.summaries import UNKNOWN, BinaryTally, CountArray, FloatArray

Weights = tuple[float, float, float, float]
"""Of true positives, false positives, false negatives and true negatives."""

NO_SCORES = "no row has a valid score"
NO_DECISIONS = "no row has both a valid score and a decision"

RATIOS: Mapping[str, tuple[Weights, Weights, str]] = {
    "accuracy": ((1, 0, 0, 1), (1, 1, 1, 1), NO_DECISIONS),
    "precision": ((1, 0, 0, 0), (1, 1, 0, 0), "no row was decided positive"),
    "recall": ((1, 0, 0, 0), (1, 0, 1, 0), "no positive is to be expected"),
    "specificity": ((0, 0, 0, 1), (0, 1, 0, 1), "no negative is to be expected"),
    "f1": ((2, 0, 0, 0), (2, 1, 1, 0), "no row is positive, by decision or expectation"),
}
"""Measures that are one weighted count over another: weights above, weights below, what is
missing when the latter is 0."""


@dataclass(frozen=True, slots=True, eq=False)
class Expected:
    """The rows of a window with the chances their scores stand for.

    Parameters
    ----------
    rows, chances
        Shape (b,), rows and chance of a positive by score bin, lowest scores first.
    blocks, variances
        Shape (b,), the block of the calibration each bin takes its chance from; shape (blocks,),
        the sampling variance of each block's chance.
    confusion
        Shape (4,), expected true positives, false positives, false and true negatives.
    decided
        Rows with a decision.
    spread, moved
        By decision, negative before positive: shape (2,), variance of the number of positives
        among its rows; shape (2, blocks), its rows by block.
    exact
        Whether every bin holds one score.
    """

    rows: FloatArray
    chances: FloatArray
    blocks: CountArray
    variances: FloatArray
    confusion: FloatArray
    decided: int
    spread: FloatArray
    moved: FloatArray
    exact: bool

    @property
    def n(self) -> int:
        """Rows with a valid score."""
        return int(self.rows.sum())

    def error_by_score(self, slope: FloatArray) -> float:
        """Return the standard error of a measure of the ranking.

        Parameters
        ----------
        slope
            Shape (b,), what one more positive in a bin, in place of a negative, changes.
        """
        pushed = self.rows * slope
        chance = float(pushed * slope @ (self.chances * (1 - self.chances)))
        moved = np.bincount(self.blocks, weights=pushed, minlength=len(self.variances))
        return sqrt(chance + float(moved * moved @ self.variances))

    def error_by_decision(self, slope: FloatArray) -> float:
        """Return the standard error of a measure of the decisions.

        Parameters
        ----------
        slope
            Shape (2,), what one more positive among the rows decided negative, and positive,
            changes.
        """
        moved = slope @ self.moved
        return sqrt(float(slope * slope @ self.spread) + float(moved * moved @ self.variances))


def expect(current: BinaryTally, *, calibration: Calibration) -> Expected:
    """Give every scored row of a window the chance its score stands for; outcomes are not read."""
    counts = current.scores.sum(axis=0)
    held = counts > 0
    scores = current.score_sums.sum(axis=0)[held] / counts[held]
    chances, blocks = calibration.chance(scores), calibration.block(scores)
    decided = current.decided[:UNKNOWN, held].astype(np.float64)
    positives, negatives = decided @ chances, decided @ (1 - chances)
    size = len(calibration.variances)
    return Expected(
        rows=counts[held].astype(np.float64),
        chances=chances,
        blocks=blocks,
        variances=calibration.variances,
        confusion=np.array([*zip(positives, negatives, strict=True)])[::-1].ravel(),
        decided=int(decided.sum()),
        spread=decided @ (chances * (1 - chances)),
        moved=np.array(
            [np.bincount(blocks, weights=one, minlength=size) for one in decided], np.float64
        ),
        exact=current.exact,
    )


def ratio(
    expected: Expected,
    *,
    above: Sequence[float],
    below: Sequence[float],
    missing: str,
    confidence: float = CONFIDENCE,
) -> Estimate:
    """Estimate one weighted count of the confusion matrix over another, both unknown as yet.

    Parameters
    ----------
    above, below
        Weights of true positives, false positives, false negatives and true negatives.
    missing
        What is missing when the count below is 0.

    Returns
    -------
    Estimate
        With the interval on its own scale, unbounded; rates are kept in 0..1 by `rate`.
    """
    confusion, n = expected.confusion, expected.decided
    base = float(confusion @ np.asarray(below))
    if base <= 0:
        return nothing(missing if n else NO_DECISIONS, n=n)
    value = float(confusion @ np.asarray(above)) / base
    slope = (np.asarray(above) - value * np.asarray(below)) / base
    turned = np.array([slope[2] - slope[3], slope[0] - slope[1]])
    half = normal_quantile(confidence) * expected.error_by_decision(turned)
    interval = (value - half, value + half) if half > 0 else None
    return bounded(value, n=n, interval=interval, confidence=confidence)


def roc_auc(expected: Expected, *, confidence: float = CONFIDENCE) -> Estimate:
    """Estimate the chance that a positive scores above a negative, ties counting half."""
    rows = expected.rows
    positives, negatives = rows * expected.chances, rows * (1 - expected.chances)
    m, n = float(positives.sum()), float(negatives.sum())
    if (unable := _needs_both(m, n, rows=expected.n)) is not None:
        return unable
    value, gain, loss = area(positives, negatives)
    hidden = 0.0 if expected.exact else float(positives @ negatives) / (2 * m * n)
    return _rate(expected, value, gain - loss, confidence=confidence, hidden=hidden)


def average_precision(expected: Expected, *, confidence: float = CONFIDENCE) -> Estimate:
    """Estimate the precision averaged over the steps of recall, without interpolation.

    A row that turns out positive counts itself among the hits at its score, which adds the
    variance of each bin's positives to the product of expectations.
    """
    rows = expected.rows[::-1]
    chances = expected.chances[::-1]
    positives = rows * chances
    m, n = float(positives.sum()), float(rows.sum() - positives.sum())
    if (unable := _needs_both(m, n, rows=expected.n)) is not None:
        return unable
    hits, reached = np.cumsum(positives), np.cumsum(rows)
    value = float(np.sum((positives * hits + positives * (1 - chances)) / reached)) / m
    value = min(value, 1.0)
    later = (positives / reached)[::-1].cumsum()[::-1]  # of the bin itself and those below it
    slope = (hits / reached + later - value) / m
    return _rate(expected, value, slope[::-1], confidence=confidence)


MEASURES: Mapping[str, Callable[..., Estimate]] = {
    "roc_auc": roc_auc,
    "average_precision": average_precision,
}
"""Measures of the ranking; the others are in `RATIOS`."""

ESTIMATED = ("roc_auc", "average_precision", *RATIOS)
"""Everything that can be estimated, under the name of what it is an estimate of."""


def estimate(name: str, expected: Expected, *, confidence: float = CONFIDENCE) -> Estimate:
    """Estimate one of the measures in `ESTIMATED`."""
    if name in MEASURES:
        return MEASURES[name](expected, confidence=confidence)
    above, below, missing = RATIOS[name]
    found = ratio(expected, above=above, below=below, missing=missing, confidence=confidence)
    if found.value is None or found.interval is None:
        return found
    error = (found.interval[1] - found.value) / normal_quantile(confidence)
    interval = logit_interval(found.value, error, confidence=confidence)
    return replace(found, interval=interval, confidence=None if interval is None else confidence)


def _needs_both(m: float, n: float, *, rows: int) -> Estimate | None:
    if rows == 0:
        return nothing(NO_SCORES)
    if m <= 0 or n <= 0:
        return nothing("the scores promise only one of the two classes", n=rows)
    return None


def _rate(
    expected: Expected, value: float, slope: FloatArray, *, confidence: float, hidden: float = 0.0
) -> Estimate:
    """Bound a measure of the ranking, to which every row counts whatever was decided."""
    error = expected.error_by_score(slope)
    return bounded(
        value,
        n=expected.n,
        interval=logit_interval(value, error, confidence=confidence),
        confidence=confidence,
        resolution=hidden or None,
    )
