"""How good are a binary classifier's scores: ranking, calibration and likelihood, from score bins.

Rows without an outcome or a valid score are left out; the tally counts both. Ranking takes the
scores of one bin as tied, which is exact when bins hold one score each; otherwise ``resolution``
bounds what the order inside bins could change.
"""

from math import sqrt

import numpy as np
from scipy import special

from lifecycle.stats.counting import EPSILON
from lifecycle.stats.inference import (
    CONFIDENCE,
    Estimate,
    bounded,
    logit_interval,
    mean_interval,
    nothing,
)
from lifecycle.stats.performance.ranking import area
from lifecycle.stats.summaries import (
    NEGATIVE,
    POSITIVE,
    UNKNOWN,
    BinaryTally,
    CountArray,
    FloatArray,
)

CALIBRATION_BINS = 10
"""Equal-width bins of the expected calibration error, as Naeini et al. use."""

NO_SCORES = "no row has both an outcome and a valid score"
ONE_CLASS = "only one of the two classes occurs among the scored outcomes"


def _by_class(tally: BinaryTally) -> tuple[FloatArray, FloatArray]:
    """Return the scored negatives and positives per bin, lowest scores first."""
    return tally.scores[NEGATIVE].astype(np.float64), tally.scores[POSITIVE].astype(np.float64)


def _needs_both(tally: BinaryTally) -> Estimate | None:
    negatives, positives = (int(tally.scores[label].sum()) for label in (NEGATIVE, POSITIVE))
    if negatives + positives == 0:
        return nothing(NO_SCORES)
    if negatives == 0 or positives == 0:
        return nothing(ONE_CLASS, n=negatives + positives)
    return None


def roc_auc(tally: BinaryTally, *, confidence: float = CONFIDENCE) -> Estimate:
    """Estimate the chance that a positive scores above a negative, ties counting half.

    The interval is DeLong's on the logit scale; at 0 and 1 his variance vanishes and there is none.

    Notes
    -----
    Sources: Hanley and McNeil (1982), doi:10.1148/radiology.143.1.7063747; DeLong, DeLong and
    Clarke-Pearson (1988), doi:10.2307/2531595.
    """
    if (unable := _needs_both(tally)) is not None:
        return unable
    negatives, positives = _by_class(tally)
    n, m = negatives.sum(), positives.sum()
    value, gain, loss = area(positives, negatives)
    interval = None
    if n > 1 and m > 1:
        spread_positive = float(positives @ (gain * m) ** 2) / (m - 1)
        spread_negative = float(negatives @ (loss * n) ** 2) / (n - 1)
        error = sqrt(spread_positive / m + spread_negative / n)
        interval = logit_interval(value, error, confidence=confidence)
    hidden = 0.0 if tally.exact else float(positives @ negatives / (2 * n * m))
    return bounded(
        value, n=int(n + m), interval=interval, confidence=confidence, resolution=hidden or None
    )


def average_precision(tally: BinaryTally, *, confidence: float = CONFIDENCE) -> Estimate:
    """Estimate the precision averaged over the steps of recall.

    Notes
    -----
    Defined as in scikit-learn, without interpolation. The interval is the logit one of Boyd, Eng
    and Page (2013), doi:10.1007/978-3-642-40994-3_29, on the number of positives.
    """
    if (unable := _needs_both(tally)) is not None:
        return unable
    negatives, positives = (side[::-1] for side in _by_class(tally))
    m = positives.sum()
    hits, misses = np.cumsum(positives), np.cumsum(negatives)
    held = positives > 0
    value = float(np.sum(positives[held] * hits[held] / (hits + misses)[held]) / m)
    error = sqrt(value * (1 - value) / m) if value < 1 else 0.0
    hidden = 0.0
    if not tally.exact:
        # At best a bin's positives tie above its negatives, at worst they follow one by one.
        above = (hits + misses - negatives)[held]
        best = float(np.sum(positives[held] * hits[held] / above)) / m
        worst = float(np.sum(_precisions(hits - positives, positives, misses=misses))) / m
        hidden = float(max(best - value, value - worst, 0.0))
    return bounded(
        value,
        n=int(m + negatives.sum()),
        interval=logit_interval(value, error, confidence=confidence),
        confidence=confidence,
        resolution=hidden or None,
    )


def _precisions(before: FloatArray, held: FloatArray, *, misses: FloatArray) -> FloatArray:
    """Sum the precision at each positive of a bin, one by one behind so many negatives.

    ``sum (b + j) / (b + j + f)`` for j up to the bin's positives, in closed form.
    """
    steps = special.digamma(before + held + misses + 1) - special.digamma(before + misses + 1)
    return held - misses * steps


def brier(tally: BinaryTally, *, confidence: float = CONFIDENCE) -> Estimate:
    """Estimate the mean squared difference of score and outcome, 0 to 1.

    The interval needs fourth powers, which are taken at the bins' mean scores.

    Notes
    -----
    Source: Brier (1950), doi:10.1175/1520-0493(1950)078<0001:VOFEIT>2.0.CO;2.
    """
    n = int(tally.scores[:UNKNOWN].sum())
    if n == 0:
        return nothing(NO_SCORES)
    sums = tally.score_sums.sum(axis=1)
    total = float(
        tally.score_squares[NEGATIVE]
        + tally.score_squares[POSITIVE]
        - 2 * sums[POSITIVE]
        + tally.scores[POSITIVE].sum()
    )
    fourths = 0.0
    for label in (NEGATIVE, POSITIVE):
        counts = tally.scores[label]
        fourths += float(counts @ (_mean_scores(tally, label) - label) ** 4)
    interval = mean_interval(total, fourths, n, confidence=confidence)
    value = min(max(total / n, 0.0), 1.0)
    if interval is not None:
        interval = max(interval[0], 0.0), min(interval[1], 1.0)
    return bounded(value, n=n, interval=interval, confidence=confidence)


def log_loss(tally: BinaryTally, *, confidence: float = CONFIDENCE) -> Estimate:
    """Estimate the mean negative log-likelihood of the outcomes, in nats.

    The interval needs the squares of the losses: there is one when every bin holds one score.

    Notes
    -----
    Source: Good (1952), doi:10.1111/j.2517-6161.1952.tb00104.x.
    """
    n = int(tally.scores[:UNKNOWN].sum())
    if n == 0:
        return nothing(NO_SCORES)
    total = float(tally.log_losses[:UNKNOWN].sum())
    interval = None
    if tally.exact:
        squares = 0.0
        for label in (NEGATIVE, POSITIVE):
            score = _mean_scores(tally, label)
            chance = np.clip(score if label == POSITIVE else 1 - score, EPSILON, 1 - EPSILON)
            squares += float(tally.scores[label] @ np.log(chance) ** 2)
        interval = mean_interval(total, squares, n, confidence=confidence)
        if interval is not None:
            interval = max(interval[0], 0.0), interval[1]
    return bounded(total / n, n=n, interval=interval, confidence=confidence)


def ece(
    tally: BinaryTally, *, confidence: float = CONFIDENCE, bins: int = CALIBRATION_BINS
) -> Estimate:
    """Estimate the expected calibration error over equal-width bins of the score, 0 to 1.

    It is biased upward in small samples and has no sound closed interval, so there is none. Score
    bins that straddle a calibration bin's edge go where their mean score lies.

    Notes
    -----
    ``sum |outcomes - scores| / n`` over bins ``(j/10, (j+1)/10]``.
    Source: Naeini, Cooper and Hauskrecht (2015), doi:10.1609/aaai.v29i1.9602.
    """
    del confidence  # every statistic of performance is called alike
    counts = tally.scores[:UNKNOWN].sum(axis=0)
    n = int(counts.sum())
    if n == 0:
        return nothing(NO_SCORES)
    inner = np.arange(1, bins) / bins
    left, right = np.append(0.0, tally.edges), np.append(tally.edges, 1.0)
    scored = tally.score_sums[:UNKNOWN].sum(axis=0)
    straddles = np.searchsorted(inner, left, side="right") != np.searchsorted(inner, right)
    straddles &= not tally.exact
    where = np.searchsorted(inner, np.where(straddles, _means(scored, counts), right))
    cells = np.bincount(where, weights=tally.scores[POSITIVE] - scored, minlength=bins)
    # Moving rows between two bins changes each bin's gap by at most their number.
    hidden = min(2 * float(counts[straddles].sum()) / n, 1.0)
    return Estimate(float(np.sum(np.abs(cells)) / n), n, resolution=hidden or None)


def _means(sums: FloatArray, counts: CountArray) -> FloatArray:
    return np.divide(sums, counts, out=np.zeros(len(sums)), where=counts > 0)


def _mean_scores(tally: BinaryTally, label: int) -> FloatArray:
    """Return each bin's mean score of the rows with that label; 0 for an empty bin."""
    return _means(tally.score_sums[label], tally.scores[label])
