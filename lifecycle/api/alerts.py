"""Alerts, what people do about them, and the channels and messages that tell of them."""

from datetime import datetime
from typing import Any

from fastapi import APIRouter
from pydantic import AwareDatetime, Field

from lifecycle.api.door import Door
from lifecycle.api.registry import Limit, Offset, Strict
from lifecycle.api.shapes import page, plain
from lifecycle.domain.actor import Permission
from lifecycle.domain.alert import severity_of
from lifecycle.domain.delivery import ChannelKind, DeliveryState
from lifecycle.domain.raised_alert import Alert, Status
from lifecycle.services import alerting
from lifecycle.services.alerting import channels, wording
from lifecycle.store import alerts, deliveries

router = APIRouter(tags=["alerts"])


class ReasonIn(Strict):
    """Why; it goes into the audit trail."""

    reason: str = Field(default="", max_length=10_000)


class OwnerIn(ReasonIn):
    """Who is to see to it."""

    owner: str


class SnoozeIn(Strict):
    """Until when it is silent, and why."""

    until: AwareDatetime
    reason: str = Field(min_length=1, max_length=10_000)


class VerdictIn(ReasonIn):
    """Whether it was a true alarm."""

    real: bool


class ChannelIn(Strict):
    """A door through which messages leave."""

    name: str
    kind: ChannelKind
    address: str = Field(default="", description="An Apprise address, or a webhook's")
    least: str = Field(default="warning", description="The mildest it hears of")


class SwitchIn(Strict):
    """On or off."""

    active: bool


@router.get("/alerts")
def list_alerts(
    door: Door,
    model: str | None = None,
    status: Status | None = None,
    limit: Limit = 100,
    offset: Offset = 0,
) -> Any:
    """List alerts: those somebody has to see to first, gravest first."""
    statuses = None if status is None else {status}
    con = door.reading()
    found = alerts.every(con, model_id=model, statuses=statuses, limit=limit, offset=offset)
    total = alerts.count(con, model_id=model, statuses=statuses)
    return page(
        [_shown(alert, at=door.at) for alert in found], limit=limit, offset=offset, total=total
    )


@router.get("/alerts/precision")
def precision(door: Door) -> Any:
    """Say how often each rule's alarms were real, as far as people said."""
    return {"items": plain(alerting.precision(door.reading()))}


@router.get("/alerts/{alert_id}")
def show_alert(door: Door, alert_id: str) -> Any:
    """Show one alert with its series and the messages about it."""
    con = door.reading()
    found = alerts.get(con, alert_id)
    told = deliveries.every(con, subject=f"alert:{alert_id}")
    return {**_shown(found, at=door.at), "messages": plain(told)}


@router.post("/alerts/{alert_id}/acknowledgement")
def acknowledge(door: Door, alert_id: str, body: ReasonIn) -> Any:
    """Take an alert on."""
    return _shown(
        alerting.acknowledge(
            door.workspace, alert_id, by=door.actor, at=door.at, reason=body.reason
        ),
        at=door.at,
    )


@router.put("/alerts/{alert_id}/owner")
def assign(door: Door, alert_id: str, body: OwnerIn) -> Any:
    """Give an alert to somebody."""
    return _shown(
        alerting.assign(
            door.workspace, alert_id, body.owner, by=door.actor, at=door.at, reason=body.reason
        ),
        at=door.at,
    )


@router.post("/alerts/{alert_id}/snooze")
def snooze(door: Door, alert_id: str, body: SnoozeIn) -> Any:
    """Keep an alert silent until a time."""
    return _shown(
        alerting.snooze(
            door.workspace,
            alert_id,
            until=body.until,
            reason=body.reason,
            by=door.actor,
            at=door.at,
        ),
        at=door.at,
    )


@router.post("/alerts/{alert_id}/resolution")
def resolve(door: Door, alert_id: str, body: ReasonIn) -> Any:
    """End an alert by hand."""
    return _shown(
        alerting.resolve(door.workspace, alert_id, reason=body.reason, by=door.actor, at=door.at),
        at=door.at,
    )


@router.post("/alerts/{alert_id}/verdict")
def judge(door: Door, alert_id: str, body: VerdictIn) -> Any:
    """Say whether an alert was a true alarm."""
    return _shown(
        alerting.judge(
            door.workspace,
            alert_id,
            real=body.real,
            by=door.actor,
            at=door.at,
            reason=body.reason,
        ),
        at=door.at,
    )


@router.get("/channels")
def list_channels(door: Door) -> Any:
    """List channels, without anything secret."""
    return {"items": plain(deliveries.channels(door.reading()))}


@router.post("/channels", status_code=201)
def add_channel(door: Door, body: ChannelIn) -> Any:
    """Set up a channel; a webhook's answer holds its secret, this once."""
    channel, secret = channels.add(
        door.workspace,
        body.name,
        kind=body.kind,
        address=body.address,
        least=severity_of(body.least),
        by=door.actor,
        at=door.at,
    )
    return {**plain(channel), **({"secret": secret} if secret else {})}


@router.put("/channels/{name}")
def switch_channel(door: Door, name: str, body: SwitchIn) -> Any:
    """Switch a channel on or off."""
    return plain(
        channels.switch(door.workspace, name, active=body.active, by=door.actor, at=door.at)
    )


@router.delete("/channels/{name}")
def remove_channel(door: Door, name: str) -> Any:
    """Forget a channel and its address."""
    return plain(channels.remove(door.workspace, name, by=door.actor, at=door.at))


@router.post("/channels/{name}/test", status_code=202)
def try_channel(door: Door, name: str) -> Any:
    """Queue a message that says only that the channel works."""
    return plain(channels.try_out(door.workspace, name, by=door.actor, at=door.at))


@router.get("/messages")
def list_messages(door: Door, state: DeliveryState | None = None, limit: Limit = 100) -> Any:
    """List messages, newest first."""
    states = None if state is None else [state]
    return {"items": plain(deliveries.every(door.reading(), states=states, limit=limit))}


@router.get("/messages/{message_id}")
def show_message(door: Door, message_id: str) -> Any:
    """Show one message with every attempt to deliver it."""
    con = door.reading()
    found = deliveries.get(con, message_id)
    return {**plain(found), "tries": plain(deliveries.attempts(con, message_id))}


@router.post("/messages/{message_id}/retry")
def send_again(door: Door, message_id: str) -> Any:
    """Give a message that was given up another round."""
    return plain(alerting.send_again(door.workspace, message_id, by=door.actor, at=door.at))


@router.post("/messages/delivery")
def deliver(door: Door) -> Any:
    """Remind of what is due and send what waits, as the server does by itself."""
    door.reading(Permission.HANDLE)
    alerting.remind(door.workspace, at=door.at)
    base = (door.settings.public_url or "").rstrip("/")
    done = alerting.deliver(door.workspace, by=door.actor, at=door.at, base=base)
    return {"items": plain(done)}


def _shown(alert: Alert, *, at: datetime) -> dict[str, Any]:
    return {
        **plain(alert),
        "rule": alert.rule.settings(),
        "title": wording.title_of(alert),
        "summary": wording.summary_of(alert, at=at),
        "due": plain(alert.due),
    }
