"""How far have the shares of a column's bins moved: distances between two count vectors.

Profiles are compared on the bins of `tables`; bins that neither side holds are left out. Every
distance carries the p-value of Pearson's test on the same bins, so that a value that chance alone
would give can be told from one that it would not.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, wraps
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lifecycle.errors import InvalidInput
from lifecycle.stats.drift import distances
from lifecycle.stats.drift.distances import ratio
from lifecycle.stats.drift.sides import OverWindows, on_same_bins
from lifecycle.stats.drift.tables import bin_matrix
from lifecycle.stats.inference import (
    Estimate,
    chi_squared_p_value,
    noncentrality_bounds,
    normal_quantile,
    simultaneous_band,
)
from lifecycle.stats.summaries import FloatArray, Profile

SMOOTHING = 0.5
"""Counts added to each bin before a logarithm of a ratio: Jeffreys's prior, a house default."""

Shares: TypeAlias = tuple[FloatArray, FloatArray]


def _shares(reference: ArrayLike, current: ArrayLike, *, smoothing: float = 0.0) -> Shares:
    """Turn two count vectors over the same bins into smoothed proportions."""
    before, now = np.asarray(reference, np.float64), np.asarray(current, np.float64)
    if before.shape != now.shape or before.ndim != 1:
        raise InvalidInput("two count vectors over the same bins are needed")
    if min(before.sum(), now.sum()) <= 0 or min(before.min(), now.min()) < 0:
        raise InvalidInput("counts must not be negative, nor all zero on a side")
    before, now = before + smoothing, now + smoothing
    return before / before.sum(), now / now.sum()


def population_stability_index(reference: ArrayLike, current: ArrayLike) -> float:
    """Measure how far two histograms differ, as a symmetric divergence.

    Parameters
    ----------
    reference, current
        Shape (bins,), observations per bin, over the same bins.

    Returns
    -------
    float
        Nats, at least 0; 0 when the smoothed proportions are equal.

    Notes
    -----
    Each bin starts at half a count, so an empty bin gives a large, finite value.
    Source: Jeffreys (1946), doi:10.1098/rspa.1946.0056.
    """
    return float(distances.symmetric_divergence(*_shares(reference, current, smoothing=SMOOTHING)))


def kullback_leibler(reference: ArrayLike, current: ArrayLike) -> float:
    """Return the divergence of the reference from the current counts, in nats, at least 0.

    Notes
    -----
    ``sum p log(p / q)``, p the reference; each bin starts at half a count.
    Source: Kullback and Leibler (1951), doi:10.1214/aoms/1177729694.
    """
    return float(distances.relative_entropy(*_shares(reference, current, smoothing=SMOOTHING)))


def jensen_shannon_divergence(reference: ArrayLike, current: ArrayLike) -> float:
    """Return the Jensen-Shannon divergence of two count vectors, in bits, 0 to 1.

    Notes
    -----
    Source: Lin (1991), doi:10.1109/18.61115. Its square root is the distance.
    """
    return float(distances.jensen_shannon(*_shares(reference, current)))


def hellinger_squared(reference: ArrayLike, current: ArrayLike) -> float:
    """Return the squared Hellinger distance of two count vectors, 0 to 1.

    Notes
    -----
    Half the sum of ``(sqrt(p) - sqrt(q))^2``.
    Source: Hellinger (1909), doi:10.1515/crll.1909.136.210.
    """
    return float(distances.hellinger(*_shares(reference, current)))


def total_variation_distance(reference: ArrayLike, current: ArrayLike) -> float:
    """Return the share of rows that would have to move for equal histograms, 0 to 1."""
    return float(distances.total_variation(*_shares(reference, current)))


def chi_squared_statistic(reference: ArrayLike, current: ArrayLike) -> float:
    """Return Pearson's statistic of the two-row table, without continuity correction.

    Bins must hold a row on at least one side.

    Notes
    -----
    Source: Pearson (1900), doi:10.1080/14786440009463897.
    """
    p, q = _shares(reference, current)
    n, m = float(np.sum(reference)), float(np.sum(current))
    return (n + m) * float(distances.association(p, q, first=n / (n + m)))


@dataclass(frozen=True, eq=False)
class Table:
    """A reference and its windows, counted on the bins that these statistics compare.

    Parameters
    ----------
    before, now
        Shape (k,) and (w, k), rows of the reference and of each window per bin.
    """

    before: FloatArray
    now: FloatArray

    @cached_property
    def held(self) -> NDArray[np.bool_]:
        """Shape (w, k), the bins that the reference or the window holds."""
        return (self.before > 0) | (self.now > 0)

    @cached_property
    def bins(self) -> NDArray[np.int64]:
        """Shape (w,), how many those are."""
        return np.count_nonzero(self.held, axis=1)

    @cached_property
    def n(self) -> float:
        """Rows of the reference."""
        return float(self.before.sum())

    @cached_property
    def m(self) -> FloatArray:
        """Shape (w,), rows of the windows."""
        return self.now.sum(axis=1)

    def shares(self, smoothing: float = 0.0) -> Shares:
        """Shape (w, k), both sides' shares of the bins held, each bin with so much more."""
        before, now = (np.where(self.held, s + smoothing, 0.0) for s in (self.before, self.now))
        return before / before.sum(axis=1, keepdims=True), now / now.sum(axis=1, keepdims=True)

    @cached_property
    def chi_squared(self) -> FloatArray:
        """Shape (w,), Pearson's statistic of the two-row tables."""
        p, q = self.shares()
        total = self.n + self.m
        return total * distances.association(p, q, first=self.n / total[:, None])

    @cached_property
    def chances(self) -> list[float]:
        """The p-value of Pearson's test that both sides share their bin proportions, by window."""
        pairs = zip(self.chi_squared.tolist(), self.bins.tolist(), strict=True)
        return [chi_squared_p_value(found, freedom=bins - 1) for found, bins in pairs]

    def estimates(
        self, values: FloatArray, low: FloatArray, high: FloatArray, *, confidence: float
    ) -> list[Estimate]:
        """Say of each window's value what it is worth; no interval where a bound is NaN."""
        columns = (values, self.m, low, high)
        return [
            Estimate(
                value,
                int(m),
                None if bottom != bottom else (bottom, top),  # noqa: PLR0124 -- NaN
                None if bottom != bottom else confidence,  # noqa: PLR0124 -- NaN
                p_value=chance,
                n_reference=int(self.n),
            )
            for value, m, bottom, top, chance in zip(
                *(column.tolist() for column in columns), self.chances, strict=True
            )
        ]


def _of_table(compute: Callable[[Table, float], list[Estimate]]) -> OverWindows[Profile]:
    """Make a measure of profiles from one of their table."""

    @wraps(compute)
    def compared(
        reference: Profile, windows: Sequence[Profile], confidence: float
    ) -> list[Estimate]:
        on_same_bins(reference, windows)
        counted = bin_matrix([reference, *windows], reference)
        return compute(Table(counted[0], counted[1:]), confidence)

    return OverWindows(compared, lambda side: side.rows)


@_of_table
def psi(table: Table, confidence: float) -> list[Estimate]:
    """Estimate the population stability index of profiles; see the module for the bins."""
    shape = _Divergence(distances.symmetric_divergence, _psi_slopes, 1.0, smoothing=SMOOTHING)
    return _divergences(table, shape=shape, confidence=confidence)


@_of_table
def kl_divergence(table: Table, confidence: float) -> list[Estimate]:
    """Estimate the Kullback-Leibler divergence of profiles."""
    shape = _Divergence(distances.relative_entropy, _kl_slopes, 0.5, smoothing=SMOOTHING)
    return _divergences(table, shape=shape, confidence=confidence)


@_of_table
def jensen_shannon(table: Table, confidence: float) -> list[Estimate]:
    """Estimate the Jensen-Shannon distance (base 2) of profiles, 0 to 1."""
    shape = _Divergence(
        distances.jensen_shannon, _js_slopes, 1 / (8 * np.log(2)), highest=1.0, rooted=True
    )
    return _divergences(table, shape=shape, confidence=confidence)


@_of_table
def hellinger(table: Table, confidence: float) -> list[Estimate]:
    """Estimate the Hellinger distance of profiles, 0 to 1."""
    shape = _Divergence(distances.hellinger, _hellinger_slopes, 1 / 8, highest=1.0, rooted=True)
    return _divergences(table, shape=shape, confidence=confidence)


@_of_table
def cramers_v(table: Table, confidence: float) -> list[Estimate]:
    """Estimate Cramer's V between the column's bin and the side a row is on, 0 to 1.

    Notes
    -----
    ``sqrt(chi2 / (n + m))``; the table has two rows. Source: Cramer (1946), "Mathematical Methods
    of Statistics", section 21.9.
    """
    first = (table.n / (table.n + table.m))[:, None]
    weight = first * (1 - first)

    def value(p: FloatArray, q: FloatArray) -> FloatArray:
        return distances.association(p, q, first=first)

    def slopes(p: FloatArray, q: FloatArray) -> Shares:
        part = ratio(p - q, first * p + (1 - first) * q, empty=0.0)
        return weight * (2 - first * part) * part, -weight * (2 + (1 - first) * part) * part

    shape = _Divergence(value, slopes, weight[:, 0], highest=1.0, rooted=True)
    return _divergences(table, shape=shape, confidence=confidence)


@_of_table
def chi_squared(table: Table, confidence: float) -> list[Estimate]:
    """Test whether both sides share their bin proportions; the value grows with the rows.

    An interval for it would say nothing about the column; `cramers_v` is its effect size.
    """
    none = np.full(len(table.now), np.nan)
    return table.estimates(table.chi_squared, none, none, confidence=confidence)


@_of_table
def total_variation(table: Table, confidence: float) -> list[Estimate]:
    """Estimate the total variation distance of profiles, 0 to 1.

    Notes
    -----
    The interval is McDiarmid's around the expected value, doi:10.1017/CBO9781107359949.008; below
    it also subtracts the upward bias, at most half the sum of the bins' standard errors.
    """
    p, q = table.shares()
    n, m = table.n, table.m
    value = distances.total_variation(p, q)
    bias = np.sum(np.sqrt(p * (1 - p) / n + q * (1 - q) / m[:, None]), axis=1) / 2
    band = np.array([simultaneous_band(int(n), int(k), confidence=confidence) for k in m])
    low, high = np.maximum(value - bias - band, 0.0), np.minimum(value + band, 1.0)
    return table.estimates(value, low, high, confidence=confidence)


@dataclass(frozen=True, slots=True)
class _Divergence:
    """A smooth divergence of shares, and what its interval needs to know of it.

    Near equality every such divergence is ``curvature`` times ``sum (p - q)^2 / p``. What is
    reported is its root where it is ``rooted``.
    """

    value: Callable[[FloatArray, FloatArray], FloatArray]
    slopes: Callable[[FloatArray, FloatArray], Shares]
    curvature: float | FloatArray
    smoothing: float = 0.0
    highest: float = np.inf
    rooted: bool = False


def _divergences(table: Table, *, shape: _Divergence, confidence: float) -> list[Estimate]:
    """Compute a divergence of each window and bound it."""
    p, q = table.shares(shape.smoothing)
    found = shape.value(p, q)
    low, high = _bounds(found, table, shape=shape, confidence=confidence)
    if shape.rooted:
        found, low, high = np.sqrt(found), np.sqrt(low), np.sqrt(high)
    return table.estimates(found, low, high, confidence=confidence)


def _bounds(values: FloatArray, table: Table, *, shape: _Divergence, confidence: float) -> Shares:
    """Bound a smooth divergence, near equality and far from it.

    Near it the value is a noncentral chi-squared variable, far from it a normal one; both bounds
    are computed and the wider kept. NaN for a single bin, for bins too small for either
    (Cochran 1954, doi:10.2307/3001666), and for a bin empty on one side where the divergence
    between the populations may be infinite.
    """
    n, m = table.n, table.m
    expected = (table.before + table.now) * (np.minimum(n, m) / (n + m))[:, None]
    thin = np.count_nonzero(table.held & (expected < 5), axis=1)  # noqa: PLR2004 -- Cochran's rule
    few = (thin > 0.2 * table.bins) | np.any(table.held & (expected < 1), axis=1)
    one_sided = table.held & ((table.before == 0) | (table.now == 0))
    none = (table.bins == 1) | few | (bool(shape.smoothing) & one_sided.any(axis=1))
    p, q = table.shares(shape.smoothing)
    by_p, by_q = shape.slopes(p, q)
    error = np.sqrt(_variances(by_p, p) / n + _variances(by_q, q) / m)
    half = normal_quantile(confidence) * error
    scale = shape.curvature * (n + m) / (n * m)
    freedom = np.maximum(table.bins - 1, 1)
    near = noncentrality_bounds(values / scale, freedom=freedom, confidence=confidence)
    low = np.minimum(near[0] * scale, np.maximum(values - half, 0.0))
    high = np.minimum(np.maximum(near[1] * scale, values + half), shape.highest)
    return np.where(none, np.nan, low), np.where(none, np.nan, high)


def _variances(slopes: FloatArray, shares: FloatArray) -> FloatArray:
    mean = np.sum(shares * slopes, axis=1)
    return np.maximum(np.sum(shares * slopes**2, axis=1) - mean**2, 0.0)


def _psi_slopes(p: FloatArray, q: FloatArray) -> Shares:
    there, back = ratio(q, p), ratio(p, q)
    return 1 - there - np.log(there), 1 - back + np.log(there)


def _kl_slopes(p: FloatArray, q: FloatArray) -> Shares:
    back = ratio(p, q)
    return np.log(back) + 1, -back


def _js_slopes(p: FloatArray, q: FloatArray) -> Shares:
    middle = (p + q) / 2
    p_part, q_part = (np.log2(np.where(s > 0, ratio(s, middle), 1.0)) / 2 for s in (p, q))
    return p_part, q_part


def _hellinger_slopes(p: FloatArray, q: FloatArray) -> Shares:
    return -np.sqrt(q / np.where(p > 0, p, 1.0)) / 2, -np.sqrt(p / np.where(q > 0, q, 1.0)) / 2
