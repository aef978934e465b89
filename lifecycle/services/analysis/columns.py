"""Which columns of two files are comparable, and which are no features at all."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from lifecycle.engines.contract import Baseline, Column, Kind, Source
from lifecycle.errors import InvalidInput

FEW = 50
"""Below so many rows a column of all different values may still be a feature."""

NEARLY_ALL = 0.95
"""Share of different texts above which a column holds identifiers or free text."""


NO_FEATURES = {Kind.TEMPORAL: "times", Kind.IDENTIFIER: "identifiers (UUID)"}


@dataclass(frozen=True, slots=True)
class Chosen:
    """A column to compare; ``asked`` when the user named it."""

    name: str
    categorical: bool
    asked: bool


@dataclass(frozen=True, slots=True)
class Choice:
    """The columns to compare, those whose types cannot be compared, and what was left out."""

    columns: tuple[Chosen, ...]
    mismatched: tuple[str, ...]
    notices: tuple[str, ...]


class ColumnOptions(Protocol):
    """The options that choose columns."""

    @property
    def columns(self) -> Sequence[str]:
        """Only these."""
        ...

    @property
    def exclude(self) -> Sequence[str]:
        """Not these."""
        ...

    @property
    def categorical(self) -> Sequence[str]:
        """As categories."""
        ...

    @property
    def sides(self) -> Sequence[str]:
        """What tells reference from current."""
        ...


def choose_columns(
    reference: Source, current: Source, *, options: ColumnOptions, timestamp: str | None
) -> Choice:
    """Choose the columns to compare; a named column that is missing on a side is refused."""
    for name in (*options.columns, *options.categorical):
        reference.column(name)
        current.column(name)
    for name in options.exclude:
        reference.column(name)
    columns: list[Chosen] = []
    mismatched: list[str] = []
    notices: list[str] = []
    for column in reference.columns:
        name, asked = column.name, column.name in options.columns
        if (options.columns and not asked) or name in options.exclude or name == timestamp:
            continue
        if why := _left_out(column, reference=reference, current=current, options=options):
            notices.append(f"column {name} was left out: {why}")
            continue
        other = current.column(name)
        if name in options.categorical or _same_kind(column, other):
            typed = other if _typeless(column) else column
            categorical = name in options.categorical or typed.kind is Kind.CATEGORICAL
            columns.append(Chosen(name, categorical=categorical, asked=asked))
        else:
            mismatched.append(name)
    extra = [n for n in current.names if n not in reference.names and n != timestamp]
    if extra and not options.columns:
        notices.append(f"only in {current.label} and left out: {', '.join(extra)}")
    return Choice(tuple(columns), tuple(mismatched), tuple(notices))


def identifier_like(baseline: Baseline, *, column: Chosen) -> str | None:
    """Say why a counted column is an identifier and no feature, if it is."""
    held = baseline.counted.profile.n
    if held < FEW:
        return None
    if baseline.serial:
        return f"column {column.name} was left out: it numbers the rows"
    if column.categorical and baseline.distinct >= NEARLY_ALL * held:
        return f"column {column.name} was left out: nearly every row has its own value, like an id"
    return None


def _left_out(
    column: Column, *, reference: Source, current: Source, options: ColumnOptions
) -> str | None:
    """Say why a column has no drift to measure; refused outright when the user named it."""
    asked = column.name in options.columns
    if column.name in options.sides and not asked:
        return "it tells reference from current"
    if column.name not in current.names:
        return f"it is only in {reference.label}"
    typed = current.column(column.name) if _typeless(column) else column
    if typed.kind in {Kind.NUMERIC, Kind.CATEGORICAL}:
        return None
    holds = NO_FEATURES.get(typed.kind, f"values of type {typed.type}")
    if asked:
        raise InvalidInput(
            f"column {column.name} of {reference.label} holds {holds}; expected numbers or "
            "categories"
        )
    return f"it holds {holds}"


def _typeless(column: Column) -> bool:
    return column.type == '"NULL"'


def _same_kind(first: Column, second: Column) -> bool:
    return first.kind is second.kind or _typeless(first) or _typeless(second)
