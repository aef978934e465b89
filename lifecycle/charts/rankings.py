"""Which columns moved most where it matters: effect size over limit, times importance."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import isinf
from typing import Any

from lifecycle.charts import timelines, wording
from lifecycle.charts.theme import STATES
from lifecycle.domain.measurement import SEVERITY, Measurement, State, verdict
from lifecycle.stats import catalogue


@dataclass(frozen=True, slots=True)
class Ranked:
    """A column in the newest window.

    Parameters
    ----------
    worst
        Its measurement furthest beyond (or nearest to) its limit.
    since
        Start of the first of the windows that are in breach up to now without a break.
    values
        What the other statistics said, by name.
    importance
        The column's share in the model's output, 0 to 1; ``None`` where nobody explained it.
    """

    column: str
    state: State
    worst: Measurement
    since: datetime | None
    values: dict[str, float | None]
    importance: float | None = None

    @property
    def weight(self) -> float | None:
        """Times its limit, times importance."""
        if not self.importance:
            return self.importance  # even what is infinitely beyond its limit does not matter then
        return max(ratio(self.worst), 0.0) * self.importance


def ratio(m: Measurement) -> float:
    """Return value by limit; below any limit when there is no value or no limit."""
    times = wording.times_limit(m)
    return -1.0 if times is None else times


def by_column(
    history: Sequence[Measurement],
    *,
    since: Mapping[str, datetime] | None = None,
    importance: Mapping[str, float] | None = None,
) -> list[Ranked]:
    """Rank the columns of the newest window that could be judged, by drift times importance.

    Those in breach come first; where no window could be judged, the newest one counts.

    Parameters
    ----------
    history
        Any statistics with a limit each, by column and window; those of the newest windows will do.
    since
        Since when each column has been in breach without a break.
    importance
        Each column's share in the model's output. Columns without one, such as the model's own
        answers, stand by their drift alone after those that have one.
    """
    known, begun = importance or {}, since or {}
    every = sorted({m.window.start for m in history if m.window is not None})
    judged = {
        m.window.start for m in history if m.window is not None and m.state in timelines.JUDGED
    }
    starts = [start for start in every if not judged or start <= max(judged)]
    if not starts:
        return []
    cells: dict[str, dict[datetime, list[Measurement]]] = {}
    for m in history:
        if m.window is not None and m.column is not None:
            cells.setdefault(m.column, {}).setdefault(m.window.start, []).append(m)
    ranked = [
        Ranked(
            column=column,
            state=verdict(m.state for m in windows[starts[-1]]),
            worst=max(windows[starts[-1]], key=ratio),
            since=begun.get(column),
            values={m.statistic: m.value for m in windows[starts[-1]]},
            importance=known.get(column),
        )
        for column, windows in cells.items()
        if starts[-1] in windows
    ]
    return sorted(ranked, key=_order)


def _order(r: Ranked) -> tuple[int, bool, float, float, str]:
    weight = r.weight
    return (SEVERITY.index(r.state), weight is None, -(weight or 0.0), -ratio(r.worst), r.column)


def waiting(history: Sequence[Measurement], ranked: Sequence[Ranked]) -> int:
    """Return how many windows are newer than the one that was ranked."""
    window = ranked[0].worst.window if ranked else None
    newer = {m.window.start for m in history if m.window is not None}
    return sum(window is not None and start > window.start for start in newer)


def message(ranked: Sequence[Ranked], *, newer: int = 0) -> str:
    """Say how many columns moved, which most, by how much and since when.

    Parameters
    ----------
    newer
        Windows after this one, which cannot be judged yet.
    """
    if not ranked:
        return "Nothing was measured yet"
    window = ranked[0].worst.window
    when = "" if window is None else f" {wording.within(window)}"
    moved = [r for r in ranked if r.state is State.BREACH]
    total = wording.counted(len(ranked), "column")
    later = f"; {wording.counted(newer, 'newer window')} cannot be judged yet" if newer else ""
    if not moved:
        unsure = sum(r.state is State.INSUFFICIENT for r in ranked)
        small = f"; {unsure} could not be judged for lack of data" if unsure else ""
        return f"None of {total} moved beyond a limit{when}{small}{later}"
    first = moved[0]
    since = "" if first.since is None else f", since {wording.day(first.since)}"
    return (
        f"{len(moved)} of {total} moved beyond a limit{when}, most of all {first.column}: "
        f"{catalogue.get(first.worst.statistic).title} {wording.number(first.worst.value)}, "
        f"{wording.against(first.worst)}{since}{later}"
    )


def rows(
    ranked: Sequence[Ranked], *, changes: Mapping[str, str] | None = None
) -> list[dict[str, Any]]:
    """Return the ranking as a table.

    Parameters
    ----------
    changes
        What differs most in each column, in words.
    """
    names = list(dict.fromkeys(name for r in ranked for name in r.values))
    explained = any(r.importance is not None for r in ranked)
    told = changes or {}
    return [
        {
            "state": f"{STATES[r.state].mark} {STATES[r.state].word}",
            "column": r.column,
            **(
                {"importance": r.importance, "drift by importance": _finite(r.weight)}
                if explained
                else {}
            ),
            **({"what changed": told.get(r.column)} if told else {}),
            "furthest": r.worst.statistic,
            "times limit": _finite(wording.times_limit(r.worst), digits=2),
            "since": None if r.since is None else wording.day(r.since),
            **{name: r.values.get(name) for name in names},
            "n": r.worst.n,
            "reason": r.worst.reason,
        }
        for r in ranked
    ]


def _finite(times: float | None, *, digits: int | None = None) -> float | None:
    """Return a number that can be written down; beyond a limit of 0 there is none."""
    if times is None or isinf(times):
        return None
    return times if digits is None else round(times, digits)
