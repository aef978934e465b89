"""Where the bins of a numeric column lie: at its reference's quantiles, ties apart."""

import numpy as np

from lifecycle.errors import InvalidInput
from lifecycle.stats.summaries.runs import CountArray, FloatArray


def numeric_bins(ordered: FloatArray, *, bins: int) -> FloatArray:
    """Fix the inner bin edges of a column from its reference.

    A column of few distinct values gets one bin per value and one per gap between values, so that
    nothing hides inside a bin. Otherwise edges stand at the reference's quantiles, the deciles
    always among them, and a value that holds a bin's worth of rows gets a bin of its own, so that
    ties and zero inflation count.

    Parameters
    ----------
    ordered
        Shape (n,), finite reference values in ascending order, n at least 1.
    bins
        Number of quantile bins wanted, at least 2; the result may have more (deciles, values
        with a bin of their own) or fewer (ties).

    Returns
    -------
    ndarray
        Shape (k - 1,), strictly increasing. A constant column gives the two edges that isolate
        its value.

    Raises
    ------
    InvalidInput
        No values, or fewer than two bins.

    Notes
    -----
    Quantiles are the smallest value with at least that share of rows at or below it, NumPy's
    ``inverted_cdf``: an edge is always a value of the column.
    """
    n = len(ordered)
    if n == 0 or bins < 2:  # noqa: PLR2004 -- one bin tells nothing
        raise InvalidInput("bins need at least one reference value and must be two or more")
    ranks = np.concatenate([_ranks(n, parts=bins), _ranks(n, parts=10)])
    edges = np.unique(ordered[ranks])
    if len(edges) <= bins:  # then there may be few values, and all are looked at
        first = np.concatenate([[True], ordered[1:] > ordered[:-1]])
        if np.count_nonzero(first) <= bins:
            return _with_own_bins(ordered[first], own=ordered[first])
    rows = np.searchsorted(ordered, edges, side="right") - np.searchsorted(ordered, edges)
    # The largest value is an edge and the smallest begins a bin, so that what lies outside the
    # reference has bins of its own and is counted exactly.
    ends = np.append(edges, [ordered[-1]])
    return _with_own_bins(ends, own=np.append(edges[rows * bins >= n], ordered[0]))


def _ranks(n: int, *, parts: int) -> CountArray:
    """Return the positions of the inner quantiles; whole numbers, so that no rank is off by one."""
    return -(-np.arange(1, parts, dtype=np.int64) * n // parts) - 1


def _with_own_bins(edges: FloatArray, *, own: FloatArray) -> FloatArray:
    """Add an edge just below each value that gets a bin of its own."""
    own = own[own > np.finfo(np.float64).min]  # nothing lies below the lowest double
    return np.unique(np.concatenate([edges, np.nextafter(own, -np.inf)]))
