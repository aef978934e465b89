"""Artefacts: files known by the SHA-256 of their bytes, written once."""

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from lifecycle.errors import DamagedStore, NotFound
from lifecycle.store import durable

if TYPE_CHECKING:  # the connection imports the migrations, and those what is here
    from lifecycle.store.connection import Workspace

HEX_DIGITS = 64


def put(workspace: "Workspace", data: bytes | Path) -> str:
    """Keep bytes or a copy of a file, and return their SHA-256; the same bytes are kept once."""
    sha256 = hash_of(data)
    target = _target(workspace, sha256)
    if not target.exists() or hash_of(target) != sha256:
        durable.place_bytes(target, data, via=workspace.tmp)
    return sha256


def path(workspace: "Workspace", sha256: str) -> Path:
    """Return where an artefact stands.

    Raises
    ------
    NotFound
        There is no artefact with that hash.
    """
    target = _target(workspace, sha256)
    if not target.is_file():
        raise NotFound(f"there is no artefact {sha256!r}")
    return target


def verify(workspace: "Workspace", sha256: str) -> None:
    """Read an artefact and compare it with its name.

    Raises
    ------
    NotFound
        There is no artefact with that hash.
    DamagedStore
        Its bytes are not the ones that were kept.
    """
    if hash_of(path(workspace, sha256)) != sha256:
        raise DamagedStore(f"the artefact {sha256} was changed since it was kept")


def hash_of(data: bytes | Path) -> str:
    """Return the SHA-256 of bytes or of a file's content."""
    if isinstance(data, bytes):
        return hashlib.sha256(data).hexdigest()
    with data.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _target(workspace: "Workspace", sha256: str) -> Path:
    # The name becomes a path: nothing but a hash may pass.
    if len(sha256) != HEX_DIGITS or set(sha256) - set("0123456789abcdef"):
        raise NotFound(f"there is no artefact {sha256!r}")
    return workspace.artifacts / sha256[:2] / sha256
