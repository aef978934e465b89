"""How arrays become summaries: the one definition that engines, jobs and tests share."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lifecycle.errors import InvalidInput
from lifecycle.stats.summaries import (
    NEGATIVE,
    POSITIVE,
    UNKNOWN,
    BinaryTally,
    CategoryProfile,
    ClassTally,
    CountArray,
    ErrorTally,
    FloatArray,
    NumericProfile,
)

EPSILON = float(np.finfo(np.float64).eps)
"""Scores are kept this far from 0 and 1 before their logarithm is taken, and an outcome no larger
counts as 0 where errors are relative to it; scikit-learn draws the same line."""


def profile(
    ordered: FloatArray, *, edges: FloatArray, missing: int = 0, infinite: int = 0
) -> NumericProfile:
    """Count a numeric column on fixed bins.

    Parameters
    ----------
    ordered
        Shape (n,), finite values in ascending order; may be empty.
    edges
        Shape (k - 1,), strictly increasing inner edges.
    missing, infinite
        Rows that hold no finite value.
    """
    bounds = np.concatenate([[0], np.searchsorted(ordered, edges, side="right"), [len(ordered)]])
    counts = np.diff(bounds).astype(np.int64)
    sums = np.zeros(len(counts))
    held = counts > 0
    with np.errstate(over="ignore"):
        if len(ordered):
            sums[held] = np.add.reduceat(ordered, bounds[:-1][held])
        squares = float(np.dot(ordered, ordered))
    return NumericProfile(
        edges=edges,
        counts=counts,
        sums=sums,
        missing=missing,
        infinite=infinite,
        low=float(ordered[0]) if len(ordered) else np.inf,
        high=float(ordered[-1]) if len(ordered) else -np.inf,
        squares=squares,
    )


def numeric_profile(values: ArrayLike, *, edges: FloatArray) -> NumericProfile:
    """Count a numeric column in any order, with its missing (NaN) and infinite rows."""
    column = np.asarray(values, np.float64)
    ordered = np.sort(column[np.isfinite(column)])
    missing = int(np.count_nonzero(np.isnan(column)))
    infinite = len(column) - len(ordered) - missing
    return profile(ordered, edges=edges, missing=missing, infinite=infinite)


def category_profile(codes: ArrayLike, *, categories: tuple[str, ...]) -> CategoryProfile:
    """Count a categorical column given as codes.

    Parameters
    ----------
    codes
        Shape (n,), positions in ``categories``; ``len(categories)`` for any other value and -1
        for none.
    categories
        The reference's values.
    """
    k = len(categories)
    counts = np.bincount(_codes(codes, low=-1, high=k, name="category") + 1, minlength=k + 2)
    return CategoryProfile(
        categories=categories,
        counts=counts[1 : k + 1].astype(np.int64),
        other=int(counts[k + 1]),
        missing=int(counts[0]),
    )


def deciles(reference: NumericProfile) -> CountArray:
    """Return which edges of a profile are the deciles of its own rows.

    Returns
    -------
    ndarray
        Shape (at most 10,), increasing positions in ``edges``: the smallest edge with at least a
        tenth, two tenths, … of the rows at or below it, and the edge below the first of them when
        no row lies there, so that values below the reference's own get a bin.
    """
    reached = np.cumsum(reference.counts)[:-1] * 10
    wanted = np.searchsorted(reached, np.arange(1, 10) * reference.n)
    found = np.unique(wanted[wanted < len(reference.edges)]).astype(np.int64)
    if len(found) and found[0] > 0 and reached[found[0] - 1] == 0:
        found = np.append(found[0] - 1, found)
    return found


def decile_counts(
    reference: NumericProfile, current: NumericProfile
) -> tuple[CountArray, CountArray]:
    """Count both sides on the reference's deciles, rows without a finite value apart.

    Returns
    -------
    tuple of ndarray
        Two of shape (at most 12,): the decile bins, then the missing and infinite rows.
    """
    starts = np.concatenate([[0], deciles(reference) + 1])

    def coarse(side: NumericProfile) -> CountArray:
        return np.append(np.add.reduceat(side.counts, starts), side.missing + side.infinite)

    return coarse(reference), coarse(current)


def score_bins(ordered: FloatArray, *, bins: int = 1024) -> FloatArray:
    """Fix the inner edges of score bins.

    Parameters
    ----------
    ordered
        Shape (n,), scores within 0..1 in ascending order; may be empty.
    bins
        A score of at most that many distinct values gets them as edges, so that everything
        computed is exact; any other an even grid of that many bins.

    Returns
    -------
    ndarray
        Strictly increasing; the tenths are always among a grid's edges, for calibration.
    """
    distinct = np.unique(ordered)
    if len(distinct) <= bins:
        return distinct
    return np.unique(np.concatenate([np.arange(1, bins) / bins, np.arange(1, 10) / 10]))


def binary_tally(
    labels: ArrayLike,
    decisions: ArrayLike,
    scores: ArrayLike | None = None,
    *,
    edges: FloatArray | None = None,
) -> BinaryTally:
    """Count a binary classifier's rows.

    Parameters
    ----------
    labels, decisions
        Shape (n,), each `NEGATIVE`, `POSITIVE` or `UNKNOWN`.
    scores
        Shape (n,), probability of the positive class; NaN where there is none.
    edges
        Inner edges of the score bins; the scores' own (`score_bins`) unless given.
    """
    label = _codes(labels, low=NEGATIVE, high=UNKNOWN, name="label")
    decision = _codes(decisions, low=NEGATIVE, high=UNKNOWN, name="decision")
    crossed = np.bincount(label * 3 + decision, minlength=9).reshape(3, 3).astype(np.int64)
    score = np.zeros(0) if scores is None else np.asarray(scores, np.float64)
    valid = (score >= 0) & (score <= 1)
    kept, kind = score[valid], label[: len(score)][valid]
    chosen = decision[: len(score)][valid]
    bounds = score_bins(np.sort(kept)) if edges is None else edges
    at = np.searchsorted(bounds, kept)
    k = len(bounds) + 1
    cells = kind * k + at
    safe = np.clip(kept, EPSILON, 1 - EPSILON)
    losses = np.select([kind == POSITIVE, kind == NEGATIVE], [-np.log(safe), -np.log1p(-safe)], 0.0)
    return BinaryTally(
        edges=bounds,
        decisions=crossed,
        scores=np.bincount(cells, minlength=3 * k).reshape(3, k).astype(np.int64),
        score_sums=_sums(kept, at=cells, cells=3 * k).reshape(3, k),
        decided=np.bincount(chosen * k + at, minlength=3 * k).reshape(3, k).astype(np.int64),
        score_squares=_sums(kept * kept, at=kind, cells=3),
        log_losses=_sums(losses, at=kind, cells=3),
        exact=bool(np.all(at < len(bounds)) and np.all(bounds[at] == kept)),
        invalid_scores=len(score) - len(kept),
    )


def class_tally(
    labels: ArrayLike, predictions: ArrayLike, *, classes: tuple[str, ...]
) -> ClassTally:
    """Count a multi-class classifier's rows.

    Parameters
    ----------
    labels, predictions
        Shape (n,), positions in ``classes``; -1 for none.
    """
    k = len(classes)
    label = _codes(labels, low=-1, high=k - 1, name="label")
    prediction = _codes(predictions, low=-1, high=k - 1, name="prediction")
    known = (label >= 0) & (prediction >= 0)
    cells = np.bincount(label[known] * k + prediction[known], minlength=k * k)
    return ClassTally(
        classes=classes,
        confusion=cells.reshape(k, k).astype(np.int64),
        unlabelled=int(np.count_nonzero(~known)),
    )


def error_tally(outcomes: ArrayLike, predictions: ArrayLike) -> ErrorTally:
    """Sum up a regression's errors; a NaN outcome has not arrived."""
    outcome = np.asarray(outcomes, np.float64)
    prediction = np.asarray(predictions, np.float64)
    arrived = ~np.isnan(outcome)
    used = np.isfinite(outcome) & np.isfinite(prediction)
    error, y = prediction[used] - outcome[used], outcome[used]
    squares = error * error
    divides = np.abs(y) > EPSILON
    relative = np.abs(error[divides] / y[divides])
    return ErrorTally(
        n=len(error),
        errors=float(error.sum()),
        absolute=float(np.abs(error).sum()),
        squares=float(squares.sum()),
        fourths=float((squares * squares).sum()),
        outcomes=float(y.sum()),
        outcome_squares=float((y * y).sum()),
        relative=float(relative.sum()),
        relative_squares=float((relative * relative).sum()),
        zeros=len(y) - len(relative),
        unlabelled=int(np.count_nonzero(~arrived)),
        invalid=int(np.count_nonzero(arrived & ~used)),
    )


def _sums(values: FloatArray, *, at: NDArray[np.int64], cells: int) -> FloatArray:
    return np.bincount(at, weights=values, minlength=cells).astype(np.float64)


def _codes(values: ArrayLike, *, low: int, high: int, name: str) -> NDArray[np.int64]:
    codes = np.asarray(values, np.int64)
    if len(codes) and not (codes.min() >= low and codes.max() <= high):
        raise InvalidInput(f"a {name} must be coded {low} to {high}")
    return codes
