"""How an analysis is printed: a table for people, JSON, CSV or JUnit for programs."""

import json
import os
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import typer

from lifecycle.domain.measurement import State
from lifecycle.domain.texts import visible
from lifecycle.errors import InvalidInput
from lifecycle.services.exports import as_csv
from lifecycle.store.durable import refuse_own

if TYPE_CHECKING:
    from lifecycle.services.analysis.result import Result

PASSED, FOUND, TOO_LITTLE = 0, 1, 3
EXIT_CODES = {
    State.BREACH: FOUND,
    State.ERROR: FOUND,
    State.INSUFFICIENT: TOO_LITTLE,
    State.NOT_APPLICABLE: TOO_LITTLE,
}
TABLE = ("statistic", "column", "slice", "window", "value", "interval", "n", "limit", "state")


class Format(StrEnum):
    """How results are printed."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"
    JUNIT = "junit"


def deliver(result: "Result", *, format: Format, out: Path | None) -> None:
    """Print a result, or write it to a file in one step, and end the command with its exit code.

    The result alone goes to stdout; notices go to stderr.
    """
    from lifecycle.services.analysis.result import as_json

    body = as_json(result)
    for notice in result.notices:
        typer.echo(f"note: {notice}", err=True)
    text = RENDERERS[format](body)
    if out is None:
        typer.echo(visible(text), nl=not text.endswith("\n"))
    else:
        write_whole(out, text if text.endswith("\n") else f"{text}\n")
        typer.echo(f"verdict {result.verdict}, written to {out}", err=True)
    raise typer.Exit(EXIT_CODES.get(result.verdict, PASSED))


def write_whole(path: Path, text: str) -> None:
    """Write a file under a temporary name and rename it, so that it is never half there.

    Raises
    ------
    InvalidInput
        The folder is missing or may not be written to, or the file is a workspace's own.
    """
    refuse_own(path)
    target = path.expanduser()
    temporary = None
    try:
        handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        Path(temporary).chmod(0o666 & ~_umask())
        Path(temporary).replace(target)
    except OSError as error:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)
        raise InvalidInput(f"{path} cannot be written: {error.strerror}") from error


def remove(path: Path) -> None:
    """Remove what an earlier command wrote there, if anything.

    Raises
    ------
    InvalidInput
        It cannot be removed, or the file is a workspace's own.
    """
    refuse_own(path)
    try:
        path.expanduser().unlink(missing_ok=True)
    except OSError as error:
        raise InvalidInput(f"{path} cannot be written: {error.strerror}") from error


def progress(noun: str) -> Callable[[int, int], None] | None:
    """Return a counter for a terminal; pipes get none."""
    if not sys.stderr.isatty():
        return None

    def show(done: int, total: int) -> None:
        end = "\r\033[K" if done == total else ""
        sys.stderr.write(f"\r{done} of {total} {noun}{end}")
        sys.stderr.flush()

    return show


def render_json(body: Mapping[str, Any]) -> str:
    """Return the whole result as JSON, an entry of a list per line; without NaN by construction."""
    return "{\n" + ",\n".join(f"  {_json(k)}: {_lines(v)}" for k, v in body.items()) + "\n}"


def render_csv(body: Mapping[str, Any]) -> str:
    """Return one line per measurement; slices as JSON, windows and intervals in two columns."""
    rows = [_flat(measured) for measured in body["measurements"]]
    return as_csv(list(rows[0]) if rows else [], (list(row.values()) for row in rows))


def render_junit(body: Mapping[str, Any]) -> str:
    """Return one test case per measurement, for continuous integration."""
    measurements = body["measurements"]
    states = [measured["state"] for measured in measurements]
    suite = ET.Element(
        "testsuite",
        name=f"lifecycle {body['command']}",
        tests=str(len(states)),
        failures=str(states.count(State.BREACH)),
        errors=str(states.count(State.ERROR)),
        skipped=str(states.count(State.INSUFFICIENT) + states.count(State.NOT_APPLICABLE)),
    )
    tags = {
        State.BREACH: "failure",
        State.ERROR: "error",
        State.INSUFFICIENT: "skipped",
        State.NOT_APPLICABLE: "skipped",
    }
    for measured in measurements:
        named = xml_text(" ".join(filter(None, (measured["statistic"], _where(measured)))))
        case = ET.SubElement(
            suite, "testcase", name=named, classname=f"lifecycle.{body['command']}"
        )
        if tag := tags.get(State(measured["state"])):
            said = f"{_number(measured['value'])} against {_number(measured['limit'])}"
            ET.SubElement(case, tag, message=xml_text(measured["reason"] or said))
    ET.indent(suite)
    return ET.tostring(suite, encoding="unicode", xml_declaration=True)


def xml_text(text: str) -> str:
    """Leave out what XML 1.0 cannot hold: control characters, lone surrogates, non-characters."""
    return "".join(
        c
        for c in text
        if c in "\t\n\r" or (c >= " " and not "\ud800" <= c <= "\udfff" and c not in "\ufffe\uffff")
    )


def render_table(body: Mapping[str, Any]) -> str:
    """Return columns of text, those without any value left out, and the verdict."""
    cells = [_cells(measured) for measured in body["measurements"]]
    used = [i for i in range(len(TABLE)) if any(row[i] for row in cells)]
    lines = _aligned([[TABLE[i] for i in used], *([row[i] for i in used] for row in cells)])
    reasons = [measured["reason"] or "" for measured in body["measurements"]]
    told = [lines[0], *(f"{a}  {b}".rstrip() for a, b in zip(lines[1:], reasons, strict=True))]
    return "\n".join([*told, "", f"verdict: {body['verdict']}"])


RENDERERS = {
    Format.TABLE: render_table,
    Format.JSON: render_json,
    Format.CSV: render_csv,
    Format.JUNIT: render_junit,
}


def _lines(value: object) -> str:
    """Write a value on one line, a list on a line per entry; indenting deeper is slow."""
    if not isinstance(value, list) or not value:
        return _json(value)
    entries: list[object] = value
    return "[\n    " + ",\n    ".join(map(_json, entries)) + "\n  ]"


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def _cells(measured: Mapping[str, Any]) -> list[str]:
    interval = measured["interval"]
    return [
        measured["statistic"],
        measured["column"] or "",
        ", ".join(f"{name}={value}" for name, value in measured["slice"].items()),
        measured["window"]["start"].removesuffix("T00:00:00Z") if measured["window"] else "",
        _number(measured["value"]),
        f"{_number(interval[0])} to {_number(interval[1])}" if interval else "",
        "" if measured["n"] is None else str(measured["n"]),
        "" if measured["limit"] is None else _number(measured["limit"]),
        measured["state"],
    ]


def _flat(measured: Mapping[str, Any]) -> dict[str, Any]:
    flat = {k: v for k, v in measured.items() if k not in {"slice", "window", "interval"}}
    window, interval = measured["window"] or {}, measured["interval"] or (None, None)
    return {
        **flat,
        "slice": json.dumps(measured["slice"], ensure_ascii=False),
        "window_start": window.get("start"),
        "window_end": window.get("end"),
        "interval_low": interval[0],
        "interval_high": interval[1],
    }


def _where(measured: Mapping[str, Any]) -> str:
    parts = [measured["column"] or ""]
    parts += [f"{name}={value}" for name, value in measured["slice"].items()]
    parts += [measured["window"]["start"]] if measured["window"] else []
    return " ".join(filter(None, parts))


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))] if rows else []
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def _umask() -> int:
    """Read the umask, which can only be read by setting it."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
