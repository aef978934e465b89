"""Commands that run a workspace: people, tokens, jobs, backups, serving it."""

import importlib
import os
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from lifecycle.cli.options import ActingAs, Home, Out, Printed, Reason
from lifecycle.cli.records import show
from lifecycle.cli.session import Format, connected, listed
from lifecycle.cli.work import ended
from lifecycle.errors import InvalidInput
from lifecycle.settings import load

Units = Annotated[str, typer.Option(help="Business units the roles are for; all when absent.")]
Tiers = Annotated[str, typer.Option(help="Risk tiers the roles are for; all when absent.")]

user = typer.Typer(no_args_is_help=True, help="Accounts and what they may do.")
token = typer.Typer(no_args_is_help=True, help="Bearer tokens for programs.")
job = typer.Typer(no_args_is_help=True, help="Long work.")


@user.command("add")
def add_person(
    name: str,
    roles: Annotated[str, typer.Option(help="viewer, developer, validator, approver, …")],
    display: Annotated[str, typer.Option(help="The name people read.")] = "",
    units: Units = "",
    tiers: Tiers = "",
    home: Home = None,
    acting_as: ActingAs = None,
    format: Printed = Format.TABLE,
) -> None:
    """Make an account and print its one-time sign-in link.

    Example: lifecycle user add ana --display "Ana Lima" --roles developer,validator
    """
    with connected(home, acting_as) as client:
        body = {"name": name, "display": display or name, "roles": listed(roles)}
        reach = {"units": listed(units), "tiers": listed(tiers)}
        made = client.post("/people", body | reach)
    show({**made, "invitation": _link(made["invitation"], home)}, format=format)


@user.command("list")
def list_people(
    home: Home = None,
    acting_as: ActingAs = None,
    format: Printed = Format.TABLE,
    out: Out = None,
) -> None:
    """List accounts. Example: lifecycle user list."""
    with connected(home, acting_as) as client:
        items = client.get("/people")["items"]
    show(items, format=format, out=out, columns=("name", "display", "roles", "active"))


@user.command("roles")
def set_roles(
    name: str,
    roles: Annotated[str, typer.Argument(help="Comma-separated.")],
    units: Units = "",
    tiers: Tiers = "",
    reason: Reason = "",
    home: Home = None,
    acting_as: ActingAs = None,
    format: Printed = Format.TABLE,
) -> None:
    """Change what an account may do, and where; authority waits for a second administrator.

    Example: lifecycle user roles ana approver --units retail --tiers high,limited
    """
    body = {"roles": listed(roles), "reason": reason}
    reach = {"units": listed(units), "tiers": listed(tiers)}
    with connected(home, acting_as) as client:
        show(client.put(f"/people/{name}/roles", body | reach), format=format)


@user.command("changes")
def list_changes(
    home: Home = None,
    acting_as: ActingAs = None,
    format: Printed = Format.TABLE,
    out: Out = None,
) -> None:
    """List changes of roles and what became of them. Example: lifecycle user changes."""
    with connected(home, acting_as) as client:
        items = client.get("/role-changes")["items"]
    columns = ("id", "person", "roles", "reach", "asked_by", "answer", "answered_by", "reason")
    show(items, format=format, out=out, columns=columns)


@user.command("answer")
def answer_change(
    id: str,
    agree: Annotated[bool, typer.Option("--agree/--refuse", help="Whether it may be done.")],
    home: Home = None,
    acting_as: ActingAs = None,
    format: Printed = Format.TABLE,
) -> None:
    """Agree to a change of roles as the second administrator, or refuse it.

    Example: lifecycle user answer rc-3 --agree
    """
    with connected(home, acting_as) as client:
        show(client.post(f"/role-changes/{id}/answer", {"agree": agree}), format=format)


@user.command("sign-out")
def sign_out_everywhere(
    name: str, home: Home = None, acting_as: ActingAs = None, format: Printed = Format.TABLE
) -> None:
    """End all sessions of an account at once. Example: lifecycle user sign-out ana."""
    with connected(home, acting_as) as client:
        show(client.post(f"/people/{name}/sign-out"), format=format)


@user.command("invite")
def invite(name: str, home: Home = None, acting_as: ActingAs = None) -> None:
    """Print a new one-time sign-in link. Example: lifecycle user invite ana."""
    with connected(home, acting_as) as client:
        made = client.post(f"/people/{name}/invitation")
    typer.echo(_link(made["invitation"], home))


@user.command("deactivate")
def deactivate(
    name: str,
    home: Home = None,
    acting_as: ActingAs = None,
    format: Printed = Format.TABLE,
) -> None:
    """Close an account. Example: lifecycle user deactivate ana."""
    with connected(home, acting_as) as client:
        show(client.post(f"/people/{name}/deactivation"), format=format)


@user.command("erase")
def erase(
    name: str,
    reason: Reason,
    home: Home = None,
    acting_as: ActingAs = None,
    format: Printed = Format.TABLE,
) -> None:
    """Make a closed account's name unreadable for ever; the account name stays.

    Example: lifecycle user erase ana --reason "asked for erasure, ticket 7"
    """
    with connected(home, acting_as) as client:
        show(client.post(f"/people/{name}/erasure", {"reason": reason}), format=format)


@token.command("add")
def add_token(
    label: str,
    scopes: Annotated[str, typer.Option(help="read, write, decide, administer.")] = "read",
    days: Annotated[int, typer.Option(help="Days until it ends, 1 to 365.")] = 90,
    person: Annotated[str | None, typer.Option(help="For whom; oneself when absent.")] = None,
    home: Home = None,
    acting_as: ActingAs = None,
    format: Printed = Format.TABLE,
) -> None:
    """Make a token; its secret is shown this once.

    Example: lifecycle token add pipeline --scopes read,write --days 30
    """
    with connected(home, acting_as) as client:
        body = {"label": label, "scopes": listed(scopes), "days": days, "person": person}
        show(client.post("/tokens", body), format=format)


@token.command("list")
def list_tokens(
    home: Home = None,
    acting_as: ActingAs = None,
    format: Printed = Format.TABLE,
    out: Out = None,
) -> None:
    """List tokens. Example: lifecycle token list."""
    with connected(home, acting_as) as client:
        items = client.get("/tokens")["items"]
    columns = ("id", "person", "label", "scopes", "expires_at", "last_used_at", "revoked_at")
    show(items, format=format, out=out, columns=columns)


@token.command("revoke")
def revoke_token(
    id: str, home: Home = None, acting_as: ActingAs = None, format: Printed = Format.TABLE
) -> None:
    """Revoke a token at once. Example: lifecycle token revoke tok-3."""
    with connected(home, acting_as) as client:
        show(client.delete(f"/tokens/{id}"), format=format)


@job.command("list")
def list_jobs(
    home: Home = None,
    acting_as: ActingAs = None,
    format: Printed = Format.TABLE,
    out: Out = None,
) -> None:
    """List long work, newest first. Example: lifecycle job list."""
    with connected(home, acting_as) as client:
        items = client.get("/jobs")["items"]
    columns = ("id", "kind", "subject", "state", "progress", "note", "owner", "result")
    show(items, format=format, out=out, columns=columns)


@job.command("show")
def show_job(
    id: str, home: Home = None, acting_as: ActingAs = None, format: Printed = Format.TABLE
) -> None:
    """Show one job with its log. Example: lifecycle job show job-7."""
    with connected(home, acting_as) as client:
        show(client.get(f"/jobs/{id}"), format=format)


@job.command("cancel")
def cancel_job(
    id: str, home: Home = None, acting_as: ActingAs = None, format: Printed = Format.TABLE
) -> None:
    """Stop a job. Example: lifecycle job cancel job-7."""
    with connected(home, acting_as) as client:
        show(client.post(f"/jobs/{id}/cancel"), format=format)


@job.command("run")
def run_jobs(
    id: Annotated[str | None, typer.Argument(help="All that wait, when none is named.")] = None,
    home: Home = None,
    acting_as: ActingAs = None,
    format: Printed = Format.TABLE,
) -> None:
    """Run what waits, where no server does. Example: lifecycle job run job-7."""
    with connected(home, acting_as) as client:
        waiting = [one["id"] for one in client.get("/jobs")["items"] if one["state"] == "queued"]
        named = [id] if id else reversed(waiting)
        ended = [client.post(f"/jobs/{one}/run") for one in named]
    show(ended, format=format, columns=("id", "kind", "subject", "state", "note", "result"))


@job.command("retry")
def retry_job(
    id: str, home: Home = None, acting_as: ActingAs = None, format: Printed = Format.TABLE
) -> None:
    """Run a job again with the same settings. Example: lifecycle job retry job-7."""
    with connected(home, acting_as) as client:
        job = client.post(f"/jobs/{id}/retry")
        show(job, format=format)
        ended(job)


def backup(file: Path, home: Home = None, acting_as: ActingAs = None) -> None:
    """Save a consistent copy of the workspace, also while it is served.

    Example: lifecycle backup lifecycle-backup.tar
    """
    with connected(home, acting_as) as client:
        client.download("/backup", file)
    note = "without the folder `keys`: save it apart, or nobody reads there what people wrote"
    typer.echo(f"saved {file}, {note}", err=True)


def restore(file: Path, home: Home = None) -> None:
    """Put a backup into an empty folder. Example: lifecycle restore b.tar --home restored."""
    from lifecycle.client import operator
    from lifecycle.services import workspaces

    settings = load(home=home)
    workspaces.restore(file, settings.home, by=operator(), at=datetime.now(UTC))
    typer.echo(f"restored into {settings.home}", err=True)


def init(
    admin: Annotated[str, typer.Option(help="The first administrator's account name.")],
    home: Home = None,
) -> None:
    """Make an empty workspace and print the first administrator's one-time sign-in link.

    Example: lifecycle init --home workspace --admin ana
    """
    from lifecycle.services import workspaces

    settings = load(home=home)
    workspace, secret = workspaces.create(settings.home, admin=admin, at=datetime.now(UTC))
    workspace.close()
    typer.echo(f"made {settings.home}; serve it, then open this link within 24 hours:", err=True)
    typer.echo(_link(secret or "", home))


def demo(
    home: Home = None,
    source: Annotated[
        Path | None, typer.Option("--from", help="A folder with the real data sets.")
    ] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Remove an earlier sample first.")] = False,
    if_missing: Annotated[
        bool, typer.Option("--if-missing", help="Leave any workspace that exists alone.")
    ] = False,
) -> None:
    """Build the sample portfolio. Example: lifecycle demo --home sample --fresh."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    from lifecycle.demo import build

    settings = load(home=home)
    if if_missing and (settings.home / "lifecycle.duckdb").exists():
        return
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task("Sample portfolio", total=1.0)

        def report(share: float, sentence: str) -> None:
            bar.update(task, completed=share, description=sentence)

        build(settings.home, at=datetime.now(UTC), source=source, fresh=fresh, progress=report)
    typer.echo(f"the sample portfolio is in {settings.home}", err=True)


def serve(
    home: Home = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on.")] = None,
) -> None:
    """Serve pages and API. Example: lifecycle serve --home workspace --port 8501."""
    settings = load(home=home)
    settings = replace(settings, host=host or settings.host, port=port or settings.port)
    if not (settings.home / "lifecycle.duckdb").exists():
        raise InvalidInput(
            f"{settings.home} holds no workspace; make one with 'lifecycle init --admin NAME' "
            "or 'lifecycle demo'"
        )
    root = _interface()
    # Streamlit reads its configuration from the folder it starts in.
    os.chdir(root)
    sys.path.insert(0, str(root))
    importlib.import_module("app.server").run(settings)


def _interface() -> Path:
    """Find the folder that holds app/ and pages/: inside the wheel, or the checkout."""
    package = Path(__file__).resolve().parent.parent
    for root in (package / "_ui", package.parent):
        if (root / "app" / "server.py").is_file():
            return root
    raise InvalidInput("this installation has no pages; install the whole wheel")


def _link(secret: str, home: Path | None) -> str:
    settings = load(home=home)
    base = settings.server or settings.public_url or f"http://{settings.host}:{settings.port}"
    return f"{base.rstrip('/')}/auth/link?secret={secret}"
