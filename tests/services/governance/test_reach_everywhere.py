"""Do roles end at their unit wherever something is done, and not only where versions move?"""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from furniture import NOW, POLICY, ROOT, Bench, actor, furnished, proof_of, use_case

from lifecycle.domain.actor import Actor
from lifecycle.domain.alert import AlertRule
from lifecycle.domain.approval import Vote
from lifecycle.domain.finding import Finding, Kind, Severity
from lifecycle.domain.incident import Containment
from lifecycle.domain.measurement import Measurement, State, Window
from lifecycle.domain.model import Stage
from lifecycle.domain.monitor import Monitor
from lifecycle.domain.reach import UNIT, Reach
from lifecycle.errors import LifecycleError, NotAllowed
from lifecycle.services import (
    alerting,
    approvals,
    data_quality,
    evidence_pack,
    incidents,
    jobs,
    monitoring,
    policies,
    registry,
    trail,
    workspaces,
)
from lifecycle.store import approvals as kept
from lifecycle.store import measurements, models, monitors, people, requests, usecases

DAY = timedelta(days=1)
WEEK = Window(NOW - 7 * DAY, NOW)
WHO: dict[str, Any] = {"at": NOW, "reason": "because"}
ALERT, INCIDENT, REQUEST, FINDING = "alert-1", "incident-1", "req-1", "find-1"
UNIT_POLICY = POLICY.replace("name: house", "name: wholesale\nunit: wholesale")


def somebody(name: str, unit: str) -> Actor:
    """Return one of the people with roles for one unit only."""
    return replace(actor(name), reach=Reach(frozenset({unit})))


CALLS: dict[str, tuple[str, Callable[..., Any]]] = {
    "take an alert on": ("dev", lambda ws, by, _: alerting.acknowledge(ws, ALERT, by=by, **WHO)),
    "give an alert away": (
        "dev",
        lambda ws, by, _: alerting.assign(ws, ALERT, "val", by=by, **WHO),
    ),
    "snooze an alert": (
        "app",
        lambda ws, by, _: alerting.snooze(ws, ALERT, until=NOW + DAY, by=by, **WHO),
    ),
    "judge an alert": (
        "risk",
        lambda ws, by, _: alerting.judge(ws, ALERT, real=True, by=by, **WHO),
    ),
    "resolve an alert": ("val", lambda ws, by, _: alerting.resolve(ws, ALERT, by=by, **WHO)),
    "open an incident": (
        "val",
        lambda ws, by, _: incidents.open_incident(
            ws, title="Wrong", versions=["credit/1"], by=by, at=NOW
        ),
    ),
    "take an incident on": (
        "val",
        lambda ws, by, _: incidents.acknowledge(ws, INCIDENT, by=by, at=NOW),
    ),
    "note something on an incident": (
        "val",
        lambda ws, by, _: incidents.note(ws, INCIDENT, "seen", by=by, at=NOW),
    ),
    "contain an incident": (
        "val",
        lambda ws, by, _: incidents.contain(ws, INCIDENT, Containment.ROLLBACK, by=by, **WHO),
    ),
    "link an incident": (
        "val",
        lambda ws, by, _: incidents.link(ws, INCIDENT, alert_ids=[ALERT], by=by, at=NOW),
    ),
    "plan an action": (
        "val",
        lambda ws, by, _: incidents.plan(
            ws, INCIDENT, "fix", owner="val", due=(NOW + DAY).date(), by=by, at=NOW
        ),
    ),
    "comment": ("vera", lambda ws, by, _: approvals.comment(ws, REQUEST, "hm", by=by, at=NOW)),
    "decide": (
        "app",
        lambda ws, by, _: approvals.decide(
            ws, REQUEST, vote=Vote.ABSTAIN, proof=proof_of(ws, "app"), by=by, **WHO
        ),
    ),
    "answer a finding": (
        "val",
        lambda ws, by, _: approvals.answer_finding(ws, FINDING, "done", by=by, at=NOW),
    ),
    "extend a finding": (
        "app",
        lambda ws, by, _: approvals.extend_finding(ws, FINDING, NOW + 9 * DAY, by=by, **WHO),
    ),
    "close a finding": (
        "app",
        lambda ws, by, _: approvals.close_finding(ws, FINDING, "seen", by=by, at=NOW),
    ),
    "break the glass": (
        "dev",
        lambda ws, by, _: approvals.break_glass(ws, "credit", "1", by=by, **WHO),
    ),
    "run a monitor by hand": (
        "dev",
        lambda ws, by, _: monitoring.run(ws, "credit", by=by, at=NOW),
    ),
    "run the monitor of a version": (
        "dev",
        lambda ws, by, _: monitoring.run(ws, versions=["credit/1"], by=by, at=NOW),
    ),
    "look at a monitor beforehand": (
        "dev",
        lambda ws, by, _: monitoring.preview(ws.cursor(), "credit", "1", by=by, at=NOW),
    ),
    "ask for long work": (
        "dev",
        lambda ws, by, _: jobs.submit(
            ws, "explain", subject="version:credit/1", settings={}, by=by, at=NOW
        ),
    ),
    "open rows": (
        "aud",
        lambda ws, by, _: data_quality.failing_rows(
            ws, "credit/1", column="age", statistic="missing", window=WEEK, by=by, at=NOW
        ),
    ),
    "take an evidence pack": (
        "aud",
        lambda ws, by, tmp: evidence_pack.pack(ws, "credit", "1", tmp / "p.zip", by=by, at=NOW),
    ),
    "write the policy of a unit": (
        "risk",
        lambda ws, by, _: policies.draft(ws, UNIT_POLICY, by=by, at=NOW),
    ),
    "register a use case": (
        "dev",
        lambda ws, by, _: registry.add_use_case(
            ws,
            id="new",
            name="New",
            problem="p",
            owner="dev",
            sponsor="dev",
            unit="wholesale",
            answers=use_case("x").answers,
            by=by,
            at=NOW,
        ),
    ),
}


def _fill(ws):
    bench = Bench(ws)
    bench.version(stage=Stage.CANDIDATE)
    spans = [Window(WEEK.start - n * 7 * DAY, WEEK.end - n * 7 * DAY) for n in range(3)]
    breaches = [
        Measurement("ks", 0.9, State.BREACH, column="age", window=span, limit=0.1, n=500)
        for span in reversed(spans)
    ]
    with ws.transaction() as tx:
        case = usecases.get(tx, "credit")
        usecases.update(tx, replace(case, tags={UNIT: "wholesale"}))
        monitors.add(tx, Monitor("mon-1", "credit/1", 1, NOW, "dev"))
        measurements.replace(tx, "credit/1", breaches, windows=None, series=1)
        alerting.update(tx, "credit/1", rule=AlertRule(), by=actor("dev"), at=NOW)
    incidents.open_incident(ws, title="Wrong", versions=["credit/1"], by=ROOT, at=NOW)
    approvals.request(ws, "credit", "1", to=Stage.VALIDATED, by=actor("dev"), **WHO)
    with ws.transaction() as tx:
        due = Finding(
            id=FINDING,
            kind=Kind.BREAK_GLASS,
            request_id=None,
            version_id="credit/1",
            text="look at it",
            severity=Severity.HIGH,
            owner="val",
            due_at=NOW + 7 * DAY,
            opened_at=NOW,
            opened_by="dev",
        )
        kept.put_finding(tx, due)


@pytest.fixture(scope="module")
def wholesale(tmp_path_factory):
    """A workspace whose only model is the wholesale unit's."""
    with furnished(tmp_path_factory.mktemp("reach") / "ws") as made:
        _fill(made)
        yield made


@pytest.mark.parametrize("call", CALLS)
def test_a_person_of_another_unit_is_refused_and_changes_nothing(wholesale, tmp_path, call):
    name, act = CALLS[call]
    before = wholesale.kept_head()

    with pytest.raises(NotAllowed, match="in unit retail, all tiers; this is"):
        act(wholesale, somebody(name, "retail"), tmp_path)

    assert wholesale.kept_head() == before


@pytest.mark.parametrize("call", CALLS)
def test_a_person_of_the_unit_gets_past_that_door(wholesale, tmp_path, call):
    name, act = CALLS[call]

    said = ""

    try:
        act(wholesale, somebody(name, "wholesale"), tmp_path)
    except LifecycleError as error:
        said = str(error)  # another rule, behind the door

    assert "; this is" not in said


def test_what_is_about_everything_asks_for_roles_that_are(wholesale, tmp_path):
    for call in (
        lambda: trail.export(
            wholesale, tmp_path / "t.jsonl", by=somebody("aud", "wholesale"), at=NOW
        ),
        lambda: workspaces.backup(
            wholesale, tmp_path / "b.zip", by=somebody("adm", "wholesale"), at=NOW
        ),
        lambda: policies.draft(
            wholesale, POLICY.replace("test-1", "t-2"), by=somebody("risk", "wholesale"), at=NOW
        ),
    ):
        with pytest.raises(NotAllowed, match="this is about everything"):
            call()
    assert not list(tmp_path.iterdir())


def test_nobody_is_given_work_of_another_unit(workspace):
    _fill(workspace)
    con = workspace.cursor()

    assert alerting.waiting(con, somebody("val", "retail")) == []
    assert approvals.queue(con, somebody("app", "retail"), at=NOW) == []
    assert approvals.tasks(con, somebody("val", "retail"), at=NOW) == []
    assert monitoring.run(workspace, by=somebody("dev", "retail"), at=NOW) == []
    assert len(alerting.waiting(con, somebody("val", "wholesale"))) == 1
    assert len(approvals.queue(con, somebody("app", "wholesale"), at=NOW)) == 1


def test_a_reminder_leaves_out_whose_roles_do_not_reach(workspace):
    _fill(workspace)
    with workspace.transaction() as tx:
        far = replace(people.get(tx, "app"), reach=Reach(frozenset({"retail"})))
        people.update(tx, far)
    con = workspace.cursor()

    assert approvals.eligible(con, requests.get(con, REQUEST)) == ["app2"]


def test_borrowed_authority_ends_where_the_givers_does(workspace):
    _fill(workspace)
    retail, both = Reach(frozenset({"retail"})), Reach(frozenset({"retail", "wholesale"}))
    with workspace.transaction() as tx:
        for name, reach in (("app", retail), ("app2", both), ("risk", Reach(frozenset({"it"})))):
            people.update(tx, replace(people.get(tx, name), reach=reach))
    giver = somebody("app", "retail")
    with pytest.raises(NotAllowed, match="different units or tiers"):
        approvals.delegate(workspace, "risk", start=NOW, end=NOW + DAY, by=giver, **WHO)
    approvals.delegate(workspace, "app2", start=NOW, end=NOW + DAY, by=giver, **WHO)

    with pytest.raises(NotAllowed, match="app may decide on a promotion in unit retail"):
        approvals.decide(
            workspace,
            REQUEST,
            vote=Vote.APPROVE,
            on_behalf_of="app",
            proof=proof_of(workspace, "app2"),
            by=replace(actor("app2"), reach=both),
            **WHO,
        )
    assert models.version_by_id(workspace.cursor(), "credit/1").stage is Stage.CANDIDATE


def test_a_use_case_says_which_unit_it_belongs_to(workspace):
    _, act = CALLS["register a use case"]

    made = act(workspace, somebody("dev", "wholesale"), None)

    assert made.tags == {UNIT: "wholesale"}
