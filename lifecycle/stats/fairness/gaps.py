"""How far are groups apart: gaps between rates, and how sure they are.

A gap is the widest over all pairs of groups, or over the pairs with a reference group. Groups with
too few observations behind the rate are left out of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lifecycle.errors import InvalidInput
from lifecycle.stats.fairness import compared, spread
from lifecycle.stats.fairness.rates import (
    GroupRate,
    base_rate,
    false_positive_rate,
    positive_predictive_value,
    selection_rate,
    true_positive_rate,
)
from lifecycle.stats.inference import (
    CONFIDENCE,
    Estimate,
    Interval,
    normal_quantile,
    nothing,
    ratio_bounds,
)
from lifecycle.stats.summaries import BinaryTally, FloatArray

MINIMUM = 30
"""Fewest observations behind a group's rate before it enters a gap; a house default."""

FEW = 10
"""Successes of a group below which a test of all ratios reaches far beyond those of single ones."""


@dataclass(frozen=True, slots=True)
class Gap:
    """How far one or more rates lie apart between groups.

    A difference is the largest, a ratio the smallest over all pairs of groups and all rates; with
    a reference group only the pairs with it count.
    """

    name: str
    rates: tuple[GroupRate, ...]
    ratio: bool = False

    def __call__(
        self,
        tallies: Sequence[BinaryTally],
        *,
        confidence: float | None = CONFIDENCE,
        minimum: int = MINIMUM,
        reference: int | None = None,
    ) -> Estimate:
        """Estimate the gap over groups.

        Parameters
        ----------
        tallies
            One per group.
        confidence
            Of the interval, which allows for the widest gap having been picked; without one there
            is no interval, which saves most of the time.
        minimum
            Groups with fewer observations behind a rate are left out of the gap; ``reason`` says
            how many.
        reference
            Position of the group that the others are compared with; all pairs unless given.

        Returns
        -------
        Estimate
            ``n`` counts the observations of the groups compared, those of the largest rate's.
        """
        kept = self.judged(tallies, minimum=minimum)
        left_out = len(tallies) - len(kept)
        note = f"{left_out} of {len(tallies)} groups left out: fewer than {minimum} observations"
        if reference is not None and reference not in kept:
            if not 0 <= reference < len(tallies):
                raise InvalidInput(f"there is no group at position {reference}")
            return nothing(f"the reference group has fewer than {minimum} observations")
        counts = [
            np.array([rate.counts(tallies[i].decisions) for i in kept]).reshape(-1, 2)
            for rate in self.rates
        ]
        n = max(int(c[:, 1].sum()) for c in counts)
        if len(kept) < 2:  # noqa: PLR2004 -- a gap needs two groups
            few = f"; {note}" if left_out else ""
            return nothing(f"fewer than two groups to compare{few}", n=n)
        if self.ratio and not all(c[:, 0].any() for c in counts):
            return nothing("a ratio is undefined: the rate is zero in every group compared", n=n)
        base = None if reference is None else kept.index(reference)
        apart = [_widest(c[:, 0] / c[:, 1], ratio=self.ratio, reference=base) for c in counts]
        value, reason = (min if self.ratio else max)(apart), note if left_out else None
        if confidence is None:
            return Estimate(value, n, reason=reason)
        rates = [compared.groups(c, ratio=self.ratio, reference=base) for c in counts]
        bounds, chance = spread.widest_gap(rates, confidence=confidence)
        interval = _natural(bounds, value=value, ratio=self.ratio)
        return Estimate(value, n, interval, confidence, p_value=chance, reason=reason)

    def judged(self, tallies: Sequence[BinaryTally], *, minimum: int = MINIMUM) -> tuple[int, ...]:
        """Return the positions of the groups with enough observations behind every rate."""
        return tuple(
            i
            for i, tally in enumerate(tallies)
            if all(rate.counts(tally.decisions)[1] >= max(minimum, 1) for rate in self.rates)
        )


base_rate_difference = Gap("base_rate_difference", (base_rate,))
demographic_parity_difference = Gap("demographic_parity_difference", (selection_rate,))
demographic_parity_ratio = Gap("demographic_parity_ratio", (selection_rate,), ratio=True)
equal_opportunity_difference = Gap("equal_opportunity_difference", (true_positive_rate,))
equal_opportunity_ratio = Gap("equal_opportunity_ratio", (true_positive_rate,), ratio=True)
equalized_odds_difference = Gap(
    "equalized_odds_difference", (true_positive_rate, false_positive_rate)
)
equalized_odds_ratio = Gap(
    "equalized_odds_ratio", (true_positive_rate, false_positive_rate), ratio=True
)
predictive_parity_difference = Gap("predictive_parity_difference", (positive_predictive_value,))
predictive_parity_ratio = Gap("predictive_parity_ratio", (positive_predictive_value,), ratio=True)


def impact_ratios(
    tallies: Sequence[BinaryTally],
    *,
    confidence: float = CONFIDENCE,
    minimum: int = MINIMUM,
    reference: int | None = None,
) -> tuple[Estimate, ...]:
    """Compare each group's selection rate with the best group's, or a reference group's.

    Parameters
    ----------
    tallies
        One per group.
    confidence
        Of each interval by itself.
    minimum
        A group with fewer decisions has no ratio and is not taken as the best.
    reference
        Position of the group to compare with; the one with the highest rate unless given.

    Returns
    -------
    tuple of Estimate
        One per group, in order; the compared group's own is 1 without an interval.

    Notes
    -----
    Source: 29 CFR 1607.4(D), the four-fifths rule: a screen, never a verdict.
    """
    counts = [selection_rate.counts(tally.decisions) for tally in tallies]
    judged = [i for i, (_, n) in enumerate(counts) if n >= max(minimum, 1)]
    if reference is None:
        best = max(judged, key=lambda i: counts[i][0] / counts[i][1], default=None)
    else:
        if not 0 <= reference < len(tallies):
            raise InvalidInput(f"there is no group at position {reference}")
        best = reference if reference in judged else None
    if best is None or counts[best][0] == 0:
        few = best is None
        reason = _uncompared(few=few, reference=reference is not None, minimum=minimum)
        return tuple(nothing(reason, n=n) for _, n in counts)
    hits, rows = np.array(counts)[judged].T
    low, high = ratio_bounds((hits, rows), counts[best], z=normal_quantile(confidence))
    bounds = dict(zip(judged, zip(low.tolist(), high.tolist(), strict=True), strict=True))
    rate = counts[best][0] / counts[best][1]
    found: list[Estimate] = []
    for i, (successes, n) in enumerate(counts):
        if i == best:
            found.append(Estimate(1.0, n))
        elif i not in bounds:
            found.append(nothing(f"the group has fewer than {minimum} decisions", n=n))
        else:
            found.append(Estimate(successes / n / rate, n, bounds[i], confidence))
    return tuple(found)


def _uncompared(*, few: bool, reference: bool, minimum: int) -> str:
    """Say why there is no group that the others can be compared with."""
    if few:
        whose = "the reference group has" if reference else "every group has"
        return f"{whose} fewer than {minimum} decisions, too few to compare with"
    if reference:
        return "the reference group's selection rate is zero, so there is no ratio to it"
    return "there is no group with a selection rate above zero to compare with"


def impact_ratio(
    tallies: Sequence[BinaryTally],
    *,
    confidence: float | None = CONFIDENCE,
    minimum: int = MINIMUM,
    reference: int | None = None,
) -> Estimate:
    """Return the smallest impact ratio over the groups; see `impact_ratios`.

    Against the best group this is `demographic_parity_ratio`, with its interval; against a
    reference group other ratios may exceed 1, and the interval is of how far the lowest group lies
    below the reference. Where a group has hardly a success, it follows from those of single ratios:
    the lowest of their lower bounds, which is no higher than that of the group that truly is lowest
    and so needs no allowance for their number, and the lowest of their upper bounds, of which each
    must hold, so that these are widened for it.
    """
    if reference is None:
        return demographic_parity_ratio(tallies, confidence=confidence, minimum=minimum)
    each = impact_ratios(tallies, minimum=minimum, reference=reference)
    found = [(e.value, i) for i, e in enumerate(each) if e.value is not None]
    if len(found) < 2:  # noqa: PLR2004 -- a ratio needs two groups
        return nothing(each[reference].reason or "fewer than two groups to compare")
    left_out = len(each) - len(found)
    note = f"{left_out} of {len(each)} groups left out: fewer than {minimum} observations"
    kept = [i for _, i in found]
    n, lowest = sum(each[i].n for i in kept), min(value for value, i in found if i != reference)
    reason = note if left_out else None
    if confidence is None:
        return Estimate(lowest, n, reason=reason)
    counts = np.array([selection_rate.counts(tallies[i].decisions) for i in kept])
    if np.min(counts[:, 0]) < FEW:
        levels = (confidence, 1 - (1 - confidence) / (len(kept) - 1))
        low, high = (
            min(
                one.interval[end]
                for one in impact_ratios(
                    tallies, confidence=level, minimum=minimum, reference=reference
                )
                if one.interval is not None  # the reference has none
            )
            for end, level in enumerate(levels)
        )
        return Estimate(lowest, n, (low, high), confidence, reason=reason)
    base = kept.index(reference)
    rates = compared.groups(counts, ratio=True, reference=base, below_only=True)
    (low, high), _ = spread.widest_gap([rates], confidence=confidence)
    interval = min(float(np.exp(-high)), lowest), max(float(np.exp(-low)), lowest)
    return Estimate(lowest, n, interval, confidence, reason=reason)


def _widest(rates: FloatArray, *, ratio: bool, reference: int | None) -> float:
    """Return the largest difference, or the smallest ratio of a lower to a higher rate."""
    others = rates if reference is None else np.delete(rates, reference)
    against = rates if reference is None else rates[[reference]]
    if not ratio:
        return float(max(against.max() - others.min(), others.max() - against.min()))
    pairs = ((others.min(), against.max()), (against.min(), others.max()))
    # Two groups without any success are equal; a third one decides the smallest ratio.
    return float(min(low / high if high > 0 else 1.0 for low, high in pairs))


def _natural(bounds: Interval, *, value: float, ratio: bool) -> Interval:
    """Return an interval in the gap's own terms; no gap lies outside its interval."""
    low, high = (float(np.exp(-bounds[1])), float(np.exp(-bounds[0]))) if ratio else bounds
    return max(min(low, value), 0.0), min(max(high, value), 1.0)
