"""Ways to narrow a gap: the frontier of accuracy against disparity, the job, and a new version."""

from typing import TYPE_CHECKING, Any

import streamlit as st

from app import session, widgets
from lifecycle.charts import thresholds, wording
from lifecycle.domain.actor import Permission
from lifecycle.services import mitigation, withholding
from lifecycle.stats import catalogue
from lifecycle.store import datasets, jobs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lifecycle.domain.evidence import Evidence
    from lifecycle.domain.model import Version
    from lifecycle.store.connection import Connection


def show(con: "Connection", version: "Version", *, shown_from: int) -> None:
    """Draw a frontier of a version, the newest unless one is chosen, and offer to measure one."""
    known = {one.id: one for one in mitigation.frontiers(con, version.id)}
    kept = next(iter(known.values()), None)
    if len(known) > 1:
        chosen = st.selectbox(
            "Frontier",
            list(known),
            format_func=lambda i: _label(known[i]),
            key="frontier",
            bind="query-params",
        )
        kept = known.get(str(chosen)) or kept
    if kept is None:
        hint = "The button below tries several ways on a snapshot and says what each costs."
        widgets.empty("No way to narrow a gap was tried yet", hint=hint)
    else:
        _frontier(kept, shown_from=shown_from)
        if session.actor().may(Permission.REGISTER):
            _register(kept)
    live = [j for j in jobs.every(con, live=True) if j.subject == f"version:{version.id}"]
    for job in live:
        widgets.badge(job.state, f"{job.id}: {job.note or 'waits for a worker'}")
        widgets.link("jobs", label=f"Follow {job.id}", icon="pending_actions", job=job.id)
    may = session.actor().may(Permission.ASSESS) and session.actor().may(Permission.READ_SENSITIVE)
    if not live and may:
        _start(con, version)


def _frontier(kept: "Evidence", *, shown_from: int) -> None:
    points = mitigation.points(kept)
    by_point = mitigation.measured(withholding.shown(kept, shown_from=shown_from))
    gap = catalogue.get(next(iter(by_point.values()))[1].statistic)
    title = thresholds.frontier_message(by_point)
    figure = thresholds.frontier(points, by_point, title=title, gap=gap.title)
    rows = [
        {
            "way": p["name"],
            "method": p["method"],
            "accuracy": wording.measured(by_point[p["name"]][0]),
            gap.title.lower(): wording.measured(by_point[p["name"]][1]),
            "legally sensitive": "yes" if p["legally_sensitive"] else "no",
            "runs as": mitigation.runs_as(p),
        }
        for p in points
    ]
    widgets.chart(figure, name="frontier", alt=title, rows=rows)
    widgets.note(
        f"Evidence `{kept.id}` of {wording.moment(kept.created_at)}, between the groups of "
        f"{by_point[str(points[0]['name'])][1].column}, seed {kept.method['seed']}; measured on "
        "four tenths of the rows, which no way learned from."
    )
    warned = next((str(p["legally_sensitive"]) for p in points if p["legally_sensitive"]), None)
    if warned:
        widgets.note(warned, icon="gavel")
    for told in mitigation.notices(kept):
        widgets.note(f"{told[:1].upper()}{told[1:]}.")

    _thresholds(points)


def _label(kept: "Evidence") -> str:
    _, gap = next(iter(mitigation.measured(kept.measurements).values()))
    what = catalogue.get(gap.statistic).title
    return f"{what} by {gap.column}, {wording.moment(kept.created_at)} ({kept.id})"


def _thresholds(points: "list[Mapping[str, Any]]") -> None:
    """List the steps of every rule that decides by group."""
    rows = [
        {
            "way": p["name"],
            "group": group,
            "decided positive": step["chance"],
            "above": step["above"],
        }
        for p in points
        for group, steps in (p.get("thresholds") or {}).items()
        for step in steps
    ]
    if rows:
        with st.expander("Thresholds by group"):
            widgets.table(rows, name="thresholds_by_group", alt="Thresholds by group of each rule")
            widgets.note(
                "A case is decided positive with the sum of the chances of all steps that its "
                "score is above; two steps with chances below 1 mean that some are drawn."
            )


def _register(kept: "Evidence") -> None:
    """Offer to register a point as a draft version, which goes through every gate."""
    with st.form("register_point", border=True):
        st.markdown("**Register a way as a draft version**")
        point = st.selectbox("Way", [str(p["name"]) for p in mitigation.points(kept)])
        key = widgets.field("narrowed_name")
        name = st.text_input("Name of the version", placeholder="2-narrowed", key=key)
        asked = st.form_submit_button("Register", icon=":material/add:")
    if asked and point:
        with widgets.refusals():
            made = mitigation.register(
                session.workspace(),
                kept.id,
                point=point,
                name=name,
                by=session.actor(),
                at=session.now(),
            )
            said = f"{made.id} is registered as a draft for every gate. {made.notes}"
            widgets.finish(said, empty=["narrowed_name"])


def _start(con: "Connection", version: "Version") -> None:
    """Offer to try the ways on a snapshot."""
    known = [s.id for s in datasets.snapshots(con)]
    first = [s for s in (version.reference, version.training) if s]
    choices, attributes = list(dict.fromkeys([*first, *known])), version.columns.sensitive
    if not choices or not attributes:
        return
    with st.form("mitigate", border=True):
        st.markdown("**Try ways to narrow a gap**")
        snapshot = st.selectbox("Snapshot", choices)
        attribute = st.selectbox("Between the groups of", attributes)
        constraint = st.selectbox("Gap", list(mitigation.DISPARITY))
        asked = st.form_submit_button("Try", type="primary", icon=":material/play_arrow:")
    if asked and snapshot and attribute and constraint:
        with widgets.refusals():
            job = mitigation.start(
                session.workspace(),
                version.model_id,
                version.name,
                snapshot=snapshot,
                attribute=attribute,
                constraint=constraint,
                by=session.actor(),
                at=session.now(),
            )
            widgets.finish(f"{job.id} tries them; this page shows what came of it.")
