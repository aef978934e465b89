"""The files of protected attributes: placed beside the rows they belong to, checked, removed."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

from lifecycle.errors import DamagedStore
from lifecycle.store import durable
from lifecycle.store.artifacts import hash_of
from lifecycle.store.cells import Connection
from lifecycle.store.connection import Workspace
from lifecycle.store.sensitive import Part, kept


def place(workspace: Workspace, part: Part, *, write: Callable[[Path], object]) -> Part:
    """Keep a file among the sensitive data, which `record` then puts on record.

    Parameters
    ----------
    part
        What is known of it but its path and hash, which are returned with it.
    write
        Fills the file; it goes again if the transaction under way does not end well.
    """
    target = workspace.sensitive / f"{uuid4().hex}.parquet"
    workspace.remove_on_rollback(target)
    durable.place(target, via=workspace.tmp, write=write, settle=False)  # `record` does
    return replace(part, path=target.name, sha256=hash_of(target))


def verified(workspace: Workspace, part: Part) -> Path:
    """Return where a part's file is, after comparing it with its hash.

    Raises
    ------
    DamagedStore
        It is gone or was changed.
    """
    for sentence in damaged([part], folder=workspace.sensitive):
        raise DamagedStore(sentence)
    return workspace.sensitive / part.path


def damaged(given: Sequence[Part], *, folder: Path) -> list[str]:
    """Say of each part whose file is gone or changed what is wrong with it."""
    found = ((part, _wrong(part, folder / part.path)) for part in given)
    return [f"the sensitive columns {_named(part)} {wrong}" for part, wrong in found if wrong]


def sweep(workspace: Workspace) -> None:
    """Remove the files that no record names any more, also those a crash left behind."""
    if not _leftover(workspace, workspace.cursor()):
        return
    # No file is between being written and being put on record while this thread may write.
    with workspace.transaction() as tx:
        for file in _leftover(workspace, tx):
            file.unlink(missing_ok=True)
        tx.execute("UPDATE sensitive_part SET replaced = NULL WHERE replaced IS NOT NULL")


def _leftover(workspace: Workspace, con: Connection) -> list[Path]:
    named = {part.path for part in kept(con)}
    found = con.execute(
        """
        SELECT DISTINCT replaced FROM sensitive_part WHERE replaced IS NOT NULL
        AND NOT EXISTS (FROM snapshot WHERE replaced LIKE '%/' || artifact)
        """
    ).fetchall()
    return [
        *(file for file in workspace.sensitive.glob("*.parquet") if file.name not in named),
        *(workspace.home / str(row[0]) for row in found),
    ]


def _wrong(part: Part, file: Path) -> str | None:
    if not file.is_file():
        return "are gone"
    return None if hash_of(file) == part.sha256 else "were changed since they were kept"


def _named(part: Part) -> str:
    return f"{', '.join(part.columns)} of {part.subject}"
