"""What may be wrong with a row, and how many rows it is wrong with."""

from dataclasses import dataclass
from typing import TypeAlias

from lifecycle.domain.row_rule import RowRule


@dataclass(frozen=True, slots=True)
class Missing:
    """The row holds no value, or not a number, in the column."""

    column: str


@dataclass(frozen=True, slots=True)
class Infinite:
    """The row holds plus or minus infinity."""

    column: str


@dataclass(frozen=True, slots=True)
class Outside:
    """The row's number lies below ``low`` or above ``high``; ``None`` leaves a side open."""

    column: str
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class NotAmong:
    """The row's value is none of these, compared as text."""

    column: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Unmatched:
    """The row's text does not match the regular expression in full."""

    column: str
    pattern: str


@dataclass(frozen=True, slots=True)
class Unreadable:
    """The row's value cannot be read as a type of DuckDB's, without rounding."""

    column: str
    type_name: str


@dataclass(frozen=True, slots=True)
class Broken:
    """The row's columns do not keep a rule between them."""

    rule: RowRule


Condition: TypeAlias = Missing | Infinite | Outside | NotAmong | Unmatched | Unreadable | Broken
"""What may be wrong with a row."""


@dataclass(frozen=True, slots=True)
class Violations:
    """Rows that break a rule: how many, of how many, the first (from 1), and their values.

    Parameters
    ----------
    judged
        Rows that were looked at; for a rule between columns those in which it can be told.
    examples
        The most frequent values that break it, each with its rows.
    """

    rows: int
    judged: int
    first_row: int | None = None
    examples: tuple[tuple[str, int], ...] = ()
