"""Drift: what moved, since when, and does it matter."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

import streamlit as st

from app import session, widgets
from lifecycle.charts import distributions, heatmaps, rankings, tables, timelines, wording
from lifecycle.domain.measurement import Measurement, Window
from lifecycle.domain.model import Version
from lifecycle.stats import catalogue
from lifecycle.store import datasets, logs, measurements, monitors, profiles

# Missing values and stuck columns stand beside drift: they look like it and are something else.
NAMES = [statistic.name for statistic in (*catalogue.DRIFT, *catalogue.QUALITY)]


def method(version: Version, newest: Sequence[Measurement]) -> None:
    """Say what was compared with what, and how many tests were made."""
    if version.reference:
        snapshot = datasets.snapshot(con, version.reference)
        widgets.note(wording.reference(datasets.get(con, snapshot.dataset_id), snapshot))
    monitor = monitors.current(con, version.id)
    if monitor is not None:
        tests = sum(m.p_adjusted is not None for m in newest)
        widgets.note(wording.testing(monitor, tests=tests))


def clicked(selection: object) -> None:
    """Take a cell that was clicked in the heat map over into the pickers below it."""
    points = getattr(getattr(selection, "selection", None), "points", None) or []
    cell = next((tuple(p["customdata"]) for p in points if p.get("customdata")), None)
    if cell is None or cell == st.session_state.get("drift_cell"):
        return
    st.session_state["drift_cell"] = cell
    st.session_state["column"], st.session_state["window"] = str(cell[0]), str(cell[1])[:10]


def detail(version: Version, history: Sequence[Measurement], columns: Sequence[str]) -> None:
    """Show one column: how it went, and one window's distribution against the reference."""
    left, right = st.columns(2)
    column = left.selectbox("Column", columns, key="column", bind="query-params")
    of_column = [m for m in history if m.column == column]
    windows = {m.window.start.date().isoformat(): m.window for m in of_column if m.window}
    days = list(reversed(windows))
    day = right.selectbox("Window from", days, key="window", bind="query-params")
    here = [m for m in of_column if m.window == windows.get(day or "")]
    title = timelines.message(of_column, name=f"{statistic} of {column}")
    widgets.chart(
        timelines.over_windows(of_column, title=title, name=catalogue.get(statistic).title),
        name="drift_over_time",
        alt=title,
        rows=tables.rows(of_column),
    )
    if here:
        widgets.explain_number(statistic, measurement=here[0])
    if column and day:
        compare(version, column, windows[day])


def compare(version: Version, column: str, window: Window) -> None:
    """Draw what was counted in one window against the reference, both on the same bins."""
    bins = profiles.binnings(con, version.id).get(column)
    # A window that ends within a day still needs that day.
    end: date = (window.end - timedelta(microseconds=1)).date() + timedelta(days=1)
    found = profiles.daily(con, version.id, column=column, start=window.start.date(), end=end)
    parts = [profile for _, profile in found.get(column, [])]
    if bins is None or not parts:
        widgets.empty("No counts kept for this window", hint="`lifecycle monitor run` counts them.")
        return
    now = distributions.total(parts)
    title = f"{distributions.message(bins.reference, now, column=column)}, {wording.span(window)}"
    figure = distributions.compare(bins.reference, now, column=column, title=title)
    rows = distributions.rows(bins.reference, now)
    widgets.chart(figure, name="drift_distribution", alt=title, rows=rows)


model, version = widgets.open_version("Drift", question="What moved, since when, does it matter")
con = session.cursor()
logged = logs.first_last(con, version.id)
history: list[Measurement] = []
if logged:
    span = widgets.pick_window(logged[1], default="26 weeks")
    history = measurements.history(con, version.id, statistics=NAMES, start=span.start)
if not logged or not history:
    hint = f"Count what was logged and compare it: `lifecycle monitor run {model.id}`."
    widgets.empty("No drift measured yet", hint=hint)
    st.stop()

ranked = rankings.by_column(history)
newest: datetime = max(m.window.start for m in history if m.window)
if ranked:
    widgets.badge(ranked[0].state, rankings.message(ranked))
    widgets.unfinished(ranked[0].worst.window, last=logged[1])
method(version, [m for m in history if m.window and m.window.start == newest])
widgets.table(rankings.rows(ranked), name="drift_ranked", alt="Columns by drift, worst first")

used = [name for name in NAMES if any(m.statistic == name for m in history)]
widest = max(used, key=lambda name: sum(name in r.values for r in ranked))
statistic = st.selectbox(
    "Statistic", used, used.index(widest), key="statistic", bind="query-params"
)
history = [m for m in history if m.statistic == statistic]
order = [r.column for r in ranked if statistic in r.values]
title = heatmaps.message(history, name=catalogue.get(statistic).title)
figure = heatmaps.by_column(history, order=order, title=title, name=statistic)
clicked(widgets.chart(figure, name="drift_map", alt=title, rows=tables.rows(history), select=True))
detail(version, history, order)
