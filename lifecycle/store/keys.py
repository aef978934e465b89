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
