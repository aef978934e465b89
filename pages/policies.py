"""Policies: what are the rules, how did they change, and what would another wording do."""

import streamlit as st

from app import rulebook, session, widgets, words
from lifecycle.domain.actor import Permission
from lifecycle.store import policies as published
from lifecycle.store import policy_drafts

widgets.header("Policies", question="What are the rules, and what would another wording change?")

# Query.
actor = session.actor()
con = session.cursor()
history = published.history(con)
drafts = policy_drafts.every(con)
if not history:
    widgets.empty("No policy is in force", hint="`lifecycle init` installs the shipped one.")
    st.stop()

# Pick: a version by its address (?policy=house 2); the one in force unless another is chosen.
known = {one.policy.label: one for one in history}
labels = list(known)
chosen = st.selectbox("Version", labels, key="policy", bind="query-params")
shown = known.get(str(chosen), history[0])
policy = shown.policy

# Draw: what it says, gate by gate.
state = ":green-badge[:material/check_circle: in force]"
if not shown.in_force:
    state = ":gray-badge[:material/history: superseded]"
unit = f", for the unit {words.said(policy.unit)}" if policy.unit else ""
st.markdown(
    f"{state} **{words.said(policy.label)}**{unit}, published by {shown.by} on "
    f"{words.moment(shown.at)}. {words.said(policy.description)}"
)
rulebook.gates(policy)
with st.expander("Its text and hash"):
    st.markdown(f"sha256 `{policy.sha256}`")
    st.code(rulebook.text_of(policy), language="yaml")

others = [label for label in labels if label != policy.label]
if others:
    st.subheader("Difference")
    with_what = st.selectbox("Compare with", others, key="with", bind="query-params")
    rulebook.difference(known[str(with_what)].policy, policy)

# Act: drafts are tried out, published by a second person, or dropped.
st.subheader(f"Drafts ({len(drafts)})")
for draft in drafts:
    rulebook.draft(draft, history, actor)
if not drafts:
    st.markdown("No draft waits for a second person.")
if actor.may(Permission.RULE):
    st.subheader("Write a draft")
    rulebook.editor(policy, actor)
else:
    widgets.note(
        "Administrators and risk owners write policies; everybody reads them.", icon="lock"
    )
