"""What the Jobs page shows about monitors: which run by themselves and when, and how runs went."""

from typing import TYPE_CHECKING

import streamlit as st

from app import session, widgets, words
from lifecycle.services.monitoring import scheduling
from lifecycle.store import runs

if TYPE_CHECKING:
    from lifecycle.domain.run import Run
    from lifecycle.store.connection import Connection

NEWEST = 100

STILL = (
    "The time of a sample stands still, so nothing runs by itself: `lifecycle monitor run` does."
)


def panel(con: "Connection") -> None:
    """Draw the schedule and the newest runs of monitors."""
    st.subheader("Scheduled monitors")
    still = session.workspace().sample
    planned = [
        {
            "version": one.monitor.version_id,
            "schedule (UTC)": one.monitor.schedule,
            "next (UTC)": None if still else one.due,
            "last (UTC)": one.last and one.last.at,
            "ended": words.cell(one.last.state) if one.last else None,
            "owner": one.monitor.alerts.owner or one.monitor.created_by,
        }
        for one in scheduling.planned(con)
    ]
    if planned:
        widgets.table(planned, name="schedule", alt="Monitors that run by themselves")
        if still:
            widgets.note(STILL, icon="pause")
    else:
        hint = '`lifecycle monitor define MODEL VERSION --schedule "0 6 * * *"` gives it one.'
        widgets.empty("No monitor has a schedule", hint=hint)
    known = runs.newest(con, limit=NEWEST)
    if known:
        st.subheader("Runs of monitors")
        widgets.table(
            [row(run) for run in known], name="monitor_runs", alt="Runs of monitors, newest first"
        )


def row(run: "Run") -> dict[str, object]:
    """Say what one run did."""
    return {
        "version": run.version_id,
        "run": run.number,
        "at (UTC)": run.at,
        "by": run.by,
        "ended": words.cell(run.state),
        "days": run.days,
        "rows": run.rows,
        "windows": run.windows,
        "tests": run.tests,
        "notes": "; ".join(run.reasons) or None,
    }
