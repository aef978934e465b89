"""What accounts may do: handed out by two administrators, never by anybody to themselves."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from lifecycle.domain.actor import Actor, Permission, Role
from lifecycle.domain.audit import AuditEvent
from lifecycle.domain.person import (
    AUTHORITY,
    Answer,
    Invitation,
    Person,
    RoleChange,
    ends_administration,
    gains,
    grants_authority,
    kept_from_answering,
)
from lifecycle.domain.reach import EVERYWHERE, Reach
from lifecycle.domain.usecase import Tier
from lifecycle.errors import AlreadyDecided, Conflict, FourEyesViolation, InvalidInput, NotAllowed
from lifecycle.store import audit, people, role_changes
from lifecycle.store.connection import Connection, Workspace

ALONE = "granted by one person: there is no second administrator"
LOCAL = "done by whoever works on the machine itself"


def set_roles(
    workspace: Workspace,
    name: str,
    *,
    roles: Iterable[str],
    by: Actor,
    at: datetime,
    reason: str = "",
    reach: Reach | None = None,
) -> Person:
    """Change what an account may do, from its next request on.

    Granting authority (any role that judges, decides or hands out roles, or a wider reach for
    one) and taking an administrator out of office wait for a second administrator. Where there is
    none, it is done and the conflict is recorded with it. What waited for the account before is
    void.

    Parameters
    ----------
    reach
        The units and tiers the roles are for; as before when absent.

    Returns
    -------
    Person
        The account as it is now; unchanged while the change waits.

    Raises
    ------
    NotAllowed
        Somebody grants something to themselves.
    Conflict
        It would leave nobody to administer the workspace.
    """
    by.require(Permission.ADMINISTER)
    wanted = some_roles(roles)
    with workspace.transaction() as tx:
        person = people.get(tx, name)
        changed = replace(person, roles=wanted, reach=person.reach if reach is None else reach)
        if by.name == name and gains(person, changed):
            raise NotAllowed(f"{name} cannot grant themselves anything; somebody else has to")
        keep_an_administrator(tx, changed)
        alone = second_missing(tx, person, roles=wanted, reach=changed.reach, by=by)
        if alone is None and _takes_two(person, roles=wanted, reach=changed.reach, by=by):
            ask(tx, person, roles=wanted, reach=changed.reach, reason=reason, by=by, at=at)
            return person
        _apply(tx, person, changed, by=by, at=at, reason=reason, conflict=alone)
    return changed


def answer_roles(
    workspace: Workspace, change_id: str, *, agree: bool, by: Actor, at: datetime
) -> RoleChange:
    """Agree to a change of roles as the second administrator, or refuse it.

    Raises
    ------
    FourEyesViolation
        Whoever asked for it, or gains by it, answers.
    AlreadyDecided
        It was answered before.
    """
    by.require(Permission.ADMINISTER)
    with workspace.transaction() as tx:
        change = role_changes.get(tx, change_id)
        if change.answer is not Answer.WAITING:
            raise AlreadyDecided(f"{change_id} is {change.answer} already")
        person = people.get(tx, change.person)
        if by.name in kept_from_answering(change, person):
            raise FourEyesViolation(
                f"{by.name} asked for {change_id} or gains by it; a second administrator answers"
            )
        answer = Answer.APPLIED if agree else Answer.REFUSED
        answered = replace(change, answer=answer, answered_by=by.name, answered_at=at)
        role_changes.update(tx, answered)
        if agree:
            changed = replace(person, roles=change.roles, reach=change.reach)
            keep_an_administrator(tx, changed)
            asked = {"change": change.id, "asked_by": change.asked_by}
            _apply(tx, person, changed, by=by, at=at, reason=change.reason, more=asked)
        else:
            details = {"change": change.id, "asked_by": change.asked_by}
            record(tx, "role.refuse", change.person, by=by, at=at, details=details)
    return answered


def ask(
    tx: Connection,
    person: Person,
    *,
    roles: frozenset[Role],
    reach: Reach,
    reason: str,
    by: Actor,
    at: datetime,
) -> RoleChange:
    """Keep a change until a second administrator answers; a newer one takes its place."""
    voided = void(tx, person.name, by=by.name, at=at)
    identifier = role_changes.next_id(tx)
    change = RoleChange(identifier, person.name, roles, reach, reason, by.name, at)
    role_changes.add(tx, change)
    details = {"change": change.id, "before": sorted(person.roles), "after": sorted(roles)}
    details |= described(reach) | voided
    record(tx, "role.ask", person.name, by=by, at=at, reason=reason, details=details)
    return change


def void(tx: Connection, name: str, *, by: str, at: datetime) -> dict[str, object]:
    """End what waits for an account's roles, because the account is not what it was asked for.

    Returns
    -------
    dict
        The changes that ended, as the details of an event; nothing where none waited.
    """
    waiting = [one for one in role_changes.every(tx, answer=Answer.WAITING) if one.person == name]
    for one in waiting:
        ended = replace(one, answer=Answer.REFUSED, answered_by=by, answered_at=at)
        role_changes.update(tx, ended)
    return {"voided": [one.id for one in waiting]} if waiting else {}


def at_first(tx: Connection, person: Person, *, by: Actor) -> tuple[Person, str | None]:
    """Return what an account is until a second administrator agrees to all that it shall be.

    Returns
    -------
    tuple
        A viewer where its authority waits, and the account itself otherwise; and why nobody is
        asked, where somebody should be.
    """
    bare = replace(person, roles=frozenset({Role.VIEWER}), reach=EVERYWHERE)
    alone = second_missing(tx, bare, roles=person.roles, reach=person.reach, by=by)
    waits = alone is None and grants_authority(bare, roles=person.roles, reach=person.reach)
    return bare if waits else person, alone


def withhold(tx: Connection, person: Person, link: Invitation, *, at: datetime) -> None:
    """Take the authority of an account that somebody came into by a link, until a second agrees.

    Whoever made the link could have opened it; so it hands out authority, also what waits for the
    account already, and that takes a second administrator who did not make it. Where there is
    none, the conflict is recorded.
    """
    waiting = role_changes.every(tx, answer=Answer.WAITING)
    asked = next((one for one in waiting if one.person == person.name), None)
    whole = replace(person, roles=asked.roles, reach=asked.reach) if asked else person
    if not (person.has_password and whole.roles & AUTHORITY):
        return
    by = Actor(link.made_by, frozenset({Role.ADMINISTRATOR}), via=link.via)
    bare, alone = at_first(tx, whole, by=by)
    why = "somebody came in by a one-time link"
    if alone is not None:
        details = {"conflict": f"{why}; {alone}"}
        record(tx, "person.link", person.name, by=by, at=at, details=details)
        return
    _apply(tx, person, bare, by=by, at=at, reason=why)
    ask(tx, bare, roles=whole.roles, reach=whole.reach, reason=why, by=by, at=at)


def second_missing(
    tx: Connection, person: Person, *, roles: frozenset[Role], reach: Reach, by: Actor
) -> str | None:
    """Say why a change that takes two people cannot have a second; nothing if it can."""
    if not _takes_two(person, roles=roles, reach=reach, by=by):
        return None
    if by.via == "local":
        return LOCAL
    if ends_administration(person, roles=roles, by=by.name):
        return None  # whoever leaves the office can agree
    others = (p for p in people.every(tx) if p.active and Role.ADMINISTRATOR in p.roles)
    return None if any(p.name not in {by.name, person.name} for p in others) else ALONE


def some_roles(roles: Iterable[str]) -> frozenset[Role]:
    """Read roles, at least one.

    Raises
    ------
    InvalidInput
        There is none, or one is not known.
    """
    try:
        chosen = frozenset(Role(role) for role in roles)
    except ValueError as error:
        raise InvalidInput(f"{error}; roles are {', '.join(Role)}") from error
    if not chosen:
        raise InvalidInput(f"an account needs at least one role of {', '.join(Role)}")
    return chosen


def some_reach(*, units: Iterable[str], tiers: Iterable[str]) -> Reach:
    """Read how far roles reach; nothing named means everywhere.

    Raises
    ------
    InvalidInput
        A tier is not known.
    """
    try:
        known = frozenset(Tier(tier) for tier in tiers)
    except ValueError as error:
        raise InvalidInput(f"{error}; tiers are {', '.join(Tier)}") from error
    return Reach(frozenset(unit.strip() for unit in units if unit.strip()), known)


def described(reach: Reach) -> dict[str, object]:
    """Return a limited reach as the details of an event; nothing for everywhere."""
    if reach == EVERYWHERE:
        return {}
    return {"units": sorted(reach.units), "tiers": sorted(reach.tiers)}


def keep_an_administrator(tx: Connection, changed: Person) -> None:
    """Refuse a change that would leave nobody to administer the workspace."""
    after = [changed if person.name == changed.name else person for person in people.every(tx)]
    if not any(person.active and Role.ADMINISTRATOR in person.roles for person in after):
        raise Conflict(f"{changed.name} is the last administrator; make another one first")


def record(
    tx: Connection,
    action: str,
    name: str,
    *,
    by: Actor,
    at: datetime,
    reason: str = "",
    details: Mapping[str, object] | None = None,
) -> None:
    """Write down what was done about an account."""
    subject = f"person:{name}"
    event = AuditEvent(action, subject, by.name, at, reason, via=by.via, details=details or {})
    audit.append(tx, event)


def _takes_two(person: Person, *, roles: frozenset[Role], reach: Reach, by: Actor) -> bool:
    """Tell whether one administrator alone is not enough for a change."""
    ends = ends_administration(person, roles=roles, by=by.name)
    return ends or grants_authority(person, roles=roles, reach=reach)


def _apply(
    tx: Connection,
    before: Person,
    after: Person,
    *,
    by: Actor,
    at: datetime,
    reason: str,
    conflict: str | None = None,
    more: Mapping[str, object] | None = None,
) -> None:
    people.update(tx, after)
    details: dict[str, object] = {"before": sorted(before.roles), "after": sorted(after.roles)}
    details |= described(after.reach) | void(tx, after.name, by=by.name, at=at) | dict(more or {})
    if conflict:
        details["conflict"] = conflict
    record(tx, "person.roles", after.name, by=by, at=at, reason=reason, details=details)
