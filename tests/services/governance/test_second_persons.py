"""When one person acts alone in an emergency, who is the second, and by when?"""

import pytest
from furniture import NOW, actor, publish
from terms_bench import DAY, ask, under, vote

from lifecycle.domain.actor import Actor, Role
from lifecycle.domain.finding import Kind, Progress
from lifecycle.domain.model import Stage
from lifecycle.errors import FourEyesViolation, InvalidInput, NotAllowed
from lifecycle.services import approvals
from lifecycle.services.approvals import passes
from lifecycle.store import approvals as kept
from lifecycle.store import audit

HOUSE = """
name: house
version: glass-1
tiers:
  high:
    production: {{ override: {{ roles: [approver], approvals: 2, review_days: {days} }} }}
"""


def break_it(workspace, *, at=NOW):
    return approvals.break_glass(
        workspace, "credit", "1", reason="ward is down", by=actor("dev"), at=at
    )


def close(workspace, found, by, *, at=NOW + DAY):
    return approvals.close_finding(workspace, found.id, "seen", by=by, at=at)


def test_a_broken_glass_is_closed_by_whoever_may_override_that_gate_after_an_answer(
    workspace, bench
):
    publish(workspace, HOUSE.format(days=14))
    bench.version(stage=Stage.PRODUCTION, developer="val")
    _, found = break_it(workspace)
    with pytest.raises(InvalidInput, match="dev has not answered"):
        close(workspace, found, actor("app"))
    approvals.answer_finding(workspace, found.id, "host is back", by=actor("dev"), at=NOW)

    with pytest.raises(NotAllowed, match="lets approver override this gate, and so review"):
        close(workspace, found, actor("risk"))
    with pytest.raises(FourEyesViolation, match="dev answers for"):
        close(workspace, found, Actor("dev", frozenset({Role.APPROVER})))
    assert close(workspace, found, actor("app")).status is Progress.CLOSED


def test_the_developer_does_not_review_the_glass_of_their_own_version(workspace, bench):
    publish(workspace, HOUSE.format(days=14))
    bench.version(stage=Stage.PRODUCTION, developer="app")
    _, found = break_it(workspace)
    approvals.answer_finding(workspace, found.id, "host is back", by=actor("dev"), at=NOW)

    with pytest.raises(FourEyesViolation, match="app developed credit/1"):
        close(workspace, found, actor("app"))


@pytest.mark.parametrize(("days", "due"), [(14, 3), (1, 1)])
def test_a_broken_glass_waits_three_days_for_its_review_or_the_policys_fewer(
    workspace, bench, days, due
):
    publish(workspace, HOUSE.format(days=days))
    bench.version(stage=Stage.PRODUCTION)

    assert break_it(workspace)[1].due_at == NOW + due * DAY


def test_an_overdue_review_keeps_the_glass_whole_until_it_is_closed_or_given_time(workspace, bench):
    publish(workspace, HOUSE.format(days=14))
    bench.version(stage=Stage.PRODUCTION)
    _, found = break_it(workspace)
    break_it(workspace, at=NOW + DAY)
    late = NOW + 3.5 * DAY

    with pytest.raises(NotAllowed, match=f"{found.id} was due on 2026-11-05: dev answers it"):
        break_it(workspace, at=late)
    assert len(audit.search(workspace.cursor(), action="gate.break_glass")) == 2

    due, why = NOW + 6 * DAY, "the host is still down"
    approvals.extend_finding(workspace, found.id, due, reason=why, by=actor("app"), at=late)
    assert break_it(workspace, at=late)[1].kind is Kind.BREAK_GLASS
    approvals.answer_finding(workspace, found.id, "it is back", by=actor("dev"), at=late)
    close(workspace, found, actor("app"), at=late)
    with pytest.raises(NotAllowed, match="find-2 was due on 2026-11-06"):
        break_it(workspace, at=NOW + 5 * DAY)


def test_a_suspended_version_is_broken_out_under_its_production_gate(workspace, bench):
    publish(workspace, HOUSE.format(days=14))
    version = bench.version(stage=Stage.SUSPENDED)

    token, found = break_it(workspace)

    claims = passes.check(token, public=passes.key(workspace).public, at=NOW, version_id=version.id)
    assert (claims["stage"], claims["break_glass"]) == ("production", found.id)
    assert bench.stage(version) is Stage.SUSPENDED


def test_an_emergency_is_reviewed_by_somebody_who_did_not_vote_on_it(workspace, bench):
    terms = "override: {roles: [approver, risk_owner], approvals: 2, review_days: 5}"
    under(workspace, terms)
    bench.version()
    asked = ask(workspace, emergency=True)
    vote(workspace, asked, "app")
    vote(workspace, asked, "risk")
    (review,) = kept.findings(workspace.cursor(), request_id=asked.id)
    with pytest.raises(InvalidInput, match="dev has not answered"):
        close(workspace, review, actor("app2"), at=NOW + 2 * DAY)
    approvals.answer_finding(workspace, review.id, "kept", by=actor("dev"), at=NOW + 2 * DAY)

    for name in ("app", "risk"):
        with pytest.raises(FourEyesViolation, match=f"{name} voted on the emergency change"):
            close(workspace, review, actor(name), at=NOW + 2 * DAY)
    assert close(workspace, review, actor("app2"), at=NOW + 2 * DAY).closed_by == "app2"
