"""What only the rows of a window tell is checked when a monitor runs, and judged as asked."""

from datetime import timedelta

import pytest
from tumour_life import AT, MONDAY, deliver

from lifecycle.domain.expectation import Check, Expectation, Severity
from lifecycle.domain.measurement import State
from lifecycle.errors import InvalidInput
from lifecycle.services import data_quality, monitoring
from lifecycle.store import measurements

RULE = '"mean radius" > 0'


@pytest.fixture
def dirty(log):
    """Return four weeks of rows; in the third wards have no name and radii are negative."""
    rows = log.copy()
    third = rows.index[rows["week"] == 2]
    rows.loc[third[:20], "ward"] = "nonsense"
    rows.loc[third[:30], "mean radius"] *= -1
    return rows


EXPECTED = (
    Expectation(Check.PATTERN, "ward", text="[A-Z]"),
    Expectation(Check.TYPE, "ward", text="number", severity=Severity.WARN),
    Expectation(Check.UNIQUE, "mean radius", limit=1.0),
    Expectation(Check.RULE, text=RULE, limit=0.2),
    Expectation(Check.FRESH, "when", limit=36.0),
    Expectation(Check.PATTERN, "gone", text="x"),
)


def of(ws, statistic, *, column=None):
    return measurements.history(ws.cursor(), "tumour/1", statistic=statistic, column=column)


def test_each_window_is_checked_by_its_own_rows(registered, ws, dev, dirty, tmp_path):
    deliver(ws, dev, dirty, tmp_path)
    monitoring.define(ws, "tumour", "1", minimum=100, expectations=EXPECTED, by=dev, at=AT)
    monitoring.run(ws, by=dev, at=AT)

    by_week = [rows for _, rows in dirty.groupby("week")]
    cases = {
        ("pattern_mismatch_share", "ward"): [0, 0, 20, 0],
        ("type_mismatch_share", "ward"): [len(rows) for rows in by_week],
        ("duplicate_ids", "mean radius"): [
            rows["mean radius"].duplicated().sum() for rows in by_week
        ],
        ("rule_broken_share", RULE): [0, 0, 30, 0],
    }
    for (statistic, column), broken in cases.items():
        found = of(ws, statistic, column=column)
        assert [m.window.start for m in found if m.window] == [
            MONDAY + timedelta(weeks=week) for week in range(4)
        ]
        assert [m.n for m in found] == [len(rows) for rows in by_week]
        assert [m.value for m in found] == pytest.approx(
            [wrong / len(rows) for wrong, rows in zip(broken, by_week, strict=True)]
        )
    ok, bad = State.OK, State.BREACH
    assert [m.state for m in of(ws, "pattern_mismatch_share", column="ward")] == [ok, ok, bad, ok]
    assert {m.state for m in of(ws, "type_mismatch_share")} == {State.WARNING}
    assert {m.state for m in of(ws, "rule_broken_share")} == {ok}


def test_rows_that_break_a_pattern_can_be_opened(registered, ws, dev, dirty, tmp_path):
    deliver(ws, dev, dirty, tmp_path)
    monitoring.define(ws, "tumour", "1", minimum=100, expectations=EXPECTED, by=dev, at=AT)
    monitoring.run(ws, by=dev, at=AT)
    third = [m.window for m in of(ws, "pattern_mismatch_share", column="ward") if m.window][2]

    found = data_quality.failing_rows(
        ws,
        "tumour/1",
        column="ward",
        statistic="pattern_mismatch_share",
        window=third,
        by=dev,
        at=AT,
    )

    assert len(found) == 20
    assert {row.value for row in found} == {"nonsense"}


def test_the_age_is_told_from_the_end_of_each_window(registered, ws, dev, dirty, tmp_path):
    deliver(ws, dev, dirty, tmp_path)
    monitoring.define(ws, "tumour", "1", minimum=100, expectations=EXPECTED, by=dev, at=AT)
    monitoring.run(ws, by=dev, at=AT)

    newest = dirty.groupby("week")["when"].max()
    ends = [MONDAY + timedelta(weeks=week + 1) for week in range(4)]
    expected = [
        (end - last.tz_localize("UTC")).total_seconds() / 3600
        if last.tzinfo is None
        else (end - last).total_seconds() / 3600
        for end, last in zip(ends, newest, strict=True)
    ]
    assert [m.value for m in of(ws, "age_of_newest_row")] == pytest.approx(expected)


def test_a_column_that_is_not_logged_is_an_error_and_the_rest_goes_on(
    registered, ws, dev, dirty, tmp_path
):
    deliver(ws, dev, dirty, tmp_path)
    monitoring.define(ws, "tumour", "1", minimum=100, expectations=EXPECTED, by=dev, at=AT)
    monitoring.run(ws, by=dev, at=AT)

    gone = of(ws, "pattern_mismatch_share", column="gone")

    assert {m.state for m in gone} == {State.ERROR}
    assert all("has no column 'gone'" in (m.reason or "") for m in gone)
    assert of(ws, "ks")


def test_what_a_file_as_a_whole_shows_is_not_for_monitors(registered, ws, dev):
    with pytest.raises(InvalidInput, match="cannot check schema; it can check"):
        monitoring.define(
            ws, "tumour", "1", expectations=(Expectation(Check.SCHEMA),), by=dev, at=AT
        )
