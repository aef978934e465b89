"""Model: everything about one model."""

import streamlit as st

from app import card_tab, model_tabs, monitoring_tab, session, widgets, words
from lifecycle.charts import lives, records
from lifecycle.charts.theme import Mark
from lifecycle.domain.actor import Permission
from lifecycle.domain.measurement import SEVERITY, State
from lifecycle.domain.model import Stage
from lifecycle.services import portfolio
from lifecycle.store import models, usecases

TABS = ("Summary", "Versions", "Data", "Evidence", "Monitoring", "Approvals", "Card", "Audit")

top = st.container()
model = widgets.pick_model()
con = session.cursor()
case = usecases.get(con, model.use_case_id)
known = widgets.newest_first(models.versions(con, model.id))
rows = [r for r in portfolio.inventory(con, at=session.now()) if r.model_id == model.id]
with top:
    widgets.header(model.name, question=model.purpose, simulated=case.simulated)

# First the answer: where it stands and how it does.
live = [version for version in known if version.stage is Stage.PRODUCTION]
standing = (
    f"version {live[0].name} is in production"
    if live
    else f"newest version {known[0].name} is {known[0].stage}"
    if known
    else "no version is registered yet"
)
health = min((row.health for row in rows), key=SEVERITY.index, default=State.NOT_APPLICABLE)
widgets.badge(health, f"{standing}; owner {model.owner}; risk tier **{case.tier}**.")
widgets.note(f"Tier {case.tier} because: {' '.join(records.drivers(case))}", icon="gavel")
last = max((row.last_prediction for row in rows if row.last_prediction), default=None)
review = min((row.next_review for row in rows if row.next_review), default=None)
due = "review overdue since" if any(row.review_due for row in rows) else "next review"
widgets.note(f"Last prediction {words.moment(last)}; {due} {words.day(review)}.")

# Then its life.
events = portfolio.timeline(con, model.id)
marks = [Mark(event.at, event.sentence, lives.lane(event.kind)) for event in events]
title = lives.life_message(marks)
happened = [{"at (UTC)": e.at, "what": e.sentence, "who": e.by, "why": e.reason} for e in events]
widgets.chart(lives.life(marks, title=title), name="life", alt=title, rows=happened)

# Then the detail, one tab at a time.
summary, versions, data, proof, monitoring, approvals, card, trail = st.tabs(
    TABS, key="tab", bind="query-params"
)
if summary.open:
    with summary:
        model_tabs.summary(model, case, rows)
if versions.open:
    with versions:
        model_tabs.versions(model, known)
if data.open:
    with data:
        model_tabs.data(con, known)
if proof.open:
    with proof:
        model_tabs.proof(con, model, known)
if monitoring.open:
    with monitoring:
        monitoring_tab.show(con, model, known)
if approvals.open:
    with approvals:
        model_tabs.approvals(con, model, case, known)
if card.open:
    with card:
        card_tab.card(model, known)
if trail.open:
    with trail:
        if session.may(Permission.READ_TRAIL):
            model_tabs.trail(con, model, known)
        else:
            widgets.note("Your roles do not include the audit trail; an auditor can read it.")
