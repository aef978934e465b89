"""What would other thresholds do to each group: decisions at every threshold, from score bins.

A row is decided positive when its score is the threshold or above, as versions decide. Thresholds
are where score bins begin, so the counts are exact.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lifecycle.errors import InsufficientData, InvalidInput
from lifecycle.stats.summaries import UNKNOWN, BinaryTally, CountArray, FloatArray

MOST = 99
"""Thresholds shown unless asked for otherwise, spread over the scores that occur."""

ONE = "one threshold for all"
BEST = "the best threshold of each group"
SELECTED = "equal selection rates by a threshold per group"
FOUND = "equal true positive rates by a threshold per group"

LEGALLY_SENSITIVE = (
    "A threshold that depends on the group treats people differently by a protected attribute; in "
    "many jurisdictions that is unlawful even where it narrows a gap. Ask counsel before using it."
)


@dataclass(frozen=True, slots=True, eq=False)
class Sweep:
    """Labelled rows with a score by group, threshold, label and decision.

    Parameters
    ----------
    thresholds
        Shape (m,), ascending: the lowest score of a bin, where bins hold more than one score the
        number next to the one below it.
    counts
        Shape (groups, m, 2, 2), the last two axes negative and positive, label then decision.
    """

    thresholds: FloatArray
    counts: CountArray

    @property
    def n(self) -> CountArray:
        """Shape (groups,), labelled rows with a score."""
        return self.counts[:, 0].sum(axis=(1, 2))

    @property
    def selection(self) -> FloatArray:
        """Shape (groups, m), share decided positive."""
        return self.counts[..., 1].sum(axis=-1) / self.n[:, np.newaxis]

    def rate(self, label: int) -> FloatArray:
        """Return the share decided positive among the rows of a label; NaN where there is none."""
        rows = self.counts[:, :, label].sum(axis=-1)
        found = np.full(rows.shape, np.nan)
        return np.divide(self.counts[:, :, label, 1], rows, out=found, where=rows > 0)

    def worth(self, weights: tuple[float, float, float, float]) -> FloatArray:
        """Return the mean worth of a decision, shape (groups, m).

        Parameters
        ----------
        weights
            Of a true positive, false positive, false negative and true negative.
        """
        tp, fp, fn, tn = weights
        total = np.tensordot(self.counts, np.array([[tn, fp], [fn, tp]]), axes=2)
        return np.asarray(total / self.n[:, np.newaxis], np.float64)


@dataclass(frozen=True, slots=True)
class OperatingPoint:
    """Thresholds somebody could choose, and what they would do.

    Parameters
    ----------
    thresholds
        One per group.
    worth
        Mean worth of a decision over all rows.
    selection_gap, opportunity_gap
        Largest difference between groups of the selection and the true positive rate; ``None``
        where fewer than two groups have one.
    legally_sensitive
        Whether people are treated differently by their group.
    """

    name: str
    thresholds: tuple[float, ...]
    worth: float
    selection_gap: float | None
    opportunity_gap: float | None
    legally_sensitive: bool


def sweep(tallies: Sequence[BinaryTally], *, most: int = MOST) -> Sweep:
    """Count decisions of every group at thresholds spread over the scores.

    Raises
    ------
    InvalidInput
        The groups were counted on different score bins.
    InsufficientData
        A group has no labelled row with a score, or there is no group.
    """
    if not tallies or not all(int(tally.scores[:UNKNOWN].sum()) for tally in tallies):
        raise InsufficientData("a group has no row with both an outcome and a valid score")
    edges = tallies[0].edges
    if not all(np.array_equal(tally.edges, edges) for tally in tallies):
        raise InvalidInput("groups counted on different score bins cannot be swept together")
    held = sum(tally.scores[:UNKNOWN].sum(axis=0) for tally in tallies)
    reached = np.cumsum(held)[:-1]
    inside = np.flatnonzero((reached > 0) & (reached < np.sum(held)))
    if len(inside) > most:
        wanted = np.linspace(reached[inside[0]], reached[inside[-1]], most)
        inside = np.unique(np.searchsorted(reached, wanted))
    if len(inside) == 0:
        raise InsufficientData("all scores lie in one bin, so there is no threshold between them")
    counts = np.empty((len(tallies), len(inside), 2, 2), np.int64)
    for i, tally in enumerate(tallies):
        below = np.cumsum(tally.scores[:UNKNOWN], axis=1)[:, inside]
        counts[i, :, :, 0] = below.T
        counts[i, :, :, 1] = (tally.scores[:UNKNOWN].sum(axis=1)[:, np.newaxis] - below).T
    next_held = np.searchsorted(np.cumsum(held), reached[inside], side="right")
    exact = all(tally.exact for tally in tallies)
    begin = edges[next_held] if exact else np.nextafter(edges[inside], np.inf)
    return Sweep(thresholds=begin, counts=counts)


def operating_points(
    swept: Sweep, *, weights: tuple[float, float, float, float] = (1.0, 0.0, 0.0, 1.0)
) -> tuple[OperatingPoint, ...]:
    """Choose thresholds in four ways; without costs a decision is worth 1 when it is right."""
    worth, share = swept.worth(weights), swept.n / swept.n.sum()
    groups, common = len(swept.n), int(np.argmax(share @ worth))
    found = swept.rate(1)
    positives = swept.counts[:, 0, 1].sum(axis=-1)
    aims = {
        ONE: np.full(groups, common),
        BEST: worth.argmax(axis=1),
        SELECTED: _nearest(swept.selection, float(share @ swept.selection[:, common])),
    }
    if np.all(positives > 0):
        wanted = float(positives / positives.sum() @ found[:, common])
        aims[FOUND] = _nearest(found, wanted)
    every = np.arange(groups)
    return tuple(
        OperatingPoint(
            name=name,
            thresholds=tuple(swept.thresholds[at].tolist()),
            worth=float(share @ worth[every, at]),
            selection_gap=_gap(swept.selection[every, at]),
            opportunity_gap=_gap(found[every, at]),
            legally_sensitive=len(set(at.tolist())) > 1,
        )
        for name, at in aims.items()
    )


def _nearest(rates: FloatArray, wanted: float) -> CountArray:
    return np.abs(rates - wanted).argmin(axis=1)


def _gap(rates: FloatArray) -> float | None:
    known = rates[~np.isnan(rates)]
    return float(np.ptp(known)) if len(known) > 1 else None
