"""Jobs: what runs, what ran, and what came of it."""

import streamlit as st

from app import monitor_runs, session, widgets, words
from lifecycle.domain.actor import Permission
from lifecycle.domain.job import LIVE, Job, JobState
from lifecycle.services import job_kinds
from lifecycle.services import jobs as work
from lifecycle.store import jobs

widgets.header("Jobs", question="What runs, what ran, and what came of it?")

# Pick: all of them, or one by its address (?job=job-7).
actor = session.actor()
workspace = session.workspace()


def seen() -> list[Job]:
    """Return the jobs as this person may see them."""
    con = session.cursor()
    return work.seen(con, jobs.every(con), by=actor)


known = {job.id: job for job in seen()}
if not known:
    hint = (
        "Explaining a version starts one: on the Explanations page, or `lifecycle version explain`."
    )
    widgets.empty("No job has run yet", hint=hint)
    monitor_runs.panel(session.cursor())
    st.stop()
chosen = st.selectbox(
    "Job", list(known), index=None, placeholder="All jobs", key="job", bind="query-params"
)
live = any(job.state in LIVE for job in known.values())


def left_of(job: Job) -> str:
    """Say how long a running job will take at its pace so far."""
    if job.state is not JobState.RUNNING or job.started_at is None or job.progress <= 0:
        return ""
    spent = (session.now() - job.started_at).total_seconds()
    return f"about {words.duration(spent * (1 - job.progress) / job.progress)} left"


def show_all() -> None:
    """Draw the list."""
    rows = [
        {
            "job": job.id,
            "what": job.kind,
            "about": job.subject,
            "state": words.cell(job.state),
            "progress": job.progress,
            "note": job.note,
            "owner": job.owner,
            "asked (UTC)": job.created_at,
            "took (s)": job.finished_at
            and job.started_at
            and (job.finished_at - job.started_at).total_seconds(),
        }
        for job in seen()
    ]
    columns = {"progress": st.column_config.ProgressColumn(format="percent")}
    widgets.table(rows, name="jobs", alt="Jobs, newest first", columns=columns)


def show_one(job: Job) -> None:
    """Draw one job, with what can be done about it."""
    st.subheader(f"{job.id}: {job.kind} on {job.subject}")
    widgets.badge(job.state, job.note)
    if job.state in LIVE:
        st.progress(job.progress, text=f"{job.progress:.0%} {left_of(job)}".strip())
    facts = {
        "asked for by": job.owner,
        "asked": words.moment(job.created_at),
        "started": words.moment(job.started_at),
        "finished": words.moment(job.finished_at),
        "left behind": job.result or words.DASH,
    }
    widgets.facts(facts, width="content", alt="Facts about the job")
    mine = actor.name == job.owner or actor.may(Permission.ADMINISTER)
    if job.state in LIVE and mine and st.button("Cancel", key="cancel", icon=":material/cancel:"):
        with widgets.refusals():
            work.cancel(workspace, job.id, by=actor, at=session.now())
            widgets.finish(f"{job.id} is cancelled.")
    again = job.state in work.AGAIN and actor.may(Permission.ASSESS)
    if again and st.button("Run again", key="again", icon=":material/replay:"):
        with widgets.refusals():
            new = work.retry(workspace, job.id, kinds=job_kinds.KINDS, by=actor, at=session.now())
            widgets.finish(f"{job.id} runs again as {new.id}.")
    with st.expander("Log", expanded=job.state is JobState.FAILED):
        st.code(job.log or "Nothing was written.", language=None)
    with st.expander("Settings"):
        st.json(dict(job.settings))


# Draw: again every two seconds while something runs, then once more as a whole.
@st.fragment(run_every=2 if live else None)
def panel() -> None:
    """Draw what was picked, as it is now."""
    if chosen in known:
        show_one(next(job for job in seen() if job.id == chosen))
    else:
        show_all()
    if live and not jobs.every(session.cursor(), live=True):
        st.rerun()


panel()
if chosen not in known:
    monitor_runs.panel(session.cursor())
