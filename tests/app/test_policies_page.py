import pytest

from app.session import now
from lifecycle.domain.actor import Role
from lifecycle.services import access, policies
from lifecycle.store import policies as published
from lifecycle.store import policy_drafts
from tests.app.tiny_workspace import OPERATOR
from tests.app.words_on_screen import words_of


@pytest.fixture(autouse=True)
def _second_approver(tiny):
    # The shipped policy lets two people override a gate, and a policy nobody can meet is refused.
    access.add_person(tiny.workspace, "rob", roles={Role.APPROVER}, by=OPERATOR, at=now())


def text(tiny, *, version="2", old="max_age_days: 365", new="max_age_days: 30"):
    house = published.current(tiny.workspace.cursor())
    written = policies.written(house).replace("version: '1'", f"version: '{version}'")
    assert old in written
    return written.replace(old, new)


def test_the_policy_in_force_is_shown_gate_by_gate(look):
    shown = look("policies")

    assert "in force" in words_of(shown)
    assert "No draft waits for a second person." in words_of(shown)
    assert "Administrators and risk owners write policies; everybody reads them." in words_of(shown)


def test_a_draft_shows_its_difference_and_what_it_would_change(look, tiny):
    policies.draft(tiny.workspace, text(tiny), by=OPERATOR, at=now())
    shown = look("policies", who="ada")

    shown.button(key="try_house_2").click().run()

    said = words_of(shown)
    assert "Drafts (1)" in said
    assert "1 difference from house 1: 1 stricter, 0 looser, 0 neither." in said
    assert "Under house 2 instead of house 1, 0 of 1 versions would be judged differently." in said


def test_a_second_person_publishes_it(look, tiny):
    policies.draft(tiny.workspace, text(tiny), by=OPERATOR, at=now())
    shown = look("policies", who="ada")

    shown.button(key="publish_house_2").click().run()

    assert not shown.exception
    assert "Policy house 2 is in force." in words_of(shown)
    assert published.current(tiny.workspace.cursor()).version == "2"


def test_whoever_wrote_it_is_told_that_somebody_else_publishes(look, tiny):
    shown = look("policies", who="ada")
    shown.text_area(key="yaml_house 1").set_value(text(tiny))
    shown.button(key="save_draft").click().run()

    assert "house 2 waits for a second person." in words_of(shown)
    assert "You wrote on it, so a second person publishes it." in words_of(shown)
    assert not [b for b in shown.button if b.key == "publish_house_2"]


def test_a_draft_nobody_could_meet_is_refused_with_its_line(look, tiny):
    shown = look("policies", who="ada")
    wrong = text(tiny, old="approvals: 1\n", new="approvals: 9\n")
    shown.text_area(key="yaml_house 1").set_value(wrong)

    shown.button(key="save_draft").click().run()

    assert "quorum: nobody could meet it: it takes 9 of approver" in words_of(shown)
    assert policy_drafts.every(tiny.workspace.cursor()) == []


def test_a_reader_sees_no_way_to_write(look, tiny):
    policies.draft(tiny.workspace, text(tiny), by=OPERATOR, at=now())
    shown = look("policies", who="rita")

    assert not [b for b in shown.button if b.key in {"publish_house_2", "save_draft"}]
