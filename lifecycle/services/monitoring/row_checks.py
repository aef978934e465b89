"""Do rows keep what no summary tells: patterns, types, ids, rules, freshness, no gaps in time.

The rows of the windows at hand are read again, a window at a time, and only what was found is kept.
"""

import tempfile
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from lifecycle.domain.expectation import BY_ROWS, Check, Expectation
from lifecycle.domain.measurement import Measurement, Window
from lifecycle.domain.model import Columns
from lifecycle.domain.monitor import Monitor
from lifecycle.engines import Engine, rows
from lifecycle.engines.contract import Source
from lifecycle.services import sensitive_data
from lifecycle.services.analysis import checks
from lifecycle.services.measuring import window_of
from lifecycle.services.monitoring.counting import Plan
from lifecycle.store import logs
from lifecycle.store.connection import Workspace

TIME, ID = "lc_at", "lc_id"
"""What a log calls its rows' time and id."""


def measured(
    ws: Workspace,
    engine: Engine,
    *,
    monitor: Monitor,
    plan: Plan,
    windows: Collection[Window],
    until: datetime | None,
    at: datetime,
) -> list[Measurement]:
    """Check the rows of some windows, the oldest first; one without rows is a gap and no more.

    Parameters
    ----------
    at
        The time that ages are told from in a window that is not over.
    """
    wanted = [e for e in monitor.expectations if e.check in BY_ROWS]
    days: dict[Window, list[logs.DayLog]] = {}
    logged = logs.days(ws.cursor(), monitor.version_id, until=until or at) if wanted else []
    for day in logged:
        days.setdefault(window_of(day.day, grain=monitor.grain), []).append(day)
    found: list[Measurement] = []
    for window in sorted(windows, key=lambda w: w.start) if wanted else ():
        if window not in days:
            found += _silent(wanted, window)
            continue
        with tempfile.TemporaryDirectory(dir=ws.tmp) as folder:
            log = Path(folder) / "log.parquet"
            files = [file for day in days[window] for file in day.files]
            apart = sensitive_data.log_parts(ws, days[window])
            if rows.join(files, [], into=log, apart=apart, until=until) == 0:
                continue
            label = f"the log of {plan.version.id}"
            source = replace(engine.open(str(log)), label=label)
            over = (until or window.end) >= window.end and _end(logged[-1].day) >= window.end
            run = checks.Checking(
                engine,
                source,
                at=min(at, until or at, window.end),
                since=None if logged[0].day >= window.start.date() else window.start,
                till=window.end if over else None,
                examples=False,  # all who read the model read the reason; rows are for fewer
            )
            found += _checked(run, wanted, columns=plan.version.columns, window=window)
    return found


def _checked(
    run: checks.Checking, wanted: Sequence[Expectation], *, columns: Columns, window: Window
) -> list[Measurement]:
    """Check one window; several rules about no column are told apart by their text."""
    asked = [_as_logged(e, run.source, columns=columns) for e in wanted]
    return [
        replace(
            measured,
            window=window,
            column=expected.text
            if expected.check is Check.RULE
            else expected.column or measured.column,
        )
        for expected, measured in zip(wanted, checks.measure(run, asked), strict=True)
    ]


def _silent(wanted: Sequence[Expectation], window: Window) -> list[Measurement]:
    """Say of a window without rows that all of its periods are missing."""
    return [
        replace(checks.gaps(e, (), since=window.start, till=window.end), window=window)
        for e in wanted
        if e.check is Check.GAPS
    ]


def _end(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=UTC) + timedelta(days=1)


def _as_logged(expected: Expectation, source: Source, *, columns: Columns) -> Expectation:
    """Name the time and the id as the log does."""
    logged = {columns.timestamp: TIME, columns.id: ID}
    if expected.column is None or expected.column in source.names:
        return expected
    return replace(expected, column=logged.get(expected.column, expected.column))
