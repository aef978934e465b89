"""How a column becomes a profile: one read, one sort, a binary search per bin edge."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from lifecycle.domain.measurement import Window
from lifecycle.engines.contract import Baseline, Column, Counted, Kind, Source
from lifecycle.engines.reading import identifier
from lifecycle.engines.windows import Windowing, window_at
from lifecycle.errors import InvalidInput
from lifecycle.stats import counting
from lifecycle.stats.summaries import (
    CategoryProfile,
    FloatArray,
    NumericProfile,
    Profile,
    numeric_bins,
)

Fetch: TypeAlias = Callable[..., dict[str, Any]]
"""Runs SQL over a source with named parameters and returns NumPy arrays by column."""

TOP_CATEGORIES = 100
"""Categories with a bin of their own; the rest of the reference shares the bin `other`."""

OTHER, MISSING = -1, -2
"""Codes of the rows that no known category holds."""

WHOLE = 9_007_199_254_740_992
"""2**53: beyond it a float no longer tells neighbouring whole numbers apart."""


@dataclass(frozen=True, slots=True, eq=False)
class Partition:
    """Which rows fall into which window.

    Parameters
    ----------
    order
        Row positions sorted by window; ``None`` when the rows already lie in that order.
    bounds
        Shape (len(windows) + 1,), where each window's rows begin in that order.
    """

    windows: tuple[Window, ...]
    order: NDArray[np.int64] | None
    bounds: NDArray[np.int64]


def text_of(column: Column) -> str:
    """Return the SQL that writes a column's value as text, the same for 1, 1.0 and a wide 1."""
    name = identifier(column.name)
    if column.kind is not Kind.NUMERIC or column.integral:
        return f"CAST({name} AS VARCHAR)"
    number = f"CAST({name} AS DOUBLE)"
    whole = f"{number} = round({number}) AND abs({number}) < {WHOLE}"
    return (
        f"CASE WHEN isnan({number}) THEN NULL "
        f"WHEN {whole} THEN CAST(CAST({number} AS BIGINT) AS VARCHAR) "
        f"ELSE CAST({number} AS VARCHAR) END"
    )


def moment_of(source: Source, timestamp: str) -> str:
    """Return the SQL that reads a column as a time in UTC, null where that is not possible."""
    column = source.column(timestamp)
    name = identifier(timestamp)
    if column.type in {"TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ_NS"}:
        # Nanoseconds with a zone, as pandas writes them, cast to no plain timestamp directly.
        return f"CAST({name} AS TIMESTAMPTZ) AT TIME ZONE 'UTC'"
    if column.type == "DATE" or column.type.startswith("TIMESTAMP"):
        return f"CAST({name} AS TIMESTAMP)"
    if column.type == "VARCHAR":
        return f"TRY_CAST({name} AS TIMESTAMPTZ) AT TIME ZONE 'UTC'"
    raise InvalidInput(
        f"column {timestamp} of {source.label} is {column.type}; expected timestamps such as "
        "2024-01-31 13:00"
    )


def window_start(source: Source, windowing: Windowing) -> str:
    """Return the SQL of a row's window, as microseconds since 1970.

    Weeks start on Monday, days at midnight, months on the first, all in UTC.
    """
    moment = moment_of(source, windowing.timestamp)
    return f"epoch_us(time_bucket({windowing.width.interval}, {moment}))"


def undated(fetch: Fetch, source: Source, *, timestamp: str) -> int:
    """Count the rows without a time.

    Raises
    ------
    InvalidInput
        A text cannot be read as a time; the sentence names its row.
    """
    moment, name = moment_of(source, timestamp), identifier(timestamp)
    counted = fetch(
        source,
        f"SELECT count(*) - count({name}) AS missing, count({name}) - count({moment}) AS unread "
        f"FROM {source.relation}",
    )
    if int(counted["unread"][0]):
        first = fetch(
            source,
            f"SELECT row, value FROM (SELECT row_number() OVER () AS row, {name} AS value, "
            f"{moment} AS moment FROM {source.relation}) "
            "WHERE value IS NOT NULL AND moment IS NULL ORDER BY row LIMIT 1",
        )
        raise InvalidInput(
            f"row {first['row'][0]} of {source.label}: column {timestamp} holds "
            f"{first['value'][0]!r}, expected a timestamp such as 2024-01-31 13:00"
        )
    return int(counted["missing"][0])


def partition(fetch: Fetch, source: Source, *, windowing: Windowing) -> Partition:
    """Find each row's window; rows without a time are in none."""
    start = window_start(source, windowing)
    fetched = fetch(source, f"SELECT {start} AS start FROM {source.relation}")["start"]
    known = ~np.ma.getmaskarray(fetched)
    starts = np.ma.getdata(fetched).astype(np.int64, copy=False)
    opened = np.unique(starts[known])
    codes = np.where(known, np.searchsorted(opened, starts), -1)
    in_order = bool(known.all()) and bool(np.all(codes[1:] >= codes[:-1]))
    order = None if in_order else np.argsort(codes, kind="stable")
    ranked = codes if order is None else codes[order]
    bounds = np.searchsorted(ranked, np.arange(len(opened) + 1), side="left")
    return Partition(
        windows=tuple(window_at(int(start), width=windowing.width) for start in opened),
        order=order,
        bounds=bounds,
    )


def numbers(fetch: Fetch, source: Source, column: str) -> FloatArray:
    """Fetch a numeric column in row order; null becomes NaN."""
    sql = f"SELECT CAST({identifier(column)} AS DOUBLE) AS x FROM {source.relation}"
    fetched = fetch(source, sql)["x"]
    if isinstance(fetched, np.ma.MaskedArray):
        return fetched.filled(np.nan)
    return fetched if fetched.flags.writeable else fetched.copy()


def finite_part(ordered: FloatArray) -> tuple[FloatArray, int, int]:
    """Split an ascending array into its finite values, and the counts of NaN and infinities."""
    end = int(np.searchsorted(ordered, np.nan))  # NaN sorts last
    low = int(np.searchsorted(ordered[:end], -np.inf, side="right"))
    high = int(np.searchsorted(ordered[:end], np.inf, side="left"))
    return ordered[low:high], len(ordered) - end, end - (high - low)


def count_on(ordered: FloatArray, *, edges: FloatArray) -> NumericProfile:
    """Count ascending values, NaN and infinities included, on given bin edges."""
    values, missing, infinite = finite_part(ordered)
    return counting.profile(values, edges=edges, missing=missing, infinite=infinite)


def numeric_baseline(
    fetch: Fetch, source: Source, column: str, *, bins: int, keep: bool
) -> Baseline:
    """Count a reference column on edges at its own quantiles."""
    ordered = numbers(fetch, source, column)
    ordered.sort()
    values, _, _ = finite_part(ordered)
    edges = numeric_bins(values, bins=bins) if len(values) else np.empty(0)
    distinct = int(np.count_nonzero(values[1:] != values[:-1])) + 1 if len(values) else 0
    serial = (
        source.column(column).integral
        and len(values) == len(ordered) == distinct
        and values[-1] - values[0] == distinct - 1
    )
    profiled = count_on(ordered, edges=edges)
    return Baseline(
        counted=Counted(profiled, values if keep else None), distinct=distinct, serial=bool(serial)
    )


def category_baseline(fetch: Fetch, source: Source, column: str) -> Baseline:
    """Count a reference column by its most frequent values."""
    text = text_of(source.column(column))
    found = fetch(
        source,
        f"WITH grouped AS (SELECT {text} AS v, count(*) AS n FROM {source.relation} GROUP BY 1) "
        "SELECT v, n, CAST(sum(n) OVER () AS BIGINT) AS total, count(*) OVER () AS different "
        f"FROM grouped WHERE v IS NOT NULL ORDER BY n DESC, v LIMIT {TOP_CATEGORIES}",
    )
    total = int(found["total"][0]) if len(found["total"]) else 0
    counts = np.asarray(found["n"], dtype=np.int64)
    profiled = CategoryProfile(
        categories=tuple(str(v) for v in found["v"]),
        counts=counts,
        other=total - int(counts.sum()),
        missing=source.rows - total,
    )
    distinct = int(found["different"][0]) if total else 0
    return Baseline(counted=Counted(profiled), distinct=distinct, serial=False)


def profile(
    fetch: Fetch,
    source: Source,
    column: str,
    *,
    like: Profile,
    windowing: Windowing | None,
    partition: Partition | None,
    keep: bool,
) -> Mapping[Window | None, Counted]:
    """Count a column on the bins of another profile, per window or over all rows."""
    if isinstance(like, CategoryProfile):
        return _categories(fetch, source, column, like=like, windowing=windowing)
    values = numbers(fetch, source, column)
    if partition is None:
        return {None: _numeric(values, like=like, keep=keep)}
    if partition.order is not None:
        values = values[partition.order]
    parts: dict[Window | None, Counted] = {}
    for i, window in enumerate(partition.windows):
        rows = values[partition.bounds[i] : partition.bounds[i + 1]]
        parts[window] = _numeric(rows, like=like, keep=keep)
    return parts


def values(fetch: Fetch, source: Source, column: str, *, limit: int) -> list[tuple[str, int]]:
    """Return the most frequent values as text, each with its rows; null is left out."""
    text = text_of(source.column(column))
    found = fetch(
        source,
        f"SELECT v, count(*) AS n FROM (SELECT {text} AS v FROM {source.relation}) "
        f"WHERE v IS NOT NULL GROUP BY v ORDER BY n DESC, v LIMIT {int(limit)}",
    )
    return [(str(v), int(n)) for v, n in zip(found["v"], found["n"], strict=True)]


def _numeric(values: FloatArray, *, like: NumericProfile, keep: bool) -> Counted:
    values.sort()
    profiled = count_on(values, edges=like.edges)
    return Counted(profiled, finite_part(values)[0] if keep else None)


def _categories(
    fetch: Fetch,
    source: Source,
    column: str,
    *,
    like: CategoryProfile,
    windowing: Windowing | None,
) -> Mapping[Window | None, Counted]:
    start = window_start(source, windowing) if windowing else "CAST(0 AS BIGINT)"
    found = fetch(
        source,
        f"WITH grouped AS (SELECT {start} AS start, {text_of(source.column(column))} AS v, "
        f"count(*) AS n FROM {source.relation} GROUP BY ALL), "
        "known AS (SELECT unnest(CAST($known AS VARCHAR[])) AS v, "
        "generate_subscripts(CAST($known AS VARCHAR[]), 1) - 1 AS position) "
        f"SELECT start, CASE WHEN v IS NULL THEN {MISSING} ELSE coalesce(position, {OTHER}) END "
        "AS code, "
        "CAST(sum(n) AS BIGINT) AS n FROM grouped LEFT JOIN known USING (v) "
        "WHERE start IS NOT NULL GROUP BY ALL ORDER BY start, code",
        {"known": list(like.categories)},
    )
    starts = np.asarray(found["start"], dtype=np.int64)
    codes = np.asarray(found["code"], dtype=np.int64)
    rows = np.asarray(found["n"], dtype=np.int64)
    parts: dict[Window | None, Counted] = {}
    for start_at in np.unique(starts):
        here = starts == start_at
        counts = np.zeros(len(like.categories), dtype=np.int64)
        named = here & (codes >= 0)
        counts[codes[named]] = rows[named]
        profiled = CategoryProfile(
            categories=like.categories,
            counts=counts,
            other=int(rows[here & (codes == OTHER)].sum()),
            missing=int(rows[here & (codes == MISSING)].sum()),
        )
        window = window_at(int(start_at), width=windowing.width) if windowing else None
        parts[window] = Counted(profiled)
    return parts
