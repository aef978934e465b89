"""A copy of the whole workspace in one file: made while it is in use, restored whole or not at all.

The file is a tar: the manifest first, then the database, the logs and the protected attributes that
the database lists and the artefacts, each with its checksum in the manifest.
"""

import io
import json
import os
import shutil
import tarfile
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any
from uuid import uuid4

import duckdb

from lifecycle.errors import Conflict, DamagedStore, InvalidInput
from lifecycle.store import audit, durable, migrations, sensitive
from lifecycle.store.artifacts import hash_of
from lifecycle.store.cells import Connection
from lifecycle.store.connection import ANCHOR, CONFIG, DATABASE, FOLDERS, Workspace

MANIFEST = "manifest.json"
FORMAT = 1
BLOCK = 1 << 20
PATIENCE = 30.0
"""Seconds to wait for others' transactions, which are short."""


def backup(workspace: Workspace, file: Path) -> Mapping[str, Any]:
    """Write a consistent copy while the workspace is in use, and return its manifest.

    Returns
    -------
    mapping
        ``format``, ``head`` (sequence and hash of the last audit event in the copy) and
        ``files`` (path, bytes and SHA-256 of each).

    Raises
    ------
    InvalidInput
        The file cannot be written there.
    DamagedStore
        A log file or artefact that belongs into the copy is gone or changed.
    """
    copy = workspace.tmp / f"{uuid4().hex}{durable.PART}"
    part = file.with_name(f".{file.name}.{uuid4().hex}{durable.PART}")
    try:
        head, logged = _copy_database(workspace, copy)
        sources = {DATABASE: copy} | _sources(workspace, logged)
        facts = [_facts(name, source) for name, source in sources.items()]
        for entry in facts:
            if logged.get(entry["path"], entry["sha256"]) != entry["sha256"]:
                raise DamagedStore(f"{entry['path']} was changed since it was written")
        manifest = {"format": FORMAT, "head": list(head), "files": facts}
        _pack(part, manifest, sources)
        durable.sync(part)
        part.replace(file)
    except OSError as error:
        raise InvalidInput(f"{file} cannot be written: {error.strerror or error}") from error
    finally:
        for leftover in (copy, part):
            leftover.unlink(missing_ok=True)
    return manifest


def restore(file: Path, home: Path) -> None:
    """Put a copy into an empty or new folder, after every checksum was compared.

    Raises
    ------
    InvalidInput
        The file cannot be read or is not such a copy.
    DamagedStore
        A checksum in it does not hold; nothing is restored.
    Conflict
        The folder holds something already.
    """
    home = home.expanduser().absolute()
    if home.exists() and (not home.is_dir() or any(home.iterdir())):
        raise Conflict(f"{home} is not empty; a backup is restored into an empty folder")
    home.parent.mkdir(parents=True, exist_ok=True)
    # Beside its final place, so that one rename makes it appear whole.
    fresh = home.with_name(f".{home.name}.{uuid4().hex}{durable.PART}")
    try:
        with _opened(file) as tar:
            _unpack(tar, fresh, file=file)
        if home.exists():
            home.rmdir()
        fresh.rename(home)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    durable.sync_folder(home.parent)


def _copy_database(workspace: Workspace, copy: Path) -> tuple[tuple[int, str], dict[str, str]]:
    """Copy the tables as of one moment; return the trail's head and the logs' checksums in it."""
    # Through SQL: reading the file itself would, on closing it, drop the lock of this process.
    con = workspace.cursor()
    try:
        here = str(con.execute("SELECT current_database()").fetchall()[0][0])
        there = f"copy_{uuid4().hex}"
        quoted = str(copy).replace("'", "''")
        con.execute(f"ATTACH '{quoted}' AS {there}")
        try:
            con.execute(f'COPY FROM DATABASE "{here}" TO {there}')
        finally:
            con.execute(f"DETACH {there}")
    finally:
        con.close()
    with _opened_copy(copy) as made:
        migrations.protect(made)
        return audit.head(made), _logged(made)


def _opened_copy(copy: Path) -> duckdb.DuckDBPyConnection:
    """Open a copy once nobody holds it: transactions that began before it was detached still do."""
    last = time.monotonic() + PATIENCE
    while True:
        try:
            return duckdb.connect(str(copy), config=CONFIG)
        except duckdb.ResourceInUseException:
            if time.monotonic() > last:
                raise
            time.sleep(0.01)


def _logged(con: Connection) -> dict[str, str]:
    rows = con.execute("SELECT path, sha256 FROM log_file ORDER BY position").fetchall()
    logged = {f"logs/{path}": str(sha256) for path, sha256 in rows}
    return logged | {f"sensitive/{part.path}": part.sha256 for part in sensitive.kept(con)}


def _sources(workspace: Workspace, logged: Mapping[str, str]) -> dict[str, Path]:
    # Artefacts are written before the rows that name them, so all that the copy names are there.
    kept = sorted(path for path in workspace.artifacts.rglob("*") if path.is_file())
    names = {path.relative_to(workspace.home).as_posix(): path for path in kept}
    for name in logged:
        names[name] = workspace.home / name
    for name, path in names.items():
        if not path.is_file():
            raise DamagedStore(f"{name} is gone")
        if path in kept and hash_of(path) != path.name:
            raise DamagedStore(f"the artefact {path.name} was changed since it was kept")
    return names


def _facts(name: str, source: Path) -> dict[str, Any]:
    return {"path": name, "bytes": source.stat().st_size, "sha256": hash_of(source)}


def _pack(part: Path, manifest: Mapping[str, Any], sources: Mapping[str, Path]) -> None:
    text = json.dumps(manifest, indent=1).encode()
    part.touch(mode=0o600)  # it holds password hashes
    with tarfile.open(part, "w") as tar:
        entry = tarfile.TarInfo(MANIFEST)
        entry.size = len(text)
        tar.addfile(entry, io.BytesIO(text))
        for name, source in sources.items():
            entry = tarfile.TarInfo(name)
            entry.size = source.stat().st_size
            with source.open("rb") as content:
                tar.addfile(entry, content)


@contextmanager
def _opened(file: Path) -> Generator[tarfile.TarFile]:
    try:
        with tarfile.open(file, "r:") as tar:
            yield tar
    except FileNotFoundError as error:
        raise InvalidInput(f"there is no file {file}") from error
    except (tarfile.TarError, OSError) as error:
        raise InvalidInput(f"{file} is not a complete backup: {error}") from error


def _unpack(tar: tarfile.TarFile, fresh: Path, *, file: Path) -> None:
    manifest = _manifest(tar, file=file)
    for entry in manifest["files"]:
        name = str(entry["path"])
        target = fresh / name
        try:
            content = tar.extractfile(name)
        except KeyError:
            content = None
        if content is None:
            raise DamagedStore(f"{name} is missing in {file}; nothing was restored")
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with target.open("wb") as out:
            shutil.copyfileobj(content, out, BLOCK)
            out.flush()
            os.fsync(out.fileno())
        if hash_of(target) != entry["sha256"]:
            raise DamagedStore(f"{name} in {file} is damaged; nothing was restored")
    for folder in FOLDERS:
        (fresh / folder).mkdir(exist_ok=True)
    sequence, hash_ = manifest["head"]
    durable.place_json(fresh / ANCHOR, {"sequence": sequence, "hash": hash_})


def _manifest(tar: tarfile.TarFile, *, file: Path) -> dict[str, Any]:
    refusal = InvalidInput(f"{file} is not a backup that this version can read")
    try:
        content = tar.extractfile(MANIFEST)
        manifest = json.load(content) if content else {}
        names = [str(entry["path"]) for entry in manifest["files"]]
    except (KeyError, ValueError, TypeError) as error:
        raise refusal from error
    if manifest.get("format") != FORMAT or DATABASE not in names or not all(map(_inside, names)):
        raise refusal
    return manifest


def _inside(name: str) -> bool:
    """Tell whether a path stays in the folders that a copy is made of."""
    path = PurePosixPath(name)
    known = name == DATABASE or path.parts[:1] in {("artifacts",), ("logs",), ("sensitive",)}
    return known and not path.is_absolute() and ".." not in path.parts
