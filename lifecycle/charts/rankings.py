"""Which columns are furthest from their reference, worst first, by effect size over limit."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lifecycle.charts import wording
from lifecycle.charts.theme import STATES
from lifecycle.domain.measurement import SEVERITY, Measurement, State, verdict


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
    """

    column: str
    state: State
    worst: Measurement
    since: datetime | None
    values: dict[str, float | None]


def ratio(m: Measurement) -> float:
    """Return value by limit; below any limit when there is no value or no limit."""
    return -1.0 if m.value is None or not m.limit else m.value / m.limit


def by_column(history: Sequence[Measurement]) -> list[Ranked]:
    """Rank the columns of the newest window.

    Parameters
    ----------
    history
        Any statistics with a limit each, by column and window.
    """
    starts = sorted({m.window.start for m in history if m.window is not None})
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
            since=_since(windows, starts),
            values={m.statistic: m.value for m in windows[starts[-1]]},
        )
        for column, windows in cells.items()
        if starts[-1] in windows
    ]
    return sorted(ranked, key=lambda r: (SEVERITY.index(r.state), -ratio(r.worst), r.column))


def _since(
    windows: dict[datetime, list[Measurement]], starts: Sequence[datetime]
) -> datetime | None:
    first = None
    for start in reversed(starts):
        if verdict(m.state for m in windows.get(start, ())) is not State.BREACH:
            break
        first = start
    return first


def message(ranked: Sequence[Ranked]) -> str:
    """Say how many columns moved, which most, by how much and since when."""
    if not ranked:
        return "Nothing was measured yet"
    window = ranked[0].worst.window
    when = "" if window is None else f" in the {wording.span(window)}"
    moved = [r for r in ranked if r.state is State.BREACH]
    total = wording.counted(len(ranked), "column")
    if not moved:
        unsure = sum(r.state is State.INSUFFICIENT for r in ranked)
        small = f"; {unsure} could not be judged for lack of data" if unsure else ""
        return f"None of {total} moved beyond a limit{when}{small}"
    first = moved[0]
    since = "" if first.since is None else f", since {wording.day(first.since)}"
    return (
        f"{len(moved)} of {total} moved beyond a limit{when}, most of all {first.column}: "
        f"{first.worst.statistic} {wording.number(first.worst.value)}, "
        f"{wording.against(first.worst)}{since}"
    )


def rows(ranked: Sequence[Ranked]) -> list[dict[str, Any]]:
    """Return the ranking as a table."""
    names = list(dict.fromkeys(name for r in ranked for name in r.values))
    return [
        {
            "state": f"{STATES[r.state].mark} {STATES[r.state].word}",
            "column": r.column,
            "furthest": r.worst.statistic,
            "times limit": round(ratio(r.worst), 2) if ratio(r.worst) >= 0 else None,
            "since": None if r.since is None else wording.day(r.since),
            **{name: r.values.get(name) for name in names},
            "n": r.worst.n,
            "reason": r.worst.reason,
        }
        for r in ranked
    ]
