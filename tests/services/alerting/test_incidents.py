from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from alarm_bench import Bench, after, series

from lifecycle.domain.evidence import Evidence, Purpose
from lifecycle.domain.incident import Containment, IncidentState
from lifecycle.domain.incident_clock import Gravity
from lifecycle.domain.model import Columns, Stage, Version
from lifecycle.domain.written import read, written
from lifecycle.errors import Conflict, FourEyesViolation, InvalidInput, NotAllowed, NotFound
from lifecycle.services import alerting, incidents
from lifecycle.store import alerts, audit, evidence, models, people
from lifecycle.store import incidents as kept

NOW = after(1)
HOUR = timedelta(hours=1)


@pytest.fixture
def incident(bench, dora):
    bench.run(series("BB", statistic="roc_auc"))
    return incidents.open_incident(
        bench.ws,
        title="Wrong refusals",
        gravity=Gravity.CRITICAL,
        alert_ids=["alert-1"],
        affected="about 200 applicants",
        began_at=NOW - 7 * 24 * HOUR,
        by=dora,
        at=NOW + HOUR,
    )


def test_an_incident_opened_from_an_alert_is_about_its_version_and_seen_since_then(bench, incident):
    con = bench.ws.cursor()

    assert incident.versions == ("credit/1",)
    assert incident.detected_at == NOW
    assert alerts.get(con, "alert-1").incident == "incident-1"
    assert kept.get(con, "incident-1") == incident
    assert incidents.of_model(con, "credit") == [incident]
    assert incidents.of_model(con, "cred") == []


def test_a_life_of_an_incident_is_one_line_of_time_with_its_alerts(bench, incident, dora, val):
    ws, at = bench.ws, NOW + 2 * HOUR
    alerting.acknowledge(ws, "alert-1", by=dora, at=at)
    incidents.acknowledge(ws, "incident-1", by=dora, at=at)
    incidents.note(ws, "incident-1", "asked the bureau", by=val, at=at)
    incidents.contain(
        ws, "incident-1", Containment.ROLLBACK, reason="version 0 is live", by=dora, at=at
    )
    incidents.plan(
        ws, "incident-1", "check units", owner="val", due=date(2026, 3, 1), by=dora, at=at
    )
    incidents.classify(ws, "incident-1", "eu-ai-act-general", reason="harm", by=dora, at=at)
    incidents.report(ws, "incident-1", "authority, case 7", by=dora, at=at)
    incidents.resolve(ws, "incident-1", root_cause="a unit changed", by=dora, at=at)
    incidents.carry_out(ws, "incident-1", 1, by=val, at=at)
    con = ws.cursor()
    assert incidents.to_close(con, dora) == []
    assert [i.id for i in incidents.to_close(con, val)] == ["incident-1"]
    with pytest.raises(FourEyesViolation):
        incidents.close(ws, "incident-1", reason="fine", by=dora, at=at)
    closed = incidents.close(ws, "incident-1", reason="tests seen", by=val, at=at)

    told = [link.event.action for link in incidents.timeline(con, closed)]
    assert told[:3] == ["alert.open", "incident.open", "alert.acknowledge"]
    assert told[-2:] == ["incident.action_done", "incident.close"]
    assert kept.get(con, "incident-1") == closed
    assert kept.every(con, states={IncidentState.CLOSED}) == [closed]
    assert incidents.reopen(ws, "incident-1", reason="again", by=val, at=at).state == "open"


def test_the_clock_of_a_duty_to_report_is_data_with_a_source_and_a_date(bench, incident, dora):
    known = {duty.id: duty.days for duty in incidents.duties()}
    assert known == {
        "eu-ai-act-general": 15,
        "eu-ai-act-death": 10,
        "eu-ai-act-widespread": 2,
    }
    assert all(duty.source and duty.applies_from for duty in incidents.duties())
    aware = datetime(2026, 1, 20, 12, tzinfo=UTC)
    serious = incidents.classify(
        bench.ws,
        "incident-1",
        "eu-ai-act-widespread",
        aware_at=aware,
        reason="the grid was down",
        by=dora,
        at=aware + HOUR,
    )

    assert incidents.clocks(serious)[-1].due == datetime(2026, 1, 22, 12, tzinfo=UTC)
    assert (
        incidents.classify(
            bench.ws, "incident-1", None, reason="it was not us", by=dora, at=aware + HOUR
        ).duty
        is None
    )


def test_alerts_and_evidence_are_linked_later_if_there_are_such(bench, incident, dora):
    bench.run(series("BB", statistic="roc_auc"), series("cBB"))
    linked = incidents.link(bench.ws, "incident-1", alert_ids=["alert-2"], by=dora, at=NOW)

    assert linked.alerts == ("alert-1", "alert-2")
    assert alerts.get(bench.ws.cursor(), "alert-2").incident == "incident-1"
    with pytest.raises(NotFound):
        incidents.link(bench.ws, "incident-1", evidence_ids=["ev-none"], by=dora, at=NOW)


def test_what_is_about_another_version_is_not_linked(bench, incident, dora):
    about = Evidence("other/1", Purpose.PERFORMANCE, "snap", (), NOW, "dora")
    with bench.ws.transaction() as tx:
        version = Version("other", "1", Stage.PRODUCTION, "dora", NOW, Columns(target="y"))
        models.add(tx, replace(models.get(tx, "credit"), id="other"))
        models.add_version(tx, version)
        evidence.add(tx, about)
    Bench(bench.ws, "other/1").run(series("BB"))
    before = kept.get(bench.ws.cursor(), "incident-1")

    for given in ({"alert_ids": ["alert-2"]}, {"evidence_ids": [about.id]}):
        with pytest.raises(InvalidInput, match="is about other/1; incident-1 is about credit/1"):
            incidents.link(bench.ws, "incident-1", **given, by=dora, at=NOW)

    assert kept.get(bench.ws.cursor(), "incident-1") == before
    assert alerts.get(bench.ws.cursor(), "alert-2").incident is None


def test_an_alert_belongs_to_one_incident(bench, incident, dora):
    with pytest.raises(Conflict, match="alert-1 belongs to incident-1 already"):
        incidents.open_incident(bench.ws, title="t", alert_ids=["alert-1"], by=dora, at=NOW + HOUR)
    other = incidents.open_incident(
        bench.ws, title="t", versions=["credit/1"], by=dora, at=NOW + HOUR
    )

    with pytest.raises(Conflict, match="alert-1 belongs to incident-1 already"):
        incidents.link(bench.ws, other.id, alert_ids=["alert-1"], by=dora, at=NOW)
    same = incidents.link(bench.ws, "incident-1", alert_ids=["alert-1"], by=dora, at=NOW)

    assert same.alerts == ("alert-1",)


def test_nobody_closes_an_incident_as_the_second_through_a_token_that_somebody_else_made(
    bench, incident, val
):
    lent = replace(val, via="token", maker="dora")
    for step in (
        lambda: incidents.resolve(bench.ws, "incident-1", root_cause="r", by=lent, at=NOW),
        lambda: incidents.close(bench.ws, "incident-1", reason="fine", by=lent, at=NOW),
    ):
        with pytest.raises(NotAllowed, match="dora made this token"):
            step()

    assert kept.get(bench.ws.cursor(), "incident-1") == incident


def test_nothing_is_given_to_somebody_whose_account_is_closed(bench, incident, dora):
    with bench.ws.transaction() as tx:
        people.update(tx, replace(people.get(tx, "val"), active=False))

    with pytest.raises(Conflict, match="'val' is closed"):
        incidents.plan(bench.ws, "incident-1", "t", owner="val", due=NOW.date(), by=dora, at=NOW)
    with pytest.raises(Conflict, match="'val' is closed"):
        alerting.assign(bench.ws, "alert-1", "val", by=dora, at=NOW)


@pytest.mark.parametrize(
    ("given", "error", "sentence"),
    [
        ({"title": " "}, InvalidInput, "needs a title"),
        ({"versions": []}, InvalidInput, "at least one version"),
        ({"versions": ["credit/9"]}, NotFound, "credit/9"),
        ({"alert_ids": ["alert-9"]}, NotFound, "no alert"),
        ({"began_at": NOW + HOUR}, InvalidInput, "begins before it is seen"),
        ({"detected_at": NOW + HOUR}, InvalidInput, "before now"),
    ],
)
def test_an_incident_about_nothing_or_of_the_future_is_refused(bench, dora, given, error, sentence):
    wanted = {"title": "t", "versions": ["credit/1"]} | given
    with pytest.raises(error, match=sentence):
        incidents.open_incident(bench.ws, **wanted, by=dora, at=NOW)
    assert kept.every(bench.ws.cursor()) == []


def test_who_cannot_handle_incidents_changes_nothing(bench, incident, vera, adm):
    before = audit.head(bench.ws.cursor())
    for by in (vera, adm):
        for call in (
            lambda by=by: incidents.open_incident(
                bench.ws, title="t", versions=["credit/1"], by=by, at=NOW
            ),
            lambda by=by: incidents.acknowledge(bench.ws, "incident-1", by=by, at=NOW),
            lambda by=by: incidents.link(bench.ws, "incident-1", by=by, at=NOW),
            lambda by=by: incidents.plan(
                bench.ws, "incident-1", "t", owner="dora", due=NOW.date(), by=by, at=NOW
            ),
        ):
            with pytest.raises(NotAllowed, match="may not handle"):
                call()
        assert incidents.to_close(bench.ws.cursor(), by) == []
    assert audit.head(bench.ws.cursor()) == before


def test_actions_are_for_people_with_an_account_and_duties_for_known_classes(bench, incident, dora):
    with pytest.raises(NotFound, match="dorra"):
        incidents.plan(bench.ws, "incident-1", "t", owner="dorra", due=NOW.date(), by=dora, at=NOW)
    with pytest.raises(NotFound, match="did you mean 'eu-ai-act-death'"):
        incidents.classify(bench.ws, "incident-1", "eu-ai-act-dead", reason="r", by=dora, at=NOW)
    with pytest.raises(NotFound, match="did you mean 'incident-1'"):
        incidents.acknowledge(bench.ws, "incident-11", by=dora, at=NOW)


def test_times_are_written_and_read_back_and_others_refused(incident):
    assert read(type(incident), written(incident), where="the incident") == incident
    with pytest.raises(InvalidInput, match="opened_at of the incident must be a time"):
        read(type(incident), written(incident) | {"opened_at": "noon"}, where="the incident")
