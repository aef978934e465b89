"""Who acts, and what their roles let them do."""

from dataclasses import dataclass
from enum import StrEnum

from lifecycle.domain.reach import EVERYWHERE, Place, Reach
from lifecycle.errors import NotAllowed


class Role(StrEnum):
    """What a person is here for; one person may hold several."""

    VIEWER = "viewer"
    DEVELOPER = "developer"
    VALIDATOR = "validator"
    APPROVER = "approver"
    RISK_OWNER = "risk_owner"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"


class Permission(StrEnum):
    """What a use case asks for."""

    READ = "read"
    READ_ROWS = "read_rows"
    READ_SENSITIVE = "read_sensitive"
    READ_TRAIL = "read_trail"
    DISCUSS = "discuss"
    REGISTER = "register"
    MONITOR = "monitor"
    HANDLE = "handle"
    ASSESS = "assess"
    REQUEST = "request"
    DECIDE = "decide"
    RULE = "rule"
    ADMINISTER = "administer"


GRANTS: dict[Role, frozenset[Permission]] = {
    Role.VIEWER: frozenset({Permission.READ, Permission.DISCUSS}),
    Role.DEVELOPER: frozenset(
        {
            Permission.READ,
            Permission.DISCUSS,
            Permission.READ_ROWS,
            Permission.REGISTER,
            Permission.MONITOR,
            Permission.HANDLE,
            Permission.ASSESS,
            Permission.REQUEST,
        }
    ),
    Role.VALIDATOR: frozenset(
        {
            Permission.READ,
            Permission.DISCUSS,
            Permission.READ_ROWS,
            Permission.READ_SENSITIVE,
            Permission.READ_TRAIL,
            Permission.MONITOR,
            Permission.HANDLE,
            Permission.ASSESS,
            Permission.REQUEST,
        }
    ),
    Role.APPROVER: frozenset(
        {
            Permission.READ,
            Permission.DISCUSS,
            Permission.READ_TRAIL,
            Permission.HANDLE,
            Permission.DECIDE,
        }
    ),
    Role.RISK_OWNER: frozenset(
        {
            Permission.READ,
            Permission.DISCUSS,
            Permission.READ_TRAIL,
            Permission.HANDLE,
            Permission.DECIDE,
            Permission.RULE,
        }
    ),
    Role.AUDITOR: frozenset(
        {
            Permission.READ,
            Permission.DISCUSS,
            Permission.READ_ROWS,
            Permission.READ_SENSITIVE,
            Permission.READ_TRAIL,
        }
    ),
    Role.ADMINISTRATOR: frozenset(
        {
            Permission.READ,
            Permission.DISCUSS,
            Permission.READ_TRAIL,
            Permission.RULE,
            Permission.ADMINISTER,
        }
    ),
}


class Scope(StrEnum):
    """What a token may be used for, within its owner's roles."""

    READ = "read"
    WRITE = "write"
    DECIDE = "decide"
    ADMINISTER = "administer"


SCOPED: dict[Scope, frozenset[Permission]] = {
    Scope.READ: frozenset(
        {
            Permission.READ,
            Permission.READ_ROWS,
            Permission.READ_SENSITIVE,
            Permission.READ_TRAIL,
        }
    ),
    Scope.WRITE: frozenset(
        {
            Permission.DISCUSS,
            Permission.REGISTER,
            Permission.MONITOR,
            Permission.HANDLE,
            Permission.ASSESS,
            Permission.REQUEST,
        }
    ),
    Scope.DECIDE: frozenset({Permission.DECIDE, Permission.RULE}),
    Scope.ADMINISTER: frozenset({Permission.RULE, Permission.ADMINISTER}),
}


IN_PERSON = frozenset({Permission.DECIDE, Permission.RULE, Permission.ADMINISTER})
"""What nobody does through a token that somebody else made: there, two people are two names."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody at a door, already recognised.

    Parameters
    ----------
    name
        The account's name, as it stands in the audit trail.
    roles
        What the account may do.
    via
        How they were recognised: ``session``, ``invitation``, ``token``, ``local`` or ``sample``.
    scopes
        For a token, what it is limited to; ``None`` means no further limit.
    reach
        The business units and tiers the roles are for; records are read everywhere, rows are not.
    maker
        Who made the token they came by, where that was somebody else.
    """

    name: str
    roles: frozenset[Role]
    via: str = "session"
    scopes: frozenset[Scope] | None = None
    reach: Reach = EVERYWHERE
    maker: str | None = None

    @property
    def permissions(self) -> frozenset[Permission]:
        """What this actor may do here and now."""
        granted = frozenset[Permission]().union(*(GRANTS[role] for role in self.roles))
        if Role.ADMINISTRATOR in self.roles:
            # Whoever can make accounts could otherwise approve through one of their own.
            granted -= {Permission.DECIDE}
        if self.via == "invitation":
            # Whoever sent the link may have opened it; a password of one's own comes first.
            granted -= {Permission.DECIDE}
        if self.scopes is not None:
            granted &= frozenset[Permission]().union(*(SCOPED[scope] for scope in self.scopes))
        return granted if self.maker is None else granted - IN_PERSON

    def may(self, permission: Permission) -> bool:
        """Tell whether this actor holds a permission."""
        return permission in self.permissions

    def require(self, permission: Permission, *, within: Place | None = None) -> None:
        """Refuse in one sentence unless this actor holds the permission.

        Parameters
        ----------
        within
            The place in the portfolio it is asked for.

        Raises
        ------
        NotAllowed
            No role of theirs grants it, their token's scopes leave it out, or their roles do not
            reach that place.
        """
        if self.may(permission):
            if within is None or self.reach.covers(within):
                return
            place = f"unit {within.unit or 'without a name'}, tier {within.tier}"
            raise NotAllowed(
                f"{self.name} may {SENTENCES[permission]} in {self.reach}; this is in {place}"
            )
        if permission in IN_PERSON:
            self.require_in_person(SENTENCES[permission])
        roles = ", ".join(sorted(self.roles)) or "no role"
        who = " or ".join(role for role in Role if permission in GRANTS[role])
        if permission is Permission.DECIDE and Role.ADMINISTRATOR in self.roles:
            raise NotAllowed(f"{self.name} is an administrator, and administrators cannot approve")
        if permission is Permission.DECIDE and self.via == "invitation":
            raise NotAllowed(f"{self.name} came by a link; choose a password and sign in to decide")
        raise NotAllowed(
            f"{self.name} ({roles}) may not {SENTENCES[permission]}; this needs the role {who}"
            + ("" if self.scopes is None else " and a token scope that covers it")
        )

    def require_in_person(self, what: str) -> None:
        """Refuse a program that somebody else gave this name, where two people must be two.

        Parameters
        ----------
        what
            What is done, as the sentence says it.

        Raises
        ------
        NotAllowed
            The token was made by somebody else.
        """
        if self.maker is not None:
            raise NotAllowed(
                f"{self.maker or 'somebody else'} made this token, so it cannot {what} as "
                f"{self.name}; {self.name} makes one for that"
            )


SENTENCES: dict[Permission, str] = {
    Permission.READ: "read this workspace",
    Permission.READ_ROWS: "open single rows",
    Permission.READ_SENSITIVE: "read protected attributes row by row",
    Permission.READ_TRAIL: "read the audit trail",
    Permission.DISCUSS: "discuss requests",
    Permission.REGISTER: "register or send data",
    Permission.MONITOR: "run monitors",
    Permission.HANDLE: "handle alerts and incidents",
    Permission.ASSESS: "run assessments",
    Permission.REQUEST: "request a promotion",
    Permission.DECIDE: "decide on a promotion",
    Permission.RULE: "write or publish a policy",
    Permission.ADMINISTER: "administer this workspace",
}
