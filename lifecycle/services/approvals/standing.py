"""What an approval is worth now: judged whenever data arrives, and whenever somebody asks."""

from collections.abc import Mapping
from datetime import datetime

from lifecycle.domain.approval import Request, Status
from lifecycle.domain.audit import AuditEvent
from lifecycle.domain.measurement import State
from lifecycle.domain.model import Stage, Version
from lifecycle.domain.rules import Case
from lifecycle.domain.standing import CLOCK, ENDED, Approval, Standing, granted
from lifecycle.domain.terms import Cause, Effect
from lifecycle.services.approvals import cases, telling
from lifecycle.store import approvals, audit, datasets, models, requests
from lifecycle.store.connection import Connection


def refresh(tx: Connection, version_id: str, at: datetime) -> list[Approval]:
    """Judge a version's approvals again and carry out what the policy says.

    To be called in the transaction of whatever may have changed their ground: a monitor's run, an
    assessment, new data, another policy. A version whose approval says stop is suspended at once.

    Returns
    -------
    list
        The approvals whose standing changed.
    """
    version = models.version_by_id(tx, version_id)
    changed: list[Approval] = []
    for approval, request in _running(tx, version):
        case = cases.case_of(tx, version.model_id, version.name, at=at)
        after, event = judged(tx, approval, request, case)
        if event is None:
            continue
        approvals.put_approval(tx, after)
        audit.append(tx, event)
        telling.stands(tx, after, at=at)
        if after.effect is Effect.STOP and version.stage is Stage.PRODUCTION:
            version = _suspend(tx, version, after, at=at)
        changed.append(after)
    return changed


def current(con: Connection, version: Version, *, at: datetime) -> Approval | None:
    """Return the approval that a version stands on in its present stage, judged now.

    Nothing is written: the answer is right also when no clock has run for a while.
    """
    return current_for(con, cases.case_of(con, version.model_id, version.name, at=at))


def current_for(con: Connection, case: Case) -> Approval | None:
    """Return the same for a case that is gathered already."""
    for approval, request in _known(con, case.version):
        if approval.stage is case.version.stage:
            return judged(con, approval, request, case)[0]
    return None


def of_request(con: Connection, request: Request, *, at: datetime) -> Approval | None:
    """Return what the approval that a request gave is worth now; ``None`` where it gave none."""
    model_id, _, version = request.version_id.partition("/")
    case = cases.case_of(con, model_id, version, at=at)
    for approval, given in _known(con, case.version):
        if given.id == request.id:
            here = approval.stage is case.version.stage
            return judged(con, approval, request, case)[0] if here else approval.aged(at)
    return None


def judged(
    con: Connection, approval: Approval, request: Request, case: Case
) -> tuple[Approval, AuditEvent | None]:
    """Return an approval's standing for a case, with the event if that is new."""
    overdue = [
        f"{f.id} for {f.owner} was due on {f.due_at:%Y-%m-%d}"
        for f in approvals.findings(con, request_id=request.id)
        if f.overdue(case.at)
    ]
    return approval.judged(
        lost=_lost(con, request, case, since=approval.granted_at),
        overdue=overdue,
        terms=cases.terms_of(con, request),
        at=case.at,
    )


def end(
    tx: Connection, version: Version, reason: str, *, following: str, by: str, at: datetime
) -> None:
    """Close a version's approvals because another request takes their place."""
    for approval, _ in _known(tx, version):
        if approval.standing in ENDED or approval.request_id == following:
            continue
        after, event = approval.over(Standing.SUPERSEDED, reason, by=by, at=at)
        approvals.put_approval(tx, after)
        audit.append(tx, event)


def _known(con: Connection, version: Version) -> list[tuple[Approval, Request]]:
    """Return a version's approvals with their requests, newest first.

    Approvals from before their standing was kept follow from their requests.
    """
    kept = {a.request_id: a for a in approvals.of_version(con, version.id)}
    found = [
        (kept.get(r.id) or granted(r, terms=cases.terms_of(con, r), at=r.last_at), r)
        for r in requests.every(con, status=Status.APPROVED, version_id=version.id)
    ]
    return sorted(found, key=lambda pair: pair[0].granted_at, reverse=True)


def _running(con: Connection, version: Version) -> list[tuple[Approval, Request]]:
    """Return the approvals that can still change: those of the stage the version is in."""
    return [
        (approval, request)
        for approval, request in _known(con, version)
        if approval.standing not in ENDED and approval.stage is version.stage
    ]


def _lost(con: Connection, request: Request, case: Case, *, since: datetime) -> Mapping[Cause, str]:
    """Say what is no longer as it was when the approval was given."""
    policy = cases.in_force(con, case.use_case)
    lost: dict[Cause, str] = {}
    newer = [e for e in cases.latest(case) if e.created_at > since and e.id not in request.evidence]
    if newer:
        lost[Cause.EVIDENCE] = "; ".join(f"newer {e.purpose} evidence {e.id}" for e in newer)
    data = _newer_data(con, case.version, since=since)
    if data:
        lost[Cause.DATA] = data
    if case.health in {State.BREACH, State.ERROR}:
        lost[Cause.DRIFT] = f"monitoring says {case.health}"
    if request.version_sha256 and case.version.sha256 != request.version_sha256:
        lost[Cause.VERSION] = "model, threshold, columns or code are not those that were approved"
    if policy.sha256 != request.policy_sha256:
        lost[Cause.POLICY] = (
            f"policy {policy.label} is in force, it was given under {request.policy}"
        )
    if case.use_case.tier is not request.tier:
        lost[Cause.TIER] = f"the risk tier is {case.use_case.tier}, it was {request.tier}"
    return lost


def _newer_data(con: Connection, version: Version, *, since: datetime) -> str:
    found: list[str] = []
    for part in ("reference", "training"):
        name = getattr(version, part)
        if name is None:
            continue
        dataset = str(name).rpartition("@")[0] or str(name)
        newest = next(iter(datasets.snapshots(con, dataset)), None)
        if newest is not None and newest.id != name and newest.created_at > since:
            found.append(f"{dataset} has the newer snapshot {newest.id}")
    return "; ".join(dict.fromkeys(found))


def _suspend(tx: Connection, version: Version, approval: Approval, *, at: datetime) -> Version:
    reason = f"{approval.request_id} is {approval.standing}: {'; '.join(approval.reasons.values())}"
    moved, event = version.move(
        Stage.SUSPENDED, by=CLOCK, at=at, reason=reason, request=approval.request_id
    )
    models.update_version(tx, moved)
    audit.append(tx, event)
    return moved
