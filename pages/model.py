"""Model: everything about one model."""

import streamlit as st

from app import assurance_tabs, card_tab, model_tabs, monitoring_tab, session, widgets, words
from lifecycle.charts import lives, records
from lifecycle.charts.theme import Mark
from lifecycle.domain.measurement import SEVERITY, State
from lifecycle.domain.model import Stage
from lifecycle.services import portfolio
from lifecycle.store import models, usecases

if not models.every(session.cursor()):
    widgets.header("Model", question="Everything about one model")
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
approval = next((r.approval for r in rows if r.stage is Stage.PRODUCTION), None)
if approval is not None:
    said = words.said(f"The approval by {approval.request_id} {approval.sentence}.")
    widgets.note(said, icon="verified" if approval.holds else "gpp_bad")

# Then its life.
events = portfolio.timeline(con, model.id)
marks = [Mark(event.at, event.sentence, lives.lane(event.kind)) for event in events]
title = lives.life_message(marks)
happened = [{"at (UTC)": e.at, "what": e.sentence, "who": e.by, "why": e.reason} for e in events]
widgets.chart(lives.life(marks, title=title), name="life", alt=title, rows=happened)

# Then the detail, one tab at a time.
drawn = {
    "Summary": lambda: model_tabs.summary(model, case, rows),
    "Versions": lambda: model_tabs.versions(model, known),
    "Data": lambda: model_tabs.data(con, known),
    "Evidence": lambda: model_tabs.proof(con, model, known),
    "Monitoring": lambda: monitoring_tab.show(con, model, known),
    "Fairness": lambda: assurance_tabs.fairness(con, model, known),
    "Explanations": lambda: assurance_tabs.explanations(con, model, known),
    "Validation": lambda: assurance_tabs.validation(con, model, known),
    "Approvals": lambda: model_tabs.approvals(con, model, case, known),
    "Card": lambda: card_tab.card(model, known),
    "Audit": lambda: model_tabs.trail(con, model, known),
}
tabs = st.tabs(list(drawn), key="tab", bind="query-params")
for tab, draw in zip(tabs, drawn.values(), strict=True):
    if tab.open:
        with tab:
            draw()
