"""Drift: what moved, since when, and does it matter."""

import streamlit as st

from app import drift_parts, marks, session, widgets
from lifecycle.charts import rankings
from lifecycle.domain.measurement import Measurement
from lifecycle.stats import catalogue
from lifecycle.store import logs, measurements

# Missing values and stuck columns stand beside drift: they look like it and are something else.
OF_COLUMNS = [statistic.name for statistic in (*catalogue.DRIFT, *catalogue.QUALITY)]
OTHERS = [statistic.name for statistic in (*catalogue.ANSWERS, *catalogue.MULTIVARIATE)]
TABS = ["Columns", "Answers and outcomes", "Explanations", "Columns together"]

model, version = widgets.open_version("Drift", question="What moved, since when, does it matter")
con = session.cursor()
logged = logs.first_last(con, version.id)
history: list[Measurement] = []
if logged:
    span = widgets.pick_window(logged[1], default="26 weeks")
    history = measurements.history(
        con, version.id, statistics=[*OF_COLUMNS, *OTHERS], slice="{}", start=span.start
    )
if not logged or not history:
    hint = f"Count what was logged and compare it: `lifecycle monitor run {model.id}`."
    widgets.empty("No drift measured yet", hint=hint)
    st.stop()

# First the answer, then what it rests on.
of_columns = [m for m in history if m.statistic in OF_COLUMNS]
ranked = drift_parts.ranked(con, version, of_columns)
if ranked:
    newer = rankings.waiting(of_columns, ranked)
    widgets.badge(ranked[0].state, rankings.message(ranked, newer=newer))
    widgets.unfinished(ranked[0].worst.window, last=logged[1])
drift_parts.method(con, version)
happened = marks.of_version(con, version)

columns, outcomes, explanations, together = st.tabs(TABS, key="tab", bind="query-params")
if columns.open:
    with columns:
        drift_parts.ranking(con, version, ranked)
        used = [name for name in OF_COLUMNS if any(m.statistic == name for m in of_columns)]
        widest = max(used, key=lambda name: sum(name in r.values for r in ranked))
        statistic = st.selectbox(
            "Statistic", used, used.index(widest), key="statistic", bind="query-params"
        )
        chosen = [m for m in of_columns if m.statistic == statistic]
        order = [r.column for r in ranked if statistic in r.values]
        drift_parts.heat_map(chosen, order, statistic=statistic, marks=happened)
        drift_parts.column(con, version, chosen, order, marks=happened, shown=ranked)
if outcomes.open:
    with outcomes:
        drift_parts.outcomes(history, marks=happened)
if explanations.open:
    with explanations:
        drift_parts.explanations(con, version)
if together.open:
    with together:
        drift_parts.together(history, marks=happened)
