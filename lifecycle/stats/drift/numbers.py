"""How far has a numeric column's distribution moved: from profiles, and exactly from samples."""

from dataclasses import replace
from math import isfinite, sqrt

import numpy as np

from lifecycle.stats.drift.sides import empty_side, on_same_bins
from lifecycle.stats.inference import CONFIDENCE, Estimate, ks_p_value, simultaneous_band
from lifecycle.stats.summaries import CountArray, FloatArray, NumericProfile

ROUNDING = 1e-9
"""Relative size below which a bound from sums of doubles is rounding, not information."""


def ks(
    reference: NumericProfile, current: NumericProfile, *, confidence: float = CONFIDENCE
) -> Estimate:
    """Estimate the largest difference of two distribution functions, 0 to 1.

    Infinite and missing values are left out. The value is taken at the bin edges, so it is never
    more than the samples' own; ``resolution`` is the most that could hide inside a bin, at most
    the smaller share either side has in one.

    Notes
    -----
    Source: Smirnov (1939); see `simultaneous_band` and `ks_p_value` for interval and test.
    """
    on_same_bins(reference, current)
    if (empty := empty_side(reference.n, current.n)) is not None:
        return empty
    before, now = (np.append(0, np.cumsum(s.counts)) / s.n for s in (reference, current))
    distance = float(np.max(np.abs(before - now)))
    inside = np.maximum(before[1:] - now[:-1], now[1:] - before[:-1])
    wide = _wide(reference.edges)
    hidden = max(float(np.max(inside[wide])) - distance, 0.0)
    return _ks_estimate(
        distance, hidden, n_reference=reference.n, n=current.n, confidence=confidence
    )


def ks_exact(
    reference: FloatArray, current: FloatArray, *, confidence: float = CONFIDENCE
) -> Estimate:
    """Compute the KS distance of two ascending samples of finite values."""
    n, m = len(reference), len(current)
    if (empty := empty_side(n, m)) is not None:
        return empty
    distance = _largest_gap(reference, current)
    return _ks_estimate(distance, None, n_reference=n, n=m, confidence=confidence)


def wasserstein(
    reference: NumericProfile, current: NumericProfile, *, confidence: float = CONFIDENCE
) -> Estimate:
    """Estimate the mean distance that values moved, in reference standard deviations."""
    raw = wasserstein_raw(reference, current, confidence=confidence)
    return _in_deviations(raw, deviation(reference))


def wasserstein_exact(
    reference: FloatArray, current: FloatArray, *, confidence: float = CONFIDENCE
) -> Estimate:
    """Compute `wasserstein` of two ascending samples of finite values."""
    raw = wasserstein_raw_exact(reference, current, confidence=confidence)
    with np.errstate(over="ignore", invalid="ignore"):
        return _in_deviations(raw, float(np.std(reference)) if len(reference) else 0.0)


def wasserstein_raw(
    reference: NumericProfile, current: NumericProfile, *, confidence: float = CONFIDENCE
) -> Estimate:
    """Estimate the mean distance that values moved, in the column's unit.

    Sums beside the counts give the area between the distribution functions exactly in every bin
    where they do not cross; ``resolution`` is the most that crossings inside bins could add.
    No closed interval is sound near equality, so there is none. The p-value is that of `ks`: both
    ask whether the two sides have one distribution.

    Notes
    -----
    ``integral |F - G| dx``. Source: Vallender (1974), doi:10.1137/1118101.
    """
    del confidence  # every statistic of drift is called alike
    on_same_bins(reference, current)
    if (empty := empty_side(reference.n, current.n)) is not None:
        return empty
    low, high = min(reference.low, current.low), max(reference.high, current.high)
    with np.errstate(over="ignore", invalid="ignore"):
        bounds = np.clip(np.concatenate([[low], reference.edges, [high]]), low, high)
        width = np.diff(bounds)
        f, f_left, f_right = _steps(reference, bounds, width)
        g, g_left, g_right = _steps(current, bounds, width)
        # Area between the functions in each bin; |area| is all of it unless they cross inside.
        area = np.abs((f[:-1] - g[:-1]) * width + f_left - g_left)
        most = np.minimum(
            np.abs(f[:-1] - g[:-1]) * width + f_left + g_left,
            np.abs(f[1:] - g[1:]) * width + f_right + g_right,
        )
        crossing = (f[1:] > g[:-1]) & (g[1:] > f[:-1]) & _wide(reference.edges)
        value = float(np.sum(area))
        hidden = float(np.sum(np.maximum(most - area, 0.0)[crossing]))
    if not isfinite(value + hidden):
        return _overflow(reference.n, current.n)
    if hidden <= ROUNDING * value:
        hidden = 0.0
    return Estimate(
        value,
        current.n,
        resolution=hidden or None,
        p_value=ks(reference, current).p_value,
        n_reference=reference.n,
    )


def wasserstein_raw_exact(
    reference: FloatArray, current: FloatArray, *, confidence: float = CONFIDENCE
) -> Estimate:
    """Compute `wasserstein_raw` of two ascending samples of finite values."""
    del confidence  # every statistic of drift is called alike
    n, m = len(reference), len(current)
    if (empty := empty_side(n, m)) is not None:
        return empty
    with np.errstate(over="ignore", invalid="ignore"):
        value = _area_between(reference, current)
    if not isfinite(value):
        return _overflow(n, m)
    p = ks_p_value(_largest_gap(reference, current), n=n, m=m)
    return Estimate(value, m, p_value=p, n_reference=n)


def _largest_gap(reference: FloatArray, current: FloatArray) -> float:
    """Return the largest difference of two samples' distribution functions.

    What they are at the ends of a stretch bounds their difference inside it; few stretches can
    hold the largest one, and only in those the points are looked at.
    """
    n, m = len(reference), len(current)
    _, f, g = _at_knots(reference, current, every=256)
    before, now = f / n, g / m
    largest = float(np.max(np.abs(before - now)))
    most = np.maximum(before[1:] - now[:-1], now[1:] - before[:-1])
    points = current[g[0] : g[-1]][np.repeat(most > largest, np.diff(g))]
    for side in ("left", "right"):
        gaps = np.searchsorted(reference, points, side) / n
        gaps -= np.searchsorted(current, points, side) / m
        largest = max(largest, float(np.max(np.abs(gaps), initial=0.0)))
    return largest


def _area_between(reference: FloatArray, current: FloatArray) -> float:
    """Return the area between two samples' distribution functions.

    Between knots where one function stays above the other the area follows from sums of the
    values; only where they may cross the points are gone through.
    """
    n, m = len(reference), len(current)
    knots, f, g = _at_knots(reference, current, every=16)
    width = np.diff(knots)
    below = f[1:] / n * width - _above(reference, f, knots) / n
    below -= g[1:] / m * width - _above(current, g, knots) / m
    crossing = (f[1:] * m > g[:-1] * n) & (g[1:] * n > f[:-1] * m) & (width > 0)
    points = np.concatenate(
        [
            knots[:-1][crossing],
            knots[1:][crossing],
            reference[f[0] : f[-1]][np.repeat(crossing, np.diff(f))],
            current[g[0] : g[-1]][np.repeat(crossing, np.diff(g))],
        ]
    )
    points.sort()
    gaps = np.searchsorted(reference, points[:-1], "right") / n
    gaps -= np.searchsorted(current, points[:-1], "right") / m
    inside = np.append(crossing, False)[np.searchsorted(knots, points[:-1], "right") - 1]
    return float(np.sum(np.abs(below[~crossing])) + np.sum(np.abs(gaps * np.diff(points))[inside]))


def _at_knots(
    reference: FloatArray, current: FloatArray, *, every: int
) -> tuple[FloatArray, CountArray, CountArray]:
    """Return every so many current points with both extremes, and the values up to each."""
    ends = min(reference[0], current[0]), max(reference[-1], current[-1])
    knots = np.unique(np.concatenate([ends, current[::every]]))
    f, g = (np.searchsorted(side, knots, "right") for side in (reference, current))
    return knots, f, g


def _above(values: FloatArray, at: CountArray, knots: FloatArray) -> FloatArray:
    """Return how far the values between knots lie above the lower one, in all."""
    rows, origin = np.diff(at), knots[len(knots) // 2]  # far from zero the sums would be rounding
    sums, held = np.zeros(len(rows)), rows > 0
    if held.any():
        sums[held] = np.add.reduceat(values - origin, at[:-1][held])
    return sums - rows * (knots[:-1] - origin)


def _wide(edges: FloatArray) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Tell which bins can hold more than one value; nothing hides in the others."""
    with np.errstate(over="ignore"):
        inner = edges[:-1] < np.nextafter(edges[1:], -np.inf)
    return np.concatenate([[True], inner, [True]])[-len(edges) - 1 :]


def _ks_estimate(
    distance: float, hidden: float | None, *, n_reference: int, n: int, confidence: float
) -> Estimate:
    band = simultaneous_band(n_reference, n, confidence=confidence)
    return Estimate(
        distance,
        n,
        (max(distance - band, 0.0), min(distance + (hidden or 0.0) + band, 1.0)),
        confidence,
        resolution=hidden or None,
        p_value=ks_p_value(distance, n=n_reference, m=n),
        n_reference=n_reference,
    )


def _steps(
    side: NumericProfile, bounds: FloatArray, width: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the distribution function at the bounds, and the area its steps inside bins add.

    Per bin: the integral of ``F(x) - F(left)`` and that of ``F(right) - F(x)``.
    """
    shares = side.counts / side.n
    rises = np.clip((side.counts * bounds[1:] - side.sums) / side.n, 0.0, shares * width)
    return np.append(0.0, np.cumsum(side.counts)) / side.n, rises, shares * width - rises


def deviation(side: NumericProfile) -> float:
    """Return the standard deviation (over n) of a profile.

    Far from zero the sum of squares drowns the spread in rounding; the bins' means still hold
    what lies between bins, and a bin of one value has no spread inside.
    """
    if side.n == 0 or side.low == side.high:
        return 0.0
    held = side.counts > 0
    with np.errstate(over="ignore", invalid="ignore"):
        mean = float(side.sums.sum()) / side.n
        means = side.sums[held] / side.counts[held]
        between = float(np.sum(side.counts[held] * (means - mean) ** 2)) / side.n
        raw = side.squares / side.n - mean * mean
    return sqrt(raw if raw > ROUNDING * mean * mean else between)


def _in_deviations(raw: Estimate, deviation: float) -> Estimate:
    """Divide an estimate by a standard deviation."""
    if raw.value is None or raw.value == 0:
        return raw
    if deviation == 0:
        reason = "the reference is constant, so it has no standard deviation; see wasserstein_raw"
        return Estimate(None, raw.n, n_reference=raw.n_reference, reason=reason)
    if not isfinite(deviation):
        return _overflow(raw.n_reference or 0, raw.n)
    hidden = None if raw.resolution is None else raw.resolution / deviation
    return replace(raw, value=raw.value / deviation, resolution=hidden)


def _overflow(n_reference: int, n: int) -> Estimate:
    reason = "the values are too large for their sums to be held in a double"
    return Estimate(None, n, n_reference=n_reference, reason=reason)
