"""How somebody becomes an actor: by password, by invitation, by one click in a sample."""

from dataclasses import replace
from datetime import datetime, timedelta
from weakref import WeakKeyDictionary

from lifecycle.domain.actor import Actor, Permission
from lifecycle.domain.audit import AuditEvent
from lifecycle.domain.person import Session
from lifecycle.errors import NotAllowed, NotFound, NotSignedIn
from lifecycle.services.access.attempts import Attempts
from lifecycle.services.access.passwords import fingerprint, matches, new_secret, renewed
from lifecycle.services.access.roles import withhold
from lifecycle.store import audit, people, sessions
from lifecycle.store.connection import Connection, Workspace

HOURS = 12
"""How long a sign-in lasts unless the settings say otherwise."""

_attempts: WeakKeyDictionary[Workspace, Attempts] = WeakKeyDictionary()
"""Failures are counted per open workspace and forgotten when its process ends."""


def attempts_of(workspace: Workspace) -> Attempts:
    """Return the failed sign-ins of one open workspace."""
    return _attempts.setdefault(workspace, Attempts())


def sign_in(
    workspace: Workspace,
    name: str,
    password: str,
    *,
    at: datetime,
    address: str,
    hours: int = HOURS,
) -> tuple[str, Session]:
    """Start a session for whoever knows the name's password.

    Parameters
    ----------
    address
        Where the attempt comes from; failures are limited per name and per address.

    Returns
    -------
    tuple
        The secret for the browser's cookie, and the session as it is kept.

    Raises
    ------
    TooManyAttempts
        It failed too often within a quarter of an hour.
    NotSignedIn
        Name or password is wrong, or the account is closed; the sentence does not say which.
    """
    name = name.strip().lower()
    kept = proved(workspace, name, password, at=at, address=address)
    if kept is None:
        raise NotSignedIn("the name or the password is wrong")
    fresh = renewed(kept, password)
    with workspace.transaction() as tx:
        if fresh:
            people.set_password(tx, name, fresh)
        return start(tx, name, via="session", at=at, expires_at=at + timedelta(hours=hours))


def proved(
    workspace: Workspace, name: str, password: str, *, at: datetime, address: str | None = None
) -> str | None:
    """Return the hash that is kept of a password if it is the name's; a failure is counted.

    Parameters
    ----------
    address
        Where the attempt comes from; ``None`` for somebody who is in already and proves it again.

    Raises
    ------
    TooManyAttempts
        It failed too often within a quarter of an hour.
    """
    attempts = attempts_of(workspace)
    attempts.begin(name=name, address=address, at=at)
    con = workspace.cursor()
    kept = people.password_hash(con, name)
    if not matches(kept, password) or not _is_active(con, name):
        _record_refusal(workspace, name if kept is not None else None, at=at)
        return None
    attempts.succeed(name=name, address=address, at=at)
    return kept


def sign_in_sample(
    workspace: Workspace, name: str, *, at: datetime, loopback: bool, hours: int = HOURS
) -> tuple[str, Session]:
    """Start a session as one of the sample portfolio's people, without a password.

    Raises
    ------
    NotAllowed
        It is not a sample workspace, or the server can be reached from other machines.
    """
    if not workspace.sample:
        raise NotAllowed("only a sample workspace can be entered without a password")
    if not loopback:
        raise NotAllowed("sample people can sign in only where the server listens on loopback")
    with workspace.transaction() as tx:
        return start(tx, name, via="sample", at=at, expires_at=at + timedelta(hours=hours))


def take_invitation(
    workspace: Workspace, secret: str, *, at: datetime, hours: int = HOURS
) -> tuple[str, Session]:
    """Start a session from a one-time link, which is used up by it.

    Raises
    ------
    NotSignedIn
        The link is unknown, used or expired, or its account is closed.
    """
    with workspace.transaction() as tx:
        link = sessions.take_invitation(tx, fingerprint(secret), at)
        if link is None:
            raise NotSignedIn("this sign-in link is used up or expired; ask for a new one")
        name = link.person
        if _is_active(tx, name):
            withhold(tx, people.get(tx, name), link, at=at)
        return start(tx, name, via="invitation", at=at, expires_at=at + timedelta(hours=hours))


def sign_out(workspace: Workspace, secret: str, *, at: datetime) -> None:
    """End a session; an unknown one is over already."""
    key = fingerprint(secret)
    with workspace.transaction() as tx:
        session = sessions.get(tx, key)
        if session is None:
            return
        sessions.remove(tx, key)
        subject = f"person:{session.person}"
        audit.append(tx, AuditEvent("session.end", subject, session.person, at, via=session.via))


def sign_out_everywhere(workspace: Workspace, name: str, *, by: Actor, at: datetime) -> int:
    """End all sessions of an account at once, one's own or, as an administrator, anybody's.

    Returns
    -------
    int
        How many were ended; open websockets hang up within half a minute.
    """
    if by.name != name:
        by.require(Permission.ADMINISTER)
    with workspace.transaction() as tx:
        ended = len(sessions.of_person(tx, people.get(tx, name).name, at=at))
        sessions.remove_of(tx, name)
        details = {"sessions": ended}
        event = AuditEvent("session.end_all", f"person:{name}", by.name, at, via=by.via)
        audit.append(tx, replace(event, details=details))
    return ended


def actor_of_session(workspace: Workspace, secret: str, *, at: datetime) -> Actor | None:
    """Return who holds a session; nobody when it is unknown, expired or its account closed."""
    con = workspace.cursor()
    session = sessions.get(con, fingerprint(secret))
    if session is None or at >= session.expires_at or not _is_active(con, session.person):
        return None
    return people.get(con, session.person).acting(via=session.via)


def start(
    tx: Connection,
    name: str,
    *,
    via: str,
    at: datetime,
    expires_at: datetime,
    proved_at: datetime | None = None,
) -> tuple[str, Session]:
    """Begin a session in the transaction of whatever let the person in.

    Raises
    ------
    NotSignedIn
        There is no open account of that name.
    """
    if not _is_active(tx, name):
        raise NotSignedIn(f"there is no open account {name!r}")
    secret = new_secret()
    session = Session(fingerprint(secret), name, via, at, expires_at, proved_at)
    sessions.remove_expired(tx, at=at)
    sessions.add(tx, session)
    audit.append(tx, AuditEvent("session.start", f"person:{name}", name, at, via=via))
    return secret, session


def _is_active(con: Connection, name: str) -> bool:
    try:
        return people.get(con, name).active
    except NotFound:
        return False


def _record_refusal(workspace: Workspace, name: str | None, *, at: datetime) -> None:
    """Record a failed sign-in; nobody's where there is no such account."""
    # What was typed for an unknown name is not kept: it may well be a password.
    who = name or "unknown"
    with workspace.transaction() as tx:
        audit.append(tx, AuditEvent("session.refused", f"person:{who}", who, at))
