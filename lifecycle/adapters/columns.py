"""Which original columns does each transformed column come from? Found by changing them in turn."""

from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

MIXED = -2
"""Marks a transformed column that depends on more than one original column."""

NONE = -1
"""Marks a transformed column that no original column changed."""


def origins(
    transform: Callable[[pd.DataFrame], NDArray[np.float64]], frame: pd.DataFrame
) -> NDArray[np.int64]:
    """Return for each transformed column the position of the original column it comes from.

    Parameters
    ----------
    transform
        From original rows to the numbers the estimator sees, shape (rows, k).
    frame
        Rows of the original columns to try it on; two or more.

    Returns
    -------
    ndarray
        Shape (k,), positions in ``frame.columns``, or `MIXED` or `NONE`.

    Notes
    -----
    Asking the transformer for names would need a rule per transformer. Changing one column at a
    time, by moving its values to other rows and numbers also to values outside the sample, needs
    none and cannot disagree with what the transformer does.
    """
    before = transform(frame)
    found = np.full(before.shape[1], NONE, dtype=np.int64)
    for position, (column, held) in enumerate(frame.items()):
        changed = np.zeros(before.shape[1], dtype=bool)
        for values in _changes(held):
            try:
                after = transform(frame.assign(**{str(column): values}))
            except ValueError:  # a value it never saw: the moved ones it knows
                continue
            changed |= ((after != before) & ~(np.isnan(after) & np.isnan(before))).any(axis=0)
        found[changed] = np.where(found[changed] == NONE, position, MIXED)
    return found


def _changes(values: pd.Series) -> list[pd.Series]:
    """Return a column's values on other rows, and for numbers also shifted by one spread."""
    moved = [
        pd.Series(np.roll(values.to_numpy(), shift), index=values.index).astype(values.dtype)
        for shift in (1, max(1, len(values) // 2))
    ]
    if pd.api.types.is_bool_dtype(values):
        return [*moved, ~values]
    if pd.api.types.is_numeric_dtype(values):
        spread = float(np.nanmax(values) - np.nanmin(values)) if values.notna().any() else 0.0
        step = max(1, round(spread)) if pd.api.types.is_integer_dtype(values) else spread or 1.0
        moved.append(values + step)
    return moved


def gather(
    values: NDArray[np.float64], *, origin: NDArray[np.int64], columns: int
) -> NDArray[np.float64] | None:
    """Add up attributions of transformed columns by original column.

    Parameters
    ----------
    values
        Shape (rows, k, outputs), attributions of the transformed columns.
    origin
        Shape (k,), as `origins` returns it.

    Returns
    -------
    ndarray or None
        Shape (rows, columns, outputs); ``None`` when a share belongs to no single column.
    """
    astray = origin < 0
    if np.abs(values[:, astray]).max(initial=0.0) > 0:
        return None
    total = np.zeros((values.shape[0], columns, values.shape[2]))
    for position in range(columns):
        total[:, position] = values[:, origin == position].sum(axis=1)
    return total
