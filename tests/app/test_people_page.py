import re

from app.session import now
from lifecycle.domain.actor import Role, Scope
from lifecycle.services import access
from lifecycle.store import people, tokens
from tests.app import tiny_workspace
from tests.app.tiny_workspace import person
from tests.app.words_on_screen import words_of


def test_everybody_sees_what_they_may_do_and_who_has_an_account(look):
    text = words_of(look("people", who="mo"))

    assert "**mo**, viewer. You may read this workspace, discuss requests." in text
    assert "Vera Validator" in text


def test_a_new_tokens_secret_is_shown_once_and_works(look, tiny):
    shown = look("people", who="dan")
    shown.text_input(key="label").set_value("nightly job")
    shown.multiselect(key="scopes").set_value(["read", "write"])

    shown.button(key="make_token").click().run()

    secret = shown.code[0].value
    acting = access.actor_of_token(tiny.workspace, secret, at=now())
    assert (acting.name, acting.scopes) == ("dan", {Scope.READ, Scope.WRITE})
    assert "nightly job" in words_of(shown)
    assert secret not in words_of(shown.run())


def test_a_token_offers_only_scopes_within_ones_roles(look):
    assert look("people", who="mo").multiselect(key="scopes").options == ["read", "write"]
    assert "decide" not in look("people", who="dan").multiselect(key="scopes").options


def test_a_token_without_a_label_is_refused_in_one_sentence(look, tiny):
    shown = look("people", who="dan")
    shown.multiselect(key="scopes").set_value(["read"])

    shown.button(key="make_token").click().run()

    assert "A token needs a label" in words_of(shown)
    assert tokens.every(tiny.workspace.cursor()) == []


def test_a_revoked_token_is_refused_at_once(look, tiny):
    secret, token = access.add_token(
        tiny.workspace, label="old", scopes={Scope.READ}, days=9, by=person("dan"), at=now()
    )
    shown = look("people", who="dan")

    shown.button(key="revoke").click().run()

    assert f"{token.id} is revoked" in words_of(shown)
    kept = tokens.every(tiny.workspace.cursor(), person="dan")[0]
    assert kept.revoked_at is not None
    assert secret


def test_only_administrators_see_the_forms_for_accounts(look):
    labels = [e.label for e in look("people", who="rita").get("expander")]

    assert "Open an account" not in labels
    assert "Open an account" in [e.label for e in look("people", who="ada").get("expander")]


def test_a_new_account_comes_with_a_one_time_link_that_works(look, tiny):
    shown = look("people", who="ada")
    shown.text_input(key="new_name").set_value("nora")
    shown.multiselect(key="new_roles").set_value(["validator"])

    shown.button(key="add_person").click().run()

    link = next(e.value for e in shown.code if "/auth/link" in e.value)
    assert link.startswith("http://127.0.0.1:8501/auth/link?secret=")
    secret = re.findall(r"secret=(.+)$", link)[0]
    _, session = access.take_invitation(tiny.workspace, secret, at=now())
    assert session.person == "nora"
    assert people.get(tiny.workspace.cursor(), "nora").roles == {Role.VALIDATOR}


def test_roles_are_changed_from_the_form(look, tiny):
    shown = look("people", who="ada", person="mo")
    shown.multiselect(key="roles_mo").set_value(["viewer", "auditor"]).run()

    shown.button(key="save_roles").click().run()

    assert people.get(tiny.workspace.cursor(), "mo").roles == {Role.VIEWER, Role.AUDITOR}


def test_the_last_administrator_cannot_be_closed(look, tiny):
    shown = look("people", who="ada", person="ada")

    shown.button(key="close").click().run()

    assert "is the last administrator" in words_of(shown)
    assert people.get(tiny.workspace.cursor(), "ada").active


def test_an_account_is_closed_and_opened_again(look, tiny):
    shown = look("people", who="ada", person="mo")

    shown.button(key="close").click().run()
    assert not people.get(tiny.workspace.cursor(), "mo").active

    shown.button(key="reopen").click().run()
    assert people.get(tiny.workspace.cursor(), "mo").active


def test_authority_waits_on_the_page_for_a_second_administrator(look, tiny):
    ben = access.add_person(
        tiny.workspace, "ben", roles={Role.ADMINISTRATOR}, by=tiny_workspace.OPERATOR, at=now()
    )
    shown = look("people", who="ada", person="mo")
    shown.multiselect(key="roles_mo").set_value(["approver"]).run()
    shown.button(key="save_roles").click().run()
    assert people.get(tiny.workspace.cursor(), "mo").roles == {Role.VIEWER}
    assert "rc-1 waits for a second administrator" in words_of(shown)
    assert shown.button(key="Agree_rc-1").disabled

    answered = access.answer_roles(
        tiny.workspace, "rc-1", agree=True, by=ben.acting(via="session"), at=now()
    )

    assert answered.answered_by == "ben"
    assert "No change waits" in words_of(look("people", who="ada"))


def test_a_reach_is_set_and_shown(look, tiny):
    shown = look("people", who="ada", person="rita")
    shown.text_input(key="units_rita").set_value("retail").run()

    shown.button(key="save_roles").click().run()

    assert people.get(tiny.workspace.cursor(), "rita").reach.units == {"retail"}
    assert "unit retail, all tiers" in words_of(look("people", who="rita"))


def test_a_closed_accounts_name_is_erased_from_the_page(look, tiny):
    shown = look("people", who="ada", person="mo")
    shown.button(key="close").click().run()
    shown.text_input(key="erase_reason").set_value("asked for it")

    shown.button(key="erase").click().run()

    assert people.get(tiny.workspace.cursor(), "mo").display == "erased person"
