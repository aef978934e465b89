"""May this version go further: votes on a request, and the move that the last one makes."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from lifecycle.domain.actor import Actor, Permission, Role
from lifecycle.domain.approval import APPROVING, Code, Decision, Request, Status, Vote
from lifecycle.domain.audit import plain
from lifecycle.domain.delegation import deciding, lendable
from lifecycle.domain.finding import Finding, Kind, Obligation, Severity
from lifecycle.domain.model import ARROWS, Stage, Version
from lifecycle.domain.reach import Place
from lifecycle.domain.rules import Case, GateReport
from lifecycle.domain.standing import granted
from lifecycle.domain.terms import Signing, Terms
from lifecycle.domain.usecase import Tier
from lifecycle.errors import CheckFailed, InvalidInput, NotAllowed, StaleEvidence
from lifecycle.services.access.places import place_of
from lifecycle.services.approvals import cases, comparing, signing, standing
from lifecycle.services.approvals.asking import said
from lifecycle.services.approvals.signing import Proof
from lifecycle.store import approvals, audit, models, people, requests
from lifecycle.store import policies as published
from lifecycle.store.connection import Connection, Workspace

MOST_TOLD = 3
"""Values that differ, named in a refusal; the request's page has all."""


def decide(
    workspace: Workspace,
    request_id: str,
    *,
    vote: Vote,
    reason: str,
    by: Actor,
    at: datetime,
    seen: str | None = None,
    proof: Proof = signing.NOTHING,
    code: Code | None = None,
    conditions: Sequence[Obligation] = (),
    on_behalf_of: str | None = None,
) -> Request:
    """Vote on a request; the last approval its quorum needs moves the version at once.

    Parameters
    ----------
    seen
        The bundle hash that the voter's page showed.
    proof
        The voter's password or fresh sign-in, asked for again.
    on_behalf_of
        Whose authority is used, by a delegation that holds now.

    Raises
    ------
    NotSignedIn
        The voter did not show again who they are.
    NotAllowed
        The voter's roles do not count at this gate.
    FourEyesViolation
        The voter asked for it, developed the version or produced its evidence.
    AlreadyDecided
        It is no longer open, or this person has voted.
    StaleEvidence
        Policy, version or evidence changed since it was submitted or shown.
    CheckFailed
        An approval, while the gate does not pass or before the waiting time is over.
    """
    by.require(Permission.DECIDE)
    con = workspace.cursor()
    demand = cases.terms_of(con, requests.get(con, request_id)).signature
    method = signing.prove(workspace, by, proof, demand=demand, at=at)
    cast = Decision(
        by=by.name,
        at=at,
        vote=vote,
        reason=reason,
        bundle="",
        code=code,
        conditions=tuple(conditions),
        on_behalf_of=on_behalf_of,
    )
    with workspace.transaction() as tx:
        least = workspace.shown_from
        decided = _decide(tx, request_id, cast, by=by, method=method, seen=seen, shown_from=least)
    if decided.status is not Status.OPEN:
        workspace.checkpoint()  # damage to the write-ahead log passes silently; a decision is dear
    return decided


def decide_many(
    workspace: Workspace,
    request_ids: Sequence[str],
    *,
    vote: Vote,
    reason: str,
    by: Actor,
    at: datetime,
    seen: Mapping[str, str] | None = None,
    proof: Proof = signing.NOTHING,
    code: Code | None = None,
) -> list[Request]:
    """Cast the same vote on several requests, on all of them or on none.

    Parameters
    ----------
    seen
        The bundle hash of each request as the voter's page showed it.

    Raises
    ------
    NotAllowed
        One of them is of high risk, or its policy wants each decided by itself.
    """
    by.require(Permission.DECIDE)
    if not request_ids:
        raise InvalidInput("name at least one request to decide on")
    method = signing.prove(workspace, by, proof, demand=Signing.FRESH, at=at)
    cast = Decision(by=by.name, at=at, vote=vote, reason=reason, bundle="", code=code)
    decided: list[Request] = []
    least = workspace.shown_from
    with workspace.transaction() as tx:
        for request_id in dict.fromkeys(request_ids):
            asked = requests.get(tx, request_id)
            if not is_bulk(asked, cases.terms_of(tx, asked)):
                raise NotAllowed(f"{request_id} is decided by itself and not together with others")
            shown = (seen or {}).get(request_id)
            decided.append(
                _decide(tx, request_id, cast, by=by, method=method, seen=shown, shown_from=least)
            )
    workspace.checkpoint()
    return decided


def is_bulk(request: Request, terms: Terms) -> bool:
    """Tell whether a request may be decided together with others; never one of high risk."""
    return request.tier is not Tier.HIGH and terms.bulk


def _decide(
    tx: Connection,
    request_id: str,
    cast: Decision,
    *,
    by: Actor,
    method: str,
    seen: str | None,
    shown_from: int,
) -> Request:
    asked = requests.get(tx, request_id)
    at = asked.clock(cast.at)
    if cast.reason:
        said(cast.reason, what=f"to decide on {request_id} give a reason")
    case = cases.case_under(tx, asked, at=at, shown_from=shown_from)
    by.require(Permission.DECIDE, within=place_of(case.use_case))
    terms = cases.terms_of(tx, asked)
    _check_unchanged(tx, asked, case, vote=cast.vote, seen=seen, shown_from=shown_from)
    roles = _roles(tx, by, on_behalf_of=cast.on_behalf_of, place=place_of(case.use_case), at=at)
    now = cases.bundle(case, cases.pinned(tx, asked))
    cast = replace(cast, at=at, roles=roles, bundle=now)
    _check_owners(tx, cast.conditions)
    decided, event = asked.decide(signing.signed(tx, cast, method=method), terms=terms)
    report = _judged(tx, asked, case)
    if cast.vote in APPROVING and not asked.emergency:
        _check_gate(asked, report)
    requests.update(tx, decided, expected=len(asked.decisions))
    # In two years nothing else could say what the voter saw: monitors go on measuring.
    details = {**event.details, "gate": plain(report.results)}
    audit.append(tx, replace(event, via=by.via, details=details))
    _carry_out(tx, decided, case, terms=terms, by=by)
    return decided


def _check_unchanged(
    tx: Connection,
    request: Request,
    case: Case,
    *,
    vote: Vote,
    seen: str | None,
    shown_from: int,
) -> None:
    if seen is not None and seen != request.bundle:
        raise StaleEvidence(f"{request.id} is not what the page showed; open it again")
    if vote in APPROVING and request.status is Status.OPEN:
        different = comparing.changed(tx, request, case)
        if different:
            moved = comparing.moved(tx, request, shown_from=shown_from)
            values = "".join(
                f"; {d.what} was {d.before or 'nothing'} and is {d.after or 'nothing'}"
                for d in moved[:MOST_TOLD]
            )
            more = f"; {len(moved) - MOST_TOLD} more differ" if len(moved) > MOST_TOLD else ""
            raise StaleEvidence(
                f"what {request.id} stands on changed since it was submitted: "
                f"{'; '.join(different)}{values}{more}; withdraw it and request again"
            )


def _roles(
    tx: Connection, by: Actor, *, on_behalf_of: str | None, place: Place, at: datetime
) -> frozenset[Role]:
    """Return the deciding roles of a voter, or of whom they stand in for."""
    if on_behalf_of is None:
        return deciding(by.roles)
    lent = any(
        d.active(at) and (d.giver, d.taker) == (on_behalf_of, by.name)
        for d in approvals.delegations(tx)
    )
    if not lent:
        raise NotAllowed(f"{on_behalf_of} has not delegated to {by.name} for today")
    giver = people.get(tx, on_behalf_of)
    if not giver.active or not deciding(giver.roles):
        raise NotAllowed(f"{on_behalf_of} may no longer decide, so nobody can for them")
    giver.acting(via="delegation").require(Permission.DECIDE, within=place)
    roles = lendable(giver.roles, by.roles)
    if not roles:
        raise NotAllowed(f"{by.name} no longer has an authority like that of {on_behalf_of}")
    return roles


def _check_owners(tx: Connection, conditions: Sequence[Obligation]) -> None:
    known = {person.name for person in people.every(tx) if person.active}
    for condition in conditions:
        said(condition.text, what="a condition says what is to be done")
        said(condition.owner, what="a condition names the person who has to see to it")
        if condition.owner not in known:
            raise InvalidInput(
                f"{condition.owner!r} has no open account, so cannot own a condition"
            )


def _judged(tx: Connection, request: Request, case: Case) -> GateReport:
    """Judge by the pinned policy; in another tier there may be no gate, and nothing to judge."""
    policy = cases.pinned(tx, request)
    known = request.to in policy.gates.get(case.use_case.tier, {})
    return policy.judge(case, to=request.to) if known else GateReport(())


def _check_gate(request: Request, report: GateReport) -> None:
    if report.failing:
        found = "; ".join(f"{r.rule}: {r.verdict.sentence}" for r in report.failing)
        raise CheckFailed(f"{request.id} cannot be approved while its gate does not pass: {found}")


def _carry_out(tx: Connection, request: Request, case: Case, *, terms: Terms, by: Actor) -> None:
    """Move the version as decided; one in production makes room for its successor."""
    version, at = case.version, case.at
    ends = version.stage is request.before and Stage.REJECTED in ARROWS[version.stage]
    if request.status is Status.REJECTED and ends and not request.renewal:
        _move(tx, version, to=Stage.REJECTED, request=request, by=by, at=at)
    if request.status is not Status.APPROVED:
        return
    if request.to is Stage.PRODUCTION:
        for other in models.versions(tx, version.model_id):
            if other.stage is Stage.PRODUCTION and other.id != version.id:
                why = f"replaced by {version.id}"
                standing.end(tx, other, why, following=request.id, by=by.name, at=at)
                _move(tx, other, to=Stage.RETIRED, request=request, by=by, at=at)
    why = f"followed by {request.id}"
    standing.end(tx, version, why, following=request.id, by=by.name, at=at)
    if not request.renewal:
        _move(tx, version, to=request.to, request=request, by=by, at=at)
    approval = granted(request, terms=terms, at=at)
    approvals.put_approval(tx, approval)
    audit.append(tx, replace(approval.event(before=None, by=by.name, at=at), via=by.via))
    for finding in _obligations(tx, request, terms=terms, at=at):
        approvals.put_finding(tx, finding)
        audit.append(tx, finding.opened())


def _obligations(
    tx: Connection, request: Request, *, terms: Terms, at: datetime
) -> Iterator[Finding]:
    """Return what an approval leaves to be done: its conditions, and a review of an emergency."""
    for decision in request.decisions:
        for condition in decision.conditions:
            yield _finding(tx, request, condition, kind=Kind.CONDITION, by=decision.by, at=at)
    if request.emergency:
        override = published.labelled(tx, request.policy).gate(request.tier, request.to).terms
        days = override.override.review_days if override.override else terms.notice_days
        review = Obligation(
            text=f"Review the emergency change {request.id}: its gate did not have to pass",
            severity=Severity.HIGH,
            owner=request.requested_by,
            due_at=at + timedelta(days=days),
        )
        yield _finding(tx, request, review, kind=Kind.REVIEW, by=request.requested_by, at=at)


def _finding(
    tx: Connection, request: Request, due: Obligation, *, kind: Kind, by: str, at: datetime
) -> Finding:
    return Finding(
        id=approvals.next_finding(tx),
        kind=kind,
        request_id=request.id,
        version_id=request.version_id,
        text=due.text,
        severity=due.severity,
        owner=due.owner,
        due_at=due.due_at,
        opened_at=at,
        opened_by=by,
    )


def _move(
    tx: Connection, version: Version, *, to: Stage, request: Request, by: Actor, at: datetime
) -> None:
    replaced = version.id != request.version_id
    reason = f"replaced by {request.version_id}" if replaced else f"as {request.id} asked for"
    moved, event = version.move(to, by=by.name, at=at, reason=reason, request=request.id)
    models.update_version(tx, moved)
    audit.append(tx, replace(event, via=by.via))
