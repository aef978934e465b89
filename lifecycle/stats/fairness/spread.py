"""How sure is the widest gap between groups: its interval, with the picking of the widest included.

The widest of many gaps is too wide on average, because chance helped to pick it. So a candidate for
the true gap is kept when the widest gap seen would not be unusual under it: the groups' rates are
moved as little as possible until their widest gap is the candidate, and the chance that the
widest observed gap would then be as small, or as large, follows from the groups' distributions.
Rates are taken as normal on the angular scale, which holds from a handful of successes on; means
as they are, with errors widened by as much as Student's quantile exceeds the normal one.

Sources: Anscombe (1948), doi:10.1093/biomet/35.3-4.246, for the scale; Feldman and Cousins (1998),
doi:10.1103/PhysRevD.57.3873, for acceptance that turns one-sided where a gap cannot be smaller.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from lifecycle.stats.inference import FloatArray, Interval, normal_quantile, student_quantile
from lifecycle.stats.summaries import CountArray

CANDIDATES = 33
"""Gaps looked at, a third of a standard error apart; between them chances are interpolated."""

POINTS = 96
"""Points of the integral over the lowest (or the reference) group's rate."""

DRAWN = 0.6
"""Successes and failures added to every group. Three eighths would keep the scale's variance most
even; a little more keeps the coverage up where few successes are expected."""

CERTAIN = 1e-6
"""Least share of the largest variance that a mean has; the integral needs a step to be a slope."""

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
    below_only
        Whether gaps are only those of groups below the reference group: how far the lowest one
        lies under it, negative when all lie above.
    angular
        Whether rates are proportions, normal on the angular scale; otherwise means, normal as they
        are, and ``rate`` is the mean.
    """

    rate: FloatArray
    root: FloatArray
    reference: int | None
    ratio: bool
    below_only: bool = False
    angular: bool = True

    @property
    def weight(self) -> FloatArray:
        """One over each rate's variance."""
        return self.root**2 / (4 * self.rate * (1 - self.rate)) if self.angular else self.root**2

    @property
    def ends(self) -> Interval:
        """The lowest and the highest rate there can be."""
        return (0.0, 1.0) if self.angular else (-np.inf, np.inf)

    def scaled(self, rate: FloatArray) -> FloatArray:
        """Return rates on the scale on which they are normal."""
        return np.arcsin(np.sqrt(rate)) if self.angular else rate

    def unscaled(self, at: FloatArray) -> FloatArray:
        """Return the rates at points of that scale."""
        return np.sin(at) ** 2 if self.angular else at

    @property
    def pair(self) -> tuple[int, int]:
        """The groups that are farthest apart, the lower one first; of equals the least certain."""
        if self.reference is None:
            low, high = np.lexsort((self.root, self.rate)), np.lexsort((-self.root, self.rate))
            return int(low[0]), int(high[-1])
        if self.below_only:
            others = np.delete(np.arange(len(self.rate)), self.reference)
            order = np.lexsort((self.root[others], self.rate[others]))
            return int(others[order[0]]), self.reference
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


def groups(
    counts: CountArray, *, ratio: bool, reference: int | None = None, below_only: bool = False
) -> Groups:
    """Take successes and observations of each group, shape (groups, 2)."""
    successes, n = counts[:, 0].astype(np.float64), counts[:, 1].astype(np.float64)
    rate, root = (successes + DRAWN) / (n + 2 * DRAWN), 2 * np.sqrt(n + 0.5)
    return Groups(rate, root, reference, ratio, below_only=below_only)


def means(
    mean: FloatArray,
    variance: FloatArray,
    n: CountArray,
    *,
    confidence: float,
    reference: int | None = None,
) -> Groups:
    """Take the means of the groups, their variances and observations; some variance is above 0.

    Notes
    -----
    The degrees of freedom are those of the sum of the means, by Welch (1947),
    doi:10.1093/biomet/34.1-2.28; between two groups that is Welch's interval. A group whose values
    do not vary is taken as nearly certain.
    """
    known = variance.sum() ** 2 / np.sum(variance**2 / (n - 1))
    wider = student_quantile(confidence, freedom=known) / normal_quantile(confidence)
    error = wider * np.sqrt(np.maximum(variance, variance.max() * CERTAIN))
    return Groups(mean, 1 / error, reference, ratio=False, angular=False)


def widest_gap(rates: Sequence[Groups], *, confidence: float) -> tuple[Interval, float]:
    """Bound the true widest gap over groups and rates, and test that there is none.

    Parameters
    ----------
    rates
        One or several rates of the same groups, from rows that do not overlap; at least two groups.

    Returns
    -------
    tuple
        The interval, in gaps as `Groups` measure them, at least 0 unless only gaps below the
        reference count; and the chance of a gap as wide if all groups were alike.
    """
    widest = max(rates, key=lambda rate: (rate.gap, rate.error))
    seen, error = widest.gap, max(rate.error for rate in rates)
    begin = seen - 1.2 * REACH * error
    begin = begin if widest.below_only else max(0.0, begin)
    gaps = np.append(min(begin, 0.0), np.linspace(begin, seen + REACH * error, CANDIDATES))
    chance = np.ones(len(gaps))
    for rate in rates:
        moved = _within(rate, gaps)
        if rate is widest:
            moved = np.where((gaps > seen)[:, None], _apart(rate, gaps), moved)
        chance = chance * _chance(rate, moved, seen)
    alpha = 1 - confidence
    room = np.inf if widest.below_only else gaps / (2 * error)
    below = alpha / 2 * np.minimum(room, np.ones(len(gaps)))
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
    low, high = np.full(len(gaps), 0.0 if rate.below_only else p.min()), np.full(len(gaps), p.max())
    for _ in range(30):
        at = (low + high) / 2
        over = np.maximum(p - rate.above(at, gaps)[:, None], 0.0) @ weight * stretch
        if rate.reference is None:
            under = np.maximum(at[:, None] - p, 0.0) @ weight
        else:
            floor = rate.below(at, gaps)[:, None]
            under = np.delete(np.maximum(floor - p, 0.0) * weight, rate.reference, axis=1)
            under = under.sum(axis=1) / stretch + weight[rate.reference] * (at - p[rate.reference])
            over = np.zeros(len(gaps)) if rate.below_only else over
        low, high = np.where(under < over, at, low), np.where(under < over, high, at)
    at = (low + high) / 2
    floor = at if rate.reference is None else rate.below(at, gaps)
    roof = np.full(len(gaps), np.inf) if rate.below_only else rate.above(at, gaps)
    moved = np.clip(p, floor[:, None], roof[:, None])
    if rate.reference is not None:
        moved[:, rate.reference] = at
    return np.clip(moved, *rate.ends)


def _apart(rate: Groups, gaps: FloatArray) -> FloatArray:
    """Move the two groups that are farthest apart until their gap is each candidate."""
    low, high = rate.pair
    p, weight = rate.rate, rate.weight
    moved = np.tile(p, (len(gaps), 1))
    if rate.ratio:
        r = np.exp(-gaps)
        pull = weight[low] * r * p[low] + weight[high] * p[high]
        top = np.minimum(pull / (weight[low] * r**2 + weight[high]), np.minimum(1.0, 1 / r))
        bottom = r * top
    else:
        share, (least, most) = weight[high] / (weight[low] + weight[high]), rate.ends
        room = np.maximum(most - gaps, least)
        bottom = np.clip(p[low] - (gaps - (p[high] - p[low])) * share, least, room)
        top = np.minimum(bottom + gaps, most)
    moved[:, low], moved[:, high] = bottom, top
    return moved


def _chance(rate: Groups, moved: FloatArray, seen: float) -> FloatArray:
    """Return the chance of a widest gap no wider than the one seen, under each set of rates."""
    centre = rate.scaled(moved)
    if rate.reference is None:
        start = np.min(centre - REACH / rate.root, axis=1)
        end = np.min(centre + REACH / rate.root, axis=1)
    else:
        middle, half = centre[:, rate.reference], REACH / rate.root[rate.reference]
        start, end = middle - half, middle + half
    steps = np.linspace(0.0, 1.0, POINTS)
    edges = start[:, None] + (end - start)[:, None] * steps
    edges = np.clip(edges, *rate.scaled(np.array(rate.ends)))
    if rate.reference is not None:
        return _around(rate, centre, edges, seen=seen)
    inside = rate.unscaled((edges[:, 1:] + edges[:, :-1]) / 2)
    top = _share(rate, centre, rate.above(inside, seen))
    under = special.ndtr((edges[:, :, np.newaxis] - centre[:, np.newaxis]) * rate.root)
    under[:, 0] = 0.0
    held = np.maximum(top - under[:, :-1], 0.0).prod(axis=2)
    left = np.maximum(top - under[:, 1:], 0.0).prod(axis=2)
    return np.clip(np.sum(held - left, axis=1), 0.0, 1.0)


def _around(rate: Groups, centre: FloatArray, edges: FloatArray, *, seen: float) -> FloatArray:
    """Return that chance for gaps around a reference group, given the steps of its rate."""
    inside = rate.unscaled((edges[:, 1:] + edges[:, :-1]) / 2)
    bottom = _share(rate, centre, rate.below(inside, seen))
    top = 1.0 if rate.below_only else _share(rate, centre, rate.above(inside, seen))
    held = np.maximum(top - bottom, 0.0)
    held[:, :, rate.reference] = 1.0
    own = centre[:, rate.reference, np.newaxis]
    steps = special.ndtr((edges - own) * rate.root[rate.reference])
    steps[:, 0], steps[:, -1] = 0.0, 1.0
    return np.clip(np.sum(np.diff(steps, axis=1) * held.prod(axis=2), axis=1), 0.0, 1.0)


def _share(rate: Groups, centre: FloatArray, bound: FloatArray) -> FloatArray:
    """Return the chance of each group to lie below bounds, shape (candidates, points, groups)."""
    least, most = rate.ends
    angle = rate.scaled(np.clip(bound, least, most))
    angle = np.where(bound >= most, np.inf, np.where(bound <= least, -np.inf, angle))
    return special.ndtr((angle[:, :, np.newaxis] - centre[:, np.newaxis]) * rate.root)
