"""Commands on files alone, without a workspace: drift, performance, estimate."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lifecycle.cli.output import Format, deliver, progress
from lifecycle.cli.processor import keep_freed_memory
from lifecycle.cli.session import listed, numbers, scores
from lifecycle.errors import InvalidInput

if TYPE_CHECKING:
    from lifecycle.domain.value import CostMatrix
    from lifecycle.engines.contract import Filter

Many = list[str] | None

PLACE = "Parquet, CSV, Arrow/Feather or JSON lines: a file, a folder or a glob."
Data = Annotated[str, typer.Argument(metavar="DATA", help=PLACE)]
Reference = Annotated[str, typer.Argument(metavar="REFERENCE", help=PLACE)]
Current = Annotated[str, typer.Argument(metavar="CURRENT", help=PLACE)]
Statistics = Annotated[Many, typer.Option(metavar="NAME", help="What to measure.")]
Task = Annotated[str | None, typer.Option(help="binary, classes or regression, if not recognised.")]
Where = Annotated[
    Many, typer.Option(metavar="COL=VALUE", help="Keep matching rows; repeat to narrow down.")
]
Timestamp = Annotated[str | None, typer.Option(metavar="COL", help="The column with the time.")]
Window = Annotated[
    str | None, typer.Option(help="Width of a window: 30min, 1h, 1d, 7d, 1w, 1M (calendar month).")
]
Target = Annotated[str, typer.Option(metavar="COL", help="The column with the outcome.")]
Positive = Annotated[str | None, typer.Option(metavar="LABEL", help="The target's positive label.")]
PositivePrediction = Annotated[
    str | None, typer.Option(metavar="LABEL", help="The prediction's, if not 1 or true.")
]
Limits = Annotated[Many, typer.Option(metavar="NAME=VALUE", help="Judge a statistic by a limit.")]
Confidence = Annotated[float, typer.Option(help="Of the intervals.")]
Correction = Annotated[str, typer.Option(help="Of many p-values: bh, bonferroni or none.")]
Alpha = Annotated[float, typer.Option(help="Adjusted p-values above it may be chance.")]
Value = Annotated[
    Many,
    typer.Option("--value", metavar="FP=-5", help="Worth of a decision: TP, FP, FN, TN; repeat."),
]
Currency = Annotated[str, typer.Option(metavar="EUR", help="Of those amounts.")]
EngineName = Annotated[str, typer.Option("--engine", help="Who counts; this version: duckdb.")]
Printed = Annotated[Format, typer.Option("--format", help="How to print the result.")]
Out = Annotated[Path | None, typer.Option("--out", help="Write the result to this file.")]


EXAMPLES = {
    "drift": """\b
Examples:
  lifecycle drift reference.parquet current.parquet --limit psi=0.25
  lifecycle drift log.parquet log.parquet --reference-where period=reference \\
    --current-where period=analysis --timestamp at --window 1M --alert-on mean+3sd
  lifecycle drift reference.parquet current.parquet --statistic classifier_auc --statistic mmd
""",
    "performance": """\b
Examples:
  lifecycle performance scored.parquet --target class --positive ">50K" \\
    --prediction pred --score score --segment sex
  lifecycle performance bikes.csv --target cnt --prediction forecast --timestamp at --window 1w
  lifecycle performance scored.parquet --target y --prediction pred --timestamp at --changes
""",
    "estimate": """\b
Examples:
  lifecycle estimate labelled.parquet log.parquet --target y --prediction pred --score score \\
    --timestamp at --window 1w --limit roc_auc=0.75
  lifecycle estimate rows.parquet rows.parquet --reference-where period=reference \\
    --current-where period=analysis --target y --prediction pred --score score \\
    --chunk-size 5000 --value FP=-5 --value FN=-100
  lifecycle estimate labelled.parquet log.parquet --target species --prediction guess \
    --score setosa=p_setosa --score other=p_other --timestamp at --window 1M
""",
}


def register(app: typer.Typer) -> None:
    """Add the commands on files to the command line."""
    for command in (drift, performance, estimate):
        app.command(epilog=EXAMPLES[command.__name__])(command)


def drift(
    reference: Reference,
    current: Current,
    timestamp: Timestamp = None,
    window: Window = None,
    columns: Annotated[Many, typer.Option(metavar="A,B", help="Only these columns.")] = None,
    exclude: Annotated[Many, typer.Option(metavar="C,D", help="Not these columns.")] = None,
    categorical: Annotated[
        Many, typer.Option(metavar="E,F", help="Numbers that are categories.")
    ] = None,
    statistic: Statistics = None,
    bins: Annotated[int, typer.Option(help="Quantile bins per numeric column.")] = 256,
    exact: Annotated[bool, typer.Option("--exact", help="On samples, not on bins.")] = False,
    correction: Correction = "bh",
    alpha: Alpha = 0.05,
    confidence: Confidence = 0.95,
    limit: Limits = None,
    alert_on: Annotated[
        str | None,
        typer.Option(
            metavar="mean+3sd|null",
            help="Limits from the reference's windows; null: passed in 1 % of unchanged ones.",
        ),
    ] = None,
    where: Where = None,
    reference_where: Where = None,
    current_where: Where = None,
    seed: Annotated[int, typer.Option(help="Of the chance in multivariate statistics.")] = 0,
    engine: EngineName = "duckdb",
    format: Printed = Format.TABLE,
    out: Out = None,
) -> None:
    """Compare current rows with reference rows, column by column or all columns together."""
    from lifecycle.engines import choose
    from lifecycle.services.analysis.drift import DriftOptions, measure_drift

    options = DriftOptions(
        timestamp=timestamp,
        window=window,
        columns=_names(columns),
        exclude=_names(exclude),
        categorical=_names(categorical),
        statistics=_names(statistic),
        bins=bins,
        exact=exact,
        correction=correction,
        alpha=alpha,
        confidence=confidence,
        limits=numbers(limit or (), option="--limit"),
        alert_on=alert_on,
        sides=[rule.column for rule in filters(reference_where, current_where)],
        seed=seed,
    )
    keep_freed_memory()
    with choose(engine) as counting:
        before = counting.open(reference, where=filters(where, reference_where))
        now = counting.open(current, where=filters(where, current_where))
        result = measure_drift(
            counting, reference=before, current=now, options=options, progress=progress("columns")
        )
    deliver(result, format=format, out=out)


def performance(
    data: Data,
    target: Target,
    prediction: Annotated[
        str | None, typer.Option(metavar="COL", help="The column with what was predicted.")
    ] = None,
    score: Annotated[
        Many, typer.Option(metavar="COL", help="Probability of positive, or CLASS=COL for each.")
    ] = None,
    positive: Positive = None,
    positive_prediction: PositivePrediction = None,
    task: Task = None,
    timestamp: Timestamp = None,
    window: Window = None,
    segment: Annotated[Many, typer.Option(metavar="COL", help="Measure each value too.")] = None,
    statistic: Statistics = None,
    changes: Annotated[
        bool, typer.Option("--changes", help="Say when errors rose or fell; needs --timestamp.")
    ] = False,
    value: Value = None,
    currency: Currency = "EUR",
    confidence: Confidence = 0.95,
    limit: Limits = None,
    where: Where = None,
    engine: EngineName = "duckdb",
    format: Printed = Format.TABLE,
    out: Out = None,
) -> None:
    """Measure how good a model's answers are, from rows with outcomes."""
    from lifecycle.adapters.streams import DETECTORS
    from lifecycle.engines import choose
    from lifecycle.services.analysis.outcomes import Roles
    from lifecycle.services.analysis.performance import PerformanceOptions, measure_performance

    single, by_class = scores(score or ())
    options = PerformanceOptions(
        roles=Roles(
            target=target,
            prediction=prediction,
            score=single,
            class_scores=by_class,
            positive=positive,
            positive_prediction=positive_prediction,
            task=task,
        ),
        timestamp=timestamp,
        window=window,
        segments=segment or (),
        statistics=_names(statistic),
        confidence=confidence,
        limits=numbers(limit or (), option="--limit"),
        costs=costs_of(value, currency=currency),
        changes=tuple(DETECTORS) if changes else (),
    )
    with choose(engine) as counting:
        source = counting.open(data, where=filters(where))
        result = measure_performance(counting, source=source, options=options)
    deliver(result, format=format, out=out)


def estimate(
    reference: Reference,
    current: Current,
    target: Target,
    score: Annotated[
        Many,
        typer.Option(metavar="COL", help="Probability of positive, or CLASS=COL for each class."),
    ] = None,
    prediction: Annotated[
        str | None, typer.Option(metavar="COL", help="The column with the decision or number.")
    ] = None,
    positive: Positive = None,
    positive_prediction: PositivePrediction = None,
    timestamp: Timestamp = None,
    window: Window = None,
    chunk_size: Annotated[
        int | None, typer.Option(metavar="N", help="Cut into so many rows each, in file order.")
    ] = None,
    statistic: Annotated[Many, typer.Option(metavar="NAME", help="What to estimate.")] = None,
    value: Value = None,
    currency: Currency = "EUR",
    confidence: Confidence = 0.95,
    limit: Limits = None,
    alert_on: Annotated[
        str | None, typer.Option(metavar="mean+3sd", help="Limits from the reference's windows.")
    ] = None,
    where: Where = None,
    reference_where: Where = None,
    current_where: Where = None,
    engine: EngineName = "duckdb",
    format: Printed = Format.TABLE,
    out: Out = None,
) -> None:
    """Estimate how good answers are while outcomes are unknown, from a labelled reference."""
    from lifecycle.engines import choose
    from lifecycle.services.analysis.estimating import EstimateOptions
    from lifecycle.services.analysis.estimation import measure_estimate
    from lifecycle.services.analysis.outcomes import Roles

    single, by_class = scores(score or ())
    options = EstimateOptions(
        roles=Roles(
            target=target,
            prediction=prediction,
            score=single,
            class_scores=by_class,
            positive=positive,
            positive_prediction=positive_prediction,
        ),
        timestamp=timestamp,
        window=window,
        chunk_size=chunk_size,
        statistics=_names(statistic),
        confidence=confidence,
        limits=numbers(limit or (), option="--limit"),
        alert_on=alert_on,
        costs=costs_of(value, currency=currency),
        sides=[rule.column for rule in filters(reference_where, current_where)],
    )
    with choose(engine) as counting:
        before = counting.open(reference, where=filters(where, reference_where))
        now = counting.open(current, where=filters(where, current_where))
        result = measure_estimate(counting, reference=before, current=now, options=options)
    deliver(result, format=format, out=out)


def _names(given: Many) -> list[str]:
    """Read an option that is repeated, comma-separated, or both."""
    return [name for part in given or () for name in listed(part)]


def costs_of(given: Many, *, currency: str) -> "CostMatrix | None":
    """Read ``FP=-5`` options."""
    from lifecycle.domain.value import cost_matrix

    amounts = numbers(given or (), option="--value")
    return cost_matrix(amounts, currency=currency) if amounts else None


def filters(*given: Many) -> "list[Filter]":
    """Read ``COL=VALUE`` options."""
    from lifecycle.engines.contract import Filter

    filters: list[Filter] = []
    for item in (rule for rules in given for rule in rules or ()):
        column, equals, value = item.partition("=")
        if not equals or not column.strip():
            raise InvalidInput(f"--where wants COL=VALUE, not {item!r}")
        filters.append(Filter(column.strip(), value))
    return filters
