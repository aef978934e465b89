"""Explanations: what drives the model's output."""

import streamlit as st

from app import session, widgets
from lifecycle.charts import importance
from lifecycle.domain.actor import Permission
from lifecycle.domain.evidence import Evidence, Purpose
from lifecycle.services import explanation
from lifecycle.store import datasets, evidence, jobs


def show(kept: Evidence) -> None:
    """Draw one record: the drivers, then what the numbers rest on."""
    drivers = importance.drivers(kept)
    title = importance.message(drivers)
    figure = importance.bars(drivers, title=title, space=str(kept.method["output_space"]))
    widgets.chart(figure, name="drivers", alt=title, rows=importance.rows(kept))
    with st.popover("How is this computed", icon=":material/functions:", type="tertiary"):
        st.markdown(importance.METHOD)
        st.markdown(f"Source: {importance.SOURCE}. Evidence record `{kept.id}`.")
    st.subheader("What these numbers rest on")
    st.table(importance.facts(kept), border="horizontal", alt="How the explanation was made")


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
        left, right = st.columns(2)
        rows = left.number_input("Rows", 20, explanation.MOST_ROWS, 500, step=100)
        seed = right.number_input("Seed", 0, 2**31 - 1, 0)
        asked = st.form_submit_button("Explain", type="primary", icon=":material/play_arrow:")
    if asked and snapshot:
        with widgets.refusals():
            job = explanation.explain(
                session.workspace(),
                model.id,
                version.name,
                snapshot=snapshot,
                rows=int(rows),
                seed=int(seed),
                by=session.actor(),
                at=session.now(),
            )
            widgets.finish(f"{job.id} is queued; its result appears here.")


model, version = widgets.open_version("Explanations", question="What drives it")
con = session.cursor()
busy = running()
records = {e.id: e for e in evidence.of_version(con, version.id, Purpose.EXPLANATION)}
if records:
    chosen = st.selectbox("Evidence", list(records), key="evidence", bind="query-params")
    show(records.get(str(chosen)) or next(iter(records.values())))
elif not busy:
    hint = f"Compute them below, or with `lifecycle version explain {model.id} {version.name}`."
    widgets.empty("No SHAP values computed yet", hint=hint)
if session.may(Permission.ASSESS) and not busy:
    with st.expander("Compute new values", expanded=not records):
        start()
elif not busy:
    widgets.note("A developer or validator can compute new values.")
