"""Who may decide for somebody else, and who for nobody."""

from dataclasses import replace

import pytest
from furniture import NOW, actor
from terms_bench import BOTH, DAY, ask, lend, under, vote

from lifecycle.domain.actor import Role
from lifecycle.domain.approval import Code, Status, Vote
from lifecycle.errors import (
    AlreadyDecided,
    FourEyesViolation,
    InvalidInput,
    NotAllowed,
)
from lifecycle.services import approvals
from lifecycle.services.approvals import signing
from lifecycle.store import people


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


def test_a_delegate_votes_in_the_givers_role_and_the_signature_says_for_whom(workspace, bench):
    under(workspace, "approvals: 2")
    bench.version()
    asked = ask(workspace)
    lend(workspace, "app", "risk")
    vote(workspace, asked, "app2")

    decided = vote(workspace, asked, "risk", on_behalf_of="app")

    assert decided.status is Status.APPROVED
    line = signing.lines(workspace.cursor(), decided)[1]
    assert "approver on behalf of app" in line


def test_authority_passes_to_equals_and_upwards_but_never_downwards(workspace, bench):
    under(workspace, BOTH)
    bench.version()
    asked = ask(workspace)
    with pytest.raises(NotAllowed, match="app has no authority like that of risk_owner"):
        lend(workspace, "risk", "app")
    with workspace.transaction() as tx:
        people.update(tx, replace(people.get(tx, "app2"), roles=frozenset({Role.RISK_OWNER})))
    lend(workspace, "risk", "app2")

    with pytest.raises(NotAllowed, match="app2 no longer has an authority like that of risk"):
        vote(workspace, asked, "app2", on_behalf_of="risk")  # an approver again by now


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
        ("risk", "app", 0, 7, NotAllowed, "app has no authority like that of risk_owner"),
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
