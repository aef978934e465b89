"""Overview: what needs me, what is wrong, what changed."""

from collections.abc import Sequence

import streamlit as st

from app import session, widgets, words
from lifecycle.charts import lives
from lifecycle.domain.measurement import SEVERITY, State
from lifecycle.services import portfolio
from lifecycle.services.portfolio import Alarm, InventoryRow, Overview, QueueItem
from lifecycle.stats import catalogue
from lifecycle.stats.catalogue import Family

# Stories told per version; the table holds every measurement.
FEW = 3

# Where a breach is shown, and what its column is called in that page's address.
PAGES = dict.fromkeys(Family, ("performance", "column")) | {
    Family.DRIFT: ("drift", "column"),
    Family.QUALITY: ("drift", "column"),
    Family.FAIRNESS: ("fairness", "attribute"),
}
WAITS = {
    "decide": (State.UPCOMING, "Decide"),
    "own": (State.UPCOMING, "Follow"),
    "stale": (State.STALE, "Look"),
}


def queue(items: Sequence[QueueItem]) -> None:
    """List the requests this person may decide or has made."""
    st.subheader("Waits for you")
    if not items:
        st.markdown("Nothing: no open request is yours to decide.")
    for item in items:
        state, verb = WAITS[item.kind]
        changed = f" What it stands on changed: {', '.join(item.reasons)}." if item.reasons else ""
        widgets.badge(state, f"{item.sentence.rstrip('.')}.{changed}")
        label = f"{verb}: {item.request_id}, asked {words.day(item.at)}"
        widgets.link("approvals", label=label, icon="approval", request=item.request_id)


def wrong(alarms: Sequence[Alarm]) -> None:
    """List what is beyond a limit now, by version, with the page that shows it."""
    st.subheader("Beyond a limit now")
    if not alarms:
        st.markdown("Nothing that is monitored is beyond a limit.")
        return
    by_version: dict[str, list[Alarm]] = {}
    for alarm in alarms:
        by_version.setdefault(alarm.version_id, []).append(alarm)
    for version_id, found in by_version.items():
        model, _, version = version_id.partition("/")
        # Several statistics of one column tell one story; the table has them all.
        place = {a.statistic: PAGES[catalogue.get(a.statistic).family] for a in found}
        told = [*{(place[a.statistic], a.column): a for a in reversed(found)}.values()][::-1]
        more = f", {len(found)} measurements in all" if len(found) > min(len(told), FEW) else ""
        widgets.badge(State.BREACH, f"**{version_id}**{more}")
        st.markdown("\n".join(f"- {alarm.sentence}" for alarm in told[:FEW]))
        first = {place[alarm.statistic]: alarm for alarm in reversed(found)}
        for (page, key), alarm in first.items():
            where = {"statistic": alarm.statistic} | ({key: alarm.column} if alarm.column else {})
            label = f"{page.capitalize()} of {version_id}"
            widgets.link(page, label=label, icon="search", model=model, version=version, **where)
    rows = [
        {"version": a.version_id, "statistic": a.statistic, "column": a.column, "at (UTC)": a.at}
        | {"sentence": a.sentence}
        for a in alarms
    ]
    with st.expander(f"All {len(alarms)} as a table"):
        widgets.table(rows, name="alarms", alt="Everything beyond a limit now")


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
    queue(seen.queue)
    reviews(seen.reviews)
    health(seen)
with right:
    wrong(seen.alarms)
st.subheader("What changed in the last seven days")
changed = [
    {"at (UTC)": h.at, "what": h.sentence, "who": h.by, "why": h.reason or None}
    for h in seen.changed
]
widgets.table(changed, name="changed", alt="What changed in the last seven days")
