"""Gates, requests and decisions."""

from typing import Any

from fastapi import APIRouter
from pydantic import AwareDatetime, Field

from lifecycle.adapters.keys import pem
from lifecycle.api.door import Door
from lifecycle.api.registry import Limit, Offset, Strict
from lifecycle.api.shapes import page, plain
from lifecycle.domain.approval import Code, Status, Vote
from lifecycle.domain.finding import Obligation, Severity
from lifecycle.domain.model import Stage
from lifecycle.services import approvals
from lifecycle.services.approvals import passes, signing
from lifecycle.store import approvals as kept
from lifecycle.store import requests

router = APIRouter(tags=["decisions"])


class GateIn(Strict):
    """The question whether a version may go to a stage, or start in the one it is in."""

    model: str
    version: str
    to: Stage


class GlassIn(Strict):
    """Why a version is started although the gate refuses."""

    model: str
    version: str
    reason: str = Field(min_length=1)


class RequestIn(GateIn):
    """A wish to move a version."""

    reason: str = Field(min_length=1)
    emergency: bool = False
    supersedes: str | None = None


class ConditionIn(Strict):
    """What an approval asks for, by whom and when."""

    text: str = Field(min_length=1)
    owner: str
    due_at: AwareDatetime
    severity: Severity = Severity.MEDIUM


class DecideIn(Strict):
    """A vote; `seen` is the bundle hash of what the voter looked at.

    `password` is asked again for signing. Who votes is whoever holds the token; naming somebody
    else here is not possible, except by a delegation in `on_behalf_of`. Every vote but a plain
    approval and an abstention needs a reason and, unless it recuses, a code; in an emergency an
    approval needs both too.
    """

    vote: Vote
    reason: str = ""
    code: Code | None = None
    seen: str | None = None
    password: str = ""
    on_behalf_of: str | None = None
    conditions: list[ConditionIn] = []


class DecideManyIn(Strict):
    """The same vote on several requests."""

    requests: list[str] = Field(min_length=1, max_length=100)
    vote: Vote
    reason: str = ""
    code: Code | None = None
    seen: dict[str, str] = {}
    password: str = ""


class WithdrawIn(Strict):
    """Why a request is taken back."""

    reason: str = Field(min_length=1)


class CommentIn(Strict):
    """Something to say about a request."""

    text: str = Field(min_length=1)


@router.post("/gate")
def gate(door: Door, body: GateIn) -> Any:
    """Answer rule by rule whether a version may go to a stage now, or start where it is."""
    answer = approvals.ask(
        door.workspace, body.model, body.version, to=body.to, by=door.actor, at=door.at
    )
    subject = {"model": body.model, "version": body.version, "to": body.to}
    rest = {"question": answer.question, "approval": answer.approval, "token": answer.token}
    rest |= {"conditions": answer.conditions}
    return {**subject, **plain(answer.report), **plain(rest)}


@router.post("/gate/glass", status_code=201)
def break_glass(door: Door, body: GlassIn) -> Any:
    """Start a version that the gate refuses; it leaves a mark and a task with a date."""
    token, found = approvals.break_glass(
        door.workspace, body.model, body.version, reason=body.reason, by=door.actor, at=door.at
    )
    return {"token": token, "finding": plain(found)}


@router.get("/gate/key")
def gate_key(door: Door) -> Any:
    """Return the public key that passes of the gate are checked with."""
    door.reading()
    key = passes.key(door.workspace)
    return {"id": key.id, "algorithm": "Ed25519", "public": key.public, "pem": pem(key.public)}


@router.get("/requests")
def list_requests(
    door: Door, status: Status | None = None, limit: Limit = 100, offset: Offset = 0
) -> Any:
    """List requests, newest first."""
    con = door.reading()
    known = requests.every(con, status=status)
    shown = [signing.named(con, request) for request in known[offset : offset + limit]]
    return page(shown, limit=limit, offset=offset, total=len(known))


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
            emergency=body.emergency,
            supersedes=body.supersedes,
            by=door.actor,
            at=door.at,
        )
    )


@router.get("/requests/{request_id}")
def show_request(door: Door, request_id: str) -> Any:
    """Show one request: why it is stale if it is, who can decide, what changed, what was said."""
    con = door.reading()
    found = requests.get(con, request_id)
    terms = approvals.terms_of(con, found)
    compared = approvals.since_last_approval(con, found, shown_from=door.workspace.shown_from)
    return {
        **plain(signing.named(con, found)),
        "stale": approvals.is_stale(door.workspace, found),
        "lacking": list(terms.lacking(found.approving)),
        "opens_at": plain(terms.opens_at(found.requested_at)),
        "closes_at": plain(terms.closes_at(found.requested_at)),
        "eligible": approvals.eligible(con, found, terms=terms),
        "last_approved": compared and compared[0].id,
        "differences": plain(compared[1]) if compared else [],
        "signatures": signing.lines(con, found),
        "comments": plain(kept.comments(con, request_id)),
        "findings": plain(kept.findings(con, request_id=request_id)),
    }


@router.post("/requests/{request_id}/decisions")
def decide(door: Door, request_id: str, body: DecideIn) -> Any:
    """Vote on a request."""
    given = [Obligation(c.text, c.severity, c.owner, c.due_at) for c in body.conditions]
    decided = approvals.decide(
        door.workspace,
        request_id,
        vote=body.vote,
        reason=body.reason,
        code=body.code,
        seen=body.seen,
        proof=approvals.Proof(body.password),
        conditions=given,
        on_behalf_of=body.on_behalf_of,
        by=door.actor,
        at=door.at,
    )
    return plain(signing.named(door.reading(), decided))


@router.post("/decisions")
def decide_many(door: Door, body: DecideManyIn) -> Any:
    """Cast the same vote on several requests of low risk, on all of them or on none."""
    decided = approvals.decide_many(
        door.workspace,
        body.requests,
        vote=body.vote,
        reason=body.reason,
        code=body.code,
        seen=body.seen,
        proof=approvals.Proof(body.password),
        by=door.actor,
        at=door.at,
    )
    con = door.reading()
    return {"items": [plain(signing.named(con, request)) for request in decided]}


@router.post("/requests/{request_id}/comments", status_code=201)
def comment(door: Door, request_id: str, body: CommentIn) -> Any:
    """Say something about a request; `@name` mentions somebody."""
    return plain(
        approvals.comment(door.workspace, request_id, body.text, by=door.actor, at=door.at)
    )


@router.post("/requests/{request_id}/withdrawal")
def withdraw(door: Door, request_id: str, body: WithdrawIn) -> Any:
    """Take one's own request back."""
    return plain(
        approvals.withdraw(
            door.workspace, request_id, reason=body.reason, by=door.actor, at=door.at
        )
    )
