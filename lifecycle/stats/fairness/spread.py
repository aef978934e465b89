"""How sure is the widest gap between groups: its interval, with the picking of the widest included.

The widest of many gaps is too wide on average, because chance helped to pick it. So a candidate for
the true gap is kept when the widest gap seen would not be unusual under it: the groups' rates are
moved as little as possible until their widest gap is the candidate, and the chance that the
widest observed gap would then be as small, or as large, follows from the groups' distributions.
Means count as normal with errors widened by as much as Student's quantile exceeds the normal one.

Source: Feldman and Cousins (1998), doi:10.1103/PhysRevD.57.3873, for acceptance that turns
one-sided where a gap cannot be smaller.
"""

from collections.abc import Sequence

import numpy as np
from scipy import special

from lifecycle.stats.fairness.chances import REACH, chance
from lifecycle.stats.fairness.compared import Groups
from lifecycle.stats.inference import FloatArray, Interval

CANDIDATES = 33
"""Gaps looked at, a third of a standard error apart; between them chances are interpolated."""

PASSES = 2
"""Times that rates are moved; a move costs what the rates allow that the last time gave."""

TURNS = 0.35
"""Standard errors over which acceptance turns from one-sided to two-sided; for one gap of a normal
difference Feldman and Cousins's own reaches half of either tail about there."""


TIED = np.array([0.2, 0.8])
"""Weights of the chances of a narrower gap and of one no wider, at the upper end; turned round at
the lower one. Halves (mid-P) hold the truth in 92 % where of three groups of fifty one expects five
successes and the others one."""


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
    chances = np.ones((2, len(gaps)))
    for rate in rates:
        moved = _within(rate, gaps)
        if rate is widest:
            moved = np.where((gaps > seen)[:, None], _apart(rate, gaps), moved)
        chances = chances * chance(rate, moved, seen)
    high_held, low_held = TIED @ chances, TIED[::-1] @ chances
    alpha = 1 - confidence
    turned = (gaps / error - special.ndtri(confidence)) / TURNS
    below = alpha / 2 * (1.0 if widest.below_only else np.clip(turned, 0.0, 1.0))
    scale = [special.ndtri(np.clip(held, 1e-300, 1 - 1e-16)) for held in (low_held, high_held)]
    low = _crossing(gaps, scale[0] - special.ndtri(1 - (alpha - below)))
    high = _crossing(gaps, scale[1] - special.ndtri(np.maximum(below, 1e-300)))
    return (low, high), float(1 - low_held[0])


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
    moved = np.broadcast_to(rate.rate, (len(gaps), len(rate.rate)))
    for _ in range(PASSES if rate.angular else 1):
        moved = _fitted(
            rate, gaps, weight=rate.weight(np.clip(moved, rate.rate.min(), rate.rate.max()))
        )
    return moved


def _fitted(rate: Groups, gaps: FloatArray, *, weight: FloatArray) -> FloatArray:
    """Move rates as little as possible where a move costs its square times a weight.

    Parameters
    ----------
    gaps
        Shape (candidates,).
    weight
        Shape (candidates, groups).
    """
    p, own = rate.rate, rate.reference
    stretch = np.exp(gaps) if rate.ratio else np.ones(len(gaps))
    low, high = np.full(len(gaps), 0.0 if rate.below_only else p.min()), np.full(len(gaps), p.max())
    for _ in range(30):
        at = (low + high) / 2
        over = np.maximum(p - rate.above(at, gaps)[:, None], 0.0) * weight
        over = over.sum(axis=1) * stretch
        if own is None:
            under = np.sum(np.maximum(at[:, None] - p, 0.0) * weight, axis=1)
        else:
            floor = rate.below(at, gaps)[:, None]
            under = np.delete(np.maximum(floor - p, 0.0) * weight, own, axis=1)
            under = under.sum(axis=1) / stretch + weight[:, own] * (at - p[own])
            over = np.zeros(len(gaps)) if rate.below_only else over
        low, high = np.where(under < over, at, low), np.where(under < over, high, at)
    at = (low + high) / 2
    floor = at if own is None else rate.below(at, gaps)
    roof = np.full(len(gaps), np.inf) if rate.below_only else rate.above(at, gaps)
    moved = np.clip(p, floor[:, None], roof[:, None])
    if own is not None:
        moved[:, own] = at
    return np.clip(moved, *rate.ends)


def _apart(rate: Groups, gaps: FloatArray) -> FloatArray:
    """Move the two groups that are farthest apart until their gap is each candidate."""
    low, high = rate.pair
    p, weight = rate.rate, rate.weight(rate.rate)
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
