"""Validation: is a version sound, by the plans that were fixed before its results."""

import streamlit as st

from app import session, validation_asking, validation_parts, widgets
from lifecycle.domain.actor import Permission
from lifecycle.domain.evidence import Purpose
from lifecycle.domain.measurement import SEVERITY
from lifecycle.services import assessment

TABS = ("Against the plan", "Trials", "Reproducibility", "Report")

model, version = widgets.open_version("Validation", question="Is it sound")
con = session.cursor()
kept = assessment.against_plans(con, version.id)
kept.sort(key=lambda one: SEVERITY.index(one.state))
busy = validation_asking.running(con, version)
if kept:
    validation_parts.verdict(kept)
    limits, trials, again, report = st.tabs(list(TABS), key="tab", bind="query-params")
    tried = next((e for e in kept if e.purpose is Purpose.VALIDATION), None)
    if limits.open:
        with limits:
            validation_parts.against_plan(kept)
    if trials.open:
        with trials:
            if tried is None:
                hint = "Name statistics under `validation` in a plan and measure below."
                widgets.empty("The model file was not tried yet", hint=hint)
            else:
                validation_parts.trials(tried)
    if again.open:
        with again:
            validation_parts.method(kept)
            validation_asking.again(version, kept)
    if report.open:
        with report:
            validation_asking.take_along(version, "validation")
            widgets.link("model", label="The model card", icon="badge", model=model.id, tab="Card")
elif not busy:
    hint = f"Measure below, or `lifecycle assess {model.id} {version.name} --plan … --snapshot …`."
    widgets.empty("Nothing was measured against a plan yet", hint=hint)
if session.may(Permission.ASSESS) and not busy:
    with st.expander("Measure against a plan", expanded=not kept):
        validation_asking.start(con, model, version)
elif not busy:
    widgets.note("A developer or validator can measure it against a plan.")
