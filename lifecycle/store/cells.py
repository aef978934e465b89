"""How values stand in the cells of a table, and how they come out again."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeAlias

import duckdb

from lifecycle.domain.audit import canonical
from lifecycle.errors import InvalidInput

Connection: TypeAlias = duckdb.DuckDBPyConnection
Record: TypeAlias = dict[str, Any]

ALL_ROWS = "{}"
"""The key of the slice that leaves nothing out."""


def home_of(con: Connection) -> Path:
    """Return the folder of the workspace: where the database of a connection stands.

    It is a query of its own and ends a result of this connection that is still being read.
    """
    row = con.execute(
        "SELECT path FROM duckdb_databases() WHERE database_name = current_database()"
    ).fetchall()[0]
    return Path(str(row[0])).parent


def records(result: Connection) -> list[Record]:
    """Fetch every row as a mapping from column to value, times aware and in UTC."""
    columns = result.description or []
    names = [str(column[0]) for column in columns]
    times = [str(column[0]) for column in columns if str(column[1]).startswith("TIMESTAMP")]
    found = [dict(zip(names, row, strict=True)) for row in result.fetchall()]
    for row in found:
        for name in times:
            if row[name] is not None:
                row[name] = row[name].astimezone(UTC)
    return found


def first(result: Connection) -> Record | None:
    """Fetch the first row as a mapping, or nothing."""
    return next(iter(records(result)), None)


def dump(value: object) -> str:
    """Write nested values as the JSON text a cell holds."""
    return canonical(value)


def slice_key(given: Mapping[str, str]) -> str:
    """Write a slice in the one way that profiles, tallies and measurements are keyed by."""
    return dump(dict(given))


def load(text: str) -> Any:
    """Read what `dump` wrote."""
    return json.loads(text)


def utc(at: datetime) -> datetime:
    """Return a time in UTC, so that it is hashed and stored in one way only.

    Raises
    ------
    InvalidInput
        The time has no zone and could mean several moments.
    """
    if at.tzinfo is None:
        raise InvalidInput(f"the time {at.isoformat()} has no time zone")
    return at.astimezone(UTC)
