"""What waits for one person: the requests they may vote on, and why they may not on the others."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from lifecycle.domain.actor import Actor, Permission, Role
from lifecycle.domain.approval import Request, Status
from lifecycle.domain.delegation import deciding, lendable
from lifecycle.domain.model import Stage
from lifecycle.domain.terms import Terms
from lifecycle.services.access.places import within_reach
from lifecycle.services.approvals import cases, comparing
from lifecycle.services.approvals.following import lenders
from lifecycle.store import people, requests
from lifecycle.store.connection import Connection


@dataclass(frozen=True, slots=True)
class QueueItem:
    """A request that waits for somebody.

    Parameters
    ----------
    kind
        ``decide`` for a request this person may vote on, ``own`` for one of their own,
        ``stale`` for either once something under it changed.
    reasons
        What changed under it.
    """

    kind: str
    request_id: str
    version_id: str
    to: Stage
    requested_by: str
    at: datetime
    sentence: str
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Waiting:
    """An open request, its terms, and why somebody cannot vote on it; empty when they can."""

    request: Request
    terms: Terms
    why_not: str


def waiting(con: Connection, actor: Actor, *, at: datetime) -> list[Waiting]:
    """Return every open request as one person sees it, oldest first."""
    view = _View.of(con, actor, at=at)

    @cache
    def terms_of(policy: str, tier: str, to: str, emergency: bool) -> Terms:  # noqa: FBT001 -- a key of the cache
        return cases.terms_of(con, by_terms[policy, tier, to, emergency])

    found = requests.every(con, status=Status.OPEN)[::-1]
    by_terms = {(r.policy, str(r.tier), str(r.to), r.emergency): r for r in found}
    return [
        Waiting(request, terms, view.why_not(request, terms))
        for request in found
        for terms in [
            terms_of(request.policy, str(request.tier), str(request.to), request.emergency)
        ]
    ]


def queue(con: Connection, actor: Actor, *, at: datetime) -> list[QueueItem]:
    """Return the open requests that this person may decide or has made, oldest first."""
    mine = [
        one
        for one in waiting(con, actor, at=at)
        if not one.why_not or one.request.requested_by == actor.name
    ]
    changed = comparing.changed_of(con, [one.request for one in mine])
    found: list[QueueItem] = []
    for one in mine:
        request, reasons = one.request, changed[one.request.id]
        kind = "stale" if reasons else "own" if one.why_not else "decide"
        found.append(
            QueueItem(
                kind=kind,
                request_id=request.id,
                version_id=request.version_id,
                to=request.to,
                requested_by=request.requested_by,
                at=request.requested_at,
                sentence=f"{request.requested_by} asks to {request.wish}: {request.reason}",
                reasons=tuple(reasons),
            )
        )
    return found


def why_not(con: Connection, asked: Request, actor: Actor, *, terms: Terms, at: datetime) -> str:
    """Say why somebody cannot vote; empty when they can. The decision itself checks again."""
    return _View.of(con, actor, at=at).why_not(asked, terms)


@dataclass(frozen=True, slots=True)
class _View:
    """What one person's votes hang on, read once however many requests are looked at."""

    actor: Actor
    reaches: Callable[[str], bool]
    givers: tuple[tuple[str, frozenset[Role], Callable[[str], bool]], ...]

    @classmethod
    def of(cls, con: Connection, actor: Actor, *, at: datetime) -> "_View":
        given = [people.get(con, name) for name in lenders(con, actor, at=at)]
        reaches = [
            (
                giver.name,
                lendable(giver.roles, actor.roles),
                within_reach(con, giver.acting(via="delegation")),
            )
            for giver in given
            if giver.active
        ]
        return cls(actor, within_reach(con, actor), tuple(reaches))

    def counts(self, asked: Request, terms: Terms) -> bool:
        """Tell whether a vote would count, by one's own roles or by those somebody lent."""
        if deciding(self.actor.roles) & terms.roles:
            return True
        spent = asked.barred.union(*(decision.people for decision in asked.decisions))
        return any(
            roles & terms.roles and name not in spent and reaches(asked.version_id)
            for name, roles, reaches in self.givers
        )

    def why_not(self, asked: Request, terms: Terms) -> str:
        who, actor = " or ".join(sorted(terms.roles)).replace("_", " "), self.actor
        against = (
            (asked.status is not Status.OPEN, f"This request is {asked.status}."),
            (
                actor.name == asked.requested_by,
                "You asked for this yourself, so a second person must decide.",
            ),
            (
                actor.name in asked.barred,
                (
                    "You answer for this version or produced its evidence, so somebody else must "
                    "decide."
                ),
            ),
            (
                not actor.may(Permission.DECIDE),
                f"Your roles do not include deciding; somebody with the role {who} does.",
            ),
            (
                not self.reaches(asked.version_id),
                f"Your roles hold in {actor.reach}, and this is not there.",
            ),
            (
                any(actor.name in decision.people for decision in asked.decisions),
                "You have voted; the request waits for somebody else.",
            ),
            (
                not self.counts(asked, terms),
                f"Your roles do not count here; somebody with the role {who} decides.",
            ),
        )
        return next((sentence for applies, sentence in against if applies), "")
