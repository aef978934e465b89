"""How far apart are two samples of many columns: the maximum mean discrepancy."""

from dataclasses import dataclass
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

BLOCK = 512
"""Rows and columns of the kernel matrix held at a time: a megabyte, which a processor's cache
holds."""

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
    sums = _kernel_sums(rows, sides, width=_median_square(reference, current))
    value, *shuffled = _unbiased(sides, sums, n=n, m=m)
    drawn = np.array(shuffled)
    p_value = (1 + int(np.sum(drawn >= value))) / (1 + permutations)
    error = sqrt(max(_variance(sums.towards, sums.total, n=n, m=m), float(drawn.var(ddof=1))))
    value = max(float(value), 0.0)
    interval = clipped(value, normal_quantile(confidence) * error, low=0.0, high=2.0)
    return Estimate(value, m, interval, confidence, p_value=p_value, n_reference=n)


def _median_square(reference: FloatArray, current: FloatArray) -> float:
    """Return the median squared distance between rows of the two sides; 1 when they coincide."""
    x, y = reference[:MEDIAN_ROWS], current[:MEDIAN_ROWS]
    squares = (x**2).sum(axis=1)[:, None] + (y**2).sum(axis=1) - 2 * x @ y.T
    return max(float(np.median(squares)), 0.0) or 1.0


@dataclass(frozen=True, slots=True, eq=False)
class _KernelSums:
    """What the kernel matrix of all rows adds up to; it is never held as a whole.

    Parameters
    ----------
    total, towards
        Shape (n + m,), of each row over all rows, and over those of the first side as given.
    within
        Shape (shuffles,), of all pairs of rows of the first side.
    """

    total: FloatArray
    towards: FloatArray
    within: FloatArray


def _kernel_sums(rows: Kernel, sides: Kernel, *, width: float) -> _KernelSums:
    """Add up the kernel block by block; those below the diagonal mirror those above."""
    scaled = rows / np.float32(sqrt(width))
    halves = -(scaled**2).sum(axis=1, keepdims=True) / 2
    ones = np.ones_like(halves)
    # One product then gives -|x - y|^2 / (2 width), which is x y - |x|^2 / 2 - |y|^2 / 2.
    left, right = np.hstack([scaled, halves, ones]), np.hstack([scaled, ones, halves]).T
    total, towards = np.zeros(len(rows)), np.zeros(len(rows))
    within = np.zeros(sides.shape[1])
    blocks = [slice(begin, begin + BLOCK) for begin in range(0, len(rows), BLOCK)]
    for i, first in enumerate(blocks):
        for second in blocks[i:]:
            kernel = left[first] @ right[:, second]
            np.minimum(kernel, 0, out=kernel)
            np.exp(kernel, out=kernel)
            there = kernel @ sides[second]
            found = np.einsum("ij,ij->j", sides[first], there, dtype=np.float64)
            total[first] += kernel.sum(axis=1, dtype=np.float64)
            towards[first] += there[:, 0]
            within += found
            if second != first:
                total[second] += kernel.sum(axis=0, dtype=np.float64)
                towards[second] += sides[first, 0] @ kernel
                within += found
    return _KernelSums(total, towards, within)


def _unbiased(sides: Kernel, sums: _KernelSums, *, n: int, m: int) -> FloatArray:
    """Return the statistic of each shuffle; a row's kernel with itself is 1 and left out."""
    across = sums.total @ sides - sums.within
    other = sums.total.sum() - sums.within - 2 * across
    return (sums.within - n) / (n * (n - 1)) + (other - m) / (m * (m - 1)) - 2 * across / (n * m)


def _variance(towards: FloatArray, total: FloatArray, *, n: int, m: int) -> float:
    """Return the variance of the statistic where the sides differ (Gretton et al., section 5)."""
    first = (towards[:n] - 1) / (n - 1) - (total[:n] - towards[:n]) / m
    second = (total[n:] - towards[n:] - 1) / (m - 1) - towards[n:] / n
    return 4 * (float(first.var(ddof=1)) / n + float(second.var(ddof=1)) / m)
