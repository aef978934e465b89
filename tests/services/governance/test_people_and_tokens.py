import re
from datetime import timedelta

import pytest
from furniture import NOW, ROOT, actor

from lifecycle.domain.actor import Actor, Permission, Role, Scope
from lifecycle.errors import Conflict, InvalidInput, NotAllowed, NotFound, NotSignedIn
from lifecycle.services import access, erasure
from lifecycle.store import audit, people, tokens

ADMIN = actor("adm")


def last(workspace):
    return audit.search(workspace.cursor(), limit=1)[0].event


def test_an_account_is_opened_by_an_administrator_and_written_down(workspace):
    person = access.add_person(
        workspace, "ada", display="Ada L.", roles=["developer"], by=ADMIN, at=NOW
    )

    assert people.get(workspace.cursor(), "ada") == person
    assert person.roles == {Role.DEVELOPER}
    assert erasure.opened(workspace, last(workspace)) == {
        "display": "Ada L.",
        "roles": ["developer"],
    }
    with pytest.raises(Conflict):
        access.add_person(workspace, "ada", roles={Role.VIEWER}, by=ADMIN, at=NOW)


@pytest.mark.parametrize("name", ["", "Ada", "a b", "root@local", "-x", "a" * 65, "a\n"])
def test_a_name_that_could_mislead_a_reader_of_the_trail_is_refused(workspace, name):
    with pytest.raises(InvalidInput, match="an account name has"):
        access.add_person(workspace, name, roles={Role.VIEWER}, by=ADMIN, at=NOW)


def test_roles_are_known_ones_and_at_least_one(workspace):
    with pytest.raises(InvalidInput, match="at least one role"):
        access.add_person(workspace, "ada", roles=(), by=ADMIN, at=NOW)
    with pytest.raises(InvalidInput, match="'boss' is not a valid Role; roles are viewer"):
        access.set_roles(workspace, "dev", roles=["boss"], by=ADMIN, at=NOW)


def test_changed_roles_keep_the_old_ones_in_the_trail(workspace):
    access.set_roles(workspace, "dev", roles={Role.VALIDATOR}, by=ADMIN, at=NOW, reason="new job")

    event = last(workspace)
    assert (event.action, event.reason, event.by) == ("person.roles", "new job", "adm")
    assert event.details == {
        "before": ["developer"],
        "after": ["validator"],
        "conflict": "granted by one person: there is no second administrator",
    }


def test_the_last_administrator_stays(workspace):
    for act in (
        lambda: access.deactivate(workspace, "adm", by=ADMIN, at=NOW),
        lambda: access.set_roles(workspace, "adm", roles={Role.VIEWER}, by=ADMIN, at=NOW),
    ):
        with pytest.raises(Conflict, match="adm is the last administrator"):
            act()
    access.set_roles(workspace, "aud", roles={Role.ADMINISTRATOR}, by=ADMIN, at=NOW)
    access.deactivate(workspace, "adm", by=ADMIN, at=NOW)
    with pytest.raises(Conflict, match="aud is the last administrator"):
        access.deactivate(workspace, "aud", by=ROOT, at=NOW)


def test_a_closed_account_is_closed_once_opened_once_and_not_invited(workspace):
    closed = access.deactivate(workspace, "dev", by=ADMIN, at=NOW, reason="left")

    assert not closed.active
    with pytest.raises(Conflict, match="closed already"):
        access.deactivate(workspace, "dev", by=ADMIN, at=NOW)
    with pytest.raises(Conflict, match="is closed"):
        access.invite(workspace, "dev", by=ADMIN, at=NOW)
    assert access.reactivate(workspace, "dev", by=ADMIN, at=NOW).active
    with pytest.raises(Conflict, match="is open"):
        access.reactivate(workspace, "dev", by=ADMIN, at=NOW)
    with pytest.raises(NotFound):
        access.invite(workspace, "zoe", by=ADMIN, at=NOW)


def token_of(workspace, name="dev", *, scopes=(Scope.READ,), days=30, label="ci", **more):
    return access.add_token(
        workspace, label=label, scopes=scopes, days=days, by=actor(name), at=NOW, **more
    )


def test_a_token_acts_as_its_owner_within_its_scopes(workspace):
    secret, token = token_of(workspace, scopes=["read", "write"])

    by = access.actor_of_token(workspace, secret, at=NOW)

    assert re.fullmatch(r"lc_[\w-]{43}", secret)
    assert by == Actor(
        "dev", frozenset({Role.DEVELOPER}), "token", frozenset({Scope.READ, Scope.WRITE})
    )
    assert by.may(Permission.REGISTER)
    assert last(workspace).details == {
        "person": "dev",
        "label": "ci",
        "scopes": ["read", "write"],
        "days": 30,
    }
    assert token.expires_at == NOW + timedelta(days=30)


def test_a_token_loses_what_its_owner_loses(workspace):
    secret, _ = token_of(workspace, scopes=[Scope.READ, Scope.WRITE])
    access.set_roles(workspace, "dev", roles={Role.VIEWER}, by=ADMIN, at=NOW)

    by = access.actor_of_token(workspace, secret, at=NOW)

    assert by.permissions == {Permission.READ, Permission.DISCUSS}


@pytest.mark.parametrize(
    ("more", "error", "sentence"),
    [
        ({"days": 0}, InvalidInput, "lives 1 to 365 days, not 0"),
        ({"days": 366}, InvalidInput, "not 366"),
        ({"label": "  "}, InvalidInput, "label of 1 to 100"),
        ({"label": "x" * 101}, InvalidInput, "label of 1 to 100"),
        ({"scopes": ()}, InvalidInput, "at least one scope"),
        ({"scopes": ["all"]}, InvalidInput, "'all' is not a valid Scope; scopes are read"),
        ({"scopes": [Scope.DECIDE]}, NotAllowed, "roles of dev do not cover the scope decide"),
        ({"scopes": [Scope.ADMINISTER]}, NotAllowed, "do not cover the scope administer"),
        ({"person": "val"}, NotAllowed, "may not administer"),
    ],
)
def test_a_token_beyond_its_owner_or_the_rules_is_refused(workspace, more, error, sentence):
    with pytest.raises(error, match=sentence):
        token_of(workspace, **more)
    assert tokens.every(workspace.cursor()) == []


def test_an_administrator_makes_tokens_for_others_but_none_that_decide(workspace):
    secret, token = access.add_token(
        workspace, label="batch", scopes={Scope.WRITE}, days=365, by=ROOT, at=NOW, person="dev"
    )

    assert token.person == "dev"
    assert access.actor_of_token(workspace, secret, at=NOW).name == "dev"
    with pytest.raises(NotAllowed, match="only app can make a token that decides"):
        access.add_token(
            workspace, label="x", scopes={Scope.DECIDE}, days=1, by=ROOT, at=NOW, person="app"
        )
    assert token_of(workspace, "app", scopes=[Scope.DECIDE])[1].person == "app"
    with pytest.raises(NotFound, match="no person 'root@local'"):
        access.add_token(workspace, label="x", scopes={Scope.READ}, days=1, by=ROOT, at=NOW)


def test_a_token_makes_no_token_and_a_closed_account_gets_none(workspace):
    with pytest.raises(NotAllowed, match="a token cannot make another"):
        access.add_token(
            workspace,
            label="x",
            scopes={Scope.READ},
            days=1,
            by=actor("dev", via="token"),
            at=NOW,
        )
    access.deactivate(workspace, "dev", by=ADMIN, at=NOW)
    with pytest.raises(Conflict, match="is closed"):
        token_of(workspace)


def test_a_token_ends_by_revocation_expiry_or_its_account(workspace):
    revoked, one = token_of(workspace)
    expiring, _ = token_of(workspace, days=1)
    closed, _ = token_of(workspace, "val")

    assert access.revoke_token(workspace, one.id, by=actor("dev"), at=NOW).revoked_at == NOW
    assert last(workspace).action == "token.revoke"
    with pytest.raises(NotSignedIn, match="is revoked"):
        access.actor_of_token(workspace, revoked, at=NOW)
    with pytest.raises(Conflict, match="revoked already"):
        access.revoke_token(workspace, one.id, by=ADMIN, at=NOW)
    assert access.actor_of_token(workspace, expiring, at=NOW + timedelta(hours=23))
    with pytest.raises(NotSignedIn, match="expired on 2026-11-03"):
        access.actor_of_token(workspace, expiring, at=NOW + timedelta(days=1))
    access.deactivate(workspace, "val", by=ADMIN, at=NOW)
    with pytest.raises(NotSignedIn, match="is revoked"):
        access.actor_of_token(workspace, closed, at=NOW)
    with workspace.transaction() as tx:
        tx.execute("UPDATE token SET revoked_at = NULL")
    with pytest.raises(NotSignedIn, match=r"account of token .* is closed"):
        access.actor_of_token(workspace, closed, at=NOW)


def test_somebody_elses_token_is_not_there_except_for_an_administrator(workspace):
    _, token = token_of(workspace)

    with pytest.raises(NotFound, match="no token"):
        access.revoke_token(workspace, token.id, by=actor("val"), at=NOW)
    access.revoke_token(workspace, token.id, by=ADMIN, at=NOW)


@pytest.mark.parametrize("secret", ["", "lc_", "lc_" + "x" * 43, "Bearer x"])
def test_an_unknown_token_is_nobodys(workspace, secret):
    with pytest.raises(NotSignedIn, match="unknown"):
        access.actor_of_token(workspace, secret, at=NOW)


def test_the_last_use_is_kept_to_ten_minutes_so_reads_stay_reads(workspace):
    secret, _ = token_of(workspace)

    def used(minutes):
        access.actor_of_token(workspace, secret, at=NOW + timedelta(minutes=minutes))
        return tokens.every(workspace.cursor())[0].last_used_at

    assert used(0) == NOW
    assert used(9) == NOW
    assert used(10) == NOW + timedelta(minutes=10)
