"""What do the newest windows say: count what is new and measure the windows it touches."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time

import numpy as np

from lifecycle.domain.actor import Actor, Permission
from lifecycle.domain.measurement import State
from lifecycle.domain.monitor import Monitor
from lifecycle.engines import Engine, choose, rows
from lifecycle.errors import InvalidInput
from lifecycle.services import snapshots
from lifecycle.services.analysis.result import overall
from lifecycle.services.measuring.scores import score_edges
from lifecycle.services.monitoring import counting, reference, saving
from lifecycle.stats.summaries import BinaryTally, FloatArray, Profile
from lifecycle.store import datasets, logs, models, monitors, profiles, tallies
from lifecycle.store.connection import Connection, Workspace


@dataclass(frozen=True, slots=True)
class RunResult:
    """What one version's monitor did.

    Parameters
    ----------
    days, rows
        Counted because something about them was new.
    windows, measurements
        Measured again.
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
    state: State = State.NOT_APPLICABLE
    states: Mapping[State, int] = field(default_factory=dict[State, int])
    notices: tuple[str, ...] = ()


def run(
    ws: Workspace,
    model_id: str | None = None,
    *,
    until: datetime | None = None,
    by: Actor,
    at: datetime,
    progress: Callable[[int, int], None] | None = None,
) -> list[RunResult]:
    """Run the monitors of a model, or all of them.

    Only days with new rows or outcomes are counted, and only the windows they touch are measured;
    a changed monitor measures all of its windows again. What one version's rows do not allow is
    said in its result and keeps no other version from being run.

    Parameters
    ----------
    until
        Leave out predictions made and outcomes known from then on.
    progress
        Called with monitors done and monitors in all.

    Raises
    ------
    InvalidInput
        The model has no monitor, or `until` has no zone.
    NotFound
        There is no such model.
    """
    by.require(Permission.MONITOR)
    if until is not None and until.tzinfo is None:
        raise InvalidInput(f"until {until.isoformat()} has no time zone; add one, such as Z")
    chosen = _chosen(ws.cursor(), model_id)
    results: list[RunResult] = []
    with choose() as engine:
        for monitor in chosen:
            try:
                results.append(_run(ws, engine, monitor=monitor, until=until, by=by, at=at))
            except InvalidInput as error:
                refused = RunResult(monitor.version_id, state=State.ERROR, notices=(str(error),))
                results.append(refused)
            if progress is not None:
                progress(len(results), len(chosen))
    return results


def _chosen(con: Connection, model_id: str | None) -> list[Monitor]:
    active = [monitor for monitor in monitors.every(con) if monitor.active]
    if model_id is None:
        return active
    mine = {version.id for version in models.versions(con, models.get(con, model_id).id)}
    chosen = [monitor for monitor in active if monitor.version_id in mine]
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
) -> RunResult:
    con = ws.cursor()
    last = monitors.last_run(con, monitor.version_id)
    revised = last is None or monitor.created_at >= last
    dirty = {day for day in logs.dirty(con, monitor.version_id) if _begun(day, until)}
    if not dirty and not revised:
        return RunResult(monitor.version_id)
    version = models.version_by_id(con, monitor.version_id)
    task = models.get(con, version.model_id).task
    snapshot = datasets.snapshot(con, version.reference or "")
    with snapshots.opened(ws, snapshot, columns=version.columns) as file:
        found = reference.read(engine, file, snapshot=snapshot, version=version, task=task)
        references = _kept(con, version.id)
        if revised:
            references = reference.profiles(engine, found, bins=monitor.bins)
    edges = score_edges(found.tally) if isinstance(found.tally, BinaryTally) else np.empty(0)
    rebinned = not _same_bins(con, version.id, references=references, edges=edges)
    days = [
        day
        for day in logs.days(con, version.id)
        if (rebinned or day.day in dirty) and _begun(day.day, until)
    ]
    outcomes = logs.outcome_files(con, version.model_id)
    plan = counting.Plan(version, task, references, edges, found.codes, found.sensitive)
    work = saving.Work(
        monitor=monitor,
        version=version,
        references=references,
        edges=edges,
        tally=found.tally,
        revised=revised,
        rebinned=rebinned,
        days=days,
        outcomes=outcomes,
        counted=counting.count(ws, engine, plan=plan, days=days, outcomes=outcomes, until=until),
        until=until,
        later=rows.days_known_later([f for d in days for f in d.files], outcomes, until=until),
    )
    return _result(ws, work, notices=found.notices, by=by, at=at)


def _result(
    ws: Workspace, work: saving.Work, *, notices: tuple[str, ...], by: Actor, at: datetime
) -> RunResult:
    measured, windows = saving.save(ws, work, by=by, at=at)
    return RunResult(
        version_id=work.version.id,
        days=len(work.days),
        rows=work.counted.rows,
        windows=len(windows),
        measurements=len(measured),
        state=overall(measured),
        states=dict(Counter(m.state for m in measured)),
        notices=(*notices, *work.counted.notices),
    )


def _begun(day: date, until: datetime | None) -> bool:
    """Tell whether a day has begun at a time."""
    return until is None or datetime.combine(day, time.min, tzinfo=UTC) < until


def _kept(con: Connection, version_id: str) -> dict[str, Profile]:
    """Return the reference's profiles as an earlier run counted them."""
    return {name: kept.reference for name, kept in profiles.binnings(con, version_id).items()}


def _same_bins(
    con: Connection, version_id: str, *, references: Mapping[str, Profile], edges: FloatArray
) -> bool:
    """Tell whether the days already counted were counted on these bins."""
    kept, fixed = profiles.binnings(con, version_id), tallies.score_edges(con, version_id)
    return (
        fixed is not None
        and np.array_equal(fixed, edges)
        and set(kept) == set(references)
        and all(kept[name].fits(profile) for name, profile in references.items())
    )
