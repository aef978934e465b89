"""How far apart are two samples of many columns: the maximum mean discrepancy."""

from math import sqrt

import numpy as np
from numpy.typing import NDArray

from lifecycle.stats.drift.sides import empty_side
from lifecycle.stats.inference import (
    CONFIDENCE,
    Estimate,
    FloatArray,
    clipped,
    normal_quantile,
    nothing,
)

PERMUTATIONS = 100
"""Shuffles of the sides that the p-value rests on; it is never below 1 / 101."""

MEDIAN_ROWS = 1000
"""Rows of each side whose distances give the kernel its width."""

BLOCK = 1000
"""Rows of the kernel matrix held at a time."""

Kernel = NDArray[np.float32]


def mmd(
    reference: FloatArray,
    current: FloatArray,
    *,
    rng: np.random.Generator,
    permutations: int = PERMUTATIONS,
    confidence: float = CONFIDENCE,
) -> Estimate:
    """Estimate the squared maximum mean discrepancy of two samples, 0 to 2.

    Parameters
    ----------
    reference, current
        Shapes (n, d) and (m, d), finite, columns on comparable scales; rows in no order, because
        the kernel's width is taken from the first ones.
    permutations
        Shuffles of which row is on which side.

    Notes
    -----
    Unbiased, with a Gaussian kernel ``exp(-|x - y|^2 / (2 s^2))`` and ``s`` the median distance
    between rows of the two sides; a negative estimate is reported as 0. The interval is normal
    with the variance of the U-statistic or that of the shuffles, whichever is larger: near
    equality the first one is too small. Source: Gretton et al. (2012), JMLR 13.
    """
    n, m = len(reference), len(current)
    if (empty := empty_side(n, m)) is not None:
        return empty
    if min(n, m) < 2:  # noqa: PLR2004 -- no pair of rows to compare
        return nothing("one row on a side makes no pair to compare", n=m, n_reference=n)
    rows = np.concatenate([reference, current]).astype(np.float32)
    sides = np.zeros((n + m, permutations + 1), np.float32)
    sides[:n, 0] = 1
    for shuffle in range(1, permutations + 1):
        sides[rng.permutation(n + m)[:n], shuffle] = 1
    towards, total = _kernel_sums(rows, sides, width=_median_square(reference, current))
    value, *shuffled = _unbiased(sides, towards, total, n=n, m=m)
    drawn = np.array(shuffled)
    p_value = (1 + int(np.sum(drawn >= value))) / (1 + permutations)
    error = sqrt(max(_variance(towards[:, 0], total, n=n, m=m), float(drawn.var(ddof=1))))
    value = max(float(value), 0.0)
    interval = clipped(value, normal_quantile(confidence) * error, low=0.0, high=2.0)
    return Estimate(value, m, interval, confidence, p_value=p_value, n_reference=n)


def _median_square(reference: FloatArray, current: FloatArray) -> float:
    """Return the median squared distance between rows of the two sides; 1 when they coincide."""
    x, y = reference[:MEDIAN_ROWS], current[:MEDIAN_ROWS]
    squares = (x**2).sum(axis=1)[:, None] + (y**2).sum(axis=1) - 2 * x @ y.T
    return max(float(np.median(squares)), 0.0) or 1.0


def _kernel_sums(rows: Kernel, sides: Kernel, *, width: float) -> tuple[FloatArray, FloatArray]:
    """Sum each row's kernel over the rows of the first side, per shuffle, and over all rows."""
    towards = np.empty(sides.shape)
    total = np.empty(len(rows))
    squares = (rows**2).sum(axis=1)
    for start in range(0, len(rows), BLOCK):
        block = slice(start, start + BLOCK)
        kernel = rows[block] @ rows.T
        kernel *= 2
        kernel -= squares[block, None]
        kernel -= squares
        np.minimum(kernel, 0, out=kernel)
        kernel *= np.float32(1 / (2 * width))
        np.exp(kernel, out=kernel)
        towards[block] = kernel @ sides
        total[block] = kernel.sum(axis=1)
    return towards, total


def _unbiased(
    sides: Kernel, towards: FloatArray, total: FloatArray, *, n: int, m: int
) -> FloatArray:
    """Return the statistic of each shuffle; a row's kernel with itself is 1 and left out."""
    within = np.einsum("ij,ij->j", sides, towards)
    across = towards.sum(axis=0) - within
    other = total.sum() - within - 2 * across
    return (within - n) / (n * (n - 1)) + (other - m) / (m * (m - 1)) - 2 * across / (n * m)


def _variance(towards: FloatArray, total: FloatArray, *, n: int, m: int) -> float:
    """Return the variance of the statistic where the sides differ (Gretton et al., section 5)."""
    first = (towards[:n] - 1) / (n - 1) - (total[:n] - towards[:n]) / m
    second = (total[n:] - towards[n:] - 1) / (m - 1) - towards[n:] / n
    return 4 * (float(first.var(ddof=1)) / n + float(second.var(ddof=1)) / m)
