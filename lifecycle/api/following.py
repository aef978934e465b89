"""What follows a decision: findings, delegations, the standing of approvals, one's own tasks."""

from typing import Any

from fastapi import APIRouter
from pydantic import AwareDatetime, Field

from lifecycle.api.door import Door
from lifecycle.api.registry import Strict
from lifecycle.api.shapes import plain
from lifecycle.domain.actor import Permission
from lifecycle.services import approvals
from lifecycle.store import approvals as kept
from lifecycle.store import models

router = APIRouter(tags=["decisions"])


class SaidIn(Strict):
    """An answer or a reason."""

    reason: str = Field(min_length=1)


class ExtendIn(SaidIn):
    """A later date, and why."""

    due_at: AwareDatetime


class AssignIn(SaidIn):
    """To whom a finding is given, and why."""

    owner: str = Field(min_length=1)


class DelegateIn(SaidIn):
    """To whom one lends one's authority to decide, and for how long."""

    taker: str
    start: AwareDatetime
    end: AwareDatetime


@router.get("/findings")
def list_findings(door: Door, version: str | None = None) -> Any:
    """List conditions, reviews and broken glasses, the earliest due first."""
    return {"items": plain(kept.findings(door.reading(), version_id=version))}


@router.post("/findings/{finding_id}/answer")
def answer_finding(door: Door, finding_id: str, body: SaidIn) -> Any:
    """Say of one's own finding what was done."""
    return plain(
        approvals.answer_finding(door.workspace, finding_id, body.reason, by=door.actor, at=door.at)
    )


@router.post("/findings/{finding_id}/closure")
def close_finding(door: Door, finding_id: str, body: SaidIn) -> Any:
    """Agree that somebody else's finding is done."""
    return plain(
        approvals.close_finding(door.workspace, finding_id, body.reason, by=door.actor, at=door.at)
    )


@router.post("/findings/{finding_id}/extension")
def extend_finding(door: Door, finding_id: str, body: ExtendIn) -> Any:
    """Give somebody else's finding more time."""
    return plain(
        approvals.extend_finding(
            door.workspace,
            finding_id,
            body.due_at,
            reason=body.reason,
            by=door.actor,
            at=door.at,
        )
    )


@router.post("/findings/{finding_id}/owner")
def assign_finding(door: Door, finding_id: str, body: AssignIn) -> Any:
    """Give somebody else's finding to another person."""
    return plain(
        approvals.assign_finding(
            door.workspace, finding_id, body.owner, reason=body.reason, by=door.actor, at=door.at
        )
    )


@router.get("/delegations")
def list_delegations(door: Door) -> Any:
    """List who lends whom their authority to decide."""
    return {"items": plain(kept.delegations(door.reading()))}


@router.post("/delegations", status_code=201)
def delegate(door: Door, body: DelegateIn) -> Any:
    """Lend one's authority to decide to an equal, for a time."""
    return plain(
        approvals.delegate(
            door.workspace,
            body.taker,
            start=body.start,
            end=body.end,
            reason=body.reason,
            by=door.actor,
            at=door.at,
        )
    )


@router.delete("/delegations/{delegation_id}")
def end_delegation(door: Door, delegation_id: str) -> Any:
    """End a delegation early."""
    return plain(approvals.end_delegation(door.workspace, delegation_id, by=door.actor, at=door.at))


@router.get("/models/{model}/versions/{version}/approval")
def show_approval(door: Door, model: str, version: str) -> Any:
    """Say what the approval of the stage a version is in is worth now."""
    con = door.reading()
    found = approvals.current(con, models.version(con, model, version), at=door.at)
    return {"approval": plain(found)}


@router.get("/tasks")
def list_tasks(door: Door) -> Any:
    """List what waits for whoever asks, beside votes."""
    return {"items": plain(approvals.tasks(door.reading(), door.actor, at=door.at))}


@router.post("/clock")
def tick(door: Door) -> Any:
    """Look at everything that has a date: remind, escalate, expire, revoke; never approve."""
    door.actor.require(Permission.MONITOR)
    return plain(approvals.tick(door.workspace, at=door.at))
