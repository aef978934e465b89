"""The rules by which measurements become alerts, and how often their alarms were real."""

from typing import TYPE_CHECKING

import streamlit as st

from app import session, widgets, words
from lifecycle.domain.actor import Permission
from lifecycle.errors import InvalidInput
from lifecycle.services import alerting, monitoring
from lifecycle.store import monitors

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from typing import Any

    from lifecycle.domain.actor import Actor
    from lifecycle.domain.monitor import Monitor
    from lifecycle.services.monitoring.preview import Preview
    from lifecycle.store.connection import Connection


def trust(con: "Connection") -> None:
    """Show how often each rule's alarms were real, as far as people said."""
    st.subheader("How often alarms were real")
    found = alerting.precision(con)
    if not found:
        st.markdown("Nobody has called an alert a true or a false alarm yet.")
        return
    rows = [
        {
            "version": one.version_id,
            "cause": one.cause,
            "statistic": one.statistic,
            "true alarms": one.real,
            "judged": one.judged,
            "precision": one.share.value,
            "95 % interval": words.interval(one.share.interval) if one.share.interval else None,
        }
        for one in found
    ]
    columns = {"precision": st.column_config.NumberColumn(format="percent")}
    widgets.table(rows, name="precision", alt="Precision per rule, lowest first", columns=columns)
    widgets.note("Share of true alarms among those people judged, with Wilson's interval.")


def rules(con: "Connection", actor: "Actor", *, at: "datetime") -> None:
    """Show each monitor's rule, and let those who may change it."""
    st.subheader("Rules")
    known = {monitor.version_id: monitor for monitor in monitors.every(con)}
    if not known:
        hint = "`lifecycle monitor define MODEL VERSION` watches a version."
        widgets.empty("Nothing is monitored, so nothing raises an alert", hint=hint)
        return
    widgets.table(_rows(list(known.values())), name="rules", alt="Rules by which alerts are raised")
    chosen = st.selectbox("Rule of", list(known), key="rule", bind="query-params")
    monitor = known.get(str(chosen)) or next(iter(known.values()))
    if actor.may(Permission.MONITOR):
        _edit(con, monitor, actor, at=at)
    else:
        widgets.note("Your roles do not include changing monitors.", icon="lock")


def _rows(known: "Sequence[Monitor]") -> list[dict[str, object]]:
    return [
        {
            "version": one.version_id,
            "on": one.active,
            "window": str(one.grain),
            "beyond in": f"{one.alerts.k} of {one.alerts.m} windows",
            "clears behind": f"{one.alerts.margin:.0%} of the way to the best value",
            "critical": ", ".join(
                str(cause)
                for cause, worst in one.alerts.gravest.items()
                if worst.word == "critical"
            ),
            "sent again after (h)": one.alerts.renotify_hours,
            "channels": ", ".join(one.alerts.channels) or "all",
            "owner": one.alerts.owner or "the model's",
        }
        for one in known
    ]


def _edit(con: "Connection", monitor: "Monitor", actor: "Actor", *, at: "datetime") -> None:
    key = f"{monitor.version_id}_{monitor.revision}"
    with st.container(border=True):
        st.markdown(f"**{monitor.version_id}**, revision {monitor.revision}")
        settings = _asked(monitor, key=key)
        reason = st.text_input("Reason", key=f"why_{key}", max_chars=2000)
        model, version = monitor.version_id.split("/", 1)
        with st.container(horizontal=True):
            looked = st.button("Try it on the history", key=f"try_{key}", icon=":material/history:")
            saved = st.button("Save as the next revision", key=f"save_{key}")
        with widgets.refusals():
            limits = dict.fromkeys(monitor.limits) | _limits(str(settings["limits"]))
            changed: dict[str, Any] = {**settings, "limits": limits}
            if looked:
                _foresee(monitoring.preview(con, model, version, **changed, by=actor, at=at))
            if saved:
                ws = session.workspace()
                after = monitoring.change(
                    ws, model, version, reason=reason, **changed, by=actor, at=at
                )
                widgets.finish(f"Revision {after.revision} of {monitor.version_id} holds.")


def _asked(monitor: "Monitor", *, key: str) -> "dict[str, Any]":
    """Return the settings as the person has set them on the page."""
    rule = monitor.alerts
    with st.container(horizontal=True, vertical_alignment="bottom"):
        active = st.toggle("Watched", monitor.active, key=f"on_{key}")
        k = st.number_input("Windows beyond", 1, 60, rule.k, key=f"k_{key}", width=150)
        m = st.number_input("of the newest", 1, 60, rule.m, key=f"m_{key}", width=150)
        share = rule.margin * 100
        margin = st.number_input(
            "Clears behind (%)", 0.0, 99.0, share, 1.0, "%.4g", key=f"clear_{key}", width=150
        )
    limits = st.text_input(
        "Limits by statistic",
        ", ".join(f"{name}={limit!r}" for name, limit in monitor.limits.items()),
        key=f"limits_{key}",
        help="Such as psi=0.2, ks=0.1; house limits hold for what is not named.",
    )
    cleared = rule.margin if margin == share else margin / 100  # as it was, to its last digit
    changed = {"k": int(k), "m": int(m), "margin": cleared}
    return {"active": active, "limits": limits, "alerts": changed}


def _foresee(found: "Preview") -> None:
    """Say what a rule would have done, and how many false alarms to expect of it."""
    st.markdown(f"**{words.said(found.sentence)}**")
    widgets.note(f"{found.windows:,} windows of {found.series:,} series. {found.basis}")
    for reason in found.reasons:
        widgets.note(f"{reason[:1].upper()}{reason[1:]}.")
    rows = [
        {
            "since": one.since.start.date(),
            "cause": str(one.cause),
            "severity": one.severity,
            "series": one.told,
        }
        for one in found.episodes
    ]
    if rows:
        widgets.table(rows, name="foreseen", alt="Alerts the rule would have raised")


def _limits(text: str) -> dict[str, float]:
    """Read limits as they are typed, such as ``psi=0.2, ks=0.1``."""
    found: dict[str, float] = {}
    for part in text.split(","):
        name, _, number = part.partition("=")
        if not part.strip():
            continue
        try:
            found[name.strip()] = float(number)
        except ValueError as error:
            raise InvalidInput(f"a limit is written like psi=0.2, not {part.strip()!r}") from error
    return found
