"""An incident: what went wrong, who is on it, what was done, and the clocks that run meanwhile."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

from lifecycle.domain.audit import AuditEvent
from lifecycle.domain.incident_clock import TARGETS, Clock, Duty, Gravity
from lifecycle.errors import Conflict, FourEyesViolation, InvalidInput


class IncidentState(StrEnum):
    """Where an incident is."""

    OPEN = "open"
    CONTAINED = "contained"
    """It does no more harm."""
    RESOLVED = "resolved"
    """Its root cause is known and dealt with."""
    CLOSED = "closed"
    """A second person agreed."""


class Containment(StrEnum):
    """What was done so that it does no more harm."""

    ROLLBACK = "rollback"
    SUSPENSION = "suspension"
    SWITCHED_OFF = "switched_off"
    HUMAN_REVIEW = "human_review"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Action:
    """Something to be done so that it does not happen again."""

    number: int
    text: str
    owner: str
    due: date
    done_at: datetime | None = None
    done_by: str | None = None


@dataclass(frozen=True, slots=True)
class Incident:
    """What went wrong with one or several versions.

    Parameters
    ----------
    versions, alerts
        What it is about, and the alerts that belong to it.
    affected
        Who was affected and how many, in words.
    began_at
        When it began, as far as known; then it took until `detected_at` to be seen.
    duty
        Id of the duty to report it under; ``None`` when it is no serious incident.
    aware_at
        When one became aware that it is serious; the duty's days count from then.
    report
        Where it was reported, or why it need not be.
    revalidation
        Evidence that the version is sound again.
    """

    id: str
    title: str
    description: str
    gravity: Gravity
    versions: tuple[str, ...]
    opened_at: datetime
    opened_by: str
    detected_at: datetime
    began_at: datetime | None = None
    affected: str = ""
    alerts: tuple[str, ...] = ()
    state: IncidentState = IncidentState.OPEN
    owner: str = ""
    acknowledged_at: datetime | None = None
    containment: Containment | None = None
    contained_at: datetime | None = None
    root_cause: str = ""
    resolved_at: datetime | None = None
    resolved_by: str = ""
    closed_at: datetime | None = None
    closed_by: str = ""
    duty: str | None = None
    aware_at: datetime | None = None
    report: str = ""
    reported_at: datetime | None = None
    actions: tuple[Action, ...] = ()
    revalidation: tuple[str, ...] = ()

    @property
    def barred(self) -> frozenset[str]:
        """Who cannot close it: whoever owns it or resolved it."""
        return frozenset({self.owner, self.resolved_by} - {""})

    def opened(self) -> AuditEvent:
        """Return the record of its opening."""
        event = self._event("open", by=self.opened_by, at=self.opened_at, reason=self.title)
        more = {"gravity": self.gravity, "versions": list(self.versions)}
        return replace(event, details={**event.details, **more, "alerts": list(self.alerts)})

    def acknowledge(self, *, by: str, at: datetime) -> "tuple[Incident, AuditEvent]":
        """Take it on, as its owner.

        Raises
        ------
        Conflict
            It is closed.
        """
        self._check_open()
        event = self._event("acknowledge", by=by, at=at, before=self.owner, after=by)
        return replace(self, owner=by, acknowledged_at=self.acknowledged_at or at), event

    def contain(
        self, how: Containment, *, by: str, at: datetime, reason: str
    ) -> "tuple[Incident, AuditEvent]":
        """Say that it does no more harm, and what was done.

        Raises
        ------
        Conflict
            It is contained, resolved or closed.
        InvalidInput
            Nothing says what was done.
        """
        if self.state is not IncidentState.OPEN:
            raise Conflict(f"{self.id} is {self.state} already")
        _require(reason, f"to contain {self.id} say what was done")
        after = replace(
            self,
            state=IncidentState.CONTAINED,
            containment=how,
            contained_at=at,
            acknowledged_at=self.acknowledged_at or at,
            owner=self.owner or by,
        )
        return after, self._event("contain", by=by, at=at, reason=reason, how=how)

    def resolve(self, root_cause: str, *, by: str, at: datetime) -> "tuple[Incident, AuditEvent]":
        """Say what the root cause was and that it is dealt with.

        Raises
        ------
        Conflict
            It is not contained yet, or resolved or closed already.
        InvalidInput
            No root cause is given.
        """
        if self.state is not IncidentState.CONTAINED:
            raise Conflict(f"{self.id} is {self.state}; what is contained can be resolved")
        _require(root_cause, f"to resolve {self.id} give its root cause")
        after = replace(
            self,
            state=IncidentState.RESOLVED,
            root_cause=root_cause.strip(),
            resolved_at=at,
            resolved_by=by,
        )
        return after, self._event("resolve", by=by, at=at, reason=root_cause)

    def close(self, *, by: str, at: datetime, reason: str) -> "tuple[Incident, AuditEvent]":
        """Agree, as a second person, that it is over.

        Raises
        ------
        Conflict
            It is not resolved, an action is missing or not done, or a report is.
        FourEyesViolation
            Whoever owns it or resolved it tries.
        InvalidInput
            No reason is given.
        """
        if self.state is not IncidentState.RESOLVED:
            raise Conflict(f"{self.id} is {self.state}; what is resolved can be closed")
        if by in self.barred:
            raise FourEyesViolation(
                f"{by} owns or resolved {self.id}, so a second person must close it"
            )
        _require(reason, f"to close {self.id} say what convinced you")
        missing = self.missing()
        if missing:
            raise Conflict(f"{self.id} cannot be closed: {'; '.join(missing)}")
        after = replace(self, state=IncidentState.CLOSED, closed_at=at, closed_by=by)
        return after, self._event("close", by=by, at=at, reason=reason)

    def missing(self) -> list[str]:
        """Say what must still be done before it can be closed."""
        open_actions = [a for a in self.actions if a.done_at is None]
        return [
            *([] if self.actions else ["no corrective action is recorded"]),
            *(f"action {a.number} of {a.owner} is not done" for a in open_actions),
            *(
                ["it is serious, and nothing says where it was reported or why it need not be"]
                if self.duty and not self.report
                else []
            ),
        ]

    def reopen(self, *, by: str, at: datetime, reason: str) -> "tuple[Incident, AuditEvent]":
        """Begin anew: it is not over after all.

        Raises
        ------
        Conflict
            It is open.
        InvalidInput
            No reason is given.
        """
        if self.state is IncidentState.OPEN:
            raise Conflict(f"{self.id} is open")
        _require(reason, f"to reopen {self.id} give a reason")
        after = replace(
            self,
            state=IncidentState.OPEN,
            containment=None,
            contained_at=None,
            resolved_at=None,
            resolved_by="",
            closed_at=None,
            closed_by="",
        )
        return after, self._event("reopen", by=by, at=at, reason=reason, before=self.state)

    def regrade(
        self, gravity: Gravity, *, by: str, at: datetime, reason: str
    ) -> "tuple[Incident, AuditEvent]":
        """Say that it does more or less harm than was thought; its clocks run by that.

        Raises
        ------
        Conflict
            It is closed, or of that gravity already.
        InvalidInput
            No reason is given.
        """
        self._check_open()
        if gravity is self.gravity:
            raise Conflict(f"{self.id} is {gravity} already")
        _require(reason, f"to grade {self.id} anew give a reason")
        event = self._event(
            "regrade", by=by, at=at, reason=reason, before=self.gravity, after=gravity
        )
        return replace(self, gravity=gravity), event

    def note(self, text: str, *, by: str, at: datetime) -> AuditEvent:
        """Add a line to its timeline.

        Raises
        ------
        InvalidInput
            There is nothing in it.
        """
        _require(text, "a note needs a text")
        return self._event("note", by=by, at=at, reason=text)

    def classify(
        self, duty: Duty | None, *, aware_at: datetime, by: str, at: datetime, reason: str
    ) -> "tuple[Incident, AuditEvent]":
        """Say which duty to report it falls under, if any, and since when one is aware.

        Raises
        ------
        Conflict
            It is closed.
        InvalidInput
            No reason is given, or one would become aware in the future.
        """
        self._check_open()
        _require(reason, f"to classify {self.id} give a reason")
        if aware_at > at:
            raise InvalidInput(f"nobody can be aware of {self.id} since a time to come")
        after = replace(
            self,
            duty=None if duty is None else duty.id,
            aware_at=None if duty is None else aware_at,
            report="",
            reported_at=None,
        )
        named = {"before": self.duty, "after": after.duty, "aware_at": aware_at.isoformat()}
        return after, self._event("classify", by=by, at=at, reason=reason, **named)

    def reported(
        self, where: str, *, by: str, at: datetime, needed: bool = True
    ) -> "tuple[Incident, AuditEvent]":
        """Say where it was reported, or why it need not be.

        Raises
        ------
        Conflict
            It falls under no duty to report.
        InvalidInput
            Nothing is said.
        """
        if self.duty is None:
            raise Conflict(f"{self.id} is not classified as a serious incident")
        _require(where, f"say where {self.id} was reported, or why it need not be")
        verb = "report" if needed else "waive"
        after = replace(self, report=where.strip(), reported_at=at if needed else None)
        return after, self._event(verb, by=by, at=at, reason=where)

    def plan(
        self, text: str, *, owner: str, due: date, by: str, at: datetime
    ) -> "tuple[Incident, AuditEvent]":
        """Add a corrective action.

        Raises
        ------
        Conflict
            It is closed.
        InvalidInput
            It says nothing, or nobody is to do it.
        """
        self._check_open()
        _require(text, "a corrective action needs a text")
        _require(owner, "a corrective action needs an owner")
        action = Action(len(self.actions) + 1, text.strip(), owner, due)
        event = self._event(
            "action", by=by, at=at, reason=text, number=action.number, owner=owner, due=str(due)
        )
        return replace(self, actions=(*self.actions, action)), event

    def carry_out(
        self, number: int, *, by: str, at: datetime, reason: str = ""
    ) -> "tuple[Incident, AuditEvent]":
        """Say that a corrective action is done.

        Raises
        ------
        Conflict
            It is done already.
        InvalidInput
            There is no such action.
        """
        found = next((a for a in self.actions if a.number == number), None)
        if found is None:
            raise InvalidInput(f"{self.id} has no action {number}")
        if found.done_at is not None:
            raise Conflict(f"action {number} of {self.id} is done already")
        done = replace(found, done_at=at, done_by=by)
        actions = tuple(done if a.number == number else a for a in self.actions)
        event = self._event("action_done", by=by, at=at, reason=reason, number=number)
        return replace(self, actions=actions), event

    def link(
        self, *, alerts: Iterable[str] = (), evidence: Iterable[str] = (), by: str, at: datetime
    ) -> "tuple[Incident, AuditEvent]":
        """Add alerts that belong to it, or evidence that the version is sound again."""
        more = replace(
            self,
            alerts=tuple(dict.fromkeys([*self.alerts, *alerts])),
            revalidation=tuple(dict.fromkeys([*self.revalidation, *evidence])),
        )
        linked, proof = list(more.alerts), list(more.revalidation)
        return more, self._event("link", by=by, at=at, alerts=linked, evidence=proof)

    def clocks(self, *, duty: Duty | None = None) -> list[Clock]:
        """Return how long detecting, taking on, containing and resolving took, and reporting.

        Parameters
        ----------
        duty
            The duty it is classified under.
        """
        since, targets = self.detected_at, TARGETS[self.gravity]
        found = [
            Clock("acknowledge", since, since + targets.acknowledge, self.acknowledged_at),
            Clock("contain", since, since + targets.contain, self.contained_at),
            Clock("resolve", since, since + targets.resolve, self.resolved_at),
        ]
        if self.began_at is not None:
            found.insert(0, Clock("detect", self.began_at, None, since))
        excused = self.report and self.reported_at is None
        if duty is not None and self.aware_at is not None and not excused:
            due = self.aware_at + timedelta(days=duty.days)
            found.append(Clock("report", self.aware_at, due, self.reported_at))
        return found

    def _check_open(self) -> None:
        if self.state is IncidentState.CLOSED:
            raise Conflict(f"{self.id} is closed; reopen it first")

    def _event(
        self, verb: str, *, by: str, at: datetime, reason: str = "", **more: object
    ) -> AuditEvent:
        details = {"state": self.state, **more}
        return AuditEvent(
            f"incident.{verb}", f"incident:{self.id}", by, at, reason, details=details
        )


def _require(text: str, sentence: str) -> None:
    if not text.strip():
        raise InvalidInput(sentence)
