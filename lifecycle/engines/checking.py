"""What a quality check asks of rows: how many break a rule, which first, with which values."""

from collections.abc import Sequence

import numpy as np

from lifecycle.engines.contract import ColumnFacts, Kind, Source, Violations
from lifecycle.engines.profiling import Fetch, finite_part, numbers, text_of
from lifecycle.engines.reading import identifier
from lifecycle.errors import InvalidInput
from lifecycle.stats.summaries import FloatArray

EXAMPLES = 3


def facts(fetch: Fetch, source: Source, column: str) -> ColumnFacts:
    """Describe a column for a quality check."""
    described = source.column(column)
    if described.kind is not Kind.NUMERIC:
        return _text_facts(fetch, source, column)
    values = numbers(fetch, source, column)
    length, start = longest_run(values)
    known = values[~np.isnan(values)]
    steps = known[1:] - known[:-1] if np.all(np.isfinite(known)) else np.array([-1.0, 1.0])
    values.sort()
    finite, missing, infinite = finite_part(values)
    changes = np.flatnonzero(finite[1:] != finite[:-1]) + 1
    held = np.diff(np.concatenate([[0], changes, [len(finite)]]))
    return ColumnFacts(
        column=described,
        rows=source.rows,
        missing=missing,
        infinite=infinite,
        distinct=len(held) if len(finite) else 0,
        commonest=int(held.max()) if len(finite) else 0,
        low=float(finite[0]) if len(finite) else None,
        high=float(finite[-1]) if len(finite) else None,
        longest_run=length,
        run_start=start,
        monotone=bool(np.all(steps >= 0) or np.all(steps <= 0)),
    )


def longest_run(values: FloatArray) -> tuple[int, int]:
    """Return the length of the longest run of one value, and the row (from 1) where it starts."""
    if len(values) == 0:
        return 0, 0
    starts = np.concatenate([[0], np.flatnonzero(values[1:] != values[:-1]) + 1])
    lengths = np.diff(np.concatenate([starts, [len(values)]]))
    longest = int(np.argmax(lengths))
    return int(lengths[longest]), int(starts[longest]) + 1


def duplicates(fetch: Fetch, source: Source, columns: Sequence[str]) -> Violations:
    """Count the rows that repeat an earlier row in these columns (all when empty).

    A row without a value in a named column repeats nothing.
    """
    names = [identifier(c) for c in (columns or source.names)]
    complete = " AND ".join(f"{n} IS NOT NULL" for n in names) if columns else "true"
    label = text_of(source.column(columns[0])) if columns else "''"
    found = fetch(
        source,
        "SELECT CAST(coalesce(sum(n - 1), 0) AS BIGINT) AS rows FROM (SELECT count(*) AS n "
        f"FROM {source.relation} WHERE {complete} GROUP BY {', '.join(names)}) WHERE n > 1",
    )
    rows = int(found["rows"][0])
    if rows == 0:
        return Violations(rows=0)
    first = fetch(
        source,
        f"SELECT min(row) AS row FROM (SELECT row, row_number() OVER (PARTITION BY "
        f"{', '.join(names)} ORDER BY row) AS seen FROM (SELECT row_number() OVER () AS row, * "
        f"FROM {source.relation}) WHERE {complete}) WHERE seen = 2",
    )
    examples = fetch(
        source,
        f"SELECT {label} AS v, count(*) AS n FROM {source.relation} WHERE {complete} "
        f"GROUP BY {', '.join(names)} HAVING count(*) > 1 ORDER BY n DESC, v LIMIT {EXAMPLES}",
    )
    return Violations(
        rows=rows,
        first_row=int(first["row"][0]),
        examples=_pairs(examples) if columns else (),
    )


def outside(
    fetch: Fetch, source: Source, column: str, *, low: float | None, high: float | None
) -> Violations:
    """Count the rows below ``low`` or above ``high``."""
    described = source.column(column)
    if described.kind is not Kind.NUMERIC:
        raise InvalidInput(f"column {column} of {source.label} is {described.type}, not numeric")
    value = f"CAST({identifier(column)} AS DOUBLE)"
    rule = (
        f"NOT isnan({value}) AND ({value} < coalesce($low, {value}) "
        f"OR {value} > coalesce($high, {value}))"
    )
    return _breaking(fetch, source, column, rule=rule, parameters={"low": low, "high": high})


def unseen(fetch: Fetch, source: Source, column: str, *, known: Sequence[str]) -> Violations:
    """Count the rows whose value is none of the known ones."""
    text = text_of(source.column(column))
    rule = f"{text} NOT IN (SELECT unnest(CAST($known AS VARCHAR[])))"
    return _breaking(fetch, source, column, rule=rule, parameters={"known": list(known)})


def unmatched(fetch: Fetch, source: Source, column: str, *, pattern: str) -> Violations:
    """Count the rows whose text does not match the regular expression in full."""
    rule = f"NOT regexp_full_match({text_of(source.column(column))}, $pattern)"
    return _breaking(fetch, source, column, rule=rule, parameters={"pattern": pattern})


def unreadable(fetch: Fetch, source: Source, column: str, *, type_name: str) -> Violations:
    """Count the rows whose value cannot be read as the named type, without rounding."""
    text = text_of(source.column(column))
    rule = f"TRY_CAST({text} AS {type_name}) IS NULL"
    if type_name.endswith(("INT", "INTEGER")):  # a cast would round 1.5 to 2
        rule += f" OR TRY_CAST({text} AS DOUBLE) <> round(TRY_CAST({text} AS DOUBLE))"
    return _breaking(fetch, source, column, rule=rule, parameters={})


def _breaking(
    fetch: Fetch, source: Source, column: str, *, rule: str, parameters: dict[str, object]
) -> Violations:
    """Count the rows with a value for which the rule's SQL is true."""
    text = text_of(source.column(column))
    broken = f"({text}) IS NOT NULL AND ({rule})"
    found = fetch(
        source,
        f"SELECT count(*) AS rows, min(row) AS first FROM (SELECT row_number() OVER () AS row, * "
        f"FROM {source.relation}) WHERE {broken}",
        parameters,
    )
    rows = int(found["rows"][0])
    if rows == 0:
        return Violations(rows=0)
    examples = fetch(
        source,
        f"SELECT {text} AS v, count(*) AS n FROM {source.relation} WHERE {broken} "
        f"GROUP BY 1 ORDER BY n DESC, v LIMIT {EXAMPLES}",
        parameters,
    )
    return Violations(rows=rows, first_row=int(found["first"][0]), examples=_pairs(examples))


def _text_facts(fetch: Fetch, source: Source, column: str) -> ColumnFacts:
    text = text_of(source.column(column))
    found = fetch(
        source,
        f"SELECT CAST(coalesce(sum(n), 0) AS BIGINT) AS held, count(*) AS different, "
        f"coalesce(max(n), 0) AS most FROM (SELECT {text} AS v, count(*) AS n "
        f"FROM {source.relation} GROUP BY 1) WHERE v IS NOT NULL",
    )
    return ColumnFacts(
        column=source.column(column),
        rows=source.rows,
        missing=source.rows - int(found["held"][0]),
        distinct=int(found["different"][0]),
        commonest=int(found["most"][0]),
    )


def _pairs(found: dict[str, np.ndarray]) -> tuple[tuple[str, int], ...]:
    return tuple((str(v), int(n)) for v, n in zip(found["v"], found["n"], strict=True))
