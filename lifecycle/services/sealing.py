"""Who vouches for the trail: the workspace's key signs it, with every decision and at intervals."""

from dataclasses import replace
from datetime import datetime
from pathlib import Path

from lifecycle.adapters import keys
from lifecycle.adapters.keys import SigningKey
from lifecycle.domain.audit import AuditEvent
from lifecycle.domain.checkpoint import ELAPSED, Checkpoint, is_due, message
from lifecycle.domain.merkle import grown, root
from lifecycle.store import audit, checkpoints
from lifecycle.store.connection import Connection, Workspace

SEALER = "server@local"
"""Who the trail names for a new key: nobody asked for it."""


def key_file(workspace: Workspace) -> Path:
    """Return where the private key lies; no backup and no export holds it."""
    return workspace.home / "keys" / "signing.pem"


def signing_key(workspace: Workspace) -> SigningKey:
    """Return the workspace's key, made now if there is none."""
    file = key_file(workspace)
    return keys.load(file) if file.exists() else keys.make(file)


def attach(workspace: Workspace) -> Workspace:
    """Let every transaction from now on sign the trail where that is due."""
    if not workspace.damage:
        key = signing_key(workspace)

        def seal_if_due(tx: Connection, since: int) -> None:
            _seal_if_due(tx, since, key=key)

        workspace.seal = seal_if_due
    return workspace


def seal(workspace: Workspace, *, at: datetime) -> Checkpoint:
    """Sign the trail as it is now, unless its end is signed already."""
    key = signing_key(workspace)
    with workspace.transaction() as tx:
        return sign_end(tx, key=key, at=at)


def keep_up(workspace: Workspace, *, at: datetime) -> Checkpoint | None:
    """Sign what came after the last signature when nothing has come for as long as may go unsigned.

    Otherwise the next event would have it signed, and a quiet night would leave the evening open.
    """
    newest, _ = checkpoints.last(workspace.cursor())
    sequence, _ = audit.head(workspace.cursor())
    if newest is not None and (newest.sequence == sequence or at - newest.at < ELAPSED):
        return None
    return seal(workspace, at=at)


def sign_end(tx: Connection, *, key: SigningKey, at: datetime) -> Checkpoint:
    """Sign the trail up to its last event, unless that is signed already."""
    newest, frontier = checkpoints.last(tx)
    if newest is not None and newest.sequence == audit.head(tx)[0]:
        return newest
    introduce(tx, key=key, at=at)
    size = newest.sequence if newest else 0
    for entry in audit.hashes(tx, after=size):
        frontier = grown(frontier, size=size, entry=bytes.fromhex(entry))
        size += 1
    sequence, hash_ = audit.head(tx)
    unsigned = Checkpoint(sequence, hash_, root(frontier), at, key.id)
    signed = replace(unsigned, signature=keys.sign(key, message(unsigned)))
    checkpoints.add(tx, signed, frontier=frontier)
    return signed


def introduce(tx: Connection, *, key: SigningKey, at: datetime) -> None:
    """Keep the public half of a key and record it, unless it is known."""
    if checkpoints.add_key(tx, key.id, public=key.public, at=at):
        details = {"key": key.id, "public": key.public}
        audit.append(tx, AuditEvent("key.add", f"key:{key.id}", SEALER, at, "", "local", details))


def is_signed(con: Connection, checkpoint: Checkpoint) -> bool:
    """Tell whether one of the workspace's keys signed a checkpoint."""
    public = checkpoints.public_keys(con).get(checkpoint.key, "")
    return keys.verify(public, message(checkpoint), checkpoint.signature)


def _seal_if_due(tx: Connection, since: int, *, key: SigningKey) -> None:
    """Sign inside a transaction that added events after the one numbered `since`."""
    added = audit.after(tx, since)
    if not added:
        return
    newest, _ = checkpoints.last(tx)
    end = added[-1]
    actions = (link.event.action for link in added)
    if is_due(actions, last=newest, sequence=end.sequence, at=end.event.at):
        sign_end(tx, key=key, at=end.event.at)
