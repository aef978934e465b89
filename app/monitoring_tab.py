"""The Monitoring tab of a model: how it does, what is watched and why, what to expect of it."""

from typing import TYPE_CHECKING

import streamlit as st

from app import drift_parts, monitor_runs, session, widgets, words
from lifecycle.charts import records, tables, wording
from lifecycle.domain.actor import Permission
from lifecycle.domain.measurement import SEVERITY, verdict
from lifecycle.services import monitoring, withholding
from lifecycle.services.monitoring import scheduling
from lifecycle.store import alerts, limits, models, monitors, runs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lifecycle.domain.model import Model, Version
    from lifecycle.domain.monitor import Monitor
    from lifecycle.store.connection import Connection

RUNS = 10


def show(con: "Connection", model: "Model", known: "Sequence[Version]") -> None:
    """Draw every watched version, the newest first."""
    watched = [m for m in (monitors.current(con, v.id) for v in known) if m]
    if not watched:
        hint = f"`lifecycle monitor define {model.id} VERSION --off` starts with a look at history."
        widgets.empty("Nothing is monitored yet", hint=hint)
    for monitor in watched:
        st.subheader(monitor.version_id)
        _health(con, model, monitor)
        _definition(con, monitor)
        _expectation(con, model, monitor)
        ran = runs.of_version(con, monitor.version_id, limit=RUNS)
        if ran:
            with st.expander("Runs"):
                rows = [monitor_runs.row(run) for run in ran]
                widgets.table(
                    rows, name=f"runs_{monitor.revision}_{monitor.version_id}", alt="Runs"
                )


def _health(con: "Connection", model: "Model", monitor: "Monitor") -> None:
    version = monitor.version_id.partition("/")[2]
    shown_from = session.workspace().shown_from
    standing = withholding.standing(con, monitor.version_id, shown_from=shown_from)
    limited = sorted(standing, key=lambda m: SEVERITY.index(m.state))
    live = [a for a in alerts.every(con, version_id=monitor.version_id) if a.live]
    said = f"as every series was last judged; {wording.counted(len(live), 'live alert')}"
    widgets.badge(verdict(m.state for m in limited), said)
    ran = runs.of_newest_window(con, monitor.version_id)
    due = next((p.due for p in scheduling.planned(con) if p.monitor == monitor), None)
    if ran is not None:
        later = f" The next run is due {words.moment(due)}." if due else ""
        if due and session.workspace().sample:
            later = f" {monitor_runs.STILL}"
        widgets.note(
            f"Measured {words.moment(ran.at)} by {ran.by}, with {ran.tests:,} tests corrected "
            f"together.{later}"
        )
    with st.container(horizontal=True):
        for page in ("drift", "performance", "fairness"):
            widgets.link(page, label=page.capitalize(), model=model.id, version=version)
    widgets.table(
        tables.rows(limited), name=f"newest_{version}", alt="What every series last showed"
    )


def _definition(con: "Connection", monitor: "Monitor") -> None:
    version = models.version_by_id(con, monitor.version_id)
    drift_parts.compared(con, version, monitor)
    widgets.facts(records.monitor(monitor), alt="How it is watched")
    made = monitors.revisions(con, monitor.version_id)
    if len(made) > 1:
        rows = [
            {
                "revision": m.revision,
                "series": m.series,
                "at (UTC)": m.created_at,
                "by": m.created_by,
                "why": m.reason or None,
                "compared with": str(m.reference.kind),
            }
            for m in reversed(made)
        ]
        widgets.table(rows, name=f"revisions_{monitor.version_id}", alt="Revisions, newest first")
    learned = limits.of_version(con, monitor.version_id)
    if learned:
        with st.expander(f"{len(learned)} limits learned from the reference"):
            rows = [
                {
                    "column": one.column,
                    "statistic": one.statistic,
                    "limit": one.limit,
                    "false alarms (share of windows)": one.false_alarms,
                    "windows": one.windows,
                    "independent windows": one.independent,
                }
                for one in learned
            ]
            widgets.table(rows, name=f"learned_{monitor.version_id}", alt="Learned limits")


def _expectation(con: "Connection", model: "Model", monitor: "Monitor") -> None:
    """Say what the monitor would have raised, on demand and before it is switched on."""
    actor, version = session.actor(), monitor.version_id.partition("/")[2]
    if not actor.may(Permission.MONITOR):
        return
    asked = f"on_{version}"
    with st.container(horizontal=True):
        look = st.button("What to expect", key=f"expect_{version}", icon=":material/history:")
        word = "Switch off" if monitor.active else "Switch on"
        switch = st.button(word, key=f"switch_{version}", icon=":material/power_settings_new:")
    if switch and not monitor.active:
        st.session_state[asked] = True
    sure = bool(st.session_state.get(asked)) and not monitor.active
    if look or sure:
        with widgets.refusals(kept="Nothing was kept."), st.spinner("Going through the history"):
            _history(
                monitoring.preview(con, model.id, version, by=actor, at=session.now()),
                name=f"episodes_{version}",
            )
    named = f"Switch {monitor.version_id} on"
    if (switch and monitor.active) or (sure and st.button(named, key=f"sure_{version}")):
        st.session_state.pop(asked, None)
        with widgets.refusals():
            made = monitoring.change(
                session.workspace(),
                model.id,
                version,
                active=not monitor.active,
                by=actor,
                at=session.now(),
            )
            state = "on" if made.active else "off"
            widgets.finish(f"The monitor of {monitor.version_id} is switched {state}.")


def _history(seen: "monitoring.Preview", *, name: str) -> None:
    st.markdown(words.told(f"**{seen.sentence}** {seen.basis}"))
    for reason in seen.reasons:
        widgets.note(f"{reason[:1].upper()}{reason[1:]}.")
    rows = [
        {
            "since (UTC)": one.since.start,
            "cause": str(one.cause),
            "severity": one.severity,
            "series": one.told,
        }
        for one in seen.episodes
    ]
    if rows:
        widgets.table(rows, name=name, alt="Alerts in the history")
