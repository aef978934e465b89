"""How rows are cut into slices and windows: a code per column, and the rows of each group."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from lifecycle.domain.measurement import Window
from lifecycle.engines.contract import MISSING_GROUP, OTHER_GROUP, Grouping, Source
from lifecycle.engines.reading import identifier, moment_of, quote, text_of
from lifecycle.engines.windows import Windowing, window_at
from lifecycle.errors import InvalidInput
from lifecycle.stats.summaries import CountArray

Fetch: TypeAlias = Callable[..., dict[str, Any]]
"""Runs SQL over a source with named parameters and returns NumPy arrays by column."""

Levels: TypeAlias = Mapping[str, Sequence[str]]
"""By column, the values that are groups of their own; all others are one group together."""

LEVELS = 200
"""Most groups one column may make unless its levels are given."""

RADIX = 65_536
"""NumPy sorts 16-bit keys by radix, in a few passes."""


@dataclass(frozen=True, slots=True)
class Cut:
    """The columns all groupings cut by, with the values of each, and the windows."""

    columns: tuple[str, ...]
    levels: dict[str, tuple[str, ...]]
    windowing: Windowing | None

    def select(self, source: Source) -> str:
        """Return the SQL of each row's codes: a position per column, and where its window starts.

        A code is -1 where there is no value, and the number of levels for any other value.
        """
        parts = [
            f"{code_of(source, name, self.levels[name], other=len(self.levels[name]))} AS cut_{i}"
            for i, name in enumerate(self.columns)
        ]
        start = window_start(source, self.windowing) if self.windowing else "CAST(0 AS BIGINT)"
        return ", ".join([*parts, f"{start} AS start"])

    @property
    def names(self) -> str:
        """The SQL names of those codes."""
        return ", ".join([*(f"cut_{i}" for i in range(len(self.columns))), "start"])


@dataclass(frozen=True, slots=True, eq=False)
class Partition:
    """Which rows fall into which slice and window of one grouping.

    Parameters
    ----------
    groups
        Slice and window of each group, in order of windows and of the names of groups.
    order
        Row positions by group; ``None`` when all rows already lie in that order.
    bounds
        Shape (len(groups) + 1,), where each group's rows begin in that order.
    """

    groups: tuple[tuple[Mapping[str, str], Window | None], ...]
    order: CountArray | None
    bounds: CountArray


def window_start(source: Source, windowing: Windowing) -> str:
    """Return the SQL of a row's window, as microseconds since 1970.

    Weeks start on Monday, days at midnight, months on the first, all in UTC.
    """
    moment = moment_of(source, windowing.timestamp)
    return f"epoch_us(time_bucket({windowing.width.interval}, {moment}))"


def values(fetch: Fetch, source: Source, column: str, *, limit: int) -> list[tuple[str, int]]:
    """Return the most frequent values as text, each with its rows; null is left out."""
    text = text_of(source.column(column))  # written once per value, which costs more than counting
    found = fetch(
        source,
        f"SELECT v, CAST(sum(held) AS BIGINT) AS n FROM (SELECT {text} AS v, count(*) AS held "
        f"FROM {source.relation} AS given GROUP BY given.{identifier(column)}) "
        f"WHERE v IS NOT NULL GROUP BY v ORDER BY n DESC, v LIMIT {int(limit)}",
    )
    return [(str(v), int(n)) for v, n in zip(found["v"], found["n"], strict=True)]


def cut_of(fetch: Fetch, source: Source, *, groupings: Sequence[Grouping], levels: Levels) -> Cut:
    """Look up the values of every column that some grouping cuts by, unless they are given."""
    columns = tuple(dict.fromkeys(name for g in groupings for name in g.columns))
    known: dict[str, tuple[str, ...]] = {}
    for name in columns:
        if name in levels:
            known[name] = tuple(sorted(levels[name]))
            continue
        found = values(fetch, source, name, limit=LEVELS + 1)
        if len(found) > LEVELS:
            raise InvalidInput(
                f"column {name} of {source.label} holds more than {LEVELS} different values; "
                "expected one with a few groups"
            )
        known[name] = tuple(sorted(value for value, _ in found))
    windowing = next((g.windowing for g in groupings if g.windowing), None)
    return Cut(columns=columns, levels=known, windowing=windowing)


def whole(rows: int) -> Partition:
    """Return the one group of all rows."""
    return Partition((({}, None),), None, np.array([0, rows]))


def partition(cells: Mapping[str, Any], *, cut: Cut, grouping: Grouping) -> Partition:
    """Sort rows, or cells of rows, by the slice and window they belong to.

    Parameters
    ----------
    cells
        The codes that `Cut.select` gives, a NumPy array each; what has no window belongs nowhere.
    """
    if not grouping.columns and grouping.windowing is None:
        return whole(len(cells["start"]))
    starts = np.ma.getdata(cells["start"]).astype(np.int64, copy=False)
    lost = np.ma.getmask(cells["start"])
    opened, key = _ranked(starts if grouping.windowing else np.zeros_like(starts))
    positions = [cut.columns.index(name) for name in grouping.columns]
    sizes = [len(cut.levels[cut.columns[p]]) + 2 for p in positions]
    for position, size in zip(positions, sizes, strict=True):
        codes = np.ma.filled(cells[f"cut_{position}"], -1).astype(np.int64, copy=False)
        key = key * size + codes % size
    if lost is not np.ma.nomask:
        key = np.where(lost, -1, key)
    order = None if bool(np.all(key[1:] >= key[:-1])) else _order(key)
    ranked = key if order is None else key[order]
    changes = np.flatnonzero(np.concatenate([[True], ranked[1:] != ranked[:-1]])[: len(ranked)])
    changes = changes[ranked[changes] >= 0]
    groups: list[tuple[Mapping[str, str], Window | None]] = []
    for code in ranked[changes].tolist():
        left, slice_ = code, dict[str, str]()
        for position, size in zip(reversed(positions), reversed(sizes), strict=True):
            left, level = divmod(left, size)
            slice_[cut.columns[position]] = _level(cut, position, level)
        window = grouping.windowing and window_at(int(opened[left]), width=grouping.windowing.width)
        groups.append((dict(reversed(slice_.items())), window))
    return Partition(tuple(groups), order, np.append(changes, len(ranked)))


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """The cells of one slice in one window."""

    slice: Mapping[str, str]
    window: Window | None
    cells: dict[str, NDArray[Any]]


def groups(cells: Mapping[str, Any], *, cut: Cut, groupings: Sequence[Grouping]) -> Iterator[Group]:
    """Cut cells by each grouping; missing whole numbers become -1."""
    for grouping in groupings:
        found = partition(cells, cut=cut, grouping=grouping)
        for i, (slice_, window) in enumerate(found.groups):
            rows: Any = slice(int(found.bounds[i]), int(found.bounds[i + 1]))
            at = rows if found.order is None else found.order[rows]
            part = {name: np.ma.filled(column[at], -1) for name, column in cells.items()}
            yield Group(slice_, window, part)


def code_of(
    source: Source, name: str, levels: Sequence[str], *, missing: int = -1, other: int = -1
) -> str:
    """Return the SQL of a value's position among the levels, and the codes of all others."""
    text = text_of(source.column(name))
    rest = f"CASE WHEN {text} IS NULL THEN {missing}::SMALLINT ELSE {other}::SMALLINT END"
    listed = ", ".join(quote(level) for level in levels)
    if not listed:
        return rest
    known = f"CAST(enum_code(TRY_CAST({text} AS ENUM({listed}))) AS SMALLINT)"
    return f"coalesce({known}, {rest})"


def _level(cut: Cut, position: int, code: int) -> str:
    levels = cut.levels[cut.columns[position]]
    if code >= len(levels):
        return (OTHER_GROUP, MISSING_GROUP)[code - len(levels)]
    return named_apart(levels[code])


def named_apart(value: str) -> str:
    """Name the group of a value; in quotes where it would be taken for one of the two others."""
    reserved = value.strip('"') in {OTHER_GROUP, MISSING_GROUP}
    return f'"{value}"' if reserved else value


def _ranked(starts: CountArray) -> tuple[CountArray, CountArray]:
    """Return the different values in ascending order, and each value's position among them."""
    if len(starts) == 0:
        return starts, starts
    changes = np.concatenate([[0], np.flatnonzero(starts[1:] != starts[:-1]) + 1])
    opened = np.unique(starts[changes])
    codes = np.searchsorted(opened, starts[changes])
    return opened, np.repeat(codes, np.diff(np.append(changes, len(starts))))


def _order(key: CountArray) -> CountArray:
    """Return the positions that sort keys from -1 on, equal ones in their order."""
    small = int(key.max()) + 1 < RADIX
    return np.argsort((key + 1).astype(np.uint16) if small else key, kind="stable")
