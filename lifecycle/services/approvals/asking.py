"""How a request begins and how its own requester ends it."""

from dataclasses import replace
from datetime import datetime

from lifecycle.domain.actor import Actor, Permission
from lifecycle.domain.approval import Request, Status
from lifecycle.domain.audit import AuditEvent
from lifecycle.domain.model import ARROWS, Stage, Version
from lifecycle.domain.policy import Policy
from lifecycle.domain.rules import Case
from lifecycle.domain.terms import Terms
from lifecycle.domain.texts import blank
from lifecycle.errors import Conflict, InvalidInput
from lifecycle.services.access.places import place_of
from lifecycle.services.approvals import cases
from lifecycle.services.approvals.able import notice_lack
from lifecycle.store import audit, people, requests
from lifecycle.store.connection import Connection, Workspace

LONGEST = 10_000
"""Characters of a reason, an answer or a comment; a longer one is an attachment."""


def request(
    workspace: Workspace,
    model_id: str,
    version: str,
    *,
    to: Stage,
    reason: str,
    by: Actor,
    at: datetime,
    emergency: bool = False,
    supersedes: str | None = None,
) -> Request:
    """Ask to move a version, pinning the policy and the evidence as the server holds them now.

    The gate need not pass yet: a request may wait for what it lacks, but new evidence makes it
    stale, so what is approved is what was asked for.

    Parameters
    ----------
    emergency
        Ask for an override of the gate, on the policy's terms: more people, and a review after.
    supersedes
        An open request of one's own for this version, which is closed by this one.

    Raises
    ------
    Conflict
        No arrow leads there, or a request for this version is open already. For the stage it is
        in, a version asks that its approval be renewed.
    InvalidInput
        No reason is given, the policy has no gate or no override there for this risk tier, or it
        keeps somebody from deciding who has no account.
    """
    by.require(Permission.REQUEST)
    said(reason, what=f"to request {to} for {model_id}/{version} give a reason")
    with workspace.transaction() as tx:
        case = cases.case_of(tx, model_id, version, at=at)
        by.require(Permission.REQUEST, within=place_of(case.use_case))
        _check_arrow(case.version, to=to)
        if supersedes is not None:
            _supersede(tx, supersedes, case.version, by=by, at=at)
        for other in requests.every(tx, status=Status.OPEN, version_id=case.version.id):
            raise Conflict(f"{other.id} already asks to {other.wish}")
        policy = cases.in_force(tx, case.use_case)
        asked = _pinned(case, policy, to=to, request_id=requests.next_id(tx), by=by, reason=reason)
        asked = replace(asked, emergency=emergency, supersedes=supersedes)
        terms = cases.terms_of(tx, asked)
        asked = replace(
            asked, quorum=terms.approvals, barred=asked.barred | _further(tx, case, terms)
        )
        requests.add(tx, asked)
        outcome = policy.judge(case, to=to).outcome
        audit.append(tx, _opened(asked, outcome=outcome, by=by))
        notice_lack(tx, asked, terms=terms, at=at)
    return asked


def withdraw(
    workspace: Workspace, request_id: str, *, reason: str, by: Actor, at: datetime
) -> Request:
    """Take one's own request back.

    Raises
    ------
    AlreadyDecided
        It is no longer open.
    FourEyesViolation
        Somebody else asked for it.
    """
    by.require(Permission.REQUEST)
    if reason:
        said(reason, what=f"to withdraw {request_id} give a reason")
    with workspace.transaction() as tx:
        asked = requests.get(tx, request_id)
        withdrawn, event = asked.withdraw(by=by.name, at=asked.clock(at), reason=reason)
        requests.update(tx, withdrawn, expected=len(asked.decisions))
        audit.append(tx, replace(event, via=by.via))
    return withdrawn


def said(text: str, *, what: str) -> None:
    """Refuse a text in which nothing can be seen, or that is longer than people read.

    Raises
    ------
    InvalidInput
        It is either.
    """
    if blank(text):
        raise InvalidInput(what)
    if len(text) > LONGEST:
        raise InvalidInput(f"a text here has at most {LONGEST:,} characters, not {len(text):,}")


def _supersede(tx: Connection, name: str, version: Version, *, by: Actor, at: datetime) -> None:
    earlier = requests.get(tx, name)
    if earlier.version_id != version.id:
        raise InvalidInput(f"{name} is about {earlier.version_id}, not about {version.id}")
    ended, event = earlier.supersede(by=by.name, at=earlier.clock(at), reason="asked for anew")
    requests.update(tx, ended, expected=len(earlier.decisions))
    audit.append(tx, replace(event, via=by.via))


def _pinned(
    case: Case, policy: Policy, *, to: Stage, request_id: str, by: Actor, reason: str
) -> Request:
    wanted = policy.gate(case.use_case.tier, to)
    found = cases.latest(case)
    producers = {e.created_by for e in found}
    return Request(
        id=request_id,
        version_id=case.version.id,
        before=case.version.stage,
        to=to,
        reason=reason,
        requested_by=by.name,
        requested_at=case.at,
        policy=policy.label,
        policy_sha256=policy.sha256,
        evidence=tuple(e.id for e in found),
        bundle=cases.bundle(case, policy),
        barred=frozenset({by.name, case.version.developer} | producers),
        quorum=wanted.terms.approvals,
        tier=case.use_case.tier,
        version_sha256=case.version.sha256,
    )


def _further(tx: Connection, case: Case, terms: Terms) -> frozenset[str]:
    """Return whom the policy keeps from deciding beside those nobody may let decide.

    Raises
    ------
    InvalidInput
        One of them is no account, so that nobody would be kept from deciding.
    """
    named = {"owner": case.model.owner, "sponsor": case.use_case.sponsor}
    accounts = {person.name for person in people.every(tx)}
    for part in terms.separation:
        if named[part] not in accounts:
            raise InvalidInput(
                f"the policy keeps the {part} from deciding, but {named[part]!r} has no account, "
                f"so nobody would be kept out; name the {part} by their account"
            )
    return frozenset(named[part] for part in terms.separation)


def _check_arrow(version: Version, *, to: Stage) -> None:
    if to is not version.stage and to not in ARROWS[version.stage]:
        possible = ", ".join(sorted(ARROWS[version.stage])) or "nothing"
        raise Conflict(f"{version.id} is {version.stage}; from there it can become {possible}")


def _opened(request: Request, *, outcome: str, by: Actor) -> AuditEvent:
    details: dict[str, object] = {
        "version": request.version_id,
        "before": request.before,
        "to": request.to,
        "tier": request.tier,
        "policy": request.policy,
        "policy_sha256": request.policy_sha256,
        "evidence": list(request.evidence),
        "bundle": request.bundle,
        "quorum": request.quorum,
        "barred": sorted(request.barred),
        "gate": outcome,
        "emergency": request.emergency,
        "supersedes": request.supersedes,
        "meaning": "authored",
    }
    return AuditEvent(
        action="request.open",
        subject=f"request:{request.id}",
        by=by.name,
        at=request.requested_at,
        reason=request.reason,
        via=by.via,
        details=details,
    )
