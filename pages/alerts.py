"""Alerts and incidents: what needs somebody now, and who is on it."""

import streamlit as st

from app import alert_rules, delivery, incidents, session, widgets
from app import alerts as shown
from lifecycle.domain.actor import Permission
from lifecycle.store import alerts, monitors
from lifecycle.store import incidents as kept

VIEWS = ("Alerts", "Incidents", "Rules", "Delivery")
SHOW = ("Not over", "All")

widgets.header("Alerts and incidents", question="What needs somebody now, and who is on it?")

# Pick: a view, and in it one alert or incident by its address (?alert=alert-3).
actor = session.actor()
con, now = session.cursor(), session.now()
if st.query_params.get("incident") and "view" not in st.session_state:
    st.session_state["view"] = "Incidents"
view = st.segmented_control(
    "View", VIEWS, default=VIEWS[0], required=True, key="view", bind="query-params"
)


def show_alerts() -> None:
    """Draw the alerts, or the one that was picked."""
    known = {alert.id: alert for alert in alerts.every(con)}
    if not known:
        watched = bool(monitors.every(con))
        hint = (
            "Monitors raise them by themselves; Rules, under View, says when."
            if watched
            else "`lifecycle monitor define MODEL VERSION` watches a version and raises them."
        )
        widgets.empty("No alert was ever raised", hint=hint)
        return
    shown.answer(list(known.values()), at=now)
    chosen = st.selectbox(
        "Alert",
        list(known),
        index=None,
        placeholder="All alerts",
        key="alert",
        bind="query-params",
    )
    if chosen in known:
        shown.one(con, known[str(chosen)], actor, at=now)
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        models = sorted({alert.version_id.partition("/")[0] for alert in known.values()})
        model = st.selectbox(
            "Model",
            models,
            index=None,
            placeholder="All models",
            key="about",
            bind="query-params",
            width=240,
        )
        span = st.segmented_control(
            "Show", SHOW, default=SHOW[0], required=True, key="show", bind="query-params"
        )
    wanted = [
        alert
        for alert in known.values()
        if (alert.live or span == SHOW[1])
        and (model is None or alert.version_id.startswith(f"{model}/"))
    ]
    if wanted:
        shown.listing(wanted, actor, at=now)
    else:
        st.markdown("No alert matches; show all to see those that are over.")


def show_incidents() -> None:
    """Draw the incidents, or the one that was picked."""
    known = {one.id: one for one in kept.every(con)}
    if not known:
        below = "below, " if actor.may(Permission.HANDLE) else ""
        hint = f"One is opened {below}from an alert, or with `lifecycle incident open`."
        widgets.empty("No incident is on record", hint=hint)
    else:
        incidents.answer(list(known.values()), at=now)
        chosen = st.selectbox(
            "Incident",
            list(known),
            index=None,
            placeholder="All incidents",
            key="incident",
            bind="query-params",
        )
        if chosen in known:
            incidents.one(con, known[str(chosen)], actor, at=now)
            return
        incidents.listing(list(known.values()), at=now)
    if actor.may(Permission.HANDLE):
        incidents.start(con, actor, at=now)


if view == "Incidents":
    show_incidents()
elif view == "Rules":
    alert_rules.rules(con, actor, at=now)
    alert_rules.trust(con)
elif view == "Delivery":
    delivery.doors(con, actor, at=now)
    delivery.log(con, actor, at=now)
else:
    show_alerts()
