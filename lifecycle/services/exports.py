"""Rows as CSV: every digit, and nothing a spreadsheet would run."""

import csv
import io
import json
from collections.abc import Iterable, Sequence

FORMULA = frozenset("=+-@\t\r\n＝＋－＠")  # noqa: RUF001 -- spreadsheets take the wide ones too
"""Letters with which a cell would begin a formula (OWASP, CSV Injection)."""


def as_csv(names: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Write a table as CSV.

    Parameters
    ----------
    names
        Of the columns.
    rows
        A cell per column: a text, a number in all its digits, ``None`` for nothing, or a list or
        mapping, which becomes JSON.

    Notes
    -----
    A text that a spreadsheet would take for a formula begins with an apostrophe, in headers too.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([_cell(name) for name in names])
    writer.writerows([_cell(value) for value in row] for row in rows)
    return text.getvalue()


def _cell(value: object) -> object:
    if value is None or isinstance(value, int | float):
        return value
    is_json = isinstance(value, dict | list)
    said = json.dumps(value, ensure_ascii=False) if is_json else str(value)
    safe = f"'{said}" if said[:1] in FORMULA else said
    return safe.replace("\r\n", "\n").replace("\r", "\n")  # no reader agrees on a bare return
