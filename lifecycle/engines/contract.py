"""What every engine takes and hands over: sources and columns in, summaries out.

A statistic never learns who counted, and an engine never learns what is computed from its counts.
"""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol, Self

from lifecycle.domain.measurement import Window
from lifecycle.engines.conditions import Condition, Violations
from lifecycle.engines.windows import Windowing
from lifecycle.errors import InvalidInput
from lifecycle.stats.summaries import CountArray, FloatArray, Profile, Tally

MISSING_GROUP = "(missing)"
"""How a slice names the rows that hold no value in its column."""

NO_WINDOW = -(2**63)
"""The start of the window of a row without a time, in a batch."""


CHUNK = "lifecycle_chunk"
"""The column that `Engine.chunked` adds."""


class Kind(StrEnum):
    """What a column's type lets one do with it."""

    NUMERIC = "numeric"
    CATEGORICAL = "categorical"
    TEMPORAL = "temporal"
    IDENTIFIER = "identifier"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Column:
    """A column's name, the type its file declares, and its kind."""

    name: str
    type: str
    kind: Kind

    @property
    def integral(self) -> bool:
        """Whether it holds whole numbers by type."""
        return self.type.endswith("INT") or self.type.endswith("INTEGER")


@dataclass(frozen=True, slots=True)
class Source:
    """Rows in files, ready to be counted.

    Parameters
    ----------
    label
        What the user called it; sentences about bad input name it so.
    relation
        The engine's own name for the rows.
    rows
        Rows that are left after the filters.
    sha256
        Of the file's bytes; of sorted names and their hashes when there are several files.
    """

    label: str
    relation: str
    rows: int
    sha256: str
    columns: tuple[Column, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The columns' names in file order."""
        return tuple(column.name for column in self.columns)

    def column(self, name: str) -> Column:
        """Return a column by name.

        Raises
        ------
        InvalidInput
            There is no such column; the sentence names the closest ones.
        """
        for column in self.columns:
            if column.name == name:
                return column
        close = difflib.get_close_matches(name, self.names, n=3) or self.names[:8]
        raise InvalidInput(f"{self.label} has no column {name!r}; there is: {', '.join(close)}")


@dataclass(frozen=True, slots=True)
class Filter:
    """Keep the rows whose column holds the value; several on one column mean any of them."""

    column: str
    value: str


@dataclass(frozen=True, slots=True, eq=False)
class Counted:
    """A column's profile, and its sorted finite values where they were asked for."""

    profile: Profile
    sample: FloatArray | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Baseline:
    """A reference column, counted on the bins it fixes for everything that is compared with it.

    Parameters
    ----------
    distinct
        Number of different values.
    serial
        Whether the values are row numbers: whole, all different and without a gap.
    """

    counted: Counted
    distinct: int
    serial: bool


@dataclass(frozen=True, slots=True)
class Coding:
    """A column with labels or decisions, and the text of the value that counts as positive."""

    column: str
    positive: str


@dataclass(frozen=True, slots=True)
class Grouping:
    """How rows are cut before they are tallied: by columns together, and by time."""

    columns: tuple[str, ...] = ()
    windowing: Windowing | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Tallied:
    """The tally of one slice in one window."""

    slice: Mapping[str, str]
    window: Window | None
    tally: Tally


@dataclass(frozen=True, slots=True, eq=False)
class ScoredRows:
    """The labelled rows of one slice in one window, with a score for each class.

    Parameters
    ----------
    labels
        Shape (n,), positions of the classes.
    scores
        Shape (n, k), finite.
    left_out
        Rows without an outcome or a finite score for every class.
    """

    slice: Mapping[str, str]
    window: Window | None
    labels: CountArray
    scores: FloatArray
    left_out: int


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Some rows of several columns, in row order.

    Parameters
    ----------
    values
        Shape (columns, rows): numbers, then categories as positions among the known ones, one
        more for an unseen value; NaN where a row holds no finite number or no value.
    starts
        Shape (rows,), microseconds since 1970 at which each row's window starts; `NO_WINDOW`
        for a row without a time, ``None`` without windows.
    """

    values: FloatArray
    starts: CountArray | None


@dataclass(frozen=True, slots=True)
class ColumnFacts:
    """What a quality check wants to know of one column.

    Parameters
    ----------
    missing, infinite, distinct, negative
        Rows without a value (null or NaN), at plus or minus infinity, different values, below 0.
    low, high
        Smallest and largest finite value of a numeric column.
    commonest
        Rows that hold the most frequent value.
    longest_run, run_start
        Most consecutive rows with one and the same value, and the row (from 1) where they start.
    monotone
        Whether values only rise or only fall in row order.
    """

    column: Column
    rows: int
    missing: int
    distinct: int
    commonest: int
    infinite: int = 0
    low: float | None = None
    high: float | None = None
    longest_run: int = 0
    run_start: int = 0
    monotone: bool = False


class Engine(Protocol):
    """Something that counts rows. Safe to use from several threads once a source is open."""

    @property
    def name(self) -> str:
        """How the user calls it."""
        ...

    @property
    def threads(self) -> int:
        """How many columns are worth counting at once."""
        ...

    def __enter__(self) -> Self:
        """Open it."""
        ...

    def __exit__(self, *_: object) -> None:
        """Close it and drop everything it held."""
        ...

    def open(self, path: str, *, where: Sequence[Filter] = ()) -> Source:
        """Open a file, a folder or a glob."""
        ...

    def chunked(self, source: Source, *, rows: int) -> Source:
        """Add the column `CHUNK`: one second per so many rows in file order, to be cut by time."""
        ...

    def undated(self, source: Source, *, timestamp: str) -> int:
        """Count the rows without a time; unreadable times are refused."""
        ...

    def baseline(
        self, source: Source, column: str, *, bins: int, categorical: bool, keep: bool
    ) -> Baseline:
        """Count a reference column and fix its bins."""
        ...

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
        ...

    def batches(
        self,
        source: Source,
        *,
        numbers: Sequence[str],
        categories: Mapping[str, Sequence[str]],
        windowing: Windowing | None = None,
    ) -> Iterator[Batch]:
        """Hand over rows of several columns in batches, categories as positions among these."""
        ...

    def values(self, source: Source, column: str, *, limit: int) -> list[tuple[str, int]]:
        """Return the most frequent values as text, each with its rows; null is left out."""
        ...

    def binary(
        self,
        source: Source,
        *,
        label: Coding | None,
        decision: Coding | None,
        score: str | None,
        groupings: Sequence[Grouping],
    ) -> Iterator[Tallied]:
        """Tally a binary classifier's rows by label, decision and score bin."""
        ...

    def classes(
        self,
        source: Source,
        *,
        label: str,
        decision: str,
        classes: Sequence[str],
        groupings: Sequence[Grouping],
    ) -> Iterator[Tallied]:
        """Tally a multi-class classifier's rows by label and prediction."""
        ...

    def class_scores(
        self,
        source: Source,
        *,
        label: str,
        scores: Mapping[str, str],
        groupings: Sequence[Grouping],
    ) -> Iterator[ScoredRows]:
        """Hand over labels and scores by class, where no count carries what is to be computed."""
        ...

    def errors(
        self, source: Source, *, label: str, prediction: str, groupings: Sequence[Grouping]
    ) -> Iterator[Tallied]:
        """Tally a regression's rows by their errors."""
        ...

    def facts(self, source: Source, column: str) -> ColumnFacts:
        """Describe a column for a quality check."""
        ...

    def duplicates(self, source: Source, columns: Sequence[str]) -> Violations:
        """Count the rows that repeat an earlier row in these columns (all when empty)."""
        ...

    def violations(
        self,
        source: Source,
        conditions: Sequence[Condition],
        *,
        windowing: Windowing | None = None,
    ) -> Mapping[Window | None, Sequence[Violations]]:
        """Count the rows that meet each condition, in one scan, per window or over all rows."""
        ...

    def admit(self, source: Source, condition: Condition) -> None:
        """Refuse a condition that the columns or their types have no answer to."""
        ...

    def failing(
        self, source: Source, condition: Condition, *, columns: Sequence[str], limit: int
    ) -> list[tuple[int, dict[str, str | None]]]:
        """Return the first rows that meet a condition: their number (from 1) and values as text."""
        ...

    def volume(self, source: Source, windowing: Windowing) -> Mapping[Window, int]:
        """Count the rows of each window that holds any."""
        ...

    def span(self, source: Source, timestamp: str) -> tuple[datetime, datetime] | None:
        """Return the first and the last time, or nothing when no row has one."""
        ...
