from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tumour_life import AT, COLUMNS, MONDAY, add_case, add_model

from lifecycle.domain.actor import Actor, Role
from lifecycle.domain.approval import Decision, Request, Status, Vote
from lifecycle.domain.audit import AuditEvent
from lifecycle.domain.evidence import Evidence, Purpose
from lifecycle.domain.measurement import Measurement, State, Window
from lifecycle.domain.model import Columns, Stage, Version
from lifecycle.domain.policy_text import parse
from lifecycle.domain.usecase import Tier
from lifecycle.errors import NotFound
from lifecycle.services import approvals, portfolio, registry, sentences
from lifecycle.services.approvals import cases
from lifecycle.services.completeness import WANTED
from lifecycle.store import audit, evidence, measurements, models, policies, requests

APPROVER = Actor("ada", frozenset({Role.APPROVER}))
POLICY: dict[str, Any] = {
    "name": "house",
    "version": "1",
    "tiers": {"high": {"validated": {"rules": [], "roles": ["approver"]}}},
}


@pytest.fixture
def asked(registered, ws, dev):
    """Return an open request to validate version 1, under the house policy."""
    policy = parse(POLICY)
    registry.move_version(ws, "tumour", "1", to=Stage.CANDIDATE, reason="", by=dev, at=AT)
    request = Request(
        id="req-1",
        version_id="tumour/1",
        before=Stage.CANDIDATE,
        to=Stage.VALIDATED,
        reason="it is ready",
        requested_by="dora",
        requested_at=AT,
        policy="house 1",
        policy_sha256=policy.sha256,
        evidence=(),
        bundle="b",
        barred=frozenset({"dora"}),
        quorum=1,
    )
    with ws.transaction() as tx:
        policies.add(tx, policy, at=AT, by="root")
        bundle = cases.bundle(cases.case_of(tx, "tumour", "1", at=AT), policy)
        request = replace(request, bundle=bundle)
        requests.add(tx, request)
        event = AuditEvent(
            "request.open",
            "request:req-1",
            "dora",
            AT,
            details={"version": "tumour/1", "to": "validated"},
        )
        audit.append(tx, event)
    return request


def keep_evidence(ws, purpose=Purpose.PERFORMANCE):
    kept = Evidence("tumour/1", purpose, None, (), AT, "vito")
    with ws.transaction() as tx:
        evidence.add(tx, kept)
    return kept


def test_the_inventory_lists_every_version_and_models_without_one(registered, ws, dev):
    add_model(ws, dev, key="empty")
    registry.add_version(ws, "tumour", "2", columns=COLUMNS, by=dev, at=AT + timedelta(1))

    rows = portfolio.inventory(ws.cursor(), at=AT)

    assert [(r.model_id, r.version) for r in rows] == [
        ("empty", None),
        ("tumour", "2"),
        ("tumour", "1"),
    ]
    assert {r.tier for r in rows} == {Tier.HIGH}
    assert rows[0].health is State.NOT_APPLICABLE
    assert "version" in rows[0].missing


def test_completeness_names_what_the_tier_asks_for_and_is_missing(registered, ws):
    keep_evidence(ws)

    (row,) = portfolio.inventory(ws.cursor(), at=AT)

    assert "KPIs" in row.missing
    assert "fairness evidence" in row.missing
    assert "performance evidence" not in row.missing
    assert "reference snapshot" not in row.missing
    assert row.completeness == pytest.approx(1 - len(row.missing) / len(WANTED[Tier.HIGH]))
    assert row.last_evidence == AT


def test_a_vendors_model_needs_its_vendor_and_no_file(registered, ws, dev):
    add_model(ws, dev, key="bought", kind="vendor")
    row = portfolio.inventory(ws.cursor(), at=AT)[0]
    assert "vendor" in row.missing
    assert "model file" not in row.missing


def test_health_is_what_the_monitors_say(monitored, ws):
    (row,) = portfolio.inventory(ws.cursor(), at=AT)
    assert row.health is State.BREACH
    assert row.last_prediction is not None


def test_a_version_in_production_without_measurements_is_insufficient(registered, ws):
    stored = models.version(ws.cursor(), "tumour", "1")
    with ws.transaction() as tx:
        models.update_version(tx, _staged(stored, Stage.PRODUCTION))
    (row,) = portfolio.inventory(ws.cursor(), at=AT)
    assert row.health is State.INSUFFICIENT


def _staged(version: Version, stage: Stage) -> Version:
    return replace(version, stage=stage)


def test_the_next_review_follows_the_last_approval_by_the_tiers_interval(asked, ws):
    vote = Decision("ada", AT, Vote.APPROVE, "fine", "b")
    approved = replace(asked, status=Status.APPROVED, decisions=(vote,))
    with ws.transaction() as tx:
        requests.update(tx, approved, expected=0)

    (row,) = portfolio.inventory(ws.cursor(), at=AT)
    (later,) = portfolio.inventory(ws.cursor(), at=AT + timedelta(days=181))

    assert row.next_review == AT + timedelta(days=180)
    assert not row.review_due
    assert later.review_due
    seen = portfolio.overview(ws.cursor(), actor=APPROVER, at=AT + timedelta(days=181))
    assert [r.version_id for r in seen.reviews] == ["tumour/1"]


def test_the_queue_shows_who_may_decide_and_who_asked(asked, ws, dev, viewer):
    con = ws.cursor()

    assert [(i.kind, i.request_id) for i in approvals.queue(con, APPROVER, at=AT)] == [
        ("decide", "req-1")
    ]
    assert [(i.kind, i.request_id) for i in approvals.queue(con, dev, at=AT)] == [("own", "req-1")]
    assert approvals.queue(con, viewer, at=AT) == []
    assert "dora asks to move tumour/1" in approvals.queue(con, dev, at=AT)[0].sentence


def test_who_is_barred_or_has_voted_has_nothing_to_decide(asked, ws):
    barred = Actor("dora", frozenset({Role.APPROVER}))
    assert [i.kind for i in approvals.queue(ws.cursor(), barred, at=AT)] == ["own"]
    voted = replace(asked, decisions=(Decision("ada", AT, Vote.ABSTAIN, "", "b"),))
    with ws.transaction() as tx:
        requests.update(tx, voted, expected=0)
    assert approvals.queue(ws.cursor(), APPROVER, at=AT) == []


def test_a_request_is_stale_once_evidence_or_stage_changed_and_keeps_its_policy(asked, ws, dev):
    kept = keep_evidence(ws)
    with ws.transaction() as tx:
        policies.add(tx, parse({**POLICY, "version": "2"}), at=AT, by="root")
    registry.move_version(ws, "tumour", "1", to=Stage.RETIRED, reason="", by=dev, at=AT)

    (item,) = approvals.queue(ws.cursor(), APPROVER, at=AT)

    assert item.kind == "stale"
    assert item.reasons == (
        f"newer performance evidence {kept.id}",
        "the version is retired and no longer candidate",
    )


def test_the_overview_counts_models_by_tier_and_health(monitored, ws, dev):
    seen = portfolio.overview(ws.cursor(), actor=dev, at=AT + timedelta(hours=2))

    assert seen.models == 1
    assert seen.health == {(Tier.HIGH, State.BREACH): 1}
    assert seen.stages == {Stage.DRAFT: 1}
    assert seen.at_risk == {"EUR": 100_000.0}
    assert seen.queue == ()
    kinds = [happening.kind for happening in seen.changed]
    assert kinds[0] == "monitor.run"
    assert "model.add" in kinds


def test_alarms_are_the_newest_breaches_in_words(monitored, ws):
    found = portfolio.alarms(ws.cursor(), at=AT)

    texture = next(
        a for a in found if (a.measured.statistic, a.measured.column) == ("ks", "mean texture")
    )
    assert texture.version_id == "tumour/1"
    assert texture.at == MONDAY + timedelta(days=28)
    assert "of mean texture was 0." in texture.sentence
    assert "in the 7 days to 1 Feb 2026, limit 0.100, n 250" in texture.sentence
    assert portfolio.alarms(ws.cursor(), at=AT, limit=1) == found[:1]


def test_a_retired_version_raises_no_alarm(monitored, ws, dev):
    registry.move_version(ws, "tumour", "1", to=Stage.RETIRED, reason="over", by=dev, at=AT)

    assert portfolio.alarms(ws.cursor(), at=AT) == []


def test_signing_in_is_no_change_of_the_portfolio(registered, ws):
    before = portfolio.changes(ws.cursor(), since=AT)
    with ws.transaction() as tx:
        audit.append(tx, AuditEvent("session.start", "person:ana", "ana", AT))

    assert portfolio.changes(ws.cursor(), since=AT) == before


def test_changes_begin_at_the_time_asked_for(registered, ws):
    assert portfolio.changes(ws.cursor(), since=AT + timedelta(hours=1)) == []
    assert len(portfolio.changes(ws.cursor(), since=AT)) == 5


def test_the_timeline_tells_a_models_life_in_order(asked, monitored, ws, dev):
    add_model(ws, dev, key="other")

    told = portfolio.timeline(ws.cursor(), "tumour")

    assert [happening.kind for happening in told] == [
        "usecase.add",
        "model.add",
        "version.add",
        "version.move",
        "request.open",
        "predictions.ingest",
        "outcomes.ingest",
        "monitor.define",
        "monitor.run",
    ]
    by_kind = {happening.kind: happening.sentence for happening in told}
    assert by_kind["usecase.add"] == "use case tumour was registered, risk tier high"
    assert by_kind["version.move"] == "tumour/1 became candidate, it was draft"
    assert by_kind["request.open"] == "req-1 asks to move tumour/1 to validated"
    assert by_kind["predictions.ingest"] == "1000 predictions of tumour/1 arrived"
    with pytest.raises(NotFound):
        portfolio.timeline(ws.cursor(), "tumor")


@pytest.mark.parametrize(
    ("action", "details", "sentence"),
    [
        ("request.approve", {"status": "approved"}, "(now approved)"),
        ("request.withdraw", {}, "x to move None to None was withdrawn"),
        ("evidence.add", {"purpose": "fairness", "evidence": "ev-1"}, "fairness of x was measured"),
        ("evidence.add", {"state": "ok"}, ", ok)"),
        ("model.add", {"use_case": "u"}, "model x was registered for u"),
        ("usecase.kpis", {}, "the targets of x changed"),
        ("dataset.add", {"source": "s"}, "dataset x was registered, from s"),
        ("snapshot.add", {"rows": 7}, "snapshot x was kept, 7 rows"),
        ("backup.make", {}, "backup make: x"),
    ],
)
def test_every_event_is_told(action, details, sentence):
    event = AuditEvent(action, "kind:x", "ada", AT, details=details)
    assert sentence in sentences.of_event(event)


def test_a_measurement_without_value_or_window_is_told_all_the_same():
    bare = Measurement("own_check", None, State.ERROR)
    assert sentences.of_measurement(bare) == "own_check was not known"
    sliced = Measurement("accuracy", 0.91234, State.OK, slice={"sex": "Female"})
    assert sentences.of_measurement(sliced) == "Accuracy (sex Female) was 0.912"


@pytest.mark.parametrize(
    ("value", "unit", "said"),
    [
        (-1_234_567.8, "EUR", "was -1,234,568 EUR"),
        (412.0, "ms", "was 412 ms"),
        (0.31, "nats", "was 0.310"),
        (5.678, "1", "was 5.68"),
    ],
)
def test_a_value_is_told_in_whole_digits_and_with_its_currency(value, unit, said):
    told = sentences.of_measurement(Measurement("total_value", value, State.BREACH, unit=unit))

    assert told.endswith(said)


@pytest.mark.parametrize(
    ("hours", "said"),
    [
        (7 * 24, "in the 7 days to 7 Nov 2026"),
        (24, "on 1 Nov 2026"),
        (6, "from 1 Nov 2026 00:00 UTC to 1 Nov 2026 06:00 UTC"),
    ],
)
def test_a_window_is_told_by_its_length_and_last_day(hours, said):
    start = datetime(2026, 11, 1, tzinfo=UTC)
    week = Window(start, start + timedelta(hours=hours))

    told = sentences.of_measurement(Measurement("ks", 0.3, State.BREACH, window=week))

    assert told.endswith(f"was 0.300 {said}")


def test_a_thousand_versions_are_listed_in_a_moment(ws, dev):
    from time import process_time

    add_case(ws, dev)
    add_model(ws, dev)
    window = Window(MONDAY, MONDAY + timedelta(days=7))
    with ws.transaction() as tx:
        for number in range(1000):
            columns = Columns(target="benign")
            version = Version("tumour", str(number), Stage.DRAFT, "dora", AT, columns)
            models.add_version(tx, version)
            one = Measurement("ks", 0.2, State.BREACH, column="x", window=window, limit=0.1)
            measurements.replace(tx, version.id, [one], windows=None)

    started = process_time()
    rows = portfolio.inventory(ws.cursor(), at=AT)
    spent = process_time() - started

    assert len(rows) == 1000
    assert all(row.health is State.BREACH for row in rows)
    assert spent < 1.0
