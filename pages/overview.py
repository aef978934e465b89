"""Overview: what needs me, what is wrong, what changed."""

from collections.abc import Sequence

import streamlit as st

from app import overview_parts, session, widgets, words
from lifecycle.charts import lives
from lifecycle.domain.measurement import SEVERITY, State
from lifecycle.domain.standing import Standing
from lifecycle.services import portfolio
from lifecycle.services.approvals import QueueItem, Task
from lifecycle.services.portfolio import InventoryRow, Overview

WAITS = {
    "decide": (State.UPCOMING, "Decide"),
    "own": (State.UPCOMING, "Follow"),
    "stale": (State.STALE, "Look"),
}


def queue(items: Sequence[QueueItem], tasks: Sequence[Task]) -> None:
    """List the requests this person may decide or has made, and what else they owe."""
    st.subheader("Waits for you")
    if not items and not tasks:
        st.markdown("Nothing: no open request is yours to decide, and you owe no answer.")
    for task in tasks:
        state = State.BREACH if task.overdue else State.UPCOMING
        late = "Overdue: " if task.overdue else ""
        widgets.badge(state, f"{late}{task.sentence}")
        if task.request_id:
            label = f"Open {task.request_id}"
            widgets.link("approvals", label=label, icon="task", request=task.request_id)
        else:
            model = task.version_id.partition("/")[0]
            label = f"Open {task.version_id}"
            widgets.link("model", label=label, icon="task", model=model, tab="Approvals")
    for item in items:
        state, verb = WAITS[item.kind]
        changed = f" What it stands on changed: {', '.join(item.reasons)}." if item.reasons else ""
        widgets.badge(state, f"{item.sentence.rstrip('.')}.{changed}")
        label = f"{verb}: {item.request_id}, asked {words.day(item.at)}"
        widgets.link("approvals", label=label, icon="approval", request=item.request_id)


def health(seen: Overview) -> None:
    """Draw models by tier and health."""
    title = lives.health_message(seen.health)
    rows = [
        {"tier": str(tier), "health": words.cell(state), "models": n}
        for (tier, state), n in seen.health.items()
    ]
    figure = lives.tier_by_health(seen.health, title=title)
    widgets.chart(figure, name="tier_by_health", alt=title, rows=rows)
    stages = (f"{n} {stage}" for stage, n in seen.stages.items())
    widgets.note(f"Versions by stage: {', '.join(stages)}.")


def unapproved(rows: Sequence[InventoryRow]) -> None:
    """List what runs on an approval that no longer holds; asked for anew, it moves nothing."""
    if rows:
        st.subheader("In production on an approval that no longer holds")
        widgets.note("A request for the stage it is in renews an approval.", icon="gpp_bad")
    for row in rows:
        if row.approval is not None:
            ended = row.approval.standing is Standing.EXPIRED
            since = row.approval.expires_at if ended else row.approval.changed_at
            label = f"{row.version_id}, {row.approval.standing} since {words.day(since)}"
            widgets.link("model", label=label, icon="event", model=row.model_id, tab="Approvals")


def reviews(due: Sequence[InventoryRow]) -> None:
    """List the versions whose review is due."""
    if due:
        st.subheader("Reviews overdue")
    for row in due:
        label = f"{row.version_id}, since {words.day(row.next_review)}"
        widgets.link("model", label=label, icon="event", model=row.model_id)


widgets.header("Overview", question="What needs you, what is wrong, what changed")
seen = portfolio.overview(session.cursor(), actor=session.actor(), at=session.now())
if not seen.models:
    hint = "`lifecycle demo` builds a sample; `lifecycle usecase add --help` starts your own."
    widgets.empty("No model is registered yet", hint=hint)
    st.stop()
worst = next((s for s in SEVERITY if any(state is s for _, state in seen.health)), State.OK)
money = ", ".join(f"{currency} {value:,.0f}" for currency, value in seen.at_risk.items())
at_stake = f" {money} of expected value a year depends on them." if money else ""
widgets.badge(worst, f"{lives.health_message(seen.health)}.{at_stake}")
left, right = st.columns(2, gap="large")
with left:
    queue(seen.queue, seen.tasks)
    overview_parts.alerts(seen.alerts)
    unapproved(seen.unapproved)
    running = {row.version_id for row in seen.unapproved}
    reviews([row for row in seen.reviews if row.version_id not in running])
    health(seen)
with right:
    overview_parts.alarms(seen.alarms, counts=seen.breaching)
st.subheader("What changed in the last seven days")
changed = [
    {"at (UTC)": h.at, "what": h.sentence, "who": h.by, "why": h.reason or None}
    for h in seen.changed
]
widgets.table(changed, name="changed", alt="What changed in the last seven days")
