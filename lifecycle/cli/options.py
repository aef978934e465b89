"""What several workspace commands ask for in the same way; each is defined once, here."""

from pathlib import Path
from typing import Annotated

import typer

from lifecycle.cli.session import Format

Home = Annotated[Path | None, typer.Option("--home", help="The workspace folder (LIFECYCLE_HOME).")]
ActingAs = Annotated[
    str | None,
    typer.Option("--as", help="In a sample workspace: act as this person (LIFECYCLE_AS)."),
]
Printed = Annotated[Format, typer.Option("--format", help="How to print the result.")]
Out = Annotated[Path | None, typer.Option("--out", help="Write the result to a file.")]
Reason = Annotated[str, typer.Option("--reason", help="Why; it goes into the audit trail.")]

Model = Annotated[str, typer.Argument(metavar="MODEL")]
Version = Annotated[str, typer.Argument(metavar="VERSION")]
Dataset = Annotated[str, typer.Argument(metavar="DATASET")]
Request = Annotated[str, typer.Argument(metavar="REQUEST")]
Name = Annotated[str, typer.Argument(metavar="NAME")]
Identifier = Annotated[str, typer.Argument(metavar="ID")]
Text = Annotated[str, typer.Argument(metavar="TEXT")]
ShortName = Annotated[str, typer.Argument(help="A short name, such as credit-default.")]
RowColumn = Annotated[str, typer.Option("--id", help="Column that identifies the row.")]
Wished = Annotated[str, typer.Option(help="The stage wished for.")]
OfModel = Annotated[str | None, typer.Option(help="Only those of a model.")]
Alerts = Annotated[list[str] | None, typer.Option(help="An alert of it, repeated.")]
Columns = Annotated[str | None, typer.Option(help="Columns, comma-separated.")]
Yearly = Annotated[float | None, typer.Option(help="Expected per year.")]
