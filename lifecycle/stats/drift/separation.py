"""How well can rows of the two sides be told apart: the AUC of a classifier's held-out scores."""

from collections.abc import Sequence
from math import sqrt

import numpy as np
from scipy import special

from lifecycle.stats.drift.sides import empty_side
from lifecycle.stats.inference import (
    CONFIDENCE,
    Estimate,
    FloatArray,
    logit_interval,
    nothing,
)

FEWEST = 2
"""Rows of a side below which nothing is known of its spread."""


def classifier_auc(
    reference: Sequence[FloatArray],
    current: Sequence[FloatArray],
    *,
    confidence: float = CONFIDENCE,
) -> Estimate:
    """Estimate how well held-out scores separate the sides, 0.5 for not at all to 1.

    Parameters
    ----------
    reference, current
        Per fold, the scores of the rows that the classifier of that fold had not seen; higher
        means more like the current side. Scores of different folds are never compared.

    Notes
    -----
    The mean over folds of the area under the ROC curve. Its variance is DeLong's, its p-value that
    of the one-sided rank test of no separation: Mann and Whitney (1947),
    doi:10.1214/aoms/1177730491; DeLong, DeLong and Clarke-Pearson (1988), doi:10.2307/2531595.
    The classifiers are taken as given, so the interval knows nothing of other training rows. A
    fold with a single row of a side shows no spread of it: there is no interval then, and no
    p-value where a side holds one row in all.
    """
    n, m = sum(map(len, reference)), sum(map(len, current))
    folds = [(x, y) for x, y in zip(reference, current, strict=True) if len(x) and len(y)]
    if (empty := empty_side(n, m)) is not None:
        return empty
    if not folds:
        return nothing("no fold holds rows of both sides", n=m, n_reference=n)
    parts = [_fold(x, y) for x, y in folds]
    value, spread, chance = (sum(part[i] for part in parts) for i in range(3))
    value, k = value / len(parts), len(parts)
    single = any(min(len(x), len(y)) < FEWEST for x, y in folds)
    interval = None if single else logit_interval(value, sqrt(spread) / k, confidence=confidence)
    p_value = float(special.ndtr(-(value - 0.5) / (sqrt(chance) / k))) if chance > 0 else 1.0
    return Estimate(
        value,
        m,
        interval,
        None if interval is None else confidence,
        p_value=None if min(n, m) < FEWEST else p_value,
        n_reference=n,
    )


def _fold(reference: FloatArray, current: FloatArray) -> tuple[float, float, float]:
    """Return the AUC of one fold, its variance, and what that would be without separation."""
    n, m = len(reference), len(current)
    higher = _placements(current, among=np.sort(reference))
    lower = 1 - _placements(reference, among=np.sort(current))
    spread = _variance(higher) / m + _variance(lower) / n
    _, ties = np.unique(np.concatenate([reference, current]), return_counts=True)
    total = n + m
    tied = float(np.sum(ties.astype(np.float64) ** 3 - ties)) / (total * max(total - 1, 1))
    return float(higher.mean()), spread, max(total + 1 - tied, 0.0) / (12 * n * m)


def _placements(values: FloatArray, *, among: FloatArray) -> FloatArray:
    """Return for each value the share of the ascending others below it, ties counted half."""
    below = np.searchsorted(among, values, side="left") + np.searchsorted(
        among, values, side="right"
    )
    return below / (2 * len(among))


def _variance(values: FloatArray) -> float:
    return float(values.var(ddof=1)) if len(values) >= FEWEST else 0.0
