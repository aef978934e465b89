"""What a reference suggests to expect of rows like it, and how expectations are written down."""

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from math import ceil
from typing import cast

import yaml

from lifecycle.domain.expectation import Check, Expectation, Severity
from lifecycle.engines import Engine
from lifecycle.engines.contract import Column, ColumnFacts, Kind, Source
from lifecycle.services.analysis.expectations import TOLERANT
from lifecycle.services.analysis.house import OUTSIDE, STUCK_ROWS, named_id, stuck_limit, stuck_run
from lifecycle.stats import catalogue
from lifecycle.stats.inference import wilson
from lifecycle.stats.quality import varies
from lifecycle.stats.summaries import CategoryProfile, NumericProfile, Profile

FEW_VALUES = 50
"""A column of so many different texts at most has a set worth naming."""

SURE = 0.999
"""How sure the largest missing share is, that a reference with missing values suggests."""

COMMON = 10
"""A value must fill so many rows on average before the set of values seen counts as complete."""


SKEW = catalogue.get("training_serving_skew").limit or 0.0
"""How far a column may lie from the reference; a house default."""


def suggest(engine: Engine, source: Source) -> tuple[tuple[Expectation, ...], tuple[str, ...]]:
    """Suggest expectations that the rows themselves keep.

    Returns
    -------
    tuple
        The expectations, and notes on what makes these rows a poor reference.
    """
    with ThreadPoolExecutor(engine.threads) as pool:
        facts = list(pool.map(lambda name: engine.facts(source, name), source.names))
    found = [e for known in facts for e in _of_column(engine, source, known)]
    found.append(Expectation(Check.SCHEMA, values=source.names, severity=Severity.WARN))
    if engine.duplicates(source, ()).rows == 0:
        found.append(Expectation(Check.DUPLICATES, severity=Severity.WARN))
    notes = [note for known in facts if (note := _doubt(known))]
    return tuple(found), tuple(notes)


def suggest_from_profiles(
    profiles: Mapping[str, Profile],
) -> tuple[tuple[Expectation, ...], tuple[str, ...]]:
    """Suggest what a monitor can check, from the reference's profiles alone.

    Returns
    -------
    tuple
        The expectations, and notes on what makes these rows a poor reference.
    """
    found: list[Expectation] = []
    notes = [
        f"column {column} is constant in the reference: choose rows in which it moves"
        for column, profile in profiles.items()
        if profile.n and not varies(profile)
    ]
    for column, profile in profiles.items():
        missing = profile.rows - profile.n
        found.append(_missing(column, missing=missing, rows=profile.rows))
        if not profile.n or not varies(profile):
            continue
        if isinstance(profile, NumericProfile):
            low, high = profile.low, profile.high
            found.append(Expectation(Check.RANGE, column, limit=OUTSIDE, low=low, high=high))
            found.append(Expectation(Check.FINITE, column))
        elif _complete(profile):
            found.append(Expectation(Check.SET, column, values=profile.categories))
        found.append(Expectation(Check.SKEW, column, limit=SKEW, severity=Severity.WARN))
    return tuple(found), tuple(notes)


def _complete(profile: CategoryProfile) -> bool:
    few = len(profile.categories) <= FEW_VALUES
    return few and profile.other == 0 and profile.n >= COMMON * len(profile.categories)


def _of_column(engine: Engine, source: Source, known: ColumnFacts) -> Iterable[Expectation]:
    column, held = known.column, known.rows - known.missing
    name = column.name
    type_name = _type(column)
    if type_name is not None and held:
        yield Expectation(Check.TYPE, name, text=type_name)
    yield _missing(name, missing=known.missing, rows=known.rows)
    if named_id(known) and known.distinct == held:
        yield Expectation(Check.UNIQUE, name)
        return
    if known.distinct == 1:
        return
    if column.kind is Kind.NUMERIC and known.low is not None and known.high is not None:
        yield Expectation(Check.RANGE, name, limit=OUTSIDE, low=known.low, high=known.high)
        if not column.integral:
            if known.infinite == 0:
                yield Expectation(Check.FINITE, name)
            if not known.monotone:
                limit = max(stuck_limit(known) or 0.0, float(STUCK_ROWS))
                severity = Severity.WARN
                yield Expectation(Check.STUCK, name, limit=float(ceil(limit)), severity=severity)
    elif column.kind is Kind.CATEGORICAL and column.type != "BOOLEAN" and held:
        few = known.distinct <= FEW_VALUES and held >= COMMON * known.distinct
        if few:
            values = [value for value, _ in engine.values(source, name, limit=FEW_VALUES)]
            yield Expectation(Check.SET, name, values=tuple(values))


def _missing(column: str, *, missing: int, rows: int) -> Expectation:
    """Tolerate what the reference shows, at the upper end of its interval; of nothing, nothing."""
    limit = ceil(wilson(missing, rows, confidence=SURE)[1] * 1e4) / 1e4 if missing else 0.0
    return Expectation(Check.MISSING, column, limit=min(limit, 1.0))


def _type(column: Column) -> str | None:
    if column.kind is Kind.NUMERIC:
        return "integer" if column.integral else "number"
    if column.type == "BOOLEAN":
        return "boolean"
    if column.type == "DATE":
        return "date"
    return "timestamp" if column.type.startswith("TIMESTAMP") else None


def _doubt(known: ColumnFacts) -> str | None:
    """Say why a column of these rows is no measure for others."""
    name, last = known.column.name, known.run_start + known.longest_run - 1
    if known.missing == known.rows:
        return f"column {name} holds no value here, so nothing is expected of it"
    if known.distinct == 1 and known.rows > 1:
        return f"column {name} is constant here: choose rows in which it moves"
    if stuck_run(known):
        return (
            f"column {name} is stuck at one value from row {known.run_start} to {last} here: "
            "choose rows in which it moves"
        )
    return None


def as_yaml(expectations: Sequence[Expectation], *, notes: Sequence[str] = ()) -> str:
    """Write expectations as a file that reads as the same again, with notes as comments on top."""
    columns: dict[str, dict[str, object]] = {}
    rows: dict[str, object] = {}
    times: dict[str, object] = {}
    rules: list[object] = []
    for expected in expectations:
        if expected.check in {Check.FRESH, Check.GAPS}:
            _add_times(times, expected)
        elif expected.check is Check.RULE:
            rules.append(_rule_entry(expected))
        elif expected.column is None:
            _add_rows(rows, expected)
        else:
            _add_column(columns.setdefault(expected.column, {}), expected)
    listed = next((e.values for e in expectations if e.check is Check.SCHEMA), ())
    if columns.keys() <= set(listed):
        columns = {name: columns.get(name, {}) for name in listed}
    elif listed:
        rows["columns"] = list(listed)
    body = {"columns": columns, "rows": rows, "times": times, "rules": rules}
    written = yaml.safe_dump(
        {name: part for name, part in body.items() if part},
        sort_keys=False,
        allow_unicode=True,
        default_flow_style=None,
        width=100,
    )
    return "".join(f"# {note}\n" for note in notes) + written


def _add_column(entry: dict[str, object], expected: Expectation) -> None:
    check = expected.check
    given: dict[Check, dict[str, object]] = {
        Check.TYPE: {"type": expected.text},
        Check.MISSING: {"missing_max": expected.limit},
        Check.RANGE: {"min": expected.low, "max": expected.high},
        Check.SET: {"set": list(expected.values)},
        Check.PATTERN: {"pattern": expected.text},
        Check.UNIQUE: {"unique": True},
        Check.FINITE: {"finite": True},
        Check.STUCK: {"stuck_max": expected.limit},
        Check.SKEW: {"skew_max": expected.limit},
    }
    entry |= {key: _plain(value) for key, value in given[check].items() if value is not None}
    if check in TOLERANT and expected.limit:
        tolerated = cast("dict[str, object]", entry.setdefault("tolerate", {}))
        tolerated[check.value] = expected.limit
    _add_severity(entry, expected)


def _add_rows(rows: dict[str, object], expected: Expectation) -> None:
    if expected.check is Check.VOLUME:
        bounds = {"min": expected.low, "max": expected.high}
        rows |= {key: _plain(value) for key, value in bounds.items() if value is not None}
    elif expected.check is Check.DUPLICATES:
        rows["duplicates_max"] = expected.limit
    elif expected.check is Check.UNIQUE:
        cast("list[object]", rows.setdefault("unique", [])).append(list(expected.values))
    else:
        rows["columns"] = "exact"
    _add_severity(rows, expected)


def _add_severity(entry: dict[str, object], expected: Expectation) -> None:
    if expected.severity is not Severity.BLOCK:
        severities = cast("dict[str, object]", entry.setdefault("severity", {}))
        severities[expected.check.value] = expected.severity.value


def _add_times(times: dict[str, object], expected: Expectation) -> None:
    times["column"] = expected.column
    if expected.check is Check.FRESH:
        times["max_age"] = expected.text
    else:
        times |= {"every": expected.text, "gaps_max": expected.limit}
    _add_severity(times, expected)


def _rule_entry(expected: Expectation) -> object:
    entry: dict[str, object] = {"rule": expected.text}
    if expected.limit:
        entry["tolerate"] = expected.limit
    if expected.severity is not Severity.BLOCK:
        entry["severity"] = expected.severity.value
    return entry if len(entry) > 1 else expected.text


def _plain(value: object) -> object:
    """Write whole numbers without a decimal point."""
    return int(value) if isinstance(value, float) and value.is_integer() else value
