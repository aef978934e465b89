"""What happened, by whom and why, as links of a chain that shows any later change."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import UTC, datetime
from enum import StrEnum
from itertools import pairwise
from json.encoder import encode_basestring as _quoted
from typing import cast

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
    """What was done to a chain, by what is broken in it, or to a record beside it."""

    CHANGED = "changed"
    REMOVED = "removed"
    INSERTED = "inserted"
    REORDERED = "reordered"
    TRUNCATED = "truncated"
    REPLACED = "replaced"
    FORGED = "forged"
    EDITED = "edited"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing wrong with the chain or beside it, and at which event."""

    sequence: int
    kind: Tampering
    sentence: str


_encode = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode


def canonical(value: object) -> str:
    """Write a JSON value in the one way that is hashed: sorted keys, no spaces, UTF-8."""
    return _encode(value)


def plain(value: object) -> object:
    """Turn nested values into JSON values in one way only.

    Times are in UTC, sets in order, records mappings.
    """
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in cast("Mapping[object, object]", value).items()}
    if isinstance(value, list | tuple):
        return [plain(v) for v in cast("Sequence[object]", value)]
    if isinstance(value, AbstractSet):
        return sorted((plain(v) for v in cast("AbstractSet[object]", value)), key=canonical)
    if isinstance(value, datetime):
        return _moment(value)
    return value


def _moment(at: datetime) -> str:
    in_utc = at if at.tzinfo is UTC else at.astimezone(UTC)
    return in_utc.isoformat(timespec="microseconds")


def digest(event: AuditEvent, *, sequence: int, previous: str) -> str:
    """Hash an event together with its place and its predecessor's hash."""
    # What canonical() writes of the nine fields; put together by hand, a long trail is checked in
    # half the time.
    text = (
        f'{{"action":{_quoted(str(event.action))},"at":"{_moment(event.at)}","by":{_quoted(event.by)},'
        f'"details":{canonical(event.details)},"previous":{_quoted(previous)},'
        f'"reason":{_quoted(event.reason)},"sequence":{sequence},'
        f'"subject":{_quoted(event.subject)},"via":{_quoted(event.via)}}}'
    )
    return hashlib.sha256(text.encode()).hexdigest()


def follow(event: AuditEvent, *, last: "Link | None") -> Link:
    """Link an event to the end of the chain."""
    sequence = 1 if last is None else last.sequence + 1
    previous = GENESIS if last is None else last.hash
    return Link(sequence, event, previous, digest(event, sequence=sequence, previous=previous))


def continues(link: Link, *, sequence: int, previous: str) -> bool:
    """Tell whether a link is what was written and comes right after the one numbered `sequence`."""
    right_after = link.sequence == sequence + 1 and link.previous == previous
    return right_after and _fits(link, link.sequence)


def verify(
    links: Sequence[Link],
    *,
    head: tuple[int, str] | None = None,
    checked: int = 0,
    first: int = 1,
    held: bool = False,
) -> list[Finding]:
    """Find every link that was changed, removed, inserted or reordered since it was written.

    Parameters
    ----------
    links
        The chain, by sequence; the whole of it, or what comes from one link on.
    head
        Sequence and hash of the last link as they were kept outside the store; without it,
        links cut off the end and a chain rewritten as a whole cannot be seen.
    checked
        How many links from the first on are known to fit their hashes already.
    first
        The place of the first of these links, where those before are known to be sound.
    held
        The head was seen among those before.
    """
    places = _places(links, checked=checked)
    changed = [link for link, place in zip(links, places, strict=True) if place is None]
    sound = [(p, link) for link, p in zip(links, places, strict=True) if p is not None]
    inserted = _inserted(sound, remembered={k.previous for k in links} | {head[1] if head else ""})
    kept = [pair for i, pair in enumerate(sound) if i not in inserted]
    taken = {p for p, _ in kept} | {link.sequence for link in changed}
    gaps = _gaps({place for place in taken if place >= first}, first=first)
    findings = [
        *(_finding(link, Tampering.CHANGED, "was changed") for link in changed),
        *(_finding(sound[i][1], Tampering.INSERTED, "was put in later") for i in inserted),
        *(Finding(first, Tampering.REMOVED, _gone(first, last)) for first, last in gaps),
        *_rewritten(kept),
        *_moved(kept, renumbered=bool(inserted or gaps)),
    ]
    by_event = sorted(findings, key=lambda finding: finding.sequence)
    return by_event + _against(head, links, held=held)


def _places(links: Sequence[Link], *, checked: int) -> list[int | None]:
    """Return the place each link was written for; ``None`` where its content no longer fits."""
    of_hash = {link.hash: link.sequence for link in links}
    of_next = {link.previous: link.sequence for link in links}
    broken = [link.sequence for link in links[checked:] if not _fits(link, link.sequence)]
    suspects = frozenset(broken)
    places: list[int | None] = []
    shift = 0
    for link in links:
        if link.sequence not in suspects:
            places.append(link.sequence)
            continue
        # Whoever renumbers usually shifts or swaps, so the likely places come first.
        likely = [link.sequence, link.sequence + shift]
        likely += [of_hash.get(link.previous, -1) + 1, of_next.get(link.hash, 0) - 1]
        likely += range(link.sequence - _NEARBY, link.sequence + _NEARBY + 1)
        tries = (s for s in dict.fromkeys([*likely, *broken]) if s > 0)
        place = next((s for s in tries if _fits(link, s)), None)
        shift = shift if place is None else place - link.sequence
        places.append(place)
    return places


_NEARBY = 8
"""How far from its recorded place a link is looked for when nothing else points to one."""


def _fits(link: Link, sequence: int) -> bool:
    return digest(link.event, sequence=sequence, previous=link.previous) == link.hash


def _inserted(sound: Sequence[tuple[int, Link]], *, remembered: set[str]) -> list[int]:
    """Return which links are at a taken place; the one its successor remembers was there first."""
    holder: dict[int, int] = {}
    extra: list[int] = []
    for i, (place, link) in enumerate(sound):
        rival = holder.setdefault(place, i)
        if rival == i:
            continue
        usurped = link.hash in remembered and sound[rival][1].hash not in remembered
        holder[place] = i if usurped else rival
        extra.append(rival if usurped else i)
    return extra


def _gaps(taken: set[int], *, first: int) -> list[tuple[int, int]]:
    """Return the spans of places nobody holds, up to the last that somebody does."""
    marks = [first - 1, *sorted(taken)]
    return [(a + 1, b - 1) for a, b in pairwise(marks) if b - a > 1]


def _rewritten(kept: Sequence[tuple[int, Link]]) -> list[Finding]:
    """Find links that fit their own hash but not the one their successor remembers."""
    ordered = sorted(kept, key=lambda pair: pair[0])
    found = [
        _finding(link, Tampering.CHANGED, "was rewritten together with its hash")
        for (place, link), (following, successor) in pairwise(ordered)
        if following == place + 1 and successor.previous != link.hash
    ]
    if ordered and ordered[0][0] == 1 and ordered[0][1].previous != GENESIS:
        found.append(_finding(ordered[0][1], Tampering.CHANGED, "does not start the chain"))
    return found


def _moved(kept: Sequence[tuple[int, Link]], *, renumbered: bool) -> list[Finding]:
    """Find links out of order; a mere shift is already explained by what was put in or removed."""
    found: list[Finding] = []
    in_order = sorted(place for place, _ in kept)
    for (place, link), expected in zip(kept, in_order, strict=True):
        if place != expected:
            found.append(_finding(link, Tampering.REORDERED, f"was moved from place {place}"))
        elif place != link.sequence and not renumbered:
            found.append(_finding(link, Tampering.CHANGED, f"had the number {place}"))
    return found


def _finding(link: Link, kind: Tampering, what: str) -> Finding:
    named = f" ({link.event.action} on {link.event.subject})" if link.event.action else ""
    return Finding(link.sequence, kind, f"event {link.sequence}{named} {what}")


def _gone(first: int, last: int, where: str = "") -> str:
    if first == last:
        return f"event {first}{where} is gone"
    return f"events {first} to {last}{where} are gone"


def _against(head: tuple[int, str] | None, links: Sequence[Link], *, held: bool) -> list[Finding]:
    if head is None:
        return []
    sequence, known = head
    last = links[-1] if links else None
    if sequence > (last.sequence if last else 0):
        first = (last.sequence if last else 0) + 1
        return [Finding(first, Tampering.TRUNCATED, _gone(first, sequence, " at the end"))]
    if sequence and not held and all(link.hash != known for link in links):
        sentence = f"event {sequence} is not the one whose hash was kept outside the database"
        return [Finding(sequence, Tampering.REPLACED, sentence)]
    return []
