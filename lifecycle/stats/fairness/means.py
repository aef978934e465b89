"""How far are the groups' means apart: errors of a regression, and calibration of scores."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import exp, log, sqrt
from typing import Generic, TypeAlias, TypeVar

from lifecycle.errors import InvalidInput
from lifecycle.stats.fairness.gaps import MINIMUM
from lifecycle.stats.inference import (
    CONFIDENCE,
    Estimate,
    Interval,
    bounded,
    mean_interval,
    nothing,
    student_quantile,
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
        The interval takes the widest bounds over all pairs, each pair's by Welch (1947),
        doi:10.1093/biomet/34.1-2.28, at a level divided by their number (Bonferroni); a ratio's
        are Welch's on the logarithm.
        """
        if reference is not None and not 0 <= reference < len(tallies):
            raise InvalidInput(f"there is no group at position {reference}")
        known = [self.moments(tally) for tally in tallies]
        kept = [i for i, (_, _, n) in enumerate(known) if n >= max(minimum, 2)]
        if reference is not None and reference not in kept:
            return nothing(f"the reference group has fewer than {minimum} observations")
        n, left_out = sum(known[i][2] for i in kept), len(tallies) - len(kept)
        note = f"{left_out} of {len(tallies)} groups left out: fewer than {minimum} observations"
        pairs = [pair for pair in combinations(kept, 2) if reference is None or reference in pair]
        if not pairs:
            few = f"; {note}" if left_out else ""
            return nothing(f"fewer than two groups to compare{few}", n=n)
        if self.ratio and min(known[i][0] for i in kept) <= 0:
            return nothing("a ratio is undefined: the mean is zero in a group compared", n=n)
        level = 1 - (1 - (confidence or CONFIDENCE)) / len(pairs)
        found = [_compared(known[i], known[j], ratio=self.ratio, level=level) for i, j in pairs]
        pick = min if self.ratio else max
        value = pick(v for v, _ in found)
        low, high = (pick(bounds[side] for _, bounds in found) for side in range(2))
        return Estimate(
            value,
            n,
            (low, high) if confidence else None,
            confidence,
            reason=note if left_out else None,
        )


def _compared(
    first: Moments, second: Moments, *, ratio: bool, level: float
) -> tuple[float, Interval]:
    """Compare two means: the size of their difference or the lower over the higher, with bounds."""
    (low, v), (high, w) = (_mean(side, ratio=ratio) for side in (first, second))
    spread = v + w
    parts = v * v / (first[2] - 1) + w * w / (second[2] - 1)
    half = 0.0
    if spread > 0 and parts > 0:
        half = student_quantile(level, freedom=max(int(spread * spread / parts), 1)) * sqrt(spread)
    apart = abs(high - low)
    bounds = max(apart - half, 0.0), apart + half
    return (exp(-apart), (exp(-bounds[1]), exp(-bounds[0]))) if ratio else (apart, bounds)


def _mean(side: Moments, *, ratio: bool) -> tuple[float, float]:
    """Return a mean and its variance; of a ratio the mean's logarithm and its variance."""
    total, squares, n = side
    mean = total / n
    variance = max(squares / n - mean * mean, 0.0) / (n - 1)
    return (log(mean), variance / mean**2) if ratio else (mean, variance)


mean_error_difference = MeanGap("mean_error_difference", residuals)
error_parity_difference = MeanGap("error_parity_difference", sizes)
error_parity_ratio = MeanGap("error_parity_ratio", sizes, ratio=True)
calibration_difference = MeanGap("calibration_difference", promises)
