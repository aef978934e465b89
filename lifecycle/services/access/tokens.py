"""Bearer tokens: a program acts as a person, within their roles, for some days."""

import secrets
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from lifecycle.domain.actor import SCOPED, Actor, Permission, Scope
from lifecycle.domain.audit import AuditEvent
from lifecycle.domain.person import Token
from lifecycle.errors import Conflict, InvalidInput, NotAllowed, NotFound, NotSignedIn
from lifecycle.services.access.passwords import fingerprint, new_secret
from lifecycle.store import audit, people, tokens
from lifecycle.store.connection import Workspace

PREFIX = "lc_"
"""Lets secret scanners recognise a token that was left somewhere."""
LONGEST = 365
_LABEL = 100
_USED = timedelta(minutes=10)
"""How exactly the last use is kept; writing it at every request would cost more than it tells."""


def add_token(
    workspace: Workspace,
    *,
    label: str,
    scopes: Iterable[str],
    days: int,
    by: Actor,
    at: datetime,
    person: str | None = None,
) -> tuple[str, Token]:
    """Make a token and return its secret, which is shown this once.

    Parameters
    ----------
    scopes
        What it may be used for; each must lie within its owner's roles.
    days
        Until it expires, 1 to 365.
    person
        Whose it is; the actor's own when absent. For somebody else it takes an administrator,
        and it can neither decide nor administer: there two names have to be two people.

    Raises
    ------
    NotAllowed
        A token or somebody who came by a one-time link tries to make one, or a scope goes beyond
        what its owner, here and now, may do.
    InvalidInput
        The label is empty, there is no scope, or the days are out of range.
    """
    by.require(Permission.READ)
    if by.via == "token":
        raise NotAllowed("a token cannot make another; sign in to make one")
    if by.via == "invitation":
        raise NotAllowed(f"{by.name} came by a link; choose a password and sign in to make a token")
    name = person or by.name
    if name != by.name:
        by.require(Permission.ADMINISTER)
    chosen = _checked(label, scopes, days)
    if name != by.name and chosen & {Scope.DECIDE, Scope.ADMINISTER}:
        raise NotAllowed(f"only {name} can make a token that decides or administers in their name")
    secret = new_secret(PREFIX)
    token = Token(
        id=f"tok-{secrets.token_hex(4)}",
        hash=fingerprint(secret),
        person=name,
        made_by=by.name,
        label=label.strip(),
        scopes=chosen,
        created_at=at,
        expires_at=at + timedelta(days=days),
    )
    with workspace.transaction() as tx:
        owner = people.get(tx, name)
        if not owner.active:
            raise Conflict(f"the account {name!r} is closed")
        _within_roles(by if name == by.name else owner.acting(via="session"), chosen)
        tokens.add(tx, token)
        details = {"person": name, "label": token.label, "scopes": sorted(chosen), "days": days}
        event = AuditEvent("token.add", f"token:{token.id}", by.name, at, details=details)
        audit.append(tx, replace(event, via=by.via))
    return secret, token


def revoke_token(workspace: Workspace, token_id: str, *, by: Actor, at: datetime) -> Token:
    """End a token, one's own or, as an administrator, anybody's.

    Raises
    ------
    NotFound
        There is no such token, or it is somebody else's.
    Conflict
        It is revoked already.
    """
    by.require(Permission.READ)
    with workspace.transaction() as tx:
        owner = None if by.may(Permission.ADMINISTER) else by.name
        token = next((t for t in tokens.every(tx, person=owner) if t.id == token_id), None)
        if token is None:
            raise NotFound(f"there is no token {token_id!r} of yours")
        if token.revoked_at is not None:
            raise Conflict(f"token {token_id} is revoked already")
        tokens.revoke(tx, token_id, at=at)
        details = {"person": token.person, "label": token.label}
        event = AuditEvent("token.revoke", f"token:{token_id}", by.name, at, details=details)
        audit.append(tx, replace(event, via=by.via))
    return replace(token, revoked_at=at)


def actor_of_token(workspace: Workspace, secret: str, *, at: datetime) -> Actor:
    """Return who a token acts as.

    Raises
    ------
    NotSignedIn
        It is unknown, revoked or expired, or its owner's account is closed.
    """
    con = workspace.cursor()
    token = tokens.by_hash(con, fingerprint(secret)) if secret.startswith(PREFIX) else None
    if token is None:
        raise NotSignedIn("this token is unknown")
    if token.revoked_at is not None:
        raise NotSignedIn(f"token {token.id} ({token.label}) is revoked")
    if at >= token.expires_at:
        raise NotSignedIn(
            f"token {token.id} ({token.label}) expired on {token.expires_at:%Y-%m-%d}"
        )
    owner = people.get(con, token.person)
    if not owner.active:
        raise NotSignedIn(f"the account of token {token.id} is closed")
    if token.last_used_at is None or at - token.last_used_at >= _USED:
        with workspace.transaction() as tx:
            tokens.used(tx, token.id, at=at)
    maker = None if token.made_by == owner.name else token.made_by
    return owner.acting(via="token", scopes=token.scopes, maker=maker)


def _checked(label: str, scopes: Iterable[str], days: int) -> frozenset[Scope]:
    if not 0 < len(label.strip()) <= _LABEL:
        raise InvalidInput(f"a token needs a label of 1 to {_LABEL} characters")
    if not 1 <= days <= LONGEST:
        raise InvalidInput(f"a token lives 1 to {LONGEST} days, not {days}")
    try:
        chosen = frozenset(Scope(scope) for scope in scopes)
    except ValueError as error:
        raise InvalidInput(f"{error}; scopes are {', '.join(Scope)}") from error
    if not chosen:
        raise InvalidInput(f"a token needs at least one scope of {', '.join(Scope)}")
    return chosen


def _within_roles(owner: Actor, scopes: frozenset[Scope]) -> None:
    beyond = [scope for scope in sorted(scopes) if not SCOPED[scope] & owner.permissions]
    if beyond:
        raise NotAllowed(f"the roles of {owner.name} do not cover the scope {', '.join(beyond)}")
