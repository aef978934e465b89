"""Commands for what follows a request: talk, delegate, findings, passes, the clock."""

from pathlib import Path
from typing import Annotated

import typer

from lifecycle.cli.options import (
    ActingAs,
    Home,
    Identifier,
    Model,
    Name,
    Out,
    Printed,
    Reason,
    Request,
    Text,
    Version,
)
from lifecycle.cli.records import show, write
from lifecycle.cli.session import Format, connected, text_of

finding = typer.Typer(no_args_is_help=True, help="Conditions, reviews and broken glasses.")
delegation = typer.Typer(no_args_is_help=True, help="Who decides for whom, for a time.")
passes = typer.Typer(no_args_is_help=True, help="Passes of the gate, for deployers.")

DUE = ("id", "kind", "version_id", "owner", "severity", "due_at", "status", "text")


def withdraw(
    request: Request,
    reason: Reason,
    home: Home = None,
    acting_as: ActingAs = None,
    format: Printed = Format.TABLE,
) -> None:
    """Take your own request back. Example: lifecycle withdraw req-3 --reason "too early"."""
    with connected(home, acting_as) as client:
        show(client.post(f"/requests/{request}/withdrawal", {"reason": reason}), format=format)


def comment(
    request: Request,
    text: Text,
    home: Home = None,
    acting_as: ActingAs = None,
) -> None:
    """Say something about a request. Example: lifecycle comment req-3 "@dan which rows?"."""
    with connected(home, acting_as) as client:
        client.post(f"/requests/{request}/comments", {"text": text})


def tasks(
    home: Home = None,
    acting_as: ActingAs = None,
    format: Printed = Format.TABLE,
    out: Out = None,
) -> None:
    """List what waits for you beside votes. Example: lifecycle tasks."""
    with connected(home, acting_as) as client:
        items = client.get("/tasks")["items"]
    show(items, format=format, out=out, columns=("kind", "subject", "sentence", "at", "overdue"))


def tick(
    home: Home = None,
    acting_as: ActingAs = None,
    format: Printed = Format.TABLE,
) -> None:
    """Remind, escalate, expire and revoke what is due; never approves. Example: lifecycle tick."""
    with connected(home, acting_as) as client:
        said = client.post("/clock")["sentences"]
    show([{"what": sentence} for sentence in said], format=format)


@finding.command("list")
def list_findings(
    version: Annotated[str | None, typer.Option(help="MODEL/VERSION; all when absent.")] = None,
    home: Home = None,
    acting_as: ActingAs = None,
    format: Printed = Format.TABLE,
    out: Out = None,
) -> None:
    """List findings, the earliest due first. Example: lifecycle finding list."""
    with connected(home, acting_as) as client:
        items = client.get("/findings", version=version)["items"]
    show(items, format=format, out=out, columns=DUE)


@finding.command("answer")
def answer(
    identifier: Identifier,
    reason: Reason,
    home: Home = None,
    acting_as: ActingAs = None,
    format: Printed = Format.TABLE,
) -> None:
    """Say what you did. Example: lifecycle finding answer find-2 --reason "retrained on 2026"."""
    with connected(home, acting_as) as client:
        kept = client.post(f"/findings/{identifier}/answer", {"reason": reason})
    show([kept], format=format, columns=DUE)


@finding.command("close")
def close(
    identifier: Identifier,
    reason: Reason,
    home: Home = None,
    acting_as: ActingAs = None,
    format: Printed = Format.TABLE,
) -> None:
    """Agree that it is done. Example: lifecycle finding close find-2 --reason "checked"."""
    with connected(home, acting_as) as client:
        kept = client.post(f"/findings/{identifier}/closure", {"reason": reason})
    show([kept], format=format, columns=DUE)


@finding.command("extend")
def extend(
    identifier: Identifier,
    due: Annotated[str, typer.Option(help="The new date, YYYY-MM-DD.")],
    reason: Reason,
    home: Home = None,
    acting_as: ActingAs = None,
    format: Printed = Format.TABLE,
) -> None:
    """Give somebody more time.

    Example: lifecycle finding extend find-2 --due 2027-01-31 --reason "data arrives in January"
    """
    body = {"due_at": due if "T" in due else f"{due}T23:59:59Z", "reason": reason}
    with connected(home, acting_as) as client:
        kept = client.post(f"/findings/{identifier}/extension", body)
    show([kept], format=format, columns=DUE)


@finding.command("assign")
def assign(
    identifier: Identifier,
    owner: Annotated[str, typer.Option(help="Who has to answer it from now on.")],
    reason: Reason,
    home: Home = None,
    acting_as: ActingAs = None,
    format: Printed = Format.TABLE,
) -> None:
    """Give it to somebody else, such as when its owner left.

    Example: lifecycle finding assign find-2 --owner vera --reason "val left"
    """
    with connected(home, acting_as) as client:
        kept = client.post(f"/findings/{identifier}/owner", {"owner": owner, "reason": reason})
    show([kept], format=format, columns=DUE)


@delegation.command("list")
def list_delegations(
    home: Home = None,
    acting_as: ActingAs = None,
    format: Printed = Format.TABLE,
    out: Out = None,
) -> None:
    """List who decides for whom. Example: lifecycle delegation list."""
    with connected(home, acting_as) as client:
        show(client.get("/delegations")["items"], format=format, out=out)


@delegation.command("add")
def delegate(
    taker: Name,
    start: Annotated[str, typer.Option(help="First day, YYYY-MM-DD.")],
    end: Annotated[str, typer.Option(help="The day after the last, YYYY-MM-DD.")],
    reason: Reason,
    home: Home = None,
    acting_as: ActingAs = None,
    format: Printed = Format.TABLE,
) -> None:
    """Lend your authority to decide to an equal, for a time.

    Example: lifecycle delegation add rita --start 2026-12-21 --end 2027-01-04 --reason leave
    """
    days = {
        name: day if "T" in day else f"{day}T00:00:00Z"
        for name, day in (("start", start), ("end", end))
    }
    with connected(home, acting_as) as client:
        kept = client.post("/delegations", {"taker": taker, "reason": reason, **days})
    show(kept, format=format)


@delegation.command("end")
def end_delegation(
    identifier: Identifier,
    home: Home = None,
    acting_as: ActingAs = None,
) -> None:
    """End a delegation early. Example: lifecycle delegation end del-1."""
    with connected(home, acting_as) as client:
        client.delete(f"/delegations/{identifier}")


@passes.command("key")
def key(home: Home = None, acting_as: ActingAs = None, out: Out = None) -> None:
    """Print the gate's public key as PEM. Example: lifecycle pass key --out gate.pem."""
    with connected(home, acting_as) as client:
        write(client.get("/gate/key")["pem"], out)


@passes.command("check")
def check(
    file: Annotated[Path, typer.Argument(help="The pass, as the gate gave it.")],
    key: Annotated[Path, typer.Option(help="The gate's public key, as PEM.")],
    stage: Annotated[str, typer.Option(help="Where it is about to start.")] = "production",
    version: Annotated[str | None, typer.Option(help="MODEL/VERSION about to start.")] = None,
    artifact: Annotated[
        str | None, typer.Option(help="SHA-256 of the file about to start.")
    ] = None,
    format: Printed = Format.TABLE,
) -> None:
    """Check a pass before starting what it names; needs no workspace.

    Example: lifecycle pass check pass.jwt --key gate.pem --version churn-gbm/3
    """
    from datetime import UTC, datetime

    from lifecycle.adapters.keys import from_text
    from lifecycle.services.approvals.passes import check as checked

    claims = checked(
        text_of(file),
        public=from_text(text_of(key)),
        at=datetime.now(UTC),
        stage=stage,
        version_id=version,
        artifact=artifact,
    )
    show(claims, format=format)


@passes.command("break-glass")
def break_glass(
    model: Model,
    version: Version,
    reason: Reason,
    home: Home = None,
    acting_as: ActingAs = None,
    out: Out = None,
) -> None:
    """Start what the gate refuses; it leaves a mark in the trail and a task with a date.

    Example: lifecycle pass break-glass churn-gbm 3 --reason "hospital system down" --out pass.jwt
    """
    body = {"model": model, "version": version, "reason": reason}
    with connected(home, acting_as) as client:
        made = client.post("/gate/glass", body)
    typer.echo(f"{made['finding']['id']} is due on {made['finding']['due_at']}", err=True)
    write(made["token"] + "\n", out)
