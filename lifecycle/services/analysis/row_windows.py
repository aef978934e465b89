"""Which rows fall into which window, for what no count carries."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from lifecycle.domain.measurement import Window
from lifecycle.engines import Engine
from lifecycle.engines.contract import NO_WINDOW, Source
from lifecycle.engines.windows import Windowing, window_at
from lifecycle.stats.summaries import FloatArray


def by_window(
    engine: Engine,
    source: Source,
    *,
    numbers: Sequence[str],
    categories: Mapping[str, Sequence[str]],
    windowing: Windowing | None,
) -> dict[Window | None, FloatArray]:
    """Return the rows of some columns by window, oldest first, shape (columns, rows).

    Numbers come first, then categories as positions among those known; rows without a time are in
    no window.
    """
    found: dict[int, list[FloatArray]] = {}
    for start, values in _starts(engine, source, numbers, categories, windowing):
        found.setdefault(start, []).append(values)
    return {
        window_at(start, width=windowing.width) if windowing else None: np.concatenate(parts, 1)
        for start, parts in sorted(found.items())
    }


def _starts(
    engine: Engine,
    source: Source,
    numbers: Sequence[str],
    categories: Mapping[str, Sequence[str]],
    windowing: Windowing | None,
) -> Iterator[tuple[int, FloatArray]]:
    """Cut batches of rows by the start of their window."""
    for batch in engine.batches(
        source, numbers=numbers, categories=categories, windowing=windowing
    ):
        if batch.starts is None:
            yield 0, batch.values
            continue
        for start in np.unique(batch.starts[batch.starts != NO_WINDOW]).tolist():
            yield start, batch.values[:, batch.starts == start]
