"""Commands that measure a version against a plan that was fixed before."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lifecycle.cli.options import ActingAs, Home, Model, Name, Out, Printed, Version
from lifecycle.cli.output import Format as Rendered
from lifecycle.cli.output import render_junit
from lifecycle.cli.records import show, write
from lifecycle.cli.session import Format, connected, text_of
from lifecycle.domain.measurement import NO_LIMIT, State
from lifecycle.errors import CheckFailed, InsufficientData, InvalidInput

if TYPE_CHECKING:
    from lifecycle.client import Client

plan = typer.Typer(no_args_is_help=True, help="Plans of assessments, fixed before any result.")

POLL_SECONDS = 0.5
FAILED = ("fail", "error")


def assess(
    model: Model,
    version: Version,
    snapshot: Annotated[str | None, typer.Option(help="The rows to measure on.")] = None,
    plan: Annotated[
        Path | None, typer.Option(help="What to measure and the limits, as YAML.")
    ] = None,
    override: Annotated[
        str, typer.Option(help="Why limits change after results on these rows were known.")
    ] = "",
    again: Annotated[
        str | None, typer.Option(help="Evidence to measure again, to see whether it reproduces.")
    ] = None,
    home: Home = None,
    acting_as: ActingAs = None,
    format: Annotated[Rendered, typer.Option("--format", help="How to print.")] = Rendered.TABLE,
    out: Out = None,
) -> None:
    """Measure a version against a plan in a worker process and keep the result as evidence.

    Example: lifecycle assess churn-gbm 3 --snapshot churn-data@1a2b3c4d5e --plan plan.yaml
    """
    body: dict[str, Any] = {"snapshot": snapshot, "override": override, "again": again}
    body["plan"] = None if plan is None else text_of(plan)
    with connected(home, acting_as) as client:
        answer = client.post(f"/models/{model}/versions/{version}/assessments", body)
        kept = _followed(client, answer)
    if format is Rendered.JUNIT:
        measured = [{"window": None, **m} for item in kept for m in item["measurements"]]
        write(render_junit({"command": "assess", "measurements": measured}) + "\n", out)
    else:
        columns = ("id", "purpose", "outcome", "state", "snapshot_id")
        shown = [_unlimited(item) for item in kept] if format is Rendered.TABLE else kept
        show(shown, format=Format(format.value), out=out, columns=columns)
    _told(kept)
    failed = [item["id"] for item in kept if item["outcome"] in FAILED]
    if failed:
        raise CheckFailed(f"outside the plan's limits: {', '.join(failed)}")
    if any(item["state"] == "insufficient" for item in kept):
        raise InsufficientData("the snapshot holds too little data for part of the plan")


def _followed(client: "Client", answer: dict[str, Any]) -> list[dict[str, Any]]:
    """Wait for a job that a server runs, saying how it goes."""
    note = ""
    while answer["job"]["state"] in {"queued", "running"}:
        if answer["job"]["note"] != note:
            note = answer["job"]["note"]
            typer.echo(f"{answer['job']['id']}: {note or 'waits for a worker'}", err=True)
        time.sleep(POLL_SECONDS)
        answer = client.get(f"/jobs/{answer['job']['id']}/evidence")
    return answer["items"]


def _unlimited(item: dict[str, Any]) -> dict[str, Any]:
    """Say of what no limit judged that none was set; it is neither passed nor too little data."""
    if item["state"] != State.NOT_APPLICABLE:
        return item
    return {**item, "outcome": NO_LIMIT, "state": "measured"}


def _told(kept: list[dict[str, Any]]) -> None:
    """Say on stderr what a reader of the table would miss."""
    for item in kept:
        for finding in item["payload"].get("findings", []):
            typer.echo(f"note: {finding}", err=True)
        again = item["payload"].get("reproduction")
        if again:
            said = "reproduced" if again["reproduced"] else "not reproduced"
            reasons = "; ".join([*again["differences"], *again["because"]])
            about = f"{again['of']} is {said}, {again['compared']} values compared"
            typer.echo(f"note: {about}{': ' if reasons else ''}{reasons}", err=True)


@plan.command("check")
def check(file: Path) -> None:
    """Read a plan and say what is wrong with it, by line and key; no workspace is needed.

    Example: lifecycle plan check plan.yaml
    """
    from lifecycle.services import plans

    read = plans.read(file)
    named = sum(len(names) for names in read.statistics.values())
    typer.echo(f"{file} is a plan of {named} statistics with {len(read.limits)} limits")


@plan.command("fix")
def fix(
    file: Path,
    home: Home = None,
    acting_as: ActingAs = None,
    format: Printed = Format.TABLE,
) -> None:
    """Keep a plan before there are results; what is fixed never changes.

    Example: lifecycle plan fix plan.yaml
    """
    with connected(home, acting_as) as client:
        show(client.post("/plans", {"plan": text_of(file)}), format=format)


@plan.command("list")
def list_plans(
    name: Annotated[str | None, typer.Option(help="Only the versions of this plan.")] = None,
    home: Home = None,
    acting_as: ActingAs = None,
    format: Printed = Format.TABLE,
    out: Out = None,
) -> None:
    """List the plans that were fixed, newest first. Example: lifecycle plan list."""
    with connected(home, acting_as) as client:
        items = client.get("/plans", name=name)["items"]
    columns = ("name", "version", "fixed_at", "fixed_by", "sha256")
    show(items, format=format, out=out, columns=columns)


@plan.command("show")
def show_plan(
    name: Name,
    version: Version,
    home: Home = None,
    acting_as: ActingAs = None,
) -> None:
    """Print a plan as YAML. Example: lifecycle plan show credit 2."""
    import yaml

    with connected(home, acting_as) as client:
        items = client.get("/plans", name=name)["items"]
    found = next((one for one in items if one["version"] == version), None)
    if found is None:
        raise InvalidInput(f"there is no plan {name} {version}")
    write(yaml.safe_dump(found["content"], sort_keys=False, allow_unicode=True), None)
