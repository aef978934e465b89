"""How somebody has a version measured, or measured again, and takes its reports along."""

from typing import TYPE_CHECKING

import streamlit as st

from app import session, widgets
from lifecycle.domain.actor import Permission
from lifecycle.domain.model import Task
from lifecycle.services import assessment, plans, reports
from lifecycle.store import datasets, jobs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lifecycle.domain.evidence import Evidence
    from lifecycle.domain.model import Model, Version
    from lifecycle.store.connection import Connection

USUAL = {
    Task.BINARY: "accuracy, roc_auc, brier",
    Task.CLASSES: "accuracy, f1",
    Task.REGRESSION: "mae, rmse, r2",
}
TRIED = {
    True: "baseline_gain, champion_gain, generalisation_gap, training_overlap, "
    "outside_training_share, noise_loss, missing_loss, worst_slice_gap, flip_share, "
    "scoring_latency, file_size",
    False: "baseline_gain, duplicate_share, worst_slice_gap",
}
"""What a first plan tries of a model file that can be run, and without one."""


def running(con: "Connection", version: "Version") -> bool:
    """Say what is under way for this version, and what failed last."""
    subject = f"version:{version.id}"
    mine = [j for j in jobs.every(con) if j.subject == subject and j.kind == assessment.KIND]
    live = [j for j in mine if j.finished_at is None]
    for job in live:
        widgets.badge(job.state, f"{job.id}: {job.note or 'waits for a worker'}")
        st.progress(job.progress)
        widgets.link("jobs", label=f"Follow {job.id}", icon="pending_actions", job=job.id)
    if mine and not live and mine[0].state == "failed":
        widgets.badge(mine[0].state, f"{mine[0].id}: {mine[0].note}")
    return bool(live)


def start(con: "Connection", model: "Model", version: "Version") -> None:
    """Offer to measure against a plan, for people who may."""
    known = [s for s in (version.reference, version.training) if s]
    choices = list(dict.fromkeys([*known, *(s.id for s in datasets.snapshots(con))]))
    if not choices:
        widgets.empty("No snapshot to measure on", hint="Add one: `lifecycle dataset --help`.")
        return
    with st.form("assess"):
        snapshot = st.selectbox("Snapshot", choices)
        text = st.text_area("Plan (YAML)", first_plan(model, version), height=260, key="plan_text")
        reason = st.text_input(
            "Why limits change",
            key=widgets.field("plan_reason"),
            help="Only where results on these rows are known already.",
        )
        asked = st.form_submit_button("Measure", type="primary", icon=":material/play_arrow:")
    if asked and snapshot:
        with widgets.refusals():
            job = assessment.start(
                session.workspace(),
                model.id,
                version.name,
                snapshot=snapshot,
                plan=plans.parse(text),
                override=reason,
                by=session.actor(),
                at=session.now(),
            )
            widgets.finish(f"{job.id} is queued; its results appear here.", empty=["plan_reason"])


def first_plan(model: "Model", version: "Version") -> str:
    """Return a plan to begin with, fitting the version."""
    lines = [
        f"name: {model.id}-validation",
        "rationale: what has to hold before anybody relies on it",
        "statistics:",
        f"  performance: [{USUAL[model.task]}]",
        f"  validation: [{TRIED[version.artifact_format == 'skops']}]",
        "limits:",
        "  baseline_gain: {minimum: 0, bound: lower, rationale: better than a constant answer}",
        "seed: 0",
    ]
    return "\n".join(lines) + "\n"


def again(version: "Version", kept: "Sequence[Evidence]") -> None:
    """Offer to measure evidence again."""
    if not session.may(Permission.ASSESS):
        return
    purposes = {one.id: one.purpose for one in kept}
    chosen = st.selectbox(
        "Evidence", list(purposes), format_func=lambda i: f"{purposes[i]} ({i})", key="again"
    )
    if st.button("Measure again", icon=":material/replay:") and chosen:
        with widgets.refusals():
            job = assessment.start_again(
                session.workspace(),
                version.model_id,
                version.name,
                kept=chosen,
                by=session.actor(),
                at=session.now(),
            )
            widgets.finish(f"{job.id} measures {chosen} again; what differs appears here.")


def take_along(version: "Version", kind: str) -> reports.Audience:
    """Offer a report in every format; return for whom it was chosen to be written."""
    audience = st.segmented_control(
        "Written for",
        [str(one) for one in reports.Audience],
        default=str(reports.Audience.ENGINEER),
        required=True,
        key=f"audience_{kind}",
    )
    chosen = reports.Audience(audience or reports.Audience.ENGINEER)
    # Asked here: the file is made later, where there is no page and so no cookie.
    workspace, actor = session.workspace(), session.actor()

    def written(name: str) -> bytes:
        at = session.now()
        made = reports.KINDS[kind](workspace, version.model_id, version.name, by=actor, at=at)
        return reports.FORMATS[name].render(made.to(chosen))

    with st.container(horizontal=True):
        for name, how in reports.FORMATS.items():
            if name == "huggingface" and kind != "card":
                continue
            st.download_button(
                how.title,
                data=lambda name=name: written(name),
                file_name=f"{version.model_id}-{version.name}-{kind}.{how.suffix}",
                mime=how.media_type,
                key=f"{kind}_{name}",
                on_click="ignore",
                icon=":material/download:",
            )
    return chosen
