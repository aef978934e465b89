"""What can be claimed of a trail, each on its own: integrity, authenticity, time, agreement."""

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
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
class Agreement:
    """Whether the records beside the trail are as its events tell."""

    records: int
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Examination:
    """The claims about one trail; of a copy nothing beside it can be claimed."""

    integrity: Integrity
    authenticity: Authenticity
    time: Times
    agreement: Agreement | None = None

    @property
    def findings(self) -> list[Finding]:
        """Everything wrong with it, by event."""
        beside = self.agreement.findings if self.agreement else ()
        found = (*self.integrity.findings, *self.authenticity.findings, *beside)
        return sorted(found, key=lambda finding: finding.sequence)


NEAR = 16
"""Links before a break that are kept with what they say, to be named."""


@dataclass(slots=True)
class Walk:
    """What was seen following a chain; of a long one only hashes are kept, and what breaks it.

    Parameters
    ----------
    head
        Sequence and hash of the last link as they were kept apart.
    hashes
        Of the links that follow each other from the first on.
    rest
        The links from the last break on that are not judged yet; none in a whole chain.
    recent
        The last links in order before the rest, with what they say.
    settled
        What was found at earlier breaks, after which the chain goes on in order.
    end
        Number and hash of the last link.
    events
        The highest number of any link.
    held
        The head was seen.
    roots
        The last event's hash and the root of the tree, at each place that was asked for.
    """

    head: tuple[int, str] | None = None
    hashes: list[str] = field(default_factory=list[str])
    rest: list[Link] = field(default_factory=list[Link])
    recent: deque[Link] = field(default_factory=lambda: deque[Link](maxlen=NEAR))
    settled: list[Finding] = field(default_factory=list[Finding])
    end: tuple[int, str] = (0, GENESIS)
    events: int = 0
    held: bool = False
    roots: dict[int, tuple[str, str]] = field(default_factory=dict[int, tuple[str, str]])
    first: datetime | None = None
    last: datetime | None = None
    backwards: int = 0

    def findings(self) -> list[Finding]:
        """Name what was done to the chain; nothing when it is whole and holds the head."""
        missed = self.head not in {None, (0, GENESIS)} and not self.held
        return (
            [*self.settled, *self._judged(head=self.head)]
            if self.rest or missed
            else (self.settled)
        )

    def settle(self) -> None:
        """Judge the rest and let go of it: the chain goes on behind."""
        self.settled += self._judged(head=None)
        self.recent.clear()
        self.recent.extend(self.rest[-NEAR:])
        self.rest = []

    def _judged(self, *, head: tuple[int, str] | None) -> list[Finding]:
        # Of what is sound only places and hashes are kept: a long chain would not fit in memory.
        sound = list(self.recent)
        if not self.settled:
            near = self.hashes[-TOGETHER:]
            skipped = len(self.hashes) - len(near)
            origin = self.hashes[skipped - 1] if skipped else GENESIS
            sound = [
                Link(skipped + i, UNSEEN, previous, hash_)
                for i, (previous, hash_) in enumerate(pairwise([origin, *near]), start=1)
            ]
            sound[len(sound) - len(self.recent) :] = self.recent
        return verify(
            [*sound, *self.rest],
            head=head,
            checked=len(sound),
            first=sound[0].sequence if sound else 1,
            held=self.held,
        )


UNSEEN = AuditEvent("", "", "", datetime.min.replace(tzinfo=UTC))
"""Stands for the content of a link that was found sound and let go of."""
TOGETHER = 20_000
"""Links that are judged together around a break; further away they are let go of."""
CALM = 32
"""So many links in a row follow each other before a break counts as over."""


def walk(
    links: Iterable[Link], *, places: Iterable[int], head: tuple[int, str] | None = None
) -> Walk:
    """Follow a chain link by link, whatever its length, and note the roots at some places."""
    wanted, walked = frozenset(places), Walk(head)
    frontier: Frontier = ()
    calm = 0
    for link in links:
        followed = continues(link, sequence=walked.end[0], previous=walked.end[1])
        walked.end, walked.events = (link.sequence, link.hash), max(walked.events, link.sequence)
        walked.held = walked.held or walked.end == head
        walked.first = walked.first or link.event.at
        walked.backwards += walked.last is not None and link.event.at < walked.last
        walked.last = link.event.at
        if walked.rest or not followed:
            calm = calm + 1 if followed else 0
            walked.rest.append(link)
            if len(walked.rest) >= TOGETHER and calm >= CALM:
                walked.settle()
            continue
        walked.recent.append(link)
        if not walked.settled:
            frontier = grown(frontier, size=link.sequence - 1, entry=bytes.fromhex(link.hash))
            walked.hashes.append(link.hash)
            if link.sequence in wanted:
                walked.roots[link.sequence] = (link.hash, root(frontier))
    return walked


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
