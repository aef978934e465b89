"""Channels, and the messages that wait for them, left by them, or were given up."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from lifecycle.domain.alert import Severity, severity_of
from lifecycle.domain.delivery import (
    Attempt,
    Channel,
    ChannelKind,
    Delivery,
    DeliveryState,
    Message,
)
from lifecycle.errors import NotFound
from lifecycle.store.cells import Connection, Record, dump, first, load, records, utc
from lifecycle.store.naming import not_found, unique

DELIVERIES = """
CREATE TABLE channel (
    name VARCHAR PRIMARY KEY,
    kind VARCHAR NOT NULL,
    hint VARCHAR NOT NULL,
    least INTEGER NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    created_by VARCHAR NOT NULL,
    sealed VARCHAR NOT NULL,
    active BOOLEAN NOT NULL
);
CREATE TABLE delivery (
    id VARCHAR PRIMARY KEY,
    number BIGINT NOT NULL,
    channel VARCHAR NOT NULL,
    message VARCHAR NOT NULL,
    subject VARCHAR NOT NULL,
    key VARCHAR NOT NULL UNIQUE,
    created_at TIMESTAMPTZ NOT NULL,
    next_at TIMESTAMPTZ NOT NULL,
    state VARCHAR NOT NULL,
    attempts INTEGER NOT NULL,
    sent_at TIMESTAMPTZ,
    detail VARCHAR NOT NULL
);
CREATE TABLE delivery_attempt (
    delivery_id VARCHAR NOT NULL,
    number INTEGER NOT NULL,
    at_time TIMESTAMPTZ NOT NULL,
    ok BOOLEAN NOT NULL,
    detail VARCHAR NOT NULL
);
"""
"""The tables of channels and messages; attempts are only ever added."""


def add_channel(tx: Connection, channel: Channel) -> None:
    """Keep a new channel.

    Raises
    ------
    Conflict
        There is one of that name.
    """
    with unique("channel", channel.name):
        tx.execute(
            """
            INSERT INTO channel VALUES (
                $name, $kind, $hint, $least, $created_at, $created_by, $sealed, $active)
            """,
            {
                "name": channel.name,
                "kind": str(channel.kind),
                "hint": channel.hint,
                "least": int(channel.least),
                "created_at": utc(channel.created_at),
                "created_by": channel.created_by,
                "sealed": channel.sealed,
                "active": channel.active,
            },
        )


def set_active(tx: Connection, name: str, *, active: bool) -> None:
    """Switch a channel on or off."""
    tx.execute(
        "UPDATE channel SET active = $active WHERE name = $name", {"name": name, "active": active}
    )


def remove_channel(tx: Connection, name: str) -> None:
    """Forget a channel with its address; what it sent stays in the log."""
    tx.execute("DELETE FROM channel WHERE name = $name", {"name": name})


def channel(con: Connection, name: str) -> Channel:
    """Return a channel.

    Raises
    ------
    NotFound
        There is none of that name.
    """
    known = {one.name: one for one in channels(con)}
    if name not in known:
        raise not_found("channel", name, known=known)
    return known[name]


def channels(con: Connection, *, active: bool | None = None) -> list[Channel]:
    """Return all channels by name, or those that are on or off."""
    found = con.execute(
        "SELECT * FROM channel WHERE $active IS NULL OR active = $active ORDER BY name",
        {"active": active},
    )
    return [_channel(row) for row in records(found)]


def next_number(tx: Connection) -> int:
    """Return the number of the next message."""
    return int(tx.execute("SELECT coalesce(max(number), 0) + 1 FROM delivery").fetchall()[0][0])


def is_known(con: Connection, key: str) -> bool:
    """Tell whether a message with this key waits or was sent."""
    found = con.execute("SELECT 1 FROM delivery WHERE key = $key", {"key": key})
    return found.fetchone() is not None


def add(tx: Connection, delivery: Delivery) -> None:
    """Keep a message that waits.

    Raises
    ------
    Conflict
        It waits, or was sent, already.
    """
    with unique("message", delivery.id):
        tx.execute(
            """
            INSERT INTO delivery VALUES (
                $id, (SELECT coalesce(max(number), 0) + 1 FROM delivery), $channel, $message,
                $subject, $key, $created_at, $next_at, $state, $attempts, $sent_at, $detail)
            """,
            _changing(delivery)
            | {
                "channel": delivery.channel,
                "message": dump(
                    asdict(delivery.message) | {"severity": delivery.message.severity.word}
                ),
                "subject": delivery.message.subject,
                "key": delivery.key,
                "created_at": utc(delivery.created_at),
            },
        )


def update(tx: Connection, delivery: Delivery, *, attempt: Attempt | None = None) -> None:
    """Save how a message is doing, and the attempt that was made."""
    tx.execute(
        """
        UPDATE delivery SET
            next_at = $next_at, state = $state, attempts = $attempts, sent_at = $sent_at,
            detail = $detail
        WHERE id = $id
        """,
        _changing(delivery),
    )
    if attempt is not None:
        tx.execute(
            "INSERT INTO delivery_attempt VALUES ($id, $number, $at, $ok, $detail)",
            {
                "id": delivery.id,
                "number": attempt.number,
                "at": utc(attempt.at),
                "ok": attempt.ok,
                "detail": attempt.detail,
            },
        )


def due(con: Connection, *, at: datetime, limit: int = 50) -> list[Delivery]:
    """Return the messages whose time has come, the oldest first.

    Those of a channel that is off wait; those of one that was removed are due, to be given up.
    """
    found = con.execute(
        """
        SELECT * EXCLUDE (number, subject) FROM delivery
        WHERE state IN ('queued', 'sending') AND next_at <= $at
            AND channel NOT IN (SELECT name FROM channel WHERE NOT active)
        ORDER BY number LIMIT $limit
        """,
        {"at": utc(at), "limit": limit},
    )
    return [_delivery(row) for row in records(found)]


def get(con: Connection, delivery_id: str) -> Delivery:
    """Return a message.

    Raises
    ------
    NotFound
        There is none with that id.
    """
    row = first(
        con.execute(
            "SELECT * EXCLUDE (number, subject) FROM delivery WHERE id = $id", {"id": delivery_id}
        )
    )
    if row is None:
        raise _absent(con, delivery_id)
    return _delivery(row)


def every(
    con: Connection,
    *,
    subject: str | None = None,
    states: Sequence[DeliveryState] | None = None,
    limit: int = 200,
) -> list[Delivery]:
    """Return messages, newest first: all, those about one thing, or those in some states."""
    found = con.execute(
        """
        SELECT * EXCLUDE (number, subject) FROM delivery
        WHERE ($subject IS NULL OR subject = $subject)
            AND ($states IS NULL OR list_contains($states::VARCHAR[], state))
        ORDER BY number DESC LIMIT $limit
        """,
        {
            "subject": subject,
            "states": None if states is None else [str(s) for s in states],
            "limit": limit,
        },
    )
    return [_delivery(row) for row in records(found)]


def attempts(con: Connection, delivery_id: str) -> list[Attempt]:
    """Return the tries to deliver a message, in order."""
    found = con.execute(
        """
        SELECT number, at_time AS "at", ok, detail FROM delivery_attempt
        WHERE delivery_id = $id ORDER BY at_time, rowid
        """,
        {"id": delivery_id},
    )
    return [Attempt(**row) for row in records(found)]


DONE = "state IN ('sent', 'dead')"


def older(con: Connection, *, before: datetime) -> int:
    """Count the messages made before a time that wait for nothing any more."""
    found = con.execute(
        f"SELECT count(*) FROM delivery WHERE {DONE} AND created_at <= $before",
        {"before": utc(before)},
    )
    return int(found.fetchall()[0][0])


def forget(tx: Connection, *, before: datetime) -> int:
    """Remove the messages made before a time that wait for nothing, with their attempts."""
    gone = tx.execute(
        f"DELETE FROM delivery WHERE {DONE} AND created_at <= $before RETURNING id",
        {"before": utc(before)},
    ).fetchall()
    tx.execute(
        "DELETE FROM delivery_attempt WHERE list_contains($ids::VARCHAR[], delivery_id)",
        {"ids": [str(row[0]) for row in gone]},
    )
    return len(gone)


def _channel(row: Record) -> Channel:
    nested: Record = {"kind": ChannelKind(row["kind"]), "least": Severity(row["least"])}
    return Channel(**row | nested)


def _absent(con: Connection, wanted: str) -> NotFound:
    known = [str(row[0]) for row in con.execute("SELECT id FROM delivery").fetchall()]
    return not_found("message", wanted, known=known)


def _changing(delivery: Delivery) -> Record:
    return {
        "id": delivery.id,
        "next_at": utc(delivery.next_at),
        "state": str(delivery.state),
        "attempts": delivery.attempts,
        "sent_at": utc(delivery.sent_at) if delivery.sent_at else None,
        "detail": delivery.detail,
    }


def _delivery(row: Record) -> Delivery:
    message = load(row["message"])
    nested: Record = {
        "message": Message(**message | {"severity": severity_of(message["severity"])}),
        "state": DeliveryState(row["state"]),
    }
    return Delivery(**row | nested)
