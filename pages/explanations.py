"""Explanations: what drives the model's output."""

import streamlit as st

from app import explained_windows, explanation_decision, explanation_parts, session, widgets
from lifecycle.domain.actor import Permission
from lifecycle.domain.evidence import Purpose
from lifecycle.services import explanation
from lifecycle.services.explanation import reading
from lifecycle.store import datasets, evidence, jobs

TABS = ["What drives it", "Along a column", "Groups", "One decision", "Compare"]
STABLE, EXACTLY = "Until the ranking is stable", "As many as I say"


def running() -> bool:
    """Say what is under way for this version."""
    subject = f"version:{version.id}"
    live = [job for job in jobs.every(con, live=True) if job.subject == subject]
    for job in live:
        widgets.badge(job.state, f"{job.id}: {job.note or 'waits for a worker'}")
        widgets.link("jobs", label=f"Follow {job.id}", icon="pending_actions", job=job.id)
    return bool(live)


def start() -> None:
    """Offer to compute values, for people who may."""
    snapshots = [s.id for s in datasets.snapshots(con)]
    known = [s for s in (version.reference, version.training) if s]
    choices = list(dict.fromkeys([*known, *snapshots]))
    if not choices:
        widgets.empty("No snapshot to explain on", hint="Add one: `lifecycle dataset --help`.")
        return
    with st.form("explain"):
        snapshot = st.selectbox("Snapshot", choices)
        left, middle, right = st.columns(3)
        how = left.selectbox("Rows to explain", [STABLE, EXACTLY])
        rows = middle.number_input("How many", 20, explanation.MOST_ROWS, 500, step=100)
        seed = right.number_input("Seed", 0, 2**31 - 1, 0)
        asked = st.form_submit_button("Explain", type="primary", icon=":material/play_arrow:")
    if asked and snapshot:
        with widgets.refusals():
            job = explanation.explain(
                session.workspace(),
                model.id,
                version.name,
                snapshot=snapshot,
                rows=int(rows) if how == EXACTLY else None,
                seed=int(seed),
                by=session.actor(),
                at=session.now(),
            )
            widgets.finish(f"{job.id} is queued; its result appears here.")


model, version = widgets.open_version("Explanations", question="What drives it")
con = session.cursor()
busy = running()
explained_windows.newest(con, version)
records = {e.id: e for e in evidence.of_version(con, version.id, Purpose.EXPLANATION)}
kept = None
if records:
    chosen = st.selectbox(
        "Evidence",
        list(records),
        format_func=lambda i: explanation_parts.label(records[i]),
        key="evidence",
        bind="query-params",
    )
    kept = records.get(str(chosen)) or next(iter(records.values()))
elif not busy:
    hint = f"Compute them below, or with `lifecycle version explain {model.id} {version.name}`."
    widgets.empty("No SHAP values computed yet", hint=hint)

drivers, along, groups, decision, compare = st.tabs(TABS, key="tab", bind="query-params")
effects = reading.effects(session.workspace(), kept, by=session.actor()) if kept else None
if kept and drivers.open:
    with drivers:
        explanation_parts.drivers(kept, effects)
if kept and along.open:
    with along:
        explanation_parts.along(kept, effects)
if kept and groups.open:
    with groups:
        explanation_parts.cohorts(kept, effects)
if decision.open:
    with decision:
        explanation_decision.show(version)
if kept and compare.open:
    with compare:
        explanation_parts.compare(kept, model.id)

if session.may(Permission.ASSESS) and not busy:
    with st.expander("Compute new values", expanded=not records):
        start()
elif not busy:
    widgets.note("A developer or validator can compute new values.")
