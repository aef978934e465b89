"""How sure is the widest gap between groups: its interval, with the picking of the widest included.

The widest of many gaps is too wide on average, because chance helped to pick it. So a candidate for
the true gap is kept when the widest gap seen would not be unusual under it: the groups' rates are
moved as little as possible until their widest gap is the candidate, and the chance that the
widest observed gap would then be as small, or as large, follows from the groups' distributions.
Rates are taken as normal on the angular scale, which holds from a handful of successes on.

Sources: Anscombe (1948), doi:10.1093/biomet/35.3-4.246, for the scale; Feldman and Cousins (1998),
doi:10.1103/PhysRevD.57.3873, for acceptance that turns one-sided where a gap cannot be smaller.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from lifecycle.stats.inference import FloatArray, Interval
from lifecycle.stats.summaries import CountArray

CANDIDATES = 33
"""Gaps looked at, a third of a standard error apart; between them chances are interpolated."""

POINTS = 96
"""Points of the integral over the lowest (or the reference) group's rate."""

DRAWN = 0.6
"""Successes and failures added to every group. Three eighths would keep the scale's variance most
even; a little more keeps the coverage up where few successes are expected."""

REACH = 5.0
"""Standard errors that the integral and the candidates reach."""


@dataclass(frozen=True, slots=True, eq=False)
class Groups:
    """One rate in several groups, ready to be moved.

    Parameters
    ----------
    rate
        Shape (groups,), the rates, drawn a little to the middle so that none is 0 or 1.
    root
        Shape (groups,), one over the standard error on the angular scale.
    reference
        Position of the group that the others are compared with; all pairs when ``None``.
    ratio
        Whether a gap is a ratio; it is then measured as minus its logarithm.
    """

    rate: FloatArray
    root: FloatArray
    reference: int | None
    ratio: bool

    @property
    def weight(self) -> FloatArray:
        """One over each rate's variance."""
        return self.root**2 / (4 * self.rate * (1 - self.rate))

    @property
    def pair(self) -> tuple[int, int]:
        """The groups that are farthest apart, the lower one first; of equals the least certain."""
        if self.reference is None:
            low, high = np.lexsort((self.root, self.rate)), np.lexsort((-self.root, self.rate))
            return int(low[0]), int(high[-1])
        scale = np.log(self.rate) if self.ratio else self.rate
        far = int(np.lexsort((-self.root, np.abs(scale - scale[self.reference])))[-1])
        below = self.rate[far] < self.rate[self.reference]
        return (far, self.reference) if below else (self.reference, far)

    @property
    def gap(self) -> float:
        """The widest gap."""
        low, high = (float(self.rate[at]) for at in self.pair)
        return float(np.log(high / low)) if self.ratio else high - low

    @property
    def error(self) -> float:
        """The standard error of the gap between the two groups that are farthest apart."""
        at = list(self.pair)
        spread = 1 / self.weight[at]
        return float(np.sqrt(np.sum(spread / self.rate[at] ** 2 if self.ratio else spread)))

    def above(self, rate: FloatArray, gap: FloatArray | float) -> FloatArray:
        """Return the rates that lie so far above."""
        return rate * np.exp(gap) if self.ratio else rate + gap

    def below(self, rate: FloatArray, gap: FloatArray | float) -> FloatArray:
        """Return the rates that lie so far below."""
        return rate * np.exp(-gap) if self.ratio else rate - gap


def groups(counts: CountArray, *, ratio: bool, reference: int | None = None) -> Groups:
    """Take successes and observations of each group, shape (groups, 2)."""
    successes, n = counts[:, 0].astype(np.float64), counts[:, 1].astype(np.float64)
    return Groups((successes + DRAWN) / (n + 2 * DRAWN), 2 * np.sqrt(n + 0.5), reference, ratio)


def widest_gap(rates: Sequence[Groups], *, confidence: float) -> tuple[Interval, float]:
    """Bound the true widest gap over groups and rates, and test that there is none.

    Parameters
    ----------
    rates
        One or several rates of the same groups, from rows that do not overlap; at least two groups.

    Returns
    -------
    tuple
        The interval, in gaps as `Groups` measure them, at least 0; and the chance of a gap as wide
        if all groups were alike.
    """
    widest = max(rates, key=lambda rate: (rate.gap, rate.error))
    seen, error = widest.gap, max(rate.error for rate in rates)
    begin = max(0.0, seen - 1.2 * REACH * error)
    gaps = np.append(0.0, np.linspace(begin, seen + REACH * error, CANDIDATES))
    chance = np.ones(len(gaps))
    for rate in rates:
        moved = _within(rate, gaps)
        if rate is widest:
            moved = np.where((gaps > seen)[:, None], _apart(rate, gaps), moved)
        chance = chance * _chance(rate, moved, seen)
    alpha = 1 - confidence
    below = alpha / 2 * np.minimum(gaps / (2 * error), 1.0)
    scale = special.ndtri(np.clip(chance, 1e-300, 1 - 1e-16))
    low = _crossing(gaps, scale - special.ndtri(1 - (alpha - below)))
    high = _crossing(gaps, scale - special.ndtri(np.maximum(below, 1e-300)))
    return (low, high), float(1 - chance[0])


def _crossing(gaps: FloatArray, height: FloatArray) -> float:
    """Return where a falling curve first reaches zero; the end it never reaches it before."""
    under = np.flatnonzero(height <= 0)
    if len(under) == 0:
        return float(gaps[-1])
    at = int(under[0])
    if at == 0:
        return float(gaps[0])
    share = height[at - 1] / (height[at - 1] - height[at])
    return float(gaps[at - 1] + share * (gaps[at] - gaps[at - 1]))


def _within(rate: Groups, gaps: FloatArray) -> FloatArray:
    """Move rates as little as possible so that no gap exceeds each candidate."""
    p, weight = rate.rate, rate.weight
    stretch = np.exp(gaps) if rate.ratio else np.ones(len(gaps))
    low, high = np.full(len(gaps), p.min()), np.full(len(gaps), p.max())
    for _ in range(30):
        at = (low + high) / 2
        over = np.maximum(p - rate.above(at, gaps)[:, None], 0.0) @ weight * stretch
        if rate.reference is None:
            under = np.maximum(at[:, None] - p, 0.0) @ weight
        else:
            under = np.maximum(rate.below(at, gaps)[:, None] - p, 0.0) @ weight / stretch
            under = under + weight[rate.reference] * (at - p[rate.reference])
        low, high = np.where(under < over, at, low), np.where(under < over, high, at)
    at = (low + high) / 2
    floor = at if rate.reference is None else rate.below(at, gaps)
    moved = np.clip(p, floor[:, None], rate.above(at, gaps)[:, None])
    if rate.reference is not None:
        moved[:, rate.reference] = at
    return moved


def _apart(rate: Groups, gaps: FloatArray) -> FloatArray:
    """Move the two groups that are farthest apart until their gap is each candidate."""
    low, high = rate.pair
    p, weight = rate.rate, rate.weight
    moved = np.tile(p, (len(gaps), 1))
    if rate.ratio:
        r = np.exp(-gaps)
        pull = weight[low] * r * p[low] + weight[high] * p[high]
        top = np.minimum(pull / (weight[low] * r**2 + weight[high]), 1.0)
        bottom = r * top
    else:
        share = weight[high] / (weight[low] + weight[high])
        room = np.maximum(1 - gaps, 0.0)
        bottom = np.clip(p[low] - (gaps - (p[high] - p[low])) * share, 0.0, room)
        top = np.minimum(bottom + gaps, 1.0)
    moved[:, low], moved[:, high] = bottom, top
    return moved


def _chance(rate: Groups, moved: FloatArray, seen: float) -> FloatArray:
    """Return the chance of a widest gap no wider than the one seen, under each set of rates."""
    centre = np.arcsin(np.sqrt(moved))
    if rate.reference is None:
        start = np.min(centre - REACH / rate.root, axis=1)
        end = np.min(centre + REACH / rate.root, axis=1)
    else:
        middle, half = centre[:, rate.reference], REACH / rate.root[rate.reference]
        start, end = middle - half, middle + half
    steps = np.linspace(0.0, 1.0, POINTS)
    edges = start[:, None] + (end - start)[:, None] * steps
    edges = np.clip(edges, 0.0, np.pi / 2)
    inside = np.sin((edges[:, 1:] + edges[:, :-1]) / 2) ** 2
    top = _share(rate, centre, rate.above(inside, seen))
    if rate.reference is not None:
        return _around(rate, centre, edges, seen=seen)
    under = special.ndtr((edges[:, :, np.newaxis] - centre[:, np.newaxis]) * rate.root)
    under[:, 0] = 0.0
    held = np.maximum(top - under[:, :-1], 0.0).prod(axis=2)
    left = np.maximum(top - under[:, 1:], 0.0).prod(axis=2)
    return np.clip(np.sum(held - left, axis=1), 0.0, 1.0)


def _around(rate: Groups, centre: FloatArray, edges: FloatArray, *, seen: float) -> FloatArray:
    """Return that chance for gaps around a reference group, given the steps of its rate."""
    inside = np.sin((edges[:, 1:] + edges[:, :-1]) / 2) ** 2
    top = _share(rate, centre, rate.above(inside, seen))
    held = np.maximum(top - _share(rate, centre, rate.below(inside, seen)), 0.0)
    held[:, :, rate.reference] = 1.0
    own = centre[:, rate.reference, np.newaxis]
    steps = special.ndtr((edges - own) * rate.root[rate.reference])
    steps[:, 0], steps[:, -1] = 0.0, 1.0
    return np.clip(np.sum(np.diff(steps, axis=1) * held.prod(axis=2), axis=1), 0.0, 1.0)


def _share(rate: Groups, centre: FloatArray, bound: FloatArray) -> FloatArray:
    """Return the chance of each group to lie below bounds, shape (candidates, points, groups)."""
    angle = np.arcsin(np.sqrt(np.clip(bound, 0.0, 1.0)))
    angle = np.where(bound >= 1.0, np.inf, np.where(bound <= 0.0, -np.inf, angle))
    return special.ndtr((angle[:, :, np.newaxis] - centre[:, np.newaxis]) * rate.root)
