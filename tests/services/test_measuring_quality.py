"""The quality of a window is told from summaries alone, within what is expected; hand counts."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from lifecycle.domain.expectation import Check, Expectation, Severity
from lifecycle.domain.measurement import Window
from lifecycle.domain.monitor import Grain, Monitor
from lifecycle.services.measuring import Counts, Watch, quality
from lifecycle.services.measuring.watch import ALL_ROWS, Volume
from lifecycle.services.monitoring.volumes import volumes
from lifecycle.stats import counting
from lifecycle.stats.summaries import CategoryProfile, numeric_bins
from lifecycle.store.logs import DayLog

WINDOW = Window(datetime(2026, 1, 5, tzinfo=UTC), datetime(2026, 1, 12, tzinfo=UTC))
BEFORE = np.arange(500) % 50
EDGES = numeric_bins(np.sort(BEFORE.astype(float)), bins=64)


def numbers(*values):
    return counting.numeric_profile(np.concatenate(values), edges=EDGES)


def words(a, b, *, other=0, missing=0):
    return CategoryProfile(("a", "b"), np.array([a, b]), other, missing)


REFERENCES = {"x": numbers(BEFORE), "w": words(300, 200)}


def measure(*, volume=None, expectations=(), references=None, **profiles):
    at = datetime(2026, 1, 1, tzinfo=UTC)
    monitor = Monitor("m#1", "m/1", 1, at, "dora", expectations=tuple(expectations))
    watch = Watch(monitor, {ALL_ROWS: references or REFERENCES})
    counts = Counts(WINDOW, {ALL_ROWS: profiles} if profiles else {}, volume=volume)
    return {(m.column, m.statistic): m for m in quality.measure(watch, counts)}


def test_every_column_is_asked_what_its_kind_allows():
    found = measure(x=numbers(BEFORE), w=words(300, 200))

    assert set(found) == {
        *(("x", s) for s in ("missing_share", "stuck_value", "infinite_share")),
        *(("w", s) for s in ("missing_share", "stuck_value", "unseen_category_share")),
        ("x", "out_of_range_share"),
    }
    assert {m.state for m in found.values()} == {"ok"}


def test_values_out_of_range_unseen_infinite_and_missing_are_breaches():
    found = measure(
        x=numbers(BEFORE, [90.0] * 50, [np.inf] * 10, [np.nan] * 100),
        w=words(300, 200, other=50, missing=110),
    )

    outside = found["x", "out_of_range_share"]
    assert outside.value == pytest.approx(50 / 660)
    assert outside.state == "breach"
    assert outside.reason == "values from 0 to 90, expected 0 to 49"
    assert found["x", "missing_share"].value == pytest.approx(110 / 660)
    assert found["x", "missing_share"].state == "breach"
    assert found["x", "infinite_share"].state == "breach"
    assert found["w", "unseen_category_share"].value == pytest.approx(50 / 660)
    assert found["w", "missing_share"].state == "breach"


def test_rows_logged_without_a_column_are_missing_values_of_it():
    found = measure(x=numbers(BEFORE), w=words(200, 100))
    gone = measure(x=numbers(BEFORE))

    assert found["w", "missing_share"].value == pytest.approx(200 / 500)
    assert found["w", "missing_share"].reason == "200 of 500 rows were logged without the column"
    assert gone["w", "missing_share"].value == 1
    assert gone["w", "missing_share"].state == "breach"
    assert gone["w", "stuck_value"].state == "insufficient"
    assert gone["w", "unseen_category_share"].value == 0


def test_a_stuck_column_is_a_breach_and_only_a_warning_where_the_reference_is_stuck_too():
    stuck = measure(x=numbers([7.0] * 300), w=words(300, 0))
    both = measure(x=numbers([7.0] * 300), w=words(1, 1), references={"x": numbers([7.0] * 500)})

    assert stuck["x", "stuck_value"].state == stuck["w", "stuck_value"].state == "breach"
    assert both["x", "stuck_value"].state == "warning"
    assert "the reference holds one single value as well" in (both["x", "stuck_value"].reason or "")


def test_a_window_of_few_rows_is_insufficient():
    found = measure(x=numbers([90.0] * 100))

    assert found["x", "out_of_range_share"].state == "insufficient"
    assert "at least 200" in (found["x", "out_of_range_share"].reason or "")


def test_an_expectation_sets_limit_bounds_and_severity():
    wanted = [
        Expectation(Check.RANGE, "x", low=0, high=20, severity=Severity.WARN),
        Expectation(Check.SET, "w", values=("a",), limit=0.1),
        Expectation(Check.MISSING, "w", limit=0.5),
        Expectation(Check.STUCK, "x", severity=Severity.INFO),
    ]

    found = measure(x=numbers(BEFORE), w=words(300, 100, missing=100), expectations=wanted)
    stuck = measure(x=numbers([7.0] * 300), expectations=wanted)

    outside = found["x", "out_of_range_share"]
    assert (outside.value, outside.state) == (pytest.approx(29 / 50), "warning")
    assert found["w", "unseen_category_share"].value == pytest.approx(100 / 500)
    assert found["w", "unseen_category_share"].limit == 0.1
    assert found["w", "missing_share"].state == "ok"
    assert stuck["x", "stuck_value"].state == "ok"


def test_a_set_with_values_the_reference_never_held_is_told_within_its_resolution():
    wanted = [Expectation(Check.SET, "w", values=("a", "b", "c"))]

    found = measure(w=words(300, 100, other=100), expectations=wanted)

    assert found["w", "unseen_category_share"].value == 0
    assert found["w", "unseen_category_share"].resolution == pytest.approx(0.2)


@pytest.mark.parametrize(
    ("volume", "value", "state"),
    [
        (Volume(100, 100.0, over=True), 0.0, "ok"),
        (Volume(40, 100.0, over=True), -0.6, "breach"),
        (Volume(0, 100.0, over=True), -1.0, "breach"),
        (Volume(260, 100.0, over=True), 1.6, "breach"),
        (Volume(40, 100.0, over=False), -0.6, "insufficient"),
        (Volume(40, None, over=True), None, "insufficient"),
    ],
)
def test_the_number_of_rows_is_compared_with_the_usual(volume, value, state):
    found = measure(volume=volume)[None, "volume_change"]

    assert (found.value, found.state, found.n) == (
        None if value is None else pytest.approx(value),
        state,
        volume.rows,
    )


@pytest.mark.parametrize(
    ("rows", "state", "said"),
    [
        (40, "warning", "40 rows, fewer than 50 expected"),
        (60, "ok", None),
        (90, "warning", "90 rows, more than 80 expected"),
    ],
)
def test_expected_bounds_replace_the_usual_number(rows, state, said):
    wanted = [Expectation(Check.VOLUME, low=50, high=80, severity=Severity.WARN)]

    found = measure(volume=Volume(rows, 1_000.0, over=True), expectations=wanted)

    assert (found[None, "volume_change"].state, found[None, "volume_change"].reason) == (
        state,
        said,
    )


def test_the_usual_number_of_rows_is_the_median_of_the_windows_before():
    monday = date(2026, 1, 5)
    rows = [30, 100, 110, 90, 500]
    days = [
        DayLog(monday + timedelta(weeks=week, days=2), n, (Path("x"),))
        for week, n in enumerate(rows)
    ]
    windows = [
        Window(start, start + timedelta(weeks=1))
        for week in range(6)
        for start in [datetime(2026, 1, 5, tzinfo=UTC) + timedelta(weeks=week)]
    ]

    found = volumes(days, windows, grain=Grain.WEEK)

    assert [v.rows for v in found.values()] == [*rows, 0]
    assert [v.usual for v in found.values()] == [None, None, None, None, 100.0, 105.0]
    assert [v.over for v in found.values()] == [True] * 4 + [False, False]
    awaited = volumes(days, windows, grain=Grain.WEEK, until=windows[4].end)
    assert [v.over for v in awaited.values()] == [True] * 5 + [False]
