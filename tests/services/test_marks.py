"""What happened to a model stands on every time axis: moves, new references and incidents."""

from datetime import timedelta

from tumour_life import AT

from app import marks
from lifecycle.domain.actor import Actor, Role
from lifecycle.domain.incident_clock import Gravity
from lifecycle.domain.model import Stage
from lifecycle.services import incidents, monitoring, registry
from lifecycle.services.alerting import wording
from lifecycle.store import alerts, models

OWNER = Actor("olga", frozenset({Role.RISK_OWNER, Role.DEVELOPER}))


def test_moves_new_references_and_incidents_are_marked_in_order_of_time(registered, ws, dev):
    monitoring.define(ws, "tumour", "1", by=dev, at=AT)
    rolling = {"kind": "rolling", "days": 14, "gap": 7}
    registry.move_version(
        ws, "tumour", "1", to=Stage.CANDIDATE, reason="ready", by=dev, at=AT + timedelta(days=1)
    )
    monitoring.define(ws, "tumour", "1", minimum=99, by=dev, at=AT + timedelta(days=2))
    monitoring.define(
        ws,
        "tumour",
        "1",
        reference=rolling,
        reason="the ward moved",
        by=dev,
        at=AT + timedelta(days=3),
    )
    incidents.open_incident(
        ws,
        title="Wrong ward",
        versions=["tumour/1"],
        gravity=Gravity.MAJOR,
        by=OWNER,
        at=AT + timedelta(days=4),
    )

    found = marks.of_version(ws.cursor(), models.version(ws.cursor(), "tumour", "1"))

    assert [mark.kind for mark in found] == ["deployment", "reference", "incident"]
    assert [(mark.at - AT).days for mark in found] == [1, 3, 4]
    moved, compared, opened = (mark.text for mark in found)
    assert "became candidate" in moved
    assert compared == "new reference: the ward moved"
    assert opened.endswith("Wrong ward")


def test_alerts_are_marked_where_they_were_raised(monitored, ws):
    raised = alerts.every(ws.cursor(), version_id="tumour/1")
    found = marks.of_version(ws.cursor(), models.version(ws.cursor(), "tumour", "1"))

    assert raised
    assert {(mark.at, mark.text) for mark in found if mark.kind == "alert"} == {
        (alert.opened_at, f"{alert.id}: {wording.WHAT[alert.cause]}") for alert in raised
    }
