"""Who has an account and what it may do; every change is in the trail."""

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from lifecycle.domain.actor import Actor, Permission, Role
from lifecycle.domain.person import AUTHORITY, ERASED, Invitation, Person, ends_administration
from lifecycle.domain.reach import EVERYWHERE, Reach
from lifecycle.errors import Conflict, InvalidInput, NotAllowed
from lifecycle.services import erasure
from lifecycle.services.access.passwords import fingerprint, hashed, new_secret
from lifecycle.services.access.roles import (
    ALONE,
    ask,
    at_first,
    described,
    keep_an_administrator,
    record,
    some_roles,
    void,
)
from lifecycle.services.access.signing import proved
from lifecycle.store import people, sessions, tokens
from lifecycle.store.connection import Workspace

INVITATION = timedelta(hours=24)
LONGEST = 200
"""Characters of a person's name."""
_NAME = re.compile(r"[a-z0-9][a-z0-9._@+-]{0,63}")


def add_person(
    workspace: Workspace,
    name: str,
    *,
    display: str = "",
    roles: Iterable[str],
    by: Actor,
    at: datetime,
    reach: Reach = EVERYWHERE,
) -> Person:
    """Open an account; nobody can sign in to it before they were invited or have a password.

    Roles of authority wait for a second administrator where there is one; the account is then
    opened as a viewer's.

    Raises
    ------
    InvalidInput
        The name is not one, or no role is given.
    Conflict
        There is an account of that name, open or closed.
    """
    by.require(Permission.ADMINISTER)
    if len(display) > LONGEST:
        raise InvalidInput(
            f"a person's name has at most {LONGEST} characters, not {len(display):,}"
        )
    person = Person(
        check_name(name), display.strip() or name, some_roles(roles), created_at=at, reach=reach
    )
    with workspace.transaction() as tx:
        opened, alone = at_first(tx, person, by=by)
        people.add(tx, opened)
        display = erasure.sealed(workspace, name, person.display)
        details: dict[str, object] = {"display": display, "roles": sorted(opened.roles)}
        details |= described(reach) | ({"conflict": alone} if alone else {})
        record(tx, "person.add", name, by=by, at=at, details=details)
        if opened != person:
            why = "new account"
            ask(tx, opened, roles=person.roles, reach=reach, reason=why, by=by, at=at)
    return opened


def deactivate(
    workspace: Workspace, name: str, *, by: Actor, at: datetime, reason: str = ""
) -> Person:
    """Close an account and end its sessions and tokens; its name stays taken.

    Raises
    ------
    Conflict
        It is closed already, or an administrator's: the last one's, or somebody else's, who is
        taken out of office first.
    """
    by.require(Permission.ADMINISTER)
    with workspace.transaction() as tx:
        person = people.get(tx, name)
        if not person.active:
            raise Conflict(f"the account {name!r} is closed already")
        closed = replace(person, active=False)
        keep_an_administrator(tx, closed)
        if ends_administration(person, roles=frozenset(), by=by.name) and by.via != "local":
            raise Conflict(
                f"{name} is an administrator; first take that role away, to which a second one, "
                f"also {name}, agrees"
            )
        people.update(tx, closed)
        sessions.remove_of(tx, name)
        details = {"tokens": tokens.revoke_of(tx, name, at=at)}
        details |= void(tx, name, by=by.name, at=at)
        record(tx, "person.deactivate", name, by=by, at=at, reason=reason, details=details)
    return closed


def reactivate(
    workspace: Workspace, name: str, *, by: Actor, at: datetime, reason: str = ""
) -> Person:
    """Open a closed account again; its old sessions and tokens stay ended.

    As with a new account, roles of authority wait for a second administrator.

    Raises
    ------
    Conflict
        It is open, or its person is erased and nobody's any more.
    """
    by.require(Permission.ADMINISTER)
    with workspace.transaction() as tx:
        person = people.get(tx, name)
        if person.active:
            raise Conflict(f"the account {name!r} is open")
        if person.display == ERASED:
            raise Conflict(f"{name} is erased for good; open an account under another name")
        whole = replace(person, active=True)
        opened, alone = at_first(tx, whole, by=by)
        people.update(tx, opened)
        details = {"conflict": alone} if alone else {}
        record(tx, "person.reactivate", name, by=by, at=at, reason=reason, details=details)
        if opened != whole:
            why = "opened again"
            ask(tx, opened, roles=whole.roles, reach=whole.reach, reason=why, by=by, at=at)
    return opened


def invite(workspace: Workspace, name: str, *, by: Actor, at: datetime) -> str:
    """Return the secret of a one-time sign-in link, good for a day.

    Whoever opens a link to an account of authority that could sign in already comes in without
    that authority, until a second administrator agrees; see `withhold`. Earlier links end.

    Raises
    ------
    Conflict
        The account is closed, or its person signs in at the organisation's own provider, or is
        the only other administrator: nobody could agree, and the one who sends would be both.
    """
    by.require(Permission.ADMINISTER)
    secret = new_secret()
    with workspace.transaction() as tx:
        person = people.get(tx, name)
        if not person.active:
            raise Conflict(f"the account {name!r} is closed")
        if name in people.with_identity(tx):
            raise Conflict(f"{name} signs in at the organisation's provider, not by a link")
        taken = person.has_password and person.roles & AUTHORITY
        if taken and Role.ADMINISTRATOR in person.roles and by.name != name:
            _, alone = at_first(tx, person, by=by)
            if alone == ALONE:
                raise Conflict(
                    f"no third administrator could agree to a link into {name}'s account, so it "
                    f"is made on the machine itself: lifecycle user invite {name}"
                )
        made = fingerprint(secret)
        sessions.add_invitation(tx, Invitation(made, name, at + INVITATION, by.name, by.via))
        details = {"waits": "its authority, for a second administrator"} if taken else {}
        record(tx, "person.invite", name, by=by, at=at, details=details)
    return secret


def set_password(
    workspace: Workspace,
    name: str,
    password: str,
    *,
    current: str | None = None,
    keep: str | None = None,
    by: Actor,
    at: datetime,
) -> None:
    """Give an account a password, end its other sessions and revoke its tokens.

    Parameters
    ----------
    current
        The present password; asked of a person who changes their own, unless they came
        through an invitation or have none.
    keep
        The secret of the session that goes on.

    Raises
    ------
    NotAllowed
        It is somebody else's account, the present password is wrong, or a token tries.
    TooManyAttempts
        It was wrong too often within a quarter of an hour.
    """
    own = by.name == name and by.via in {"session", "invitation"}
    if not own:
        by.require(Permission.ADMINISTER)
        if by.via != "local":
            raise NotAllowed(f"only {name} can choose a password for {name}; send a sign-in link")
    kept = people.password_hash(workspace.cursor(), people.get(workspace.cursor(), name).name)
    asks = own and by.via == "session" and kept is not None
    if asks and proved(workspace, name, current or "", at=at) is None:
        raise NotAllowed("the present password is wrong")
    fresh = hashed(password, name=name)
    with workspace.transaction() as tx:
        people.set_password(tx, name, fresh)
        goes_on = sessions.get(tx, fingerprint(keep)) if keep else None
        sessions.remove_of(tx, name)
        if goes_on and goes_on.person == name:
            sessions.add(tx, goes_on)
        # Whoever else was in the account until now may have made one for themselves.
        details = {"tokens": tokens.revoke_of(tx, name, at=at)}
        record(tx, "person.password", name, by=by, at=at, details=details)


def check_name(name: str) -> str:
    """Return an account name that can stand in the trail, or say what is wrong with it.

    Raises
    ------
    InvalidInput
        It has other characters, or the ending that marks whoever works on the machine itself.
    """
    if not _NAME.fullmatch(name) or name.endswith("@local"):
        raise InvalidInput(
            f"an account name has lower-case letters, digits and . _ @ + - "
            f"and does not end in @local, unlike {name!r}"
        )
    return name
