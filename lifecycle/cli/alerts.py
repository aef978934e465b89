"""Commands on alerts, and on the channels that tell of them."""

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from lifecycle.cli.options import ActingAs, Home, Name, OfModel, Out, Printed, Reason
from lifecycle.cli.records import show
from lifecycle.cli.session import Format, connected, text_of, without
from lifecycle.errors import CheckFailed

alert = typer.Typer(no_args_is_help=True, help="What is beyond its limit, and who is on it.")
channel = typer.Typer(no_args_is_help=True, help="How alerts leave: mail, chat, webhook, file.")

Alert = Annotated[str, typer.Argument(metavar="ALERT", help="Such as alert-7.")]

LISTED = ("id", "severity", "status", "version_id", "cause", "owner", "opened_at", "summary")
SHOWN = ("rule", "signals", "window", "messages")
SENT = ("id", "channel", "state", "attempts", "detail", "next_at")


@alert.command("list")
def list_alerts(
    model: OfModel = None,
    status: Annotated[str | None, typer.Option(help="Such as open or acknowledged.")] = None,
    home: Home = None,
    acting_as: ActingAs = None,
    format: Printed = Format.TABLE,
    out: Out = None,
) -> None:
    """List alerts, those somebody has to see to first. Example: lifecycle alert list --status open.

    Exit code 1 says that an open alert is critical.
    """
    with connected(home, acting_as) as client:
        items = client.get("/alerts", model=model, status=status, limit=1000)["items"]
    show(items, format=format, out=out, columns=LISTED)
    grave = [a["id"] for a in items if a["severity"] == "critical" and a["status"] == "open"]
    if grave:
        raise CheckFailed(f"critical, and nobody is on it: {', '.join(grave)}")


@alert.command("show")
def show_alert(
    id: Alert, home: Home = None, acting_as: ActingAs = None, format: Printed = Format.TABLE
) -> None:
    """Show one alert with its series and messages. Example: lifecycle alert show alert-7."""
    with connected(home, acting_as) as client:
        found = client.get(f"/alerts/{id}")
    show(found if format is Format.JSON else without(found, *SHOWN), format=format)


@alert.command("ack")
def acknowledge(
    id: Alert,
    reason: Reason = "",
    home: Home = None,
    acting_as: ActingAs = None,
    format: Printed = Format.TABLE,
) -> None:
    """Take an alert on. Example: lifecycle alert ack alert-7."""
    _step(id, "acknowledgement", {"reason": reason}, home, acting_as, format)


@alert.command("assign")
def assign(
    id: Alert,
    owner: Annotated[str, typer.Argument(metavar="PERSON")],
    reason: Reason = "",
    home: Home = None,
    acting_as: ActingAs = None,
    format: Printed = Format.TABLE,
) -> None:
    """Give an alert to somebody. Example: lifecycle alert assign alert-7 ana."""
    with connected(home, acting_as) as client:
        changed = client.put(f"/alerts/{id}/owner", {"owner": owner, "reason": reason})
    show(without(changed, *SHOWN), format=format)


@alert.command("snooze")
def snooze(
    id: Alert,
    hours: Annotated[float, typer.Option(help="For how long.")],
    reason: Reason,
    home: Home = None,
    acting_as: ActingAs = None,
    format: Printed = Format.TABLE,
) -> None:
    """Keep an alert silent for a while.

    Example: lifecycle alert snooze alert-7 --hours 48 --reason "campaign until Friday"
    """
    until = datetime.now(UTC) + timedelta(hours=hours)
    body = {"until": until.isoformat(), "reason": reason}
    _step(id, "snooze", body, home, acting_as, format)


@alert.command("resolve")
def resolve(
    id: Alert,
    reason: Reason,
    home: Home = None,
    acting_as: ActingAs = None,
    format: Printed = Format.TABLE,
) -> None:
    """End an alert by hand. Example: lifecycle alert resolve alert-7 --reason retrained."""
    _step(id, "resolution", {"reason": reason}, home, acting_as, format)


@alert.command("judge")
def judge(
    id: Alert,
    real: Annotated[bool, typer.Option("--true/--false", help="A true alarm, or a false one.")],
    reason: Reason = "",
    home: Home = None,
    acting_as: ActingAs = None,
    format: Printed = Format.TABLE,
) -> None:
    """Say whether an alert was a true alarm. Example: lifecycle alert judge alert-7 --false."""
    _step(id, "verdict", {"real": real, "reason": reason}, home, acting_as, format)


@alert.command("precision")
def precision(
    home: Home = None,
    acting_as: ActingAs = None,
    format: Printed = Format.TABLE,
    out: Out = None,
) -> None:
    """Say how often each rule's alarms were real. Example: lifecycle alert precision."""
    with connected(home, acting_as) as client:
        items = client.get("/alerts/precision")["items"]
    rows = [
        {**without(item, "share"), "share": item["share"]["value"]}
        | {"interval": item["share"]["interval"]}
        for item in items
    ]
    show(items if format is Format.JSON else rows, format=format, out=out)


@alert.command("deliver")
def deliver(home: Home = None, acting_as: ActingAs = None, format: Printed = Format.TABLE) -> None:
    """Send the messages that wait, as the server does by itself. Example: lifecycle alert deliver.

    Exit code 1 says that one of them could not be delivered.
    """
    with connected(home, acting_as) as client:
        items = client.post("/messages/delivery")["items"]
    show(items, format=format, columns=SENT)
    failed = [item["id"] for item in items if item["state"] != "sent"]
    if failed:
        raise CheckFailed(f"not delivered: {', '.join(failed)}")


@alert.command("messages")
def messages(
    state: Annotated[str | None, typer.Option(help="queued, sending, sent or dead.")] = None,
    home: Home = None,
    acting_as: ActingAs = None,
    format: Printed = Format.TABLE,
    out: Out = None,
) -> None:
    """List messages, newest first. Example: lifecycle alert messages --state dead."""
    with connected(home, acting_as) as client:
        items = client.get("/messages", state=state)["items"]
    show(items, format=format, out=out, columns=SENT)


@alert.command("resend")
def resend(
    id: Annotated[str, typer.Argument(metavar="MESSAGE", help="Such as message-7.")],
    home: Home = None,
    acting_as: ActingAs = None,
    format: Printed = Format.TABLE,
) -> None:
    """Give a message that was given up another round. Example: lifecycle alert resend message-7."""
    with connected(home, acting_as) as client:
        show(client.post(f"/messages/{id}/retry"), format=format, columns=SENT)


@channel.command("add")
def add_channel(
    name: Name,
    kind: Annotated[str, typer.Option(help="apprise, webhook or file.")],
    address_from: Annotated[
        Path | None, typer.Option(help="A file that holds the address, or - for stdin.")
    ] = None,
    least: Annotated[str, typer.Option(help="The mildest it hears of.")] = "warning",
    home: Home = None,
    acting_as: ActingAs = None,
    format: Printed = Format.TABLE,
) -> None:
    """Set up a channel; the address comes from a file, since others see a command's words.

    Example: lifecycle channel add team --kind apprise --address-from slack.txt --least critical
    """
    address = ""
    if address_from is not None:
        from_stdin = str(address_from) == "-"
        address = (sys.stdin.read() if from_stdin else text_of(address_from)).strip()
    body = {"name": name, "kind": kind, "address": address, "least": least}
    with connected(home, acting_as) as client:
        show(client.post("/channels", body), format=format)


@channel.command("list")
def list_channels(
    home: Home = None,
    acting_as: ActingAs = None,
    format: Printed = Format.TABLE,
    out: Out = None,
) -> None:
    """List channels, without anything secret. Example: lifecycle channel list."""
    with connected(home, acting_as) as client:
        show(client.get("/channels")["items"], format=format, out=out)


@channel.command("switch")
def switch(
    name: Name,
    active: Annotated[bool, typer.Option("--on/--off", help="Switch it on or off.")],
    home: Home = None,
    acting_as: ActingAs = None,
    format: Printed = Format.TABLE,
) -> None:
    """Switch a channel on or off. Example: lifecycle channel switch team --off."""
    with connected(home, acting_as) as client:
        show(client.put(f"/channels/{name}", {"active": active}), format=format)


@channel.command("test")
def try_out(
    name: Name, home: Home = None, acting_as: ActingAs = None, format: Printed = Format.TABLE
) -> None:
    """Queue a message that says only that it works. Example: lifecycle channel test team."""
    with connected(home, acting_as) as client:
        show(client.post(f"/channels/{name}/test"), format=format, columns=SENT)


@channel.command("remove")
def remove(
    name: Name, home: Home = None, acting_as: ActingAs = None, format: Printed = Format.TABLE
) -> None:
    """Forget a channel and its address. Example: lifecycle channel remove team."""
    with connected(home, acting_as) as client:
        show(client.delete(f"/channels/{name}"), format=format)


def _step(
    alert_id: str,
    step: str,
    body: dict[str, Any],
    home: Path | None,
    acting_as: str | None,
    format: Format,
) -> None:
    with connected(home, acting_as) as client:
        changed = client.post(f"/alerts/{alert_id}/{step}", body)
    show(without(changed, *SHOWN), format=format)
