"""What a file of expectations may say about columns, read from YAML."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

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

KNOWN = ("type", "missing_max", "min", "max", "set", "pattern", "unique")


@dataclass(frozen=True, slots=True)
class Expectation:
    """What one column must be like; ``None`` where nothing is expected.

    Parameters
    ----------
    type
        A key of `TYPES`.
    missing_max
        Largest share of rows without a value.
    low, high
        Bounds of its numbers.
    allowed
        The only values it may hold, as text.
    pattern
        A regular expression that every value matches in full.
    """

    type: str | None = None
    missing_max: float | None = None
    low: float | None = None
    high: float | None = None
    allowed: tuple[str, ...] | None = None
    pattern: str | None = None
    unique: bool = False


def read_expectations(path: str) -> dict[str, Expectation]:
    """Read expectations by column from a YAML file.

    The file looks like ``columns: {age: {type: integer, min: 0, max: 120, missing_max: 0.01}}``.

    Raises
    ------
    InvalidInput
        The file is missing, no YAML, or says something unknown.
    """
    import yaml

    try:
        body = yaml.safe_load(Path(path).expanduser().read_text(encoding="utf-8"))
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise InvalidInput(f"{path} is not UTF-8 text") from error
    except yaml.YAMLError as error:
        first = str(error).splitlines()[0]
        raise InvalidInput(f"{path} is not valid YAML: {first}") from error
    columns = body.get("columns") if isinstance(body, dict) else None
    if not isinstance(columns, dict) or not columns:
        raise InvalidInput(f"{path} must hold a mapping `columns:` from column to expectations")
    return {str(name): _expectation(path, str(name), rules) for name, rules in columns.items()}


def _expectation(path: str, column: str, rules: object) -> Expectation:
    where = f"{path}, column {column}"
    if not isinstance(rules, dict):
        raise InvalidInput(f"{where}: expected a mapping of expectations, not {rules!r}")
    given: dict[str, object] = {str(key): value for key, value in rules.items()}
    for key in given:
        if key not in KNOWN:
            raise InvalidInput(f"{where}: unknown expectation {key!r}; known: {', '.join(KNOWN)}")
    return Expectation(
        type=_type(where, given.get("type")),
        missing_max=_share(where, given),
        low=_number(where, "min", given),
        high=_number(where, "max", given),
        allowed=_set(where, given.get("set")),
        pattern=_pattern(where, given.get("pattern")),
        unique=_flag(where, given.get("unique", False)),
    )


def _type(where: str, value: object) -> str | None:
    if value is None or value in TYPES:
        return None if value is None else str(value)
    raise InvalidInput(f"{where}: type {value!r} is not one of {', '.join(TYPES)}")


def _number(where: str, key: str, given: Mapping[str, object]) -> float | None:
    value = given.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InvalidInput(f"{where}: {key} must be a number, not {value!r}")
    return float(value)


def _share(where: str, given: Mapping[str, object]) -> float | None:
    share = _number(where, "missing_max", given)
    if share is not None and not 0 <= share <= 1:
        raise InvalidInput(f"{where}: missing_max is a share between 0 and 1, not {share}")
    return share


def _set(where: str, value: object) -> tuple[str, ...] | None:
    if value is None:
        return None
    if not isinstance(value, list):
        raise InvalidInput(f"{where}: set must be a list of values, not {value!r}")
    return tuple(_text(item) for item in value)


def _text(value: object) -> str:
    """Write a YAML value the way columns are compared as text."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _pattern(where: str, value: object) -> str | None:
    if value is None:
        return None
    try:
        re.compile(str(value))
    except re.error as error:
        raise InvalidInput(f"{where}: pattern is no regular expression: {error}") from error
    return str(value)


def _flag(where: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise InvalidInput(f"{where}: unique must be true or false, not {value!r}")
    return value
