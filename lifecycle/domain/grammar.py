"""The closed grammar that YAML is read by: every key and value is checked, none is executed."""

import math
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import TypeVar, cast

from lifecycle.errors import InvalidInput

_Choice = TypeVar("_Choice", bound=StrEnum)


def json_only(value: object, *, at: str) -> None:
    """Refuse what YAML can hold and JSON cannot, because the content is hashed as JSON."""
    if isinstance(value, Mapping):
        for key, part in cast("Mapping[object, object]", value).items():
            if not isinstance(key, str):
                raise InvalidInput(f"{at} has the key {key!r}, which must be text")
            json_only(part, at=f"{at}.{key}")
    elif isinstance(value, list):
        for i, part in enumerate(cast("Iterable[object]", value)):
            json_only(part, at=f"{at}[{i}]")
    elif not isinstance(value, str | int | float | None):
        raise InvalidInput(f"{at} holds {value!r}; write it in quotes to make it text")


def mapping(value: object, *, at: str) -> Mapping[str, object]:
    """Return keys and values."""
    if not isinstance(value, Mapping):
        raise InvalidInput(f"{at} must hold keys and values")
    return cast("Mapping[str, object]", value)


def only(content: Mapping[str, object], known: Iterable[str], *, at: str) -> None:
    """Refuse keys that are not known."""
    unknown = sorted(set(content) - set(known), key=str)
    if unknown:
        raise InvalidInput(f"{at} has the unknown key {unknown[0]!r}; known: {sorted(known)}")


def items(value: object, *, at: str) -> list[object]:
    """Return a list."""
    if not isinstance(value, list):
        raise InvalidInput(f"{at} must be a list")
    return cast("list[object]", value)


def texts(value: object, *, at: str) -> tuple[str, ...]:
    """Return a list as texts."""
    return tuple(str(item) for item in items(value, at=at))


def several(value: object, choices: Sequence[str], *, at: str) -> tuple[str, ...]:
    """Return a list of which every item is one of the choices."""
    found = texts(value, at=at)
    for text in found:
        if text not in choices:
            raise InvalidInput(f"{at}: {text!r} is not one of {', '.join(choices)}")
    return found


def choice(kind: type[_Choice], value: object, *, at: str) -> _Choice:
    """Return the member of an enumeration that a text names."""
    try:
        return kind(str(value))
    except ValueError as error:
        raise InvalidInput(f"{at}: {value!r} is not one of {', '.join(kind)}") from error


def count(value: object, *, at: str) -> int:
    """Return a whole number of at least one."""
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise InvalidInput(f"{at} must be a whole number, at least 1")
    return value


def number(value: object, *, at: str) -> int | float:
    """Return a finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InvalidInput(f"{at} must be a number, not {value!r}")
    if not math.isfinite(value):
        raise InvalidInput(f"{at} must be a finite number, not {value!r}")
    return value


LONGEST_SPAN = 36_500
"""A century in days, or four years in hours: more is a slip of the pen and overflows dates."""


def span(value: object, *, at: str) -> int | float:
    """Return a length of time: a finite number, not negative and no more than a century."""
    found = number(value, at=at)
    if not 0 <= found <= LONGEST_SPAN:
        raise InvalidInput(f"{at} must lie between 0 and {LONGEST_SPAN}, not {value!r}")
    return found


def flag(value: object, *, at: str) -> bool:
    """Return true or false."""
    if not isinstance(value, bool):
        raise InvalidInput(f"{at} must be true or false, not {value!r}")
    return value
