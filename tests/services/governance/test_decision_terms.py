"""Who must agree, by when and for how long: the terms of a gate, kept by service and store."""

from dataclasses import replace
from datetime import timedelta

import duckdb
import pytest
from furniture import NOW, actor, password_of, proof_of
from terms_bench import BOTH, DAY, ask, events, under, vote

from lifecycle.domain.actor import Role
from lifecycle.domain.approval import Decision, Status, Vote
from lifecycle.domain.model import Stage
from lifecycle.domain.person import Person
from lifecycle.domain.signature import Meaning
from lifecycle.domain.standing import Standing
from lifecycle.errors import (
    AlreadyDecided,
    CheckFailed,
    Conflict,
    FourEyesViolation,
    InvalidInput,
    NotAllowed,
    NotSignedIn,
    StaleEvidence,
)
from lifecycle.services import approvals
from lifecycle.services.approvals import signing
from lifecycle.store import approvals as kept
from lifecycle.store import people, requests


def test_a_quorum_by_role_takes_somebody_of_each(workspace, bench):
    under(workspace, BOTH)
    version = bench.version()
    asked = ask(workspace)

    vote(workspace, asked, "app")
    second = vote(workspace, asked, "app2")

    assert second.status is Status.OPEN
    assert bench.stage(version) is Stage.CANDIDATE
    assert vote(workspace, asked, "risk").status is Status.APPROVED


def test_in_a_sequence_a_later_step_waits_for_the_earlier(workspace, bench):
    under(workspace, BOTH + ", order: sequence")
    bench.version()
    asked = ask(workspace)

    with pytest.raises(NotAllowed, match="waits for the approval of approver first"):
        vote(workspace, asked, "risk")
    vote(workspace, asked, "app")
    with pytest.raises(NotAllowed, match="waits for the approval of risk_owner first"):
        vote(workspace, asked, "app2")
    assert vote(workspace, asked, "risk").status is Status.APPROVED


def test_with_veto_roles_others_reject_only_together(workspace, bench):
    under(workspace, "approvals: 2, veto: [risk_owner]")
    version = bench.version()
    asked = ask(workspace)

    assert vote(workspace, asked, "app", Vote.REJECT).status is Status.OPEN
    assert vote(workspace, asked, "app2", Vote.REJECT).status is Status.REJECTED
    assert bench.stage(version) is Stage.REJECTED


def test_a_veto_ends_a_request_at_once(workspace, bench):
    under(workspace, "approvals: 2, veto: [risk_owner]")
    bench.version()
    asked = ask(workspace)

    assert vote(workspace, asked, "risk", Vote.REJECT).status is Status.REJECTED


def test_the_approval_of_a_veto_role_does_not_fill_the_quorum(workspace, bench):
    under(workspace, "approvals: 2, veto: [risk_owner]")
    bench.version()
    asked = ask(workspace)

    vote(workspace, asked, "risk")

    assert vote(workspace, asked, "app").status is Status.OPEN
    assert vote(workspace, asked, "app2").status is Status.APPROVED


def test_the_policy_can_keep_owner_and_sponsor_from_deciding(workspace, bench):
    under(workspace, "separation: [owner, sponsor]")
    bench.version()
    add_viewers(workspace, "olga")
    with pytest.raises(InvalidInput, match="keeps the sponsor from deciding, but 'sam' has no acc"):
        ask(workspace)
    add_viewers(workspace, "sam")

    asked = ask(workspace)

    assert {"olga", "sam"} <= asked.barred


def add_viewers(workspace, *names):
    with workspace.transaction() as tx:
        for name in names:
            people.add(tx, Person(name, name, frozenset({Role.VIEWER}), created_at=NOW))


def test_a_quorum_whose_roles_nobody_has_any_more_is_told_at_once(workspace, bench):
    under(workspace, BOTH)
    bench.version()
    asked = ask(workspace)
    vote(workspace, asked, "app")
    with workspace.transaction() as tx:
        people.update(tx, replace(people.get(tx, "risk"), active=False))
    lost = f"{asked.id}: too few people are left who may decide: 1 of risk_owner cannot come"

    assert approvals.tick(workspace, at=NOW + DAY).sentences == (lost,), "app2 is left"
    assert approvals.tick(workspace, at=NOW + DAY).sentences == ()


def test_a_quorum_nobody_can_meet_is_told_when_the_request_is_opened(workspace, bench):
    under(workspace, "approvals: 2")
    bench.version(developer="app")

    ask(workspace)

    (told,) = events(workspace, "request.unmeetable")
    assert told.reason.endswith("1 of approver cannot come")
    assert told.details["waits_for"] == ["app2"]


def test_nothing_is_approved_before_the_waiting_time_is_over(workspace, bench):
    under(workspace, "waiting_hours: 48")
    bench.version()
    asked = ask(workspace)

    with pytest.raises(CheckFailed, match="waits 48 hours; it can be approved from 2026-11-04"):
        vote(workspace, asked, "app", at=NOW + DAY)
    assert vote(workspace, asked, "app", at=NOW + 2 * DAY).status is Status.APPROVED


def test_an_undecided_request_expires_and_is_never_approved_by_silence(workspace, bench):
    under(workspace, "open_days: 10, remind_days: 3, escalate_days: 7")
    version = bench.version()
    asked = ask(workspace)

    for day in (1, 4, 4, 8, 9, 11, 12):
        approvals.tick(workspace, at=NOW + timedelta(days=day))

    found = requests.get(workspace.cursor(), asked.id)
    assert found.status is Status.EXPIRED
    assert bench.stage(version) is Stage.CANDIDATE
    assert [e.action for e in events(workspace, "request.")] == [
        "request.open",
        "request.remind",
        "request.escalate",
        "request.expire",
    ]


def test_nobody_votes_on_a_request_whose_time_is_over_even_before_the_clock_looked(
    workspace, bench
):
    under(workspace, "open_days: 10")
    bench.version()
    asked = ask(workspace)

    with pytest.raises(AlreadyDecided, match="expired undecided on 2026-11-12"):
        vote(workspace, asked, "app", at=NOW + 11 * DAY)


def test_a_reminder_names_who_can_still_vote_and_a_lost_quorum_is_told(workspace, bench):
    under(workspace, "approvals: 2")
    bench.version()
    asked = ask(workspace)
    approvals.tick(workspace, at=NOW + 4 * DAY)
    with workspace.transaction() as tx:
        people.update(tx, replace(people.get(tx, "app2"), active=False))

    said = approvals.tick(workspace, at=NOW + 4 * DAY).sentences

    assert events(workspace, "request.remind")[0].details["waits_for"] == ["app", "app2"]
    lost = f"{asked.id}: too few people are left who may decide: 1 of approver cannot come"
    assert said == (lost,)


def test_a_clock_that_jumped_back_decides_nothing_and_takes_nothing_back(workspace, bench):
    under(workspace, "approvals: 2, valid_days: 10, notice_days: 1")
    version = bench.version()
    asked = ask(workspace)
    vote(workspace, asked, "app", at=NOW + DAY)

    with pytest.raises(Conflict, match="the clock says 2026-11-02 21:00 UTC, but the last step"):
        vote(workspace, asked, "app2", at=NOW + DAY / 2)
    vote(workspace, asked, "app2", at=NOW + DAY - timedelta(minutes=1))
    decided = requests.get(workspace.cursor(), asked.id)
    assert decided.decisions[1].at == NOW + DAY
    approvals.tick(workspace, at=NOW + 20 * DAY)
    approvals.tick(workspace, at=NOW + 2 * DAY)
    assert kept.of_version(workspace.cursor(), version.id)[0].standing is Standing.EXPIRED


def test_a_signature_binds_name_role_meaning_time_and_bundle(workspace, bench):
    under(workspace, "approvals: 1")
    bench.version()
    asked = ask(workspace)

    decided = vote(workspace, asked, "app")

    signature = decided.decisions[0].signature
    assert signature is not None
    assert signing.line(workspace.cursor(), signature) == (
        f"Approved by App (app), approver, 2026-11-03 09:00:00 UTC, password asked again, "
        f"bundle {asked.bundle}"
    )
    assert signature.meaning is Meaning.APPROVED
    kept_one = requests.get(workspace.cursor(), asked.id).decisions[0].signature
    assert kept_one == signature
    assert events(workspace, "request.approve")[0].details["signature"] == signature.sha256


def test_turning_down_is_signed_as_reviewed(workspace, bench):
    under(workspace, "approvals: 1")
    bench.version()

    signature = vote(workspace, ask(workspace), "app", Vote.RETURN).decisions[0].signature

    assert signature is not None
    assert signature.meaning is Meaning.REVIEWED


def test_without_the_right_password_nothing_is_signed(workspace, bench):
    under(workspace, "approvals: 1")
    bench.version()
    asked = ask(workspace)
    password_of(workspace, "app")

    for proof in (approvals.Proof(), approvals.Proof("wrong password here")):
        with pytest.raises(NotSignedIn):
            vote(workspace, asked, "app", proof=proof)
    assert requests.get(workspace.cursor(), asked.id).decisions == ()


def test_a_token_signs_by_itself_only_where_the_policy_lets_it(workspace, bench):
    under(workspace, "approvals: 2")
    bench.version()
    asked = ask(workspace)
    decided = vote(workspace, asked, "app", via="token", proof=approvals.Proof())
    signed = decided.decisions[0].signature
    assert signed is not None
    assert signed.method == "token"

    under(workspace, "approvals: 2, signature: fresh", version="terms-2")
    approvals.withdraw(workspace, asked.id, reason="x", by=actor("dev"), at=NOW + DAY)
    again = ask(workspace, at=NOW + DAY)
    with pytest.raises(NotSignedIn):
        vote(workspace, again, "app", via="token", proof=approvals.Proof())


def test_what_is_of_high_risk_is_decided_one_by_one(workspace, bench):
    under(workspace, "approvals: 1")
    bench.version()
    asked = ask(workspace)

    with pytest.raises(NotAllowed, match="decided by itself"):
        approvals.decide_many(
            workspace,
            [asked.id],
            vote=Vote.APPROVE,
            reason="all",
            by=actor("app"),
            at=NOW + DAY,
            proof=proof_of(workspace, "app"),
        )
    with pytest.raises(InvalidInput, match=r"line 6: .*bulk: what is of high risk"):
        under(workspace, "bulk: true", version="bulk")


def test_the_store_refuses_what_a_service_forgot_to_check(workspace, bench):
    under(workspace, "approvals: 2")
    bench.version()
    asked = ask(workspace)
    forged = Decision("dev", NOW, Vote.APPROVE, "", asked.bundle)
    fine = replace(forged, by="app")

    for cast, sentence in (
        ((forged,), "dev cannot decide"),
        ((fine, fine), "app has voted"),
        ((replace(fine, on_behalf_of="dev"),), "nobody decides for dev"),
    ):
        with pytest.raises(FourEyesViolation, match=sentence), workspace.transaction() as tx:
            requests.update(tx, replace(asked, decisions=cast), expected=0)
    with pytest.raises(FourEyesViolation, match="lacks approvals"), workspace.transaction() as tx:
        requests.update(tx, replace(asked, status=Status.APPROVED, decisions=(fine,)), expected=0)
    with pytest.raises(duckdb.Error, match="separation of duties"), workspace.transaction() as tx:
        tx.execute("UPDATE request SET status = 'approved'")
    assert requests.get(workspace.cursor(), asked.id) == asked


def test_who_approves_something_changed_is_told_what_changed(workspace, bench):
    under(workspace, "approvals: 1")
    version = bench.version()
    asked = ask(workspace)
    newer = bench.evidence(version)

    with pytest.raises(StaleEvidence, match=f"newer performance evidence {newer.id}; .* withdraw"):
        vote(workspace, asked, "app", seen=asked.bundle)
