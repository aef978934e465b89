"""How somebody signs: asked again who they are, then bound to what they say."""

from dataclasses import replace
from datetime import datetime
from weakref import WeakKeyDictionary

from lifecycle.domain.actor import Actor
from lifecycle.domain.approval import Decision
from lifecycle.domain.signature import Signature
from lifecycle.domain.terms import Signing
from lifecycle.errors import NotAllowed
from lifecycle.services.access.attempts import Attempts
from lifecycle.services.access.passwords import matches
from lifecycle.store import people
from lifecycle.store.connection import Connection, Workspace

_attempts: WeakKeyDictionary[Workspace, Attempts] = WeakKeyDictionary()
"""Wrong passwords at signing, counted per open workspace like those at sign-in."""


def prove(
    workspace: Workspace, by: Actor, *, secret: str | None, demand: Signing, at: datetime
) -> str:
    """Ask again who signs, and return how that was shown.

    Raises
    ------
    NotAllowed
        Nothing was given, or the password is wrong.
    TooManyAttempts
        It was wrong too often within a quarter of an hour.
    """
    if by.via == "sample" and workspace.sample:
        return "sample"
    if secret is None and by.via == "token" and demand is Signing.ANY:
        return "token"
    if not secret:
        raise NotAllowed(f"to sign, {by.name} has to give their password again")
    attempts = _attempts.setdefault(workspace, Attempts())
    attempts.begin(name=by.name, address="signing", at=at)
    if not matches(people.password_hash(workspace.cursor(), by.name), secret):
        raise NotAllowed("the password is wrong, so nothing was signed")
    attempts.succeed(name=by.name, address="signing", at=at)
    return "password"


def signed(con: Connection, decision: Decision, *, method: str) -> Decision:
    """Bind a decision to its signer's name, roles, time and bundle."""
    display = next((p.display for p in people.every(con) if p.name == decision.by), decision.by)
    signature = Signature(
        name=decision.by,
        display=display,
        roles=decision.roles,
        meaning=decision.meaning,
        at=decision.at,
        bundle=decision.bundle,
        method=method,
        on_behalf_of=decision.on_behalf_of,
    )
    return replace(decision, signature=signature)
