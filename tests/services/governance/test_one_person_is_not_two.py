"""Can one administrator, or somebody with a link, pass for a second person?"""

from datetime import timedelta

import pytest
from furniture import NOW, ROOT

from lifecycle.domain.actor import Permission, Role
from lifecycle.domain.person import Answer, Identity
from lifecycle.errors import (
    Conflict,
    FourEyesViolation,
    NotAllowed,
    NotSignedIn,
    TooManyAttempts,
)
from lifecycle.services import access, erasure
from lifecycle.services.access.attempts import PER_NAME
from lifecycle.store import audit, people, role_changes

DAY = timedelta(days=1)
WORDS = "four words nobody guesses"


def acting(ws, name, via="session"):
    return people.get(ws.cursor(), name).acting(via=via)


@pytest.fixture
def ws(workspace):
    """A workspace with two administrators, anna and bert, and eve, who decides."""
    for name, role in (
        ("anna", Role.ADMINISTRATOR),
        ("bert", Role.ADMINISTRATOR),
        ("eve", Role.APPROVER),
    ):
        access.add_person(workspace, name, roles={role}, by=ROOT, at=NOW)
        access.set_password(
            workspace, name, WORDS, by=acting(workspace, name, "invitation"), at=NOW
        )
    return workspace


def waiting(ws, name):
    found = role_changes.every(ws.cursor(), answer=Answer.WAITING)
    return next(one for one in found if one.person == name)


@pytest.mark.parametrize("scope", ["administer", "decide"])
def test_a_token_for_somebody_else_neither_administers_nor_decides(ws, scope):
    with pytest.raises(NotAllowed, match="only bert can make a token that decides or administers"):
        access.add_token(
            ws, label="x", scopes=[scope], days=1, person="bert", by=acting(ws, "anna"), at=NOW
        )


def test_through_a_token_that_somebody_else_made_nobody_is_a_second_person(ws):
    anna = acting(ws, "anna")
    secret, _ = access.add_token(
        ws, label="x", scopes=["read", "write"], days=1, person="eve", by=anna, at=NOW
    )

    through = access.actor_of_token(ws, secret, at=NOW)

    assert through.may(Permission.READ)
    assert not through.may(Permission.DECIDE)
    with pytest.raises(NotAllowed, match="anna made this token"):
        through.require_in_person("close incident-1")


def test_whoever_came_by_a_link_makes_no_token(ws):
    with pytest.raises(NotAllowed, match="came by a link"):
        access.add_token(
            ws, label="ci", scopes=["read"], days=9, by=acting(ws, "eve", "invitation"), at=NOW
        )


def test_a_new_password_ends_the_tokens_made_before(ws):
    secret, _ = access.add_token(
        ws, label="ci", scopes=["decide"], days=9, by=acting(ws, "eve"), at=NOW
    )

    access.set_password(
        ws, "eve", "another four words here", current=WORDS, by=acting(ws, "eve"), at=NOW
    )

    with pytest.raises(NotSignedIn):
        access.actor_of_token(ws, secret, at=NOW)


def test_an_account_opened_again_waits_for_its_authority_and_an_erased_one_stays_closed(ws):
    anna = acting(ws, "anna")
    access.deactivate(ws, "eve", by=anna, at=NOW)
    opened = access.reactivate(ws, "eve", by=anna, at=NOW)
    assert opened.roles == {Role.VIEWER}
    with pytest.raises(FourEyesViolation):
        access.answer_roles(ws, waiting(ws, "eve").id, agree=True, by=anna, at=NOW)
    access.answer_roles(ws, waiting(ws, "eve").id, agree=True, by=acting(ws, "bert"), at=NOW)
    assert people.get(ws.cursor(), "eve").roles == {Role.APPROVER}

    access.deactivate(ws, "eve", by=anna, at=NOW)
    erasure.erase(ws, "eve", reason="she asked", by=anna, at=NOW)
    with pytest.raises(Conflict, match="erased for good"):
        access.reactivate(ws, "eve", by=anna, at=NOW)


def test_a_link_is_charged_to_who_made_it_and_a_newer_one_ends_it(ws):
    first = access.invite(ws, "eve", by=acting(ws, "anna"), at=NOW)
    second = access.invite(ws, "eve", by=acting(ws, "bert"), at=NOW)
    with pytest.raises(NotSignedIn):
        access.take_invitation(ws, first, at=NOW)

    access.take_invitation(ws, second, at=NOW)

    assert waiting(ws, "eve").asked_by == "bert"
    with pytest.raises(FourEyesViolation):
        access.answer_roles(ws, waiting(ws, "eve").id, agree=True, by=acting(ws, "bert"), at=NOW)


def test_what_waits_for_an_account_is_void_once_the_account_is_another(ws):
    access.add_person(ws, "gina", roles={Role.DEVELOPER}, by=ROOT, at=NOW)
    both = {Role.DEVELOPER, Role.VALIDATOR}
    access.set_roles(ws, "gina", roles=both, by=acting(ws, "anna"), at=NOW)
    asked = waiting(ws, "gina")

    access.set_roles(ws, "gina", roles={Role.VIEWER}, by=acting(ws, "bert"), at=NOW)

    assert role_changes.get(ws.cursor(), asked.id).answer is Answer.REFUSED


def test_an_administrator_leaves_office_by_a_second_ones_consent_who_may_be_they_themselves(ws):
    kept = access.set_roles(ws, "bert", roles={Role.VIEWER}, by=acting(ws, "anna"), at=NOW)
    assert kept.roles == {Role.ADMINISTRATOR}
    with pytest.raises(FourEyesViolation):
        access.answer_roles(ws, waiting(ws, "bert").id, agree=True, by=acting(ws, "anna"), at=NOW)

    access.answer_roles(ws, waiting(ws, "bert").id, agree=True, by=acting(ws, "bert"), at=NOW)

    assert people.get(ws.cursor(), "bert").roles == {Role.VIEWER}


def test_nobody_gets_a_link_into_the_only_other_administrators_account(ws):
    anna = acting(ws, "anna")
    access.deactivate(ws, "adm", by=ROOT, at=NOW)
    with pytest.raises(Conflict, match="no third administrator could agree"):
        access.invite(ws, "bert", by=anna, at=NOW)


def test_who_is_in_no_group_of_the_providers_any_more_loses_roles_sessions_and_tokens(ws):
    def came(*groups):
        known = Identity("https://idp", "7", "lea", "Lea", frozenset(groups), NOW + DAY)
        given = [("deciders", "approver")]
        return access.sign_in_provided(ws, known, groups=given, at=NOW)

    secret, session = came("deciders")
    token, _ = access.add_token(
        ws, label="ci", scopes=["decide"], days=365, by=acting(ws, session.person), at=NOW
    )

    with pytest.raises(NotAllowed, match="none of your groups has a role here"):
        came("others")

    assert people.get(ws.cursor(), session.person).roles == frozenset()
    with pytest.raises(NotSignedIn):
        access.actor_of_token(ws, token, at=NOW)
    assert access.actor_of_session(ws, secret, at=NOW) is None


def test_no_administrator_closes_the_other_alone(ws):
    with pytest.raises(Conflict, match="bert is an administrator"):
        access.deactivate(ws, "bert", by=acting(ws, "anna"), at=NOW)


def test_the_present_password_cannot_be_guessed_for_ever(ws):
    def guess(n):
        access.set_password(
            ws, "eve", "another four words here", current=f"guess {n}", by=acting(ws, "eve"), at=NOW
        )

    for n in range(PER_NAME):
        with pytest.raises(NotAllowed, match="present password is wrong"):
            guess(n)
    with pytest.raises(TooManyAttempts):
        guess(PER_NAME)

    refused = audit.search(ws.cursor(), action="session.refused", subject="person:eve")
    assert [link.event.by for link in refused] == ["eve"] * PER_NAME


def test_one_persons_wrong_passwords_stop_nobody_elses_signature(ws):
    for _ in range(5):
        for name in ("anna", "bert"):
            with pytest.raises((NotSignedIn, TooManyAttempts)):
                access.confirm(ws, by=acting(ws, name), password="wrong", at=NOW)

    assert access.confirm(ws, by=acting(ws, "eve"), password=WORDS, at=NOW).method == "password"
