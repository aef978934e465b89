"""Rows as they are: read any file as one table, keep it as Parquet, join a log with its outcomes.

The rest of the engines counts; this is for what must be carried over or prepared row by row.
"""

import shutil
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from lifecycle.engines.connecting import connect
from lifecycle.engines.contract import Filter, Source
from lifecycle.engines.duckdb import DuckDBEngine
from lifecycle.engines.reading import (
    FileSet,
    find_files,
    identifier,
    quote,
    read_arrow,
    scan,
    unreadable,
)
from lifecycle.engines.windows import EPOCH
from lifecycle.errors import InvalidInput

DECISION = "lc_decision"
"""The column that says what follows from a score where no decision was logged."""

EARLY = "lc_early"
"""The column that says whether an outcome is dated before its prediction."""


def read(path: str) -> Any:
    """Read a file, a folder or a glob as one Arrow table, rows in file order.

    Raises
    ------
    InvalidInput
        There is no such file, its bytes cannot be read, or it holds no rows.
    """
    files = find_files(path)
    with _connection() as con:
        try:
            table = con.sql(f"SELECT * FROM {_attach(con, files)}").to_arrow_table()
        except duckdb.Error as error:
            raise unreadable(files, error) from error
    if table.num_rows == 0:
        raise InvalidInput(f"{path} holds no rows")
    return table


def keep(path: str, *, into: Path) -> None:
    """Keep the rows of a file, a folder or a glob as one Parquet file; every byte is read.

    A single Parquet file keeps its own bytes, and so its hash.

    Raises
    ------
    InvalidInput
        There is no such file, its bytes cannot be read, or it holds no rows.
    """
    files = find_files(path)
    with _connection() as con:
        try:
            rows = _attach(con, files)
            if files.format == "parquet" and len(files.files) == 1:
                # Hashing whole rows makes DuckDB decode every page, a damaged one included.
                kept = con.execute(f"SELECT count(hash(t)) FROM {rows} AS t").fetchone()
                shutil.copyfile(files.files[0], into)
            else:
                kept = con.execute(
                    f"COPY (SELECT * FROM {rows}) TO {quote(str(into))} "
                    "(FORMAT parquet, COMPRESSION zstd)"
                ).fetchone()
        except duckdb.Error as error:
            raise unreadable(files, error) from error
    if not kept or not kept[0]:
        into.unlink(missing_ok=True)
        raise InvalidInput(f"{path} holds no rows")


def matching(path: str, *, where: Sequence[Filter], into: Path) -> Source:
    """Keep the rows that pass the filters as one Parquet file, and say what they are.

    Raises
    ------
    InvalidInput
        The path, a filter or the bytes cannot be used, or no row is left.
    """
    with DuckDBEngine() as engine:
        source = engine.open(path, where=where)
        engine.fetch(
            source,
            f"COPY (SELECT * FROM {source.relation}) TO {quote(str(into))} "
            "(FORMAT parquet, COMPRESSION zstd)",
        )
    return source


def span(file: Path, *, column: str) -> tuple[datetime, datetime] | None:
    """Return the first and last time in a column of a Parquet file, or nothing without times."""
    with _connection() as con:
        found = con.execute(
            "SELECT epoch_us(min(moment)), epoch_us(max(moment)) FROM "
            f"(SELECT CAST({identifier(column)} AS TIMESTAMPTZ) AS moment FROM {_parquet([file])})"
        ).fetchone()
    if found is None or found[0] is None:
        return None
    first, last = (EPOCH + timedelta(microseconds=int(value)) for value in found)
    return first, last


def decide(file: Path, *, into: Path, score: str, threshold: float) -> None:
    """Write a Parquet file's rows with a column `DECISION`: 1 for a score from the threshold on.

    A row without a score has no decision.
    """
    with _connection() as con:
        con.execute(
            f"COPY (SELECT *, {_decision(identifier(score), threshold)} FROM {_parquet([file])}) "
            f"TO {quote(str(into))} (FORMAT parquet, COMPRESSION zstd)"
        )


def join(
    predictions: Sequence[Path],
    outcomes: Sequence[Path],
    *,
    into: Path,
    apart: Sequence[Path] = (),
    until: datetime | None = None,
    threshold: float | None = None,
) -> int:
    """Write logged predictions with the newest outcome known of each, in order of their time.

    Parameters
    ----------
    predictions
        Parquet files with `lc_id` and `lc_at`, at least one.
    outcomes
        Parquet files with `lc_id`, `outcome` and `known_at`; may be empty.
    into
        Gets all columns of the predictions, and `outcome`; where there are outcomes, `EARLY` too:
        one dated before its prediction is left out. A date without a time means its whole day.
    apart
        Parquet files with `lc_id`, once each, and further columns of the same predictions.
    until
        Predictions made and outcomes known from then on are left out.
    threshold
        Also write `DECISION`, from the column `score` if there is one.

    Returns
    -------
    int
        Rows written.
    """
    moment = quote((until or datetime.max.replace(tzinfo=UTC)).isoformat())
    known = "SELECT CAST(NULL AS VARCHAR) AS lc_id, CAST(NULL AS DOUBLE) AS outcome WHERE false"
    outcome = "known.outcome"
    if outcomes:
        outcome = (
            f"CASE WHEN {_EARLY} THEN NULL ELSE known.outcome END AS outcome, {_EARLY} AS {EARLY}"
        )
        known = (
            "SELECT lc_id, arg_max(outcome, known_at) AS outcome, "
            "max(known_at) AT TIME ZONE 'UTC' AS told_at "
            f"FROM {_parquet(outcomes)} WHERE known_at < TIMESTAMPTZ {moment} GROUP BY lc_id"
        )
    with _connection() as con:
        named = {
            str(row[0]) for row in con.execute(f"DESCRIBE FROM {_parquet(predictions)}").fetchall()
        }
        scored = threshold is not None and "score" in named
        decided = f", {_decision('score', threshold or 0.0)}" if scored else ""
        further = ", part.* EXCLUDE (lc_id)" if apart else ""
        beside = f"LEFT JOIN {_parquet(apart)} AS part USING (lc_id) " if apart else ""
        written = con.execute(
            f"COPY (SELECT made.*{further}, {outcome}{decided} "
            f"FROM {_parquet(predictions)} AS made {beside}"
            f"LEFT JOIN ({known}) AS known USING (lc_id) "
            f"WHERE made.lc_at < TIMESTAMPTZ {moment} ORDER BY made.lc_at, made.lc_id) "
            f"TO {quote(str(into))} (FORMAT parquet, COMPRESSION zstd)"
        ).fetchone()
    return int(written[0]) if written else 0


def draw(
    predictions: Sequence[Path],
    *,
    columns: Sequence[str],
    most: int,
    into: Path,
) -> int:
    """Write some columns of logged predictions, the same rows at every call.

    Parameters
    ----------
    columns
        Those that no file holds are left out.
    most
        Rows at most; which ones follows from their ids, so that none is likelier than another.

    Returns
    -------
    int
        Rows written.
    """
    rows = f"FROM {_parquet(predictions)}"
    with _connection() as con:
        held = [str(row[0]) for row in con.execute(f"DESCRIBE {rows}").fetchall()]
        named = ", ".join(identifier(name) for name in columns if name in held) or "lc_id"
        written = con.execute(
            f"COPY (SELECT {named} {rows} ORDER BY hash(lc_id), lc_id LIMIT {int(most)}) "
            f"TO {quote(str(into))} (FORMAT parquet, COMPRESSION zstd)"
        ).fetchone()
    return int(written[0]) if written else 0


def days_known_later(
    predictions: Sequence[Path], outcomes: Sequence[Path], *, until: datetime | None
) -> frozenset[date]:
    """Return the days with predictions whose outcome becomes known only from then on."""
    if until is None or not predictions or not outcomes:
        return frozenset()
    moment = quote(until.isoformat())
    with _connection() as con:
        found = con.execute(
            f"SELECT DISTINCT CAST(lc_at AT TIME ZONE 'UTC' AS DATE) FROM {_parquet(predictions)} "
            f"WHERE lc_id IN (SELECT lc_id FROM {_parquet(outcomes)} "
            f"WHERE known_at >= TIMESTAMPTZ {moment})"
        ).fetchall()
    return frozenset(row[0] for row in found)


def ids(files: Sequence[Path], *, among: Any) -> Any:
    """Return which of some ids (an Arrow array) occur in Parquet files with `lc_id`, each once."""
    import pyarrow as pa

    if not files:
        return pa.array([], pa.string())
    with _connection() as con:
        con.register("wanted", pa.table({"lc_id": among}))
        found = con.sql(
            f"SELECT DISTINCT lc_id FROM wanted SEMI JOIN {_parquet(files)} USING (lc_id)"
        ).to_arrow_table()
    return found.column(0).combine_chunks()


_EARLY = (
    "coalesce(known.told_at < CASE WHEN known.told_at = date_trunc('day', known.told_at) "
    "THEN date_trunc('day', made.lc_at AT TIME ZONE 'UTC') "
    "ELSE made.lc_at AT TIME ZONE 'UTC' END, false)"
)


@contextmanager
def _connection() -> Generator[duckdb.DuckDBPyConnection]:
    con = connect()
    try:
        yield con
    finally:
        con.close()


def _decision(score: str, threshold: float) -> str:
    number = f"CAST({score} AS DOUBLE)"
    return (
        f"CASE WHEN {score} IS NULL OR isnan({number}) THEN NULL "
        f"WHEN {number} >= {threshold!r} THEN 1 ELSE 0 END AS {DECISION}"
    )


def _attach(con: duckdb.DuckDBPyConnection, files: FileSet) -> str:
    if files.format != "arrow":
        return scan(files)
    con.register("given", read_arrow(files))
    return "given"


def _parquet(paths: Sequence[Path]) -> str:
    listed = ", ".join(quote(str(path)) for path in paths)
    return f"read_parquet([{listed}], union_by_name=true, hive_partitioning=false)"
