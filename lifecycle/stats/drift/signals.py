"""Statistics of drift as functions of a vector that is linear in a window's shares of rows.

Written so, the deviations of windows from their mean can be drawn, widened and judged many at a
time, without counting anything again.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from lifecycle.errors import InvalidInput
from lifecycle.stats.drift import distances
from lifecycle.stats.drift.counts import SMOOTHING
from lifecycle.stats.drift.numbers import deviation
from lifecycle.stats.drift.tables import Steps, bin_matrix, count_matrix
from lifecycle.stats.summaries import FloatArray, NumericProfile, Profile

Formula = Callable[[FloatArray], FloatArray]


@dataclass(frozen=True, slots=True, eq=False)
class Signal:
    """A statistic as a function of a vector that is linear in a window's shares.

    Parameters
    ----------
    windows
        Shape (w, d), the vector of each window; NaN for a window without rows.
    centre
        Shape (d,), that of the whole reference.
    weights
        Shape (d,), what makes the elements' chance errors comparable.
    formula
        The statistic of vectors on the last axis against the centre.
    """

    windows: FloatArray
    centre: FloatArray
    weights: FloatArray
    formula: Formula


def signal(steps: Steps, total: Profile, *, statistic: str, width: int) -> Signal:
    """Write a statistic of rolling windows, each ``width`` steps long, in that form.

    Raises
    ------
    InvalidInput
        The statistic has no such form, or none for this kind of column.
    """
    if statistic in SHARES:
        return _of_shares(bin_matrix(steps, total), width=width, formula=SHARES[statistic])
    if isinstance(total, NumericProfile) and statistic in NUMBERS:
        numeric = [step if isinstance(step, NumericProfile) else None for step in steps]
        return NUMBERS[statistic](numeric, total, width)
    raise InvalidInput(f"no limit of {statistic} can be learned for this kind of column")


def _rolling(steps: FloatArray, *, width: int) -> FloatArray:
    """Add up each step and those after it, going round at the end; shape as given."""
    around = np.concatenate([np.zeros((1, steps.shape[1])), steps, steps[: width - 1]])
    reached = np.cumsum(around, axis=0)
    return reached[width:] - reached[:-width]


def _of_shares(counts: FloatArray, *, width: int, formula: Callable[..., FloatArray]) -> Signal:
    windows, whole = _rolling(counts, width=width), counts.sum(axis=0)
    rows = windows.sum(axis=1, keepdims=True)
    n, m = float(whole.sum()), float(rows[rows > 0].mean())

    def value(shares: FloatArray) -> FloatArray:
        kept = np.maximum(shares, 0.0)
        return formula(whole, kept / kept.sum(axis=-1, keepdims=True) * m, n=n, m=m)

    shares = windows / np.where(rows > 0, rows, np.nan)
    return Signal(shares, whole / n, np.sqrt(n / whole), value)


def _smoothed(formula: Callable[[FloatArray, FloatArray], FloatArray]) -> Callable[..., FloatArray]:
    def value(before: FloatArray, now: FloatArray, *, n: float, m: float) -> FloatArray:
        more = SMOOTHING * len(before)
        return formula((before + SMOOTHING) / (n + more), (now + SMOOTHING) / (m + more))

    return value


def _rooted(formula: Callable[[FloatArray, FloatArray], FloatArray]) -> Callable[..., FloatArray]:
    def value(before: FloatArray, now: FloatArray, *, n: float, m: float) -> FloatArray:
        return np.sqrt(formula(before / n, now / m))

    return value


def _total_variation(before: FloatArray, now: FloatArray, *, n: float, m: float) -> FloatArray:
    return distances.total_variation(before / n, now / m)


def _cramers_v(before: FloatArray, now: FloatArray, *, n: float, m: float) -> FloatArray:
    return np.sqrt(distances.association(before / n, now / m, first=n / (n + m)))


SHARES: Mapping[str, Callable[..., FloatArray]] = {
    "psi": _smoothed(distances.symmetric_divergence),
    "kl_divergence": _smoothed(distances.relative_entropy),
    "jensen_shannon": _rooted(distances.jensen_shannon),
    "hellinger": _rooted(distances.hellinger),
    "total_variation": _total_variation,
    "cramers_v": _cramers_v,
}
"""Statistics of the shares of bins."""


def _ks(steps: Sequence[NumericProfile | None], total: NumericProfile, width: int) -> Signal:
    reached = np.cumsum(
        _rolling(count_matrix(steps, total).astype(np.float64), width=width), axis=1
    )
    rows = np.where(reached[:, -1:] > 0, reached[:, -1:], np.nan)
    centre = np.cumsum(total.counts) / max(total.n, 1)

    def value(functions: FloatArray) -> FloatArray:
        return np.minimum(np.max(np.abs(functions - centre), axis=-1), 1.0)

    return Signal(reached / rows, centre, np.ones(len(centre)), value)


def _wasserstein_raw(
    steps: Sequence[NumericProfile | None], total: NumericProfile, width: int
) -> Signal:
    """Measure the area below the distribution function inside each bin; distances add up."""
    bounds = np.clip(
        np.concatenate([[total.low], total.edges, [total.high]]), total.low, total.high
    )
    counts = _rolling(count_matrix(steps, total).astype(np.float64), width=width)
    none = np.zeros(len(total.counts))
    sums = _rolling(np.stack([none if s is None else s.sums for s in steps]), width=width)

    def areas(held: FloatArray, added: FloatArray) -> FloatArray:
        n = held.sum(axis=-1, keepdims=True)
        before = np.cumsum(held, axis=-1) - held
        inside = held * bounds[1:] - added
        return (before * np.diff(bounds) + inside) / np.where(n > 0, n, np.nan)

    centre = areas(total.counts.astype(np.float64), total.sums)

    def value(found: FloatArray) -> FloatArray:
        return np.sum(np.abs(found - centre), axis=-1)

    return Signal(areas(counts, sums), centre, np.ones(len(centre)), value)


def _wasserstein(
    steps: Sequence[NumericProfile | None], total: NumericProfile, width: int
) -> Signal:
    raw, unit = _wasserstein_raw(steps, total, width), deviation(total)
    if unit == 0:
        raise InvalidInput("the reference is constant, so it has no standard deviation")
    return Signal(raw.windows, raw.centre, raw.weights, lambda areas: raw.formula(areas) / unit)


NUMBERS: Mapping[str, Callable[[Sequence[NumericProfile | None], NumericProfile, int], Signal]] = {
    "ks": _ks,
    "wasserstein": _wasserstein,
    "wasserstein_raw": _wasserstein_raw,
}
"""Statistics of a numeric column's distribution function."""

LEARNABLE = frozenset({*SHARES, *NUMBERS})
"""Statistics whose limit can be learned; the chi-squared's effect size is Cramer's V."""
