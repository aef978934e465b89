"""Does the model lean on the same columns in each window: a job explains the window's rows.

A run asks for the jobs and waits for none. What drives the model is computed in a worker on rows of
the window, and once on rows of the reference, both beside the same rows of the reference; a window
is compared with the reference as soon as both are there.
"""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from lifecycle.domain.actor import Actor
from lifecycle.domain.audit import AuditEvent
from lifecycle.domain.job import LIVE, Job
from lifecycle.domain.measurement import Measurement, Window
from lifecycle.domain.model import Version
from lifecycle.domain.monitor import Monitor
from lifecycle.engines import rows
from lifecycle.errors import InvalidInput, NotAllowed, NotFound
from lifecycle.services import (
    alerting,
    approvals,
    explanation_drift,
    jobs,
    sensitive_data,
    snapshots,
)
from lifecycle.services.access import sensitive
from lifecycle.services.analysis.result import Draft, finish
from lifecycle.services.explanation.asking import features_of, runnable
from lifecycle.services.jobs import Kind
from lifecycle.services.measuring import window_of
from lifecycle.services.measuring.watch import softened
from lifecycle.stats import catalogue
from lifecycle.stats.inference import Estimate
from lifecycle.store import (
    artifacts,
    audit,
    datasets,
    explained_rows,
    logs,
    measurements,
    models,
    monitors,
)
from lifecycle.store import jobs as job_rows
from lifecycle.store.connection import Connection, Workspace
from lifecycle.store.explained_rows import ExplainedRows
from lifecycle.store.logs import DayLog

EXPLAIN_ROWS = "explain_rows"

NEWEST = 4
"""Windows a run looks back on: a job costs processor time, and old windows tell of the past."""

MOST_ROWS, EXPLAINED = 20_000, 500
"""Rows a worker is given, drawn by their ids, and how many of them are explained."""

SEED = 0


def ask(
    ws: Workspace, monitor: Monitor, *, until: datetime | None, by: Actor, at: datetime
) -> list[str]:
    """Ask for what is not explained yet of the newest windows that are over, and say how it stands.

    The jobs belong to whoever runs the monitor. A window is explained again when its rows changed.

    Returns
    -------
    list
        The ids of the jobs.
    """
    if not (monitor.explanations and monitor.active):
        return []
    con, asked = ws.cursor(), list[str]()
    version = models.version_by_id(con, monitor.version_id)
    windows = _newest(con, monitor, until=min(at, until or at))
    if _refusal(version) is None:
        known = explained_rows.of_version(con, version.id)
        due = [w for w, days in windows.items() if _due(con, monitor, known.get(_part(w)), days)]
        try:
            if due and version.reference not in known:
                asked.append(_submit(ws, version, version.reference or "", rows=0, by=by, at=at))
            for window in due:
                held = sum(day.rows for day in windows[window])
                asked.append(_submit(ws, version, _part(window), rows=held, by=by, at=at))
        except NotAllowed:  # they may run monitors and no assessments; the windows say so
            pass
    with ws.transaction() as tx:
        found = measured(tx, monitor, windows=windows)
        measurements.put(tx, version.id, found, series=monitor.series)
    return asked


def carried(con: Connection, monitor: Monitor, *, windows: Collection[Window]) -> list[Measurement]:
    """Measure again the windows that were explained or are to be, from what was kept of them."""
    known = explained_rows.of_version(con, monitor.version_id)
    return measured(con, monitor, windows=[w for w in windows if _part(w) in known])


def measured(
    con: Connection, monitor: Monitor, *, windows: Collection[Window]
) -> list[Measurement]:
    """Compare what was explained of some windows with the reference, or say why it was not."""
    if not monitor.explanations:
        return []
    version = models.version_by_id(con, monitor.version_id)
    known = explained_rows.of_version(con, version.id)
    logged = _by_window(con, monitor)
    found: list[Measurement] = []
    for window in sorted(set(windows) & logged.keys(), key=lambda w: w.start):
        untold = _untold(con, monitor, version, window=window, days=logged[window])
        one, first = known.get(_part(window)), known.get(version.reference or "")
        if untold is None and one is not None and first is not None:
            found += _compared(first, one, monitor=monitor, window=window)
        else:
            given = untold or Estimate(None, 0, reason="nobody asked for it", insufficient=True)
            drafts = [Draft(s, given, window=window) for s in catalogue.EXPLANATIONS]
            found += finish(drafts)[0]
    return found


def explained(
    con: Connection, version: Version
) -> tuple[ExplainedRows | None, dict[str, ExplainedRows]]:
    """Return what was explained of a version's reference, and of its windows, newest last."""
    known = explained_rows.of_version(con, version.id)
    done = {part: one for part, one in known.items() if one.result is not None}
    return done.pop(version.reference or "", None), done


def _compared(
    first: ExplainedRows, one: ExplainedRows, *, monitor: Monitor, window: Window
) -> list[Measurement]:
    found = explanation_drift.between(first, one, monitor=monitor, window=window)
    return [softened(measurement) for measurement in found]


def _untold(
    con: Connection,
    monitor: Monitor,
    version: Version,
    *,
    window: Window,
    days: Collection[DayLog],
) -> Estimate | None:
    """Say why a window is not compared; nothing when it can be."""
    held = sum(day.rows for day in days)
    if (refusal := _refusal(version)) is not None:
        return Estimate(None, held, reason=refusal)
    if held < monitor.minimum:
        few = f"{held} rows in the window, at least {monitor.minimum} are needed to explain it"
        return Estimate(None, held, reason=few, insufficient=True)
    known = explained_rows.of_version(con, version.id)
    for part, name in ((version.reference or "", "the reference"), (_part(window), "the window")):
        one = known.get(part)
        if one is None:
            reason = f"the rows of {name} were not explained; a run of the monitor asks for it"
            return Estimate(None, held, reason=reason, insufficient=True)
        if one.result is None:
            return _unfinished(con, one, rows=held, name=name)
    return None


def _unfinished(con: Connection, one: ExplainedRows, *, rows: int, name: str) -> Estimate:
    """Say how the job stands that explains some rows."""
    try:
        job = job_rows.get(con, one.job_id)
    except NotFound:
        return Estimate(None, rows, reason=f"{one.job_id}, which explained {name}, is gone")
    if job.state in LIVE:
        reason = f"{job.id} explains the rows of {name}; it is {job.state}"
        return Estimate(None, rows, reason=reason, insufficient=True)
    return Estimate(
        None, rows, reason=f"{name} was not explained: {job.id} {job.state}: {job.note}"
    )


def _refusal(version: Version) -> str | None:
    """Say why a version cannot be explained, if it cannot."""
    try:
        runnable(version)
    except InvalidInput as error:
        return str(error)
    return None


def _part(window: Window) -> str:
    return f"{window.start.date()} to {window.end.date()}"


def _by_window(con: Connection, monitor: Monitor) -> dict[Window, list[DayLog]]:
    found: dict[Window, list[DayLog]] = {}
    for day in logs.days(con, monitor.version_id):
        found.setdefault(window_of(day.day, grain=monitor.grain), []).append(day)
    return found


def _newest(con: Connection, monitor: Monitor, *, until: datetime) -> dict[Window, list[DayLog]]:
    """Return the newest windows with rows that are over by then."""
    over = [(w, days) for w, days in _by_window(con, monitor).items() if w.end <= until]
    return dict(sorted(over, key=lambda one: one[0].start)[-NEWEST:])


def _due(
    con: Connection, monitor: Monitor, known: ExplainedRows | None, days: Collection[DayLog]
) -> bool:
    """Tell whether a window has enough rows and they were not explained as they are now."""
    held = sum(day.rows for day in days)
    if held < monitor.minimum:
        return False
    if known is None:
        return True
    return known.rows != held and job_rows.get(con, known.job_id).state not in LIVE


def _submit(
    ws: Workspace, version: Version, part: str, *, rows: int, by: Actor, at: datetime
) -> str:
    settings = {"version": version.id, "part": part}
    job = jobs.submit(
        ws, EXPLAIN_ROWS, subject=f"version:{version.id}", settings=settings, by=by, at=at
    )
    with ws.transaction() as tx:
        explained_rows.put(tx, ExplainedRows(version.id, part, rows, job.id, at))
    return job.id


def _prepare(ws: Workspace, job: Job) -> Mapping[str, object]:
    """Draw the rows that a worker explains, and tell it where they and the model lie."""
    con = ws.cursor()
    version = models.version_by_id(con, str(job.settings["version"]))
    snapshot = datasets.snapshot(con, version.reference or "")
    runnable(version)
    for sha256 in (version.artifact or "", snapshot.artifact):
        artifacts.verify(ws, sha256)
    features = features_of(con, version, snapshot.id)
    folder = ws.jobs / job.id
    apart = sensitive_data.of_snapshot(ws, con, snapshot).parts(features)
    background = snapshots.placed(
        artifacts.path(ws, snapshot.artifact), folder, columns=version.columns, apart=apart
    )
    part = str(job.settings["part"])
    data = background if part == snapshot.id else folder / "window.parquet"
    if part != snapshot.id:
        _draw(con, version, part, features=features, into=data)
    return {
        "model": str(artifacts.path(ws, version.artifact or "").absolute()),
        "data": str(data.absolute()),
        "label": "the reference" if part == snapshot.id else f"the rows of {part}",
        "background": str(background.absolute()),
        "features": list(features),
        "positive": version.columns.positive,
        "sensitive": list(version.columns.sensitive),
        "rows": EXPLAINED,
        "seed": SEED,
    }


def _draw(
    con: Connection, version: Version, part: str, *, features: Collection[str], into: Path
) -> None:
    """Write rows of a window as the log has them now."""
    monitor = monitors.current(con, version.id)
    logged = {} if monitor is None else _by_window(con, monitor)
    days = next((days for window, days in logged.items() if _part(window) == part), [])
    if not days:
        raise InvalidInput(f"the log of {version.id} holds no rows of {part} any more")
    rows.draw(
        [file for day in days for file in day.files],
        columns=list(features),
        most=MOST_ROWS,
        into=into,
    )


def _keep(
    ws: Workspace, tx: Connection, job: Job, result: Mapping[str, Any], folder: Path, at: datetime
) -> str:
    """Keep what drives the rows, and measure the windows that can be compared now."""
    del ws, folder
    version = models.version_by_id(tx, str(job.settings["version"]))
    part = str(job.settings["part"])
    asked = explained_rows.of_version(tx, version.id).get(part)
    asked = asked or ExplainedRows(version.id, part, 0, job.id, at)
    kept = {
        "method": {name: result[name] for name in ("explainer", "output_space", "n", "versions")},
        "payload": {"columns": result["columns"]},
    }
    explained_rows.put(tx, replace(asked, job_id=job.id, result=kept))
    by = Actor(job.owner, frozenset(), via="job")
    _record(tx, version, by=by, rows=int(result["n"]), at=at)
    details = {"part": part, "job": job.id, "rows": result["n"]}
    subject = f"version:{version.id}"
    audit.append(
        tx, AuditEvent("monitor.explain", subject, by.name, at, via="job", details=details)
    )
    _judge(tx, version, part=part, by=by, at=at)
    return part


def _judge(tx: Connection, version: Version, *, part: str, by: Actor, at: datetime) -> None:
    """Measure the windows that an explanation is about, and let alerts follow."""
    monitor = monitors.current(tx, version.id)
    if monitor is None or not (monitor.explanations and monitor.active):
        return
    of = {w for w in _by_window(tx, monitor) if part in {_part(w), version.reference}}
    measurements.put(tx, version.id, carried(tx, monitor, windows=of), series=monitor.series)
    alerting.update(
        tx, version.id, rule=monitor.alerts, by=by, at=at, series=str(monitor.series), until=at
    )
    approvals.refresh(tx, version.id, at)


def _record(tx: Connection, version: Version, *, by: Actor, rows: int, at: datetime) -> None:
    """Write down which protected attributes the model read."""
    read = set(version.columns.sensitive) & set(version.columns.features)
    sensitive.record(tx, version, read, purpose="explanation of a window", rows=rows, by=by, at=at)


KINDS = {EXPLAIN_ROWS: Kind(_prepare, _keep, run="lifecycle.adapters.explaining:run")}
"""For the runner: how these jobs start and what is kept of them."""
