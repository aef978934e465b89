import hashlib
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifecycle.domain.approval import Code, Decision, Request, Status, Vote, bundle_of
from lifecycle.domain.finding import Obligation, Severity
from lifecycle.domain.model import Stage
from lifecycle.domain.terms import Step, Terms
from lifecycle.errors import AlreadyDecided, FourEyesViolation, InvalidInput, StaleEvidence

NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)


def a_request(**changes) -> Request:
    parts: dict[str, Any] = {
        "id": "req-1",
        "version_id": "m/1",
        "before": Stage.CANDIDATE,
        "to": Stage.VALIDATED,
        "reason": "ready",
        "requested_by": "dev",
        "requested_at": NOW,
        "policy": "house 1",
        "policy_sha256": "p",
        "evidence": ("ev-1",),
        "bundle": "b",
        "barred": frozenset({"dev", "val"}),
        "quorum": 1,
    }
    return Request(**(parts | changes))


def decide(request, vote=Vote.APPROVE, *, by="app", reason="because", bundle="b", **more):
    given: dict[str, Any] = {"at": NOW, "code": Code.OTHER} | more
    terms = given.pop("terms", Terms(quorum=(Step(approvals=request.quorum),)))
    return request.decide(
        Decision(by, vote=vote, reason=reason, bundle=bundle, **given), terms=terms
    )


def test_a_bundle_is_a_hash_over_policy_version_and_sorted_evidence():
    text = json.dumps(
        {"evidence": ["a", "b"], "policy": "p", "version": "v"}, separators=(",", ":")
    )

    expected = hashlib.sha256(text.encode()).hexdigest()
    assert bundle_of(policy="p", version="v", evidence=["b", "a"]) == expected
    assert bundle_of(policy="q", version="v", evidence=["b", "a"]) != expected


@pytest.mark.parametrize(
    ("vote", "status"),
    [
        (Vote.APPROVE, Status.APPROVED),
        (Vote.REJECT, Status.REJECTED),
        (Vote.RETURN, Status.RETURNED),
        (Vote.ABSTAIN, Status.OPEN),
    ],
)
def test_a_vote_leads_to_its_status_and_an_event_that_says_on_what_it_rests(vote, status):
    decided, event = decide(a_request(), vote)

    assert decided.status is status
    assert decided.decisions[0].vote is vote
    assert event.action == f"request.{vote}"
    assert event.subject == "request:req-1"
    assert event.details == {
        "version": "m/1",
        "to": "validated",
        "status": status,
        "bundle": "b",
        "policy": "house 1",
        "evidence": ["ev-1"],
        "code": "other",
        "roles": ["approver"],
    }


def test_an_abstention_never_completes_a_quorum():
    decided, _ = decide(a_request(), Vote.ABSTAIN, terms=Terms(quorum=(Step(approvals=0),)))

    assert decided.status is Status.OPEN


@pytest.mark.parametrize("vote", set(Vote) - {Vote.CONDITIONAL})
@pytest.mark.parametrize("who", ["dev", "val"])
def test_the_barred_cast_no_vote_at_all(vote, who):
    with pytest.raises(FourEyesViolation, match=f"{who} requested req-1"):
        decide(a_request(), vote, by=who)


@pytest.mark.parametrize("vote", [Vote.REJECT, Vote.RETURN])
def test_turning_down_needs_a_reason(vote):
    with pytest.raises(InvalidInput, match=f"to {vote} req-1 give a reason"):
        decide(a_request(), vote, reason="  ")


def test_what_changed_can_be_turned_down_but_not_approved():
    with pytest.raises(StaleEvidence, match="request again"):
        decide(a_request(), bundle="other")
    assert decide(a_request(), Vote.REJECT, bundle="other")[0].status is Status.REJECTED


@pytest.mark.parametrize("status", set(Status) - {Status.OPEN})
def test_a_closed_request_stays_as_it_is(status):
    request = a_request(status=status)

    with pytest.raises(AlreadyDecided, match=f"is {status}"):
        decide(request)
    with pytest.raises(AlreadyDecided, match=f"is {status}"):
        request.withdraw(by="dev", at=NOW, reason="")


def test_nobody_votes_twice():
    once, _ = decide(a_request(quorum=2))

    with pytest.raises(AlreadyDecided, match="app has already voted"):
        decide(once)


def test_the_requester_withdraws_and_nobody_else():
    withdrawn, event = a_request().withdraw(by="dev", at=NOW, reason="too early")

    assert withdrawn.status is Status.WITHDRAWN
    assert (event.action, event.reason) == ("request.withdraw", "too early")
    with pytest.raises(FourEyesViolation, match="only dev can withdraw"):
        a_request().withdraw(by="app", at=NOW, reason="")
    with pytest.raises(FourEyesViolation, match="only dev can supersede"):
        a_request().supersede(by="app", at=NOW, reason="")


def test_a_request_expires_when_its_time_is_over_and_once():
    terms = Terms(open_days=10)
    over = NOW + timedelta(days=10, seconds=1)

    expired, event = a_request().expire(by="clock", at=over, terms=terms)

    assert expired.status is Status.EXPIRED
    assert event.reason == "undecided for 10 days"
    with pytest.raises(AlreadyDecided, match="is open for longer"):
        a_request().expire(by="clock", at=NOW + timedelta(days=10), terms=terms)
    with pytest.raises(AlreadyDecided, match="is expired"):
        expired.expire(by="clock", at=over, terms=terms)


TOMORROW = NOW + timedelta(days=1)


@pytest.mark.parametrize(
    ("vote", "conditions", "sentence"),
    [
        (Vote.CONDITIONAL, (), "names them"),
        (Vote.APPROVE, (Obligation("test", Severity.LOW, "dev", TOMORROW),), "any other vote has"),
        (Vote.CONDITIONAL, (Obligation(" ", Severity.LOW, "dev", TOMORROW),), "what is to be done"),
        (Vote.CONDITIONAL, (Obligation("test", Severity.LOW, "", TOMORROW),), "and by whom"),
        (Vote.CONDITIONAL, (Obligation("test", Severity.LOW, "dev", NOW),), "in the future"),
    ],
)
def test_a_condition_says_what_who_and_by_when(vote, conditions, sentence):
    with pytest.raises(InvalidInput, match=sentence):
        decide(a_request(), vote, conditions=conditions)


votes = st.lists(
    st.tuples(
        st.sampled_from(sorted(set(Vote) - {Vote.CONDITIONAL})),
        st.sampled_from(["dev", "val", "app", "app2", "app3"]),
        st.sampled_from(["b", "stale"]),
    ),
    max_size=8,
)


@given(votes, st.integers(1, 3))
def test_no_sequence_of_votes_approves_without_enough_different_unbarred_people(cast, quorum):
    request = a_request(quorum=quorum)
    for vote, by, bundle in cast:
        try:
            request, _ = decide(request, vote, by=by, bundle=bundle)
        except (AlreadyDecided, FourEyesViolation, StaleEvidence):
            continue

    agreeing = {d.by for d in request.decisions if d.vote is Vote.APPROVE}
    assert (request.status is Status.APPROVED) == (len(agreeing) >= quorum)
    assert request.approvals == len(agreeing)
    assert not agreeing & request.barred
    assert all(d.bundle == "b" for d in request.decisions if d.vote is Vote.APPROVE)


@pytest.mark.parametrize("vote", [Vote.CONDITIONAL, Vote.REJECT, Vote.RETURN])
def test_what_must_be_explained_has_no_code_by_default(vote):
    with pytest.raises(InvalidInput, match="give a code: evidence_sufficient, risk_manageable"):
        decide(a_request(), vote, code=None)


def test_a_plain_approval_an_abstention_and_a_recusal_need_no_code():
    votes = (Vote.APPROVE, Vote.ABSTAIN, Vote.RECUSE)

    codes = [decide(a_request(), vote, code=None)[0].decisions[0].code for vote in votes]

    assert codes == [Code.OTHER, Code.OTHER, Code.INTEREST]


def test_in_an_emergency_an_approval_gives_its_code_and_reason():
    urgent = a_request(emergency=True)

    with pytest.raises(InvalidInput, match="give a code"):
        decide(urgent, code=None)
    with pytest.raises(InvalidInput, match="give a reason: it is an emergency change"):
        decide(urgent, code=Code.URGENT, reason="\u200b")
    assert decide(urgent, code=Code.URGENT)[0].decisions[0].code is Code.URGENT


def test_a_reason_that_nobody_can_see_explains_nothing():
    with pytest.raises(InvalidInput, match="give a reason"):
        decide(a_request(), Vote.REJECT, reason="\u200b \u202e\u2060")
