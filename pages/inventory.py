"""Inventory: what models and versions are there, and what is missing about them."""

from collections.abc import Sequence

import streamlit as st

from app import session, trail, widgets, words
from lifecycle.charts import wording
from lifecycle.domain.measurement import State
from lifecycle.domain.model import Stage
from lifecycle.domain.usecase import Tier
from lifecycle.services import portfolio
from lifecycle.services.portfolio import InventoryRow

COLUMNS = {
    "complete": st.column_config.ProgressColumn(format="percent", help="Fields its tier asks for"),
}


def filtered(rows: Sequence[InventoryRow]) -> list[InventoryRow]:
    """Let the person search and filter; every choice stands in the address."""
    first, second, third, fourth = st.columns([2, 1, 1, 1])
    text = first.text_input("Search", key="q", bind="query-params", placeholder="Any word")
    stages = second.multiselect("Stage", [*map(str, Stage)], key="stage", bind="query-params")
    tiers = third.multiselect("Risk tier", [*map(str, Tier)], key="tier", bind="query-params")
    states = fourth.multiselect("Health", [*map(str, State)], key="health", bind="query-params")
    wanted = text.lower().split()
    return [
        row
        for row in rows
        if all(word in searched(row) for word in wanted)
        and (not stages or row.stage in stages)
        and (not tiers or row.tier in tiers)
        and (not states or row.health in states)
    ]


def searched(row: InventoryRow) -> str:
    """Return the text a search looks at."""
    parts = (row.model_id, row.model, row.version, row.use_case, row.owner, row.sponsor, row.stage)
    return " ".join(str(part) for part in (*parts, row.kind, row.task, *row.missing)).lower()


def cells(row: InventoryRow) -> dict[str, object]:
    """Return one row of the table."""
    return {
        "model": row.model,
        "version": row.version,
        "stage": None if row.stage is None else str(row.stage),
        "tier": str(row.tier),
        "health": words.cell(row.health),
        "complete": row.completeness,
        "missing": ", ".join(row.missing) or None,
        "owner": row.owner,
        "use case": row.use_case,
        "last evidence (UTC)": row.last_evidence,
        "last prediction (UTC)": row.last_prediction,
        "approval": None if row.approval is None else str(row.approval.standing),
        "next review (UTC)": row.next_review,
        "kind": row.kind,
        "task": row.task,
        "value a year": row.value,
        "currency": row.currency,
        "records": "simulated" if row.simulated else "real",
        "id": row.version_id or row.model_id,
    }


def answer(rows: Sequence[InventoryRow]) -> str:
    """Say how much there is and how much of it is incomplete."""
    models = len({row.model_id for row in rows})
    named = sum(row.version is not None for row in rows)
    lacking = sum(bool(row.missing) for row in rows)
    said = f"{wording.counted(models, 'model')} with {wording.counted(named, 'version')}"
    incomplete = f"{lacking} of {wording.counted(len(rows), 'row')} lack fields their tier asks for"
    return f"{said}; {incomplete if lacking else 'nothing their tier asks for is missing'}."


widgets.header("Inventory", question="What do we have, and what is missing about it")
everything = portfolio.inventory(session.cursor(), at=session.now())
if not everything:
    hint = (
        "Start with `lifecycle usecase add --help`, then `lifecycle model add --help`; "
        "`lifecycle demo` builds a sample portfolio."
    )
    widgets.empty("No model is registered yet", hint=hint)
    st.stop()
# Another day is told by the trail; it knows stages, approvals and evidence, and no health.
day = st.date_input(
    "As of the end of (UTC)",
    value=None,
    max_value=session.now().date(),
    key="asof",
    bind="query-params",
    help="Leave it empty for now",
)
if day is not None:
    trail.told_on(day)
    st.stop()
st.markdown(f"**{answer(everything)}**")
shown = filtered(everything)
if not shown:
    hint = "Take a filter away; all of them are above."
    widgets.empty(f"None of {wording.counted(len(everything), 'row')} matches", hint=hint)
    st.stop()
widgets.note(f"{len(shown)} of {len(everything)} shown. Select a row to open its model.")
chosen = widgets.table(
    [cells(row) for row in shown],
    name="inventory",
    alt="Models and versions with stage, health and completeness",
    columns=COLUMNS,
    select=True,
)
if chosen is not None:
    st.switch_page(widgets.PAGES["model"], query_params={"model": shown[chosen].model_id})
