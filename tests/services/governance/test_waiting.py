"""What waits for a person is one answer, whichever page asks."""

from dataclasses import replace
from datetime import timedelta

import pytest
from furniture import NOW, ROOT, a_model, actor, proof_of, publish, use_case

from lifecycle.domain.actor import Role
from lifecycle.domain.approval import Vote
from lifecycle.domain.model import Stage
from lifecycle.domain.reach import Reach
from lifecycle.domain.usecase import Tier
from lifecycle.services import access, approvals, portfolio
from lifecycle.store import models, requests, usecases

DAY = timedelta(days=1)
RISK = """
name: house
version: risk
tiers: {high: {validated: {roles: [risk_owner]}}}
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
    publish(workspace, RISK)
    bench.version()
    asked = ask(workspace)
    assert queue(workspace, "app") == []

    lend(workspace, "risk", "app")

    assert queue(workspace, "app") == [("decide", asked.id)]
    assert queue(workspace, "app", at=NOW + 8 * DAY) == []


def test_nothing_waits_for_a_taker_whose_giver_has_voted(workspace, bench):
    access.add_person(workspace, "risk2", roles={Role.RISK_OWNER}, by=ROOT, at=NOW)
    publish(workspace, RISK.replace("[risk_owner]", "[risk_owner], approvals: 2"))
    bench.version()
    asked = ask(workspace)
    lend(workspace, "risk", "app")

    vote(workspace, asked, "risk")

    assert queue(workspace, "app") == []


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


@pytest.mark.parametrize("change", ["nothing", "evidence", "policy", "stage", "tier"])
def test_a_list_says_of_a_request_what_its_own_page_says(workspace, bench, change):
    version = bench.version()
    bench.evidence(version)
    asked = ask(workspace)
    if change == "evidence":
        bench.evidence(version)
    elif change == "policy":
        publish(workspace, RISK.replace("[risk_owner]", "[approver]"))
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
