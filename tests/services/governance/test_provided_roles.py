"""What the groups of the organisation's provider give, and what losing one takes away."""

from datetime import timedelta

import pytest
from furniture import NOW

from lifecycle.domain.actor import Role
from lifecycle.domain.person import Identity
from lifecycle.domain.reach import EVERYWHERE, Reach
from lifecycle.domain.usecase import Tier
from lifecycle.errors import InvalidInput, NotAllowed
from lifecycle.services.access import sign_in_provided
from lifecycle.services.access.provided import granted
from lifecycle.store import people

GROUPS = (
    ("risk", "approver"),
    ("staff", "viewer"),
    ("retail", "unit:retail"),
    ("central", "unit:*"),
)


def enter(workspace, *groups):
    until = NOW + timedelta(hours=1)
    ana = Identity("https://id.example", "u-1", "ana", "Ana", frozenset(groups), until)
    sign_in_provided(workspace, ana, groups=GROUPS, at=NOW)
    return people.get(workspace.cursor(), "ana")


def test_who_lost_the_group_of_a_unit_may_only_look(workspace):
    before = enter(workspace, "risk", "staff", "retail")
    assert (before.roles, before.reach.units) == ({Role.APPROVER, Role.VIEWER}, {"retail"})

    assert enter(workspace, "risk", "staff").roles == {Role.VIEWER}
    with pytest.raises(NotAllowed, match="none the unit or tier it is for"):
        enter(workspace, "risk")
    assert people.get(workspace.cursor(), "ana").roles == frozenset()


def test_central_staff_get_all_units_by_name(workspace):
    found = enter(workspace, "risk", "central")

    assert (found.roles, found.reach) == ({Role.APPROVER}, EVERYWHERE)


def test_tiers_limit_in_the_same_way_and_without_any_limit_roles_are_for_all():
    tiers = (("risk", "approver"), ("low", "tier:minimal"))

    assert granted(frozenset({"risk"}), groups=tiers)[0] == frozenset()
    assert granted(frozenset({"risk", "low"}), groups=tiers) == (
        {Role.APPROVER},
        Reach(tiers=frozenset({Tier.MINIMAL})),
    )
    assert granted(frozenset({"risk"}), groups=tiers[:1]) == ({Role.APPROVER}, EVERYWHERE)


@pytest.mark.parametrize("word", ["unit:", "tier:", "tier:huge", "team:x", "boss"])
def test_a_word_that_gives_nothing_known_is_refused(word):
    with pytest.raises(InvalidInput, match="no role, unit:NAME or tier:NAME"):
        granted(frozenset({"g"}), groups=[("g", word)])
