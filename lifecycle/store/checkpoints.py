"""Signed checkpoints of the audit trail, and the public keys they were signed with."""

from datetime import datetime

from lifecycle.domain.checkpoint import Checkpoint
from lifecycle.domain.merkle import Frontier
from lifecycle.store.cells import Connection, Record, dump, first, load, records, utc
from lifecycle.store.schema import append_only

TABLES = f"""
CREATE TABLE signing_key (
    id VARCHAR PRIMARY KEY,
    public VARCHAR NOT NULL,
    made_at TIMESTAMPTZ NOT NULL
);
CREATE TABLE checkpoint (
    sequence BIGINT PRIMARY KEY,
    hash VARCHAR NOT NULL,
    root VARCHAR NOT NULL,
    frontier VARCHAR NOT NULL,
    signed_at TIMESTAMPTZ NOT NULL,
    key VARCHAR NOT NULL,
    signature VARCHAR NOT NULL
);
{append_only("signing_key")}
{append_only("checkpoint")}
"""


def add_key(tx: Connection, identifier: str, *, public: str, at: datetime) -> bool:
    """Keep a public key, and tell whether it is new here."""
    if identifier in public_keys(tx):
        return False
    values = {"id": identifier, "public": public, "at": utc(at)}
    tx.execute("INSERT INTO signing_key VALUES ($id, $public, $at)", values)
    return True


def public_keys(con: Connection) -> dict[str, str]:
    """Return every public key this workspace ever signed with, by its name, oldest first."""
    rows = records(con.execute("SELECT id, public FROM signing_key ORDER BY made_at, id"))
    return {row["id"]: row["public"] for row in rows}


def add(tx: Connection, checkpoint: Checkpoint, *, frontier: Frontier) -> None:
    """Keep a checkpoint with the subtrees that the next one goes on from."""
    tx.execute(
        "INSERT INTO checkpoint VALUES ($sequence, $hash, $root, $frontier, $at, $key, $signature)",
        {
            "sequence": checkpoint.sequence,
            "hash": checkpoint.hash,
            "root": checkpoint.root,
            "frontier": dump([node.hex() for node in frontier]),
            "at": utc(checkpoint.at),
            "key": checkpoint.key,
            "signature": checkpoint.signature,
        },
    )


def last(con: Connection) -> tuple[Checkpoint | None, Frontier]:
    """Return the newest checkpoint with its subtrees."""
    row = first(con.execute("SELECT * FROM checkpoint ORDER BY sequence DESC LIMIT 1"))
    if row is None:
        return None, ()
    return _checkpoint(row), tuple(bytes.fromhex(node) for node in load(row["frontier"]))


def every(con: Connection) -> list[Checkpoint]:
    """Return all checkpoints, oldest first."""
    return [_checkpoint(r) for r in records(con.execute("FROM checkpoint ORDER BY sequence"))]


def _checkpoint(row: Record) -> Checkpoint:
    return Checkpoint(
        sequence=row["sequence"],
        hash=row["hash"],
        root=row["root"],
        at=row["signed_at"],
        key=row["key"],
        signature=row["signature"],
    )
