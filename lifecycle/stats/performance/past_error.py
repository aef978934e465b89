"""How far was an estimate from what was realised later: the estimator's own error."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lifecycle.stats.inference import CONFIDENCE, Interval, wilson


@dataclass(frozen=True, slots=True)
class Outcome:
    """One window's estimate with its band, and what was realised there."""

    estimated: float
    band: Interval | None
    realised: float

    @property
    def error(self) -> float:
        """Estimated minus realised; above 0 the estimate was too good for a rate."""
        return self.estimated - self.realised

    @property
    def missed(self) -> bool:
        """Whether what was realised lies outside the band."""
        return self.band is not None and not self.band[0] <= self.realised <= self.band[1]


@dataclass(frozen=True, slots=True)
class PastError:
    """What an estimate was worth over windows whose outcomes are known by now.

    Parameters
    ----------
    windows
        How many there are.
    mean_absolute, bias, worst
        Of the error, in the measure's unit; the bias has its sign, worst has none.
    covered
        Share of the windows with a band in which the realised value lay inside it, with Wilson's
        interval at 95 %; ``None`` without a band.
    """

    windows: int
    mean_absolute: float
    bias: float
    worst: float
    covered: float | None
    covered_interval: Interval | None


def past_error(outcomes: Sequence[Outcome]) -> PastError | None:
    """Sum up an estimator's errors; ``None`` before any outcome is known."""
    if not outcomes:
        return None
    errors = np.array([outcome.error for outcome in outcomes])
    banded = [outcome for outcome in outcomes if outcome.band is not None]
    inside = sum(not outcome.missed for outcome in banded)
    return PastError(
        windows=len(outcomes),
        mean_absolute=float(np.mean(np.abs(errors))),
        bias=float(np.mean(errors)),
        worst=float(np.max(np.abs(errors))),
        covered=inside / len(banded) if banded else None,
        covered_interval=wilson(inside, len(banded), confidence=CONFIDENCE) if banded else None,
    )
