"""Accounts and their password hashes."""

from lifecycle.domain.actor import Role
from lifecycle.domain.person import Person
from lifecycle.errors import NotFound
from lifecycle.store.cells import Connection, Record, dump, first, load, records, utc
from lifecycle.store.naming import not_found, unique

COLUMNS = "name, display, roles, created_at, active, password_hash IS NOT NULL AS has_password"


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
                $name, $display, $roles, $created_at, $active, $password_hash)
            """,
            _row(person) | {"created_at": utc(person.created_at), "password_hash": password_hash},
        )


def update(tx: Connection, person: Person) -> None:
    """Save display name, roles and whether the account is active.

    Raises
    ------
    NotFound
        There is no such account.
    """
    done = tx.execute(
        """
        UPDATE person SET display = $display, roles = $roles, active = $active
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


def every(con: Connection) -> list[Person]:
    """Return all accounts by name."""
    return [_person(r) for r in records(con.execute(f"SELECT {COLUMNS} FROM person ORDER BY name"))]


def _absent(con: Connection, wanted: str) -> NotFound:
    known = [str(row[0]) for row in con.execute("SELECT name FROM person").fetchall()]
    return not_found("person", wanted, known=known)


def _row(person: Person) -> Record:
    return {
        "name": person.name,
        "display": person.display,
        "roles": dump(sorted(person.roles)),
        "active": person.active,
    }


def _person(row: Record) -> Person:
    roles: Record = {"roles": frozenset(Role(role) for role in load(row["roles"]))}
    return Person(**row | roles)
