"""What waits for one person: the requests they may vote on, and why they may not on the others."""

from dataclasses import dataclass
from datetime import datetime

from lifecycle.domain.actor import Actor, Permission
from lifecycle.domain.approval import Request, Status
from lifecycle.domain.delegation import deciding
from lifecycle.domain.model import Stage
from lifecycle.domain.reach import Place
from lifecycle.domain.terms import Terms
from lifecycle.services.access.places import place_of
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


def queue(con: Connection, actor: Actor, *, at: datetime) -> list[QueueItem]:
    """Return the open requests that this person may decide or has made, oldest first."""
    found: list[QueueItem] = []
    for request in reversed(requests.every(con, status=Status.OPEN)):
        decides = not why_not(con, request, actor, terms=cases.terms_of(con, request), at=at)
        if not decides and request.requested_by != actor.name:
            continue
        reasons = comparing.changed(con, request, cases.case_under(con, request, at=at))
        kind = "stale" if reasons else "decide" if decides else "own"
        wish = f"move {request.version_id} from {request.before} to {request.to}"
        found.append(
            QueueItem(
                kind=kind,
                request_id=request.id,
                version_id=request.version_id,
                to=request.to,
                requested_by=request.requested_by,
                at=request.requested_at,
                sentence=f"{request.requested_by} asks to {wish}: {request.reason}",
                reasons=tuple(reasons),
            )
        )
    return found


def why_not(con: Connection, asked: Request, actor: Actor, *, terms: Terms, at: datetime) -> str:
    """Say why somebody cannot vote; empty when they can. The decision itself checks again."""
    who = " or ".join(sorted(terms.roles)).replace("_", " ")
    place = place_of(cases.case_under(con, asked, at=at).use_case)
    against = (
        (asked.status is not Status.OPEN, f"This request is {asked.status}."),
        (
            actor.name == asked.requested_by,
            "You asked for this yourself, so a second person must decide.",
        ),
        (
            actor.name in asked.barred,
            "You answer for this version or produced its evidence, so somebody else must decide.",
        ),
        (
            not actor.may(Permission.DECIDE),
            f"Your roles do not include deciding; somebody with the role {who} does.",
        ),
        (
            not actor.reach.covers(place),
            f"Your roles hold in {actor.reach}, and this is not there.",
        ),
        (
            any(actor.name in decision.people for decision in asked.decisions),
            "You have voted; the request waits for somebody else.",
        ),
        (
            not _counts(con, asked, actor, terms=terms, place=place, at=at),
            f"Your roles do not count here; somebody with the role {who} decides.",
        ),
    )
    return next((sentence for applies, sentence in against if applies), "")


def _counts(
    con: Connection, asked: Request, actor: Actor, *, terms: Terms, place: Place, at: datetime
) -> bool:
    """Tell whether a vote would count, by one's own roles or by those of somebody who lent them."""
    if deciding(actor.roles) & terms.roles:
        return True
    spent = asked.barred.union(*(decision.people for decision in asked.decisions))
    givers = (people.get(con, name) for name in lenders(con, actor, at=at) if name not in spent)
    return any(
        giver.active and giver.reach.covers(place) and deciding(giver.roles) & terms.roles
        for giver in givers
    )
