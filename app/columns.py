"""How the columns of a table are written: times in UTC, tiny numbers by their digits."""

from typing import TYPE_CHECKING, Any

import streamlit as st

if TYPE_CHECKING:
    import pandas as pd

TINY = 1e-4
"""Below it a number has no digit among the four decimals that a table shows."""


def formats(frame: "pd.DataFrame") -> dict[str, Any]:
    """Return the settings of the columns that a browser would write otherwise.

    Notes
    -----
    Times are in UTC and to the minute, wherever the browser is. Of a tiny number a cell would cut
    off how it begins: ``3.6e-15`` would read ``000003``.
    """
    times = st.column_config.DatetimeColumn(format="D MMM YYYY, HH:mm", timezone="UTC")
    digits = st.column_config.NumberColumn(format="%.6g")
    numbers = frame.select_dtypes("float")
    tiny = numbers.columns[((numbers != 0) & (numbers.abs() < TINY)).any()]
    return {
        **{str(name): times for name in frame.select_dtypes("datetimetz").columns},
        **{str(name): digits for name in tiny},
    }
