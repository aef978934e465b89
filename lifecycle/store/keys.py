"""Idempotency keys: a write asked for twice is done once and answered the same."""

from datetime import datetime
from typing import Any

from lifecycle.store.cells import Connection, dump, first, load, utc
from lifecycle.store.naming import unique


def remembered(con: Connection, key: str, person: str) -> Any:
    """Return the response stored under a person's key, or nothing."""
    row = first(
        con.execute(
            "SELECT response FROM remembered WHERE key = $key AND person = $person",
            {"key": key, "person": person},
        )
    )
    return load(row["response"]) if row else None


def remember(tx: Connection, key: str, person: str, response: object, at: datetime) -> None:
    """Store a response, JSON values only, under a person's key.

    Raises
    ------
    Conflict
        The key was used already.
    """
    with unique("response under the idempotency key", key):
        tx.execute(
            "INSERT INTO remembered VALUES ($key, $person, $response, $at)",
            {"key": key, "person": person, "response": dump(response), "at": utc(at)},
        )


def older(con: Connection, *, before: datetime) -> int:
    """Count the responses given before a time."""
    found = con.execute(
        "SELECT count(*) AS n FROM remembered WHERE answered_at <= $before", {"before": utc(before)}
    )
    return int(found.fetchall()[0][0])


def forget_of(tx: Connection, person: str) -> None:
    """Remove the responses given to one person."""
    tx.execute("DELETE FROM remembered WHERE person = $person", {"person": person})


def forget(tx: Connection, *, before: datetime) -> int:
    """Remove the responses given before a time, and return how many there were."""
    gone = tx.execute(
        "DELETE FROM remembered WHERE answered_at <= $before RETURNING key",
        {"before": utc(before)},
    )
    return len(gone.fetchall())
