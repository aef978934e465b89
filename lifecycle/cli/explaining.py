"""The command on files that says what drives a model."""

from pathlib import Path
from typing import Annotated

import typer

from lifecycle.cli import options, registry, session
from lifecycle.cli.files import Data, Many, Out, Positive, Printed, Where, filters
from lifecycle.cli.options import ActingAs, Home, Identifier, Model, Version
from lifecycle.cli.output import Format, deliver
from lifecycle.cli.records import show
from lifecycle.cli.session import connected, listed, refuse_idle, text_of
from lifecycle.cli.work import ended
from lifecycle.errors import InvalidInput

EXAMPLES = """\b
Examples:
  lifecycle explain model.skops rows.parquet --positive yes
  lifecycle explain model.skops rows.csv --rows 500 --background reference.parquet --format json
  lifecycle explain model.skops rows.csv --row c-17 --id customer --threshold 0.3 \\
    --reasons reasons.yaml
  lifecycle explain prices.skops homes.csv --row 12 --aim ..250000
"""


Aim = Annotated[
    str | None,
    typer.Option(
        metavar="CLASS|A..B",
        help="The answer to look for: a class, or a range; else the other decision.",
    ),
]


def register(app: typer.Typer) -> None:
    """Add the command to the command line, and its kin on a workspace to their groups."""
    app.command(epilog=EXAMPLES)(explain)
    registry.version.command("decision")(decision)
    registry.version.command("explained")(explained)
    registry.model.command("reasons")(reasons)


def explain(
    context: typer.Context,
    model: Annotated[Path, typer.Argument(metavar="MODEL", help="A skops file.")],
    data: Data,
    rows: Annotated[
        int | None,
        typer.Option(min=2, help="How many; absent: until the ranking of columns is stable."),
    ] = None,
    row: Annotated[
        str | None, typer.Option(metavar="ID", help="One row; without --id its number from 1.")
    ] = None,
    background: Annotated[
        str | None, typer.Option(metavar="FILE", help="Rows to compare with; else rows of DATA.")
    ] = None,
    id: Annotated[str | None, typer.Option(metavar="COL", help="The column --row is in.")] = None,
    target: Annotated[
        str | None, typer.Option(metavar="COL", help="What came of similar cases, with --row.")
    ] = None,
    threshold: Annotated[
        float, typer.Option(help="Score from which the decision is positive, with --row.")
    ] = 0.5,
    aim: Aim = None,
    reasons: Annotated[
        Path | None,
        typer.Option("--reasons", help="YAML: words and limits by column, with --row."),
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

    if row is not None and rows is not None:
        raise InvalidInput("give --rows for many rows or --row for one, not both")
    if row is None:
        refuse_idle(context, "id", "target", "threshold", "aim", "reasons", why="without --row")
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
    if row is None:
        result = explain_files(model, data, background=background, options=options)
    else:
        from lifecycle.services.explanation.row_files import RowOptions, explain_row

        text = None if reasons is None else text_of(reasons)
        one = RowOptions(row, id=id, target=target, threshold=threshold, aim=aim, reasons=text)
        result = explain_row(model, data, background=background, one=one, options=options)
    deliver(result, format=format, out=out)


def decision(
    model: Model,
    name: Version,
    row: Annotated[str, typer.Option(help="The row's id; without an id column its number.")],
    source: Annotated[str, typer.Option(help="A snapshot's id, or log.")] = "log",
    aim: Aim = None,
    home: Home = None,
    acting_as: ActingAs = None,
    format: options.Printed = session.Format.TABLE,
) -> None:
    """Explain one decision of a version. Example: lifecycle version decision churn 3 --row c-17."""
    with connected(home, acting_as) as client:
        body = {"row": row, "source": source, "aim": aim}
        job = client.post(f"/models/{model}/versions/{name}/explained-decisions", body)
        show(job, format=format)
        ended(job)


def explained(
    identifier: Identifier,
    home: Home = None,
    acting_as: ActingAs = None,
    format: options.Printed = session.Format.TABLE,
) -> None:
    """Open an explained decision, which is logged. Example: lifecycle version explained xd-1."""
    with connected(home, acting_as) as client:
        show(client.get(f"/explained-decisions/{identifier}"), format=format)


def reasons(
    model: Model,
    file: Annotated[
        Path | None, typer.Option(help="YAML of the next version; absent: show what is in force.")
    ] = None,
    home: Home = None,
    acting_as: ActingAs = None,
    format: options.Printed = session.Format.TABLE,
) -> None:
    r"""Show or replace a model's reasons in plain words. Example: lifecycle model reasons churn.

    \b
    adverse: higher
    columns:
      late_payments: {raises: Payments were late, change: down, least: 0}
      age: {change: fixed}
    """
    with connected(home, acting_as) as client:
        path = f"/models/{model}/reasons"
        found = client.get(path) if file is None else client.post(path, {"text": text_of(file)})
        show(found, format=format)
