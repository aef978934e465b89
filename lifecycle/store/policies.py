"""Policies: published once, never changed; the newest of a name is the one in force."""

import hashlib
from datetime import datetime

from lifecycle.domain.policy import Policy
from lifecycle.domain.policy_text import parse
from lifecycle.errors import DamagedStore
from lifecycle.store.cells import Connection, Record, dump, first, load, records, utc
from lifecycle.store.naming import not_found, unique


def add(tx: Connection, policy: Policy, *, at: datetime, by: str) -> None:
    """Publish a policy; it becomes the one in force under its name.

    Raises
    ------
    Conflict
        That version of it is published already.
    """
    with unique("policy", f"{policy.name} {policy.version}"):
        tx.execute(
            """
            INSERT INTO policy VALUES (
                $name, $version, $sha256, $content, $at, $by,
                (SELECT coalesce(max(position), 0) + 1 FROM policy))
            """,
            {
                "name": policy.name,
                "version": policy.version,
                "sha256": policy.sha256,
                "content": dump(policy.content),
                "at": utc(at),
                "by": by,
            },
        )


def get(con: Connection, name: str, version: str) -> Policy:
    """Return a published policy.

    Raises
    ------
    NotFound
        There is no such policy, or no such version of it.
    DamagedStore
        Its content was changed since it was published.
    """
    row = first(
        con.execute(
            "SELECT * FROM policy WHERE name = $name AND version = $version",
            {"name": name, "version": version},
        )
    )
    if row is None:
        known = [f"{p.name} {p.version}" for p in every(con)]
        raise not_found("policy", f"{name} {version}", known=known)
    return _policy(row)


def current(con: Connection, name: str = "house") -> Policy:
    """Return the policy in force.

    Raises
    ------
    NotFound
        None of that name was published.
    """
    row = first(
        con.execute(
            "SELECT * FROM policy WHERE name = $name ORDER BY position DESC LIMIT 1",
            {"name": name},
        )
    )
    if row is None:
        raise not_found("policy", name, known={p.name for p in every(con)})
    return _policy(row)


def every(con: Connection) -> list[Policy]:
    """Return all published policies, newest first."""
    return [_policy(r) for r in records(con.execute("SELECT * FROM policy ORDER BY position DESC"))]


def _policy(row: Record) -> Policy:
    # Before it is read: what was changed may no longer be a policy at all.
    if hashlib.sha256(row["content"].encode()).hexdigest() != row["sha256"]:
        raise DamagedStore(f"policy {row['name']} {row['version']} was changed since published")
    return parse(load(row["content"]))
