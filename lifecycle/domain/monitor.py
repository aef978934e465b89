"""What is watched about a version in production, and how."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, cast

from lifecycle.domain.alert import AlertRule, rule_of
from lifecycle.domain.expectation import Expectation
from lifecycle.domain.measurement import Window
from lifecycle.domain.service_level import ServiceLevel
from lifecycle.domain.value import CostMatrix
from lifecycle.domain.written import read_fields, written
from lifecycle.errors import InvalidInput

WEEKS_OF_A_YEAR = 52
"""A season ago is whole weeks ago, so that Mondays are compared with Mondays."""


class Grain(StrEnum):
    """How long a monitoring window is."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


class ReferenceKind(StrEnum):
    """What a window is compared with."""

    BASELINE = "baseline"
    """The version's reference snapshot, immutable and hashed."""
    ROLLING = "rolling"
    """The days of a span that ends a gap before the window."""
    SEASON = "season"
    """The same window a year before: 52 weeks, or the same month."""


class LimitRule(StrEnum):
    """Where a limit of drift comes from when none is named for it."""

    HOUSE = "house"
    """The catalogue's default."""
    FIXED = "fixed"
    """Nowhere: only what has a limit by hand is judged."""
    LEARNED = "learned"
    """From the reference compared with itself; the house's where that cannot be learned."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """What each window is compared with; the bins are always the baseline's.

    Parameters
    ----------
    days
        Length of a rolling span.
    gap
        Days between a rolling span and the window, so that a slow drift does not hide in it.
    """

    kind: ReferenceKind = ReferenceKind.BASELINE
    days: int = 28
    gap: int = 7

    def span(self, window: Window, *, grain: Grain) -> tuple[date, date] | None:
        """Return the logged days a window is compared with, half-open; none for a baseline."""
        start, end = window.start.date(), window.end.date()
        if self.kind is ReferenceKind.ROLLING:
            last = start - timedelta(days=self.gap)
            return last - timedelta(days=self.days), last
        if self.kind is ReferenceKind.BASELINE:
            return None
        if grain is Grain.MONTH:
            return start.replace(year=start.year - 1), end.replace(year=end.year - 1)
        before = timedelta(weeks=WEEKS_OF_A_YEAR)
        return start - before, end - before


@dataclass(frozen=True, slots=True)
class Monitor:
    """A definition of what to measure each window; a change makes the next revision.

    Parameters
    ----------
    series
        Measurements of one series may be compared with each other. Another reference, grain or
        number of bins begins the next one.
    reason
        Why this revision was made.
    drift
        Statistics measured on numeric columns; categorical ones use those that apply.
    together
        Statistics of all features together; each reads the rows of a window again.
    performance
        Statistics measured once outcomes are known.
    changes
        Detectors that say when the level of the errors changed: ``adwin``, ``page_hinkley``,
        ``cusum``. Each run with something new reads all rows again.
    explanations
        Whether the rows of each window are explained in a job of their own, and what drives the
        model there compared with what drives it on the reference.
    segments
        Columns whose groups are watched apart, in drift too; the groups of the version's
        sensitive attributes are counted and compared for fairness in any case.
    limits
        Limit by statistic; by `rule` otherwise.
    column_limits
        Limit by column and statistic; it goes before the statistic's.
    false_alarms
        Share of windows of one series that learned limits let be in alarm without a change.
    minimum
        Fewest rows in a window before anything is judged.
    bins
        Bins per numeric column, fixed by the baseline.
    maturity
        Share of a window's rows whose outcome must be known before performance is judged.
    estimation
        Whether performance is estimated where outcomes are not known yet.
    costs
        What a decision is worth by how it turns out; ``None`` when nobody said.
    service
        The log's columns of latency and status, and what is promised about them.
    expectations
        What each window's rows are expected to be like, beside the house's own checks.
    schedule
        When it runs by itself: five fields of cron (UTC), or an interval such as ``6h``; ``None``
        for only when somebody runs it. A monitor with a schedule expects rows in every window.
    alerts
        When measurements become alerts, whose they are and who hears of them.
    """

    id: str
    version_id: str
    revision: int
    created_at: datetime
    created_by: str
    series: int = 1
    reason: str = ""
    grain: Grain = Grain.WEEK
    reference: Comparison = field(default_factory=Comparison)
    drift: tuple[str, ...] = ("ks", "psi", "jensen_shannon", "wasserstein")
    categorical: tuple[str, ...] = ("chi_squared", "psi", "jensen_shannon", "total_variation")
    together: tuple[str, ...] = ()
    performance: tuple[str, ...] = ()
    changes: tuple[str, ...] = ()
    explanations: bool = False
    segments: tuple[str, ...] = ()
    rule: LimitRule = LimitRule.HOUSE
    limits: Mapping[str, float] = field(default_factory=dict[str, float])
    column_limits: Mapping[str, Mapping[str, float]] = field(
        default_factory=dict[str, Mapping[str, float]]
    )
    false_alarms: float = 0.01
    minimum: int = 200
    bins: int = 64
    maturity: float = 0.9
    estimation: bool = True
    costs: CostMatrix | None = None
    service: ServiceLevel | None = None
    expectations: tuple[Expectation, ...] = ()
    correction: str = "bh"
    alpha: float = 0.05
    schedule: str | None = None
    alerts: AlertRule = field(default_factory=AlertRule)
    active: bool = True

    @property
    def service_columns(self) -> tuple[str, ...]:
        """Columns of the log that are about the service: they have a level and no reference."""
        return () if self.service is None else self.service.columns

    def begins_series(self, before: "Monitor") -> bool:
        """Tell whether measurements under this revision cannot be set beside those before."""
        mine, theirs = ((m.reference, m.grain, m.bins) for m in (self, before))
        return mine != theirs

    def settings(self) -> dict[str, Any]:
        """Write what may be set as JSON values; `settings_of` reads them."""
        kept = [f.name for f in fields(self) if f.name not in ITS_OWN]
        return {name: written(getattr(self, name)) for name in kept} | {
            "alerts": self.alerts.settings()
        }

    def limit(self, statistic: str, *, column: str | None, otherwise: float | None) -> float | None:
        """Return the limit set by hand, else the other one unless only those by hand count."""
        by_hand = self.column_limits.get(column or "", {}).get(
            statistic, self.limits.get(statistic)
        )
        if by_hand is not None or self.rule is LimitRule.FIXED:
            return by_hand
        return otherwise


ITS_OWN = frozenset(
    {"id", "version_id", "revision", "created_at", "created_by", "series", "reason"}
)
"""What a revision is, as opposed to what is set in it."""

BY_NAME = frozenset({"limits", "column_limits", "alerts"})
"""Settings that a change alters name by name; others it replaces."""


def laid_over(before: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Lay settings over those before; what is not named stays as it is.

    In the settings changed by name, ``None`` takes a name out. Both sides are JSON values or
    values of the domain, and a value of the domain replaces what was there.
    """
    named = {
        name: _overlaid(before.get(name, {}), given[name])
        for name in BY_NAME & given.keys()
        if isinstance(given[name], Mapping)
    }
    gone = {name for name in BY_NAME & given.keys() if given[name] is None}
    after = {**before, **given, **named}
    return {name: value for name, value in after.items() if name not in gone}


def _overlaid(before: object, given: Mapping[Any, Any]) -> dict[str, Any]:
    known = cast("Mapping[Any, Any]", before) if isinstance(before, Mapping) else {}
    after = {str(name): value for name, value in known.items()}
    for name, value in given.items():
        inner = after.get(str(name))
        now = (
            _overlaid(inner, cast("Mapping[Any, Any]", value)) or None
            if isinstance(value, Mapping)
            else value
        )
        after.pop(str(name), None)
        if now is not None:
            after[str(name)] = now
    return after


def settings_of(given: Mapping[str, Any]) -> dict[str, Any]:
    """Read settings of a monitor from JSON values, some or all of them.

    Raises
    ------
    InvalidInput
        A setting is unknown or cannot be used; the sentence names it.
    """
    rule = given.get("alerts")
    plain = {name: value for name, value in given.items() if name != "alerts"}
    for name in plain.keys() & ITS_OWN:
        raise InvalidInput(f"{name} of a monitor is not set but given")
    found = read_fields(Monitor, plain, where="the monitor")
    if rule is None:
        return found
    return found | {"alerts": rule if isinstance(rule, AlertRule) else rule_of(rule)}
