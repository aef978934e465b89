"""Rows of the future, clocks that jump, outcomes before predictions, columns that change."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tumour_life import AT, MONDAY, deliver, register, tell

from lifecycle.services import monitoring
from lifecycle.store import logs, measurements

LATER = AT + timedelta(hours=1)
FAR = datetime(2126, 3, 1, tzinfo=UTC)


@pytest.fixture
def run(registered, ws, dev, log, tmp_path):
    """Return a function that delivers logs and outcomes and runs the monitor."""

    def result(*deliveries, outcomes=None, at=LATER, **define):
        for i, rows in enumerate(deliveries):
            deliver(ws, dev, rows, tmp_path, name=f"log{i}")
        told = {} if outcomes is None or "known" not in outcomes else {"known_at": "known"}
        tell(ws, dev, log if outcomes is None else outcomes, tmp_path, **told)
        monitoring.define(ws, "tumour", "1", minimum=100, by=dev, at=AT, **define)
        (found,) = monitoring.run(ws, by=dev, at=at)
        return found

    return result


def history(ws, statistic, column=None) -> Any:
    return measurements.history(
        ws.cursor(), "tumour/1", statistic=statistic, column=column, slice="{}"
    )


def dated(log, row, when):
    rows = log.copy()
    rows["when"] = rows["when"].astype("datetime64[us, UTC]")
    rows.loc[row, "when"] = when
    return rows


@pytest.mark.parametrize("schedule", [None, "0 6 * * 1"])
def test_a_row_dated_in_the_future_is_left_out_until_then_and_told_of(run, ws, log, schedule):
    result = run(dated(log, 0, FAR), schedule=schedule)

    starts = {m.window.start for m in measurements.history(ws.cursor(), "tumour/1") if m.window}
    assert max(starts) < LATER
    assert {m.state for m in history(ws, "volume_change") if m.window.start > FAR} == set()
    (told,) = [n for n in result.notices if "future" in n]
    assert "1 rows" in told
    assert "2126-03-01" in told
    assert result.rows == len(log) - 1
    assert logs.dirty(ws.cursor(), "tumour/1") == [FAR.date()]


def test_a_run_with_nothing_but_rows_of_the_future_says_so(run, ws, dev, log, tmp_path):
    run(log)
    ahead = dated(log.head(3).assign(case=["f1", "f2", "f3"]), slice(None), FAR)
    deliver(ws, dev, ahead, tmp_path, name="ahead")

    (again,) = monitoring.run(ws, by=dev, at=LATER + timedelta(hours=1))

    assert (again.days, again.windows) == (0, 0)
    assert any("3 rows dated in the future" in n for n in again.notices)


def test_a_window_that_is_not_over_is_not_over_because_of_a_row_in_the_future(run, ws, log):
    fourth = MONDAY + timedelta(weeks=3)
    rows = log[(log["week"] < 3) | (log["when"] < fourth + timedelta(days=2))].copy()

    run(dated(rows.reset_index(drop=True), 0, FAR))

    last = history(ws, "volume_change")[-1]
    assert last.window.start == fourth
    assert last.state == "insufficient"


def test_a_window_that_ends_without_further_rows_is_judged_where_rows_are_awaited(
    registered, ws, dev, log, tmp_path
):
    fourth = MONDAY + timedelta(weeks=3)
    rows = log[(log["week"] < 3) | (log["when"] < fourth + timedelta(days=2))]
    earlier = log[log["week"] == 0].assign(
        when=lambda week: week["when"] - timedelta(days=7), case=lambda week: "e" + week["case"]
    )
    deliver(ws, dev, rows, tmp_path)
    deliver(ws, dev, earlier, tmp_path, name="earlier")
    monitoring.define(ws, "tumour", "1", schedule="0 6 * * *", minimum=50, by=dev, at=fourth)

    def volume(days):
        (result,) = monitoring.run(ws, by=dev, at=fourth + timedelta(days=days))
        return result, history(ws, "volume_change")[-1]

    _, before = volume(3)
    result, after = volume(7)
    again, _ = volume(8)

    assert before.window == after.window
    assert (before.state, after.state) == ("insufficient", "breach")
    assert before.reason == "the log ends before the window does: rows may still come"
    assert result.windows == 1
    assert again.windows == 0


def test_a_clock_at_its_epoch_is_told_of(run, ws, log):
    result = run(dated(log, 0, datetime(1970, 1, 1, tzinfo=UTC)))

    assert any("no rows between 1970-01-01 and 2026-01-05" in n for n in result.notices)
    states = {m.state for m in history(ws, "volume_change") if m.window.start < MONDAY}
    assert states == {"insufficient"}


def test_outcomes_dated_before_their_prediction_are_not_known_and_counted_aloud(run, ws, log):
    outcomes = log.assign(known=log["when"] + timedelta(days=1))
    outcomes.loc[:99, "known"] = log["when"][:100] - timedelta(days=3)

    result = run(log, outcomes=outcomes)

    first = history(ws, "accuracy")[0]
    assert first.n == 150
    assert first.state == "insufficient"
    assert "outcomes of 60% of rows known" in (first.reason or "")
    assert any("100 outcomes" in n and "before their prediction" in n for n in result.notices)


def test_an_outcome_dated_by_its_day_alone_may_be_of_the_day_of_its_prediction(run, ws, log):
    days = log["when"].dt.floor("D")

    result = run(log, outcomes=log.assign(known=days))

    assert [m.n for m in history(ws, "accuracy")] == [250] * 4
    assert not [n for n in result.notices if "before their prediction" in n]


def test_a_column_that_goes_comes_or_changes_its_type_is_told_by_the_run(run, ws, log):
    later = log[log["week"] >= 2].drop(columns="sex").assign(branch="x", ward=1)

    result = run(log[log["week"] < 2], later)

    (told,) = [n for n in result.notices if "lacks" in n]
    assert "from 2026-01-19" in told
    assert "lacks sex" in told
    assert "also holds branch" in told
    assert "ward as number where it was text" in told
    assert history(ws, "ks", "mean texture")[3].state == "breach"
    assert len(history(ws, "accuracy")) == 4


@pytest.mark.parametrize("only", [0, 1])
def test_a_reference_with_one_outcome_only_stops_nothing_but_what_needs_both(
    ws, dev, tumours, log, tmp_path, only
):
    reference, _ = tumours
    rows = reference.assign(benign=only)
    result = twin(ws, dev, rows, log, tmp_path)

    assert result.state != "error", result.notices
    assert any("one outcome only in column benign" in n for n in result.notices)
    found = measurements.history(ws.cursor(), "tumour/1", slice="{}")
    assert {m.state for m in found if m.statistic == "ks"} >= {"ok", "breach"}
    accuracy = [m for m in found if m.statistic == "accuracy"]
    assert len(accuracy) == 4
    assert all(m.value is not None and m.n == 250 for m in accuracy)


@pytest.mark.parametrize("scores", [None, 7.5])
def test_a_reference_without_a_valid_score_is_told_of(ws, dev, tumours, log, tmp_path, scores):
    reference, _ = tumours
    result = twin(ws, dev, reference.assign(proba=scores), log, tmp_path)

    assert result.state != "error", result.notices
    assert any("no score between 0 and 1 in column proba" in n for n in result.notices)
    assert len(history(ws, "accuracy")) == 4


def twin(ws, dev, reference, log, tmp_path):
    """Register the tumour model with another reference, deliver its log and run its monitor."""
    register(ws, dev, reference, tmp_path)
    deliver(ws, dev, log, tmp_path)
    tell(ws, dev, log, tmp_path)
    monitoring.define(ws, "tumour", "1", minimum=100, by=dev, at=AT)
    (result,) = monitoring.run(ws, by=dev, at=LATER)
    return result
