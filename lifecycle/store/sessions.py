"""Sign-ins and one-time sign-in links; only hashes of their secrets are kept."""

from datetime import datetime

from lifecycle.domain.person import Invitation, Session
from lifecycle.store.cells import Connection, first, records, utc
from lifecycle.store.naming import unique

PROVED = """
ALTER TABLE session ADD COLUMN proved_at TIMESTAMPTZ;
"""

MAKERS = """
ALTER TABLE invitation ADD COLUMN made_by VARCHAR DEFAULT '';
ALTER TABLE invitation ADD COLUMN via VARCHAR DEFAULT '';
DELETE FROM invitation;
"""
"""A link of before does not say who made it, so it opens nothing any more."""


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
    _void(tx, person)


def remove_expired(tx: Connection, *, at: datetime) -> None:
    """Forget sign-ins and links whose time is over."""
    tx.execute("DELETE FROM session WHERE expires_at <= $at", {"at": utc(at)})
    tx.execute("DELETE FROM invitation WHERE expires_at <= $at", {"at": utc(at)})


def add_invitation(tx: Connection, invitation: Invitation) -> None:
    """Keep a one-time sign-in link, the only open one of its person."""
    _void(tx, invitation.person)
    with unique("invitation", invitation.hash[:12]):
        tx.execute(
            "INSERT INTO invitation VALUES ($hash, $person, $expires_at, NULL, $made_by, $via)",
            {
                "hash": invitation.hash,
                "person": invitation.person,
                "expires_at": utc(invitation.expires_at),
                "made_by": invitation.made_by,
                "via": invitation.via,
            },
        )


def take_invitation(tx: Connection, invitation_hash: str, at: datetime) -> Invitation | None:
    """Use up a link and return it; nothing when it is unknown, used or over."""
    row = first(
        tx.execute(
            """
            UPDATE invitation SET taken_at = $at
            WHERE hash = $hash AND taken_at IS NULL AND expires_at > $at
            RETURNING hash, person, expires_at, made_by, via
            """,
            {"hash": invitation_hash, "at": utc(at)},
        )
    )
    return Invitation(**row) if row else None


def _void(tx: Connection, person: str) -> None:
    tx.execute(
        "DELETE FROM invitation WHERE person = $person AND taken_at IS NULL", {"person": person}
    )
