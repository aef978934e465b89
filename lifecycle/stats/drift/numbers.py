"""How far has a numeric column's distribution moved: from profiles, and exactly from samples."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import wraps
from math import isfinite, sqrt

import numpy as np

from lifecycle.stats.drift.samples import Summed, area_between, largest_gap
from lifecycle.stats.drift.sides import OverWindows, on_same_bins
from lifecycle.stats.inference import Estimate, ks_p_value, simultaneous_band
from lifecycle.stats.summaries import FloatArray, NumericProfile

ROUNDING = 1e-9
"""Relative size below which a bound from sums of doubles is rounding, not information."""


def _of_profiles(
    compute: Callable[[NumericProfile, Sequence[NumericProfile], float], list[Estimate]],
) -> OverWindows[NumericProfile]:
    """Make a measure of profiles on the same bins."""

    @wraps(compute)
    def compared(
        reference: NumericProfile, windows: Sequence[NumericProfile], confidence: float
    ) -> list[Estimate]:
        on_same_bins(reference, windows)
        return compute(reference, windows, confidence)

    return OverWindows(compared, lambda side: side.n)


def _of_samples(
    compute: Callable[[FloatArray, Sequence[FloatArray], float], list[Estimate]],
) -> OverWindows[FloatArray]:
    """Make a measure of ascending samples of finite values."""
    return OverWindows(compute, len)


@_of_profiles
def ks(
    reference: NumericProfile, windows: Sequence[NumericProfile], confidence: float
) -> list[Estimate]:
    """Estimate the largest difference of two distribution functions, 0 to 1.

    Infinite and missing values are left out. The value is taken at the bin edges, so it is never
    more than the samples' own; ``resolution`` is the most that could hide inside a bin, at most
    the smaller share either side has in one.

    Notes
    -----
    Source: Smirnov (1939); see `simultaneous_band` and `ks_p_value` for interval and test.
    """
    before, now, distance = _gaps(reference, windows)
    inside = np.maximum(before[:, 1:] - now[:, :-1], now[:, 1:] - before[:, :-1])
    hidden = np.maximum(np.max(inside[:, _wide(reference.edges)], axis=1) - distance, 0.0)
    return [
        _ks_estimate(gap, more, n_reference=reference.n, n=window.n, confidence=confidence)
        for gap, more, window in zip(distance.tolist(), hidden.tolist(), windows, strict=True)
    ]


@_of_samples
def ks_exact(
    reference: FloatArray, windows: Sequence[FloatArray], confidence: float
) -> list[Estimate]:
    """Compute the KS distance of ascending samples of finite values."""
    return [
        _ks_estimate(
            largest_gap(reference, window),
            0.0,
            n_reference=len(reference),
            n=len(window),
            confidence=confidence,
        )
        for window in windows
    ]


@_of_profiles
def wasserstein(
    reference: NumericProfile, windows: Sequence[NumericProfile], confidence: float
) -> list[Estimate]:
    """Estimate the mean distance that values moved, in reference standard deviations."""
    raw, unit = wasserstein_raw.compute(reference, windows, confidence), deviation(reference)
    return [_in_deviations(one, unit) for one in raw]


@_of_samples
def wasserstein_exact(
    reference: FloatArray, windows: Sequence[FloatArray], confidence: float
) -> list[Estimate]:
    """Compute `wasserstein` of ascending samples of finite values."""
    raw = wasserstein_raw_exact.compute(reference, windows, confidence)
    with np.errstate(over="ignore", invalid="ignore"):
        unit = float(np.std(reference))
    return [_in_deviations(one, unit) for one in raw]


@_of_profiles
def wasserstein_raw(
    reference: NumericProfile, windows: Sequence[NumericProfile], confidence: float
) -> list[Estimate]:
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
    bounds = np.empty((len(windows), len(reference.edges) + 2))
    bounds[:, 0] = np.minimum(reference.low, [window.low for window in windows])
    bounds[:, -1] = np.maximum(reference.high, [window.high for window in windows])
    bounds[:, 1:-1] = np.clip(reference.edges, bounds[:, :1], bounds[:, -1:])
    with np.errstate(over="ignore", invalid="ignore"):
        width = np.diff(bounds, axis=1)
        f, f_left, f_right = _steps([reference], bounds, width)
        g, g_left, g_right = _steps(windows, bounds, width)
        # Area between the functions in each bin; |area| is all of it unless they cross inside.
        area = np.abs((f[:, :-1] - g[:, :-1]) * width + f_left - g_left)
        most = np.minimum(
            np.abs(f[:, :-1] - g[:, :-1]) * width + f_left + g_left,
            np.abs(f[:, 1:] - g[:, 1:]) * width + f_right + g_right,
        )
        crossing = (f[:, 1:] > g[:, :-1]) & (g[:, 1:] > f[:, :-1]) & _wide(reference.edges)
        value = np.sum(area, axis=1)
        hidden = np.sum(np.maximum(most - area, 0.0), axis=1, where=crossing)
    hidden[hidden <= ROUNDING * value] = 0.0
    n, gaps = reference.n, _gaps(reference, windows)[-1]
    return [
        Estimate(
            total,
            window.n,
            resolution=more or None,
            p_value=ks_p_value(gap, n=n, m=window.n),
            n_reference=n,
        )
        if isfinite(total + more)
        else _overflow(n, window.n)
        for total, more, gap, window in zip(
            value.tolist(), hidden.tolist(), gaps.tolist(), windows, strict=True
        )
    ]


@_of_samples
def wasserstein_raw_exact(
    reference: FloatArray, windows: Sequence[FloatArray], confidence: float
) -> list[Estimate]:
    """Compute `wasserstein_raw` of ascending samples of finite values."""
    del confidence  # every statistic of drift is called alike
    found: list[Estimate] = []
    with np.errstate(over="ignore", invalid="ignore"):
        before = Summed.of(reference)
    for window in windows:
        n, m = len(reference), len(window)
        with np.errstate(over="ignore", invalid="ignore"):
            value = area_between(before, Summed.of(window))
        if isfinite(value):
            p = ks_p_value(largest_gap(reference, window), n=n, m=m)
            found.append(Estimate(value, m, p_value=p, n_reference=n))
        else:
            found.append(_overflow(n, m))
    return found


def _wide(edges: FloatArray) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Tell which bins can hold more than one value; nothing hides in the others."""
    with np.errstate(over="ignore"):
        inner = edges[:-1] < np.nextafter(edges[1:], -np.inf)
    return np.concatenate([[True], inner, [True]])[-len(edges) - 1 :]


def _ks_estimate(
    distance: float, hidden: float, *, n_reference: int, n: int, confidence: float
) -> Estimate:
    band = simultaneous_band(n_reference, n, confidence=confidence)
    return Estimate(
        distance,
        n,
        (max(distance - band, 0.0), min(distance + hidden + band, 1.0)),
        confidence,
        resolution=hidden or None,
        p_value=ks_p_value(distance, n=n_reference, m=n),
        n_reference=n_reference,
    )


def _gaps(
    reference: NumericProfile, windows: Sequence[NumericProfile]
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the distribution functions at the bins' bounds, and the largest gap per window."""
    before, now = _functions([reference]), _functions(windows)
    return before, now, np.max(np.abs(before - now), axis=1)


def _functions(sides: Sequence[NumericProfile]) -> FloatArray:
    """Return the distribution functions at the bins' bounds, a row per side."""
    counts = np.array([side.counts for side in sides])
    reached = np.zeros((len(sides), counts.shape[1] + 1))
    np.cumsum(counts, axis=1, out=reached[:, 1:])
    return reached / reached[:, -1:]


def _steps(
    sides: Sequence[NumericProfile], bounds: FloatArray, width: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return distribution functions at the bounds, and the area their steps inside bins add.

    A row per window. Per bin: the integral of ``F(x) - F(left)`` and that of ``F(right) - F(x)``.
    """
    counts = np.array([side.counts for side in sides])
    n = counts.sum(axis=1, keepdims=True)
    areas, sums = counts / n * width, np.array([side.sums for side in sides])
    rises = np.clip((counts * bounds[:, 1:] - sums) / n, 0.0, areas)
    return _functions(sides), rises, areas - rises


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
