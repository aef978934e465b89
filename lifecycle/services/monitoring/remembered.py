"""What a look at the history takes from earlier runs, because only reading rows again tells it."""

from collections.abc import Collection, Sequence
from dataclasses import replace

from lifecycle.domain.expectation import BY_ROWS, STATISTICS
from lifecycle.domain.measurement import Measurement, State
from lifecycle.domain.model import Task
from lifecycle.domain.monitor import Monitor
from lifecycle.services.analysis.result import beyond
from lifecycle.stats import catalogue
from lifecycle.stats.catalogue import Family
from lifecycle.store import measurements
from lifecycle.store.connection import Connection


def from_runs(
    con: Connection, monitor: Monitor, *, before: Monitor | None, task: Task
) -> tuple[list[Measurement], list[str]]:
    """Return what runs measured of what a monitor asks of rows, and what is known of it.

    Parameters
    ----------
    before
        The revision that holds now; what belongs to another series cannot be set beside this one.

    Returns
    -------
    tuple
        Measurements, judged by the limits of this monitor, and sentences on what is left out.
    """
    asked = {what: names for what, names in _asked(monitor, task=task).items() if names}
    names = {name for some in asked.values() for name in some}
    known: Sequence[Measurement] = ()
    if names and before is not None and not monitor.begins_series(before):
        known = measurements.history(con, monitor.version_id, statistics=names)
    held = {m.statistic for m in known}
    told = [_told(what, some, held=held) for what, some in asked.items()]
    return [_judged(m, monitor) for m in known], told


def _asked(monitor: Monitor, *, task: Task) -> dict[str, Collection[str]]:
    by_rows = {STATISTICS[e.check] for e in monitor.expectations if e.check in BY_ROWS}
    explained = {Family.EXPLANATION, Family.ATTRIBUTION} if monitor.explanations else set[Family]()
    # Of two classes the summaries tell the estimates.
    estimated = (
        {Family.ESTIMATION} if monitor.estimation and task is not Task.BINARY else set[Family]()
    )
    return {
        "statistics of all features together": monitor.together,
        "checks of single rows": by_rows,
        "explanations of windows": _of(explained),
        "estimates without outcomes": _of(estimated),
    }


def _of(families: Collection[Family]) -> set[str]:
    return {s.name for s in catalogue.ALL if s.family in families}


def _told(what: str, names: Collection[str], *, held: Collection[str]) -> str:
    if not {*held}.isdisjoint(names):
        return f"{what} are taken as runs measured them, where they did"
    return f"{what} are left out: only a run that reads the rows measures them, and none did yet"


def _judged(measured: Measurement, monitor: Monitor) -> Measurement:
    """Judge again where this monitor sets another limit by hand."""
    name = measured.statistic
    limit = monitor.limit(name, column=measured.column, otherwise=measured.limit)
    if limit == measured.limit or limit is None or measured.value is None:
        return replace(measured, limit=limit)
    if measured.state not in {State.OK, State.WARNING, State.BREACH}:
        return replace(measured, limit=limit)
    over = beyond(measured.value, limit=limit, statistic=catalogue.get(name))
    return replace(measured, limit=limit, state=State.BREACH if over else State.OK)
