"""How a query's rows are read a block at a time, so that memory does not grow with them."""

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

BLOCK = 4_194_304
"""Rows of a block: 32 MB of one column of numbers. A smaller source is a single block."""

BATCH = 131_072
"""Rows DuckDB hands over at a time."""


def blocks(batches: Iterable[Any], *, rows: int) -> Iterator[dict[str, Any]]:
    """Turn Arrow record batches into blocks of so many rows (fewer in the last), arrays by column.

    A number without a value becomes NaN, any other column with missing values a masked array.
    """
    held: list[dict[str, Any]] = []
    count = 0
    for batch in batches:
        begin = 0
        while begin < batch.num_rows:
            taken = min(rows - count, batch.num_rows - begin)
            held.append(_arrays(batch.slice(begin, taken)))
            begin, count = begin + taken, count + taken
            if count == rows:
                yield _joined(held)
                held, count = [], 0
    if held:
        yield _joined(held)


def sizes(rows: int, *, block: int) -> list[int]:
    """Return how many rows the blocks of a source hold."""
    return [min(block, rows - begin) for begin in range(0, rows, block)]


def _arrays(batch: Any) -> dict[str, Any]:
    return {
        name: _array(column) for name, column in zip(batch.schema.names, batch.columns, strict=True)
    }


def _array(column: Any) -> Any:
    if column.null_count == 0:
        return column.to_numpy(zero_copy_only=False)
    if str(column.type) == "double":
        return column.fill_null(np.nan).to_numpy(zero_copy_only=False)
    missing = column.is_null().to_numpy(zero_copy_only=False)
    return np.ma.array(column.fill_null(0).to_numpy(zero_copy_only=False), mask=missing)


def _joined(parts: list[dict[str, Any]]) -> dict[str, Any]:
    """Put the pieces of each column together; a copy, which may be written to."""
    return {
        name: np.ma.concatenate([part[name] for part in parts])
        if any(isinstance(part[name], np.ma.MaskedArray) for part in parts)
        else np.concatenate([part[name] for part in parts])
        for name in parts[0]
    }
