"""Policies: published once, never changed; the newest of a name, or of a unit, is in force."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from lifecycle.domain.policy import CENTRAL, JOIN, Policy
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


@dataclass(frozen=True, slots=True)
class Published:
    """A policy with when and by whom it was put in force, and whether it still is."""

    policy: Policy
    at: datetime
    by: str
    in_force: bool


def current(con: Connection, name: str = CENTRAL) -> Policy:
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


def in_force(con: Connection, unit: str = "") -> Policy:
    """Return what holds for a business unit: the central policy, joined with the unit's own.

    Raises
    ------
    NotFound
        No central policy was published.
    """
    central = current(con)
    mine = own(con, unit) if unit else None
    return central if mine is None else mine.under(central)


def own(con: Connection, unit: str) -> Policy | None:
    """Return the newest policy that a business unit published for itself."""
    return next((policy for policy in every(con) if policy.unit == unit), None)


def labelled(con: Connection, label: str) -> Policy:
    """Return the policy that a label such as ``house 2`` or ``house 2 & retail 1`` names.

    Raises
    ------
    NotFound
        There is no such policy.
    """
    central, *local = (get(con, *part.rpartition(" ")[::2]) for part in label.split(JOIN))
    return local[0].under(central) if local else central


def every(con: Connection) -> list[Policy]:
    """Return all published policies, newest first."""
    return [_policy(r) for r in records(con.execute("SELECT * FROM policy ORDER BY position DESC"))]


def history(con: Connection) -> list[Published]:
    """Return all published policies with when and by whom, newest first."""
    found: list[Published] = []
    seen: set[tuple[str, str]] = set()
    for row in records(con.execute("SELECT * FROM policy ORDER BY position DESC")):
        policy = _policy(row)
        place = (policy.unit, "" if policy.unit else policy.name)  # a unit has one of its own
        newest = place not in seen
        seen.add(place)
        found.append(Published(policy, row["published_at"], row["published_by"], newest))
    return found


def _policy(row: Record) -> Policy:
    # Before it is read: what was changed may no longer be a policy at all.
    if hashlib.sha256(row["content"].encode()).hexdigest() != row["sha256"]:
        raise DamagedStore(f"policy {row['name']} {row['version']} was changed since published")
    return _parsed(row["content"])


@lru_cache(maxsize=64)
def _parsed(content: str) -> Policy:
    return parse(load(content))
