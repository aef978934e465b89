"""What the tabs of the Model page show, each on its own: why, what, on what data, how it does."""

from typing import TYPE_CHECKING

import streamlit as st

from app import asking, findings, session, widgets
from lifecycle.charts import records, tables, wording
from lifecycle.domain.actor import Permission
from lifecycle.domain.finding import Progress
from lifecycle.services import withholding
from lifecycle.store import approvals as kept
from lifecycle.store import audit, datasets, evidence, requests

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lifecycle.domain.model import Model, Version
    from lifecycle.domain.usecase import UseCase
    from lifecycle.services.portfolio import InventoryRow
    from lifecycle.store.connection import Connection

TRAIL = 100
"""Newest events on this page; the Audit page has all."""


def summary(model: "Model", case: "UseCase", rows: "Sequence[InventoryRow]") -> None:
    """Say what it is for, why its tier is what it is, and what is missing about it."""
    facts = {
        "purpose": model.purpose,
        "intended use": model.intended_use or "not filled",
        "out of scope": model.out_of_scope or "not filled",
        "problem": case.problem,
        "who is affected": case.affected or "not filled",
        "owner, sponsor": f"{model.owner}, {case.sponsor}",
        "mode": str(case.mode),
        "kind, task": f"{model.kind}, {model.task}",
        "value a year": "not filled"
        if case.value is None
        else f"{case.currency} {case.value:,.0f}",
        "targets": "; ".join(f"{k.name} {wording.number(k.target)} {k.unit}" for k in case.kpis)
        or "not filled",
    }
    widgets.facts(facts, alt="What the model is for")
    st.markdown(f"**Risk tier {case.tier}**, from questionnaire {case.questionnaire}, because:")
    st.markdown("\n".join(f"- {driver}" for driver in records.drivers(case)))
    for row in rows:
        if row.missing:
            lacks = ", ".join(row.missing)
            widgets.note(f"{row.version_id or row.model_id} lacks {lacks}", icon="edit_note")


def versions(model: "Model", known: "Sequence[Version]") -> None:
    """Show all versions with their lineage."""
    found = records.versions(known)
    widgets.table(found, name="versions", alt="Versions and their lineage")
    if not found:
        widgets.empty(
            "No version is registered yet",
            hint=f"`lifecycle version add {model.id} --help` shows how.",
        )


def data(con: "Connection", known: "Sequence[Version]") -> None:
    """Show the snapshots its versions stand on, and their columns."""
    ids = dict.fromkeys(s for v in known for s in (v.reference, v.training) if s)
    snapshots = {s: datasets.snapshot(con, s) for s in ids}
    if not snapshots:
        widgets.empty("No snapshot is linked", hint="`lifecycle dataset add --help` shows how.")
        return
    pairs = [(datasets.get(con, s.dataset_id), s) for s in snapshots.values()]
    widgets.table(records.snapshots(pairs), name="snapshots", alt="Snapshots behind the versions")
    chosen = st.selectbox("Columns of", list(snapshots), key="snapshot", bind="query-params")
    columns = records.columns(snapshots.get(str(chosen), pairs[0][1]))
    widgets.table(columns, name="columns", alt="Columns and their roles")


def proof(con: "Connection", model: "Model", known: "Sequence[Version]") -> None:
    """Show all evidence, and the measurements of one record."""
    kept = {e.id: e for v in known for e in evidence.of_version(con, v.id)}
    if not kept:
        hint = f"`lifecycle assess {model.id} VERSION --snapshot … --plan …` makes it."
        widgets.empty("No evidence yet", hint=hint)
        return
    widgets.table(records.evidence(kept.values()), name="evidence", alt="Evidence, newest first")
    # Without names of their own, so that `?evidence=` takes the number that gates and reports say.
    chosen = st.selectbox("Measurements of", list(kept), key="evidence", bind="query-params")
    found = kept.get(str(chosen)) or next(iter(kept.values()))
    seen = withholding.shown(found, shown_from=session.workspace().shown_from)
    on = f" on {found.snapshot_id}" if found.snapshot_id else ""
    widgets.note(
        f"{found.purpose.capitalize()} of {found.version_id}{on}, "
        f"{wording.moment(found.created_at)} by {found.created_by}",
        icon="verified",
    )
    st.code(f"{found.id}  SHA-256 {found.sha256}", language=None)
    widgets.table(tables.rows(seen), name="measured", alt="Its measurements")


def approvals(
    con: "Connection", model: "Model", case: "UseCase", known: "Sequence[Version]"
) -> None:
    """Show what is left to be done, the requests to move its versions, and let somebody ask."""
    left = [finding for v in known for finding in kept.findings(con, version_id=v.id)]
    owed = [finding for finding in left if finding.status is not Progress.CLOSED]
    owed.sort(key=lambda finding: finding.due_at)
    findings.show(owed, session.actor(), at=session.now())
    asking.form(con, case, known)
    found = [r for v in known for r in requests.every(con, version_id=v.id)]
    if not found:
        hint = f"`lifecycle request {model.id} VERSION --to STAGE --reason …` asks."
        widgets.empty("No approval was asked for yet", hint=hint)
        return
    widgets.note("Select a row to open its request.")
    alt = "Requests and their votes"
    row = widgets.table(records.requests(found), name="requests", alt=alt, select=True)
    if row is not None:
        label = f"Open {found[row].id}"
        widgets.link("approvals", label=label, icon="approval", request=found[row].id)


def trail(con: "Connection", model: "Model", known: "Sequence[Version]") -> None:
    """Show the newest links of the audit trail that name the model, to those who may read it."""
    if not session.may(Permission.READ_TRAIL):
        widgets.note("Your roles do not include the audit trail; an auditor can read it.")
        return
    found = audit.search(con, text=model.id, limit=TRAIL)
    own = {f"model:{model.id}", f"usecase:{model.use_case_id}"}
    own |= {f"version:{version.id}" for version in known}
    asked = {f"request:{r.id}" for v in known for r in requests.every(con, version_id=v.id)}
    mine = [link for link in found if link.event.subject in own | asked]
    widgets.table(records.events(mine), name="trail", alt="Newest audit events of this model")
    widgets.link("audit", label="The whole trail", icon="fact_check", text=model.id)
    widgets.link("audit", label="As of a date", icon="history", tab="As of", model=model.id)
