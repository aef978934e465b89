"""What a fairness run is asked to measure, and what it refuses to begin with."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations, pairwise

from lifecycle.domain.value import CostMatrix
from lifecycle.engines.contract import Kind, Source
from lifecycle.errors import InvalidInput
from lifecycle.services.analysis.outcomes import Roles

JOINT = " & "
"""Between the attributes of an intersection, in a measurement's column."""

RULES = ("best", "largest")
"""Whom groups are compared with where no group is named: each other, or the one with most rows."""

DEEPEST = 3
"""Most attributes that are crossed; beyond that hardly any cell holds enough rows."""


@dataclass(frozen=True, slots=True)
class FairnessOptions:
    """What a fairness run measures.

    Parameters
    ----------
    sensitive
        Attributes whose groups are compared, each on its own.
    intersect
        Also compare the groups of so many attributes together; 1 for none.
    control
        Compare only within the groups of these columns.
    intervals
        Whether each number comes with its interval.
    minimum_group
        Groups with fewer rows are insufficient and stay out of every gap.
    suppress
        Groups with fewer rows are not shown, nor are those that would give them away.
    reference_group
        By attribute, the group all others are compared with.
    reference_rule
        Whom groups are compared with where none is named.
    bands
        By numeric attribute, the ascending bounds of its bands; each holds its lower bound.
    unknown
        ``group`` compares the rows without a value of an attribute like any group; ``left_out``
        leaves them out of every number by that attribute, and says how many they are.
    minimum_share
        Groups with a smaller share of the compared rows stay out of impact ratios and gaps.
    scoring
        ``median`` to also compare the shares that score above everybody's median.
    statistics
        What is reported; everything when empty.
    preset
        The name of the preset all this comes from, if it does.
    sweep
        Whether to also say what other thresholds would do.
    costs
        What a decision is worth, for the sweep.
    strict_scores
        Whether a score outside 0..1 is refused; otherwise its row is left out.
    """

    roles: Roles
    sensitive: Sequence[str]
    intersect: int = 1
    control: Sequence[str] = ()
    confidence: float = 0.95
    intervals: bool = True
    minimum_group: int = 30
    suppress: int = 0
    reference_group: Mapping[str, str] = field(default_factory=dict[str, str])
    reference_rule: str = "best"
    bands: Mapping[str, Sequence[float]] = field(default_factory=dict[str, Sequence[float]])
    correction: str = "bh"
    alpha: float = 0.05
    limits: Mapping[str, float] = field(default_factory=dict[str, float])
    unknown: str = "group"
    minimum_share: float = 0.0
    scoring: str | None = None
    statistics: Sequence[str] = ()
    preset: str | None = None
    sweep: bool = False
    costs: CostMatrix | None = None
    strict_scores: bool = True

    @property
    def level(self) -> float | None:
        """The confidence of intervals; ``None`` without any."""
        return self.confidence if self.intervals else None

    @property
    def cuts(self) -> tuple[tuple[str, ...], ...]:
        """The attributes to cut by: none, each alone, and every combination asked for."""
        sensitive = tuple(dict.fromkeys(self.sensitive))
        sizes = range(1, self.intersect + 1)
        return ((), *(cut for size in sizes for cut in combinations(sensitive, size)))


def check(source: Source, *, options: FairnessOptions) -> None:
    """Refuse what cannot be measured.

    Raises
    ------
    InvalidInput
        A column does not occur, or an option does not fit the others.
    """
    roles = options.roles
    if roles.prediction is None:
        raise InvalidInput("give --prediction: fairness compares what was decided")
    if not options.sensitive:
        raise InvalidInput("give --sensitive: the attribute whose groups are compared")
    answers = [name for name in (roles.target, roles.prediction, roles.score) if name]
    for name in (*answers, *options.sensitive, *options.control):
        source.column(name)
    _check_people(options.sensitive, answers=answers)
    if not 1 <= options.intersect <= min(len(set(options.sensitive)), DEEPEST):
        raise InvalidInput(
            f"intersect {options.intersect} needs that many --sensitive attributes, at most "
            f"{DEEPEST}; there are {len(options.sensitive)}"
        )
    if (options.sweep or options.scoring) and roles.score is None:
        raise InvalidInput("give --score: without one there is no threshold to move")
    if options.reference_rule not in RULES:
        raise InvalidInput(f"reference rule {options.reference_rule!r} is none of best, largest")
    for attribute in (*options.reference_group, *options.bands):
        if attribute not in options.sensitive:
            raise InvalidInput(f"reference group or bands of {attribute!r}: not a --sensitive one")
    for attribute, bounds in options.bands.items():
        numeric = source.column(attribute).kind is Kind.NUMERIC
        _check_bands(attribute, bounds, numeric=numeric)


def _check_people(sensitive: Sequence[str], *, answers: Sequence[str]) -> None:
    for name in sensitive:
        if name in answers:
            raise InvalidInput(
                f"sensitive attribute {name!r} holds what is measured: groups are of people, not "
                "of outcomes or answers"
            )


def _check_bands(attribute: str, bounds: Sequence[float], *, numeric: bool) -> None:
    if not numeric:
        raise InvalidInput(f"bands of {attribute!r}: it holds no numbers to cut")
    if len(bounds) == 0 or any(b <= a for a, b in pairwise(bounds)):
        raise InvalidInput(f"bands of {attribute!r} need ascending bounds")
