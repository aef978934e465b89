"""Can anybody get authority alone, and do roles end where they should?"""

from dataclasses import replace

import pytest
from furniture import NOW, ROOT, Bench, actor, proof_of
from hypothesis import given
from hypothesis import strategies as st

from lifecycle.domain.actor import Permission, Role
from lifecycle.domain.approval import Vote
from lifecycle.domain.model import Stage
from lifecycle.domain.person import Answer
from lifecycle.domain.reach import EVERYWHERE, Place, Reach
from lifecycle.domain.usecase import Tier
from lifecycle.errors import AlreadyDecided, Conflict, FourEyesViolation, InvalidInput, NotAllowed
from lifecycle.services import access, approvals, registry
from lifecycle.store import audit, people, role_changes

ADMIN, SECOND = actor("adm"), replace(actor("adm"), name="adm2")

units = st.frozensets(st.sampled_from(["retail", "wholesale", "risk"]))
tiers = st.frozensets(st.sampled_from(list(Tier)))
reaches = st.builds(Reach, units, tiers)
places = st.builds(
    Place, st.sampled_from(["retail", "wholesale", "risk", ""]), st.sampled_from(Tier)
)


@pytest.fixture
def two(workspace):
    """The workspace with a second administrator."""
    access.add_person(workspace, "adm2", roles={Role.ADMINISTRATOR}, by=ROOT, at=NOW)
    return workspace


def roles_of(workspace, name):
    return set(people.get(workspace.cursor(), name).roles)


def waiting(workspace):
    return role_changes.every(workspace.cursor(), answer=Answer.WAITING)


def last(workspace):
    return audit.search(workspace.cursor(), limit=1)[0].event


def test_nobody_grants_themselves_anything(two):
    for role in (Role.APPROVER, Role.DEVELOPER):
        with pytest.raises(NotAllowed, match="cannot grant themselves"):
            access.set_roles(two, "adm", roles={Role.ADMINISTRATOR, role}, by=ADMIN, at=NOW)
    assert roles_of(two, "adm") == {Role.ADMINISTRATOR}


def test_authority_waits_for_a_second_administrator_who_is_neither_asker_nor_gainer(two):
    access.set_roles(two, "dev", roles={Role.APPROVER}, by=ADMIN, at=NOW, reason="new job")
    (change,) = waiting(two)
    assert roles_of(two, "dev") == {Role.DEVELOPER}

    with pytest.raises(FourEyesViolation):
        access.answer_roles(two, change.id, agree=True, by=ADMIN, at=NOW)
    with pytest.raises(NotAllowed):
        access.answer_roles(two, change.id, agree=True, by=actor("app"), at=NOW)
    access.answer_roles(two, change.id, agree=True, by=SECOND, at=NOW)

    assert roles_of(two, "dev") == {Role.APPROVER}
    assert (last(two).by, last(two).details["asked_by"]) == ("adm2", "adm")
    with pytest.raises(AlreadyDecided):
        access.answer_roles(two, change.id, agree=False, by=SECOND, at=NOW)


def test_a_refused_change_changes_nothing_and_is_written_down(two):
    access.set_roles(two, "dev", roles={Role.APPROVER}, by=ADMIN, at=NOW)
    (change,) = waiting(two)

    access.answer_roles(two, change.id, agree=False, by=SECOND, at=NOW)

    assert roles_of(two, "dev") == {Role.DEVELOPER}
    assert last(two).action == "role.refuse"


def test_an_administrator_cannot_open_an_approver_of_their_own(two):
    opened = access.add_person(two, "puppet", roles={Role.APPROVER}, by=ADMIN, at=NOW)

    assert opened.roles == {Role.VIEWER}
    assert [change.person for change in waiting(two)] == ["puppet"]


def test_taking_roles_away_and_harmless_ones_need_no_second(two):
    access.set_roles(two, "app", roles={Role.VIEWER}, by=ADMIN, at=NOW)
    access.set_roles(two, "dev", roles={Role.DEVELOPER, Role.AUDITOR}, by=ADMIN, at=NOW)

    assert waiting(two) == []
    assert roles_of(two, "app") == {Role.VIEWER}


def test_a_newer_wish_takes_the_place_of_the_one_that_waits(two):
    access.set_roles(two, "dev", roles={Role.APPROVER}, by=ADMIN, at=NOW)
    access.set_roles(two, "dev", roles={Role.VALIDATOR}, by=ADMIN, at=NOW)

    assert [change.roles for change in waiting(two)] == [{Role.VALIDATOR}]


def test_alone_or_on_the_machine_itself_it_is_done_and_the_conflict_recorded(workspace):
    access.set_roles(workspace, "dev", roles={Role.APPROVER}, by=ADMIN, at=NOW)
    assert "no second administrator" in str(last(workspace).details["conflict"])
    access.set_roles(workspace, "vera", roles={Role.APPROVER}, by=ROOT, at=NOW)
    assert "on the machine itself" in str(last(workspace).details["conflict"])


def test_whoever_administers_never_decides_whatever_else_they_are():
    both = replace(ADMIN, roles=frozenset(Role))

    assert not both.may(Permission.DECIDE)
    with pytest.raises(NotAllowed, match="administrators cannot approve"):
        both.require(Permission.DECIDE)


def test_whoever_came_by_a_link_chooses_a_password_before_deciding():
    with pytest.raises(NotAllowed, match="choose a password"):
        actor("app", via="invitation").require(Permission.DECIDE)


def taken(workspace, name="app"):
    """Give somebody a password, and let somebody come into their account by a link."""
    access.set_password(workspace, name, "correct horse battery", by=actor(name), at=NOW)
    secret = access.invite(workspace, name, by=ADMIN, at=NOW)
    _, session = access.take_invitation(workspace, secret, at=NOW)
    return people.get(workspace.cursor(), name).acting(via=session.via)


def test_a_link_into_an_account_of_authority_gives_none_until_a_second_administrator_agrees(two):
    access.set_roles(
        two, "app", roles={Role.APPROVER}, reach=Reach(frozenset({"retail"})), by=ADMIN, at=NOW
    )

    by = taken(two)

    assert by.roles == {Role.VIEWER}
    access.set_password(two, "app", "another horse battery", by=by, at=NOW)
    assert not people.get(two.cursor(), "app").acting(via="session").may(Permission.DECIDE)
    (change,) = waiting(two)
    with pytest.raises(FourEyesViolation):
        access.answer_roles(two, change.id, agree=True, by=ADMIN, at=NOW)
    access.answer_roles(two, change.id, agree=True, by=SECOND, at=NOW)
    again = people.get(two.cursor(), "app")
    assert (again.roles, again.reach) == ({Role.APPROVER}, Reach(frozenset({"retail"})))


def test_without_a_second_administrator_the_link_is_recorded_as_a_conflict(workspace):
    by = taken(workspace)

    assert by.roles == {Role.APPROVER}
    assert not by.may(Permission.DECIDE), "a password of one's own comes first"
    (found,) = audit.search(workspace.cursor(), action="person.link")
    assert "there is no second administrator" in str(found.event.details["conflict"])


def test_a_first_link_and_one_without_authority_take_nothing_away(two):
    secret = access.invite(two, "app", by=ADMIN, at=NOW)
    access.take_invitation(two, secret, at=NOW)
    assert taken(two, "dev").roles == {Role.DEVELOPER}

    assert roles_of(two, "app") == {Role.APPROVER}
    assert waiting(two) == []


def test_nobody_gets_a_link_around_the_organisations_provider(workspace):
    with workspace.transaction() as tx:
        people.add_identity(tx, issuer="https://id.example.org", subject="17", person="app")

    with pytest.raises(Conflict, match="signs in at the organisation's provider"):
        access.invite(workspace, "app", by=ADMIN, at=NOW)


def test_an_administrator_cannot_choose_somebody_elses_password(workspace):
    with pytest.raises(NotAllowed, match="send a sign-in link"):
        access.set_password(workspace, "app", "correct horse battery", by=ADMIN, at=NOW)


def test_roles_end_at_the_units_and_tiers_they_are_for(workspace):
    reach = access.some_reach(units=["retail"], tiers=["high"])
    access.set_roles(workspace, "app", roles={Role.APPROVER}, reach=reach, by=ADMIN, at=NOW)
    by = people.get(workspace.cursor(), "app").acting(via="session")

    by.require(Permission.DECIDE, within=Place("retail", Tier.HIGH))
    for place in (
        Place("wholesale", Tier.HIGH),
        Place("retail", Tier.LIMITED),
        Place("", Tier.HIGH),
    ):
        with pytest.raises(NotAllowed, match="in unit retail, tier high; this is in"):
            by.require(Permission.DECIDE, within=place)
    with pytest.raises(InvalidInput, match="tiers are"):
        access.some_reach(units=[], tiers=["enormous"])


def test_a_wider_reach_for_authority_waits_a_narrower_does_not(two):
    narrow = Reach(frozenset({"retail"}))
    access.set_roles(two, "app", roles={Role.APPROVER}, reach=narrow, by=ADMIN, at=NOW)
    assert people.get(two.cursor(), "app").reach == narrow
    access.set_roles(two, "app", roles={Role.APPROVER}, reach=EVERYWHERE, by=ADMIN, at=NOW)

    assert people.get(two.cursor(), "app").reach == narrow
    assert [change.reach for change in waiting(two)] == [EVERYWHERE]


@given(reaches, reaches, places)
def test_what_does_not_widen_covers_no_new_place(now, before, place):
    if not now.widens(before):
        assert before.covers(place) or not now.covers(place)


@given(reaches, places)
def test_everywhere_covers_every_place_and_nothing_widens_it(reach, place):
    assert EVERYWHERE.covers(place)
    assert not reach.widens(EVERYWHERE)
    assert not reach.widens(reach)


def test_out_of_reach_nobody_asks_registers_or_decides(workspace):
    bench = Bench(workspace)
    version = bench.version()
    bench.evidence(version)
    retail = Reach(frozenset({"retail"}))
    dev, app = (replace(actor(name), reach=retail) for name in ("dev", "app"))

    def ask(by):
        return approvals.request(
            workspace, "credit", "1", to=Stage.VALIDATED, reason="ready", by=by, at=NOW
        )

    with pytest.raises(NotAllowed, match="this is in unit without a name, tier high"):
        ask(dev)
    with pytest.raises(NotAllowed, match="this is in unit without a name"):
        registry.move_version(
            workspace, "credit", "1", to=Stage.RETIRED, reason="x", by=dev, at=NOW
        )
    asked = ask(actor("dev"))
    with pytest.raises(NotAllowed, match="decide on a promotion in unit retail"):
        approvals.decide(
            workspace,
            asked.id,
            vote=Vote.APPROVE,
            reason="",
            by=app,
            at=NOW,
            proof=proof_of(workspace, "app"),
        )
    assert bench.stage(version) is Stage.CANDIDATE
