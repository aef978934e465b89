"""Legal holds: what must not be erased or disposed of, whatever its period says."""

from lifecycle.domain.retention import Hold
from lifecycle.store.cells import Connection, Record, first, records, utc
from lifecycle.store.naming import not_found

HOLDS = """
CREATE TABLE legal_hold (
    id VARCHAR PRIMARY KEY,
    subject VARCHAR NOT NULL,
    reason VARCHAR NOT NULL,
    placed_by VARCHAR NOT NULL,
    placed_at TIMESTAMPTZ NOT NULL,
    released_by VARCHAR,
    released_at TIMESTAMPTZ
);
"""


def next_id(tx: Connection) -> str:
    """Return the id for the next hold, such as ``hold-2``."""
    row = tx.execute("SELECT count(*) + 1 FROM legal_hold").fetchall()[0]
    return f"hold-{row[0]}"


def add(tx: Connection, hold: Hold) -> None:
    """Keep a new hold."""
    tx.execute(
        "INSERT INTO legal_hold VALUES ($id, $subject, $reason, $by, $at, NULL, NULL)",
        {
            "id": hold.id,
            "subject": hold.subject,
            "reason": hold.reason,
            "by": hold.placed_by,
            "at": utc(hold.placed_at),
        },
    )


def release(tx: Connection, hold: Hold) -> None:
    """Save who released a hold and when."""
    tx.execute(
        "UPDATE legal_hold SET released_by = $by, released_at = $at WHERE id = $id",
        {
            "id": hold.id,
            "by": hold.released_by,
            "at": utc(hold.released_at) if hold.released_at else None,
        },
    )


def get(con: Connection, hold_id: str) -> Hold:
    """Return a hold.

    Raises
    ------
    NotFound
        There is none with that id.
    """
    row = first(con.execute("SELECT * FROM legal_hold WHERE id = $id", {"id": hold_id}))
    if row is None:
        raise not_found("legal hold", hold_id, known=[hold.id for hold in every(con)])
    return _hold(row)


def every(con: Connection) -> list[Hold]:
    """Return all holds, newest first."""
    found = con.execute("SELECT * FROM legal_hold ORDER BY placed_at DESC, id DESC")
    return [_hold(row) for row in records(found)]


def _hold(row: Record) -> Hold:
    return Hold(**row)
