"""What one window is compared with, what was counted in it, and the ways every value is judged."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta

from lifecycle.domain.measurement import OUTCOMES_UNKNOWN, Measurement, State, Window
from lifecycle.domain.monitor import Grain, Monitor
from lifecycle.services.analysis.result import together
from lifecycle.stats.inference import Estimate
from lifecycle.stats.summaries import BinaryTally, Profile, Tally

ALL_ROWS = "{}"
"""The slice of all rows, as its canonical JSON."""

SHOWN_FROM = 5
"""Fewest rows of a group in a window before it is shown, unless the workspace asks for more."""


@dataclass(frozen=True, slots=True, eq=False)
class Watch:
    """What a window of a version is compared with.

    Parameters
    ----------
    references
        The reference's profiles by slice (canonical JSON) and column; the model's answers are
        called score and prediction.
    tallies
        The reference's own outcomes by slice; none when it holds no answers to compare.
    learned
        Limits of drift learned from the reference, by column and statistic.
    sensitive
        The attributes whose groups are compared for fairness; all that are counted when ``None``.
    trained
        The baseline's profiles of all rows by column, whatever `references` are.
    target
        What a slice calls the class that is set against the rest, for a model of several classes.
    shown_from
        A group with fewer rows in a window is not shown, nor is one that would give it away.
    answered
        The baseline's outcomes of all rows, whatever `tallies` are.
    """

    monitor: Monitor
    references: Mapping[str, Mapping[str, Profile]] = field(
        default_factory=dict[str, Mapping[str, Profile]]
    )
    tallies: Mapping[str, Tally] = field(default_factory=dict[str, Tally])
    learned: Mapping[str, Mapping[str, float]] = field(
        default_factory=dict[str, Mapping[str, float]]
    )
    sensitive: tuple[str, ...] | None = None
    trained: Mapping[str, Profile] = field(default_factory=dict[str, Profile])
    target: str = "class"
    shown_from: int = SHOWN_FROM
    answered: Tally | None = None


@dataclass(frozen=True, slots=True)
class Layout:
    """Which columns the files of a window held, by kind of value.

    Parameters
    ----------
    first
        Those of the log's first file.
    held
        Those of the files in the window, one for each time they changed.
    """

    first: Mapping[str, str]
    held: tuple[Mapping[str, str], ...]


@dataclass(frozen=True, slots=True)
class Volume:
    """How many rows a window holds.

    Parameters
    ----------
    rows
        Rows the log lists.
    usual
        The median of the windows before it; ``None`` while there are too few.
    over
        Whether rows are logged up to its last day, or should be by now, so that it can be judged.
    """

    rows: int
    usual: float | None
    over: bool


@dataclass(frozen=True, slots=True, eq=False)
class Counts:
    """What was counted in one window.

    Parameters
    ----------
    profiles
        By slice, as canonical JSON, and column.
    tallies
        By slice; `ALL_ROWS` among them once anything was tallied.
    volume
        Rows as the log lists them; ``None`` where nobody asked the log.
    layout
        Columns as the log lists them; ``None`` where it does not.
    """

    window: Window
    profiles: Mapping[str, Mapping[str, Profile]] = field(
        default_factory=dict[str, Mapping[str, Profile]]
    )
    tallies: Mapping[str, Tally] = field(default_factory=dict[str, Tally])
    volume: Volume | None = None
    layout: Layout | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    """One column of one slice on both sides."""

    slice: Mapping[str, str]
    column: str
    reference: Profile
    current: Profile


def window_of(day: date, *, grain: Grain) -> Window:
    """Return the window a day falls into: the day, its week from Monday, or its month, in UTC."""
    if grain is Grain.MONTH:
        first = day.replace(day=1)
        following = (first + timedelta(days=31)).replace(day=1)
    else:
        first = day if grain is Grain.DAY else day - timedelta(days=day.weekday())
        following = first + timedelta(days=1 if grain is Grain.DAY else 7)
    return Window(*(datetime.combine(d, time.min, tzinfo=UTC) for d in (first, following)))


def pairs(watch: Watch, counts: Counts, *, within: str | None = None) -> Iterator[Pair]:
    """Pair each column's reference with what the window holds, slice by slice.

    Columns about the service have no reference and are left out.

    Parameters
    ----------
    within
        The only slice to pair, such as `ALL_ROWS`; every slice otherwise.
    """
    for key, columns in watch.references.items():
        if within is not None and key != within:
            continue
        held, named = counts.profiles.get(key, {}), slice_of(key)
        for column, reference in columns.items():
            if column in held and column not in watch.monitor.service_columns:
                yield Pair(named, column, reference, held[column])


def slice_of(key: str) -> dict[str, str]:
    """Return the slice that a canonical key writes down."""
    named: dict[str, str] = json.loads(key)
    return named


def enough(estimate: Estimate, *, rows: int, minimum: int) -> Estimate:
    """Keep a value from being judged in a window of too few rows."""
    if rows >= minimum or estimate.value is None:
        return estimate
    reason = f"{rows} rows in the window, at least {minimum} are needed to judge"
    return replace(estimate, insufficient=True, reason=together(reason, estimate.reason))


def softened(measured: Measurement) -> Measurement:
    """Make a breach a warning while its interval still includes the limit."""
    if measured.state is not State.BREACH or measured.interval is None or measured.limit is None:
        return measured
    low, high = measured.interval
    if not low <= measured.limit <= high:
        return measured
    reason = "beyond the limit, but the interval includes it"
    return replace(measured, state=State.WARNING, reason=together(reason, measured.reason))


def matured(tally: Tally) -> float:
    """Return the share of rows whose outcome is known."""
    if tally.rows == 0:
        return 0.0
    known = tally.labelled if isinstance(tally, BinaryTally) else tally.rows - tally.unlabelled
    return known / tally.rows


def if_mature(measured: Measurement, *, tally: Tally, wanted: float) -> Measurement:
    """Keep a value from being judged before enough outcomes are known."""
    return explained(once_known(measured, share=matured(tally), wanted=wanted), tally=tally)


def explained(measured: Measurement, *, tally: Tally) -> Measurement:
    """Add to what cannot be judged that outcomes or decisions are coded as nobody knows."""
    if measured.state is not State.INSUFFICIENT or not isinstance(tally, BinaryTally):
        return measured
    strange = {"outcomes": tally.strange_labels, "decisions": tally.strange_decisions}
    told = [
        f"{n} {what} are coded otherwise than in the reference" for what, n in strange.items() if n
    ]
    return replace(measured, reason=together(*told, measured.reason))


def once_known(measured: Measurement, *, share: float, wanted: float) -> Measurement:
    """Keep a value from being judged while the outcomes of only a share of rows are known."""
    if share >= wanted:
        return measured
    reason = f"{OUTCOMES_UNKNOWN}{share:.0%} of rows known, {wanted:.0%} are needed to judge"
    return replace(measured, state=State.INSUFFICIENT, reason=reason)
