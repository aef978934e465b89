"""Rows themselves, in batches: for statistics that no count carries, such as those of many columns.

Numbers arrive as doubles, categories as positions among the reference's, so that neither strings
nor more than a batch of rows is ever held.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from lifecycle.engines.contract import NO_WINDOW, Batch, Source
from lifecycle.engines.reading import identifier, quote, text_of
from lifecycle.engines.slicing import window_start
from lifecycle.engines.windows import Windowing

ROWS = 100_000
"""Rows of a batch; forty columns of them take 32 MB."""


def query(
    source: Source,
    *,
    numbers: Sequence[str],
    categories: Mapping[str, Sequence[str]],
    windowing: Windowing | None,
) -> str:
    """Return the SQL of the columns in the order of a batch, the window's start last."""
    parts = [f"CAST({identifier(name)} AS DOUBLE)" for name in numbers]
    parts += [_code(source, name, known=known) for name, known in categories.items()]
    parts += [window_start(source, windowing)] if windowing else []
    selected = ", ".join(f"{part} AS c{i}" for i, part in enumerate(parts))
    return f"SELECT {selected} FROM {source.relation}"


def _code(source: Source, name: str, *, known: Sequence[str]) -> str:
    """Return the SQL of a category's position: null for none, beyond the last for an unseen one."""
    text = text_of(source.column(name))
    if not known:
        return f"CASE WHEN {text} IS NOT NULL THEN 0.0 END"
    listed = ", ".join(quote(value) for value in known)
    code = f"coalesce(enum_code(TRY_CAST({text} AS ENUM ({listed}))), {len(known)})"
    return f"CASE WHEN {text} IS NOT NULL THEN CAST({code} AS DOUBLE) END"


def batches(reader: Any, *, windowing: Windowing | None) -> Iterator[Batch]:
    """Turn Arrow batches of that query into arrays, columns first; null and infinity become NaN."""
    for batch in reader:
        columns = batch.columns[:-1] if windowing else batch.columns
        values = np.empty((len(columns), batch.num_rows))
        for place, column in enumerate(columns):
            values[place] = column.to_numpy(zero_copy_only=False)
        values[np.isinf(values)] = np.nan
        starts = None
        if windowing:
            # A row without a time is in no window.
            starts = batch.columns[-1].fill_null(NO_WINDOW).to_numpy(zero_copy_only=False)
        yield Batch(values, starts)
