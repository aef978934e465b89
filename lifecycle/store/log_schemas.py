"""Which columns the files of a log held, kept whenever they change."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

import pyarrow as pa

from lifecycle.store.arrays import Schema
from lifecycle.store.cells import Connection, dump, load, records, utc

TABLES = """
CREATE TABLE log_schema (
    version_id VARCHAR NOT NULL,
    number INTEGER NOT NULL,
    first_at TIMESTAMPTZ NOT NULL,
    ingested_at TIMESTAMPTZ NOT NULL,
    columns VARCHAR NOT NULL,
    PRIMARY KEY (version_id, number)
);
"""
"""The columns of a version's files, one row for each change of them."""


@dataclass(frozen=True, slots=True)
class LogSchema:
    """The columns of the files from one time on.

    Parameters
    ----------
    first_at
        Time of the first row of the first file that was so.
    columns
        Kind of value by name, as it stood in the file: number, text, true or false, time.
    """

    first_at: datetime
    ingested_at: datetime
    columns: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class SchemaChange:
    """How the columns of a log's files differ from those of the file before.

    Parameters
    ----------
    at
        Time of the first row that was so.
    retyped
        Kind before and after, by column.
    """

    at: datetime
    added: tuple[str, ...]
    removed: tuple[str, ...]
    retyped: Mapping[str, tuple[str, str]]


def note(
    tx: Connection, version_id: str, schema: Schema, *, first_at: datetime, at: datetime
) -> None:
    """Keep the columns of a file unless the last file of the version had the same."""
    columns = {field.name: _kind(field.type) for field in schema}
    before = every(tx, version_id)
    if before and dict(before[-1].columns) == columns:
        return
    tx.execute(
        """
        INSERT INTO log_schema (version_id, number, first_at, ingested_at, columns)
        VALUES ($id, $number, $first_at, $ingested_at, $columns)
        """,
        {
            "id": version_id,
            "number": len(before) + 1,
            "first_at": utc(first_at),
            "ingested_at": utc(at),
            "columns": dump(columns),
        },
    )


def every(con: Connection, version_id: str) -> list[LogSchema]:
    """Return the schemas of a version's files in the order they came."""
    found = con.execute(
        """
        SELECT first_at, ingested_at, columns FROM log_schema WHERE version_id = $id
        ORDER BY number
        """,
        {"id": version_id},
    )
    return [
        LogSchema(row["first_at"], row["ingested_at"], load(row["columns"]))
        for row in records(found)
    ]


def changes(con: Connection, version_id: str) -> list[SchemaChange]:
    """Return how the columns of a version's files changed, newest first."""
    found = [
        SchemaChange(
            now.first_at,
            added=tuple(name for name in now.columns if name not in before.columns),
            removed=tuple(name for name in before.columns if name not in now.columns),
            retyped={
                name: (before.columns[name], kind)
                for name, kind in now.columns.items()
                if before.columns.get(name, kind) != kind
            },
        )
        for before, now in pairwise(every(con, version_id))
    ]
    return found[::-1]


def _kind(kind: Any) -> str:
    """Say what a column holds, however many bits that takes."""
    if pa.types.is_dictionary(kind):
        return _kind(kind.value_type)
    known = {
        "number": (pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal),
        "text": (pa.types.is_string, pa.types.is_large_string),
        "time": (pa.types.is_temporal,),
        "true or false": (pa.types.is_boolean,),
        "nothing": (pa.types.is_null,),
    }
    return next((name for name, tests in known.items() if any(t(kind) for t in tests)), str(kind))
