"""How far have the shares of a column's bins moved: distances between two count vectors.

A numeric column is compared on its reference's deciles, a categorical one on the reference's
categories with the unseen ones as a bin; rows without a value are a bin of their own on both.
Bins that neither side holds are left out. Every distance carries the p-value of Pearson's test on
the same bins, so that a value that chance alone would give can be told from one that it would not.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import sqrt
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from lifecycle.errors import InvalidInput
from lifecycle.stats.counting import decile_counts
from lifecycle.stats.drift import distances
from lifecycle.stats.drift.sides import empty_side, on_same_bins
from lifecycle.stats.inference import (
    CONFIDENCE,
    Estimate,
    Interval,
    chi_squared_p_value,
    clipped,
    noncentrality_interval,
    normal_quantile,
    simultaneous_band,
)
from lifecycle.stats.summaries import CategoryProfile, FloatArray, NumericProfile, Profile

SMOOTHING = 0.5
"""Counts added to each bin before a logarithm of a ratio: Jeffreys's prior, a house default."""

Shares: TypeAlias = tuple[FloatArray, FloatArray]


def bin_counts(reference: Profile, current: Profile) -> Shares:
    """Count two profiles of one column on the bins that these statistics compare.

    Returns
    -------
    tuple of ndarray
        Two of shape (k,), rows of the reference and of the current side per bin.
    """
    on_same_bins(reference, current)
    if isinstance(reference, NumericProfile) and isinstance(current, NumericProfile):
        before, now = decile_counts(reference, current)
    else:
        before, now = (
            np.append(side.counts, [side.other, side.missing])
            for side in (reference, current)
            if isinstance(side, CategoryProfile)
        )
    held = (before > 0) | (now > 0)
    return before[held].astype(np.float64), now[held].astype(np.float64)


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


def psi(reference: Profile, current: Profile, *, confidence: float = CONFIDENCE) -> Estimate:
    """Estimate the population stability index of two profiles; see the module for the bins."""
    shape = _Divergence(_psi_slopes, curvature=1.0, smoothing=SMOOTHING)
    return _divergence(
        reference, current, value=population_stability_index, shape=shape, confidence=confidence
    )


def kl_divergence(
    reference: Profile, current: Profile, *, confidence: float = CONFIDENCE
) -> Estimate:
    """Estimate the Kullback-Leibler divergence of two profiles."""
    shape = _Divergence(_kl_slopes, curvature=0.5, smoothing=SMOOTHING)
    return _divergence(
        reference, current, value=kullback_leibler, shape=shape, confidence=confidence
    )


def jensen_shannon(
    reference: Profile, current: Profile, *, confidence: float = CONFIDENCE
) -> Estimate:
    """Estimate the Jensen-Shannon distance (base 2) of two profiles, 0 to 1."""
    shape = _Divergence(_js_slopes, curvature=1 / (8 * np.log(2)), highest=1.0)
    found = _divergence(
        reference, current, value=jensen_shannon_divergence, shape=shape, confidence=confidence
    )
    return _rooted(found)


def hellinger(reference: Profile, current: Profile, *, confidence: float = CONFIDENCE) -> Estimate:
    """Estimate the Hellinger distance of two profiles, 0 to 1."""
    shape = _Divergence(_hellinger_slopes, curvature=1 / 8, highest=1.0)
    found = _divergence(
        reference, current, value=hellinger_squared, shape=shape, confidence=confidence
    )
    return _rooted(found)


def cramers_v(reference: Profile, current: Profile, *, confidence: float = CONFIDENCE) -> Estimate:
    """Estimate Cramer's V between the column's bin and the side a row is on, 0 to 1.

    Notes
    -----
    ``sqrt(chi2 / (n + m))``; the table has two rows. Source: Cramer (1946), "Mathematical Methods
    of Statistics", section 21.9.
    """
    first = max(reference.rows, 1) / max(reference.rows + current.rows, 1)
    weight = first * (1 - first)

    def value(before: ArrayLike, now: ArrayLike) -> float:
        return chi_squared_statistic(before, now) / (reference.rows + current.rows)

    def slopes(p: FloatArray, q: FloatArray) -> Shares:
        ratio = (p - q) / (first * p + (1 - first) * q)
        return weight * (2 - first * ratio) * ratio, -weight * (2 + (1 - first) * ratio) * ratio

    shape = _Divergence(slopes, curvature=weight, highest=1.0)
    found = _divergence(reference, current, value=value, shape=shape, confidence=confidence)
    return _rooted(found)


def chi_squared(
    reference: Profile, current: Profile, *, confidence: float = CONFIDENCE
) -> Estimate:
    """Test whether both sides share their bin proportions; the value grows with the rows.

    An interval for it would say nothing about the column; `cramers_v` is its effect size.
    """
    del confidence  # every statistic of drift is called alike
    if (empty := empty_side(reference.rows, current.rows)) is not None:
        return empty
    before, now = bin_counts(reference, current)
    statistic = chi_squared_statistic(before, now)
    return Estimate(
        statistic, current.rows, p_value=_chance(before, now), n_reference=reference.rows
    )


def _chance(before: FloatArray, now: FloatArray) -> float:
    """Return the p-value of Pearson's test that both sides share their bin proportions."""
    if len(now) == 1:
        return 1.0
    return chi_squared_p_value(chi_squared_statistic(before, now), freedom=len(now) - 1)


def total_variation(
    reference: Profile, current: Profile, *, confidence: float = CONFIDENCE
) -> Estimate:
    """Estimate the total variation distance of two profiles, 0 to 1.

    Notes
    -----
    The interval is McDiarmid's around the expected value, doi:10.1017/CBO9781107359949.008; below
    it also subtracts the upward bias, at most half the sum of the bins' standard errors.
    """
    if (empty := empty_side(reference.rows, current.rows)) is not None:
        return empty
    before, now = bin_counts(reference, current)
    p, q = _shares(before, now)
    n, m = reference.rows, current.rows
    value = total_variation_distance(before, now)
    bias = float(np.sum(np.sqrt(p * (1 - p) / n + q * (1 - q) / m))) / 2
    band = simultaneous_band(n, m, confidence=confidence)
    interval = (max(value - bias - band, 0.0), min(value + band, 1.0))
    return Estimate(value, m, interval, confidence, p_value=_chance(before, now), n_reference=n)


@dataclass(frozen=True, slots=True)
class _Divergence:
    """What the interval of a smooth divergence needs to know of it.

    Near equality every such divergence is ``curvature`` times ``sum (p - q)^2 / p``.
    """

    slopes: Callable[[FloatArray, FloatArray], Shares]
    curvature: float
    smoothing: float = 0.0
    highest: float = np.inf


def _divergence(
    reference: Profile,
    current: Profile,
    *,
    value: Callable[[ArrayLike, ArrayLike], float],
    shape: _Divergence,
    confidence: float,
) -> Estimate:
    """Compute a divergence of two profiles and bound it."""
    if (empty := empty_side(reference.rows, current.rows)) is not None:
        return empty
    before, now = bin_counts(reference, current)
    found = value(before, now)
    interval = _interval(found, before, now, shape=shape, confidence=confidence)
    return Estimate(
        found,
        current.rows,
        interval,
        None if interval is None else confidence,
        p_value=_chance(before, now),
        n_reference=reference.rows,
    )


def _interval(
    value: float, before: FloatArray, now: FloatArray, *, shape: _Divergence, confidence: float
) -> Interval | None:
    """Bound a smooth divergence, near equality and far from it.

    Near it the value is a noncentral chi-squared variable, far from it a normal one; both bounds
    are computed and the wider kept. ``None`` for a single bin, for bins too small for either
    (Cochran 1954, doi:10.2307/3001666), and for a bin empty on one side where the divergence
    between the populations may be infinite.
    """
    n, m = float(before.sum()), float(now.sum())
    expected = (before + now) * min(n, m) / (n + m)
    few = np.mean(expected < 5) > 0.2 or expected.min() < 1  # noqa: PLR2004 -- Cochran's rule
    if len(now) == 1 or few or (shape.smoothing and min(before.min(), now.min()) == 0):
        return None
    p, q = _shares(before, now, smoothing=shape.smoothing)
    scale = shape.curvature * (n + m) / (n * m)
    near = noncentrality_interval(value / scale, freedom=len(now) - 1, confidence=confidence)
    by_p, by_q = shape.slopes(p, q)
    error = sqrt(_variance(by_p, p) / n + _variance(by_q, q) / m)
    far = clipped(value, normal_quantile(confidence) * error, low=0.0, high=shape.highest)
    return min(near[0] * scale, far[0]), max(min(near[1] * scale, shape.highest), far[1])


def _variance(slopes: FloatArray, shares: FloatArray) -> float:
    return max(float(np.sum(shares * slopes**2) - np.sum(shares * slopes) ** 2), 0.0)


def _psi_slopes(p: FloatArray, q: FloatArray) -> Shares:
    ratio = np.log(q / p)
    return 1 - q / p - ratio, 1 - p / q + ratio


def _kl_slopes(p: FloatArray, q: FloatArray) -> Shares:
    return np.log(p / q) + 1, -p / q


def _js_slopes(p: FloatArray, q: FloatArray) -> Shares:
    middle = (p + q) / 2
    p_part, q_part = (np.log2(np.where(side > 0, side / middle, 1.0)) / 2 for side in (p, q))
    return p_part, q_part


def _hellinger_slopes(p: FloatArray, q: FloatArray) -> Shares:
    by_p = -np.sqrt(q / np.where(p > 0, p, 1.0)) / 2
    by_q = -np.sqrt(p / np.where(q > 0, q, 1.0)) / 2
    return by_p, by_q


def _rooted(squared: Estimate) -> Estimate:
    """Turn an estimate of a squared distance into one of the distance."""
    low_high = squared.interval
    return replace(
        squared,
        value=None if squared.value is None else sqrt(squared.value),
        interval=None if low_high is None else (sqrt(low_high[0]), sqrt(low_high[1])),
    )
