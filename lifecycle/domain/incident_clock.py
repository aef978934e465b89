"""How long an incident may take: house targets by its gravity, and duties to report it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum


class Gravity(StrEnum):
    """How much harm an incident does."""

    MINOR = "minor"
    MAJOR = "major"
    CRITICAL = "critical"


@dataclass(frozen=True, slots=True)
class Targets:
    """How soon an incident should be taken on, contained and resolved."""

    acknowledge: timedelta
    contain: timedelta
    resolve: timedelta


TARGETS: Mapping[Gravity, Targets] = {
    Gravity.CRITICAL: Targets(timedelta(hours=1), timedelta(hours=4), timedelta(days=7)),
    Gravity.MAJOR: Targets(timedelta(hours=4), timedelta(days=1), timedelta(days=14)),
    Gravity.MINOR: Targets(timedelta(days=1), timedelta(days=3), timedelta(days=30)),
}
"""House defaults."""


@dataclass(frozen=True, slots=True)
class Duty:
    """A duty to report a class of serious incidents within some days.

    Parameters
    ----------
    id
        The class, such as ``eu-ai-act-general``.
    days
        Calendar days from when one became aware.
    applies_from
        The first day it binds; before that it is upcoming.
    """

    id: str
    framework: str
    reference: str
    title: str
    days: int
    applies_from: date
    source: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Clock:
    """How long something took, or has been taking, against the time there was for it.

    Parameters
    ----------
    ended
        ``None`` while it runs.
    """

    name: str
    started: datetime
    due: datetime | None
    ended: datetime | None

    def spent(self, *, at: datetime) -> timedelta:
        """Return how long it took, or has taken so far."""
        return (self.ended or at) - self.started

    def overdue(self, *, at: datetime) -> bool:
        """Tell whether it took, or has been taking, too long."""
        return self.due is not None and (self.ended or at) > self.due
