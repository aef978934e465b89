"""Several votes at once, changes in an emergency, a broken glass and more time, on the pages."""

from dataclasses import replace
from datetime import timedelta

import pytest

from app.session import now
from lifecycle.domain.actor import Role
from lifecycle.domain.approval import Code, Status, Vote
from lifecycle.domain.finding import Obligation, Progress, Severity
from lifecycle.domain.model import Columns, Stage
from lifecycle.domain.usecase import Tier
from lifecycle.services import access, approvals, policies, registry
from lifecycle.store import approvals as kept
from lifecycle.store import audit, models, requests
from tests.app.tiny_workspace import OPERATOR, PASSWORD, person
from tests.app.words_on_screen import words_of

WHERE = {"model": "credit", "tab": "Approvals"}
HOUSE = """
name: house
version: "screen"
tiers:
  minimal:
    candidate: { override: { roles: [approver], approvals: 2, review_days: 5 } }
    validated: { bulk: true, override: { roles: [approver], approvals: 2, review_days: 5 } }
"""


@pytest.fixture
def open_house(tiny):
    """Put a policy in force that lets much be overridden, and withdraw what waits."""
    approvals.withdraw(tiny.workspace, tiny.waiting, reason="Not yet", by=person("dan"), at=now())
    access.add_person(tiny.workspace, "rob", roles={Role.APPROVER}, by=OPERATOR, at=now())
    made = policies.draft(tiny.workspace, HOUSE, by=OPERATOR, at=now())
    policies.publish(tiny.workspace, made.name, made.version, by=person("ada"), at=now())
    return tiny.workspace


def ask(workspace, version="1", **more):
    return approvals.request(
        workspace,
        "credit",
        version,
        to=Stage.VALIDATED,
        reason="Ready",
        by=person("dan"),
        at=now(),
        **more,
    )


def second_version(workspace):
    columns = Columns(target="default", positive="1", features=("age",))
    dan = person("dan")
    registry.add_version(workspace, "credit", "2", columns=columns, by=dan, at=now())
    with workspace.transaction() as tx:
        made = models.version(tx, "credit", "2")
        models.update_version(tx, replace(made, stage=Stage.CANDIDATE))


def statuses(workspace, *asked):
    return [requests.get(workspace.cursor(), one.id).status for one in asked]


def test_several_small_requests_are_returned_with_one_reason_and_one_signature(look, open_house):
    second_version(open_house)
    asked = [ask(open_house), ask(open_house, "2")]
    shown = look("approvals")
    shown.multiselect(key="bulk_requests").set_value([one.id for one in asked]).run()
    shown.radio(key="bulk_vote").set_value(Vote.RETURN).run()
    shown.selectbox(key="bulk_code").set_value(Code.INCOMPLETE)
    shown.text_area(key="bulk_reason").set_value("Name the owner")
    shown.text_input(key="bulk_secret").set_value(PASSWORD)

    shown.button(key="bulk_sign").click().run()

    assert statuses(open_house, *asked) == [Status.RETURNED, Status.RETURNED]
    assert f"{asked[0].id} is returned, {asked[1].id} is returned" in words_of(shown)
    given = {requests.get(open_house.cursor(), one.id).decisions[0].reason for one in asked}
    assert given == {"Name the owner"}


def test_a_wrong_password_votes_on_none_of_several(look, open_house):
    second_version(open_house)
    asked = [ask(open_house), ask(open_house, "2")]
    shown = look("approvals")
    shown.multiselect(key="bulk_requests").set_value([one.id for one in asked]).run()
    shown.radio(key="bulk_vote").set_value(Vote.APPROVE).run()
    shown.text_input(key="bulk_secret").set_value("not my password at all")

    shown.button(key="bulk_sign").click().run()

    assert "nothing was signed" in words_of(shown)
    assert statuses(open_house, *asked) == [Status.OPEN, Status.OPEN]


def test_what_is_of_high_risk_is_not_offered_among_several(look, open_house):
    second_version(open_house)
    asked = [ask(open_house), ask(open_house, "2")]
    assert look("approvals").multiselect(key="bulk_requests").options
    terms = approvals.terms_of(open_house.cursor(), asked[0])

    assert approvals.is_bulk(asked[0], terms)
    assert not approvals.is_bulk(replace(asked[0], tier=Tier.HIGH), terms)


def test_an_emergency_change_is_asked_for_with_what_it_costs(look, open_house):
    shown = look("model", who="dan", **WHERE)
    shown.selectbox(key="ask_to_credit/1").set_value(Stage.VALIDATED).run()
    box = shown.checkbox(key="ask_emergency_credit/1")
    assert "review by a second person within 5 days" in box.help
    box.check()
    shown.text_area(key="ask_why_credit/1").set_value("Fraud wave")

    shown.button(key="ask").click().run()

    (made,) = requests.every(open_house.cursor(), status=Status.OPEN)
    assert made.emergency


def test_ones_own_open_request_is_superseded_from_the_form(look, open_house):
    first = ask(open_house)
    shown = look("model", who="dan", **WHERE)
    shown.selectbox(key="ask_to_credit/1").set_value(Stage.VALIDATED).run()
    assert f"It takes the place of your own {first.id}" in words_of(shown)
    shown.text_area(key="ask_why_credit/1").set_value("Better evidence")

    shown.button(key="ask").click().run()

    (made,) = requests.every(open_house.cursor(), status=Status.OPEN)
    assert made.supersedes == first.id
    assert statuses(open_house, first) == [Status.SUPERSEDED]


def test_the_glass_is_broken_with_a_reason_and_the_pass_is_shown_once(look, open_house):
    shown = look("model", who="dan", **WHERE)
    shown.selectbox(key="glass_version").set_value("1").run()
    assert "no approval is on record" in words_of(shown)
    shown.text_area(key="glass_why").set_value("Payments are down")
    shown.checkbox(key="glass_sure").check().run()

    shown.button(key="glass").click().run()

    (found,) = kept.findings(open_house.cursor())
    assert f"{found.id} is yours to answer" in words_of(shown)
    assert shown.code[0].value.count(".") == 2, "a JSON Web Token"
    shown.run()
    assert not [c for c in shown.code if c.value.count(".") == 2]
    assert audit.search(open_house.cursor(), action="gate.break_glass")


def test_a_broken_glass_is_answered_and_closed_on_the_page_of_its_model(look, open_house):
    _, found = approvals.break_glass(
        open_house, "credit", "1", reason="Payments are down", by=person("dan"), at=now()
    )
    mine = look("approvals", who="dan")
    assert "Payments are down" in words_of(mine)
    answering = look("model", who="dan", **WHERE)
    answering.text_input(key=f"text_{found.id}").set_value("The host is back").run()
    answering.button(key=f"act_{found.id}").click().run()
    agreeing = look("model", who="rita", **WHERE)
    assert "The host is back" in words_of(agreeing)
    agreeing.text_input(key=f"text_{found.id}").set_value("Seen in the log").run()

    agreeing.button(key=f"act_{found.id}").click().run()

    (closed,) = kept.findings(open_house.cursor())
    assert (closed.status, closed.closed_by) == (Progress.CLOSED, "rita")
    assert "Left to be done" not in words_of(look("model", who="rita", **WHERE))


def test_no_glass_is_offered_where_the_policy_knows_no_override(look):
    shown = look("model", who="dan", **WHERE)

    assert "Start it although the gate refuses" not in words_of(shown)


def test_a_second_person_gives_a_condition_more_time_on_the_page(look, open_house):
    asked = ask(open_house)
    due = Obligation("Name the owner", Severity.LOW, "dan", now() + timedelta(days=5))
    approvals.decide(
        open_house,
        asked.id,
        vote=Vote.CONDITIONAL,
        code=Code.MANAGEABLE,
        reason="Nearly",
        conditions=[due],
        by=person("rita"),
        at=now(),
        proof=approvals.Proof(PASSWORD),
    )
    (found,) = kept.findings(open_house.cursor())
    later = (now() + timedelta(days=30)).date()
    shown = look("approvals", request=asked.id)
    shown.date_input(key=f"until_{found.id}").set_value(later).run()
    shown.text_input(key=f"more_{found.id}").set_value("The owner is away").run()

    shown.button(key=f"extend_{found.id}").click().run()

    assert kept.findings(open_house.cursor())[0].due_at.date() == later
    assert not look("approvals", who="dan", request=asked.id).date_input, "its owner cannot"
