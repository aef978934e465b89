"""Where is a model weakest: shares of rows with a flaw, and the slice with the largest loss."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import comb, inf, sqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lifecycle.errors import InvalidInput
from lifecycle.stats.inference import (
    CONFIDENCE,
    Estimate,
    FloatArray,
    bounded,
    normal_quantile,
    nothing,
    proportion,
)

Codes = NDArray[np.int64]

PAIRED = 12
"""Columns of which pairs are looked at: so many, weakest alone first."""

TINY = 1e-300
"""Losses that are all the same have no error; a gap between two such is furthest of all."""


@dataclass(frozen=True, slots=True, eq=False)
class Cut:
    """A column's values as codes.

    Parameters
    ----------
    codes
        Shape (rows,), positions in ``names``.
    names
        What each code is called, such as ``North`` or ``18 to 25``.
    """

    column: str
    codes: Codes
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Slice:
    """A slice of the rows, by column and value, and its loss beyond the rest's."""

    where: Mapping[str, str]
    estimate: Estimate


def share(hits: ArrayLike, *, confidence: float = CONFIDENCE) -> Estimate:
    """Estimate the share of rows that have something.

    Parameters
    ----------
    hits
        Shape (rows,), whether each has it.
    """
    found = np.asarray(hits, bool)
    return proportion(
        int(found.sum()), len(found), confidence=confidence, empty="there is no row to look at"
    )


def worst_slice(
    losses: ArrayLike,
    cuts: Sequence[Cut],
    *,
    depth: int = 2,
    minimum: int = 50,
    confidence: float = CONFIDENCE,
) -> list[Slice]:
    """Search all slices of one or two columns for those whose loss most exceeds the rest's.

    Parameters
    ----------
    losses
        Shape (rows,), how wrong each answer is; more is worse.
    depth
        1 for single columns, 2 for pairs as well; pairs of the `PAIRED` columns with the weakest
        slices alone.
    minimum
        Smaller slices are not looked at, and neither are slices that leave so few rows out.

    Returns
    -------
    list of Slice
        By the lower end of the interval, the worst first; each estimate is the slice's mean loss
        minus the mean of all other rows.

    Notes
    -----
    Intervals are Welch's with the level of each raised to hold for all slices looked at
    (Bonferroni), because the worst of many is large by chance alone. Where the columns of the
    pairs were picked, they count as often as if the pairs of all columns had been looked at.
    """
    values = np.asarray(losses, np.float64)
    if any(len(cut.codes) != len(values) for cut in cuts):
        raise InvalidInput("a cut has another number of rows than the losses")
    singles = list(_slices(values, [(cut,) for cut in cuts], minimum=minimum))
    picked = _weakest(singles, cuts)
    chosen = combinations(picked, 2) if depth > 1 else ()
    pairs = list(_slices(values, chosen, minimum=minimum))
    possible = comb(len(cuts), 2) / max(comb(len(picked), 2), 1)
    level = 1 - (1 - confidence) / max(len(singles) + len(pairs) * possible, 1)
    looked = (*singles, *pairs)
    found = [Slice(where, _apart(*parts, confidence=level)) for where, parts in looked]
    return sorted(found, key=lambda s: -(s.estimate.interval or (0.0,))[0])


def worst_slice_gap(
    losses: ArrayLike, cuts: Sequence[Cut], *, confidence: float = CONFIDENCE
) -> Estimate:
    """Estimate how far the worst slice's loss exceeds that of all other rows."""
    found = worst_slice(losses, cuts, confidence=confidence)
    if not found:
        return nothing("no slice is large enough to be looked at", n=len(np.asarray(losses)))
    return found[0].estimate


Parts = tuple[tuple[float, float, int], tuple[float, float, int]]


def _weakest(singles: Sequence[tuple[Mapping[str, str], Parts]], cuts: Sequence[Cut]) -> list[Cut]:
    """Return the cuts to pair, in their order: those whose own slices are furthest from the rest.

    Furthest in standard errors, so that a small slice is not picked for its noise.
    """
    apart: dict[str, float] = {}
    for where, (inside, rest) in singles:
        (mean, error, _), (other, noise, _) = _mean(*inside), _mean(*rest)
        (column,) = where
        score = (mean - other) / sqrt(max(error + noise, TINY))
        apart[column] = max(apart.get(column, -inf), score)
    picked = sorted(cuts, key=lambda cut: -apart.get(cut.column, -inf))[:PAIRED]
    return [cut for cut in cuts if cut in picked]


def _slices(
    losses: FloatArray, chosen: Iterable[tuple[Cut, ...]], *, minimum: int
) -> Iterator[tuple[Mapping[str, str], Parts]]:
    total, squares, n = float(losses.sum()), float(losses @ losses), len(losses)
    for together in chosen:
        shape = tuple(len(cut.names) for cut in together)
        code = np.ravel_multi_index(tuple(cut.codes for cut in together), shape)
        cells = int(np.prod(shape))
        counts = np.bincount(code, minlength=cells)
        sums = np.bincount(code, weights=losses, minlength=cells)
        squared = np.bincount(code, weights=losses * losses, minlength=cells)
        for cell in np.flatnonzero((counts >= minimum) & (n - counts >= minimum)):
            at = np.unravel_index(int(cell), shape)
            where = {c.column: c.names[int(i)] for c, i in zip(together, at, strict=True)}
            k, s, q = int(counts[cell]), float(sums[cell]), float(squared[cell])
            yield where, ((s, q, k), (total - s, squares - q, n - k))


def _apart(
    inside: tuple[float, float, int], outside: tuple[float, float, int], *, confidence: float
) -> Estimate:
    (mean, error, n), (rest, noise, _) = (_mean(*side) for side in (inside, outside))
    value, half = mean - rest, normal_quantile(confidence) * sqrt(error + noise)
    return bounded(value, n=n, interval=(value - half, value + half), confidence=confidence)


def _mean(total: float, squares: float, n: int) -> tuple[float, float, int]:
    """Return a mean with the square of its error."""
    mean = total / n
    return mean, max(squares / n - mean * mean, 0.0) / max(n - 1, 1), n
