"""What do the newest windows say: count what is new and measure the windows it touches."""

import logging
from collections import Counter
from collections.abc import Callable, Collection, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time
from pathlib import Path
from threading import Lock

import numpy as np

from lifecycle.domain.actor import Actor, Permission
from lifecycle.domain.measurement import Measurement, State, Window
from lifecycle.domain.model import Version
from lifecycle.domain.monitor import LimitRule, Monitor
from lifecycle.domain.run import Run
from lifecycle.engines import Engine, choose, rows
from lifecycle.errors import Conflict, InvalidInput, LifecycleError
from lifecycle.services import sensitive_data, snapshots
from lifecycle.services.access.places import require_for, within_reach
from lifecycle.services.measuring import service
from lifecycle.services.measuring.scores import score_edges
from lifecycle.services.monitoring import (
    baseline,
    changes,
    class_estimates,
    comparing,
    counting,
    error_estimates,
    explaining,
    irregular,
    learning,
    reference,
    row_checks,
    saving,
    together,
)
from lifecycle.services.monitoring.baseline import Baseline
from lifecycle.services.monitoring.counting import Plan
from lifecycle.stats.summaries import BinaryTally, Profile
from lifecycle.store import (
    datasets,
    limits,
    logs,
    measurements,
    models,
    monitors,
    profiles,
    tallies,
)
from lifecycle.store.connection import Connection, Workspace

log = logging.getLogger(__name__)

_running: set[tuple[Path, str]] = set()
_lock = Lock()
# Workspace and version of every run under way; one process owns the workspace, so this is all.


@dataclass(frozen=True, slots=True)
class RunResult:
    """What one version's monitor did.

    Parameters
    ----------
    days, rows
        Counted because something about them was new.
    windows, measurements
        Measured again.
    tests
        p-values corrected together.
    state
        The worst state among those measurements; `not_applicable` when nothing was new, `error`
        when the run was refused.
    states
        How many of those measurements are in which state.
    notices
        What was left out or assumed, or why the run was refused.
    """

    version_id: str
    days: int = 0
    rows: int = 0
    windows: int = 0
    measurements: int = 0
    tests: int = 0
    state: State = State.NOT_APPLICABLE
    states: Mapping[State, int] = field(default_factory=dict[State, int])
    notices: tuple[str, ...] = ()


def run(
    ws: Workspace,
    model_id: str | None = None,
    *,
    versions: Collection[str] | None = None,
    until: datetime | None = None,
    by: Actor,
    at: datetime,
    progress: Callable[[int, int], None] | None = None,
) -> list[RunResult]:
    """Run the monitors of a model, or all of them that one's roles reach.

    Only days with new rows or outcomes are counted, and only the windows they touch are measured;
    a changed monitor measures all of its windows again. What one version's rows do not allow is
    said in its result and keeps no other version from being run.

    Parameters
    ----------
    versions
        Ids of the only versions to run. One that is switched off is counted and not measured, so
        that it can be looked at beforehand.
    until
        Leave out predictions made and outcomes known from then on; not later than `at`.
    progress
        Called with monitors done and monitors in all.

    Raises
    ------
    InvalidInput
        The model has no monitor, or `until` has no zone or lies in the future.
    NotFound
        There is no such model.
    """
    by.require(Permission.MONITOR)
    if until is not None:
        _check(until, at=at)
    chosen = _chosen(ws.cursor(), model_id, versions=versions)
    if model_id is None and versions is None:
        reaches = within_reach(ws.cursor(), by)
        chosen = [monitor for monitor in chosen if reaches(monitor.version_id)]
    for monitor in chosen:
        require_for(ws.cursor(), monitor.version_id, Permission.MONITOR, by=by)
    results: list[RunResult] = []
    with choose() as engine:
        for monitor in chosen:
            results.append(_guarded(ws, engine, monitor=monitor, until=until, by=by, at=at))
            if progress is not None:
                progress(len(results), len(chosen))
    return results


def _check(until: datetime, *, at: datetime) -> None:
    if until.tzinfo is None:
        raise InvalidInput(f"until {until.isoformat()} has no time zone; add one, such as Z")
    if until > at:
        raise InvalidInput(f"until {until.isoformat()} lies in the future; leave it out for now")


def _guarded(
    ws: Workspace,
    engine: Engine,
    *,
    monitor: Monitor,
    until: datetime | None,
    by: Actor,
    at: datetime,
) -> RunResult:
    """Run one monitor; whatever goes wrong with it is its result and nobody else's."""
    try:
        with _alone(ws, monitor.version_id):
            run, measured = _run(ws, engine, monitor=monitor, until=until, by=by, at=at)
            asked = _asked(ws, monitor, until=until, by=by, at=at)
            return _result(replace(run, reasons=(*run.reasons, *asked)), measured)
    except LifecycleError as error:
        run, measured = _refused(ws, monitor, reason=str(error), by=by, at=at), []
    except Exception as error:
        log.exception("the monitor of %s failed", monitor.version_id)
        reason = f"a fault of ours ({type(error).__name__}); nothing was changed, the log has more"
        run, measured = _refused(ws, monitor, reason=reason, by=by, at=at), []
    return _result(run, measured)


def _asked(
    ws: Workspace, monitor: Monitor, *, until: datetime | None, by: Actor, at: datetime
) -> list[str]:
    """Ask for jobs that explain windows, and say which; what is refused is said too."""
    try:
        found = explaining.ask(ws, monitor, until=until, by=by, at=at)
    except LifecycleError as error:
        return [f"windows are not explained: {error}"]
    named = ", ".join(found)
    here = "where no server runs, `lifecycle job run` does them"
    return [f"{named} explain rows of {monitor.version_id}; {here}"] if found else []


@contextmanager
def _alone(ws: Workspace, version_id: str) -> Generator[None]:
    """Keep a second run of the version out while one is under way."""
    mine = (ws.home, version_id)
    with _lock:
        if mine in _running:
            raise Conflict(f"a run of {version_id} is under way; wait for it to end")
        _running.add(mine)
    try:
        yield
    finally:
        with _lock:
            _running.discard(mine)


def _refused(ws: Workspace, monitor: Monitor, *, reason: str, by: Actor, at: datetime) -> Run:
    run = replace(saving.begun(monitor, by=by, at=at), state=State.ERROR, reasons=(reason,))
    return saving.note(ws, run)


def _result(run: Run, measured: list[Measurement]) -> RunResult:
    return RunResult(
        version_id=run.version_id,
        days=run.days,
        rows=run.rows,
        windows=run.windows,
        measurements=run.measurements,
        tests=run.tests,
        state=run.state,
        states=dict(Counter(m.state for m in measured)),
        notices=run.reasons,
    )


def _chosen(
    con: Connection, model_id: str | None, *, versions: Collection[str] | None
) -> list[Monitor]:
    known = monitors.every(con)
    chosen = [m for m in known if (m.active if versions is None else m.version_id in versions)]
    if model_id is None:
        return chosen
    mine = {version.id for version in models.versions(con, models.get(con, model_id).id)}
    chosen = [monitor for monitor in chosen if monitor.version_id in mine]
    if not chosen:
        raise InvalidInput(f"no version of {model_id} has a monitor; define one first")
    return chosen


def _run(
    ws: Workspace,
    engine: Engine,
    *,
    monitor: Monitor,
    until: datetime | None,
    by: Actor,
    at: datetime,
) -> tuple[Run, list[Measurement]]:
    con = ws.cursor()
    last = monitors.last_run(con, monitor.version_id)
    revised, end = last is None or monitor.created_at >= last, until or at
    dirty = {day for day in logs.dirty(con, monitor.version_id) if _begun(day, end)}
    silent = _silent(con, monitor, until=end, again=revised)
    silent |= comparing.ended(con, monitor, since=last, until=end)
    odd = irregular.notices(con, monitor.version_id, days=dirty, at=at)
    if not dirty and not revised and not silent:
        return saving.note(ws, replace(saving.begun(monitor, by=by, at=at), reasons=odd)), []
    version = models.version_by_id(con, monitor.version_id)
    known = None if revised else baseline.kept(con, version.id)
    snapshot = datasets.snapshot(con, version.reference or "")
    protected = sensitive_data.reading(con, version, snapshot, version.columns.sensitive).columns
    saving.record_reading(
        ws, version, protected, what="the reference", rows=snapshot.rows, by=by, at=at
    )
    plan, counted, reasons = _prepared(ws, con, engine, version, monitor=monitor, known=known)
    learned = limits.of_version(con, version.id)
    if revised:
        learned, more = learning.limits(monitor, counted) if _learns(monitor) else ([], [])
        reasons = (*reasons, *more)
    rebinned = not _same_bins(con, plan)
    days = [day for day in logs.days(con, version.id, until=end) if rebinned or day.day in dirty]
    protected = plan.levels.keys() & version.columns.sensitive
    read = sum(day.rows for day in days)
    saving.record_reading(ws, version, protected, what="the log", rows=read, by=by, at=at)
    outcomes = logs.outcome_files(con, version.model_id)
    work = saving.Work(
        monitor=monitor,
        plan=plan,
        baseline=counted,
        learned=learned,
        fresh=known is None,
        revised=revised,
        rebinned=rebinned,
        days=days,
        outcomes=outcomes,
        counted=counting.count(ws, engine, plan=plan, days=days, outcomes=outcomes, until=until),
        silent=silent,
        until=until,
        later=rows.days_known_later([f for d in days for f in d.files], outcomes, until=until),
        reasons=reasons,
    )
    windows = saving.windows_of(con, work, until=end)
    found = _from_rows(ws, engine, work=work, windows=windows, at=at)
    changed, why = changes.found(ws, engine, monitor=monitor, plan=plan, until=until, at=at)
    work = replace(work, together=found, changes=changed, reasons=(*reasons, *why, *odd))
    return saving.save(ws, work, by=by, at=at)


def _from_rows(
    ws: Workspace, engine: Engine, *, work: saving.Work, windows: Collection[Window], at: datetime
) -> list[Measurement]:
    """Measure what no summary carries, from the rows of the windows at hand."""
    monitor, plan, until = work.monitor, work.plan, work.until
    found = together.measured(ws, engine, monitor=monitor, plan=plan, windows=windows, until=until)
    found += row_checks.measured(
        ws, engine, monitor=monitor, plan=plan, windows=windows, until=until, at=at
    )
    found += explaining.carried(ws.cursor(), monitor, windows=windows)
    found += error_estimates.measured(
        ws,
        engine,
        monitor=monitor,
        plan=plan,
        tallies=work.baseline.tallies,
        outcomes=work.outcomes,
        windows=windows,
        until=until,
    )
    return found + class_estimates.measured(
        ws,
        engine,
        monitor=monitor,
        plan=plan,
        outcomes=work.outcomes,
        windows=windows,
        until=until,
    )


def _prepared(
    ws: Workspace,
    con: Connection,
    engine: Engine,
    version: Version,
    *,
    monitor: Monitor,
    known: Baseline | None,
) -> tuple[Plan, Baseline, tuple[str, ...]]:
    """Fix how days are counted, and count the reference unless that was done already."""
    task = models.get(con, version.model_id).task
    snapshot = datasets.snapshot(con, version.reference or "")
    apart = sensitive_data.of_snapshot(ws, con, snapshot)
    segments = [name for name in monitor.segments if name not in apart.deleted]
    parts = apart.parts((*version.columns.sensitive, *segments))
    with snapshots.opened(ws, snapshot, columns=version.columns, apart=parts) as file:
        found = reference.read(engine, file, snapshot=snapshot, version=version, task=task)
        fixed = _kept(con, version.id)
        if known is None:
            fixed = reference.profiles(engine, found, bins=monitor.bins)
            fixed |= service.columns(monitor.service)
        levels = counting.levels_of(
            engine, found.source, segments=segments, sensitive=found.sensitive
        )
        fixed_before = profiles.levels_of(con, version.id) or {}
        levels |= {n: fixed_before[n] for n in apart.deleted if n in fixed_before}
        edges = score_edges(found.tally) if isinstance(found.tally, BinaryTally) else np.empty(0)
        plan = Plan(version, task, fixed, edges, found.codes, levels)
        counted = known or baseline.count(engine, found, snapshot=snapshot, plan=plan)
    return plan, counted, (*found.notices, *sensitive_data.log_deleted(con, version))


def _learns(monitor: Monitor) -> bool:
    return monitor.rule is LimitRule.LEARNED


def _silent(
    con: Connection, monitor: Monitor, *, until: datetime, again: bool
) -> frozenset[Window]:
    """Return the windows without rows of which that was not said yet, or all of them again."""
    said = set() if again else measurements.windows(con, monitor.version_id, monitor.series)
    there = comparing.expected(con, monitor, until=until)
    return frozenset(w for w, logged in there.items() if not logged and w not in said)


def _begun(day: date, until: datetime) -> bool:
    """Tell whether a day has begun at a time."""
    return datetime.combine(day, time.min, tzinfo=UTC) < until


def _kept(con: Connection, version_id: str) -> dict[str, Profile]:
    """Return the reference's profiles as an earlier run counted them."""
    return {name: kept.reference for name, kept in profiles.binnings(con, version_id).items()}


def _same_bins(con: Connection, plan: Plan) -> bool:
    """Tell whether the days already counted were counted on these bins and slices."""
    version_id = plan.version.id
    kept, fixed = profiles.binnings(con, version_id), tallies.score_edges(con, version_id)
    return (
        fixed is not None
        and np.array_equal(fixed, plan.edges)
        and profiles.levels_of(con, version_id) == plan.levels
        and set(kept) == set(plan.profiles)
        and all(kept[name].fits(profile) for name, profile in plan.profiles.items())
    )
