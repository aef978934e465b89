"""Which monitors are due, and running them as the scheduler."""

from dataclasses import dataclass
from datetime import datetime

from lifecycle.adapters.schedules import next_time
from lifecycle.domain.actor import Actor, Role
from lifecycle.domain.monitor import Monitor
from lifecycle.domain.run import Run
from lifecycle.services.monitoring.running import RunResult, run
from lifecycle.store import monitors, runs
from lifecycle.store.connection import Connection, Workspace

SCHEDULER = Actor("scheduler", frozenset({Role.DEVELOPER}), via="schedule")
"""Who runs a monitor when nobody does; whose monitor it is stands beside it."""


@dataclass(frozen=True, slots=True)
class Planned:
    """A monitor with a schedule, when it ran and when it will."""

    monitor: Monitor
    last: Run | None
    due: datetime


def planned(con: Connection) -> list[Planned]:
    """Return the active monitors that have a schedule, the next one first.

    What was missed while no server ran is due once, not once for every time missed.
    """
    last = runs.last(con)
    found = [
        Planned(monitor, before, next_time(monitor.schedule, after=_since(monitor, before)))
        for monitor in monitors.every(con)
        if monitor.active and monitor.schedule is not None
        for before in [last.get(monitor.version_id)]
    ]
    return sorted(found, key=lambda one: (one.due, one.monitor.version_id))


def run_due(ws: Workspace, *, at: datetime) -> list[RunResult]:
    """Run the monitors that are due.

    A sample gets no new rows, so its monitors are run by hand alone.
    """
    if ws.sample:
        return []
    due = [one.monitor.version_id for one in planned(ws.cursor()) if one.due <= at]
    return run(ws, versions=due, by=SCHEDULER, at=at) if due else []


def _since(monitor: Monitor, last: Run | None) -> datetime:
    return monitor.created_at if last is None else max(last.at, monitor.created_at)
