"""Alerts, channels and incidents over HTTP."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest

from lifecycle.domain.actor import Actor, Role
from lifecycle.domain.alert import AlertRule
from lifecycle.domain.measurement import Measurement, State, Window
from lifecycle.domain.model import Columns, Model, ModelKind, Stage, Task, Version
from lifecycle.domain.usecase import Tier, UseCase
from lifecycle.services import alerting
from lifecycle.store import measurements, models, usecases

NOW = datetime.now(UTC)
SYSTEM = Actor("dev", frozenset({Role.DEVELOPER}))


numbers = count(1)


@dataclass
class Alarm:
    """An alert about a model that no other test looks at."""

    model: str
    alert: str


@pytest.fixture
def alarm(built):
    """Raise an alert about the performance of a model of its own."""
    workspace, _ = built
    name = f"alarming-{next(numbers)}"
    start = NOW.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=14)
    windows = [Window(start + timedelta(7 * i), start + timedelta(7 * i + 7)) for i in range(2)]
    given = [Measurement("roc_auc", 0.6, State.BREACH, window=w, limit=0.8, n=900) for w in windows]
    case = UseCase(name, "Lend", "Who repays?", "olga", "sam", NOW, Tier.LIMITED, "1", {})
    with workspace.transaction() as tx:
        usecases.add(tx, case)
        models.add(
            tx,
            Model(
                id=name,
                use_case_id=name,
                name="Scorecard",
                kind=ModelKind.PREDICTIVE,
                task=Task.BINARY,
                owner="olga",
                purpose="rank",
                created_at=NOW,
            ),
        )
        version = Version(name, "1", Stage.PRODUCTION, "dev", NOW, Columns(target="bad"))
        models.add_version(tx, version)
        measurements.replace(tx, version.id, given, windows=None)
        rule = AlertRule(owner="dev", runbook="https://runbooks.example/auc")
        (raised,) = alerting.update(tx, version.id, rule=rule, by=SYSTEM, at=NOW)
    return Alarm(name, raised.id)


def test_an_alert_is_listed_with_its_words_and_taken_on(caller, alarm):
    dev, vic = caller("dev"), caller("vic")

    (listed,) = vic("GET", "/alerts", params={"model": alarm.model}).json()["items"]
    assert (listed["severity"], listed["cause"], listed["status"]) == (
        "critical",
        "performance",
        "open",
    )
    assert listed["title"] == f"Critical: {alarm.model}/1, performance is beyond its limit"
    assert listed["rule"]["runbook"] == "https://runbooks.example/auc"
    assert listed["signals"][0]["severity"] == "critical"
    refused = vic("POST", f"/alerts/{alarm.alert}/acknowledgement", json={})
    assert refused.status_code == 403
    taken = dev("POST", f"/alerts/{alarm.alert}/acknowledgement", json={"reason": "on it"})
    assert (taken.status_code, taken.json()["acknowledged_by"]) == (200, "dev")
    twice = dev("POST", f"/alerts/{alarm.alert}/acknowledgement", json={})
    assert (twice.status_code, twice.json()["title"]) == (409, "Conflict")


def test_a_list_of_alerts_says_how_many_there_are_in_all(caller, alarm, workspace):
    more = """
        INSERT INTO alert SELECT * EXCLUDE (i) REPLACE (id || '-' || i AS id)
        FROM alert, range(1100) AS numbers (i) WHERE id = $id
    """
    with workspace.transaction() as tx:
        tx.execute(more, {"id": alarm.alert})

    asked = {"model": alarm.model, "limit": 2, "offset": 1101}
    found = caller("vic")("GET", "/alerts", params=asked).json()
    with workspace.transaction() as tx:
        tx.execute("DELETE FROM alert WHERE starts_with(id, $id || '-')", {"id": alarm.alert})

    assert (found["total"], found["items"]) == (1101, [])


def test_measurements_of_small_groups_are_given_to_nobody(caller, alarm, workspace, monkeypatch):
    window = Window(NOW - timedelta(days=7), NOW)
    given = [
        Measurement("selection_rate", 0.5, State.OK, slice={"sex": g}, window=window, n=n)
        for g, n in (("F", 900), ("M", 700), ("X", 12))
    ]
    with workspace.transaction() as tx:
        measurements.replace(tx, f"{alarm.model}/1", given, windows=None)

    def asked():
        path = f"/models/{alarm.model}/versions/1/measurements"
        found = caller("vic")("GET", path).json()["measurements"]
        return {m["slice"]["sex"]: m["value"] for m in found}

    assert asked() == {"F": 0.5, "M": 0.5, "X": 0.5}
    monkeypatch.setattr(workspace, "shown_from", 20)
    assert asked() == {"F": 0.5, "M": None, "X": None}


def test_an_alert_is_assigned_snoozed_judged_and_resolved(caller, alarm):
    dev = caller("dev")
    given = dev("PUT", f"/alerts/{alarm.alert}/owner", json={"owner": "val"}).json()
    assert given["owner"] == "val"
    until = (datetime.now(UTC) + timedelta(days=2)).isoformat()
    asleep = dev("POST", f"/alerts/{alarm.alert}/snooze", json={"until": until, "reason": "fixing"})
    assert asleep.json()["status"] == "snoozed"
    naive = dev(
        "POST", f"/alerts/{alarm.alert}/snooze", json={"until": "2030-01-01", "reason": "x"}
    )
    assert naive.status_code == 422
    said = dev("POST", f"/alerts/{alarm.alert}/verdict", json={"real": True}).json()
    assert (said["real"], said["judged_by"]) == (True, "dev")
    rules = dev("GET", "/alerts/precision").json()["items"]
    found = next(rule for rule in rules if rule["version_id"] == f"{alarm.model}/1")
    assert (found["statistic"], found["real"], found["judged"]) == ("roc_auc", 1, 1)
    assert found["share"]["value"] == 1.0
    ended = dev("POST", f"/alerts/{alarm.alert}/resolution", json={"reason": "retrained"})
    assert ended.json()["status"] == "resolved"
    missing = dev("GET", "/alerts/alert-999")
    assert missing.status_code == 404


def test_a_channel_is_set_up_by_an_administrator_and_its_secret_never_comes_back(caller, built):
    adm, dev = caller("adm"), caller("dev")
    address = "https://hooks.example.org/in?token=s3cret"
    body = {"name": "hook", "kind": "webhook", "address": address, "least": "critical"}
    assert dev("POST", "/channels", json=body).status_code == 403
    made = adm("POST", "/channels", json=body)
    assert made.status_code == 201, made.text
    assert len(made.json()["secret"]) > 40

    listed = dev("GET", "/channels")

    assert listed.json()["items"][0]["hint"] == "https://hooks.example.org"
    assert listed.json()["items"][0]["least"] == "critical"
    for word in ("s3cret", made.json()["secret"], "sealed"):
        assert word not in listed.text
    off = adm("PUT", "/channels/hook", json={"active": False})
    assert off.json()["active"] is False
    assert adm("POST", "/channels/hook/test").status_code == 422
    assert adm("DELETE", "/channels/hook").json()["name"] == "hook"


def test_messages_are_sent_on_request_and_tell_their_attempts(caller, built):
    workspace, _ = built
    adm, dev, vic = caller("adm"), caller("dev"), caller("vic")
    adm("POST", "/channels", json={"name": "note", "kind": "file"})
    queued = adm("POST", "/channels/note/test")
    assert queued.status_code == 202, queued.text
    assert vic("POST", "/messages/delivery").status_code == 403

    done = dev("POST", "/messages/delivery").json()["items"]

    sent = next(one for one in done if one["id"] == queued.json()["id"])
    assert (sent["state"], sent["channel"]) == ("sent", "note")
    found = dev("GET", f"/messages/{sent['id']}").json()
    assert [(t["ok"], t["detail"]) for t in found["tries"]] == [(True, "written to note.jsonl")]
    assert dev("GET", "/messages", params={"state": "dead"}).json()["items"] == []
    assert dev("POST", f"/messages/{sent['id']}/retry").status_code == 409
    assert (workspace.home / "messages" / "note.jsonl").is_file()


def test_an_incident_lives_over_http_and_a_second_person_closes_it(caller, alarm):
    dev, val = caller("dev"), caller("val")
    body = {"title": "Wrong refusals", "gravity": "critical", "alerts": [alarm.alert]}
    key = {"Idempotency-Key": f"incident of {alarm.alert}"}
    opened = dev("POST", "/incidents", json=body, headers=key)
    assert opened.status_code == 201, opened.text
    assert dev("POST", "/incidents", json=body, headers=key).json() == opened.json()
    path = f"/incidents/{opened.json()['id']}"
    for method, step, sent in (
        ("POST", "acknowledgement", {}),
        ("POST", "notes", {"text": "asked the bureau"}),
        ("POST", "containment", {"how": "rollback", "reason": "0 is live"}),
        ("PUT", "duty", {"duty": "eu-ai-act-general", "reason": "harm"}),
        ("PUT", "report", {"text": "authority, case 7"}),
        ("POST", "actions", {"text": "check units", "owner": "val", "due": "2027-01-01"}),
        ("POST", "resolution", {"text": "a unit changed"}),
        ("POST", "actions/1/completion", {}),
        ("POST", "links", {"alerts": [alarm.alert]}),
    ):
        answered = dev(method, f"{path}/{step}", json=sent)
        assert answered.is_success, answered.text
    refused = dev("POST", f"{path}/closure", json={"text": "fine"})
    assert (refused.status_code, refused.json()["title"]) == (403, "A second person must decide")
    closed = val("POST", f"{path}/closure", json={"text": "tests seen"}).json()
    assert (closed["state"], closed["closed_by"], closed["missing"]) == ("closed", "val", [])

    shown = val("GET", path).json()

    assert {clock["name"] for clock in shown["clocks"]} == {
        *("acknowledge", "contain", "resolve", "report"),
    }
    assert not any(clock["overdue"] for clock in shown["clocks"])
    assert shown["timeline"][-1]["action"] == "incident.close"
    assert val("POST", f"{path}/reopening", json={"text": "again"}).json()["state"] == "open"
    (listed,) = val("GET", "/incidents", params={"model": alarm.model, "state": "open"}).json()[
        "items"
    ]
    assert listed["id"] == opened.json()["id"]
    assert len(val("GET", "/incidents/duties").json()["items"]) == 3
