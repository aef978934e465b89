"""What a file of expectations may say, read from YAML by a closed grammar.

::

    columns:
      age: {type: integer, min: 0, max: 120, missing_max: 0.01}
      sex: {set: [Female, Male], severity: warn}
      id: {unique: true, pattern: "[A-Z]{2}[0-9]+"}
      load: {finite: true, stuck_max: 500, skew_max: 0.1, tolerate: {range: 0.001}}
    rows: {min: 1000, max: 50000, duplicates_max: 0, unique: [[shop, day]], columns: exact}
    times: {column: at, max_age: 1d, every: 1h, gaps_max: 0.01}
    rules:
      - arrived >= left
      - {rule: "paid = price + tip", tolerate: 0.001, severity: info}

``columns: exact`` expects the columns listed above it and no others; a list names them instead.
``severity`` is block, warn or info, and ``tolerate`` the share of rows that may break a check;
each is one value, or a mapping from check to value.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import isnan
from pathlib import Path
from typing import Any, cast

import yaml

from lifecycle.domain.expectation import Check, Expectation, Severity
from lifecycle.domain.row_rule import parse_rule
from lifecycle.engines.windows import parse_width
from lifecycle.errors import InvalidInput

TYPES = {
    "integer": "BIGINT",
    "number": "DOUBLE",
    "boolean": "BOOLEAN",
    "timestamp": "TIMESTAMP",
    "date": "DATE",
    "text": "VARCHAR",
}
"""Types an expectation may name, and what a value must be readable as."""

SECTIONS = ("columns", "rows", "times", "rules")
ROWS = ("min", "max", "duplicates_max", "unique", "columns", "severity")
TIMES = ("column", "max_age", "every", "gaps_max", "severity")
RULE = ("rule", "tolerate", "severity")
COLUMN_KEYS = {
    "type": Check.TYPE,
    "missing_max": Check.MISSING,
    "min": Check.RANGE,
    "max": Check.RANGE,
    "set": Check.SET,
    "pattern": Check.PATTERN,
    "unique": Check.UNIQUE,
    "finite": Check.FINITE,
    "stuck_max": Check.STUCK,
    "skew_max": Check.SKEW,
}
COLUMN_CHECKS = tuple(dict.fromkeys(COLUMN_KEYS.values()))
ROW_CHECKS = (Check.VOLUME, Check.DUPLICATES, Check.UNIQUE, Check.SCHEMA)
TIME_CHECKS = (Check.FRESH, Check.GAPS)
TOLERANT = (Check.TYPE, Check.RANGE, Check.SET, Check.PATTERN, Check.UNIQUE, Check.FINITE)
"""Checks whose limit is a share of rows that ``tolerate`` may raise from none."""


def read_expectations(path: str) -> tuple[Expectation, ...]:
    """Read a file of expectations.

    Raises
    ------
    InvalidInput
        The file is missing, no YAML, or says something unknown; the sentence names line and key.
    """
    try:
        text = Path(path).expanduser().read_text(encoding="utf-8")
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise InvalidInput(f"{path} is not UTF-8 text") from error
    return parse_expectations(text, label=path)


def parse_expectations(text: str, *, label: str) -> tuple[Expectation, ...]:
    """Read expectations from YAML; ``label`` is what sentences call it."""
    loader = yaml.SafeLoader(text)
    try:
        root = _Place(label, "", loader.get_single_node(), loader)
        sections = root.entries(SECTIONS)
        if not sections:
            raise root.refuse(f"expected one of {', '.join(f'`{s}:`' for s in SECTIONS)}")
        return tuple(_expectations(sections))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" in line {mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise InvalidInput(f"{label} is not valid YAML{where}: {problem}") from error
    finally:
        loader.dispose()


def expectations_of(given: Mapping[str, Any], *, label: str) -> tuple[Expectation, ...]:
    """Read expectations from what such a file holds, as JSON values.

    Raises
    ------
    InvalidInput
        It says something unknown; the sentence names the key.
    """
    return parse_expectations(
        yaml.safe_dump(dict(given), allow_unicode=True, sort_keys=False), label=label
    )


def _expectations(sections: "Mapping[str, _Place]") -> Iterable[Expectation]:
    listed: list[str] = []
    if "columns" in sections:
        columns = sections["columns"].entries(None)
        listed = list(columns)
        for name, place in columns.items():
            yield from _of_column(name, place)
    if "rows" in sections:
        yield from _of_rows(sections["rows"].entries(ROWS), listed=listed)
    if "times" in sections:
        yield from _of_times(sections["times"])
    if "rules" in sections:
        for place in sections["rules"].items():
            yield _rule(place)


def _of_column(name: str, place: "_Place") -> Iterable[Expectation]:
    keys = place.entries((*COLUMN_KEYS, "severity", "tolerate"))
    severities = _severities(keys, of=COLUMN_CHECKS)
    limits = _tolerances(keys)
    bounds = tuple(keys[k].number() if k in keys else None for k in ("min", "max"))
    if bounds[0] is not None and bounds[1] is not None and bounds[0] > bounds[1]:
        raise keys["max"].refuse("max lies below min")
    for check in COLUMN_CHECKS:
        key = next((k for k, of in COLUMN_KEYS.items() if of is check and k in keys), None)
        if key is None or not _wanted(check, keys[key]):
            continue
        yield Expectation(
            check,
            name,
            limit=limits.get(check, 0.0) if check in TOLERANT else _limit(check, keys[key]),
            low=bounds[0] if check is Check.RANGE else None,
            high=bounds[1] if check is Check.RANGE else None,
            values=keys[key].texts() if check is Check.SET else (),
            text=_text(check, keys[key]),
            severity=severities.get(check, Severity.BLOCK),
        )


def _wanted(check: Check, place: "_Place") -> bool:
    """Tell whether a check that is switched on and off is on."""
    return place.flag() if check in {Check.UNIQUE, Check.FINITE} else True


def _limit(check: Check, place: "_Place") -> float:
    return place.number(least=1) if check is Check.STUCK else place.share()


def _text(check: Check, place: "_Place") -> str:
    if check is Check.TYPE:
        return place.choice(TYPES)
    return place.pattern() if check is Check.PATTERN else ""


def _severities(keys: "Mapping[str, _Place]", *, of: Sequence[Check]) -> dict[Check, Severity]:
    if "severity" not in keys:
        return {}
    place = keys["severity"]
    if place.is_mapping:
        given = place.entries(of)
        return {Check(name): Severity(p.choice(Severity)) for name, p in given.items()}
    return dict.fromkeys(of, Severity(place.choice(Severity)))


def _tolerances(keys: "Mapping[str, _Place]") -> dict[Check, float]:
    if "tolerate" not in keys:
        return {}
    place = keys["tolerate"]
    if place.is_mapping:
        return {Check(name): p.share() for name, p in place.entries(TOLERANT).items()}
    return dict.fromkeys(TOLERANT, place.share())


def _of_rows(keys: "Mapping[str, _Place]", *, listed: Sequence[str]) -> Iterable[Expectation]:
    severities = _severities(keys, of=ROW_CHECKS)
    found: list[Expectation] = []
    bounds = {k: keys[k].number(least=0) for k in ("min", "max") if k in keys}
    if bounds:
        found.append(Expectation(Check.VOLUME, low=bounds.get("min"), high=bounds.get("max")))
    if "duplicates_max" in keys:
        found.append(Expectation(Check.DUPLICATES, limit=keys["duplicates_max"].share()))
    if "unique" in keys:
        found += [Expectation(Check.UNIQUE, values=p.texts()) for p in keys["unique"].items()]
    if "columns" in keys:
        named = keys["columns"].texts() if keys["columns"].is_list else ()
        if not named:
            keys["columns"].choice(("exact",))
        if not (named or listed):
            raise keys["columns"].refuse("exact columns need the section `columns:` to list them")
        found.append(Expectation(Check.SCHEMA, values=named or tuple(listed)))
    return [replace(e, severity=severities.get(e.check, Severity.BLOCK)) for e in found]


def _of_times(place: "_Place") -> Iterable[Expectation]:
    keys = place.entries(TIMES)
    if "column" not in keys:
        raise place.refuse("times needs the key `column`")
    column, severities = keys["column"].text(), _severities(keys, of=TIME_CHECKS)
    if "max_age" in keys:
        width = keys["max_age"].width()
        hours = parse_width(width).seconds / 3600
        if not hours:
            raise keys["max_age"].refuse("max_age must be fixed, such as 36h or 7d, not months")
        severity = severities.get(Check.FRESH, Severity.BLOCK)
        yield Expectation(Check.FRESH, column, limit=hours, text=width, severity=severity)
    if "every" in keys:
        limit = keys["gaps_max"].share() if "gaps_max" in keys else 0.0
        text, severity = keys["every"].width(), severities.get(Check.GAPS, Severity.BLOCK)
        yield Expectation(Check.GAPS, column, limit=limit, text=text, severity=severity)
    elif "gaps_max" in keys:
        raise keys["gaps_max"].refuse("gaps_max needs the key `every`")


def _rule(place: "_Place") -> Expectation:
    if not place.is_mapping:
        return Expectation(Check.RULE, text=place.rule())
    keys = place.entries(RULE)
    if "rule" not in keys:
        raise place.refuse("a rule needs the key `rule`")
    limit = keys["tolerate"].share() if "tolerate" in keys else 0.0
    severity = _severities(keys, of=(Check.RULE,)).get(Check.RULE, Severity.BLOCK)
    return Expectation(Check.RULE, limit=limit, text=keys["rule"].rule(), severity=severity)


@dataclass(frozen=True, slots=True)
class _Place:
    """A place in the file: what the file is called, the keys that lead there, and its value."""

    label: str
    path: str
    node: Any
    loader: Any

    @property
    def is_mapping(self) -> bool:
        return isinstance(self.node, yaml.MappingNode)

    @property
    def is_list(self) -> bool:
        return isinstance(self.node, yaml.SequenceNode)

    def refuse(self, what: str) -> InvalidInput:
        line = f", line {self.node.start_mark.line + 1}" if self.node is not None else ""
        return InvalidInput(f"{self.label}{line}{self.path and ', '}{self.path}: {what}")

    def entries(self, known: Iterable[str] | None) -> "dict[str, _Place]":
        """Return a mapping's values by key; an unknown or repeated key is refused."""
        if not self.is_mapping:
            raise self.refuse(f"expected a mapping, not {self._shown()}")
        entries: dict[str, _Place] = {}
        for key_node, node in self.node.value:
            key = _as_text(self.loader.construct_object(key_node, deep=True))
            here = _Place(self.label, self.path, key_node, self.loader)
            if known is not None and key not in known:
                raise here.refuse(f"unknown key {key!r}; known: {', '.join(known)}")
            if key in entries:
                raise here.refuse(f"key {key!r} stands here twice")
            inner = f"{self.path}.{key}" if self.path else key
            entries[key] = _Place(self.label, inner, node, self.loader)
        return entries

    def items(self) -> "list[_Place]":
        if not self.is_list:
            raise self.refuse(f"expected a list, not {self._shown()}")
        return [_Place(self.label, self.path, node, self.loader) for node in self.node.value]

    def value(self) -> object:
        return self.loader.construct_object(self.node, deep=True)

    def text(self) -> str:
        value = self.value()
        if isinstance(value, list | dict) or value is None:
            raise self.refuse(f"expected a text, not {self._shown()}")
        return _as_text(value)

    def texts(self) -> tuple[str, ...]:
        value = self.value()
        if not isinstance(value, list) or not value:
            raise self.refuse(f"expected a list of values, not {self._shown()}")
        return tuple(_as_text(item) for item in cast("list[object]", value))

    def number(self, *, least: float | None = None) -> float:
        value = self.value()
        if isinstance(value, bool) or not isinstance(value, int | float) or isnan(value):
            raise self.refuse(f"must be a number, not {value!r}")
        if least is not None and value < least:
            raise self.refuse(f"must be at least {least:g}, not {value:g}")
        return float(value)

    def share(self) -> float:
        value = self.number()
        if not 0 <= value <= 1:
            raise self.refuse(f"must be a share between 0 and 1, not {value:g}")
        return value

    def flag(self) -> bool:
        value = self.value()
        if not isinstance(value, bool):
            raise self.refuse(f"must be true or false, not {value!r}")
        return value

    def choice(self, known: Iterable[str]) -> str:
        value = self.text()
        if value not in [str(name) for name in known]:
            raise self.refuse(f"{value!r} is not one of {', '.join(known)}")
        return value

    def pattern(self) -> str:
        value = self.text()
        try:
            re.compile(value)
        except re.error as error:
            raise self.refuse(f"pattern is no regular expression: {error}") from error
        return value

    def rule(self) -> str:
        try:
            return parse_rule(self.text()).text
        except InvalidInput as error:
            raise self.refuse(str(error)) from error

    def width(self) -> str:
        try:
            return parse_width(self.text()).text
        except InvalidInput as error:
            raise self.refuse(str(error)) from error

    def _shown(self) -> str:
        return "nothing" if self.node is None else repr(self.value())


def _as_text(value: object) -> str:
    """Write a YAML value the way columns are compared as text."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
