"""Where do protected attributes lie? Apart from their rows, and joined for a stated purpose.

What a snapshot calls sensitive is split off when it is taken in; what a version calls sensitive,
from its reference, its training rows and its log. Features stay: no model runs without them.
"""

import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from shutil import copyfile

from lifecycle.domain.actor import Actor
from lifecycle.domain.audit import AuditEvent
from lifecycle.domain.dataset import ColumnRole, Snapshot
from lifecycle.domain.model import Version
from lifecycle.engines import parting
from lifecycle.errors import InsufficientData, InvalidInput
from lifecycle.store import artifacts, audit, datasets, logs, models, sensitive, sensitive_files
from lifecycle.store.connection import Connection, Workspace
from lifecycle.store.logs import DayLog
from lifecycle.store.sensitive import Part, Split

SEPARATE = "sensitive.separate"
"""The event that keeps what was split off what, with the hashes before and after."""


@dataclass(frozen=True, slots=True)
class Apart:
    """What is known of a snapshot's columns that lie apart.

    Parameters
    ----------
    files
        By column, where it lies.
    sha256
        By column, the hash of that file.
    deleted
        By column, when it was deleted.
    """

    files: Mapping[str, Path]
    sha256: Mapping[str, str]
    deleted: Mapping[str, datetime]

    def parts(self, columns: Iterable[str]) -> tuple[Path, ...]:
        """Return the files that hold some columns, each once."""
        return tuple(dict.fromkeys(self.files[name] for name in columns if name in self.files))


@dataclass(frozen=True, slots=True)
class Reading:
    """What work reads of a snapshot that is sensitive.

    Parameters
    ----------
    columns
        Sensitive columns, wherever they lie.
    sha256
        Hashes of the files they lie apart in.
    """

    columns: frozenset[str]
    sha256: tuple[str, ...]

    @property
    def method(self) -> dict[str, object]:
        """What evidence says of it; nothing where no such file was read."""
        return {"sensitive_sha256": list(self.sha256)} if self.sha256 else {}


def columns_of(version: Version) -> tuple[str, ...]:
    """Return the columns of a version that are kept apart: sensitive ones it does not run on."""
    return tuple(n for n in version.columns.sensitive if n not in version.columns.features)


def of_snapshot(ws: Workspace, con: Connection, snapshot: Snapshot) -> Apart:
    """Tell which columns of a snapshot lie apart, after comparing their files with their hashes.

    Raises
    ------
    DamagedStore
        A file is gone or was changed.
    """
    files: dict[str, Path] = {}
    hashes: dict[str, str] = {}
    deleted: dict[str, datetime] = {}
    for part in sensitive.parts(con, snapshot.id):
        if part.deleted_at is not None:
            deleted |= dict.fromkeys(part.columns, part.deleted_at)
            continue
        files |= dict.fromkeys(part.columns, sensitive_files.verified(ws, part).absolute())
        hashes |= dict.fromkeys(part.columns, part.sha256)
    return Apart(files, hashes, deleted)


def held(con: Connection, snapshot: Snapshot) -> set[str]:
    """Return the columns of a snapshot that can be read, apart or not; no file is looked at."""
    gone = deleted(con, snapshot.id)
    return {column.name for column in snapshot.columns} - gone.keys()


def reading(
    con: Connection, version: Version, snapshot: Snapshot, wanted: Iterable[str]
) -> Reading:
    """Tell what is sensitive in columns that work about a version is going to read.

    A file is read as a whole, so all of its columns count.
    """
    named = set(wanted)
    parts = [
        part
        for part in sensitive.parts(con, snapshot.id)
        if part.deleted_at is None and named.intersection(part.columns)
    ]
    columns = named.intersection(version.columns.sensitive, held(con, snapshot))
    columns |= {name for part in parts for name in part.columns}
    return Reading(frozenset(columns), tuple(part.sha256 for part in parts))


def log_parts(ws: Workspace, days: Iterable[DayLog]) -> list[Path]:
    """Return the files with the attributes of some days, compared with their hashes.

    Raises
    ------
    DamagedStore
        A file is gone or was changed.
    """
    names = [file.name for day in days for file in day.apart]
    return [sensitive_files.verified(ws, part) for part in sensitive.named(ws.cursor(), names)]


def deleted(con: Connection, part_of: str) -> dict[str, datetime]:
    """Return the columns of a snapshot or log file that were deleted, and when."""
    return {
        name: part.deleted_at
        for part in sensitive.parts(con, part_of)
        if part.deleted_at is not None
        for name in part.columns
    }


def refuse_deleted(con: Connection, snapshot: Snapshot, columns: Iterable[str]) -> None:
    """Refuse to measure by attributes whose period of retention is over.

    Raises
    ------
    InsufficientData
        One was deleted; the sentence says when.
    """
    gone = deleted(con, snapshot.id)
    for name in columns:
        if name in gone:
            raise InsufficientData(
                f"sensitive data deleted on {gone[name].date()}: column {name} of snapshot "
                f"{snapshot.id} is gone; what was counted of it before stays"
            )


def log_deleted(con: Connection, version: Version) -> list[str]:
    """Say which attributes of a version's log were deleted, and when last, in a sentence each."""
    last: dict[str, datetime] = {}
    for part in sensitive.of_subject(con, f"version:{version.id}"):
        if part.deleted_at is not None:
            for name in part.columns:
                last[name] = max(part.deleted_at, last.get(name, part.deleted_at))
    return [
        f"sensitive data deleted on {at.date()}: column {name} of older days of the log of "
        f"{version.id} is gone; what was counted of it before stays"
        for name, at in sorted(last.items())
    ]


def split_off(
    ws: Workspace,
    tx: Connection,
    snapshot: Snapshot,
    file: Path,
    *,
    columns: Sequence[str],
    at: datetime | None = None,
    replaced: str | None = None,
) -> tuple[Part, str]:
    """Keep columns of a snapshot's file apart, and return them with the hash of what is left.

    Parameters
    ----------
    snapshot
        Named by the hash of the whole file.
    at
        When they were taken in; with the snapshot unless given.
    replaced
        The artefact that held everything.

    Raises
    ------
    InvalidInput
        Nothing would be left.
    """
    if len(columns) == len(snapshot.columns):
        raise InvalidInput(f"snapshot {snapshot.id} holds nothing but sensitive columns")
    with tempfile.TemporaryDirectory(dir=ws.tmp) as folder:
        left, apart = Path(folder) / "left.parquet", Path(folder) / "apart.parquet"
        parting.split(file, columns=columns, into=left, apart=apart)
        part = Part(
            snapshot.id,
            f"snapshot:{snapshot.id}",
            tuple(columns),
            snapshot.rows,
            at or snapshot.created_at,
            snapshot.artifact,
            replaced,
        )
        part = sensitive_files.place(ws, part, write=partial(copyfile, apart))
        sensitive.record(tx, [part])
        return part, artifacts.put(ws, left)


def separate(ws: Workspace, *, by: Actor, at: datetime) -> None:
    """Split off what is sensitive and lies among the features since before that was done.

    Nothing is done where nothing of that age is left.
    """
    con = ws.cursor()
    if not sensitive.unsplit(con):
        return
    separate_snapshots(ws, by=by, at=at)
    for version in models.versions(con):
        split = Split(columns_of(version), at)
        with ws.transaction() as tx:
            for part in logs.separate(tx, ws, version.id, split=split) if split.columns else ():
                audit.append(tx, _separated(part, by=by, at=at))
    with ws.transaction() as tx:
        sensitive.settle(tx)
    sensitive_files.sweep(ws)


def separate_snapshots(ws: Workspace, *, by: Actor, at: datetime) -> None:
    """Split off what is sensitive in the snapshots that versions refer to; again does nothing."""
    con = ws.cursor()
    versions = models.versions(con)
    for snapshot in datasets.snapshots(con):
        columns = _declared(snapshot, versions) - {
            name for part in sensitive.parts(con, snapshot.id) for name in part.columns
        }
        if columns:
            _separate_snapshot(ws, snapshot, columns=sorted(columns), by=by, at=at)
    sensitive_files.sweep(ws)


def _declared(snapshot: Snapshot, versions: Iterable[Version]) -> set[str]:
    """Return a snapshot's columns that somebody calls sensitive and nobody's model takes."""
    about = [v for v in versions if snapshot.id in {v.reference, v.training}]
    named = {name for version in about for name in version.columns.sensitive}
    taken = {name for version in about for name in version.columns.features}
    there = {column.name for column in snapshot.columns}
    return ((named | {*snapshot.named(ColumnRole.SENSITIVE)}) - taken) & there


def _separate_snapshot(
    ws: Workspace, snapshot: Snapshot, *, columns: Sequence[str], by: Actor, at: datetime
) -> None:
    artifacts.verify(ws, snapshot.artifact)
    before = artifacts.path(ws, snapshot.artifact)
    with ws.transaction() as tx:
        part, left = split_off(
            ws,
            tx,
            snapshot,
            before,
            columns=columns,
            at=at,
            replaced=before.relative_to(ws.home).as_posix(),
        )
        sensitive.stand_in(tx, snapshot_id=snapshot.id, artifact=left)
        audit.append(tx, _separated(part, by=by, at=at, artifact=left))


def _separated(part: Part, *, by: Actor, at: datetime, artifact: str | None = None) -> AuditEvent:
    details: dict[str, object] = {
        "columns": list(part.columns),
        "rows": part.rows,
        "sha256": part.sha256,
        "was": part.was,
    }
    if artifact is not None:
        details["artifact"] = artifact
    return AuditEvent(SEPARATE, part.subject, by.name, at, via=by.via, details=details)
