"""Approvals: may a version go live, and on what evidence."""

import streamlit as st

from app import decisions, session, widgets, words
from lifecycle.domain.approval import Status, Vote
from lifecycle.services import approvals
from lifecycle.store import models, requests

widgets.header("Approvals", question="May this version go live, and on what evidence?")

# Pick: the queue, or one request by its address (?request=req-3).
actor = session.actor()
workspace, con = session.workspace(), session.cursor()
known = {request.id: request for request in requests.every(con)}
if not known:
    hint = "`lifecycle request MODEL VERSION --to STAGE --reason TEXT` asks for a promotion."
    widgets.empty("Nobody has asked for a promotion yet", hint=hint)
    st.stop()


def open_request(request_id: str) -> None:
    """Show one request from the next run on."""
    st.session_state["request"] = request_id


chosen = st.selectbox(
    "Request", list(known), index=None, placeholder="The queue", key="request", bind="query-params"
)
if chosen not in known:
    decisions.queue(known.values(), actor, to_open=open_request)
    st.stop()

# Query.
asked = known[str(chosen)]
version = models.version_by_id(con, asked.version_id)
stale = approvals.is_stale(workspace, asked) if asked.status is Status.OPEN else []
reason_against = decisions.why_not(asked, actor)

# Draw: what changes, the gate rule by rule, the evidence it is pinned to, the votes.
st.subheader(f"{asked.id}: {asked.version_id} from {asked.before} to {asked.to}")
st.markdown(
    f"**{asked.status}**, {asked.approvals} of {asked.quorum} approvals. "
    f"{asked.requested_by} asked on {words.moment(asked.requested_at)}: {asked.reason}"
)
widgets.link(
    "model", label="The model", icon="deployed_code", model=version.model_id, version=version.name
)
if stale:
    st.warning(
        f"**Stale.** What it stands on changed since it was submitted: {'; '.join(stale)}. "
        "It can be turned down or withdrawn, and asked for again.",
        icon=":material/history:",
    )
if asked.status is Status.OPEN:
    st.subheader("Gate as of now")
    with widgets.refusals(kept=""):
        report = approvals.gate(
            workspace, version.model_id, version.name, to=asked.to, by=actor, at=session.now()
        )
        decisions.gate(report, name=f"{asked.id}_gate")
st.subheader("Evidence, frozen at submission")
decisions.stands_on(con, asked)
st.subheader("Votes")
for cast in asked.decisions:
    said = f": {cast.reason}" if cast.reason else ""
    st.markdown(f"**{cast.by}**, {cast.vote}, {words.moment(cast.at)}{said}")
if not asked.decisions:
    st.markdown("Nobody has voted yet.")

# Act: vote, or take it back. No form around it, so that a draft reaches the server as it grows and
# outlives a look at another page.
if reason_against:
    widgets.note(reason_against, icon="lock")
else:
    st.subheader("Decide")
    vote = st.radio(
        "Your vote",
        list(decisions.VOTES),
        index=None,
        format_func=decisions.VOTES.__getitem__,
        key=f"vote_{asked.id}",
        persist_state="session",
    )
    reason = st.text_area(
        "Reason", key=f"reason_{asked.id}", persist_state="session", max_chars=4000
    )
    widgets.note(f"You sign as {actor.name}; vote and reason stay in the trail.", icon="draw")
    proof = decisions.ask_again(actor, key=f"secret_{asked.id}")
    ready = vote is not None
    if st.button("Sign and vote", type="primary", key=f"sign_{asked.id}", disabled=not ready):
        with widgets.refusals():
            after = approvals.decide(
                workspace,
                asked.id,
                vote=Vote(str(vote)),
                reason=reason,
                by=actor,
                at=session.now(),
                seen=asked.bundle,
                proof=proof,
            )
            widgets.finish(f"Your vote on {asked.id} is kept; it is {after.status} now.")
if asked.status is Status.OPEN and actor.name == asked.requested_by:
    why = st.text_input("Why you take it back", key=f"why_{asked.id}", persist_state="session")
    if st.button("Withdraw the request", key=f"take_back_{asked.id}"):
        with widgets.refusals():
            approvals.withdraw(workspace, asked.id, reason=why, by=actor, at=session.now())
            widgets.finish(f"{asked.id} is withdrawn.")
