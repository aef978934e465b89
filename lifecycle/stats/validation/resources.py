"""What a model file costs to run: time and memory."""

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from lifecycle.stats.inference import CONFIDENCE, Estimate, bounded, nothing

SHARE = 0.95
"""Which latency is reported: 95 of 100 calls are at least so fast."""


def scoring_latency(milliseconds: ArrayLike, *, confidence: float = CONFIDENCE) -> Estimate:
    """Estimate the 95th percentile of the time that scoring one row takes.

    Parameters
    ----------
    milliseconds
        Shape (calls,).

    Notes
    -----
    The interval's ends are order statistics: the number of calls below the quantile is binomial.
    """
    found = np.sort(np.asarray(milliseconds, np.float64))
    n = len(found)
    if n == 0:
        return nothing("the model was not timed")
    tail = (1 - confidence) / 2
    at = np.arange(n + 1)
    below = special.bdtr(at, n, SHARE)
    low = int(np.searchsorted(below, tail))
    high = int(np.searchsorted(below, 1 - tail))
    value = float(np.quantile(found, SHARE))
    interval = (
        min(float(found[max(low - 1, 0)]), value),
        max(float(found[min(high, n - 1)]), value),
    )
    return bounded(value, n=n, interval=interval, confidence=confidence)


def megabytes(size: float, *, n: int, confidence: float = CONFIDENCE) -> Estimate:
    """Return a size in bytes as megabytes; it is read off, so it has no interval.

    Parameters
    ----------
    n
        Rows that were scored while it was read.
    """
    del confidence  # nothing was sampled
    return Estimate(size / 1e6, n)
