"""How alerts are listed, and one alert with everything a person may do about it."""

from datetime import timedelta
from typing import TYPE_CHECKING

import streamlit as st

from app import session, widgets, words
from lifecycle.domain.actor import Permission
from lifecycle.domain.alert import Severity
from lifecycle.domain.incident_clock import Gravity
from lifecycle.domain.measurement import State
from lifecycle.domain.raised_alert import Status, gravest, gravest_first
from lifecycle.services import alerting, incidents, sentences
from lifecycle.services.alerting import wording
from lifecycle.store import audit, deliveries, people

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from typing import Any

    from lifecycle.domain.actor import Actor
    from lifecycle.domain.audit import Link
    from lifecycle.domain.raised_alert import Alert, Signal
    from lifecycle.store.connection import Connection

CARDS = 8
"""Open alerts told one by one; the table has all."""

GRAVITY = {Severity.CRITICAL: Gravity.MAJOR, Severity.WARNING: Gravity.MINOR}
"""How grave an incident is taken to be at first, by the alert it is opened from."""

SNOOZES = {"4 hours": 4, "1 day": 24, "3 days": 72, "1 week": 168, "4 weeks": 672}


def answer(known: "Sequence[Alert]", *, at: "datetime") -> None:
    """Say first whether something critical waits for somebody."""
    live = [alert for alert in known if alert.live]
    waiting = [alert for alert in live if alert.status is Status.OPEN]
    grave = [alert for alert in waiting if alert.severity is Severity.CRITICAL]
    late = sum(alert.overdue(at=at) for alert in waiting)
    told = f"{_several(len(waiting), 'alert')} nobody is on, of {len(live)} not over"
    if late:
        told += f"; {late} not taken on in time"
    if grave:
        names = ", ".join(dict.fromkeys(alert.version_id for alert in grave))
        widgets.badge(Severity.CRITICAL, f"**{len(grave)} critical**: {names}. {told}.")
    elif waiting:
        widgets.badge(Severity.WARNING, f"Nothing critical. {told}.")
    else:
        widgets.badge(State.OK, f"Nobody has to do anything now; {told}.")


def listing(known: "Sequence[Alert]", actor: "Actor", *, at: "datetime") -> None:
    """Show the alerts nobody is on as cards, and all of them as a table."""
    waiting = [alert for alert in known if alert.status is Status.OPEN]
    for alert in waiting[:CARDS]:
        _card(alert, actor, at=at)
    if len(waiting) > CARDS:
        st.markdown(f"{len(waiting) - CARDS} more wait; the table has them.")
    st.subheader("All alerts")
    rows = [row_of(alert, at=at) for alert in known]
    chosen = widgets.table(rows, name="alerts", alt="Alerts, those to see to first", select=True)
    if chosen is not None:
        identifier = known[chosen].id
        to_open(f"Open {identifier}", view="Alerts", alert=identifier)


def row_of(alert: "Alert", *, at: "datetime") -> "dict[str, Any]":
    """Return an alert as a row of a table."""
    return {
        "alert": alert.id,
        "severity": words.cell(alert.severity),
        "status": words.cell(alert.status),
        "version": alert.version_id,
        "cause": str(alert.cause).replace("_", " "),
        "worst": wording.summary_of(alert, at=at),
        "since": alert.window.start.date(),
        "owner": alert.owner,
        "true alarm": alert.real,
        "incident": alert.incident,
        "raised (UTC)": alert.opened_at,
        "over (UTC)": alert.ended_at,
    }


def _card(alert: "Alert", actor: "Actor", *, at: "datetime") -> None:
    with st.container(border=True):
        st.markdown(f"{words.badge(alert.severity)} **{alert.version_id}**: {_what(alert)}")
        st.markdown(f"{words.said(wording.summary_of(alert, at=at))}.")
        late = " :red-badge[:material/schedule: late]" if alert.overdue(at=at) else ""
        st.markdown(
            f":small[{alert.id}, owner {alert.owner or 'nobody'}, raised "
            f"{words.moment(alert.opened_at)}, to be taken on by {words.moment(alert.due)}]{late}"
        )
        with st.container(horizontal=True):
            if actor.may(Permission.HANDLE) and st.button("Acknowledge", key=f"ack_{alert.id}"):
                with widgets.refusals():
                    alerting.acknowledge(session.workspace(), alert.id, by=actor, at=at)
                    widgets.finish(f"You are on {alert.id}.")
            to_open("Open", key=alert.id, view="Alerts", alert=alert.id)
            worst = gravest(alert.firing or alert.signals)
            for page, where in _places(alert, [worst]).items():
                widgets.link(page, label="Look into it", icon="search", **where)


def one(con: "Connection", alert: "Alert", actor: "Actor", *, at: "datetime") -> None:
    """Show one alert: what fires, who is on it, what may be done, what happened."""
    st.subheader(f"{alert.id}: {alert.version_id}, {_what(alert)}")
    st.markdown(f"{words.badge(alert.severity)} {words.badge(alert.status)} {_standing(alert)}")
    told = [line.removeprefix("- ") for line in wording.series_of(alert, at=at).splitlines()]
    st.markdown("\n".join(f"- {words.said(line)}" for line in told))
    signals = gravest_first(alert.firing or alert.signals)
    with st.container(horizontal=True):
        for page, where in _places(alert, signals).items():
            widgets.link(page, label=page.capitalize(), icon="search", **where)
        model = alert.version_id.partition("/")[0]
        widgets.link("model", label="Model", icon="deployed_code", model=model)
        if alert.incident:
            to_open(alert.incident, view="Incidents", incident=alert.incident)
    if alert.rule.runbook:
        st.markdown(f"Runbook: {words.said(alert.rule.runbook)}")
    if actor.may(Permission.HANDLE):
        _act(con, alert, actor, at=at)
    else:
        widgets.note("Your roles do not include handling alerts.", icon="lock")
    rows = [_signal_row(signal) for signal in gravest_first(alert.signals)]
    st.subheader(f"{_several(len(rows), 'series', 'series')} in this alert")
    widgets.table(rows, name=f"{alert.id}_series", alt="The series that fire in this alert")
    _told(con, alert)


def _act(con: "Connection", alert: "Alert", actor: "Actor", *, at: "datetime") -> None:
    ws, key = session.workspace(), alert.id
    with st.container(border=True):
        field = f"reason_{key}"
        reason = st.text_input(
            "Reason or note", key=widgets.field(field), persist_state="session", max_chars=2000
        )
        with st.container(horizontal=True, vertical_alignment="bottom"):
            if alert.status in {Status.OPEN, Status.SNOOZED} and st.button(
                "Acknowledge", key=f"take_{key}", type="primary"
            ):
                with widgets.refusals():
                    alerting.acknowledge(ws, key, by=actor, at=at, reason=reason)
                    widgets.finish(f"You are on {key}.", empty=[field])
            if alert.live and st.button("Resolve", key=f"resolve_{key}"):
                with widgets.refusals():
                    alerting.resolve(ws, key, reason=reason, by=actor, at=at)
                    widgets.finish(f"{key} is resolved.", empty=[field])
            for label, real in (("True alarm", True), ("False alarm", False)):
                said = alert.real is real
                if st.button(label, key=f"judge_{real}_{key}", disabled=said):
                    with widgets.refusals():
                        alerting.judge(ws, key, real=real, by=actor, at=at, reason=reason)
                        widgets.finish(f"{key} counts as a {label.lower()}.", empty=[field])
        if alert.live:
            _hand_over(con, alert, actor, reason=reason, field=field, at=at)


def _hand_over(
    con: "Connection", alert: "Alert", actor: "Actor", *, reason: str, field: str, at: "datetime"
) -> None:
    ws, key = session.workspace(), alert.id
    with st.container(horizontal=True, vertical_alignment="bottom"):
        span = st.selectbox("Snooze for", list(SNOOZES), index=1, key=f"span_{key}", width=140)
        if st.button("Snooze", key=f"snooze_{key}"):
            until = at + timedelta(hours=SNOOZES[str(span)])
            with widgets.refusals():
                alerting.snooze(ws, key, until=until, reason=reason, by=actor, at=at)
                widgets.finish(f"{key} is silent until {words.moment(until)}.", empty=[field])
        names = [person.name for person in people.every(con) if person.active]
        owner = st.selectbox(
            "Owner", names, index=None, placeholder=alert.owner, key=f"owner_{key}", width=180
        )
        if st.button("Assign", key=f"assign_{key}", disabled=owner is None):
            with widgets.refusals():
                alerting.assign(ws, key, str(owner), by=actor, at=at, reason=reason)
                widgets.finish(f"{key} is {owner}'s now.", empty=[field])
        if alert.incident is None and st.button("Open an incident", key=f"incident_{key}"):
            with widgets.refusals():
                opened = incidents.open_incident(
                    ws,
                    title=f"{alert.version_id}: {_what(alert)}",
                    description=wording.series_of(alert, at=at),
                    gravity=GRAVITY[alert.severity],
                    alert_ids=[key],
                    by=actor,
                    at=at,
                )
                widgets.finish(f"{opened.id} is open; it stands under Incidents.")


def _told(con: "Connection", alert: "Alert") -> None:
    """Show what happened to an alert, and the messages about it."""
    st.subheader("What happened")
    events = audit.search(con, subject=f"alert:{alert.id}")[::-1]
    widgets.table(happened(events), name=f"{alert.id}_trail", alt="What happened")
    told = deliveries.every(con, subject=f"alert:{alert.id}")
    if told:
        st.subheader("Messages")
        rows = [
            {
                "message": d.id,
                "what": d.message.topic.partition(".")[2],
                "channel": d.channel,
                "state": words.cell(d.state),
                "attempts": d.attempts,
                "said": d.detail,
                "queued (UTC)": d.created_at,
            }
            for d in told
        ]
        widgets.table(rows, name=f"{alert.id}_messages", alt="Messages about this alert")


def to_open(label: str, *, key: str = "", **chosen: str) -> None:
    """Offer something else on this page; a link to the page one is on would change nothing."""
    st.button(label, key=f"to_{key or label}", on_click=_choose, args=(chosen,))


def _choose(chosen: "dict[str, str]") -> None:
    """Set what pickers show; one that is not on the page yet does not write its address itself."""
    for name, value in chosen.items():
        if name not in st.session_state:
            st.query_params[name] = value
        st.session_state[name] = value


def happened(links: "Sequence[Link]") -> "list[dict[str, Any]]":
    """Return what the trail says as rows of a table."""
    return [
        {
            "at (UTC)": link.event.at,
            "who": link.event.by,
            "what": sentences.of_event(link.event),
            "why": link.event.reason or None,
        }
        for link in links
    ]


def _places(alert: "Alert", signals: "Sequence[Signal]") -> "dict[str, dict[str, str]]":
    """Return the pages that show series, each with the address of the first of them."""
    found = [wording.place_of(alert.version_id, wording.measured_in(one)) for one in signals]
    return dict(reversed(found))


def _signal_row(signal: "Signal") -> "dict[str, Any]":
    return {
        "statistic": signal.statistic,
        "column": signal.column,
        "slice": "all rows" if signal.slice == "{}" else signal.slice,
        "severity": words.cell(signal.severity),
        "value": signal.value,
        "worst": signal.worst,
        "limit": signal.limit,
        "unit": signal.unit,
        "n": signal.n,
        "since": signal.since.start.date(),
        "newest window": words.window(signal.last),
        "state": "over" if signal.cleared else "beyond",
    }


def _standing(alert: "Alert") -> str:
    told = [f"Owner {alert.owner or 'nobody'}"]
    if alert.status is Status.OPEN:
        told.append(f"to be taken on by {words.moment(alert.due)}")
    if alert.acknowledged_by:
        told.append(f"{alert.acknowledged_by} is on it since {words.moment(alert.acknowledged_at)}")
    if alert.snoozed_until:
        told.append(f"silent until {words.moment(alert.snoozed_until)}")
    if alert.ended_at:
        told.append(f"over since {words.moment(alert.ended_at)}")
    if alert.real is not None:
        told.append(f"{alert.judged_by} calls it a {'true' if alert.real else 'false'} alarm")
    if alert.incident:
        told.append(f"belongs to {alert.incident}")
    return f"{'; '.join(told)}."


def _what(alert: "Alert") -> str:
    return wording.WHAT[alert.cause]


def _several(count: int, noun: str, plural: str = "") -> str:
    return f"{count} {noun if count == 1 else plural or noun + 's'}"
