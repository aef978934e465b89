"""On which bins are scores counted: fixed by the reference, so that windows add up."""

from dataclasses import replace

import numpy as np

from lifecycle.stats.summaries import BinaryTally, FloatArray

SCORE_BINS = 128
SCORE_GRID = 8_192
"""Edges of score bins lie on this grid, the one engines count many different scores on."""

TENTHS = np.arange(1, 10) / 10
"""Always among the edges, for the calibration error."""


def score_edges(reference: BinaryTally) -> FloatArray:
    """Fix the inner edges of score bins from the reference's own scores.

    Few different scores get a bin each, so that everything computed from them is exact; others
    get bins of about equal size. The tenths are always among the edges.
    """
    rows = reference.scores.sum(axis=0)
    held = np.flatnonzero(rows)
    if len(reference.edges) == 0 or len(held) == 0:
        return np.empty(0)
    upper = np.append(reference.edges, 1.0)
    if reference.exact and len(held) <= SCORE_BINS:
        return np.unique(np.concatenate([upper[held], TENTHS]))
    reached = np.cumsum(rows)
    wanted = np.arange(1, SCORE_BINS) * int(reached[-1]) / SCORE_BINS
    quantiles = upper[np.searchsorted(reached, wanted)]
    return np.unique(np.concatenate([np.ceil(quantiles * SCORE_GRID) / SCORE_GRID, TENTHS]))


def rebin(tally: BinaryTally, *, edges: FloatArray) -> BinaryTally:
    """Put a tally on other score bins; nothing is lost but the order inside the new ones.

    A bin goes where its upper edge lies. That is exact for bins of one score each, and for bins
    of the grid whenever the new edges lie on it.
    """
    if len(edges) == 0 or np.array_equal(edges, tally.edges):
        return tally
    upper = np.append(tally.edges, 1.0)
    at = np.searchsorted(edges, upper)
    held = tally.scores.sum(axis=0) > 0
    scores = np.zeros((3, len(edges) + 1), dtype=np.int64)
    decided = np.zeros((3, len(edges) + 1), dtype=np.int64)
    for kind in range(3):
        np.add.at(scores[kind], at, tally.scores[kind])
        np.add.at(decided[kind], at, tally.decided[kind])
    return replace(
        tally,
        edges=edges,
        scores=scores,
        score_totals=tally.score_totals.grouped(at, cells=len(edges) + 1),
        decided=decided,
        exact=tally.exact and bool(np.isin(upper[held], edges).all()),
    )
