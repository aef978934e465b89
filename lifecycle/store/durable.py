"""How a file reaches the disk whole or not at all: temporary name, fsync, rename."""

import contextlib
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

from lifecycle.errors import InvalidInput

PART = ".part"
"""How temporary files end; whatever ends so after a crash can be removed."""


def place(target: Path, *, via: Path, write: Callable[[Path], object], settle: bool = True) -> None:
    """Let `write` fill a temporary file, then give it its name.

    Parameters
    ----------
    via
        A folder on the same file system, where the temporary file stands meanwhile.
    settle
        Wait for the name too; whoever places many files in one folder may do so once, after them.
    """
    part = via / f"{uuid4().hex}{PART}"
    try:
        write(part)
        sync(part)
        target.parent.mkdir(parents=True, exist_ok=True)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    if settle:
        sync_folder(target.parent)


def place_json(target: Path, content: object) -> None:
    """Write a small JSON file beside its temporary name."""
    text = json.dumps(content, sort_keys=True) + "\n"
    place(target, via=target.parent, write=lambda part: part.write_text(text, encoding="utf-8"))


def place_bytes(target: Path, data: bytes | Path, *, via: Path) -> None:
    """Write bytes, or copy another file."""
    if isinstance(data, Path):
        place(target, via=via, write=lambda part: shutil.copyfile(data, part))
    else:
        place(target, via=via, write=lambda part: part.write_bytes(data))


def sync(file: Path) -> None:
    """Wait until a file's content is on the disk."""
    with file.open("rb+") as handle:
        os.fsync(handle.fileno())


def sync_folder(folder: Path) -> None:
    """Wait until a folder's names are on the disk, where the system can open folders."""
    with contextlib.suppress(PermissionError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


DATABASE = "lifecycle.duckdb"
OWN = frozenset(
    {
        DATABASE,
        f"{DATABASE}.wal",
        "audit.head.json",
        "server.json",
        "lifecycle.toml",
        "artifacts",
        "jobs",
        "keys",
        "logs",
        "messages",
        "sensitive",
        "tmp",
    }
)
"""What a workspace keeps in its folder and nobody else writes."""


def refuse_own(path: Path) -> None:
    """Refuse to write where a workspace keeps its own files.

    Raises
    ------
    InvalidInput
        The path is such a file, or lies in such a folder.
    """
    target = path.expanduser().absolute()
    for folder in target.parents:
        if (folder / DATABASE).exists() and target.relative_to(folder).parts[0] in OWN:
            raise InvalidInput(f"{path} belongs to the workspace in {folder}; name another file")
