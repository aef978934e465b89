"""What every engine takes and hands over: sources and columns in, summaries out.

A statistic never learns who counted, and an engine never learns what is computed from its counts.
"""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from lifecycle.domain.measurement import Window
from lifecycle.engines.windows import Windowing
from lifecycle.errors import InvalidInput
from lifecycle.stats.summaries import CountArray, FloatArray, Profile, Tally

MISSING_GROUP = "(missing)"
"""How a slice names the rows that hold no value in its column; a value of that text, or of the text
of `OTHER_GROUP`, stands in quotes."""

NO_WINDOW = -(2**63)
"""The start of the window of a row without a time, in a batch."""

OTHER_GROUP = "(other)"
"""How a slice names the rows that hold none of the values that are groups of their own."""


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
class Profiled:
    """A column counted in one slice and window."""

    slice: Mapping[str, str]
    window: Window | None
    counted: Counted


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
    """A column with labels or decisions, and the texts of the values that count.

    Parameters
    ----------
    negatives
        Values that count as negative, so that any further one is not known; every value that is
        not positive when ``None``.
    """

    column: str
    positive: str
    negatives: tuple[str, ...] | None = None

    @property
    def values(self) -> tuple[str, ...]:
        """The values that are known to count, the positive one first."""
        return (self.positive, *(self.negatives or ()))


@dataclass(frozen=True, slots=True)
class Grouping:
    """How rows are cut before they are counted: by columns together, and by time."""

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


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """Rows of several columns drawn at random from one window.

    Parameters
    ----------
    values
        Shape (columns, drawn), as in a `Batch`, rows in random order.
    rows
        Of the window in all.
    """

    values: FloatArray
    rows: int


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
