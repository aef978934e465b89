"""Put messages in the queue, in the transaction of what they tell; nothing is sent here."""

import hashlib
from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from enum import StrEnum

from lifecycle.domain.delivery import Delivery, Message
from lifecycle.domain.raised_alert import Alert
from lifecycle.services.alerting import wording
from lifecycle.store import deliveries
from lifecycle.store.connection import Connection


class Change(StrEnum):
    """What became of an alert, where people should hear of it."""

    RAISED = "raised"
    WORSENED = "worsened"
    REOPENED = "reopened"
    CLEARED = "cleared"
    REMINDER = "reminder"
    ESCALATED = "escalated"


OPENINGS = {
    Change.RAISED: "",
    Change.WORSENED: "Worse. ",
    Change.REOPENED: "Again. ",
    Change.CLEARED: "",
    Change.REMINDER: "Nobody is on it yet. ",
    Change.ESCALATED: "Nobody took it on in time. ",
}


def tell(tx: Connection, alert: Alert, change: Change, *, at: datetime) -> Alert:
    """Queue what became of an alert for its channels; return it with the time noted."""
    named = alert.rule.escalate_to if change is Change.ESCALATED else alert.rule.channels
    active = {channel.name for channel in deliveries.channels(tx, active=True)}
    message = Message(
        topic=f"alert.{change}",
        subject=f"alert:{alert.id}",
        severity=alert.severity,
        title=OPENINGS[change] + wording.title_of(alert),
        text=wording.text_of(alert, at=at),
        link=wording.link_of(alert),
        facts=wording.facts_of(alert),
    )
    # Where no named channel is left or on, everybody hears of it: somebody has to.
    queue(tx, message, only=active & {*named}, at=at)
    return replace(alert, notified_at=at)


def queue(
    tx: Connection, message: Message, *, only: Collection[str] = (), at: datetime
) -> list[Delivery]:
    """Queue a message for the active channels that hear of things so grave.

    Parameters
    ----------
    only
        The channels it is for; all when empty.
    """
    queued: list[Delivery] = []
    for channel in deliveries.channels(tx, active=True):
        if message.severity < channel.least or (only and channel.name not in only):
            continue
        about = (message.topic, message.subject, message.title, channel.name, at.isoformat())
        key = hashlib.sha256("|".join(about).encode()).hexdigest()[:32]
        if deliveries.is_known(tx, key):
            continue  # the same thing told twice is one message
        delivery = Delivery(
            id=f"message-{deliveries.next_number(tx)}",
            channel=channel.name,
            message=message,
            key=key,
            created_at=at,
            next_at=at,
        )
        deliveries.add(tx, delivery)
        queued.append(delivery)
    return queued
