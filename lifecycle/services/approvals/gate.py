"""The gate: may a version go to a stage, and may what stands there start; fails closed."""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, cast

from lifecycle.domain.actor import Actor, Permission
from lifecycle.domain.approval import Request
from lifecycle.domain.audit import AuditEvent
from lifecycle.domain.finding import Finding, Kind, Progress, Severity
from lifecycle.domain.model import Stage, Version
from lifecycle.domain.reconciliation import Ledger, disagreements
from lifecycle.domain.rules import Case, GateReport, Outcome, Result, Verdict
from lifecycle.domain.standing import Approval
from lifecycle.domain.terms import Override
from lifecycle.errors import NotAllowed
from lifecycle.services.access.places import place_of, require_for
from lifecycle.services.approvals import cases, passes, seconds, standing, telling
from lifecycle.services.approvals.asking import said
from lifecycle.store import approvals, audit, reconciliation
from lifecycle.store.connection import Connection, Workspace

GLASS_DAYS = 3
"""How long a broken glass may wait for its review; a policy may say less, never more."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the gate says to a pipeline.

    Parameters
    ----------
    question
        ``promotion`` for a stage that the version is not in yet, ``start`` for the one it is in.
    approval
        What the version stands on, for a start.
    conditions
        What that approval still waits for; each must be closed by its date, or nothing may start.
    token
        A signed pass that a deployer can check for a few minutes; only for a start that is allowed.
    """

    question: str
    report: GateReport
    approval: Approval | None = None
    token: str | None = None
    conditions: tuple[Finding, ...] = ()

    @property
    def outcome(self) -> Outcome:
        """What all of it comes to."""
        return self.report.outcome


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
    case = cases.case_of(con, model_id, version, at=at, shown_from=workspace.shown_from)
    return cases.in_force(con, case.use_case).judge(case, to=to)


def gate_of(workspace: Workspace, request: Request, *, by: Actor, at: datetime) -> GateReport:
    """Judge the version of a request by the gate it asked for, under the policy it pinned."""
    by.require(Permission.READ)
    con = workspace.cursor()
    case = cases.case_under(con, request, at=at, shown_from=workspace.shown_from)
    return cases.pinned(con, request).judge(case, to=request.to)


def decided_on(con: Connection, request: Request) -> GateReport | None:
    """Return the gate as it was at the last vote, as the trail kept it."""
    told = audit.of_subjects(con, [f"request:{request.id}"])
    gates = [link.event.details.get("gate") for link in told]
    # A request's opening keeps the outcome alone, under the same name.
    kept = [cast("list[Mapping[str, Any]]", one) for one in gates if isinstance(one, list)]
    return GateReport(tuple(_result(one) for one in kept[-1])) if kept else None


def ask(
    workspace: Workspace, model_id: str, version: str, *, to: Stage, by: Actor, at: datetime
) -> Answer:
    """Answer a pipeline; asked about the stage a version is in, answer whether it may start there.

    A start also needs an approval that holds, and only it earns a pass: rules that pass are no
    decision.

    Raises
    ------
    InvalidInput
        The policy has no gate there for this risk tier.
    """
    by.require(Permission.READ)
    con = workspace.cursor()
    case = cases.case_of(con, model_id, version, at=at, shown_from=workspace.shown_from)
    report = cases.in_force(con, case.use_case).judge(case, to=to)
    if case.version.stage is not to:
        return Answer("promotion", GateReport((*report.results, *_edited(con, case.version.id))))
    approval = standing.current_for(con, case)
    left = () if approval is None else _left(con, approval)
    edited = _edited(con, case.version.id)
    report = GateReport((*_eased(report, approval), _stands(approval, left), *edited))
    if report.outcome is not Outcome.PASS or approval is None:
        return Answer("start", report, approval, conditions=left)
    by.require(Permission.READ, within=place_of(case.use_case))
    token = passes.issue(
        workspace,
        case.version,
        to=to,
        request=approval.request_id,
        conditions=[found.id for found in left],
        at=at,
    )
    return Answer("start", report, approval, token, left)


def _left(con: Connection, approval: Approval) -> tuple[Finding, ...]:
    """Return what an approval still waits for, the first due first."""
    found = approvals.findings(con, request_id=approval.request_id)
    return tuple(one for one in found if one.status is not Progress.CLOSED)


def break_glass(
    workspace: Workspace, model_id: str, version: str, *, reason: str, by: Actor, at: datetime
) -> tuple[str, Finding]:
    """Start a version that the gate refuses, leaving a mark in the trail and a task with a date.

    One person is enough at that moment; the second is whoever may override that gate, and agrees
    to what was answered. Until then it is a debt: once it is overdue, the glass stays whole.

    Returns
    -------
    tuple
        The pass, which says what it is, and the task.

    Raises
    ------
    NotAllowed
        Its policy lets nobody override this gate, or an earlier time was not reviewed in time.
    """
    require_for(workspace.cursor(), model_id, Permission.REQUEST, by=by)
    said(reason, what=f"to break the glass for {model_id}/{version} give a reason")
    with workspace.transaction() as tx:
        case = cases.case_of(tx, model_id, version, at=at)
        subject, to = case.version, seconds.started_as(case.version.stage)
        override = cases.in_force(tx, case.use_case).gate(case.use_case.tier, to).terms.override
        if override is None:
            raise NotAllowed(
                f"the policy lets nobody override the gate to {to} for the "
                f"{case.use_case.tier} tier"
            )
        _check_reviewed(tx, subject, override, at=at)
        days = min(GLASS_DAYS, override.review_days)
        found = _glass(tx, case, reason=reason, by=by, days=days)
        approvals.put_finding(tx, found)
        telling.broken(tx, found)
        audit.append(tx, replace(found.opened(), via=by.via))
        details: dict[str, object] = {"stage": subject.stage, "finding": found.id}
        event = AuditEvent(
            "gate.break_glass",
            f"version:{subject.id}",
            by.name,
            at,
            reason=reason,
            via=by.via,
            details=details,
        )
        audit.append(tx, event)
    return passes.issue(workspace, subject, to=to, request=None, at=at, broken=found.id), found


def _check_reviewed(tx: Connection, version: Version, override: Override, *, at: datetime) -> None:
    """Refuse to break the glass again while an earlier time waits for its review too long."""
    for found in approvals.findings(tx, version_id=version.id):
        if found.kind is Kind.BREAK_GLASS and found.overdue(at):
            who = " or ".join(sorted(override.roles))
            raise NotAllowed(
                f"the glass of {version.id} was broken before, and {found.id} was due on "
                f"{found.due_at:%Y-%m-%d}: {found.owner} answers it, a second person with the role "
                f"{who} closes it, and until then it stays whole"
            )


def _glass(tx: Connection, case: Case, *, reason: str, by: Actor, days: float) -> Finding:
    return Finding(
        id=approvals.next_finding(tx),
        kind=Kind.BREAK_GLASS,
        request_id=None,
        version_id=case.version.id,
        text=f"{by.name} broke the glass: {reason}",
        severity=Severity.HIGH,
        owner=by.name,
        due_at=case.at + timedelta(days=days),
        opened_at=case.at,
        opened_by=by.name,
    )


def _eased(report: GateReport, approval: Approval | None) -> Sequence[Result]:
    """Leave what has already been decided on to the approval's own standing.

    A version that runs is judged by what the policy says of a stale approval; that its evidence
    has aged or its monitors complain is part of that, so the rules only advise here. Under an
    approval that does not hold they refuse as anywhere else.
    """
    if approval is None or not approval.holds:
        return report.results
    return [replace(result, blocking=False) for result in report.results]


def _result(told: Mapping[str, Any]) -> Result:
    """Read a rule's verdict as a vote's event holds it."""
    given: dict[str, Any] = {**told["verdict"], "outcome": Outcome(told["verdict"]["outcome"])}
    if given["interval"] is not None:
        given["interval"] = tuple(given["interval"])
    whole: dict[str, Any] = {**told, "verdict": Verdict(**given)}
    return Result(**whole)


def _edited(con: Connection, version_id: str) -> Sequence[Result]:
    """Refuse what somebody wrote into the tables beside the trail."""
    ledger = Ledger()
    deque(ledger.follow(reconciliation.about(con, version_id)), maxlen=0)
    found = disagreements(ledger.told, reconciliation.kept(con, version_id=version_id))
    if not found:
        return ()
    sentence = f"{found[0].sentence}; `lifecycle audit verify` names all"
    verdict = Verdict(Outcome.ERROR, sentence, remedy="restore a backup from before the change")
    rationale = "Only what the trail tells of counts, whatever the tables hold."
    edited = Result("records-agree", "trail", blocking=True, rationale=rationale, verdict=verdict)
    return (edited,)


def _stands(approval: Approval | None, left: Sequence[Finding]) -> Result:
    remedy = "request an approval and have it decided"
    if approval is None:
        sentence = "no approval is on record for the stage it is in"
        verdict = Verdict(Outcome.FAIL, sentence, remedy=remedy)
    else:
        why = "; ".join(approval.reasons.values())
        due = ", ".join(f"{found.id} due on {found.due_at:%Y-%m-%d}" for found in left)
        conditional = f", on conditions: {due}" if due else ""
        sentence = (
            f"{approval.request_id} is {approval.standing}{conditional}{': ' if why else ''}{why}"
        )
        fine = approval.holds
        verdict = Verdict(
            Outcome.PASS if fine else Outcome.FAIL, sentence, remedy="" if fine else remedy
        )
    rationale = "Only what somebody approved, on ground that still holds, may start."
    return Result("approval-holds", "approval", blocking=True, rationale=rationale, verdict=verdict)
