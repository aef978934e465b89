"""Something that must be done by a date: a condition, a retrospective review, a broken glass."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from lifecycle.domain.audit import AuditEvent
from lifecycle.domain.texts import blank
from lifecycle.errors import AlreadyDecided, FourEyesViolation, InvalidInput


class Kind(StrEnum):
    """Where a finding comes from."""

    CONDITION = "condition"
    REVIEW = "retrospective_review"
    BREAK_GLASS = "break_glass"


class Severity(StrEnum):
    """How much depends on it."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class Progress(StrEnum):
    """How far a finding is."""

    OPEN = "open"
    ANSWERED = "answered"
    CLOSED = "closed"


TO_AGREE = timedelta(days=14)
"""How long after its date an answered finding waits for the second person; a house default."""


@dataclass(frozen=True, slots=True)
class Obligation:
    """What a conditional approval asks for."""

    text: str
    severity: Severity
    owner: str
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Finding:
    """An obligation in its life; overdue, it takes back the approval it belongs to.

    Parameters
    ----------
    request_id
        The request whose approval depends on it; ``None`` for a broken glass.
    answered_by
        Who said that it is done; somebody else has to agree.
    """

    id: str
    kind: Kind
    request_id: str | None
    version_id: str
    text: str
    severity: Severity
    owner: str
    due_at: datetime
    opened_at: datetime
    opened_by: str
    status: Progress = Progress.OPEN
    answer: str = ""
    answered_by: str | None = None
    closed_by: str | None = None
    closed_at: datetime | None = None

    def overdue(self, at: datetime) -> bool:
        """Tell whether it should have been answered by now, or agreed to after an answer.

        Whoever answered in time loses nothing at once because a second person is slow.
        """
        grace = TO_AGREE if self.status is Progress.ANSWERED else timedelta(0)
        return self.status is not Progress.CLOSED and at > self.due_at + grace

    def respond(self, answer: str, *, by: str, at: datetime) -> "tuple[Finding, AuditEvent]":
        """Say what was done; the finding then waits for a second person.

        Raises
        ------
        AlreadyDecided
            It is closed.
        FourEyesViolation
            Somebody else than its owner answers.
        InvalidInput
            The answer is empty.
        """
        self._open()
        if by != self.owner:
            raise FourEyesViolation(f"{self.id} is for {self.owner} to answer, not for {by}")
        _said(answer, what=f"to answer {self.id} say what was done")
        after = replace(self, status=Progress.ANSWERED, answer=answer, answered_by=by)
        return after, self._event("finding.answer", by=by, at=at, reason=answer)

    def close(self, reason: str, *, by: str, at: datetime) -> "tuple[Finding, AuditEvent]":
        """Agree that it is done.

        Raises
        ------
        AlreadyDecided
            It is closed.
        FourEyesViolation
            Its owner, or whoever answered it, tries.
        InvalidInput
            Nobody answered it yet, or no reason is given.
        """
        self._open()
        self._second(by)
        if self.status is not Progress.ANSWERED:
            raise InvalidInput(f"{self.owner} has not answered {self.id} yet")
        _said(reason, what=f"to close {self.id} give a reason")
        after = replace(self, status=Progress.CLOSED, closed_by=by, closed_at=at)
        return after, self._event("finding.close", by=by, at=at, reason=reason)

    def extend(
        self, due_at: datetime, *, by: str, at: datetime, reason: str
    ) -> "tuple[Finding, AuditEvent]":
        """Give it more time, which takes a second person and a reason.

        Raises
        ------
        AlreadyDecided
            It is closed.
        FourEyesViolation
            Its owner tries.
        InvalidInput
            The new date is not later, or no reason is given.
        """
        self._open()
        self._second(by)
        if due_at <= max(self.due_at, at):
            raise InvalidInput(f"{self.id} is due on {self.due_at:%Y-%m-%d}; name a later date")
        _said(reason, what=f"to extend {self.id} give a reason")
        event = self._event("finding.extend", by=by, at=at, reason=reason)
        details = {**event.details, "due_at": due_at.isoformat()}
        return replace(self, due_at=due_at), replace(event, details=details)

    def assign(
        self, owner: str, *, by: str, at: datetime, reason: str
    ) -> "tuple[Finding, AuditEvent]":
        """Give it to somebody else to answer, such as when its owner left.

        Raises
        ------
        AlreadyDecided
            It is answered or closed.
        FourEyesViolation
            Its owner tries.
        InvalidInput
            It is theirs already, or no reason is given.
        """
        if self.status is not Progress.OPEN:
            raise AlreadyDecided(f"{self.id} is {self.status}, so nobody has to answer it")
        self._second(by)
        if owner == self.owner:
            raise InvalidInput(f"{self.id} is for {owner} already")
        _said(reason, what=f"to give {self.id} to somebody else give a reason")
        event = self._event("finding.assign", by=by, at=at, reason=reason)
        return replace(self, owner=owner), replace(event, details={**event.details, "owner": owner})

    def opened(self) -> AuditEvent:
        """Return the event of its beginning."""
        return self._event("finding.open", by=self.opened_by, at=self.opened_at, reason=self.text)

    def _open(self) -> None:
        if self.status is Progress.CLOSED:
            raise AlreadyDecided(f"{self.id} is closed")

    def _second(self, by: str) -> None:
        if by in {self.owner, self.answered_by}:
            raise FourEyesViolation(f"{by} answers for {self.id}, so a second person must agree")

    def _event(self, action: str, *, by: str, at: datetime, reason: str) -> AuditEvent:
        details: dict[str, object] = {
            "kind": self.kind,
            "version": self.version_id,
            "request": self.request_id,
            "owner": self.owner,
            "severity": self.severity,
            "due_at": self.due_at.isoformat(),
        }
        return AuditEvent(action, f"finding:{self.id}", by, at, reason=reason, details=details)


def _said(text: str, *, what: str) -> None:
    if blank(text):
        raise InvalidInput(what)
