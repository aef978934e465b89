"""What the Overview says of monitoring: alerts nobody has taken on, and what is beyond a limit."""

from typing import TYPE_CHECKING

import streamlit as st

from app import session, widgets, words
from lifecycle.domain.alert import Severity
from lifecycle.domain.measurement import State
from lifecycle.domain.raised_alert import gravest
from lifecycle.services import alerting, sentences
from lifecycle.services.alerting import wording

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lifecycle.domain.raised_alert import Alert
    from lifecycle.services.portfolio import Alarm

FEW = 3
"""Stories told per version; the table holds every measurement."""

MOST = 5
"""Alerts told one by one."""

SHOWN_AS = {Severity.CRITICAL: State.BREACH, Severity.WARNING: State.WARNING}


def alerts(waiting: "Sequence[Alert]") -> None:
    """List the alerts this person may take on, with the page that shows each."""
    st.subheader("Alerts nobody has taken on")
    if not waiting:
        st.markdown("No alert waits for you.")
    for alert in waiting[:MOST]:
        late = ", overdue" if alert.overdue(at=session.now()) else ""
        owner = f"owner {alert.owner}, to be taken on by {words.moment(alert.due)}{late}"
        said = f"**{alert.version_id}** {sentences.of_alert(alert)}; {owner}"
        widgets.badge(SHOWN_AS[alert.severity], said)
        with st.container(horizontal=True):
            widgets.link("alerts", label=f"Open {alert.id}", icon="notifications", alert=alert.id)
            worst = wording.measured_in(gravest(alert.firing or alert.signals))
            page, where = wording.place_of(alert.version_id, worst)
            widgets.link(page, label=page.capitalize(), icon="search", **where)
            if st.button("Take on", key=f"take_{alert.id}", icon=":material/front_hand:"):
                with widgets.refusals():
                    alerting.acknowledge(
                        session.workspace(), alert.id, by=session.actor(), at=session.now()
                    )
                    widgets.finish(f"You have taken on {alert.id}.")
    if len(waiting) > MOST:
        widgets.note(f"{len(waiting) - MOST} more wait.")


def alarms(found: "Sequence[Alarm]", *, counts: "Mapping[str, int]") -> None:
    """List what is beyond a limit now, by version, with the page that shows it.

    Parameters
    ----------
    counts
        How many limits of each version are crossed, whether or not all of them were found.
    """
    st.subheader("Beyond a limit now")
    if not found:
        st.markdown("Nothing that is monitored is beyond a limit.")
        return
    by_version: dict[str, list[Alarm]] = {}
    for alarm in found:
        by_version.setdefault(alarm.version_id, []).append(alarm)
    for version_id, mine in by_version.items():
        _version(version_id, mine, in_all=counts.get(version_id, len(mine)))
    rows = [
        {
            "version": a.version_id,
            "statistic": a.measured.statistic,
            "column": a.measured.column,
            "at (UTC)": a.at,
            "sentence": a.sentence,
        }
        for a in found
    ]
    total = max(sum(counts.values()), len(found))
    cut = len(found) < total
    label = f"The newest and worst {len(found)} of {total}" if cut else f"All {total}"
    if unnamed := [version for version in counts if version not in by_version]:
        widgets.note(f"Also beyond a limit, longer ago: {', '.join(unnamed)}.")
    with st.expander(f"{label} as a table"):
        alt = f"{label} measurements beyond a limit now"
        widgets.table(rows, name="alarms", alt=alt)


def _version(version_id: str, found: "list[Alarm]", *, in_all: int) -> None:
    # Several statistics of one column tell one story; the table has them all.
    told: dict[tuple[str, str | None], Alarm] = {}
    links: dict[str, dict[str, str]] = {}
    for alarm in found:
        page, where = wording.place_of(version_id, alarm.measured)
        told.setdefault((page, alarm.measured.column), alarm)
        links.setdefault(page, where)
    more = f", {in_all} measurements in all" if in_all > min(len(told), FEW) else ""
    widgets.badge(State.BREACH, f"**{version_id}**{more}")
    few = list(told.values())[:FEW]
    st.markdown("\n".join(f"- {words.said(alarm.sentence)}" for alarm in few))
    for page, where in links.items():
        widgets.link(page, label=f"{page.capitalize()} of {version_id}", icon="search", **where)
