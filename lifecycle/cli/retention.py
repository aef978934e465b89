"""Commands on what may be forgotten: erasure, legal holds, periods of retention."""

from typing import Annotated, Any

import typer

from lifecycle.cli.options import ActingAs, Home, Out, Printed, Reason
from lifecycle.cli.records import show
from lifecycle.cli.session import Format, connected

hold = typer.Typer(no_args_is_help=True, help="What must not be erased.")
retention = typer.Typer(no_args_is_help=True, help="How long records are kept.")


@hold.command("place")
def place(
    subject: Annotated[
        str, typer.Argument(help="everything, or a person:, model:, version: or snapshot:.")
    ],
    reason: Reason,
    home: Home = None,
    acting_as: ActingAs = None,
    format: Printed = Format.TABLE,
) -> None:
    """Forbid that something is erased or disposed of.

    Example: lifecycle hold place person:ana --reason "court order 12/26"
    """
    with connected(home, acting_as) as client:
        show(client.post("/holds", {"subject": subject, "reason": reason}), format=format)


@hold.command("release")
def release(
    id: str,
    reason: Reason,
    home: Home = None,
    acting_as: ActingAs = None,
    format: Printed = Format.TABLE,
) -> None:
    """End a legal hold, as somebody else than who placed it.

    Example: lifecycle hold release hold-1 --reason "case closed"
    """
    with connected(home, acting_as) as client:
        show(client.post(f"/holds/{id}/release", {"reason": reason}), format=format)


@hold.command("list")
def list_holds(
    home: Home = None, acting_as: ActingAs = None, format: Printed = Format.TABLE, out: Out = None
) -> None:
    """List legal holds, newest first. Example: lifecycle hold list."""
    with connected(home, acting_as) as client:
        show(client.get("/holds")["items"], format=format, out=out)


@retention.command("status")
def status(
    home: Home = None, acting_as: ActingAs = None, format: Printed = Format.TABLE, out: Out = None
) -> None:
    """Show how long each class of records is kept and what is due.

    Example: lifecycle retention status
    """
    with connected(home, acting_as) as client:
        items = client.get("/retention")["items"]
    show([_line(item) for item in items], format=format, out=out)


@retention.command("apply")
def apply(home: Home = None, acting_as: ActingAs = None, format: Printed = Format.TABLE) -> None:
    """Erase and remove what is due and not held. Example: lifecycle retention apply."""
    with connected(home, acting_as) as client:
        show(client.post("/retention/disposal"), format=format)


def _line(item: dict[str, Any]) -> dict[str, Any]:
    period = item["period"]
    kept = "as long as the workspace" if period["days"] is None else f"{period['days']} days"
    return {
        "class": period["record_class"],
        "kept": kept,
        "counted_from": period["counted_from"],
        "due": item["due"],
        "held": item["held"],
        "why": period["why"],
    }
