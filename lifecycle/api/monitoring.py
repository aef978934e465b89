"""Monitors, their runs and what they measured."""

from dataclasses import fields
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query

from lifecycle.api.door import Door
from lifecycle.api.registry import Strict
from lifecycle.api.shapes import plain
from lifecycle.domain.monitor import ITS_OWN, Grain, LimitRule, Monitor
from lifecycle.errors import InvalidInput, NotFound
from lifecycle.services import monitoring
from lifecycle.store import measurements, models, monitors, runs

router = APIRouter(tags=["monitoring"])


class MonitorIn(Strict):
    """How a version is watched; what is left out is its default, or stays as it is."""

    reason: str = ""
    grain: Grain | None = None
    reference: dict[str, Any] | None = None
    drift: list[str] | None = None
    categorical: list[str] | None = None
    performance: list[str] | None = None
    segments: list[str] | None = None
    rule: LimitRule | None = None
    limits: dict[str, float] | None = None
    column_limits: dict[str, dict[str, float]] | None = None
    false_alarms: float | None = None
    minimum: int | None = None
    bins: int | None = None
    maturity: float | None = None
    estimation: bool | None = None
    costs: dict[str, Any] | None = None
    service: dict[str, Any] | None = None
    correction: str | None = None
    alpha: float | None = None
    schedule: str | None = None
    alerts: dict[str, Any] | None = None
    active: bool | None = None

    def settings(self) -> dict[str, Any]:
        """Return what was named; a reason is told apart."""
        return self.model_dump(exclude_unset=True, exclude={"reason"})


class RunIn(Strict):
    """Which monitors to run, and up to when."""

    model: str | None = None
    version: str | None = None
    until: datetime | None = None


@router.get("/monitors")
def list_monitors(door: Door) -> Any:
    """List what is watched now."""
    return {"items": [_shown(monitor) for monitor in monitors.every(door.reading())]}


@router.get("/monitors/runs")
def list_runs(door: Door, limit: Annotated[int, Query(ge=1, le=1000)] = 100) -> Any:
    """List the newest runs of all monitors."""
    return {"items": plain(runs.newest(door.reading(), limit=limit))}


@router.get("/models/{model_id}/versions/{version}/monitor")
def one(door: Door, model_id: str, version: str) -> Any:
    """Show how a version is watched, how that came about, and how its runs went."""
    con = door.reading()
    found = models.version(con, model_id, version)
    made = monitors.revisions(con, found.id)
    if not made:
        raise NotFound(f"{found.id} is not watched yet")
    ran = runs.of_version(con, found.id, limit=20)
    return _shown(made[-1]) | {"revisions": [_shown(m) for m in made], "runs": plain(ran)}


@router.put("/models/{model_id}/versions/{version}/monitor")
def define(door: Door, model_id: str, version: str, body: MonitorIn) -> Any:
    """Watch a version as described; what is left out gets its default."""
    who: dict[str, Any] = {"by": door.actor, "at": door.at}
    made = monitoring.define(
        door.workspace, model_id, version, reason=body.reason, **who, **body.settings()
    )
    return _shown(made)


@router.patch("/models/{model_id}/versions/{version}/monitor")
def change(door: Door, model_id: str, version: str, body: MonitorIn) -> Any:
    """Change how a version is watched; what is left out stays as it is."""
    who: dict[str, Any] = {"by": door.actor, "at": door.at}
    made = monitoring.change(
        door.workspace, model_id, version, reason=body.reason, **who, **body.settings()
    )
    return _shown(made)


@router.post("/monitors/run")
def run(door: Door, body: RunIn) -> Any:
    """Count what is new and measure it."""
    until = body.until
    if until is not None and until.tzinfo is None:
        until = until.replace(tzinfo=UTC)
    if body.version is not None and body.model is None:
        raise InvalidInput("a version is named together with its model")
    only = None if body.version is None else [f"{body.model}/{body.version}"]
    results = monitoring.run(
        door.workspace, body.model, versions=only, until=until, by=door.actor, at=door.at
    )
    return {"items": plain(results)}


@router.post("/models/{model_id}/versions/{version}/monitor/preview")
def preview(door: Door, model_id: str, version: str, body: MonitorIn) -> Any:
    """Say what to expect of a monitor, and keep nothing."""
    found = monitoring.preview(
        door.reading(), model_id, version, by=door.actor, at=door.at, **body.settings()
    )
    shown = {f.name: plain(getattr(found, f.name)) for f in fields(found) if f.name != "monitor"}
    return shown | {"sentence": found.sentence, "monitor": _shown(found.monitor)}


@router.get("/models/{model_id}/versions/{version}/measurements")
def measured(
    door: Door,
    model_id: str,
    version: str,
    statistic: str | None = None,
    column: str | None = None,
    start: Annotated[datetime | None, Query()] = None,
    end: Annotated[datetime | None, Query()] = None,
) -> Any:
    """List what monitoring measured about a version, oldest window first."""
    con = door.reading()
    found = models.version(con, model_id, version)
    history = measurements.history(
        con, found.id, statistic=statistic, column=column, start=start, end=end
    )
    return {"measurements": plain(history)}


def _shown(monitor: Monitor) -> dict[str, Any]:
    own = {name: plain(getattr(monitor, name)) for name in sorted(ITS_OWN)}
    return own | plain(monitor.settings())
