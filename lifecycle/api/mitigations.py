"""Ways to narrow a gap: tried as a job, read as a frontier, registered as versions."""

from collections.abc import Mapping
from typing import Any, Literal

from fastapi import APIRouter
from pydantic import Field

from lifecycle.api.door import Door
from lifecycle.api.registry import Strict
from lifecycle.api.shapes import plain
from lifecycle.api.work import seen_through
from lifecycle.domain.evidence import Evidence
from lifecycle.errors import InvalidInput, NotFound
from lifecycle.services import mitigation, withholding
from lifecycle.store import models

router = APIRouter(tags=["assurance"])


class MitigateIn(Strict):
    """Between which groups a gap is to be narrowed, and on which rows."""

    attribute: str = Field(max_length=200)
    snapshot: str | None = None
    constraint: Literal["demographic_parity", "equalized_odds"] = "demographic_parity"
    seed: int = 0


class PointIn(Strict):
    """A point of a frontier that becomes a version."""

    point: str = Field(description="The point's name in the frontier", max_length=200)
    name: str = Field(description="The name of the new version", max_length=200)
    reference: str | None = Field(
        None, description="A snapshot with the new version's own answers; else the original's"
    )


@router.post("/models/{model_id}/versions/{version}/mitigations", status_code=202)
def mitigate(door: Door, model_id: str, version: str, body: MitigateIn) -> Any:
    """Start trying ways to narrow a gap in a worker process."""
    snapshot = body.snapshot or models.version(door.reading(), model_id, version).reference
    if snapshot is None:
        raise InvalidInput(f"{model_id}/{version} has no reference snapshot; name a snapshot")
    job = mitigation.start(
        door.workspace,
        model_id,
        version,
        snapshot=snapshot,
        attribute=body.attribute,
        constraint=body.constraint,
        seed=body.seed,
        by=door.actor,
        at=door.at,
    )
    return plain(seen_through(door, job))


@router.get("/models/{model_id}/versions/{version}/mitigations")
def list_frontiers(door: Door, model_id: str, version: str) -> Any:
    """List a version's frontiers, newest first."""
    con = door.reading()
    found = models.version(con, model_id, version)
    least = door.workspace.shown_from
    known = mitigation.frontiers(con, found.id)
    return {"items": [_frontier(kept, shown_from=least) for kept in known]}


@router.get("/mitigations/{evidence_id}")
def show_frontier(door: Door, evidence_id: str) -> Any:
    """Show a frontier: each point's accuracy and gap with their intervals, and what it runs as."""
    kept = mitigation.frontier(door.reading(), evidence_id)
    return _frontier(kept, shown_from=door.workspace.shown_from)


@router.post("/mitigations/{evidence_id}/versions", status_code=201)
def register_point(door: Door, evidence_id: str, body: PointIn) -> Any:
    """Register a point as a draft version, which goes through every gate."""
    made = mitigation.register(
        door.workspace,
        evidence_id,
        point=body.point,
        name=body.name,
        reference=body.reference,
        by=door.actor,
        at=door.at,
    )
    return plain(made)


@router.get("/models/{model_id}/versions/{version}/decision-rule")
def show_rule(door: Door, model_id: str, version: str) -> Any:
    """Show the thresholds by group that a version decides with."""
    found = models.version(door.reading(), model_id, version)
    rule = mitigation.rule_of(door.workspace, found)
    if rule is None:
        raise NotFound(f"{found.id} decides without thresholds by group")
    return rule


def _frontier(kept: Evidence, *, shown_from: int) -> Mapping[str, Any]:
    measured = mitigation.measured(withholding.shown(kept, shown_from=shown_from))
    items: list[dict[str, Any]] = []
    for one in mitigation.points(kept):
        accuracy, gap = measured[str(one["name"])]
        items.append({**one, "accuracy": accuracy, "gap": gap, "runs_as": mitigation.runs_as(one)})
    return plain(
        {
            "id": kept.id,
            "version_id": kept.version_id,
            "snapshot_id": kept.snapshot_id,
            "created_at": kept.created_at,
            "created_by": kept.created_by,
            "method": kept.method,
            "points": items,
            "notices": mitigation.notices(kept),
        }
    )
