"""A source of rows, and the immutable states of it that evidence refers to."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class ColumnRole(StrEnum):
    """What a column is there for."""

    TIMESTAMP = "timestamp"
    TARGET = "target"
    PREDICTION = "prediction"
    SCORE = "score"
    FEATURE = "feature"
    SENSITIVE = "sensitive"
    ID = "id"
    IGNORED = "ignored"


@dataclass(frozen=True, slots=True)
class Dataset:
    """Where rows come from, and on what terms they may be used."""

    id: str
    name: str
    description: str
    source: str
    owner: str
    created_at: datetime
    licence: str = ""
    personal_data: bool = False
    lawful_basis: str = ""
    simulated: bool = False


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a snapshot: its name, stored type and role."""

    name: str
    type: str
    role: ColumnRole


@dataclass(frozen=True, slots=True)
class Snapshot:
    """An immutable state of a dataset, kept as a Parquet artefact and known by its hash."""

    id: str
    dataset_id: str
    artifact: str
    rows: int
    columns: tuple[Column, ...]
    created_at: datetime
    created_by: str
    start: datetime | None = None
    end: datetime | None = None
    notes: str = ""

    def named(self, role: ColumnRole) -> tuple[str, ...]:
        """Return the names of the columns with a role, in order."""
        return tuple(column.name for column in self.columns if column.role is role)
