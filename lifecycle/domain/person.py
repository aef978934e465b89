"""An account, its sign-ins and its tokens."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from lifecycle.domain.actor import Actor, Role, Scope
from lifecycle.domain.reach import EVERYWHERE, Reach

ERASED = "erased person"
"""What stands where a name stood."""


@dataclass(frozen=True, slots=True)
class Person:
    """An account; a name is never given to somebody else later."""

    name: str
    display: str
    roles: frozenset[Role]
    created_at: datetime
    active: bool = True
    has_password: bool = False
    reach: Reach = EVERYWHERE

    def acting(
        self, *, via: str, scopes: frozenset[Scope] | None = None, maker: str | None = None
    ) -> Actor:
        """Return the actor this account is when it comes through a door."""
        return Actor(self.name, self.roles, via, scopes, self.reach, maker)


@dataclass(frozen=True, slots=True)
class Session:
    """A sign-in; the browser holds a secret, the store its hash.

    Parameters
    ----------
    proved_at
        When the person last proved at the organisation's provider who they are; ``None`` for
        other ways of signing in.
    """

    hash: str
    person: str
    via: str
    created_at: datetime
    expires_at: datetime
    proved_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Invitation:
    """A one-time sign-in link; whoever made it may have opened it.

    Parameters
    ----------
    made_by, via
        Who made it, and how they had come in.
    """

    hash: str
    person: str
    expires_at: datetime
    made_by: str
    via: str


@dataclass(frozen=True, slots=True)
class Identity:
    """Somebody as the organisation's own sign-in provider knows them.

    Parameters
    ----------
    issuer, subject
        The provider, and its lasting name for the person; together they mean one person.
    name, display
        What the provider calls them; either may change.
    expires_at
        When the provider's word for it ends.
    proved_at
        When they last proved who they are; ``None`` where the provider does not say.
    """

    issuer: str
    subject: str
    name: str
    display: str
    groups: frozenset[str]
    expires_at: datetime
    proved_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Token:
    """A bearer token for programs; shown once, kept as a hash.

    Parameters
    ----------
    person, made_by
        Whose it is and who made it: an administrator may make one for somebody else's program.
    """

    id: str
    hash: str
    person: str
    made_by: str
    label: str
    scopes: frozenset[Scope]
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None


class Answer(StrEnum):
    """What became of a change of roles."""

    WAITING = "waiting"
    APPLIED = "applied"
    REFUSED = "refused"


AUTHORITY = frozenset(Role) - {Role.VIEWER, Role.DEVELOPER, Role.AUDITOR}
"""Roles that judge, decide or hand out roles; granting one takes two administrators."""


@dataclass(frozen=True, slots=True)
class RoleChange:
    """What an administrator wants somebody's roles to be, until a second one agrees."""

    id: str
    person: str
    roles: frozenset[Role]
    reach: Reach
    reason: str
    asked_by: str
    asked_at: datetime
    answer: Answer = Answer.WAITING
    answered_by: str | None = None
    answered_at: datetime | None = None


def gains(before: Person, after: Person) -> bool:
    """Tell whether an account may do something, or somewhere, that it could not."""
    had, has = (person.acting(via="session").permissions for person in (before, after))
    return bool(has - had) or after.reach.widens(before.reach)


def kept_from_answering(change: RoleChange, person: Person) -> frozenset[str]:
    """Return who does not answer a change: whoever asked, and whose roles they are if they gain."""
    after = replace(person, roles=change.roles, reach=change.reach)
    return frozenset({change.asked_by} | ({person.name} if gains(person, after) else set()))


def ends_administration(person: Person, *, roles: frozenset[Role], by: str) -> bool:
    """Tell whether somebody else takes an administrator out of office."""
    held = person.active and Role.ADMINISTRATOR in person.roles
    return held and Role.ADMINISTRATOR not in roles and by != person.name


def grants_authority(person: Person, *, roles: frozenset[Role], reach: Reach) -> bool:
    """Tell whether a change hands out authority: a role of weight, or a wider reach for one."""
    wider = reach.widens(person.reach) and bool(roles & AUTHORITY)
    return wider or bool((roles - person.roles) & AUTHORITY)
