"""Sign-ins and one-time sign-in links; only hashes of their secrets are kept."""

from datetime import datetime

from lifecycle.domain.person import Session
from lifecycle.store.cells import Connection, first, records, utc
from lifecycle.store.naming import unique

PROVED = """
ALTER TABLE session ADD COLUMN proved_at TIMESTAMPTZ;
"""


def add(tx: Connection, session: Session) -> None:
    """Keep a sign-in."""
    with unique("session", session.hash[:12]):
        tx.execute(
            """
            INSERT INTO session VALUES ($hash, $person, $via, $created_at, $expires_at, $proved_at)
            """,
            {
                "hash": session.hash,
                "person": session.person,
                "via": session.via,
                "created_at": utc(session.created_at),
                "expires_at": utc(session.expires_at),
                "proved_at": utc(session.proved_at) if session.proved_at else None,
            },
        )


def get(con: Connection, session_hash: str) -> Session | None:
    """Return a sign-in, also one that has expired."""
    row = first(con.execute("SELECT * FROM session WHERE hash = $hash", {"hash": session_hash}))
    return Session(**row) if row else None


def of_person(con: Connection, person: str, *, at: datetime) -> list[Session]:
    """Return a person's sign-ins that have not expired, newest first."""
    found = con.execute(
        """
        SELECT * FROM session WHERE person = $person AND expires_at > $at
        ORDER BY created_at DESC, hash
        """,
        {"person": person, "at": utc(at)},
    )
    return [Session(**row) for row in records(found)]


def remove(tx: Connection, session_hash: str) -> None:
    """End a sign-in."""
    tx.execute("DELETE FROM session WHERE hash = $hash", {"hash": session_hash})


def remove_of(tx: Connection, person: str) -> None:
    """End all sign-ins of a person and void their open links."""
    tx.execute("DELETE FROM session WHERE person = $person", {"person": person})
    tx.execute(
        "DELETE FROM invitation WHERE person = $person AND taken_at IS NULL", {"person": person}
    )


def remove_expired(tx: Connection, *, at: datetime) -> None:
    """Forget sign-ins and links whose time is over."""
    tx.execute("DELETE FROM session WHERE expires_at <= $at", {"at": utc(at)})
    tx.execute("DELETE FROM invitation WHERE expires_at <= $at", {"at": utc(at)})


def add_invitation(tx: Connection, invitation_hash: str, person: str, expires_at: datetime) -> None:
    """Keep a one-time sign-in link."""
    with unique("invitation", invitation_hash[:12]):
        tx.execute(
            "INSERT INTO invitation VALUES ($hash, $person, $expires_at, NULL)",
            {"hash": invitation_hash, "person": person, "expires_at": utc(expires_at)},
        )


def take_invitation(tx: Connection, invitation_hash: str, at: datetime) -> str | None:
    """Use up a link and return whose it is; nothing when it is unknown, used or over."""
    row = first(
        tx.execute(
            """
            UPDATE invitation SET taken_at = $at
            WHERE hash = $hash AND taken_at IS NULL AND expires_at > $at RETURNING person
            """,
            {"hash": invitation_hash, "at": utc(at)},
        )
    )
    return row["person"] if row else None
