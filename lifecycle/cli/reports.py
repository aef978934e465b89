"""Commands that write documents from the records: model cards, evidence packs."""

from pathlib import Path
from typing import Annotated

import typer

from lifecycle.cli.records import show, write
from lifecycle.cli.session import ActingAs, Format, Home, Out, connected
from lifecycle.errors import InvalidInput

report = typer.Typer(no_args_is_help=True, help="Documents made from the records.")

Model = Annotated[str, typer.Argument(metavar="MODEL")]
Version = Annotated[str, typer.Argument(metavar="VERSION")]


@report.command("card")
def card(
    model: Model,
    version: Version,
    home: Home = None,
    acting_as: ActingAs = None,
    format: Annotated[str, typer.Option(help="markdown or json.")] = "markdown",
    out: Out = None,
) -> None:
    """Write the model card of a version; every number names its evidence.

    Example: lifecycle report card churn-gbm 3 --out card.md
    """
    if format not in {"markdown", "json"}:
        raise InvalidInput(f"a card is written as markdown or json, not {format!r}")
    with connected(home, acting_as) as client:
        found = client.get(f"/models/{model}/versions/{version}/card")
    if format == "json":
        show(found["card"], format=Format.JSON, out=out)
    else:
        write(found["markdown"], out)


@report.command("evidence-pack")
def evidence_pack(
    model: Model,
    version: Version,
    out: Annotated[Path, typer.Option(help="The zip file to write.")],
    home: Home = None,
    acting_as: ActingAs = None,
) -> None:
    """Write everything about a version's approval into one archive that others verify themselves.

    Example: lifecycle report evidence-pack churn-gbm 3 --out pack.zip
    """
    if out.exists():
        raise InvalidInput(f"{out} exists already; name another file")
    with connected(home, acting_as) as client:
        client.download(f"/models/{model}/versions/{version}/evidence-pack", out)
    typer.echo(f"saved {out}; `python verify.py` inside checks it", err=True)
