"""Who outside hears that a decision waits, ends or was passed over: messages in the same outbox.

A message only tells. What is not decided stays undecided, however often people were reminded.
Each goes out once per channel; the words of a discussion never leave the workspace.
"""

from collections.abc import Sequence
from datetime import datetime
from urllib.parse import urlencode

from lifecycle.domain.alert import Severity
from lifecycle.domain.approval import Request
from lifecycle.domain.delivery import Message
from lifecycle.domain.finding import Finding
from lifecycle.domain.standing import Approval, Standing
from lifecycle.domain.terms import Effect, Terms
from lifecycle.services.alerting.telling import queue
from lifecycle.store.approvals import Comment
from lifecycle.store.connection import Connection

WAITS = {
    "remind": ("{} waits for a decision", Severity.WARNING),
    "escalate": ("{} still waits for a decision", Severity.CRITICAL),
    "unmeetable": ("{} cannot be decided: too few people are left", Severity.CRITICAL),
    "expire": ("{} expired undecided", Severity.CRITICAL),
}
TOLD = frozenset({Standing.EXPIRING, Standing.EXPIRED, Standing.REVOKED})
"""Standings that are told whatever the policy says of them."""


def waits(
    tx: Connection,
    request: Request,
    kind: str,
    people: Sequence[str],
    *,
    terms: Terms,
    at: datetime,
) -> None:
    """Tell that nobody decided yet, or in time."""
    title, severity = WAITS[kind]
    lines = [
        f"{request.requested_by} asked on {request.requested_at:%Y-%m-%d} to {request.wish}.",
        f"Can vote: {', '.join(people) or 'nobody'}.",
    ]
    if kind != "expire":
        closes = terms.closes_at(request.requested_at)
        lines.append(f"Undecided, it expires on {closes:%Y-%m-%d %H:%M} UTC; nothing is approved.")
    about = f"{request.id} ({request.version_id} to {request.to})"
    _tell(
        tx,
        f"request.{kind}",
        request.id,
        title=title.format(about),
        lines=lines,
        severity=severity,
        at=at,
    )


def stands(tx: Connection, approval: Approval, *, at: datetime) -> None:
    """Tell that an approval nears its end, or that what it allowed is limited or over."""
    grave = approval.effect in {Effect.LIMIT, Effect.STOP}
    if approval.standing not in TOLD and not grave:
        return
    reasons = "; ".join(approval.reasons.values())
    then = {Effect.LIMIT: "Nothing new starts.", Effect.STOP: "It is to be stopped."}
    _tell(
        tx,
        f"approval.{approval.standing}",
        approval.request_id,
        title=f"The approval of {approval.version_id} for {approval.stage} is {approval.standing}",
        lines=[f"{approval.request_id}: {reasons}.", then.get(approval.effect or Effect.KEEP, "")],
        severity=Severity.CRITICAL if grave else Severity.WARNING,
        at=at,
    )


def ends(tx: Connection, approval: Approval, *, at: datetime) -> None:
    """Tell once that an approval ends soon, also where it has lost its ground besides."""
    end = approval.expires_at or at
    _tell(
        tx,
        "approval.expiring",
        approval.request_id,
        title=f"The approval of {approval.version_id} for {approval.stage} ends soon",
        lines=[f"{approval.request_id} holds until {end:%Y-%m-%d %H:%M} UTC; request a new one."],
        severity=Severity.WARNING,
        at=at,
    )


def due(tx: Connection, finding: Finding, *, at: datetime) -> None:
    """Tell that what an approval asked for was not done in time."""
    held = finding.request_id is not None
    where = f"{finding.request_id} of {finding.version_id}" if held else finding.version_id
    lost = " An approval is revoked by an overdue condition." if held else ""
    _tell(
        tx,
        "finding.overdue",
        finding.request_id,
        title=f"{finding.id} for {finding.owner} is overdue",
        lines=[f"It was due on {finding.due_at:%Y-%m-%d %H:%M} UTC and belongs to {where}.{lost}"],
        severity=Severity.CRITICAL,
        at=at,
        subject=f"finding:{finding.id}",
    )


def answered(tx: Connection, finding: Finding, *, at: datetime) -> None:
    """Tell that what an approval asked for is said to be done, and waits for a second person."""
    _tell(
        tx,
        "finding.answered",
        finding.request_id,
        title=f"{finding.answered_by} answered {finding.id}; a second person has to agree",
        lines=[f"It is about {finding.version_id} and was due on {finding.due_at:%Y-%m-%d}."],
        severity=Severity.WARNING,
        at=at,
        subject=f"finding:{finding.id}",
    )


def mentioned(tx: Connection, made: Comment, version_id: str) -> None:
    """Tell that somebody is asked into a discussion, without its words."""
    if made.mentions:
        _tell(
            tx,
            "request.mention",
            made.request_id,
            title=f"{made.author} mentions {', '.join(made.mentions)} on {made.request_id}",
            lines=[f"In the discussion about {version_id}."],
            severity=Severity.WARNING,
            at=made.at,
        )


def broken(tx: Connection, finding: Finding) -> None:
    """Tell that somebody started what the gate refused."""
    _tell(
        tx,
        "gate.break_glass",
        None,
        title=f"{finding.opened_by} broke the glass for {finding.version_id}",
        lines=[
            (
                f"It was started although the gate refuses. {finding.id} is to be answered by "
                f"{finding.due_at:%Y-%m-%d %H:%M} UTC and closed by a second person."
            )
        ],
        severity=Severity.CRITICAL,
        at=finding.opened_at,
        subject=f"finding:{finding.id}",
    )


def _tell(
    tx: Connection,
    topic: str,
    request_id: str | None,
    *,
    title: str,
    lines: Sequence[str],
    severity: Severity,
    at: datetime,
    subject: str = "",
) -> None:
    message = Message(
        topic=topic,
        subject=subject or f"request:{request_id}",
        severity=severity,
        title=title,
        text="\n".join(line for line in lines if line),
        link=f"/approvals?{urlencode({'request': request_id})}" if request_id else "/approvals",
        facts={"request": request_id, "at": at.isoformat()},
    )
    queue(tx, message, at=at)
