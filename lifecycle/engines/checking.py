"""What a quality check asks of columns: their extremes, runs, repeats, times and volume."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np

from lifecycle.domain.measurement import Window
from lifecycle.engines.columns import Columns
from lifecycle.engines.conditions import Violations
from lifecycle.engines.contract import ColumnFacts, Kind, Source
from lifecycle.engines.profiling import numbers
from lifecycle.engines.reading import identifier, moment_of, text_of
from lifecycle.engines.slicing import Fetch, window_start
from lifecycle.engines.windows import EPOCH, Windowing, window_at
from lifecycle.stats.counting import finite_part
from lifecycle.stats.summaries import FloatArray

EXAMPLES = 3
"""The most frequent values shown of rows that break a rule."""


def facts(fetch: Fetch, columns: Columns, source: Source, column: str) -> ColumnFacts:
    """Describe a column for a quality check."""
    described = source.column(column)
    if described.kind is not Kind.NUMERIC:
        return _text_facts(fetch, source, column)
    values = numbers(columns, source, column)
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


def volume(fetch: Fetch, source: Source, windowing: Windowing) -> dict[Window, int]:
    """Count the rows of each window that holds any; rows without a time are in none."""
    found = fetch(
        source,
        f"SELECT {window_start(source, windowing)} AS start, count(*) AS n "
        f"FROM {source.relation} GROUP BY 1 HAVING start IS NOT NULL ORDER BY 1",
    )
    return {
        window_at(int(start), width=windowing.width): int(n)
        for start, n in zip(found["start"], found["n"], strict=True)
    }


def span(fetch: Fetch, source: Source, timestamp: str) -> tuple[datetime, datetime] | None:
    """Return the first and the last time, or nothing when no row has one."""
    moment = moment_of(source, timestamp)
    found = fetch(
        source,
        f"SELECT epoch_us(min({moment})) AS first, epoch_us(max({moment})) AS last, "
        f"count({moment}) AS n FROM {source.relation}",
    )
    if int(found["n"][0]) == 0:
        return None
    first, last = (EPOCH + timedelta(microseconds=int(found[k][0])) for k in ("first", "last"))
    return first, last


def duplicates(fetch: Fetch, source: Source, columns: Sequence[str]) -> Violations:
    """Count the rows that repeat an earlier row in these columns (all when empty).

    A row without a value in a named column repeats nothing. Rows whose hashes all differ cannot
    repeat each other, which spares most data the grouping by whole rows.
    """
    names = [identifier(source.column(c).name) for c in (columns or source.names)]
    complete = " AND ".join(f"{n} IS NOT NULL" for n in names) if columns else "true"
    listed = ", ".join(names)
    same = fetch(
        source,
        f"SELECT count(*) - count(DISTINCT hash({listed})) AS rows "
        f"FROM {source.relation} WHERE {complete}",
    )
    if int(same["rows"][0]) == 0:
        return Violations(rows=0, judged=source.rows)
    found = fetch(
        source,
        "SELECT CAST(coalesce(sum(n - 1), 0) AS BIGINT) AS rows FROM (SELECT count(*) AS n "
        f"FROM {source.relation} WHERE {complete} GROUP BY {listed}) WHERE n > 1",
    )
    rows = int(found["rows"][0])
    if rows == 0:
        return Violations(rows=0, judged=source.rows)
    first = fetch(
        source,
        f"SELECT min(row) AS row FROM (SELECT row, row_number() OVER (PARTITION BY {listed} "
        f"ORDER BY row) AS seen FROM {numbered(source)} WHERE {complete}) WHERE seen = 2",
    )
    label = text_of(source.column(columns[0])) if columns else "''"
    examples = fetch(
        source,
        f"SELECT {label} AS v, count(*) AS n FROM {source.relation} WHERE {complete} "
        f"GROUP BY {listed} HAVING count(*) > 1 ORDER BY n DESC, v LIMIT {EXAMPLES}",
    )
    return Violations(
        rows=rows,
        judged=source.rows,
        first_row=int(first["row"][0]),
        examples=pairs(examples) if columns else (),
    )


def numbered(source: Source) -> str:
    """Return the relation of the rows with their number, from 1, as `row`."""
    return f"(SELECT row_number() OVER () AS row, * FROM {source.relation})"


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


def pairs(found: dict[str, np.ndarray]) -> tuple[tuple[str, int], ...]:
    """Return values as text, each with its rows."""
    return tuple((str(v), int(n)) for v, n in zip(found["v"], found["n"], strict=True))
