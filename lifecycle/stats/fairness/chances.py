"""The chance of a gap no wider than the one seen, if the groups' true rates were given ones.

The chance is a sum over where the lowest group (or the reference group) lies, of the chance that
the others lie close enough above it (or around it). A rate is normal on its scale; where a group
has few successes or failures it is a count instead, with binomial probabilities: a count jumps, and
a normal curve does not. So there are two chances, without and with the gaps exactly as wide.

Source: Lancaster (1961), doi:10.1080/01621459.1961.10482105, for counting a part of those.
"""

from dataclasses import dataclass

import numpy as np
from scipy import special

from lifecycle.stats.fairness.compared import DRAWN, Groups
from lifecycle.stats.inference import FloatArray

POINTS = 96
"""Points of the integral over the lowest (or the reference) group's rate."""

REACH = 5.0
"""Standard errors that the integral reaches."""

COUNTS = 400
"""Most numbers of successes that are told apart in one group; beyond, it is taken as normal."""

BESIDE = 1e-9
"""Share by which the steps around a count lie beside it."""

TIE = 1e-6
"""Successes by which two gaps may differ and be the same; less than rounding leaves of one."""


@dataclass(frozen=True, slots=True, eq=False)
class Counted:
    """The distribution of one group's number of successes under each candidate.

    Parameters
    ----------
    first
        The lowest number of successes that matters.
    total
        Shape (candidates, numbers + 1), chance of fewer than ``first``, ``first`` + 1 … successes.
    observations
        Of the group.
    """

    first: int
    total: FloatArray
    observations: float

    @property
    def rates(self) -> FloatArray:
        """The rates that those numbers of successes give."""
        numbers = self.first + np.arange(self.total.shape[1] - 1)
        return (numbers + DRAWN) / (self.observations + 2 * DRAWN)

    def below(self, bound: FloatArray, *, tie: float) -> FloatArray:
        """Return the chance of a rate no higher than bounds; ``tie`` successes are forgiven."""
        number = np.floor(bound * (self.observations + 2 * DRAWN) - DRAWN + tie) - self.first + 1
        at = np.clip(number, 0, self.total.shape[1] - 1).astype(np.intp)
        return np.take_along_axis(self.total, at, axis=1)


@dataclass(frozen=True, slots=True, eq=False)
class Law:
    """The distribution of every group's rate under each candidate.

    Parameters
    ----------
    groups
        As they were seen.
    centre
        Shape (candidates, groups), the true rates on the scale on which rates are normal.
    counted
        The groups whose rate is a count, by position.
    """

    groups: Groups
    centre: FloatArray
    counted: dict[int, Counted]

    def below(self, bound: FloatArray, *, tie: float = 0.0) -> FloatArray:
        """Return the chance of each group to lie below bounds, shape (candidates, points, groups).

        Parameters
        ----------
        bound
            Shape (candidates, points), rates.
        tie
            As in `Counted.below`.
        """
        least, most = self.groups.ends
        angle = self.groups.scaled(np.clip(bound, least, most))
        angle = np.where(bound >= most, np.inf, np.where(bound <= least, -np.inf, angle))
        found = special.ndtr(
            (angle[:, :, np.newaxis] - self.centre[:, np.newaxis]) * self.groups.root
        )
        for at, counted in self.counted.items():
            found[:, :, at] = counted.below(bound, tie=tie)
        return found


def chance(rate: Groups, moved: FloatArray, seen: float) -> FloatArray:
    """Return the chances of a gap narrower than, and no wider than the one seen.

    Parameters
    ----------
    rate
        The groups as they were seen.
    moved
        Shape (candidates, groups), true rates.
    seen
        A gap as `Groups` measure it.

    Returns
    -------
    numpy.ndarray
        Shape (2, candidates), the chance of a narrower gap and of one that is no wider.
    """
    law = _law(rate, moved)
    edges = _edges(law)
    inside = rate.unscaled((edges[:, 1:] + edges[:, :-1]) / 2)
    under = law.below(rate.unscaled(edges))
    under[:, 0] = 0.0
    ties = (-TIE, TIE) if law.counted else (0.0,)
    shares = _above if rate.reference is None else _around
    found = np.stack([shares(law, inside, under, seen=seen, tie=tie) for tie in ties])
    return np.clip(np.broadcast_to(found, (2, len(moved))), 0.0, 1.0)


def _above(
    law: Law, inside: FloatArray, under: FloatArray, *, seen: float, tie: float
) -> FloatArray:
    """Return that chance for gaps above the lowest group, given the steps of the lowest rate."""
    top = law.below(law.groups.above(inside, seen), tie=tie)
    held = np.maximum(top - under[:, :-1], 0.0).prod(axis=2)
    left = np.maximum(top - under[:, 1:], 0.0).prod(axis=2)
    return np.sum(held - left, axis=1)


def _around(
    law: Law, inside: FloatArray, under: FloatArray, *, seen: float, tie: float
) -> FloatArray:
    """Return that chance for gaps around a reference group, given the steps of its rate."""
    rate = law.groups
    bottom = law.below(rate.below(inside, seen), tie=-tie)
    top = 1.0 if rate.below_only else law.below(rate.above(inside, seen), tie=tie)
    held = np.maximum(top - bottom, 0.0)
    held[:, :, rate.reference] = 1.0
    steps = under[:, :, rate.reference].copy()
    steps[:, -1] = 1.0
    return np.sum(np.diff(steps, axis=1) * held.prod(axis=2), axis=1)


def _law(rate: Groups, moved: FloatArray) -> Law:
    """Find the distribution of each group's rate where the true rates are given."""
    centre = rate.scaled(moved)
    few = np.flatnonzero(rate.few).tolist()
    counted = {at: _counted(rate, centre[:, at], moved[:, at], at=at) for at in few}
    return Law(rate, centre, {at: law for at, law in counted.items() if law is not None})


def _counted(rate: Groups, centre: FloatArray, moved: FloatArray, *, at: int) -> Counted | None:
    """Sum the binomial probabilities of one group's successes; ``None`` for too many numbers."""
    if rate.observations is None:
        return None
    n, reach = float(rate.observations[at]), (REACH + 1) / rate.root[at]
    low, high = np.clip([centre.min() - reach, centre.max() + reach], 0.0, np.pi / 2)
    first, last = max(int(n * np.sin(low) ** 2) - 1, 0), min(int(n * np.sin(high) ** 2) + 2, int(n))
    if last - first >= COUNTS:
        return None
    k, p = np.arange(first, last + 1), moved[:, np.newaxis]
    ways = special.gammaln(n + 1) - special.gammaln(k + 1) - special.gammaln(n - k + 1)
    each = np.exp(ways + special.xlogy(k, p) + special.xlog1py(n - k, -p))
    total = np.concatenate([np.zeros((len(p), 1)), np.cumsum(each, axis=1)], axis=1)
    return Counted(first, total / total[:, -1:], n)


def _edges(law: Law) -> FloatArray:
    """Return where the steps of the integral begin and end: evenly, and around every count."""
    rate, centre = law.groups, law.centre
    base = range(len(rate.rate)) if rate.reference is None else (rate.reference,)
    counted = [law.counted[at].rates for at in base if at in law.counted]
    if rate.reference is None:
        start = np.min(centre - REACH / rate.root, axis=1)
        end = np.min(centre + REACH / rate.root, axis=1)
    else:
        middle, half = centre[:, rate.reference], REACH / rate.root[rate.reference]
        start, end = middle - half, middle + half
    steps = np.linspace(0.0, 1.0, POINTS)
    edges = start[:, np.newaxis] + (end - start)[:, np.newaxis] * steps
    edges = np.clip(edges, *rate.scaled(np.array(rate.ends)))
    if not counted:
        return edges
    at = np.unique(np.concatenate(counted))
    around = rate.scaled(np.concatenate([at * (1 - BESIDE), np.minimum(at * (1 + BESIDE), 1.0)]))
    around = np.broadcast_to(around, (len(centre), len(around)))
    every = around if len(counted) == len(base) else np.concatenate([edges, around], axis=1)
    return np.sort(every, axis=1)
