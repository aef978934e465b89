"""What channels hear of incidents: that one was opened, got graver, and is over."""

from datetime import timedelta

import pytest
from alarm_bench import after, series

from lifecycle.domain.alert import Severity
from lifecycle.domain.delivery import ChannelKind
from lifecycle.domain.incident import Containment
from lifecycle.domain.incident_clock import Gravity
from lifecycle.errors import Conflict, InvalidInput
from lifecycle.services import incidents
from lifecycle.services.alerting import channels
from lifecycle.store import deliveries

NOW = after(1)
HOUR = timedelta(hours=1)


@pytest.fixture
def opened(bench, dora, adm):
    """Open a minor incident where two channels listen, one of them to grave things only."""
    for name, least in (("all", Severity.WARNING), ("grave", Severity.CRITICAL)):
        channels.add(bench.ws, name, kind=ChannelKind.FILE, least=least, by=adm, at=NOW)
    bench.run(series("cc"))
    return incidents.open_incident(
        bench.ws,
        title="Wrong refusals",
        gravity=Gravity.MINOR,
        versions=["credit/1"],
        affected="about 200 applicants",
        by=dora,
        at=NOW + HOUR,
    )


def told(bench):
    found = deliveries.every(bench.ws.cursor(), subject="incident:incident-1")
    return sorted((d.created_at, d.message.topic, d.channel) for d in found)


def test_a_minor_incident_is_told_to_those_who_hear_of_warnings(bench, opened):
    ((at, topic, channel),) = told(bench)

    (delivery,) = deliveries.every(bench.ws.cursor(), subject="incident:incident-1")
    assert (at, topic, channel) == (NOW + HOUR, "incident.opened", "all")
    assert delivery.message.title == "Minor incident: Wrong refusals"
    assert "credit/1" in delivery.message.text
    assert "about 200 applicants" in delivery.message.text
    assert delivery.message.link == "/alerts?view=Incidents&incident=incident-1"
    assert delivery.message.facts["gravity"] == "minor"


def test_channels_hear_that_it_got_graver_and_not_that_it_got_milder(bench, opened, dora):
    ws, at = bench.ws, NOW + 2 * HOUR
    graver = incidents.regrade(
        ws, "incident-1", Gravity.CRITICAL, reason="refunds as well", by=dora, at=at
    )
    milder = incidents.regrade(
        ws, "incident-1", Gravity.MAJOR, reason="no refunds", by=dora, at=at + HOUR
    )

    assert (graver.gravity, milder.gravity) == (Gravity.CRITICAL, Gravity.MAJOR)
    assert told(bench)[1:] == [(at, "incident.worsened", name) for name in ("all", "grave")]


def test_a_grade_needs_a_reason_and_is_another_one(bench, opened, dora):
    with pytest.raises(Conflict, match="is minor already"):
        incidents.regrade(bench.ws, "incident-1", Gravity.MINOR, reason="r", by=dora, at=NOW)
    with pytest.raises(InvalidInput, match="give a reason"):
        incidents.regrade(bench.ws, "incident-1", Gravity.MAJOR, reason=" ", by=dora, at=NOW)
    assert len(told(bench)) == 1


def test_channels_hear_that_it_is_over(bench, opened, dora, val):
    ws, at = bench.ws, NOW + 2 * HOUR
    incidents.acknowledge(ws, "incident-1", by=dora, at=at)
    incidents.contain(ws, "incident-1", Containment.ROLLBACK, reason="r", by=dora, at=at)
    incidents.plan(ws, "incident-1", "check units", owner="val", due=at.date(), by=dora, at=at)
    incidents.resolve(ws, "incident-1", root_cause="a unit changed", by=dora, at=at)
    incidents.carry_out(ws, "incident-1", 1, by=val, at=at)

    incidents.close(ws, "incident-1", reason="checked", by=val, at=at + HOUR)

    assert told(bench)[1:] == [(at + HOUR, "incident.closed", "all")]
    (last,) = [
        d
        for d in deliveries.every(ws.cursor(), subject="incident:incident-1")
        if d.message.topic == "incident.closed"
    ]
    assert "Root cause: a unit changed" in last.message.text
