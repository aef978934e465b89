"""Alerts as real runs raise, keep and clear them."""

from datetime import timedelta

import pytest
from tumour_life import AT, MONDAY, deliver

from lifecycle.domain.alert import Cause
from lifecycle.domain.measurement import State
from lifecycle.domain.raised_alert import Status
from lifecycle.services import monitoring
from lifecycle.store import alerts, health, measurements

WEEK = timedelta(weeks=1)
HOUR = timedelta(hours=1)


@pytest.fixture
def define(registered, ws, dev, log, tmp_path):
    """Return a function that delivers the log and watches it with some settings."""

    def defined(**settings):
        deliver(ws, dev, log, tmp_path)
        return monitoring.define(ws, "tumour", "1", minimum=100, by=dev, at=AT, **settings)

    return defined


def again(log, *, weeks, name):
    """Repeat the last week of the log some weeks later."""
    rows = log[log["week"] == log["week"].max()].copy()
    rows["when"] += weeks * WEEK
    rows["case"] = f"{name}-" + rows["case"]
    return rows


def of_cause(ws, cause):
    return [a for a in alerts.every(ws.cursor()) if a.cause is cause]


def volume(ws):
    return measurements.history(ws.cursor(), "tumour/1", statistic="volume_change")


def test_rows_that_no_longer_come_raise_one_alert_that_is_over_when_they_do(
    define, ws, dev, log, tmp_path
):
    define(schedule="0 6 * * 1")
    monitoring.run(ws, until=MONDAY + 10 * WEEK, by=dev, at=AT)

    (stopped,) = of_cause(ws, Cause.NO_DATA)
    (signal,) = stopped.signals
    assert (signal.value, signal.since.start) == (6.0, MONDAY + 4 * WEEK)
    assert of_cause(ws, Cause.QUALITY) == []
    assert [(m.value, m.state) for m in volume(ws)[4:]] == [(-1.0, State.BREACH)] * 6
    assert health.states(ws.cursor())["tumour/1"] is State.BREACH

    deliver(ws, dev, again(log, weeks=7, name="back"), tmp_path, name="back")
    monitoring.run(ws, until=MONDAY + 11 * WEEK, by=dev, at=AT + HOUR)

    (over,) = of_cause(ws, Cause.NO_DATA)
    assert over.status is Status.CLEARED
    assert of_cause(ws, Cause.QUALITY) == []


def test_a_log_that_ends_where_nothing_is_scheduled_raises_nothing(define, ws, dev):
    define()
    monitoring.run(ws, by=dev, at=AT)

    assert of_cause(ws, Cause.NO_DATA) == []
    assert len(volume(ws)) == 4


def test_a_look_back_ends_no_alert_of_now(define, ws, dev, log, tmp_path):
    define()
    monitoring.run(ws, by=dev, at=AT + HOUR)
    (moved,) = of_cause(ws, Cause.DRIFT)
    late = log[log["week"] == 0].head(20).copy()
    late["case"] = "late-" + late["case"]
    deliver(ws, dev, late, tmp_path, name="late")

    (result,) = monitoring.run(ws, until=MONDAY + 2 * WEEK, by=dev, at=AT + 2 * HOUR)

    assert result.windows == 1
    (kept,) = of_cause(ws, Cause.DRIFT)
    assert (kept.status, kept.signals) == (Status.OPEN, moved.signals)


def test_alerts_follow_a_history_that_is_gone_through_step_by_step(define, ws, dev):
    define()
    found = []
    for week in range(1, 5):
        monitoring.run(ws, until=MONDAY + week * WEEK, by=dev, at=AT + week * HOUR)
        found.append(len(of_cause(ws, Cause.DRIFT)))

    assert found == [0, 0, 0, 1]
