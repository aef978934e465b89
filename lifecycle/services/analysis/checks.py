"""Whether rows keep what is expected of them: one measurement for each expectation and window."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise

from lifecycle.domain.expectation import Check, Expectation
from lifecycle.domain.measurement import Measurement, State, Window
from lifecycle.domain.row_rule import parse_rule
from lifecycle.engines import Engine
from lifecycle.engines.conditions import (
    Broken,
    Condition,
    Infinite,
    Missing,
    NotAmong,
    Outside,
    Unmatched,
    Unreadable,
    Violations,
)
from lifecycle.engines.contract import Kind, Source
from lifecycle.engines.windows import Width, Windowing, parse_width
from lifecycle.errors import InvalidInput
from lifecycle.services.analysis.expectations import TYPES
from lifecycle.services.analysis.findings import violated
from lifecycle.services.analysis.periods import with_gaps
from lifecycle.stats import catalogue, quality

BINS = 256
"""Quantile bins of the reference on which the skew of a column is measured."""

FEWEST = 30
"""Fewest rows of a window in which a tolerated share can be judged; a house default."""


CONDITIONS: Mapping[Check, Callable[[Expectation, str], Condition]] = {
    Check.MISSING: lambda _, column: Missing(column),
    Check.FINITE: lambda _, column: Infinite(column),
    Check.RANGE: lambda e, column: Outside(column, e.low, e.high),
    Check.SET: lambda e, column: NotAmong(column, e.values),
    Check.PATTERN: lambda e, column: Unmatched(column, e.text),
    Check.TYPE: lambda e, column: Unreadable(column, TYPES[e.text]),
    Check.RULE: lambda e, _: Broken(parse_rule(e.text)),
}
"""What is wrong with a row that breaks an expectation."""


@dataclass(frozen=True, slots=True)
class Checking:
    """What the checks of one run look at.

    Parameters
    ----------
    at
        The time that ages are told from.
    windowing
        How rows are cut by time for the checks of single rows; ``None`` for all rows together.
    since, till
        The span in which periods without rows are counted; from the first row and to the last
        one where it is not given.
    examples
        Whether reasons may quote values of rows; whoever reads them may then see rows.
    """

    engine: Engine
    source: Source
    at: datetime
    reference: Source | None = None
    windowing: Windowing | None = None
    since: datetime | None = None
    till: datetime | None = None
    examples: bool = True


def measure(run: Checking, expectations: Sequence[Expectation]) -> list[Measurement]:
    """Check everything that is expected; what cannot be checked says why and stops nothing."""
    results: dict[int, list[Measurement]] = {}
    counted: list[tuple[int, Condition]] = []
    for at, expected in enumerate(expectations):
        try:
            condition = _condition(run, expected)
            if condition is None:
                results[at] = _whole(run, expected)
            else:
                run.engine.admit(run.source, condition)
                counted.append((at, condition))
        except InvalidInput as error:
            results[at] = [_error(expected, str(error))]
    found = run.engine.violations(
        run.source, [condition for _, condition in counted], windowing=run.windowing
    )
    for window, violations in found.items():
        for (at, _), rows in zip(counted, violations, strict=True):
            expected = expectations[at]
            measured = violated(
                expected.statistic,
                _quotable(run, rows),
                column=expected.column,
                what=_what(expected),
                limit=expected.limit,
                severity=expected.severity,
                window=window,
                minimum=1 if window is None else FEWEST,
            )
            results.setdefault(at, []).append(measured)
    return [measured for at in sorted(results) for measured in results[at]]


def condition_of(expected: Expectation) -> Condition | None:
    """Return what is wrong with a row that breaks an expectation, if single rows can break it."""
    make = CONDITIONS.get(expected.check)
    return None if make is None else make(expected, expected.column or "")


def columns_of(expected: Expectation) -> tuple[str, ...]:
    """Return the columns an expectation about single rows names."""
    if expected.check is Check.RULE:
        return parse_rule(expected.text).columns
    return (expected.column,) if expected.column else ()


def _condition(run: Checking, expected: Expectation) -> Condition | None:
    if expected.column is not None and expected.column not in run.source.names:
        run.source.column(expected.column)  # refuses, naming the closest
    return condition_of(expected)


def _quotable(run: Checking, found: Violations) -> Violations:
    """Leave out what rows hold where a reason may not quote it."""
    return found if run.examples else replace(found, examples=())


def _what(expected: Expectation) -> str:
    """Say what rows do that break an expectation."""
    if expected.check is Check.RANGE:
        low = "-inf" if expected.low is None else f"{expected.low:g}"
        high = "inf" if expected.high is None else f"{expected.high:g}"
        return f"lie outside {low} to {high}"
    return {
        Check.MISSING: "hold no value",
        Check.FINITE: "are plus or minus infinity",
        Check.SET: "hold a value outside the set",
        Check.PATTERN: f"do not match {expected.text}",
        Check.TYPE: f"cannot be read as {expected.text}",
        Check.RULE: f"break {expected.text}",
    }[expected.check]


def _whole(run: Checking, expected: Expectation) -> list[Measurement]:
    """Check what no single row can break."""
    if expected.check is Check.VOLUME:
        return _volume(run, expected)
    measured = {
        Check.UNIQUE: _repeated,
        Check.DUPLICATES: _repeated,
        Check.STUCK: _stuck,
        Check.SKEW: _skew,
        Check.SCHEMA: _schema,
        Check.FRESH: _age,
        Check.GAPS: _gaps,
    }[expected.check](run, expected)
    return [measured]


def _repeated(run: Checking, expected: Expectation) -> Measurement:
    names = (expected.column,) if expected.column else expected.values
    what = "repeat an earlier value" if names else "repeat an earlier one"
    return violated(
        expected.statistic,
        _quotable(run, run.engine.duplicates(run.source, names)),
        column=", ".join(names) or None,
        what=what,
        limit=expected.limit,
        severity=expected.severity,
    )


def _volume(run: Checking, expected: Expectation) -> list[Measurement]:
    """Judge the number of rows, of each window where there are windows, and of each gap between."""
    counts: dict[Window | None, int] = {None: run.source.rows}
    if run.windowing is not None:
        held = run.engine.volume(run.source, run.windowing)
        counts = {window: held.get(window, 0) for window in with_gaps(held)}
    found: list[Measurement] = []
    for window, rows in counts.items():
        few = expected.low is not None and rows < expected.low
        many = expected.high is not None and rows > expected.high
        limit = expected.low if few or expected.high is None else expected.high
        bound = (
            f"fewer than {expected.low:g}"
            if few
            else f"more than {expected.high:g}"
            if many
            else ""
        )
        found.append(
            _judged(
                expected,
                value=float(rows),
                n=rows,
                broken=few or many,
                unit="rows",
                limit=limit,
                reason=f"{rows} rows, {bound}" if bound else None,
                window=window,
            )
        )
    return found


def _stuck(run: Checking, expected: Expectation) -> Measurement:
    known = run.engine.facts(run.source, expected.column or "")
    if known.column.kind is not Kind.NUMERIC:
        raise InvalidInput(
            f"column {expected.column} of {run.source.label} is {known.column.type}: stuck_max "
            "needs numbers"
        )
    last = known.run_start + known.longest_run - 1
    stuck = known.longest_run > expected.limit
    where = f"holds one value from row {known.run_start} to {last}"
    return _judged(
        expected,
        value=float(known.longest_run),
        n=known.rows,
        broken=stuck,
        unit="rows",
        reason=where if stuck else None,
    )


def _skew(run: Checking, expected: Expectation) -> Measurement:
    """Measure how far a column lies from what the model was trained on."""
    name = expected.column or ""
    if run.reference is None:
        raise InvalidInput(f"skew_max of column {name} needs --reference to compare with")
    before, now = run.reference.column(name), run.source.column(name)
    if before.kind is not now.kind:
        raise InvalidInput(
            f"column {name} is {before.type} in {run.reference.label} but {now.type} in "
            f"{run.source.label}"
        )
    categorical = before.kind is Kind.CATEGORICAL
    base = run.engine.baseline(
        run.reference, name, bins=BINS, categorical=categorical, keep=False
    ).counted.profile
    profile = run.engine.profile(run.source, name, like=base)[None].profile
    estimate = catalogue.get(expected.statistic).measure(base, profile)
    if estimate.value is None:
        raise InvalidInput(f"column {name}: {estimate.reason}")
    return replace(
        _judged(
            expected, value=estimate.value, n=estimate.n, broken=estimate.value > expected.limit
        ),
        interval=estimate.interval,
        confidence=estimate.confidence,
        n_reference=estimate.n_reference,
    )


def _schema(run: Checking, expected: Expectation) -> Measurement:
    gone = [name for name in expected.values if name not in run.source.names]
    new = [name for name in run.source.names if name not in expected.values]
    said = [f"gone: {', '.join(gone)}"] if gone else []
    said += [f"new: {', '.join(new)}"] if new else []
    return _judged(
        expected,
        value=float(len(gone) + len(new)),
        n=run.source.rows,
        broken=bool(said),
        unit="columns",
        reason="; ".join(said) or None,
    )


def _age(run: Checking, expected: Expectation) -> Measurement:
    column = expected.column or ""
    span = run.engine.span(run.source, column)
    if span is None:
        raise InvalidInput(f"column {column} of {run.source.label} holds no time in any row")
    age = quality.age_in_hours((run.at - span[1]).total_seconds(), run.source.rows)
    hours = age.value or 0.0
    said = f"the newest row is of {span[1]:%Y-%m-%d %H:%M} UTC"
    ahead = f"{said}, which lies in the future" if hours < 0 else None
    return _judged(
        expected,
        value=hours,
        n=run.source.rows,
        broken=hours > expected.limit or hours < 0,
        unit="hours",
        reason=ahead or (f"{said}, older than {expected.text}" if hours > expected.limit else None),
    )


def _gaps(run: Checking, expected: Expectation) -> Measurement:
    width = parse_width(expected.text)
    held = run.engine.volume(run.source, Windowing(expected.column or "", width))
    if not held:
        raise InvalidInput(f"column {expected.column} of {run.source.label} holds no time")
    return gaps(expected, held, since=run.since, till=run.till)


def gaps(
    expected: Expectation,
    held: Iterable[Window],
    *,
    since: datetime | None = None,
    till: datetime | None = None,
) -> Measurement:
    """Count the periods of a span that hold no row.

    Parameters
    ----------
    held
        The periods with rows.
    since, till
        The span; from the first period with rows and to the last one where it is not given.
    """
    width = parse_width(expected.text)
    windows = sorted(held, key=lambda window: window.start)
    edges = [Window(at, at) if at else None for at in (since, till)]
    ordered = [window for window in (edges[0], *windows, edges[1]) if window is not None]
    skipped = [
        (window.end, _between(width, window.end, following.start))
        for window, following in pairwise(ordered)
    ]
    empty = sum(n for _, n in skipped)
    periods = len(windows) + empty
    first = next((start for start, n in skipped if n), None)
    said = f"{empty} of {periods} periods of {expected.text} hold no row"
    return _judged(
        expected,
        value=quality.missing_periods(empty, periods).value or 0.0,
        n=periods,
        broken=empty > expected.limit * periods,
        reason=f"{said}, first {first:%Y-%m-%d %H:%M} UTC" if first else None,
    )


def _between(width: Width, start: datetime, end: datetime) -> int:
    """Count the periods from one period's start to another's."""
    if width.seconds:
        return round((end - start).total_seconds() / width.seconds)
    return ((end.year - start.year) * 12 + end.month - start.month) // width.months


def _judged(
    expected: Expectation,
    *,
    value: float,
    n: int,
    broken: bool,
    unit: str = "1",
    limit: float | None = None,
    reason: str | None = None,
    window: Window | None = None,
) -> Measurement:
    return Measurement(
        statistic=expected.statistic,
        value=value,
        state=expected.severity.state if broken else State.OK,
        unit=unit,
        column=expected.column,
        window=window,
        n=n,
        limit=expected.limit if limit is None else limit,
        reason=reason,
    )


def _error(expected: Expectation, reason: str) -> Measurement:
    return Measurement(
        statistic=expected.statistic,
        value=None,
        state=State.ERROR,
        column=expected.column,
        reason=reason,
    )
