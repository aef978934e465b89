"""How many groups are tallied from one sort of the rows: cells of the finest groups, added up."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lifecycle.engines.contract import Grouping, Tallied
from lifecycle.engines.slicing import Cut, partition
from lifecycle.stats import counting
from lifecycle.stats.summaries import BinaryTally, CountArray, ExactSums, FloatArray, exact

KINDS = 3
"""Negative, positive and unknown: of a label, and of a decision."""


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """Rows by finest group, label, decision and score bin, in that order.

    Parameters
    ----------
    decisions
        Shape (groups, 3, 3), all rows by label and decision.
    bounds
        Shape (groups + 1,), where the cells of each finest group begin.
    label, decision, bin, rows
        Shape (cells,), of the rows with a valid score: where they belong, and how many they are.
    even
        Shape (cells,), whether all their scores are the upper edge of their bin.
    totals
        Shape (cells,), exact sum of their scores.
    squares, losses
        Shape (groups x 3,), exact sums of squared scores and of log losses by group and label.
    """

    decisions: CountArray
    bounds: CountArray
    label: CountArray
    decision: CountArray
    bin: CountArray
    rows: CountArray
    even: NDArray[np.bool_]
    totals: ExactSums
    squares: ExactSums
    losses: ExactSums


def tallies(
    rows: Mapping[str, Any], *, cut: Cut, groupings: Sequence[Grouping], edges: FloatArray
) -> Iterator[Tallied]:
    """Tally the groups of every grouping, none of which has windows.

    Parameters
    ----------
    rows
        The codes that `Cut.select` gives, with ``label``, ``decision`` and ``score`` of each row.
    edges
        Inner edges of the score bins.
    """
    codes, finest = _finest(rows, columns=len(cut.columns))
    cells = _cells(rows, finest=finest, groups=len(codes["start"]), edges=edges)
    for grouping in groupings:
        found = partition(codes, cut=cut, grouping=grouping)
        order = np.arange(len(cells.decisions)) if found.order is None else found.order
        bounds = pairwise(found.bounds.tolist())
        for (slice_, window), (begin, end) in zip(found.groups, bounds, strict=True):
            tally = _added(cells, order[begin:end], edges=edges)
            yield Tallied(slice=slice_, window=window, tally=tally)


def _finest(rows: Mapping[str, Any], *, columns: int) -> tuple[dict[str, CountArray], CountArray]:
    """Return the codes of every finest group that occurs, and the group of each row."""
    found, of = {"start": np.zeros(1, np.int64)}, np.zeros(len(rows["score"]), np.int64)
    for i in range(columns):
        codes = np.ma.filled(rows[f"cut_{i}"], -1).astype(np.int64)
        width = int(codes.max(initial=0)) + 2
        key = of * width + codes + 1
        held = np.flatnonzero(np.bincount(key))
        place = np.zeros(int(held.max(initial=0)) + 1, np.int64)
        place[held] = np.arange(len(held))
        found = {name: known[held // width] for name, known in found.items()}
        found[f"cut_{i}"] = held % width - 1
        of = place[key]
    return found, of


def _cells(rows: Mapping[str, Any], *, finest: CountArray, groups: int, edges: FloatArray) -> Cells:
    """Sort the rows with a valid score once, and count what lies together."""
    label, decision = (np.ma.getdata(rows[k]).astype(np.int64) for k in ("label", "decision"))
    score = np.ma.getdata(rows["score"])
    crossed = (finest * KINDS + label) * KINDS + decision
    decisions = np.bincount(crossed, minlength=groups * KINDS * KINDS)
    valid, k = ~np.isnan(score), len(edges) + 1
    score = score[valid]
    key = crossed[valid] * k + np.searchsorted(edges, score)
    order = np.argsort(key)
    key, score = key[order], score[order]
    starts = np.flatnonzero(np.diff(key, prepend=-1))
    bounds, where = np.append(starts, len(key)), key[starts] // k
    by_label = np.searchsorted(key, np.arange(groups * KINDS + 1) * KINDS * k)
    return Cells(
        decisions=decisions.reshape(groups, KINDS, KINDS),
        bounds=np.searchsorted(where, np.arange(groups + 1) * KINDS * KINDS),
        label=where // KINDS % KINDS,
        decision=where % KINDS,
        bin=key[starts] % k,
        rows=np.diff(bounds),
        even=_even(score, bounds, edges=np.append(edges, np.inf)[key[starts] % k]),
        totals=exact.sums_between(score, bounds),
        squares=exact.sums_between(score, by_label, squared=True),
        losses=exact.sums_between(_losses(score, by_label), by_label),
    )


def _even(score: FloatArray, bounds: CountArray, *, edges: FloatArray) -> NDArray[np.bool_]:
    """Tell of each cell whether all its scores are the upper edge of their bin."""
    off = np.append(0, np.cumsum(score != np.repeat(edges, np.diff(bounds))))
    return off[bounds[1:]] == off[bounds[:-1]]


def _losses(score: FloatArray, bounds: CountArray) -> FloatArray:
    """Return each score's log loss; labels take turns in the runs of scores."""
    parts = [
        counting.log_losses(score[begin:end], label=i % KINDS)
        for i, (begin, end) in enumerate(pairwise(bounds.tolist()))
    ]
    return np.concatenate(parts)


def _added(cells: Cells, groups: CountArray, *, edges: FloatArray) -> BinaryTally:
    """Add up the cells of some finest groups, at least one."""
    spans = zip(cells.bounds[groups].tolist(), cells.bounds[groups + 1].tolist(), strict=True)
    at = np.concatenate([np.arange(begin, end) for begin, end in spans])
    k, rows, decisions = len(edges) + 1, cells.rows[at], cells.decisions[groups].sum(axis=0)
    scored, decided = (kind[at] * k + cells.bin[at] for kind in (cells.label, cells.decision))
    totals = cells.totals[at].grouped(scored, cells=KINDS * k)
    labels = np.tile(np.arange(KINDS), len(groups))
    by_label = np.repeat(groups * KINDS, KINDS) + labels
    return BinaryTally(
        edges=edges,
        decisions=decisions,
        scores=_spread(scored, rows, k=k),
        score_totals=totals.shaped(KINDS, k),
        decided=_spread(decided, rows, k=k),
        square_totals=cells.squares[by_label].grouped(labels, cells=KINDS),
        loss_totals=cells.losses[by_label].grouped(labels, cells=KINDS),
        exact=bool(cells.even[at].all()),
        invalid_scores=int(decisions.sum() - rows.sum()),
    )


def _spread(at: CountArray, rows: CountArray, *, k: int) -> CountArray:
    """Put rows into the cells of labels or decisions and score bins; doubles hold the counts."""
    found = np.bincount(at, weights=rows, minlength=KINDS * k)
    return found.astype(np.int64).reshape(KINDS, k)
