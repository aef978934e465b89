"""What waits for somebody to decide, answer or read; and who decides for whom."""

from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

import streamlit as st

from app import bulk_votes, session, widgets, words
from lifecycle.domain.actor import Permission
from lifecycle.domain.approval import Status
from lifecycle.domain.delegation import LONGEST
from lifecycle.services import approvals
from lifecycle.store import approvals as kept

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from lifecycle.domain.actor import Actor
    from lifecycle.domain.approval import Request
    from lifecycle.domain.terms import Terms
    from lifecycle.services.approvals import Waiting
    from lifecycle.store.connection import Connection

    Open = Callable[[str | None], None]


CARDS = 15
"""Requests shown at once; a reviewer takes the longest waiting first."""


def show(
    con: "Connection", known: "Sequence[Request]", actor: "Actor", *, at: datetime, to_open: "Open"
) -> None:
    """Show what waits for this person, what waits for others, what is due, and what is closed."""
    waiting = approvals.waiting(con, actor, at=at)
    mine = [one for one in waiting if not one.why_not]
    others = [one for one in waiting if one.why_not]
    st.subheader(f"Waiting for you ({len(mine)})")
    _cards(mine, at=at, to_open=to_open, label="Review and decide", key="mine")
    if not mine:
        st.markdown("Nothing waits for your vote.")
    together = [one.request for one in mine if approvals.is_bulk(one.request, one.terms)]
    bulk_votes.form(together, actor, at=at)
    _tasks(con, actor, at=at, to_open=to_open)
    st.subheader(f"Waiting for others ({len(others)})")
    _cards(others, at=at, to_open=to_open, label="Look at it", key="others")
    if not others:
        st.markdown("Nothing waits for anybody else.")
    _delegations(con, actor, at=at)
    closed = [_row(asked) for asked in known if asked.status is not Status.OPEN]
    if closed:
        st.subheader("Closed")
        row = widgets.table(closed, name="requests", alt="Requests that are closed", select=True)
        if row is not None:
            identifier = closed[row]["request"]
            st.button(f"Open {identifier}", on_click=to_open, args=(identifier,), key="reopen")


def onward(
    con: "Connection", actor: "Actor", *, at: datetime, asked: "Request", to_open: "Open"
) -> None:
    """Offer the way back to the queue and on to the next request that waits for this person."""
    st.button("The queue", on_click=to_open, args=(None,), key="to_queue", type="tertiary")
    waiting = approvals.waiting(con, actor, at=at)
    rest = [one.request.id for one in waiting if not one.why_not and one.request.id != asked.id]
    if rest:
        label = f"Next of {len(rest)} waiting: {rest[0]}"
        st.button(label, on_click=to_open, args=(rest[0],), key="next", type="tertiary")


def _cards(
    waiting: "Sequence[Waiting]", *, at: datetime, to_open: "Open", label: str, key: str
) -> None:
    """Show the longest waiting, and the rest page by page."""
    pages = -(-len(waiting) // CARDS)
    page = min(st.pagination(pages, key=f"page_{key}"), pages) if pages > 1 else 1
    for one in waiting[(page - 1) * CARDS : page * CARDS]:
        _card(one.request, one.terms, at=at, to_open=to_open, label=label)


def _card(asked: "Request", terms: "Terms", *, at: datetime, to_open: "Open", label: str) -> None:
    waited, left = at - asked.requested_at, terms.closes_at(asked.requested_at) - at
    urgent = " :red-badge[:material/bolt: emergency]" if asked.emergency else ""
    late = waited >= timedelta(days=terms.escalate_days)
    slow = " :orange-badge[:material/hourglass_bottom: waits too long]" if late else ""
    with st.container(border=True):
        what, act = st.columns([5, 2], vertical_alignment="center")
        what.markdown(
            f"**{asked.id}**: {asked.wish}"
            f"{urgent}{slow}  \n:small["
            f"asked by {asked.requested_by} on {words.moment(asked.requested_at)}, "
            f"risk tier {asked.tier}, {asked.approvals} of {asked.quorum} approvals, "
            f"open for {max(left.days, 0)} more days]"
        )
        act.button(label, key=f"open_{asked.id}", on_click=to_open, args=(asked.id,))


def _tasks(con: "Connection", actor: "Actor", *, at: datetime, to_open: "Open") -> None:
    found = approvals.tasks(con, actor, at=at)
    if not found:
        return
    st.subheader(f"Also for you ({len(found)})")
    for i, task in enumerate(found):
        mark = ":red-badge[:material/alarm: overdue] " if task.overdue else ""
        st.markdown(f"{mark}{words.said(task.sentence)}")
        if task.request_id:
            st.button(
                f"Open {task.request_id}",
                key=f"task_{i}",
                on_click=to_open,
                args=(task.request_id,),
                type="tertiary",
            )
        else:
            model, label = task.version_id.partition("/")[0], f"Open {task.version_id}"
            widgets.link("model", label=label, icon="task", model=model, tab="Approvals")


def _delegations(con: "Connection", actor: "Actor", *, at: datetime) -> None:
    """Show who decides for whom, and let somebody who decides lend their authority."""
    now = [d for d in kept.delegations(con) if d.end > at and d.revoked_at is None]
    if not now and not actor.may(Permission.DECIDE):
        return
    with st.expander(f"Delegation ({len(now)})", icon=":material/swap_horiz:"):
        for d in now:
            span = f"{words.day(d.start)} to {words.day(d.end - timedelta(microseconds=1))}"
            st.markdown(f"**{d.taker}** decides for **{d.giver}**, {span}: {words.said(d.reason)}")
            if actor.name in {d.giver, d.taker} and st.button("End it now", key=f"end_{d.id}"):
                with widgets.refusals():
                    approvals.end_delegation(session.workspace(), d.id, by=actor, at=at)
                    widgets.finish(f"{d.id} has ended.")
        if actor.may(Permission.DECIDE):
            _lend(con, actor, at=at)


def _lend(con: "Connection", actor: "Actor", *, at: datetime) -> None:
    names = approvals.takers(con, actor)
    if not names:
        widgets.note("Nobody else may decide where you do, so nobody can for you.", icon="group")
        return
    taker = st.selectbox("Who decides for you", names, index=None, key=widgets.field("taker"))
    span: Any = st.date_input(
        "First and last day",
        (at.date(), at.date() + timedelta(days=7)),
        min_value=at.date(),
        max_value=at.date() + LONGEST,
        key="lend_days",
    )
    reason = st.text_input("Why", key=widgets.field("lend_reason"), max_chars=1000)
    if st.button("Delegate", key="lend", disabled=taker is None or len(span) < 2):  # noqa: PLR2004 -- both ends
        with widgets.refusals():
            days = [datetime.combine(day, time(), UTC) for day in span]
            made = approvals.delegate(
                session.workspace(),
                str(taker),
                start=days[0],
                end=days[1] + timedelta(days=1),
                reason=reason,
                by=actor,
                at=at,
            )
            said = f"{made.taker} decides for you until {words.day(days[1])}."
            widgets.finish(said, empty=["taker", "lend_reason"])


def _row(asked: "Request") -> "dict[str, Any]":
    return {
        "request": asked.id,
        "version": asked.version_id,
        "from": asked.before.value,
        "to": asked.to.value,
        "status": asked.status.value,
        "requested by": asked.requested_by,
        "requested (UTC)": asked.requested_at,
        "voted": ", ".join(f"{d.by} ({d.vote})" for d in asked.decisions),
    }
