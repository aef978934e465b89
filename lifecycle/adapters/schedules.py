"""When is something due: cron and intervals, read and reckoned by APScheduler's triggers."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from lifecycle.errors import InvalidInput

UNITS = {"m": "minutes", "h": "hours", "d": "days"}
SHORTEST = timedelta(minutes=5)
"""A run reads files; more often than that nothing is learned."""


def next_time(schedule: str, *, after: datetime) -> datetime:
    """Return the first time after a moment at which a schedule is due.

    Parameters
    ----------
    schedule
        Five fields of cron, in UTC, or an interval: a whole number and m, h or d.

    Raises
    ------
    InvalidInput
        It is neither, or so short or strange that it would never or always be due.
    """
    found = re.fullmatch(r"(\d+)([mhd])", schedule.strip())
    if found:
        every = timedelta(**{UNITS[found[2]]: int(found[1])})
        if every < SHORTEST:
            raise InvalidInput(f"the schedule {schedule!r} is shorter than 5 minutes")
        return after + every
    due = _cron(schedule).get_next_fire_time(None, after + timedelta(microseconds=1))
    if due is None:
        raise InvalidInput(f"the schedule {schedule!r} is never due")
    return due.astimezone(UTC)


def _cron(schedule: str) -> Any:
    from apscheduler.triggers.cron import CronTrigger

    try:
        return CronTrigger.from_crontab(schedule, timezone=UTC)
    except ValueError as error:
        raise InvalidInput(
            f"the schedule {schedule!r} is neither five fields of cron nor an interval such as 6h: "
            f"{error}"
        ) from error
