"""The command on files that checks whether rows are fit for use."""

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from lifecycle.cli.files import (
    Data,
    EngineName,
    Many,
    Out,
    Printed,
    Timestamp,
    Where,
    Window,
    filters,
)
from lifecycle.cli.output import Format, deliver, write_whole
from lifecycle.cli.session import refuse_idle
from lifecycle.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from lifecycle.domain.expectation import Expectation
    from lifecycle.engines import Engine
    from lifecycle.engines.contract import Source
    from lifecycle.services.analysis.quality import FailingRow

EXAMPLES = """\b
Examples:
  lifecycle quality trips.parquet --reference last_year.parquet
  lifecycle quality trips.parquet --timestamp pickup --window 1M
  lifecycle quality last_year.parquet --suggest --out trips.yaml
  lifecycle quality trips.csv --expectations trips.yaml --rows 5 --format junit --out quality.xml

\b
A file of expectations:
  columns:
    age: {type: integer, min: 0, max: 120, missing_max: 0.01}
    sex: {set: [Female, Male], severity: warn}
    id: {unique: true, pattern: "[A-Z]{2}[0-9]+"}
    load: {finite: true, stuck_max: 500, skew_max: 0.1, tolerate: {finite: 0.001}}
  rows: {min: 1000, duplicates_max: 0, unique: [[shop, day]], columns: exact}
  times: {column: at, max_age: 1d, every: 1h, gaps_max: 0.01}
  rules:
    - arrived >= left
    - {rule: "paid = price + tip", tolerate: 0.001, severity: info}
"""


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command(epilog=EXAMPLES)(quality)


def quality(
    context: typer.Context,
    data: Data,
    expectations: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="YAML with what to check; then nothing else is."),
    ] = None,
    reference: Annotated[
        str | None, typer.Option(metavar="FILE", help="Rows whose schema and ranges hold.")
    ] = None,
    reference_where: Where = None,
    suggest: Annotated[
        bool,
        typer.Option("--suggest", help="Write expectations that the reference (or DATA) keeps."),
    ] = False,
    timestamp: Timestamp = None,
    window: Window = None,
    id: Annotated[Many, typer.Option(metavar="COL", help="No value occurs twice here.")] = None,
    rows: Annotated[
        int, typer.Option(min=0, help="Also print so many rows that break each expectation.")
    ] = 0,
    at: Annotated[
        str | None, typer.Option(metavar="TIME", help="Tell the age of rows from then, not now.")
    ] = None,
    where: Where = None,
    engine: EngineName = "duckdb",
    format: Printed = Format.TABLE,
    out: Out = None,
) -> None:
    """Check whether rows are fit for use."""
    from lifecycle.engines import choose
    from lifecycle.services.analysis.quality import QualityOptions, failing_rows, measure_quality

    if reference is None:
        refuse_idle(context, "reference_where", why="without --reference")
    if suggest:
        idle = ("expectations", "timestamp", "window", "id", "rows", "at")
        refuse_idle(context, *idle, why="with --suggest, which checks nothing")
    if expectations is None:
        refuse_idle(context, "rows", why="without --expectations, which rows can break")
    options = QualityOptions(
        at=_moment(at) if at else datetime.now(UTC),
        expectations=_expected(expectations),
        ids=id or (),
        timestamp=timestamp,
        window=window,
    )
    with choose(engine) as counting:
        source = counting.open(data, where=filters(where))
        before = counting.open(reference, where=filters(reference_where)) if reference else None
        if suggest:
            _write(_suggested(counting, before or source), out=out)
            return
        result = measure_quality(counting, source=source, options=options, reference=before)
        if rows:
            _show(failing_rows(counting, source, options.expectations, limit=rows))
    deliver(result, format=format, out=out)


def _expected(file: str | None) -> "tuple[Expectation, ...]":
    if file is None:
        return ()
    from lifecycle.services.analysis.expectations import read_expectations

    return read_expectations(file)


def _suggested(engine: "Engine", source: "Source") -> str:
    """Return a file of expectations; what makes the rows a poor reference stands on top of it."""
    from lifecycle.services.analysis.suggestions import as_yaml, suggest

    found, notes = suggest(engine, source)
    for note in notes:
        typer.echo(f"note: {note}", err=True)
    return as_yaml(found, notes=(f"suggested from {source.rows} rows of {source.label}", *notes))


def _moment(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise InvalidInput(f"--at wants a time such as 2024-01-31T13:00, not {text!r}") from error
    return found.replace(tzinfo=found.tzinfo or UTC)


def _write(text: str, *, out: "Path | None") -> None:
    if out is None:
        sys.stdout.write(text)
    else:
        write_whole(out, text)
        typer.echo(f"written to {out}", err=True)


def _show(rows: "Sequence[FailingRow]") -> None:
    """Print rows that break an expectation; results alone go to stdout."""
    for row in rows:
        about = row.expectation.text or row.expectation.column
        values = ", ".join(f"{name}={value}" for name, value in row.values.items())
        typer.echo(f"row {row.row} breaks {row.expectation.check} {about}: {values}", err=True)
