"""What a plan may set for validation, each with the default that holds without it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from lifecycle.errors import InvalidInput
from lifecycle.stats.validation.levels import Metric


class Direction(StrEnum):
    """Which way an answer is expected to move with a column."""

    INCREASING = "increasing"
    DECREASING = "decreasing"


@dataclass(frozen=True, slots=True)
class Trials:
    """How a version is tried.

    Parameters
    ----------
    champion
        Name of the version to compare with; the one in production when absent.
    metric
        What answers are judged by; chosen by what the model answers when absent.
    monotone
        Expected directions by column.
    noise
        Noise added to numbers, in standard deviations of their column.
    step
        Largest change of a number that must turn no decision, in its interquartile range.
    fits
        How often the recipe is fitted again, without a fold or with another seed.
    rows
        Most rows that are tried, drawn with the plan's seed; also most that are fitted on.
    slices
        Columns searched for weak slices; features and sensitive columns when empty.
    smallest_slice
        Fewest rows of a slice.
    """

    champion: str | None = None
    metric: Metric | None = None
    monotone: Mapping[str, Direction] = field(default_factory=dict[str, Direction])
    noise: float = 0.1
    step: float = 0.1
    fits: int = 5
    rows: int = 20_000
    slices: tuple[str, ...] = ()
    smallest_slice: int = 50

    def __post_init__(self) -> None:
        """Refuse numbers that make no sense, by name."""
        for name, least in (("fits", 2), ("rows", 50), ("smallest_slice", 10)):
            if getattr(self, name) < least:
                raise InvalidInput(f"{name} must be at least {least}, not {getattr(self, name)}")
        for name in ("noise", "step"):
            if not 0 < getattr(self, name) <= 1:
                raise InvalidInput(f"{name} must lie above 0 and not above 1")
