"""How doubles are added up without rounding, so that any order of them gives the same bits.

A double is a whole number times a power of two. Sums are kept as whole numbers in limbs of 32
bits, wide enough for what was added, and are rounded once, when they are read.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import prod

import numpy as np
from numpy.typing import ArrayLike

from lifecycle.stats.summaries.runs import (
    BLOCK,
    FRACTION,
    BitArray,
    CountArray,
    FloatArray,
    Runs,
    in_any_order,
)

BITS = 32
"""Of a limb; a 64-bit cell then holds carries of two thousand million additions."""

LOW = 0xFFFF_FFFF
HIDDEN = np.uint64(1 << 52)
SIGNLESS = np.uint64((1 << 63) - 1)
EXPONENT = 0x7FF
OFFSET = 1_075
"""A double is its 53-bit whole number times two to the power of (exponent field - 1075)."""


@dataclass(frozen=True, eq=False)
class ExactSums:
    """Sums of doubles, one per cell, without rounding.

    Parameters
    ----------
    limbs
        Shape (width, ...): a cell is the sum over j of ``limbs[j] * 2**(32 * (lowest + j))``. The
        limbs of a cell share its sign and are less than 2**32 in size; neither the first nor the
        last is zero in every cell. So equal sums have equal limbs.
    lowest
        Position of the first limb; 0 when every cell is zero.
    """

    limbs: CountArray
    lowest: int

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the cells."""
        return self.limbs.shape[1:]

    @cached_property
    def rounded(self) -> FloatArray:
        """The sums as doubles, each rounded to the nearest; infinite beyond the largest."""
        flat = self.limbs.reshape(len(self.limbs), prod(self.shape))
        held, found = flat.any(axis=0), np.zeros(flat.shape[1])
        found[held] = _round(flat[:, held], self.lowest)
        return found.reshape(self.shape)

    def fraction(self, *at: int) -> Fraction:
        """Return the sum of one cell as it is, without rounding."""
        limbs = enumerate(self.limbs[:, *at].tolist())
        whole = sum(int(limb) << (BITS * j) for j, limb in limbs)
        return whole * Fraction(2) ** (BITS * self.lowest)

    def __eq__(self, other: object) -> bool:
        """Tell whether all sums are equal, of cells of one shape."""
        if not isinstance(other, ExactSums):
            return NotImplemented
        return self.lowest == other.lowest and np.array_equal(self.limbs, other.limbs)

    __hash__ = None  # pyright: ignore[reportAssignmentType] -- arrays are not hashed

    def __add__(self, other: "ExactSums") -> "ExactSums":
        """Add cell by cell."""
        return merged((self, other))

    def __getitem__(self, at: int | CountArray) -> "ExactSums":
        """Return the cells at a position of the first axis, or at several."""
        return _trimmed(self.limbs[:, at], self.lowest)

    def parts(self) -> "list[ExactSums]":
        """Return the cells at each position of the first axis; all are rounded together."""
        if len(self.limbs) == 0:
            return [zeros(*self.shape[1:]) for _ in range(self.shape[0])]
        shape = (*self.limbs.shape[:2], prod(self.shape[1:]))
        used = np.count_nonzero(self.limbs.reshape(shape), axis=2) > 0
        begins = used.argmax(axis=0).tolist()
        ends = np.where(used.any(axis=0), len(used) - used[::-1].argmax(axis=0), 0).tolist()
        found: list[ExactSums] = []
        for i, (begin, end, rounded) in enumerate(zip(begins, ends, self.rounded, strict=True)):
            part = ExactSums(self.limbs[begin:end, i], self.lowest + begin if end else 0)
            part.__dict__["rounded"] = rounded
            found.append(part)
        return found

    def total(self) -> "ExactSums":
        """Add up the cells along the last axis."""
        return _canonical(self.limbs.sum(axis=-1), self.lowest)

    def shaped(self, *shape: int) -> "ExactSums":
        """Return the same sums over cells of another shape."""
        return ExactSums(self.limbs.reshape(len(self.limbs), *shape), self.lowest)

    def grouped(self, at: CountArray, *, cells: int) -> "ExactSums":
        """Add up cells along the last axis; ``at`` says where each goes."""
        before = self.limbs.reshape(prod(self.limbs.shape[:-1]), len(at))
        limbs = np.zeros((len(before), cells), np.int64)
        for row, target in zip(before, limbs, strict=True):
            np.add.at(target, at, row)
        return _canonical(limbs.reshape(*self.limbs.shape[:-1], cells), self.lowest)


def zeros(*shape: int) -> ExactSums:
    """Return sums of nothing."""
    return ExactSums(np.zeros((0, *shape), np.int64), 0)


def merged(parts: Sequence[ExactSums]) -> ExactSums:
    """Add up sums over the same cells; at least one."""
    lowest, width = _span(parts)
    limbs = np.zeros((width, *parts[0].shape), np.int64)
    for part in parts:
        begin = part.lowest - lowest
        limbs[begin : begin + len(part.limbs)] += part.limbs
    return _canonical(limbs, lowest)


def stacked(parts: Sequence[ExactSums]) -> ExactSums:
    """Put sums over cells of one shape beside each other, along a new first axis."""
    lowest, width = _span(parts)
    limbs = np.zeros((width, len(parts), *parts[0].shape), np.int64)
    for i, part in enumerate(parts):
        begin = part.lowest - lowest
        limbs[begin : begin + len(part.limbs), i] = part.limbs
    return _canonical(limbs, lowest)


def _span(parts: Sequence[ExactSums]) -> tuple[int, int]:
    """Return where the limbs of several sums begin, and how many places they take."""
    held = [part for part in parts if len(part.limbs)]
    lowest = min((part.lowest for part in held), default=0)
    return lowest, max((p.lowest + len(p.limbs) for p in held), default=lowest) - lowest


def sums_between(values: FloatArray, bounds: ArrayLike, *, squared: bool = False) -> ExactSums:
    """Add up runs of an array.

    Parameters
    ----------
    values
        Shape (n,), contiguous and in any order, though one that keeps values of a size together
        (sorted) is much faster.
    bounds
        Shape (..., k + 1), positions that never fall; cell i of a row of bounds adds up
        ``values[bounds[i]:bounds[i + 1]]``. What lies outside is not read.
    squared
        Add up the squares, each rounded to a double.

    Returns
    -------
    ExactSums
        Shape (..., k).
    """
    cuts = np.asarray(bounds, np.int64)
    flat = cuts.ravel()
    held = values[: int(flat[-1])]
    found = [
        in_any_order(held[begin : begin + BLOCK], begin, flat, squared=squared)
        for begin in range(int(flat[0]), len(held), BLOCK)
    ]
    return _summed(found, cuts, begins=np.zeros(len(found), np.int64))


def sums_of_runs(parts: Sequence[Runs]) -> ExactSums:
    """Make sums of shape (len(parts), k) of the runs of several arrays with k cells each."""
    cuts = np.stack([part.cuts for part in parts])
    begins = np.cumsum(cuts[:, -1]) - cuts[:, -1]
    cuts += begins[:, None]
    return _summed(parts, cuts, begins=begins)


def products(values: FloatArray, times: CountArray) -> ExactSums:
    """Multiply each value by a count below 2**36, without rounding; both of one shape."""
    bits = np.ascontiguousarray(values, np.float64).view(np.uint64).ravel()
    heads, whole = bits & ~FRACTION, _whole(bits)
    cells, n = np.arange(len(bits)), np.asarray(times, np.uint64).ravel()
    half = np.uint64(26)
    low, high = (whole & ((np.uint64(1) << half) - np.uint64(1))) * n, (whole >> half) * n
    parts = [
        _canonical(*_placed(heads, total, at=cells, cells=len(bits), shift=shift))
        for total, shift in ((low, 0), (high, 26))
    ]
    total = merged(parts)
    return total.shaped(*np.shape(values))


def _summed(runs: Sequence[Runs], cuts: CountArray, *, begins: CountArray) -> ExactSums:
    """Put runs that follow each other into cells of shape (..., k).

    Parameters
    ----------
    cuts
        Shape (..., k + 1), where each row of cells begins and ends.
    begins
        Shape (len(runs),), where the positions of each start from.
    """
    if not runs:
        return zeros(*cuts.shape[:-1], cuts.shape[-1] - 1)
    flat = cuts.ravel()
    starts, firsts, totals = (
        np.concatenate(arrays)
        for arrays in zip(*((part.starts, part.firsts, part.totals) for part in runs), strict=True)
    )
    starts = starts + np.repeat(begins, [len(part.starts) for part in runs])
    lengths = np.diff(starts, append=flat[-1]).astype(np.uint64)
    heads = firsts & ~FRACTION
    normal = heads << np.uint64(1) > 0
    totals = totals - lengths * (heads - np.where(normal, HIDDEN, np.uint64(0)))
    totals = np.where(normal, totals, totals & SIGNLESS)  # zeros of either sign in any order
    at = np.searchsorted(flat, starts, side="right") - 1
    inside = (at + 1) % cuts.shape[-1] != 0  # between two rows of bounds lies what none asked for
    rows, k = prod(cuts.shape[:-1]), cuts.shape[-1] - 1
    cells = at[inside] - at[inside] // (k + 1)
    limbs, lowest = _placed(heads[inside], totals[inside], at=cells, cells=rows * k)
    return _canonical(limbs.reshape(len(limbs), *cuts.shape[:-1], k), lowest)


def _whole(bits: BitArray) -> BitArray:
    """Return the 53-bit whole numbers of doubles."""
    normal = (bits << np.uint64(1)) >> np.uint64(53) > 0
    return (bits & FRACTION) | np.where(normal, HIDDEN, np.uint64(0))


def _placed(
    heads: BitArray, totals: BitArray, *, at: CountArray, cells: int, shift: int = 0
) -> tuple[CountArray, int]:
    """Put whole numbers of a sign and exponent into the limbs of their cells."""
    fields = ((heads >> np.uint64(52)) & np.uint64(EXPONENT)).astype(np.int64)
    place, left = np.divmod(np.maximum(fields, 1) - OFFSET + shift, BITS)
    lowest = int(place.min()) if len(place) else 0
    width = int(place.max()) - lowest + 3 if len(place) else 0
    sign = np.where(heads >> np.uint64(63), -1.0, 1.0)
    shifted = left.astype(np.uint64)
    bottom = (totals & np.uint64(LOW)) << shifted
    top = (totals >> np.uint64(BITS)) << shifted
    parts = (
        bottom & np.uint64(LOW),
        (bottom >> np.uint64(BITS)) + (top & np.uint64(LOW)),
        top >> np.uint64(BITS),
    )
    limbs = np.zeros(width * cells)
    for j, part in enumerate(parts):  # whole numbers below 2**33: their sums in doubles are exact
        where = (place - lowest + j) * cells + at
        limbs += np.bincount(where, weights=part * sign, minlength=width * cells)
    return limbs.astype(np.int64).reshape(width, cells), lowest


def _canonical(limbs: CountArray, lowest: int) -> ExactSums:
    """Carry, and give the limbs of a cell one sign."""
    if limbs.size == 0:
        return zeros(*limbs.shape[1:])
    room = np.zeros((2, *limbs.shape[1:]), np.int64)
    limbs = np.concatenate([limbs, room])
    _carry(limbs)
    below = limbs[-1] < 0
    if below.any():
        limbs[:, below] *= -1
        _carry(limbs)
        limbs[:, below] *= -1
    return _trimmed(limbs, lowest)


def _trimmed(limbs: CountArray, lowest: int) -> ExactSums:
    """Leave out limbs at the ends that no cell needs."""
    used = np.flatnonzero(limbs.reshape(len(limbs), prod(limbs.shape[1:])).any(axis=1))
    if len(used) == 0:
        return zeros(*limbs.shape[1:])
    return ExactSums(limbs[used[0] : used[-1] + 1], lowest + int(used[0]))


def _carry(limbs: CountArray) -> None:
    """Bring every limb but the last into 0 .. 2**32 - 1."""
    for j in range(len(limbs) - 1):
        limbs[j + 1] += limbs[j] >> BITS
        limbs[j] &= LOW


def _round(limbs: CountArray, lowest: int) -> FloatArray:
    """Round each cell to the nearest double: its leading 64 bits, the rest told by the last."""
    width, cells = limbs.shape
    if width == 0:
        return np.zeros(cells)
    size = np.concatenate([np.zeros((2, cells), np.int64), np.abs(limbs)]).astype(np.uint64)
    top = np.full(cells, 2)
    for j in range(3, len(size)):
        top[size[j] > 0] = j
    at = top * cells + np.arange(cells)
    first, second, third = (size.ravel()[at - j * cells] for j in range(3))
    left = BITS - np.frexp(first.astype(np.float64))[1]
    shift = left.astype(np.uint64)
    over = third << shift
    lead = (((first << np.uint64(BITS)) | second) << shift) | (over >> np.uint64(BITS))
    rest = (over & np.uint64(LOW)) > 0
    for j in range(2, len(size) - 3):
        rest |= (size[j] > 0) & (j < top - 2)
    lead |= rest.astype(np.uint64)
    exponent = (top - 3 + lowest) * BITS - left
    with np.errstate(over="ignore"):
        value = np.ldexp(lead.astype(np.float64), exponent)
    return np.where((limbs < 0).any(axis=0), -value, value)
