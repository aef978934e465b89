"""How somebody votes: the form with reason, conditions and signature, and taking a request back."""

from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING

import streamlit as st

from app import decisions, session, widgets
from lifecycle.domain.approval import Code, Vote
from lifecycle.domain.finding import Obligation, Severity
from lifecycle.services import approvals
from lifecycle.store import people

if TYPE_CHECKING:
    from lifecycle.domain.actor import Actor
    from lifecycle.domain.approval import Request
    from lifecycle.store.connection import Connection

MOST = 5
"""Conditions of one vote; whoever needs more returns the request."""


def form(con: "Connection", asked: "Request", actor: "Actor", *, at: datetime) -> None:
    """Let somebody vote, with everything a vote needs."""
    vote = st.radio(
        "Your vote",
        list(decisions.VOTES),
        index=None,
        format_func=decisions.VOTES.__getitem__,
        key=f"vote_{asked.id}",
        persist_state="session",
    )
    code = st.selectbox(
        "Why, in a word",
        list(Code),
        index=None,
        format_func=lambda c: Code(c).replace("_", " "),
        key=f"code_{asked.id}",
        persist_state="session",
    )
    fields = [f"reason_{asked.id}", f"secret_{asked.id}"]
    reason_key, secret_key = (widgets.field(key) for key in fields)
    reason = st.text_area("Reason", key=reason_key, persist_state="session", max_chars=4000)
    conditions = _conditions(con, asked, at=at) if vote == Vote.CONDITIONAL else []
    giver = _giver(con, asked, actor, at=at)
    widgets.note(f"You sign as {actor.name}; vote and reason stay in the trail.", icon="draw")
    proof = decisions.ask_again(actor, key=secret_key)
    if st.button("Sign and vote", type="primary", key=f"sign_{asked.id}", disabled=vote is None):
        with widgets.refusals():
            after = approvals.decide(
                session.workspace(),
                asked.id,
                vote=Vote(str(vote)),
                reason=reason,
                code=Code(str(code)) if code else None,
                conditions=conditions,
                on_behalf_of=giver,
                by=actor,
                at=session.now(),
                seen=asked.bundle,
                proof=proof,
            )
            said = f"Your vote on {asked.id} is kept; it is {after.status} now."
            widgets.finish(said, empty=fields)


def withdrawal(asked: "Request", actor: "Actor") -> None:
    """Let the requester take a request back."""
    why = st.text_input("Why you take it back", key=f"why_{asked.id}", persist_state="session")
    if st.button("Withdraw the request", key=f"take_back_{asked.id}"):
        with widgets.refusals():
            approvals.withdraw(
                session.workspace(), asked.id, reason=why, by=actor, at=session.now()
            )
            widgets.finish(f"{asked.id} is withdrawn.")


def _conditions(con: "Connection", asked: "Request", *, at: datetime) -> list[Obligation]:
    """Ask what has to be done, by whom and until when."""
    names = [person.name for person in people.every(con) if person.active]
    count = int(st.number_input("How many conditions", 1, MOST, key=f"count_{asked.id}"))
    given: list[Obligation] = []
    for i in range(count):
        key = f"{asked.id}_{i}"
        text = st.text_input(f"Condition {i + 1}", key=f"what_{key}", max_chars=1000)
        owner = st.selectbox("Owner", names, index=None, key=f"owner_{key}")
        due = st.date_input(
            "Due",
            at.date() + timedelta(days=30),
            min_value=at.date() + timedelta(days=1),
            key=f"due_{key}",
        )
        severity = st.segmented_control(
            "Severity", [s.value for s in Severity], default="medium", key=f"severity_{key}"
        )
        end = datetime.combine(due, time(23, 59), UTC)
        given.append(Obligation(text, Severity(severity or "medium"), str(owner or ""), end))
    return given


def _giver(con: "Connection", asked: "Request", actor: "Actor", *, at: datetime) -> str | None:
    """Ask whose authority is used, where somebody lent theirs."""
    spent = asked.barred.union(*(cast.people for cast in asked.decisions))
    lent = [name for name in approvals.lenders(con, actor, at=at) if name not in spent]
    if not lent:
        return None
    own = "Yourself"
    chosen = st.selectbox("You vote for", [own, *lent], key=f"giver_{asked.id}")
    return None if chosen == own else str(chosen)
