"""What waits for a person is one answer, whichever page asks."""

from dataclasses import replace
from datetime import timedelta

import pytest
from furniture import NOW, a_model, actor, proof_of, publish, use_case

from lifecycle.domain.approval import Code, Vote
from lifecycle.domain.model import Stage
from lifecycle.domain.reach import Reach
from lifecycle.domain.usecase import Tier
from lifecycle.services import approvals, portfolio
from lifecycle.store import models, requests, usecases

DAY = timedelta(days=1)
HOUSE_2 = """
name: house
version: risk
tiers: {high: {validated: {roles: [approver]}}}
"""
EMERGENCY = """
name: house
version: emergency
tiers:
  high:
    validated:
      override: {roles: [approver, risk_owner], approvals: 2, review_days: 5}
"""
LOCAL = """
name: local
version: v1
unit: retail
tiers: {high: {validated: {roles: [approver], approvals: 2}}}
"""


def ask(workspace, **more):
    return approvals.request(
        workspace,
        "credit",
        "1",
        to=Stage.VALIDATED,
        reason="ready",
        by=actor("dev"),
        at=NOW,
        **more,
    )


def queue(workspace, name, *, at=NOW + DAY):
    waits = approvals.queue(workspace.cursor(), actor(name), at=at)
    return [(item.kind, item.request_id) for item in waits]


def vote(workspace, asked, name, **more):
    return approvals.decide(
        workspace,
        asked.id,
        vote=Vote.APPROVE,
        reason="fine",
        code=Code.URGENT,
        by=actor(name),
        at=NOW + DAY,
        proof=proof_of(workspace, name),
        **more,
    )


def lend(workspace, giver, taker):
    return approvals.delegate(
        workspace, taker, start=NOW, end=NOW + 7 * DAY, reason="leave", by=actor(giver), at=NOW
    )


def test_lent_authority_makes_a_request_wait_for_its_taker_as_long_as_it_lasts(workspace, bench):
    publish(workspace, HOUSE_2)
    bench.version()
    asked = ask(workspace)
    assert queue(workspace, "risk") == []

    lend(workspace, "app", "risk")

    assert queue(workspace, "risk") == [("decide", asked.id)]
    assert queue(workspace, "risk", at=NOW + 8 * DAY) == []


def test_nothing_waits_for_a_taker_whose_giver_has_voted(workspace, bench):
    publish(workspace, HOUSE_2.replace("[approver]", "[approver], approvals: 2"))
    bench.version()
    asked = ask(workspace)
    lend(workspace, "app", "risk")

    vote(workspace, asked, "app")

    assert queue(workspace, "risk") == []


def test_a_unit_with_a_policy_of_its_own_does_not_make_its_requests_stale(workspace, bench):
    publish(workspace, LOCAL)
    with workspace.transaction() as tx:
        usecases.add(tx, replace(use_case("credit"), tags={"unit": "retail"}))
        models.add(tx, a_model("credit"))
    bench.version()
    asked = ask(workspace)

    assert asked.policy == "house test-1 & local v1"
    assert queue(workspace, "app") == [("decide", asked.id)]


def test_nothing_waits_where_somebodys_roles_do_not_reach(workspace, bench):
    bench.version()
    asked = ask(workspace)
    elsewhere = replace(actor("app"), reach=Reach(frozenset({"retail"})))

    assert approvals.queue(workspace.cursor(), elsewhere, at=NOW) == []
    terms = approvals.terms_of(workspace.cursor(), asked)
    why = approvals.why_not(workspace.cursor(), asked, elsewhere, terms=terms, at=NOW)
    assert why == "Your roles hold in unit retail, all tiers, and this is not there."


@pytest.mark.parametrize(("days", "overdue"), [(2, False), (9, True)])
def test_the_overview_names_the_review_that_an_emergency_left(workspace, bench, days, overdue):
    publish(workspace, EMERGENCY)
    bench.version()
    asked = ask(workspace, emergency=True)
    vote(workspace, asked, "app")
    vote(workspace, requests.get(workspace.cursor(), asked.id), "risk")

    at = NOW + days * DAY
    seen = portfolio.overview(workspace.cursor(), actor=actor("dev"), at=at)

    (task,) = seen.tasks
    assert (task.kind, task.request_id, task.overdue) == ("answer", asked.id, overdue)
    assert "Review the emergency change" in task.sentence


@pytest.mark.parametrize("change", ["nothing", "evidence", "stage", "tier"])
def test_a_list_says_of_a_request_what_its_own_page_says(workspace, bench, change):
    version = bench.version()
    bench.evidence(version)
    asked = ask(workspace)
    if change == "evidence":
        bench.evidence(version)
    elif change != "nothing":
        with workspace.transaction() as tx:
            case = usecases.get(tx, "credit")
            if change == "tier":
                usecases.update(tx, replace(case, tier=Tier.LIMITED))
            else:
                models.update_version(tx, replace(version, stage=Stage.DRAFT))

    (item,) = approvals.queue(workspace.cursor(), actor("app"), at=NOW + DAY)

    assert list(item.reasons) == approvals.is_stale(workspace, asked)
    assert bool(item.reasons) == (change != "nothing") == (item.kind == "stale")
