"""What may be forgotten: erasure, legal holds, periods of retention."""

from typing import Any

from fastapi import APIRouter
from pydantic import Field

from lifecycle.api.door import Door
from lifecycle.api.registry import Strict
from lifecycle.api.shapes import plain
from lifecycle.domain.actor import Permission
from lifecycle.domain.retention import periods_with
from lifecycle.services import erasure
from lifecycle.store import holds

router = APIRouter(tags=["retention"])


class ReasonIn(Strict):
    """Why."""

    reason: str = Field(min_length=1)


class HoldIn(ReasonIn):
    """What must not be erased, as the trail names it, such as ``person:ana``; or ``everything``."""

    subject: str = Field(min_length=1)


@router.post("/people/{name}/erasure")
def erase(door: Door, name: str, body: ReasonIn) -> Any:
    """Make a closed account's personal texts unreadable for ever."""
    by, at = door.actor, door.at
    return plain(erasure.erase(door.workspace, name, reason=body.reason, by=by, at=at))


@router.get("/holds")
def list_holds(door: Door) -> Any:
    """List legal holds, newest first."""
    return {"items": plain(holds.every(door.reading(Permission.READ_TRAIL)))}


@router.post("/holds", status_code=201)
def place_hold(door: Door, body: HoldIn) -> Any:
    """Forbid that something is erased or disposed of."""
    by, at = door.actor, door.at
    return plain(erasure.hold(door.workspace, body.subject, reason=body.reason, by=by, at=at))


@router.post("/holds/{hold_id}/release")
def release_hold(door: Door, hold_id: str, body: ReasonIn) -> Any:
    """End a legal hold, as somebody else than who placed it."""
    by, at = door.actor, door.at
    return plain(erasure.release(door.workspace, hold_id, reason=body.reason, by=by, at=at))


@router.get("/retention")
def list_due(door: Door) -> Any:
    """List every class of records with its period and what is due to go."""
    periods = periods_with(door.settings.retention)
    con = door.reading(Permission.READ_TRAIL)
    return {"items": plain(erasure.due(con, at=door.at, periods=periods))}


@router.post("/retention/disposal")
def dispose(door: Door) -> Any:
    """Erase and remove what is due and not held."""
    periods = periods_with(door.settings.retention)
    return plain(erasure.dispose(door.workspace, by=door.actor, at=door.at, periods=periods))
