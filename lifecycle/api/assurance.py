"""Explanations, and the evidence of all kinds."""

from typing import Any

from fastapi import APIRouter
from pydantic import Field

from lifecycle.api.door import Door
from lifecycle.api.registry import Strict
from lifecycle.api.shapes import plain
from lifecycle.api.work import seen_through
from lifecycle.domain.evidence import Evidence, Purpose
from lifecycle.errors import InvalidInput
from lifecycle.services import explanation, withholding
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
    return {"items": [_shown(door, one) for one in evidence.of_version(con, found.id, purpose)]}


@router.get("/evidence/{evidence_id}")
def show_evidence(door: Door, evidence_id: str) -> Any:
    """Show one piece of evidence; its id is checked against its content."""
    return _shown(door, evidence.get(door.reading(), evidence_id))


def _shown(door: Door, kept: Evidence) -> Any:
    """Write evidence as JSON, without groups too small to show; its hash is of all that is kept."""
    least, whole = door.workspace.shown_from, plain(kept)
    whole["measurements"] = plain(withholding.shown(kept, shown_from=least))
    if "notices" in kept.payload:
        said = withholding.told(kept, shown_from=least)
        whole["payload"]["notices"] = [n for n in whole["payload"]["notices"] if n in said]
    return whole
