"""Through which doors messages leave: set up, tried out and taken away by an administrator.

Without a channel nothing leaves the machine. Addresses hold passwords and tokens, so they are
sealed before they are stored and never shown again.
"""

import json
import re
import secrets
from datetime import datetime

from lifecycle.adapters import notify, sealing
from lifecycle.domain.actor import Actor, Permission
from lifecycle.domain.alert import Severity
from lifecycle.domain.audit import AuditEvent
from lifecycle.domain.delivery import Channel, ChannelKind, Delivery, Message
from lifecycle.errors import Conflict, InvalidInput
from lifecycle.services.alerting.telling import queue
from lifecycle.store import audit, deliveries, monitors
from lifecycle.store.connection import Connection, Workspace

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,39}")


def add(
    ws: Workspace,
    name: str,
    *,
    kind: ChannelKind,
    address: str = "",
    least: Severity = Severity.WARNING,
    by: Actor,
    at: datetime,
) -> tuple[Channel, str | None]:
    """Set up a channel.

    Parameters
    ----------
    address
        An Apprise address or a webhook's; a file is named after its channel.
    least
        The mildest alert it hears of.

    Returns
    -------
    tuple
        The channel, and for a webhook the secret its signatures are made with, shown this once.

    Raises
    ------
    InvalidInput
        The name or the address cannot be used.
    Conflict
        There is a channel of that name.
    """
    by.require(Permission.ADMINISTER)
    if not _NAME.fullmatch(name):
        raise InvalidInput(
            f"a channel's name has up to 40 small letters, digits, '.', '_' and '-', not {name!r}"
        )
    secret = secrets.token_urlsafe(32) if kind is ChannelKind.WEBHOOK else None
    channel = Channel(
        name=name,
        kind=kind,
        hint=_hint(kind, name, address),
        least=least,
        created_at=at,
        created_by=by.name,
        sealed=sealing.seal(ws.home, json.dumps({"address": address, "secret": secret})),
    )
    with ws.transaction() as tx:
        deliveries.add_channel(tx, channel)
        _record(tx, "add", channel, by=by, at=at)
    return channel, secret


def switch(ws: Workspace, name: str, *, active: bool, by: Actor, at: datetime) -> Channel:
    """Switch a channel on or off; what waits for it goes on waiting while it is off."""
    by.require(Permission.ADMINISTER)
    with ws.transaction() as tx:
        channel = deliveries.channel(tx, name)
        deliveries.set_active(tx, name, active=active)
        _record(tx, "on" if active else "off", channel, by=by, at=at)
        return deliveries.channel(tx, name)


def remove(ws: Workspace, name: str, *, by: Actor, at: datetime) -> Channel:
    """Forget a channel and its address; the log of what it sent stays.

    Raises
    ------
    Conflict
        The alerts of a monitor go there.
    """
    by.require(Permission.ADMINISTER)
    with ws.transaction() as tx:
        channel = deliveries.channel(tx, name)
        bound = [m.version_id for m in monitors.every(tx) if name in m.alerts.named]
        if bound:
            raise Conflict(
                f"alerts of {', '.join(bound)} go to the channel {name}; send them elsewhere first"
            )
        deliveries.remove_channel(tx, name)
        _record(tx, "remove", channel, by=by, at=at)
    return channel


def try_out(ws: Workspace, name: str, *, by: Actor, at: datetime) -> Delivery:
    """Queue a message that says only that the channel works.

    Raises
    ------
    InvalidInput
        The channel is off.
    """
    by.require(Permission.ADMINISTER)
    message = Message(
        topic="channel.test",
        subject=f"channel:{name}",
        severity=Severity.CRITICAL,
        title="Lifecycle can reach you here",
        text=f"{by.name} tried out the channel {name}.",
        link="/alerts?view=delivery",
    )
    with ws.transaction() as tx:
        channel = deliveries.channel(tx, name)
        if not channel.active:
            raise InvalidInput(f"the channel {name} is off; switch it on first")
        (queued,) = queue(tx, message, only=[name], at=at)
        _record(tx, "test", channel, by=by, at=at)
    return queued


def _hint(kind: ChannelKind, name: str, address: str) -> str:
    if kind is ChannelKind.WEBHOOK:
        return notify.hint_of_webhook(address)
    if kind is ChannelKind.APPRISE:
        return notify.hint_of_apprise(address)
    if address:
        raise InvalidInput("a file channel takes no address; its file is named after it")
    return f"messages/{name}.jsonl"


def _record(tx: Connection, verb: str, channel: Channel, *, by: Actor, at: datetime) -> None:
    details = {"kind": channel.kind, "leads_to": channel.hint, "least": channel.least.word}
    event = AuditEvent(
        f"channel.{verb}", f"channel:{channel.name}", by.name, at, via=by.via, details=details
    )
    audit.append(tx, event)
