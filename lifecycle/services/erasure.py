"""What may be forgotten and what must not: erasure, legal holds and periods of retention."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from lifecycle.domain.actor import Actor, Permission, Role
from lifecycle.domain.audit import AuditEvent
from lifecycle.domain.person import ERASED, Person
from lifecycle.domain.retention import (
    EVERYTHING,
    PERIODS,
    Hold,
    Period,
    RecordClass,
    holding,
    period_of,
)
from lifecycle.errors import Conflict, FourEyesViolation, InvalidInput
from lifecycle.store import (
    audit,
    datasets,
    deliveries,
    holds,
    keys,
    models,
    people,
    sensitive,
    sensitive_files,
    sessions,
    shredding,
)
from lifecycle.store.connection import Connection, Workspace
from lifecycle.store.sensitive import Part

SUBJECT = "erasure.person"

LONGEST = 10_000
"""Characters of a reason; a longer one is an attachment."""

CLOCKWORK = Actor("clock@lifecycle", frozenset({Role.ADMINISTRATOR}), via="clock")
"""Who disposes of what is due when nobody does."""


def erase(workspace: Workspace, name: str, *, reason: str, by: Actor, at: datetime) -> Person:
    """Make a person's name unreadable for ever, here and in every copy of the trail.

    Their key is destroyed, so what was sealed with it stays as it was written and the chain
    holds: the name, what they wrote, and their account's name inside events. As the one who acted
    the account's name stays: it is what decisions were signed with.

    Raises
    ------
    Conflict
        The account is open, erased already, or under a legal hold.
    InvalidInput
        No reason is given.
    """
    by.require(Permission.ADMINISTER)
    if not reason.strip():
        raise InvalidInput(f"to erase {name} give a reason")
    with workspace.transaction() as tx:
        person = people.get(tx, name)
        if person.active:
            raise Conflict(f"the account {name!r} is open; close it first")
        if person.display == ERASED:
            raise Conflict(f"{name} is erased already")
        hold = holding(_standing(tx), f"person:{name}")
        if hold is not None:
            raise Conflict(f"{name} is under legal hold {hold.id} ({hold.reason})")
        erased = _erase(tx, person, reason=reason, by=by, at=at)
    shredding.destroy(folder(workspace), name)
    workspace.checkpoint()
    return erased


def finish(workspace: Workspace) -> None:
    """Destroy the keys of whoever was erased when a crash came before that."""
    for event in audit.search(workspace.cursor(), action=SUBJECT, limit=10_000):
        shredding.destroy(folder(workspace), event.event.subject.partition(":")[2])


def sealed(workspace: Workspace, name: str, text: str) -> str:
    """Write a personal text so that it can be erased later."""
    return shredding.seal(folder(workspace), name, text)


def opened(workspace: Workspace, event: AuditEvent) -> dict[str, object]:
    """Return an event's details with sealed texts readable, or told to be erased."""
    name = event.subject.partition(":")[2]
    return {
        key: (shredding.unseal(folder(workspace), name, str(value)) or ERASED)
        if shredding.is_sealed(value)
        else value
        for key, value in event.details.items()
    }


def read_personal(
    workspace: Workspace, event: AuditEvent, *, by: Actor, at: datetime
) -> dict[str, object]:
    """Open the sealed texts of an event for somebody, and record that they looked."""
    by.require(Permission.READ_TRAIL)
    details = opened(workspace, event)
    with workspace.transaction() as tx:
        audit.append(tx, AuditEvent("read.personal", event.subject, by.name, at, via=by.via))
    return details


def hold(workspace: Workspace, subject: str, *, reason: str, by: Actor, at: datetime) -> Hold:
    """Forbid that something is erased or disposed of until the hold is released.

    Parameters
    ----------
    subject
        ``everything``, or what there is of ``person:``, ``snapshot:``, ``version:`` (its log) or
        ``model:`` (the logs of all its versions, and the snapshots they were made from).

    Raises
    ------
    InvalidInput
        Subject or reason is missing, or nothing of that kind can be held.
    NotFound
        There is no such person, model, version or snapshot.
    """
    by.require(Permission.ADMINISTER)
    if not subject.strip() or not reason.strip():
        raise InvalidInput("a legal hold names what it covers, and why")
    if max(len(subject), len(reason)) > LONGEST:
        raise InvalidInput(f"what a legal hold says has at most {LONGEST:,} characters")
    with workspace.transaction() as tx:
        _check_there(tx, subject.strip())
        placed = Hold(holds.next_id(tx), subject.strip(), reason.strip(), by.name, at)
        holds.add(tx, placed)
        details = {"hold": placed.id}
        _record(tx, "hold.place", placed.subject, by=by, at=at, reason=reason, details=details)
    return placed


def release(workspace: Workspace, hold_id: str, *, reason: str, by: Actor, at: datetime) -> Hold:
    """End a legal hold, as somebody else than who placed it.

    Raises
    ------
    Conflict
        It is released already.
    FourEyesViolation
        Whoever placed it tries.
    """
    by.require(Permission.ADMINISTER)
    with workspace.transaction() as tx:
        placed = holds.get(tx, hold_id)
        if not placed.active:
            raise Conflict(f"{hold_id} is released already")
        if placed.placed_by == by.name:
            raise FourEyesViolation(f"{by.name} placed {hold_id}; a second person releases it")
        released = replace(placed, released_by=by.name, released_at=at)
        holds.release(tx, released)
        details = {"hold": hold_id}
        _record(tx, "hold.release", placed.subject, by=by, at=at, reason=reason, details=details)
    return released


HELD: Mapping[str, Callable[[Connection, str], object]] = {
    "person": people.get,
    "snapshot": datasets.snapshot,
    "version": models.version_by_id,
    "model": models.get,
}
"""How what a hold can name is found, by kind."""


def _check_there(con: Connection, subject: str) -> None:
    """Refuse a hold on nothing: it would protect nothing and say that it does."""
    if subject == EVERYTHING:
        return
    kind, _, name = subject.partition(":")
    if kind not in HELD:
        known = ", ".join(f"{one}:NAME" for one in HELD)
        raise InvalidInput(f"a legal hold covers {EVERYTHING} or {known}, not {subject!r}")
    HELD[kind](con, name)


def _standing(con: Connection) -> list[Hold]:
    """Return all holds, one on a model also as holds on what there is of it now."""
    found: list[Hold] = []
    for one in holds.every(con):
        kind, _, name = one.subject.partition(":")
        versions = models.versions(con, name) if kind == "model" else []
        made_from = {s for v in versions for s in (v.reference, v.training) if s is not None}
        covered = [*(f"version:{v.id}" for v in versions), *(f"snapshot:{s}" for s in made_from)]
        found += [one, *(replace(one, subject=subject) for subject in covered)]
    return found


@dataclass(frozen=True, slots=True)
class Due:
    """A class of records with its period, and how many of it are due to go.

    Parameters
    ----------
    held
        Due, but under a legal hold.
    """

    period: Period
    due: int
    held: int = 0


def due(con: Connection, *, at: datetime, periods: Sequence[Period] = PERIODS) -> list[Due]:
    """Return every class of records with what is due of it."""
    standing = _standing(con)
    everything = holding(standing, EVERYTHING) is not None
    counts: dict[RecordClass, tuple[int, int]] = {}
    leaving = _leaving(con, at=at, periods=periods)
    kept = sum(holding(standing, f"person:{p.name}") is not None for p in leaving)
    counts[RecordClass.PERSONAL] = (len(leaving) - kept, kept)
    for kind, older in (
        (RecordClass.RESPONSES, keys.older),
        (RecordClass.MESSAGES, deliveries.older),
    ):
        old = older(con, before=_before(kind, at=at, periods=periods))
        counts[kind] = (0, old) if everything else (old, 0)
    old, free = _sensitive(con, standing, at=at, periods=periods)
    counts[RecordClass.SENSITIVE] = (len(free), len(old) - len(free))
    return [Due(period, *counts.get(period.record_class, (0, 0))) for period in periods]


def dispose(
    workspace: Workspace, *, by: Actor, at: datetime, periods: Sequence[Period] = PERIODS
) -> Mapping[str, int]:
    """Erase and remove what is due and not held, and record how much it was.

    Returns
    -------
    Mapping
        How many records went, by class.
    """
    by.require(Permission.ADMINISTER)
    return _dispose(workspace, by=by, at=at, periods=periods)


def dispose_by_clock(
    workspace: Workspace, *, at: datetime, periods: Sequence[Period] = PERIODS
) -> Mapping[str, int]:
    """Do the same because time passed; nothing is written where nothing is due.

    The server's clock calls it every hour.
    """
    if not any(one.due for one in due(workspace.cursor(), at=at, periods=periods)):
        return {}
    return _dispose(workspace, by=CLOCKWORK, at=at, periods=periods)


def _dispose(
    workspace: Workspace, *, by: Actor, at: datetime, periods: Sequence[Period]
) -> Mapping[str, int]:
    gone: list[str] = []
    with workspace.transaction() as tx:
        standing = _standing(tx)
        for person in _leaving(tx, at=at, periods=periods):
            if holding(standing, f"person:{person.name}") is None:
                _erase(tx, person, reason="period of retention is over", by=by, at=at)
                gone.append(person.name)
        held = holding(standing, EVERYTHING) is not None
        counts = {"personal": len(gone)}
        for kind, forget in (
            (RecordClass.RESPONSES, keys.forget),
            (RecordClass.MESSAGES, deliveries.forget),
        ):
            before = _before(kind, at=at, periods=periods)
            counts[str(kind)] = 0 if held else forget(tx, before=before)
        _, parts = _sensitive(tx, standing, at=at, periods=periods)
        sensitive.mark_deleted(tx, parts, at=at)
        counts[str(RecordClass.SENSITIVE)] = len(parts)
        _record(tx, "erasure.due", "workspace", by=by, at=at, reason="", details=counts)
    for name in gone:
        shredding.destroy(folder(workspace), name)
    sensitive_files.sweep(workspace)
    workspace.checkpoint()
    return counts


def folder(workspace: Workspace) -> Path:
    """Return where the keys of persons lie."""
    return workspace.home / "keys" / "persons"


def _erase(tx: Connection, person: Person, *, reason: str, by: Actor, at: datetime) -> Person:
    erased = replace(person, display=ERASED)
    people.update(tx, erased)
    people.set_password(tx, person.name, None)
    people.forget_identity(tx, person.name)
    keys.forget_of(tx, person.name)
    sessions.remove_of(tx, person.name)
    details = {"fields": ["display", "password", "identity"]}
    subject = f"person:{person.name}"
    _record(tx, SUBJECT, subject, by=by, at=at, reason=reason, details=details)
    return erased


def _leaving(con: Connection, *, at: datetime, periods: Sequence[Period]) -> list[Person]:
    """Return the closed accounts whose personal texts have been kept long enough."""
    closed = audit.last_of(con, "person.deactivate")
    period = period_of(RecordClass.PERSONAL, periods)
    return [
        person
        for person in people.every(con)
        if not person.active
        and person.display != ERASED
        and period.due(closed.get(f"person:{person.name}", person.created_at), at=at)
    ]


def _sensitive(
    con: Connection, standing: Sequence[Hold], *, at: datetime, periods: Sequence[Period]
) -> tuple[list[Part], list[Part]]:
    """Return the protected attributes whose period is over, and those of them under no hold."""
    period = period_of(RecordClass.SENSITIVE, periods)
    old = [part for part in sensitive.kept(con) if period.due(part.written_at, at=at)]
    return old, [part for part in old if holding(standing, part.subject) is None]


def _before(record_class: RecordClass, *, at: datetime, periods: Sequence[Period]) -> datetime:
    return at - timedelta(days=period_of(record_class, periods).days or 0)


def _record(
    tx: Connection,
    action: str,
    subject: str,
    *,
    by: Actor,
    at: datetime,
    reason: str,
    details: Mapping[str, object],
) -> None:
    audit.append(tx, AuditEvent(action, subject, by.name, at, reason, by.via, details))
