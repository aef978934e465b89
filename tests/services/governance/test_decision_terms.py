"""Who must agree, by when and for how long: the terms of a gate, kept by service and store."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import duckdb
import pytest
from furniture import NOW, actor, password_of, proof_of, publish

from lifecycle.domain.actor import Actor, Role
from lifecycle.domain.approval import Code, Decision, Status, Vote
from lifecycle.domain.finding import Kind, Obligation, Progress, Severity
from lifecycle.domain.model import Stage
from lifecycle.domain.signature import Meaning
from lifecycle.domain.standing import Standing
from lifecycle.domain.terms import Effect
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
from lifecycle.store import approvals as kept
from lifecycle.store import audit, people, requests

DAY = timedelta(days=1)
HOUSE = """
name: house
version: "{version}"
tiers:
  high:
    validated: {{ {terms} }}
"""


def under(workspace, terms, *, version="terms-1"):
    return publish(workspace, HOUSE.format(version=version, terms=terms))


def ask(workspace, *, at=NOW, by="dev", **more):
    return approvals.request(
        workspace, "credit", "1", to=Stage.VALIDATED, reason="ready", by=actor(by), at=at, **more
    )


def vote(workspace, request, by, choice=Vote.APPROVE, *, at=NOW + DAY, via="session", **more):
    given: dict[str, Any] = {"reason": "fine", "proof": proof_of(workspace, by)} | more
    return approvals.decide(
        workspace, request.id, vote=choice, by=actor(by, via=via), at=at, **given
    )


def events(workspace, prefix):
    found = [link.event for link in audit.links(workspace.cursor())]
    return [event for event in found if event.action.startswith(prefix)]


BOTH = "quorum: [{roles: [approver]}, {roles: [risk_owner]}]"


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

    asked = ask(workspace)

    assert {"olga", "sam"} <= asked.barred


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
    assert said == (f"{asked.id}: too few people are left who may decide",)


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
    assert signature.line == (
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


def test_a_recused_person_neither_votes_nor_lends_their_vote(workspace, bench):
    under(workspace, "approvals: 1")
    bench.version()
    asked = ask(workspace)
    lend(workspace, "app", "app2")
    vote(workspace, asked, "app", Vote.RECUSE, code=Code.INTEREST)

    with pytest.raises(AlreadyDecided, match="app has already voted"):
        vote(workspace, asked, "app")
    with pytest.raises(AlreadyDecided, match="app has already voted"):
        vote(workspace, asked, "app2", on_behalf_of="app")
    assert vote(workspace, asked, "app2").status is Status.APPROVED


def lend(workspace, giver, taker, *, start=NOW, end=NOW + 7 * DAY, at=NOW):
    return approvals.delegate(
        workspace, taker, start=start, end=end, reason="leave", by=actor(giver), at=at
    )


def test_a_delegate_votes_in_the_givers_role_and_the_signature_says_for_whom(workspace, bench):
    under(workspace, BOTH)
    bench.version()
    asked = ask(workspace)
    lend(workspace, "risk", "app2")
    vote(workspace, asked, "app")

    decided = vote(workspace, asked, "app2", on_behalf_of="risk")

    assert decided.status is Status.APPROVED
    signature = decided.decisions[1].signature
    assert signature is not None
    assert "risk_owner on behalf of risk" in signature.line


def test_one_person_is_one_vote_however_many_they_speak_for(workspace, bench):
    under(workspace, "approvals: 2")
    bench.version()
    asked = ask(workspace)
    lend(workspace, "app", "app2")
    vote(workspace, asked, "app2", on_behalf_of="app")

    for by in ("app2", "app"):
        with pytest.raises(AlreadyDecided, match="has already voted"):
            vote(workspace, asked, by)


def test_an_expired_ended_or_absent_delegation_is_worth_nothing(workspace, bench):
    under(workspace, "approvals: 1")
    bench.version()
    asked = ask(workspace)
    found = lend(workspace, "app", "app2", end=NOW + 3 * DAY)

    for at, by in ((NOW + 3 * DAY, "app2"), (NOW + DAY, "risk")):
        with pytest.raises(NotAllowed, match="app has not delegated"):
            vote(workspace, asked, by, on_behalf_of="app", at=at)
    approvals.end_delegation(workspace, found.id, by=actor("app"), at=NOW + DAY)
    with pytest.raises(NotAllowed, match="app has not delegated"):
        vote(workspace, asked, "app2", on_behalf_of="app")


def test_a_person_who_left_lends_no_authority(workspace, bench):
    under(workspace, "approvals: 1")
    bench.version()
    asked = ask(workspace)
    lend(workspace, "app", "app2")
    with workspace.transaction() as tx:
        people.update(tx, replace(people.get(tx, "app"), active=False))

    with pytest.raises(NotAllowed, match="app may no longer decide"):
        vote(workspace, asked, "app2", on_behalf_of="app")


def test_nobody_decides_for_somebody_who_is_barred(workspace, bench):
    under(workspace, "approvals: 1")
    version = bench.version()
    bench.evidence(version, by="app")
    asked = ask(workspace)
    lend(workspace, "app", "app2")

    with pytest.raises(FourEyesViolation, match="app requested"):
        vote(workspace, asked, "app2", on_behalf_of="app")


@pytest.mark.parametrize(
    ("giver", "taker", "start", "end", "error", "sentence"),
    [
        ("app", "app", 0, 7, InvalidInput, "nobody delegates to themselves"),
        ("app", "app2", 0, 61, InvalidInput, "at most 60 days"),
        ("app", "app2", 3, 3, InvalidInput, "must end after it begins"),
        ("app", "app2", -9, -1, InvalidInput, "in the future"),
        ("app", "dev", 0, 7, NotAllowed, "dev may not decide"),
        ("app", "adm", 0, 7, NotAllowed, "adm may not decide"),
    ],
)
def test_a_delegation_is_short_between_equals_and_to_somebody_else(
    workspace, giver, taker, start, end, error, sentence
):
    with pytest.raises(error, match=sentence):
        lend(workspace, giver, taker, start=NOW + start * DAY, end=NOW + end * DAY)


def test_what_is_lent_is_not_passed_on(workspace):
    lend(workspace, "app", "app2")

    for giver, taker in (("app2", "risk"), ("risk", "app")):
        with pytest.raises(InvalidInput, match="what is lent is not passed on"):
            lend(workspace, giver, taker)


CONDITION = Obligation("Measure calibration by region", Severity.HIGH, "val", NOW + 10 * DAY)


def conditional(workspace, bench):
    under(workspace, "approvals: 1, stale: {drift: stop}")
    version = bench.version()
    asked = ask(workspace)
    vote(workspace, asked, "app", Vote.CONDITIONAL, conditions=[CONDITION])
    return version, asked, kept.findings(workspace.cursor(), request_id=asked.id)[0]


def test_a_condition_becomes_a_finding_with_owner_and_date(workspace, bench):
    _, asked, found = conditional(workspace, bench)

    assert requests.get(workspace.cursor(), asked.id).decisions[0].conditions == (CONDITION,)
    assert (found.kind, found.owner, found.due_at) == (Kind.CONDITION, "val", NOW + 10 * DAY)
    assert [t.kind for t in approvals.tasks(workspace.cursor(), actor("val"), at=NOW)] == ["answer"]


def test_a_condition_is_answered_by_its_owner_and_closed_by_a_second_person(workspace, bench):
    _, _, found = conditional(workspace, bench)
    with pytest.raises(FourEyesViolation, match="for val to answer"):
        approvals.answer_finding(workspace, found.id, "done", by=actor("dev"), at=NOW + DAY)
    with pytest.raises(InvalidInput, match="val has not answered"):
        approvals.close_finding(workspace, found.id, "fine", by=actor("app"), at=NOW + DAY)
    approvals.answer_finding(workspace, found.id, "done", by=actor("val"), at=NOW + DAY)
    both = Actor("val", frozenset({Role.APPROVER}))
    with pytest.raises(FourEyesViolation, match="val answers for"):
        approvals.close_finding(workspace, found.id, "fine", by=both, at=NOW + DAY)

    closed = approvals.close_finding(workspace, found.id, "seen", by=actor("app"), at=NOW + DAY)

    assert closed.status is Progress.CLOSED
    assert approvals.tick(workspace, at=NOW + 20 * DAY).sentences == ()


def test_an_overdue_condition_revokes_the_approval_for_good(workspace, bench):
    version, asked, found = conditional(workspace, bench)

    said = approvals.tick(workspace, at=NOW + 11 * DAY).sentences

    (approval,) = kept.of_version(workspace.cursor(), version.id)
    assert (approval.standing, approval.effect) == (Standing.REVOKED, Effect.STOP)
    assert f"{asked.id} of credit/1 is revoked: {found.id} for val was due on 2026-11-12" in said
    approvals.answer_finding(workspace, found.id, "late", by=actor("val"), at=NOW + 12 * DAY)
    approvals.close_finding(workspace, found.id, "late", by=actor("app"), at=NOW + 12 * DAY)
    approvals.tick(workspace, at=NOW + 13 * DAY)
    assert kept.of_version(workspace.cursor(), version.id) == [approval]


def test_more_time_takes_a_second_person_and_does_not_bring_back_what_is_revoked(workspace, bench):
    version, _, found = conditional(workspace, bench)
    owner = Actor("val", frozenset({Role.APPROVER}))
    with pytest.raises(FourEyesViolation, match="val answers for"):
        extend(workspace, found, NOW + 20 * DAY, by=owner)
    with pytest.raises(InvalidInput, match="name a later date"):
        extend(workspace, found, NOW + 9 * DAY)
    extended = extend(workspace, found, NOW + 20 * DAY)
    assert extended.due_at == NOW + 20 * DAY
    assert approvals.tick(workspace, at=NOW + 15 * DAY).sentences == ()

    extend(workspace, found, NOW + 40 * DAY, at=NOW + 25 * DAY)

    assert kept.of_version(workspace.cursor(), version.id)[0].standing is Standing.REVOKED


def extend(workspace, found, due, *, by=None, at=NOW + DAY):
    by = by or actor("app")
    return approvals.extend_finding(workspace, found.id, due, reason="later", by=by, at=at)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ([], "names them"),
        ([replace(CONDITION, text=" ")], "what is to be done"),
        ([replace(CONDITION, owner="nobody")], "'nobody' has no open account"),
        ([replace(CONDITION, due_at=NOW)], "due in the future"),
    ],
)
def test_a_condition_says_what_by_whom_and_until_when(workspace, bench, given, sentence):
    under(workspace, "approvals: 1")
    bench.version()
    asked = ask(workspace)

    with pytest.raises(InvalidInput, match=sentence):
        vote(workspace, asked, "app", Vote.CONDITIONAL, conditions=given)
    with pytest.raises(InvalidInput, match="any other vote has none"):
        vote(workspace, asked, "app", Vote.APPROVE, conditions=[CONDITION])


OVERRIDE = "override: {roles: [approver, risk_owner], approvals: 2, review_days: 5}"
LIMIT = "rules: [{rule: evidence, purpose: performance}]"


def test_an_emergency_change_takes_two_people_and_a_review_afterwards(workspace, bench):
    under(workspace, f"{OVERRIDE}, {LIMIT}")
    version = bench.version()
    asked = ask(workspace, emergency=True)

    assert vote(workspace, asked, "app").status is Status.OPEN
    assert vote(workspace, asked, "risk").status is Status.APPROVED

    (review,) = kept.findings(workspace.cursor(), request_id=asked.id)
    assert (review.kind, review.owner, review.due_at) == (Kind.REVIEW, "dev", NOW + 6 * DAY)
    approvals.tick(workspace, at=NOW + 7 * DAY)
    assert kept.of_version(workspace.cursor(), version.id)[0].standing is Standing.REVOKED


def test_an_emergency_needs_a_policy_that_knows_it_and_a_fresh_signature(workspace, bench):
    under(workspace, LIMIT)
    bench.version()
    with pytest.raises(InvalidInput, match="lets nobody override the gate to validated"):
        ask(workspace, emergency=True)

    under(workspace, f"{OVERRIDE}, {LIMIT}", version="terms-2")
    asked = ask(workspace, emergency=True)
    with pytest.raises(NotSignedIn):
        vote(workspace, asked, "app", via="token", proof=approvals.Proof())


def test_a_newer_request_of_the_same_person_supersedes_the_older(workspace, bench):
    under(workspace, "approvals: 1")
    bench.version()
    first = ask(workspace)
    with pytest.raises(FourEyesViolation, match="only dev can supersede"):
        ask(workspace, by="val", supersedes=first.id)

    second = ask(workspace, supersedes=first.id)

    assert second.supersedes == first.id
    assert requests.get(workspace.cursor(), first.id).status is Status.SUPERSEDED


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


def test_a_comment_reaches_whom_it_mentions(workspace, bench):
    under(workspace, "approvals: 1")
    bench.version()
    asked = ask(workspace)

    said = approvals.comment(
        workspace, asked.id, "@val @nobody a@val.de see <b>rows</b>", by=actor("app"), at=NOW
    )

    assert said.mentions == ("val",)
    assert kept.comments(workspace.cursor(), asked.id) == [said]
    (task,) = approvals.tasks(workspace.cursor(), actor("val"), at=NOW)
    assert task.sentence == f"app mentions you on {asked.id}: {said.text}"
    with pytest.raises(duckdb.Error, match="append-only"):
        workspace.cursor().execute("DELETE FROM comment")


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

    with pytest.raises(StaleEvidence, match=f"newer performance evidence {newer.id}; withdraw"):
        vote(workspace, asked, "app", seen=asked.bundle)
