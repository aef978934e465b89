"""Fairness: who is treated differently, and how sure are we."""

from collections.abc import Sequence
from functools import partial

import streamlit as st

from app import session, widgets
from lifecycle.charts import groups, outcomes, tables, timelines, wording
from lifecycle.domain.evidence import Purpose
from lifecycle.domain.measurement import Measurement, Window, verdict
from lifecycle.domain.monitor import Monitor
from lifecycle.services import measuring
from lifecycle.services.analysis.fairness import JOINT
from lifecycle.services.measuring import Counts, Watch, fairness
from lifecycle.stats import catalogue
from lifecycle.store import evidence, logs, measurements, monitors, tallies

RATES = [rate.name for rate in catalogue.FAIRNESS_RATES]
GAPS = [gap.name for gap in catalogue.FAIRNESS_GAPS]
PRODUCTION, ASSESSMENT = "production", "assessment"


def in_production(monitor: Monitor, span: Window) -> list[Measurement]:
    """Measure a span as the monitor does; what needs outcomes ends where they are known."""
    daily = tallies.daily(con, version.id, start=span.start.date(), end=span.end.date())
    by_window = partial(measuring.window_of, grain=monitor.grain)
    windows = outcomes.by_window(daily.get(measuring.ALL_ROWS, []), window_of=by_window)
    if not windows:
        return []
    ripe = [w for w, tally in windows.items() if measuring.matured(tally) >= monitor.maturity]
    found: list[Measurement] = []
    for end, wanted in ((span.end, True), (max(w.end for w in ripe or windows), False)):
        days = {k: [t for day, t in d if day < end.date()] for k, d in daily.items()}
        totals = {key: outcomes.total(parts) for key, parts in days.items() if parts}
        counts = Counts(Window(min(w.start for w in windows), end), tallies=totals)
        measured = fairness.measure(Watch(monitor, sensitive=version.columns.sensitive), counts)
        found += [m for m in measured if (m.statistic in fairness.UNLABELLED) is wanted]
    return found


def forest(gaps: Sequence[Measurement], *, name: str) -> None:
    """Draw gaps of one kind with their limits."""
    if gaps:
        titles, title = [catalogue.get(m.statistic).title for m in gaps], groups.gap_message(gaps)
        figure = groups.gaps(gaps, titles=titles, title=f"{name}: {title}")
        widgets.chart(figure, name=f"gaps_{name}", alt=title, rows=tables.rows(gaps))


def rates(measured: Sequence[Measurement]) -> None:
    """Draw one rate by group, and say which groups are too small."""
    names = list(dict.fromkeys(m.statistic for m in measured))
    rate = st.selectbox("Rate", names, key="rate", bind="query-params") or names[0]
    shown, declared = [m for m in measured if m.statistic == rate], catalogue.get(rate)
    title = groups.message(shown, name=declared.title)
    figure = groups.rates(shown, title=title, name=declared.title)
    widgets.chart(figure, name="rates", alt=title, rows=tables.rows(shown))
    widgets.explain_number(rate, measurement=shown[0])


def over_time(gaps: Sequence[Measurement]) -> None:
    """Draw one gap over the monitor's windows."""
    names = [m.statistic for m in gaps]
    worst = next((m.statistic for m in gaps if m.limit is not None), names[0])
    chosen = st.selectbox("Gap", names, names.index(worst), key="statistic", bind="query-params")
    declared = catalogue.get(chosen or worst)
    history = measurements.history(con, version.id, statistic=declared.name, column=attribute)
    if not history:
        widgets.empty("Not monitored yet", hint=f"`lifecycle monitor run {model.id}` does.")
        return
    title = timelines.message(history, name=f"{declared.title} of {attribute}")
    figure = timelines.over_windows(history, title=title, name=declared.title)
    widgets.chart(figure, name="gap_over_time", alt=title, rows=tables.rows(history))
    widgets.explain_number(declared.name, measurement=history[-1])


model, version = widgets.open_version(
    "Fairness", question="Who is treated differently, and how sure are we"
)
con = session.cursor()
monitor, logged = monitors.current(con, version.id), logs.first_last(con, version.id)
kept = evidence.latest(con, version.id, Purpose.FAIRNESS)
sources = [s for s, there in ((PRODUCTION, monitor and logged), (ASSESSMENT, kept)) if there]
found: Sequence[Measurement] = ()
left, right = st.columns([2, 3])
if sources:
    source = left.selectbox("Measured in", sources, key="source", bind="query-params")
    if source == ASSESSMENT and kept:
        found = kept.measurements
        widgets.note(f"Evidence `{kept.id}` of {wording.moment(kept.created_at)}")
    elif monitor and logged:
        with right:
            span = widgets.pick_window(logged[1], default="26 weeks")
        found = in_production(monitor, span)
attributes = list(dict.fromkeys(m.column for m in found if m.column and m.statistic in GAPS))
if not attributes:
    hint = "Name sensitive columns at `lifecycle version add`, then `lifecycle monitor run "
    widgets.empty("No group was measured yet", hint=f"{hint}{model.id}` measures by them.")
    st.stop()

attribute = left.selectbox("Attribute", attributes, key="attribute", bind="query-params")
gaps = [m for m in found if m.column == attribute and m.statistic in GAPS]
states = [m.state for m in gaps if m.limit is not None] or [m.state for m in gaps]
widgets.badge(verdict(states), f"{groups.gap_message(gaps)}.")
by_rate, between, past = st.tabs(
    ["Rates by group", "Gaps", "Over time"], key="tab", bind="query-params"
)
if by_rate.open:
    with by_rate:
        rates([m for m in found if m.statistic in RATES and JOINT.join(m.slice) == attribute])
if between.open:
    with between:
        forest([m for m in gaps if not groups.is_ratio(m)], name="Differences")
        forest([m for m in gaps if groups.is_ratio(m)], name="Ratios")
if past.open:
    with past:
        over_time(gaps)
