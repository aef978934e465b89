"""How incidents are listed, and one incident with its clocks, steps and timeline."""

from datetime import timedelta
from typing import TYPE_CHECKING

import streamlit as st

from app import session, widgets, words
from app.alerts import happened, to_open
from lifecycle.domain.actor import Permission
from lifecycle.domain.incident import Containment, IncidentState
from lifecycle.domain.incident_clock import Gravity
from lifecycle.domain.measurement import State
from lifecycle.services import incidents
from lifecycle.store import models, people

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from typing import Any

    from lifecycle.domain.actor import Actor
    from lifecycle.domain.incident import Incident
    from lifecycle.store.connection import Connection

HOW = {
    Containment.ROLLBACK: "Rolled back to an earlier version",
    Containment.SUSPENSION: "Suspended the version",
    Containment.SWITCHED_OFF: "Switched it off",
    Containment.HUMAN_REVIEW: "People decide instead",
    Containment.OTHER: "Something else",
}
NOT_SERIOUS = "not a serious incident"


def answer(known: "Sequence[Incident]", *, at: "datetime") -> None:
    """Say first how many incidents are open and whether a clock ran out."""
    unfinished = [one for one in known if one.state is not IncidentState.CLOSED]
    late = [one.id for one in unfinished if _late(one, at=at)]
    if late:
        widgets.badge(State.BREACH, f"{len(unfinished)} not closed; overdue: {', '.join(late)}.")
    elif unfinished:
        widgets.badge(State.WARNING, f"{len(unfinished)} not closed; no clock has run out.")
    else:
        widgets.badge(State.OK, "Every incident is closed.")


def listing(known: "Sequence[Incident]", *, at: "datetime") -> None:
    """Show all incidents as a table whose rows open."""
    rows = [
        {
            "incident": one.id,
            "state": words.cell(one.state),
            "gravity": str(one.gravity),
            "title": one.title,
            "versions": ", ".join(one.versions),
            "owner": one.owner or None,
            "late": ", ".join(_late(one, at=at)) or None,
            "serious": one.duty,
            "seen (UTC)": one.detected_at,
            "closed (UTC)": one.closed_at,
        }
        for one in known
    ]
    chosen = widgets.table(rows, name="incidents", alt="Incidents, newest first", select=True)
    if chosen is not None:
        identifier = known[chosen].id
        to_open(f"Open {identifier}", view="Incidents", incident=identifier)


def start(con: "Connection", actor: "Actor", *, at: "datetime") -> None:
    """Let a person open an incident that no alert raised."""
    with st.expander("Open an incident", icon=":material/add:"):
        fields = ["new_title", "new_text", "new_versions", "new_affected"]
        titled, told, which, who = (widgets.field(key) for key in fields)
        title = st.text_input("Title", key=titled, persist_state="session", max_chars=300)
        text = st.text_area("What happened", key=told, persist_state="session")
        versions = [version.id for version in models.versions(con)]
        about = st.multiselect("About which versions", versions, key=which)
        gravity = st.selectbox("Gravity", list(Gravity), index=1, key="new_gravity")
        affected = st.text_input("Who was affected, and how many", key=who)
        if st.button("Open it", type="primary", key="new_open", disabled=not title.strip()):
            with widgets.refusals():
                opened = incidents.open_incident(
                    session.workspace(),
                    title=title,
                    description=text,
                    gravity=Gravity(gravity),
                    versions=about,
                    affected=affected,
                    by=actor,
                    at=at,
                )
                widgets.finish(f"{opened.id} is open.", empty=fields)


def one(con: "Connection", found: "Incident", actor: "Actor", *, at: "datetime") -> None:
    """Show one incident: where it stands, its clocks, the next step, actions and timeline."""
    st.subheader(f"{found.id}: {words.said(found.title)}")
    st.markdown(
        f"{words.badge(found.state)} gravity **{found.gravity}**, owner "
        f"{found.owner or 'nobody'}, seen {words.moment(found.detected_at)}"
    )
    if found.description:
        st.markdown(words.said(found.description))
    facts = {
        "versions": ", ".join(found.versions),
        "affected": found.affected or "not filled",
        "alerts": ", ".join(found.alerts) or "none",
        "containment": "not yet" if found.containment is None else HOW[found.containment],
        "root cause": found.root_cause or "not known yet",
        "duty to report": found.duty or NOT_SERIOUS,
        "report": found.report or words.DASH,
        "validated again by": ", ".join(found.revalidation) or "nothing yet",
    }
    left, right = st.columns(2, gap="large")
    with left:
        widgets.facts(facts, alt="Facts about the incident")
    with right:
        _clocks(found, at=at)
    with st.container(horizontal=True):
        for version_id in found.versions:
            model, _, version = version_id.partition("/")
            where = {"model": model, "version": version}
            widgets.link("model", label=version_id, icon="deployed_code", **where)
        for alert in found.alerts:
            to_open(alert, view="Alerts", alert=alert)
    if actor.may(Permission.HANDLE):
        _next(found, actor, at=at)
        _actions(con, found, actor, at=at)
        _more(found, actor, at=at)
    else:
        widgets.note("Your roles do not include handling incidents.", icon="lock")
    st.subheader("Timeline")
    told = happened(incidents.timeline(con, found))
    widgets.table(told, name=f"{found.id}_timeline", alt="What happened in the incident")


def _clocks(found: "Incident", *, at: "datetime") -> None:
    rows = [
        {
            "clock": clock.name,
            "spent": words.duration(clock.spent(at=at).total_seconds()),
            "due": words.moment(clock.due),
            "state": words.cell(
                State.BREACH
                if clock.overdue(at=at)
                else State.OK
                if clock.ended
                else State.UPCOMING
            ),
        }
        for clock in incidents.clocks(found)
    ]
    widgets.table(rows, name=f"{found.id}_clocks", alt="How long each step took")
    known = {duty.id: duty for duty in incidents.duties()}
    if found.duty in known:
        duty = known[found.duty]
        widgets.note(
            f"{duty.framework} {duty.reference}: {duty.days} days from awareness; it binds from "
            f"{words.day(duty.applies_from)}. {duty.note}",
            icon="gavel",
        )


def _next(found: "Incident", actor: "Actor", *, at: "datetime") -> None:
    """Offer the step that comes next, and say what it needs."""
    ws, key = session.workspace(), found.id
    with st.container(border=True):
        if not found.owner and st.button("Take it on", key=f"own_{key}", type="primary"):
            with widgets.refusals():
                incidents.acknowledge(ws, key, by=actor, at=at)
                widgets.finish(f"{key} is yours.")
        missing = found.missing() if found.state is IncidentState.RESOLVED else []
        if missing:
            widgets.note(f"Before it can be closed: {'; '.join(missing)}.", icon="checklist")
        if found.state is IncidentState.RESOLVED and actor.name in found.barred:
            widgets.note("You own or resolved it, so a second person must close it.", icon="lock")
            return
        if found.state is IncidentState.CLOSED:
            st.markdown(f"{found.closed_by} closed it on {words.moment(found.closed_at)}.")
        how = Containment.OTHER
        if found.state is IncidentState.OPEN:
            how = st.selectbox(
                "Containment", list(HOW), format_func=HOW.__getitem__, key=f"how_{key}"
            )
        label, verb = STEPS[found.state]
        step = f"step_{key}"
        text = st.text_area(label, key=widgets.field(step), persist_state="session", max_chars=4000)
        if st.button(verb, key=f"go_{key}", disabled=bool(missing)):
            with widgets.refusals():
                after = _step(found, str(text), how=Containment(how), by=actor, at=at)
                widgets.finish(f"{key} is {after.state}.", empty=[step])


STEPS = {
    IncidentState.OPEN: ("What was done so that it does no more harm", "It is contained"),
    IncidentState.CONTAINED: ("Root cause", "It is resolved"),
    IncidentState.RESOLVED: ("What convinced you that it is over", "Close it"),
    IncidentState.CLOSED: ("Why it is not over after all", "Reopen it"),
}
"""What each state asks for, and the step it leads to."""


def _step(
    found: "Incident", text: str, *, how: Containment, by: "Actor", at: "datetime"
) -> "Incident":
    ws, key = session.workspace(), found.id
    if found.state is IncidentState.OPEN:
        return incidents.contain(ws, key, how, reason=text, by=by, at=at)
    if found.state is IncidentState.CONTAINED:
        return incidents.resolve(ws, key, root_cause=text, by=by, at=at)
    if found.state is IncidentState.RESOLVED:
        return incidents.close(ws, key, reason=text, by=by, at=at)
    return incidents.reopen(ws, key, reason=text, by=by, at=at)


def _actions(con: "Connection", found: "Incident", actor: "Actor", *, at: "datetime") -> None:
    st.subheader("Corrective actions")
    rows = [_action_row(action, at=at) for action in found.actions]
    if rows:
        widgets.table(rows, name=f"{found.id}_actions", alt="Corrective actions")
    else:
        st.markdown("None yet; an incident is closed only with at least one, done.")
    ws, key = session.workspace(), found.id
    for action in found.actions:
        if action.done_at is None and st.button(
            f"Action {action.number} is done", key=f"done_{key}_{action.number}"
        ):
            with widgets.refusals():
                incidents.carry_out(ws, key, action.number, by=actor, at=at)
                widgets.finish(f"Action {action.number} of {key} is done.")
    if found.state is IncidentState.CLOSED:
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        planned = f"action_{key}"
        text = st.text_input(
            "Action", key=widgets.field(planned), persist_state="session", width=320
        )
        names = [person.name for person in people.every(con) if person.active]
        owner = st.selectbox("Whose", names, index=None, key=f"whose_{key}", width=180)
        due = st.date_input("Due", at.date() + timedelta(days=14), key=f"due_{key}", width=160)
        if st.button("Add", key=f"add_{key}", disabled=not text.strip() or owner is None):
            with widgets.refusals():
                incidents.plan(ws, key, text, owner=str(owner), due=due, by=actor, at=at)
                widgets.finish(f"{owner} has an action of {key} to do.", empty=[planned])


def _action_row(action: "Any", *, at: "datetime") -> "dict[str, Any]":
    state = State.OK if action.done_at else State.UPCOMING
    if action.done_at is None and action.due < at.date():
        state = State.BREACH
    return {
        "number": action.number,
        "action": action.text,
        "owner": action.owner,
        "due": action.due,
        "state": words.cell(state),
        "done (UTC)": action.done_at,
        "done by": action.done_by,
    }


def _more(found: "Incident", actor: "Actor", *, at: "datetime") -> None:
    """Offer notes, another gravity, and the duty to report."""
    ws, key = session.workspace(), found.id
    with st.expander("Note, gravity, serious incident, report", icon=":material/edit_note:"):
        field = f"text_{key}"
        text = st.text_area(
            "Text", key=widgets.field(field), persist_state="session", max_chars=4000
        )
        with st.container(horizontal=True, vertical_alignment="bottom"):
            if st.button("Add as a note", key=f"note_{key}"):
                with widgets.refusals():
                    incidents.note(ws, key, text, by=actor, at=at)
                    widgets.finish(f"The note stands in the timeline of {key}.", empty=[field])
            if found.duty and st.button("It was reported as the text says", key=f"report_{key}"):
                with widgets.refusals():
                    incidents.report(ws, key, text, by=actor, at=at)
                    widgets.finish(f"The report of {key} is on record.", empty=[field])
            if found.duty and st.button("It need not be, for this reason", key=f"waive_{key}"):
                with widgets.refusals():
                    incidents.report(ws, key, text, needed=False, by=actor, at=at)
                    widgets.finish(f"Why {key} is not reported is on record.", empty=[field])
        with st.container(horizontal=True, vertical_alignment="bottom"):
            grades = list(Gravity)
            grade = st.selectbox("Gravity", grades, grades.index(found.gravity), key=f"as_{key}")
            if st.button("Grade anew, for the reason in the text", key=f"regrade_{key}"):
                with widgets.refusals():
                    incidents.regrade(ws, key, Gravity(grade), reason=text, by=actor, at=at)
                    widgets.finish(f"{key} is {grade} now.", empty=[field])
        titles = {duty.id: f"{duty.title} ({duty.reference})" for duty in incidents.duties()}
        with st.container(horizontal=True, vertical_alignment="bottom"):
            chosen = st.selectbox(
                "Serious incident",
                ["", *titles],
                format_func=lambda duty: titles.get(duty, NOT_SERIOUS),
                key=f"duty_{key}",
                width=420,
            )
            if st.button("Classify, for the reason in the text", key=f"classify_{key}"):
                with widgets.refusals():
                    incidents.classify(ws, key, chosen or None, reason=text, by=actor, at=at)
                    widgets.finish(f"{key} is classified.", empty=[field])


def _late(found: "Incident", *, at: "datetime") -> list[str]:
    return [c.name for c in incidents.clocks(found) if c.ended is None and c.overdue(at=at)]
