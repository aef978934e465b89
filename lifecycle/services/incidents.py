"""What people do about incidents, each step with its record, and the duties to report them."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, datetime
from functools import cache
from importlib import resources
from typing import Any, TypeAlias

import yaml

from lifecycle.domain.actor import Actor, Permission
from lifecycle.domain.audit import AuditEvent, Link
from lifecycle.domain.incident import Containment, Incident, IncidentState
from lifecycle.domain.incident_clock import Clock, Duty, Gravity
from lifecycle.domain.raised_alert import Alert
from lifecycle.errors import Conflict, InvalidInput
from lifecycle.services import incident_news
from lifecycle.services.access.places import require_for, within_reach
from lifecycle.services.incident_news import News
from lifecycle.store import alerts, audit, evidence, incidents, models, people
from lifecycle.store.connection import Connection, Workspace
from lifecycle.store.naming import not_found

Step: TypeAlias = Callable[[Incident], tuple[Incident, AuditEvent]]


@cache
def duties() -> tuple[Duty, ...]:
    """Return the duties to report that come with the product."""
    file = resources.files("lifecycle") / "deadlines" / "serious_incidents.yaml"
    content: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
    return tuple(Duty(**given) for given in content["duties"])


def duty(duty_id: str) -> Duty:
    """Return a duty to report.

    Raises
    ------
    NotFound
        There is none of that id.
    """
    known = {one.id: one for one in duties()}
    if duty_id not in known:
        raise not_found("duty to report", duty_id, known=known)
    return known[duty_id]


def open_incident(
    ws: Workspace,
    *,
    title: str,
    description: str = "",
    gravity: Gravity = Gravity.MAJOR,
    versions: Sequence[str] = (),
    alert_ids: Sequence[str] = (),
    affected: str = "",
    began_at: datetime | None = None,
    detected_at: datetime | None = None,
    by: Actor,
    at: datetime,
) -> Incident:
    """Open an incident about some versions, or about those of some alerts.

    Parameters
    ----------
    detected_at
        Now when absent, or when the first of its alerts was raised.

    Raises
    ------
    InvalidInput
        It has no title or is about nothing, or it would begin after it was seen.
    NotFound
        There is no such version or alert.
    Conflict
        An alert belongs to another incident.
    """
    by.require(Permission.HANDLE)
    if not title.strip():
        raise InvalidInput("an incident needs a title")
    with ws.transaction() as tx:
        raised = [_free(tx, alert_id) for alert_id in alert_ids]
        about = tuple(dict.fromkeys([*versions, *(alert.version_id for alert in raised)]))
        for version_id in about:
            models.version_by_id(tx, version_id)
            require_for(tx, version_id, Permission.HANDLE, by=by)
        seen = detected_at or min((alert.opened_at for alert in raised), default=at)
        _check_times(began_at, seen, about=about, at=at)
        incident = Incident(
            id=incidents.next_id(tx),
            title=title.strip(),
            description=description.strip(),
            gravity=gravity,
            versions=about,
            opened_at=at,
            opened_by=by.name,
            detected_at=seen,
            began_at=began_at,
            affected=affected.strip(),
            alerts=tuple(alert_ids),
        )
        incidents.add(tx, incident)
        for alert in raised:
            alerts.update(tx, replace(alert, incident=incident.id))
        audit.append(tx, replace(incident.opened(), via=by.via))
        incident_news.tell(tx, incident, News.OPENED, at=at)
    return incident


def _check_times(
    began_at: datetime | None, seen: datetime, *, about: Sequence[str], at: datetime
) -> None:
    if not about:
        raise InvalidInput("an incident is about at least one version; name one, or an alert")
    if seen > at or (began_at is not None and began_at > seen):
        raise InvalidInput("an incident begins before it is seen, and is seen before now")


def acknowledge(ws: Workspace, incident_id: str, *, by: Actor, at: datetime) -> Incident:
    """Take an incident on."""
    return _stepped(ws, incident_id, lambda i: i.acknowledge(by=by.name, at=at), by=by)


def contain(
    ws: Workspace, incident_id: str, how: Containment, *, reason: str, by: Actor, at: datetime
) -> Incident:
    """Say that it does no more harm, and what was done."""
    return _stepped(
        ws, incident_id, lambda i: i.contain(how, by=by.name, at=at, reason=reason), by=by
    )


def resolve(
    ws: Workspace, incident_id: str, *, root_cause: str, by: Actor, at: datetime
) -> Incident:
    """Say what the root cause was and that it is dealt with.

    Raises
    ------
    NotAllowed
        A program tries, with a token that somebody else made.
    """
    by.require_in_person(f"resolve {incident_id}")
    return _stepped(ws, incident_id, lambda i: i.resolve(root_cause, by=by.name, at=at), by=by)


def close(ws: Workspace, incident_id: str, *, reason: str, by: Actor, at: datetime) -> Incident:
    """Agree, as a second person, that it is over.

    Raises
    ------
    NotAllowed
        A program tries, with a token that somebody else made.
    FourEyesViolation
        Whoever owns it or resolved it tries.
    Conflict
        Something must be done first.
    """
    by.require_in_person(f"close {incident_id}")
    closed = _stepped(ws, incident_id, lambda i: i.close(by=by.name, at=at, reason=reason), by=by)
    ws.checkpoint()  # damage to the write-ahead log passes silently; a closure is dear
    return closed


def reopen(ws: Workspace, incident_id: str, *, reason: str, by: Actor, at: datetime) -> Incident:
    """Begin anew."""
    return _stepped(ws, incident_id, lambda i: i.reopen(by=by.name, at=at, reason=reason), by=by)


def regrade(
    ws: Workspace, incident_id: str, gravity: Gravity, *, reason: str, by: Actor, at: datetime
) -> Incident:
    """Say that it does more or less harm than was thought."""
    return _stepped(
        ws, incident_id, lambda i: i.regrade(gravity, by=by.name, at=at, reason=reason), by=by
    )


def note(ws: Workspace, incident_id: str, text: str, *, by: Actor, at: datetime) -> Incident:
    """Add a line to its timeline."""
    return _stepped(ws, incident_id, lambda i: (i, i.note(text, by=by.name, at=at)), by=by)


def classify(
    ws: Workspace,
    incident_id: str,
    duty_id: str | None,
    *,
    aware_at: datetime | None = None,
    reason: str,
    by: Actor,
    at: datetime,
) -> Incident:
    """Say which duty to report it falls under, if any.

    Parameters
    ----------
    aware_at
        Since when one is aware that it is serious; now when absent.
    """
    chosen = None if duty_id is None else duty(duty_id)

    def step(incident: Incident) -> tuple[Incident, AuditEvent]:
        since = aware_at or at
        return incident.classify(chosen, aware_at=since, by=by.name, at=at, reason=reason)

    return _stepped(ws, incident_id, step, by=by)


def report(
    ws: Workspace, incident_id: str, where: str, *, needed: bool = True, by: Actor, at: datetime
) -> Incident:
    """Say where a serious incident was reported, or why it need not be."""
    return _stepped(
        ws, incident_id, lambda i: i.reported(where, by=by.name, at=at, needed=needed), by=by
    )


def plan(
    ws: Workspace, incident_id: str, text: str, *, owner: str, due: date, by: Actor, at: datetime
) -> Incident:
    """Add a corrective action for somebody who has an account.

    Raises
    ------
    NotFound
        Nobody has an account of that name.
    Conflict
        It is closed.
    """
    by.require(Permission.HANDLE)
    people.active(ws.cursor(), owner)
    return _stepped(
        ws, incident_id, lambda i: i.plan(text, owner=owner, due=due, by=by.name, at=at), by=by
    )


def carry_out(
    ws: Workspace, incident_id: str, number: int, *, reason: str = "", by: Actor, at: datetime
) -> Incident:
    """Say that a corrective action is done."""
    return _stepped(
        ws, incident_id, lambda i: i.carry_out(number, by=by.name, at=at, reason=reason), by=by
    )


def link(
    ws: Workspace,
    incident_id: str,
    *,
    alert_ids: Sequence[str] = (),
    evidence_ids: Sequence[str] = (),
    by: Actor,
    at: datetime,
) -> Incident:
    """Add alerts that belong to it, or evidence that its version is sound again.

    Raises
    ------
    NotFound
        There is no such alert or evidence.
    InvalidInput
        One is about a version that the incident is not about.
    Conflict
        An alert belongs to another incident.
    """
    by.require(Permission.HANDLE)
    with ws.transaction() as tx:
        incident = _own(tx, incident_id, by=by)
        for alert_id in alert_ids:
            alert = _free(tx, alert_id, but=incident_id)
            _check_about(incident, alert_id, version_id=alert.version_id)
            alerts.update(tx, replace(alert, incident=incident_id))
        for evidence_id in evidence_ids:
            version_id = evidence.get(tx, evidence_id).version_id
            _check_about(incident, evidence_id, version_id=version_id)
        changed, event = incident.link(alerts=alert_ids, evidence=evidence_ids, by=by.name, at=at)
        return _kept(tx, changed, event, by=by)


def _free(tx: Connection, alert_id: str, *, but: str | None = None) -> Alert:
    """Return an alert that belongs to no incident, or only to the one named."""
    found = alerts.get(tx, alert_id)
    if found.incident not in {None, but}:
        raise Conflict(f"{alert_id} belongs to {found.incident} already")
    return found


def _check_about(incident: Incident, what: str, *, version_id: str) -> None:
    if version_id not in incident.versions:
        about = ", ".join(incident.versions)
        raise InvalidInput(f"{what} is about {version_id}; {incident.id} is about {about}")


def _stepped(ws: Workspace, incident_id: str, step: Step, *, by: Actor) -> Incident:
    by.require(Permission.HANDLE)
    with ws.transaction() as tx:
        before = _own(tx, incident_id, by=by)
        changed, event = step(before)
        if (news := incident_news.changed(before, changed)) is not None:
            incident_news.tell(tx, changed, news, at=event.at)
        return _kept(tx, changed, event, by=by)


def _own(tx: Connection, incident_id: str, *, by: Actor) -> Incident:
    """Return an incident to somebody whose roles reach every version that it is about."""
    found = incidents.get(tx, incident_id)
    for version_id in found.versions:
        require_for(tx, version_id, Permission.HANDLE, by=by)
    return found


def _kept(tx: Connection, changed: Incident, event: AuditEvent, *, by: Actor) -> Incident:
    incidents.update(tx, changed)
    audit.append(tx, replace(event, via=by.via))
    return changed


def clocks(incident: Incident) -> list[Clock]:
    """Return an incident's clocks, with that of its duty to report."""
    found = next((one for one in duties() if one.id == incident.duty), None)
    return incident.clocks(duty=found)


def timeline(con: Connection, incident: Incident) -> list[Link]:
    """Return what happened in an incident and in its alerts, oldest first, as the trail has it."""
    subjects = [f"incident:{incident.id}", *(f"alert:{alert}" for alert in incident.alerts)]
    found = [link for subject in subjects for link in audit.search(con, subject=subject, limit=500)]
    return sorted(found, key=lambda link: link.sequence)


def to_close(con: Connection, actor: Actor) -> list[Incident]:
    """Return the resolved incidents that wait for this person as the second."""
    if not actor.may(Permission.HANDLE):
        return []
    resolved = incidents.every(con, states={IncidentState.RESOLVED})
    reaches = within_reach(con, actor)
    return [
        one
        for one in resolved
        if actor.name not in one.barred and not one.missing() and all(map(reaches, one.versions))
    ]


def of_model(con: Connection, model_id: str) -> list[Incident]:
    """Return the incidents of a model's versions, newest first, for its timeline."""
    return incidents.every(con, model_id=model_id)
