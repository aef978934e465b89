"""How far are the groups' means apart: errors of a regression, and calibration of scores."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import exp
from typing import Generic, TypeAlias, TypeVar

import numpy as np

from lifecycle.errors import InvalidInput
from lifecycle.stats.fairness import compared, spread
from lifecycle.stats.fairness.gaps import MINIMUM
from lifecycle.stats.inference import (
    CONFIDENCE,
    Estimate,
    bounded,
    mean_interval,
    nothing,
)
from lifecycle.stats.summaries import NEGATIVE, POSITIVE, UNKNOWN, BinaryTally, ErrorTally

Moments: TypeAlias = tuple[float, float, int]
"""The sum, the sum of squares and the number of some values."""

T = TypeVar("T")


def residuals(tally: ErrorTally) -> Moments:
    """Return the moments of the errors, prediction minus outcome."""
    return tally.errors, tally.squares, tally.n


def sizes(tally: ErrorTally) -> Moments:
    """Return the moments of the errors' absolute values."""
    return tally.absolute, tally.squares, tally.n


def promises(tally: BinaryTally) -> Moments:
    """Return the moments of score minus outcome; by label the sums of scores say it all."""
    n = int(tally.scores[:UNKNOWN].sum())
    sums = tally.score_sums.sum(axis=1)
    positives = int(tally.scores[POSITIVE].sum())
    squares = float(tally.score_squares[NEGATIVE] + tally.score_squares[POSITIVE])
    total = float(sums[NEGATIVE] + sums[POSITIVE]) - positives
    return total, squares - 2 * float(sums[POSITIVE]) + positives, n


def calibration_bias(tally: BinaryTally, *, confidence: float = CONFIDENCE) -> Estimate:
    """Estimate how much scores promise beyond outcomes: the mean score less the base rate."""
    total, squares, n = promises(tally)
    if n == 0:
        return nothing("no row of the group has both an outcome and a valid score")
    interval = mean_interval(total, squares, n, confidence=confidence)
    return bounded(total / n, n=n, interval=interval, confidence=confidence)


@dataclass(frozen=True, slots=True)
class MeanGap(Generic[T]):
    """How far a mean lies apart between groups.

    A difference is the largest, a ratio the smallest over all pairs of groups; with a reference
    group only the pairs with it count.
    """

    name: str
    moments: Callable[[T], Moments]
    ratio: bool = False

    def __call__(
        self,
        tallies: Sequence[T],
        *,
        confidence: float | None = CONFIDENCE,
        minimum: int = MINIMUM,
        reference: int | None = None,
    ) -> Estimate:
        """Estimate the gap over groups; parameters as for `Gap`.

        Notes
        -----
        The interval allows for the widest gap having been picked, see `spread`; a ratio's is made
        on the logarithm.
        """
        if reference is not None and not 0 <= reference < len(tallies):
            raise InvalidInput(f"there is no group at position {reference}")
        known = [self.moments(tally) for tally in tallies]
        kept = [i for i, (_, _, n) in enumerate(known) if n >= max(minimum, 2)]
        if reference is not None and reference not in kept:
            return nothing(f"the reference group has fewer than {minimum} observations")
        n, left_out = sum(known[i][2] for i in kept), len(tallies) - len(kept)
        note = f"{left_out} of {len(tallies)} groups left out: fewer than {minimum} observations"
        if len(kept) < 2:  # noqa: PLR2004 -- a gap needs two groups
            few = f"; {note}" if left_out else ""
            return nothing(f"fewer than two groups to compare{few}", n=n)
        if self.ratio and min(known[i][0] for i in kept) <= 0:
            return nothing("a ratio is undefined: the mean is zero in a group compared", n=n)
        base = None if reference is None else kept.index(reference)
        found = self._compared([known[i] for i in kept], confidence=confidence, reference=base)
        return replace(found, n=n, reason=note if left_out else None)

    def _compared(
        self, groups: Sequence[Moments], *, confidence: float | None, reference: int | None
    ) -> Estimate:
        """Return the widest gap of at least two groups, with its interval."""
        sums, squares, n = np.array(groups).T
        mean = sums / n
        variance = np.maximum(squares / n - mean**2, 0.0) / (n - 1)
        if self.ratio:
            mean, variance = np.log(mean), variance / mean**2
        middle = mean if reference is None else mean[[reference]]
        apart = float(max(mean.max() - middle.min(), middle.max() - mean.min()))
        value = exp(-apart) if self.ratio else apart
        if confidence is None:
            return Estimate(value, 0)
        if not variance.any():
            return Estimate(value, 0, (value, value), confidence)
        spreads = compared.means(mean, variance, n, confidence=confidence, reference=reference)
        (low, high), chance = spread.widest_gap([spreads], confidence=confidence)
        low, high = min(low, apart), max(high, apart)
        bounds = (exp(-high), exp(-low)) if self.ratio else (low, high)
        return Estimate(value, 0, bounds, confidence, p_value=chance)


mean_error_difference = MeanGap("mean_error_difference", residuals)
error_parity_difference = MeanGap("error_parity_difference", sizes)
error_parity_ratio = MeanGap("error_parity_ratio", sizes, ratio=True)
calibration_difference = MeanGap("calibration_difference", promises)
