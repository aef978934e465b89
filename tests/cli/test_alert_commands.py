"""Alerts, channels and incidents on the command line, with the exit codes of each step."""

import json
import os
from datetime import UTC, datetime, timedelta

import pytest

from lifecycle.cli import main
from lifecycle.domain.actor import Actor, Role
from lifecycle.domain.alert import AlertRule
from lifecycle.domain.measurement import Measurement, State, Window
from lifecycle.domain.model import Columns, Model, ModelKind, Stage, Task, Version
from lifecycle.services import alerting
from lifecycle.store import measurements, models
from lifecycle.store.connection import Workspace

NOW = datetime.now(UTC)
SYSTEM = Actor("dev", frozenset({Role.DEVELOPER}))


def furnish(workspace):
    """Put a version in place whose performance is beyond its limit, and raise the alert."""
    start = NOW.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=14)
    windows = [Window(start + timedelta(7 * i), start + timedelta(7 * i + 7)) for i in range(2)]
    given = [Measurement("roc_auc", 0.6, State.BREACH, window=w, limit=0.8, n=9) for w in windows]
    version = Version("credit", "1", Stage.PRODUCTION, "dev", NOW, Columns(target="bad"))
    with workspace.transaction() as tx:
        models.add(
            tx,
            Model(
                id="credit",
                use_case_id="lending",
                name="Scorecard",
                kind=ModelKind.PREDICTIVE,
                task=Task.BINARY,
                owner="olga",
                purpose="rank",
                created_at=NOW,
            ),
        )
        models.add_version(tx, version)
        measurements.replace(tx, version.id, given, windows=None)
        alerting.update(tx, version.id, rule=AlertRule(), by=SYSTEM, at=NOW)


@pytest.fixture
def run(capsys, monkeypatch, tmp_path):
    """Run a command on the workspace of this test; return code, JSON or text, and stderr."""
    for name in list(os.environ):
        if name.startswith("LIFECYCLE_"):
            monkeypatch.delenv(name)
    home = tmp_path / "home"
    monkeypatch.setenv("LIFECYCLE_HOME", str(home))
    with Workspace.create(home, at=NOW) as workspace:
        furnish(workspace)

    def command(*arguments, table=False):
        given = [str(a) for a in arguments]
        code = main(given if table else [*given, "--format", "json"])
        printed = capsys.readouterr()
        try:
            return code, json.loads(printed.out), printed.err
        except json.JSONDecodeError:
            return code, printed.out, printed.err

    return command


def test_a_critical_alert_nobody_is_on_makes_the_list_fail_until_somebody_is(run):
    code, listed, told = run("alert", "list")
    assert (code, listed["items"][0]["id"]) == (1, "alert-1")
    assert "critical, and nobody is on it: alert-1" in told

    code, taken, _ = run("alert", "ack", "alert-1", "--reason", "on it")
    assert (code, taken["status"]) == (0, "acknowledged")
    assert run("alert", "list")[0] == 0
    code, shown, _ = run("alert", "show", "alert-1")
    assert shown["signals"][0]["statistic"] == "roc_auc"
    assert run("alert", "ack", "alert-1")[0] == 5
    assert run("alert", "snooze", "alert-1", "--hours", 5, "--reason", "r")[1]["status"] == (
        "snoozed"
    )
    assert run("alert", "judge", "alert-1", "--false")[1]["real"] is False
    assert run("alert", "precision")[1]["items"][0]["real"] == 0
    assert "0" in run("alert", "precision", table=True)[1]
    assert run("alert", "assign", "alert-1", "nobody")[0] == 2
    assert run("alert", "resolve", "alert-1", "--reason", "retrained")[1]["status"] == "resolved"


def test_messages_leave_through_a_file_and_a_dead_address_says_so(run, tmp_path, monkeypatch):
    assert run("channel", "add", "note", "--kind", "file")[0] == 0
    assert run("channel", "test", "note")[1]["state"] == "queued"
    code, sent, _ = run("alert", "deliver")
    assert (code, [m["state"] for m in sent["items"]]) == (0, ["sent"])
    address = tmp_path / "address"
    address.write_text("http://127.0.0.1:1/hook\n")
    _, made, _ = run("channel", "add", "h", "--kind", "webhook", "--address-from", address)
    assert made["secret"]
    assert made["hint"] == "http://127.0.0.1:1"
    run("channel", "test", "h")
    code, _, told = run("alert", "deliver")
    assert (code, "not delivered: message-2" in told) == (1, True)
    assert run("alert", "messages", "--state", "queued")[1]["items"][0]["attempts"] == 1
    assert run("alert", "resend", "message-1")[0] == 5
    assert run("channel", "switch", "h", "--off")[1]["active"] is False
    assert run("channel", "remove", "h")[0] == 0
    assert [c["name"] for c in run("channel", "list")[1]["items"]] == ["note"]


def test_an_incident_is_handled_and_not_closed_by_whoever_resolved_it(run):
    _, opened, _ = run("incident", "open", "Wrong refusals", "--alert", "alert-1")
    assert (opened["id"], opened["versions"]) == ("incident-1", ["credit/1"])
    for step in (
        ("ack", "incident-1"),
        ("note", "incident-1", "asked the bureau"),
        ("classify", "incident-1", "--duty", "eu-ai-act-general", "--reason", "harm"),
        ("report", "incident-1", "nobody was harmed", "--not-needed"),
        ("contain", "incident-1", "--how", "rollback", "--reason", "0 is live"),
        ("resolve", "incident-1", "--cause", "a unit changed"),
        ("link", "incident-1", "--alert", "alert-1"),
    ):
        code, _, told = run("incident", *step)
        assert code == 0, told
    assert run("incident", "list")[0] == 0
    code, _, told = run("incident", "close", "incident-1", "--reason", "fine")
    assert (code, "a second person must close it" in told) == (4, True)
    assert run("incident", "done", "incident-1", 1)[0] == 2
    plan = ("check units", "--owner", "nobody", "--due", "2027-01-01")
    assert run("incident", "action", "incident-1", *plan)[0] == 2
    assert len(run("incident", "duties")[1]["items"]) == 3
    assert run("incident", "show", "incident-1")[1]["timeline"][0]["action"] == "alert.open"
    assert run("incident", "reopen", "incident-1", "--reason", "again")[1]["state"] == "open"


def test_an_overdue_clock_makes_the_list_of_incidents_fail(run):
    began = (NOW - timedelta(days=400)).isoformat()
    _, opened, _ = run(
        "incident",
        "open",
        "Late",
        "--version",
        "credit/1",
        "--began-at",
        began,
        "--gravity",
        "minor",
    )
    aware = (NOW - timedelta(days=3)).isoformat()
    duty = ("--duty", "eu-ai-act-widespread", "--aware-at", aware, "--reason", "grid down")
    assert run("incident", "classify", opened["id"], *duty)[0] == 0

    code, _, told = run("incident", "list")

    assert (code, "overdue: incident-1 to report" in told) == (1, True)
