"""A request to move a version, pinned to its evidence, and the decisions on it."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from lifecycle.domain.actor import Role
from lifecycle.domain.audit import AuditEvent, canonical
from lifecycle.domain.case import CLOCK_SLACK
from lifecycle.domain.finding import Obligation
from lifecycle.domain.model import Stage
from lifecycle.domain.signature import Meaning, Signature
from lifecycle.domain.terms import Order, Terms
from lifecycle.domain.texts import blank
from lifecycle.domain.usecase import Tier
from lifecycle.errors import (
    AlreadyDecided,
    CheckFailed,
    Conflict,
    FourEyesViolation,
    InvalidInput,
    NotAllowed,
    StaleEvidence,
)


class Status(StrEnum):
    """Where a request is."""

    OPEN = "open"
    APPROVED = "approved"
    REJECTED = "rejected"
    RETURNED = "returned"
    WITHDRAWN = "withdrawn"
    SUPERSEDED = "superseded"
    EXPIRED = "expired"


class Vote(StrEnum):
    """What somebody may decide."""

    APPROVE = "approve"
    CONDITIONAL = "approve_with_conditions"
    REJECT = "reject"
    RETURN = "return"
    ABSTAIN = "abstain"
    RECUSE = "recuse"


class Code(StrEnum):
    """Why, in one word that can be counted; the reason says it in sentences."""

    SUFFICIENT = "evidence_sufficient"
    MANAGEABLE = "risk_manageable"
    INSUFFICIENT = "evidence_insufficient"
    LIMIT = "limit_exceeded"
    FAIRNESS = "fairness_concern"
    PURPOSE = "purpose_unacceptable"
    INCOMPLETE = "record_incomplete"
    INTEREST = "conflict_of_interest"
    URGENT = "urgent_harm"
    OTHER = "other"


APPROVING = frozenset({Vote.APPROVE, Vote.CONDITIONAL})
EXPLAINED = frozenset({Vote.CONDITIONAL, Vote.REJECT, Vote.RETURN, Vote.RECUSE})
"""Votes that need a reason in words and its code; in an emergency approving needs them too."""


@dataclass(frozen=True, slots=True)
class Decision:
    """One person's signed vote.

    Parameters
    ----------
    bundle
        The hash over policy, version and evidence when it was cast.
    code
        ``None`` until it is cast, where the voter names none.
    roles
        The deciding roles it was cast in: one's own, or those of the person it stands for.
    on_behalf_of
        Whose authority a delegate used; ``None`` for one's own.
    """

    by: str
    at: datetime
    vote: Vote
    reason: str
    bundle: str
    code: Code | None = None
    roles: frozenset[Role] = frozenset({Role.APPROVER})
    on_behalf_of: str | None = None
    conditions: tuple[Obligation, ...] = ()
    signature: Signature | None = None

    @property
    def people(self) -> frozenset[str]:
        """Whose say this was: the voter, and whoever they stood in for."""
        return frozenset({self.by, self.on_behalf_of or self.by})

    @property
    def meaning(self) -> Meaning:
        """What signing it says."""
        return Meaning.APPROVED if self.vote in APPROVING else Meaning.REVIEWED


def bundle_of(*, policy: str, version: str, evidence: Iterable[str]) -> str:
    """Hash what a request stands on: policy, version content and evidence, by their hashes."""
    content = {"policy": policy, "version": version, "evidence": sorted(evidence)}
    return hashlib.sha256(canonical(content).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Request:
    """A wish to move a version to a stage, or to renew the approval of the one it is in.

    Parameters
    ----------
    policy, policy_sha256
        Label of the policy it was opened under, and the hash of its content.
    evidence
        Ids of the evidence it stands on; an id is made from the content's hash.
    bundle
        Hash over policy, version and evidence at submission.
    barred
        Who cannot decide: the requester, the developer, whoever produced the evidence, and whom
        the policy adds.
    quorum
        Approvals needed in all; the policy says by whom.
    tier, version_sha256
        Risk tier and content of the version at submission.
    emergency
        It may be approved while its gate does not pass, on the policy's terms for that.
    supersedes
        The request it takes the place of.
    """

    id: str
    version_id: str
    before: Stage
    to: Stage
    reason: str
    requested_by: str
    requested_at: datetime
    policy: str
    policy_sha256: str
    evidence: tuple[str, ...]
    bundle: str
    barred: frozenset[str]
    quorum: int
    status: Status = Status.OPEN
    decisions: tuple[Decision, ...] = ()
    tier: Tier = Tier.HIGH
    version_sha256: str = ""
    emergency: bool = False
    supersedes: str | None = None

    @property
    def renewal(self) -> bool:
        """Tell whether it leaves the version where it is and only renews its approval."""
        return self.to is self.before

    @property
    def wish(self) -> str:
        """What is asked for, as words that follow "asks to"."""
        if self.renewal:
            return f"renew the approval of {self.version_id} for {self.to}"
        return f"move {self.version_id} from {self.before} to {self.to}"

    @property
    def approvals(self) -> int:
        """Approving votes so far."""
        return len(self.approving)

    @property
    def approving(self) -> tuple[frozenset[Role], ...]:
        """The roles of each approving vote, in their order."""
        return tuple(d.roles for d in self.decisions if d.vote in APPROVING)

    @property
    def last_at(self) -> datetime:
        """When its last step was taken."""
        return max([self.requested_at, *(d.at for d in self.decisions)])

    def clock(self, at: datetime) -> datetime:
        """Return the time of the next step: never before the last one.

        Raises
        ------
        Conflict
            The clock is so far behind the last step that it must have jumped back.
        """
        if at < self.last_at - CLOCK_SLACK:
            raise Conflict(
                f"the clock says {at:%Y-%m-%d %H:%M} UTC, but the last step on {self.id} was at "
                f"{self.last_at:%Y-%m-%d %H:%M}; set the clock right first"
            )
        return max(at, self.last_at)

    def decide(self, decision: Decision, *, terms: Terms) -> "tuple[Request, AuditEvent]":
        """Cast a vote; the last approval the quorum needs approves the request.

        Raises
        ------
        AlreadyDecided
            The request is no longer open, or this person has voted.
        FourEyesViolation
            The person requested it, developed the version or produced the evidence.
        NotAllowed
            None of the roles counts here, or it is not their turn.
        StaleEvidence
            Policy, version or evidence changed since submission; it can only be turned down.
        CheckFailed
            The waiting time is not over.
        InvalidInput
            A reason, its code or a condition is missing.
        """
        decision = replace(decision, code=self._code(decision))
        self._check_open(decision.at, terms=terms)
        self._check_voter(decision, terms=terms)
        self._check_content(decision)
        if decision.vote in APPROVING:
            self._check_approval(decision, terms=terms)
        decided = replace(self, decisions=(*self.decisions, decision))
        decided = replace(decided, status=_status_after(decided, decision, terms=terms))
        return decided, _event(decided, decision)

    def withdraw(self, *, by: str, at: datetime, reason: str) -> "tuple[Request, AuditEvent]":
        """Take the request back.

        Raises
        ------
        AlreadyDecided
            The request is no longer open.
        FourEyesViolation
            Somebody else than the requester tries.
        """
        self._only_requester(by, verb="withdraw")
        return self._ended(Status.WITHDRAWN, "withdraw", by=by, at=at, reason=reason)

    def supersede(self, *, by: str, at: datetime, reason: str) -> "tuple[Request, AuditEvent]":
        """Make room for a newer request by the same person.

        Raises
        ------
        AlreadyDecided
            The request is no longer open.
        FourEyesViolation
            Somebody else than the requester tries.
        """
        self._only_requester(by, verb="supersede")
        return self._ended(Status.SUPERSEDED, "supersede", by=by, at=at, reason=reason)

    def expire(self, *, by: str, at: datetime, terms: Terms) -> "tuple[Request, AuditEvent]":
        """Close it undecided because its time is over; silence is no approval.

        Raises
        ------
        AlreadyDecided
            The request is no longer open, or its time is not over.
        """
        if at <= terms.closes_at(self.requested_at):
            raise AlreadyDecided(f"request {self.id} is open for longer")
        said = f"undecided for {terms.open_days:g} days"
        return self._ended(Status.EXPIRED, "expire", by=by, at=at, reason=said)

    def _only_requester(self, by: str, *, verb: str) -> None:
        if self.status is not Status.OPEN:
            raise AlreadyDecided(f"request {self.id} is {self.status}")
        if by != self.requested_by:
            raise FourEyesViolation(f"only {self.requested_by} can {verb} {self.id}")

    def _ended(
        self, status: Status, verb: str, *, by: str, at: datetime, reason: str
    ) -> "tuple[Request, AuditEvent]":
        if self.status is not Status.OPEN:
            raise AlreadyDecided(f"request {self.id} is {self.status}")
        details: dict[str, object] = {"version": self.version_id, "to": self.to}
        subject = f"request:{self.id}"
        event = AuditEvent(f"request.{verb}", subject, by, at, reason=reason, details=details)
        return replace(self, status=status), event

    def _check_open(self, at: datetime, *, terms: Terms) -> None:
        if self.status is not Status.OPEN:
            raise AlreadyDecided(f"request {self.id} is {self.status}")
        closed = terms.closes_at(self.requested_at)
        if at > closed:
            raise AlreadyDecided(f"request {self.id} expired undecided on {closed:%Y-%m-%d}")

    def _check_voter(self, decision: Decision, *, terms: Terms) -> None:
        for name in sorted(decision.people):
            if name in self.barred:
                raise FourEyesViolation(
                    f"{name} requested {self.id}, developed the version, produced its evidence "
                    "or answers for it, so a second person must decide"
                )
            if any(name in d.people for d in self.decisions):
                raise AlreadyDecided(f"{name} has already voted on {self.id}")
        if not decision.roles & terms.roles:
            who = " or ".join(sorted(terms.roles))
            raise NotAllowed(f"{self.policy} lets {who} decide on {self.id}, not {decision.by}")

    def _code(self, decision: Decision) -> Code:
        """Return why, in a word; recusing says it itself."""
        if decision.code is not None:
            return decision.code
        if decision.vote is Vote.RECUSE:
            return Code.INTEREST
        if self._explains(decision):
            what = f"to {decision.vote.replace('_', ' ')} {self.id}"
            raise InvalidInput(f"{what} give a code: {', '.join(Code)}")
        return Code.OTHER

    def _explains(self, decision: Decision) -> bool:
        return decision.vote in EXPLAINED or (self.emergency and decision.vote in APPROVING)

    def _check_content(self, decision: Decision) -> None:
        if self._explains(decision) and blank(decision.reason):
            what = f"to {decision.vote.replace('_', ' ')} {self.id} give a reason"
            raise InvalidInput(what + (": it is an emergency change" if self.emergency else ""))
        if (decision.vote is Vote.CONDITIONAL) != bool(decision.conditions):
            raise InvalidInput("an approval with conditions names them, any other vote has none")
        for condition in decision.conditions:
            if blank(condition.text) or blank(condition.owner):
                raise InvalidInput("a condition says what is to be done and by whom")
            if condition.due_at <= decision.at:
                raise InvalidInput(f"the condition for {condition.owner} must be due in the future")

    def _check_approval(self, decision: Decision, *, terms: Terms) -> None:
        if decision.bundle != self.bundle:
            raise StaleEvidence(
                f"what {self.id} stands on changed since it was submitted; "
                "withdraw it and request again"
            )
        opens = terms.opens_at(self.requested_at)
        if decision.at < opens:
            raise CheckFailed(
                f"{self.id} waits {terms.waiting_hours:g} hours; it can be approved from "
                f"{opens:%Y-%m-%d %H:%M} UTC"
            )
        turn = terms.turn(self.approving)
        if terms.order is Order.SEQUENCE and not decision.roles & turn:
            who = " or ".join(sorted(turn))
            raise NotAllowed(f"{self.id} waits for the approval of {who} first")


def _event(request: Request, decision: Decision) -> AuditEvent:
    details: dict[str, object] = {
        "version": request.version_id,
        "to": request.to,
        "status": request.status,
        "bundle": decision.bundle,
        "policy": request.policy,
        "evidence": list(request.evidence),
        "code": decision.code,
        "roles": sorted(decision.roles),
    }
    if decision.on_behalf_of:
        details["on_behalf_of"] = decision.on_behalf_of
    if decision.signature:
        details["signature"] = decision.signature.sha256
        details["meaning"] = decision.signature.meaning
    if decision.conditions:
        details["conditions"] = [c.text for c in decision.conditions]
    if request.emergency:
        details["emergency"] = True
    return AuditEvent(
        action=f"request.{decision.vote}",
        subject=f"request:{request.id}",
        by=decision.by,
        at=decision.at,
        reason=decision.reason,
        details=details,
    )


def _status_after(request: Request, decision: Decision, *, terms: Terms) -> Status:
    if decision.vote is Vote.RETURN:
        return Status.RETURNED
    if decision.vote is Vote.REJECT:
        vetoed = not terms.veto or decision.roles & terms.veto
        against = sum(d.vote is Vote.REJECT for d in request.decisions)
        return Status.REJECTED if vetoed or against >= terms.approvals else Status.OPEN
    # Only an approval completes a quorum; an abstention completes nothing, whatever it is.
    complete = decision.vote in APPROVING and not any(terms.lacking(request.approving))
    return Status.APPROVED if complete else Status.OPEN
