"""Print records: one as lines, several as a table, either as JSON or CSV."""

import io
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lifecycle.cli.output import write_whole
from lifecycle.cli.session import Format
from lifecycle.domain.texts import visible
from lifecycle.services.exports import as_csv

Record = Mapping[str, Any]


def show(
    result: Record | Sequence[Record],
    *,
    format: Format,
    out: Path | None = None,
    columns: Sequence[str] = (),
) -> None:
    """Print one record or several.

    Parameters
    ----------
    columns
        Which fields a table or CSV shows; all of them when empty. JSON always has all.
    """
    if format is Format.JSON:
        body: Any = result if isinstance(result, Mapping) else {"items": list(result)}
        text = json.dumps(body, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    elif format is Format.CSV:
        text = _csv(_several(result), columns)
    else:
        text = _lines(result, columns) if isinstance(result, Mapping) else _table(result, columns)
    write(text, out)


def write(text: str, out: Path | None) -> None:
    """Print a text with nothing in it that acts on a terminal, or save it whole or not at all."""
    if out is None:
        sys.stdout.write(visible(text))
        return
    write_whole(out, text)


def _several(result: Record | Sequence[Record]) -> Sequence[Record]:
    return [result] if isinstance(result, Mapping) else result


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    return str(value)


def _names(records: Sequence[Record], columns: Sequence[str]) -> list[str]:
    return list(columns) or list(dict.fromkeys(name for record in records for name in record))


def _csv(records: Sequence[Record], columns: Sequence[str]) -> str:
    names = _names(records, columns)
    return as_csv(names, ([record.get(name) for name in names] for record in records))


def _lines(record: Record, columns: Sequence[str]) -> str:
    names = list(columns) or list(record)
    width = max((len(name) for name in names), default=0)
    return "".join(f"{name:<{width}}  {_cell(record.get(name))}\n" for name in names)


def _table(records: Sequence[Record], columns: Sequence[str]) -> str:
    from rich.console import Console
    from rich.table import Table

    if not records:
        return "nothing\n"
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in _names(records, columns):
        table.add_column(name.replace("_", " "), overflow="fold")
    for record in records:
        table.add_row(*(_cell(record.get(name)) for name in _names(records, columns)))
    wide = sys.stdout.isatty()
    console = Console(
        file=io.StringIO(), width=None if wide else 200, markup=False, highlight=False
    )
    console.print(table)
    text = console.file.getvalue() if isinstance(console.file, io.StringIO) else ""
    return "\n".join(line.rstrip() for line in text.splitlines()) + "\n"
