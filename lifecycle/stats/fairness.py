"""How differently are groups treated: rates per group, and gaps between groups.

A group is a `BinaryTally`; its rate is a proportion of counts. A gap compares every pair of groups,
and its interval holds for all pairs at once (Bonferroni), so it also holds for the widest pair,
which the data picked. Groups with too few observations behind the rate are left out of a gap.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

import numpy as np

from lifecycle.errors import InvalidInput
from lifecycle.stats.inference import (
    CONFIDENCE,
    Estimate,
    FloatArray,
    Interval,
    difference_bounds,
    normal_quantile,
    nothing,
    proportion,
    ratio_bounds,
)
from lifecycle.stats.summaries import NEGATIVE, POSITIVE, UNKNOWN, BinaryTally, CountArray

MINIMUM = 30
"""Fewest observations behind a group's rate before it enters a gap; a house default."""

Counts: TypeAlias = tuple[int, int]


@dataclass(frozen=True, slots=True)
class GroupRate:
    """A proportion of a group's rows: which rows count, and which of them succeed."""

    name: str
    counts: Callable[[CountArray], Counts]
    """From rows by label and decision (3, 3) to successes and observations."""
    empty: str
    """What is missing when there is no observation."""

    def __call__(self, tally: BinaryTally, *, confidence: float = CONFIDENCE) -> Estimate:
        """Estimate the rate of one group with Wilson's interval."""
        successes, n = self.counts(tally.decisions)
        return proportion(successes, n, confidence=confidence, empty=self.empty)


def _decided(rows: CountArray, *, label: int, decision: int) -> Counts:
    """Count the decisions of one kind among the rows of one label."""
    return int(rows[label, decision]), int(rows[label, :UNKNOWN].sum())


def _selected(rows: CountArray) -> Counts:
    return int(rows[:, POSITIVE].sum()), int(rows[:, :UNKNOWN].sum())


def _positive(rows: CountArray) -> Counts:
    return int(rows[POSITIVE].sum()), int(rows[:UNKNOWN].sum())


def _right_of_selected(rows: CountArray) -> Counts:
    return int(rows[POSITIVE, POSITIVE]), int(rows[:UNKNOWN, POSITIVE].sum())


NO_POSITIVE = "no decided row of the group has a positive outcome"
NO_NEGATIVE = "no decided row of the group has a negative outcome"

selection_rate = GroupRate("selection_rate", _selected, "no row of the group has a decision")
base_rate = GroupRate("base_rate", _positive, "no row of the group has an outcome")
true_positive_rate = GroupRate(
    "true_positive_rate", partial(_decided, label=POSITIVE, decision=POSITIVE), NO_POSITIVE
)
false_negative_rate = GroupRate(
    "false_negative_rate", partial(_decided, label=POSITIVE, decision=NEGATIVE), NO_POSITIVE
)
false_positive_rate = GroupRate(
    "false_positive_rate", partial(_decided, label=NEGATIVE, decision=POSITIVE), NO_NEGATIVE
)
true_negative_rate = GroupRate(
    "true_negative_rate", partial(_decided, label=NEGATIVE, decision=NEGATIVE), NO_NEGATIVE
)
positive_predictive_value = GroupRate(
    "precision", _right_of_selected, "no labelled row of the group was decided positive"
)


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
        confidence: float = CONFIDENCE,
        minimum: int = MINIMUM,
        reference: int | None = None,
    ) -> Estimate:
        """Estimate the gap over groups.

        Parameters
        ----------
        tallies
            One per group.
        confidence
            Of the interval, which holds for all pairs and rates at once.
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
        first, second = _pairs(len(kept), None if reference is None else kept.index(reference))
        z = normal_quantile(1 - (1 - confidence) / (len(first) * len(counts)))
        compare = _ratios if self.ratio else _differences
        found = [compare(c[first], c[second], z=z) for c in counts]
        if self.ratio and not all(c[:, 0].any() for c in counts):
            return nothing("a ratio is undefined: the rate is zero in every group compared", n=n)
        value, interval = _extreme(found, lowest=self.ratio)
        reason = note if left_out else None
        return Estimate(value, n, interval, confidence, reason=reason)

    def judged(self, tallies: Sequence[BinaryTally], *, minimum: int = MINIMUM) -> tuple[int, ...]:
        """Return the positions of the groups with enough observations behind every rate."""
        return tuple(
            i
            for i, tally in enumerate(tallies)
            if all(rate.counts(tally.decisions)[1] >= max(minimum, 1) for rate in self.rates)
        )


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
        reason = "there is no group with a selection rate above zero to compare with"
        return tuple(nothing(reason, n=n) for _, n in counts)
    z = normal_quantile(confidence)
    rate = counts[best][0] / counts[best][1]
    found: list[Estimate] = []
    for i, (successes, n) in enumerate(counts):
        if i == best:
            found.append(Estimate(1.0, n))
        elif i not in judged:
            found.append(nothing(f"the group has fewer than {minimum} decisions", n=n))
        else:
            low, high = ratio_bounds((successes, n), counts[best], z=z)
            found.append(Estimate(successes / n / rate, n, (float(low), float(high)), confidence))
    return tuple(found)


def impact_ratio(
    tallies: Sequence[BinaryTally],
    *,
    confidence: float = CONFIDENCE,
    minimum: int = MINIMUM,
    reference: int | None = None,
) -> Estimate:
    """Return the smallest impact ratio over the groups; see `impact_ratios`.

    Against the best group this is `demographic_parity_ratio`, with its interval over all pairs;
    against a reference group other ratios may exceed 1, and intervals are widened for their number.
    """
    if reference is None:
        return demographic_parity_ratio(tallies, confidence=confidence, minimum=minimum)
    others = max(len(demographic_parity_ratio.judged(tallies, minimum=minimum)) - 1, 1)
    each = impact_ratios(
        tallies,
        confidence=1 - (1 - confidence) / others,
        minimum=minimum,
        reference=reference,
    )
    found = [
        (e.value, e.interval, e.n)
        for e in each
        if e.value is not None and e.interval is not None  # the reference itself has none
    ]
    if not found:
        return nothing(each[reference].reason or "fewer than two groups to compare")
    interval = min(bounds[0] for _, bounds, _ in found), min(bounds[1] for _, bounds, _ in found)
    left_out = sum(e.value is None for e in each)
    note = f"{left_out} of {len(each)} groups left out: fewer than {minimum} observations"
    n = each[reference].n + sum(rows for _, _, rows in found)
    lowest = min(value for value, _, _ in found)
    return Estimate(lowest, n, interval, confidence, reason=note if left_out else None)


_Bounded: TypeAlias = tuple[FloatArray, FloatArray, FloatArray]


def _pairs(groups: int, reference: int | None) -> tuple[CountArray, CountArray]:
    """Return the positions of all pairs, or of the pairs with one group."""
    if reference is None:
        first, second = np.triu_indices(groups, k=1)
    else:
        second = np.delete(np.arange(groups), reference)
        first = np.full(len(second), reference)
    return first.astype(np.int64), second.astype(np.int64)


def _sorted_by_rate(first: CountArray, second: CountArray) -> tuple[CountArray, CountArray]:
    """Put the side with the lower rate first, pair by pair."""
    swap = (first[:, 0] / first[:, 1] > second[:, 0] / second[:, 1])[:, np.newaxis]
    return np.where(swap, second, first), np.where(swap, first, second)


def _differences(first: CountArray, second: CountArray, *, z: float) -> _Bounded:
    """Return the absolute differences of rates, pair by pair, with their bounds."""
    low, high = _sorted_by_rate(first, second)
    below, above = difference_bounds((high[:, 0], high[:, 1]), (low[:, 0], low[:, 1]), z=z)
    value = high[:, 0] / high[:, 1] - low[:, 0] / low[:, 1]
    return value, np.maximum(below, 0.0), np.maximum(above, -below)


def _ratios(first: CountArray, second: CountArray, *, z: float) -> _Bounded:
    """Return the ratios of the lower to the higher rate, pair by pair, with their bounds."""
    low, high = _sorted_by_rate(first, second)
    below, above = ratio_bounds((low[:, 0], low[:, 1]), (high[:, 0], high[:, 1]), z=z)
    rate, best = low[:, 0] / low[:, 1], high[:, 0] / high[:, 1]
    # Two groups without any success are equal; a third one decides the smallest ratio.
    value = np.divide(rate, best, out=np.ones_like(rate), where=best > 0)
    return value, np.minimum(below, 1 / np.maximum(above, 1.0)), np.minimum(above, 1.0)


def _extreme(found: Sequence[_Bounded], *, lowest: bool) -> tuple[float, Interval]:
    """Return the widest gap over rates and pairs; the true one lies between the widest bounds."""
    pick = np.min if lowest else np.max
    value, below, above = (float(pick([pick(rate[part]) for rate in found])) for part in range(3))
    return value, (below, above)
