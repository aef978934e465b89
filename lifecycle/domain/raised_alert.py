"""An alert that was raised: the series that fire in it, who is on it, and how it ended."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from lifecycle.domain.alert import AlertRule, Cause, Severity
from lifecycle.domain.audit import AuditEvent
from lifecycle.domain.measurement import Window
from lifecycle.errors import Conflict, InvalidInput


class Status(StrEnum):
    """Where an alert is."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    SNOOZED = "snoozed"
    RESOLVED = "resolved"
    """A person ended it."""
    CLEARED = "cleared"
    """Every series is back behind its clear level."""


LIVE = frozenset({Status.OPEN, Status.ACKNOWLEDGED, Status.SNOOZED})
"""States in which somebody still has to do something."""

LONGEST_SNOOZE = timedelta(days=90)
"""Whoever wants longer changes the limit, which leaves a better record; a house default."""


@dataclass(frozen=True, slots=True)
class Signal:
    """One series that fires, or fired, in an alert.

    Parameters
    ----------
    slice
        Canonical JSON, ``{}`` for all rows.
    since, last
        The window in which it began to fire, and the newest one that was judged.
    value
        In the newest judged window; `worst` is the value farthest beyond the limit since.
    cleared
        Whether it is over.
    """

    cause: Cause
    statistic: str
    column: str | None
    slice: str
    severity: Severity
    since: Window
    last: Window
    value: float | None
    worst: float | None
    limit: float | None
    unit: str = "1"
    n: int | None = None
    cleared: bool = False

    @property
    def key(self) -> tuple[str, str | None, str]:
        """Which series of its version it is."""
        return (self.statistic, self.column, self.slice)


@dataclass(frozen=True, slots=True)
class Alert:
    """Series of one version that began to fire together, as one thing to handle.

    Parameters
    ----------
    series
        The version's series that they belong to; another reference begins another.
    cause
        Of its gravest signal.
    window
        The window in which its series went beyond their limits.
    rule
        As it was when the alert was raised or last updated.
    snoozed_until
        When a snoozed alert wakes.
    ended_at
        When it was resolved or cleared.
    real
        Whether it was a true alarm; ``None`` while nobody has said.
    reopened_at
        When it was last put before people again.
    notified_at, escalated_at
        When people last heard of it, and when it was escalated.
    """

    id: str
    version_id: str
    series: str
    cause: Cause
    severity: Severity
    window: Window
    opened_at: datetime
    rule: AlertRule
    owner: str
    signals: tuple[Signal, ...]
    status: Status = Status.OPEN
    acknowledged_by: str | None = None
    acknowledged_at: datetime | None = None
    snoozed_until: datetime | None = None
    ended_at: datetime | None = None
    real: bool | None = None
    judged_by: str | None = None
    notified_at: datetime | None = None
    escalated_at: datetime | None = None
    incident: str | None = None
    reopened_at: datetime | None = None

    @property
    def live(self) -> bool:
        """Whether somebody still has to do something."""
        return self.status in LIVE

    @property
    def firing(self) -> tuple[Signal, ...]:
        """The series that are still beyond their limit."""
        return tuple(signal for signal in self.signals if not signal.cleared)

    @property
    def due(self) -> datetime:
        """When somebody should have taken it on, counted from when it was last put before them."""
        since = self.reopened_at or self.opened_at
        return since + timedelta(hours=self.rule.acknowledge_hours[self.severity])

    def overdue(self, *, at: datetime) -> bool:
        """Tell whether nobody took it on in time."""
        return self.status is Status.OPEN and at > self.due

    def cooling(self, *, at: datetime) -> bool:
        """Tell whether it ended so short a while ago that firing again still belongs to it."""
        pause = timedelta(hours=self.rule.cooldown_hours)
        return self.ended_at is not None and at < self.ended_at + pause

    def acknowledge(self, *, by: str, at: datetime, reason: str = "") -> "tuple[Alert, AuditEvent]":
        """Take the alert on; whoever does becomes its owner unless it has one.

        Raises
        ------
        Conflict
            It ended, or somebody has taken it on.
        """
        self._check_live()
        if self.status is Status.ACKNOWLEDGED:
            raise Conflict(f"{self.acknowledged_by} has taken {self.id} on already")
        taken = replace(
            self,
            status=Status.ACKNOWLEDGED,
            acknowledged_by=by,
            acknowledged_at=at,
            snoozed_until=None,
            owner=self.owner or by,
        )
        return taken, self._event("acknowledge", by=by, at=at, reason=reason)

    def assign(
        self, owner: str, *, by: str, at: datetime, reason: str = ""
    ) -> "tuple[Alert, AuditEvent]":
        """Give it to somebody.

        Raises
        ------
        Conflict
            It ended.
        """
        self._check_live()
        event = self._event("assign", by=by, at=at, reason=reason, before=self.owner, after=owner)
        return replace(self, owner=owner), event

    def snooze(
        self, until: datetime, *, by: str, at: datetime, reason: str
    ) -> "tuple[Alert, AuditEvent]":
        """Keep it silent until a time, for a reason.

        Raises
        ------
        Conflict
            It ended.
        InvalidInput
            No reason is given, or the time is past or too far away.
        """
        self._check_live()
        if not reason.strip():
            raise InvalidInput(f"to snooze {self.id} give a reason")
        if not at < until <= at + LONGEST_SNOOZE:
            raise InvalidInput(
                f"{self.id} can be snoozed for up to {LONGEST_SNOOZE.days} days from now"
            )
        event = self._event("snooze", by=by, at=at, reason=reason, until=until.isoformat())
        return replace(self, status=Status.SNOOZED, snoozed_until=until), event

    def wake(self, *, at: datetime) -> "Alert":
        """End a snooze whose time has come; nobody acts, so nothing is recorded."""
        after = Status.OPEN if self.acknowledged_by is None else Status.ACKNOWLEDGED
        return replace(self, status=after, snoozed_until=None, reopened_at=at)

    def resolve(self, *, by: str, at: datetime, reason: str) -> "tuple[Alert, AuditEvent]":
        """End it by hand, for a reason.

        Raises
        ------
        Conflict
            It ended already.
        InvalidInput
            No reason is given.
        """
        self._check_live()
        if not reason.strip():
            raise InvalidInput(f"to resolve {self.id} say what was done")
        ended = replace(self, status=Status.RESOLVED, ended_at=at, snoozed_until=None)
        return ended, self._event("resolve", by=by, at=at, reason=reason)

    def judge(
        self, *, real: bool, by: str, at: datetime, reason: str = ""
    ) -> "tuple[Alert, AuditEvent]":
        """Say whether it was a true alarm; a later word replaces an earlier one."""
        event = self._event("judge", by=by, at=at, reason=reason, before=self.real, after=real)
        return replace(self, real=real, judged_by=by), event

    def clear(self, *, by: str, at: datetime) -> "tuple[Alert, AuditEvent]":
        """End it because no series fires any more."""
        ended = replace(self, status=Status.CLEARED, ended_at=at, snoozed_until=None)
        return ended, self._event("clear", by=by, at=at)

    def reopen(self, *, by: str, at: datetime, reason: str) -> "tuple[Alert, AuditEvent]":
        """Put it before people again, as nobody's."""
        again = replace(
            self,
            status=Status.OPEN,
            acknowledged_by=None,
            acknowledged_at=None,
            snoozed_until=None,
            ended_at=None,
            escalated_at=None,
            reopened_at=at,
        )
        return again, self._event("reopen", by=by, at=at, reason=reason)

    def opened(self, *, by: str) -> AuditEvent:
        """Return the record of its raising."""
        return self._event("open", by=by, at=self.opened_at)

    def escalate(self, *, by: str, at: datetime) -> "tuple[Alert, AuditEvent]":
        """Note that others were told because nobody took it on in time."""
        reason = f"nobody took it on by {self.due.isoformat(timespec='minutes')}"
        return replace(self, escalated_at=at), self._event("escalate", by=by, at=at, reason=reason)

    def _check_live(self) -> None:
        if not self.live:
            raise Conflict(f"{self.id} is {self.status} already")

    def _event(
        self, verb: str, *, by: str, at: datetime, reason: str = "", **more: object
    ) -> AuditEvent:
        details: dict[str, object] = {
            "version": self.version_id,
            "cause": self.cause,
            "severity": self.severity.word,
            "signals": [[*signal.key] for signal in self.firing],
            **more,
        }
        return AuditEvent(f"alert.{verb}", f"alert:{self.id}", by, at, reason, details=details)


def gravest_first(signals: Iterable[Signal]) -> list[Signal]:
    """Order signals: the gravest first, then the farthest beyond its limit."""
    return sorted(signals, key=lambda s: (-s.severity, -excess(s.worst, s.limit)))


def gravest(signals: Iterable[Signal]) -> Signal:
    """Return the signal that speaks for several."""
    return gravest_first(signals)[0]


def excess(value: float | None, limit: float | None) -> float:
    """Say how far a value lies from its limit, as a share of it; 0 where there is none."""
    if value is None or limit is None:
        return 0.0
    return abs(value - limit) / (abs(limit) or 1.0)
