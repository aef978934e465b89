"""The card of a version on the Model page: shown, taken along, and written where people write."""

from typing import TYPE_CHECKING

import streamlit as st

from app import session, validation_asking, widgets
from lifecycle.charts import tables
from lifecycle.domain.actor import Permission
from lifecycle.domain.measurement import State
from lifecycle.services import reports
from lifecycle.services.reports import document
from lifecycle.services.reports import words as written

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lifecycle.domain.model import Model, Version


def card(model: "Model", known: "Sequence[Version]") -> None:
    """Show the card of one version, with its exports and a form for its written parts."""
    if not known:
        widgets.empty(
            "No version to write a card of", hint=f"`lifecycle version add {model.id} --help`."
        )
        return
    by_name = {version.name: version for version in known}
    chosen = st.selectbox("Card of version", list(by_name), key="card", bind="query-params")
    version = by_name.get(str(chosen)) or known[0]
    made = reports.card(
        session.workspace(), model.id, version.name, by=session.actor(), at=session.now()
    )
    audience = validation_asking.take_along(version, "card")
    for section in made.to(audience).sections:
        st.subheader(section.title)
        if section.stale:
            widgets.badge(State.STALE, section.stale)
        for number, block in enumerate(section.blocks):
            _show(block, name=f"{section.title}_{number}")
    if session.may(Permission.ASSESS):
        _write(version)


def _show(block: document.Block, *, name: str) -> None:
    if isinstance(block, document.Facts):
        facts = {key: written.text(value) for key, value in block.values.items()}
        widgets.facts(facts, alt=name.replace("_", " "))
    elif isinstance(block, document.Written):
        st.markdown(f"**{block.name}**")
        st.text(block.text)
        widgets.note(written.signed(block), icon="edit_note")
    elif isinstance(block, document.Measured):
        widgets.note(written.source(block), icon="verified")
        widgets.table(tables.rows(block.measurements), name=name, alt=written.source(block))
    elif isinstance(block, document.Sentences):
        for item in block.items:
            widgets.note(item)


def _write(version: "Version") -> None:
    with st.expander("Write a part by hand"), st.form("card_part"):
        part = st.selectbox("Part", list(reports.PARTS), format_func=reports.PARTS.__getitem__)
        text = st.text_area("Text", key=widgets.field("card_text"), max_chars=20_000)
        if st.form_submit_button("Keep", type="primary") and part:
            with widgets.refusals():
                kept = reports.write(
                    session.workspace(),
                    version.model_id,
                    version.name,
                    part,
                    text,
                    by=session.actor(),
                    at=session.now(),
                )
                told = f"Revision {kept.revision} of {reports.PARTS[part]} is kept."
                widgets.finish(told, empty=["card_text"])
