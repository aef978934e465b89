"""How far a person's roles reach: which business units, which risk tiers."""

from collections.abc import Iterable
from dataclasses import dataclass

from lifecycle.domain.usecase import Tier

UNIT = "unit"
"""The use case's tag that names its business unit."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the portfolio something is: the unit and tier of its use case."""

    unit: str
    tier: Tier


@dataclass(frozen=True, slots=True)
class Reach:
    """Units and tiers a person's roles are for; an empty set means all of them."""

    units: frozenset[str] = frozenset()
    tiers: frozenset[Tier] = frozenset()

    def covers(self, place: Place) -> bool:
        """Tell whether a place lies within it."""
        in_unit = not self.units or place.unit in self.units
        return in_unit and (not self.tiers or place.tier in self.tiers)

    def widens(self, before: "Reach") -> bool:
        """Tell whether it covers a place that another does not."""
        return _beyond(self.units, before.units) or _beyond(self.tiers, before.tiers)

    def meets(self, other: "Reach") -> bool:
        """Tell whether there is a place that both cover."""
        return _common(self.units, other.units) and _common(self.tiers, other.tiers)

    def __str__(self) -> str:
        units = f"unit {', '.join(sorted(self.units))}" if self.units else "all units"
        tiers = f"tier {', '.join(sorted(self.tiers))}" if self.tiers else "all tiers"
        return f"{units}, {tiers}"


EVERYWHERE = Reach()


def _common(one: frozenset[str], other: frozenset[str]) -> bool:
    return not one or not other or not one.isdisjoint(other)


def _beyond(now: Iterable[str], before: Iterable[str]) -> bool:
    wanted, had = frozenset(now), frozenset(before)
    return bool(had) and (not wanted or not wanted <= had)
