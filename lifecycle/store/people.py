"""Accounts, their password hashes, and who they are at the organisation's own provider."""

from lifecycle.domain.actor import Role
from lifecycle.domain.person import Person
from lifecycle.domain.reach import Reach
from lifecycle.domain.usecase import Tier
from lifecycle.errors import Conflict, NotFound
from lifecycle.store.cells import Connection, Record, dump, first, load, records, utc
from lifecycle.store.naming import not_found, unique

IDENTITIES = """
ALTER TABLE person ADD COLUMN units VARCHAR DEFAULT '[]';
ALTER TABLE person ADD COLUMN tiers VARCHAR DEFAULT '[]';
CREATE TABLE identity (
    issuer VARCHAR NOT NULL,
    subject VARCHAR NOT NULL,
    person VARCHAR NOT NULL,
    PRIMARY KEY (issuer, subject)
);
"""

COLUMNS = """
    name, display, roles, created_at, active, password_hash IS NOT NULL AS has_password, units,
    tiers
"""


def add(tx: Connection, person: Person, password_hash: str | None = None) -> None:
    """Keep a new account.

    Raises
    ------
    Conflict
        The name was given before; it is never given twice.
    """
    with unique("person", person.name):
        tx.execute(
            """
            INSERT INTO person VALUES (
                $name, $display, $roles, $created_at, $active, $password_hash, $units, $tiers)
            """,
            _row(person) | {"created_at": utc(person.created_at), "password_hash": password_hash},
        )


def update(tx: Connection, person: Person) -> None:
    """Save display name, roles, their reach and whether the account is active.

    Raises
    ------
    NotFound
        There is no such account.
    """
    done = tx.execute(
        """
        UPDATE person SET
            display = $display, roles = $roles, active = $active, units = $units, tiers = $tiers
        WHERE name = $name RETURNING name
        """,
        _row(person),
    ).fetchall()
    if not done:
        raise _absent(tx, person.name)


def set_password(tx: Connection, name: str, password_hash: str | None) -> None:
    """Save the hash of a new password, or none.

    Raises
    ------
    NotFound
        There is no such account.
    """
    done = tx.execute(
        "UPDATE person SET password_hash = $hash WHERE name = $name RETURNING name",
        {"hash": password_hash, "name": name},
    ).fetchall()
    if not done:
        raise _absent(tx, name)


def password_hash(con: Connection, name: str) -> str | None:
    """Return the hash of a password; nothing for who has none or does not exist."""
    row = first(con.execute("SELECT password_hash FROM person WHERE name = $n", {"n": name}))
    return row["password_hash"] if row else None


def get(con: Connection, name: str) -> Person:
    """Return an account.

    Raises
    ------
    NotFound
        There is none of that name.
    """
    row = first(con.execute(f"SELECT {COLUMNS} FROM person WHERE name = $name", {"name": name}))
    if row is None:
        raise _absent(con, name)
    return _person(row)


def active(con: Connection, name: str) -> Person:
    """Return a person whose account is open, to give something to.

    Raises
    ------
    NotFound
        Nobody has an account of that name.
    Conflict
        It is closed.
    """
    found = get(con, name)
    if not found.active:
        raise Conflict(f"the account {name!r} is closed, so nobody would see to it")
    return found


def every(con: Connection) -> list[Person]:
    """Return all accounts by name."""
    return [_person(r) for r in records(con.execute(f"SELECT {COLUMNS} FROM person ORDER BY name"))]


def add_identity(tx: Connection, *, issuer: str, subject: str, person: str) -> None:
    """Remember whose account somebody at a provider has.

    Raises
    ------
    Conflict
        They have one already.
    """
    with unique("identity", subject):
        tx.execute(
            "INSERT INTO identity VALUES ($issuer, $subject, $person)",
            {"issuer": issuer, "subject": subject, "person": person},
        )


def by_identity(con: Connection, *, issuer: str, subject: str) -> str | None:
    """Return the account of somebody at a provider."""
    row = first(
        con.execute(
            "SELECT person FROM identity WHERE issuer = $issuer AND subject = $subject",
            {"issuer": issuer, "subject": subject},
        )
    )
    return row["person"] if row else None


def forget_identity(tx: Connection, person: str) -> None:
    """Forget who at a provider has an account."""
    tx.execute("DELETE FROM identity WHERE person = $person", {"person": person})


def with_identity(con: Connection) -> frozenset[str]:
    """Return the accounts that belong to somebody at a provider."""
    return frozenset(str(row[0]) for row in con.execute("SELECT person FROM identity").fetchall())


def _absent(con: Connection, wanted: str) -> NotFound:
    known = [str(row[0]) for row in con.execute("SELECT name FROM person").fetchall()]
    return not_found("person", wanted, known=known)


def _row(person: Person) -> Record:
    return {
        "name": person.name,
        "display": person.display,
        "roles": dump(sorted(person.roles)),
        "active": person.active,
        "units": dump(sorted(person.reach.units)),
        "tiers": dump(sorted(person.reach.tiers)),
    }


def _person(row: Record) -> Person:
    return Person(
        name=row["name"],
        display=row["display"],
        roles=frozenset(Role(role) for role in load(row["roles"])),
        created_at=row["created_at"],
        active=row["active"],
        has_password=row["has_password"],
        reach=reach_of(row),
    )


def reach_of(row: Record) -> Reach:
    """Read how far roles reach, from a row with units and tiers."""
    tiers = frozenset(Tier(tier) for tier in load(row["tiers"]))
    return Reach(frozenset(load(row["units"])), tiers)
