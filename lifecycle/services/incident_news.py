"""What channels are told of incidents: that one was opened, got graver, or is over."""

from datetime import datetime
from enum import StrEnum
from urllib.parse import urlencode

from lifecycle.domain.alert import Severity
from lifecycle.domain.delivery import Message
from lifecycle.domain.incident import Incident
from lifecycle.domain.incident_clock import Gravity
from lifecycle.services.alerting import telling
from lifecycle.store.connection import Connection


class News(StrEnum):
    """What became of an incident, where people should hear of it."""

    OPENED = "opened"
    WORSENED = "worsened"
    CLOSED = "closed"


OPENINGS = {News.OPENED: "", News.WORSENED: "Worse. ", News.CLOSED: "Over. "}

SEVERITIES = {
    Gravity.MINOR: Severity.WARNING,
    Gravity.MAJOR: Severity.CRITICAL,
    Gravity.CRITICAL: Severity.CRITICAL,
}
"""As how grave an alert the channels take an incident."""

GRAVITIES = tuple(Gravity)
"""The mildest first."""


def changed(before: Incident, after: Incident) -> News | None:
    """Say what channels should hear of a step, if anything."""
    if after.closed_at is not None and before.closed_at is None:
        return News.CLOSED
    worse = GRAVITIES.index(after.gravity) > GRAVITIES.index(before.gravity)
    return News.WORSENED if worse else None


def tell(tx: Connection, incident: Incident, news: News, *, at: datetime) -> None:
    """Queue what became of an incident, in the transaction of what happened."""
    about = ", ".join(incident.versions)
    lines = [
        incident.description,
        f"Versions: {about}. Alerts: {', '.join(incident.alerts) or 'none'}.",
        f"Affected: {incident.affected}." if incident.affected else "",
        f"Owner: {incident.owner or 'nobody'}. Opened by {incident.opened_by}.",
        f"Root cause: {incident.root_cause}" if incident.root_cause else "",
    ]
    message = Message(
        topic=f"incident.{news}",
        subject=f"incident:{incident.id}",
        severity=SEVERITIES[incident.gravity],
        title=f"{OPENINGS[news]}{incident.gravity.capitalize()} incident: {incident.title}",
        text="\n".join(line for line in lines if line),
        link=f"/alerts?{urlencode({'view': 'Incidents', 'incident': incident.id})}",
        facts={
            "incident": incident.id,
            "gravity": str(incident.gravity),
            "state": str(incident.state),
            "versions": list(incident.versions),
            "alerts": list(incident.alerts),
            "owner": incident.owner,
            "opened_at": incident.opened_at.isoformat(),
        },
    )
    telling.queue(tx, message, at=at)
