"""Rows in two files: some columns apart from the others, and both as one table again."""

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from lifecycle.engines.connecting import connect
from lifecycle.engines.reading import identifier, quote

WRITTEN = "(FORMAT parquet, COMPRESSION zstd)"


def split(file: Path, *, columns: Sequence[str], into: Path, apart: Path) -> None:
    """Write some columns of a Parquet file into one file and the others into another, in order."""
    chosen = ", ".join(identifier(name) for name in columns)
    with closing(connect()) as con:
        con.execute(
            f"COPY (SELECT * EXCLUDE ({chosen}) FROM {_read(file)}) TO {quote(str(into))} {WRITTEN}"
        )
        con.execute(f"COPY (SELECT {chosen} FROM {_read(file)}) TO {quote(str(apart))} {WRITTEN}")


def whole(file: Path, parts: Sequence[Path], *, into: Path) -> None:
    """Write the rows of a Parquet file beside the columns that were kept apart from them."""
    beside = " ".join(f"POSITIONAL JOIN {_read(part)}" for part in parts)
    with closing(connect()) as con:
        con.execute(f"COPY (SELECT * FROM {_read(file)} {beside}) TO {quote(str(into))} {WRITTEN}")


def _read(file: Path) -> str:
    return f"read_parquet({quote(str(file))}, hive_partitioning=false)"
