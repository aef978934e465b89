"""Explanations, and the evidence of all kinds."""

from typing import Any

from fastapi import APIRouter
from pydantic import Field

from lifecycle.api.door import Door
from lifecycle.api.registry import Strict
from lifecycle.api.shapes import plain
from lifecycle.api.work import seen_through
from lifecycle.domain.evidence import Purpose
from lifecycle.errors import InvalidInput
from lifecycle.services import explanation
from lifecycle.store import evidence, models

router = APIRouter(tags=["assurance"])


class ExplainIn(Strict):
    """An explanation of a version on a snapshot."""

    snapshot: str | None = None
    rows: int | None = Field(
        default=None,
        ge=10,
        le=explanation.MOST_ROWS,
        description="How many to explain; absent: until the ranking of the columns is stable",
    )
    seed: int = 0


@router.post("/models/{model_id}/versions/{version}/explanations", status_code=202)
def explain(door: Door, model_id: str, version: str, body: ExplainIn) -> Any:
    """Start computing SHAP values in a worker process."""
    con = door.reading()
    snapshot = body.snapshot or models.version(con, model_id, version).reference
    if snapshot is None:
        raise InvalidInput(f"{model_id}/{version} has no reference snapshot; name a snapshot")
    job = explanation.explain(
        door.workspace,
        model_id,
        version,
        snapshot=snapshot,
        rows=body.rows,
        seed=body.seed,
        by=door.actor,
        at=door.at,
    )
    return plain(seen_through(door, job))


@router.get("/models/{model_id}/versions/{version}/evidence")
def list_evidence(door: Door, model_id: str, version: str, purpose: Purpose | None = None) -> Any:
    """List a version's evidence, newest first."""
    con = door.reading()
    found = models.version(con, model_id, version)
    return {"items": plain(evidence.of_version(con, found.id, purpose=purpose))}


@router.get("/evidence/{evidence_id}")
def show_evidence(door: Door, evidence_id: str) -> Any:
    """Show one piece of evidence; its id is checked against its content."""
    return plain(evidence.get(door.reading(), evidence_id))
