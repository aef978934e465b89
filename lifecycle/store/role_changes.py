"""Changes of roles that wait for a second administrator, and what became of them."""

from lifecycle.domain.actor import Role
from lifecycle.domain.person import Answer, RoleChange
from lifecycle.store.cells import Connection, Record, dump, first, load, records, utc
from lifecycle.store.naming import not_found
from lifecycle.store.people import reach_of

CHANGES = """
CREATE TABLE role_change (
    id VARCHAR PRIMARY KEY,
    person VARCHAR NOT NULL,
    roles VARCHAR NOT NULL,
    units VARCHAR NOT NULL,
    tiers VARCHAR NOT NULL,
    reason VARCHAR NOT NULL,
    asked_by VARCHAR NOT NULL,
    asked_at TIMESTAMPTZ NOT NULL,
    answer VARCHAR NOT NULL,
    answered_by VARCHAR,
    answered_at TIMESTAMPTZ
);
"""


def next_id(tx: Connection) -> str:
    """Return the id for the next change, such as ``rc-3``."""
    row = tx.execute("SELECT count(*) + 1 FROM role_change").fetchall()[0]
    return f"rc-{row[0]}"


def add(tx: Connection, change: RoleChange) -> None:
    """Keep a change that was asked for."""
    tx.execute(
        """
        INSERT INTO role_change VALUES (
            $id, $person, $roles, $units, $tiers, $reason, $asked_by, $asked_at, $answer, NULL,
            NULL)
        """,
        {
            "id": change.id,
            "person": change.person,
            "roles": dump(sorted(change.roles)),
            "units": dump(sorted(change.reach.units)),
            "tiers": dump(sorted(change.reach.tiers)),
            "reason": change.reason,
            "asked_by": change.asked_by,
            "asked_at": utc(change.asked_at),
            "answer": str(change.answer),
        },
    )


def update(tx: Connection, change: RoleChange) -> None:
    """Save what became of a change."""
    tx.execute(
        """
        UPDATE role_change SET answer = $answer, answered_by = $by, answered_at = $at
        WHERE id = $id
        """,
        {
            "id": change.id,
            "answer": str(change.answer),
            "by": change.answered_by,
            "at": utc(change.answered_at) if change.answered_at else None,
        },
    )


def get(con: Connection, change_id: str) -> RoleChange:
    """Return a change.

    Raises
    ------
    NotFound
        There is none with that id.
    """
    row = first(con.execute("SELECT * FROM role_change WHERE id = $id", {"id": change_id}))
    if row is None:
        raise not_found("change of roles", change_id, known=[c.id for c in every(con)])
    return _change(row)


def every(con: Connection, *, answer: Answer | None = None) -> list[RoleChange]:
    """Return all changes, newest first, or those with one answer."""
    found = con.execute(
        """
        SELECT * FROM role_change WHERE $answer IS NULL OR answer = $answer
        ORDER BY asked_at DESC, id
        """,
        {"answer": str(answer) if answer else None},
    )
    return [_change(row) for row in records(found)]


def _change(row: Record) -> RoleChange:
    return RoleChange(
        id=row["id"],
        person=row["person"],
        roles=frozenset(Role(role) for role in load(row["roles"])),
        reach=reach_of(row),
        reason=row["reason"],
        asked_by=row["asked_by"],
        asked_at=row["asked_at"],
        answer=Answer(row["answer"]),
        answered_by=row["answered_by"],
        answered_at=row["answered_at"],
    )
