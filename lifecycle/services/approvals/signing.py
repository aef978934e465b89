"""How somebody signs: asked again who they are, then bound to what they say."""

from dataclasses import dataclass, replace
from datetime import datetime

from lifecycle.domain.actor import Actor
from lifecycle.domain.approval import Decision, Request
from lifecycle.domain.person import ERASED
from lifecycle.domain.signature import Signature
from lifecycle.domain.terms import Signing
from lifecycle.services import access
from lifecycle.store import people, shredding
from lifecycle.store.connection import Connection, Workspace


@dataclass(frozen=True, slots=True)
class Proof:
    """What somebody gives to show again who they are.

    Parameters
    ----------
    password
        Their password, typed for this signature.
    session
        The secret of their browser's session: one that began at the organisation's own provider
        moments ago will do instead.
    """

    password: str = ""
    session: str | None = None


NOTHING = Proof()


def prove(workspace: Workspace, by: Actor, proof: Proof, *, demand: Signing, at: datetime) -> str:
    """Ask again who signs, and return how that was shown.

    Raises
    ------
    NotSignedIn
        Nothing was given, or the password is wrong.
    TooManyAttempts
        It was wrong too often within a quarter of an hour.
    """
    if by.via == "token" and proof == NOTHING and demand is Signing.ANY:
        return "token"
    confirmed = access.confirm(
        workspace,
        by=by,
        at=at,
        password=proof.password,
        session=proof.session,
    )
    return confirmed.method


def signed(con: Connection, decision: Decision, *, method: str) -> Decision:
    """Bind a decision to its signer's name, roles, time and bundle."""
    display = next((p.display for p in people.every(con) if p.name == decision.by), decision.by)
    signature = Signature(
        name=decision.by,
        display=shredding.writer(con)(decision.by, display),
        roles=decision.roles,
        meaning=decision.meaning,
        at=decision.at,
        bundle=decision.bundle,
        method=method,
        on_behalf_of=decision.on_behalf_of,
    )
    return replace(decision, signature=signature)


def lines(con: Connection, request: Request) -> list[str]:
    """Write the signatures under a request, in the order of its votes."""
    return [line(con, d.signature) for d in request.decisions if d.signature]


def line(con: Connection, signature: Signature) -> str:
    """Write a signature as screens and exports print it."""
    return signature.line(_display(con, signature))


def named(con: Connection, request: Request) -> Request:
    """Return a request for reading, its signers' names opened where they still can be.

    What proves a signature is the sealed name, which the record and every pack keep.
    """
    votes = (
        replace(d, signature=replace(d.signature, display=_display(con, d.signature)))
        if d.signature
        else d
        for d in request.decisions
    )
    return replace(request, decisions=tuple(votes))


def _display(con: Connection, signature: Signature) -> str:
    return str(shredding.reader(con, gone=ERASED)(signature.display))
