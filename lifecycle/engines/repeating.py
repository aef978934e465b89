"""Which rows of a Parquet file repeat, occurred in another file, or hold what that one does not.

Every row with an outcome is looked at. A value is the same in any type that can hold it: 1, 1.0
and true are one value, and an empty text is none.
"""

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import duckdb

from lifecycle.engines.connecting import connect
from lifecycle.engines.contract import Column, Kind
from lifecycle.engines.reading import columns_of, identifier, quote, text_of


@dataclass(frozen=True, slots=True)
class Hits:
    """How many rows were looked at, how many have something, and how many by column."""

    rows: int
    hits: int
    by_column: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class _File:
    """A file's rows with an outcome, and its columns by name."""

    relation: str
    columns: Mapping[str, Column]

    def numeric(self, name: str) -> bool:
        return self.columns[name].kind is Kind.NUMERIC

    def number(self, name: str) -> str:
        return f"nullif(CAST({identifier(name)} AS DOUBLE), CAST('nan' AS DOUBLE))"

    def text(self, name: str) -> str:
        if self.columns[name].type == "BOOLEAN":
            return f"CAST(CAST({identifier(name)} AS TINYINT) AS VARCHAR)"
        return f"nullif({text_of(self.columns[name])}, '')"

    def value(self, name: str, *, number: bool) -> str:
        return self.number(name) if number else self.text(name)


def repeated(file: Path, *, columns: Sequence[str], target: str) -> Hits:
    """Count the rows whose values repeat those of another row, all but the first of them."""
    with closing(connect()) as con:
        now = _opened(con, file, target=target)
        row = _row(now, columns, numbers={name for name in columns if now.numeric(name)})
        return _hits(con, f"SELECT count(*), count(*) - count(DISTINCT {row}) FROM {now.relation}")


def seen(file: Path, before: Path, *, columns: Sequence[str], target: str) -> Hits:
    """Count the rows whose values all occurred together in a row of the file before."""
    with closing(connect()) as con:
        now, then = (_opened(con, one, target=target) for one in (file, before))
        numbers = {name for name in columns if now.numeric(name) and then.numeric(name)}
        known = f"SELECT {_row(then, columns, numbers=numbers)} FROM {then.relation}"
        row = _row(now, columns, numbers=numbers)
        return _hits(
            con, f"SELECT count(*), count(*) FILTER ({row} IN ({known})) FROM {now.relation}"
        )


def outside(file: Path, before: Path, *, columns: Sequence[str], target: str) -> Hits:
    """Count the rows with a value that the file before does not cover, anywhere and by column.

    A number is covered between the smallest and the largest there, a name if it occurs there; no
    value needs no cover.
    """
    with closing(connect()) as con:
        now, then = (_opened(con, one, target=target) for one in (file, before))
        tests = ", ".join(f"{_beyond(now, then, name)} AS f{i}" for i, name in enumerate(columns))
        flags = [f"f{i}" for i in range(len(columns))]
        counts = ", ".join(f"count(*) FILTER ({flag})" for flag in (" OR ".join(flags), *flags))
        return _hits(
            con,
            f"SELECT count(*), {counts} FROM (SELECT {tests} FROM {now.relation})",
            columns=columns,
        )


def _beyond(now: _File, then: _File, name: str) -> str:
    number = now.numeric(name) and then.numeric(name)
    value, known = now.value(name, number=number), then.value(name, number=number)
    if number:
        least, most = (f"(SELECT {end}({known}) FROM {then.relation})" for end in ("min", "max"))
        test = f"coalesce({value} < {least} OR {value} > {most}, true)"
    else:
        test = f"{value} NOT IN (SELECT {known} FROM {then.relation} WHERE {known} IS NOT NULL)"
    return f"({value} IS NOT NULL AND {test})"


def _opened(con: duckdb.DuckDBPyConnection, file: Path, *, target: str) -> _File:
    rows = f"read_parquet({quote(str(file))}, hive_partitioning=false)"
    columns = {c.name: c for c in columns_of(con.execute(f"DESCRIBE FROM {rows}").fetchall())}
    every = _File(rows, columns)
    known = every.value(target, number=every.numeric(target))
    return _File(f"(SELECT * FROM {rows} WHERE {known} IS NOT NULL)", columns)


def _row(file: _File, columns: Sequence[str], *, numbers: set[str]) -> str:
    """Return the SQL that hashes a row's values; with 64 bits two rows hardly ever share one."""
    values = ", ".join(file.value(name, number=name in numbers) for name in columns)
    return f"hash(row({values}))"


def _hits(con: duckdb.DuckDBPyConnection, query: str, *, columns: Sequence[str] = ()) -> Hits:
    rows, hits, *each = con.execute(query).fetchall()[0]
    return Hits(int(rows), int(hits), dict(zip(columns, map(int, each), strict=True)))
