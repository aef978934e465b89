"""The command on files that says what drives a model."""

from pathlib import Path
from typing import Annotated

import typer

from lifecycle.cli.files import Data, Many, Out, Positive, Printed, Where, filters
from lifecycle.cli.output import Format, deliver
from lifecycle.cli.session import listed

EXAMPLES = """\b
Examples:
  lifecycle explain model.skops rows.parquet --positive yes
  lifecycle explain model.skops rows.csv --rows 500 --background reference.parquet --format json
"""


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command(epilog=EXAMPLES)(explain)


def explain(
    model: Annotated[Path, typer.Argument(metavar="MODEL", help="A skops file.")],
    data: Data,
    rows: Annotated[
        int | None,
        typer.Option(min=2, help="How many; absent: until the ranking of columns is stable."),
    ] = None,
    background: Annotated[
        str | None, typer.Option(metavar="FILE", help="Rows to compare with; else rows of DATA.")
    ] = None,
    features: Annotated[
        Many, typer.Option(metavar="A,B", help="The model's columns, if it does not name them.")
    ] = None,
    positive: Positive = None,
    trust: Annotated[
        Many, typer.Option(metavar="TYPE", help="A type in the model file that you trust; repeat.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Of the sample.")] = 0,
    seconds: Annotated[float, typer.Option(min=1, help="Most time the model may take.")] = 600,
    memory: Annotated[
        int, typer.Option(metavar="MB", min=256, help="Most memory the model may take.")
    ] = 8192,
    where: Where = None,
    format: Printed = Format.TABLE,
    out: Out = None,
) -> None:
    """Say what drives a model's answers: SHAP values by column, checked, with how sure they are."""
    from lifecycle.services.explanation.files import ExplainOptions, explain_files

    options = ExplainOptions(
        rows=rows,
        features=[name for part in features or () for name in listed(part)],
        positive=positive,
        trusted=trust or (),
        seed=seed,
        seconds=seconds,
        memory_mb=memory,
        where=filters(where),
    )
    deliver(
        explain_files(model, data, background=background, options=options), format=format, out=out
    )
