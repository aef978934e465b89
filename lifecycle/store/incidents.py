"""Incidents: each as one record, with what lists are made by beside it."""

from collections.abc import Collection

from lifecycle.domain.incident import Incident, IncidentState
from lifecycle.domain.written import read, written
from lifecycle.store.cells import Connection, Record, dump, first, load, records, utc
from lifecycle.store.naming import not_found, unique

INCIDENTS = """
CREATE TABLE incident (
    id VARCHAR PRIMARY KEY,
    number BIGINT NOT NULL,
    state VARCHAR NOT NULL,
    gravity VARCHAR NOT NULL,
    opened_at TIMESTAMPTZ NOT NULL,
    versions VARCHAR NOT NULL,
    record VARCHAR NOT NULL
);
"""
"""The table of incidents; `record` is the whole of one as JSON, the other columns repeat it."""


def next_id(tx: Connection) -> str:
    """Return the id for the next incident, such as ``incident-3``."""
    row = tx.execute("SELECT coalesce(max(number), 0) + 1 FROM incident").fetchall()[0]
    return f"incident-{row[0]}"


def add(tx: Connection, incident: Incident) -> None:
    """Keep a new incident.

    Raises
    ------
    Conflict
        There is one with its id.
    """
    with unique("incident", incident.id):
        tx.execute(
            """
            INSERT INTO incident VALUES (
                $id, (SELECT coalesce(max(number), 0) + 1 FROM incident), $state, $gravity,
                $opened_at, $versions, $record)
            """,
            _row(incident) | {"opened_at": utc(incident.opened_at)},
        )


def update(tx: Connection, incident: Incident) -> None:
    """Save an incident as it is now."""
    tx.execute(
        """
        UPDATE incident SET
            state = $state, gravity = $gravity, versions = $versions, record = $record
        WHERE id = $id
        """,
        _row(incident),
    )


def get(con: Connection, incident_id: str) -> Incident:
    """Return an incident.

    Raises
    ------
    NotFound
        There is none with that id.
    """
    row = first(con.execute("SELECT record FROM incident WHERE id = $id", {"id": incident_id}))
    if row is None:
        known = [str(r[0]) for r in con.execute("SELECT id FROM incident").fetchall()]
        raise not_found("incident", incident_id, known=known)
    return _incident(row)


def every(
    con: Connection,
    *,
    model_id: str | None = None,
    states: Collection[IncidentState] | None = None,
) -> list[Incident]:
    """Return incidents, newest first: all, those of a model's versions, or those in some states."""
    found = con.execute(
        """
        SELECT record FROM incident
        WHERE ($model_id IS NULL OR contains(versions, '"' || $model_id || '/'))
            AND ($states IS NULL OR list_contains($states::VARCHAR[], state))
        ORDER BY number DESC
        """,
        {
            "model_id": model_id,
            "states": None if states is None else sorted(str(state) for state in states),
        },
    )
    return [_incident(row) for row in records(found)]


def _row(incident: Incident) -> Record:
    return {
        "id": incident.id,
        "state": str(incident.state),
        "gravity": str(incident.gravity),
        "versions": dump(list(incident.versions)),
        "record": dump(written(incident)),
    }


def _incident(row: Record) -> Incident:
    return read(Incident, load(row["record"]), where="the incident")
