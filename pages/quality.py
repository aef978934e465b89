"""Data quality: is the data fit to be measured."""

from collections.abc import Sequence
from datetime import UTC, datetime

import streamlit as st

from app import drift_parts, marks, quality_parts, session, widgets
from lifecycle.charts import checks, tables, timelines, wording
from lifecycle.domain.measurement import Measurement
from lifecycle.domain.model import Version
from lifecycle.services.analysis.result import overall
from lifecycle.stats import catalogue
from lifecycle.store import logs, measurements

NAMES = [statistic.name for statistic in (*catalogue.QUALITY, *catalogue.ROW_CHECKS)]


def clicked(selection: object) -> None:
    """Take a cell that was clicked in the map over into the pickers below it."""
    cell = drift_parts.hit(selection)
    if cell is None or cell == st.session_state.get("quality_cell"):
        return
    st.session_state["quality_cell"] = cell
    st.session_state["column"] = str(cell[0])
    st.session_state["window"] = str(cell[1])[:10]
    st.session_state["statistic"] = str(cell[2])


def overview(history: Sequence[Measurement], *, last: datetime) -> Measurement:
    """Show every column in every window, and what fails in the newest; return the worst check."""
    cells = checks.cells_of(history)
    now = checks.newest(cells)
    title = checks.message(now)
    widgets.badge(overall(now), title)
    widgets.unfinished(max(history, key=start_of).window, last=last)
    quality_parts.freshness(version)
    drawn = quality_parts.cut(cells)
    figure = checks.by_window(drawn, title=title, marks=happened)
    shown = tables.rows([m for found in drawn.values() for m in found])
    clicked(widgets.chart(figure, name="quality_map", alt=title, rows=shown, select=True))
    failing = checks.rows(now)
    if failing and now[0].window:
        st.subheader(f"What fails or nearly does in the {wording.span(now[0].window)}")
        widgets.table(failing, name="quality_failing", alt="Checks that fail, worst first")
    if waiting := checks.unjudged(now):
        widgets.note(f"{waiting}.", icon="help")
    return checks.worst(now)


def start_of(measured: Measurement) -> datetime:
    """Return when the window of a measurement opens."""
    return measured.window.start if measured.window else datetime.min.replace(tzinfo=UTC)


def detail(version: Version, history: Sequence[Measurement], *, worst: Measurement) -> None:
    """Show one check of one column: how it went, against its limit, and the rows that fail it."""
    order = checks.order(checks.cells_of(history))
    one, two, three = st.columns(3)
    first = order.index(worst.column or checks.ALL_ROWS)
    column = one.selectbox("Column", order, first, key="column", bind="query-params")
    of_column = [m for m in history if (m.column or checks.ALL_ROWS) == column]
    known = [name for name in NAMES if any(m.statistic == name for m in of_column)]
    if st.session_state.get("statistic") not in {None, *known}:
        del st.session_state["statistic"]  # another kind of column: fall back to the first check
    statistic = two.selectbox(
        "Check",
        known,
        known.index(worst.statistic) if worst.statistic in known else 0,
        key="statistic",
        bind="query-params",
        format_func=lambda name: catalogue.get(name).title,
    )
    asked = [m for m in of_column if m.statistic == statistic]
    windows = {m.window.start.date().isoformat(): m for m in asked if m.window}
    if st.session_state.get("window") not in {None, *windows}:
        del st.session_state["window"]
    days = list(reversed(windows))
    failed = worst.window.start.date().isoformat() if worst.window else ""
    at = days.index(failed) if failed in days else 0
    day = three.selectbox("Window from", days, at, key="window", bind="query-params")
    measured = windows.get(str(day))
    if measured is None or measured.window is None:
        return
    declared = catalogue.get(statistic)
    title = timelines.message(asked, name=f"{declared.title} of {column}")
    low = None if declared.better or not declared.limit else (-declared.limit, "limit")
    figure = timelines.over_windows(
        asked, title=title, name=declared.title, reference=low, marks=happened
    )
    widgets.chart(figure, name="quality_over_time", alt=title, rows=tables.rows(asked))
    widgets.explain_number(statistic, measurement=measured)
    if measured.reason:
        widgets.note(f"{wording.span(measured.window)}: {measured.reason}.")
    quality_parts.failing(version, measured, measured.window)


model, version = widgets.open_version("Data quality", question="Is the data fit to be measured")
con = session.cursor()
logged = logs.first_last(con, version.id)
history: list[Measurement] = []
if logged:
    span = widgets.pick_window(logged[1], default="26 weeks")
    history = measurements.history(con, version.id, statistics=NAMES, start=span.start)
    history = [m for m in history if m.window is not None]
if not logged or not history:
    hint = f"Count what was logged and check it: `lifecycle monitor run {model.id}`."
    widgets.empty("No quality measured yet", hint=hint)
    st.stop()

happened = marks.of_version(con, version)
worst = overview(history, last=logged[1])
detail(version, history, worst=worst)
left, right = st.columns(2)
with left:
    st.subheader("Schema of the logged files")
    quality_parts.schema(version)
with right:
    st.subheader("Suggested expectations")
    quality_parts.suggestions(version)
