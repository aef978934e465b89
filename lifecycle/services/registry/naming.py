"""May a record be called that: slugs, filled fields, choices and finite numbers."""

import re
from collections.abc import Iterable
from enum import StrEnum
from math import isfinite
from typing import TypeVar

from lifecycle.errors import Conflict, InvalidInput

SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
LONGEST = 64
"""Most characters of an id; it becomes part of addresses and folders."""

_Choice = TypeVar("_Choice", bound=StrEnum)


def check_slug(identifier: str, *, what: str) -> None:
    """Refuse an id that is no short name in lower case and hyphens."""
    if not SLUG.fullmatch(identifier) or len(identifier) > LONGEST:
        raise InvalidInput(
            f"{what} id {identifier!r} must be lower-case letters and digits with single hyphens "
            f"between them, at most {LONGEST} characters, such as credit-default"
        )


def check_version(name: str) -> None:
    """Refuse a version name that could not stand in an address or a folder."""
    if not VERSION.fullmatch(name) or len(name) > LONGEST:
        raise InvalidInput(
            f"version name {name!r} must be letters, digits, dots, dashes and underscores, start "
            f"with a letter or digit, and have at most {LONGEST} characters"
        )


def check_free(identifier: str, *, taken: Iterable[str], what: str) -> None:
    """Refuse an id that is already used."""
    if identifier in taken:
        raise Conflict(f"there is already a {what} called {identifier!r}")


def check_filled(subject: str, **fields: str) -> None:
    """Refuse a record whose required texts are empty."""
    empty = [name for name, text in fields.items() if not text.strip()]
    if empty:
        raise InvalidInput(f"{subject} needs {', '.join(empty)}")


def choice(kind: type[_Choice], value: str, *, what: str) -> _Choice:
    """Read one of a few words."""
    try:
        return kind(value)
    except ValueError as error:
        raise InvalidInput(f"{what} must be one of {', '.join(kind)}, not {value!r}") from error


def finite(value: float, *, what: str) -> float:
    """Return a number, or refuse what is none."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):  # pyright: ignore[reportUnnecessaryIsInstance] -- YAML and JSON callers are not type-checked
        raise InvalidInput(f"{what} must be a finite number, not {value!r}")
    return float(value)
