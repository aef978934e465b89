"""How sure are we: the result every statistic returns, intervals, tests and their correction.

Formulas are written out on NumPy and `scipy.special`; the tests compare them with `scipy.stats`,
whose import would cost every command its start-up time.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log, sqrt
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from lifecycle.errors import InvalidInput

Interval: TypeAlias = tuple[float, float]
FloatArray: TypeAlias = NDArray[np.float64]

CONFIDENCE = 0.95
"""The level of an interval unless the caller asks for another; a house default."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a statistic returns: a number and what it is worth.

    Parameters
    ----------
    value
        Finite, or ``None``; then ``reason`` says why.
    n
        Observations behind the value; for drift those of the current side.
    interval
        Lower and upper bound of the population's value at ``confidence``; ``None`` where no sound
        interval is known.
    resolution
        What binning may have cost, in the value's unit; ``None`` when the value is exact.
    p_value
        Of the test that nothing changed, where the statistic is one.
    n_reference
        Observations on the reference side; ``None`` outside drift.
    reason
        Why there is no value, or what was left out of it.
    insufficient
        True when there is too little data to say.
    """

    value: float | None
    n: int
    interval: Interval | None = None
    confidence: float | None = None
    resolution: float | None = None
    p_value: float | None = None
    n_reference: int | None = None
    reason: str | None = None
    insufficient: bool = False


def nothing(reason: str, *, n: int = 0, n_reference: int | None = None) -> Estimate:
    """Say that there is too little data for a value, and why."""
    return Estimate(None, n, n_reference=n_reference, reason=reason, insufficient=True)


def bounded(
    value: float,
    *,
    n: int,
    interval: Interval | None,
    confidence: float,
    resolution: float | None = None,
) -> Estimate:
    """Return a value with its interval, if there is a sound one, at that confidence."""
    level = None if interval is None else confidence
    return Estimate(value, n, interval, level, resolution=resolution)


def proportion(successes: int, n: int, *, confidence: float, empty: str) -> Estimate:
    """Estimate a proportion with Wilson's interval; ``empty`` says what is missing when n is 0."""
    if n == 0:
        return nothing(empty)
    interval = wilson(successes, n, confidence=confidence)
    return bounded(successes / n, n=n, interval=interval, confidence=confidence)


def normal_quantile(confidence: float) -> float:
    """Return z such that a standard normal lies within plus or minus z with that probability."""
    return float(special.ndtri((1 + _level(confidence)) / 2))


def student_quantile(confidence: float, *, freedom: float) -> float:
    """Return t such that a Student variable lies within plus or minus t with that probability."""
    return float(special.stdtrit(freedom, (1 + _level(confidence)) / 2))


def _level(confidence: float) -> float:
    if not 0 < confidence < 1:
        raise InvalidInput(f"confidence must lie between 0 and 1, not {confidence}")
    return confidence


def wilson_bounds(successes: ArrayLike, n: ArrayLike, *, z: float) -> tuple[FloatArray, FloatArray]:
    """Bound proportions by Wilson's score interval, element by element.

    Parameters
    ----------
    successes, n
        Counts of one shape, ``n`` at least 1.
    z
        The normal quantile of the level wanted.

    Notes
    -----
    Source: Wilson (1927), doi:10.1080/01621459.1927.10502953.
    """
    k, m = np.asarray(successes, np.float64), np.asarray(n, np.float64)
    centre = (k + z * z / 2) / (m + z * z)
    half = z / (m + z * z) * np.sqrt(k * (m - k) / m + z * z / 4)
    # Rounding must not push a bound off the value it belongs to.
    low = np.where(k == 0, 0.0, np.minimum(centre - half, k / m))
    high = np.where(k == m, 1.0, np.maximum(centre + half, k / m))
    return np.maximum(low, 0.0), np.minimum(high, 1.0)


def wilson(successes: int, n: int, *, confidence: float = CONFIDENCE) -> Interval:
    """Bound one proportion by Wilson's score interval; n must be at least 1."""
    if not 0 <= successes <= n or n < 1:
        raise InvalidInput(f"{successes} of {n} is not a proportion")
    low, high = wilson_bounds(successes, n, z=normal_quantile(confidence))
    return float(low), float(high)


def difference_bounds(
    first: tuple[ArrayLike, ArrayLike], second: tuple[ArrayLike, ArrayLike], *, z: float
) -> tuple[FloatArray, FloatArray]:
    """Bound differences of independent proportions, first minus second, element by element.

    Parameters
    ----------
    first, second
        Successes and observations on each side.
    z
        The normal quantile of the level wanted.

    Notes
    -----
    Newcombe's hybrid score interval, method 10 without continuity correction.
    Source: Newcombe (1998), doi:10.1002/(SICI)1097-0258(19980430)17:8<873::AID-SIM779>3.0.CO;2-I.
    """
    p, q = (np.asarray(k, np.float64) / np.asarray(n, np.float64) for k, n in (first, second))
    p_low, p_high = wilson_bounds(*first, z=z)
    q_low, q_high = wilson_bounds(*second, z=z)
    low = p - q - np.hypot(p - p_low, q_high - q)
    high = p - q + np.hypot(p_high - p, q - q_low)
    return np.maximum(low, -1.0), np.minimum(high, 1.0)


def newcombe(
    first: tuple[int, int], second: tuple[int, int], *, confidence: float = CONFIDENCE
) -> Interval:
    """Bound the difference of two independent proportions, each given as (successes, n)."""
    low, high = difference_bounds(first, second, z=normal_quantile(confidence))
    return float(low), float(high)


def ratio_bounds(
    first: tuple[ArrayLike, ArrayLike], second: tuple[ArrayLike, ArrayLike], *, z: float
) -> tuple[FloatArray, FloatArray]:
    """Bound ratios of independent proportions, first over second, element by element.

    Parameters
    ----------
    first, second
        Successes and observations on each side, each of one shape or a number.
    z
        The normal quantile of the level wanted.

    Notes
    -----
    Koopman's score interval: ratios are kept under whose likeliest rates the counts are not
    unusual. A count of zero above the line needs no correction; one below it gives an infinite
    upper bound. Source: Koopman (1984), doi:10.2307/2531405.
    """
    k, n, m, o = (np.asarray(c, np.float64) for c in (*first, *second))
    with np.errstate(divide="ignore", invalid="ignore"):
        seen = np.nan_to_num(np.log(k * o) - np.log(m * n), posinf=FARTHEST, neginf=-FARTHEST)
    ends: list[FloatArray] = []
    for end in (-FARTHEST, FARTHEST):
        inside, outside = seen, np.full_like(seen, end)
        for _ in range(HALVINGS):
            middle = (inside + outside) / 2
            likely = _score_of_ratio(k, n, m, o, ratio=np.exp(middle)) <= z
            inside = np.where(likely, middle, inside)
            outside = np.where(likely, outside, middle)
        ends.append(np.exp(inside))
    return np.where(k > 0, ends[0], 0.0), np.where(m > 0, ends[1], np.inf)


FARTHEST, HALVINGS = 50.0, 45
"""The logarithm of the largest ratio looked at, and steps after which a bound is known to 1e-11."""


def _score_of_ratio(
    k: FloatArray, n: FloatArray, m: FloatArray, o: FloatArray, *, ratio: FloatArray
) -> FloatArray:
    """Return how many standard errors two rates are off a ratio, at the likeliest rates of it."""
    linear = ratio * (n + m) + k + o
    root = np.sqrt(np.maximum(linear**2 - 4 * (n + o) * ratio * (k + m), 0.0))
    below = 2 * (k + m) / (linear + root)
    above = np.minimum(ratio * below, 1.0)
    error = np.sqrt(above * (1 - above) / n + ratio**2 * below * (1 - below) / o)
    off = np.abs(k / n - ratio * m / o)
    return np.divide(off, error, out=np.zeros_like(off), where=error > 0)


def ratio_interval(
    first: tuple[int, int], second: tuple[int, int], *, confidence: float = CONFIDENCE
) -> Interval:
    """Bound the ratio of two independent proportions, each given as (successes, n)."""
    low, high = ratio_bounds(first, second, z=normal_quantile(confidence))
    return float(low), float(high)


def mean_interval(
    total: float, squares: float, n: int, *, confidence: float = CONFIDENCE
) -> Interval | None:
    """Bound a mean from the sum and the sum of squares of n values, by Student's t.

    Returns
    -------
    tuple or None
        ``None`` below two values, and where they show no spread.
    """
    mean = total / n
    spread = (squares / n - mean * mean) / max(n - 1, 1)
    if n < 2 or spread <= 0:  # noqa: PLR2004 -- a variance needs two values
        return None
    half = student_quantile(confidence, freedom=n - 1) * sqrt(spread)
    return mean - half, mean + half


def clipped(centre: float, half: float, *, low: float, high: float) -> Interval:
    """Return ``centre`` plus and minus ``half``, kept inside the range of the value."""
    return max(centre - half, low), min(centre + half, high)


def logit_interval(value: float, error: float, *, confidence: float) -> Interval | None:
    """Bound a value in 0..1 on the logit scale, from its standard error.

    Returns
    -------
    tuple or None
        ``None`` at 0 and 1 and for a standard error of 0, where the scale ends.
    """
    if not 0 < value < 1 or error <= 0:
        return None
    half = normal_quantile(confidence) * error / (value * (1 - value))
    centre = special.logit(value)
    return float(special.expit(centre - half)), float(special.expit(centre + half))


def simultaneous_band(n: int, m: int, *, confidence: float) -> float:
    """Return how far two empirical distributions may both stray, at every point at once.

    With that probability ``|(F_n - G_m) - (F - G)|`` stays below it everywhere.

    Notes
    -----
    ``sqrt(log(2 / alpha) / (2 e))``, ``e = n m / (n + m)``: the Dvoretzky-Kiefer-Wolfowitz bound
    with Massart's constant, doi:10.1214/aop/1176990746. For different F and G it holds for the
    limiting process: a Brownian bridge in the pooled time equals the difference process plus an
    independent Gaussian one, so by Anderson's inequality it exceeds any level more often.
    """
    return sqrt(log(2 / (1 - _level(confidence))) * (n + m) / (2 * n * m))


def ks_p_value(distance: float, *, n: int, m: int) -> float:
    """Return the asymptotic probability of a larger two-sample KS distance under no change.

    Notes
    -----
    Kolmogorov's limit with Vrbik's correction for small samples (2018), Pioneer Journal of
    Theoretical and Applied Statistics 15; conservative for discrete columns.
    """
    e = n * m / (n + m)
    scaled = sqrt(e) * distance
    corrected = scaled + 1 / (6 * sqrt(e)) + (scaled - 1) / (4 * e)
    return float(special.kolmogorov(max(corrected, 0.0)))


def chi_squared_p_value(statistic: float, *, freedom: int) -> float:
    """Return the probability of a larger chi-squared statistic under no association."""
    return float(special.chdtrc(freedom, statistic)) if freedom else 1.0


def noncentrality_bounds(
    statistic: ArrayLike, *, freedom: ArrayLike, confidence: float
) -> tuple[FloatArray, FloatArray]:
    """Bound the noncentralities of chi-squared variables, by inverting their distribution.

    Parameters
    ----------
    statistic, freedom
        Shape (n,); at least 0 and at least 1.

    Notes
    -----
    Source: Steiger and Fouladi (1997), "Noncentrality interval estimation". A large statistic has
    a root that is normal around the root of its noncentrality to five digits, and much cheaper.
    """
    x, k = np.asarray(statistic, np.float64), np.asarray(freedom, np.float64)
    z, root = normal_quantile(confidence), np.sqrt(np.maximum(x - k + 1, 0.0))
    low, high = np.maximum(root - z, 0.0) ** 2, (root + z) ** 2
    tail, below = (1 - confidence) / 2, special.chdtr(k, x)
    small = x <= LARGE_STATISTIC
    for bound, probability in ((low, 1 - tail), (high, tail)):
        bound[small & (below <= probability)] = 0.0  # no noncentrality makes it that quantile
        inverted = small & (below > probability)
        bound[inverted] = special.chndtrinc(x[inverted], k[inverted], probability)
    return low, high


LARGE_STATISTIC = 10_000
"""From here on the cost of inverting grows while normality errs by less than 1e-3 of the width."""


def benjamini_hochberg(p_values: Sequence[float]) -> list[float]:
    """Adjust a family of p-values so that limiting them limits the false discovery rate.

    Notes
    -----
    Source: Benjamini and Hochberg (1995), doi:10.1111/j.2517-6161.1995.tb02031.x.
    """
    p = _probabilities(p_values)
    order = np.argsort(p)[::-1]
    ranks = np.arange(len(p), 0, -1)
    adjusted = np.empty(len(p))
    adjusted[order] = np.minimum(np.minimum.accumulate(p[order] * len(p) / ranks), 1.0)
    return adjusted.tolist()


def bonferroni(p_values: Sequence[float]) -> list[float]:
    """Adjust a family of p-values so that limiting them limits the chance of any false alarm."""
    p = _probabilities(p_values)
    return np.minimum(p * len(p), 1.0).tolist()


def _probabilities(p_values: Sequence[float]) -> FloatArray:
    p = np.asarray(p_values, np.float64)
    if not np.all((p >= 0) & (p <= 1)):
        raise InvalidInput("a p-value must lie between 0 and 1")
    return p
