"""Who could still decide on a request, whether they are enough, and that it is told if not."""

from collections.abc import Sequence
from datetime import datetime

from lifecycle.domain.approval import Request
from lifecycle.domain.audit import AuditEvent
from lifecycle.domain.delegation import deciding
from lifecycle.domain.person import Person
from lifecycle.domain.standing import CLOCK
from lifecycle.domain.terms import Terms
from lifecycle.services.access.places import place_at
from lifecycle.services.approvals import cases, telling
from lifecycle.store import approvals, audit, people
from lifecycle.store.connection import Connection


def eligible(con: Connection, request: Request, *, terms: Terms | None = None) -> list[str]:
    """Return who could still vote on a request by their own authority, by name."""
    return [person.name for person in _able(con, request, terms or cases.terms_of(con, request))]


def notice_lack(tx: Connection, request: Request, *, terms: Terms, at: datetime) -> list[str]:
    """Tell once when the roles of those who could still vote no longer complete the quorum."""
    able = _able(tx, request, terms)
    lacking = terms.lacking([*request.approving, *(deciding(person.roles) for person in able)])
    missing = [
        f"{lack} of {' or '.join(sorted(step.roles))}"
        for step, lack in zip(terms.quorum, lacking, strict=True)
        if lack
    ]
    if not missing:
        return []
    sentence = f"too few people are left who may decide: {' and '.join(missing)} cannot come"
    names = [person.name for person in able]
    return notice(tx, request, "unmeetable", sentence, names, terms=terms, at=at)


def notice(
    tx: Connection,
    request: Request,
    kind: str,
    sentence: str,
    names: Sequence[str],
    *,
    terms: Terms,
    at: datetime,
) -> list[str]:
    """Tell something about an open request once, in the trail and through the channels."""
    if not approvals.give_notice(tx, request.id, kind, at=at):
        return []
    details: dict[str, object] = {
        "version": request.version_id,
        "to": request.to,
        "waits_for": list(names),
    }
    subject = f"request:{request.id}"
    event = AuditEvent(
        f"request.{kind}", subject, CLOCK, at, reason=sentence, via="clock", details=details
    )
    audit.append(tx, event)
    telling.waits(tx, request, kind, names, terms=terms, at=at)
    return [f"{request.id} is {sentence}" if kind != "unmeetable" else f"{request.id}: {sentence}"]


def _able(con: Connection, request: Request, terms: Terms) -> list[Person]:
    voted = {name for d in request.decisions for name in d.people}
    place = place_at(con, request.version_id)
    return [
        person
        for person in people.every(con)
        if person.active
        and person.reach.covers(place)
        and person.name not in request.barred | voted
        and deciding(person.roles) & terms.roles
    ]
