"""What the tables hold of everything that is decided, and the events that tell of the same."""

from datetime import datetime

from lifecycle.domain.audit import Link
from lifecycle.domain.reconciliation import Fields, moment
from lifecycle.store import audit
from lifecycle.store.cells import Connection, records

KEPT = {
    "version": "SELECT id AS name, id AS of, stage FROM version",
    "request": """
        SELECT id AS name, version_id AS of, version_id AS version, target AS to, policy,
            policy_sha256, bundle, status
        FROM request
        """,
    "vote": """
        SELECT request_id || '/' || row_number() OVER (
                PARTITION BY request_id ORDER BY position) - 1 AS name,
            request.version_id AS of, actor AS by, vote
        FROM decision JOIN request ON request.id = request_id
        """,
    "approval": """
        SELECT request_id AS name, version_id AS of, version_id AS version, stage, standing,
            effect, expires_at
        FROM approval
        """,
    "finding": """
        SELECT id AS name, version_id AS of, version_id AS version, request_id AS request,
            severity, due_at, status
        FROM finding
        """,
    "policy": "SELECT name || ' ' || version AS name, NULL AS of, sha256 FROM policy",
}
"""By kind of record: its name, the version it is about, and what the trail tells of it."""


def kept(con: Connection, *, version_id: str | None = None) -> dict[str, Fields]:
    """Return the records as the tables hold them, by name; times and gaps as text.

    Parameters
    ----------
    version_id
        Only what is about this version, without policies.
    """
    # One query, because the gate asks it each time.
    every = " UNION ALL BY NAME ".join(
        f"SELECT * REPLACE ('{kind}:' || name AS name) FROM ({query}) WHERE $of IS NULL OR of = $of"
        for kind, query in KEPT.items()
    )
    rows = records(con.execute(every, {"of": version_id}))
    return {
        row["name"]: {key: _text(row[key]) for key in row if key not in {"name", "of"}}
        for row in rows
    }


def about(con: Connection, version_id: str) -> list[Link]:
    """Return the events that tell of a version, its requests and findings, as the chain has them.

    A finding is looked for by its events, so one that was deleted is missed.
    """
    requests = con.execute("SELECT id FROM request WHERE version_id = $id", {"id": version_id})
    subjects = [f"version:{version_id}", *(f"request:{row[0]}" for row in requests.fetchall())]
    found = con.execute(
        """
        SELECT * FROM audit
        WHERE list_contains($subjects::VARCHAR[], subject)
            OR (starts_with(subject, 'finding:')
                AND json_extract_string(details, '$.version') = $id)
        ORDER BY sequence
        """,
        {"subjects": subjects, "id": version_id},
    )
    return audit.hashed(records(found))


def _text(value: object) -> str:
    if isinstance(value, datetime):
        return moment(value)
    return "" if value is None else str(value)
