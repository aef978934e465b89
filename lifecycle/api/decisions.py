"""Gates, requests and decisions."""

from typing import Any

from fastapi import APIRouter
from pydantic import Field

from lifecycle.api.door import Door
from lifecycle.api.registry import Limit, Offset, Strict
from lifecycle.api.shapes import page, plain
from lifecycle.domain.approval import Status, Vote
from lifecycle.domain.model import Stage
from lifecycle.services import approvals, policies
from lifecycle.store import policies as kept_policies
from lifecycle.store import requests

router = APIRouter(tags=["decisions"])


class GateIn(Strict):
    """The question whether a version may go to a stage."""

    model: str
    version: str
    to: Stage


class RequestIn(GateIn):
    """A wish to move a version."""

    reason: str = Field(min_length=1)


class DecideIn(Strict):
    """A vote; `seen` is the bundle hash of what the voter looked at."""

    vote: Vote
    reason: str = ""
    seen: str | None = None


class WithdrawIn(Strict):
    """Why a request is taken back."""

    reason: str = Field(min_length=1)


class PolicyIn(Strict):
    """A policy as YAML text."""

    content: str = Field(max_length=500_000)


@router.post("/gate")
def gate(door: Door, body: GateIn) -> Any:
    """Answer rule by rule whether a version may go to a stage now."""
    report = approvals.gate(
        door.workspace, body.model, body.version, to=body.to, by=door.actor, at=door.at
    )
    subject = {"model": body.model, "version": body.version, "to": body.to}
    return {**subject, **plain(report)}


@router.get("/requests")
def list_requests(
    door: Door, status: Status | None = None, limit: Limit = 100, offset: Offset = 0
) -> Any:
    """List requests, newest first."""
    return page(requests.every(door.reading(), status=status), limit=limit, offset=offset)


@router.post("/requests", status_code=201)
def add_request(door: Door, body: RequestIn) -> Any:
    """Ask to move a version; policy and evidence are pinned here."""
    return plain(
        approvals.request(
            door.workspace,
            body.model,
            body.version,
            to=body.to,
            reason=body.reason,
            by=door.actor,
            at=door.at,
        )
    )


@router.get("/requests/{request_id}")
def show_request(door: Door, request_id: str) -> Any:
    """Show one request, and why it is stale if it is."""
    found = requests.get(door.reading(), request_id)
    return {**plain(found), "stale": approvals.is_stale(door.workspace, found)}


@router.post("/requests/{request_id}/decisions")
def decide(door: Door, request_id: str, body: DecideIn) -> Any:
    """Vote on a request."""
    return plain(
        approvals.decide(
            door.workspace,
            request_id,
            vote=body.vote,
            reason=body.reason,
            seen=body.seen,
            by=door.actor,
            at=door.at,
        )
    )


@router.post("/requests/{request_id}/withdrawal")
def withdraw(door: Door, request_id: str, body: WithdrawIn) -> Any:
    """Take one's own request back."""
    return plain(
        approvals.withdraw(
            door.workspace, request_id, reason=body.reason, by=door.actor, at=door.at
        )
    )


@router.get("/policies")
def list_policies(door: Door) -> Any:
    """List every published policy version."""
    found = kept_policies.every(door.reading())
    return {"items": [{k: v for k, v in plain(p).items() if k != "gates"} for p in found]}


@router.get("/policies/{name}")
def show_policy(door: Door, name: str, version: str | None = None) -> Any:
    """Show a policy's content; the one in force unless a version is named."""
    con = door.reading()
    if version is None:
        return plain(kept_policies.current(con, name))
    return plain(kept_policies.get(con, name, version))


@router.post("/policies", status_code=201)
def publish_policy(door: Door, body: PolicyIn) -> Any:
    """Publish the next version of a policy."""
    return plain(policies.publish(door.workspace, body.content, by=door.actor, at=door.at))
