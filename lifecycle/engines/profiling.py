"""How a column becomes a profile: one read, one sort per part, a binary search per bin edge."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np

from lifecycle.engines.contract import Baseline, Counted, Profiled, Source
from lifecycle.engines.reading import identifier, moment_of, text_of
from lifecycle.engines.slicing import Fetch, Partition, code_of
from lifecycle.errors import InvalidInput
from lifecycle.stats import counting
from lifecycle.stats.summaries import (
    CategoryProfile,
    FloatArray,
    NumericProfile,
    Profile,
    numeric_bins,
)

TOP_CATEGORIES = 100
"""Categories with a bin of their own; the rest of the reference shares the bin `other`."""


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


def numeric_baseline(
    fetch: Fetch, source: Source, column: str, *, bins: int, keep: bool
) -> Baseline:
    """Count a reference column on edges at its own quantiles."""
    ordered = numbers(fetch, source, column)
    ordered.sort()
    values, missing, infinite = finite_part(ordered)
    edges = numeric_bins(values, bins=bins) if len(values) else np.empty(0)
    distinct = int(np.count_nonzero(values[1:] != values[:-1])) + 1 if len(values) else 0
    serial = (
        source.column(column).integral
        and len(values) == len(ordered) == distinct
        and values[-1] - values[0] == distinct - 1
    )
    profiled = counting.profile(values, edges=edges, missing=missing, infinite=infinite)
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


def profiles(
    fetch: Fetch,
    source: Source,
    column: str,
    *,
    like: Profile,
    partitions: Sequence[Partition],
    keep: bool,
) -> Iterator[Profiled]:
    """Count a column on the bins of another profile, per slice and window of each partition."""
    if isinstance(like, CategoryProfile):
        yield from _categorical(fetch, source, column, like=like, partitions=partitions)
        return
    fetched = numbers(fetch, source, column)
    for i, part in enumerate(partitions):
        last = i == len(partitions) - 1
        yield from _numeric(fetched, part=part, like=like, keep=keep, spare=not last)


def _numeric(
    column: FloatArray, *, part: Partition, like: NumericProfile, keep: bool, spare: bool
) -> Iterator[Profiled]:
    """Count a column's values in each group; sorts them in place unless they are spared."""
    ordered = column if part.order is None else column[part.order]
    if spare and part.order is None:
        ordered = column.copy()
    found, spans = counting.profiles(ordered, bounds=part.bounds, edges=like.edges)
    for (slice_, window), profiled, (begin, end) in zip(
        part.groups, found, spans.tolist(), strict=True
    ):
        sample = ordered[begin:end] if keep else None
        yield Profiled(slice=slice_, window=window, counted=Counted(profiled, sample))


def _categorical(
    fetch: Fetch,
    source: Source,
    column: str,
    *,
    like: CategoryProfile,
    partitions: Sequence[Partition],
) -> Iterator[Profiled]:
    """Fetch each row's category as a position, and count positions in each group."""
    k = len(like.categories)
    code = code_of(source, column, like.categories, missing=k + 1, other=k)
    codes = fetch(source, f"SELECT {code} AS code FROM {source.relation}")["code"]
    for part in partitions:
        ordered = codes if part.order is None else codes[part.order]
        for (slice_, window), (begin, end) in zip(
            part.groups, pairwise(part.bounds.tolist()), strict=True
        ):
            rows = np.bincount(ordered[begin:end], minlength=k + 2).astype(np.int64)
            profiled = CategoryProfile(
                categories=like.categories,
                counts=rows[:k],
                other=int(rows[k]),
                missing=int(rows[k + 1]),
            )
            yield Profiled(slice=slice_, window=window, counted=Counted(profiled))
