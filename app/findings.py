"""What was left to be done: who owes it until when, the answer, and who agrees that it is done."""

from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING

import streamlit as st

from app import session, widgets, words
from lifecycle.domain.finding import Progress
from lifecycle.services import approvals
from lifecycle.store import people

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from lifecycle.domain.actor import Actor
    from lifecycle.domain.finding import Finding

    Act = Callable[..., Finding]


def show(found: "Sequence[Finding]", actor: "Actor", *, at: datetime) -> None:
    """Show conditions, reviews and broken glasses; their owner answers, a second person agrees."""
    if not found:
        return
    st.subheader("Left to be done")
    for finding in found:
        _finding(finding, actor, at=at)


def _finding(finding: "Finding", actor: "Actor", *, at: datetime) -> None:
    late = " :red-badge[:material/alarm: overdue]" if finding.overdue(at) else ""
    kind = finding.kind.replace("_", " ")
    with st.container(border=True):
        st.markdown(
            f"**{finding.id}**, {kind}, {finding.severity}, for {finding.owner} by "
            f"{words.day(finding.due_at)}, {finding.status}{late}"
        )
        st.markdown(words.said(finding.text))
        if finding.answer:
            st.markdown(f"{finding.answered_by} answers: {words.said(finding.answer)}")
        if finding.status is Progress.CLOSED:
            widgets.note(f"closed by {finding.closed_by}, {words.moment(finding.closed_at)}")
        elif actor.name == finding.owner:
            _act(finding, "What you did", "Answer", approvals.answer_finding, actor)
        elif approvals.may_agree(session.cursor(), finding, actor):
            _act(
                finding, "What you checked", "Agree that it is done", approvals.close_finding, actor
            )
            _extend(finding, actor, at=at)
            _assign(finding, actor)


def _extend(finding: "Finding", actor: "Actor", *, at: datetime) -> None:
    """Let a second person give it more time."""
    with st.expander("Give it more time", icon=":material/more_time:"):
        soonest = max(finding.due_at, at).date() + timedelta(days=1)
        until = st.date_input(
            "New date", soonest, min_value=soonest, key=f"until_{finding.id}", format="YYYY-MM-DD"
        )
        field = f"more_{finding.id}"
        why = st.text_input("Why", key=widgets.field(field), max_chars=4000)
        if st.button("Extend it", key=f"extend_{finding.id}", disabled=not why.strip()):
            with widgets.refusals():
                due = datetime.combine(until, time(23, 59), UTC)
                after = approvals.extend_finding(
                    session.workspace(),
                    finding.id,
                    due,
                    reason=why,
                    by=actor,
                    at=session.now(),
                )
                said = f"{finding.id} is due on {words.day(after.due_at)} now."
                widgets.finish(said, empty=[field])


def _assign(finding: "Finding", actor: "Actor") -> None:
    """Let a second person give it to somebody else, such as when its owner left."""
    if finding.status is not Progress.OPEN:
        return
    with st.expander("Give it to somebody else", icon=":material/person_add:"):
        able = [p.name for p in people.every(session.cursor()) if p.active]
        fields = [f"owner_{finding.id}", f"gives_{finding.id}"]
        able = [name for name in able if name not in {finding.owner, actor.name}]
        owner = st.selectbox("To whom", able, index=None, key=widgets.field(fields[0]))
        why = st.text_input("Why", key=widgets.field(fields[1]), max_chars=4000)
        ready = owner is not None and why.strip()
        if st.button("Give it", key=f"assign_{finding.id}", disabled=not ready):
            with widgets.refusals():
                after = approvals.assign_finding(
                    session.workspace(),
                    finding.id,
                    str(owner),
                    reason=why,
                    by=actor,
                    at=session.now(),
                )
                said = f"{finding.id} is for {after.owner} to answer now."
                widgets.finish(said, empty=fields)


def _act(finding: "Finding", ask: str, label: str, act: "Act", actor: "Actor") -> None:
    field = f"text_{finding.id}"
    text = st.text_input(ask, key=widgets.field(field), max_chars=4000)
    if st.button(label, key=f"act_{finding.id}", disabled=not text.strip()):
        with widgets.refusals():
            after = act(session.workspace(), finding.id, text, by=actor, at=session.now())
            widgets.finish(f"{finding.id} is {after.status} now.", empty=[field])
