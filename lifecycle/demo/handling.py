"""What the people of the sample portfolio have done about its alerts so far."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from lifecycle.demo.people import PEOPLE, actor
from lifecycle.domain.actor import Role
from lifecycle.domain.alert import Severity
from lifecycle.domain.delivery import ChannelKind
from lifecycle.domain.incident import Containment
from lifecycle.domain.raised_alert import LIVE, Alert
from lifecycle.services import alerting, incidents
from lifecycle.services.alerting import channels
from lifecycle.store import alerts
from lifecycle.store.connection import Workspace

DEVELOPER, VALIDATOR = actor(Role.DEVELOPER), actor(Role.VALIDATOR)


def open_door(workspace: Workspace, *, at: datetime) -> None:
    """Set up a channel that stays in the workspace, so that there are messages to look at."""
    adam = actor(Role.ADMINISTRATOR)
    channels.add(workspace, "logbook", kind=ChannelKind.FILE, by=adam, at=at)


def handle(workspace: Workspace, *, at: datetime) -> None:
    """Send the messages, take a critical alert on as an incident, and judge some warnings."""
    alerting.deliver(workspace, by=DEVELOPER, at=at)
    live = alerts.every(workspace.cursor(), statuses=LIVE)
    grave = [alert for alert in live if alert.severity is Severity.CRITICAL]
    mild = [alert for alert in live if alert.severity is Severity.WARNING]
    if grave:
        _escalate(workspace, grave[0], at=at)
    _judge(workspace, mild, at=at + timedelta(minutes=20))
    alerting.deliver(workspace, by=DEVELOPER, at=at + timedelta(minutes=21))


def _escalate(workspace: Workspace, alert: Alert, *, at: datetime) -> None:
    said: dict[str, Any] = {"by": DEVELOPER, "at": at + timedelta(minutes=5)}
    alerting.acknowledge(workspace, alert.id, reason="Looking at the newest rows", **said)
    alerting.judge(workspace, alert.id, real=True, reason="Seen in the cases themselves", **said)
    opened = incidents.open_incident(
        workspace,
        title=f"{alert.version_id} does worse than it should",
        description="Found by monitoring; the people who work with it were told.",
        alert_ids=[alert.id],
        affected="everybody scored since the alert began, in numbers not known yet",
        began_at=alert.window.start,
        **said,
    )
    later: dict[str, Any] = {"by": DEVELOPER, "at": at + timedelta(minutes=12)}
    incidents.acknowledge(workspace, opened.id, **later)
    incidents.contain(
        workspace,
        opened.id,
        Containment.HUMAN_REVIEW,
        reason="Every decision is looked at by a person until the cause is known",
        **later,
    )
    incidents.plan(
        workspace,
        opened.id,
        "Compare the inputs of the last month with those of validation",
        owner=PEOPLE[Role.VALIDATOR][0],
        due=(at + timedelta(days=7)).date(),
        **later,
    )


def _judge(workspace: Workspace, mild: Sequence[Alert], *, at: datetime) -> None:
    """Call the first warning real and the second one false, and let that one rest."""
    for alert, real in zip(mild[:2], (True, False), strict=False):
        alerting.judge(workspace, alert.id, real=real, by=VALIDATOR, at=at)
    for alert in mild[1:2]:
        alerting.snooze(
            workspace,
            alert.id,
            until=at + timedelta(days=3),
            reason="A campaign brings other people in until then",
            by=VALIDATOR,
            at=at,
        )
