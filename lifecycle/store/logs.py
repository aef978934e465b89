"""Prediction logs and outcomes: Parquet files that stand, and the manifest that says which count.

A file is written whole, named, and only then listed in the manifest, in the caller's transaction.
What a crash leaves behind is not listed and therefore never read.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from urllib.parse import quote
from uuid import uuid4

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from lifecycle.errors import InvalidInput
from lifecycle.store import arrays, durable, log_rows, sensitive, sensitive_files
from lifecycle.store.arrays import Table
from lifecycle.store.artifacts import hash_of
from lifecycle.store.cells import Connection, Record, first, home_of, records, utc
from lifecycle.store.connection import Workspace
from lifecycle.store.sensitive import Part, Split

OUTCOMES = "+outcomes"
"""Folder of a model's outcomes; a plus sign is escaped in names, so no version is called so."""


@dataclass(frozen=True, slots=True)
class DayLog:
    """One day of a version's prediction log.

    Parameters
    ----------
    apart
        Files with the protected attributes of the same rows.
    """

    day: date
    rows: int
    files: tuple[Path, ...]
    apart: tuple[Path, ...] = ()


def write_predictions(
    tx: Connection,
    workspace: Workspace,
    version_id: str,
    table: Table,
    *,
    split: Split | None = None,
) -> list[date]:
    """Append scored rows to a version's log, one file per day, and mark the days as dirty.

    Parameters
    ----------
    table
        Columns `lc_id` (text) and `lc_at` (time in UTC), and whatever else was logged.
    split
        Columns that go into files of their own, with the ids.

    Returns
    -------
    list of date
        The days that got rows, oldest first.

    Raises
    ------
    InvalidInput
        No rows; a missing id or time; an id twice in the table or already in the log; a column
        of another type than in the log. The sentence names the row, counted from one.
    """
    table = log_rows.checked(table, times=("lc_at",))
    table = _admitted(tx, table, known=files(tx, version_id), where=f"the log of {version_id}")
    model_id, _, name = version_id.partition("/")
    folder = workspace.logs / _escaped(model_id) / _escaped(name)
    apart = [name for name in split.columns if name in table.column_names] if split else []
    if apart:
        table = _like_others(tx, table, apart=apart, version_id=version_id)
    listed: list[Record] = []
    parts: list[Part] = []
    for day, rows in _by_day(table):
        file = _write(workspace, folder / f"day={day.isoformat()}", rows.drop_columns(apart))
        if split and apart:
            parts.append(_part(workspace, rows, file=file, version_id=version_id, split=split))
        times = {"first_at": rows["lc_at"][0].as_py(), "last_at": rows["lc_at"][-1].as_py()}
        listed.append({**_facts(workspace, file, rows), **times, "day": day})
    _list(tx, listed, model_id=model_id, version_id=version_id)
    sensitive.record(tx, parts)
    days = [row["day"] for row in listed]
    _mark(tx, [(version_id, day) for day in days])
    return days


def write_outcomes(tx: Connection, workspace: Workspace, model_id: str, table: Table) -> list[date]:
    """Append outcomes to a model and mark the days whose predictions they belong to as dirty.

    Parameters
    ----------
    table
        Columns `lc_id` (text), `outcome` and, optionally, `known_at` (time in UTC).

    Returns
    -------
    list of date
        The days of the predictions that now have an outcome, oldest first.

    Raises
    ------
    InvalidInput
        As for predictions.
    """
    table = log_rows.checked(table, times=("known_at",) if "known_at" in table.column_names else ())
    if "outcome" not in table.column_names:
        raise InvalidInput("there is no column 'outcome'")
    table = _admitted(
        tx, table, known=outcome_files(tx, model_id), where=f"the outcomes of {model_id}"
    )
    file = _write(workspace, workspace.logs / _escaped(model_id) / OUTCOMES, table)
    times = {"first_at": None, "last_at": None, "day": None}
    _list(tx, [{**_facts(workspace, file, table), **times}], model_id=model_id, version_id=None)
    touched = _predicted(tx, model_id, table)
    _mark(tx, touched)
    return sorted({day for _, day in touched})


def days(con: Connection, version_id: str, *, until: datetime | None = None) -> list[DayLog]:
    """Return the days of a version's log that began before some time, oldest first."""
    found = con.execute(
        """
        SELECT day, sum(log.row_count)::BIGINT AS row_count,
            list(log.path ORDER BY position) AS paths,
            list(part.path ORDER BY position) FILTER (part.path IS NOT NULL) AS apart
        FROM log_file AS log LEFT JOIN sensitive_part AS part
            ON part.part_of = log.path AND part.deleted_at IS NULL
        WHERE version_id = $id AND ($until IS NULL OR day < $until) GROUP BY day ORDER BY day
        """,
        {"id": version_id, "until": until and utc(until).replace(tzinfo=None)},
    )
    rows, folder = records(found), _folder(con)
    return [
        DayLog(
            row["day"],
            row["row_count"],
            tuple(folder / path for path in row["paths"]),
            tuple(folder.parent / "sensitive" / path for path in row["apart"] or ()),
        )
        for row in rows
    ]


def separate(tx: Connection, workspace: Workspace, version_id: str, *, split: Split) -> list[Part]:
    """Move columns of files that were written whole into files of their own."""
    whole = records(
        tx.execute(
            """
            SELECT path, sha256 FROM log_file
            WHERE version_id = $id AND path NOT IN (SELECT part_of FROM sensitive_part)
            """,
            {"id": version_id},
        )
    )
    made: list[Part] = []
    for row in whole:
        before = workspace.logs / row["path"]
        there = [name for name in split.columns if name in pq.read_schema(before).names]
        if not there:
            continue
        rows = pq.ParquetFile(before).read()  # a table of its path would gain the day as a column
        file = _write(workspace, before.parent, rows.drop_columns(there))
        facts = _facts(workspace, file, rows)
        tx.execute(
            "UPDATE log_file SET path = $path, bytes = $bytes, sha256 = $sha256 WHERE path = $was",
            {**{k: facts[k] for k in ("path", "bytes", "sha256")}, "was": row["path"]},
        )
        was = (row["sha256"], f"logs/{row['path']}")
        made.append(_part(workspace, rows, file=file, version_id=version_id, split=split, was=was))
    sensitive.record(tx, made)
    return made


def files(con: Connection, version_id: str, days: Sequence[date] | None = None) -> list[Path]:
    """Return the files of a version's log, of all days or some, oldest first."""
    found = con.execute(
        """
        SELECT path FROM log_file
        WHERE version_id = $id AND ($days IS NULL OR list_contains($days::DATE[], day))
        ORDER BY day, position
        """,
        {"id": version_id, "days": None if days is None else list(days)},
    ).fetchall()
    folder = _folder(con)
    return [folder / str(row[0]) for row in found]


def outcome_files(con: Connection, model_id: str) -> list[Path]:
    """Return the files of a model's outcomes in the order they came."""
    found = con.execute(
        """
        SELECT path FROM log_file WHERE model_id = $id AND version_id IS NULL ORDER BY position
        """,
        {"id": model_id},
    ).fetchall()
    folder = _folder(con)
    return [folder / str(row[0]) for row in found]


def dirty(con: Connection, version_id: str) -> list[date]:
    """Return the days whose rows or outcomes changed since they were counted, oldest first."""
    found = con.execute(
        "SELECT DISTINCT day FROM log_dirty WHERE version_id = $id ORDER BY day",
        {"id": version_id},
    ).fetchall()
    return [row[0] for row in found]


def clear_dirty(tx: Connection, version_id: str, days: Sequence[date]) -> None:
    """Note that days were counted."""
    tx.execute(
        "DELETE FROM log_dirty WHERE version_id = $id AND list_contains($days::DATE[], day)",
        {"id": version_id, "days": list(days)},
    )


def first_last(con: Connection, version_id: str) -> tuple[datetime, datetime] | None:
    """Return the times of the first and the last prediction in a version's log."""
    row = first(
        con.execute(
            "SELECT min(first_at) AS a, max(last_at) AS z FROM log_file WHERE version_id = $id",
            {"id": version_id},
        )
    )
    return (row["a"], row["z"]) if row and row["a"] else None


def damaged(con: Connection) -> list[str]:
    """Read every listed file and say of each that is gone or changed what is wrong with it.

    The files with attributes of the same rows are looked at too.
    """
    rows = records(con.execute("SELECT path, sha256 FROM log_file ORDER BY position"))
    folder = _folder(con)
    sentences: list[str] = []
    for row in rows:
        file = folder / row["path"]
        if not file.is_file():
            sentences.append(f"the log file {row['path']} is gone")
        elif hash_of(file) != row["sha256"]:
            sentences.append(f"the log file {row['path']} was changed since it was written")
    listed = {row["path"] for row in rows}
    parts = [part for part in sensitive.kept(con) if part.part_of in listed]
    return [*sentences, *sensitive_files.damaged(parts, folder=folder.parent / "sensitive")]


def _admitted(tx: Connection, table: Table, *, known: list[Path], where: str) -> Table:
    if known:
        table = log_rows.conformed(table, pq.read_schema(known[0]), where=where)
    log_rows.refuse_repeated(tx, table, known=known, where=where)
    return table


def _like_others(tx: Connection, table: Table, *, apart: Sequence[str], version_id: str) -> Table:
    """Give attributes the types that they have in the log's other parts."""
    known = [p for p in sensitive.of_subject(tx, f"version:{version_id}") if not p.deleted_at]
    if not known:
        return table
    schema = pq.read_schema(_folder(tx).parent / "sensitive" / known[0].path)
    where = f"the log of {version_id}"
    held = log_rows.conformed(table.select(apart), schema, where=where)
    for name in apart:
        table = table.set_column(table.column_names.index(name), name, held[name])
    return table


def _part(
    workspace: Workspace,
    rows: Table,
    *,
    file: Path,
    version_id: str,
    split: Split,
    was: tuple[str, str] | None = None,
) -> Part:
    """Write the protected attributes of a file's rows beside their ids.

    Parameters
    ----------
    was
        Hash and path of the file that held both.
    """
    there = [name for name in split.columns if name in rows.column_names]
    path = file.relative_to(workspace.logs).as_posix()
    subject = f"version:{version_id}"
    before = was or (None, None)
    part = Part(path, subject, tuple(there), rows.num_rows, split.at, *before)
    held = rows.select(["lc_id", *there])
    return sensitive_files.place(
        workspace, part, write=lambda file: pq.write_table(held, file, compression="zstd")
    )


def _by_day(table: Table) -> Iterator[tuple[date, Table]]:
    """Cut the rows into days, each sorted by time."""
    table = table.sort_by([("lc_at", "ascending"), ("lc_id", "ascending")])
    numbers = pc.cast(
        log_rows.kernels.floor_temporal(table["lc_at"], unit="day"), pa.int64()
    ).to_numpy()
    starts = np.flatnonzero(np.diff(numbers, prepend=numbers[0] - 1))
    for start, end in zip(starts, [*starts[1:], len(numbers)], strict=True):
        yield table["lc_at"][int(start)].as_py().date(), table.slice(start, end - start)


def _write(workspace: Workspace, folder: Path, rows: Table) -> Path:
    file = folder / f"{uuid4().hex}.parquet"
    workspace.remove_on_rollback(file)
    durable.place(
        file,
        via=workspace.tmp,
        write=lambda part: pq.write_table(rows, part, compression="zstd"),
    )
    return file


def _facts(workspace: Workspace, file: Path, rows: Table) -> Record:
    return {
        "path": file.relative_to(workspace.logs).as_posix(),
        "row_count": rows.num_rows,
        "bytes": file.stat().st_size,
        "sha256": hash_of(file),
    }


def _list(tx: Connection, rows: Sequence[Record], *, model_id: str, version_id: str | None) -> None:
    last = tx.execute("SELECT coalesce(max(position), 0) FROM log_file").fetchall()[0][0]
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    arrays.insert(
        tx,
        "log_file",
        columns
        | {
            "model_id": [model_id] * len(rows),
            "version_id": pa.array([version_id] * len(rows), pa.string()),
            "first_at": pa.array(columns["first_at"], log_rows.TIME),
            "last_at": pa.array(columns["last_at"], log_rows.TIME),
            "day": pa.array(columns["day"], pa.date32()),
            "position": list(range(last + 1, last + 1 + len(rows))),
        },
    )


def _mark(tx: Connection, touched: Sequence[tuple[str, date]]) -> None:
    if touched:
        versions, days = zip(*touched, strict=True)
        arrays.insert(tx, "log_dirty", {"version_id": list(versions), "day": list(days)})


def _predicted(tx: Connection, model_id: str, table: Table) -> list[tuple[str, date]]:
    """Return version and day of the predictions that the rows are outcomes of."""
    found = tx.execute(
        """
        SELECT version_id, day, path FROM log_file
        WHERE model_id = $id AND version_id IS NOT NULL
        """,
        {"id": model_id},
    ).fetchall()
    folder = _folder(tx)
    by_file = {str(folder / path): (str(version), day) for version, day, path in found}
    if not by_file:
        return []
    tx.register("given", pa.table({"lc_id": table["lc_id"]}))
    try:
        touched = tx.execute(
            """
            SELECT DISTINCT filename
            FROM read_parquet($files, filename = true, hive_partitioning = false)
            SEMI JOIN given USING (lc_id)
            """,
            {"files": list(by_file)},
        ).fetchall()
    finally:
        tx.unregister("given")
    return sorted({by_file[str(row[0])] for row in touched})


def _folder(con: Connection) -> Path:
    """Return the log folder, which stands beside the database of this connection."""
    return home_of(con) / "logs"


def _escaped(name: str) -> str:
    """Write a name as one part of a path, whatever it holds."""
    escaped = quote(name, safe=" ")
    return escaped if escaped.strip(".") else escaped.replace(".", "%2E")
