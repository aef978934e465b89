"""What follows a request: discussion, delegation, and the findings an approval leaves behind."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from lifecycle.domain.actor import Actor, Permission
from lifecycle.domain.approval import Status
from lifecycle.domain.audit import AuditEvent
from lifecycle.domain.delegation import Delegation, deciding, lendable
from lifecycle.domain.finding import Finding, Progress
from lifecycle.errors import InvalidInput, NotAllowed
from lifecycle.services.access.places import require_for, within_reach
from lifecycle.services.approvals import seconds, telling
from lifecycle.services.approvals.asking import said
from lifecycle.services.approvals.standing import refresh
from lifecycle.store import approvals, audit, people, requests
from lifecycle.store.approvals import Comment
from lifecycle.store.connection import Connection, Workspace

MENTION = re.compile(r"(?<![\w@])@([a-z0-9][a-z0-9._-]*[a-z0-9]|[a-z0-9])")
FRESH = timedelta(days=14)
"""How long what is said of a closed request waits for an answer that may never be needed."""


@dataclass(frozen=True, slots=True)
class Task:
    """Something that waits for one person.

    Parameters
    ----------
    kind
        ``answer`` or ``agree`` for a finding, ``mention`` for a comment, ``returned`` for a request
        of one's own that asks for more work.
    subject
        The finding or the request it is about.
    request_id
        Where it is dealt with; ``None`` for a broken glass, which no request stands behind.
    """

    kind: str
    subject: str
    version_id: str
    request_id: str | None
    sentence: str
    at: datetime
    overdue: bool = False


def comment(
    workspace: Workspace, request_id: str, text: str, *, by: Actor, at: datetime
) -> Comment:
    """Say something about a request; ``@name`` mentions somebody.

    Raises
    ------
    InvalidInput
        The text is empty or too long.
    """
    by.require(Permission.DISCUSS)
    said(text, what="a comment says something")
    with workspace.transaction() as tx:
        about = requests.get(tx, request_id).version_id
        require_for(tx, about, Permission.DISCUSS, by=by)
        known = {person.name for person in people.every(tx) if person.active}
        named = tuple(dict.fromkeys(n for n in MENTION.findall(text) if n in known))
        made = Comment(request_id, by.name, at, text, named)
        approvals.add_comment(tx, made)
        telling.mentioned(tx, made, about)
        details: dict[str, object] = {"mentions": list(named)}
        event = AuditEvent("request.comment", f"request:{request_id}", by.name, at, reason=text)
        audit.append(tx, replace(event, via=by.via, details=details))
    return made


def delegate(
    workspace: Workspace,
    taker: str,
    *,
    start: datetime,
    end: datetime,
    reason: str,
    by: Actor,
    at: datetime,
) -> Delegation:
    """Lend one's authority to decide to an equal, for a time.

    Raises
    ------
    NotAllowed
        Either of the two may not decide.
    InvalidInput
        It is too long, leads back, or would pass on what is only lent.
    """
    by.require(Permission.DECIDE)
    said(reason, what=f"to delegate to {taker} give a reason")
    with workspace.transaction() as tx:
        made = Delegation(approvals.next_delegation(tx), by.name, taker, start, end, reason)
        receiver = people.get(tx, taker)
        event = made.granted(
            by=by.name,
            at=at,
            giver=by.roles,
            taker=receiver.roles if receiver.active else frozenset(),
            meets=by.reach.meets(receiver.reach),
            known=approvals.delegations(tx),
        )
        approvals.put_delegation(tx, made)
        audit.append(tx, replace(event, via=by.via))
    return made


def end_delegation(
    workspace: Workspace, delegation_id: str, *, by: Actor, at: datetime
) -> Delegation:
    """End a delegation early; either side may.

    Raises
    ------
    NotAllowed
        Somebody else tries.
    AlreadyDecided
        It has ended.
    """
    by.require(Permission.READ)
    with workspace.transaction() as tx:
        ended, event = approvals.delegation(tx, delegation_id).revoke(by=by.name, at=at)
        approvals.put_delegation(tx, ended)
        audit.append(tx, replace(event, via=by.via))
    return ended


def answer_finding(
    workspace: Workspace, finding_id: str, answer: str, *, by: Actor, at: datetime
) -> Finding:
    """Say of a finding of one's own what was done.

    Raises
    ------
    FourEyesViolation
        It is somebody else's to answer.
    """
    by.require(Permission.DISCUSS)
    said(answer, what=f"to answer {finding_id} say what was done")
    return _change(
        workspace,
        finding_id,
        lambda found: found.respond(answer, by=by.name, at=at),
        permission=Permission.DISCUSS,
        by=by,
    )


def close_finding(
    workspace: Workspace, finding_id: str, reason: str, *, by: Actor, at: datetime
) -> Finding:
    """Agree that a finding of somebody else's is done.

    Raises
    ------
    FourEyesViolation
        It is one's own.
    """
    by.require(Permission.DECIDE)
    return _change(
        workspace, finding_id, lambda found: found.close(reason, by=by.name, at=at), by=by
    )


def extend_finding(
    workspace: Workspace,
    finding_id: str,
    due_at: datetime,
    *,
    reason: str,
    by: Actor,
    at: datetime,
) -> Finding:
    """Give a finding of somebody else's more time.

    Raises
    ------
    FourEyesViolation
        It is one's own.
    """
    by.require(Permission.DECIDE)

    def extended(found: Finding) -> tuple[Finding, AuditEvent]:
        return found.extend(due_at, by=by.name, at=at, reason=reason)

    return _change(workspace, finding_id, extended, by=by, at=at)


def assign_finding(
    workspace: Workspace, finding_id: str, owner: str, *, reason: str, by: Actor, at: datetime
) -> Finding:
    """Give a finding of somebody else's to another person, whose account is open.

    Raises
    ------
    FourEyesViolation
        It is one's own.
    InvalidInput
        There is no such account, or it is closed.
    """
    by.require(Permission.DECIDE)

    def assigned(found: Finding) -> tuple[Finding, AuditEvent]:
        if owner not in {one.name for one in people.every(workspace.cursor()) if one.active}:
            raise InvalidInput(f"{owner!r} has no open account, so cannot own a finding")
        return found.assign(owner, by=by.name, at=at, reason=reason)

    return _change(workspace, finding_id, assigned, by=by, at=at)


def _change(
    workspace: Workspace,
    finding_id: str,
    change: Callable[[Finding], tuple[Finding, AuditEvent]],
    *,
    permission: Permission = Permission.DECIDE,
    by: Actor,
    at: datetime | None = None,
) -> Finding:
    with workspace.transaction() as tx:
        found = approvals.finding(tx, finding_id)
        require_for(tx, found.version_id, permission, by=by)
        if permission is Permission.DECIDE:
            seconds.check(tx, found, by=by)
        if at is not None:
            refresh(tx, found.version_id, at)  # what is overdue already is not saved by more time
        after, event = change(found)
        approvals.put_finding(tx, after)
        audit.append(tx, replace(event, via=by.via))
        if after.status is Progress.ANSWERED and after != found:
            telling.answered(tx, after, at=event.at)
    return after


def lenders(con: Connection, actor: Actor, *, at: datetime) -> list[str]:
    """Return whose authority somebody may use now."""
    return [d.giver for d in approvals.delegations(con) if d.taker == actor.name and d.active(at)]


def takers(con: Connection, actor: Actor) -> list[str]:
    """Return to whom somebody could lend their authority: who else decides where they do."""
    return [
        person.name
        for person in people.every(con)
        if person.active and person.name != actor.name
        if lendable(actor.roles, person.roles) == deciding(actor.roles)
        and deciding(person.roles)
        and actor.reach.meets(person.reach)
    ]


def tasks(con: Connection, actor: Actor, *, at: datetime) -> list[Task]:
    """Return what waits for one person beside votes: findings, mentions, what came back."""
    found: list[Task] = []
    reaches = within_reach(con, actor)
    for finding in approvals.findings(con):
        if not reaches(finding.version_id):
            continue
        due = f"due {finding.due_at:%Y-%m-%d}"
        where = (finding.id, finding.version_id, finding.request_id)
        about = f"{finding.version_id}: {finding.text}"
        if finding.status is Progress.OPEN and finding.owner == actor.name:
            said_so = f"{finding.id} is yours to answer, {due}; {about}"
            found.append(Task("answer", *where, said_so, finding.due_at, finding.overdue(at)))
        if finding.status is Progress.ANSWERED and may_agree(con, finding, actor):
            said_so = f"{finding.id} was answered by {finding.answered_by}, {due}; {about}"
            found.append(Task("agree", *where, said_so, finding.due_at, finding.overdue(at)))
    found += _mentions(con, actor, at=at) + _returned(con, actor, at=at)
    return sorted(found, key=lambda task: (not task.overdue, task.at))


def may_agree(con: Connection, finding: Finding, actor: Actor) -> bool:
    """Tell whether somebody is a second person for a finding that was answered."""
    if not actor.may(Permission.DECIDE) or actor.name in {finding.owner, finding.answered_by}:
        return False
    try:
        seconds.check(con, finding, by=actor)
    except NotAllowed:
        return False
    return True


def _mentions(con: Connection, actor: Actor, *, at: datetime) -> list[Task]:
    """Return the comments that mention somebody who has said nothing and not voted there since."""
    asked = [made for made in approvals.comments(con) if actor.name in made.mentions]
    found: list[Task] = []
    for made in asked:
        request = requests.get(con, made.request_id)
        if request.status is not Status.OPEN and at - made.at > FRESH:
            continue
        spoke = [c.at for c in approvals.comments(con, request.id) if c.author == actor.name]
        voted = [vote.at for vote in request.decisions if vote.by == actor.name]
        if any(later > made.at for later in (*spoke, *voted)):
            continue
        sentence = f"{made.author} mentions you on {request.id}: {made.text}"
        where = (request.id, request.version_id, request.id)
        found.append(Task("mention", *where, sentence, made.at))
    return found


def _returned(con: Connection, actor: Actor, *, at: datetime) -> list[Task]:
    """Return somebody's requests that came back and were not asked anew."""
    known = requests.every(con)
    found: list[Task] = []
    for request in known:
        mine = request.status is Status.RETURNED and request.requested_by == actor.name
        last = request.decisions[-1] if mine else None
        if last is None or at - last.at > FRESH:
            continue
        if any(
            later.requested_at > last.at and later.version_id == request.version_id
            for later in known
        ):
            continue
        sentence = f"{last.by} returned {request.id} for more work: {last.reason}"
        where = (request.id, request.version_id, request.id)
        found.append(Task("returned", *where, sentence, last.at))
    return found
