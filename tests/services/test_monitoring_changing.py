"""A change of a monitor keeps what it does not name, by name, whoever else changes it."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import yaml
from tumour_life import AT

from lifecycle.domain.alert import AlertRule
from lifecycle.domain.expectation import Check, Expectation
from lifecycle.errors import InvalidInput
from lifecycle.services import data_quality, monitoring
from lifecycle.services.analysis.suggestions import as_yaml
from lifecycle.store import measurements, monitors

LATER = AT + timedelta(hours=2)


@pytest.fixture
def change(registered, ws, dev):
    monitoring.define(
        ws,
        "tumour",
        "1",
        limits={"ks": 0.3},
        column_limits={"ward": {"psi": 0.2}, "sex": {"psi": 0.1}},
        alerts={"owner": "olga", "runbook": "https://runbook", "clear": {"ks": 0.1}},
        by=dev,
        at=AT,
    )

    def changed(**settings):
        return monitoring.change(ws, "tumour", "1", by=dev, at=LATER, **settings)

    return changed


def test_limits_and_alerts_that_are_not_named_stay(change):
    change(limits={"psi": 0.5}, alerts={"silence": 3})
    after = change(column_limits={"ward": {"chi_squared": 9}}, alerts={"clear": {"psi": 0.2}})

    assert after.limits == {"ks": 0.3, "psi": 0.5}
    assert after.column_limits == {"ward": {"psi": 0.2, "chi_squared": 9}, "sex": {"psi": 0.1}}
    assert (after.alerts.owner, after.alerts.runbook) == ("olga", "https://runbook")
    assert (after.alerts.silence, after.alerts.clear) == (3, {"ks": 0.1, "psi": 0.2})


def test_nothing_in_the_place_of_a_value_takes_its_name_out(change):
    after = change(
        limits={"ks": None},
        column_limits={"ward": {"psi": None}, "sex": None},
        alerts={"runbook": None, "clear": None},
    )

    assert (after.limits, after.column_limits) == ({}, {})
    assert (after.alerts.owner, after.alerts.runbook, after.alerts.clear) == ("olga", "", {})
    assert change(alerts=None).alerts == AlertRule()


def test_a_reference_is_changed_as_a_whole(change):
    change(reference={"kind": "rolling", "days": 14, "gap": 0}, reason="seasons")

    assert change(reference={"kind": "baseline"}, reason="back").reference.days == 28


def test_a_preview_looks_at_what_a_change_would_make(monitored, ws, dev):
    given: Any = {"limits": {"psi": 0.5}, "alerts": {"silence": 3}}
    monitoring.change(ws, "tumour", "1", limits={"ks": 0.3}, alerts={"k": 1}, by=dev, at=LATER)

    seen = monitoring.preview(ws.cursor(), "tumour", "1", by=dev, at=LATER, **given)
    made = monitoring.change(ws, "tumour", "1", by=dev, at=LATER, **given)

    assert seen.monitor.settings() == made.settings()
    assert (made.limits, made.alerts.k) == ({"ks": 0.3, "psi": 0.5}, 1)


def test_changes_at_the_same_time_all_hold(change, ws):
    names = [f"column {i}" for i in range(8)]

    def one(name):
        return change(column_limits={name: {"ks": 0.2}})

    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(one, names))

    after = monitors.current(ws.cursor(), "tumour/1")
    assert after is not None
    assert {*names} < after.column_limits.keys()
    assert sorted(one.revision for one in made) == list(range(2, 10))


def test_suggestions_of_the_reference_are_expected_as_they_are_written(monitored, ws, dev):
    suggested, _ = data_quality.suggested(ws.cursor(), "tumour/1")
    shown = yaml.safe_load(as_yaml(suggested))

    made = monitoring.change(ws, "tumour", "1", expectations=shown, by=dev, at=LATER)

    assert {*made.expectations} == {*suggested}
    (result,) = monitoring.run(ws, by=dev, at=LATER)
    assert not result.notices
    schema = measurements.history(ws.cursor(), "tumour/1", statistic="columns_changed")
    assert [m.value for m in schema] == [0] * 4


def test_a_written_expectation_that_cannot_be_read_is_named(change):
    with pytest.raises(InvalidInput, match=r"columns\.ward: unknown key 'sett'"):
        change(expectations={"columns": {"ward": {"sett": ["A"]}}})
    listed = change(expectations=[{"check": "missing", "column": "ward", "limit": 0.1}])
    assert listed.expectations == (Expectation(Check.MISSING, "ward", limit=0.1),)
