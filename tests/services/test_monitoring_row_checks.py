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


def test_no_value_of_a_row_stands_in_a_reason_that_is_kept(registered, ws, dev, dirty, tmp_path):
    deliver(ws, dev, dirty, tmp_path)
    monitoring.define(ws, "tumour", "1", minimum=100, expectations=EXPECTED, by=dev, at=AT)
    monitoring.run(ws, by=dev, at=AT)

    kept = measurements.history(ws.cursor(), "tumour/1")
    reasons = [m.reason for m in kept if m.reason]

    assert "20 rows do not match [A-Z], first row 1" in reasons
    assert not [r for r in reasons if "nonsense" in r or "often" in r]


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


GAPS = Expectation(Check.GAPS, "when", limit=0.1, text="1d")


def test_days_without_rows_are_gaps_of_their_window(registered, ws, dev, log, tmp_path):
    day = log["when"].dt.day - MONDAY.day
    holed = log[~day.isin([3, 4, 16]) & (log["week"] != 3) & (log["when"].dt.day != 31)]
    late = log[log["week"] == 3].assign(when=lambda rows: rows["when"] + timedelta(weeks=1))
    deliver(ws, dev, holed, tmp_path)
    deliver(ws, dev, late, tmp_path, name="late")
    monitoring.define(ws, "tumour", "1", minimum=100, expectations=(GAPS,), by=dev, at=AT)
    monitoring.run(ws, by=dev, at=AT)

    found = of(ws, "missing_periods", column="when")

    whole = [m for m in found if m.window]
    assert [m.value for m in whole] == pytest.approx([2 / 7, 0, 1 / 7, 1, 0])
    assert [m.n for m in whole] == [7] * 5
    assert [str(m.state) for m in whole] == ["breach", "ok", "breach", "breach", "ok"]
    assert whole[0].reason == ("2 of 7 periods of 1d hold no row, first 2026-01-08 00:00 UTC")


def test_neither_the_start_of_a_log_nor_a_window_under_way_has_gaps(
    registered, ws, dev, log, tmp_path
):
    middle = log[(log["when"] >= "2026-01-07") & (log["when"] < "2026-01-16")]
    deliver(ws, dev, middle, tmp_path)
    monitoring.define(ws, "tumour", "1", minimum=10, expectations=(GAPS,), by=dev, at=AT)
    monitoring.run(ws, by=dev, at=AT)

    assert [(m.value, m.n) for m in of(ws, "missing_periods") if m.window] == [(0, 5), (0, 4)]


def test_columns_that_go_come_or_change_their_type_are_counted(registered, ws, dev, log, tmp_path):
    first, second = log[log["week"] == 0], log[log["week"] == 1]
    deliver(ws, dev, first, tmp_path, name="a")
    changed = second.drop(columns="sex").assign(extra=1.0)
    changed["mean radius"] = changed["mean radius"].astype(str)
    deliver(ws, dev, changed, tmp_path, name="b")
    listed = ("mean radius", "mean texture", "ward", "sex")
    schema = Expectation(Check.SCHEMA, values=listed, severity=Severity.WARN)
    monitoring.define(ws, "tumour", "1", minimum=100, expectations=(schema,), by=dev, at=AT)
    monitoring.run(ws, by=dev, at=AT)

    before, now = [m for m in of(ws, "columns_changed") if m.window]

    assert (before.value, before.state) == (0, State.OK)
    assert (now.value, now.state) == (3, State.WARNING)
    assert now.reason == ("gone: sex; new: extra; other type: mean radius from number to text")


def test_skew_is_told_from_what_the_model_was_made_with(monitored, ws, dev, log):
    skew = Expectation(Check.SKEW, "mean texture", limit=0.2)
    unknown = Expectation(Check.SKEW, "nothing", limit=0.2)
    rolling = {"kind": "rolling", "days": 7, "gap": 0}
    monitoring.change(
        ws,
        "tumour",
        "1",
        reference=rolling,
        expectations=(skew, unknown),
        reason="look at the last week",
        by=dev,
        at=AT + timedelta(hours=2),
    )
    monitoring.run(ws, by=dev, at=AT + timedelta(hours=3))

    found = [m for m in of(ws, "training_serving_skew", column="mean texture") if m.window]
    assert [str(m.state) for m in found] == ["ok", "ok", "breach", "breach"]
    assert all(m.interval and m.n_reference == 400 for m in found)
    (*_, none) = of(ws, "training_serving_skew", column="nothing")
    assert (none.value, none.reason) == (
        None,
        "nothing was counted of the column in the reference",
    )


@pytest.mark.parametrize(
    ("expectation", "sentence"),
    [
        (Expectation(Check.SCHEMA), "schema needs values"),
        (Expectation(Check.GAPS, "when", text="1M"), "periods that fill a day"),
        (Expectation(Check.GAPS, "when", text="7h"), "periods that fill a day"),
    ],
)
def test_an_expectation_that_says_too_little_is_refused(registered, ws, dev, expectation, sentence):
    with pytest.raises(InvalidInput, match=sentence):
        monitoring.define(ws, "tumour", "1", expectations=(expectation,), by=dev, at=AT)
