"""Commands that write documents from the records: cards, validation reports, evidence packs."""

import tempfile
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from lifecycle.cli.options import ActingAs, Home, Model, Out, Printed, Version
from lifecycle.cli.records import show, write
from lifecycle.cli.session import Format as Shown
from lifecycle.cli.session import connected, text_of, without
from lifecycle.errors import InvalidInput

report = typer.Typer(no_args_is_help=True, help="Documents made from the records.")


class Written(StrEnum):
    """How a report is written."""

    MARKDOWN = "markdown"
    HTML = "html"
    JSON = "json"
    PDF = "pdf"
    HUGGINGFACE = "huggingface"


class Audience(StrEnum):
    """Who a report is for."""

    ENGINEER = "engineer"
    MANAGER = "manager"
    PUBLIC = "public"


SUFFIXES = {
    ".md": Written.MARKDOWN,
    ".html": Written.HTML,
    ".htm": Written.HTML,
    ".json": Written.JSON,
    ".pdf": Written.PDF,
}

As = Annotated[
    Written | None, typer.Option("--format", help="By the file's name where it is not given.")
]
For = Annotated[Audience, typer.Option(help="Who reads it: engineers read everything.")]


KINDS = {
    "card": """
    Write the model card of a version; every number names its evidence.

    Example: lifecycle report card churn-gbm 3 --out card.html
    """,
    "validation": """
    Write the validation report of a version: plans, limits, results, how to repeat them.

    Example: lifecycle report validation churn-gbm 3 --out validation.pdf
    """,
}


def _add(kind: str, *, what: str) -> None:
    """Make a command of a kind of report; all of them are asked for alike."""

    @report.command(kind, help=what)
    def write_report(  # pyright: ignore[reportUnusedFunction] -- typer keeps it
        model: Model,
        version: Version,
        home: Home = None,
        acting_as: ActingAs = None,
        format: As = None,
        audience: For = Audience.ENGINEER,
        out: Out = None,
    ) -> None:
        _report(kind, model, version, (home, acting_as), format, audience, out)


for _kind, _what in KINDS.items():
    _add(_kind, what=_what)


@report.command("write")
def write_part(
    model: Model,
    version: Version,
    part: Annotated[str, typer.Argument(help="summary, users, limitations, ethics, training …")],
    file: Annotated[Path, typer.Argument(help="A text file.")],
    home: Home = None,
    acting_as: ActingAs = None,
    format: Printed = Shown.TABLE,
) -> None:
    """Write a part of a version's reports by hand; earlier revisions stay.

    Example: lifecycle report write churn-gbm 3 limitations limits.md
    """
    with connected(home, acting_as) as client:
        address = f"/models/{model}/versions/{version}/reports/parts/{part}"
        show(without(client.put(address, {"text": text_of(file)}), "text"), format=format)


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
    with connected(home, acting_as) as client:
        client.download(f"/models/{model}/versions/{version}/evidence-pack", out)
    typer.echo(f"saved {out}; `python verify.py` inside checks it", err=True)


def _report(
    kind: str,
    model: str,
    version: str,
    where: tuple[Path | None, str | None],
    format: Written | None,
    audience: Audience,
    out: Path | None,
) -> None:
    chosen = format or SUFFIXES.get("" if out is None else out.suffix.casefold(), Written.MARKDOWN)
    if out is None and chosen is Written.PDF:
        raise InvalidInput("a PDF goes into a file: name one with --out")
    address = f"/models/{model}/versions/{version}/reports/{kind}"
    asked = f"{address}?format={chosen}&audience={audience}"
    with connected(*where) as client:
        if out is not None:
            client.download(asked, out)
            typer.echo(f"saved {out}", err=True)
            return
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / kind
            client.download(asked, file)
            write(file.read_text(encoding="utf-8"), None)
