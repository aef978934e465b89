"""What an approval leaves to be done, changes in an emergency, and what is said of a request."""

from dataclasses import replace

import duckdb
import pytest
from furniture import NOW, actor
from terms_bench import DAY, ask, lend, under, vote

from lifecycle.domain.actor import Actor, Role
from lifecycle.domain.approval import Status, Vote
from lifecycle.domain.finding import Kind, Obligation, Progress, Severity
from lifecycle.domain.standing import Standing
from lifecycle.domain.terms import Effect
from lifecycle.errors import (
    AlreadyDecided,
    DamagedStore,
    FourEyesViolation,
    InvalidInput,
    NotAllowed,
    NotSignedIn,
)
from lifecycle.services import approvals, trail
from lifecycle.services.approvals import standing
from lifecycle.store import approvals as kept
from lifecycle.store import people, requests

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


def test_what_was_answered_in_time_waits_for_a_second_person_a_fortnight_beyond_its_date(
    workspace, bench
):
    version, _, found = conditional(workspace, bench)
    approvals.answer_finding(workspace, found.id, "done", by=actor("val"), at=NOW + 9 * DAY)

    approvals.tick(workspace, at=NOW + 24 * DAY)
    (waiting,) = kept.of_version(workspace.cursor(), version.id)
    approvals.tick(workspace, at=NOW + 25 * DAY)
    (over,) = kept.of_version(workspace.cursor(), version.id)

    assert waiting.standing is Standing.VALID
    assert over.standing is Standing.REVOKED, "somebody has to agree that it was done"


def test_a_condition_whose_owner_left_is_given_to_somebody_else(workspace, bench):
    version, asked, found = conditional(workspace, bench)
    with workspace.transaction() as tx:
        people.update(tx, replace(people.get(tx, "val"), active=False))
    maker = Actor("dev", frozenset({Role.DEVELOPER, Role.APPROVER}))

    def give(owner, *, by=None):
        return approvals.assign_finding(
            workspace, found.id, owner, reason="val left", by=by or actor("app"), at=NOW + DAY
        )

    with pytest.raises(InvalidInput, match="'val2' has no open account"):
        give("val2")
    with pytest.raises(FourEyesViolation, match=f"dev has a part in {asked.id}"):
        give("risk", by=maker)
    give("risk")
    approvals.answer_finding(workspace, found.id, "done", by=actor("risk"), at=NOW + 2 * DAY)
    approvals.close_finding(workspace, found.id, "seen", by=actor("app"), at=NOW + 3 * DAY)

    approvals.tick(workspace, at=NOW + 30 * DAY)
    (approval,) = kept.of_version(workspace.cursor(), version.id)
    assert approval.standing is Standing.VALID
    assert trail.examine(workspace, by=actor("aud")).findings == []
    with pytest.raises(AlreadyDecided, match="nobody has to answer it"):
        give("app2")


def test_agreeing_is_asked_of_nobody_who_is_barred(workspace, bench):
    _, asked, found = conditional(workspace, bench)
    approvals.answer_finding(workspace, found.id, "done", by=actor("val"), at=NOW + DAY)
    barred = Actor("dev", frozenset({Role.DEVELOPER, Role.APPROVER}))
    con = workspace.cursor()

    assert "dev" in asked.barred
    assert [t.kind for t in approvals.tasks(con, barred, at=NOW + DAY)] == []
    assert [t.kind for t in approvals.tasks(con, actor("app"), at=NOW + DAY)] == ["agree"]


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


def test_whoever_is_barred_from_a_request_neither_extends_nor_closes_what_it_left(workspace, bench):
    _, asked, found = conditional(workspace, bench)
    maker = Actor("dev", frozenset({Role.DEVELOPER, Role.APPROVER}))
    assert "dev" in asked.barred
    with pytest.raises(FourEyesViolation, match=f"dev has a part in {asked.id}"):
        extend(workspace, found, NOW + 20 * DAY, by=maker)
    approvals.answer_finding(workspace, found.id, "done", by=actor("val"), at=NOW + DAY)
    with pytest.raises(FourEyesViolation, match=f"dev has a part in {asked.id}"):
        approvals.close_finding(workspace, found.id, "fine", by=maker, at=NOW + DAY)


def test_each_date_that_passes_is_told_once(workspace, bench):
    _, _, found = conditional(workspace, bench)
    extend(workspace, found, NOW + 20 * DAY)

    late = [approvals.tick(workspace, at=NOW + day * DAY).sentences for day in (11, 21, 22)]
    extend(workspace, found, NOW + 40 * DAY, at=NOW + 23 * DAY)
    again = approvals.tick(workspace, at=NOW + 41 * DAY).sentences

    told = f"{found.id} for val was due on "
    assert [sum(said.startswith(told) for said in look) for look in late] == [0, 1, 0]
    assert any(said.startswith(told) for said in again)


def test_a_record_that_cannot_be_looked_at_stops_no_other(workspace, bench, monkeypatch):
    _, asked, found = conditional(workspace, bench)
    whole = standing.refresh

    def broken(tx, version_id, at):
        raise DamagedStore(f"{version_id} cannot be read")

    monkeypatch.setattr(standing, "refresh", broken)
    said = approvals.tick(workspace, at=NOW + 11 * DAY).sentences
    assert "credit/1 could not be looked at: credit/1 cannot be read" in said
    assert f"{found.id} for val was due on 2026-11-12" in said

    monkeypatch.setattr(standing, "refresh", whole)
    assert any(asked.id in late for late in approvals.tick(workspace, at=NOW + 11 * DAY).sentences)


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


def test_a_mention_waits_until_whom_it_means_says_something_or_votes(workspace, bench):
    under(workspace, "approvals: 2")
    bench.version()
    asked = ask(workspace)
    app, val = actor("app"), actor("val")

    def waits(whom, at):
        return [task.kind for task in approvals.tasks(workspace.cursor(), whom, at=at)]

    approvals.comment(workspace, asked.id, "@val which rows?", by=app, at=NOW)
    later = NOW + DAY / 24
    approvals.comment(workspace, asked.id, "@app those of May", by=val, at=later)
    assert (waits(val, later), waits(app, later)) == ([], ["mention"])
    vote(workspace, asked, "app", at=later + DAY / 24)
    assert waits(app, later + DAY / 12) == []


def test_a_mention_on_a_decided_request_waits_for_a_fortnight(workspace, bench):
    under(workspace, "approvals: 1")
    bench.version()
    asked = ask(workspace)
    vote(workspace, asked, "app")
    approvals.comment(workspace, asked.id, "@val well done", by=actor("app"), at=NOW)

    waiting = [
        [task.kind for task in approvals.tasks(workspace.cursor(), actor("val"), at=NOW + age)]
        for age in (14 * DAY, 15 * DAY)
    ]
    assert waiting == [["mention"], []]


def test_what_came_back_waits_for_whoever_asked_until_asked_anew(workspace, bench):
    under(workspace, "approvals: 1")
    bench.version()
    asked = ask(workspace)
    vote(workspace, asked, "app", Vote.RETURN, reason="measure by region")
    asker = actor(asked.requested_by)

    (task,) = approvals.tasks(workspace.cursor(), asker, at=NOW + DAY)
    assert (task.kind, task.request_id) == ("returned", asked.id)
    assert task.sentence == f"app returned {asked.id} for more work: measure by region"
    ask(workspace, at=NOW + 2 * DAY)
    assert approvals.tasks(workspace.cursor(), asker, at=NOW + 2 * DAY) == []


def test_authority_is_offered_only_to_who_could_take_it(workspace):
    names = approvals.takers(workspace.cursor(), actor("app"))

    for person in people.every(workspace.cursor()):
        if person.name == "app":
            assert person.name not in names
        elif person.name in names:
            assert lend(workspace, "app", person.name).taker == person.name
        else:
            with pytest.raises(NotAllowed):
                lend(workspace, "app", person.name)
