"""What is watched about a version in production, and how."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Grain(StrEnum):
    """How long a monitoring window is."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class Monitor:
    """A definition of what to measure each window; a change makes the next revision.

    Parameters
    ----------
    drift
        Statistics measured on numeric columns; categorical ones use those that apply.
    performance
        Statistics measured once outcomes are known.
    limits
        Limit by statistic; a statistic without one uses the catalogue's house default.
    segments
        Columns whose groups are watched apart; the version's sensitive attributes when empty.
    minimum
        Fewest rows in a window before anything is judged.
    bins
        Bins per numeric column, fixed by the reference.
    maturity
        Share of a window's rows whose outcome must be known before performance is judged.
    """

    id: str
    version_id: str
    revision: int
    created_at: datetime
    created_by: str
    grain: Grain = Grain.WEEK
    drift: tuple[str, ...] = ("ks", "psi", "jensen_shannon", "wasserstein")
    categorical: tuple[str, ...] = ("chi_squared", "psi", "jensen_shannon", "total_variation")
    performance: tuple[str, ...] = ()
    segments: tuple[str, ...] = ()
    limits: Mapping[str, float] = field(default_factory=dict[str, float])
    minimum: int = 200
    bins: int = 64
    maturity: float = 0.9
    correction: str = "bh"
    alpha: float = 0.05
    active: bool = True
