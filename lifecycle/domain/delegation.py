"""Who may decide for somebody else: for a time, one hop, between equals."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from lifecycle.domain.actor import GRANTS, Role
from lifecycle.domain.audit import AuditEvent
from lifecycle.domain.terms import DECIDERS
from lifecycle.errors import AlreadyDecided, InvalidInput, NotAllowed

LONGEST = timedelta(days=60)
"""A longer absence is a change of roles."""


@dataclass(frozen=True, slots=True)
class Delegation:
    """One person lends another their authority to decide.

    Parameters
    ----------
    start, end
        Half-open: ``start <= at < end``.
    """

    id: str
    giver: str
    taker: str
    start: datetime
    end: datetime
    reason: str
    revoked_at: datetime | None = None

    def active(self, at: datetime) -> bool:
        """Tell whether it holds at a time."""
        return self.start <= at < self.end and self.revoked_at is None

    def granted(
        self,
        *,
        by: str,
        at: datetime,
        giver: frozenset[Role],
        taker: frozenset[Role],
        known: Sequence["Delegation"],
        meets: bool = True,
    ) -> AuditEvent:
        """Return the event of its beginning.

        Parameters
        ----------
        giver, taker
            The roles of either.
        known
            The delegations there are.
        meets
            Whether the roles of both reach anything in common.

        Raises
        ------
        NotAllowed
            Somebody lends what is not theirs, or to somebody of less authority.
        InvalidInput
            It leads back to its giver, lasts too long, or would pass on what is only lent.
        """
        if by != self.giver:
            raise NotAllowed(f"only {self.giver} can lend their own authority")
        if self.giver == self.taker:
            raise InvalidInput("nobody delegates to themselves")
        if not self.start < self.end or self.end <= at:
            raise InvalidInput("a delegation must end after it begins, and in the future")
        if self.end - self.start > LONGEST:
            raise InvalidInput(f"a delegation lasts at most {LONGEST.days} days")
        for other in known:
            overlap = other.revoked_at is None and other.start < self.end and self.start < other.end
            if overlap and (other.taker == self.giver or other.giver == self.taker):
                raise InvalidInput(
                    f"{other.id} lends {other.giver}'s authority to {other.taker} in that time, "
                    "and what is lent is not passed on"
                )
        self._check_equals(giver, taker)
        if not meets:
            raise NotAllowed(
                f"the roles of {self.giver} and {self.taker} are for different units or tiers, "
                "so nothing could be decided by it"
            )
        details: dict[str, object] = {
            "giver": self.giver,
            "taker": self.taker,
            "start": self.start.isoformat(),
            "end": self.end.isoformat(),
        }
        subject = f"delegation:{self.id}"
        return AuditEvent("delegation.grant", subject, by, at, reason=self.reason, details=details)

    def _check_equals(self, giver: frozenset[Role], taker: frozenset[Role]) -> None:
        for name, roles in ((self.giver, giver), (self.taker, taker)):
            if not deciding(roles):
                raise NotAllowed(f"{name} may not decide, and authority passes between equals only")
        beyond = deciding(giver) - lendable(giver, taker)
        if beyond:
            raise NotAllowed(
                f"{self.taker} has no authority like that of {' and '.join(sorted(beyond))}, and "
                "authority passes between equals only"
            )

    def revoke(self, *, by: str, at: datetime) -> "tuple[Delegation, AuditEvent]":
        """End it early; either side may.

        Raises
        ------
        AlreadyDecided
            It has ended.
        NotAllowed
            Somebody else tries.
        """
        if self.revoked_at is not None or at >= self.end:
            raise AlreadyDecided(f"{self.id} has ended")
        if by not in {self.giver, self.taker}:
            raise NotAllowed(f"{self.id} is between {self.giver} and {self.taker}")
        event = AuditEvent("delegation.revoke", f"delegation:{self.id}", by, at)
        return replace(self, revoked_at=at), event


def lendable(giver: frozenset[Role], taker: frozenset[Role]) -> frozenset[Role]:
    """Return the giver's roles that somebody may decide by in their place.

    A role passes to whoever holds it, or one that may do all that it may.
    """
    held = deciding(taker)
    return frozenset(
        role for role in deciding(giver) if any(GRANTS[role] <= GRANTS[own] for own in held)
    )


def deciding(roles: frozenset[Role]) -> frozenset[Role]:
    """Return the roles among some by which a person may decide; an administrator has none."""
    return frozenset() if Role.ADMINISTRATOR in roles else roles & frozenset(DECIDERS)
