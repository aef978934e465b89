"""What to expect of a monitor before it is switched on: alerts it would have raised, false alarms.

Only stored summaries are read: the days counted from the log and the reference beside them.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from scipy.special import bdtrc

from lifecycle.domain.actor import Actor, Permission
from lifecycle.domain.alert import Cause
from lifecycle.domain.measurement import Measurement, State, Window
from lifecycle.domain.monitor import LimitRule, Monitor, ReferenceKind
from lifecycle.errors import InsufficientData, InvalidInput
from lifecycle.services.access.places import require_for
from lifecycle.services.alerting import foreseeing
from lifecycle.services.measuring import ALL_ROWS
from lifecycle.services.monitoring import baseline, comparing, learning, remembered
from lifecycle.services.monitoring.baseline import Baseline
from lifecycle.services.monitoring.comparing import basis_of
from lifecycle.services.monitoring.definition import next_settings, proposed
from lifecycle.stats import counting
from lifecycle.stats.drift.null import DAYS_OF_A_MONTH, false_alarms_per_month
from lifecycle.stats.summaries import NumericProfile, Profile
from lifecycle.store import logs, models, monitors
from lifecycle.store.alerts import Judged
from lifecycle.store.cells import slice_key
from lifecycle.store.connection import Connection

DAYS_DRAWN = 364
MOST_DRAWN = 2_000
"""Days drawn where a reference has no times, and rows of such a day at most."""


ALIKE = 1.5
"""How many times as many rows a day the log may hold for its windows to stray alike."""


@dataclass(frozen=True, slots=True)
class Episode:
    """An alert that would have been raised.

    Parameters
    ----------
    since
        The window in which it would have begun.
    series
        What would have fired together: statistic, column and slice.
    """

    since: Window
    cause: Cause
    severity: str
    series: tuple[tuple[str, str | None, str], ...]

    @property
    def told(self) -> str:
        """Name the series as people read them."""
        return ", ".join(_named(*one) for one in self.series)


def _named(statistic: str, column: str | None, key: str) -> str:
    about = f"{statistic} of {column}" if column else statistic
    within = ", ".join(f"{name} {value}" for name, value in json.loads(key).items())
    return f"{about} ({within})" if within else about


@dataclass(frozen=True, slots=True)
class Preview:
    """What to expect of a monitor.

    Parameters
    ----------
    start, end
        The time that was gone through.
    windows, series
        Judged windows, and judged series in them.
    tests
        p-values corrected together.
    episodes
        The alerts it would have raised, oldest first.
    false_alarms
        Alerts of drift a month to expect although nothing changes; ``None`` where that cannot
        be said.
    basis
        What that number stands on, in a sentence.
    reasons
        What was left out or assumed.
    """

    monitor: Monitor
    start: datetime
    end: datetime
    windows: int
    series: int
    tests: int
    episodes: tuple[Episode, ...]
    false_alarms: float | None
    basis: str
    reasons: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """Say both in one sentence."""
        days, fired = (self.end - self.start).days, len(self.episodes)
        times = "once" if fired == 1 else f"{fired} times"
        past = "It would not have fired" if fired == 0 else f"It would have fired {times}"
        if self.false_alarms is None:
            return f"{past} in {days} days; how many false alarms to expect is not known."
        return f"{past} in {days} days; {self.false_alarms:.2g} false alarms a month to expect."


def preview(
    con: Connection,
    model_id: str,
    version: str,
    *,
    reason: str = "a preview",
    by: Actor,
    at: datetime,
    **settings: Any,
) -> Preview:
    """Go through a version's stored history as a monitor would have, without keeping anything.

    Parameters
    ----------
    settings
        What to change of the version's monitor, or of a monitor's defaults where it has none.

    Raises
    ------
    InsufficientData
        Nothing of the version was counted yet.
    InvalidInput
        A setting cannot be used, or asks for bins or slices that were not counted.
    NotAllowed
        The actor may not run monitors.
    """
    require_for(con, model_id, Permission.MONITOR, by=by)
    known = models.version(con, model_id, version)
    before = monitors.current(con, known.id)
    monitor = proposed(
        con, model_id, version, given=next_settings(before, settings), reason=reason, by=by, at=at
    )
    counted = baseline.kept(con, known.id)
    days = [day.day for day in logs.days(con, known.id, until=at)]
    if counted is None or not days:
        raise InsufficientData(
            f"nothing of {known.id} was counted yet; define its monitor, switched off, and "
            f"`lifecycle monitor run {model_id} --version {version}` counts its log once"
        )
    if before is not None and monitor.bins != before.bins:
        raise InvalidInput("other bins count every day anew; define them, run and then look")
    learned, reasons = [], []
    if monitor.rule is LimitRule.LEARNED:
        learned, reasons = learning.limits(monitor, counted)
    basis = basis_of(monitor, known, counted=counted, learned=learned)
    there = comparing.expected(con, monitor, until=at)
    rows = sorted(
        ((window, held) for window, held in there.items() if window.end <= at),
        key=lambda one: one[0].start,
    )
    over = [window for window, _ in rows]
    measured, tests = comparing.measured(con, basis, over, until=at)
    task = models.get(con, model_id).task
    known_already, told = remembered.from_runs(con, monitor, before=before, task=task)
    judged = _series([*measured, *(m for m in known_already if m.window in there)])
    false_alarms, stands_on = _false_alarms(monitor, counted, measured)
    return Preview(
        monitor=monitor,
        start=min((w.start for w in over), default=at),
        end=max((w.end for w in over), default=at),
        windows=len(over),
        series=len(judged),
        tests=tests,
        episodes=_episodes(monitor, judged, rows=rows, by=by),
        false_alarms=false_alarms,
        basis=stands_on,
        reasons=(*reasons, *told),
    )


def _series(measured: Iterable[Measurement]) -> list[list[Judged]]:
    """Sort what was judged against a limit into series, oldest window first."""
    found: dict[tuple[str, str | None, str], list[Judged]] = {}
    for m in measured:
        if m.limit is None or m.window is None:
            continue
        if m.state in {State.OK, State.WARNING, State.BREACH}:
            key = (m.statistic, m.column, slice_key(m.slice))
            one = Judged(*key, m.state, m.value, m.limit, m.unit, m.n, m.window)
            found.setdefault(key, []).append(one)
    return list(found.values())


def _episodes(
    monitor: Monitor,
    judged: Sequence[Sequence[Judged]],
    *,
    rows: Sequence[tuple[Window, bool]],
    by: Actor,
) -> tuple[Episode, ...]:
    """Return the alerts that would have been raised, by the monitor's own rule."""
    found = foreseeing.raised(monitor.version_id, judged, rows, rule=monitor.alerts, by=by)
    return tuple(
        Episode(
            since=alert.window,
            cause=alert.cause,
            severity=alert.severity.word,
            series=tuple(signal.key for signal in alert.signals),
        )
        for alert in found
    )


def _false_alarms(
    monitor: Monitor, counted: Baseline, measured: Sequence[Measurement]
) -> tuple[float | None, str]:
    """Expect false alarms of drift from what each column shows while nothing changes.

    The statistics of one column move together, so the one that cries most counts for all.
    """
    if monitor.reference.kind is not ReferenceKind.BASELINE:
        return (
            None,
            "A reference of logged days moves with them, so there is nothing to hold still.",
        )
    limits, width = _limits(measured), learning.WIDTHS[monitor.grain]
    columns = learning.compared(monitor, counted)
    if counted.dated:
        steps = {name: learning.steps_of(days) for name, days in columns.items()}
        starts, unsaid = _starts(monitor, steps, limits)
        if starts:
            left = f"; {unsaid} series could not be reckoned" if unsaid else ""
            expected = false_alarms_per_month(starts, days=width)
            return expected, f"{_against_itself(counted, measured)}{left}."
    whole = counted.profiles()[ALL_ROWS]
    drawn = {name: _drawn(whole[name], measured, name) for name in columns}
    starts, _ = _starts(monitor, drawn, limits)
    if not starts:
        return None, "Nothing is known of how far these columns stray while nothing changes."
    chance = float(bdtrc(monitor.alerts.k - 1, monitor.alerts.m, monitor.alpha))
    bound = chance * DAYS_OF_A_MONTH / width
    why = "says too little about time" if counted.dated else "has no times"
    expected = min(false_alarms_per_month(starts, days=width), bound)
    return expected, f"From chance alone, because the reference {why}: rows drawn from it."


def _starts(
    monitor: Monitor,
    steps: Mapping[str, Sequence[Profile | None]],
    limits: Mapping[tuple[str, str], float],
) -> tuple[list[float], int]:
    """Return for each column the share of windows in which it begins to cry, and what is unsaid."""
    starts: list[float] = []
    unsaid = 0
    for column, days in steps.items():
        shares: list[float] = []
        for statistic in learning.judged(monitor, next(day for day in days if day is not None)):
            limit = limits.get((column, statistic.name))
            if limit is None:
                continue
            try:
                null = learning.null_of(monitor, days, column=column, statistic=statistic)
            except (InsufficientData, InvalidInput):
                unsaid += 1
                continue
            shares.append(null.starts(limit, k=monitor.alerts.k))
        starts += [max(shares)] if shares else []
    return starts, unsaid


def _against_itself(counted: Baseline, measured: Sequence[Measurement]) -> str:
    """Say what stands against what; windows of fewer rows stray further by chance alone."""
    days = max(len(days) for days in counted.days.values())
    said = f"From the reference's {days} days against themselves"
    whole = counted.profiles()[ALL_ROWS]
    before = max(profile.rows for profile in whole.values()) / days
    held = {m.window: m.n for m in measured if m.window and m.n and m.n_reference and not m.slice}
    lengths = [(window.end - window.start) / timedelta(days=1) for window in held]
    now = sum(held.values()) / max(sum(lengths), 1.0)
    if now > ALIKE * before:
        said += f"; they hold {before:.0f} rows a day and the log {now:.0f}, so it will be fewer"
    return said


def _limits(measured: Iterable[Measurement]) -> dict[tuple[str, str], float]:
    """Return from where on each series cries: its limit, or above what chance was told to give."""
    found: dict[tuple[str, str], float] = {}
    for m in measured:
        if m.column is None or m.slice or m.limit is None or m.value is None:
            continue
        excused = m.value if m.state is State.WARNING else m.limit
        key = (m.column, m.statistic)
        found[key] = max(found.get(key, m.limit), excused)
    return found


def _drawn(whole: Profile, measured: Sequence[Measurement], column: str) -> list[Profile | None]:
    """Draw days from a reference whatever its times, as many rows a day as were logged."""
    held = {
        m.window: m.n for m in measured if m.column == column and not m.slice and m.n and m.window
    }
    lengths = [(window.end - window.start) / timedelta(days=1) for window in held]
    rows = sum(held.values()) / max(sum(lengths), 1.0)
    n = int(min(max(rows, 1), MOST_DRAWN))
    rng = np.random.default_rng(n)
    if isinstance(whole, NumericProfile):
        shares = whole.counts / max(whole.n, 1)
        means = whole.sums / np.maximum(whole.counts, 1)
        drawn = rng.choice(means, size=(DAYS_DRAWN, n), p=shares)
        return [counting.numeric_profile(day, edges=whole.edges) for day in drawn]
    counts = np.append(whole.counts, whole.other)
    codes = rng.choice(len(counts), size=(DAYS_DRAWN, n), p=counts / max(counts.sum(), 1))
    return [counting.category_profile(day, categories=whole.categories) for day in codes]
