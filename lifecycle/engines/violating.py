"""How many rows meet a condition, which first, with which values: one scan for many conditions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from lifecycle.domain.measurement import Window
from lifecycle.engines.checking import EXAMPLES, numbered, pairs
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
from lifecycle.engines.reading import identifier, text_of
from lifecycle.engines.row_rules import sql_of
from lifecycle.engines.slicing import Fetch, window_start
from lifecycle.engines.windows import Windowing, window_at
from lifecycle.errors import InvalidInput

BATCH = 100
"""Conditions counted in one scan; a query of some hundred aggregates still plans in no time."""

FLOATING = ("FLOAT", "DOUBLE")
"""The types that can hold what is not a number."""


@dataclass(frozen=True, slots=True)
class _Test:
    """A condition as SQL.

    Parameters
    ----------
    broken
        True for a row that meets the condition.
    judged
        True for a row that it can be told of; empty for every row.
    shown
        The value to give examples of; empty when there is none.
    scan
        Conditions of one kind share a scan.
    """

    broken: str
    judged: str = ""
    shown: str = ""
    parameters: Mapping[str, object] = field(default_factory=dict[str, object])
    scan: str = "values"


def violations(
    fetch: Fetch,
    source: Source,
    conditions: Sequence[Condition],
    *,
    windowing: Windowing | None = None,
) -> dict[Window | None, list[Violations]]:
    """Count the rows that meet each condition, in one scan, per window or over all rows.

    Only what was found is looked at again, for its first row and its examples. Rows without a
    time are in no window.
    """
    tests = [_test(source, condition, at=i) for i, condition in enumerate(conditions)]
    found: dict[Window | None, list[Violations]] = {}
    for scanned in _scans(tests):
        counted = _counts(fetch, source, [tests[i] for i in scanned], windowing=windowing)
        for opened, parts in counted.items():
            window = window_at(opened, width=windowing.width) if windowing else None
            row = found.setdefault(window, [Violations(0, judged=0)] * len(tests))
            for at, part in zip(scanned, parts, strict=True):
                row[at] = part
    if windowing is None:
        found[None] = [
            _with_examples(fetch, source, test, counted)
            for test, counted in zip(tests, found.get(None, []), strict=True)
        ]
    return found


def admit(source: Source, condition: Condition) -> None:
    """Refuse a condition that the columns or their types have no answer to.

    Raises
    ------
    InvalidInput
        A column is not there, or not of a type the condition can be told of.
    """
    _test(source, condition, at=0)


def failing(
    fetch: Fetch, source: Source, condition: Condition, *, columns: Sequence[str], limit: int
) -> list[tuple[int, dict[str, str | None]]]:
    """Return the first rows that meet a condition: their number (from 1) and values as text."""
    test = _test(source, condition, at=0)
    shown = ", ".join(
        f"CAST({identifier(source.column(name).name)} AS VARCHAR) AS v{i}"
        for i, name in enumerate(columns)
    )
    rows = fetch(
        source,
        f"SELECT row, {shown} FROM {numbered(source)} WHERE {test.broken} ORDER BY row "
        f"LIMIT {int(limit)}",
        test.parameters,
    )
    texts = [_texts(rows[f"v{i}"]) for i in range(len(columns))]
    return [
        (int(row), dict(zip(columns, values, strict=True)))
        for row, *values in zip(rows["row"], *texts, strict=True)
    ]


def _counts(
    fetch: Fetch, source: Source, tests: Sequence[_Test], *, windowing: Windowing | None
) -> dict[int, list[Violations]]:
    """Count one batch of conditions by window start; the first row only of what was found."""
    # Not count_if: DuckDB answers that from a Parquet file's statistics, which know nothing of NaN.
    parts = ["count(*) AS n"]
    for i, test in enumerate(tests):
        parts.append(f"count(*) FILTER (WHERE {test.broken}) AS c{i}")
        if test.judged:
            parts.append(f"count(*) FILTER (WHERE {test.judged}) AS j{i}")
    counted = _by_start(fetch, source, parts, tests, windowing=windowing, rows=source.relation)
    broken = [i for i in range(len(tests)) if counted[f"c{i}"].any()]
    firsts: dict[str, np.ndarray] = {}
    if broken:
        parts = [f"min(row) FILTER (WHERE {tests[i].broken}) AS f{i}" for i in broken]
        kept = [tests[i] for i in broken]
        rows = numbered(source)
        firsts = _by_start(fetch, source, parts, kept, windowing=windowing, rows=rows)
    return {
        int(opened): [
            _counted(counted, firsts, test=test, at=at, row=row) for at, test in enumerate(tests)
        ]
        for row, opened in enumerate(counted["start"])
    }


def _counted(
    counted: Mapping[str, np.ndarray],
    firsts: Mapping[str, np.ndarray],
    *,
    test: _Test,
    at: int,
    row: int,
) -> Violations:
    rows = int(counted[f"c{at}"][row])
    return Violations(
        rows=rows,
        judged=int(counted[f"j{at}" if test.judged else "n"][row]),
        first_row=int(firsts[f"f{at}"][row]) if rows else None,
    )


def _by_start(
    fetch: Fetch,
    source: Source,
    parts: Sequence[str],
    tests: Sequence[_Test],
    *,
    windowing: Windowing | None,
    rows: str,
) -> dict[str, np.ndarray]:
    """Aggregate all rows, by window start where there are windows, in order of time."""
    parameters = {name: value for test in tests for name, value in test.parameters.items()}
    start = window_start(source, windowing) if windowing else "CAST(0 AS BIGINT)"
    cut = "GROUP BY 1 HAVING start IS NOT NULL ORDER BY 1" if windowing else ""
    sql = f"SELECT {start} AS start, {', '.join(parts)} FROM {rows} {cut}"
    return fetch(source, sql, parameters)


def _with_examples(fetch: Fetch, source: Source, test: _Test, counted: Violations) -> Violations:
    if counted.rows == 0 or not test.shown:
        return counted
    found = fetch(
        source,
        f"SELECT {test.shown} AS v, count(*) AS n FROM {source.relation} WHERE {test.broken} "
        f"GROUP BY 1 ORDER BY n DESC, v LIMIT {EXAMPLES}",
        test.parameters,
    )
    return replace(counted, examples=pairs(found))


def _test(source: Source, condition: Condition, *, at: int) -> _Test:
    """Write a condition as SQL; parameters are named by the condition's position."""
    if isinstance(condition, Broken):
        rule = sql_of(condition.rule.node, source)
        return _Test(f"NOT {rule}", judged=f"{rule} IS NOT NULL")
    column = source.column(condition.column)
    text, name = text_of(column), identifier(column.name)
    if isinstance(condition, Missing):
        nan = column.type in FLOATING
        rule = f"({name} IS NULL OR isnan({name}))" if nan else f"({name} IS NULL)"
        return _Test(rule, scan="values" if nan else "presence")
    if isinstance(condition, Infinite | Outside):
        return _numeric_test(source, condition)
    if isinstance(condition, NotAmong):
        known = {f"p{at}": list(condition.values)}
        rule = f"({text} IS NOT NULL AND {text} NOT IN (SELECT unnest(CAST($p{at} AS VARCHAR[]))))"
        return _Test(rule, shown=text, parameters=known, scan="lists")
    if isinstance(condition, Unmatched):
        pattern = {f"p{at}": condition.pattern}
        return _Test(f"(NOT regexp_full_match({text}, $p{at}))", shown=text, parameters=pattern)
    return _Test(_unreadable(text, condition), shown=text)


def _numeric_test(source: Source, condition: Infinite | Outside) -> _Test:
    column = source.column(condition.column)
    if column.kind is not Kind.NUMERIC:
        raise InvalidInput(f"column {column.name} of {source.label} is {column.type}, not numeric")
    name = identifier(column.name)
    number = name if column.type in FLOATING else f"CAST({name} AS DOUBLE)"
    if isinstance(condition, Infinite):
        return _Test(f"isinf({number})" if column.type in FLOATING else "false")
    low, high = (
        f"CAST('{end}inf' AS DOUBLE)" if bound is None else f"CAST({bound!r} AS DOUBLE)"
        for end, bound in (("-", condition.low), ("+", condition.high))
    )
    # NaN lies above everything, and is missing rather than outside.
    nan = f" AND NOT isnan({number})" if column.type in FLOATING else ""
    return _Test(f"(NOT ({number} BETWEEN {low} AND {high}){nan})", shown=text_of(column))


def _unreadable(text: str, condition: Unreadable) -> str:
    rule = f"TRY_CAST({text} AS {condition.type_name}) IS NULL"
    if condition.type_name.endswith(("INT", "INTEGER")):  # a cast would round 1.5 to 2
        rule += f" OR TRY_CAST({text} AS DOUBLE) <> round(TRY_CAST({text} AS DOUBLE))"
    return f"(({text}) IS NOT NULL AND ({rule}))"


def _scans(tests: Sequence[_Test]) -> list[list[int]]:
    """Say which conditions are counted together.

    Looking a value up in a list is a join, which would carry every other column along, and whether
    a text is there can be told without reading it: scans of their own take a third less time.
    """
    kinds = dict.fromkeys(test.scan for test in tests)
    of = {kind: [i for i, test in enumerate(tests) if test.scan == kind] for kind in kinds}
    return [part[i : i + BATCH] for part in of.values() for i in range(0, len(part), BATCH)]


def _texts(values: np.ndarray) -> list[str | None]:
    mask = np.ma.getmaskarray(values)
    return [None if gone else str(v) for v, gone in zip(np.ma.getdata(values), mask, strict=True)]
