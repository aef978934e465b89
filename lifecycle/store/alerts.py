"""Alerts and the series that fire in them; and the newest windows of each series, to judge them."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from lifecycle.domain.alert import NO_ROWS, Cause, Severity, rule_of
from lifecycle.domain.measurement import State, Window
from lifecycle.domain.raised_alert import LIVE, Alert, Signal, Status
from lifecycle.errors import NotFound
from lifecycle.store.cells import Connection, Record, dump, first, records, utc
from lifecycle.store.naming import not_found, unique

ALERTS = """
CREATE TABLE alert (
    id VARCHAR PRIMARY KEY,
    number BIGINT NOT NULL,
    version_id VARCHAR NOT NULL,
    series VARCHAR NOT NULL,
    cause VARCHAR NOT NULL,
    severity INTEGER NOT NULL,
    window_start TIMESTAMPTZ NOT NULL,
    window_end TIMESTAMPTZ NOT NULL,
    opened_at TIMESTAMPTZ NOT NULL,
    rule VARCHAR NOT NULL,
    owner VARCHAR NOT NULL,
    status VARCHAR NOT NULL,
    acknowledged_by VARCHAR,
    acknowledged_at TIMESTAMPTZ,
    snoozed_until TIMESTAMPTZ,
    ended_at TIMESTAMPTZ,
    is_real BOOLEAN,
    judged_by VARCHAR,
    notified_at TIMESTAMPTZ,
    escalated_at TIMESTAMPTZ,
    incident VARCHAR
);
CREATE TABLE alert_signal (
    alert_id VARCHAR NOT NULL,
    position INTEGER NOT NULL,
    cause VARCHAR NOT NULL,
    statistic VARCHAR NOT NULL,
    column_name VARCHAR,
    slice VARCHAR NOT NULL,
    severity INTEGER NOT NULL,
    since_start TIMESTAMPTZ NOT NULL,
    since_end TIMESTAMPTZ NOT NULL,
    last_start TIMESTAMPTZ NOT NULL,
    last_end TIMESTAMPTZ NOT NULL,
    value DOUBLE,
    worst DOUBLE,
    limit_value DOUBLE,
    unit VARCHAR NOT NULL,
    n BIGINT,
    cleared BOOLEAN NOT NULL
);
"""
"""The tables of alerts. Signals have no key: those of an alert are written anew as a whole."""

REOPENED = "ALTER TABLE alert ADD COLUMN reopened_at TIMESTAMPTZ;"
"""When an alert was last put before people again."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One window of one series, with what an alert needs of it."""

    statistic: str
    column: str | None
    slice: str
    state: State
    value: float | None
    limit: float
    unit: str
    n: int | None
    window: Window


def newest_windows(
    con: Connection, version_id: str, *, series: str, depth: int, until: datetime | None = None
) -> list[list[Judged]]:
    """Return the newest judged windows of each series that has a limit, oldest window first.

    Parameters
    ----------
    depth
        Windows per series.
    until
        Leave out windows that end later.
    """
    found = con.execute(
        """
        SELECT statistic, column_name, slice, state, value, limit_value, unit, n,
            window_start, window_end
        FROM measurement
        WHERE version_id = $id AND series::VARCHAR = $series
            AND window_end IS NOT NULL AND limit_value IS NOT NULL
            AND state IN ('ok', 'warning', 'breach')
            AND ($until IS NULL OR window_end <= $until)
        QUALIFY row_number() OVER (
            PARTITION BY statistic, column_name, slice ORDER BY window_end DESC
        ) <= $depth
        ORDER BY statistic, column_name, slice, window_end
        """,
        _looking_back(version_id, series=series, depth=depth, until=until),
    )
    windows: dict[tuple[str, str | None, str], list[Judged]] = {}
    for row in records(found):
        judged = _judged(row)
        windows.setdefault((judged.statistic, judged.column, judged.slice), []).append(judged)
    return list(windows.values())


def rows_in_windows(
    con: Connection, version_id: str, *, series: str, depth: int, until: datetime | None = None
) -> list[tuple[Window, bool]]:
    """Tell of a version's newest windows whether they held any row, oldest first.

    Of a window without rows the number of rows is measured all the same.
    """
    found = con.execute(
        """
        SELECT window_start, window_end,
            NOT bool_or(coalesce(reason = $silent, false)) AS present
        FROM measurement
        WHERE version_id = $id AND series::VARCHAR = $series AND window_end IS NOT NULL
            AND ($until IS NULL OR window_end <= $until)
        GROUP BY window_start, window_end ORDER BY window_end DESC LIMIT $depth
        """,
        _looking_back(version_id, series=series, depth=depth, until=until) | {"silent": NO_ROWS},
    )
    rows = records(found)[::-1]
    return [(Window(r["window_start"], r["window_end"]), bool(r["present"])) for r in rows]


def _looking_back(version_id: str, *, series: str, depth: int, until: datetime | None) -> Record:
    return {
        "id": version_id,
        "series": series,
        "depth": depth,
        "until": utc(until) if until else None,
    }


def next_number(tx: Connection) -> int:
    """Return the number of the next alert."""
    return int(tx.execute("SELECT coalesce(max(number), 0) + 1 FROM alert").fetchall()[0][0])


def add(tx: Connection, alert: Alert) -> None:
    """Keep a new alert.

    Raises
    ------
    Conflict
        There is one with its id.
    """
    with unique("alert", alert.id):
        tx.execute(
            """
            INSERT INTO alert VALUES (
                $id, (SELECT coalesce(max(number), 0) + 1 FROM alert), $version_id, $series,
                $cause, $severity, $window_start, $window_end, $opened_at, $rule, $owner, $status,
                $acknowledged_by, $acknowledged_at, $snoozed_until, $ended_at, $is_real,
                $judged_by, $notified_at, $escalated_at, $incident, $reopened_at)
            """,
            _changing(alert)
            | {
                "version_id": alert.version_id,
                "series": alert.series,
                "window_start": utc(alert.window.start),
                "window_end": utc(alert.window.end),
                "opened_at": utc(alert.opened_at),
            },
        )
    _write_signals(tx, alert)


def update(tx: Connection, alert: Alert) -> None:
    """Save an alert as it is now."""
    tx.execute(
        """
        UPDATE alert SET
            cause = $cause, severity = $severity, rule = $rule, owner = $owner, status = $status,
            acknowledged_by = $acknowledged_by, acknowledged_at = $acknowledged_at,
            snoozed_until = $snoozed_until, ended_at = $ended_at, is_real = $is_real,
            judged_by = $judged_by, notified_at = $notified_at, escalated_at = $escalated_at,
            incident = $incident, reopened_at = $reopened_at
        WHERE id = $id
        """,
        _changing(alert),
    )
    tx.execute("DELETE FROM alert_signal WHERE alert_id = $id", {"id": alert.id})
    _write_signals(tx, alert)


def get(con: Connection, alert_id: str) -> Alert:
    """Return an alert.

    Raises
    ------
    NotFound
        There is none with that id.
    """
    row = first(con.execute("SELECT * FROM alert WHERE id = $id", {"id": alert_id}))
    if row is None:
        raise _absent(con, alert_id)
    return _alert(row, _signals(con, [alert_id]).get(alert_id, []))


def every(
    con: Connection,
    *,
    version_id: str | None = None,
    model_id: str | None = None,
    statuses: Collection[Status] | None = None,
    limit: int = 1_000,
    offset: int = 0,
) -> list[Alert]:
    """Return alerts: gravest first, then newest window first.

    Parameters
    ----------
    statuses
        Those that will do, such as `LIVE`; all when absent.
    """
    found = con.execute(
        f"""
        SELECT * FROM alert WHERE {CHOSEN}
        ORDER BY list_contains($live::VARCHAR[], status) DESC, severity DESC,
            window_end DESC, number DESC
        LIMIT $limit OFFSET $offset
        """,
        _chosen(version_id, model_id, statuses)
        | {"live": sorted(LIVE), "limit": limit, "offset": offset},
    )
    rows = records(found)
    signals = _signals(con, [row["id"] for row in rows])
    return [_alert(row, signals.get(row["id"], [])) for row in rows]


def count(
    con: Connection, *, model_id: str | None = None, statuses: Collection[Status] | None = None
) -> int:
    """Count the alerts that `every` would return without a limit."""
    query = f"SELECT count(*) FROM alert WHERE {CHOSEN}"
    return int(con.execute(query, _chosen(None, model_id, statuses)).fetchall()[0][0])


CHOSEN = """
    ($version_id IS NULL OR version_id = $version_id)
    AND ($model_id IS NULL OR starts_with(version_id, $model_id || '/'))
    AND ($statuses IS NULL OR list_contains($statuses::VARCHAR[], status))
"""


def _chosen(
    version_id: str | None, model_id: str | None, statuses: Collection[Status] | None
) -> Record:
    named = None if statuses is None else sorted(statuses)
    return {"version_id": version_id, "model_id": model_id, "statuses": named}


def unfinished(con: Connection, version_id: str, *, at: datetime) -> list[Alert]:
    """Return a version's alerts that a new window may change, the newest last.

    They are live, or ended while a series still fires, or so shortly ago that they may reopen.
    """
    known = every(con, version_id=version_id)
    open_ended = [a for a in known if a.live or a.firing or a.cooling(at=at)]
    return sorted(open_ended, key=lambda a: (a.window.end, a.opened_at, a.id))


def verdicts(con: Connection) -> list[tuple[str, str, str, bool]]:
    """Return cause, version, statistic and verdict of every series of a judged alert."""
    found = con.execute(
        """
        SELECT DISTINCT s.cause, a.version_id, s.statistic, a.is_real, a.id
        FROM alert a JOIN alert_signal s ON s.alert_id = a.id
        WHERE a.is_real IS NOT NULL
        ORDER BY 1, 2, 3, 5
        """
    )
    return [(c, v, s, bool(real)) for c, v, s, real, _ in found.fetchall()]


def _absent(con: Connection, wanted: str) -> NotFound:
    known = [str(row[0]) for row in con.execute("SELECT id FROM alert").fetchall()]
    return not_found("alert", wanted, known=known)


def _judged(row: Record) -> Judged:
    return Judged(
        statistic=row["statistic"],
        column=row["column_name"],
        slice=row["slice"],
        state=State(row["state"]),
        value=row["value"],
        limit=row["limit_value"],
        unit=row["unit"],
        n=row["n"],
        window=Window(row["window_start"], row["window_end"]),
    )


def _changing(alert: Alert) -> Record:
    times = (
        *("acknowledged_at", "snoozed_until", "ended_at"),
        *("notified_at", "escalated_at", "reopened_at"),
    )
    return {
        "id": alert.id,
        "cause": str(alert.cause),
        "severity": int(alert.severity),
        "rule": dump(alert.rule.settings()),
        "owner": alert.owner,
        "status": str(alert.status),
        "acknowledged_by": alert.acknowledged_by,
        "is_real": alert.real,
        "judged_by": alert.judged_by,
        "incident": alert.incident,
    } | {name: utc(at) if (at := getattr(alert, name)) else None for name in times}


def _write_signals(tx: Connection, alert: Alert) -> None:
    for position, signal in enumerate(alert.signals):
        tx.execute(
            """
            INSERT INTO alert_signal VALUES (
                $alert_id, $position, $cause, $statistic, $column_name, $slice, $severity,
                $since_start, $since_end, $last_start, $last_end, $value, $worst, $limit_value,
                $unit, $n, $cleared)
            """,
            {
                "alert_id": alert.id,
                "position": position,
                "cause": str(signal.cause),
                "statistic": signal.statistic,
                "column_name": signal.column,
                "slice": signal.slice,
                "severity": int(signal.severity),
                "since_start": utc(signal.since.start),
                "since_end": utc(signal.since.end),
                "last_start": utc(signal.last.start),
                "last_end": utc(signal.last.end),
                "value": signal.value,
                "worst": signal.worst,
                "limit_value": signal.limit,
                "unit": signal.unit,
                "n": signal.n,
                "cleared": signal.cleared,
            },
        )


def _signals(con: Connection, alert_ids: Sequence[str]) -> dict[str, list[Signal]]:
    found = con.execute(
        """
        SELECT * FROM alert_signal WHERE list_contains($ids::VARCHAR[], alert_id)
        ORDER BY alert_id, position
        """,
        {"ids": list(alert_ids)},
    )
    by_alert: dict[str, list[Signal]] = {}
    for row in records(found):
        by_alert.setdefault(row["alert_id"], []).append(_signal(row))
    return by_alert


def _signal(row: Record) -> Signal:
    same = ("statistic", "slice", "value", "worst", "unit", "n", "cleared")
    return Signal(
        cause=Cause(row["cause"]),
        column=row["column_name"],
        severity=Severity(row["severity"]),
        since=Window(row["since_start"], row["since_end"]),
        last=Window(row["last_start"], row["last_end"]),
        limit=row["limit_value"],
        **{name: row[name] for name in same},
    )


def _alert(row: Record, signals: Sequence[Signal]) -> Alert:
    same = (
        *("id", "version_id", "series", "opened_at", "owner", "acknowledged_by"),
        *("acknowledged_at", "snoozed_until", "ended_at", "judged_by", "notified_at"),
        *("escalated_at", "incident", "reopened_at"),
    )
    return Alert(
        cause=Cause(row["cause"]),
        severity=Severity(row["severity"]),
        window=Window(row["window_start"], row["window_end"]),
        rule=rule_of(json.loads(row["rule"])),
        status=Status(row["status"]),
        real=row["is_real"],
        signals=tuple(signals),
        **{name: row[name] for name in same},
    )
