"""Is the service around a model healthy: how fast, how reliable, how much, from summaries.

Latencies are counted on one fixed grid, so that days and months add up whatever came before; a
quantile is known to within the bin it falls into, which is its resolution.
"""

from math import ceil, floor, sqrt

import numpy as np
from scipy import special

from lifecycle.stats.inference import (
    CONFIDENCE,
    Estimate,
    bounded,
    normal_quantile,
    nothing,
    proportion,
)
from lifecycle.stats.summaries import CategoryProfile, FloatArray, NumericProfile

PER_DOUBLING = 16
"""Bins per doubling of the latency: each is 4.4 % wide."""

LATENCY_EDGES: FloatArray = 2.0 ** (
    np.arange(-10 * PER_DOUBLING, 24 * PER_DOUBLING + 1) / PER_DOUBLING
)
"""Edges from a thousandth to 16 million units; the bins beyond them are open."""


def quantile(profile: NumericProfile, *, share: float, confidence: float = CONFIDENCE) -> Estimate:
    """Estimate a quantile of a counted column, in its unit.

    The value is the mean of the bin that holds it, the resolution that bin's width. The interval
    is free of any distribution: the bins of the two order statistics that enclose the quantile.
    Where the rows are too few for one of the two to exist, there is none, and ``reason`` says so.

    Parameters
    ----------
    share
        Between 0 and 1, such as 0.95.

    Notes
    -----
    Source: Conover (1999), "Practical Nonparametric Statistics", section 3.2.
    """
    n = profile.n
    if n == 0:
        return nothing("no row has a finite value")
    reached = np.cumsum(profile.counts)
    lower = np.maximum(np.append(-np.inf, profile.edges), profile.low)
    upper = np.minimum(np.append(profile.edges, np.inf), profile.high)

    def holding(rank: int) -> int:
        return int(np.searchsorted(reached, rank))

    half = normal_quantile(confidence) * sqrt(n * share * (1 - share))
    at = holding(max(ceil(share * n), 1))
    first, last = floor(n * share - half), ceil(n * share + half) + 1
    enough = first >= 1 and last <= n
    value = float(profile.sums[at] / profile.counts[at])
    return Estimate(
        min(max(value, float(lower[at])), float(upper[at])),
        n,
        (float(lower[holding(first)]), float(upper[holding(last)])) if enough else None,
        confidence if enough else None,
        resolution=float(upper[at] - lower[at]) or None,
        reason=None if enough else f"{n} rows are too few for an interval of this quantile",
    )


def error_share(profile: CategoryProfile, *, confidence: float = CONFIDENCE) -> Estimate:
    """Estimate the share of requests that failed.

    Parameters
    ----------
    profile
        How requests ended, with the values that mean success as its categories.
    """
    return proportion(profile.other, profile.n, confidence=confidence, empty="no row has a status")


def throughput(rows: int, *, seconds: float, confidence: float = CONFIDENCE) -> Estimate:
    """Estimate the rows per second of a window.

    Notes
    -----
    The interval is Garwood's for a Poisson count. Source: Garwood (1936), doi:10.2307/2333958.
    """
    if rows == 0:
        return nothing("no rows in the window")
    tail = (1 - confidence) / 2
    low = float(special.gammaincinv(rows, tail)) / seconds
    high = float(special.gammaincinv(rows + 1, 1 - tail)) / seconds
    return bounded(rows / seconds, n=rows, interval=(low, high), confidence=confidence)
