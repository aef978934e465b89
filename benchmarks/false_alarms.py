"""How often learned limits cry wolf: simulated features that hang together in time, no change.

Each feature has its own memory from day to day, its own restlessness and, every third one, a
weekly rhythm; every fourth one is categorical. The limits are learned from a reference of
26 weeks and kept for the 52 weeks that follow. Prints JSON, then a sentence; fails when more
windows are in alarm than promised.
"""

import argparse
import json
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from lifecycle.errors import InsufficientData
from lifecycle.stats import catalogue
from lifecycle.stats.counting import category_profile, numeric_profile
from lifecycle.stats.drift.null import Null, false_alarms_per_month, reference_null
from lifecycle.stats.inference import FloatArray
from lifecycle.stats.summaries import NumericProfile, Profile, merge, numeric_bins

WEEK = 7
STATISTICS = ("ks", "psi", "jensen_shannon", "wasserstein", "cramers_v")
PERSISTENCE = ((1, 1), (2, 3))
CATEGORIES = tuple("abcdef")


@dataclass
class Count:
    """What happened to the series of one statistic under one rule of persistence."""

    series: int = 0
    refused: int = 0
    windows: int = 0
    alarms: int = 0
    started: int = 0
    expected: float = 0.0
    found: int = 0


def main() -> int:
    """Simulate, judge, print."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--features", type=int, default=300)
    arguments.add_argument("--reference-weeks", type=int, default=26)
    arguments.add_argument("--weeks", type=int, default=52)
    arguments.add_argument("--rows", type=int, default=200, help="rows a day")
    arguments.add_argument("--rate", type=float, default=0.01)
    arguments.add_argument("--seed", type=int, default=7)
    given = arguments.parse_args()
    counts = run(
        features=given.features,
        reference_weeks=given.reference_weeks,
        weeks=given.weeks,
        rows=given.rows,
        rate=given.rate,
        seed=given.seed,
    )
    results = [described(name, k, m, count) for (name, k, m), count in counts.items()]
    windows = sum(count.windows for count in counts.values())
    share = sum(count.alarms for count in counts.values()) / windows
    worst = max(count.alarms / count.windows for count in counts.values())
    print(json.dumps({"settings": vars(given), "share": share, "results": results}, indent=2))
    print(
        f"Promised: at most {given.rate:.1%} of windows in alarm if nothing changes. Seen: "
        f"{share:.2%} of {windows:,} windows of {given.features} features in {given.weeks} weeks; "
        f"the worst statistic and rule of persistence {worst:.2%}."
    )
    return int(worst > given.rate)


def described(name: str, k: int, m: int, count: Count) -> dict[str, object]:
    """Return what a count says, as JSON values."""
    return {
        "statistic": name,
        "persistence": f"{k} of {m}",
        "series": count.series,
        "refused": count.refused,
        "windows": count.windows,
        "share": count.alarms / count.windows if count.windows else None,
        "false_alarms": count.started,
        "expected_false_alarms": round(count.expected, 1),
        "shifts_of_half_a_deviation_found": count.found / count.series if count.series else None,
    }


def run(
    *, features: int, reference_weeks: int, weeks: int, rows: int, rate: float, seed: int
) -> dict[tuple[str, int, int], Count]:
    """Learn the limits of every feature and count the windows beyond them."""
    rng = np.random.default_rng(seed)
    counts: dict[tuple[str, int, int], Count] = {}
    days = WEEK * (reference_weeks + weeks + 1)
    for feature in range(features):
        daily = list(simulated(feature, days=days, rows=rows, rng=rng))
        reference, later = daily[: WEEK * reference_weeks], daily[WEEK * reference_weeks :]
        *windows, moved = [whole(later[i : i + WEEK]) for i in range(0, len(later), WEEK)]
        for name in STATISTICS:
            if name in {"ks", "wasserstein"} and not isinstance(daily[0], NumericProfile):
                continue
            measure = catalogue.get(name).measure
            against = whole(reference)
            values = np.array([measure(against, window).value for window in windows])
            planted = measure(against, moved).value or 0.0
            for k, m in PERSISTENCE:
                count = counts.setdefault((name, k, m), Count())
                try:
                    null = reference_null(reference, statistic=name, width=WEEK, m=m, rng=rng)
                except InsufficientData:
                    count.refused += 1
                    continue
                judge(count, null, values, moved=planted, rate=rate, k=k, m=m)
    return counts


def judge(
    count: Count, null: Null, values: FloatArray, *, moved: float, rate: float, k: int, m: int
) -> None:
    """Add one series' year to the count."""
    limit = null.limit(rate=rate, k=k)
    beyond = np.lib.stride_tricks.sliding_window_view(values > limit, m).sum(axis=1)
    alarm = beyond >= k
    weeks = len(alarm)
    count.series += 1
    count.windows += weeks
    count.alarms += int(alarm.sum())
    count.started += int(alarm[0]) + int(np.sum(alarm[1:] & ~alarm[:-1]))
    count.expected += false_alarms_per_month([null.starts(limit, k=k)], days=30.44 / weeks)
    count.found += int(moved > limit)


def whole(parts: list[Profile]) -> Profile:
    """Merge days."""
    return merge(parts)  # pyright: ignore[reportArgumentType, reportReturnType] -- one kind


def memory(days: int, *, phi: float, rng: np.random.Generator) -> FloatArray:
    """Return a stationary first-order autoregression of variance 1."""
    path = np.empty(days)
    at = rng.normal()
    for day in range(days):
        path[day] = at
        at = phi * at + rng.normal() * np.sqrt(1 - phi * phi)
    return path


def simulated(feature: int, *, days: int, rows: int, rng: np.random.Generator) -> Iterator[Profile]:
    """Return a feature's daily profiles; nothing changes but in the last week, which moves."""
    restless = (0.0, 0.05, 0.1, 0.2)[feature // 4 % 4]
    path = restless * memory(days, phi=rng.uniform(0, 0.9), rng=rng)
    if feature % 3 == 0:
        path += 0.2 * (np.arange(days) % WEEK >= 5)
    path[-WEEK:] += 0.5
    if feature % 4 == 0:
        tilt = np.linspace(-1, 1, len(CATEGORIES))
        for level in path:
            odds = np.exp(level * tilt - np.arange(len(CATEGORIES)) / 3)
            codes = rng.choice(len(CATEGORIES), rows, p=odds / odds.sum())
            yield category_profile(codes, categories=CATEGORIES)
        return
    edges = numeric_bins(np.sort(rng.normal(size=5000)), bins=64)
    for level in path:
        yield numeric_profile(level + rng.normal(size=rows), edges=edges)


if __name__ == "__main__":
    raise SystemExit(main())
