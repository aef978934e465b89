"""Who vouches for the trail up to where: a signature over its length, its end and its root."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from lifecycle.domain.audit import canonical, plain

FORMAT = "lifecycle-checkpoint/1"

EVENTS = 1_000
ELAPSED = timedelta(hours=1)
"""At most so many events, or so long between two events, go unsigned; house defaults."""

DECISIVE = frozenset(
    {
        "delegation",
        "erasure",
        "finding",
        "hold",
        "key",
        "override",
        "pack",
        "policy",
        "request",
        "role",
        "trail",
        "workspace",
    }
)
"""First words of actions that are signed at once; a move of a version is, too."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A signed statement of what the trail was at one moment.

    Parameters
    ----------
    sequence, hash
        The last event it covers.
    root
        Root of the tree over the hashes of all events up to it (`lifecycle.domain.merkle`).
    at
        The time by the clock of whoever signed; nobody else vouches for it.
    key
        The name of the public key, and `signature` what its private half made of `message`.
    """

    sequence: int
    hash: str
    root: str
    at: datetime
    key: str
    signature: str = ""


def message(checkpoint: Checkpoint) -> bytes:
    """Return the bytes that are signed: everything but the signature, as canonical JSON."""
    content = {
        "format": FORMAT,
        "sequence": checkpoint.sequence,
        "hash": checkpoint.hash,
        "root": checkpoint.root,
        "at": plain(checkpoint.at),
        "key": checkpoint.key,
    }
    return canonical(content).encode()


def is_due(actions: Iterable[str], *, last: Checkpoint | None, sequence: int, at: datetime) -> bool:
    """Tell whether the trail is to be signed after these actions, the newest event being at `at`.

    Parameters
    ----------
    last
        The checkpoint before; without one it is due.
    """
    if last is None or sequence - last.sequence >= EVENTS or at - last.at >= ELAPSED:
        return True
    return any(a == "version.move" or a.partition(".")[0] in DECISIVE for a in actions)
