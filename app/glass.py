"""How somebody starts what the gate refuses, in an emergency: a mark, a task and a pass."""

from typing import TYPE_CHECKING

import streamlit as st

from app import decisions, session, widgets, words
from lifecycle.services import approvals

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lifecycle.domain.model import Stage, Version
    from lifecycle.domain.policy import Gate


def form(known: "Sequence[Version]", gates: "Mapping[Stage, Gate]") -> None:
    """Offer to break the glass for a version whose start the gate refuses, where that is known."""
    judging = {v.name: gates.get(approvals.started_as(v.stage)) for v in known}
    able = {v.name: v for v in known if (gate := judging[v.name]) and gate.terms.override}
    if not able:
        return
    with st.expander("Start it although the gate refuses", icon=":material/e911_emergency:"):
        name = st.selectbox("Version", list(able), index=None, key="glass_version")
        if name is None:
            widgets.note("For an emergency. It leaves a mark in the trail and a task with a date.")
            return
        _break(able[str(name)])


def _break(version: "Version") -> None:
    workspace, actor, at = session.workspace(), session.actor(), session.now()
    model = version.model_id
    to = approvals.started_as(version.stage)
    answer = approvals.ask(workspace, model, version.name, to=to, by=actor, at=at)
    if answer.token:
        widgets.note(f"The gate lets {version.id} start; there is no glass to break.")
        return
    decisions.gate(answer.report, name=f"{model}_{version.name}_start")
    reason = st.text_area("Why it cannot wait", key=widgets.field("glass_why"), max_chars=10_000)
    answers = "I answer for this, and a second person will review it"
    sure = st.checkbox(answers, key=widgets.field("glass_sure"))
    if st.button("Break the glass", key="glass", disabled=not sure, icon=":material/warning:"):
        token, found = approvals.break_glass(
            workspace, model, version.name, reason=reason, by=actor, at=at
        )
        said = (
            f"{found.id} is yours to answer until {words.moment(found.due_at)}; a second person "
            "closes it. This pass for the deployer is good for ten minutes and shown this once."
        )
        widgets.finish(said, empty=["glass_why", "glass_sure"], once=token)
