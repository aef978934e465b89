"""Protected attributes live in files of their own, apart from the rows they belong to.

A part stands beside one snapshot or one file of a log, and holds its rows' attributes in the same
order. What it held and how its bytes were hashed stays on record when its file is deleted.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa

from lifecycle.store import arrays, durable
from lifecycle.store.cells import Connection, Record, dump, home_of, load, records, utc

PARTS = """
CREATE TABLE sensitive_part (
    path VARCHAR PRIMARY KEY,
    part_of VARCHAR NOT NULL,
    subject VARCHAR NOT NULL,
    sha256 VARCHAR NOT NULL,
    columns JSON NOT NULL,
    row_count BIGINT NOT NULL,
    written_at TIMESTAMPTZ NOT NULL,
    was VARCHAR,
    replaced VARCHAR,
    deleted_at TIMESTAMPTZ
);
CREATE TABLE sensitive_unsplit AS
    SELECT path AS part_of FROM log_file WHERE version_id IS NOT NULL
    UNION ALL SELECT id FROM snapshot;
"""
"""What was taken in before attributes were kept apart waits in `sensitive_unsplit`."""


@dataclass(frozen=True, slots=True)
class Part:
    """Some columns of a snapshot or of a log's file, kept apart from the others.

    Parameters
    ----------
    part_of
        The id of the snapshot, or the path of the log's file.
    subject
        Whose it is, as the trail and legal holds name it: ``snapshot:…`` or ``version:…``.
    was
        SHA-256 of the file that held everything, before or when it was taken in.
    replaced
        That file, from the workspace's folder on, until it is removed.
    path
        Where it lies in the folder of sensitive data.
    """

    part_of: str
    subject: str
    columns: tuple[str, ...]
    rows: int
    written_at: datetime
    was: str | None = None
    replaced: str | None = None
    deleted_at: datetime | None = None
    path: str = ""
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class Split:
    """Which columns of a log are kept apart, and when that was done."""

    columns: tuple[str, ...]
    at: datetime


def record(tx: Connection, given: Sequence[Part]) -> None:
    """Put files that were placed on record, all at once."""
    if not given:
        return
    durable.sync_folder(home_of(tx) / "sensitive")
    texts = ("path", "part_of", "subject", "sha256", "was", "replaced")
    columns = {name: pa.array([getattr(p, name) for p in given], pa.string()) for name in texts}
    times = pa.array([utc(part.written_at) for part in given], pa.timestamp("us", tz="UTC"))
    arrays.insert(
        tx,
        "sensitive_part",
        columns
        | {
            "columns": [dump(list(part.columns)) for part in given],
            "row_count": [part.rows for part in given],
            "written_at": times,
        },
    )


def parts(con: Connection, part_of: str) -> list[Part]:
    """Return the parts of a snapshot or a log's file, also those that were deleted."""
    found = con.execute(
        "SELECT * FROM sensitive_part WHERE part_of = $of ORDER BY written_at, path",
        {"of": part_of},
    )
    return [_part(row) for row in records(found)]


def of_subject(con: Connection, subject: str) -> list[Part]:
    """Return all parts of one snapshot or one version's log."""
    found = con.execute(
        "SELECT * FROM sensitive_part WHERE subject = $subject ORDER BY written_at, path",
        {"subject": subject},
    )
    return [_part(row) for row in records(found)]


def named(con: Connection, paths: Collection[str]) -> list[Part]:
    """Return the parts with those names."""
    found = con.execute(
        "SELECT * FROM sensitive_part WHERE list_contains($paths::VARCHAR[], path) ORDER BY path",
        {"paths": list(paths)},
    )
    return [_part(row) for row in records(found)]


def kept(con: Connection) -> list[Part]:
    """Return the parts whose files are there."""
    found = con.execute("SELECT * FROM sensitive_part WHERE deleted_at IS NULL ORDER BY path")
    return [_part(row) for row in records(found)]


def last_count(table: str) -> str:
    """Return the SQL that tells of a day's summary that nothing can count it again.

    The attribute it is cut by was deleted, so the summary stays.
    """
    return f"""
        EXISTS (
            FROM log_file AS log JOIN sensitive_part AS part ON part.part_of = log.path
            WHERE log.version_id = $id AND log.day = {table}.day AND part.deleted_at IS NOT NULL
            AND list_has_any(
                json_keys({table}.slice::JSON), from_json(part.columns, '["VARCHAR"]')))
        """


def unsplit(con: Connection) -> bool:
    """Tell whether files from before attributes were kept apart are still to be looked at."""
    return bool(con.execute("SELECT 1 FROM sensitive_unsplit LIMIT 1").fetchall())


def settle(tx: Connection) -> None:
    """Note that all such files were looked at."""
    tx.execute("DELETE FROM sensitive_unsplit")


def mark_deleted(tx: Connection, given: Collection[Part], *, at: datetime) -> None:
    """Note that the files of parts are to go; `sweep` removes them after the transaction."""
    tx.execute(
        "UPDATE sensitive_part SET deleted_at = $at WHERE list_contains($paths::VARCHAR[], path)",
        {"at": utc(at), "paths": [part.path for part in given]},
    )


def stand_in(tx: Connection, *, snapshot_id: str, artifact: str) -> None:
    """Let a snapshot point to the file that is left of it."""
    tx.execute(
        "UPDATE snapshot SET artifact = $artifact WHERE id = $id",
        {"artifact": artifact, "id": snapshot_id},
    )


def _part(row: Record) -> Part:
    made = {k: v for k, v in row.items() if k not in {"row_count", "columns"}}
    return Part(**made, rows=row["row_count"], columns=tuple(load(row["columns"])))
