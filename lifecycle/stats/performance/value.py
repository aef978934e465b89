"""What are a classifier's decisions worth in money, given the worth of each way they turn out."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from lifecycle.stats.inference import (
    CONFIDENCE,
    Estimate,
    Interval,
    bounded,
    mean_interval,
    nothing,
)
from lifecycle.stats.performance import estimation
from lifecycle.stats.performance.estimation import Expected
from lifecycle.stats.summaries import NEGATIVE, POSITIVE, BinaryTally, FloatArray

EVERY = (1.0, 1.0, 1.0, 1.0)


def value_per_decision(
    tally: BinaryTally, *, worth: Sequence[float], confidence: float = CONFIDENCE
) -> Estimate:
    """Estimate the mean worth of a decision, in the currency of the amounts.

    Parameters
    ----------
    worth
        Amounts for true positives, false positives, false negatives and true negatives.

    Notes
    -----
    The interval is Student's t of the decisions' amounts.
    """
    counts, amounts = confusion(tally), np.asarray(worth, np.float64)
    n = int(counts.sum())
    if n == 0:
        return nothing("no row has both an outcome and a decision")
    total, squares = float(counts @ amounts), float(counts @ amounts**2)
    interval = mean_interval(total, squares, n, confidence=confidence)
    return bounded(total / n, n=n, interval=interval, confidence=confidence)


def total_value(
    tally: BinaryTally, *, worth: Sequence[float], confidence: float = CONFIDENCE
) -> Estimate:
    """Add up what the decisions with a known outcome were worth.

    The interval is what as many decisions of the same kind bring by chance.
    """
    return _times_n(value_per_decision(tally, worth=worth, confidence=confidence))


def expected_value_per_decision(
    expected: Expected, *, worth: Sequence[float], confidence: float = CONFIDENCE
) -> Estimate:
    """Estimate the mean worth of a decision while outcomes are unknown."""
    return estimation.ratio(
        expected,
        above=worth,
        below=EVERY,
        missing=estimation.NO_DECISIONS,
        confidence=confidence,
    )


def expected_total_value(
    expected: Expected, *, worth: Sequence[float], confidence: float = CONFIDENCE
) -> Estimate:
    """Add up what the decisions of a window are expected to be worth."""
    return _times_n(expected_value_per_decision(expected, worth=worth, confidence=confidence))


def confusion(tally: BinaryTally) -> FloatArray:
    """Return shape (4,): true positives, false positives, false and true negatives."""
    cells = tally.decisions
    return np.array(
        [
            cells[POSITIVE, POSITIVE],
            cells[NEGATIVE, POSITIVE],
            cells[POSITIVE, NEGATIVE],
            cells[NEGATIVE, NEGATIVE],
        ],
        dtype=np.float64,
    )


def _times_n(each: Estimate) -> Estimate:
    if each.value is None:
        return each
    interval: Interval | None = None
    if each.interval is not None:
        interval = each.interval[0] * each.n, each.interval[1] * each.n
    return replace(each, value=each.value * each.n, interval=interval)
