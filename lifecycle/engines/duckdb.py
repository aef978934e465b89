"""The default engine: DuckDB in this process reads and groups, Arrow decodes, NumPy sorts."""

import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Self

import duckdb
import numpy as np

from lifecycle.domain.measurement import Window
from lifecycle.engines import (
    banding,
    batches,
    checking,
    drawing,
    profiling,
    slicing,
    tallying,
    violating,
)
from lifecycle.engines.columns import PARSED, Columns
from lifecycle.engines.conditions import Condition, Violations
from lifecycle.engines.connecting import connect, parse
from lifecycle.engines.contract import (
    CHUNK,
    Baseline,
    Batch,
    Coding,
    Column,
    ColumnFacts,
    Counted,
    Drawn,
    Filter,
    Grouping,
    Kind,
    Profiled,
    ScoredRows,
    Source,
    Tallied,
)
from lifecycle.engines.reading import (
    FileSet,
    columns_of,
    content_hash,
    filtered,
    find_files,
    read_arrow,
    readable,
    scan,
    unreadable,
)
from lifecycle.engines.slicing import Levels, Partition
from lifecycle.engines.streaming import sizes
from lifecycle.engines.windows import Windowing
from lifecycle.errors import InvalidInput
from lifecycle.stats.summaries import CategoryProfile, FloatArray, Profile

if TYPE_CHECKING:
    import pyarrow as pa


class DuckDBEngine:
    """Counts files with an in-memory DuckDB: a cursor per call, so threads may share it."""

    name = "duckdb"

    def __init__(self) -> None:
        self.threads = max(1, min(8, os.cpu_count() or 1))
        self._connection = connect()
        self._columns = Columns(self._cursor)
        self._arrow: dict[str, pa.Table] = {}
        self._partitions: dict[tuple[object, ...], list[list[Partition]]] = {}
        self._sources = 0
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        """Open it."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the connection and drop everything it held."""
        self._connection.close()
        self._columns.close()

    # Reading

    def open(self, path: str, *, where: Sequence[Filter] = ()) -> Source:
        """Open a file, a folder or a glob.

        Raises
        ------
        InvalidInput
            The path, a filter or the bytes cannot be used, or no row is left.
        """
        files = find_files(path)
        self._sources += 1
        relation = f"source_{self._sources}"
        if files.format not in {"arrow", "parquet"}:
            relation = PARSED + relation
        try:
            self._attach(relation, files=files)
            columns = columns_of(self._rows(f"DESCRIBE {relation}"))
            source = Source(label=path, relation=relation, rows=0, sha256="", columns=columns)
            kept = filtered(source, where, run=self._rows)
            rows = int(self._rows(f"SELECT count(*) FROM {kept}")[0][0])
        except duckdb.Error as error:
            raise unreadable(files, error) from error
        if rows == 0:
            rule = " and ".join(f"{f.column}={f.value}" for f in where)
            raise InvalidInput(f"{path} holds no row" + (f" with {rule}" if where else "s"))
        return Source(
            label=path,
            relation=kept,
            rows=rows,
            sha256=content_hash(files.files),
            columns=columns,
        )

    def _attach(self, relation: str, *, files: FileSet) -> None:
        if files.format == "arrow":
            self._arrow[relation] = read_arrow(files)
        elif files.format == "parquet":
            self._connection.execute(f"CREATE VIEW {relation} AS SELECT * FROM {scan(files)}")
            self._columns.attach(relation, files=files)
        else:  # text is parsed once, not once per column
            parse(self._connection, relation, files=files)

    # Counting columns

    def chunked(self, source: Source, *, rows: int) -> Source:
        """Add the column `CHUNK`: one second per so many rows in file order, to be cut by time."""
        second = f"to_timestamp((row_number() OVER () - 1) // {rows})::TIMESTAMP"
        return replace(
            source,
            relation=f"(SELECT *, {second} AS {CHUNK} FROM {source.relation})",
            columns=(*source.columns, Column(CHUNK, "TIMESTAMP", Kind.TEMPORAL)),
        )

    def banded(self, source: Source, column: str, *, bounds: Sequence[float]) -> Source:
        """Replace a column's numbers by the names of their bands; each holds its lower bound."""
        return banding.banded(source, column, bounds=bounds)

    def undated(self, source: Source, *, timestamp: str) -> int:
        """Count the rows without a time; unreadable times are refused."""
        return profiling.undated(self.fetch, source, timestamp=timestamp)

    def baseline(
        self, source: Source, column: str, *, bins: int, categorical: bool, keep: bool
    ) -> Baseline:
        """Count a reference column and fix its bins."""
        if categorical:
            return profiling.category_baseline(self.fetch, self._columns, source, column)
        return profiling.numeric_baseline(self._columns, source, column, bins=bins, keep=keep)

    def profile(
        self,
        source: Source,
        column: str,
        *,
        like: Profile,
        windowing: Windowing | None = None,
        keep: bool = False,
    ) -> Mapping[Window | None, Counted]:
        """Count a column on the bins of another profile, per window or over all rows."""
        if windowing is None and isinstance(like, CategoryProfile):
            counted = profiling.category_profile(
                self.fetch, self._columns, source, column, like=like
            )
            return {None: Counted(counted)}
        groupings = [Grouping(windowing=windowing)]
        found = self.profiles(source, column, like=like, groupings=groupings, keep=keep)
        return {part.window: part.counted for part in found}

    def profiles(
        self,
        source: Source,
        column: str,
        *,
        like: Profile,
        groupings: Sequence[Grouping],
        levels: Levels | None = None,
        keep: bool = False,
    ) -> Iterator[Profiled]:
        """Count a column on the bins of another profile, per slice and window, in one read."""
        return profiling.profiles(
            self._columns,
            source,
            column,
            like=like,
            partitions=self._parts(source, groupings, levels or {}),
            keep=keep,
        )

    def _parts(
        self, source: Source, groupings: Sequence[Grouping], levels: Levels
    ) -> list[list[Partition]]:
        """Sort the rows of each block into groups, once for all columns."""
        if not any(grouping.columns or grouping.windowing for grouping in groupings):
            blocks = sizes(source.rows, block=self._columns.block)
            return [[slicing.whole(rows)] * len(groupings) for rows in blocks]
        fixed = tuple((name, tuple(known)) for name, known in levels.items())
        key = (source.relation, tuple(groupings), fixed)
        with self._lock:
            if key not in self._partitions:
                cut = slicing.cut_of(self.fetch, source, groupings=groupings, levels=levels)
                sql = f"SELECT {cut.select(source)} FROM {source.relation}"
                self._partitions[key] = [
                    [slicing.partition(rows, cut=cut, grouping=one) for one in groupings]
                    for rows in self._columns.blocks(source, sql, alone=True)
                ]
            return self._partitions[key]

    def batches(
        self,
        source: Source,
        *,
        numbers: Sequence[str],
        categories: Mapping[str, Sequence[str]],
        windowing: Windowing | None = None,
    ) -> Iterator[Batch]:
        """Hand over rows of several columns in batches, categories as positions among these."""
        sql = batches.query(source, numbers=numbers, categories=categories, windowing=windowing)
        with self._cursor() as cursor, readable(source):
            reader = cursor.sql(sql).to_arrow_reader(batches.ROWS)
            yield from batches.batches(reader, windowing=windowing)

    def drawn(
        self,
        source: Source,
        *,
        numbers: Sequence[str],
        categories: Mapping[str, Sequence[str]],
        size: int,
        rng: np.random.Generator,
        windowing: Windowing | None = None,
    ) -> Mapping[Window | None, Drawn]:
        """Draw up to so many rows of each window at random, categories as in `batches`."""
        parts = self._parts(source, [Grouping(windowing=windowing)], {})
        return drawing.drawn(
            self._columns,
            source,
            numbers=numbers,
            categories=categories,
            partitions=[part for (part,) in parts],
            size=size,
            rng=rng,
            threads=self.threads,
        )

    def values(self, source: Source, column: str, *, limit: int) -> list[tuple[str, int]]:
        """Return the most frequent values as text, each with its rows; null is left out."""
        return slicing.values(self.fetch, source, column, limit=limit)

    # Tallying outcomes

    def binary(
        self,
        source: Source,
        *,
        label: Coding | None,
        decision: Coding | None,
        score: str | None,
        groupings: Sequence[Grouping],
        levels: Levels | None = None,
        edges: FloatArray | None = None,
        grid: int = tallying.SCORE_GRID,
    ) -> Iterator[Tallied]:
        """Tally a binary classifier's rows by label, decision and score bin."""
        return tallying.binary(
            self.fetch,
            source,
            label=label,
            decision=decision,
            score=score,
            groupings=groupings,
            levels=levels or {},
            edges=edges,
            grid=grid,
        )

    def classes(
        self,
        source: Source,
        *,
        label: str,
        decision: str,
        classes: Sequence[str],
        groupings: Sequence[Grouping],
        levels: Levels | None = None,
    ) -> Iterator[Tallied]:
        """Tally a multi-class classifier's rows by label and prediction."""
        return tallying.classes(
            self.fetch,
            source,
            label=label,
            decision=decision,
            names=classes,
            groupings=groupings,
            levels=levels or {},
        )

    def class_scores(
        self,
        source: Source,
        *,
        label: str,
        scores: Mapping[str, str],
        groupings: Sequence[Grouping],
    ) -> Iterator[ScoredRows]:
        """Hand over labels and scores by class, where no count carries what is to be computed."""
        return tallying.class_scores(
            self.fetch, source, label=label, columns=scores, groupings=groupings
        )

    def errors(
        self,
        source: Source,
        *,
        label: str,
        prediction: str,
        groupings: Sequence[Grouping],
        levels: Levels | None = None,
    ) -> Iterator[Tallied]:
        """Tally a regression's rows by their errors."""
        return tallying.errors(
            self.fetch,
            source,
            label=label,
            prediction=prediction,
            groupings=groupings,
            levels=levels or {},
        )

    # Checking quality

    def facts(self, source: Source, column: str) -> ColumnFacts:
        """Describe a column for a quality check."""
        return checking.facts(self.fetch, self._columns, source, column)

    def duplicates(self, source: Source, columns: Sequence[str]) -> Violations:
        """Count the rows that repeat an earlier row in these columns (all when empty)."""
        return checking.duplicates(self.fetch, source, columns)

    def violations(
        self,
        source: Source,
        conditions: Sequence[Condition],
        *,
        windowing: Windowing | None = None,
    ) -> Mapping[Window | None, Sequence[Violations]]:
        """Count the rows that meet each condition, in one scan, per window or over all rows."""
        return violating.violations(self.fetch, source, conditions, windowing=windowing)

    def admit(self, source: Source, condition: Condition) -> None:
        """Refuse a condition that the columns or their types have no answer to."""
        violating.admit(source, condition)

    def failing(
        self, source: Source, condition: Condition, *, columns: Sequence[str], limit: int
    ) -> list[tuple[int, dict[str, str | None]]]:
        """Return the first rows that meet a condition: their number (from 1) and values as text."""
        return violating.failing(self.fetch, source, condition, columns=columns, limit=limit)

    def volume(self, source: Source, windowing: Windowing) -> Mapping[Window, int]:
        """Count the rows of each window that holds any."""
        return checking.volume(self.fetch, source, windowing)

    def span(self, source: Source, timestamp: str) -> tuple[datetime, datetime] | None:
        """Return the first and the last time, or nothing when no row has one."""
        return checking.span(self.fetch, source, timestamp)

    # Running SQL

    def fetch(
        self, source: Source, sql: str, parameters: Mapping[str, object] | None = None
    ) -> dict[str, Any]:
        """Run a query over a source and return its columns as NumPy arrays.

        Raises
        ------
        InvalidInput
            The rows cannot be read, such as a page of a damaged file.
        """
        with self._cursor() as cursor, readable(source):
            return cursor.execute(sql, dict(parameters or {})).fetchnumpy()

    def _rows(self, sql: str) -> list[tuple[Any, ...]]:
        with self._cursor() as cursor:
            return cursor.execute(sql).fetchall()

    def _cursor(self, con: duckdb.DuckDBPyConnection | None = None) -> duckdb.DuckDBPyConnection:
        cursor = (con or self._connection).cursor()
        for name, table in self._arrow.items():  # what is registered belongs to one cursor
            cursor.register(name, table)
        return cursor
