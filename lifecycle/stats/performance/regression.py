"""How large are a regression's errors; the error is prediction minus outcome."""

from dataclasses import replace
from math import sqrt

from lifecycle.stats.inference import CONFIDENCE, Estimate, bounded, mean_interval, nothing
from lifecycle.stats.summaries import ErrorTally

NO_ROWS = "no row has both a finite outcome and a finite prediction"

ROUNDING = 2.0**-53
"""Half a unit of a double's last place: up to this share of the sum of squares is rounding."""


def mae(tally: ErrorTally, *, confidence: float = CONFIDENCE) -> Estimate:
    """Estimate the mean absolute error, in the outcome's unit."""
    if tally.n == 0:
        return nothing(NO_ROWS)
    interval = mean_interval(tally.absolute, tally.squares, tally.n, confidence=confidence)
    if interval is not None:
        interval = max(interval[0], 0.0), interval[1]
    return bounded(tally.absolute / tally.n, n=tally.n, interval=interval, confidence=confidence)


def rmse(tally: ErrorTally, *, confidence: float = CONFIDENCE) -> Estimate:
    """Estimate the root mean squared error, in the outcome's unit.

    The interval is the root of the one of the mean squared error.
    """
    if tally.n == 0:
        return nothing(NO_ROWS)
    interval = mean_interval(tally.squares, tally.fourths, tally.n, confidence=confidence)
    if interval is not None:
        interval = sqrt(max(interval[0], 0.0)), sqrt(interval[1])
    value = sqrt(tally.squares / tally.n)
    return bounded(value, n=tally.n, interval=interval, confidence=confidence)


def mape(tally: ErrorTally, *, confidence: float = CONFIDENCE) -> Estimate:
    """Estimate the mean of the absolute error over the absolute outcome, a share.

    Rows whose outcome is 0 have no relative error and are left out; ``reason`` counts them.
    """
    n = tally.n - tally.zeros
    if n == 0:
        return nothing(NO_ROWS if tally.n == 0 else "every outcome is 0, so no error is relative")
    interval = mean_interval(tally.relative, tally.relative_squares, n, confidence=confidence)
    if interval is not None:
        interval = max(interval[0], 0.0), interval[1]
    found = bounded(tally.relative / n, n=n, interval=interval, confidence=confidence)
    left_out = f"{tally.zeros} of {tally.n} rows have outcome 0 and are left out"
    return replace(found, reason=left_out if tally.zeros else None)


def bias(tally: ErrorTally, *, confidence: float = CONFIDENCE) -> Estimate:
    """Estimate the mean error, in the outcome's unit; above 0 the model predicts too much."""
    if tally.n == 0:
        return nothing(NO_ROWS)
    interval = mean_interval(tally.errors, tally.squares, tally.n, confidence=confidence)
    return bounded(tally.errors / tally.n, n=tally.n, interval=interval, confidence=confidence)


def r2(tally: ErrorTally, *, confidence: float = CONFIDENCE) -> Estimate:
    """Estimate the share of the outcomes' variance that predictions explain, at most 1.

    This is ``1 - SSE / SST``, not a squared correlation, and below 0 for a model worse than the
    mean. Its interval needs cross moments that the tally does not hold, so there is none.

    Notes
    -----
    Source: Kvalseth (1985), doi:10.1080/00031305.1985.10479448, first definition.
    """
    del confidence  # every statistic of performance is called alike
    if tally.n == 0:
        return nothing(NO_ROWS)
    total = tally.outcome_spread
    if total <= ROUNDING * tally.outcome_squares:
        reason = "the outcomes are constant, or too nearly so for their size, to explain a variance"
        return nothing(reason, n=tally.n)
    return Estimate(1 - tally.squares / total, tally.n)
