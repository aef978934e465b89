"""What will be measured and against which limits, written down before anybody sees a result."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isfinite
from pathlib import Path
from typing import cast

from lifecycle.domain.evidence import Purpose
from lifecycle.errors import InvalidInput
from lifecycle.stats import catalogue

PURPOSES = (Purpose.PERFORMANCE, Purpose.FAIRNESS)
"""What a plan may measure; explanations come from a job of their own."""

SEVERITIES = ("block", "warn")
KEYS = frozenset(
    {
        "name",
        "rationale",
        "statistics",
        "sensitive",
        "intersect",
        "limits",
        "minimum",
        "minimum_group",
        "confidence",
        "seed",
    }
)


@dataclass(frozen=True, slots=True)
class PlanLimit:
    """What a statistic must reach, and why.

    Parameters
    ----------
    minimum, maximum
        The value's bounds; one of them at least.
    severity
        ``block`` makes a value beyond them a breach, ``warn`` a warning.
    """

    minimum: float | None = None
    maximum: float | None = None
    severity: str = "block"
    rationale: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan of an assessment.

    Parameters
    ----------
    statistics
        Names of the catalogue by purpose.
    sensitive
        Attributes to compare groups by; the version's own when empty.
    intersect
        How many attributes are combined: 1 for each alone, 2 for pairs as well.
    minimum
        Fewest rows before a performance value is judged.
    minimum_group
        Fewest observations before a group enters a comparison.
    content
        The mapping it was read from; it goes into the evidence as it is.
    """

    name: str
    statistics: Mapping[Purpose, tuple[str, ...]]
    sensitive: tuple[str, ...] = ()
    intersect: int = 1
    limits: Mapping[str, PlanLimit] = field(default_factory=dict[str, PlanLimit])
    minimum: int = 100
    minimum_group: int = 30
    confidence: float = 0.95
    seed: int = 0
    rationale: str = ""
    content: Mapping[str, object] = field(default_factory=dict[str, object], repr=False)


def read(path: Path) -> Plan:
    """Read a plan from a YAML file.

    Raises
    ------
    InvalidInput
        The file is missing or is no plan.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(f"plan {path} cannot be read: {error}") from error
    return parse(text, label=str(path))


def parse(text: str, *, label: str = "the plan") -> Plan:
    """Read a plan from YAML text.

    Raises
    ------
    InvalidInput
        It is no YAML mapping, a key or statistic is unknown, or a value is out of range; the
        sentence gives the path to it.
    """
    import yaml

    try:
        loaded: object = yaml.safe_load(text)
    except yaml.YAMLError as error:
        first = str(error).splitlines()[0]
        raise InvalidInput(f"{label} is no valid YAML: {first}") from error
    try:
        return from_mapping(_mapping(loaded, at="the plan"))
    except InvalidInput as error:
        raise InvalidInput(f"{label}: {error}") from error


def from_mapping(content: Mapping[str, object]) -> Plan:
    """Read a plan from the mapping its YAML holds."""
    unknown = sorted(set(content) - KEYS)
    if unknown:
        raise InvalidInput(f"unknown key {unknown[0]!r}; known: {', '.join(sorted(KEYS))}")
    statistics = _statistics(content.get("statistics"))
    named = {name for names in statistics.values() for name in names}
    limits = {
        name: _limit(value, at=f"limits.{name}")
        for name, value in _mapping(content.get("limits", {}), at="limits").items()
    }
    for name in limits:
        if name not in named:
            raise InvalidInput(f"limits.{name} is on a statistic the plan does not measure")
    sensitive = _texts(content.get("sensitive", []), at="sensitive")
    return Plan(
        name=str(content.get("name", "unnamed")),
        statistics=statistics,
        sensitive=sensitive,
        intersect=_whole(content.get("intersect", 1), at="intersect", low=1, high=2),
        limits=limits,
        minimum=_whole(content.get("minimum", 100), at="minimum", low=1),
        minimum_group=_whole(content.get("minimum_group", 30), at="minimum_group", low=1),
        confidence=_confidence(content.get("confidence", 0.95)),
        seed=_whole(content.get("seed", 0), at="seed", low=0),
        rationale=str(content.get("rationale", "")),
        content=json.loads(json.dumps(content, default=str)),
    )


def _statistics(value: object) -> dict[Purpose, tuple[str, ...]]:
    by_purpose: dict[Purpose, tuple[str, ...]] = {}
    for key, names in _mapping(value, at="statistics").items():
        if key not in PURPOSES:
            raise InvalidInput(f"statistics: {key!r} is not one of {', '.join(PURPOSES)}")
        listed = _texts(names, at=f"statistics.{key}")
        fitting = {s.name for s in FITTING[Purpose(key)]()}
        for name in listed:
            catalogue.get(name)
            if name not in fitting:
                raise InvalidInput(f"statistics.{key}: {name} is not a measure of {key}")
        by_purpose[Purpose(key)] = tuple(dict.fromkeys(listed))
    if not any(by_purpose.values()):
        raise InvalidInput("statistics names nothing to measure")
    return by_purpose


FITTING = {
    Purpose.PERFORMANCE: lambda: catalogue.PERFORMANCE,
    Purpose.FAIRNESS: lambda: (*catalogue.FAIRNESS_RATES, *catalogue.FAIRNESS_GAPS),
}


def _limit(value: object, *, at: str) -> PlanLimit:
    content = _mapping(value, at=at)
    unknown = sorted(set(content) - {"minimum", "maximum", "severity", "rationale"})
    if unknown:
        known = "minimum, maximum, severity, rationale"
        raise InvalidInput(f"{at} has the unknown key {unknown[0]!r}; known: {known}")
    low, high = (
        None if content.get(key) is None else _number(content[key], at=f"{at}.{key}")
        for key in ("minimum", "maximum")
    )
    if low is None and high is None:
        raise InvalidInput(f"{at} needs a minimum, a maximum or both")
    if low is not None and high is not None and low > high:
        raise InvalidInput(f"{at}.minimum is above its maximum")
    severity = str(content.get("severity", "block"))
    if severity not in SEVERITIES:
        raise InvalidInput(f"{at}.severity must be block or warn, not {severity!r}")
    return PlanLimit(low, high, severity, str(content.get("rationale", "")))


def _mapping(value: object, *, at: str) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise InvalidInput(f"{at} must hold keys and values")
    return {str(k): v for k, v in cast("Mapping[object, object]", value).items()}


def _texts(value: object, *, at: str) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise InvalidInput(f"{at} must be a list of names")
    return tuple(str(item) for item in cast("list[object]", value))


def _number(value: object, *, at: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        raise InvalidInput(f"{at} must be a finite number, not {value!r}")
    return float(value)


def _whole(value: object, *, at: str, low: int, high: int | None = None) -> int:
    number = _number(value, at=at)
    if number != int(number) or number < low or (high is not None and number > high):
        wanted = f"from {low} to {high}" if high is not None else f"at least {low}"
        raise InvalidInput(f"{at} must be a whole number {wanted}, not {value!r}")
    return int(number)


def _confidence(value: object) -> float:
    number = _number(value, at="confidence")
    if not 0 < number < 1:
        raise InvalidInput(f"confidence must lie between 0 and 1, not {value!r}")
    return number
