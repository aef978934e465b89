"""Monitors, their runs and what they measured."""

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query

from lifecycle.api.door import Door
from lifecycle.api.registry import Strict
from lifecycle.api.shapes import plain
from lifecycle.domain.monitor import Grain
from lifecycle.services import monitoring
from lifecycle.store import measurements, models, monitors

router = APIRouter(tags=["monitoring"])


class MonitorIn(Strict):
    """What to watch about a version; a change makes the next revision."""

    grain: Grain = Grain.WEEK
    limits: dict[str, float] = {}


class RunIn(Strict):
    """Which monitors to run, and up to when."""

    model: str | None = None
    until: datetime | None = None


@router.get("/monitors")
def list_monitors(door: Door) -> Any:
    """List what is watched now."""
    return {"items": plain(monitors.every(door.reading()))}


@router.put("/models/{model_id}/versions/{version}/monitor")
def define(door: Door, model_id: str, version: str, body: MonitorIn) -> Any:
    """Watch a version."""
    return plain(
        monitoring.define(
            door.workspace,
            model_id,
            version,
            grain=body.grain,
            limits=body.limits,
            by=door.actor,
            at=door.at,
        )
    )


@router.post("/monitors/run")
def run(door: Door, body: RunIn) -> Any:
    """Count what is new and measure it."""
    until = body.until
    if until is not None and until.tzinfo is None:
        until = until.replace(tzinfo=UTC)
    results = monitoring.run(door.workspace, body.model, until=until, by=door.actor, at=door.at)
    return {"items": plain(results)}


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
