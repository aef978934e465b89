"""Is what was true at a time what the tables said at that time?"""

from datetime import timedelta

import pytest
from furniture import NOW, ROOT, Bench, actor, proof_of

from lifecycle.domain.actor import Actor
from lifecycle.domain.approval import Vote
from lifecycle.domain.model import Stage
from lifecycle.errors import InvalidInput, NotAllowed, NotFound
from lifecycle.services import approvals, asof, reports
from lifecycle.store import audit, models, requests
from lifecycle.store import policies as published

DAY = timedelta(days=1)


def promoted(workspace, name, *, at):
    asked = approvals.request(
        workspace, "credit", name, to=Stage.VALIDATED, reason="ready", by=actor("dev"), at=at
    )
    voted = at + timedelta(hours=1)
    return approvals.decide(
        workspace,
        asked.id,
        vote=Vote.APPROVE,
        reason="sound",
        by=actor("app"),
        at=voted,
        proof=proof_of(workspace, "app"),
    )


def at_time(workspace, at, **options):
    return asof.as_of(workspace, at, by=actor("vera"), now=NOW + 100 * DAY, **options)


def stages(found):
    return {v.version_id: str(v.stage) for v in found.told.versions}


@pytest.fixture
def lived(workspace):
    bench = Bench(workspace)
    first = bench.version("1")
    bench.evidence(first)
    promoted(workspace, "1", at=NOW + DAY)
    second = bench.version("2", at=NOW + 5 * DAY)
    bench.evidence(second)
    promoted(workspace, "2", at=NOW + 6 * DAY)
    return workspace


def test_each_day_shows_what_was_there_and_nothing_of_later(lived):
    assert stages(at_time(lived, NOW - DAY)) == {}
    assert stages(at_time(lived, NOW)) == {"credit/1": "candidate"}
    assert stages(at_time(lived, NOW + 2 * DAY)) == {"credit/1": "validated"}
    between = at_time(lived, NOW + DAY + timedelta(minutes=30))
    assert stages(between) == {"credit/1": "candidate"}
    assert [asked.id for asked in between.told.open_requests] == ["req-1"]
    assert stages(at_time(lived, NOW + 7 * DAY)) == {
        "credit/1": "validated",
        "credit/2": "validated",
    }


def test_the_answer_of_today_is_what_the_tables_say_today(lived):
    con = lived.cursor()

    found = at_time(lived, NOW + 50 * DAY)

    assert stages(found) == {v.id: str(v.stage) for v in models.versions(con)}
    assert (found.sequence, found.hash) == audit.head(con)
    (policy,) = found.told.policies
    assert f"{policy.name} {policy.version}" == published.current(con).label
    for version in found.told.versions:
        assert version.request is not None
        kept = requests.get(con, version.request.id)
        assert version.request.bundle == kept.bundle
        assert version.request.evidence == kept.evidence
        assert version.request.policy == kept.policy
        assert version.request.status == str(kept.status)
        assert version.request.approved_by == tuple(d.by for d in kept.decisions)
        assert version.moved_by == "app"


def test_one_model_alone_and_a_last_event_to_check_the_answer_against(lived):
    found = at_time(lived, NOW + 2 * DAY, model_id="credit")

    assert stages(found) == {"credit/1": "validated"}
    assert found.sequence < audit.head(lived.cursor())[0]
    with pytest.raises(NotFound):
        at_time(lived, NOW, model_id="absent")


def test_the_future_and_people_without_a_role_get_no_answer(lived):
    with pytest.raises(InvalidInput, match="in the future"):
        asof.as_of(lived, NOW + DAY, by=ROOT, now=NOW)
    with pytest.raises(NotAllowed):
        asof.as_of(lived, NOW, by=Actor("x", frozenset()), now=NOW)


def test_a_card_prints_who_signed_in_which_role_when_and_over_what(lived):
    made = reports.card(lived, "credit", "1", by=actor("vera"), at=NOW + 2 * DAY)

    bundle = requests.get(lived.cursor(), "req-1").bundle
    signed = "Approved by App (app), approver, 2026-11-03 10:00:00 UTC, password asked again"
    assert f"{signed}, bundle {bundle}" in reports.as_markdown(made)
