from dataclasses import replace
from datetime import timedelta
from itertools import count

import pytest
from alarm_bench import START, SYSTEM, Bench, after, furnish, series, window
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lifecycle.domain.alert import NO_ROWS, AlertRule, Cause, Grouping, Level, Severity, firing
from lifecycle.domain.raised_alert import Status
from lifecycle.services import alerting
from lifecycle.services.alerting.series import CAUSES, cause_of
from lifecycle.stats.catalogue import Family
from lifecycle.store import alerts, audit, models
from lifecycle.store.connection import Workspace

LEVELS = {
    "c": Level.CLEAR,
    "h": Level.HELD,
    "B": Level.BREACH,
    "-": Level.UNJUDGED,
    "w": Level.HELD,
}


def keys(alert):
    return {(s.statistic, s.column) for s in alert.firing}


def stored(bench, alert_id="alert-1"):
    return alerts.get(bench.ws.cursor(), alert_id)


def actions(bench):
    found = audit.links(bench.ws.cursor())
    return [k.event.action for k in found if k.event.action.startswith("alert.")]


def test_columns_that_drift_since_the_same_window_share_one_alert(bench):
    raised = bench.run(
        series("ccBB"), series("ccBB", column="income"), series("cccc", column="region")
    )

    assert [keys(a) for a in raised] == [{("ks", "age"), ("ks", "income")}]
    assert (raised[0].cause, raised[0].severity) == (Cause.DRIFT, Severity.WARNING)
    assert (raised[0].window, raised[0].owner) == (window(2), "olga")
    assert stored(bench) == raised[0]


def test_an_alert_stands_since_the_first_window_of_the_run_that_raised_it(bench):
    rule = AlertRule(k=3, m=4, grouping=Grouping.SERIES)

    found = bench.run(
        series("ccBBB"),
        series("BcB-B", column="income"),
        series("BBcB", column="region"),
        rule=rule,
    )

    since = {signal.column: signal.since for alert in found for signal in alert.signals}
    assert since == {"age": window(2), "income": window(2), "region": window(3)}
    worst = bench.run(series("c!BBB", statistic="psi"), rule=AlertRule(k=3, m=3))[-1].signals[0]
    assert worst.worst == 0.6


def test_a_consequence_is_critical_and_an_alert_of_its_own(bench):
    raised = bench.run(series("ccBB"), series("ccB!", statistic="roc_auc"))

    assert {(a.cause, a.severity) for a in raised} == {
        (Cause.DRIFT, Severity.WARNING),
        (Cause.PERFORMANCE, Severity.CRITICAL),
    }
    (score,) = next(a for a in raised if a.cause is Cause.PERFORMANCE).signals
    assert (score.value, score.worst, score.limit) == (0.5, 0.5, 0.8)


@pytest.mark.parametrize(("grouping", "alerts_raised"), [("series", 3), ("cause", 2)])
def test_what_shares_an_alert_is_the_rules_choice(bench, grouping, alerts_raised):
    rule = AlertRule(grouping=Grouping(grouping))
    found = bench.run(
        series("BB"), series("BB", column="income"), series("BB", statistic="roc_auc"), rule=rule
    )

    assert len(found) == alerts_raised


def test_a_whole_version_may_share_one_alert_that_is_named_for_its_gravest_cause(bench):
    rule = AlertRule(grouping=Grouping.VERSION)
    (one,) = bench.run(series("BB"), series("BB", statistic="roc_auc"), rule=rule)

    assert (one.cause, one.severity) == (Cause.PERFORMANCE, Severity.CRITICAL)


def test_one_window_alone_raises_nothing_and_neither_does_what_chance_may_give(bench):
    assert bench.run(series("cccB"), series("wwww", column="income")) == []


def test_what_chance_may_give_warns_where_the_rule_asks_for_it(bench):
    (one,) = bench.run(series("ww", statistic="roc_auc"), rule=AlertRule(on_warning=True))

    assert one.severity is Severity.WARNING


def test_the_same_measurements_again_change_nothing(bench):
    first = bench.run(series("ccBB"))

    assert bench.run(series("ccBB")) == []
    assert stored(bench) == first[0]
    assert actions(bench) == ["alert.open"]


def test_a_later_column_joins_the_alert_of_its_window_and_another_window_raises_another(bench):
    bench.run(series("BB"), series("BB-", column="income")[:2])
    bench.run(series("BBB"), series("BBB", column="income"), series("cBB", column="region"))

    con = bench.ws.cursor()
    assert [keys(a) for a in alerts.every(con)] == [
        {("ks", "region")},
        {("ks", "age"), ("ks", "income")},
    ]


def test_an_alert_follows_its_worst_value_and_clears_behind_the_clear_level(bench):
    bench.run(series("BB"))
    bench.run(series("BB!B"))
    (signal,) = stored(bench).signals
    assert (signal.value, signal.worst, signal.last) == (0.3, 0.6, window(3))

    bench.run(series("BB!Bhhh"))
    assert stored(bench).status is Status.OPEN

    (cleared,) = bench.run(series("BB!Bhhhc"))
    assert (cleared.status, cleared.ended_at) == (Status.CLEARED, after(7))
    assert actions(bench) == ["alert.open", "alert.clear"]


def test_firing_again_within_the_cooldown_reopens_and_later_raises_anew(bench):
    rule = AlertRule(k=1, m=1, cooldown_hours=8 * 24)
    bench.run(series("B"), rule=rule)
    bench.run(series("Bc"), rule=rule)
    bench.run(series("BcB"), rule=rule)
    assert stored(bench).status is Status.OPEN

    bench.run(series("BcBc"), rule=rule)
    (again,) = bench.run(series("BcBccB"), rule=rule)
    assert (again.id, stored(bench).status) == ("alert-2", Status.CLEARED)
    assert actions(bench) == [
        *("alert.open", "alert.clear", "alert.reopen", "alert.clear"),
        "alert.open",
    ]


def test_what_was_resolved_stays_so_for_the_cooldown_and_returns_if_it_still_fires(bench, dora):
    bench.run(series("BB"))
    alerting.resolve(bench.ws, "alert-1", reason="known campaign", by=dora, at=after(1))

    bench.run(series("BB"), at=after(1) + timedelta(hours=23))
    assert stored(bench).status is Status.RESOLVED
    bench.run(series("BB"), at=after(1) + timedelta(hours=25))
    assert stored(bench).status is Status.OPEN
    assert len(alerts.every(bench.ws.cursor())) == 1


def test_what_was_resolved_and_recovered_ends_for_good(bench, dora):
    bench.run(series("BB"))
    alerting.resolve(bench.ws, "alert-1", reason="retrained", by=dora, at=after(1))
    bench.run(series("BBcc"))

    assert stored(bench).status is Status.RESOLVED
    assert stored(bench).firing == ()


def test_becoming_critical_wakes_whoever_had_taken_it_on(bench, dora):
    rule = AlertRule(on_warning=True, grouping=Grouping.VERSION)
    bench.run(series("ww", statistic="roc_auc"), rule=rule)
    alerting.acknowledge(bench.ws, "alert-1", by=dora, at=after(1))
    bench.run(series("wwBB", statistic="roc_auc"), rule=rule)

    assert (stored(bench).status, stored(bench).severity) == (Status.OPEN, Severity.CRITICAL)


def test_another_reference_ends_the_alerts_of_the_old_series(bench):
    bench.run(series("BB"), series="1")
    changed = bench.run(series("BB"), series="2")

    assert [(a.series, a.status) for a in changed] == [
        ("1", Status.CLEARED),
        ("2", Status.OPEN),
    ]


def test_what_is_no_longer_watched_is_cleared(bench):
    bench.run(series("BB"), series("cc", column="income"))
    (cleared,) = bench.run(series("ccc", column="income"))

    assert cleared.status is Status.CLEARED


def test_windows_without_rows_raise_an_alert_until_rows_come_again(bench):
    quiet = series("cc--", reason=NO_ROWS)[2:]
    (silent,) = bench.run(series("cc"), quiet)
    (signal,) = silent.signals
    assert (silent.cause, signal.value, signal.since) == (Cause.NO_DATA, 2.0, window(2))

    (over,) = bench.run(series("cc"), quiet, series("ccccc")[4:])
    assert over.status is Status.CLEARED


def test_nothing_measured_for_want_of_rows_ends_no_alert(bench):
    bench.run(series("BB"))
    bench.run(series("BB---"))

    assert stored(bench).status is Status.OPEN


def test_history_can_be_told_as_if_it_were_then(bench):
    bench.run(series("BBccccc"))
    assert alerts.every(bench.ws.cursor()) == []
    for week in range(7):
        with bench.ws.transaction() as tx:
            alerting.update(
                tx,
                "credit/1",
                rule=AlertRule(),
                by=SYSTEM,
                at=after(week),
                until=after(week),
                told=False,
            )

    assert (stored(bench).opened_at, stored(bench).ended_at) == (after(1), after(3))


def test_every_family_of_statistics_has_a_cause_and_a_gone_statistic_is_still_shown():
    assert set(CAUSES) == set(Family)
    assert set(CAUSES.values()) == set(Cause) - {Cause.NO_DATA}
    assert cause_of("no_longer_there") is Cause.QUALITY


numbers = count()


@pytest.fixture(scope="module")
def one_workspace(tmp_path_factory):
    home = tmp_path_factory.mktemp("walk") / "home"
    with Workspace.create(home, at=START) as ws:
        furnish(ws)
        yield ws


@settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.text("chB-w", min_size=1, max_size=12))
def test_run_by_run_the_alerts_say_what_the_whole_history_says(one_workspace, letters):
    bench = Bench(one_workspace, version_id=f"credit/walk-{next(numbers)}")
    with one_workspace.transaction() as tx:
        version = models.version_by_id(tx, "credit/1")
        models.add_version(tx, replace(version, name=bench.version_id.partition("/")[2]))
    rule = AlertRule(silence=0)
    for end in range(1, len(letters) + 1):
        bench.run(series(letters[:end]), rule=rule)
        whole = firing([LEVELS[c] for c in letters[:end]], k=rule.k, m=rule.m)[-1]
        known = alerts.every(bench.ws.cursor(), version_id=bench.version_id)
        live = [a for a in known if a.live]

        assert bool(live) == (whole is not None)
        assert all(a.firing for a in live)
        assert len(live) <= 1


def test_a_column_found_later_to_have_moved_in_that_window_joins_its_alert(bench):
    bench.run(series("BB"), series("cc", column="income"))
    (joined,) = bench.run(series("BB"), series("BB", column="income"))

    assert (joined.id, keys(joined)) == ("alert-1", {("ks", "age"), ("ks", "income")})
