"""Who came from the organisation's own provider: their account, and the roles their groups give."""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from lifecycle.domain.actor import Role
from lifecycle.domain.audit import AuditEvent
from lifecycle.domain.person import Identity, Person, Session
from lifecycle.domain.reach import EVERYWHERE, Reach
from lifecycle.domain.usecase import Tier
from lifecycle.errors import InvalidInput, NotAllowed, NotFound, NotSignedIn
from lifecycle.services.access.roles import described, void
from lifecycle.services.access.signing import HOURS, start
from lifecycle.store import audit, people, sessions, tokens
from lifecycle.store.connection import Connection, Workspace

VIA = "oidc"
LIMITS = ("unit", "tier")
"""What groups give beside roles: where those reach."""

ALL = "*"
"""Every unit or tier, given by name, so that losing a group never widens anything."""


def sign_in_provided(
    workspace: Workspace,
    identity: Identity,
    *,
    groups: Iterable[tuple[str, str]],
    at: datetime,
    hours: int = HOURS,
) -> tuple[str, Session]:
    """Start a session for somebody the provider vouches for.

    The account is known by issuer and subject, never by a name somebody else could take. Its
    roles are those of the groups, anew at each sign-in; the session ends with the provider's
    token at the latest. An account whose groups give nothing any more loses its roles, sessions
    and tokens.

    Parameters
    ----------
    groups
        Pairs of a group and what it gives: a role, ``unit:NAME`` or ``tier:NAME``.

    Raises
    ------
    NotAllowed
        None of their groups gives a role here, or none the unit or tier that roles are for.
    NotSignedIn
        The account is closed, or the provider's token has expired.
    """
    if at >= identity.expires_at:
        raise NotSignedIn("the provider's answer has expired; sign in again")
    roles, reach = granted(identity.groups, groups=groups)
    if not roles:
        with workspace.transaction() as tx:
            _leave(tx, identity, at=at)
        raise NotAllowed(
            "none of your groups has a role here, or none the unit or tier it is for; ask who "
            "looks after the groups"
        )
    with workspace.transaction() as tx:
        person = _account(tx, identity, roles=roles, reach=reach, at=at)
        if not person.active:
            raise NotSignedIn(f"the account {person.name!r} is closed")
        until = min(at + timedelta(hours=hours), identity.expires_at)
        return start(
            tx, person.name, via=VIA, at=at, expires_at=until, proved_at=identity.proved_at
        )


def granted(
    held: frozenset[str], *, groups: Iterable[tuple[str, str]]
) -> tuple[frozenset[Role], Reach]:
    """Return the roles and the reach that groups give.

    Where any group gives a unit, roles are for units: whoever is in none of those groups may only
    look, and the same with tiers. ``unit:*`` and ``tier:*`` give all of them.

    Raises
    ------
    InvalidInput
        A group is to give something that is neither a role nor a unit nor a tier.
    """
    words = list(groups)
    mine = [_word(group, word) for group, word in words if group in held]
    roles = frozenset(Role(name) for kind, name in mine if kind == "role")
    found: dict[str, frozenset[str]] = {}
    for limit in LIMITS:
        names = frozenset(name for kind, name in mine if kind == limit)
        if not names and any(word.startswith(f"{limit}:") for _, word in words):
            roles &= {Role.VIEWER}
        found[limit] = frozenset() if ALL in names else names
    return roles, Reach(found["unit"], frozenset(Tier(name) for name in found["tier"]))


def _word(group: str, word: str) -> tuple[str, str]:
    """Read what a group gives as its kind and its name."""
    kind, colon, name = word.partition(":")
    try:
        if kind == "tier" and name != ALL:
            Tier(name)
        elif not (colon and kind in LIMITS and name):
            return "role", Role(word)
    except ValueError as error:
        raise InvalidInput(
            f"the group {group!r} is to give {word!r}, which is no role, unit:NAME or tier:NAME"
        ) from error
    return kind, name


def _account(
    tx: Connection, identity: Identity, *, roles: frozenset[Role], reach: Reach, at: datetime
) -> Person:
    """Return the account of an identity with today's roles, opened now if there is none."""
    known = people.by_identity(tx, issuer=identity.issuer, subject=identity.subject)
    if known is None:
        return _opened(tx, identity, roles=roles, reach=reach, at=at)
    person = people.get(tx, known)
    changed = replace(person, roles=roles, reach=reach)
    if changed != person:
        _change(tx, person, changed, at=at, more={})
    return changed


def _leave(tx: Connection, identity: Identity, *, at: datetime) -> None:
    """Take everything from the account of an identity whose groups give nothing any more."""
    known = people.by_identity(tx, issuer=identity.issuer, subject=identity.subject)
    if known is None:
        return
    sessions.remove_of(tx, known)
    ended = tokens.revoke_of(tx, known, at=at)
    person = people.get(tx, known)
    gone = replace(person, roles=frozenset(), reach=EVERYWHERE)
    if gone != person or ended:
        _change(tx, person, gone, at=at, more={"tokens": ended})


def _change(
    tx: Connection, before: Person, after: Person, *, at: datetime, more: dict[str, object]
) -> None:
    people.update(tx, after)
    details = {"before": sorted(before.roles), "after": sorted(after.roles)} | more
    details |= described(after.reach) | void(tx, after.name, by=after.name, at=at)
    _record(tx, "person.roles", after.name, at=at, details=details)


def _opened(
    tx: Connection, identity: Identity, *, roles: frozenset[Role], reach: Reach, at: datetime
) -> Person:
    name = _free_name(tx, identity)
    person = Person(name, identity.display, roles, created_at=at, reach=reach)
    people.add(tx, person)
    people.add_identity(tx, issuer=identity.issuer, subject=identity.subject, person=name)
    details = {"issuer": identity.issuer, "roles": sorted(roles), **described(reach)}
    _record(tx, "person.add", name, at=at, details=details)
    return person


def _free_name(tx: Connection, identity: Identity) -> str:
    """Return an account name nobody had: what the provider calls them, or that with a mark."""
    plain = re.sub(r"[^a-z0-9._@+-]", "-", identity.name.strip().lower()).lstrip("._@+-")[:50]
    mark = hashlib.sha256(f"{identity.issuer} {identity.subject}".encode()).hexdigest()[:8]
    wanted = plain if plain and not plain.endswith("@local") else f"person-{mark}"
    try:
        people.get(tx, wanted)
    except NotFound:
        return wanted
    return f"{wanted}-{mark}"


def _record(
    tx: Connection, action: str, name: str, *, at: datetime, details: dict[str, object]
) -> None:
    event = AuditEvent(action, f"person:{name}", name, at, via=VIA, details=details)
    audit.append(tx, event)
