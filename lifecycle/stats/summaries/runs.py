"""How doubles are added up as whole numbers: in runs, found in any order of them or in theirs."""

from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

FloatArray: TypeAlias = NDArray[np.float64]
CountArray: TypeAlias = NDArray[np.int64]
BitArray: TypeAlias = NDArray[np.uint64]

FRACTION = np.uint64((1 << 52) - 1)

RUN = 2_048
"""Most 53-bit whole numbers that surely add up within 64 bits."""

BLOCK = 131_072
"""Rows added at a time: a megabyte, so that squares stay in the processor's cache."""


@dataclass(frozen=True, slots=True, eq=False)
class Runs:
    """Doubles added up in runs of one sign and exponent, a run in one cell.

    Within a run the doubles' bit patterns differ by their whole numbers, so up to `RUN` of them
    are added as 64-bit integers in one pass. Zeros of both signs may share a run.

    Parameters
    ----------
    cuts
        Shape (k + 1,), where each cell begins and the last ends.
    starts
        Shape (r,), increasing; where each run begins, and the one before it ends.
    firsts, totals
        Shape (r,), the first bit pattern of each run, and the sum of all, modulo 2**64.
    """

    cuts: CountArray
    starts: CountArray
    firsts: BitArray
    totals: BitArray


def in_any_order(block: FloatArray, begin: int, cuts: CountArray, *, squared: bool) -> Runs:
    """Add up the runs of a block, which begins at a position of an array with these cuts."""
    bits = _bits(block, squared=squared)
    near = cuts[np.searchsorted(cuts, begin) : np.searchsorted(cuts, begin + len(bits))] - begin
    begins = np.concatenate([[True], (bits[1:] ^ bits[:-1]) > FRACTION])
    begins[::RUN] = begins[near] = True
    starts = np.flatnonzero(begins)
    return Runs(cuts, starts + begin, bits[starts], np.add.reduceat(bits, starts))


def ascending(values: FloatArray, cuts: CountArray) -> tuple[Runs, Runs]:
    """Add up the runs of ascending values, and those of their squares, all in one cell.

    A binary search finds where the exponent changes, so the values are passed over once for each,
    best while they still are in the processor's cache. `exact.sums_of_runs` makes sums of runs.

    Parameters
    ----------
    values
        Shape (n,), contiguous and ascending.
    cuts
        Shape (k + 1,), positions from 0 to n that never fall; cell i holds
        ``values[cuts[i]:cuts[i + 1]]``.
    """
    n, whole = len(values), cuts[[0, -1]]
    if n == 0:
        nothing = np.empty(0, np.uint64)
        none = Runs(cuts, nothing.astype(np.int64), nothing, nothing)
        return none, replace(none, cuts=whole)
    starts = np.concatenate([np.arange(0, n, RUN), cuts, _crossings(values)])
    starts.sort()
    starts = starts[:-1][starts[1:] != starts[:-1]]
    bits = values.view(np.uint64)
    runs = Runs(cuts, starts, bits[starts], np.add.reduceat(bits, starts))
    firsts, totals = np.empty(len(starts), np.uint64), np.empty(len(starts), np.uint64)
    blocks = [*range(0, n, BLOCK), n]
    for (begin, end), (low, high) in zip(
        pairwise(blocks), pairwise(starts.searchsorted(blocks).tolist()), strict=True
    ):
        bits, at = _bits(values[begin:end], squared=True), starts[low:high] - begin
        firsts[low:high], totals[low:high] = bits[at], np.add.reduceat(bits, at)
    return runs, Runs(whole, starts, firsts, totals)


def _bits(values: FloatArray, *, squared: bool) -> BitArray:
    if squared:
        with np.errstate(over="ignore"):  # infinity counts as 2**1024, see `exact`
            values = values * values
    return values.view(np.uint64)


@cache
def _marks() -> FloatArray:
    """Return the doubles, ascending, above each of which a new sign or exponent begins.

    That is the exponent of the double or of its square, which reaches a power of two where the
    double reaches its root, rounded. Zero has a mark on either side, in the middle.
    """
    halves = np.arange(-2_044, 2_048)
    sizes = np.ldexp(np.where(halves % 2, np.sqrt(2.0), 1.0), halves // 2)
    zero = [np.nextafter(0.0, -1.0), 0.0]
    return np.concatenate([-sizes[::-1], zero, np.nextafter(sizes, 0.0)])


def _crossings(values: FloatArray) -> CountArray:
    """Return where ascending values pass marks, looking only for those that lie among them."""
    marks = _marks()
    middle = len(marks) // 2
    zeros = values.searchsorted(marks[middle - 1 : middle + 1], side="right")
    below, above = zeros.tolist()
    ends = values[[0, max(below - 1, 0), min(above, len(values) - 1), -1]]
    a, b, c, d = marks.searchsorted(ends).tolist()
    found = values.searchsorted(np.concatenate([marks[a:b], marks[c:d]]), side="right")
    return np.concatenate([zeros, found])
