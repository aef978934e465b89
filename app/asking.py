"""How somebody asks for a stage: which version, what the gate says of it now, and why."""

from typing import TYPE_CHECKING

import streamlit as st

from app import decisions, glass, session, widgets
from lifecycle.domain.actor import Permission
from lifecycle.domain.approval import Status
from lifecycle.domain.model import ARROWS, Stage
from lifecycle.domain.reach import UNIT
from lifecycle.services import approvals
from lifecycle.services.access.places import place_of
from lifecycle.store import policies, requests

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lifecycle.domain.model import Version
    from lifecycle.domain.policy import Gate
    from lifecycle.domain.usecase import UseCase
    from lifecycle.store.connection import Connection


def form(con: "Connection", case: "UseCase", known: "Sequence[Version]") -> None:
    """Let somebody who may ask for a stage do so, after the gate's answer rule by rule."""
    actor = session.actor()
    if not actor.may(Permission.REQUEST) or not actor.reach.covers(place_of(case)):
        return
    busy = {r.version_id: r for r in requests.every(con, status=Status.OPEN)}
    own = {name: r.id for name, r in busy.items() if r.requested_by == actor.name}
    with widgets.refusals():
        gates = policies.in_force(con, case.tags.get(UNIT, "")).gates.get(case.tier, {})
        able = [v for v in known if _ahead(v, gates)]
        _choose([v for v in able if v.id not in busy or v.id in own], gates, own)
        glass.form(known, gates)


def _choose(
    known: "Sequence[Version]", gates: "Mapping[Stage, Gate]", own: "Mapping[str, str]"
) -> None:
    free = {version.name: version for version in known}
    if not free:
        return
    st.subheader("Ask for a stage")
    left, right = st.columns(2)
    name = left.selectbox("Version", list(free), key="ask_version")
    version = free.get(str(name)) or next(iter(free.values()))
    label, key = f"From {version.stage} to", widgets.field(f"ask_to_{version.id}")

    def named(stage: Stage) -> str:
        return f"{stage}: renew its approval" if stage is version.stage else str(stage)

    to = right.selectbox(label, _ahead(version, gates), index=None, format_func=named, key=key)
    if to is None:
        widgets.note("Choose a stage to see what its gate says now.")
        return
    actor = session.actor()
    with widgets.refusals():
        report = approvals.gate(
            session.workspace(), version.model_id, version.name, to=to, by=actor, at=session.now()
        )
        decisions.gate(report, name=f"{version.model_id}_{version.name}_{to}_gate")
        if report.failing:
            widgets.note("You can ask all the same; it is approved once its gate passes.")
        earlier = own.get(version.id)
        if earlier:
            widgets.note(f"It takes the place of your own {earlier}, which is closed by it.")
        _send(version, to, gates[to], earlier=earlier)


def _ahead(version: "Version", gates: "Mapping[Stage, Gate]") -> list[Stage]:
    """Return the stages with a gate that a version can ask for, its own among them."""
    return [s for s in Stage if s in gates and (s is version.stage or s in ARROWS[version.stage])]


def _send(version: "Version", to: Stage, gate: "Gate", *, earlier: str | None) -> None:
    emergency = _emergency(version, gate)
    fields = [f"ask_{name}_{version.id}" for name in ("to", "why", "emergency")]
    reason = st.text_area("Why", key=widgets.field(fields[1]), max_chars=10_000)
    if st.button(f"Ask for {to}", key="ask", type="primary", icon=":material/send:"):
        asked = approvals.request(
            session.workspace(),
            version.model_id,
            version.name,
            to=to,
            reason=reason,
            emergency=emergency,
            supersedes=earlier,
            by=session.actor(),
            at=session.now(),
        )
        widgets.finish(f"{asked.id} asks to {asked.wish}.", empty=fields)


def _emergency(version: "Version", gate: "Gate") -> bool:
    """Offer an emergency change where the policy knows one, with what it costs."""
    override = gate.terms.override
    if override is None:
        return False
    who = " or ".join(sorted(override.roles)).replace("_", " ")
    return st.checkbox(
        "Emergency change: the gate need not pass",
        key=widgets.field(f"ask_emergency_{version.id}"),
        help=f"It takes {override.approvals} approvals by {who}, each with a fresh signature, and "
        f"a review by a second person within {override.review_days:g} days.",
    )
