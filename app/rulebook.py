"""Policies as people read them: gates, differences, what another wording would do, publishing."""

from typing import TYPE_CHECKING, Any

import streamlit as st

from app import session, widgets, words
from lifecycle.charts import wording
from lifecycle.domain.actor import Permission
from lifecycle.domain.model import Stage
from lifecycle.domain.policy_difference import Direction, differences
from lifecycle.domain.usecase import Tier
from lifecycle.services import policies

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lifecycle.domain.actor import Actor
    from lifecycle.domain.policy import Policy
    from lifecycle.domain.terms import Terms
    from lifecycle.services.policies import Trial
    from lifecycle.store.policies import Published
    from lifecycle.store.policy_drafts import Draft

WAYS = {
    Direction.STRICTER: "▲ stricter",
    Direction.LOOSER: "▼ looser",
    Direction.OTHER: "· other",
}


def text_of(policy: "Policy") -> str:
    """Return a policy as the YAML that would make it again."""
    return policies.written(policy)


def gates(policy: "Policy") -> None:
    """Show every gate: what is asked, by whom it is decided, how long that holds."""
    rows = [
        {
            "tier": tier.value,
            "gate to": stage.value,
            "rules": len(gate.rules),
            "blocking": ", ".join(r.id for r in gate.rules if r.blocking),
            "advice": ", ".join(r.id for r in gate.rules if not r.blocking),
            "decided by": _quorum(gate.terms),
            "holds": _days(gate.terms.valid_days),
            "in an emergency": _override(gate.terms),
            "without its ground": ", ".join(f"{c}: {e}" for c, e in gate.terms.stale.items()),
        }
        for tier in Tier
        for stage in Stage
        if (gate := policy.gates.get(tier, {}).get(stage)) is not None
    ]
    if rows:
        widgets.table(rows, name="gates", alt=f"The gates of policy {policy.label}")
    else:
        st.markdown("It has no gate, so nothing may go forward under it.")


def difference(before: "Policy", after: "Policy") -> None:
    """Show what two policies say differently, and which way each difference goes."""
    changes = differences(before, after)
    if not changes:
        st.markdown(words.said(f"{after.label} says what {before.label} says."))
        return
    count = {way: sum(c.direction is way for c in changes) for way in Direction}
    st.markdown(
        f"{wording.counted(len(changes), 'difference')} from {words.said(before.label)}: "
        f"{count[Direction.STRICTER]} stricter, {count[Direction.LOOSER]} looser, "
        f"{count[Direction.OTHER]} neither."
    )
    rows = [
        {"where": c.where, "before": c.before, "now": c.after, "direction": WAYS[c.direction]}
        for c in changes
    ]
    name = f"difference_{after.name}_{after.version}"
    widgets.table(rows, name=name, alt="What two versions of a policy say differently")


def draft(kept: "Draft", history: "Sequence[Published]", actor: "Actor") -> None:
    """Show a draft with its difference, and let people try it, publish it or drop it."""
    policy = policies.read(kept.text)
    label = f"{kept.name} {kept.version}"
    with st.container(border=True):
        authors = ", ".join(kept.authors)
        st.markdown(
            f"**{words.said(label)}**, written by {authors}, {words.moment(kept.changed_at)}"
        )
        force = next((h.policy for h in history if h.in_force and h.policy.name == kept.name), None)
        if force is not None:
            difference(force, policy)
        key = f"{kept.name}_{kept.version}"
        if st.button("What would change", key=f"try_{key}"):
            _try(kept.text, actor)
        if not actor.may(Permission.RULE):
            return
        if actor.name in kept.authors:
            widgets.note("You wrote on it, so a second person publishes it.", icon="lock")
        elif st.button("Publish", type="primary", key=f"publish_{key}"):
            with widgets.refusals():
                policies.publish(
                    session.workspace(),
                    kept.name,
                    kept.version,
                    seen=kept.sha256,
                    by=actor,
                    at=session.now(),
                )
                widgets.finish(f"Policy {label} is in force.")
        why = st.text_input("Why it is dropped", key=f"why_{key}", max_chars=1000)
        if st.button("Drop the draft", key=f"drop_{key}", disabled=not why.strip()):
            with widgets.refusals():
                policies.discard(
                    session.workspace(),
                    kept.name,
                    kept.version,
                    reason=why,
                    by=actor,
                    at=session.now(),
                )
                widgets.finish(f"The draft {label} is dropped.")


def editor(start: "Policy", actor: "Actor") -> None:
    """Let somebody write the next version, beginning with the one shown."""
    field = f"yaml_{start.label}"
    text = st.text_area(
        "YAML",
        text_of(start),
        height=360,
        key=widgets.field(field),
        persist_state="session",
        help="Give it a new version; what is published never changes.",
    )
    with st.container(horizontal=True):
        tried = st.button("What would change", key="try_text")
        save = st.button("Keep as draft", type="primary", key="save_draft")
    if tried:
        _try(text, actor)
    if save:
        with widgets.refusals():
            kept = policies.draft(session.workspace(), text, by=actor, at=session.now())
            said = f"{kept.name} {kept.version} waits for a second person."
            widgets.finish(said, empty=[field])


def _try(text: str, actor: "Actor") -> None:
    with widgets.refusals(kept="Nothing was tried."), st.spinner("Judging every version"):
        _shifts(policies.what_if(session.workspace(), text, by=actor, at=session.now()))


def _shifts(trial: "Trial") -> None:
    st.markdown(
        words.said(
            f"Under {trial.policy} instead of {trial.against}, {trial.shifted} of "
            f"{trial.versions} versions would be judged differently."
        )
    )
    widgets.note("Each is judged at the gates it came through and at its next.")
    rows: list[dict[str, Any]] = [
        {
            "version": s.version_id,
            "tier": s.tier,
            "stage": s.stage.value,
            "gate to": s.to.value,
            "now": words.cell(s.before) if s.before else "no gate",
            "would be": words.cell(s.after) if s.after else "no gate",
            "why": "; ".join(s.reasons),
        }
        for s in trial.shifts
    ]
    if rows:
        alt = "Versions that would be judged differently"
        widgets.table(rows, name=f"trial_{trial.policy}", alt=alt)


def _quorum(terms: "Terms") -> str:
    steps = [f"{s.approvals} by {' or '.join(sorted(s.roles))}" for s in terms.quorum]
    joint = ", then " if terms.order == "sequence" else " and "
    return joint.join(steps).replace("_", " ")


def _override(terms: "Terms") -> str:
    if terms.override is None:
        return "no override"
    who = " or ".join(sorted(terms.override.roles)).replace("_", " ")
    return f"{terms.override.approvals} by {who}, review in {terms.override.review_days:g} days"


def _days(days: float | None) -> str:
    return "no end" if days is None else f"{days:g} days"
