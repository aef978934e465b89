"""How a column becomes a profile: one read, one sort per part, a binary search per bin edge."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

import numpy as np

from lifecycle.engines.columns import Columns
from lifecycle.engines.contract import (
    MISSING_GROUP,
    OTHER_GROUP,
    Baseline,
    Counted,
    Profiled,
    Source,
)
from lifecycle.engines.reading import identifier, moment_of, text_of
from lifecycle.engines.slicing import Fetch, Partition, code_of
from lifecycle.errors import InvalidInput
from lifecycle.stats import counting
from lifecycle.stats.summaries import (
    CategoryProfile,
    CountArray,
    FloatArray,
    NumericProfile,
    Profile,
    merge,
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


def numbers(columns: Columns, source: Source, column: str) -> FloatArray:
    """Read a numeric column in row order; null becomes NaN."""
    blocks = columns.numbers(source, column)
    first = next(blocks, np.empty(0))
    if len(first) == source.rows:
        return first
    values = np.empty(source.rows)
    values[: len(first)] = first
    begin = len(first)
    for block in blocks:
        values[begin : begin + len(block)] = block
        begin += len(block)
    return values


def numeric_baseline(
    columns: Columns, source: Source, column: str, *, bins: int, keep: bool
) -> Baseline:
    """Count a reference column on edges at its own quantiles."""
    ordered = numbers(columns, source, column)
    ordered.sort()
    values, missing, infinite = counting.finite_part(ordered)
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


def category_baseline(fetch: Fetch, columns: Columns, source: Source, column: str) -> Baseline:
    """Count a reference column by its most frequent values."""
    texts = columns.texts(source, column)
    if texts is not None:
        top = sorted(texts.items(), key=lambda held: (-held[1], held[0]))[:TOP_CATEGORIES]
        return _baseline(source, top, total=sum(texts.values()), distinct=len(texts))
    text = text_of(source.column(column))
    found = fetch(
        source,
        f"WITH grouped AS ({_held(source, column, written=text)}) "
        "SELECT v, n, CAST(sum(n) OVER () AS BIGINT) AS total, count(*) OVER () AS different "
        f"FROM grouped WHERE v IS NOT NULL ORDER BY n DESC, v LIMIT {TOP_CATEGORIES}",
    )
    held, known = zip(found["v"], found["n"], strict=True), len(found["v"]) > 0
    return _baseline(
        source,
        [(str(v), int(n)) for v, n in held],
        total=int(found["total"][0]) if known else 0,
        distinct=int(found["different"][0]) if known else 0,
    )


def _baseline(
    source: Source, top: Sequence[tuple[str, int]], *, total: int, distinct: int
) -> Baseline:
    """Make a baseline of the most frequent texts, of so many rows with one of so many texts."""
    counts = np.array([n for _, n in top], dtype=np.int64)
    profiled = CategoryProfile(
        categories=tuple(text for text, _ in top),
        counts=counts,
        other=total - int(counts.sum()),
        missing=source.rows - total,
    )
    return Baseline(counted=Counted(profiled), distinct=distinct, serial=False)


def category_profile(
    fetch: Fetch, columns: Columns, source: Source, column: str, *, like: CategoryProfile
) -> CategoryProfile:
    """Count all rows of a column by the categories of another profile."""
    k, texts = len(like.categories), columns.texts(source, column)
    rows = np.zeros(k + 2, np.int64)
    if texts is not None:
        known = [texts.pop(category, 0) for category in like.categories]
        other = sum(texts.values())
        rows[:] = [*known, other, source.rows - sum(known) - other]
        return _of_codes(rows, like=like)
    code = code_of(source, column, like.categories, missing=k + 1, other=k)
    found = fetch(source, _held(source, column, written=code))
    rows[found["v"]] = found["n"]
    return _of_codes(rows, like=like)


def _of_codes(rows: CountArray, *, like: CategoryProfile) -> CategoryProfile:
    """Read the rows of each category, then those of any other value and of none."""
    k = len(like.categories)
    return CategoryProfile(like.categories, rows[:k], int(rows[k]), int(rows[k + 1]))


def _held(source: Source, column: str, *, written: str) -> str:
    """Return the SQL of a column's values, as they are to be written, and the rows of each.

    Each is written once and not in every row, which costs more than counting.
    """
    return (
        f"SELECT v, CAST(sum(held) AS BIGINT) AS n FROM (SELECT {written} AS v, count(*) AS held "
        f"FROM {source.relation} AS given GROUP BY given.{identifier(column)}) GROUP BY v"
    )


def profiles(
    columns: Columns,
    source: Source,
    column: str,
    *,
    like: Profile,
    partitions: Sequence[Sequence[Partition]],
    keep: bool,
) -> Iterator[Profiled]:
    """Count a column on the bins of another profile, per slice and window.

    Parameters
    ----------
    partitions
        For each block of the source's rows, its groups by each grouping.
    """
    if isinstance(like, CategoryProfile):
        counted = _categorical(columns, source, column, like=like, partitions=partitions)
    else:
        counted = _numeric(columns, source, column, like=like, partitions=partitions, keep=keep)
    if len(partitions) == 1:
        yield from counted
        return
    yield from _merged(counted)


def _merged(parts: Iterable[Profiled]) -> Iterator[Profiled]:
    """Add up what several blocks hold of the same slice and window."""
    last = {OTHER_GROUP: 1, MISSING_GROUP: 2}
    found: dict[tuple[str, ...], dict[tuple[object, ...], list[Profiled]]] = {}
    for part in parts:
        opened = part.window.start.isoformat() if part.window else ""
        groups = found.setdefault(tuple(part.slice), {})
        named = ((last.get(value, 0), value) for value in part.slice.values())
        groups.setdefault((opened, *named), []).append(part)
    for same in (groups[key] for groups in found.values() for key in sorted(groups)):
        profile = merge([part.counted.profile for part in same])  # pyright: ignore[reportArgumentType] -- one kind
        samples = [s for part in same if (s := part.counted.sample) is not None]
        sample = np.sort(np.concatenate(samples)) if samples else None
        yield Profiled(same[0].slice, same[0].window, Counted(profile, sample))


def _numeric(
    columns: Columns,
    source: Source,
    column: str,
    *,
    like: NumericProfile,
    partitions: Sequence[Sequence[Partition]],
    keep: bool,
) -> Iterator[Profiled]:
    """Sort each group's numbers, the last grouping's in place, and count them."""
    for block, parts in zip(columns.numbers(source, column), partitions, strict=True):
        for i, part in enumerate(parts):
            ordered = block if part.order is None else block[part.order]
            if part.order is None and i < len(parts) - 1:
                ordered = block.copy()
            found, held = counting.profiles(ordered, bounds=part.bounds, edges=like.edges)
            for (slice_, window), profiled, sample in zip(part.groups, found, held, strict=True):
                counted = Counted(profiled, sample if keep else None)
                yield Profiled(slice=slice_, window=window, counted=counted)


def _categorical(
    columns: Columns,
    source: Source,
    column: str,
    *,
    like: CategoryProfile,
    partitions: Sequence[Sequence[Partition]],
) -> Iterator[Profiled]:
    """Fetch each row's category as a position, and count positions in each group."""
    k = len(like.categories)
    read = columns.codes(source, column, like.categories)
    for block, parts in zip(read, partitions, strict=True):
        for part in parts:
            ordered = block if part.order is None else block[part.order]
            for (slice_, window), (begin, end) in zip(
                part.groups, pairwise(part.bounds.tolist()), strict=True
            ):
                rows = np.bincount(ordered[begin:end], minlength=k + 2).astype(np.int64)
                counted = Counted(_of_codes(rows, like=like))
                yield Profiled(slice=slice_, window=window, counted=counted)
