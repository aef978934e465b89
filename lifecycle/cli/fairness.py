"""The command that compares groups in a file: fairness."""

from typing import Annotated

import typer

from lifecycle.cli.files import (
    Alpha,
    Confidence,
    Correction,
    Currency,
    Data,
    EngineName,
    Limits,
    Many,
    Out,
    Positive,
    PositivePrediction,
    Printed,
    Target,
    Task,
    Value,
    Where,
    costs_of,
    filters,
)
from lifecycle.cli.output import Format, deliver
from lifecycle.cli.session import numbers, pairs, refuse_idle
from lifecycle.errors import InvalidInput

EXAMPLES = """\b
Examples:
  lifecycle fairness scored.parquet --target class --positive ">50K" --prediction pred \\
    --sensitive sex --sensitive race --intersect 2 --reference-group sex=Male
  lifecycle fairness scored.parquet --target y --prediction pred --score score \\
    --sensitive age --bands age=0,25,40,65 --suppress-below 5
"""


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command(epilog=EXAMPLES)(fairness)


def fairness(
    context: typer.Context,
    data: Data,
    target: Target,
    prediction: Annotated[str, typer.Option(metavar="COL", help="The column with the decision.")],
    sensitive: Annotated[
        list[str], typer.Option(metavar="COL", help="An attribute whose groups are compared.")
    ],
    score: Annotated[
        str | None, typer.Option(metavar="COL", help="Probability of positive, by group too.")
    ] = None,
    intersect: Annotated[
        int, typer.Option(help="Also compare groups of so many attributes together.")
    ] = 1,
    positive: Positive = None,
    positive_prediction: PositivePrediction = None,
    control: Annotated[
        Many, typer.Option(metavar="COL", help="Compare only within this column's groups.")
    ] = None,
    confidence: Confidence = 0.95,
    no_intervals: Annotated[
        bool, typer.Option("--no-intervals", help="Values alone, in less time.")
    ] = False,
    minimum_group: Annotated[int, typer.Option(help="Smaller groups are insufficient.")] = 30,
    suppress_below: Annotated[
        int,
        typer.Option(
            help="Do not show smaller groups, nor those that give them away; at least the setting."
        ),
    ] = 0,
    reference_group: Annotated[
        Many, typer.Option(metavar="COL=VALUE", help="The group that others are compared with.")
    ] = None,
    reference_rule: Annotated[
        str, typer.Option(help="Whom groups are compared with where none is named: best, largest.")
    ] = "best",
    bands: Annotated[
        Many, typer.Option(metavar="COL=0,25,40", help="Cut a numeric attribute into bands.")
    ] = None,
    preset: Annotated[
        str | None, typer.Option(help="Measure as a jurisdiction asks: nyc-ll144, four-fifths.")
    ] = None,
    sweep: Annotated[
        bool, typer.Option("--sweep", help="Also say what other thresholds would do.")
    ] = False,
    value: Value = None,
    currency: Currency = "EUR",
    task: Task = None,
    correction: Correction = "bh",
    alpha: Alpha = 0.05,
    limit: Limits = None,
    where: Where = None,
    engine: EngineName = "duckdb",
    format: Printed = Format.TABLE,
    out: Out = None,
) -> None:
    """Measure rates by group and the gaps between groups."""
    from lifecycle.engines import choose
    from lifecycle.services.analysis.fairness import FairnessOptions, measure_fairness
    from lifecycle.services.analysis.fairness.presets import applied
    from lifecycle.services.analysis.outcomes import Roles
    from lifecycle.settings import load

    if not sweep:
        refuse_idle(context, "value", "currency", why="without --sweep")
    if no_intervals:
        refuse_idle(context, "confidence", why="with --no-intervals")
    if preset is not None:
        refuse_idle(context, "reference_rule", "intersect", why="with --preset, which sets its own")
    cuts = pairs(bands or (), option="--bands")
    options = FairnessOptions(
        roles=Roles(
            target=target,
            prediction=prediction,
            score=score,
            positive=positive,
            positive_prediction=positive_prediction,
            task=task,
        ),
        sensitive=sensitive,
        intersect=intersect,
        control=control or (),
        confidence=confidence,
        intervals=not no_intervals,
        minimum_group=minimum_group,
        suppress=max(suppress_below, load().suppress_below),
        reference_group=pairs(reference_group or (), option="--reference-group"),
        reference_rule=reference_rule,
        bands={name: _bounds(name, text) for name, text in cuts.items()},
        sweep=sweep,
        costs=costs_of(value, currency=currency),
        correction=correction,
        alpha=alpha,
        limits=numbers(limit or (), option="--limit"),
    )
    if preset is not None:
        options = applied(options, name=preset)
    with choose(engine) as counting:
        source = counting.open(data, where=filters(where))
        result = measure_fairness(counting, source=source, options=options)
    deliver(result, format=format, out=out)


def _bounds(name: str, text: str) -> tuple[float, ...]:
    """Read the bounds of an attribute's bands."""
    try:
        return tuple(float(bound) for bound in text.split(","))
    except ValueError as error:
        raise InvalidInput(f"--bands {name} wants numbers between commas, not {text!r}") from error
