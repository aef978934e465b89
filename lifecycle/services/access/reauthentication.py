"""Is it really them, now? What is asked again before somebody signs."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from lifecycle.domain.actor import Actor
from lifecycle.domain.person import Session
from lifecycle.errors import NotSignedIn
from lifecycle.services.access.passwords import fingerprint
from lifecycle.services.access.signing import proved
from lifecycle.store import sessions
from lifecycle.store.connection import Workspace

FRESH = timedelta(minutes=5)
"""How long a sign-in at the organisation's own provider counts as just done."""


@dataclass(frozen=True, slots=True)
class Confirmation:
    """Somebody proved again who they are.

    Parameters
    ----------
    method
        How: ``password``; ``oidc``, a fresh sign-in at the provider; or ``sample``, nothing at
        all, in a sample workspace where nobody has a password.
    """

    person: str
    method: str
    at: datetime


def confirm(
    workspace: Workspace,
    *,
    by: Actor,
    at: datetime,
    password: str = "",
    session: str | None = None,
) -> Confirmation:
    """Ask somebody who is in already to prove it again, before they sign.

    Parameters
    ----------
    password
        Theirs; a wrong one counts as a failed sign-in.
    session
        The secret of their browser's session: if they proved to the provider who they are only
        moments ago, that will do instead of a password.

    Raises
    ------
    NotSignedIn
        The password is wrong or missing, and no sign-in at the provider is fresh.
    TooManyAttempts
        It failed too often within a quarter of an hour.
    """
    if by.via == "sample" and workspace.sample:
        return Confirmation(by.name, "sample", at)
    con = workspace.cursor()
    began = sessions.get(con, fingerprint(session)) if session else None
    if began and began.person == by.name and began.via == "oidc" and _is_fresh(began, at=at):
        return Confirmation(by.name, "oidc", at)
    if not password:
        raise NotSignedIn("a signature asks for your password again, or a fresh sign-in")
    if proved(workspace, by.name, password, at=at) is None:
        raise NotSignedIn("the password is wrong; nothing was signed")
    return Confirmation(by.name, "password", at)


def _is_fresh(session: Session, *, at: datetime) -> bool:
    if session.proved_at is None or at >= session.expires_at:
        return False
    return abs(at - session.proved_at) < FRESH  # the provider's clock may be a little ahead
