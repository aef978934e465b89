"""Explanations of single decisions, and the words they are given in."""

from typing import Any

from fastapi import APIRouter
from pydantic import Field

from lifecycle.api.assurance import seen_through
from lifecycle.api.door import Door
from lifecycle.api.registry import Limit, Strict
from lifecycle.api.shapes import plain
from lifecycle.domain.actor import Permission
from lifecycle.errors import NotFound
from lifecycle.services.access.places import require_for
from lifecycle.services.explanation import decisions, reading
from lifecycle.store import evidence, explained, models

router = APIRouter(tags=["assurance"])


class DecisionIn(Strict):
    """One decision to explain."""

    row: str = Field(description="The row's id, or its number from 1", max_length=200)
    source: str = Field(default=decisions.LOG, description="A snapshot's id, or log")
    aim: str | None = Field(
        default=None,
        description="The answer to look for: a class, or a range such as 10..20",
        max_length=200,
    )


class ReasonsIn(Strict):
    """A dictionary of reasons."""

    text: str = Field(description="The dictionary as YAML text", max_length=200_000)


@router.get("/evidence/{evidence_id}/effects")
def show_effects(door: Door, evidence_id: str) -> Any:
    """Show how answers move along columns; single rows only to whoever may open them."""
    kept = evidence.get(door.reading(), evidence_id)
    found = reading.effects(door.workspace, kept, by=door.actor)
    if found is None:
        raise NotFound(f"{evidence_id} holds no effects along columns")
    return found


@router.post("/models/{model_id}/versions/{version}/explained-decisions", status_code=202)
def explain_decision(door: Door, model_id: str, version: str, body: DecisionIn) -> Any:
    """Start explaining one decision in a worker process."""
    job = decisions.explain_decision(
        door.workspace,
        model_id,
        version,
        row=body.row,
        source=body.source,
        aim=body.aim,
        by=door.actor,
        at=door.at,
    )
    return plain(seen_through(door, job))


@router.get("/models/{model_id}/versions/{version}/explained-decisions")
def list_decisions(door: Door, model_id: str, version: str, limit: Limit = 100) -> Any:
    """List a version's explained decisions, newest first, without what they say."""
    con = door.reading()
    require_for(con, model_id, Permission.READ_ROWS, by=door.actor)
    found = models.version(con, model_id, version)
    return {"items": plain(explained.of_version(con, found.id, limit=limit))}


@router.get("/explained-decisions/{identifier}")
def open_decision(door: Door, identifier: str) -> Any:
    """Open an explained decision; the audit trail keeps who did."""
    opened = decisions.open_decision(door.workspace, identifier, by=door.actor, at=door.at)
    return {**plain(opened.kept), **opened.content}


@router.post("/models/{model_id}/reasons", status_code=201)
def publish_reasons(door: Door, model_id: str, body: ReasonsIn) -> Any:
    """Put the next version of a model's dictionary of reasons in force."""
    made = decisions.publish_reasons(door.workspace, model_id, body.text, by=door.actor, at=door.at)
    return plain(made)


@router.get("/models/{model_id}/reasons")
def show_reasons(door: Door, model_id: str) -> Any:
    """Show the dictionary of reasons in force; version 0 where nobody wrote one."""
    con = door.reading()
    models.get(con, model_id)
    return plain(explained.dictionary(con, model_id))
