"""Which series of a version fire now, judged from their newest windows."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TypeAlias

from lifecycle.domain.alert import (
    AlertRule,
    Cause,
    Level,
    Severity,
    beginning,
    clear_level,
    firing,
    level_of,
    openings,
    silence,
)
from lifecycle.domain.measurement import Window
from lifecycle.domain.raised_alert import Signal, excess
from lifecycle.errors import InvalidInput
from lifecycle.stats import catalogue
from lifecycle.stats.catalogue import Family
from lifecycle.store import alerts
from lifecycle.store.alerts import Judged
from lifecycle.store.connection import Connection

Key: TypeAlias = tuple[str, str | None, str]
"""Statistic, column and slice: a series within a version's series."""

DEPTH = 26
"""Judged windows looked back on: half a year of weeks. What fires longer is known as an alert."""

ROWS = "rows"
"""What the series of an alert about missing rows is called."""

ALL_ROWS = "{}"

CAUSES = {
    Family.DRIFT: Cause.DRIFT,
    Family.MULTIVARIATE: Cause.DRIFT,
    Family.ANSWERS: Cause.DRIFT,
    Family.EXPLANATION: Cause.DRIFT,
    Family.ATTRIBUTION: Cause.QUALITY,
    Family.PERFORMANCE: Cause.PERFORMANCE,
    Family.FAIRNESS: Cause.FAIRNESS,
    Family.QUALITY: Cause.QUALITY,
    Family.ESTIMATION: Cause.ESTIMATION,
    Family.VALUE: Cause.VALUE,
    Family.SERVICE: Cause.SERVICE,
    Family.VALIDATION: Cause.PERFORMANCE,
}
"""What a family's alerts are about: any kind of drift is diagnosis."""


def firing_now(
    con: Connection,
    version_id: str,
    *,
    series: str,
    rule: AlertRule,
    held: Mapping[Key, Signal],
    until: datetime | None = None,
) -> dict[Key, Signal]:
    """Return the series of a version that fire, as signals.

    Parameters
    ----------
    held
        Those that fired when this was last asked.
    until
        Leave out windows that end later.
    """
    depth = depth_of(rule)
    judged = alerts.newest_windows(con, version_id, series=series, depth=depth, until=until)
    rows = alerts.rows_in_windows(con, version_id, series=series, depth=depth, until=until)
    return firing_among(judged, rows, rule=rule, held=held)


def depth_of(rule: AlertRule) -> int:
    """Return how many windows of each series are looked back on."""
    return max(DEPTH, rule.m, rule.silence)


def firing_among(
    judged: Iterable[Sequence[Judged]],
    rows: Sequence[tuple[Window, bool]],
    *,
    rule: AlertRule,
    held: Mapping[Key, Signal],
) -> dict[Key, Signal]:
    """Return which series fire by their newest windows, each oldest first.

    Where windows without rows make an alert of their own, no other series counts them: that they
    hold fewer rows than usual is the same thing.

    Parameters
    ----------
    rows
        The newest windows, and whether each held any row.
    held
        Those that fired when this was last asked.
    """
    silent = {window for window, present in rows if not present} if rule.silence else set[Window]()
    found = [
        signal
        for windows in judged
        if (heard := [w for w in windows if w.window not in silent])
        and (signal := _signal(heard, rule=rule, held=held)) is not None
    ]
    quiet = _silent(rows, rule=rule) if rule.silence else None
    return {signal.key: signal for signal in (*found, *([quiet] if quiet else []))}


def cause_of(statistic: str) -> Cause:
    """Say what kind of series a statistic makes."""
    if statistic == ROWS:
        return Cause.NO_DATA
    try:
        return CAUSES[catalogue.get(statistic).family]
    except InvalidInput:  # no longer in the catalogue; its old alerts are still shown
        return Cause.QUALITY


def levels(windows: Iterable[Judged], *, rule: AlertRule) -> list[Level]:
    """Return the level of each window of one series."""
    return [
        level_of(
            window.state,
            window.value,
            limit=window.limit,
            clear=_clear(window, rule=rule),
            on_warning=rule.on_warning,
        )
        for window in windows
    ]


def _clear(window: Judged, *, rule: AlertRule) -> float | None:
    if window.statistic in rule.clear:
        return rule.clear[window.statistic]
    return clear_level(window.limit, best=_best(window), margin=rule.margin)


def _best(window: Judged) -> float | None:
    """Return the best value there is; shares and the like are at best 1."""
    try:
        better = catalogue.get(window.statistic).better
    except InvalidInput:
        return None
    if better == "lower":
        return 0.0
    return 1.0 if better == "higher" and window.unit == "1" and window.limit <= 1 else None


def _signal(
    windows: Sequence[Judged], *, rule: AlertRule, held: Mapping[Key, Signal]
) -> Signal | None:
    last = windows[-1]
    before = held.get((last.statistic, last.column, last.slice))
    known = None if before is None else before.severity
    at_level = levels(windows, rule=rule)
    after = firing(at_level, k=rule.k, m=rule.m, held=known)
    now = after[-1]
    if now is None:
        return None
    opened = openings(after, held=known)
    start = beginning(at_level, opened[-1]) if opened else 0
    since = windows[start].window if before is None else before.since
    beyond = [
        window.value
        for window, level in zip(windows, at_level, strict=True)
        if level >= Level.WARNING and window.window.end >= since.end
    ]
    if before is not None:
        beyond.append(before.worst)
    cause = cause_of(last.statistic)
    return Signal(
        cause=cause,
        statistic=last.statistic,
        column=last.column,
        slice=last.slice,
        severity=rule.severity(cause, now),
        since=since,
        last=last.window,
        value=last.value,
        worst=max(beyond, key=lambda value: excess(value, last.limit), default=last.value),
        limit=last.limit,
        unit=last.unit,
        n=last.n,
    )


def _silent(windows: Sequence[tuple[Window, bool]], *, rule: AlertRule) -> Signal | None:
    """Make a signal of windows in which nothing was logged."""
    quiet = silence([present for _, present in windows])
    if quiet < rule.silence:
        return None
    return Signal(
        cause=Cause.NO_DATA,
        statistic=ROWS,
        column=None,
        slice=ALL_ROWS,
        severity=rule.severity(Cause.NO_DATA, Severity.CRITICAL),
        since=windows[-quiet][0],
        last=windows[-1][0],
        value=float(quiet),
        worst=float(quiet),
        limit=float(rule.silence),
        unit="windows without rows",
        n=0,
    )
