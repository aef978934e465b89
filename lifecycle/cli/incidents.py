"""Commands on incidents: opened, contained, resolved, and closed by a second person."""

from pathlib import Path
from typing import Annotated, Any

import typer

from lifecycle.cli.options import ActingAs, Alerts, Home, OfModel, Out, Printed, Reason, Text
from lifecycle.cli.records import show
from lifecycle.cli.session import Format, connected, without
from lifecycle.errors import CheckFailed

incident = typer.Typer(no_args_is_help=True, help="What went wrong, and what is done about it.")

Incident = Annotated[str, typer.Argument(metavar="INCIDENT", help="Such as incident-3.")]
Person = Annotated[str, typer.Option(help="An account's name.")]

LISTED = ("id", "gravity", "state", "title", "versions", "owner", "opened_at")
NESTED = ("clocks", "actions", "timeline", "description")


@incident.command("list")
def list_incidents(
    model: OfModel = None,
    state: Annotated[str | None, typer.Option(help="open, contained, resolved or closed.")] = None,
    home: Home = None,
    acting_as: ActingAs = None,
    format: Printed = Format.TABLE,
    out: Out = None,
) -> None:
    """List incidents, newest first. Example: lifecycle incident list --state open.

    Exit code 1 says that a clock of one that is not closed is overdue.
    """
    with connected(home, acting_as) as client:
        items = client.get("/incidents", model=model, state=state, limit=1000)["items"]
    show(items, format=format, out=out, columns=LISTED)
    late = [
        f"{item['id']} to {clock['name']}"
        for item in items
        for clock in item["clocks"]
        if item["state"] != "closed" and clock["overdue"] and clock["ended"] is None
    ]
    if late:
        raise CheckFailed(f"overdue: {', '.join(late)}")


@incident.command("duties")
def list_duties(
    home: Home = None, acting_as: ActingAs = None, format: Printed = Format.TABLE
) -> None:
    """List the duties to report serious incidents. Example: lifecycle incident duties."""
    with connected(home, acting_as) as client:
        items = client.get("/incidents/duties")["items"]
    show(items, format=format, columns=("id", "framework", "reference", "days", "applies_from"))


@incident.command("show")
def show_incident(
    id: Incident, home: Home = None, acting_as: ActingAs = None, format: Printed = Format.TABLE
) -> None:
    """Show one incident; as JSON with clocks and timeline.

    Example: lifecycle incident show incident-3 --format json
    """
    with connected(home, acting_as) as client:
        found = client.get(f"/incidents/{id}")
    show(found if format is Format.JSON else without(found, *NESTED), format=format)


@incident.command("open")
def open_incident(
    title: Annotated[str, typer.Argument(metavar="TITLE")],
    gravity: Annotated[str, typer.Option(help="minor, major or critical.")] = "major",
    version: Annotated[
        list[str] | None, typer.Option(help="MODEL/VERSION it is about, repeated.")
    ] = None,
    alert: Alerts = None,
    description: str = "",
    affected: Annotated[str, typer.Option(help="Who was affected, and how many.")] = "",
    began_at: Annotated[str | None, typer.Option(help="When it began, ISO 8601, UTC.")] = None,
    home: Home = None,
    acting_as: ActingAs = None,
    format: Printed = Format.TABLE,
) -> None:
    """Open an incident about versions or alerts.

    Example: lifecycle incident open "Wrong refusals" --gravity critical --alert alert-7
    """
    body: dict[str, Any] = {
        "title": title,
        "description": description,
        "gravity": gravity,
        "versions": version or [],
        "alerts": alert or [],
        "affected": affected,
        "began_at": began_at,
    }
    with connected(home, acting_as) as client:
        show(without(client.post("/incidents", body), *NESTED), format=format)


@incident.command("ack")
def acknowledge(
    id: Incident, home: Home = None, acting_as: ActingAs = None, format: Printed = Format.TABLE
) -> None:
    """Take an incident on. Example: lifecycle incident ack incident-3."""
    _step(id, "acknowledgement", {}, home, acting_as, format)


@incident.command("contain")
def contain(
    id: Incident,
    how: Annotated[
        str, typer.Option(help="rollback, suspension, switched_off, human_review or other.")
    ],
    reason: Reason,
    home: Home = None,
    acting_as: ActingAs = None,
    format: Printed = Format.TABLE,
) -> None:
    """Say that it does no more harm, and what was done.

    Example: lifecycle incident contain incident-3 --how rollback --reason "version 2 is live"
    """
    _step(id, "containment", {"how": how, "reason": reason}, home, acting_as, format)


@incident.command("resolve")
def resolve(
    id: Incident,
    cause: Annotated[str, typer.Option(help="Its root cause.")],
    home: Home = None,
    acting_as: ActingAs = None,
    format: Printed = Format.TABLE,
) -> None:
    """Say what the root cause was and that it is dealt with.

    Example: lifecycle incident resolve incident-3 --cause "income came in thousands"
    """
    _step(id, "resolution", {"text": cause}, home, acting_as, format)


@incident.command("close")
def close(
    id: Incident,
    reason: Reason,
    home: Home = None,
    acting_as: ActingAs = None,
    format: Printed = Format.TABLE,
) -> None:
    """Agree, as a second person, that it is over.

    Example: lifecycle incident close incident-3 --reason "tests and new evidence seen"
    """
    _step(id, "closure", {"text": reason}, home, acting_as, format)


@incident.command("reopen")
def reopen(
    id: Incident,
    reason: Reason,
    home: Home = None,
    acting_as: ActingAs = None,
    format: Printed = Format.TABLE,
) -> None:
    """Begin anew. Example: lifecycle incident reopen incident-3 --reason "it happened again"."""
    _step(id, "reopening", {"text": reason}, home, acting_as, format)


@incident.command("grade")
def grade(
    id: Incident,
    gravity: Annotated[str, typer.Argument(metavar="GRAVITY", help="minor, major or critical.")],
    reason: Reason,
    home: Home = None,
    acting_as: ActingAs = None,
    format: Printed = Format.TABLE,
) -> None:
    """Say that it does more or less harm than was thought.

    Example: lifecycle incident grade incident-3 critical --reason "refunds went wrong as well"
    """
    with connected(home, acting_as) as client:
        body = {"gravity": gravity, "reason": reason}
        changed = client.put(f"/incidents/{id}/gravity", body)
    show(without(changed, *NESTED), format=format)


@incident.command("note")
def note(
    id: Incident,
    text: Text,
    home: Home = None,
    acting_as: ActingAs = None,
    format: Printed = Format.TABLE,
) -> None:
    """Add a line to its timeline. Example: lifecycle incident note incident-3 "bureau asked"."""
    _step(id, "notes", {"text": text}, home, acting_as, format)


@incident.command("classify")
def classify(
    id: Incident,
    reason: Reason,
    duty: Annotated[
        str | None, typer.Option(help="A duty to report; without one it is not serious.")
    ] = None,
    aware_at: Annotated[str | None, typer.Option(help="Since when one is aware, UTC.")] = None,
    home: Home = None,
    acting_as: ActingAs = None,
    format: Printed = Format.TABLE,
) -> None:
    """Say which duty to report it falls under.

    Example: lifecycle incident classify incident-3 --duty eu-ai-act-general --reason "harm done"
    """
    body = {"duty": duty, "aware_at": aware_at, "reason": reason}
    with connected(home, acting_as) as client:
        show(without(client.put(f"/incidents/{id}/duty", body), *NESTED), format=format)


@incident.command("report")
def report(
    id: Incident,
    text: Text,
    needed: Annotated[
        bool, typer.Option("--needed/--not-needed", help="The text says where, or why not.")
    ] = True,
    home: Home = None,
    acting_as: ActingAs = None,
    format: Printed = Format.TABLE,
) -> None:
    """Say where a serious incident was reported, or why it need not be.

    Example: lifecycle incident report incident-3 "market surveillance authority, case 71"
    """
    body = {"text": text, "needed": needed}
    with connected(home, acting_as) as client:
        show(without(client.put(f"/incidents/{id}/report", body), *NESTED), format=format)


@incident.command("action")
def plan(
    id: Incident,
    text: Text,
    owner: Person,
    due: Annotated[str, typer.Option(help="The day it is due, such as 2026-12-01.")],
    home: Home = None,
    acting_as: ActingAs = None,
    format: Printed = Format.TABLE,
) -> None:
    """Add a corrective action.

    Example: lifecycle incident action incident-3 "check units" --owner ana --due 2026-12-01
    """
    _step(id, "actions", {"text": text, "owner": owner, "due": due}, home, acting_as, format)


@incident.command("done")
def carry_out(
    id: Incident,
    number: Annotated[int, typer.Argument(metavar="NUMBER")],
    home: Home = None,
    acting_as: ActingAs = None,
    format: Printed = Format.TABLE,
) -> None:
    """Say that a corrective action is done. Example: lifecycle incident done incident-3 1."""
    _step(id, f"actions/{number}/completion", {}, home, acting_as, format)


@incident.command("link")
def link(
    id: Incident,
    alert: Alerts = None,
    evidence: Annotated[
        list[str] | None, typer.Option(help="Evidence that the version is sound again.")
    ] = None,
    home: Home = None,
    acting_as: ActingAs = None,
    format: Printed = Format.TABLE,
) -> None:
    """Add alerts or evidence. Example: lifecycle incident link incident-3 --alert alert-9."""
    body = {"alerts": alert or [], "evidence": evidence or []}
    _step(id, "links", body, home, acting_as, format)


def _step(
    incident_id: str,
    step: str,
    body: dict[str, Any],
    home: Path | None,
    acting_as: str | None,
    format: Format,
) -> None:
    with connected(home, acting_as) as client:
        changed = client.post(f"/incidents/{incident_id}/{step}", body)
    show(without(changed, *NESTED), format=format)
