"""Which slices brought a column's movement in a window, from stored summaries alone."""

from collections.abc import Sequence
from datetime import date, timedelta

from lifecycle.domain.measurement import Window
from lifecycle.domain.monitor import Monitor
from lifecycle.services.measuring.watch import ALL_ROWS, slice_of
from lifecycle.services.monitoring import baseline
from lifecycle.stats.drift.slices import MINIMUM, Contribution, contributions
from lifecycle.stats.summaries import CategoryProfile, NumericProfile, Profile, merge
from lifecycle.store import profiles
from lifecycle.store.connection import Connection

__all__ = ["MINIMUM", "of_window"]

Days = Sequence[tuple[date, Profile]]


def of_window(
    con: Connection, monitor: Monitor, *, column: str, window: Window
) -> list[Contribution]:
    """Rank the slices of a window by their share in a column's movement.

    Returns
    -------
    list of Contribution
        The largest share first; empty where the window or its reference was not counted by slice.
    """
    span = monitor.reference.span(window, grain=monitor.grain)
    days = (
        window.start.date(),
        (window.end - timedelta(microseconds=1)).date() + timedelta(days=1),
    )
    now = _counted(con, monitor.version_id, column=column, span=days)
    if span is None:
        key = baseline.key_of(monitor.version_id)
        before = _counted(con, key, column=column, span=(None, None))
    else:
        before = _counted(con, monitor.version_id, column=column, span=span)
    if ALL_ROWS not in now or ALL_ROWS not in before:
        return []
    whole = (before.pop(ALL_ROWS), now.pop(ALL_ROWS))
    parts = [(slice_of(key), before[key], profile) for key, profile in now.items() if key in before]
    return contributions(whole, parts)


def _counted(
    con: Connection, version_id: str, *, column: str, span: tuple[date | None, date | None]
) -> dict[str, Profile]:
    """Merge the days of a half-open span, by slice."""
    start, end = span
    found = profiles.by_slice(con, version_id, column=column, start=start, end=end)
    return {key: _total(columns[column]) for key, columns in found.items() if column in columns}


def _total(days: Days) -> Profile:
    """Add up days of one column, which are of one kind."""
    numeric = [profile for _, profile in days if isinstance(profile, NumericProfile)]
    if numeric:
        return merge(numeric)
    return merge([profile for _, profile in days if isinstance(profile, CategoryProfile)])
