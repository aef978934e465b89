"""Incidents: opened, contained, resolved, and closed by a second person."""

from datetime import date
from typing import Any

from fastapi import APIRouter
from pydantic import AwareDatetime, Field

from lifecycle.api.door import Call, Door
from lifecycle.api.registry import Limit, Offset, Strict
from lifecycle.api.shapes import page, plain
from lifecycle.domain.incident import Containment, Incident, IncidentState
from lifecycle.domain.incident_clock import Gravity
from lifecycle.services import incidents
from lifecycle.store import incidents as kept

router = APIRouter(tags=["incidents"])

LONGEST = 10_000
"""Characters of a text; what is longer belongs into a document."""


class IncidentIn(Strict):
    """What went wrong with which versions, or with those of which alerts."""

    title: str = Field(min_length=1, max_length=300)
    description: str = Field(default="", max_length=LONGEST)
    gravity: Gravity = Gravity.MAJOR
    versions: list[str] = []
    alerts: list[str] = []
    affected: str = Field(default="", max_length=LONGEST)
    began_at: AwareDatetime | None = None
    detected_at: AwareDatetime | None = None


class ContainmentIn(Strict):
    """What was done so that it does no more harm."""

    how: Containment
    reason: str = Field(min_length=1, max_length=LONGEST)


class GravityIn(Strict):
    """How much harm it does after all."""

    gravity: Gravity
    reason: str = Field(min_length=1, max_length=LONGEST)


class TextIn(Strict):
    """A text that goes into the record."""

    text: str = Field(min_length=1, max_length=LONGEST)


class DutyIn(Strict):
    """The duty to report it falls under, or none."""

    duty: str | None
    aware_at: AwareDatetime | None = None
    reason: str = Field(min_length=1, max_length=LONGEST)


class ReportIn(TextIn):
    """Where it was reported, or why it need not be."""

    needed: bool = True


class ActionIn(TextIn):
    """A corrective action."""

    owner: str
    due: date


class LinksIn(Strict):
    """Alerts that belong to it, and evidence that its version is sound again."""

    alerts: list[str] = []
    evidence: list[str] = []


@router.get("/incidents")
def list_incidents(
    door: Door,
    model: str | None = None,
    state: IncidentState | None = None,
    limit: Limit = 100,
    offset: Offset = 0,
) -> Any:
    """List incidents, newest first."""
    states = None if state is None else {state}
    found = kept.every(door.reading(), model_id=model, states=states)
    return page([_shown(door, one) for one in found], limit=limit, offset=offset)


@router.get("/incidents/duties")
def list_duties(door: Door) -> Any:
    """List the duties to report serious incidents, with source and date."""
    door.reading()
    return {"items": plain(incidents.duties())}


@router.get("/incidents/{incident_id}")
def show_incident(door: Door, incident_id: str) -> Any:
    """Show one incident with its clocks and everything that happened in it."""
    con = door.reading()
    found = kept.get(con, incident_id)
    events = [link.event for link in incidents.timeline(con, found)]
    return {**_shown(door, found), "timeline": plain(events)}


@router.post("/incidents", status_code=201)
def open_incident(door: Door, body: IncidentIn) -> Any:
    """Open an incident."""
    opened = incidents.open_incident(
        door.workspace,
        title=body.title,
        description=body.description,
        gravity=body.gravity,
        versions=body.versions,
        alert_ids=body.alerts,
        affected=body.affected,
        began_at=body.began_at,
        detected_at=body.detected_at,
        by=door.actor,
        at=door.at,
    )
    return _shown(door, opened)


@router.post("/incidents/{incident_id}/acknowledgement")
def acknowledge(door: Door, incident_id: str) -> Any:
    """Take an incident on."""
    return _shown(
        door, incidents.acknowledge(door.workspace, incident_id, by=door.actor, at=door.at)
    )


@router.post("/incidents/{incident_id}/containment")
def contain(door: Door, incident_id: str, body: ContainmentIn) -> Any:
    """Say that it does no more harm, and what was done."""
    changed = incidents.contain(
        door.workspace, incident_id, body.how, reason=body.reason, by=door.actor, at=door.at
    )
    return _shown(door, changed)


@router.post("/incidents/{incident_id}/resolution")
def resolve(door: Door, incident_id: str, body: TextIn) -> Any:
    """Say what the root cause was and that it is dealt with."""
    changed = incidents.resolve(
        door.workspace, incident_id, root_cause=body.text, by=door.actor, at=door.at
    )
    return _shown(door, changed)


@router.post("/incidents/{incident_id}/closure")
def close(door: Door, incident_id: str, body: TextIn) -> Any:
    """Agree, as a second person, that it is over."""
    changed = incidents.close(
        door.workspace, incident_id, reason=body.text, by=door.actor, at=door.at
    )
    return _shown(door, changed)


@router.post("/incidents/{incident_id}/reopening")
def reopen(door: Door, incident_id: str, body: TextIn) -> Any:
    """Begin anew: it is not over after all."""
    changed = incidents.reopen(
        door.workspace, incident_id, reason=body.text, by=door.actor, at=door.at
    )
    return _shown(door, changed)


@router.put("/incidents/{incident_id}/gravity")
def regrade(door: Door, incident_id: str, body: GravityIn) -> Any:
    """Say that it does more or less harm than was thought."""
    changed = incidents.regrade(
        door.workspace, incident_id, body.gravity, reason=body.reason, by=door.actor, at=door.at
    )
    return _shown(door, changed)


@router.post("/incidents/{incident_id}/notes", status_code=201)
def note(door: Door, incident_id: str, body: TextIn) -> Any:
    """Add a line to its timeline."""
    return _shown(
        door, incidents.note(door.workspace, incident_id, body.text, by=door.actor, at=door.at)
    )


@router.put("/incidents/{incident_id}/duty")
def classify(door: Door, incident_id: str, body: DutyIn) -> Any:
    """Say which duty to report it falls under, if any."""
    changed = incidents.classify(
        door.workspace,
        incident_id,
        body.duty,
        aware_at=body.aware_at,
        reason=body.reason,
        by=door.actor,
        at=door.at,
    )
    return _shown(door, changed)


@router.put("/incidents/{incident_id}/report")
def report(door: Door, incident_id: str, body: ReportIn) -> Any:
    """Say where it was reported, or why it need not be."""
    changed = incidents.report(
        door.workspace, incident_id, body.text, needed=body.needed, by=door.actor, at=door.at
    )
    return _shown(door, changed)


@router.post("/incidents/{incident_id}/actions", status_code=201)
def plan(door: Door, incident_id: str, body: ActionIn) -> Any:
    """Add a corrective action."""
    changed = incidents.plan(
        door.workspace,
        incident_id,
        body.text,
        owner=body.owner,
        due=body.due,
        by=door.actor,
        at=door.at,
    )
    return _shown(door, changed)


@router.post("/incidents/{incident_id}/actions/{number}/completion")
def carry_out(door: Door, incident_id: str, number: int) -> Any:
    """Say that a corrective action is done."""
    return _shown(
        door, incidents.carry_out(door.workspace, incident_id, number, by=door.actor, at=door.at)
    )


@router.post("/incidents/{incident_id}/links", status_code=201)
def link(door: Door, incident_id: str, body: LinksIn) -> Any:
    """Add alerts that belong to it, or evidence that its version is sound again."""
    changed = incidents.link(
        door.workspace,
        incident_id,
        alert_ids=body.alerts,
        evidence_ids=body.evidence,
        by=door.actor,
        at=door.at,
    )
    return _shown(door, changed)


def _shown(door: Call, incident: Incident) -> dict[str, Any]:
    clocks = [
        {
            **plain(clock),
            "hours": clock.spent(at=door.at).total_seconds() / 3600,
            "overdue": clock.overdue(at=door.at),
        }
        for clock in incidents.clocks(incident)
    ]
    missing = incident.missing() if incident.state is IncidentState.RESOLVED else []
    return {**plain(incident), "clocks": clocks, "missing": missing}
