"""What a rule may look at when it judges a version, and what it says."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from lifecycle.domain.evidence import Evidence, Purpose
from lifecycle.domain.measurement import Measurement, State
from lifecycle.domain.model import Model, Version
from lifecycle.domain.usecase import UseCase


class Outcome(StrEnum):
    """What a rule says; only ``pass`` lets a version through."""

    PASS = "pass"  # noqa: S105 -- an outcome, not a password
    FAIL = "fail"
    INSUFFICIENT = "insufficient"
    ERROR = "error"


CLOCK_SLACK = timedelta(minutes=5)
"""How far two clocks may differ before what one of them dated counts as of the future."""


@dataclass(frozen=True, slots=True)
class PlanLimited:
    """A statistic that a plan limits, of those this model was ever measured under."""

    purpose: Purpose
    plan: str
    statistic: str


@dataclass(frozen=True, slots=True)
class Case:
    """Everything a rule may look at, gathered on the server.

    Parameters
    ----------
    limited
        What the model's plans limit, whether this version was measured under them or not.
    shown
        By id of evidence, its measurements as they may be told to people, in the same order;
        where it is absent, as they are. What is judged is what was measured.
    """

    use_case: UseCase
    model: Model
    version: Version
    evidence: tuple[Evidence, ...]
    health: State
    at: datetime
    limited: tuple[PlanLimited, ...] = ()
    shown: Mapping[str, tuple[Measurement, ...]] = field(
        default_factory=dict[str, tuple[Measurement, ...]]
    )

    def told(self, found: Evidence) -> list[tuple[Measurement, Measurement]]:
        """Return each measurement of evidence with what may be told of it."""
        seen = self.shown.get(found.id, found.measurements)
        return list(zip(found.measurements, seen, strict=True))

    def latest(self, purpose: Purpose) -> Evidence | None:
        """Return the newest evidence for a purpose."""
        found = [e for e in self.evidence if e.purpose is purpose]
        return max(found, key=lambda e: e.created_at, default=None)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a rule found, with enough to understand it without the code.

    Parameters
    ----------
    remedy
        What would change the verdict; empty when it passed.
    """

    outcome: Outcome
    sentence: str
    value: float | None = None
    interval: tuple[float, float] | None = None
    limit: float | None = None
    n: int | None = None
    evidence: str | None = None
    remedy: str = ""
