"""Drift: what moved, since when, and does it matter."""

import streamlit as st

from app import drift_parts, earlier_series, explained_windows, marks, session, widgets
from lifecycle.charts import rankings
from lifecycle.stats import catalogue
from lifecycle.store import logs, measurements

# Missing values and stuck columns stand beside drift: they look like it and are something else.
OF_COLUMNS = [statistic.name for statistic in (*catalogue.DRIFT, *catalogue.QUALITY)]
OTHERS = [statistic.name for statistic in (*catalogue.ANSWERS, *catalogue.MULTIVARIATE)]
TABS = ["Columns", "Answers and outcomes", "Explanations", "Columns together"]

model, version = widgets.open_version("Drift", question="What moved, since when, does it matter")
con = session.cursor()
logged = logs.first_last(con, version.id)
start = widgets.pick_window(logged[1], default="26 weeks").start if logged else session.now()
asked = [*OF_COLUMNS, *OTHERS]
if not logged or not measurements.outline(con, version.id, statistics=asked, start=start).starts:
    hint = f"Count what was logged and compare it: `lifecycle monitor run {model.id}`."
    widgets.empty("No drift measured yet", hint=hint)
    st.stop()

# First the answer, then what it rests on.
moved, newest = drift_parts.newest(con, version, statistics=OF_COLUMNS, start=start)
ranked = drift_parts.ranked(con, version, newest, since=moved.breaching)
if ranked:
    newer = rankings.waiting(newest, ranked)
    widgets.badge(ranked[0].state, rankings.message(ranked, newer=newer))
    widgets.unfinished(ranked[0].worst.window, last=logged[1])
drift_parts.method(con, version)
happened = marks.of_version(con, version)

columns, outcomes, explanations, together = st.tabs(TABS, key="tab", bind="query-params")
if columns.open:
    with columns:
        drift_parts.ranking(con, version, ranked)
        used = [name for name in OF_COLUMNS if name in moved.statistics]
        widest = max(used, key=lambda name: sum(name in r.values for r in ranked))
        left, right = st.columns(2)
        statistic = left.selectbox(
            "Statistic", used, used.index(widest), key="statistic", bind="query-params"
        )
        with right:
            rows = drift_parts.pick_rows(con, version, start=start)
        of = drift_parts.History(con, version, statistic, start, rows)
        order = [r.column for r in ranked if statistic in r.values]
        drift_parts.heat_map(of, order, starts=moved.starts, marks=happened)
        drift_parts.column(of, order, marks=happened, shown=ranked)
        earlier_series.show(of, str(st.session_state["column"]), marks=happened)
if outcomes.open:
    with outcomes:
        drift_parts.outcomes(con, version, start=start, marks=happened)
if explanations.open:
    with explanations:
        windows = explained_windows.over_time(con, version, start=start, marks=happened)
        drift_parts.explanations(con, version, beside=windows)
if together.open:
    with together:
        drift_parts.together(con, version, start=start, marks=happened)
