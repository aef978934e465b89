"""A request to move a version, pinned to its evidence, and the decision on it."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from lifecycle.domain.audit import AuditEvent, canonical
from lifecycle.domain.model import Stage
from lifecycle.errors import AlreadyDecided, FourEyesViolation, InvalidInput, StaleEvidence


class Status(StrEnum):
    """Where a request is."""

    OPEN = "open"
    APPROVED = "approved"
    REJECTED = "rejected"
    RETURNED = "returned"
    WITHDRAWN = "withdrawn"


class Vote(StrEnum):
    """What somebody may decide."""

    APPROVE = "approve"
    REJECT = "reject"
    RETURN = "return"
    ABSTAIN = "abstain"


@dataclass(frozen=True, slots=True)
class Decision:
    """One person's signed vote."""

    by: str
    at: datetime
    vote: Vote
    reason: str
    bundle: str


def bundle_of(*, policy: str, version: str, evidence: Iterable[str]) -> str:
    """Hash what a request stands on: policy, version content and evidence, by their hashes."""
    content = {"policy": policy, "version": version, "evidence": sorted(evidence)}
    return hashlib.sha256(canonical(content).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Request:
    """A wish to move a version to a stage.

    Parameters
    ----------
    policy, policy_sha256
        Name and version of the policy it was opened under, and the hash of its content.
    evidence
        Ids of the evidence it stands on; an id is made from the content's hash.
    bundle
        Hash over policy, version and evidence at submission.
    barred
        Who cannot decide: the requester, the developer and whoever produced the evidence.
    quorum
        Approvals needed.
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

    @property
    def approvals(self) -> int:
        """Approving votes so far."""
        return sum(d.vote is Vote.APPROVE for d in self.decisions)

    def decide(
        self, vote: Vote, *, by: str, at: datetime, reason: str, bundle: str
    ) -> "tuple[Request, AuditEvent]":
        """Cast a vote; the last approval the quorum needs approves the request.

        Parameters
        ----------
        bundle
            The hash over policy, version and evidence as they are now.

        Raises
        ------
        AlreadyDecided
            The request is no longer open, or this person has voted.
        FourEyesViolation
            The person requested it, developed the version or produced the evidence.
        StaleEvidence
            Policy, version or evidence changed since submission; it can only be turned down.
        InvalidInput
            A rejection or return gives no reason.
        """
        if self.status is not Status.OPEN:
            raise AlreadyDecided(f"request {self.id} is {self.status}")
        if by in self.barred:
            raise FourEyesViolation(
                f"{by} requested {self.id}, developed the version or produced its evidence, "
                "so a second person must decide"
            )
        if any(d.by == by for d in self.decisions):
            raise AlreadyDecided(f"{by} has already voted on {self.id}")
        if vote in {Vote.REJECT, Vote.RETURN} and not reason.strip():
            raise InvalidInput(f"to {vote} {self.id} give a reason")
        if vote is Vote.APPROVE and bundle != self.bundle:
            raise StaleEvidence(
                f"what {self.id} stands on changed since it was submitted; "
                "withdraw it and request again"
            )
        decision = Decision(by=by, at=at, vote=vote, reason=reason, bundle=bundle)
        approvals = self.approvals + (vote is Vote.APPROVE)
        status = _status_after(vote, approvals=approvals, quorum=self.quorum)
        decided = replace(self, decisions=(*self.decisions, decision), status=status)
        event = AuditEvent(
            action=f"request.{vote}",
            subject=f"request:{self.id}",
            by=by,
            at=at,
            reason=reason,
            details={
                "version": self.version_id,
                "to": self.to,
                "status": decided.status,
                "bundle": bundle,
                "policy": self.policy,
                "evidence": list(self.evidence),
            },
        )
        return decided, event

    def withdraw(self, *, by: str, at: datetime, reason: str) -> "tuple[Request, AuditEvent]":
        """Take the request back.

        Raises
        ------
        AlreadyDecided
            The request is no longer open.
        FourEyesViolation
            Somebody else than the requester tries.
        """
        if self.status is not Status.OPEN:
            raise AlreadyDecided(f"request {self.id} is {self.status}")
        if by != self.requested_by:
            raise FourEyesViolation(f"only {self.requested_by} can withdraw {self.id}")
        event = AuditEvent(
            action="request.withdraw",
            subject=f"request:{self.id}",
            by=by,
            at=at,
            reason=reason,
            details={"version": self.version_id, "to": self.to},
        )
        return replace(self, status=Status.WITHDRAWN), event


def _status_after(vote: Vote, *, approvals: int, quorum: int) -> Status:
    if vote is Vote.REJECT:
        return Status.REJECTED
    if vote is Vote.RETURN:
        return Status.RETURNED
    # An abstention completes nothing, whatever the quorum.
    return Status.APPROVED if vote is Vote.APPROVE and approvals >= quorum else Status.OPEN
