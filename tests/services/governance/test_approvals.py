import threading
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from furniture import NOW, POLICY, actor, proof_of, publish, use_case

from lifecycle.domain.actor import Actor, Role
from lifecycle.domain.approval import Code, Status, Vote
from lifecycle.domain.audit import plain
from lifecycle.domain.evidence import Purpose
from lifecycle.domain.measurement import Measurement, State, Window
from lifecycle.domain.model import Stage
from lifecycle.domain.monitor import Monitor
from lifecycle.domain.rules import Outcome
from lifecycle.domain.standing import Standing
from lifecycle.domain.usecase import Tier
from lifecycle.errors import (
    AlreadyDecided,
    CheckFailed,
    Conflict,
    FourEyesViolation,
    InvalidInput,
    LifecycleError,
    NotAllowed,
    NotFound,
    StaleEvidence,
)
from lifecycle.services import approvals, asof
from lifecycle.store import audit, measurements, models, monitors, requests, usecases

LATER = NOW + timedelta(days=1)


def ask(workspace, version, *, to=Stage.VALIDATED, by="dev", at=NOW):
    return approvals.request(
        workspace, version.model_id, version.name, to=to, reason="ready", by=actor(by), at=at
    )


def vote(workspace, request, *, by="app", vote=Vote.APPROVE, reason="fine", seen=None, **more):
    given: dict[str, Any] = {"at": LATER, "proof": proof_of(workspace, by)} | more
    given.setdefault("code", Code.OTHER)
    return approvals.decide(
        workspace, request.id, vote=vote, reason=reason, by=actor(by), seen=seen, **given
    )


def test_an_approval_moves_the_version_and_leaves_four_linked_events(workspace, bench):
    version = bench.version()
    proof = bench.evidence(version)
    asked = ask(workspace, version)

    decided = vote(workspace, asked, seen=asked.bundle)

    assert decided.status is Status.APPROVED
    assert bench.stage(version) is Stage.VALIDATED
    assert asked.evidence == (proof.id,)
    assert asked.barred == {"dev", "val"}
    events = [link.event for link in audit.links(workspace.cursor())][-4:]
    assert [e.action for e in events] == [
        "request.open",
        "request.approve",
        "version.move",
        "approval.valid",
    ]
    assert events[0].details["gate"] == "pass"
    assert events[2].details == {"before": "candidate", "after": "validated", "request": asked.id}
    assert requests.get(workspace.cursor(), asked.id) == decided


def test_a_request_may_be_opened_while_its_gate_fails_but_not_approved(workspace, bench):
    version = bench.version()
    bench.evidence(version, auc=0.6)
    asked = ask(workspace, version)

    with pytest.raises(CheckFailed, match=r"limit: roc_auc is 0\.6, wanted at least 0\.7"):
        vote(workspace, asked)

    assert requests.get(workspace.cursor(), asked.id) == asked
    assert bench.stage(version) is Stage.CANDIDATE


def test_without_evidence_the_gate_is_insufficient_and_refuses(workspace, bench):
    version = bench.version()
    asked = ask(workspace, version)

    report = approvals.gate(workspace, "credit", "1", to=Stage.VALIDATED, by=actor("vera"), at=NOW)

    assert report.outcome is Outcome.INSUFFICIENT
    with pytest.raises(CheckFailed, match="no performance evidence"):
        vote(workspace, asked)


@pytest.mark.parametrize("who", ["requester", "developer", "producer"])
def test_whoever_asked_made_or_measured_it_cannot_decide_though_an_approver(workspace, bench, who):
    version = bench.version(developer="app" if who == "developer" else "dev")
    bench.evidence(version, by="app" if who == "producer" else "val")
    asker = Actor("app" if who == "requester" else "val", frozenset({Role.VALIDATOR}))
    asked = approvals.request(
        workspace, "credit", "1", to=Stage.VALIDATED, reason="ready", by=asker, at=NOW
    )

    for choice in Vote:
        with pytest.raises(FourEyesViolation):
            vote(workspace, asked, vote=choice)
    assert vote(workspace, asked, by="app2").status is Status.APPROVED


def test_newer_evidence_makes_a_request_stale_and_only_turning_down_remains(workspace, bench):
    version = bench.version()
    bench.evidence(version)
    asked = ask(workspace, version)
    assert approvals.is_stale(workspace, asked) == []
    newer = bench.evidence(version, auc=0.9)

    with pytest.raises(StaleEvidence):
        vote(workspace, asked)

    assert approvals.is_stale(workspace, asked) == [f"newer performance evidence {newer.id}"]
    assert bench.stage(version) is Stage.CANDIDATE
    assert vote(workspace, asked, vote=Vote.RETURN).status is Status.RETURNED


def test_evidence_of_another_purpose_makes_a_request_stale_too(workspace, bench):
    version = bench.version()
    bench.evidence(version)
    asked = ask(workspace, version)
    added = bench.evidence(version, purpose=Purpose.FAIRNESS)

    with pytest.raises(StaleEvidence):
        vote(workspace, asked)

    assert approvals.is_stale(workspace, asked) == [f"newer fairness evidence {added.id}"]


def test_who_approves_on_newer_evidence_is_told_which_values_moved(workspace, bench):
    version = bench.version()
    bench.evidence(version, auc=0.8)
    asked = ask(workspace, version)
    bench.evidence(version, auc=0.75)

    with pytest.raises(StaleEvidence, match=r"roc auc was 0\.8, n 1,000 and is 0\.75, n 1,000"):
        vote(workspace, asked)

    (moved,) = approvals.moved(workspace.cursor(), asked, shown_from=0)
    assert (moved.before, moved.after) == ("0.8, n 1,000", "0.75, n 1,000")


def test_a_request_is_decided_by_the_policy_it_was_opened_under(workspace, bench):
    version = bench.version()
    bench.evidence(version)
    asked = ask(workspace, version)
    stricter = POLICY.replace("test-1", "test-2").replace("minimum: 0.7", "minimum: 0.99")
    publish(workspace, stricter, at=LATER)

    report = approvals.gate_of(workspace, asked, by=actor("app"), at=LATER)
    new = approvals.gate(workspace, "credit", version.name, to=asked.to, by=actor("app"), at=LATER)
    assert approvals.is_stale(workspace, asked) == []
    decided = vote(workspace, asked)
    con = workspace.cursor()
    found = approvals.current(con, models.version_by_id(con, version.id), at=LATER)

    assert approvals.newer_policy(workspace.cursor(), asked) == "house test-2"
    assert (report.outcome, new.outcome) == (Outcome.PASS, Outcome.FAIL)
    assert decided.status is Status.APPROVED
    assert found is not None
    assert found.standing is Standing.STALE, "what it is worth is said by the policy in force"
    assert list(found.reasons) == ["policy"]


def test_what_the_gate_said_at_the_last_vote_stays_on_record(workspace, bench):
    version = bench.version()
    proof = bench.evidence(version, auc=0.8)
    decided = vote(workspace, ask(workspace, version))
    bench.evidence(version, auc=0.1)
    con = workspace.cursor()

    kept = approvals.decided_on(con, decided)

    assert kept is not None
    (rule,) = kept.results
    assert (rule.verdict.outcome, rule.verdict.value, rule.verdict.limit) == (
        Outcome.PASS,
        0.8,
        0.7,
    )
    assert rule.verdict.evidence == proof.id
    then = asof.as_of(workspace, LATER, by=actor("aud"), now=LATER).told
    (told,) = [v for v in then.versions if v.version_id == version.id]
    assert told.request is not None
    assert told.request.votes[-1].details["gate"] == [plain(rule)]


def test_an_open_request_has_no_gate_of_a_vote_yet(workspace, bench):
    version = bench.version()
    bench.evidence(version)

    assert approvals.decided_on(workspace.cursor(), ask(workspace, version)) is None


def test_a_changed_risk_tier_makes_a_request_stale_and_it_can_still_be_returned(workspace, bench):
    version = bench.version()
    bench.evidence(version)
    asked = ask(workspace, version)
    with workspace.transaction() as tx:
        usecases.update(tx, use_case("credit", tier=Tier.MINIMAL))

    with pytest.raises(StaleEvidence):
        vote(workspace, asked)

    assert approvals.is_stale(workspace, asked) == ["the version's record or its risk tier changed"]
    assert vote(workspace, asked, vote=Vote.RETURN).status is Status.RETURNED


def test_a_version_that_moved_meanwhile_makes_a_request_stale(workspace, bench):
    version = bench.version()
    bench.evidence(version)
    asked = ask(workspace, version)
    with workspace.transaction() as tx:
        models.update_version(tx, replace(version, stage=Stage.RETIRED))

    with pytest.raises(StaleEvidence):
        vote(workspace, asked)

    assert approvals.is_stale(workspace, asked) == [
        "the version is retired and no longer candidate"
    ]
    assert vote(workspace, asked, vote=Vote.REJECT).status is Status.REJECTED
    assert bench.stage(version) is Stage.RETIRED


def test_a_page_that_showed_another_bundle_cannot_vote(workspace, bench):
    version = bench.version()
    bench.evidence(version)
    asked = ask(workspace, version)

    with pytest.raises(StaleEvidence, match="not what the page showed"):
        vote(workspace, asked, seen="0" * 64)


def test_a_rejection_sets_the_version_aside(workspace, bench):
    version = bench.version()
    asked = ask(workspace, version)

    with pytest.raises(InvalidInput, match="give a reason"):
        vote(workspace, asked, vote=Vote.REJECT, reason=" ")
    decided = vote(workspace, asked, vote=Vote.REJECT, reason="no evidence")

    assert decided.status is Status.REJECTED
    assert bench.stage(version) is Stage.REJECTED


def test_a_quorum_of_two_takes_two_people(workspace, bench):
    version = bench.version(stage=Stage.VALIDATED)
    bench.evidence(version)
    asked = ask(workspace, version, to=Stage.APPROVED)

    first = vote(workspace, asked)

    assert first.status is Status.OPEN
    assert bench.stage(version) is Stage.VALIDATED
    with pytest.raises(AlreadyDecided, match="app has already voted"):
        vote(workspace, asked)
    assert vote(workspace, asked, by="app2").status is Status.APPROVED
    assert bench.stage(version) is Stage.APPROVED
    with pytest.raises(AlreadyDecided, match="is approved"):
        vote(workspace, asked)


def test_a_new_version_in_production_retires_the_old_one_in_the_same_step(workspace, bench):
    old = bench.version("1", stage=Stage.PRODUCTION)
    other = bench.version("1", model="other", stage=Stage.PRODUCTION)
    new = bench.version("2", stage=Stage.APPROVED)
    asked = ask(workspace, new, to=Stage.PRODUCTION)

    vote(workspace, asked)

    assert bench.stage(old) is Stage.RETIRED
    assert bench.stage(new) is Stage.PRODUCTION
    assert bench.stage(other) is Stage.PRODUCTION
    moved, retired = [k.event for k in audit.search(workspace.cursor(), action="version.move")]
    assert (retired.subject, retired.reason) == ("version:credit/1", "replaced by credit/2")
    assert (moved.subject, moved.reason) == ("version:credit/2", f"as {asked.id} asked for")


def test_only_the_requester_withdraws(workspace, bench):
    asked = ask(workspace, bench.version())

    with pytest.raises(FourEyesViolation, match="only dev"):
        approvals.withdraw(workspace, asked.id, reason="", by=actor("val"), at=LATER)
    gone = approvals.withdraw(workspace, asked.id, reason="too early", by=actor("dev"), at=LATER)

    assert gone.status is Status.WITHDRAWN
    with pytest.raises(AlreadyDecided):
        vote(workspace, asked)
    assert ask(workspace, bench.version("2")).id != asked.id


def test_a_request_needs_a_reason_an_arrow_a_gate_and_no_rival(workspace, bench):
    version = bench.version()

    with pytest.raises(InvalidInput, match="give a reason"):
        approvals.request(
            workspace, "credit", "1", to=Stage.VALIDATED, reason=" ", by=actor("dev"), at=NOW
        )
    with pytest.raises(Conflict, match="from there it can become"):
        ask(workspace, version, to=Stage.PRODUCTION)
    with pytest.raises(InvalidInput, match="no gate to retired"):
        ask(workspace, version, to=Stage.RETIRED)
    with pytest.raises(Conflict, match="can become nothing"):
        ask(workspace, bench.version("9", stage=Stage.RETIRED), to=Stage.DRAFT)
    with pytest.raises(NotFound):
        approvals.request(
            workspace, "credit", "77", to=Stage.VALIDATED, reason="x", by=actor("dev"), at=NOW
        )
    ask(workspace, version)
    with pytest.raises(Conflict, match="req-1 already asks"):
        ask(workspace, version)


def test_a_role_the_gate_does_not_count_cannot_vote(workspace, bench):
    version = bench.version()
    bench.evidence(version)
    asked = ask(workspace, version)

    with pytest.raises(NotAllowed, match="house test-1 lets approver decide on req-1, not risk"):
        vote(workspace, asked, by="risk")


def test_health_is_what_monitoring_says_and_silence_is_judged_by_stage(workspace, bench):
    def health(version):
        return approvals.case_of(workspace.cursor(), version.model_id, version.name, at=NOW).health

    new = bench.version("1", stage=Stage.APPROVED)
    live = bench.version("2", stage=Stage.PRODUCTION)
    watched = bench.version("3", stage=Stage.APPROVED)
    week = Window(NOW - timedelta(days=7), NOW)
    drifted = Measurement("ks", 0.4, State.BREACH, column="x", window=week, n=500, limit=0.1)
    with workspace.transaction() as tx:
        monitors.add(tx, Monitor("m", watched.id, 1, NOW, "dev"))

    assert health(new) is State.NOT_APPLICABLE
    assert health(live) is State.INSUFFICIENT
    assert health(watched) is State.INSUFFICIENT
    with workspace.transaction() as tx:
        measurements.replace(tx, watched.id, [drifted], windows=None)
    assert health(watched) is State.BREACH
    asked = ask(workspace, watched, to=Stage.PRODUCTION)
    with pytest.raises(CheckFailed, match="monitoring says breach"):
        vote(workspace, asked)


def test_two_approvers_at_once_end_in_one_order_and_one_move(workspace, bench):
    for turn in range(200):
        version = bench.version(f"{turn}", stage=Stage.VALIDATED if turn % 2 else Stage.CANDIDATE)
        bench.evidence(version)
        to = Stage.APPROVED if turn % 2 else Stage.VALIDATED
        asked = ask(workspace, version, to=to)
        outcomes = together(
            [lambda asked=asked, who=who: vote(workspace, asked, by=who) for who in ("app", "app2")]
        )

        errors = [o for o in outcomes if isinstance(o, LifecycleError)]
        assert all(isinstance(e, AlreadyDecided) for e in errors)
        assert len(errors) == (0 if turn % 2 else 1)
        assert requests.get(workspace.cursor(), asked.id).status is Status.APPROVED
        moves = audit.search(
            workspace.cursor(), action="version.move", subject=f"version:{version.id}"
        )
        assert len(moves) == 1


def together(calls):
    """Run calls at the same moment and return what each returned or raised."""
    start = threading.Barrier(len(calls))
    outcomes: list[object] = [None] * len(calls)

    def run(i, call):
        start.wait()
        try:
            outcomes[i] = call()
        except LifecycleError as error:
            outcomes[i] = error

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes
