"""How rows are drawn at random: places first, then only the values that lie there are kept."""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from lifecycle.domain.measurement import Window
from lifecycle.engines.columns import CodeArray, Columns
from lifecycle.engines.contract import Drawn, Source
from lifecycle.engines.slicing import Partition
from lifecycle.stats.summaries import CountArray, FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class _Run:
    """Rows of one window in one block: those from a row on, or those at some rows from it on."""

    begin: int
    rows: int
    order: CountArray | None

    def places(self, at: CountArray) -> CountArray:
        """Return the rows at positions of this run, counted from the source's first."""
        return self.begin + (at if self.order is None else self.order[at])


def drawn(
    columns: Columns,
    source: Source,
    *,
    numbers: Sequence[str],
    categories: Mapping[str, Sequence[str]],
    partitions: Sequence[Partition],
    size: int,
    rng: np.random.Generator,
    threads: int,
) -> dict[Window | None, Drawn]:
    """Draw up to so many rows of each window, without putting any back, each set equally likely.

    Parameters
    ----------
    partitions
        The windows of each block of the source's rows.
    """
    runs = _runs(partitions)
    places = {window: _places(of, size=size, rng=rng) for window, of in runs.items()}
    at = np.concatenate([np.empty(0, np.int64), *places.values()])
    values = np.empty((len(numbers) + len(categories), len(at)))
    if len(at):
        order = np.argsort(at)
        known = {**dict.fromkeys(numbers), **categories}
        with ThreadPoolExecutor(threads) as pool:
            rows = pool.map(
                lambda name: _values(columns, source, name, levels=known[name], at=at[order]), known
            )
            for row, found in zip(values, rows, strict=True):
                row[order] = found
    ends = np.cumsum([len(place) for place in places.values()])
    parts = np.split(values, ends[:-1], axis=1) if len(ends) else []
    return {
        window: Drawn(part, rows=sum(run.rows for run in runs[window]))
        for window, part in zip(runs, parts, strict=True)
    }


def _runs(partitions: Sequence[Partition]) -> dict[Window | None, list[_Run]]:
    found: dict[Window | None, list[_Run]] = {}
    first = 0
    for part in partitions:
        for (_, window), (begin, end) in zip(
            part.groups, pairwise(part.bounds.tolist()), strict=True
        ):
            order = None if part.order is None else part.order[begin:end]
            run = _Run(first + begin if order is None else first, end - begin, order)
            found.setdefault(window, []).append(run)
        first += int(part.bounds[-1])
    return found


def _places(runs: Sequence[_Run], *, size: int, rng: np.random.Generator) -> CountArray:
    """Draw rows of one window, in random order."""
    ends = np.cumsum([run.rows for run in runs])
    chosen = rng.choice(int(ends[-1]), min(size, int(ends[-1])), replace=False)
    of = np.searchsorted(ends, chosen, side="right")
    places = np.empty(len(chosen), np.int64)
    for i, run in enumerate(runs):
        places[of == i] = run.places(chosen[of == i] - (int(ends[i]) - run.rows))
    return places


def _values(
    columns: Columns, source: Source, name: str, *, levels: Sequence[str] | None, at: CountArray
) -> FloatArray:
    """Read a column's values at ascending rows; NaN where there is none, or no finite one."""
    found = np.empty(len(at))
    begin = 0
    for block in _blocks(columns, source, name, levels=levels):
        low, high = np.searchsorted(at, [begin, begin + len(block)])
        found[low:high] = block[at[low:high] - begin]
        begin += len(block)
    lost = ~np.isfinite(found) if levels is None else found > len(levels)
    found[lost] = np.nan
    return found


def _blocks(
    columns: Columns, source: Source, name: str, *, levels: Sequence[str] | None
) -> Iterator[FloatArray] | Iterator[CodeArray]:
    if levels is None:
        return columns.numbers(source, name)
    return columns.codes(source, name, levels)
