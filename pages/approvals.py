"""Approvals: may a version go live, and on what evidence."""

import streamlit as st

from app import (
    approval_queue,
    approval_request,
    decisions,
    findings,
    session,
    voting,
    widgets,
    words,
)
from lifecycle.domain.approval import Status
from lifecycle.services import approvals
from lifecycle.store import approvals as kept
from lifecycle.store import models, requests

widgets.header("Approvals", question="May this version go live, and on what evidence?")

# Pick: the queue, or one request by its address (?request=req-3).
actor, at = session.actor(), session.now()
workspace, con = session.workspace(), session.cursor()
known = {request.id: request for request in requests.every(con)}
if not known:
    hint = "`lifecycle request MODEL VERSION --to STAGE --reason TEXT` asks for a promotion."
    widgets.empty("Nobody has asked for a promotion yet", hint=hint)
    st.stop()


def open_request(request_id: str | None) -> None:
    """Show one request from the next run on, or the queue."""
    st.session_state["request"] = request_id


chosen = st.selectbox(
    "Request", list(known), index=None, placeholder="The queue", key="request", bind="query-params"
)
if chosen not in known:
    approval_queue.show(con, list(known.values()), actor, at=at, to_open=open_request)
    st.stop()

# Query.
asked = known[str(chosen)]
version = models.version_by_id(con, asked.version_id)
terms = approvals.terms_of(con, asked)
stale = approvals.is_stale(workspace, asked) if asked.status is Status.OPEN else []
reason_against = approvals.why_not(con, asked, actor, terms=terms, at=at)

# Draw: what changes and who must agree.
st.subheader(f"{asked.id}: {asked.wish}")
st.markdown(
    f"**{asked.status}**, {asked.approvals} of {asked.quorum} approvals, risk tier {asked.tier}. "
    f"{asked.requested_by} asked on {words.moment(asked.requested_at)}: {words.said(asked.reason)}"
)
with st.container(horizontal=True, vertical_alignment="center"):
    widgets.link(
        "model",
        label="The model",
        icon="deployed_code",
        model=version.model_id,
        version=version.name,
    )
    approval_queue.onward(con, actor, at=at, asked=asked, to_open=open_request)
approval_request.warnings(con, asked, terms, stale, at=at)

evidence_side, people_side = st.columns([5, 3], gap="medium")
with evidence_side:
    if asked.status is Status.OPEN:
        st.subheader(f"Gate as of now, by {words.said(asked.policy)}")
        with widgets.refusals(kept=""):
            report = approvals.gate_of(workspace, asked, by=actor, at=at)
            decisions.gate(report, name=f"{asked.id}_gate")
    elif (report := approvals.decided_on(con, asked)) is not None:
        st.subheader(f"Gate at the last vote, by {words.said(asked.policy)}")
        decisions.gate(report, name=f"{asked.id}_gate")
    st.subheader("Since the last approval")
    approval_request.differences(con, asked)
    st.subheader("Evidence, frozen at submission")
    decisions.stands_on(con, asked)

# Act: vote, or take it back. No form around it, so that a draft reaches the server as it grows and
# outlives a look at another page.
with people_side:
    st.subheader("Who must agree")
    approval_request.agreement(con, asked, terms)
    approval_request.votes(con, asked)
    if reason_against:
        widgets.note(reason_against, icon="lock")
    else:
        st.subheader("Decide")
        voting.form(con, asked, actor, at=at)
    if asked.status is Status.OPEN and actor.name == asked.requested_by:
        voting.withdrawal(asked, actor)

st.subheader("Discussion")
approval_request.discussion(con, asked, actor)
findings.show(kept.findings(con, request_id=asked.id), actor, at=at)
