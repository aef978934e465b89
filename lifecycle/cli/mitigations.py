"""Commands that try ways to narrow a gap between groups, and register one as a version."""

from typing import Annotated, Any

import typer

from lifecycle.cli.options import ActingAs, Home, Identifier, Model, Name, Out, Printed, Version
from lifecycle.cli.records import show
from lifecycle.cli.session import Format, connected
from lifecycle.cli.work import ended

mitigation = typer.Typer(no_args_is_help=True, help="Ways to narrow a gap between groups.")

COLUMNS = ("way", "accuracy", "gap", "legally sensitive", "runs as")


@mitigation.command("start")
def start(
    model: Model,
    version: Version,
    attribute: Annotated[
        str, typer.Option(metavar="COL", help="The attribute between whose groups the gap is.")
    ],
    snapshot: Annotated[
        str | None, typer.Option(help="The rows to learn and measure on; else the reference.")
    ] = None,
    gap: Annotated[
        str, typer.Option(help="What to narrow: demographic_parity or equalized_odds.")
    ] = "demographic_parity",
    seed: Annotated[int, typer.Option(help="Of the rows kept apart, and of the training.")] = 0,
    home: Home = None,
    acting_as: ActingAs = None,
    format: Printed = Format.TABLE,
) -> None:
    """Try ways to narrow a gap in a worker process; the job's result names the frontier.

    Example: lifecycle mitigation start credit-default 2 --attribute sex --as vera
    """
    body = {"attribute": attribute, "snapshot": snapshot, "constraint": gap, "seed": seed}
    with connected(home, acting_as) as client:
        job = client.post(f"/models/{model}/versions/{version}/mitigations", body)
        show(job, format=format)
        ended(job)


@mitigation.command("list")
def list_frontiers(
    model: Model,
    version: Version,
    home: Home = None,
    acting_as: ActingAs = None,
    format: Printed = Format.TABLE,
    out: Out = None,
) -> None:
    """List a version's frontiers, newest first. Example: lifecycle mitigation list churn 3."""
    with connected(home, acting_as) as client:
        items = client.get(f"/models/{model}/versions/{version}/mitigations")["items"]
    columns = ("id", "snapshot_id", "created_at", "created_by")
    show(items, format=format, out=out, columns=columns)


@mitigation.command("show")
def show_frontier(
    identifier: Identifier,
    home: Home = None,
    acting_as: ActingAs = None,
    format: Printed = Format.TABLE,
    out: Out = None,
) -> None:
    """Show each way with its accuracy and gap. Example: lifecycle mitigation show ev-0123456789ab.

    Intervals are those of rows that no way learned from.
    """
    with connected(home, acting_as) as client:
        found = client.get(f"/mitigations/{identifier}")
    if format is Format.JSON:
        show(found, format=format, out=out)
        return
    show([_row(point) for point in found["points"]], format=format, out=out, columns=COLUMNS)
    warnings = dict.fromkeys(p["legally_sensitive"] for p in found["points"])
    for note in (*warnings, *found["notices"]):
        if note:
            typer.echo(f"note: {note}", err=True)


@mitigation.command("register")
def register(
    identifier: Identifier,
    name: Name,
    point: Annotated[str, typer.Option(help="The way, by its name in the frontier.")],
    reference: Annotated[
        str | None, typer.Option(help="A snapshot with its own answers; else the original's.")
    ] = None,
    home: Home = None,
    acting_as: ActingAs = None,
    format: Printed = Format.TABLE,
) -> None:
    """Register a way as a draft version, with its model file where it has one.

    Example: lifecycle mitigation register ev-0123456789ab 2-narrowed --point "trained anew"
    """
    body = {"point": point, "name": name, "reference": reference}
    with connected(home, acting_as) as client:
        show(client.post(f"/mitigations/{identifier}/versions", body), format=format)


@mitigation.command("rule")
def rule(
    model: Model,
    version: Version,
    home: Home = None,
    acting_as: ActingAs = None,
    format: Printed = Format.JSON,
    out: Out = None,
) -> None:
    """Print a version's thresholds by group. Example: lifecycle mitigation rule churn 3-narrowed.

    A case is decided positive with the sum of the chances of all steps its score is above.
    """
    with connected(home, acting_as) as client:
        found = client.get(f"/models/{model}/versions/{version}/decision-rule")
    show(found, format=format, out=out)


def _row(point: dict[str, Any]) -> dict[str, Any]:
    return {
        "way": point["name"],
        "accuracy": _said(point["accuracy"]),
        "gap": _said(point["gap"]),
        "legally sensitive": "yes" if point["legally_sensitive"] else "no",
        "runs as": point["runs_as"],
    }


def _said(measured: dict[str, Any]) -> str:
    if measured["value"] is None:
        return f"{measured['state']}: {measured['reason']}"
    low, high = measured["interval"] or (None, None)
    between = "" if low is None else f" ({low:.3f} to {high:.3f})"
    return f"{measured['value']:.3f}{between}, n {measured['n']:,}"
