"""What an approval is worth later, and what the gate tells a pipeline."""

import base64
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from furniture import NOW, ROOT, actor, proof_of, publish, use_case

from lifecycle.adapters import keys
from lifecycle.domain.approval import Vote
from lifecycle.domain.dataset import Dataset, Snapshot
from lifecycle.domain.finding import Kind
from lifecycle.domain.measurement import Measurement, State, Window
from lifecycle.domain.model import Stage
from lifecycle.domain.rules import Outcome
from lifecycle.domain.standing import Standing
from lifecycle.domain.terms import Effect
from lifecycle.domain.usecase import Tier
from lifecycle.errors import CheckFailed, DamagedStore, InvalidInput, NotAllowed
from lifecycle.services import approvals
from lifecycle.services.approvals import passes
from lifecycle.store import approvals as kept
from lifecycle.store import audit, datasets, measurements, models, usecases

DAY = timedelta(days=1)
HOUSE = """
name: house
version: "{version}"
tiers:
  high:
    production: {{ {terms} }}
  minimal:
    production: {{ }}
"""


def live(workspace, bench, terms="valid_days: 100, notice_days: 10", *, evidence=True):
    """Put a version into production by a request and a vote."""
    publish(workspace, HOUSE.format(version="live-1", terms=terms))
    version = bench.version(stage=Stage.APPROVED)
    if evidence:
        bench.evidence(version)
    asked = approvals.request(
        workspace, "credit", "1", to=Stage.PRODUCTION, reason="go", by=actor("dev"), at=NOW
    )
    approvals.decide(
        workspace,
        asked.id,
        vote=Vote.APPROVE,
        reason="fine",
        by=actor("app"),
        at=NOW + timedelta(hours=1),
        proof=proof_of(workspace, "app"),
    )
    return models.version_by_id(workspace.cursor(), version.id), asked


def standing(workspace, version, *, at=NOW + DAY):
    found = approvals.current(workspace.cursor(), version, at=at)
    assert found is not None
    return found


def refreshed(workspace, version, *, at=NOW + DAY):
    with workspace.transaction() as tx:
        approvals.refresh(tx, version.id, at)
    return kept.of_version(workspace.cursor(), version.id)[0]


def breach(workspace, version):
    week = Window(NOW - 7 * DAY, NOW)
    drifted = Measurement("ks", 0.4, State.BREACH, column="x", window=week, n=500, limit=0.1)
    with workspace.transaction() as tx:
        measurements.replace(tx, version.id, [drifted], windows=None)


def fine(workspace, version):
    with workspace.transaction() as tx:
        measurements.replace(tx, version.id, [], windows=None)


def test_an_approval_holds_then_nears_its_end_then_is_over(workspace, bench):
    version, _ = live(workspace, bench)

    found = [standing(workspace, version, at=NOW + days * DAY) for days in (1, 91, 101)]

    assert [f.standing for f in found] == [Standing.VALID, Standing.EXPIRING, Standing.EXPIRED]
    assert [f.holds for f in found] == [True, True, False]
    approvals.tick(workspace, at=NOW + 91 * DAY)
    approvals.tick(workspace, at=NOW + 101 * DAY)
    told = audit.search(workspace.cursor(), action="approval")
    assert [link.event.action for link in reversed(told)] == [
        "approval.valid",
        "approval.expiring",
        "approval.expired",
    ]


def newer_evidence(workspace, bench, version):
    bench.count = 2 * 60 * 60
    bench.evidence(version, auc=0.9)


def newer_data(workspace, bench, version):
    del bench
    at = NOW + timedelta(hours=2)
    changed = replace(version, reference="d@1")
    with workspace.transaction() as tx:
        datasets.add(tx, Dataset("d", "D", "rows", "source", "olga", NOW))
        for name, when in (("d@1", NOW), ("d@2", at)):
            datasets.add_snapshot(tx, Snapshot(name, "d", "0" * 64, 10, (), when, "dev"))
        tx.execute("UPDATE version SET reference = 'd@1' WHERE id = $id", {"id": version.id})
        digest = {"sha": changed.sha256, "version": version.id}
        tx.execute("UPDATE request SET version_sha256 = $sha WHERE version_id = $version", digest)


def changed_threshold(workspace, bench, version):
    del bench
    with workspace.transaction() as tx:
        tx.execute("UPDATE version SET code_commit = 'other' WHERE id = $id", {"id": version.id})


def other_policy(workspace, bench, version):
    del bench, version
    publish(workspace, HOUSE.format(version="live-2", terms="valid_days: 100, notice_days: 9"))


def other_tier(workspace, bench, version):
    del bench, version
    with workspace.transaction() as tx:
        usecases.update(tx, use_case("credit", tier=Tier.MINIMAL))


def drift(workspace, bench, version):
    del bench
    breach(workspace, version)


LOST = {
    "evidence": newer_evidence,
    "data": newer_data,
    "drift": drift,
    "version": changed_threshold,
    "policy": other_policy,
    "tier": other_tier,
}


@pytest.mark.parametrize("effect", Effect)
@pytest.mark.parametrize("cause", LOST)
def test_an_approval_whose_ground_changed_is_stale_and_the_policy_says_what_may_go_on(
    workspace, bench, cause, effect
):
    version, _ = live(workspace, bench, f"stale: {{{cause}: {effect}}}")
    LOST[cause](workspace, bench, version)

    found = refreshed(workspace, version)

    assert (found.standing, found.effect) == (Standing.STALE, effect)
    assert list(found.reasons) == [cause]
    now = bench.stage(version)
    assert now is (Stage.SUSPENDED if effect is Effect.STOP else Stage.PRODUCTION)
    outcome = ask(workspace, to=Stage.PRODUCTION).outcome
    if now is Stage.PRODUCTION:
        assert outcome is (Outcome.PASS if effect is Effect.KEEP else Outcome.FAIL)


def test_drift_that_clears_gives_a_limited_approval_back_but_not_a_stopped_one(workspace, bench):
    version, _ = live(workspace, bench, "stale: {drift: limit}")
    breach(workspace, version)
    assert refreshed(workspace, version).effect is Effect.LIMIT
    fine(workspace, version)

    assert refreshed(workspace, version).standing is Standing.VALID


def test_a_stopped_version_is_suspended_by_the_clock_with_its_reason(workspace, bench):
    version, asked = live(workspace, bench, "stale: {drift: stop}")
    breach(workspace, version)

    refreshed(workspace, version)
    fine(workspace, version)

    move = audit.search(workspace.cursor(), action="version.move")[0].event
    assert (move.by, move.details["after"]) == ("clock@lifecycle", "suspended")
    assert move.reason == f"{asked.id} is stale: monitoring says breach"
    assert kept.of_version(workspace.cursor(), version.id)[0].effect is Effect.STOP


def test_a_successor_supersedes_the_approval_of_what_it_retires(workspace, bench):
    old, _ = live(workspace, bench)
    new = bench.version("2", stage=Stage.APPROVED)
    asked = approvals.request(
        workspace, "credit", "2", to=Stage.PRODUCTION, reason="go", by=actor("dev"), at=NOW + DAY
    )
    approvals.decide(
        workspace,
        asked.id,
        vote=Vote.APPROVE,
        reason="",
        by=actor("app"),
        at=NOW + DAY,
        proof=proof_of(workspace, "app"),
    )

    found = {a.version_id: a.standing for a in kept.of_version(workspace.cursor())}
    assert found == {old.id: Standing.SUPERSEDED, new.id: Standing.VALID}


def ask(workspace, *, to, at=NOW + DAY, version="1"):
    return approvals.ask(workspace, "credit", version, to=to, by=actor("vera"), at=at)


def test_rules_that_pass_are_no_decision_and_earn_no_pass(workspace, bench):
    publish(workspace, HOUSE.format(version="live-1", terms=""))
    bench.version(stage=Stage.APPROVED)

    answer = ask(workspace, to=Stage.PRODUCTION)

    assert (answer.question, answer.outcome, answer.token) == ("promotion", Outcome.PASS, None)


def test_what_runs_without_an_approval_may_not_start(workspace, bench):
    publish(workspace, HOUSE.format(version="live-1", terms=""))
    bench.version(stage=Stage.PRODUCTION)

    answer = ask(workspace, to=Stage.PRODUCTION)

    assert (answer.question, answer.outcome, answer.token) == ("start", Outcome.FAIL, None)
    assert answer.report.failing[0].verdict.sentence.startswith("no approval is on record")


def public(workspace):
    return passes.key(workspace).public


def test_a_start_that_is_allowed_earns_a_pass_that_a_deployer_can_check(workspace, bench):
    version, asked = live(workspace, bench)
    token = ask(workspace, to=Stage.PRODUCTION).token
    assert token is not None

    claims = passes.check(
        token, public=public(workspace), at=NOW + DAY, version_id="credit/1", artifact=None
    )

    assert (claims["sub"], claims["request"], claims["stage"]) == (
        version.id,
        asked.id,
        "production",
    )
    assert claims["version_sha256"] == version.sha256
    head, body, signature = (
        base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)) for part in token.split(".")
    )
    assert json.loads(head)["alg"] == "EdDSA"
    assert json.loads(body) == claims
    assert keys.verify(public(workspace), token.rpartition(".")[0].encode(), signature.hex())
    assert len(token) < passes.LARGEST / 10


def forged(token, **changes):
    head, body, signature = token.split(".")
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    text = json.dumps(claims | changes).encode()
    return f"{head}.{base64.urlsafe_b64encode(text).decode().rstrip('=')}.{signature}"


@pytest.mark.parametrize(
    ("spoil", "given", "sentence"),
    [
        (lambda t: forged(t, sub="credit/2"), {}, "signature is not the gate's"),
        (lambda t: forged(t, exp=9_999_999_999), {}, "signature is not the gate's"),
        (lambda t: t, {"at": NOW + DAY + timedelta(minutes=10)}, "the pass is over"),
        (lambda t: t, {"at": NOW}, "from the future"),
        (lambda t: t, {"stage": "approved"}, "is for production, not for approved"),
        (lambda t: t, {"version_id": "credit/2"}, "is for credit/1, not for credit/2"),
        (lambda t: t, {"artifact": "0" * 64}, "not the one that was approved"),
        (lambda t: t, {"public": "00" * 32}, "signature is not the gate's"),
    ],
)
def test_a_forged_late_or_strange_pass_is_refused(workspace, bench, spoil, given, sentence):
    live(workspace, bench)
    token = ask(workspace, to=Stage.PRODUCTION).token
    assert token is not None

    with pytest.raises(CheckFailed, match=sentence):
        passes.check(spoil(token), **{"public": public(workspace), "at": NOW + DAY} | given)


@pytest.mark.parametrize("text", ["", "a.b", "a.b.c", "e30.W10.AA", "x" * 20_000, "é.é.é"])
def test_what_is_no_pass_is_refused_in_a_sentence(text):
    with pytest.raises((InvalidInput, CheckFailed), match="this is no pass"):
        passes.check(text, public="00" * 32, at=NOW)


def test_breaking_the_glass_leaves_a_mark_and_a_task_and_says_so_in_the_pass(workspace, bench):
    version, _ = live(workspace, bench, "override: {roles: [approver]}, stale: {drift: limit}")
    breach(workspace, version)
    assert ask(workspace, to=Stage.PRODUCTION).outcome is Outcome.FAIL

    token, found = approvals.break_glass(
        workspace, "credit", "1", reason="ward is down", by=actor("dev"), at=NOW + DAY
    )

    assert passes.check(token, public=public(workspace), at=NOW + DAY)["break_glass"] == found.id
    assert (found.kind, found.due_at) == (Kind.BREAK_GLASS, NOW + 4 * DAY)
    mark = audit.search(workspace.cursor(), action="gate.break_glass")[0].event
    assert (mark.by, mark.reason) == ("dev", "ward is down")


def test_the_glass_stays_whole_where_the_policy_knows_no_override(workspace, bench):
    live(workspace, bench)

    with pytest.raises(NotAllowed, match="lets nobody override"):
        approvals.break_glass(workspace, "credit", "1", reason="x", by=actor("dev"), at=NOW)
    assert kept.findings(workspace.cursor()) == []


def test_a_policy_changed_in_the_file_closes_the_gate(workspace, bench):
    live(workspace, bench)
    with workspace.transaction() as tx:
        tx.execute("DROP TRIGGER policy_refuses_update ON policy")
        tx.execute("UPDATE policy SET content = replace(content, '100', '900')")

    with pytest.raises(DamagedStore, match="policy house live-1 was changed"):
        ask(workspace, to=Stage.PRODUCTION)


def test_a_units_policy_binds_its_own_use_cases_and_nobody_elses(workspace, bench):
    live(workspace, bench)
    local = (
        "name: retail-rules\nversion: r1\nunit: retail\ntiers: {high: {production: "
        "{approvals: 2, rules: [{rule: evidence, purpose: fairness}]}}}"
    )
    publish(workspace, local)
    assert ask(workspace, to=Stage.PRODUCTION).outcome is Outcome.PASS
    with workspace.transaction() as tx:
        usecases.update(tx, replace(use_case("credit"), tags={"unit": "retail"}))

    report = approvals.gate(workspace, "credit", "1", to=Stage.PRODUCTION, by=ROOT, at=NOW + DAY)

    assert [r.rule for r in report.failing] == ["retail:evidence"]
    new = bench.version("2", stage=Stage.APPROVED)
    asked = approvals.request(
        workspace, "credit", new.name, to=Stage.PRODUCTION, reason="x", by=actor("dev"), at=NOW
    )
    assert asked.quorum == 2
    assert asked.policy == "house live-1 & retail-rules r1"
    assert approvals.is_stale(workspace, asked) == []
