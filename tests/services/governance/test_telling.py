"""Who hears that a decision waits: one message per event, and silence is never an approval."""

from dataclasses import replace
from datetime import timedelta

import pytest
from furniture import NOW, actor
from terms_bench import DAY, ask, under, vote

from lifecycle.domain.approval import Status, Vote
from lifecycle.domain.delivery import ChannelKind
from lifecycle.domain.finding import Obligation, Severity
from lifecycle.domain.model import Stage
from lifecycle.services import alerting, approvals
from lifecycle.services.alerting import channels
from lifecycle.store import deliveries, people, requests


@pytest.fixture(autouse=True)
def outbox(workspace):
    """Let two channels hear of things."""
    for name in ("log", "second"):
        channels.add(workspace, name, kind=ChannelKind.FILE, by=actor("adm"), at=NOW)


def told(workspace, *, channel="log"):
    found = deliveries.every(workspace.cursor())[::-1]
    return [(d.message.topic, d.message.subject) for d in found if d.channel == channel]


def messages(workspace, topic):
    found = deliveries.every(workspace.cursor())
    return [d.message for d in found if d.message.topic == topic and d.channel == "log"]


def test_a_request_that_waits_is_told_as_the_policy_says_and_never_approved(workspace, bench):
    under(workspace, "open_days: 10, remind_days: 3, escalate_days: 7")
    version = bench.version()
    asked = ask(workspace)

    for day in (1, 4, 4, 8, 9, 2, 11, 12):
        approvals.tick(workspace, at=NOW + timedelta(days=day))

    about = f"request:{asked.id}"
    kinds = ("request.remind", "request.escalate", "request.expire")
    assert told(workspace) == [(kind, about) for kind in kinds]
    assert told(workspace) == told(workspace, channel="second")
    assert requests.get(workspace.cursor(), asked.id).status is Status.EXPIRED
    assert bench.stage(version) is Stage.CANDIDATE
    (reminder,) = messages(workspace, "request.remind")
    assert "Can vote: app, app2." in reminder.text
    assert "expires on 2026-11-12 09:00 UTC; nothing is approved" in reminder.text
    assert reminder.link == f"/approvals?request={asked.id}"


def test_a_lost_quorum_is_told(workspace, bench):
    under(workspace, "approvals: 2")
    bench.version()
    ask(workspace)
    with workspace.transaction() as tx:
        people.update(tx, replace(people.get(tx, "app2"), active=False))

    approvals.tick(workspace, at=NOW + DAY)
    approvals.tick(workspace, at=NOW + DAY)

    (found,) = messages(workspace, "request.unmeetable")
    assert "too few people are left" in found.title


def test_the_window_before_an_end_and_the_end_are_told_once_each(workspace, bench):
    under(workspace, "approvals: 1, valid_days: 100, notice_days: 20")
    bench.version()
    asked = ask(workspace)
    vote(workspace, asked, "app")

    for day in (50, 82, 83, 90, 102, 103):
        approvals.tick(workspace, at=NOW + day * DAY)

    about = f"request:{asked.id}"
    assert told(workspace) == [("approval.expiring", about), ("approval.expired", about)]


def test_the_end_of_an_approval_that_is_stale_besides_is_told_too(workspace, bench):
    under(workspace, "approvals: 1, valid_days: 100, notice_days: 20")
    version = bench.version()
    vote(workspace, ask(workspace), "app")
    bench.count = 10 * 24 * 3600
    bench.evidence(version)

    for day in (50, 82, 83, 90):
        approvals.tick(workspace, at=NOW + day * DAY)

    assert [topic for topic, _ in told(workspace)] == ["approval.expiring"]


def test_an_overdue_condition_is_told_and_so_is_what_it_revokes(workspace, bench):
    under(workspace, "approvals: 1")
    bench.version()
    asked = ask(workspace)
    due = Obligation("Measure by region", Severity.HIGH, "val", NOW + 10 * DAY)
    vote(workspace, asked, "app", Vote.CONDITIONAL, conditions=[due])

    for day in (9, 11, 12):
        approvals.tick(workspace, at=NOW + day * DAY)

    assert told(workspace) == [
        ("finding.overdue", "finding:find-1"),
        ("approval.revoked", f"request:{asked.id}"),
    ]
    assert "Measure by region" not in repr(deliveries.every(workspace.cursor()))


def test_a_mention_is_told_without_the_words_of_the_discussion(workspace, bench):
    under(workspace, "approvals: 1")
    bench.version()
    asked = ask(workspace)

    approvals.comment(workspace, asked.id, "@val see the dahlia", by=actor("app"), at=NOW)
    approvals.comment(workspace, asked.id, "nobody in particular", by=actor("app"), at=NOW)
    approvals.comment(workspace, asked.id, "@app thanks", by=actor("val"), at=NOW)

    assert {m.title for m in messages(workspace, "request.mention")} == {
        f"app mentions val on {asked.id}",
        f"val mentions app on {asked.id}",
    }
    assert "dahlia" not in repr(deliveries.every(workspace.cursor()))


def test_a_broken_glass_is_told_at_once(workspace, bench):
    under(workspace, "override: {roles: [approver], approvals: 2}")
    bench.version(stage=Stage.VALIDATED)

    approvals.break_glass(workspace, "credit", "1", reason="down", by=actor("dev"), at=NOW)

    (found,) = messages(workspace, "gate.break_glass")
    assert found.title == "dev broke the glass for credit/1"
    approvals.tick(workspace, at=NOW + 400 * DAY)
    (late,) = messages(workspace, "finding.overdue")
    assert "belongs to credit/1." in late.text
    assert "revoked" not in late.text


def test_messages_leave_through_the_door_and_stand_in_its_log(workspace, bench):
    under(workspace, "approvals: 1, remind_days: 1")
    bench.version()
    ask(workspace)
    approvals.tick(workspace, at=NOW + 2 * DAY)

    sent = alerting.deliver(workspace, by=actor("val"), at=NOW + 2 * DAY)

    assert {str(one.state) for one in sent} == {"sent"}
    assert "request.remind" in (workspace.home / "messages" / "log.jsonl").read_text()
