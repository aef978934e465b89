"""What people see of a log's quality, and who may open its rows."""

from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from tumour_life import AT, FEATURES, MONDAY, deliver

from lifecycle.domain.actor import Actor, Role
from lifecycle.domain.expectation import Check, Expectation
from lifecycle.domain.measurement import Window
from lifecycle.errors import InvalidInput, NotAllowed, NotFound
from lifecycle.services import data_quality, monitoring
from lifecycle.store import audit, log_schemas

RADIUS = FEATURES[0]
WEEK = Window(MONDAY, MONDAY + timedelta(weeks=1))


@pytest.fixture
def damaged(registered, ws, dev, log, tmp_path):
    """Return the log after a run: in the first week three radii are missing, two absurd."""
    rows = log.copy()
    rows.loc[[3, 4, 5], RADIUS] = np.nan
    rows.loc[[7, 9], RADIUS] = [900.0, np.inf]
    rows.loc[11, "ward"] = "Z"
    deliver(ws, dev, rows[rows["week"] < 2], tmp_path)
    deliver(ws, dev, rows[rows["week"] >= 2].assign(extra=1.5), tmp_path, name="later")
    monitoring.define(ws, "tumour", "1", minimum=100, by=dev, at=AT)
    monitoring.run(ws, by=dev, at=AT + timedelta(hours=1))
    return rows


@pytest.mark.parametrize(
    ("column", "statistic", "at"),
    [
        (RADIUS, "missing_share", [3, 4, 5]),
        (RADIUS, "out_of_range_share", [7, 9]),
        (RADIUS, "infinite_share", [9]),
        ("ward", "unseen_category_share", [11]),
    ],
)
def test_failing_rows_are_those_that_break_the_check_and_reading_them_is_audited(
    damaged, ws, dev, column, statistic, at
):
    found = data_quality.failing_rows(
        ws, "tumour/1", column=column, statistic=statistic, window=WEEK, by=dev, at=AT
    )

    assert [row.id for row in found] == [f"c{i}" for i in at]
    event = audit.search(ws.cursor(), limit=1)[0].event
    assert (event.action, event.by, event.subject) == ("rows.read", "dora", "version:tumour/1")
    assert event.details["column"] == column
    assert event.details["rows"] == len(at)


def test_values_of_a_sensitive_column_need_a_permission_of_their_own(damaged, ws, dev):
    val = Actor("val", frozenset({Role.VALIDATOR}))
    asked: Any = {"column": "sex", "statistic": "unseen_category_share", "window": WEEK, "at": AT}
    with pytest.raises(NotAllowed, match="protected attributes row by row"):
        data_quality.failing_rows(ws, "tumour/1", by=dev, **asked)

    with pytest.raises(InvalidInput, match="nothing was counted"):  # it is no feature here
        data_quality.failing_rows(ws, "tumour/1", by=val, **asked)


def test_failing_rows_follow_what_the_monitor_expects(damaged, ws, dev):
    wanted = (Expectation(Check.SET, "ward", values=("A", "Z")),)
    monitoring.define(ws, "tumour", "1", expectations=wanted, by=dev, at=AT + timedelta(hours=2))

    found = data_quality.failing_rows(
        ws,
        "tumour/1",
        column="ward",
        statistic="unseen_category_share",
        window=WEEK,
        limit=5,
        by=dev,
        at=AT,
    )

    assert {row.value for row in found} <= {"B", "C"}
    assert len(found) == 5


def test_rows_are_shown_only_to_those_who_may_read_them(damaged, ws, viewer):
    before = len(audit.links(ws.cursor()))

    with pytest.raises(NotAllowed, match="open single rows"):
        data_quality.failing_rows(
            ws,
            "tumour/1",
            column=RADIUS,
            statistic="missing_share",
            window=WEEK,
            by=viewer,
            at=AT,
        )

    assert len(audit.links(ws.cursor())) == before


def test_what_no_row_can_break_is_refused(damaged, ws, dev):
    given: Any = {"window": WEEK, "by": dev, "at": AT}

    with pytest.raises(InvalidInput, match="no single row"):
        data_quality.failing_rows(ws, "tumour/1", column=RADIUS, statistic="stuck_value", **given)
    with pytest.raises(InvalidInput, match="nothing was counted"):
        data_quality.failing_rows(ws, "tumour/1", column="x", statistic="missing_share", **given)
    with pytest.raises(NotFound):
        data_quality.failing_rows(ws, "tumour/9", column="x", statistic="missing_share", **given)


def test_a_window_without_rows_has_none_that_fail(damaged, ws, dev):
    later = Window(MONDAY + timedelta(weeks=9), MONDAY + timedelta(weeks=10))

    assert not data_quality.failing_rows(
        ws, "tumour/1", column=RADIUS, statistic="missing_share", window=later, by=dev, at=AT
    )


def test_schema_changes_name_what_came_went_and_changed(damaged, ws):
    (change,) = log_schemas.changes(ws.cursor(), "tumour/1")

    assert change.at.date() >= (MONDAY + timedelta(weeks=2)).date()
    assert (change.added, change.removed, change.retyped) == (("extra",), (), {})


def test_suggestions_come_from_what_was_counted_of_the_reference(damaged, ws):
    suggested, doubts = data_quality.suggested(ws.cursor(), "tumour/1")
    found = {(e.column, e.check): e for e in suggested}

    assert found["ward", Check.SET].values
    assert set(found["ward", Check.SET].values) == {"A", "B", "C"}
    assert found["score", Check.RANGE].low is not None
    assert found["score", Check.SKEW].limit == 0.1
    assert set(found[None, Check.SCHEMA].values) == {*FEATURES, "ward"}
    assert doubts == ()
