from app.session import now
from lifecycle.domain.approval import Status
from lifecycle.domain.model import Stage
from lifecycle.services import approvals
from lifecycle.store import requests
from tests.app.tiny_workspace import person
from tests.app.words_on_screen import words_of

WHERE = {"model": "credit", "tab": "Approvals"}


def free(tiny):
    approvals.withdraw(tiny.workspace, tiny.waiting, reason="Not yet", by=person("dan"), at=now())


def ask_for(shown, stage, *, reason):
    shown.selectbox(key="ask_to_credit/1").set_value(stage).run()
    shown.text_area(key="ask_why_credit/1").set_value(reason)
    shown.button(key="ask").click().run()
    assert not shown.exception


def test_a_developer_sees_the_gate_rule_by_rule_and_asks_for_a_stage(look, tiny):
    free(tiny)
    shown = look("model", who="dan", **WHERE)
    shown.selectbox(key="ask_to_credit/1").set_value(Stage.VALIDATED).run()
    assert "All 2 rules pass" in words_of(shown)

    ask_for(shown, Stage.VALIDATED, reason="Measured on new rows")

    (made,) = requests.every(tiny.workspace.cursor(), status=Status.OPEN)
    assert (made.version_id, made.to, made.requested_by) == ("credit/1", Stage.VALIDATED, "dan")
    assert made.reason == "Measured on new rows"
    assert f"{made.id} asks to move credit/1 from candidate to validated" in words_of(shown)


def test_asking_without_a_reason_changes_nothing_and_says_so(look, tiny):
    free(tiny)
    shown = look("model", who="dan", **WHERE)

    ask_for(shown, Stage.VALIDATED, reason=" ")

    assert "give a reason" in words_of(shown)
    assert not requests.every(tiny.workspace.cursor(), status=Status.OPEN)


def test_only_stages_with_a_gate_are_offered(look, tiny):
    free(tiny)

    shown = look("model", who="dan", **WHERE)

    assert shown.selectbox(key="ask_to_credit/1").options == ["validated"]


def test_nobody_is_offered_a_second_request_beside_that_of_somebody_else(look):
    assert "Ask for a stage" not in words_of(look("model", who="vera", **WHERE))


def test_the_form_is_hidden_from_people_who_may_not_ask(look, tiny):
    free(tiny)

    for name in ("mo", "otto", "rita"):
        assert "Ask for a stage" not in words_of(look("model", who=name, **WHERE))
