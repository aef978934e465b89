"""Rows of Parquet files as a worker is given them: some columns may lie in files beside them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq


def names(files: Sequence[str | Path], *, apart: Sequence[str] = ()) -> list[str]:
    """Return the columns that files have, with those of the files beside them."""
    return [name for file in (files[0], *apart) for name in pq.read_schema(file).names]


def table(files: Sequence[str | Path], columns: Sequence[str], *, apart: Sequence[str] = ()) -> Any:
    """Read some columns as one Arrow table, in this order.

    Parameters
    ----------
    files
        Their rows follow each other.
    apart
        Files with further columns of the same rows, in the same order.
    """
    beside = {name: file for file in apart for name in pq.read_schema(file).names}
    found = pq.read_table(
        [str(file) for file in files],
        columns=[name for name in columns if name not in beside],
        partitioning=None,  # pyright: ignore[reportArgumentType] -- no partitions are read from the path
    )
    for name in columns:
        if name in beside:
            found = found.append_column(name, pq.read_table(beside[name], columns=[name])[name])
    return found.select(list(columns))
