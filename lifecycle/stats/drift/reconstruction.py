"""Do the columns still hang together: how badly the reference's main directions rebuild rows.

One pass over the reference gives the covariance, a second one its own error; every later row is
projected once. Moments and sums of errors add up, so batches and windows may come in any order.
"""

from dataclasses import dataclass
from math import sqrt

import numpy as np
from scipy import special

from lifecycle.errors import InsufficientData, InvalidInput
from lifecycle.stats.drift.sides import empty_side
from lifecycle.stats.inference import CONFIDENCE, Estimate, FloatArray, student_quantile

EXPLAINED = 0.65
"""Share of the variance that the kept directions explain, as NannyML has it."""


@dataclass(frozen=True, slots=True, eq=False)
class Moments:
    """First and second moments of columns around a pivot, each pair over the rows that hold both.

    Parameters
    ----------
    pivot
        Shape (d,), any values near the columns' means; it keeps sums of squares exact.
    both
        Shape (d, d), rows in which both columns hold a finite value.
    sums
        Shape (d, d), sum of the first column's distances from its pivot over those rows.
    products
        Shape (d, d), sum of products of both distances.
    """

    pivot: FloatArray
    both: FloatArray
    sums: FloatArray
    products: FloatArray

    def __add__(self, other: "Moments") -> "Moments":
        """Merge with the moments of other rows, around the same pivot."""
        if not np.array_equal(self.pivot, other.pivot):
            raise InvalidInput("moments around different pivots cannot be merged")
        return Moments(
            self.pivot,
            self.both + other.both,
            self.sums + other.sums,
            self.products + other.products,
        )


@dataclass(frozen=True, slots=True, eq=False)
class Projection:
    """The directions that the reference hardly uses; what a row shows there is its error.

    Parameters
    ----------
    means, deviations
        Shape (d,), of the reference; a constant column has deviation 0 and is left out.
    rest
        Shape (d, d - k), orthonormal, the directions beyond the k kept ones.
    """

    means: FloatArray
    deviations: FloatArray
    rest: FloatArray


@dataclass(frozen=True, slots=True)
class ErrorSums:
    """Rows, the sum of their reconstruction errors and that of the errors' squares."""

    n: int
    total: float
    squares: float

    def __add__(self, other: "ErrorSums") -> "ErrorSums":
        """Merge with the sums of other rows."""
        return ErrorSums(self.n + other.n, self.total + other.total, self.squares + other.squares)

    @property
    def mean(self) -> float:
        """The mean error."""
        return self.total / self.n if self.n else 0.0

    @property
    def error(self) -> float:
        """The standard error of the mean."""
        spread = self.squares / self.n - self.mean**2 if self.n else 0.0
        return sqrt(max(spread, 0.0) / max(self.n - 1, 1))


def moments(values: FloatArray, *, pivot: FloatArray) -> Moments:
    """Sum up columns: shape (d, n), NaN where a row holds no finite value."""
    away = values - pivot[:, None]
    held = np.isfinite(away)
    if held.all():
        d, n = away.shape
        sums = np.broadcast_to(away.sum(axis=1)[:, None], (d, d))
        return Moments(pivot, np.full((d, d), float(n)), sums.copy(), away @ away.T)
    away = np.where(held, away, 0.0)
    mask = held.astype(np.float64)
    return Moments(pivot, mask @ mask.T, away @ mask.T, away @ away.T)


def projection(given: Moments, *, rows: int, explained: float = EXPLAINED) -> Projection:
    """Find the reference's main directions, with missing values at their column's mean.

    Parameters
    ----------
    rows
        All rows of the reference.

    Raises
    ------
    InsufficientData
        Fewer than two columns vary.
    """
    held = np.maximum(np.diag(given.both), 1.0)
    shift = np.diag(given.sums) / held
    # A missing value stands at the mean and so adds nothing: only rows that hold both count.
    products = (
        given.products
        - shift[:, None] * given.sums.T
        - given.sums * shift
        + np.outer(shift, shift) * given.both
    )
    deviations = np.sqrt(np.maximum(np.diag(products), 0.0) / max(rows, 1))
    size = np.maximum(np.abs(given.pivot + shift), deviations)
    varies = deviations > np.finfo(np.float64).eps * size * 8
    if int(varies.sum()) < 2:  # noqa: PLR2004 -- nothing hangs together with itself
        raise InsufficientData("fewer than two columns of the reference vary")
    deviations = np.where(varies, deviations, 0.0)
    scale = np.where(varies, deviations, 1.0)
    correlation = products / np.outer(scale, scale) / max(rows, 1)
    strength, directions = np.linalg.eigh(correlation[np.ix_(varies, varies)])
    reached = np.cumsum(strength[::-1]) / strength.sum()
    kept = min(int(np.searchsorted(reached, explained)) + 1, len(strength) - 1)
    rest = np.zeros((len(varies), len(strength) - kept))
    rest[varies] = directions[:, : len(strength) - kept]
    return Projection(given.pivot + shift, deviations, rest)


def errors(values: FloatArray, *, onto: Projection) -> FloatArray:
    """Return each row's distance from what the kept directions rebuild; values of shape (d, n)."""
    scale = np.where(onto.deviations > 0, onto.deviations, np.inf)
    standard = (values - onto.means[:, None]) / scale[:, None]
    standard[~np.isfinite(standard)] = 0.0
    return np.sqrt(((onto.rest.T @ standard) ** 2).sum(axis=0))


def error_sums(found: FloatArray) -> ErrorSums:
    """Sum up rows' errors."""
    return ErrorSums(len(found), float(found.sum()), float(found @ found))


def reconstruction_error(
    reference: ErrorSums, current: ErrorSums, *, confidence: float = CONFIDENCE
) -> Estimate:
    """Estimate by which share of itself the mean reconstruction error changed; 0 for not at all.

    Notes
    -----
    The interval is Fieller's for the ratio of two independent means (1954), the p-value that of
    Welch's test; both take Student's distribution with the freedom that Welch and Satterthwaite
    give the difference. A side of one row shows no spread: there is neither then.
    """
    if (empty := empty_side(reference.n, current.n)) is not None:
        return empty
    before, now = reference.mean, current.mean
    if before <= 0:
        reason = "the reference is rebuilt without any error, so there is nothing to compare with"
        return Estimate(None, current.n, n_reference=reference.n, reason=reason)
    ratio = now / before
    if min(reference.n, current.n) < 2:  # noqa: PLR2004 -- a variance needs two rows
        return Estimate(ratio - 1, current.n, n_reference=reference.n)
    a, b = reference.error**2, current.error**2
    spread = a**2 / (reference.n - 1) + b**2 / (current.n - 1)
    freedom = (a + b) ** 2 / spread if spread > 0 else np.inf
    away = abs(now - before) / sqrt(a + b) if a + b > 0 else 0.0
    p_value = float(2 * special.stdtr(freedom, -away))
    z = student_quantile(confidence, freedom=freedom)
    loose = (z * reference.error / before) ** 2
    interval = None
    if loose < 1:
        half = z * sqrt(max(current.error**2 * (1 - loose) + (ratio * reference.error) ** 2, 0.0))
        half /= before
        interval = ((ratio - half) / (1 - loose) - 1, (ratio + half) / (1 - loose) - 1)
    return Estimate(
        ratio - 1,
        current.n,
        interval,
        None if interval is None else confidence,
        p_value=p_value,
        n_reference=reference.n,
    )
