"""How settings are written down as JSON values, and read back: closed, naming what is wrong.

A record is a frozen dataclass of texts, numbers, switches, times and dates (ISO 8601), names of an
enumeration, lists, mappings and further such records. Reading knows its fields alone: an unknown
one is refused by its name.
"""

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from difflib import get_close_matches
from enum import Enum
from math import isfinite
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from lifecycle.errors import InvalidInput

Record = TypeVar("Record")


def written(value: object) -> Any:
    """Write a value as JSON values."""
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: written(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(k): written(v) for k, v in cast("Mapping[Any, Any]", value).items()}
    if isinstance(value, list | tuple):
        return [written(v) for v in cast("Sequence[Any]", value)]
    return value


def read(kind: type[Record], given: object, *, where: str) -> Record:
    """Read a record from JSON values; what is not named keeps its default.

    Parameters
    ----------
    where
        What the record is called in a refusal, such as ``the monitor``.

    Raises
    ------
    InvalidInput
        A field is unknown, missing or of another type; the sentence names it.
    """
    values = read_fields(kind, given, where=where)
    try:
        return kind(**values)
    except TypeError as error:
        raise InvalidInput(f"{where} is not complete: {error}") from error


def read_fields(kind: type[Any], given: object, *, where: str) -> dict[str, Any]:
    """Read some fields of a record, each as its type says."""
    if not isinstance(given, Mapping):
        raise InvalidInput(f"{where} must be settings by name, not {given!r}")
    hints = get_type_hints(kind)
    known = [f.name for f in fields(kind)]
    found: dict[str, Any] = {}
    for name, value in cast("Mapping[Any, Any]", given).items():
        if name not in known:
            close = get_close_matches(str(name), known, n=1)
            hint = f", did you mean {close[0]}?" if close else f"; known: {', '.join(known)}"
            raise InvalidInput(f"{where} has no setting {name!r}{hint}")
        found[name] = _value(hints[name], value, where=f"{name} of {where}")
    return found


def _value(hint: Any, given: Any, *, where: str) -> Any:
    origin, parts = get_origin(hint), get_args(hint)
    if origin in {Union, UnionType}:
        if given is None and NoneType in parts:
            return None
        return _value(next(part for part in parts if part is not NoneType), given, where=where)
    if isinstance(hint, type) and is_dataclass(hint):
        return given if isinstance(given, hint) else read(hint, given, where=where)
    if origin is tuple:
        return _items(parts[0], given, where=where)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return _by_name(parts[1], given, where=where)
    return _scalar(hint, given, where=where)


def _items(hint: Any, given: Any, *, where: str) -> tuple[Any, ...]:
    if isinstance(given, str) or not isinstance(given, Sequence):
        raise InvalidInput(f"{where} must be a list, not {given!r}")
    return tuple(_value(hint, one, where=where) for one in cast("Sequence[Any]", given))


def _by_name(hint: Any, given: Any, *, where: str) -> dict[str, Any]:
    if not isinstance(given, Mapping):
        raise InvalidInput(f"{where} must be values by name, not {given!r}")
    named = cast("Mapping[Any, Any]", given)
    return {str(k): _value(hint, v, where=f"{k!s} in {where}") for k, v in named.items()}


def _scalar(hint: type[Any], given: Any, *, where: str) -> Any:
    if issubclass(hint, Enum):
        try:
            return hint(given)
        except ValueError:
            words = ", ".join(str(one.value) for one in hint)
            raise InvalidInput(f"{where} must be one of {words}, not {given!r}") from None
    if issubclass(hint, date):
        return _moment(hint, given, where=where)
    if hint is float and isinstance(given, int | float) and not isinstance(given, bool):
        if not isfinite(given):
            raise InvalidInput(f"{where} must be a finite number, not {given}")
        return float(given)
    if not isinstance(given, hint) or (hint is int and isinstance(given, bool)):
        names = {int: "a whole number", float: "a number", bool: "true or false", str: "a text"}
        raise InvalidInput(f"{where} must be {names[hint]}, not {given!r}")
    return given


def _moment(hint: type[date], given: Any, *, where: str) -> date:
    try:
        return hint.fromisoformat(given)
    except (TypeError, ValueError):
        kind = "a time" if issubclass(hint, datetime) else "a date"
        raise InvalidInput(f"{where} must be {kind} such as 2026-11-24, not {given!r}") from None
