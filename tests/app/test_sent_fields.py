"""Are fields empty once what they held was sent, so that no second press sends it again?"""

from datetime import timedelta

from app.session import now
from lifecycle.domain.approval import Code, Vote
from lifecycle.domain.finding import Obligation, Severity
from lifecycle.services import approvals
from lifecycle.store import approvals as kept
from lifecycle.store import holds, people, tokens
from tests.app.tiny_workspace import PASSWORD, person
from tests.app.words_on_screen import words_of

APPROVALS = {"model": "credit", "tab": "Approvals"}


def held(shown):
    """Return what stands in the fields of a page."""
    texts = [field.value for kind in ("text_input", "text_area") for field in shown.get(kind)]
    return [text for text in texts if text]


def test_a_second_press_makes_no_second_token(look, tiny):
    shown = look("people", who="dan")
    shown.text_input(key="label").set_value("nightly job")
    shown.multiselect(key="scopes").set_value(["read"])
    shown.button(key="make_token").click().run()
    assert held(shown) == []
    assert len(shown.code) == 1

    shown.button(key="make_token").click().run()

    assert len(tokens.every(tiny.workspace.cursor(), person="dan")) == 1
    assert len(shown.error) == 1
    assert not shown.code


def test_an_opened_account_leaves_an_empty_form_and_its_link_is_shown_once(look, tiny):
    shown = look("people", who="ada")
    shown.text_input(key="new_name").set_value("nora")
    shown.text_input(key="new_display").set_value("Nora New")
    shown.multiselect(key="new_roles").set_value(["viewer"])
    shown.text_input(key="units_new").set_value("retail")
    shown.button(key="add_person").click().run()
    assert not {"nora", "Nora New", "retail"} & set(held(shown))
    assert "/auth/link?secret=" in shown.code[0].value

    shown.run()

    assert people.get(tiny.workspace.cursor(), "nora").display == "Nora New"
    assert not [code for code in shown.code if "secret=" in code.value]


def test_a_hold_is_placed_once_and_released_with_its_own_reason(look, tiny):
    shown = look("audit", who="ada", tab="Retention")
    shown.text_input(key="hold_reason").set_value("A claim of 12 May")
    shown.button(key="place_hold").click().run()
    assert held(shown) == []
    assert len(holds.every(tiny.workspace.cursor())) == 1

    shown.button(key="place_hold").click().run()

    assert len(holds.every(tiny.workspace.cursor())) == 1
    assert len(shown.error) == 1


def test_an_answer_and_more_time_leave_their_fields_empty(look, tiny):
    due = Obligation("Name the owner", Severity.LOW, "dan", now() + timedelta(days=5))
    approvals.decide(
        tiny.workspace,
        tiny.waiting,
        vote=Vote.CONDITIONAL,
        reason="Nearly",
        code=Code.MANAGEABLE,
        conditions=[due],
        by=person("rita"),
        at=now(),
        proof=approvals.Proof(PASSWORD),
    )
    (found,) = kept.findings(tiny.workspace.cursor())
    shown = look("approvals", request=tiny.waiting)
    later = (now() + timedelta(days=30)).date()
    shown.date_input(key=f"until_{found.id}").set_value(later)
    shown.text_input(key=f"more_{found.id}").set_value("The owner is away").run()

    shown.button(key=f"extend_{found.id}").click().run()

    assert "is due on" in words_of(shown)
    assert held(shown) == []


def test_a_request_leaves_no_reason_for_the_next(look, tiny):
    approvals.withdraw(tiny.workspace, tiny.waiting, reason="No", by=person("dan"), at=now())
    shown = look("model", who="dan", **APPROVALS)
    shown.selectbox(key="ask_to_credit/1").set_value("validated").run()
    shown.text_area(key="ask_why_credit/1").set_value("Measured on new rows")

    shown.button(key="ask").click().run()

    assert "asks to move credit/1" in words_of(shown)
    assert held(shown) == []


def test_a_vote_leaves_neither_reason_nor_password(look, tiny):
    shown = look("approvals", request=tiny.waiting)
    shown.radio(key=f"vote_{tiny.waiting}").set_value(Vote.ABSTAIN).run()
    shown.text_area(key=f"reason_{tiny.waiting}").set_value("I know too little")
    shown.text_input(key=f"secret_{tiny.waiting}").set_value(PASSWORD)

    shown.button(key=f"sign_{tiny.waiting}").click().run()

    assert "Your vote" in words_of(shown)
    assert held(shown) == []
