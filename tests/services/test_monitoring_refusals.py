"""Monitors that make no sense, or that somebody may not define or run, are refused."""

from datetime import datetime, timedelta

import pytest
from tumour_life import AT, COLUMNS

from lifecycle.errors import InvalidInput, NotAllowed, NotFound
from lifecycle.services import monitoring, registry
from lifecycle.store import monitors
from lifecycle.store.connection import Workspace


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"grain": "year"}, "grain of the monitor must be one of day, week, month"),
        ({"limits": {"ks": float("nan")}}, "ks in limits of the monitor must be a finite number"),
        ({"limits": {"kss": 0.1}}, "no statistic is called 'kss'"),
        ({"drift": ("accuracy",)}, "accuracy measures performance, not drift"),
        ({"performance": ("ks",)}, "ks measures drift, not performance"),
        ({"minimum": 0}, "minimum must be at least 1"),
        ({"bins": 3}, "bins must be at least 10"),
        ({"maturity": 2.0}, "maturity must lie between 0 and 1"),
        ({"alpha": 0.0}, "alpha must lie between 0 and 1"),
        ({"correction": "holm"}, "correction must be one of"),
        ({"false_alarms": 1.0}, "false_alarms must lie between 0 and 1"),
        ({"minimun": 100}, "the monitor has no setting 'minimun', did you mean minimum?"),
        ({"minimum": "many"}, "minimum of the monitor must be a whole number"),
        ({"reference": {"kind": "rolling", "days": 0}}, "a rolling reference spans at least 1 day"),
        ({"reference": {"kind": "season", "days": 9}}, "days and gap belong to a rolling"),
        ({"column_limits": {"x": {"kss": 1}}}, "no statistic is called 'kss'"),
        ({"schedule": "often"}, "'often' is neither five fields of cron nor an interval"),
        ({"schedule": "1m"}, "'1m' is shorter than 5 minutes"),
        ({"schedule": "0 0 30 2 *"}, "'0 0 30 2 .' is never due"),
        ({"series": 3}, "series of a monitor is not set but given"),
        ({"alerts": {"k": 3, "m": 2}}, "k of m"),
        ({"alerts": {"channels": ["pager"]}}, "no channel 'pager'"),
        ({"alerts": {"escalate_to": ["boss"]}}, "no channel 'boss'"),
    ],
)
def test_a_monitor_that_makes_no_sense_is_refused(registered, ws, dev, given, sentence):
    with pytest.raises(InvalidInput, match=sentence):
        monitoring.define(ws, "tumour", "1", by=dev, at=AT, **given)
    assert monitors.every(ws.cursor()) == []


def test_a_version_without_a_reference_cannot_be_watched(registered, ws, dev):
    registry.add_version(ws, "tumour", "2", columns=COLUMNS, by=dev, at=AT)
    with pytest.raises(InvalidInput, match="tumour/2 has no reference snapshot"):
        monitoring.define(ws, "tumour", "2", by=dev, at=AT)


def test_a_change_builds_on_what_somebody_else_changed_meanwhile(registered, ws, dev, monkeypatch):
    monitoring.define(ws, "tumour", "1", by=dev, at=AT)
    begin = Workspace.transaction

    def after_another(self):
        monkeypatch.undo()
        monitoring.change(ws, "tumour", "1", minimum=5000, by=dev, at=AT)
        return begin(self)

    monkeypatch.setattr(Workspace, "transaction", after_another)

    made = monitoring.change(ws, "tumour", "1", alpha=0.01, by=dev, at=AT)

    assert (made.revision, made.minimum, made.alpha) == (3, 5000, 0.01)


def test_a_viewer_may_neither_define_nor_run(registered, ws, viewer):
    with pytest.raises(NotAllowed):
        monitoring.define(ws, "tumour", "1", by=viewer, at=AT)
    with pytest.raises(NotAllowed):
        monitoring.run(ws, by=viewer, at=AT)


def test_an_unknown_model_or_a_time_without_zone_is_refused(registered, ws, dev):
    with pytest.raises(NotFound):
        monitoring.run(ws, "tumor", by=dev, at=AT)
    with pytest.raises(InvalidInput, match="has no time zone"):
        monitoring.run(ws, until=datetime(2026, 1, 1), by=dev, at=AT)  # noqa: DTZ001 -- the fault


def test_nothing_is_measured_of_the_future(registered, ws, dev):
    with pytest.raises(InvalidInput, match=r"2026-05-02T09:00:00.* lies in the future"):
        monitoring.run(ws, until=AT + timedelta(days=1), by=dev, at=AT)
