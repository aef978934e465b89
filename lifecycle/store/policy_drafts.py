"""Drafts of policies: wordings that are not in force, with everybody who wrote on them."""

from dataclasses import dataclass
from datetime import datetime

from lifecycle.domain.policy import Policy
from lifecycle.store.cells import Connection, Record, dump, first, load, records, utc
from lifecycle.store.naming import not_found

TABLES = """
CREATE TABLE policy_draft (
    name VARCHAR NOT NULL,
    version VARCHAR NOT NULL,
    sha256 VARCHAR NOT NULL,
    text VARCHAR NOT NULL,
    authors VARCHAR NOT NULL,
    changed_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (name, version)
);
"""


@dataclass(frozen=True, slots=True)
class Draft:
    """A wording of a policy before a second person publishes it.

    Parameters
    ----------
    text
        The YAML as it was written, comments included.
    authors
        Everybody who wrote a wording of it; none of them can publish it.
    """

    name: str
    version: str
    sha256: str
    text: str
    authors: tuple[str, ...]
    changed_at: datetime


def put(tx: Connection, policy: Policy, *, text: str, by: str, at: datetime) -> Draft:
    """Keep a draft, in the place of an earlier wording of the same version."""
    row = _row(tx, policy.name, policy.version)
    authors = tuple(dict.fromkeys([*(_draft(row).authors if row else ()), by]))
    kept = Draft(policy.name, policy.version, policy.sha256, text, authors, utc(at))
    tx.execute(
        """
        INSERT OR REPLACE INTO policy_draft
        VALUES ($name, $version, $sha256, $text, $authors, $changed_at)
        """,
        {
            "name": kept.name,
            "version": kept.version,
            "sha256": kept.sha256,
            "text": kept.text,
            "authors": dump(list(kept.authors)),
            "changed_at": kept.changed_at,
        },
    )
    return kept


def get(con: Connection, name: str, version: str) -> Draft:
    """Return a draft.

    Raises
    ------
    NotFound
        There is no such draft.
    """
    row = _row(con, name, version)
    if row is None:
        known = [f"{d.name} {d.version}" for d in every(con)]
        raise not_found("draft of policy", f"{name} {version}", known=known)
    return _draft(row)


def every(con: Connection) -> list[Draft]:
    """Return all drafts, the one changed last first."""
    found = con.execute("SELECT * FROM policy_draft ORDER BY changed_at DESC, name, version")
    return [_draft(row) for row in records(found)]


def remove(tx: Connection, name: str, version: str) -> None:
    """Remove a draft, once it is published or dropped."""
    tx.execute(
        "DELETE FROM policy_draft WHERE name = $name AND version = $version",
        {"name": name, "version": version},
    )


def _row(con: Connection, name: str, version: str) -> Record | None:
    return first(
        con.execute(
            "SELECT * FROM policy_draft WHERE name = $name AND version = $version",
            {"name": name, "version": version},
        )
    )


def _draft(row: Record) -> Draft:
    authors: Record = {"authors": tuple(load(row["authors"]))}
    return Draft(**row | authors)
