"""How a number is said: with unit, interval, sample size and window, in words people use."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from math import floor, inf, log10

from lifecycle.domain.dataset import Dataset, Snapshot
from lifecycle.domain.measurement import Measurement, State, Window
from lifecycle.domain.monitor import LimitRule, Monitor, ReferenceKind

UNITS = {
    "1": "",
    "sd": "reference standard deviations",
    "column": "in the column's unit",
    "outcome": "in the outcome's unit",
    "share": "share of rows",
}
"""What the catalogue's unit names mean on a screen."""

DIGITS = 3
"""Significant digits of a number in a sentence; tables and exports carry all of them."""
THOUSANDS = 1_000
"""From here on digits are set apart by thousands, and parts of one are left out."""


def number(value: float | None) -> str:
    """Round to three significant digits, a whole number not at all; say so when there is none."""
    if value is None:
        return "no value"
    if abs(value) >= THOUSANDS or float(value).is_integer():
        return f"{value:,.0f}"
    places = max(DIGITS - 1 - floor(log10(abs(value))), 0)
    if places > DIGITS * 2:
        return f"{value:.1e}"
    return f"{value:.{places}f}"


def count(n: int) -> str:
    """Write a count with thousands separated."""
    return f"{n:,}"


def counted(n: int, noun: str, plural: str | None = None) -> str:
    """Write a count with its noun: ``1 column``, ``3 columns``."""
    return f"{n:,} {noun if n == 1 else plural or noun + 's'}"


def percent(share: float) -> str:
    """Write a share as a percentage."""
    return f"{share * 100:.3g} %"


def interval(bounds: tuple[float, float] | None) -> str:
    """Write an interval in brackets, or nothing."""
    if bounds is None:
        return ""
    low, high = (number(bound) for bound in bounds)
    return f"({low} to {high})" if bounds[0] < 0 else f"({low}\N{EN DASH}{high})"


def day(at: datetime | date) -> str:
    """Write a date: ``18 Nov 2026``."""
    return f"{at.day} {at:%b %Y}"


def moment(at: datetime) -> str:
    """Write a time in UTC and say so."""
    return f"{day(at.astimezone(UTC))} {at.astimezone(UTC):%H:%M} UTC"


def span(window: Window) -> str:
    """Write a window by its length and its last day: ``7 days to 18 Nov 2026``."""
    length = window.end - window.start
    if length < timedelta(days=1) or length % timedelta(days=1):
        return f"{moment(window.start)} to {moment(window.end)}"
    last = window.end - timedelta(days=1)
    return day(last) if length.days == 1 else f"{length.days} days to {day(last)}"


def within(window: Window, *, at: datetime | None = None) -> str:
    """Say when something was so: ``in the 7 days to 18 Nov 2026``.

    Parameters
    ----------
    at
        The time from which it is said: a window that ends later is not over.
    """
    said = span(window)
    by_day, by_time = day(window.start), moment(window.start)
    word = "on" if said == by_day else "from" if said.startswith(by_time) else "in the"
    told = f"{word} {said}"
    return told if at is None or window.end <= at else f"{told} (not over yet)"


def unit(name: str) -> str:
    """Say what a unit of the catalogue means; nothing for a plain number."""
    return UNITS.get(name, name)


def group(slice_: Mapping[str, str]) -> str:
    """Name the rows a measurement is about: ``sex Female, age 25-39``."""
    return ", ".join(f"{key} {value}" for key, value in slice_.items()) or "all rows"


def measured(m: Measurement) -> str:
    """Write a measurement as one phrase with everything needed to believe it."""
    said = number(m.value) if m.value is not None else f"no value: {m.reason or 'no reason given'}"
    parts = [" ".join(part for part in (said, unit(m.unit), interval(m.interval)) if part)]
    if m.n is not None:
        parts.append(f"n {count(m.n)}")
    if m.n_reference is not None:
        parts.append(f"reference n {count(m.n_reference)}")
    if m.window is not None:
        parts.append(span(m.window))
    return ", ".join(parts)


CORRECTIONS = {"bh": "Benjamini-Hochberg", "bonferroni": "Bonferroni", "none": "nothing"}


def reference(dataset: Dataset, snapshot: Snapshot) -> str:
    """Say what a version is compared with."""
    when = ""
    if snapshot.start is not None and snapshot.end is not None:
        when = f" from {day(snapshot.start)} to {day(snapshot.end)}"
    rows = counted(snapshot.rows, "row")
    return f"Compared with {dataset.name}{when}: {rows}, snapshot `{snapshot.id}`."


def comparison(monitor: Monitor) -> str:
    """Say what each window is compared with, where that is not the version's reference."""
    kind, series = monitor.reference.kind, ""
    if monitor.series > 1:
        why = f": {monitor.reason}" if monitor.reason else ""
        series = f" Series {monitor.series} since {day(monitor.created_at)}{why}."
    if kind is ReferenceKind.ROLLING:
        length, gap = monitor.reference.days, monitor.reference.gap
        return (
            f"Compared with the {counted(length, 'day')} that end {counted(gap, 'day')} before "
            f"each {monitor.grain}, counted on the reference's bins.{series}"
        )
    if kind is ReferenceKind.SEASON:
        return (
            f"Compared with the same {monitor.grain} a year before, counted on the reference's "
            f"bins.{series}"
        )
    return series.strip()


LIMITS = {
    LimitRule.HOUSE: "limits are the house's",
    LimitRule.FIXED: "only limits set by hand judge",
    LimitRule.LEARNED: "limits are learned from the reference against itself",
}


def testing(monitor: Monitor, *, tests: int) -> str:
    """Say how many tests were made together, and how they are kept from crying wolf."""
    by = CORRECTIONS.get(monitor.correction, monitor.correction)
    return (
        f"{counted(tests, 'test')} of columns, slices and windows, corrected together by {by} at "
        f"{monitor.alpha:g}; the effect size decides, not the p-value, and "
        f"{LIMITS[monitor.rule]}. "
        f"A {monitor.grain} of fewer than {counted(monitor.minimum, 'row')} is not judged."
    )


def times_limit(m: Measurement) -> float | None:
    """Return value by limit: infinite beyond a limit of 0, nothing without a value or a limit."""
    if m.value is None or m.limit is None:
        return None
    if m.limit == 0:
        return inf if m.value else 0.0
    return m.value / m.limit


def against(m: Measurement) -> str:
    """Say how a value stands to its limit: ``3.2 times its limit of 0.1``."""
    if m.value is None or m.limit is None:
        return ""
    if m.limit > 0 and m.value > m.limit:
        return f"{m.value / m.limit:.1f} times its limit of {number(m.limit)}"
    return f"limit {number(m.limit)}"


def state(value: State | str) -> str:
    """Write a state as the screens do."""
    words = {State.INSUFFICIENT: "insufficient data", State.NOT_APPLICABLE: "not applicable"}
    return words.get(State(value), str(State(value)))
