"""What can be claimed of a trail, each claim on its own: integrity, authenticity and time."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise

from lifecycle.domain.audit import (
    GENESIS,
    AuditEvent,
    Finding,
    Link,
    Tampering,
    continues,
    verify,
)
from lifecycle.domain.checkpoint import Checkpoint
from lifecycle.domain.merkle import Frontier, grown, root


@dataclass(frozen=True, slots=True)
class Integrity:
    """Whether every event is the one that was written, complete and in order.

    Parameters
    ----------
    anchored
        Whether the end was compared with a head kept apart from the events.
    """

    events: int
    head: str
    anchored: bool
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Authenticity:
    """Who vouches for it: whose signatures cover how much of it.

    Parameters
    ----------
    signed
        Events up to this one are covered by a good signature; 0 when nothing is.
    keys
        Names of the public keys whose signatures hold.
    trusted
        Whether those keys were given by whoever checks; otherwise they come with the trail, and
        whoever replaced the trail may have replaced them.
    """

    signed: int
    signatures: int
    keys: tuple[str, ...]
    trusted: bool
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Times:
    """What the clocks said; no outside authority vouches for a time.

    Parameters
    ----------
    backwards
        Events dated before the event they follow: a clock was set back, or events were imported.
    signed_at
        The time of the last good signature: whatever it covers existed by then, says its signer.
    """

    first: datetime | None
    last: datetime | None
    backwards: int
    signed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Examination:
    """The three claims about one trail."""

    integrity: Integrity
    authenticity: Authenticity
    time: Times

    @property
    def findings(self) -> list[Finding]:
        """Everything wrong with it, by event."""
        found = (*self.integrity.findings, *self.authenticity.findings)
        return sorted(found, key=lambda finding: finding.sequence)


@dataclass(frozen=True, slots=True)
class Walk:
    """What was seen following a chain.

    Parameters
    ----------
    hashes
        Of the links that follow each other from the first on.
    rest
        The links from the first break on; none in a whole chain.
    roots
        The last event's hash and the root of the tree, at each place that was asked for.
    """

    hashes: Sequence[str]
    rest: Sequence[Link]
    roots: Mapping[int, tuple[str, str]]
    first: datetime | None
    last: datetime | None
    backwards: int

    def holds(self, head: tuple[int, str]) -> bool:
        """Tell whether a link is among those that follow each other; the origin always is."""
        sequence, hash_ = head
        return head == (0, GENESIS) or self.hashes[sequence - 1 : sequence] == [hash_]

    def findings(self, *, head: tuple[int, str] | None) -> list[Finding]:
        """Name what was done to the chain; nothing when it is whole and holds the head."""
        if not self.rest and (head is None or self.holds(head)):
            return []
        # Of the sound part only places and hashes are kept: a long chain would not fit in memory.
        sound = [
            Link(i, UNSEEN, previous, hash_)
            for i, (previous, hash_) in enumerate(pairwise([GENESIS, *self.hashes]), start=1)
        ]
        return verify([*sound, *self.rest], head=head, checked=len(sound))


UNSEEN = AuditEvent("", "", "", datetime.min.replace(tzinfo=UTC))
"""Stands for the content of a link that was found sound and let go of."""


def walk(links: Iterable[Link], *, places: Iterable[int]) -> Walk:
    """Follow a chain link by link, whatever its length, and note the roots at some places."""
    wanted, roots = frozenset(places), dict[int, tuple[str, str]]()
    hashes: list[str] = []
    rest: list[Link] = []
    frontier: Frontier = ()
    sequence, previous, backwards = 0, GENESIS, 0
    first = last = None
    for link in links:
        if rest or not continues(link, sequence=sequence, previous=previous):
            rest.append(link)
            continue
        frontier = grown(frontier, size=sequence, entry=bytes.fromhex(link.hash))
        sequence, previous = link.sequence, link.hash
        hashes.append(previous)
        first = first or link.event.at
        backwards += last is not None and link.event.at < last
        last = link.event.at
        if sequence in wanted:
            roots[sequence] = (previous, root(frontier))
    return Walk(hashes, rest, roots, first, last, backwards)


def disagreements(
    walked: Walk, checkpoints: Sequence[Checkpoint], *, events: int
) -> tuple[list[Finding], int]:
    """Compare signed checkpoints with the chain.

    Parameters
    ----------
    events
        Number of the chain's last event.

    Returns
    -------
    tuple
        What differs, and up to which event the chain agrees with a checkpoint.
    """
    found: list[Finding] = []
    agreed = 0
    beyond = max((c for c in checkpoints if c.sequence > events), key=_place, default=None)
    for signed in sorted(checkpoints, key=_place):
        if walked.roots.get(signed.sequence) == (signed.hash, signed.root):
            agreed = signed.sequence
        elif signed.sequence <= len(walked.hashes):
            said = f"events up to {signed.sequence} are not the ones that were signed {_on(signed)}"
            found.append(Finding(signed.sequence, Tampering.REPLACED, said))
    if beyond is not None:
        said = f"events {events + 1} to {beyond.sequence} at the end are gone; signed {_on(beyond)}"
        found.append(Finding(events + 1, Tampering.TRUNCATED, said))
    return found, agreed


def _place(checkpoint: Checkpoint) -> int:
    return checkpoint.sequence


def _on(checkpoint: Checkpoint) -> str:
    return f"on {checkpoint.at:%Y-%m-%d %H:%M} UTC"
