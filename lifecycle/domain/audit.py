"""What happened, by whom and why, as links of a chain that shows any later change."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

GENESIS = "0" * 64
"""What the first link points back to."""


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """One thing that happened.

    Parameters
    ----------
    action
        A verb with its noun, such as ``version.move`` or ``request.approve``.
    subject
        What it happened to: kind and identifier, such as ``version:credit-default/3``.
    details
        What else a reader in two years needs: before, after, hashes, counts. JSON values only.
    """

    action: str
    subject: str
    by: str
    at: datetime
    reason: str = ""
    via: str = "session"
    details: Mapping[str, object] = field(default_factory=dict[str, object])


@dataclass(frozen=True, slots=True)
class Link:
    """An event in its place in the chain."""

    sequence: int
    event: AuditEvent
    previous: str
    hash: str


class Tampering(StrEnum):
    """What a broken chain says was done to it."""

    CHANGED = "changed"
    REMOVED = "removed"
    INSERTED = "inserted"
    REORDERED = "reordered"
    TRUNCATED = "truncated"
    REPLACED = "replaced"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing wrong with the chain, and where."""

    sequence: int
    kind: Tampering
    sentence: str


def canonical(value: object) -> str:
    """Write a JSON value in the one way that is hashed: sorted keys, no spaces, UTF-8."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def digest(event: AuditEvent, *, sequence: int, previous: str) -> str:
    """Hash an event together with its place and its predecessor's hash."""
    content = {
        "sequence": sequence,
        "previous": previous,
        "action": event.action,
        "subject": event.subject,
        "by": event.by,
        "at": event.at.isoformat(timespec="microseconds"),
        "reason": event.reason,
        "via": event.via,
        "details": event.details,
    }
    return hashlib.sha256(canonical(content).encode()).hexdigest()


def follow(event: AuditEvent, *, last: "Link | None") -> Link:
    """Link an event to the end of the chain."""
    sequence = 1 if last is None else last.sequence + 1
    previous = GENESIS if last is None else last.hash
    return Link(sequence, event, previous, digest(event, sequence=sequence, previous=previous))


def verify(links: Sequence[Link], *, head: tuple[int, str] | None = None) -> list[Finding]:
    """Find every link that was changed, removed, inserted or reordered since it was written.

    Parameters
    ----------
    links
        The whole chain, by sequence.
    head
        Sequence and hash of the last link as they were kept outside the store; without it,
        links cut off the end and a chain rewritten as a whole cannot be seen.
    """
    findings: list[Finding] = []
    expected_sequence, expected_previous = 1, GENESIS
    later = {link.previous: link for link in links}
    hashes = {link.hash for link in links}
    for link in links:
        where = f"event {link.sequence} ({link.event.action} on {link.event.subject})"
        intact = digest(link.event, sequence=link.sequence, previous=link.previous) == link.hash
        follows = link.previous == expected_previous
        if intact and follows and link.sequence == expected_sequence:
            pass
        elif not intact and _moved(link, later, hashes):
            findings.append(Finding(link.sequence, Tampering.REORDERED, f"{where} was moved"))
        elif not intact:
            findings.append(Finding(link.sequence, Tampering.CHANGED, f"{where} was changed"))
        elif link.sequence > expected_sequence:
            span = _span(expected_sequence, link.sequence - 1)
            findings.append(
                Finding(expected_sequence, Tampering.REMOVED, f"{span} before {where} is missing")
            )
        else:
            findings.append(
                Finding(link.sequence, Tampering.INSERTED, f"{where} was put in or rewritten later")
            )
        if intact and not follows and link.sequence < expected_sequence:
            continue  # an inserted duplicate must not become the predecessor of what follows
        expected_sequence, expected_previous = link.sequence + 1, link.hash
    return findings + _against(head, links)


def _moved(link: Link, later: Mapping[str, Link], hashes: set[str]) -> bool:
    """Tell whether a link's content is sound under another sequence number."""
    known = link.previous == GENESIS or link.previous in hashes
    if not known:
        return False
    for sequence in {other.sequence for other in later.values()}:
        if digest(link.event, sequence=sequence, previous=link.previous) == link.hash:
            return True
    return False


def _span(first: int, last: int) -> str:
    return f"event {first}" if first == last else f"events {first} to {last}"


def _against(head: tuple[int, str] | None, links: Sequence[Link]) -> list[Finding]:
    if head is None:
        return []
    sequence, known = head
    last = links[-1] if links else None
    if sequence > (last.sequence if last else 0):
        first = (last.sequence if last else 0) + 1
        return [Finding(first, Tampering.TRUNCATED, f"{_span(first, sequence)} at the end is gone")]
    at_head = next((link for link in links if link.sequence == sequence), None)
    if sequence and (at_head is None or at_head.hash != known):
        sentence = f"event {sequence} is not the one whose hash was kept outside the database"
        return [Finding(sequence, Tampering.REPLACED, sentence)]
    return []
