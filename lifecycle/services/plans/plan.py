"""What a plan of an assessment holds: statistics, slices, limits with severity and rationale."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from lifecycle.domain.audit import canonical
from lifecycle.domain.evidence import Purpose
from lifecycle.services.validation import Trials


@dataclass(frozen=True, slots=True)
class PlanLimit:
    """What a statistic must reach, and why.

    Parameters
    ----------
    minimum, maximum
        The value's bounds; one of them at least.
    severity
        ``block`` makes a value beyond them a breach, ``warn`` a warning.
    bound
        ``point`` judges the value; ``lower`` and ``upper`` judge that end of its interval.
    """

    minimum: float | None = None
    maximum: float | None = None
    severity: str = "block"
    rationale: str = ""
    bound: str = "point"

    @property
    def wanted(self) -> str:
        """The bounds in words, such as ``at least 0.8``."""
        parts = [
            f"{word} {bound:g}"
            for word, bound in (("at least", self.minimum), ("at most", self.maximum))
            if bound is not None
        ]
        end = "" if self.bound == "point" else f"{self.bound} bound "
        return end + " and ".join(parts)


@dataclass(frozen=True, slots=True)
class Groups:
    """How groups are compared.

    Parameters
    ----------
    control
        Compare only within the groups of these columns.
    bands
        By numeric attribute, the ascending bounds of its bands.
    reference_group
        By attribute, the group all others are compared with; the best one where none is named.
    suppress
        Groups with fewer rows are not shown, nor are those that would give them away.
    """

    control: tuple[str, ...] = ()
    bands: Mapping[str, tuple[float, ...]] = field(default_factory=dict[str, tuple[float, ...]])
    reference_group: Mapping[str, str] = field(default_factory=dict[str, str])
    suppress: int = 0


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan of an assessment.

    Parameters
    ----------
    version
        The plan's own version; the next free number when ``None``.
    statistics
        Names of the catalogue by purpose.
    slices
        Columns whose values performance is measured in one by one, beside all rows.
    sensitive
        Attributes to compare groups by; the version's own when empty.
    intersect
        How many attributes are combined: 1 for each alone, 2 for pairs, 3 for triples as well.
    limits
        By statistic; they hold for all rows and for every slice and group alike.
    minimum
        Fewest rows before a performance value is judged.
    minimum_group
        Fewest observations before a group enters a comparison.
    groups
        How fairness compares groups.
    trials
        How validation tries the version.
    content
        The mapping it was read from; it goes into the evidence as it is.
    """

    name: str
    statistics: Mapping[Purpose, tuple[str, ...]]
    version: str | None = None
    slices: tuple[str, ...] = ()
    sensitive: tuple[str, ...] = ()
    intersect: int = 1
    limits: Mapping[str, PlanLimit] = field(default_factory=dict[str, PlanLimit])
    minimum: int = 100
    minimum_group: int = 30
    confidence: float = 0.95
    seed: int = 0
    rationale: str = ""
    groups: Groups = field(default_factory=Groups)
    trials: Trials = field(default_factory=Trials)
    content: Mapping[str, object] = field(default_factory=dict[str, object], repr=False)

    @property
    def sha256(self) -> str:
        """The hash of the content: what a plan is known by."""
        return hashlib.sha256(canonical(self.content).encode()).hexdigest()
