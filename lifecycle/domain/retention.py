"""How long records are kept, what keeps them longer, and what is due to go."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

EVERYTHING = "everything"
"""The subject of a hold on all there is."""


class RecordClass(StrEnum):
    """Kinds of records with a period of their own."""

    TRAIL = "trail"
    DECISIONS = "decisions"
    EVIDENCE = "evidence"
    PERSONAL = "personal"
    RESPONSES = "responses"
    PREDICTIONS = "predictions"


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
    Period(RecordClass.PREDICTIONS, None, "", "monitoring counts them again when it changes"),
)
"""House defaults."""


def period_of(record_class: RecordClass) -> Period:
    """Return the period of a class."""
    return next(period for period in PERIODS if period.record_class is record_class)


@dataclass(frozen=True, slots=True)
class Hold:
    """An order that something must not be erased.

    Parameters
    ----------
    subject
        What it covers, as the trail names it, such as ``person:ana``; or ``everything``.
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
