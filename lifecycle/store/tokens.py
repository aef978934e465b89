"""Bearer tokens for programs; only their hashes are kept."""

from datetime import datetime

from lifecycle.domain.actor import Scope
from lifecycle.domain.person import Token
from lifecycle.store.cells import Connection, Record, dump, first, load, records, utc
from lifecycle.store.naming import not_found, unique

MAKERS = """
ALTER TABLE token ADD COLUMN made_by VARCHAR DEFAULT '';
UPDATE token SET made_by = coalesce((
    SELECT any_value(actor) FROM audit
    WHERE action = 'token.add' AND subject = 'token:' || token.id
), '');
"""
"""Who made the tokens of before stands in the trail."""


def add(tx: Connection, token: Token) -> None:
    """Keep a new token.

    Raises
    ------
    Conflict
        There is one with its id or hash.
    """
    with unique("token", token.id):
        tx.execute(
            """
            INSERT INTO token VALUES (
                $id, $hash, $person, $label, $scopes, $created_at, $expires_at, $revoked_at,
                $last_used_at, $made_by)
            """,
            {
                "id": token.id,
                "hash": token.hash,
                "person": token.person,
                "made_by": token.made_by,
                "label": token.label,
                "scopes": dump(sorted(token.scopes)),
                "created_at": utc(token.created_at),
                "expires_at": utc(token.expires_at),
                "revoked_at": utc(token.revoked_at) if token.revoked_at else None,
                "last_used_at": utc(token.last_used_at) if token.last_used_at else None,
            },
        )


def by_hash(con: Connection, token_hash: str) -> Token | None:
    """Return the token with a hash, also one that expired or was revoked."""
    row = first(con.execute("SELECT * FROM token WHERE hash = $hash", {"hash": token_hash}))
    return _token(row) if row else None


def every(con: Connection, person: str | None = None) -> list[Token]:
    """Return all tokens, newest first, or those of one person."""
    found = con.execute(
        """
        SELECT * FROM token WHERE $person IS NULL OR person = $person
        ORDER BY created_at DESC, id
        """,
        {"person": person},
    )
    return [_token(row) for row in records(found)]


def revoke(tx: Connection, token_id: str, *, at: datetime) -> None:
    """Make a token useless; the first revocation counts.

    Raises
    ------
    NotFound
        There is none with that id.
    """
    done = tx.execute(
        "UPDATE token SET revoked_at = coalesce(revoked_at, $at) WHERE id = $id RETURNING id",
        {"id": token_id, "at": utc(at)},
    ).fetchall()
    if not done:
        raise not_found("token", token_id, known=[token.id for token in every(tx)])


def revoke_of(tx: Connection, person: str, *, at: datetime) -> list[str]:
    """Make all of somebody's tokens useless and return the ids of those that were not yet."""
    done = tx.execute(
        """
        UPDATE token SET revoked_at = $at WHERE person = $person AND revoked_at IS NULL
        RETURNING id
        """,
        {"person": person, "at": utc(at)},
    ).fetchall()
    return sorted(str(row[0]) for row in done)


def used(tx: Connection, token_id: str, *, at: datetime) -> None:
    """Note when a token was last used."""
    tx.execute(
        "UPDATE token SET last_used_at = $at WHERE id = $id", {"id": token_id, "at": utc(at)}
    )


def _token(row: Record) -> Token:
    scopes: Record = {"scopes": frozenset(Scope(scope) for scope in load(row["scopes"]))}
    return Token(**row | scopes)
