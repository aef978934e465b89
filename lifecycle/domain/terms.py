"""Who must agree at a gate, by when, and what an agreement is worth later."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from lifecycle.domain.actor import GRANTS, Permission, Role
from lifecycle.domain.grammar import LONGEST_SPAN

DECIDERS = tuple(role for role in Role if Permission.DECIDE in GRANTS[role])
"""Roles whose votes can count; an administrator's never does."""


class Order(StrEnum):
    """Whether the steps of a quorum wait for each other."""

    PARALLEL = "parallel"
    SEQUENCE = "sequence"


class Signing(StrEnum):
    """What a vote needs to prove who casts it.

    A browser session always asks again. ``any`` lets a personal token with the scope to decide
    stand for that; ``fresh`` asks the token's owner again too.
    """

    ANY = "any"
    FRESH = "fresh"


class Cause(StrEnum):
    """What takes the ground from under an approval."""

    EVIDENCE = "evidence"
    DATA = "data"
    DRIFT = "drift"
    VERSION = "version"
    POLICY = "policy"
    TIER = "tier"
    REVIEW = "review"


class Effect(StrEnum):
    """What may go on under an approval that lost its ground; mildest first.

    ``keep``: everything, marked as stale. ``limit``: what runs goes on, nothing new is started
    or promoted. ``stop``: the version is suspended.
    """

    KEEP = "keep"
    LIMIT = "limit"
    STOP = "stop"


MILDEST = tuple(Effect)

EFFECTS: Mapping[Cause, Effect] = MappingProxyType(
    {
        Cause.EVIDENCE: Effect.KEEP,
        Cause.DATA: Effect.KEEP,
        Cause.DRIFT: Effect.LIMIT,
        Cause.VERSION: Effect.STOP,
        Cause.POLICY: Effect.KEEP,
        Cause.TIER: Effect.LIMIT,
        Cause.REVIEW: Effect.LIMIT,
    }
)
"""What a policy that says nothing means."""

FURTHER = ("owner", "sponsor")
"""Whom a policy may keep from deciding beside requester, developer and producers of evidence."""


@dataclass(frozen=True, slots=True)
class Step:
    """A number of approvals by different people with one of some roles."""

    roles: frozenset[Role] = frozenset({Role.APPROVER})
    approvals: int = 1


@dataclass(frozen=True, slots=True)
class Override:
    """Who may let a version through a gate that does not pass, and what that costs."""

    roles: frozenset[Role]
    approvals: int = 2
    review_days: float = 14


@dataclass(frozen=True, slots=True)
class Terms:
    """The part of a gate that people answer for.

    Parameters
    ----------
    veto
        Roles whose rejection ends a request at once. Without any, everybody's does; with some, the
        others end it together, by as many rejections as approvals would have carried it.
    separation
        Who else cannot decide, of `FURTHER`.
    waiting_hours
        How long after a request was opened the first approval may come.
    open_days
        How long a request stays open; then it expires, which is never an approval.
    valid_days, notice_days
        How long an approval holds, and how long before its end notice is given.
    """

    quorum: tuple[Step, ...] = (Step(),)
    order: Order = Order.PARALLEL
    veto: frozenset[Role] = frozenset()
    separation: tuple[str, ...] = ()
    waiting_hours: float = 0
    open_days: float = 90
    remind_days: float = 3
    escalate_days: float = 7
    valid_days: float | None = None
    notice_days: float = 30
    signature: Signing = Signing.ANY
    bulk: bool = False
    override: Override | None = None
    stale: Mapping[Cause, Effect] = field(default_factory=lambda: EFFECTS)

    @property
    def approvals(self) -> int:
        """Approvals needed in all."""
        return sum(step.approvals for step in self.quorum)

    @property
    def needed(self) -> Counter[frozenset[Role]]:
        """Approvals needed by the roles they may come from."""
        needed: Counter[frozenset[Role]] = Counter()
        for step in self.quorum:
            needed[step.roles] += step.approvals
        return needed

    @property
    def roles(self) -> frozenset[Role]:
        """Roles that may vote here."""
        return self.veto.union(*(step.roles for step in self.quorum))

    def lacking(self, approving: Sequence[frozenset[Role]]) -> tuple[int, ...]:
        """Return how many approvals each step still lacks, every person counting once.

        Parameters
        ----------
        approving
            The roles of each person who approved, in the order of their votes.
        """
        # Kuhn (1955): places are filled one by one, moving earlier people where that helps.
        places = [step for step in self.quorum for _ in range(step.approvals)]
        seated: dict[int, int] = {}

        def seat(place: int, *, tried: set[int]) -> bool:
            for person, roles in enumerate(approving):
                if person in tried or not roles & places[place].roles:
                    continue
                tried.add(person)
                if person not in seated or seat(seated[person], tried=tried):
                    seated[person] = place
                    return True
            return False

        filled = [seat(place, tried=set()) for place in range(len(places))]
        lack: list[int] = []
        for step in self.quorum:
            lack.append(filled[: step.approvals].count(False))
            del filled[: step.approvals]
        return tuple(lack)

    def turn(self, approving: Sequence[frozenset[Role]]) -> frozenset[Role]:
        """Return the roles whose approval the quorum waits for now."""
        waiting = [
            step.roles
            for step, lack in zip(self.quorum, self.lacking(approving), strict=True)
            if lack
        ]
        if self.order is Order.SEQUENCE:
            waiting = waiting[:1]
        return frozenset[Role]().union(*waiting)

    def opens_at(self, requested_at: datetime) -> datetime:
        """Return when the first approval may come."""
        return requested_at + timedelta(hours=self.waiting_hours)

    def closes_at(self, requested_at: datetime) -> datetime:
        """Return when an undecided request expires."""
        return requested_at + timedelta(days=self.open_days)

    def overriding(self) -> "Terms | None":
        """Return the terms of an emergency change; nothing where the policy knows none."""
        if self.override is None:
            return None
        return Terms(
            quorum=(Step(self.override.roles, self.override.approvals),),
            veto=self.veto,
            separation=self.separation,
            open_days=self.open_days,
            remind_days=self.remind_days,
            escalate_days=self.escalate_days,
            valid_days=self.valid_days,
            notice_days=self.notice_days,
            signature=Signing.FRESH,
            stale=self.stale,
        )


SILENT = Terms(
    quorum=(),
    open_days=LONGEST_SPAN,
    remind_days=LONGEST_SPAN,
    escalate_days=LONGEST_SPAN,
    notice_days=0,
    bulk=True,
    override=Override(frozenset(DECIDERS), approvals=0, review_days=LONGEST_SPAN),
    stale=MappingProxyType(dict.fromkeys(Cause, Effect.KEEP)),
)
"""What a unit's policy asks by saying nothing: as the central policy has it."""


def strictest(central: Terms, local: Terms) -> Terms:
    """Join the terms of two policies so that both are kept.

    An approval counts for both where the roles one asks for lie within those of the other.
    """
    needed = Counter(_places(central, local))
    signing = {central.signature, local.signature}
    lasting = [t.valid_days for t in (central, local) if t.valid_days is not None]
    return Terms(
        quorum=tuple(Step(roles, approvals) for roles, approvals in needed.items()),
        order=Order.SEQUENCE if Order.SEQUENCE in {central.order, local.order} else Order.PARALLEL,
        # Without veto roles everybody's rejection ends a request, which a unit cannot narrow.
        veto=central.veto | local.veto if central.veto else frozenset(),
        separation=tuple(sorted({*central.separation, *local.separation})),
        waiting_hours=max(central.waiting_hours, local.waiting_hours),
        open_days=min(central.open_days, local.open_days),
        remind_days=min(central.remind_days, local.remind_days),
        escalate_days=min(central.escalate_days, local.escalate_days),
        valid_days=min(lasting, default=None),
        notice_days=max(central.notice_days, local.notice_days),
        signature=Signing.FRESH if Signing.FRESH in signing else Signing.ANY,
        bulk=central.bulk and local.bulk,
        override=_narrowest(central.override, local.override),
        stale={cause: _harshest(central.stale[cause], local.stale[cause]) for cause in Cause},
    )


def _places(central: Terms, local: Terms) -> list[frozenset[Role]]:
    """Return by whom each approval has to come for the quorums of both, as few as that allows."""
    places = list(central.needed.elements())
    free, others = set(range(len(places))), list(local.needed.elements())
    # The like first, so that a nested place is not spent where an equal one would do.
    for fits in (frozenset[Role].__eq__, frozenset[Role].__le__, frozenset[Role].__ge__):
        left: list[frozenset[Role]] = []
        for roles in others:
            place = next((i for i in sorted(free) if fits(roles, places[i])), None)
            if place is None:
                left.append(roles)
            else:
                free.remove(place)
                places[place] &= roles
        others = left
    return places + others


def _narrowest(one: Override | None, other: Override | None) -> Override | None:
    if one is None or other is None or not one.roles & other.roles:
        return None
    return Override(
        roles=one.roles & other.roles,
        approvals=max(one.approvals, other.approvals),
        review_days=min(one.review_days, other.review_days),
    )


def _harshest(*effects: Effect) -> Effect:
    return max(effects, key=MILDEST.index)
