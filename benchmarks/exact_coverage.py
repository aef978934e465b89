"""How often do the intervals of one and of two groups hold the truth: summed, not simulated.

Every outcome of the binomials is weighted with its probability, so the figures have no error of
simulation. A count jumps, and with it the coverage at one exact rate: each cell therefore gives the
mean over rates within a fifth of the one named, and the coverage at that very rate. For one rate it
also gives what the nearest other sets of counts would cover there: intervals whose ends rise with
the count have no choice but among such sets. `docs/benchmarks.md` quotes the tables.
"""

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import stats

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from lifecycle.stats.inference import (
    difference_bounds,
    normal_quantile,
    ratio_bounds,
    wilson_bounds,
)

Floats = NDArray[np.float64]
Side = tuple[NDArray[np.int64], int]
Compare = Callable[[Side, Side], tuple[Floats, Floats]]

SIZES, RATES = (50, 200, 1_000, 5_000), (0.02, 0.1, 0.3, 0.5)
FIFTH = np.linspace(0.8, 1.2, 41)
APART = (1.0, 0.6)
"""The second group's rate over the first's: equal, and in two camps."""

Z = normal_quantile(0.95)


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


def two(compare: Compare, n: int, rates: tuple[float, float], *, truth: float) -> float:
    """Return the coverage of an interval that compares two groups of one size."""
    first, second = (likely(n, rate) for rate in rates)
    k, m = (side.ravel() for side in np.meshgrid(first, second, indexing="ij"))
    low, high = compare((k, n), (m, n))
    weight = stats.binom.pmf(k, n, rates[0]) * stats.binom.pmf(m, n, rates[1])
    return float(weight[(low <= truth) & (truth <= high)].sum())


def difference(first: Side, second: Side) -> tuple[Floats, Floats]:
    """Bound a difference as the product does."""
    return difference_bounds(first, second, z=Z)


def agresti_caffo(first: Side, second: Side) -> tuple[Floats, Floats]:
    """Bound a difference after one success and one failure more in each group."""
    p, q = ((k + 1) / (n + 2) for k, n in (first, second))
    half = Z * np.sqrt(p * (1 - p) / (first[1] + 2) + q * (1 - q) / (second[1] + 2))
    return p - q - half, p - q + half


def ratio(first: Side, second: Side) -> tuple[Floats, Floats]:
    """Bound a ratio as the product does."""
    return ratio_bounds(first, second, z=Z)


def log_half(first: Side, second: Side) -> tuple[Floats, Floats]:
    """Bound a ratio on its logarithm after half a success more in each group (Walter 1975)."""
    (k, n), (m, o) = first, second
    centre = np.log((k + 0.5) / (n + 0.5)) - np.log((m + 0.5) / (o + 0.5))
    spread = 1 / (k + 0.5) - 1 / (n + 0.5) + 1 / (m + 0.5) - 1 / (o + 0.5)
    half = Z * np.sqrt(np.maximum(spread, 0.0))
    return np.exp(centre - half), np.exp(centre + half)


CASES: dict[str, tuple[Compare, bool]] = {
    "difference (Newcombe)": (difference, False),
    "difference (Agresti and Caffo)": (agresti_caffo, False),
    "ratio (Donner and Zou)": (ratio, True),
    "ratio (logarithm, half a success)": (log_half, True),
}


def compared(compare: Compare, n: int, rate: float, *, is_ratio: bool) -> float:
    """Return the coverage at a rate over both ways in which groups are apart."""
    pairs = [(rate, rate * times) for times in APART]
    truths = [p / q if is_ratio else p - q for p, q in pairs]
    found = [two(compare, n, pair, truth=t) for pair, t in zip(pairs, truths, strict=True)]
    return float(np.mean(found))


def row(name: str, coverage: Callable[[int, float], float], rates: Floats) -> str:
    """Write the mean coverage in percent over rates around each one named, by size."""
    cells = [
        " ".join(
            f"{100 * np.mean([coverage(n, float(rate * times)) for times in rates]):.1f}"
            for rate in RATES
        )
        for n in SIZES
    ]
    return f"| {name} | {' | '.join(cells)} |"


def main() -> None:
    """Sum and print."""
    head = " | ".join(f"n {n:,}" for n in SIZES)
    print(f"| Interval of | {head} |\n|---|{'---|' * len(SIZES)}")
    print(row("rate (Wilson)", one, FIFTH))
    print(row("the same at the rate named", one, np.ones(1)))
    print(row("next below 95 % there", lambda n, rate: neighbours(n, rate)[0], np.ones(1)))
    print(row("next above 95 % there", lambda n, rate: neighbours(n, rate)[1], np.ones(1)))
    for name, (compare, is_ratio) in CASES.items():

        def at(n: int, rate: float, compare: Compare = compare, *, r: bool = is_ratio) -> float:
            return compared(compare, n, rate, is_ratio=r)

        print(row(name, at, FIFTH[::5]), flush=True)


if __name__ == "__main__":
    main()
