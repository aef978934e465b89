"""What happened to a model: moves, references, incidents, alerts, other errors; for time axes."""

from itertools import pairwise
from typing import TYPE_CHECKING

from lifecycle.charts.theme import Mark
from lifecycle.services import portfolio
from lifecycle.services.alerting import wording
from lifecycle.store import alerts, changes, incidents, monitors

if TYPE_CHECKING:
    from lifecycle.domain.model import Version
    from lifecycle.store.connection import Connection

MOVED = "version.move"
CHANGED = "change"


def of_version(con: "Connection", version: "Version") -> list[Mark]:
    """Return what may explain a change in a version's measurements, oldest first."""
    moved = [
        Mark(event.at, event.sentence, "deployment")
        for event in portfolio.timeline(con, version.model_id)
        if event.kind == MOVED
    ]
    revisions = sorted(monitors.revisions(con, version.id), key=lambda m: m.revision)
    compared = [
        Mark(now.created_at, f"new reference: {now.reason or 'no reason given'}", "reference")
        for before, now in pairwise(revisions)
        if now.series != before.series
    ]
    opened = [
        Mark(incident.opened_at, f"{incident.id}: {incident.title}", "incident")
        for incident in incidents.every(con, model_id=version.model_id)
    ]
    raised = [
        Mark(alert.opened_at, f"{alert.id}: {wording.WHAT[alert.cause]}", "alert")
        for alert in alerts.every(con, version_id=version.id)
    ]
    changed = [
        Mark(change.at, change.sentence, CHANGED) for change in changes.of_version(con, version.id)
    ]
    return sorted([*moved, *compared, *opened, *raised, *changed], key=lambda mark: mark.at)
