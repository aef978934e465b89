"""Which value does a model fail on: found by asking it again, with fewer rows and other values."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

import pandas as pd

Fails = Callable[[pd.DataFrame], bool]

LONGEST = 40
"""Characters of a value that a sentence gives."""

SAID = 300
"""Characters of what a model raised that a sentence gives."""

WORKING = 20
"""Rows that are tried in search of one that the model takes."""


def raised(error: Exception) -> str:
    """Say what a model raised: its kind, and the first sentence of what it says."""
    lines = str(error).strip().splitlines() or ["no reason given"]
    return f"{type(error).__name__}: {lines[0].split('. ')[0].rstrip('.')}"[:SAID]


@dataclass(frozen=True, slots=True)
class Odd:
    """The value that a model fails on, first of all in its rows."""

    column: str
    value: Any

    def said(self, *, hidden: Collection[str] = ()) -> str:
        """Name the column and the value: ``first where home is 'castle'``.

        Parameters
        ----------
        hidden
            Columns whose values must not be said.
        """
        if self.column in hidden:
            return f"first by a value of {self.column}"
        if pd.isna(self.value):
            return f"first where {self.column} is missing"
        text = repr(self.value) if isinstance(self.value, str) else str(self.value)
        short = text if len(text) <= LONGEST else text[:LONGEST] + "…"
        return f"first where {self.column} is {short}"


def odd_value(fails: Fails, rows: pd.DataFrame) -> Odd | None:
    """Find the value that makes a model fail on the first row it fails on.

    Parameters
    ----------
    fails
        Tells whether the model fails on some of the rows; it does on all of them.

    Returns
    -------
    Odd or None
        ``None`` where no single value is to blame.
    """
    at = _first(fails, rows)
    taken = None if at is None else _taken(fails, rows)
    if at is None or taken is None:
        return None
    odd: Any = rows.iloc[[at]]
    for name in rows.columns:
        if not fails(odd.assign(**{name: rows[name].iloc[[taken]].set_axis(odd.index)})):
            return Odd(str(name), odd[name].iloc[0])
    return None


def _first(fails: Fails, rows: pd.DataFrame) -> int | None:
    """Return the position of the first row that fails by itself, by halving."""
    begin, end = 0, len(rows)
    while end - begin > 1:
        middle = (begin + end) // 2
        begin, end = (begin, middle) if fails(rows.iloc[begin:middle]) else (middle, end)
    return begin if fails(rows.iloc[begin:end]) else None


def _taken(fails: Fails, rows: pd.DataFrame) -> int | None:
    """Return the position of a row that the model takes."""
    return next((i for i in range(min(len(rows), WORKING)) if not fails(rows.iloc[[i]])), None)
