"""How often do the intervals of one and of two groups hold the truth: summed, not simulated.

Every outcome of the binomials is weighted with its probability, so the figures have no error of
simulation. A count jumps, and with it the coverage at one exact rate: each cell therefore gives the
mean over rates within a fifth of the one named, and the coverage at that very rate. For one rate it
also gives what the nearest other sets of counts would cover there: intervals whose ends rise with
the count have no choice but among such sets. `docs/benchmarks.md` quotes the tables.
"""

import sys
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import stats

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from lifecycle.stats.fairness import compared, spread
from lifecycle.stats.inference import (
    difference_bounds,
    normal_quantile,
    ratio_bounds,
    wilson_bounds,
)

Floats = NDArray[np.float64]
Side = tuple[NDArray[np.int64], int]
Holds = Callable[[Side, Side, float], NDArray[np.bool_]]
"""Whether the interval of each pair of counts holds a value."""

SIZES, RATES = (50, 200, 1_000, 5_000), (0.02, 0.1, 0.3, 0.5)
FIFTH = np.linspace(0.8, 1.2, 41)
APART = (1.0, 0.6)
"""The second group's rate over the first's: equal, and in two camps."""

ALPHA = 0.05

Z = normal_quantile(1 - ALPHA)


def likely(n: int, rate: float) -> NDArray[np.int64]:
    """Return the counts that matter at a rate; the others have less than 1e-9 together."""
    low, high = stats.binom.ppf([5e-10, 1 - 5e-10], n, rate)
    return np.arange(int(low), int(high) + 1)


def held(n: int, rate: float) -> NDArray[np.bool_]:
    """Tell for each of 0 to n successes whether Wilson's interval holds the rate."""
    low, high = wilson_bounds(np.arange(n + 1), np.full(n + 1, n), z=Z)
    return (low <= rate) & (rate <= high)


def one(n: int, rate: float) -> float:
    """Return the coverage of Wilson's interval at a rate."""
    return float(stats.binom.pmf(np.arange(n + 1), n, rate)[held(n, rate)].sum())


def neighbours(n: int, rate: float) -> tuple[float, float]:
    """Return the coverages next to 95 % from below and above that any run of counts reaches.

    Only runs of counts that hold the likeliest one are looked at.
    """
    total = np.append(0.0, stats.binom.cdf(np.arange(n + 1), n, rate))
    runs = total[np.newaxis, 1:] - total[:-1, np.newaxis]
    mode = min(int((n + 1) * rate), n)
    inside = runs[: mode + 1, mode:]
    below, above = inside[inside < 0.95], inside[inside >= 0.95]
    return float(below.max(initial=0.0)), float(above.min(initial=1.0))


def mid_p(n: int, rate: float) -> float:
    """Return the coverage of the exact interval that counts half of the chance of what was seen."""
    k = np.arange(n + 1)
    each = stats.binom.pmf(k, n, rate)
    tails = np.minimum(stats.binom.cdf(k, n, rate), stats.binom.sf(k - 1, n, rate)) - each / 2
    return float(each[tails >= ALPHA / 2].sum())


def attainable(hits: int, *, n: int, rate: float) -> tuple[float, float]:
    """Bound how often equality is held if it is dropped for that many successes against none.

    Returns
    -------
    tuple
        What it is at least, when every pair of counts that is as far apart speaks against equality,
        and at most, when only those with no success on one side do.
    """
    k = np.arange(n + 1)
    each = stats.binom.pmf(k, n, rate)
    apart = np.abs(k[:, np.newaxis] - k) >= hits
    none = apart & (np.minimum(k[:, np.newaxis], k) == 0)
    return float(1 - each @ apart @ each), float(1 - each @ none @ each)


def two(holds: Holds, n: int, rates: tuple[float, float], *, truth: float) -> float:
    """Return the coverage of an interval that compares two groups of one size."""
    first, second = (likely(n, rate) for rate in rates)
    k, m = (side.ravel() for side in np.meshgrid(first, second, indexing="ij"))
    weight = stats.binom.pmf(k, n, rates[0]) * stats.binom.pmf(m, n, rates[1])
    return float(weight[holds((k, n), (m, n), truth)].sum())


def difference(first: Side, second: Side, truth: float) -> NDArray[np.bool_]:
    """Tell whether the product's interval of a difference holds it."""
    low, high = difference_bounds(first, second, z=Z)
    return (low <= truth) & (truth <= high)


def agresti_caffo(first: Side, second: Side, truth: float) -> NDArray[np.bool_]:
    """Tell the same after one success and one failure more in each group."""
    p, q = ((k + 1) / (n + 2) for k, n in (first, second))
    half = Z * np.sqrt(p * (1 - p) / (first[1] + 2) + q * (1 - q) / (second[1] + 2))
    return np.abs(p - q - truth) <= half


def score_difference(first: Side, second: Side, truth: float) -> NDArray[np.bool_]:
    """Tell the same by the score of the likeliest rates so far apart (Miettinen, Nurminen 1985)."""
    (k, n), (m, o) = first, second
    low, high = np.full(k.shape, max(0.0, -truth)), np.full(k.shape, min(1.0, 1 - truth))
    for _ in range(50):
        q = (low + high) / 2
        p = q + truth
        with np.errstate(divide="ignore", invalid="ignore"):
            rising = (k - n * p) / (p * (1 - p)) + (m - o * q) / (q * (1 - q)) > 0
        low, high = np.where(rising, q, low), np.where(rising, high, q)
    p, q = low + truth, low
    spread = (p * (1 - p) / n + q * (1 - q) / o) * (n + o) / (n + o - 1)
    return np.abs(k / n - m / o - truth) <= Z * np.sqrt(np.maximum(spread, 0.0)) + 1e-12


def ratio(first: Side, second: Side, truth: float) -> NDArray[np.bool_]:
    """Tell whether the product's interval of a ratio holds it."""
    low, high = ratio_bounds(first, second, z=Z)
    return (low <= truth) & (truth <= high)


def log_half(first: Side, second: Side, truth: float) -> NDArray[np.bool_]:
    """Tell the same on the logarithm after half a success more in each group (Walter 1975)."""
    (k, n), (m, o) = first, second
    centre = np.log((k + 0.5) / (n + 0.5)) - np.log((m + 0.5) / (o + 0.5))
    spread = 1 / (k + 0.5) - 1 / (n + 0.5) + 1 / (m + 0.5) - 1 / (o + 0.5)
    return np.abs(centre - np.log(truth)) <= Z * np.sqrt(np.maximum(spread, 0.0))


def donner_zou(first: Side, second: Side, truth: float) -> NDArray[np.bool_]:
    """Tell the same by Wilson's bounds of both sides combined (Donner and Zou 2012)."""
    (k, n), (m, o) = first, second
    p, q = k / n, m / o
    (p_low, p_high), (q_low, q_high) = (
        wilson_bounds(c, np.full(c.shape, size), z=Z) for c, size in (first, second)
    )
    above, below = p_low * (2 * p - p_low), q_low * (2 * q - q_low)
    low_root = np.sqrt(np.maximum((p * q) ** 2 - above * q_high * (2 * q - q_high), 0.0))
    high_root = np.sqrt(np.maximum((p * q) ** 2 - p_high * (2 * p - p_high) * below, 0.0))
    with np.errstate(divide="ignore", invalid="ignore"):
        low = np.where(above > 0, above / (p * q + low_root), 0.0)
        high = np.where(below > 0, (p * q + high_root) / below, np.inf)
    return (low <= truth) & (truth <= high)


@cache
def widest(k: int, m: int, n: int, *, is_ratio: bool) -> tuple[float, float]:
    """Return the product's interval of the widest gap, of two groups."""
    rates = compared.groups(np.array([[k, n], [m, n]]), ratio=is_ratio)
    (low, high), _ = spread.widest_gap([rates], confidence=1 - ALPHA)
    return low, high


def gap(first: Side, second: Side, truth: float, *, is_ratio: bool) -> NDArray[np.bool_]:
    """Tell whether the product's interval of the widest gap holds it."""
    (k, n), (m, _) = first, second
    bounds = np.array(
        [
            widest(min(a, b), max(a, b), n, is_ratio=is_ratio)
            for a, b in zip(k.tolist(), m.tolist(), strict=True)
        ]
    )
    wanted = abs(np.log(truth)) if is_ratio else abs(truth)
    return (bounds[:, 0] - 1e-9 <= wanted) & (wanted <= bounds[:, 1] + 1e-9)


CASES: dict[str, tuple[Holds, bool, int]] = {
    "difference (Newcombe)": (difference, False, 5_000),
    "difference (Agresti and Caffo)": (agresti_caffo, False, 5_000),
    "difference (Miettinen and Nurminen)": (score_difference, False, 5_000),
    "widest gap of two groups": (partial(gap, is_ratio=False), False, 200),
    "ratio (Koopman)": (ratio, True, 5_000),
    "ratio (Donner and Zou)": (donner_zou, True, 5_000),
    "ratio (logarithm, half a success)": (log_half, True, 5_000),
    "widest ratio of two groups": (partial(gap, is_ratio=True), True, 200),
}
"""How to tell, whether it is of a ratio, and the most rows of a group that it is summed for."""


def compare(holds: Holds, n: int, rate: float, *, is_ratio: bool) -> float:
    """Return the coverage at a rate over both ways in which groups are apart."""
    pairs = [(rate, rate * times) for times in APART]
    truths = [p / q if is_ratio else p - q for p, q in pairs]
    found = [two(holds, n, pair, truth=t) for pair, t in zip(pairs, truths, strict=True)]
    return float(np.mean(found))


def row(
    name: str, coverage: Callable[[int, float], float], rates: Floats, *, most: int = 5_000
) -> str:
    """Write the mean coverage in percent over rates around each one named, by size."""
    cells = [
        " ".join(
            f"{100 * np.mean([coverage(n, float(rate * times)) for times in rates]):.1f}"
            for rate in RATES
        )
        if n <= most
        else ""
        for n in SIZES
    ]
    return f"| {name} | {' | '.join(cells)} |"


def main() -> None:
    """Sum and print."""
    head = " | ".join(f"n {n:,}" for n in SIZES)
    print(f"| Interval of | {head} |\n|---|{'---|' * len(SIZES)}")
    print(row("rate (Wilson)", one, FIFTH))
    print(row("rate (Clopper and Pearson, mid-P)", mid_p, FIFTH))
    print(row("Wilson at the rate named", one, np.ones(1)))
    print(row("next below 95 % there", lambda n, rate: neighbours(n, rate)[0], np.ones(1)))
    print(row("next above 95 % there", lambda n, rate: neighbours(n, rate)[1], np.ones(1)))
    for name, (holds, is_ratio, most) in CASES.items():

        def at(n: int, rate: float, holds: Holds = holds, *, r: bool = is_ratio) -> float:
            return compare(holds, n, rate, is_ratio=r)

        print(row(name, at, FIFTH[::5], most=most), flush=True)
    at_most = min(attainable(3, n=50, rate=float(rate))[1] for rate in np.linspace(0.01, 0.2, 191))
    at_least = np.mean([attainable(4, n=50, rate=float(0.02 * times))[0] for times in FIFTH])
    print(f"dropping 0 against 3 of 50: at some rate at most {100 * at_most:.1f}")
    print(f"not dropping it: around .02 at least {100 * at_least:.1f}")


if __name__ == "__main__":
    main()
