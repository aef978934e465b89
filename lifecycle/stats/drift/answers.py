"""Did the outcomes move, and why: because other rows came, or because the same rows turn out else.

Rows are compared among others to which the model gave the same answer: strata of its score, of its
decision or of its predicted class. The change of the outcome's shares then falls into the part
that other answers explain (covariate drift) and the part within strata (concept drift).
"""

from dataclasses import dataclass
from math import sqrt

import numpy as np
from scipy import special

from lifecycle.errors import InvalidInput
from lifecycle.stats.drift import counts
from lifecycle.stats.inference import (
    CONFIDENCE,
    Estimate,
    FloatArray,
    Interval,
    chi_squared_p_value,
    clipped,
    normal_quantile,
    nothing,
)
from lifecycle.stats.summaries import (
    UNKNOWN,
    BinaryTally,
    CategoryProfile,
    ClassTally,
    ErrorTally,
    Tally,
)

STRATA = 10
"""Groups of about equally many labelled rows that scores are cut into; a house default."""

FEWEST = 5
"""Labelled rows of each side that a stratum needs; rows of thinner ones are left out and said."""

LEAST = 0.5
"""Share of a side's labelled rows that the strata compared must hold to stand for it; a house
default."""

NO_STRATA = f"no answer of the model has {FEWEST} known outcomes on both sides"


@dataclass(frozen=True, slots=True, eq=False)
class Strata:
    """Labelled rows by what the model answered and what came out.

    Parameters
    ----------
    before, now
        Shape (strata, outcomes), rows of the reference and of the current side.
    """

    before: FloatArray
    now: FloatArray

    @property
    def thick(self) -> "Strata":
        """Only the strata in which both sides hold rows enough."""
        kept = (self.before.sum(axis=1) >= FEWEST) & (self.now.sum(axis=1) >= FEWEST)
        return Strata(self.before[kept], self.now[kept])

    @property
    def rows(self) -> tuple[int, int]:
        """Rows of the reference and of the current side."""
        return int(self.before.sum()), int(self.now.sum())


def strata(reference: Tally, current: Tally) -> Strata:
    """Cut both sides' labelled rows by the model's answer.

    Raises
    ------
    InvalidInput
        The tallies are of different kinds, on different score bins or over different classes.
    """
    if isinstance(reference, BinaryTally) and isinstance(current, BinaryTally):
        return _binary(reference, current)
    if isinstance(reference, ClassTally) and isinstance(current, ClassTally):
        if reference.classes != current.classes:
            raise InvalidInput("tallies over different classes cannot be compared")
        return Strata(*(side.confusion.T.astype(np.float64) for side in (reference, current)))
    raise InvalidInput("two tallies of one kind, with labels that are categories, are needed")


def _binary(reference: BinaryTally, current: BinaryTally) -> Strata:
    sides = (reference, current)
    if not all(side.scores[:UNKNOWN].sum() for side in sides):
        return Strata(*(side.decisions[:UNKNOWN, :UNKNOWN].T.astype(np.float64) for side in sides))
    if not np.array_equal(reference.edges, current.edges):
        raise InvalidInput("tallies counted on different score bins cannot be compared")
    before, now = (side.scores[:UNKNOWN].T.astype(np.float64) for side in sides)
    # Both sides count alike, however many rows they hold.
    weight = sum(side.sum(axis=1) / side.sum() for side in (before, now)) / 2
    group = np.minimum((np.cumsum(weight) - weight / 2) * STRATA, STRATA - 1e-9).astype(np.intp)
    starts = np.flatnonzero(np.diff(group, prepend=-1))
    return Strata(*(np.add.reduceat(side, starts, axis=0) for side in (before, now)))


def label_drift(reference: Tally, current: Tally, *, confidence: float = CONFIDENCE) -> Estimate:
    """Estimate the share of rows whose outcome would have to change for equal shares of outcomes.

    Notes
    -----
    Total variation of the known outcomes; for two outcomes the difference of base rates.
    """
    profiles = [_outcomes(side) for side in (reference, current)]
    return counts.total_variation(profiles[0], profiles[1], confidence=confidence)


def _outcomes(tally: Tally) -> CategoryProfile:
    if isinstance(tally, BinaryTally):
        return CategoryProfile(
            ("negative", "positive"), tally.decisions[:UNKNOWN].sum(axis=1), 0, 0
        )
    if isinstance(tally, ClassTally):
        return CategoryProfile(tally.classes, tally.confusion.sum(axis=1), 0, 0)
    raise InvalidInput("outcomes that are numbers have no shares")


def concept_drift(reference: Tally, current: Tally, *, confidence: float = CONFIDENCE) -> Estimate:
    """Estimate how far the probability of an outcome moved among rows of the same answer, 0 to 1.

    The root mean square over the current side's strata of the change in probability, without what
    chance alone adds; several outcomes count with half the sum of their squares, which for two is
    the change itself.

    Notes
    -----
    The p-value is Pearson's test within strata, added up (Cochran 1954, doi:10.2307/3001616).
    """
    held, said, enough = _compared(reference, current)
    if not enough:
        return nothing(said or NO_STRATA, n=held.rows[1], n_reference=held.rows[0])
    weight = held.now.sum(axis=1) / held.now.sum()
    change = _shares(held.now) - _shares(held.before)
    chance = _variances(held.before) + _variances(held.now)
    square = max(float(weight @ (change**2 - chance).sum(axis=1)) / 2, 0.0)
    cells = 2 * chance**2 + 4 * np.maximum(change**2 - chance, 0.0) * chance
    half = normal_quantile(confidence) * sqrt(float((weight**2) @ cells.sum(axis=1)) / 2)
    low, high = (sqrt(bound) for bound in clipped(square, half, low=0.0, high=1.0))
    statistic, freedom = _within(held)
    p_value = chi_squared_p_value(statistic, freedom=freedom)
    n, m = held.rows
    bounds = (low, high)
    return Estimate(
        sqrt(square), m, bounds, confidence, p_value=p_value, n_reference=n, reason=said
    )


def concept_shift(reference: Tally, current: Tally, *, confidence: float = CONFIDENCE) -> Estimate:
    """Estimate the change of the positive share that the model's answers do not explain, -1 to 1.

    The mean over the current side's strata of the change in probability: positive when outcomes
    are more often positive than they were for the same answers.

    Notes
    -----
    Direct standardisation; together with `covariate_shift` it adds up to the change of the base
    rate over the strata compared. Source: Kitagawa (1955), doi:10.1080/01621459.1955.10501299.
    """
    held, said, enough = _compared(reference, current)
    if not enough:
        return nothing(said or NO_STRATA, n=held.rows[1], n_reference=held.rows[0])
    weight = held.now.sum(axis=1) / held.now.sum()
    value = float(weight @ (_shares(held.now) - _shares(held.before))[:, -1])
    spread = float(weight**2 @ (_variances(held.now) + _variances(held.before))[:, -1])
    return _signed(value, sqrt(spread), held, said=said, confidence=confidence)


def covariate_shift(
    reference: Tally, current: Tally, *, confidence: float = CONFIDENCE
) -> Estimate:
    """Estimate the change of the positive share that other answers of the model explain, -1 to 1.

    What the base rate would have changed by, had outcomes for the same answers stayed as they were.
    """
    held, said, enough = _compared(reference, current, both=True)
    if not enough:
        return nothing(said or NO_STRATA, n=held.rows[1], n_reference=held.rows[0])
    rate = _shares(held.before)[:, -1]
    first, second = (side.sum(axis=1) / side.sum() for side in (held.before, held.now))
    value = float((second - first) @ rate)
    spread = float((second - first) ** 2 @ _variances(held.before)[:, -1])
    for share, rows in ((first, held.before.sum()), (second, held.now.sum())):
        spread += float(share @ rate**2 - (share @ rate) ** 2) / float(rows)
    return _signed(value, sqrt(max(spread, 0.0)), held, said=said, confidence=confidence)


def residual_shift(
    reference: ErrorTally, current: ErrorTally, *, confidence: float = CONFIDENCE
) -> Estimate:
    """Estimate by how much the mean error of a regression moved, in reference deviations of it.

    Notes
    -----
    Welch's test (1947), doi:10.1093/biomet/34.1-2.28; the deviation is taken as known.
    """
    n, m = reference.n, current.n
    if min(n, m) < 2:  # noqa: PLR2004 -- a spread needs two errors
        return nothing("fewer than two errors on a side", n=m, n_reference=n)
    (mean, spread), (after, scatter) = (
        (side.errors / side.n, max(side.squares / side.n - (side.errors / side.n) ** 2, 0.0))
        for side in (reference, current)
    )
    if spread == 0:
        reason = "the reference's errors are all the same, so they have no deviation"
        return Estimate(None, m, n_reference=n, reason=reason)
    error = sqrt((spread / (n - 1) + scatter / (m - 1)) / spread)
    value, z = (after - mean) / sqrt(spread), normal_quantile(confidence)
    p_value = float(2 * special.ndtr(-abs(value) / error)) if error else 1.0
    interval = (value - z * error, value + z * error)
    return Estimate(value, m, interval, confidence, p_value=p_value, n_reference=n)


def _shares(rows: FloatArray) -> FloatArray:
    return rows / rows.sum(axis=1, keepdims=True)


def _variances(rows: FloatArray) -> FloatArray:
    """Return the variances of each stratum's shares, without the bias of small strata."""
    total, share = rows.sum(axis=1, keepdims=True), _shares(rows)
    return share * (1 - share) / np.maximum(total - 1, 1)


def _within(held: Strata) -> tuple[float, int]:
    """Return Pearson's statistic of side by outcome, added up over strata, and its freedom."""
    statistic, freedom = 0.0, 0
    for before, now in zip(held.before, held.now, strict=True):
        seen = (before + now) > 0
        if seen.sum() > 1:
            statistic += counts.chi_squared_statistic(before[seen], now[seen])
            freedom += int(seen.sum()) - 1
    return statistic, freedom


def _signed(
    value: float, error: float, held: Strata, *, said: str | None, confidence: float
) -> Estimate:
    interval: Interval = clipped(value, normal_quantile(confidence) * error, low=-1.0, high=1.0)
    p_value = float(2 * special.ndtr(-abs(value) / error)) if error else 1.0
    n, m = held.rows
    return Estimate(value, m, interval, confidence, p_value=p_value, n_reference=n, reason=said)


def _compared(
    reference: Tally, current: Tally, *, both: bool = False
) -> tuple[Strata, str | None, bool]:
    """Return the strata that can be compared, what they leave out, and whether they will do.

    They must hold enough of the current side, and of the reference too where ``both`` are told.
    """
    cut = strata(reference, current)
    held = cut.thick
    pairs = list(zip(("reference", "current"), cut.rows, held.rows, strict=True))
    gone = " and ".join(f"{n - m} of {n} {side} rows" for side, n, m in pairs if n > m)
    said = f"{gone} are left out: their answer is rare on a side" if gone else None
    before, now = (m > 0 and m >= LEAST * n for _, n, m in pairs)
    return held, said, now and (before or not both)
