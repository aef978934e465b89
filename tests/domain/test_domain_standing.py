from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from lifecycle.domain.actor import Role
from lifecycle.domain.delegation import LONGEST, Delegation
from lifecycle.domain.finding import Finding, Kind, Progress, Severity
from lifecycle.domain.model import Stage
from lifecycle.domain.standing import CLOCK, Approval, Standing
from lifecycle.domain.terms import Cause, Effect, Terms
from lifecycle.errors import AlreadyDecided, FourEyesViolation, InvalidInput, NotAllowed

NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)
DAY = timedelta(days=1)
APPROVER = frozenset({Role.APPROVER})


@pytest.fixture
def approval() -> Approval:
    return Approval("req-1", "m/1", Stage.PRODUCTION, NOW, NOW + 100 * DAY, changed_at=NOW)


def judged(approval, *, days, lost=None, overdue=(), **terms):
    found = Terms(valid_days=100, notice_days=30, **terms)
    return approval.judged(lost=lost or {}, overdue=overdue, terms=found, at=NOW + days * DAY)


@pytest.mark.parametrize(
    ("days", "standing", "holds"),
    [
        (69, Standing.VALID, True),
        (70, Standing.EXPIRING, True),
        (99, Standing.EXPIRING, True),
        (100, Standing.EXPIRED, False),
    ],
)
def test_an_approval_gives_notice_and_ends_to_the_day(approval, days, standing, holds):
    after, event = judged(approval, days=days)

    assert (after.standing, after.holds) == (standing, holds)
    if standing is Standing.VALID:
        assert event is None
    else:
        assert (event.action, event.by) == (f"approval.{standing}", CLOCK)


def test_what_is_overdue_revokes_whatever_else_holds(approval):
    after, event = judged(approval, days=1, overdue=["fnd-1 was due", "fnd-2 was due"])

    assert (after.standing, after.effect) == (Standing.REVOKED, Effect.STOP)
    assert event.reason == "fnd-1 was due; fnd-2 was due"


def test_the_harshest_effect_of_what_changed_counts_and_a_stop_is_not_taken_back(approval):
    stale = {Cause.DATA: Effect.KEEP, Cause.VERSION: Effect.STOP, Cause.DRIFT: Effect.LIMIT}
    moved = {Cause.DATA: "new rows", Cause.DRIFT: "it moved"}

    limited, _ = judged(approval, days=1, lost=moved, stale=stale)
    again, none = judged(limited, days=2, lost=moved, stale=stale)
    back, _ = judged(limited, days=2, stale=stale)
    stopped, _ = judged(approval, days=1, lost={Cause.VERSION: "other file"}, stale=stale)
    still, _ = judged(stopped, days=2, lost=moved, stale=stale)
    quiet, _ = judged(stopped, days=2, stale=stale)

    assert (limited.standing, limited.effect) == (Standing.STALE, Effect.LIMIT)
    assert (again, none) == (limited, None)
    assert (back.standing, back.effect) == (Standing.VALID, None)
    assert stopped.effect is still.effect is quiet.effect is Effect.STOP


@pytest.mark.parametrize("ended", [Standing.REVOKED, Standing.SUPERSEDED])
def test_an_ended_approval_stays_ended_also_when_a_clock_jumps_back(approval, ended):
    over, _ = approval.over(ended, "a newer one", by="app", at=NOW + DAY)

    assert judged(over, days=-5) == (over, None)


def test_a_clock_that_jumps_back_brings_nothing_back(approval):
    expiring, _ = judged(approval, days=80)

    after, event = judged(expiring, days=3)

    assert (after, event) == (expiring, None)


@pytest.fixture
def lent() -> Delegation:
    return Delegation("dlg-1", "app", "app2", NOW, NOW + 7 * DAY, "leave")


def grant(delegation, *, by="app", giver=APPROVER, taker=APPROVER, known=()):
    return delegation.granted(by=by, at=NOW, giver=giver, taker=taker, known=known)


@pytest.mark.parametrize(
    ("changes", "given", "error", "sentence"),
    [
        ({}, {"by": "app2"}, NotAllowed, "only app can lend"),
        ({"taker": "app"}, {}, InvalidInput, "nobody delegates to themselves"),
        ({"end": NOW}, {}, InvalidInput, "must end after it begins"),
        ({"end": NOW + LONGEST + DAY}, {}, InvalidInput, "at most 60 days"),
        ({}, {"taker": frozenset({Role.VIEWER})}, NotAllowed, "app2 may not decide"),
        ({}, {"giver": frozenset({Role.DEVELOPER})}, NotAllowed, "app may not decide"),
    ],
)
def test_authority_is_lent_by_its_owner_for_a_time_between_equals(
    lent, changes, given, error, sentence
):
    with pytest.raises(error, match=sentence):
        grant(replace(lent, **changes), **given)


@pytest.mark.parametrize(("giver", "taker"), [("app2", "risk"), ("risk", "app")])
def test_what_is_lent_is_not_passed_on_either_way(lent, giver, taker):
    other = replace(lent, id="dlg-0", giver=giver, taker=taker)

    with pytest.raises(InvalidInput, match="what is lent is not passed on"):
        grant(lent, known=[other])
    grant(lent, known=[replace(other, revoked_at=NOW), replace(other, end=NOW)])


def test_either_side_ends_a_delegation_once_and_nobody_else(lent):
    ended, event = lent.revoke(by="app2", at=NOW + DAY)

    assert event.action == "delegation.revoke"
    assert lent.active(NOW + DAY)
    assert not ended.active(NOW + DAY)
    with pytest.raises(AlreadyDecided, match="dlg-1 has ended"):
        ended.revoke(by="app", at=NOW + DAY)
    with pytest.raises(AlreadyDecided, match="dlg-1 has ended"):
        lent.revoke(by="app", at=NOW + 7 * DAY)
    with pytest.raises(NotAllowed, match="is between app and app2"):
        lent.revoke(by="risk", at=NOW + DAY)


def test_a_closed_finding_stays_closed_and_words_are_asked_for():
    due = NOW + 7 * DAY
    found = Finding(
        "fnd-1", Kind.CONDITION, "req-1", "m/1", "test it", Severity.LOW, "dev", due, NOW, "app"
    )
    with pytest.raises(InvalidInput, match="say what was done"):
        found.respond(" ", by="dev", at=NOW)
    answered, _ = found.respond("tested", by="dev", at=NOW)
    with pytest.raises(FourEyesViolation, match="a second person must agree"):
        answered.close("fine", by="dev", at=NOW)
    closed, event = answered.close("fine", by="app", at=NOW)

    assert (closed.status, event.action) == (Progress.CLOSED, "finding.close")
    assert found.opened().reason == "test it"
    for again in (
        lambda: closed.respond("more", by="dev", at=NOW),
        lambda: closed.close("again", by="app", at=NOW),
        lambda: closed.extend(due + DAY, by="app", at=NOW, reason="later"),
    ):
        with pytest.raises(AlreadyDecided, match="fnd-1 is closed"):
            again()
