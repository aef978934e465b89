"""How somebody decides several small requests at once: one vote, one reason, one signature."""

from typing import TYPE_CHECKING

import streamlit as st

from app import decisions, session, widgets
from lifecycle.domain.approval import Code, Vote
from lifecycle.services import approvals

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from lifecycle.domain.actor import Actor
    from lifecycle.domain.approval import Request

TOGETHER = (Vote.APPROVE, Vote.REJECT, Vote.RETURN, Vote.ABSTAIN)
"""Conditions and conflicts of interest are about one request each."""


def form(mine: "Sequence[Request]", actor: "Actor", *, at: "datetime") -> None:
    """Offer what may be decided together; nothing where that is fewer than two."""
    several = {asked.id: asked for asked in mine}
    if len(several) < 2:  # noqa: PLR2004 -- one is decided on its own page
        return
    with st.expander(f"Decide several at once ({len(several)})", icon=":material/checklist:"):
        widgets.note("Only requests of the lower tiers whose policy allows it are offered here.")
        chosen = st.multiselect(
            "Requests",
            list(several),
            format_func=lambda r: f"{r}: {several[r].version_id} to {several[r].to}",
            key=widgets.field("bulk_requests"),
        )
        vote = st.radio(
            "Your vote on all of them",
            TOGETHER,
            index=None,
            format_func=decisions.VOTES.__getitem__,
            key=widgets.field("bulk_vote"),
            horizontal=True,
        )
        code = st.selectbox(
            "Why, in a word",
            list(Code),
            index=None,
            format_func=lambda c: Code(c).replace("_", " "),
            key=widgets.field("bulk_code"),
        )
        reason = st.text_area("Reason", key=widgets.field("bulk_reason"), max_chars=4000)
        widgets.note(f"You sign once as {actor.name}, on all of them or on none.", icon="draw")
        proof = decisions.ask_again(actor, key=widgets.field("bulk_secret"))
        label = f"Sign and vote on {len(chosen)}"
        if st.button(label, type="primary", key="bulk_sign", disabled=not chosen or vote is None):
            with widgets.refusals():
                decided = approvals.decide_many(
                    session.workspace(),
                    chosen,
                    vote=Vote(str(vote)),
                    reason=reason,
                    code=Code(str(code)) if code else None,
                    seen={name: several[name].bundle for name in chosen},
                    by=actor,
                    at=at,
                    proof=proof,
                )
                said = ", ".join(f"{asked.id} is {asked.status}" for asked in decided)
                fields = ["bulk_requests", "bulk_vote", "bulk_code", "bulk_reason", "bulk_secret"]
                widgets.finish(f"Your vote is kept: {said}.", empty=fields)
