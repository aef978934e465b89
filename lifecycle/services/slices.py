"""What a window is compared with, slice by slice, and which slices brought a column's movement."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from functools import partial

from lifecycle.domain.measurement import Window
from lifecycle.domain.monitor import Monitor
from lifecycle.services.measuring.watch import ALL_ROWS, SHOWN_FROM, slice_of
from lifecycle.services.monitoring import baseline
from lifecycle.stats.drift.slices import MINIMUM, Contribution, contributions
from lifecycle.stats.fairness.suppression import suppressed
from lifecycle.stats.summaries import CategoryProfile, NumericProfile, Profile, merge
from lifecycle.store import profiles
from lifecycle.store.connection import Connection

__all__ = ["MINIMUM", "of_window", "sides", "too_small"]

Days = Sequence[tuple[date, Profile]]
Sides = dict[str, dict[str, tuple[Profile, Profile]]]


def of_window(
    con: Connection, monitor: Monitor, *, column: str, window: Window
) -> list[Contribution]:
    """Rank the slices of a window by their share in a column's movement.

    Returns
    -------
    list of Contribution
        The largest share first; empty where the window or its reference was not counted by slice.
    """
    found = sides(con, monitor, window=window, column=column)
    if ALL_ROWS not in found:
        return []
    whole = found.pop(ALL_ROWS)[column]
    return contributions(whole, [(slice_of(key), *of[column]) for key, of in found.items()])


def sides(
    con: Connection,
    monitor: Monitor,
    *,
    window: Window,
    column: str | None = None,
    within: str | None = None,
) -> Sides:
    """Return what a window is compared with and what it holds, by slice and column.

    Parameters
    ----------
    column, within
        The only column, and the key of the only slice, to read; all of them unless given.
    """
    span = monitor.reference.span(window, grain=monitor.grain)
    until = (window.end - timedelta(microseconds=1)).date() + timedelta(days=1)
    of = monitor.version_id
    read = partial(profiles.by_slice, con, column=column, slice=within)
    now = read(of, start=window.start.date(), end=until)
    before = read(baseline.key_of(of)) if span is None else read(of, start=span[0], end=span[1])
    both = {
        key: {
            name: (_total(before[key][name]), _total(days))
            for name, days in columns.items()
            if name in before[key]
        }
        for key, columns in now.items()
        if key in before
    }
    return {key: columns for key, columns in both.items() if columns}


def too_small(within: str, rows: Mapping[str, int], *, least: int) -> bool:
    """Tell whether a slice holds too few rows to be shown, or would give away one that does.

    Parameters
    ----------
    rows
        By the key of every slice counted.
    """
    names = sorted(slice_of(within))
    beside = {
        tuple(named[name] for name in names): n
        for key, n in rows.items()
        if sorted(named := slice_of(key)) == names and names
    }
    hidden = suppressed(beside, k=max(least, SHOWN_FROM))
    return tuple(slice_of(within)[name] for name in names) in hidden


def _total(days: Days) -> Profile:
    """Add up days of one column, which are of one kind."""
    numeric = [profile for _, profile in days if isinstance(profile, NumericProfile)]
    if numeric:
        return merge(numeric)
    return merge([profile for _, profile in days if isinstance(profile, CategoryProfile)])
