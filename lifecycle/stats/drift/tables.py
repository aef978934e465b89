"""Many profiles of one column as rows of counts over the same bins.

A numeric column is compared on its reference's deciles, a categorical one on the reference's
categories with the unseen ones as a bin; rows without a value are a bin of their own on both.
"""

from collections.abc import Sequence

import numpy as np

from lifecycle.stats.counting import deciles
from lifecycle.stats.summaries import (
    CategoryProfile,
    CountArray,
    FloatArray,
    NumericProfile,
    Profile,
)

Steps = Sequence[Profile | None]
"""A profile per time step, on the same bins; ``None`` for a step without rows."""


def bin_matrix(steps: Steps, total: Profile) -> FloatArray:
    """Count profiles on the bins that distances of shares compare, those of one reference.

    Returns
    -------
    ndarray
        Shape (profiles, bins), without the bins that none of them holds.
    """
    if isinstance(total, NumericProfile):
        starts = np.concatenate([[0], deciles(total) + 1])
        lost = [s.missing + s.infinite if isinstance(s, NumericProfile) else 0 for s in steps]
        rows = np.add.reduceat(count_matrix(steps, total), starts, axis=1)
        counted = np.column_stack([rows, lost])
    else:
        rest = [(s.other, s.missing) if isinstance(s, CategoryProfile) else (0, 0) for s in steps]
        counted = np.column_stack([count_matrix(steps, total), rest])
    return counted[:, counted.any(axis=0)].astype(np.float64)


def count_matrix(steps: Steps, total: Profile) -> CountArray:
    """Put the counts of profiles on their own bins below each other."""
    empty = np.zeros_like(total.counts)
    return np.array([empty if step is None else step.counts for step in steps])
