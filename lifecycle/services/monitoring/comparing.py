"""From stored days to judged windows: merge, compare, correct. No rows are read here."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cached_property
from itertools import groupby, islice
from operator import itemgetter
from typing import Any, TypeVar, cast

from lifecycle.domain.alert import NO_ROWS
from lifecycle.domain.measurement import Measurement, State, Window
from lifecycle.domain.model import Stage, Version
from lifecycle.domain.monitor import Grain, Monitor, ReferenceKind
from lifecycle.services import measuring
from lifecycle.services.measuring import ALL_ROWS, Counts, Watch, quality, window_of
from lifecycle.services.measuring.performance import performance_statistics
from lifecycle.services.measuring.watch import SHOWN_FROM, Layout, Volume
from lifecycle.services.monitoring.baseline import Baseline
from lifecycle.services.monitoring.volumes import layouts, volumes
from lifecycle.stats import catalogue
from lifecycle.stats.catalogue import Needs, Statistic
from lifecycle.stats.summaries import NumericProfile, Profile, Tally, merge
from lifecycle.store import log_schemas, logs, models, profiles, tallies
from lifecycle.store.connection import Connection
from lifecycle.store.limits import Learned, by_column

MOST_SILENT = 31
"""Windows without rows that are told in a row: a clock that jumped by years fills no store."""

NO_ANSWERS = "the rows of this window were logged without the model's answers"

GONE = frozenset({Stage.RETIRED, Stage.REJECTED})
"""Stages of versions that are not expected to score any more."""

_Summary = TypeVar("_Summary")


@dataclass(frozen=True, eq=False)
class Basis:
    """What a version's windows are measured with.

    Parameters
    ----------
    baseline
        The reference's profiles by slice and column; they fix bins and columns.
    tallies
        The reference's own outcomes by slice.
    learned
        Limits learned from the reference, by column and statistic.
    sensitive
        The attributes whose groups are compared for fairness.
    target
        What a slice calls the class that is set against the rest.
    shown_from
        Fewest rows of a group that is shown.
    """

    monitor: Monitor
    baseline: Mapping[str, Mapping[str, Profile]]
    tallies: Mapping[str, Tally]
    learned: Mapping[str, Mapping[str, float]] = field(
        default_factory=dict[str, Mapping[str, float]]
    )
    sensitive: tuple[str, ...] | None = None
    target: str = "class"
    shown_from: int = SHOWN_FROM

    @cached_property
    def watch(self) -> Watch:
        """What windows are compared with: the baseline itself."""
        return Watch(
            self.monitor,
            self.baseline,
            self.tallies,
            self.learned,
            self.sensitive,
            self.baseline.get(ALL_ROWS, {}),
            self.target,
            self.shown_from,
            self.tallies.get(ALL_ROWS),
        )


def basis_of(
    monitor: Monitor,
    version: Version,
    *,
    counted: Baseline,
    learned: Sequence[Learned],
    shown_from: int = SHOWN_FROM,
) -> Basis:
    """Put together what a version's windows are measured with."""
    return Basis(
        monitor,
        counted.profiles(segments=monitor.segments),
        counted.tallies,
        by_column(learned),
        version.columns.sensitive,
        version.columns.target,
        max(shown_from, SHOWN_FROM),
    )


@dataclass(frozen=True, slots=True, eq=False)
class Days:
    """Stored summaries by slice (and column), oldest day first."""

    profiles: Mapping[str, Mapping[str, Sequence[tuple[date, Profile]]]]
    tallies: Mapping[str, Sequence[tuple[date, Tally]]]

    def within(self, start: date, end: date) -> "tuple[_Profiles, _Tallies]":
        """Merge the days of a half-open span."""
        of_columns = {
            key: {
                name: total for name, days in columns.items() if (total := _sum(days, start, end))
            }
            for key, columns in self.profiles.items()
        }
        of_slices = {
            key: total for key, days in self.tallies.items() if (total := _sum(days, start, end))
        }
        return {key: columns for key, columns in of_columns.items() if columns}, of_slices


@dataclass(frozen=True, slots=True, eq=False)
class _Look:
    """One window, and what it is compared with."""

    watch: Watch
    counts: Counts

    @property
    def silent(self) -> bool:
        """Whether nothing was counted in it."""
        return not self.counts.profiles.get(ALL_ROWS) and not self.counts.tallies


_Profiles = dict[str, dict[str, Profile]]
_Tallies = dict[str, Tally]


def measured(
    con: Connection, basis: Basis, windows: Iterable[Window], *, until: datetime
) -> tuple[list[Measurement], int]:
    """Measure windows from stored summaries and correct over all of them.

    Parameters
    ----------
    until
        Up to when the log was looked at.

    Returns
    -------
    tuple
        The measurements, oldest window first, and the number of tests corrected for.
    """
    monitor, ordered = basis.monitor, sorted(windows, key=lambda window: window.start)
    if not ordered:
        return [], 0
    spans = [span for w in ordered if (span := monitor.reference.span(w, grain=monitor.grain))]
    start = min([ordered[0].start.date(), *(first for first, _ in spans)])
    end, only = ordered[-1].end.date(), None if len(basis.baseline) > 1 else ALL_ROWS
    days = read(con, monitor.version_id, start=start, end=end, only=only)
    told = volumes(
        logs.days(con, monitor.version_id, until=until),
        ordered,
        grain=monitor.grain,
        until=until if awaited(con, monitor) else None,
    )
    held = layouts(log_schemas.every(con, monitor.version_id), ordered)
    looks = [_look(basis, days, w, volume=told[w], layout=held.get(w)) for w in ordered]
    found = [
        measured
        for _, same in groupby(looks, key=lambda look: id(look.watch))
        for measured in _measured(basis, list(same))
    ]
    return measuring.correct(found, correction=monitor.correction, alpha=monitor.alpha)


def read(
    con: Connection, version_id: str, *, start: date, end: date, only: str | None = None
) -> Days:
    """Read a version's stored summaries of a half-open span of days.

    Parameters
    ----------
    only
        The only slice whose profiles are read, by its key.
    """
    return Days(
        profiles.by_slice(con, version_id, slice=only, start=start, end=end),
        tallies.daily(con, version_id, start=start, end=end),
    )


def touched(
    con: Connection, monitor: Monitor, *, days: Iterable[date], until: datetime
) -> set[Window]:
    """Return the windows begun by then that rows of some days are in, or are compared with."""
    new = sorted(days)
    windows = {window_of(day, grain=monitor.grain) for day in new}
    if monitor.reference.kind is not ReferenceKind.BASELINE:
        for logged in logs.days(con, monitor.version_id, until=until):
            window = window_of(logged.day, grain=monitor.grain)
            span = monitor.reference.span(window, grain=monitor.grain)
            if span and any(span[0] <= day < span[1] for day in new):
                windows.add(window)
    return windows


def awaited(con: Connection, monitor: Monitor) -> bool:
    """Tell whether rows are expected in every window: a schedule says so of what is in use."""
    stage = models.version_by_id(con, monitor.version_id).stage
    return monitor.schedule is not None and stage not in GONE


def expected(con: Connection, monitor: Monitor, *, until: datetime) -> dict[Window, bool]:
    """Return the windows in which there should be rows, and whether there are some.

    Rows are expected between those that there are and, where they are awaited, up to `until`.
    """
    trailing = awaited(con, monitor)
    grain = monitor.grain
    days = logs.days(con, monitor.version_id, until=until)
    logged = {window_of(day.day, grain=grain) for day in days}
    if not logged:
        return {}
    last = max(logged, key=lambda window: window.start)
    windows: dict[Window, bool] = {}
    for start in sorted(logged, key=lambda window: window.start):
        windows[start] = True
        silent = islice(_following(start, grain=grain), 1, MOST_SILENT + 1)
        for window in silent:
            after = window.start > last.start
            if window in logged or (after and (not trailing or window.end > until)):
                break
            windows[window] = False
    return windows


def ended(
    con: Connection, monitor: Monitor, *, since: datetime | None, until: datetime
) -> set[Window]:
    """Return the last window with rows, if it ended since a run and no further rows are awaited."""
    days = logs.days(con, monitor.version_id, until=until)
    if since is None or not days or not awaited(con, monitor):
        return set()
    last = window_of(days[-1].day, grain=monitor.grain)
    return {last} if since < last.end <= until else set()


def _following(window: Window, *, grain: Grain) -> Iterator[Window]:
    while True:
        yield window
        window = window_of(window.end.date(), grain=grain)


def _look(
    basis: Basis, days: Days, window: Window, *, volume: Volume, layout: Layout | None
) -> _Look:
    monitor = basis.monitor
    of_columns, of_slices = days.within(window.start.date(), window.end.date())
    watch = basis.watch
    span = monitor.reference.span(window, grain=monitor.grain)
    if span is not None:
        references, outcomes = days.within(*span)
        references = {k: columns for k, columns in references.items() if k in basis.baseline}
        watch = replace(watch, references=references, tallies=outcomes)
    return _Look(watch, Counts(window, of_columns, of_slices, volume, layout))


def _measured(basis: Basis, looks: Sequence[_Look]) -> Iterator[Measurement]:
    """Measure windows that are compared with the same."""
    watch = looks[0].watch
    seen = [look.counts for look in looks if not look.silent]
    found = iter(measuring.measure(watch, seen))
    for look in looks:
        counts = look.counts
        if look.silent:
            reasons = dict.fromkeys(basis.baseline.get(ALL_ROWS, {}), NO_ROWS)
            yield from _unsaid(basis, counts.window, reasons)
            yield from quality.measure(watch, counts)
            yield from _unanswered(basis, counts.window, reason=NO_ROWS)
        else:
            yield from _unsaid(basis, counts.window, _reasons(basis, look))
            yield from next(found)
            if ALL_ROWS not in counts.tallies:
                yield from _unanswered(basis, counts.window, reason=NO_ANSWERS)


def _reasons(basis: Basis, look: _Look) -> dict[str, str]:
    """Say of columns that one side lacks why nothing can be said."""
    held = look.counts.profiles.get(ALL_ROWS, {})
    compared = look.watch.references.get(ALL_ROWS, {})
    return {
        name: f"no values of {name} were counted in this window"
        if name not in held
        else "there are no rows in the span of the reference"
        for name in basis.baseline.get(ALL_ROWS, {})
        if name not in held or name not in compared
    }


def _unsaid(basis: Basis, window: Window, reasons: Mapping[str, str]) -> Iterator[Measurement]:
    """Say of columns that nothing can be said, and why."""
    monitor = basis.monitor
    for column, reason in reasons.items():
        if column in monitor.service_columns:
            continue
        numeric = isinstance(basis.baseline[ALL_ROWS][column], NumericProfile)
        needs = Needs.NUMERIC if numeric else Needs.CATEGORICAL
        for name in monitor.drift if numeric else monitor.categorical:
            statistic = catalogue.get(name)
            if needs in statistic.needs:
                yield _silent(statistic, window, reason=reason, column=column)


def _unanswered(basis: Basis, window: Window, *, reason: str) -> Iterator[Measurement]:
    """Say of the answers that nothing can be said, and why."""
    tally = basis.tallies.get(ALL_ROWS)
    if tally is not None:
        for statistic in performance_statistics(tally, named=basis.monitor.performance):
            yield _silent(statistic, window, reason=reason)


def _silent(
    statistic: Statistic, window: Window, *, reason: str, column: str | None = None
) -> Measurement:
    return Measurement(
        statistic.name,
        None,
        State.INSUFFICIENT,
        unit=statistic.unit,
        column=column,
        window=window,
        n=0,
        reason=reason,
    )


def _sum(days: Sequence[tuple[date, _Summary]], start: date, end: date) -> _Summary | None:
    """Add up the days of a span; all of them are summaries of one kind."""
    first, last = (bisect_left(days, day, key=itemgetter(0)) for day in (start, end))
    parts: Sequence[Any] = [summary for _, summary in days[first:last]]
    if len(parts) < 2:  # noqa: PLR2004 -- one day is its own sum
        return parts[0] if parts else None
    return cast("_Summary", merge(parts))
