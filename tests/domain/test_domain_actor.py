import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifecycle.domain.actor import GRANTS, SCOPED, SENTENCES, Actor, Permission, Role, Scope
from lifecycle.domain.person import Person
from lifecycle.errors import NotAllowed

ROLES = st.frozensets(st.sampled_from(list(Role)))
SCOPES = st.none() | st.frozensets(st.sampled_from(list(Scope)))


@given(ROLES, SCOPES)
def test_an_administrator_never_decides_whatever_else_they_are(roles, scopes):
    actor = Actor("ada", roles | {Role.ADMINISTRATOR}, scopes=scopes)

    assert not actor.may(Permission.DECIDE)


@given(ROLES, SCOPES)
def test_a_scope_only_ever_takes_away(roles, scopes):
    whole, limited = Actor("ada", roles), Actor("ada", roles, scopes=scopes)

    assert limited.permissions <= whole.permissions
    if scopes is not None:
        covered = frozenset().union(*(SCOPED[scope] for scope in scopes))
        assert limited.permissions == whole.permissions & covered


@given(ROLES, st.sampled_from(list(Permission)))
def test_requiring_refuses_exactly_what_is_not_held(roles, permission):
    actor = Actor("ada", roles)
    held = any(permission in GRANTS[role] for role in roles)
    decides = permission is Permission.DECIDE and Role.ADMINISTRATOR in roles

    if held and not decides:
        actor.require(permission)
    else:
        with pytest.raises(NotAllowed, match="ada"):
            actor.require(permission)


def test_a_refusal_says_who_may_and_what_the_token_lacks():
    with pytest.raises(NotAllowed) as refused:
        Actor("vera", frozenset({Role.VIEWER})).require(Permission.REGISTER)
    assert str(refused.value) == (
        "vera (viewer) may not register or send data; this needs the role developer"
    )
    with pytest.raises(NotAllowed, match="and a token scope that covers it"):
        Actor("dev", frozenset({Role.DEVELOPER}), scopes=frozenset()).require(Permission.READ)
    with pytest.raises(NotAllowed, match="administrators cannot approve"):
        Actor("adm", frozenset({Role.ADMINISTRATOR})).require(Permission.DECIDE)
    with pytest.raises(NotAllowed, match="no role"):
        Actor("x", frozenset()).require(Permission.READ)


def test_every_permission_is_granted_scoped_and_has_its_words():
    assert set(SENTENCES) == set(Permission)
    assert frozenset().union(*GRANTS.values()) == set(Permission)
    assert frozenset().union(*SCOPED.values()) == set(Permission)


def test_a_person_acts_with_their_own_roles(now):
    person = Person("ada", "Ada", frozenset({Role.AUDITOR}), created_at=now)

    actor = person.acting(via="token", scopes=frozenset({Scope.READ}))

    assert actor == Actor("ada", frozenset({Role.AUDITOR}), "token", frozenset({Scope.READ}))
