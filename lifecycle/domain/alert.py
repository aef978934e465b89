"""When a series of measurements raises an alert, how grave it is, and when it is over.

A series is one statistic of one column and slice of a version, window after window, against one
reference. Each window puts it at a level; it fires when enough of its newest windows are beyond
the limit, and is over only once it is back on the good side of a clear level of its own.
"""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from enum import IntEnum, StrEnum
from typing import Any

from lifecycle.domain.measurement import State
from lifecycle.errors import InvalidInput

NO_ROWS = "no rows"
"""The reason of a window in which nothing was logged."""


class Level(IntEnum):
    """Where one window puts a series; the order is that of concern."""

    UNJUDGED = 0
    """Too few rows, outcomes still missing, or an error: it changes nothing."""
    CLEAR = 1
    """On the good side of the clear level."""
    HELD = 2
    """Between clear level and limit: what fires goes on, what is quiet stays quiet."""
    WARNING = 3
    """Beyond the limit, and chance alone could give that."""
    BREACH = 4
    """Beyond the limit."""


class Severity(IntEnum):
    """How grave an alert is."""

    WARNING = 1
    CRITICAL = 2

    @property
    def word(self) -> str:
        """What screens and programs call it."""
        return self.name.lower()


class Cause(StrEnum):
    """What kind of series fires."""

    DRIFT = "drift"
    QUALITY = "quality"
    PERFORMANCE = "performance"
    ESTIMATION = "estimation"
    FAIRNESS = "fairness"
    VALUE = "value"
    SERVICE = "service"
    NO_DATA = "no_data"


class Grouping(StrEnum):
    """What shares one alert, and so one message."""

    SERIES = "series"
    """Every series has its own."""
    CAUSE = "cause"
    """Series of one version and cause that went beyond their limits in one window."""
    VERSION = "version"
    """Series of one version that went beyond their limits in one window."""


GRAVEST: Mapping[Cause, Severity] = {
    Cause.DRIFT: Severity.WARNING,
    Cause.QUALITY: Severity.WARNING,
    Cause.PERFORMANCE: Severity.CRITICAL,
    Cause.ESTIMATION: Severity.CRITICAL,
    Cause.FAIRNESS: Severity.CRITICAL,
    Cause.VALUE: Severity.CRITICAL,
    Cause.SERVICE: Severity.CRITICAL,
    Cause.NO_DATA: Severity.WARNING,
}
"""People are called for consequences; drift and quality are diagnosis. House defaults."""

ACKNOWLEDGE_HOURS: Mapping[Severity, float] = {Severity.CRITICAL: 4.0, Severity.WARNING: 72.0}
"""How soon somebody should have taken an alert on; house defaults."""


@dataclass(frozen=True, slots=True)
class AlertRule:
    """How measurements of a version become alerts, and who hears of them.

    Parameters
    ----------
    k, m
        Of the newest `m` judged windows, `k` beyond the limit make a series fire.
    margin
        How far behind the limit the clear level lies, as a share of the way from the limit to
        the best value there is.
    clear
        Clear level by statistic, in its own unit, in the place of the margin.
    on_warning
        Windows beyond the limit that chance alone could give count as well.
    silence
        Newest windows without any row that make an alert of their own; 0 for never.
    gravest
        How grave an alert of a cause may become.
    grouping
        What shares one alert.
    cooldown_hours
        For so long after an alert was over or resolved, the same series firing again belongs
        to it instead of raising another.
    renotify_hours
        How often an alert that nobody took on is sent again; 0 for never.
    acknowledge_hours
        How soon it should be taken on, by severity; then it is escalated.
    escalate_to
        Channels that hear of it then.
    channels
        Channels that hear of it at once; of either, all active ones when none named is active.
    """

    k: int = 2
    m: int = 3
    margin: float = 0.1
    clear: Mapping[str, float] = field(default_factory=dict[str, float])
    on_warning: bool = False
    silence: int = 2
    gravest: Mapping[Cause, Severity] = field(default_factory=lambda: dict(GRAVEST))
    grouping: Grouping = Grouping.CAUSE
    cooldown_hours: float = 24.0
    renotify_hours: float = 24.0
    acknowledge_hours: Mapping[Severity, float] = field(
        default_factory=lambda: dict(ACKNOWLEDGE_HOURS)
    )
    escalate_to: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    owner: str = ""
    runbook: str = ""

    @property
    def named(self) -> frozenset[str]:
        """The channels it names."""
        return frozenset((*self.channels, *self.escalate_to))

    def severity(self, cause: Cause, fired: Severity) -> Severity:
        """Return how grave a firing series of a cause is."""
        return min(fired, self.gravest.get(cause, GRAVEST[cause]))

    def settings(self) -> dict[str, Any]:
        """Write the rule as JSON values; `rule_of` reads them."""
        return asdict(self) | {
            "gravest": {str(c): s.word for c, s in self.gravest.items()},
            "acknowledge_hours": {s.word: h for s, h in self.acknowledge_hours.items()},
            "grouping": str(self.grouping),
            "clear": dict(self.clear),
            "channels": list(self.channels),
            "escalate_to": list(self.escalate_to),
        }


def rule_of(settings: Mapping[str, Any]) -> AlertRule:
    """Read a rule from JSON values; what is not named keeps its default.

    Raises
    ------
    InvalidInput
        A setting is unknown or cannot be used; the sentence names it.
    """
    known = {f.name for f in fields(AlertRule)}
    for name in settings:
        if name not in known:
            raise InvalidInput(f"an alert rule has no setting {name!r}; known: {sorted(known)}")
    given = dict(settings)
    try:
        for name in {"channels", "escalate_to"} & given.keys():
            given[name] = tuple(str(channel) for channel in given[name])
        if "gravest" in given:
            named = {Cause(c): severity_of(s) for c, s in given["gravest"].items()}
            given["gravest"] = {**GRAVEST, **named}
        if "acknowledge_hours" in given:
            hours = {severity_of(s): float(h) for s, h in given["acknowledge_hours"].items()}
            given["acknowledge_hours"] = {**ACKNOWLEDGE_HOURS, **hours}
        if "grouping" in given:
            given["grouping"] = Grouping(given["grouping"])
        if "clear" in given:
            given["clear"] = {str(name): float(level) for name, level in given["clear"].items()}
        rule = AlertRule(**given)
        _check(rule)
    except (AttributeError, TypeError, ValueError) as error:
        raise InvalidInput(f"the alert rule cannot be read: {error}") from error
    return rule


def severity_of(word: object) -> Severity:
    """Read a severity by its word.

    Raises
    ------
    InvalidInput
        It is neither ``warning`` nor ``critical``.
    """
    found = {s.word: s for s in Severity}.get(str(word))
    if found is None:
        raise InvalidInput(f"a severity is warning or critical, not {word!r}")
    return found


def _check(rule: AlertRule) -> None:
    _check_persistence(rule.k, rule.m)
    if not 0 <= rule.margin < 1:
        raise InvalidInput(f"the margin must be at least 0 and below 1, not {rule.margin}")
    if rule.silence < 0:
        raise InvalidInput(f"silence counts windows, so it cannot be {rule.silence}")
    hours = (rule.cooldown_hours, rule.renotify_hours, *rule.acknowledge_hours.values())
    if not all(0 <= h < float("inf") for h in hours):
        raise InvalidInput("hours of an alert rule must be finite and at least 0")


def _check_persistence(k: int, m: int) -> None:
    if not 1 <= k <= m:
        raise InvalidInput(f"an alert needs k of m windows with 1 <= k <= m, not {k} of {m}")


def clear_level(limit: float, *, best: float | None, margin: float) -> float | None:
    """Return the level behind which a series counts as recovered, in the statistic's unit.

    Parameters
    ----------
    best
        The best value there is: 0 for a distance or an error, 1 for a share; ``None`` when there
        is none, and then the limit itself is the clear level.
    margin
        Share of the way from the limit to the best value.
    """
    return None if best is None else limit + margin * (best - limit)


def level_of(
    state: State,
    value: float | None,
    *,
    limit: float | None,
    clear: float | None = None,
    on_warning: bool = True,
) -> Level:
    """Say where one judged window puts its series.

    Parameters
    ----------
    clear
        The clear level; it lies on the good side of the limit, which tells what good is.
    on_warning
        Whether a window beyond the limit that chance could give counts as one.
    """
    if state is State.BREACH:
        return Level.BREACH
    if state is State.WARNING:
        return Level.WARNING if on_warning else Level.HELD
    if state is not State.OK:
        return Level.UNJUDGED
    if value is None or limit is None or clear is None:
        return Level.CLEAR
    recovered = value <= clear if clear <= limit else value >= clear
    return Level.CLEAR if recovered else Level.HELD


def firing(
    levels: Sequence[Level], *, k: int, m: int, held: Severity | None = None
) -> list[Severity | None]:
    """Say after each window how grave a firing series is; ``None`` while it is quiet.

    A series fires critically when `k` of its newest `m` judged windows are in breach, and as a
    warning when `k` of them are beyond the limit at all. While it fires it does not become milder;
    it is over with a clear window after which fewer than `k` of `m` are beyond.

    Parameters
    ----------
    levels
        Oldest window first.
    held
        How it fired before the first of these windows.

    Raises
    ------
    InvalidInput
        Not ``1 <= k <= m``.
    """
    _check_persistence(k, m)
    newest: deque[Level] = deque(maxlen=m)
    now, after = held, list[Severity | None]()
    for level in levels:
        if level is not Level.UNJUDGED:
            newest.append(level)
            raised = _raised(newest, k=k)
            if raised is not None:
                now = raised if now is None else max(now, raised)
            elif level is Level.CLEAR:
                now = None
        after.append(now)
    return after


def _raised(newest: Sequence[Level] | deque[Level], *, k: int) -> Severity | None:
    if sum(level is Level.BREACH for level in newest) >= k:
        return Severity.CRITICAL
    if sum(level >= Level.WARNING for level in newest) >= k:
        return Severity.WARNING
    return None


def openings(after: Sequence[Severity | None], *, held: Severity | None = None) -> list[int]:
    """Return the positions of the windows in which a quiet series began to fire."""
    before = [held, *after]
    return [i for i, now in enumerate(after) if now is not None and before[i] is None]


def beginning(levels: Sequence[Level], opening: int) -> int:
    """Return the position of the first window of the run beyond the limit up to an opening."""
    first = opening
    for at in range(opening - 1, -1, -1):
        if levels[at] is Level.UNJUDGED:
            continue
        if levels[at] < Level.WARNING:
            break
        first = at
    return first


def silence(present: Sequence[bool]) -> int:
    """Count the newest windows without any row, given for each window whether it had some."""
    for quiet, had_rows in enumerate(reversed(present)):
        if had_rows:
            return quiet
    return len(present)
