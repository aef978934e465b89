from datetime import timedelta

import pytest
from alarm_bench import after, series
from scipy.stats import binomtest

from lifecycle.domain.actor import Role
from lifecycle.domain.alert import AlertRule, Grouping, Severity
from lifecycle.domain.raised_alert import Status
from lifecycle.errors import Conflict, InvalidInput, NotAllowed, NotFound
from lifecycle.services import alerting
from lifecycle.store import alerts, audit

NOW = after(1) + timedelta(hours=1)


@pytest.fixture
def alert(bench):
    (raised,) = bench.run(series("BB"))
    return raised


def last(bench):
    return audit.search(bench.ws.cursor(), limit=1)[0].event


def test_whoever_acknowledges_an_alert_is_on_it_and_the_trail_says_so(bench, alert, dora):
    taken = alerting.acknowledge(bench.ws, alert.id, by=dora, at=NOW, reason="looking")

    assert (taken.status, taken.acknowledged_by, taken.owner) == (
        Status.ACKNOWLEDGED,
        "dora",
        "olga",
    )
    assert alerts.get(bench.ws.cursor(), alert.id) == taken
    event = last(bench)
    assert (event.action, event.subject, event.by, event.reason) == (
        "alert.acknowledge",
        "alert:alert-1",
        "dora",
        "looking",
    )
    assert event.details["signals"] == [["ks", "age", "{}"]]
    with pytest.raises(Conflict, match="dora has taken alert-1 on already"):
        alerting.acknowledge(bench.ws, alert.id, by=dora, at=NOW)


def test_an_alert_can_be_given_to_somebody_with_an_account(bench, alert, dora):
    assert alerting.assign(bench.ws, alert.id, "val", by=dora, at=NOW).owner == "val"
    assert (last(bench).details["before"], last(bench).details["after"]) == ("olga", "val")
    with pytest.raises(NotFound, match="vel"):
        alerting.assign(bench.ws, alert.id, "vel", by=dora, at=NOW)


def test_a_snooze_needs_a_reason_and_an_end_within_reach(bench, alert, dora):
    until = NOW + timedelta(days=3)
    asleep = alerting.snooze(bench.ws, alert.id, until=until, reason="campaign", by=dora, at=NOW)
    assert (asleep.status, asleep.snoozed_until) == (Status.SNOOZED, until)
    assert asleep.wake(at=NOW).status is Status.OPEN

    with pytest.raises(InvalidInput, match="give a reason"):
        alerting.snooze(bench.ws, alert.id, until=until, reason=" ", by=dora, at=NOW)
    for wrong in (NOW, NOW + timedelta(days=91)):
        with pytest.raises(InvalidInput, match="90 days"):
            alerting.snooze(bench.ws, alert.id, until=wrong, reason="r", by=dora, at=NOW)


def test_whoever_had_taken_it_on_still_has_after_a_snooze(bench, alert, dora):
    alerting.acknowledge(bench.ws, alert.id, by=dora, at=NOW)
    asleep = alerting.snooze(
        bench.ws, alert.id, until=NOW + timedelta(days=1), reason="r", by=dora, at=NOW
    )

    assert asleep.wake(at=NOW).status is Status.ACKNOWLEDGED


def test_resolving_needs_a_reason_and_ends_it(bench, alert, dora):
    with pytest.raises(InvalidInput, match="say what was done"):
        alerting.resolve(bench.ws, alert.id, reason="", by=dora, at=NOW)
    alerting.resolve(bench.ws, alert.id, reason="retrained", by=dora, at=NOW)

    for step in (
        lambda: alerting.resolve(bench.ws, alert.id, reason="again", by=dora, at=NOW),
        lambda: alerting.acknowledge(bench.ws, alert.id, by=dora, at=NOW),
        lambda: alerting.assign(bench.ws, alert.id, "val", by=dora, at=NOW),
    ):
        with pytest.raises(Conflict, match="resolved already"):
            step()


@pytest.mark.parametrize(
    "call",
    [
        lambda ws, by: alerting.acknowledge(ws, "alert-1", by=by, at=NOW),
        lambda ws, by: alerting.assign(ws, "alert-1", "val", by=by, at=NOW),
        lambda ws, by: alerting.resolve(ws, "alert-1", reason="r", by=by, at=NOW),
        lambda ws, by: alerting.judge(ws, "alert-1", real=True, by=by, at=NOW),
        lambda ws, by: alerting.snooze(
            ws, "alert-1", until=NOW + timedelta(1), reason="r", by=by, at=NOW
        ),
    ],
)
def test_a_viewer_and_an_administrator_handle_nothing(bench, alert, vera, adm, call):
    for by in (vera, adm):
        with pytest.raises(NotAllowed, match="may not handle alerts"):
            call(bench.ws, by)
    assert alerts.get(bench.ws.cursor(), alert.id) == alert


def test_what_waits_is_open_and_grave_first_then_ones_own(bench, dora, vera):
    rule = AlertRule(grouping=Grouping.SERIES)
    bench.run(
        series("BB"),
        series("BB", column="income"),
        series("BB", column="region"),
        series("BB", statistic="roc_auc"),
        rule=rule,
    )
    con = bench.ws.cursor()
    by_key = {a.signals[0].column: a.id for a in alerts.every(con)}
    alerting.assign(bench.ws, by_key["income"], "dora", by=dora, at=NOW)
    alerting.acknowledge(bench.ws, by_key["region"], by=dora, at=NOW)

    found = alerting.waiting(con, dora)

    assert [a.id for a in found] == [by_key[None], by_key["income"], by_key["age"]]
    assert found[0].severity is Severity.CRITICAL
    assert alerting.waiting(con, vera) == []


def test_a_rules_precision_has_wilsons_interval_and_a_later_word_counts(bench, dora):
    rule = AlertRule(grouping=Grouping.SERIES)
    columns = [f"x{i}" for i in range(7)]
    bench.run(*(series("BB", column=c) for c in columns), rule=rule)
    assert alerting.precision(bench.ws.cursor()) == []
    for number in range(1, 8):
        alerting.judge(bench.ws, f"alert-{number}", real=number <= 5, by=dora, at=NOW)
    alerting.judge(bench.ws, "alert-5", real=False, by=dora, at=NOW, reason="looked again")

    (found,) = alerting.precision(bench.ws.cursor())

    expected = binomtest(4, 7).proportion_ci(0.95, method="wilson")
    assert (found.version_id, found.statistic, found.real, found.judged) == ("credit/1", "ks", 4, 7)
    assert found.share.interval == pytest.approx((expected.low, expected.high))


def test_an_alert_nobody_took_on_in_time_is_overdue(bench, alert):
    assert not alert.overdue(at=alert.opened_at + timedelta(hours=72))
    assert alert.overdue(at=alert.opened_at + timedelta(hours=73))


def test_an_unknown_alert_is_not_found_and_a_close_one_is_offered(bench, alert, dora):
    with pytest.raises(NotFound, match="did you mean 'alert-1'"):
        alerting.acknowledge(bench.ws, "alert-11", by=dora, at=NOW)
    assert dora.roles == {Role.DEVELOPER}
