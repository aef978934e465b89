"""One request as a reviewer reads it: terms, differences, votes, discussion."""

from typing import TYPE_CHECKING

import streamlit as st

from app import session, widgets, words
from lifecycle.domain.approval import Status
from lifecycle.domain.terms import Order
from lifecycle.services import approvals
from lifecycle.services.approvals import signing
from lifecycle.store import approvals as kept

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from lifecycle.domain.actor import Actor
    from lifecycle.domain.approval import Request
    from lifecycle.domain.terms import Terms
    from lifecycle.services.approvals.comparing import Difference
    from lifecycle.store.connection import Connection


def warnings(
    con: "Connection",
    asked: "Request",
    terms: "Terms",
    stale: "Sequence[str]",
    *,
    at: "datetime",
) -> None:
    """Say before everything else what stands in the way or is out of the ordinary."""
    if stale:
        st.warning(
            f"**Stale.** What it stands on changed since it was submitted: {'; '.join(stale)}. "
            "It can be turned down or withdrawn, and asked for again.",
            icon=":material/history:",
        )
        if found := approvals.moved(con, asked, shown_from=session.workspace().shown_from):
            _table(asked, found, name="moved", alt="What newer evidence says otherwise")
    if asked.emergency:
        st.warning(
            "**Emergency change.** Its gate need not pass; it takes more people, and it is "
            "reviewed afterwards.",
            icon=":material/bolt:",
        )
    newer = approvals.newer_policy(con, asked) if asked.status is Status.OPEN else None
    if newer:
        st.info(
            f"Policy {words.said(newer)} is in force by now. This request is decided by "
            f"{words.said(asked.policy)}, under which it was opened; asked for again, it would be "
            "decided by the newer one.",
            icon=":material/rule:",
        )
    given = approvals.of_request(con, asked, at=at) if asked.status is Status.APPROVED else None
    if given is not None:
        show = st.success if given.holds else st.warning
        show(f"Its approval {words.said(given.sentence)}.", icon=":material/verified:")
    opens = terms.opens_at(asked.requested_at)
    if asked.status is Status.OPEN and at < opens:
        st.info(f"It can be approved from {words.moment(opens)}.", icon=":material/schedule:")


def agreement(con: "Connection", asked: "Request", terms: "Terms") -> None:
    """Say who must agree, who still can, and by when."""
    lacking = terms.lacking(asked.approving)
    for step, lack in zip(terms.quorum, lacking, strict=True):
        who = " or ".join(sorted(step.roles)).replace("_", " ")
        done = step.approvals - lack
        sign = ":material/check_circle:" if not lack else ":material/radio_button_unchecked:"
        st.markdown(f"{sign} {done} of {step.approvals} by {who}")
    if terms.order is Order.SEQUENCE:
        widgets.note("In this order.", icon="format_list_numbered")
    if terms.veto:
        who = " or ".join(sorted(terms.veto)).replace("_", " ")
        widgets.note(f"A rejection by {who} ends it at once.", icon="block")
    if asked.status is not Status.OPEN:
        return
    names = approvals.eligible(con, asked, terms=terms)
    can = ", ".join(names) or "nobody; an administrator has to give somebody the role"
    closes = words.moment(terms.closes_at(asked.requested_at))
    widgets.note(f"Can still vote: {can}. Undecided, it expires on {closes}.", icon="group")
    barred = ", ".join(sorted(asked.barred))
    widgets.note(f"Cannot decide, having a part in it: {barred}.", icon="person_off")


def votes(con: "Connection", asked: "Request") -> None:
    """Show the votes with their signatures."""
    st.subheader("Votes")
    for cast in asked.decisions:
        said = f": {words.said(cast.reason)}" if cast.reason else ""
        vote = cast.vote.replace("_", " ")
        st.markdown(f"**{cast.by}**, {vote}, {words.moment(cast.at)}{said}")
        for condition in cast.conditions:
            due = words.day(condition.due_at)
            widgets.note(
                f"{condition.severity} condition for {condition.owner} by {due}: {condition.text}",
                icon="assignment",
            )
        if cast.signature is not None:
            widgets.note(signing.line(con, cast.signature), icon="draw")
    if not asked.decisions:
        st.markdown("Nobody has voted yet.")


def differences(con: "Connection", asked: "Request") -> None:
    """Show what is not as it was when this model was last approved for this stage."""
    least = session.workspace().shown_from
    compared = approvals.since_last_approval(con, asked, shown_from=least)
    if compared is None:
        st.markdown(f"No version of this model was approved for {asked.to} before.")
        return
    before, found = compared
    said = "Nothing differs" if not found else f"{len(found)} things differ"
    when = words.moment(before.last_at)
    st.markdown(f"{said} from {before.version_id}, approved by {before.id} on {when}.")
    if found:
        alt = "What differs from the version that was approved before"
        _table(asked, found, name="differences", alt=alt)


def _table(asked: "Request", found: "Sequence[Difference]", *, name: str, alt: str) -> None:
    rows = [{"what": d.what, "before": d.before, "now": d.after} for d in found]
    widgets.table(rows, name=f"{asked.id}_{name}", alt=alt)


def discussion(con: "Connection", asked: "Request", actor: "Actor") -> None:
    """Show what was said, and let somebody say more."""
    for comment in kept.comments(con, asked.id):
        st.markdown(f"**{comment.author}**, {words.moment(comment.at)}")
        st.markdown(words.said(comment.text))
    key = f"comment_{asked.id}"
    text = st.text_area(
        "Say something",
        key=widgets.field(key),
        placeholder="@name mentions somebody",
        max_chars=4000,
    )
    if st.button("Send", key=f"send_{asked.id}", disabled=not text.strip()):
        with widgets.refusals():
            approvals.comment(session.workspace(), asked.id, text, by=actor, at=session.now())
            widgets.finish(f"Your comment on {asked.id} is kept.", empty=[key])
