"""How far has a numeric column's distribution moved: from profiles, and exactly from samples."""

from dataclasses import replace
from math import isfinite, sqrt

import numpy as np

from lifecycle.stats.drift.sides import empty_side, on_same_bins
from lifecycle.stats.inference import CONFIDENCE, Estimate, ks_p_value, simultaneous_band
from lifecycle.stats.summaries import FloatArray, NumericProfile

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
    # The current function is flat between its points, so the largest difference lies at them.
    distance = max(
        float(
            np.max(
                np.abs(
                    np.searchsorted(reference, current, side=side) / n
                    - np.searchsorted(current, current, side=side) / m
                )
            )
        )
        for side in ("left", "right")
    )
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
    points = np.concatenate([reference, current])
    points.sort(kind="stable")  # two runs in order: merged, not sorted again
    f = np.searchsorted(reference, points[:-1], side="right") / n
    g = np.searchsorted(current, points[:-1], side="right") / m
    with np.errstate(over="ignore", invalid="ignore"):
        value = float(np.sum(np.abs(f - g) * np.diff(points)))
    if not isfinite(value):
        return _overflow(n, m)
    p = ks_p_value(float(np.max(np.abs(f - g))), n=n, m=m)
    return Estimate(value, m, p_value=p, n_reference=n)


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
