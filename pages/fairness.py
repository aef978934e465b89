"""Fairness: who is treated differently, and how sure are we."""

from collections.abc import Sequence

import streamlit as st

from app import fairness_parts, fairness_ways, session, widgets
from lifecycle.charts import groups, wording
from lifecycle.domain.evidence import Purpose
from lifecycle.domain.measurement import Measurement, Window
from lifecycle.services import withholding
from lifecycle.store import evidence, logs, monitors

PRODUCTION, ASSESSMENT = "production", "assessment"
TABS = ["Rates by group", "Gaps", "Intersections", "Thresholds", "Ways to narrow", "Over time"]

model, version = widgets.open_version(
    "Fairness", question="Who is treated differently, and how sure are we"
)
con, shown_from = session.cursor(), session.workspace().shown_from
monitor, logged = monitors.current(con, version.id), logs.first_last(con, version.id)
kept = evidence.latest(con, version.id, Purpose.FAIRNESS)
sources = [s for s, there in ((PRODUCTION, monitor and logged), (ASSESSMENT, kept)) if there]
found: Sequence[Measurement] = ()
span: Window | None = None
left, right = st.columns([2, 3])
if sources:
    source = left.selectbox("Measured in", sources, key="source", bind="query-params")
    if source == ASSESSMENT and kept:
        found = withholding.shown(kept, shown_from=shown_from)
        widgets.note(f"Evidence `{kept.id}` of {wording.moment(kept.created_at)}")
    elif monitor and logged:
        with right:
            span = widgets.pick_window(logged[1], default="26 weeks")
        found = fairness_parts.in_production(
            con, version, monitor=monitor, span=span, shown_from=shown_from
        )
attributes = list(
    dict.fromkeys(m.column for m in found if m.column and m.statistic in withholding.GAPS)
)
if not attributes:
    fairness_parts.nothing(version, span=span)
    st.stop()

attribute = left.selectbox("Attribute", attributes, key="attribute", bind="query-params")
attribute = attribute or attributes[0]
measured = [m for m in found if m.column == attribute and m.statistic in withholding.GAPS]
within = list(dict.fromkeys(wording.group(m.slice) for m in measured))
held = within[0]
if len(within) > 1:
    held = right.selectbox("Compared within", within, key="within", bind="query-params") or held
gaps = [m for m in measured if wording.group(m.slice) == held]
control = dict(gaps[0].slice) if gaps else {}
by_group = fairness_parts.by_group(found, attribute=attribute, within=control)
fairness_parts.verdict(gaps, by_group)
if span is not None:
    fairness_parts.spans(gaps)
elif kept:
    fairness_parts.notices(kept, shown_from=shown_from)
fairness_parts.smallest(shown_from, production=span is not None)
by_rate, between, together, moved, ways, past = st.tabs(TABS, key="tab", bind="query-params")
if by_rate.open:
    with by_rate:
        fairness_parts.rates(by_group)
if between.open:
    with between:
        fairness_parts.forest([m for m in gaps if not groups.is_ratio(m)], name="Differences")
        fairness_parts.forest([m for m in gaps if groups.is_ratio(m)], name="Ratios")
        fairness_parts.computed(gaps, kept=kept if span is None else None)
if together.open:
    with together:
        fairness_parts.pairs(found, within=control)
if moved.open:
    with moved:
        fairness_parts.moved(
            con, version, attribute=attribute, monitor=monitor, span=span, shown_from=shown_from
        )
if ways.open:
    with ways:
        fairness_ways.show(con, version, shown_from=shown_from)
if past.open:
    with past:
        fairness_parts.over_time(con, version, gaps, attribute=attribute, shown_from=shown_from)
