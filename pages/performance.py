"""Performance: does it still work."""

import json
from collections.abc import Mapping, Sequence
from datetime import date
from functools import partial

import streamlit as st

from app import session, widgets
from lifecycle.charts import groups, outcomes, tables, timelines
from lifecycle.charts.theme import Mark
from lifecycle.domain.evidence import Purpose
from lifecycle.domain.measurement import Measurement, State
from lifecycle.domain.monitor import Monitor
from lifecycle.services import measuring, portfolio
from lifecycle.services.analysis.result import Draft, finish
from lifecycle.stats import catalogue
from lifecycle.stats.summaries import BinaryTally, ClassTally, Tally
from lifecycle.store import evidence, measurements, monitors, tallies

NAMES = [statistic.name for statistic in catalogue.PERFORMANCE]
FIRST = ("roc_auc", "accuracy", "mae")
TABS = ("Over time", "Calibration and mistakes", "By group", "Outcomes to come")


def over_time(history: Sequence[Measurement]) -> None:
    """Draw the statistic over its windows, against what was found at the assessment."""
    kept = evidence.latest(con, version.id, Purpose.PERFORMANCE)
    found = kept.measurements if kept else ()
    usual = next((m.value for m in found if m.statistic == declared.name and not m.slice), None)
    moves = [e for e in portfolio.timeline(con, model.id) if e.sentence.startswith(version.id)]
    figure = timelines.over_windows(
        history,
        title=message,
        name=declared.title,
        reference=None if usual is None else (usual, "at the assessment"),
        marks=[Mark(event.at, event.sentence) for event in moves],
        zero=declared.better == "lower",
    )
    widgets.chart(figure, name="performance", alt=message, rows=tables.rows(history))
    widgets.explain_number(declared.name, measurement=history[-1])


def mistakes(tally: Tally | None) -> None:
    """Draw calibration and confusion over the whole span."""
    if not isinstance(tally, BinaryTally | ClassTally):
        widgets.empty("Not applicable", hint="Calibration and confusion are about classes.")
        return
    if isinstance(tally, BinaryTally) and (bins := outcomes.reliability(tally)):
        title = outcomes.calibration_message(bins)
        figure = outcomes.calibration(bins, title=title)
        widgets.chart(figure, name="calibration", alt=title, rows=outcomes.bin_rows(bins))
    title = outcomes.confusion_message(tally)
    figure = outcomes.confusion(tally, title=title)
    widgets.chart(figure, name="confusion", alt=title, rows=outcomes.confusion_rows(tally))


def by_group(totals: Mapping[str, Tally]) -> None:
    """Measure the statistic in every slice that was counted."""
    drafts = [
        Draft(declared, declared.measure(tally), slice=json.loads(key), window=span)
        for key, tally in totals.items()
    ]
    found = finish(drafts)[0]
    parts = [m for m in found if m.slice]
    if not parts:
        hint = "Monitoring counts by the sensitive columns a version was registered with."
        widgets.empty("Nothing was counted by group", hint=hint)
        return
    title = groups.message(parts, name=declared.title)
    overall = next((m for m in found if not m.slice), None)
    figure = groups.rates(parts, title=title, name=declared.title, overall=overall)
    widgets.chart(figure, name="performance_groups", alt=title, rows=tables.rows(found))


def waiting(days: Sequence[tuple[date, Tally]], monitor: Monitor) -> None:
    """Say for what share of rows the outcome is known by now, window by window."""
    parts = outcomes.by_window(days, window_of=partial(measuring.window_of, grain=monitor.grain))
    known = {window: (measuring.matured(tally), tally.rows) for window, tally in parts.items()}
    shares = outcomes.waiting(known, wanted=monitor.maturity)
    title = outcomes.waiting_message(shares, wanted=monitor.maturity)
    figure = timelines.over_windows(shares, title=title, name="share of outcomes known")
    widgets.chart(figure, name="outcomes_known", alt=title, rows=tables.rows(shares))


model, version = widgets.open_version("Performance", question="Does it still work")
con = session.cursor()
monitor = monitors.current(con, version.id)
everything = measurements.history(con, version.id, statistics=NAMES, slice="{}")
used = [name for name in NAMES if any(m.statistic == name for m in everything)]
if monitor is None or not used:
    hint = f"`lifecycle ingest outcomes {model.id} …`, then `lifecycle monitor run {model.id}`."
    widgets.empty("No performance measured yet", hint=hint)
    st.stop()

first = next((name for name in FIRST if name in used), used[0])
chosen = st.selectbox("Statistic", used, used.index(first), key="statistic", bind="query-params")
declared = catalogue.get(chosen or first)
history = [m for m in everything if m.statistic == declared.name]
message = timelines.message(history, name=declared.title)
judged = [m.state for m in history if m.state in timelines.JUDGED]
widgets.badge(judged[-1] if judged else State.INSUFFICIENT, message)
span = widgets.pick_window(max(m.window.end for m in history if m.window), default="26 weeks")
past, calibration, slices, coming = st.tabs(TABS, key="tab", bind="query-params")
if past.open:
    with past:
        over_time([m for m in history if m.window and m.window.start >= span.start])
    st.stop()
daily = tallies.daily(con, version.id, start=span.start.date(), end=span.end.date())
totals = {key: outcomes.total([tally for _, tally in days]) for key, days in daily.items()}
with calibration if calibration.open else slices if slices.open else coming:
    if calibration.open:
        mistakes(totals.get(measuring.ALL_ROWS))
    elif slices.open:
        by_group(totals)
    else:
        waiting(daily.get(measuring.ALL_ROWS, []), monitor)
