"""One query each for what a whole portfolio shows: newest evidence, approvals, logs, breaches."""

from dataclasses import dataclass
from datetime import datetime

from lifecycle.domain.audit import AuditEvent
from lifecycle.domain.evidence import Purpose
from lifecycle.domain.measurement import Measurement, State, Window
from lifecycle.store import audit, health
from lifecycle.store.cells import Connection, load, records, utc


@dataclass(frozen=True, slots=True)
class Breach:
    """A measurement beyond its limit in the newest window in which it could be judged."""

    version_id: str
    measurement: Measurement


def newest_evidence(con: Connection) -> dict[str, dict[Purpose, tuple[str, datetime]]]:
    """Return id and time of each version's newest evidence, by version and purpose."""
    found = con.execute(
        """
        SELECT version_id, purpose, max(created_at) AS created_at, arg_max(id, created_at) AS id
        FROM evidence GROUP BY version_id, purpose ORDER BY version_id, purpose
        """
    )
    newest: dict[str, dict[Purpose, tuple[str, datetime]]] = {}
    for row in records(found):
        of_version = newest.setdefault(row["version_id"], {})
        of_version[Purpose(row["purpose"])] = (row["id"], row["created_at"])
    return newest


def last_approvals(con: Connection) -> dict[str, datetime]:
    """Return when each version was last approved for a stage."""
    found = con.execute(
        """
        SELECT version_id, max(decided_at) AS decided_at
        FROM request JOIN decision ON request_id = id
        WHERE status = 'approved' AND vote IN ('approve', 'approve_with_conditions')
        GROUP BY version_id
        """
    )
    return {row["version_id"]: row["decided_at"] for row in records(found)}


def last_predictions(con: Connection) -> dict[str, datetime]:
    """Return the time of each version's newest logged prediction."""
    found = con.execute(
        """
        SELECT version_id, max(last_at) AS last_at FROM log_file
        WHERE version_id IS NOT NULL GROUP BY version_id
        """
    )
    return {row["version_id"]: row["last_at"] for row in records(found)}


def watched(con: Connection) -> frozenset[str]:
    """Return the versions that have a monitor."""
    return frozenset(row[0] for row in con.execute("SELECT version_id FROM monitor").fetchall())


BREACHES = """
    FROM standing WHERE state = 'breach' AND version_id NOT IN (
        SELECT id FROM version WHERE stage IN ('retired', 'rejected')
    )
"""
"""What is beyond its limit now. What was retired or rejected scores nothing any more."""


def breaching(con: Connection) -> dict[str, int]:
    """Return how many measurements of each version are beyond their limit now, the most first."""
    found = con.execute(
        f"""
        {health.STANDING}
        SELECT version_id, count(*) AS n {BREACHES} GROUP BY version_id ORDER BY n DESC, version_id
        """,
        health.standing(),
    )
    return dict(found.fetchall())


def breaches(con: Connection, *, limit: int = 50) -> list[Breach]:
    """Return what is beyond its limit in the newest window judged, newest and worst first.

    It is what stands for the state of a version too. Worst is what is farthest from its limit, as
    a share of it.
    """
    found = con.execute(
        f"""
        {health.STANDING}
        SELECT * {BREACHES}
        ORDER BY window_end DESC NULLS LAST,
            abs(value - limit_value) / coalesce(nullif(abs(limit_value), 0), 1) DESC NULLS LAST,
            version_id, position
        LIMIT $limit
        """,
        {**health.standing(), "limit": limit},
    )
    return [
        Breach(
            row["version_id"],
            Measurement(
                statistic=row["statistic"],
                value=row["value"],
                state=State(row["state"]),
                unit=row["unit"],
                column=row["column_name"],
                slice=load(row["slice"]),
                window=(
                    Window(row["window_start"], row["window_end"]) if row["window_start"] else None
                ),
                n=row["n"],
                limit=row["limit_value"],
                reason=row["reason"],
            ),
        )
        for row in records(found)
    ]


def trail_of(con: Connection, model_id: str, use_case_id: str) -> list[AuditEvent]:
    """Return the events about a model, its use case, its versions and requests, oldest first.

    Who read protected attributes is told by the whole trail; it is no event of a model's life.
    """
    found = con.execute(
        """
        SELECT * FROM audit
        WHERE NOT starts_with(action, 'sensitive.') AND (
            subject IN ('model:' || $model, 'usecase:' || $use_case)
            OR starts_with(subject, 'version:' || $model || '/')
            OR (starts_with(subject, 'request:')
                AND starts_with(json_extract_string(details, '$.version'), $model || '/')))
        ORDER BY sequence
        """,
        {"model": model_id, "use_case": use_case_id},
    )
    return audit.events(con, records(found))


def recent(con: Connection, *, since: datetime, limit: int) -> list[AuditEvent]:
    """Return what happened to the portfolio since a time, newest first.

    Left out is who signed in and who read protected attributes, which the whole trail tells.
    """
    found = con.execute(
        """
        SELECT * FROM audit
        WHERE happened_at >= $since
            AND NOT (starts_with(action, 'session.') OR starts_with(action, 'sensitive.'))
        ORDER BY sequence DESC LIMIT $limit
        """,
        {"since": utc(since), "limit": limit},
    )
    return audit.events(con, records(found))
