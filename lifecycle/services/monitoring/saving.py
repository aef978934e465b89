"""Keep what a run counted and what follows from it, in one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any, TypeVar, cast

from lifecycle.domain.actor import Actor
from lifecycle.domain.alert import AlertRule
from lifecycle.domain.audit import AuditEvent
from lifecycle.domain.measurement import Measurement, Window
from lifecycle.domain.model import Version
from lifecycle.domain.monitor import Grain, Monitor
from lifecycle.services import alerting, measuring
from lifecycle.services.measuring import ALL_ROWS, Counts, Watch, window_of
from lifecycle.services.monitoring.counting import Counted
from lifecycle.stats.summaries import FloatArray, Profile, Tally, merge
from lifecycle.store import audit, logs, measurements, monitors, profiles, tallies
from lifecycle.store.connection import Connection, Workspace
from lifecycle.store.logs import DayLog

_Summary = TypeVar("_Summary")


@dataclass(frozen=True, slots=True, eq=False)
class Work:
    """One monitor's run, with nothing written yet.

    Parameters
    ----------
    references, edges
        The reference's profiles by column, and the inner edges of the score bins.
    tally
        The reference's own outcomes.
    revised
        The monitor changed since its last run, so every window is measured again.
    rebinned
        The bins changed as well, so every day was counted again.
    days, outcomes
        The days counted and the files of outcomes, as they were when they were read.
    until, later
        What was left out, and the days that have outcomes from then on.
    """

    monitor: Monitor
    version: Version
    references: Mapping[str, Profile]
    edges: FloatArray
    tally: Tally | None
    revised: bool
    rebinned: bool
    days: Sequence[DayLog]
    outcomes: Sequence[Path]
    counted: Counted
    until: datetime | None
    later: frozenset[date]


def save(
    ws: Workspace, work: Work, *, by: Actor, at: datetime
) -> tuple[list[Measurement], list[Window]]:
    """Write summaries, measurements and the audit event of a run; return what was measured."""
    version_id = work.version.id
    days = [day.day for day in work.days]
    with ws.transaction() as tx:
        if work.rebinned:
            given = [profiles.binning(version_id, n, p) for n, p in work.references.items()]
            profiles.set_binnings(tx, version_id, given)
            tallies.set_score_edges(tx, version_id, work.edges)
        if days:
            profiles.replace_days(tx, version_id, days, work.counted.profiles)
            tallies.replace_days(tx, version_id, days, work.counted.tallies)
            logs.clear_dirty(tx, version_id, _settled(tx, work))
        measured, windows = _measure(tx, work)
        measurements.replace(tx, version_id, measured, windows=None if work.revised else windows)
        alerting.update(tx, version_id, rule=AlertRule(), by=by, at=at)
        monitors.set_run(tx, version_id, at=at)
        audit.append(tx, _event(work, measured, windows, by=by, at=at))
    return measured, windows


def _settled(tx: Connection, work: Work) -> list[date]:
    """Return the counted days about which nothing is left to count.

    A day stays marked when rows or outcomes came in since it was read, or when `until` hid some.
    """
    if logs.outcome_files(tx, work.version.model_id) != list(work.outcomes):
        return []
    now = {day.day: day.files for day in logs.days(tx, work.version.id)}
    return [
        day.day
        for day in work.days
        if now[day.day] == day.files
        and day.day not in work.later
        and (work.until is None or _end(day.day) <= work.until)
    ]


def _end(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=UTC) + timedelta(days=1)


def _measure(tx: Connection, work: Work) -> tuple[list[Measurement], list[Window]]:
    """Measure every window that a counted day touches; all of them when the monitor changed."""
    grain = work.monitor.grain
    windows = {window_of(day.day, grain=grain) for day in work.days}
    if work.revised:
        windows = {window_of(day.day, grain=grain) for day in logs.days(tx, work.version.id)}
    if not windows:
        return [], []
    start = min(window.start for window in windows).date()
    end = max(window.end for window in windows).date()
    by_column = _by_window(profiles.daily(tx, work.version.id, start=start, end=end), grain=grain)
    by_slice = _by_window(tallies.daily(tx, work.version.id, start=start, end=end), grain=grain)
    monitor = work.monitor
    outcomes = {} if work.tally is None else {ALL_ROWS: work.tally}
    watch = Watch(monitor, {ALL_ROWS: work.references}, outcomes)
    held = sorted(
        (w for w in windows if w in by_column or w in by_slice), key=lambda window: window.start
    )
    measured: list[Measurement] = []
    for window in held:
        counts = Counts(
            window,
            profiles={
                ALL_ROWS: {n: _merged(parts) for n, parts in by_column.get(window, {}).items()}
            },
            tallies={key: _merged(parts) for key, parts in by_slice.get(window, {}).items()},
        )
        measured += measuring.measure(watch, counts)
    measured, _ = measuring.correct(measured, correction=monitor.correction, alpha=monitor.alpha)
    return measured, sorted(windows, key=lambda window: window.start)


def _merged(parts: Sequence[_Summary]) -> _Summary:
    """Add up the days of one column or slice; all of them are summaries of one kind."""
    return merge(cast("Sequence[Any]", parts))


def _by_window(
    daily: Mapping[str, Sequence[tuple[date, _Summary]]], *, grain: Grain
) -> dict[Window, dict[str, list[_Summary]]]:
    """Sort each day's summaries into windows, in order of days."""
    found: dict[Window, dict[str, list[_Summary]]] = {}
    for name, days in daily.items():
        for day, summary in days:
            parts = found.setdefault(window_of(day, grain=grain), {})
            parts.setdefault(name, []).append(summary)
    return found


def _event(
    work: Work,
    measured: Sequence[Measurement],
    windows: Sequence[Window],
    *,
    by: Actor,
    at: datetime,
) -> AuditEvent:
    states = [m.state for m in measured]
    details = {
        "monitor": work.monitor.id,
        "days": len(work.days),
        "rows": work.counted.rows,
        "windows": len(windows),
        "measurements": len(measured),
        "states": {state: states.count(state) for state in sorted(set(states))},
        "until": None if work.until is None else work.until.isoformat(),
    }
    subject = f"version:{work.version.id}"
    return AuditEvent("monitor.run", subject, by.name, at, via=by.via, details=details)
