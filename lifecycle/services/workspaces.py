"""How a workspace begins, is opened, saved elsewhere and brought back."""

import hashlib
from collections.abc import Mapping
from contextlib import closing
from datetime import datetime
from pathlib import Path

from lifecycle.domain.actor import Actor, Permission, Role
from lifecycle.domain.audit import AuditEvent
from lifecycle.services import erasure, policies, sealing, sensitive_data
from lifecycle.services.access import people
from lifecycle.services.access.places import require_everywhere
from lifecycle.store import audit
from lifecycle.store import backup as copies
from lifecycle.store.connection import Workspace

FOUNDER = Actor(
    name="init@local",
    roles=frozenset({Role.DEVELOPER, Role.ADMINISTRATOR}),
    via="local",
)
"""Who the trail names for what happens before there is anybody."""


def create(
    home: Path, *, admin: str | None, at: datetime, sample: bool = False
) -> tuple[Workspace, str | None]:
    """Make a workspace with the shipped policies and its first administrator.

    Parameters
    ----------
    admin
        The administrator's account name; nobody when the caller fills the workspace itself.
    sample
        It will hold the sample portfolio, so sign-in without a password may be offered.

    Returns
    -------
    tuple
        The open workspace, and the secret of the administrator's one-time sign-in link.

    Raises
    ------
    Conflict
        The folder holds a workspace already.
    InvalidInput
        The administrator's name cannot be an account name.
    """
    if admin is not None:
        people.check_name(admin)
    workspace = Workspace.create(home, at=at, sample=sample)
    try:
        with workspace.transaction() as tx:
            details: dict[str, object] = {"sample": sample}
            event = AuditEvent(
                "workspace.create", "workspace", FOUNDER.name, at, via="local", details=details
            )
            audit.append(tx, event)
        sealing.attach(workspace)
        policies.install(workspace, by=FOUNDER, at=at)
        if admin is None:
            return workspace, None
        people.add_person(workspace, admin, roles={Role.ADMINISTRATOR}, by=FOUNDER, at=at)
        return workspace, people.invite(workspace, admin, by=FOUNDER, at=at)
    except BaseException:
        workspace.close()
        raise


def open(  # noqa: A001 -- called as workspaces.open, like a file
    home: Path, *, at: datetime | None = None, shown_from: int = 0, wait: float = 0
) -> Workspace:
    """Open a workspace that exists.

    Parameters
    ----------
    at
        Then protected attributes that an older version left among the features are split off.
    shown_from
        Groups of people with fewer rows are shown to nobody.
    wait
        Seconds to wait for another process that has it open and is no server.

    Raises
    ------
    NotFound
        There is none in the folder.
    WorkspaceBusy
        Another process has it open.
    DamagedStore
        Its files do not agree with each other.
    """
    workspace = sealing.attach(Workspace.open(home, wait=wait))
    workspace.shown_from = shown_from
    erasure.finish(workspace)
    if at is not None:
        sensitive_data.separate(workspace, by=FOUNDER, at=at)
    return workspace


def backup(workspace: Workspace, file: Path, *, by: Actor, at: datetime) -> Mapping[str, object]:
    """Write a consistent copy of everything into one file, also while the server runs.

    Returns
    -------
    Mapping
        The manifest: what the copy holds, with checksums.
    """
    require_everywhere(Permission.ADMINISTER, by=by)
    manifest = copies.backup(workspace, file)
    details: dict[str, object] = {"file": file.name, "sha256": _sha256(file)}
    with workspace.transaction() as tx:
        event = AuditEvent(
            "workspace.backup", "workspace", by.name, at, via=by.via, details=details
        )
        audit.append(tx, event)
    return manifest


def restore(file: Path, home: Path, *, by: Actor, at: datetime) -> None:
    """Bring a copy back into an empty folder and record there that it was brought back.

    Raises
    ------
    Conflict
        The folder is not empty.
    DamagedStore
        A checksum in the copy does not hold; nothing is restored.
    """
    by.require(Permission.ADMINISTER)
    copies.restore(file, home)
    details: dict[str, object] = {"file": file.name, "sha256": _sha256(file)}
    with closing(open(home)) as workspace, workspace.transaction() as tx:
        event = AuditEvent(
            "workspace.restore", "workspace", by.name, at, via=by.via, details=details
        )
        audit.append(tx, event)


def _sha256(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
