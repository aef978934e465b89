"""What every engine can do; a statistic never learns which one counted."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Protocol, Self

import numpy as np

from lifecycle.domain.measurement import Window
from lifecycle.engines.conditions import Condition, Violations
from lifecycle.engines.contract import (
    Baseline,
    Batch,
    Coding,
    ColumnFacts,
    Counted,
    Drawn,
    Filter,
    Grouping,
    Profiled,
    ScoredRows,
    Source,
    Tallied,
)
from lifecycle.engines.windows import Windowing
from lifecycle.stats.summaries import FloatArray, Profile


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

    def banded(self, source: Source, column: str, *, bounds: Sequence[float]) -> Source:
        """Replace a column's numbers by the names of their bands; each holds its lower bound."""
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

    def profiles(
        self,
        source: Source,
        column: str,
        *,
        like: Profile,
        groupings: Sequence[Grouping],
        levels: Mapping[str, Sequence[str]] | None = None,
        keep: bool = False,
    ) -> Iterator[Profiled]:
        """Count a column on the bins of another profile, per slice and window, in one read.

        Parameters
        ----------
        levels
            By column that rows are cut by: the values that are groups of their own, all others
            being one group together. Every value is one where none are given.
        """
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
        levels: Mapping[str, Sequence[str]] | None = None,
        edges: FloatArray | None = None,
        grid: int = ...,
    ) -> Iterator[Tallied]:
        """Tally a binary classifier's rows by label, decision and score bin.

        Parameters
        ----------
        levels
            As for `profiles`.
        edges
            Inner edges of the score bins; by default a bin per score, or many even ones.
        grid
            How many even ones.
        """
        ...

    def classes(
        self,
        source: Source,
        *,
        label: str,
        decision: str,
        classes: Sequence[str],
        groupings: Sequence[Grouping],
        levels: Mapping[str, Sequence[str]] | None = None,
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
        self,
        source: Source,
        *,
        label: str,
        prediction: str,
        groupings: Sequence[Grouping],
        levels: Mapping[str, Sequence[str]] | None = None,
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
