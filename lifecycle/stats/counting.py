"""How arrays become summaries: the one definition that engines, jobs and tests share."""

from collections.abc import Iterable, Iterator
from itertools import pairwise

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
    exact,
)
from lifecycle.stats.summaries.runs import Runs, ascending

EPSILON = float(np.finfo(np.float64).eps)
"""Scores are kept this far from 0 and 1 before their logarithm is taken, and an outcome no larger
counts as 0 where errors are relative to it; scikit-learn draws the same line."""

FINITE = np.array([-np.inf, np.finfo(np.float64).max, np.inf])
"""Finite values lie above the first and up to the second, numbers up to the third."""


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
    return _profiles([(ordered, missing, infinite)], edges=edges)[0]


def finite_part(ordered: FloatArray) -> tuple[FloatArray, int, int]:
    """Split an ascending array into its finite values, and the counts of NaN and infinities."""
    low, high, end = ordered.searchsorted(FINITE, side="right").tolist()  # NaN sorts last
    return ordered[low:high], len(ordered) - end, end - (high - low)


def profiles(
    values: FloatArray, *, bounds: ArrayLike, edges: FloatArray
) -> tuple[list[NumericProfile], list[FloatArray]]:
    """Count the parts of a numeric column on fixed bins; each part is sorted in place.

    Parameters
    ----------
    values
        Shape (n,), in any order, NaN where there is no value; not kept as it was.
    bounds
        Shape (parts + 1,), positions that never fall: where each part begins and the last ends.
    edges
        Shape (k - 1,), strictly increasing inner edges.

    Returns
    -------
    tuple
        A profile and the finite values of each part.
    """
    held: list[FloatArray] = []

    def ordered() -> Iterator[tuple[FloatArray, int, int]]:
        for begin, end in pairwise(np.asarray(bounds, np.int64).tolist()):
            values[begin:end].sort()
            part = finite_part(values[begin:end])
            held.append(part[0])
            yield part

    return _profiles(ordered(), edges=edges), held


def numeric_profile(values: ArrayLike, *, edges: FloatArray) -> NumericProfile:
    """Count a numeric column in any order, with its missing (NaN) and infinite rows."""
    column = np.array(values, np.float64)
    return profiles(column, bounds=[0, len(column)], edges=edges)[0][0]


def _profiles(
    parts: Iterable[tuple[FloatArray, int, int]], *, edges: FloatArray
) -> list[NumericProfile]:
    """Count what `finite_part` returns: a binary search per edge, one pass for the sums.

    Each part is done with before the next is asked for, while the processor's cache holds it.
    """
    runs: list[tuple[Runs, Runs]] = []
    rest: list[tuple[int, int, float, float]] = []
    for values, missing, infinite in parts:
        inner, n = values.searchsorted(edges, side="right"), len(values)
        runs.append(ascending(values, np.concatenate([[0], inner, [n]])))
        # Adding 0.0 turns -0.0 into 0.0: which of the two is the extreme depends on the order.
        low, high = (values[[0, -1]] + 0.0).tolist() if n else (np.inf, -np.inf)
        rest.append((missing, infinite, low, high))
    if not rest:
        return []
    plain, squares = zip(*runs, strict=True)
    totals, squared = (exact.sums_of_runs(side).parts() for side in (plain, squares))
    return [
        NumericProfile(
            edges=edges,
            counts=np.diff(run.cuts),
            totals=total,
            missing=missing,
            infinite=infinite,
            low=low,
            high=high,
            square_totals=square,
        )
        for run, total, square, (missing, infinite, low, high) in zip(
            plain, totals, squared, rest, strict=True
        )
    ]


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
    by_label = [np.sort(kept[kind == one]) for one in range(3)]
    ordered, ends = np.concatenate(by_label), np.cumsum([0, *map(len, by_label)])
    by_label = [ordered[a:b] for a, b in pairwise(ends)]
    by_decision = (np.sort(kept[chosen == one]) for one in range(3))
    bins = score_bins(np.sort(kept)) if edges is None else edges
    bounds = np.stack([_bounds(part, bins) for part in by_label])
    counts, invalid = np.diff(bounds, axis=1), len(score) - len(kept)
    decided = np.diff(np.stack([_bounds(part, bins) for part in by_decision]), axis=1)
    if all(_only_edges(p, b, bins) for p, b in zip(by_label, bounds, strict=True)):
        return distinct_tally(
            bins, decisions=crossed, scores=counts, decided=decided, invalid_scores=invalid
        )
    whole = np.stack([ends[:-1], ends[1:]], axis=1)
    losses = np.concatenate([log_losses(part, label=one) for one, part in enumerate(by_label)])
    return BinaryTally(
        edges=bins,
        decisions=crossed,
        scores=counts,
        score_totals=exact.sums_between(ordered, bounds + ends[:-1, None]),
        decided=decided,
        square_totals=exact.sums_between(ordered, whole, squared=True).total(),
        loss_totals=exact.sums_between(losses, whole).total(),
        exact=False,
        invalid_scores=invalid,
    )


def distinct_tally(
    edges: FloatArray,
    *,
    decisions: CountArray,
    scores: CountArray,
    decided: CountArray,
    invalid_scores: int,
) -> BinaryTally:
    """Make a tally of rows whose scores all are edges; the sums follow from the counts.

    Parameters
    ----------
    edges
        Shape (k - 1,), the different scores in ascending order.
    decisions
        Shape (3, 3), rows by label and decision.
    scores, decided
        Shape (3, k), rows with a valid score, by label or by decision, and by score; none in the
        last bin.
    invalid_scores
        Rows without a valid score.
    """
    values, held = np.broadcast_to(edges, (3, len(edges))), scores[:, :-1]
    losses = np.stack([log_losses(edges, label=label) for label in range(3)])
    return BinaryTally(
        edges=edges,
        decisions=decisions,
        scores=scores,
        decided=decided,
        score_totals=exact.products(np.pad(values, ((0, 0), (0, 1))), scores),
        square_totals=exact.products(values * values, held).total(),
        loss_totals=exact.products(losses, held).total(),
        exact=True,
        invalid_scores=invalid_scores,
    )


def log_losses(scores: FloatArray, *, label: int) -> FloatArray:
    """Return what each score costs under a label: nothing while the label is unknown."""
    safe = np.clip(scores, EPSILON, 1 - EPSILON)
    if label == UNKNOWN:
        return np.zeros(len(scores))
    return -np.log(safe) if label == POSITIVE else -np.log1p(-safe)


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
    with np.errstate(over="ignore", invalid="ignore"):
        error = prediction - outcome
        used = np.isfinite(error)
        error, y = error[used], outcome[used]
        squares = error * error
        divides = np.abs(y) > EPSILON
        relative = np.abs(error[divides] / y[divides])
        terms = (error, np.abs(error), squares, squares * squares, y, y * y)
        terms = (*terms, relative, relative * relative)
    sums = [exact.sums_between(np.sort(term), [0, len(term)])[0] for term in terms]
    return ErrorTally(
        n=len(error),
        totals=exact.stacked(sums),
        zeros=len(y) - len(relative),
        unlabelled=int(np.count_nonzero(~arrived)),
        invalid=int(np.count_nonzero(arrived & ~used)),
    )


def _bounds(ordered: FloatArray, edges: FloatArray) -> CountArray:
    """Return where each bin of an ascending array begins, and where the last ends."""
    inner = np.searchsorted(ordered, edges, side="right")
    return np.concatenate([[0], inner, [len(ordered)]]).astype(np.int64)


def _only_edges(ordered: FloatArray, bounds: CountArray, edges: FloatArray) -> bool:
    """Tell whether all ascending values are edges: the first of each bin tells for the bin."""
    first = bounds[:-1][np.diff(bounds) > 0]
    at = np.searchsorted(edges, ordered[first])
    return bool(np.all(at < len(edges)) and np.all(edges[at] == ordered[first]))


def _codes(values: ArrayLike, *, low: int, high: int, name: str) -> NDArray[np.int64]:
    codes = np.asarray(values, np.int64)
    if len(codes) and not (codes.min() >= low and codes.max() <= high):
        raise InvalidInput(f"a {name} must be coded {low} to {high}")
    return codes
