"""How did a column go in a series that another reference, grain or number of bins ended."""

from typing import TYPE_CHECKING

import streamlit as st

from app import widgets
from lifecycle.charts import tables, timelines
from lifecycle.stats import catalogue
from lifecycle.store import measurements

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.drift_parts import History
    from lifecycle.charts.theme import Mark


def show(of: "History", column: str, *, marks: "Sequence[Mark]") -> None:
    """Let the person pick an earlier series, as ``?series=``, and draw the column in it."""
    known = {f"Series {n}": n for n in measurements.earlier(of.con, of.version.id)}
    if not known:
        return
    picked = st.selectbox("Earlier series", ["none", *known], key="series", bind="query-params")
    if (number := known.get(str(picked))) is None:
        return
    found = measurements.history(
        of.con,
        of.version.id,
        statistic=of.statistic,
        column=column,
        slice=of.within,
        series=number,
    )
    if not found:
        widgets.empty(f"{column} was not measured in it", hint="Pick another statistic or series.")
        return
    name = catalogue.get(of.statistic).title
    title = timelines.message(found, name=f"{name} of {column}{of.about}, series {number}")
    figure = timelines.over_windows(found, title=title, name=name, marks=marks)
    widgets.chart(figure, name="drift_earlier", alt=title, rows=tables.rows(found))
