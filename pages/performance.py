"""Performance: does it still work."""

import streamlit as st

from app import marks, session, widgets
from app import performance as parts
from lifecycle.charts import outcomes, timelines
from lifecycle.domain.evidence import Purpose
from lifecycle.domain.measurement import State
from lifecycle.services import measuring
from lifecycle.stats import catalogue
from lifecycle.stats.catalogue.estimation import PREFIX
from lifecycle.store import evidence, measurements, monitors, tallies

SHOWN = (
    *catalogue.PERFORMANCE,
    *catalogue.CLASS_SCORES,
    *catalogue.ESTIMATED,
    *catalogue.ESTIMATED_CLASSES,
    *catalogue.ESTIMATED_ERRORS,
    *catalogue.VALUE,
    *catalogue.SERVICE,
)
NAMES = [statistic.name for statistic in (*catalogue.PERFORMANCE, *catalogue.CLASS_SCORES)]
FIRST = ("roc_auc", "roc_auc_ovr", "accuracy", "mae")
TABS = ("Over time", "Calibration and mistakes", "By group", "Value", "Service", "Outcomes to come")

model, version = widgets.open_version("Performance", question="Does it still work")
con = session.cursor()
monitor = monitors.current(con, version.id)
everything = measurements.history(
    con, version.id, statistics=[statistic.name for statistic in SHOWN], slice="{}"
)
present = {m.statistic for m in everything}
used = [name for name in NAMES if {name, f"{PREFIX}{name}"} & present]
if monitor is None or not used:
    hint = f"`lifecycle ingest outcomes {model.id} …`, then `lifecycle monitor run {model.id}`."
    widgets.empty("No performance measured yet", hint=hint)
    st.stop()

parts.answer(everything)
first = next((name for name in FIRST if name in used), used[0])
chosen = st.selectbox("Statistic", used, used.index(first), key="statistic", bind="query-params")
declared = catalogue.get(chosen or first)
history = [m for m in everything if m.statistic == declared.name]
estimated = [m for m in everything if m.statistic == f"{PREFIX}{declared.name}"]
message = timelines.message(history or estimated, name=declared.title)
judged = [m.state for m in history or estimated if m.state in timelines.JUDGED]
widgets.badge(judged[-1] if judged else State.INSUFFICIENT, message)
span = widgets.pick_window(max(m.window.end for m in everything if m.window), default="26 weeks")
recent = [m for m in everything if m.window and m.window.start >= span.start]
happened = marks.of_version(con, version)

past, calibration, slices, money, health, coming = st.tabs(TABS, key="tab", bind="query-params")
if past.open:
    with past:
        kept = evidence.latest(con, version.id, Purpose.PERFORMANCE)
        found = kept.measurements if kept else ()
        usual = [m.value for m in found if m.statistic == declared.name and not m.slice]
        parts.over_time(
            [m for m in recent if m.statistic == declared.name],
            [m for m in recent if m.statistic == f"{PREFIX}{declared.name}"],
            declared=declared,
            message=message,
            usual=usual[0] if usual else None,
            marks=happened,
        )
        parts.changed(happened, since=span.start)
elif money.open:
    with money:
        parts.value(recent, monitor=monitor, marks=happened)
elif health.open:
    with health:
        served = {statistic.name for statistic in catalogue.SERVICE}
        parts.service([m for m in recent if m.statistic in served], marks=happened)
else:
    daily = tallies.daily(con, version.id, start=span.start.date(), end=span.end.date())
    with calibration if calibration.open else slices if slices.open else coming:
        if calibration.open:
            days = daily.get(measuring.ALL_ROWS, [])
            parts.mistakes(outcomes.total([tally for _, tally in days]) if days else None)
        elif slices.open:
            least = session.workspace().shown_from
            parts.by_group(
                daily, declared=declared, monitor=monitor, marks=happened, shown_from=least
            )
        else:
            whole = daily.get(measuring.ALL_ROWS, [])
            parts.waiting(whole, monitor=monitor, marks=happened)
