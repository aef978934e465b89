"""How often do the intervals of fairness hold the truth: a simulation over sizes and rates.

A count jumps, so the coverage at one exact rate does too (Wilson's at 50 rows and a rate of .02 is
92 or 98 %, whatever one does); every run therefore draws its rate within a fifth around the one
named; of errors it is their mean in standard deviations, or their size. Groups are equal, apart by
chance, or in two equal camps, which is where picking the widest of many gaps misleads most. Prints
the share of intervals that hold the truth, and a table in `docs/benchmarks.md` quotes it.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from lifecycle.stats import counting, fairness
from lifecycle.stats.inference import newcombe, ratio_interval, wilson
from lifecycle.stats.summaries import BinaryTally, ErrorTally, exact

SIZES, RATES = (50, 200, 1_000, 5_000), (0.02, 0.1, 0.3, 0.5)
SHAPES = ("equal", "apart", "camps")

Case = Callable[[np.random.Generator, int, float, str], bool]


def tally(tp: int, fn: int, fp: int, tn: int) -> BinaryTally:
    """Make a tally of four counts, without scores."""
    none = np.zeros((3, 1), np.int64)
    return BinaryTally(
        edges=np.zeros(0),
        decisions=np.array([[tn, fp, 0], [fn, tp, 0], [0, 0, 0]]),
        scores=none,
        score_totals=exact.zeros(3, 1),
        decided=none,
        square_totals=exact.zeros(3),
        loss_totals=exact.zeros(3),
        exact=True,
        invalid_scores=0,
    )


def near(rng: np.random.Generator, rate: float) -> float:
    """Draw a rate within a fifth around one."""
    return rate * rng.uniform(0.8, 1.2)


def laws(rng: np.random.Generator, rate: float, shape: str, *, groups: int) -> np.ndarray:
    """Draw the true rate of each group."""
    middle = near(rng, rate)
    if shape == "equal":
        return np.full(groups, middle)
    if shape == "apart":
        return middle * rng.uniform(0.6, 1.4, groups)
    return np.where(np.arange(groups) % 2, middle, 0.6 * middle)


def one_rate(rng: np.random.Generator, n: int, rate: float, shape: str) -> bool:
    """Wilson's interval of one proportion."""
    del shape  # there is one group
    truth = near(rng, rate)
    low, high = wilson(int(rng.binomial(n, truth)), n)
    return low <= truth <= high


def two_rates(compare: Callable[..., tuple[float, float]], *, ratio: bool) -> Case:
    """Return the case of a signed difference or a ratio of two groups."""

    def covered(rng: np.random.Generator, n: int, rate: float, shape: str) -> bool:
        truth = laws(rng, rate, shape, groups=2)
        first, second = ((int(rng.binomial(n, p)), n) for p in truth)
        low, high = compare(first, second)
        return low <= (truth[0] / truth[1] if ratio else truth[0] - truth[1]) <= high

    return covered


def gap(measure: fairness.Gap, *, groups: int) -> Case:
    """Return the case of a widest gap over groups; a ratio nobody can form counts as covered."""
    odds = len(measure.rates) > 1

    def covered(rng: np.random.Generator, n: int, rate: float, shape: str) -> bool:
        true, false = (laws(rng, rate, shape, groups=groups) for _ in range(2))
        false = false if odds else true
        sizes = rng.integers(int(0.8 * n), int(1.2 * n), (2, groups))
        hits, wrong = rng.binomial(sizes[0], true), rng.binomial(sizes[1], false)
        tallies = [
            tally(int(h), int(m - h), int(w), int(o - w))
            for h, m, w, o in zip(hits, sizes[0], wrong, sizes[1], strict=True)
        ]
        found = measure(tallies, minimum=1)
        if found.interval is None:
            return True
        apart = [p.min() / p.max() if measure.ratio else p.max() - p.min() for p in (true, false)]
        truth = min(apart) if measure.ratio else max(apart)
        return found.interval[0] - 1e-9 <= truth <= found.interval[1] + 1e-9

    return covered


def impact(rng: np.random.Generator, n: int, rate: float, shape: str) -> bool:
    """Return whether the lowest of four ratios to a named group lies in its interval."""
    truth = laws(rng, rate, shape, groups=5)
    sizes = rng.integers(int(0.8 * n), int(1.2 * n), 5)
    hits = rng.binomial(sizes, truth)
    tallies = [tally(int(h), int(m - h), 0, 0) for h, m in zip(hits, sizes, strict=True)]
    low, high = fairness.impact_ratio(tallies, minimum=1, reference=0).interval or (0.0, np.inf)
    return low - 1e-9 <= truth[1:].min() / truth[0] <= high + 1e-9


def means(measure: fairness.MeanGap[ErrorTally], *, groups: int, reference: int | None) -> Case:
    """Return the case of a gap of means: errors around a mean, or of a size, of that rate."""

    def covered(rng: np.random.Generator, n: int, rate: float, shape: str) -> bool:
        truth = laws(rng, rate, shape, groups=groups)
        sizes = rng.integers(int(0.8 * n), int(1.2 * n), groups)
        centre, spread = (0.0, truth) if measure.ratio else (truth, rng.uniform(0.7, 1.4, groups))
        errors = [
            rng.normal(c, s, m)
            for c, s, m in zip(np.broadcast_to(centre, groups), spread, sizes, strict=True)
        ]
        tallies = [counting.error_tally(np.zeros(len(e)), e) for e in errors]
        found = measure(tallies, minimum=1, reference=reference)
        low, high = found.interval or (0.0, np.inf)
        scale = np.log(truth) if measure.ratio else truth
        apart = np.ptp(scale) if reference is None else np.abs(scale - scale[reference]).max()
        wanted = np.exp(-apart) if measure.ratio else apart
        return bool(low - 1e-9 <= wanted <= high + 1e-9)

    return covered


CASES: dict[str, Case] = {
    "rate": one_rate,
    "difference of two": two_rates(newcombe, ratio=False),
    "ratio of two": two_rates(ratio_interval, ratio=True),
    "opportunity difference, 2 groups": gap(fairness.equal_opportunity_difference, groups=2),
    "opportunity difference, 5 groups": gap(fairness.equal_opportunity_difference, groups=5),
    "equalized odds difference, 2 groups": gap(fairness.equalized_odds_difference, groups=2),
    "equalized odds difference, 5 groups": gap(fairness.equalized_odds_difference, groups=5),
    "opportunity ratio, 2 groups": gap(fairness.equal_opportunity_ratio, groups=2),
    "opportunity ratio, 5 groups": gap(fairness.equal_opportunity_ratio, groups=5),
    "equalized odds ratio, 5 groups": gap(fairness.equalized_odds_ratio, groups=5),
    "impact ratio to a named group, 5 groups": impact,
    "mean error difference, 2 groups": means(
        fairness.mean_error_difference, groups=2, reference=None
    ),
    "mean error difference, 5 groups": means(
        fairness.mean_error_difference, groups=5, reference=None
    ),
    "mean error difference to a named group, 5 groups": means(
        fairness.mean_error_difference, groups=5, reference=0
    ),
    "error parity ratio, 5 groups": means(fairness.error_parity_ratio, groups=5, reference=None),
    "error parity ratio to a named group, 5 groups": means(
        fairness.error_parity_ratio, groups=5, reference=0
    ),
}


def coverage(case: Case, *, n: int, rate: float, runs: int, seed: int = 7) -> float:
    """Return the share of runs whose interval holds the truth, over the three shapes."""
    rng = np.random.default_rng(seed)
    held = sum(case(rng, n, rate, SHAPES[i % len(SHAPES)]) for i in range(runs))
    return held / runs


def table(names: Sequence[str], *, runs: int) -> str:
    """Write the coverage in percent as Markdown: by case and size, each rate in turn."""
    head = " | ".join(f"n {n:,}" for n in SIZES)
    lines = [f"| Interval of | {head} |", f"|---|{'---|' * len(SIZES)}"]
    for name in names:
        cells = [
            " ".join(f"{100 * coverage(CASES[name], n=n, rate=r, runs=runs):.1f}" for r in RATES)
            for n in SIZES
        ]
        lines.append(f"| {name} | {' | '.join(cells)} |")
        print(lines[-1], flush=True)
    return "\n".join(lines)


def main() -> None:
    """Simulate and print."""
    wanted = argparse.ArgumentParser(description=__doc__)
    wanted.add_argument("--runs", type=int, default=3_000)
    wanted.add_argument("--only", nargs="*", default=list(CASES))
    given = wanted.parse_args()
    print(table(given.only, runs=given.runs))


if __name__ == "__main__":
    main()
