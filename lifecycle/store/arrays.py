"""How arrays go into list columns and come out again, many at a time, through Arrow."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lifecycle.store.cells import Connection

Column: TypeAlias = Any
Table: TypeAlias = Any
Schema: TypeAlias = Any
"""Arrow's column, table and schema: pyarrow ships no types."""

Columns: TypeAlias = dict[str, Any]


def counts(arrays: Sequence[NDArray[np.int64]]) -> Column:
    """Make a column of whole-number lists."""
    return _lists(arrays, np.int64)


def floats(arrays: Sequence[NDArray[np.float64] | Sequence[float]]) -> Column:
    """Make a column of number lists."""
    return _lists(arrays, np.float64)


def _lists(arrays: Sequence[Any], dtype: type[np.int64 | np.float64]) -> Column:
    flat = [np.asarray(array, dtype=dtype).ravel() for array in arrays]
    offsets = np.cumsum([0, *(len(array) for array in flat)], dtype=np.int32)
    values = np.concatenate([np.empty(0, dtype), *flat])
    return pa.ListArray.from_arrays(pa.array(offsets), pa.array(values))


def insert(tx: Connection, table: str, columns: Columns) -> None:
    """Append rows given by column; names decide where they go."""
    tx.register("given", pa.table(columns))
    try:
        tx.execute(f"INSERT INTO {table} BY NAME SELECT * FROM given")
    finally:
        tx.unregister("given")


def fetch(con: Connection, query: str, given: Mapping[str, object]) -> list[dict[str, Any]]:
    """Run a query and return rows as mappings whose list cells are NumPy arrays."""
    table = con.sql(query, params=dict(given)).to_arrow_table().combine_chunks()
    columns = {name: _cells(table.column(name)) for name in table.column_names}
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _cells(column: Column) -> list[Any]:
    if not pa.types.is_list(column.type) or pa.types.is_string(column.type.value_type):
        return column.to_pylist()
    cells: list[Any] = []
    for chunk in column.chunks:
        values = np.array(chunk.flatten())  # a copy that can be written, unlike Arrow's memory
        ends = np.cumsum(chunk.value_lengths().to_numpy(zero_copy_only=False))
        cells.extend(np.split(values, ends[:-1]))
    return cells


def texts(lists: Sequence[Sequence[str]]) -> Column:
    """Make a column of text lists."""
    return pa.array([list(one) for one in lists], pa.list_(pa.string()))
