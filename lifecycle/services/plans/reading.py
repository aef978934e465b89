"""Read a plan from YAML: a closed grammar, and a refusal names the line and the key."""

import json
from collections.abc import Collection, Mapping
from difflib import get_close_matches
from math import isfinite
from pathlib import Path
from typing import TypeVar, cast

from lifecycle.domain.evidence import Purpose
from lifecycle.domain.rules import BOUNDS
from lifecycle.domain.written import read as settings_of
from lifecycle.errors import InvalidInput
from lifecycle.services.plans.places import Misplaced, line_of, lines
from lifecycle.services.plans.plan import Groups, Plan, PlanLimit
from lifecycle.services.validation import Trials
from lifecycle.stats import catalogue

PURPOSES = (Purpose.PERFORMANCE, Purpose.FAIRNESS, Purpose.VALIDATION)
"""What a plan may measure; explanations come from a job of their own."""

_Settings = TypeVar("_Settings")

SEVERITIES = ("block", "warn")
LIMIT_KEYS = ("minimum", "maximum", "bound", "severity", "rationale")
KEYS = frozenset(
    {
        "name",
        "version",
        "rationale",
        "statistics",
        "slices",
        "sensitive",
        "intersect",
        "limits",
        "minimum",
        "minimum_group",
        "confidence",
        "seed",
        "fairness",
        "validation",
    }
)

FITTING = {
    Purpose.PERFORMANCE: lambda: catalogue.PERFORMANCE,
    Purpose.FAIRNESS: lambda: (
        *catalogue.FAIRNESS_RATES,
        *catalogue.FAIRNESS_ERRORS,
        *catalogue.FAIRNESS_GAPS,
        catalogue.CALIBRATION_BIAS,
        *catalogue.FAIRNESS_MEANS,
    ),
    Purpose.VALIDATION: lambda: catalogue.VALIDATION,
}


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
        sentence gives the line and the path to it.
    """
    import yaml

    known: dict[str, int] = {}
    try:
        known = lines(text)
        return from_mapping(_mapping(yaml.safe_load(text), at="the plan"))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" in line {mark.line + 1}" if mark else ""
        first = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise InvalidInput(f"{label} is no valid YAML{where}: {first}") from error
    except Misplaced as error:
        line = line_of(error.at, known)
        where = f", line {line}" if line else ""
        raise InvalidInput(f"{label}{where}: {error}") from error


def from_mapping(content: Mapping[str, object]) -> Plan:
    """Read a plan from the mapping its YAML holds."""
    _known_only(content, KEYS, at="")
    statistics = _statistics(content.get("statistics"))
    named = {name for names in statistics.values() for name in names}
    limits = {
        name: _limit(value, at=f"limits.{name}")
        for name, value in _mapping(content.get("limits", {}), at="limits").items()
    }
    for name in limits:
        if name not in named:
            at, known = f"limits.{name}", _near(name, named)
            raise Misplaced(at, f"{at} is on a statistic the plan does not measure{known}")
    version = content.get("version")
    return Plan(
        name=str(content.get("name", "unnamed")),
        version=None if version is None else str(version),
        statistics=statistics,
        slices=_texts(content.get("slices", []), at="slices"),
        sensitive=_texts(content.get("sensitive", []), at="sensitive"),
        intersect=_whole(content.get("intersect", 1), at="intersect", low=1, high=3),
        limits=limits,
        minimum=_whole(content.get("minimum", 100), at="minimum", low=1),
        minimum_group=_whole(content.get("minimum_group", 30), at="minimum_group", low=1),
        confidence=_confidence(content.get("confidence", 0.95)),
        seed=_whole(content.get("seed", 0), at="seed", low=0),
        rationale=str(content.get("rationale", "")),
        groups=_settings(Groups, content.get("fairness", {}), at="fairness"),
        trials=_settings(Trials, content.get("validation", {}), at="validation"),
        content=json.loads(json.dumps(content, default=str)),
    )


def _statistics(value: object) -> dict[Purpose, tuple[str, ...]]:
    by_purpose: dict[Purpose, tuple[str, ...]] = {}
    for key, names in _mapping(value, at="statistics").items():
        if key not in PURPOSES:
            sentence = f"statistics: {key!r} is not one of {', '.join(PURPOSES)}"
            raise Misplaced(f"statistics.{key}", sentence)
        listed = _texts(names, at=f"statistics.{key}")
        fitting = {s.name for s in FITTING[Purpose(key)]()}
        for number, name in enumerate(listed):
            at = f"statistics.{key}[{number}]"
            try:
                catalogue.get(name)
            except InvalidInput as error:
                raise Misplaced(at, f"statistics.{key}: {error}") from error
            if name not in fitting:
                raise Misplaced(at, f"statistics.{key}: {name} is not a measure of {key}")
        by_purpose[Purpose(key)] = tuple(dict.fromkeys(listed))
    if not any(by_purpose.values()):
        raise Misplaced("statistics", "statistics names nothing to measure")
    return by_purpose


def _settings(kind: type[_Settings], value: object, *, at: str) -> _Settings:
    try:
        return settings_of(kind, value, where=at)
    except InvalidInput as error:
        named = next((name for name in _names(value) if name in str(error)), "")
        raise Misplaced(f"{at}.{named}" if named else at, str(error)) from error


def _names(value: object) -> tuple[str, ...]:
    return tuple(value) if isinstance(value, Mapping) else ()


def _limit(value: object, *, at: str) -> PlanLimit:
    content = _mapping(value, at=at)
    _known_only(content, LIMIT_KEYS, at=at)
    low, high = (
        None if content.get(key) is None else _number(content[key], at=f"{at}.{key}")
        for key in ("minimum", "maximum")
    )
    if low is None and high is None:
        raise Misplaced(at, f"{at} needs a minimum, a maximum or both")
    if low is not None and high is not None and low > high:
        raise Misplaced(at, f"{at}.minimum is above its maximum")
    severity = _one_of(SEVERITIES, content.get("severity", "block"), at=f"{at}.severity")
    bound = _one_of(BOUNDS, content.get("bound", "point"), at=f"{at}.bound")
    return PlanLimit(low, high, severity, str(content.get("rationale", "")), bound)


def _known_only(content: Mapping[str, object], known: Collection[str], *, at: str) -> None:
    unknown = next((key for key in content if key not in known), None)
    if unknown is None:
        return
    where, path = (f"{at} has the ", f"{at}.{unknown}") if at else ("", unknown)
    near = _near(unknown, known) or f"; known: {', '.join(sorted(known))}"
    raise Misplaced(path, f"{where}unknown key {unknown!r}{near}")


def _near(name: str, known: Collection[str]) -> str:
    close = get_close_matches(name, known, n=1)
    return f", did you mean {close[0]}?" if close else ""


def _mapping(value: object, *, at: str) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise Misplaced(at, f"{at} must hold keys and values")
    return {str(k): v for k, v in cast("Mapping[object, object]", value).items()}


def _texts(value: object, *, at: str) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise Misplaced(at, f"{at} must be a list of names")
    return tuple(str(item) for item in cast("list[object]", value))


def _one_of(choices: Collection[str], value: object, *, at: str) -> str:
    if str(value) not in choices:
        raise Misplaced(at, f"{at} must be {' or '.join(choices)}, not {value!r}")
    return str(value)


def _number(value: object, *, at: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        raise Misplaced(at, f"{at} must be a finite number, not {value!r}")
    return float(value)


def _whole(value: object, *, at: str, low: int, high: int | None = None) -> int:
    number = _number(value, at=at)
    if number != int(number) or number < low or (high is not None and number > high):
        wanted = f"from {low} to {high}" if high is not None else f"at least {low}"
        raise Misplaced(at, f"{at} must be a whole number {wanted}, not {value!r}")
    return int(number)


def _confidence(value: object) -> float:
    number = _number(value, at="confidence")
    if not 0 < number < 1:
        raise Misplaced("confidence", f"confidence must lie between 0 and 1, not {value!r}")
    return number
