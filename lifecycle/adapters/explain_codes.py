"""Rows as one table of numbers and back, for explainers that mask numbers only."""

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Array: TypeAlias = NDArray[np.float64]


def coded(
    rows: pd.DataFrame, background: pd.DataFrame
) -> tuple[Array, Callable[[Array], pd.DataFrame]]:
    """Write both frames as one table of numbers, and return how to read it back."""
    both = pd.concat([rows, background], ignore_index=True)
    dictionaries: dict[str, pd.Series] = {}
    table = np.empty(both.shape)
    for position, name in enumerate(both.columns):
        values = both[name]
        if pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values):
            table[:, position] = values.to_numpy(dtype=float, na_value=np.nan)
        else:
            codes, known = pd.factorize(values, use_na_sentinel=False)
            table[:, position] = codes
            dictionaries[str(name)] = pd.Series(known).astype(values.dtype)

    def decode(given: Array) -> pd.DataFrame:
        parts: dict[str, Any] = {}
        for position, name in enumerate(both.columns):
            column = given[:, position]
            if str(name) in dictionaries:
                known = dictionaries[str(name)]
                parts[str(name)] = known.iloc[column.astype(int)].reset_index(drop=True)
            elif np.isnan(column).any():
                parts[str(name)] = column
            else:
                parts[str(name)] = pd.Series(column).astype(both[name].dtype)
        return pd.DataFrame(parts)

    return table, decode
