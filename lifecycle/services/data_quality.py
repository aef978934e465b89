"""What people see and open about the quality of a version's log."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import ceil
from pathlib import Path

from lifecycle.domain.actor import Actor, Permission
from lifecycle.domain.audit import AuditEvent
from lifecycle.domain.expectation import Check, Expectation, Severity
from lifecycle.domain.measurement import Window
from lifecycle.engines import choose, rows
from lifecycle.engines.conditions import Condition, Infinite, Missing, NotAmong, Outside
from lifecycle.errors import InvalidInput
from lifecycle.services import sensitive_data
from lifecycle.services.access import sensitive
from lifecycle.services.access.places import require_for
from lifecycle.services.analysis.checks import condition_of
from lifecycle.services.analysis.suggestions import suggest_from_profiles
from lifecycle.services.measuring.quality import REPORTED
from lifecycle.services.monitoring import baseline
from lifecycle.services.monitoring.baseline import UNDATED
from lifecycle.services.monitoring.reference import PREDICTION, SCORE
from lifecycle.stats.summaries import NumericProfile, Profile
from lifecycle.store import audit, logs, models, monitors, profiles
from lifecycle.store.connection import Connection, Workspace

MOST_ROWS = 100
"""Failing rows shown at once; whoever needs more has the log's files."""


@dataclass(frozen=True, slots=True)
class LoggedRow:
    """A row of the log that breaks a check: its id, its time and the column's value, as text."""

    id: str
    at: str
    value: str | None


def suggested(con: Connection, version_id: str) -> tuple[tuple[Expectation, ...], tuple[str, ...]]:
    """Suggest expectations from a version's reference as it was counted; no row is read.

    Returns
    -------
    tuple
        The expectations, and notes on what makes the reference a poor one.
    """
    counted = profiles.binnings(con, version_id)
    monitor = monitors.current(con, version_id)
    answers = {SCORE, PREDICTION, *(monitor.service_columns if monitor else ())}
    found, doubts = suggest_from_profiles({n: k.reference for n, k in counted.items()})
    listed = tuple(name for name in counted if name not in answers)
    schema = [Expectation(Check.SCHEMA, values=listed, severity=Severity.WARN)] if listed else []
    return (*found, *schema, *_steady(con, version_id)), doubts


def _steady(con: Connection, version_id: str) -> list[Expectation]:
    """Expect rows every day where the reference has them."""
    stamp = models.version_by_id(con, version_id).columns.timestamp
    reference = baseline.kept(con, version_id)
    if stamp is None or reference is None or not reference.dated:
        return []
    days = sorted({d for days in reference.days.values() for d in days} - {UNDATED})
    gaps = 1 - len(days) / ((days[-1] - days[0]).days + 1)
    limit = ceil(gaps * 1e4) / 1e4
    return [Expectation(Check.GAPS, stamp, limit=limit, text="1d", severity=Severity.WARN)]


def failing_rows(
    ws: Workspace,
    version_id: str,
    *,
    column: str,
    statistic: str,
    window: Window,
    limit: int = 20,
    by: Actor,
    at: datetime,
) -> list[LoggedRow]:
    """Open the first rows of a window that break a check; who did so stands in the audit trail.

    Raises
    ------
    InvalidInput
        No single row breaks that check, or nothing was counted of the column.
    NotAllowed
        The actor may not open single rows, or not those of a sensitive column.
    NotFound
        There is no such version.
    """
    con = ws.cursor()
    version = models.version_by_id(con, version_id)
    require_for(con, version.model_id, Permission.READ_ROWS, by=by)
    kept_apart = sensitive.check(con, version, [column], by=by)
    condition = _condition(con, version_id, column=column, statistic=statistic)
    days = [
        day
        for day in logs.days(con, version.id)
        if window.start.date() <= day.day <= (window.end - timedelta(microseconds=1)).date()
    ]
    files = [file for day in days for file in day.files]
    apart = sensitive_data.log_parts(ws, days) if kept_apart else []
    most = min(limit, MOST_ROWS)
    found = _read(ws, files, condition, column=column, apart=apart, limit=most)
    details = {
        "column": column,
        "statistic": statistic,
        "start": window.start.isoformat(),
        "end": window.end.isoformat(),
        "rows": len(found),
    }
    with ws.transaction() as tx:
        subject = f"version:{version.id}"
        audit.append(tx, AuditEvent("rows.read", subject, by.name, at, via=by.via, details=details))
        purpose = f"rows that break {statistic}"
        sensitive.record(tx, version, kept_apart, purpose=purpose, rows=len(found), by=by, at=at)
    return found


def _condition(con: Connection, version_id: str, *, column: str, statistic: str) -> Condition:
    """Say what is wrong with a row: what the monitor expects, else what the reference shows."""
    kept = profiles.binnings(con, version_id).get(column)
    if kept is None:
        raise InvalidInput(f"nothing was counted of a column {column!r} of {version_id}")
    monitor = monitors.current(con, version_id)
    for expected in () if monitor is None else monitor.expectations:
        told_as = REPORTED.get(expected.check, expected.statistic)
        if expected.column == column and told_as == statistic:
            condition = condition_of(expected)
            if condition is not None:
                return condition
    found = _of_reference(kept.reference, column=column).get(statistic)
    if found is None:
        raise InvalidInput(f"no single row of column {column} breaks {statistic}")
    return found


def _of_reference(reference: Profile, *, column: str) -> dict[str, Condition]:
    found: dict[str, Condition] = {"missing_share": Missing(column)}
    if isinstance(reference, NumericProfile):
        found["infinite_share"] = Infinite(column)
        if reference.n:
            found["out_of_range_share"] = Outside(column, reference.low, reference.high)
    elif reference.other == 0:
        found["unseen_category_share"] = NotAmong(column, reference.categories)
    return found


def _read(
    ws: Workspace,
    files: Sequence[Path],
    condition: Condition,
    *,
    column: str,
    apart: Sequence[Path],
    limit: int,
) -> list[LoggedRow]:
    if not files:
        return []
    with tempfile.TemporaryDirectory(dir=ws.tmp) as folder, choose() as engine:
        file = Path(folder) / "log.parquet"
        rows.join(files, [], into=file, apart=apart)
        source = replace(engine.open(str(file)), label="the log")
        if column not in source.names:
            raise InvalidInput(f"the rows of this window were logged without column {column}")
        shown = ("lc_id", "lc_at", column)
        found = engine.failing(source, condition, columns=shown, limit=limit)
    return [
        LoggedRow(values["lc_id"] or "", values["lc_at"] or "", values[column])
        for _, values in found
    ]
