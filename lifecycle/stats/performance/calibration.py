"""Do scores mean what they say on the reference, and what do they mean there.

A score is calibrated when, of the rows that score s, a share s turns out positive. Where raw
scores are not, an isotonic regression on the reference says what share each score stands for.
Whether that holds is tested: in groups of neighbouring scores, outcomes are compared with what
the scores promise.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from lifecycle.errors import InsufficientData, InvalidInput
from lifecycle.stats.inference import chi_squared_p_value
from lifecycle.stats.summaries import (
    NEGATIVE,
    POSITIVE,
    UNKNOWN,
    BinaryTally,
    CountArray,
    FloatArray,
)

Method = Literal["none", "isotonic"]

MOST_GROUPS = 20
"""Groups the calibration is tested in; ten are usual, twenty see a bend in the middle."""

GROUP_VARIANCE = 5.0
"""Least variance of the number of positives in a group, so that a chi-squared test is sound."""

FEWEST_ROWS, FEWEST_OF_A_CLASS = 200, 30
"""Below these a calibration is guesswork; house defaults."""

NEEDED = 0.05
"""Raw scores are kept when the test does not tell them from calibrated ones at this level."""

TOLERATED, CERTAIN = 0.02, 0.001
"""A calibration fails when outcomes differ by more than that on average, and not by chance."""


@dataclass(frozen=True, slots=True)
class Fit:
    """How far outcomes are from what calibrated scores promise on the rows they came from.

    Parameters
    ----------
    error
        Mean over rows of the gap between promised and observed share of their group, 0 to 1.
    p_value
        Of the chi-squared test over the groups that the promise holds; ``None`` when there is
        too little variance for a test.
    groups, n
        Groups tested in, and rows behind them.
    """

    error: float
    p_value: float | None
    groups: int
    n: int

    @property
    def fails(self) -> bool:
        """Whether outcomes contradict the promise by more than chance and tolerance allow."""
        return self.error > TOLERATED and (self.p_value is None or self.p_value < CERTAIN)


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """What each score stands for, learned from a reference.

    Parameters
    ----------
    method
        ``none`` when raw scores were left as they are.
    scores, chances
        Shape (b,), ascending scores of the reference and the chance of a positive at each;
        between two of them the chance is interpolated, outside it stays.
    blocks, variances
        Shape (b,), the block of neighbouring scores that share one estimated chance, and shape
        (blocks,), the sampling variance of that chance.
    raw, fit
        The test of the raw scores, and of the calibrated ones.
    """

    method: Method
    scores: FloatArray
    chances: FloatArray
    blocks: CountArray
    variances: FloatArray
    raw: Fit
    fit: Fit

    def chance(self, scores: FloatArray) -> FloatArray:
        """Return the chance of a positive at each score."""
        return scores if self.method == "none" else np.interp(scores, self.scores, self.chances)

    def block(self, scores: FloatArray) -> CountArray:
        """Return the block of the reference's scores that each score takes its chance from."""
        middle = (self.scores[1:] + self.scores[:-1]) / 2
        return self.blocks[np.searchsorted(middle, scores)]


def calibrate(
    reference: BinaryTally, *, without: BinaryTally | None = None, always: bool = False
) -> Calibration:
    """Learn what scores stand for, and leave them alone when they stand for themselves.

    Parameters
    ----------
    reference
        Scores with their outcomes.
    without
        Some of the reference's rows, on the same bins, to learn without them.
    always
        Whether to calibrate scores that stand for themselves too.

    Raises
    ------
    InsufficientData
        There are too few outcomes, of all or of one class.

    Notes
    -----
    Source: Zadrozny and Elkan (2002), doi:10.1145/775047.775151, for isotonic calibration.
    """
    counts, hits, sums = _labelled(reference)
    if without is not None:
        apart = _labelled(without)
        counts, hits, sums = counts - apart[0], hits - apart[1], sums - apart[2]
    _check_size(counts, hits)
    held = counts > 0
    scores, n, k = sums[held] / counts[held], counts[held], hits[held]
    order = np.argsort(scores, kind="stable")
    scores, n, k = scores[order], n[order], k[order]
    raw = goodness(n, k, chances=scores)
    if not always and raw.p_value is not None and raw.p_value >= NEEDED:
        blocks = _groups(n, chances=scores)
        fit, method, chances = raw, "none", scores
    else:
        chances, blocks = isotonic(k, n)
        fit, method = goodness(n, k, chances=chances), "isotonic"
    return Calibration(
        method=method,
        scores=scores,
        chances=chances,
        blocks=blocks,
        variances=_variances(n, k, blocks=blocks),
        raw=raw,
        fit=fit,
    )


def isotonic(hits: CountArray, counts: CountArray) -> tuple[FloatArray, CountArray]:
    """Fit the non-decreasing shares that are closest to the observed ones, by pooling.

    Parameters
    ----------
    hits, counts
        Shape (b,), positives and rows in order of the score; counts at least 1.

    Returns
    -------
    tuple of ndarray
        Shape (b,) each: the fitted shares, and the block each belongs to.

    Notes
    -----
    Source: Ayer et al. (1955), doi:10.1214/aoms/1177728423 (pool adjacent violators).
    """
    if len(hits) != len(counts) or np.any(counts < 1):
        raise InvalidInput("isotonic regression needs positives and rows of the same bins")
    pooled: list[tuple[int, int, int]] = []
    for positives, rows in zip(hits.tolist(), counts.tolist(), strict=True):
        k, n, size = positives, rows, 1
        while pooled and pooled[-1][0] * n >= k * pooled[-1][1]:
            before = pooled.pop()
            k, n, size = k + before[0], n + before[1], size + before[2]
        pooled.append((k, n, size))
    k, n, size = (np.asarray(part, np.int64) for part in zip(*pooled, strict=True))
    return np.repeat(k / n, size), np.repeat(np.arange(len(size), dtype=np.int64), size)


def goodness(counts: CountArray, hits: CountArray, *, chances: FloatArray) -> Fit:
    """Compare outcomes with promised chances in groups of neighbouring scores.

    Parameters
    ----------
    counts, hits, chances
        Shape (b,), rows, positives and the promised chance, in order of the score.

    Notes
    -----
    Hosmer and Lemeshow (1980), doi:10.1080/03610928008827941, with groups of equal variance in
    place of equal rows and a degree of freedom per group: nothing is fitted to raw scores, and a
    monotone fit can only make the test milder.
    """
    group = _groups(counts, chances=chances)
    rows = np.bincount(group, weights=counts)
    gaps = np.bincount(group, weights=hits - counts * chances)
    variances = np.bincount(group, weights=counts * chances * (1 - chances))
    n, groups = int(counts.sum()), len(rows)
    error = float(np.sum(np.abs(gaps)) / rows.sum())
    if float(variances.sum()) < GROUP_VARIANCE:
        return Fit(error=error, p_value=None, groups=groups, n=n)
    known = variances > 0
    statistic = float(np.sum(gaps[known] ** 2 / variances[known]))
    p_value = chi_squared_p_value(statistic, freedom=groups)
    return Fit(error=error, p_value=p_value, groups=groups, n=n)


def _groups(counts: CountArray, *, chances: FloatArray) -> CountArray:
    """Cut neighbouring bins into groups in which positives vary about equally much."""
    variance = counts * chances * (1 - chances)
    reached = np.cumsum(variance)
    total = float(reached[-1])
    groups = int(np.clip(total // GROUP_VARIANCE, 1, MOST_GROUPS))
    if groups == 1:
        return np.zeros(len(counts), dtype=np.int64)
    wanted = ((reached - variance / 2) * groups / total).astype(np.int64).clip(0, groups - 1)
    return np.unique(wanted, return_inverse=True)[1].astype(np.int64)


def _labelled(tally: BinaryTally) -> tuple[CountArray, CountArray, FloatArray]:
    """Return rows with an outcome, positives and the sum of scores, by score bin."""
    counts = tally.scores[NEGATIVE] + tally.scores[POSITIVE]
    return counts, tally.scores[POSITIVE], tally.score_sums[:UNKNOWN].sum(axis=0)


def _check_size(counts: CountArray, hits: CountArray) -> None:
    n, positives = int(counts.sum()), int(hits.sum())
    if n < FEWEST_ROWS or min(positives, n - positives) < FEWEST_OF_A_CLASS:
        raise InsufficientData(
            f"the reference has {n} scored outcomes, {positives} of them positive; calibration "
            f"needs at least {FEWEST_ROWS}, and {FEWEST_OF_A_CLASS} of each class"
        )


def _variances(counts: CountArray, hits: CountArray, *, blocks: CountArray) -> FloatArray:
    """Return the sampling variance of each block's share, half a row added to either side."""
    n = np.bincount(blocks, weights=counts)
    share = (np.bincount(blocks, weights=hits) + 0.5) / (n + 1)
    return share * (1 - share) / n
