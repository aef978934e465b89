"""Audit: who did what, when and why, what was true when, and whether the record can be believed."""

import streamlit as st

from app import proof, retention, trail, widgets
from lifecycle.domain.actor import Permission

TABS = ("Events", "Proof", "As of", "Retention")

widgets.header("Audit", question="Who did what, when and why, and can it be believed?")
widgets.require(Permission.READ_TRAIL)

# One tab at a time; which one it is stands in the address.
events, claims, then, kept = st.tabs(TABS, key="tab", bind="query-params")
if events.open:
    with events:
        trail.search()
if claims.open:
    with claims:
        proof.claims()
        proof.checkpoints()
        proof.export()
if then.open:
    with then:
        trail.as_of()
if kept.open:
    with kept:
        retention.show()
