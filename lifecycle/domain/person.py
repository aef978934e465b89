"""An account, its sign-ins and its tokens."""

from dataclasses import dataclass
from datetime import datetime

from lifecycle.domain.actor import Actor, Role, Scope


@dataclass(frozen=True, slots=True)
class Person:
    """An account; a name is never given to somebody else later."""

    name: str
    display: str
    roles: frozenset[Role]
    created_at: datetime
    active: bool = True
    has_password: bool = False

    def acting(self, *, via: str, scopes: frozenset[Scope] | None = None) -> Actor:
        """Return the actor this account is when it comes through a door."""
        return Actor(name=self.name, roles=self.roles, via=via, scopes=scopes)


@dataclass(frozen=True, slots=True)
class Session:
    """A sign-in; the browser holds a secret, the store its hash."""

    hash: str
    person: str
    via: str
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Token:
    """A bearer token for programs; shown once, kept as a hash."""

    id: str
    hash: str
    person: str
    label: str
    scopes: frozenset[Scope]
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None
