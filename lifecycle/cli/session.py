"""What workspace commands share: where the workspace is, who acts, how results are printed."""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from enum import StrEnum
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lifecycle.errors import InvalidInput
from lifecycle.settings import load

if TYPE_CHECKING:
    import typer

    from lifecycle.client import Client


class Format(StrEnum):
    """How results are printed."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


@contextmanager
def connected(home: Path | None, acting_as: str | None = None) -> Generator["Client"]:
    """Open a client on the configured server, or on the workspace in this process."""
    from lifecycle.client import Client

    settings = load(home=home)
    if acting_as:
        settings = replace(settings, acting_as=acting_as)
    if home is not None and settings.server:
        raise InvalidInput("--home names a folder, but LIFECYCLE_SERVER names a server; choose one")
    with Client(settings) as client:
        yield client


def pairs(given: Sequence[str], *, option: str) -> dict[str, str]:
    """Read repeated ``name=value`` options."""
    read: dict[str, str] = {}
    for item in given:
        name, equals, value = item.partition("=")
        if not equals or not name.strip():
            raise InvalidInput(f"{option} wants NAME=VALUE, not {item!r}")
        read[name.strip()] = value.strip()
    return read


def scores(given: Sequence[str]) -> tuple[str | None, dict[str, str]]:
    """Read ``--score`` options: one column, or ``CLASS=COL`` for each of several classes."""
    if len(given) == 1 and "=" not in given[0]:
        return given[0], {}
    return None, pairs(given, option="--score for several classes")


def numbers(given: Sequence[str], *, option: str) -> dict[str, float]:
    """Read repeated ``name=number`` options."""
    read: dict[str, float] = {}
    for name, value in pairs(given, option=option).items():
        try:
            read[name] = float(value)
        except ValueError as error:
            raise InvalidInput(f"{option} {name} wants a number, not {value!r}") from error
        if not isfinite(read[name]):
            raise InvalidInput(f"{option} {name} wants a finite number, not {value!r}")
    return read


def refuse_idle(context: "typer.Context", *names: str, why: str) -> None:
    """Refuse options that were given but do nothing beside the others.

    Parameters
    ----------
    names
        Of the command's parameters.
    why
        What makes them idle, as the sentence ends: ``without --row``.

    Raises
    ------
    InvalidInput
        One of them stands on the command line.
    """
    sources = {name: context.get_parameter_source(name) for name in names}
    idle = [
        f"--{name.replace('_', '-')}"
        for name, source in sources.items()
        if source is not None and source.name == "COMMANDLINE"
    ]
    if idle[1:]:
        raise InvalidInput(f"{', '.join(idle[:-1])} and {idle[-1]} do nothing {why}")
    if idle:
        raise InvalidInput(f"{idle[0]} does nothing {why}")


def listed(given: str | None) -> list[str]:
    """Read a comma-separated option."""
    return [part.strip() for part in (given or "").split(",") if part.strip()]


def text_of(file: Path) -> str:
    """Read a text file the user named."""
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(f"{file} cannot be read as text: {error}") from error


def without(record: dict[str, Any], *names: str) -> dict[str, Any]:
    """Leave fields out of a record."""
    return {k: v for k, v in record.items() if k not in names}
