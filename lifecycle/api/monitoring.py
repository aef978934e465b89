"""Monitors, their runs and what they measured."""

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

from fastapi import APIRouter, Query
from pydantic import create_model

from lifecycle.api.door import Door
from lifecycle.api.registry import Offset, Strict
from lifecycle.api.shapes import plain
from lifecycle.domain.monitor import ITS_OWN, Monitor
from lifecycle.errors import InvalidInput, NotFound
from lifecycle.services import monitoring, withholding
from lifecycle.store import models, monitors, runs
from lifecycle.store.cells import slice_key

router = APIRouter(tags=["monitoring"])


def _as_json(hint: Any) -> Any:
    """Return how a field of the domain comes in as JSON; a record comes as values by name."""
    origin, parts = get_origin(hint), get_args(hint)
    if origin in {Union, UnionType}:
        return Union[tuple(_as_json(part) for part in parts)]  # noqa: UP007 -- of parts in a tuple
    if is_dataclass(hint):
        return dict[str, Any]
    if origin is tuple:
        return list[_as_json(parts[0])]
    if origin is Mapping:
        return dict[str, _as_json(parts[1]) | None]  # null takes a name out
    return hint


SETTINGS: dict[str, Any] = {
    name: (_as_json(hint) | None, None)
    for name, hint in get_type_hints(Monitor).items()
    if name not in ITS_OWN
}
"""What may be set in a monitor, each of it or not at all; the domain reads the values."""
SETTINGS["expectations"] = (list[dict[str, Any]] | dict[str, Any] | None, None)


class MonitorIn(create_model("Settings", __base__=Strict, **SETTINGS)):
    """How a version is watched; what is left out is its default, or stays as it is.

    Limits, limits of columns and the rule of alerts are changed by name, and null takes a name
    out. Expectations are a list, or what a file of expectations holds.
    """

    reason: str = ""

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
    if body.version is not None and body.model is None:
        raise InvalidInput("a version is named together with its model")
    only = None if body.version is None else [f"{body.model}/{body.version}"]
    results = monitoring.run(
        door.workspace,
        body.model,
        versions=only,
        until=_aware(body.until),
        by=door.actor,
        at=door.at,
    )
    return {"items": plain(results)}


@router.post("/models/{model_id}/versions/{version}/monitor/preview")
def preview(door: Door, model_id: str, version: str, body: MonitorIn) -> Any:
    """Say what to expect of a monitor, and keep nothing."""
    found = monitoring.preview(
        door.reading(), model_id, version, by=door.actor, at=door.at, **body.settings()
    )
    shown = {f.name: plain(getattr(found, f.name)) for f in fields(found) if f.name != "monitor"}
    told = [plain(one) | {"told": one.told} for one in found.episodes]
    return shown | {
        "episodes": told,
        "sentence": found.sentence,
        "monitor": _shown(found.monitor),
    }


@router.get("/models/{model_id}/versions/{version}/measurements")
def measured(
    door: Door,
    model_id: str,
    version: str,
    statistic: str | None = None,
    column: str | None = None,
    slice: str | None = None,  # noqa: A002 -- the domain's word
    start: Annotated[datetime | None, Query()] = None,
    end: Annotated[datetime | None, Query()] = None,
    series: Annotated[int | None, Query(ge=1)] = None,
    limit: Annotated[int | None, Query(ge=1)] = None,
    offset: Offset = 0,
) -> Any:
    """List what monitoring measured about a version, oldest window first.

    A slice is written as its columns and values in JSON; all rows are `{}`. Without a series it is
    the newest; a change of the reference, grain or bins began each, and the earlier ones are kept.
    """
    con = door.reading()
    found = models.version(con, model_id, version)
    history = withholding.history(
        con,
        found.id,
        shown_from=door.workspace.shown_from,
        statistic=statistic,
        column=column,
        slice=None if slice is None else _key(slice),
        start=_aware(start),
        end=_aware(end),
        series=series,
    )
    last = None if limit is None else offset + limit
    return {"measurements": plain(history[offset:last]), "total": len(history)}


def _aware(at: datetime | None) -> datetime | None:
    """Take a time without a zone as UTC."""
    return at.replace(tzinfo=UTC) if at is not None and at.tzinfo is None else at


def _key(given: str) -> str:
    """Write a slice the way it is kept, however it was spaced and ordered."""
    try:
        named: Any = json.loads(given)
    except json.JSONDecodeError:
        named = None
    if not isinstance(named, dict):
        raise InvalidInput(f'a slice is written like {{}} or {{"sex": "F"}}, not {given!r}')
    return slice_key(named)


def _shown(monitor: Monitor) -> dict[str, Any]:
    own = {name: plain(getattr(monitor, name)) for name in sorted(ITS_OWN)}
    return own | plain(monitor.settings())
