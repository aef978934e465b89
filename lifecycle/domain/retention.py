"""How long records are kept, what keeps them longer, and what is due to go."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from lifecycle.errors import InvalidInput

EVERYTHING = "everything"
"""The subject of a hold on all there is."""


class RecordClass(StrEnum):
    """Kinds of records with a period of their own."""

    TRAIL = "trail"
    DECISIONS = "decisions"
    EVIDENCE = "evidence"
    PERSONAL = "personal"
    RESPONSES = "responses"
    MESSAGES = "messages"
    PREDICTIONS = "predictions"
    SENSITIVE = "sensitive"


@dataclass(frozen=True, slots=True)
class Period:
    """How long a class of records is kept, and why.

    Parameters
    ----------
    days
        From `counted_from` on; ``None`` keeps them as long as the workspace.
    """

    record_class: RecordClass
    days: int | None
    counted_from: str
    why: str

    def due(self, since: datetime, *, at: datetime) -> bool:
        """Tell whether a record of that age is due to go."""
        return self.days is not None and at - since >= timedelta(days=self.days)


PERIODS = (
    Period(RecordClass.TRAIL, None, "", "a chain with a missing link proves nothing"),
    Period(RecordClass.DECISIONS, None, "", "who approved what must be answerable for years"),
    Period(RecordClass.EVIDENCE, None, "", "a decision stands on it by its hash"),
    Period(RecordClass.PERSONAL, 1095, "the account was closed", "three years of limitation"),
    Period(RecordClass.RESPONSES, 30, "the answer was given", "a repeat comes within days"),
    Period(RecordClass.MESSAGES, 365, "it was made", "who was told of what is asked within a year"),
    Period(RecordClass.PREDICTIONS, None, "", "monitoring counts them again when it changes"),
    Period(RecordClass.SENSITIVE, None, "they were taken in", "fairness is measured by them anew"),
)
"""House defaults."""

SETTABLE = frozenset(
    {
        RecordClass.PERSONAL,
        RecordClass.RESPONSES,
        RecordClass.MESSAGES,
        RecordClass.SENSITIVE,
    }
)
"""Classes whose period an installation chooses; the others carry the proof and stay."""

CHOSEN = "chosen for this installation"


def periods_with(chosen: Iterable[tuple[str, int]]) -> tuple[Period, ...]:
    """Return the periods with those that an installation chose, in days by class.

    Raises
    ------
    InvalidInput
        There is no such class, its records stay as long as the workspace, or the period is less
        than a day.
    """
    days = dict(chosen)
    for name, given in days.items():
        if name not in SETTABLE:
            known = ", ".join(sorted(SETTABLE))
            raise InvalidInput(f"setting retention has {name!r}; a period is chosen for {known}")
        if given < 1:
            raise InvalidInput(f"setting retention keeps {name} for {given} days; at least one")
    return tuple(
        replace(one, days=days[one.record_class], why=CHOSEN) if one.record_class in days else one
        for one in PERIODS
    )


def period_of(record_class: RecordClass, periods: Iterable[Period] = PERIODS) -> Period:
    """Return the period of a class."""
    return next(period for period in periods if period.record_class is record_class)


@dataclass(frozen=True, slots=True)
class Hold:
    """An order that something must not be erased.

    Parameters
    ----------
    subject
        What it covers, as the trail names it, such as ``person:ana`` or ``model:churn``; or
        ``everything``.
    """

    id: str
    subject: str
    reason: str
    placed_by: str
    placed_at: datetime
    released_by: str | None = None
    released_at: datetime | None = None

    @property
    def active(self) -> bool:
        """Whether it still holds."""
        return self.released_at is None


def holding(holds: Iterable[Hold], subject: str) -> Hold | None:
    """Return a hold that covers a subject now."""
    covered = {subject, EVERYTHING}
    return next((hold for hold in holds if hold.active and hold.subject in covered), None)
