"""May this version go further: gates judged, requests pinned to evidence, votes, the move."""

from dataclasses import replace
from datetime import datetime

from lifecycle.domain.actor import Actor, Permission
from lifecycle.domain.approval import Request, Status, Vote, bundle_of
from lifecycle.domain.audit import AuditEvent
from lifecycle.domain.evidence import Evidence
from lifecycle.domain.measurement import State
from lifecycle.domain.model import ARROWS, Stage, Version
from lifecycle.domain.policy import Case, GateReport, Policy
from lifecycle.errors import CheckFailed, Conflict, InvalidInput, NotAllowed, StaleEvidence
from lifecycle.store import audit, evidence, measurements, models, monitors, requests, usecases
from lifecycle.store import policies as published
from lifecycle.store.connection import Connection, Workspace

SCORED = frozenset({Stage.PRODUCTION, Stage.SUSPENDED})
"""Stages in which a version scores, so that nothing measured is too little and not too early."""


def gate(
    workspace: Workspace, model_id: str, version: str, *, to: Stage, by: Actor, at: datetime
) -> GateReport:
    """Judge a version by the gate before a stage, under the policy in force.

    Raises
    ------
    InvalidInput
        The policy has no gate there for this risk tier.
    """
    by.require(Permission.READ)
    con = workspace.cursor()
    return published.current(con).judge(case_of(con, model_id, version, at=at), to=to)


def case_of(con: Connection, model_id: str, version: str, *, at: datetime) -> Case:
    """Gather everything a rule may look at: records, evidence, monitored health."""
    model = models.get(con, model_id)
    subject = models.version(con, model_id, version)
    return Case(
        use_case=usecases.get(con, model.use_case_id),
        model=model,
        version=subject,
        evidence=tuple(evidence.of_version(con, subject.id)),
        health=_health(con, subject),
        at=at,
    )


def request(
    workspace: Workspace,
    model_id: str,
    version: str,
    *,
    to: Stage,
    reason: str,
    by: Actor,
    at: datetime,
) -> Request:
    """Ask to move a version, pinning the policy and the evidence as the server holds them now.

    The gate need not pass yet: a request may wait for what it lacks, but new evidence makes it
    stale, so what is approved is what was asked for.

    Raises
    ------
    Conflict
        No arrow leads there, or a request for this version is open already.
    InvalidInput
        No reason is given, or the policy has no gate there for this risk tier.
    """
    by.require(Permission.REQUEST)
    if not reason.strip():
        raise InvalidInput(f"to request {to} for {model_id}/{version} give a reason")
    with workspace.transaction() as tx:
        case = case_of(tx, model_id, version, at=at)
        _check_arrow(case.version, to=to)
        for other in requests.every(tx, status=Status.OPEN, version_id=case.version.id):
            raise Conflict(f"{other.id} already asks to move {other.version_id} to {other.to}")
        policy = published.current(tx)
        asked = _pinned(case, policy, to=to, request_id=requests.next_id(tx), by=by, reason=reason)
        requests.add(tx, asked)
        outcome = policy.judge(case, to=to).outcome
        audit.append(tx, _opened(asked, outcome=outcome, by=by))
    return asked


def decide(
    workspace: Workspace,
    request_id: str,
    *,
    vote: Vote,
    reason: str,
    by: Actor,
    at: datetime,
    seen: str | None = None,
) -> Request:
    """Vote on a request; the last approval its quorum needs moves the version at once.

    Parameters
    ----------
    seen
        The bundle hash that the voter's page showed.

    Raises
    ------
    NotAllowed
        The voter's roles do not count at this gate.
    FourEyesViolation
        The voter asked for it, developed the version or produced its evidence.
    AlreadyDecided
        It is no longer open, or this person has voted.
    StaleEvidence
        Policy, version or evidence changed since it was submitted or shown.
    CheckFailed
        An approval, while the gate does not pass; the sentence lists the failing rules.
    """
    by.require(Permission.DECIDE)
    with workspace.transaction() as tx:
        asked = requests.get(tx, request_id)
        if seen is not None and seen != asked.bundle:
            raise StaleEvidence(f"{request_id} is not what the page showed; open it again")
        case = case_of(tx, *_names(asked), at=at)
        now = _bundle(case, published.current(tx))
        _check_voter(asked, case, policy=_policy_of(tx, asked), by=by)
        decided, event = asked.decide(vote, by=by.name, at=at, reason=reason, bundle=now)
        if vote is Vote.APPROVE:
            _check_gate(asked, case, policy=_policy_of(tx, asked))
        requests.update(tx, decided, expected=len(asked.decisions))
        audit.append(tx, replace(event, via=by.via))
        _carry_out(tx, decided, case.version, by=by, at=at)
    if decided.status is not Status.OPEN:
        workspace.checkpoint()  # damage to the write-ahead log passes silently; a decision is dear
    return decided


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
    with workspace.transaction() as tx:
        asked = requests.get(tx, request_id)
        withdrawn, event = asked.withdraw(by=by.name, at=at, reason=reason)
        requests.update(tx, withdrawn, expected=len(asked.decisions))
        audit.append(tx, replace(event, via=by.via))
    return withdrawn


def is_stale(workspace: Workspace, request: Request) -> list[str]:
    """Say what changed under a request since it was submitted; nothing when it still stands."""
    con = workspace.cursor()
    case = case_of(con, *_names(request), at=request.requested_at)
    policy = published.current(con)
    latest = {found.id: found for found in _latest(case)}
    reasons = [
        f"newer {found.purpose} evidence {found.id}"
        for found in latest.values()
        if found.id not in request.evidence
    ]
    if policy.sha256 != request.policy_sha256:
        now = _label(policy)
        reasons.append(f"policy {now} is in force, it was opened under {request.policy}")
    if case.version.stage is not request.before:
        reasons.append(f"the version is {case.version.stage} and no longer {request.before}")
    if not reasons and _bundle(case, policy) != request.bundle:
        reasons.append("the version's record or its risk tier changed")
    return reasons


def _pinned(
    case: Case, policy: Policy, *, to: Stage, request_id: str, by: Actor, reason: str
) -> Request:
    wanted = policy.gate(case.use_case.tier, to)
    found = _latest(case)
    producers = {e.created_by for e in found}
    return Request(
        id=request_id,
        version_id=case.version.id,
        before=case.version.stage,
        to=to,
        reason=reason,
        requested_by=by.name,
        requested_at=case.at,
        policy=_label(policy),
        policy_sha256=policy.sha256,
        evidence=tuple(e.id for e in found),
        bundle=_bundle(case, policy),
        barred=frozenset({by.name, case.version.developer} | producers),
        quorum=wanted.approvals,
    )


def _latest(case: Case) -> list[Evidence]:
    """Return the newest evidence of each purpose, which is what a gate judges."""
    purposes = sorted({e.purpose for e in case.evidence})
    return [found for purpose in purposes if (found := case.latest(purpose)) is not None]


def _bundle(case: Case, policy: Policy) -> str:
    # The tier decides which gate applies, so a version in another tier is another subject.
    return bundle_of(
        policy=policy.sha256,
        version=f"{case.version.sha256}:{case.version.stage}:{case.use_case.tier}",
        evidence=[e.sha256 for e in _latest(case)],
    )


def _health(con: Connection, version: Version) -> State:
    known = measurements.states(con).get(version.id)
    if known is not None:
        return known
    watched = version.stage in SCORED or monitors.current(con, version.id) is not None
    return State.INSUFFICIENT if watched else State.NOT_APPLICABLE


def _label(policy: Policy) -> str:
    return f"{policy.name} {policy.version}"


def _policy_of(con: Connection, request: Request) -> Policy:
    name, _, version = request.policy.rpartition(" ")
    return published.get(con, name, version)


def _names(request: Request) -> tuple[str, str]:
    model_id, _, version = request.version_id.partition("/")
    return model_id, version


def _check_arrow(version: Version, *, to: Stage) -> None:
    if to not in ARROWS[version.stage]:
        possible = ", ".join(sorted(ARROWS[version.stage])) or "nothing"
        raise Conflict(f"{version.id} is {version.stage}; from there it can become {possible}")


def _check_voter(request: Request, case: Case, *, policy: Policy, by: Actor) -> None:
    gates = policy.gates.get(case.use_case.tier, {})
    # Without a gate the risk tier changed since; then the request is stale and may be turned down.
    if request.to in gates and not gates[request.to].roles & by.roles:
        who = " or ".join(sorted(gates[request.to].roles))
        raise NotAllowed(f"{request.policy} lets {who} decide on {request.id}, not {by.name}")


def _check_gate(request: Request, case: Case, *, policy: Policy) -> None:
    report = policy.judge(case, to=request.to)
    if report.failing:
        found = "; ".join(f"{r.rule}: {r.verdict.sentence}" for r in report.failing)
        raise CheckFailed(f"{request.id} cannot be approved while its gate does not pass: {found}")


def _carry_out(
    tx: Connection, request: Request, version: Version, *, by: Actor, at: datetime
) -> None:
    """Move the version as decided; one in production makes room for its successor."""
    unmoved = version.stage is request.before and Stage.REJECTED in ARROWS[version.stage]
    if request.status is Status.REJECTED and unmoved:
        _move(tx, version, to=Stage.REJECTED, request=request, by=by, at=at)
    if request.status is not Status.APPROVED:
        return
    if request.to is Stage.PRODUCTION:
        for other in models.versions(tx, version.model_id):
            if other.stage is Stage.PRODUCTION and other.id != version.id:
                _move(tx, other, to=Stage.RETIRED, request=request, by=by, at=at)
    _move(tx, version, to=request.to, request=request, by=by, at=at)


def _move(
    tx: Connection, version: Version, *, to: Stage, request: Request, by: Actor, at: datetime
) -> None:
    replaced = version.id != request.version_id
    reason = f"replaced by {request.version_id}" if replaced else request.reason
    moved, event = version.move(to, by=by.name, at=at, reason=reason, request=request.id)
    models.update_version(tx, moved)
    audit.append(tx, replace(event, via=by.via))


def _opened(request: Request, *, outcome: str, by: Actor) -> AuditEvent:
    details: dict[str, object] = {
        "version": request.version_id,
        "before": request.before,
        "to": request.to,
        "policy": request.policy,
        "policy_sha256": request.policy_sha256,
        "evidence": list(request.evidence),
        "bundle": request.bundle,
        "quorum": request.quorum,
        "barred": sorted(request.barred),
        "gate": outcome,
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
