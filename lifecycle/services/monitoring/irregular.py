"""What is odd about a log, as its manifest tells: times that cannot be, columns that changed.

No row is read.
"""

from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise

from lifecycle.services.measuring.quality import EMPTY
from lifecycle.store import log_schemas, logs
from lifecycle.store.cells import Connection
from lifecycle.store.log_schemas import SchemaChange
from lifecycle.store.logs import DayLog

LONGEST = timedelta(days=366)
"""A longer pause in a log looks like a clock that jumped; a house default."""


def notices(
    con: Connection, version_id: str, *, days: Collection[date], at: datetime
) -> tuple[str, ...]:
    """Say what is odd about a version's log.

    Parameters
    ----------
    days
        Those counted in a run; what was told of others is not told again.
    at
        The time of the run.
    """
    logged = logs.days(con, version_id)
    changed = [
        _changed(change)
        for change in reversed(log_schemas.changes(con, version_id))
        if change.at.date() in days
    ]
    told = (*_ahead(logged, at=at), *_jumps(logged, days=days), *changed)
    return tuple(f"the log of {version_id} {what}" for what in told if what)


def _ahead(logged: Sequence[DayLog], *, at: datetime) -> list[str]:
    """Say how many rows are dated after the day of a run."""
    later = [day for day in logged if day.day > at.date()]
    rows, last = sum(day.rows for day in later), max((day.day for day in later), default=None)
    said = (
        f"holds {rows} rows dated in the future, up to {last}, which are left out until then: "
        "look at the clock that wrote them"
    )
    return [said] if later else []


def _jumps(logged: Sequence[DayLog], *, days: Collection[date]) -> list[str]:
    """Say where a log pauses so long that times on one side are likely wrong."""
    return [
        f"has no rows between {before.day} and {after.day}: look at the clock that wrote them"
        for before, after in pairwise(logged)
        if after.day - before.day > LONGEST and {before.day, after.day} & {*days}
    ]


def _changed(change: SchemaChange) -> str:
    """Say how the columns of files changed; one without any value may be of every type."""
    retyped = [
        f"{name} as {now} where it was {before}"
        for name, (before, now) in change.retyped.items()
        if EMPTY not in {before, now}
    ]
    parts = {"lacks": change.removed, "also holds": change.added, "holds": retyped}
    said = [f"{verb} {', '.join(names)}" for verb, names in parts.items() if names]
    return f"from {change.at:%Y-%m-%d %H:%M} UTC on {'; '.join(said)}" if said else ""
