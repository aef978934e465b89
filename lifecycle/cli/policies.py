"""Commands about policies: draft, check, try out, compare, publish."""

from pathlib import Path
from typing import Annotated

import typer

from lifecycle.cli.options import ActingAs, Home, Name, Out, Printed, Reason, Version
from lifecycle.cli.records import show
from lifecycle.cli.session import Format, connected, text_of, without

policy = typer.Typer(no_args_is_help=True, help="What each step needs.")


@policy.command("list")
def list_policies(
    home: Home = None,
    acting_as: ActingAs = None,
    format: Printed = Format.TABLE,
    out: Out = None,
) -> None:
    """List published policies. Example: lifecycle policy list."""
    with connected(home, acting_as) as client:
        items = client.get("/policies")["items"]
    columns = ("name", "version", "unit", "in_force", "published_by", "published_at", "sha256")
    show(items, format=format, out=out, columns=columns)


@policy.command("show")
def show_policy(
    name: Annotated[str, typer.Argument()] = "house",
    version: Annotated[str | None, typer.Option(help="The one in force when absent.")] = None,
    home: Home = None,
    acting_as: ActingAs = None,
    out: Out = None,
) -> None:
    """Print a policy's content as JSON. Example: lifecycle policy show house."""
    with connected(home, acting_as) as client:
        found = client.get(f"/policies/{name}", version=version)
    show(found["content"], format=Format.JSON, out=out)


@policy.command("schema")
def schema(out: Out = None) -> None:
    """Print the JSON Schema of policies, for editors.

    Example: lifecycle policy schema --out policy.schema.json
    """
    from lifecycle.domain.policy_schema import schema as made

    show(made(), format=Format.JSON, out=out)


@policy.command("check")
def check(
    file: Path,
    home: Home = None,
    acting_as: ActingAs = None,
    format: Printed = Format.TABLE,
    out: Out = None,
) -> None:
    """Find what contradicts itself or can never be met; each sentence names line and key.

    Example: lifecycle policy check house.yaml
    """
    with connected(home, acting_as) as client:
        found = client.post("/policies/check", {"content": text_of(file)})
    show(found, format=format, out=out)


@policy.command("draft")
def draft(
    file: Path,
    home: Home = None,
    acting_as: ActingAs = None,
    format: Printed = Format.TABLE,
    out: Out = None,
) -> None:
    """Keep a policy as a draft; a second person publishes it.

    Example: lifecycle policy draft house.yaml
    """
    with connected(home, acting_as) as client:
        kept = client.post("/policies", {"content": text_of(file)})
    show(without(kept, "text"), format=format, out=out)


@policy.command("drafts")
def list_drafts(
    home: Home = None,
    acting_as: ActingAs = None,
    format: Printed = Format.TABLE,
    out: Out = None,
) -> None:
    """List the drafts that wait for a second person. Example: lifecycle policy drafts."""
    with connected(home, acting_as) as client:
        items = client.get("/policies/drafts")["items"]
    columns = ("name", "version", "authors", "changed_at", "sha256")
    show(items, format=format, out=out, columns=columns)


@policy.command("try")
def what_if(
    file: Path,
    home: Home = None,
    acting_as: ActingAs = None,
    format: Printed = Format.TABLE,
    out: Out = None,
) -> None:
    """Say which versions of the portfolio another policy would judge differently, and why.

    Example: lifecycle policy try house.yaml
    """
    with connected(home, acting_as) as client:
        found = client.post("/policies/trial", {"content": text_of(file)})
    if format is Format.JSON:
        show(found, format=format, out=out)
        return
    shifted = len({shift["version_id"] for shift in found["shifts"]})
    said = f"{shifted} of {found['versions']} versions would be judged differently"
    typer.echo(f"{found['policy']} against {found['against']}: {said}", err=True)
    columns = ("version_id", "tier", "stage", "to", "before", "after", "reasons")
    show(found["shifts"], format=format, out=out, columns=columns)


@policy.command("diff")
def compare(
    name: Name,
    before: Annotated[str, typer.Argument(metavar="BEFORE")],
    after: Annotated[str, typer.Argument(metavar="AFTER")],
    home: Home = None,
    acting_as: ActingAs = None,
    format: Printed = Format.TABLE,
    out: Out = None,
) -> None:
    """Say how two versions of a policy differ. Example: lifecycle policy diff house 1 2."""
    with connected(home, acting_as) as client:
        items = client.get(f"/policies/{name}/differences", before=before, after=after)["items"]
    show(items, format=format, out=out, columns=("where", "before", "after", "direction"))


@policy.command("publish")
def publish(
    name: Name,
    version: Version,
    reason: Reason = "",
    home: Home = None,
    acting_as: ActingAs = None,
    format: Printed = Format.TABLE,
    out: Out = None,
) -> None:
    """Put a draft in force that somebody else wrote. Example: lifecycle policy publish house 2."""
    body = {"version": version, "reason": reason}
    with connected(home, acting_as) as client:
        kept = client.post(f"/policies/{name}/publication", body)
    show(without(kept, "content", "gates"), format=format, out=out)


@policy.command("discard")
def discard(
    name: Name,
    version: Version,
    reason: Reason,
    home: Home = None,
    acting_as: ActingAs = None,
) -> None:
    """Drop a draft. Example: lifecycle policy discard house 2 --reason "too strict"."""
    with connected(home, acting_as) as client:
        client.post(f"/policies/{name}/discard", {"version": version, "reason": reason})
