from dataclasses import replace
from datetime import timedelta

import pytest

from lifecycle.domain.actor import Role, Scope
from lifecycle.domain.person import Invitation, Person, Session, Token
from lifecycle.errors import Conflict, NotFound
from lifecycle.store import keys, people, sessions, tokens


def test_accounts_come_back_and_say_whether_they_have_a_password(workspace, at):
    ada = Person("ada", "Ada L.", frozenset({Role.VIEWER, Role.APPROVER}), at)
    bob = Person("bob", "Bob", frozenset(), at, active=False)
    with workspace.transaction() as tx:
        people.add(tx, ada, "argon2-hash")
        people.add(tx, bob)
    con = workspace.cursor()
    assert people.every(con) == [replace(ada, has_password=True), bob]
    assert people.password_hash(con, "ada") == "argon2-hash"
    assert people.password_hash(con, "bob") is None
    assert people.password_hash(con, "nobody") is None


def test_roles_and_passwords_change_and_a_name_is_never_given_twice(workspace, at):
    ada = Person("ada", "Ada", frozenset({Role.VIEWER}), at)
    with workspace.transaction() as tx:
        people.add(tx, ada)
        people.update(tx, replace(ada, roles=frozenset({Role.AUDITOR}), active=False))
        people.set_password(tx, "ada", "new")
    con = workspace.cursor()
    expected = replace(ada, roles=frozenset({Role.AUDITOR}), active=False, has_password=True)
    assert people.get(con, "ada") == expected
    with pytest.raises(Conflict, match="person 'ada'"), workspace.transaction() as tx:
        people.add(tx, ada)
    with workspace.transaction() as tx:
        people.set_password(tx, "ada", None)
    assert not people.get(workspace.cursor(), "ada").has_password
    with pytest.raises(NotFound, match="did you mean 'ada'"):
        people.get(con, "adda")
    with pytest.raises(NotFound, match="no person 'x'"):
        people.update(con, replace(ada, name="x"))
    with pytest.raises(NotFound, match="no person 'x'"):
        people.set_password(con, "x", "h")


def test_sign_ins_end_one_by_one_by_person_and_by_time(workspace, at):
    def signed_in(name, person, hours):
        return Session(name, person, "password", at, at + timedelta(hours=hours))

    given = [signed_in("a1", "ada", 1), signed_in("a2", "ada", 9), signed_in("b1", "bob", 9)]
    with workspace.transaction() as tx:
        for session in [*given, signed_in("old", "cyd", 1)]:
            sessions.add(tx, session)
        sessions.remove(tx, "a1")
    con = workspace.cursor()
    assert sessions.get(con, "a1") is None
    assert sessions.get(con, "a2") == given[1]
    with workspace.transaction() as tx:
        sessions.remove_expired(tx, at=at + timedelta(hours=1))
    assert sessions.get(con, "old") is None
    with workspace.transaction() as tx:
        sessions.remove_of(tx, "ada")
    assert sessions.get(con, "a2") is None
    assert sessions.get(con, "b1") == given[2]


def test_a_sign_in_link_works_once_in_its_time_and_not_after_sign_out(workspace, at):
    later = at + timedelta(days=1)
    with workspace.transaction() as tx:
        earlier, link = (Invitation(h, "ada", later, "adm", "session") for h in ("first", "link"))
        sessions.add_invitation(tx, earlier)
        sessions.add_invitation(tx, link)
        sessions.add_invitation(tx, Invitation("void", "bob", later, "adm", "session"))
        sessions.remove_of(tx, "bob")
        assert sessions.take_invitation(tx, "link", later) is None
        assert sessions.take_invitation(tx, "first", at) is None
        assert sessions.take_invitation(tx, "link", at) == link
        assert sessions.take_invitation(tx, "link", at) is None
        assert sessions.take_invitation(tx, "void", at) is None
        assert sessions.take_invitation(tx, "unknown", at) is None


def test_tokens_are_found_by_hash_used_and_revoked_once(workspace, at):
    token = Token(
        "tok-1",
        "h1",
        "ada",
        "adm",
        "CI",
        frozenset({Scope.READ, Scope.WRITE}),
        at,
        at + timedelta(9),
    )
    other = replace(token, id="tok-2", hash="h2", person="bob", created_at=at + timedelta(1))
    ended = replace(token, id="tok-3", hash="h3", revoked_at=at, last_used_at=at)
    with workspace.transaction() as tx:
        for one in (token, other, ended):
            tokens.add(tx, one)
    con = workspace.cursor()
    assert tokens.by_hash(con, "h1") == token
    assert tokens.by_hash(con, "none") is None
    assert tokens.every(con) == [other, token, ended]
    assert tokens.every(con, "ada") == [token, ended]
    with workspace.transaction() as tx:
        tokens.used(tx, "tok-1", at=at + timedelta(hours=1))
        tokens.revoke(tx, "tok-1", at=at + timedelta(hours=2))
        tokens.revoke(tx, "tok-1", at=at + timedelta(hours=3))
    found = tokens.by_hash(con, "h1")
    assert found is not None
    assert found.last_used_at == at + timedelta(hours=1)
    assert found.revoked_at == at + timedelta(hours=2)
    with pytest.raises(NotFound, match="no token 'tok-9'"):
        tokens.revoke(con, "tok-9", at=at)
    with pytest.raises(Conflict, match="token 'tok-4'"), workspace.transaction() as tx:
        tokens.add(tx, replace(token, id="tok-4"))


def test_a_response_is_remembered_per_key_and_person(workspace, at):
    response = {"status": 201, "body": {"id": "req-1", "list": [1, None, "é"]}}
    with workspace.transaction() as tx:
        assert keys.remembered(tx, "k", "ada") is None
        keys.remember(tx, "k", "ada", response, at)
        keys.remember(tx, "k", "bob", [], at)
    con = workspace.cursor()
    assert keys.remembered(con, "k", "ada") == response
    assert keys.remembered(con, "k", "bob") == []
    with pytest.raises(Conflict, match="idempotency key 'k'"), workspace.transaction() as tx:
        keys.remember(tx, "k", "ada", {}, at)
