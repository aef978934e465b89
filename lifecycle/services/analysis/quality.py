"""Whether rows are fit for use: missing, stuck, repeated, infinite, of wrong type or range."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from math import log

from lifecycle.domain.measurement import Measurement, State
from lifecycle.engines import Engine
from lifecycle.engines.contract import Column, ColumnFacts, Kind, Source, Violations
from lifecycle.errors import InvalidInput
from lifecycle.services.analysis.expectations import TYPES, Expectation
from lifecycle.services.analysis.result import Result, overall, side

STUCK_FACTOR = 10
"""A run so many times longer than chance makes it is a stuck value; a house default."""

STUCK_ROWS = 100
"""Shorter runs are not called stuck; a house default."""

RISE = 0.05
"""How much larger the missing share may be than the reference's; a house default."""

OUTSIDE = 0.01
"""Share of rows that may lie outside the reference's range; a house default."""

ID_SHARE = 0.99
"""Share of different values above which a column called an id is one."""

VOCABULARY = 1_000
"""A reference column with more different texts is free text, and no text in it is unseen."""


@dataclass(frozen=True, slots=True)
class QualityOptions:
    """What a quality run expects.

    Parameters
    ----------
    expectations
        By column.
    ids
        Columns in which no value may occur twice.
    """

    expectations: Mapping[str, Expectation] = field(default_factory=dict[str, Expectation])
    ids: Sequence[str] = ()


def measure_quality(
    engine: Engine, *, source: Source, options: QualityOptions, reference: Source | None = None
) -> Result:
    """Check rows by themselves, against a reference and against expectations.

    Raises
    ------
    InvalidInput
        An expectation is about a column that is not there, or cannot apply to its type.
    """
    for name in (*options.expectations, *options.ids):
        source.column(name)
    with ThreadPoolExecutor(engine.threads) as pool:
        facts = list(pool.map(lambda c: engine.facts(source, c), source.names))
    measurements = [m for known in facts for m in _by_itself(known)]
    measurements += [_repeated_rows(engine.duplicates(source, ()), rows=source.rows)]
    for known in facts:
        if known.column.name in options.ids or _named_id(known):
            measurements.append(_repeated_ids(engine, source, known.column.name))
    if reference is not None:
        measurements += _against(engine, source, facts, reference=reference)
    for name, expected in options.expectations.items():
        known = next(f for f in facts if f.column.name == name)
        measurements += _expected(engine, source, known, expected=expected)
    inputs = {"data": side(source)}
    if reference is not None:
        inputs["reference"] = side(reference)
    return Result(
        command="quality",
        inputs=inputs,
        settings={
            "engine": engine.name,
            "ids": list(options.ids),
            "expectations": sorted(options.expectations),
            "stuck_factor": STUCK_FACTOR,
            "missing_rise": RISE,
            "outside_range": OUTSIDE,
        },
        measurements=tuple(measurements),
        verdict=overall(measurements),
        notices=_extra(source, reference),
    )


def _by_itself(known: ColumnFacts) -> list[Measurement]:
    """Judge a column from its own rows."""
    found = [_missing(known)]
    if known.missing == known.rows:
        return found
    if known.column.kind is Kind.NUMERIC and not known.column.integral:
        found.append(
            _share(
                "infinite_share",
                known.infinite,
                column=known.column.name,
                rows=known.rows,
                limit=0.0,
                reason="plus or minus infinity is no measurement" if known.infinite else None,
            )
        )
        found.append(_stuck(known))
    if known.distinct == 1 and known.rows > 1:
        found.append(
            Measurement(
                statistic="distinct_values",
                value=1.0,
                state=State.WARNING,
                column=known.column.name,
                n=known.rows - known.missing,
                reason="the column is constant: it holds one value only",
            )
        )
    return found


def _missing(known: ColumnFacts, *, limit: float | None = None) -> Measurement:
    share = known.missing / known.rows
    if limit is None:
        state = State.BREACH if known.missing == known.rows else State.OK
    else:
        state = State.BREACH if share > limit else State.OK
    return Measurement(
        statistic="missing_share",
        value=share,
        state=state,
        column=known.column.name,
        n=known.rows,
        limit=limit,
        reason="no row holds a value" if known.missing == known.rows else None,
    )


def _stuck(known: ColumnFacts) -> Measurement:
    """Judge the longest run of one value against the run that shuffled rows would have.

    In n independent rows whose commonest value has share p, the longest run is about
    log(n (1 - p)) / log(1 / p) rows (Schilling 1990). A rising or falling column repeats by nature.
    """
    common = known.commonest / known.rows
    by_chance = max(log(known.rows * (1 - common) + 1) / -log(common), 1.0) if common < 1 else None
    stuck = (
        by_chance is not None
        and not known.monotone
        and known.longest_run >= STUCK_ROWS
        and known.longest_run > STUCK_FACTOR * by_chance
    )
    last = known.run_start + known.longest_run - 1
    return Measurement(
        statistic="longest_run",
        value=float(known.longest_run),
        state=State.BREACH if stuck else State.OK,
        unit="rows",
        column=known.column.name,
        n=known.rows,
        limit=STUCK_FACTOR * by_chance if by_chance is not None else None,
        reason=f"stuck at one value from row {known.run_start} to {last}" if stuck else None,
    )


def _repeated_rows(found: Violations, *, rows: int) -> Measurement:
    where = f"first in row {found.first_row}" if found.rows else None
    return Measurement(
        statistic="duplicate_rows",
        value=found.rows / rows,
        state=State.WARNING if found.rows else State.OK,
        n=rows,
        limit=0.0,
        reason=f"{found.rows} rows repeat an earlier one, {where}" if found.rows else None,
    )


def _named_id(known: ColumnFacts) -> bool:
    """Tell whether a column is called an id and nearly is one."""
    name = known.column.name.casefold()
    held = known.rows - known.missing
    called = name in {"id", "uuid"} or name.endswith(("_id", "_uuid"))
    return called and held > 0 and known.distinct >= ID_SHARE * held


def _repeated_ids(engine: Engine, source: Source, name: str) -> Measurement:
    found = engine.duplicates(source, (name,))
    return _violated("duplicate_ids", found, column=name, rows=source.rows, what="repeat an id")


def _against(
    engine: Engine, source: Source, facts: Sequence[ColumnFacts], *, reference: Source
) -> list[Measurement]:
    """Judge the schema and each column against the reference."""
    found = [
        Measurement(
            statistic="column_missing",
            value=None,
            state=State.BREACH,
            column=column.name,
            n=0,
            reason=f"{reference.label} has column {column.name}, {source.label} has not",
        )
        for column in reference.columns
        if column.name not in source.names
    ]
    for known in facts:
        if known.column.name in reference.names:
            found += _column_against(engine, source, known, reference=reference)
    return found


def _column_against(
    engine: Engine, source: Source, known: ColumnFacts, *, reference: Source
) -> list[Measurement]:
    name, before = known.column.name, reference.column(known.column.name)
    if before.kind is not known.column.kind and known.missing < known.rows:
        return [_wrong_type(engine, source, known.column, before=before)]
    base = engine.facts(reference, name)
    rise = known.missing / known.rows - base.missing / base.rows
    found = [
        Measurement(
            statistic="missing_share_rise",
            value=rise,
            state=State.BREACH if rise > RISE else State.OK,
            column=name,
            n=known.rows,
            n_reference=base.rows,
            limit=RISE,
        )
    ]
    if base.low is not None and base.high is not None:
        outside = engine.outside(source, name, low=base.low, high=base.high)
        found.append(
            _violated(
                "out_of_range_share",
                outside,
                column=name,
                rows=known.rows,
                limit=OUTSIDE,
                what=f"lie outside the reference's {base.low:g} to {base.high:g}",
            )
        )
    elif before.kind is Kind.CATEGORICAL and 0 < base.distinct <= VOCABULARY:
        vocabulary = [value for value, _ in engine.values(reference, name, limit=VOCABULARY)]
        unseen = engine.unseen(source, name, known=vocabulary)
        what = "hold a value the reference never held"
        found.append(
            _violated("unseen_category_share", unseen, column=name, rows=known.rows, what=what)
        )
    return found


def _wrong_type(engine: Engine, source: Source, column: Column, *, before: Column) -> Measurement:
    """Say that a column's type changed, with the first value that does not fit."""
    bad = engine.unreadable(source, column.name, type_name=before.type)
    what = f"cannot be read as {before.type}, the reference's type"
    found = _violated("type_mismatch_share", bad, column=column.name, rows=source.rows, what=what)
    if bad.rows:
        return found
    return Measurement(
        statistic="type_mismatch_share",
        value=0.0,
        state=State.WARNING,
        column=column.name,
        n=source.rows,
        limit=0.0,
        reason=f"stored as {column.type}, in the reference as {before.type}",
    )


def _expected(
    engine: Engine, source: Source, known: ColumnFacts, *, expected: Expectation
) -> list[Measurement]:
    """Judge a column against what a file of expectations says."""
    name = known.column.name
    counted: list[tuple[str, Violations, str]] = []
    if expected.type is not None:
        wrong = engine.unreadable(source, name, type_name=TYPES[expected.type])
        counted.append(("type_mismatch_share", wrong, f"cannot be read as {expected.type}"))
    if expected.low is not None or expected.high is not None:
        counted.append(_outside(engine, source, known, expected=expected))
    if expected.allowed is not None:
        other = engine.unseen(source, name, known=expected.allowed)
        counted.append(("outside_set_share", other, "hold a value outside the set"))
    if expected.pattern is not None:
        other = engine.unmatched(source, name, pattern=expected.pattern)
        counted.append(("pattern_mismatch_share", other, f"do not match {expected.pattern}"))
    if expected.unique:
        repeated = engine.duplicates(source, (name,))
        counted.append(("duplicate_ids", repeated, "repeat an earlier value"))
    found = [
        _violated(statistic, rows, column=name, rows=known.rows, what=what)
        for statistic, rows, what in counted
    ]
    if expected.missing_max is not None:
        found.append(_missing(known, limit=expected.missing_max))
    return found


def _outside(
    engine: Engine, source: Source, known: ColumnFacts, *, expected: Expectation
) -> tuple[str, Violations, str]:
    name, low, high = known.column.name, expected.low, expected.high
    if known.column.kind is not Kind.NUMERIC:
        raise InvalidInput(
            f"column {name} of {source.label} is {known.column.type}: min and max need numbers"
        )
    span = f"{'-inf' if low is None else f'{low:g}'} to {'inf' if high is None else f'{high:g}'}"
    found = engine.outside(source, name, low=low, high=high)
    return "out_of_range_share", found, f"lie outside {span}"


def _violated(
    statistic: str,
    found: Violations,
    *,
    column: str,
    rows: int,
    what: str,
    limit: float = 0.0,
) -> Measurement:
    reason = None
    if found.rows:
        examples = ", ".join(f"{value!r} ({n})" for value, n in found.examples)
        reason = f"{found.rows} rows {what}, first row {found.first_row}" + (
            f"; most often {examples}" if examples else ""
        )
    return _share(statistic, found.rows, column=column, rows=rows, limit=limit, reason=reason)


def _share(
    statistic: str, count: int, *, column: str, rows: int, limit: float, reason: str | None
) -> Measurement:
    share = count / rows
    return Measurement(
        statistic=statistic,
        value=share,
        state=State.BREACH if share > limit else State.OK,
        column=column,
        n=rows,
        limit=limit,
        reason=reason,
    )


def _extra(source: Source, reference: Source | None) -> tuple[str, ...]:
    if reference is None:
        return ()
    extra = [name for name in source.names if name not in reference.names]
    if not extra:
        return ()
    return (f"only in {source.label}, not in {reference.label}: {', '.join(extra)}",)
