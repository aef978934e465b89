"""Keep what a run counted and what follows from it, in one transaction."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from lifecycle.domain.actor import Actor
from lifecycle.domain.audit import AuditEvent
from lifecycle.domain.change_point import ChangePoint
from lifecycle.domain.measurement import Measurement, State, Window
from lifecycle.domain.model import Version
from lifecycle.domain.monitor import Monitor
from lifecycle.domain.run import Run
from lifecycle.services import alerting, approvals
from lifecycle.services.access import sensitive
from lifecycle.services.analysis.result import overall
from lifecycle.services.monitoring import baseline, comparing
from lifecycle.services.monitoring.baseline import Baseline
from lifecycle.services.monitoring.comparing import basis_of, touched
from lifecycle.services.monitoring.counting import Counted, Plan
from lifecycle.store import (
    audit,
    changes,
    limits,
    logs,
    measurements,
    monitors,
    profiles,
    runs,
    tallies,
)
from lifecycle.store.connection import Connection, Workspace
from lifecycle.store.limits import Learned
from lifecycle.store.logs import DayLog


@dataclass(frozen=True, slots=True, eq=False)
class Work:
    """One monitor's run, with nothing written yet.

    Parameters
    ----------
    plan
        How days are counted.
    baseline
        The reference, counted likewise.
    learned
        Limits learned from it.
    fresh
        The reference was counted in this run.
    revised
        The monitor changed since its last run, so every window is measured again.
    rebinned
        The bins or slices changed as well, so every day was counted again.
    days, outcomes
        The days counted and the files of outcomes, as they were when they were read.
    silent
        Windows without rows of which that was not said yet, and one that ended since the last run.
    until, later
        What was left out, and the days that have outcomes from then on.
    reasons
        What was left out or assumed.
    together
        What all features together, and the rows themselves, showed in the windows measured.
    changes
        When the level of the errors changed, in all rows with mature outcomes.
    """

    monitor: Monitor
    plan: Plan
    baseline: Baseline
    learned: Sequence[Learned]
    fresh: bool
    revised: bool
    rebinned: bool
    days: Sequence[DayLog]
    outcomes: Sequence[Path]
    counted: Counted
    silent: frozenset[Window]
    until: datetime | None
    later: frozenset[date]
    reasons: tuple[str, ...]
    together: Sequence[Measurement] = ()
    changes: Sequence[ChangePoint] = ()


def save(ws: Workspace, work: Work, *, by: Actor, at: datetime) -> tuple[Run, list[Measurement]]:
    """Write summaries, measurements, the run and its audit event; return what was measured."""
    version_id, monitor = work.plan.version.id, work.monitor
    days = [day.day for day in work.days]
    with ws.transaction() as tx:
        _keep_reference(tx, work)
        if days:
            profiles.replace_days(tx, version_id, days, work.counted.profiles)
            tallies.replace_days(tx, version_id, days, work.counted.tallies)
            logs.clear_dirty(tx, version_id, _settled(tx, work))
        until = work.until or at
        windows = windows_of(tx, work, until=until)
        basis = basis_of(
            monitor,
            work.plan.version,
            counted=work.baseline,
            learned=work.learned,
            shown_from=ws.shown_from,
        )
        measured, tests = comparing.measured(tx, basis, windows, until=until)
        measured += work.together
        run = runs.add(tx, _run(work, measured, windows=len(windows), tests=tests, by=by, at=at))
        if monitor.active:
            known = measurements.windows(tx, version_id, monitor.series)
            changes.replace(tx, version_id, work.changes)
            measurements.replace(
                tx,
                version_id,
                measured,
                windows=None if work.revised else sorted(windows, key=lambda window: window.start),
                series=monitor.series,
                run=run.number,
            )
            alerting.update(
                tx,
                version_id,
                rule=monitor.alerts,
                by=by,
                at=at,
                series=str(monitor.series),
                # An alert is about now: a look back does not undo what later windows showed.
                until=at if any(until < w.end <= at for w in known) else until,
            )
            approvals.refresh(tx, version_id, at)
            monitors.set_run(tx, version_id, at=at)
        audit.append(tx, _event(work, run, measured, by=by))
    return run, measured


def record_reading(
    ws: Workspace,
    version: Version,
    columns: Collection[str],
    *,
    what: str,
    rows: int,
    by: Actor,
    at: datetime,
) -> None:
    """Write down, before they are read, which protected attributes of how many rows a run reads."""
    if columns and rows:
        with ws.transaction() as tx:
            purpose = f"monitoring by group: {what}"
            sensitive.record(tx, version, columns, purpose=purpose, rows=rows, by=by, at=at)


def _keep_reference(tx: Connection, work: Work) -> None:
    """Keep bins, slices, the counted reference and what was learned from it, as they are now."""
    version_id, plan = work.plan.version.id, work.plan
    if work.rebinned:
        given = [profiles.binning(version_id, n, p) for n, p in plan.profiles.items()]
        profiles.set_binnings(tx, version_id, given)
        tallies.set_score_edges(tx, version_id, plan.edges)
        profiles.set_levels(tx, version_id, plan.levels)
    if work.fresh or work.rebinned:
        baseline.keep(tx, version_id, work.baseline, edges=plan.edges)
        limits.replace(tx, version_id, work.learned)


def windows_of(tx: Connection, work: Work, *, until: datetime) -> set[Window]:
    """Return the windows begun by then to measure; none while the monitor is switched off."""
    if not work.monitor.active:
        return set()
    days = [day.day for day in work.days]
    if work.revised:
        days = [day.day for day in logs.days(tx, work.monitor.version_id, until=until)]
    return touched(tx, work.monitor, days=days, until=until) | work.silent


def note(ws: Workspace, run: Run) -> Run:
    """Keep a run that measured nothing: there was nothing new, or it was refused."""
    with ws.transaction() as tx:
        return runs.add(tx, run)


def begun(monitor: Monitor, *, by: Actor, at: datetime) -> Run:
    """Describe a run of a monitor that did nothing yet."""
    return Run(
        version_id=monitor.version_id,
        number=0,
        monitor_id=monitor.id,
        series=monitor.series,
        at=at,
        by=by.name,
        via=by.via,
        owner=monitor.alerts.owner,
        state=State.NOT_APPLICABLE,
    )


def _run(
    work: Work,
    measured: Sequence[Measurement],
    *,
    windows: int,
    tests: int,
    by: Actor,
    at: datetime,
) -> Run:
    return replace(
        begun(work.monitor, by=by, at=at),
        state=overall(measured),
        days=len(work.days),
        rows=work.counted.rows,
        windows=windows,
        measurements=len(measured),
        tests=tests,
        reasons=(*work.reasons, *work.counted.notices),
    )


def _settled(tx: Connection, work: Work) -> list[date]:
    """Return the counted days about which nothing is left to count.

    A day stays marked when rows or outcomes came in since it was read, or when `until` hid some.
    """
    if logs.outcome_files(tx, work.plan.version.model_id) != list(work.outcomes):
        return []
    now = {day.day: day.files for day in logs.days(tx, work.plan.version.id)}
    return [
        day.day
        for day in work.days
        if now[day.day] == day.files
        and day.day not in work.later
        and (work.until is None or _end(day.day) <= work.until)
    ]


def _end(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=UTC) + timedelta(days=1)


def _event(work: Work, run: Run, measured: Sequence[Measurement], *, by: Actor) -> AuditEvent:
    details = {
        "monitor": run.monitor_id,
        "series": run.series,
        "owner": run.owner,
        "days": run.days,
        "rows": run.rows,
        "windows": run.windows,
        "measurements": run.measurements,
        "tests": run.tests,
        "states": {str(s): n for s, n in sorted(Counter(m.state for m in measured).items())},
        "until": None if work.until is None else work.until.isoformat(),
    }
    subject = f"version:{run.version_id}"
    return AuditEvent("monitor.run", subject, by.name, run.at, via=by.via, details=details)
