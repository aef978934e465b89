"""What would a monitor see if nothing changed: limits from the reference against itself."""

import zlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta

import numpy as np

from lifecycle.domain.monitor import Grain, Monitor
from lifecycle.errors import InsufficientData, InvalidInput
from lifecycle.services.monitoring.baseline import Baseline
from lifecycle.stats import catalogue
from lifecycle.stats.catalogue import Needs, Statistic
from lifecycle.stats.drift.null import Null, reference_null
from lifecycle.stats.drift.signals import LEARNABLE
from lifecycle.stats.summaries import NumericProfile, Profile
from lifecycle.store.limits import Learned

WIDTHS: Mapping[Grain, int] = {Grain.DAY: 1, Grain.WEEK: 7, Grain.MONTH: 30}
"""Days that a window has."""


def limits(monitor: Monitor, baseline: Baseline) -> tuple[list[Learned], list[str]]:
    """Learn limits from the days of a reference; and say where that cannot be done.

    Returns
    -------
    tuple
        Limits by column and statistic, and a sentence for what keeps its house limit.
    """
    if not baseline.dated:
        why = "the reference has no times, so no limit is learned from it and the house's hold"
        return [], [why]
    learned: list[Learned] = []
    reasons: dict[str, list[str]] = {}
    for column, days in compared(monitor, baseline).items():
        for statistic in judged(monitor, next(iter(days.values()))):
            try:
                null = null_of(monitor, steps_of(days), column=column, statistic=statistic)
                limit = null.limit(rate=monitor.false_alarms, k=monitor.alerts.k)
            except (InsufficientData, InvalidInput) as error:
                reasons.setdefault(str(error), []).append(f"{statistic.name} of {column}")
                continue
            starts = null.starts(limit, k=monitor.alerts.k)
            learned.append(
                Learned(column, statistic.name, limit, starts, null.windows, null.independent)
            )
    return learned, [f"{why} (the house's limit holds: {_few(w)})" for why, w in reasons.items()]


def compared(monitor: Monitor, baseline: Baseline) -> dict[str, Mapping[date, Profile]]:
    """Return the days of the columns that have a reference, by column."""
    alone = monitor.service_columns
    return {name: days for name, days in baseline.days.items() if name not in alone}


def judged(monitor: Monitor, profile: Profile) -> Iterator[Statistic]:
    """Return the statistics of drift that a monitor measures on a column and can learn about."""
    numeric = isinstance(profile, NumericProfile)
    needs = Needs.NUMERIC if numeric else Needs.CATEGORICAL
    for name in monitor.drift if numeric else monitor.categorical:
        statistic = catalogue.get(name)
        if needs in statistic.needs and name in LEARNABLE:
            yield statistic


def null_of(
    monitor: Monitor, steps: Sequence[Profile | None], *, column: str, statistic: Statistic
) -> Null:
    """Return what a statistic shows while nothing changes; the same at every call."""
    seed = zlib.crc32(f"{monitor.version_id} {column}".encode())
    return reference_null(
        steps,
        statistic=statistic.name,
        width=WIDTHS[monitor.grain],
        m=monitor.alerts.m,
        rng=np.random.default_rng(seed),
    )


def steps_of(days: Mapping[date, Profile]) -> list[Profile | None]:
    """Lay days out in time; nothing stands for a day without rows."""
    first, last = min(days), max(days)
    length = (last - first).days + 1
    return [days.get(first + timedelta(days=n)) for n in range(length)]


def _few(what: Sequence[str], *, most: int = 3) -> str:
    more = f" and {len(what) - most} more" if len(what) > most else ""
    return ", ".join(what[:most]) + more
