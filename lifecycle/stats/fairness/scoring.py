"""Who scores high: the scoring rate, the share of a group above the median score of everybody."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from lifecycle.stats.summaries import BinaryTally


def median_bin(tallies: Sequence[BinaryTally]) -> int:
    """Return the score bin that holds the median of all rows with a valid score."""
    held = np.sum([tally.scores.sum(axis=0) for tally in tallies], axis=0)
    return int(np.searchsorted(np.cumsum(held), held.sum() / 2))


def above(tally: BinaryTally, *, bin: int) -> BinaryTally:  # noqa: A002 -- the field's own word
    """Take a score above a bin for a positive decision; rows without a score stay undecided.

    Notes
    -----
    Source: the scoring rate of 6 RCNY 5-300, exact where every score has a bin of its own.
    """
    high, all_ = tally.scores[:, bin + 1 :].sum(axis=1), tally.scores.sum(axis=1)
    without = tally.decisions.sum(axis=1) - all_
    return replace(tally, decisions=np.stack([all_ - high, high, without], axis=1))
