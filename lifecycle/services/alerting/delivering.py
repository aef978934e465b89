"""Send what waits, remind of what nobody took on, and wake what was snoozed: by the clock."""

import json
import logging
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Self

from lifecycle.adapters import notify, sealing
from lifecycle.adapters.notify import Outcome
from lifecycle.domain.actor import Actor, Permission
from lifecycle.domain.audit import AuditEvent
from lifecycle.domain.delivery import Attempt, Channel, ChannelKind, Delivery
from lifecycle.domain.raised_alert import LIVE, Alert, Status
from lifecycle.errors import DamagedStore
from lifecycle.services.alerting.raising import GONE
from lifecycle.services.alerting.telling import Change, tell
from lifecycle.store import alerts, audit, deliveries, models
from lifecycle.store.connection import Connection, Workspace

log = logging.getLogger(__name__)

SYSTEM = "clock@lifecycle"
"""Who the trail names for what happens because time passed."""

EVERY = 10.0
"""Seconds between two looks at the queue; a house default."""


def deliver(ws: Workspace, *, by: Actor, at: datetime, base: str = "") -> list[Delivery]:
    """Send the messages whose time has come; return them as they are now.

    A message is marked before it is sent and again afterwards, each in a transaction of its own:
    a crash in between sends it once more, under the same key.

    Parameters
    ----------
    base
        The server's address, before the links in messages.
    """
    by.require(Permission.HANDLE)
    return _deliver(ws, at=at, base=base)


def _deliver(ws: Workspace, *, at: datetime, base: str) -> list[Delivery]:
    if not deliveries.due(ws.cursor(), at=at):
        return []
    with ws.transaction() as tx:
        known = {channel.name: channel for channel in deliveries.channels(tx)}
        taken = [delivery.taken(at=at) for delivery in deliveries.due(tx, at=at)]
        for delivery in taken:
            deliveries.update(tx, delivery)
    done: list[Delivery] = []
    for delivery in taken:
        outcome = _sent(ws, known.get(delivery.channel), delivery, at=at, base=base)
        after, attempt = _after(delivery, outcome, at=at)
        with ws.transaction() as tx:
            deliveries.update(tx, after, attempt=attempt)
        done.append(after)
    return done


def _sent(
    ws: Workspace, channel: Channel | None, delivery: Delivery, *, at: datetime, base: str
) -> Outcome:
    if channel is None:
        return Outcome(ok=False, detail="the channel was removed", final=True)
    key, message = delivery.key, delivery.message
    if channel.kind is ChannelKind.FILE:
        file = ws.home / "messages" / f"{channel.name}.jsonl"
        return notify.append(file, message, key=key, base=base, at=at)
    try:
        target = json.loads(sealing.unseal(ws.home, channel.sealed))
        if channel.kind is ChannelKind.WEBHOOK:
            return notify.post(
                target["address"], target["secret"], message, key=key, base=base, at=at
            )
        return notify.through_apprise(target["address"], message, base=base)
    except DamagedStore as error:
        return Outcome(ok=False, detail=str(error), final=True)
    except Exception as error:  # noqa: BLE001 -- a plugin's fault must not stop other messages
        # The text of the error may hold the address, so only its kind is kept.
        return Outcome(ok=False, detail=f"could not be sent ({type(error).__name__})")


def _after(delivery: Delivery, outcome: Outcome, *, at: datetime) -> tuple[Delivery, Attempt]:
    if outcome.ok:
        return delivery.arrived(at=at, detail=outcome.detail)
    return delivery.failed(at=at, detail=outcome.detail, final=outcome.final)


def send_again(ws: Workspace, delivery_id: str, *, by: Actor, at: datetime) -> Delivery:
    """Give a message that was given up another round.

    Raises
    ------
    Conflict
        It was not given up.
    """
    by.require(Permission.HANDLE)
    with ws.transaction() as tx:
        queued = deliveries.get(tx, delivery_id).again(at=at)
        deliveries.update(tx, queued)
        event = AuditEvent("message.again", f"message:{delivery_id}", by.name, at, via=by.via)
        audit.append(tx, event)
    return queued


def remind(ws: Workspace, *, at: datetime) -> list[Alert]:
    """Wake what was snoozed until now, remind of what nobody took on, escalate what is overdue."""
    if not _due(ws.cursor(), at=at):
        return []
    with ws.transaction() as tx:
        return [_reminded(tx, alert, at=at) for alert in _due(tx, at=at)]


def _due(con: Connection, *, at: datetime) -> list[Alert]:
    live = alerts.every(con, statuses=LIVE)
    gone = {v for v in {a.version_id for a in live} if models.version_by_id(con, v).stage in GONE}
    return [a for a in live if a.version_id in gone or _step(a, at=at) is not None]


def _step(alert: Alert, *, at: datetime) -> Change | None:
    """Say what the clock asks of an alert whose version is in use."""
    if alert.status is Status.SNOOZED:
        awake = alert.snoozed_until is not None and at >= alert.snoozed_until
        return Change.REOPENED if awake else None
    if alert.overdue(at=at) and alert.escalated_at is None:
        return Change.ESCALATED
    pause = timedelta(hours=alert.rule.renotify_hours)
    told = alert.notified_at
    if alert.status is Status.OPEN and pause and told is not None and at >= told + pause:
        return Change.REMINDER
    return None


def _reminded(tx: Connection, alert: Alert, *, at: datetime) -> Alert:
    change = _step(alert, at=at)
    if models.version_by_id(tx, alert.version_id).stage in GONE:
        change = Change.CLEARED
        over = tuple(replace(signal, cleared=True) for signal in alert.signals)
        after, event = replace(alert, signals=over).clear(by=SYSTEM, at=at)
        audit.append(tx, replace(event, via="system", reason="the version is out of use"))
    elif change is Change.REOPENED:
        after = alert.wake(at=at)
    elif change is Change.ESCALATED:
        after, event = alert.escalate(by=SYSTEM, at=at)
        audit.append(tx, replace(event, via="system"))
    else:
        after = alert
    after = tell(tx, after, change or Change.REMINDER, at=at)
    alerts.update(tx, after)
    return after


class Courier:
    """A thread that looks at the queue every few seconds, for as long as the server runs.

    Parameters
    ----------
    base
        The server's address, before the links in messages.
    """

    def __init__(self, ws: Workspace, *, clock: Callable[[], datetime], base: str = "") -> None:
        self._ws, self._clock, self._base = ws, clock, base
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="lifecycle-courier", daemon=True)

    def __enter__(self) -> Self:
        """Begin."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Finish the message in hand and end."""
        self._stop.set()
        self._thread.join(timeout=2 * notify.TIMEOUT)

    def _run(self) -> None:
        while not self._stop.wait(EVERY):
            try:
                remind(self._ws, at=self._clock())
                _deliver(self._ws, at=self._clock(), base=self._base)
            except Exception:
                log.exception("the courier could not look at the queue; it tries again")
