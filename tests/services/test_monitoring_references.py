from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from scipy.stats import ks_2samp
from tumour_life import AT, MONDAY, deliver

from lifecycle.domain.alert import Cause
from lifecycle.domain.measurement import State
from lifecycle.errors import InvalidInput
from lifecycle.services import monitoring
from lifecycle.store import alerts, measurements, monitors, runs

LATER = AT + timedelta(hours=2)


def texture(ws, *, statistic="ks", series=None) -> Any:
    return measurements.history(
        ws.cursor(), "tumour/1", statistic=statistic, column="mean texture", slice="{}",
        series=series,
    )  # fmt: skip


def redefine(ws, dev, *, at=LATER, **settings):
    why = "A slow drift hides in the baseline"
    monitoring.define(ws, "tumour", "1", reason=why, minimum=100, by=dev, at=LATER, **settings)
    return monitoring.run(ws, "tumour", by=dev, at=at + timedelta(hours=1))


def test_a_rolling_reference_is_the_days_before_the_gap(monitored, ws, dev, log):
    redefine(ws, dev, reference={"kind": "rolling", "days": 7, "gap": 0})

    measured = texture(ws)

    assert measured[0].state is State.INSUFFICIENT
    assert measured[0].reason == "there are no rows in the span of the reference"
    for week in (1, 2, 3):
        before, now = (log.loc[log["week"] == w, "mean texture"] for w in (week - 1, week))
        expected: Any = ks_2samp(before, now)
        assert measured[week].n_reference == len(before)
        off = measured[week].resolution + 1e-12
        assert measured[week].value == pytest.approx(expected.statistic, abs=off)
    assert [m.state for m in measured[1:]] == [State.OK, State.BREACH, State.OK]


def test_last_years_season_is_compared_where_it_was_logged(monitored, ws, dev, log, tmp_path):
    year = log[log["week"] < 2].copy()
    year["when"] += timedelta(weeks=52)
    year["case"] = "next-" + year["case"]
    deliver(ws, dev, year, tmp_path, name="next")

    redefine(ws, dev, reference={"kind": "season"}, at=LATER + timedelta(weeks=54))

    later = [m for m in texture(ws) if m.window.start >= MONDAY + timedelta(weeks=52)]
    assert [(m.value, m.n_reference) for m in later] == [(0.0, 250), (0.0, 250)]


def test_another_reference_begins_a_series_with_a_reason_and_keeps_the_old_one(monitored, ws, dev):
    before = texture(ws)
    with pytest.raises(InvalidInput, match="begins a new series of measurements of tumour/1"):
        monitoring.define(ws, "tumour", "1", reference={"kind": "season"}, by=dev, at=LATER)

    redefine(ws, dev, reference={"kind": "rolling", "days": 14, "gap": 0})

    first, second = monitors.revisions(ws.cursor(), "tumour/1")
    assert (first.series, second.series) == (1, 2)
    assert second.reason == "A slow drift hides in the baseline"
    assert texture(ws, series=1) == before
    assert texture(ws) == texture(ws, series=2) != before


def test_a_change_within_a_series_keeps_every_other_setting(monitored, ws, dev):
    changed = monitoring.change(ws, "tumour", "1", limits={"ks": 0.5}, by=dev, at=LATER)

    assert (changed.series, changed.revision, changed.minimum) == (1, 2, 100)
    monitoring.run(ws, "tumour", by=dev, at=LATER + timedelta(hours=1))
    assert {m.limit for m in texture(ws)} == {0.5}
    assert len(texture(ws)) == 4


def test_what_is_not_watched_cannot_be_changed(registered, ws, dev):
    with pytest.raises(InvalidInput, match="tumour/1 is not watched yet"):
        monitoring.change(ws, "tumour", "1", minimum=5, by=dev, at=LATER)


def test_late_rows_change_the_windows_that_are_compared_with_them(
    monitored, ws, dev, log, tmp_path
):
    redefine(ws, dev, reference={"kind": "rolling", "days": 7, "gap": 0})
    more = log[log["week"] == 1].head(40).copy()
    more["case"] = "late-" + more["case"]
    deliver(ws, dev, more, tmp_path, name="more")

    (result,) = monitoring.run(ws, by=dev, at=LATER + timedelta(hours=2))

    assert result.windows == 2
    assert [m.n_reference for m in texture(ws)][1:] == [250, 290, 250]


def test_a_window_without_rows_is_said_and_judged_by_nobody(registered, ws, dev, log, tmp_path):
    deliver(ws, dev, log[log["week"] != 1], tmp_path)
    monitoring.define(ws, "tumour", "1", minimum=100, by=dev, at=AT)

    monitoring.run(ws, by=dev, at=AT)

    states = [(m.state, m.reason, m.n) for m in texture(ws)]
    assert states[1] == (State.INSUFFICIENT, "no rows", 0)
    assert len(states) == 4


def test_a_monitor_with_a_schedule_misses_the_rows_that_stopped(monitored, ws, dev, log, tmp_path):
    monitoring.change(ws, "tumour", "1", schedule="6h", by=dev, at=LATER)
    until = MONDAY + timedelta(weeks=6, days=2)

    (first,) = monitoring.run(ws, by=dev, until=until, at=LATER + timedelta(hours=1))
    (second,) = monitoring.run(
        ws, by=dev, until=until + timedelta(weeks=1), at=LATER + timedelta(hours=2)
    )

    assert first.windows == 6
    assert (second.windows, second.days, second.state) == (1, 0, State.BREACH)
    assert [m.reason for m in texture(ws)][4:] == ["no rows"] * 3
    (stopped,) = [a for a in alerts.every(ws.cursor()) if a.cause is Cause.NO_DATA]
    assert stopped.live
    again = log[log["week"] == 3].copy()
    again["when"] += timedelta(weeks=2)
    again["case"] = "back-" + again["case"]
    deliver(ws, dev, again, tmp_path, name="back")
    monitoring.run(ws, by=dev, until=until, at=LATER + timedelta(hours=3))
    assert [m.n for m in texture(ws)][4:] == [0, 250, 0]


def test_a_column_of_which_nothing_was_counted_is_said_and_the_others_go_on(monitored, ws, dev):
    with ws.transaction() as tx:
        tx.execute("DELETE FROM profile WHERE column_name = 'mean texture' AND day < '2026-01-12'")
    monitoring.change(ws, "tumour", "1", limits={"ks": 0.5}, by=dev, at=LATER)

    monitoring.run(ws, by=dev, at=LATER + timedelta(hours=1))

    states = [m.state for m in texture(ws)]
    assert states[0] is State.INSUFFICIENT
    assert states[1] is State.OK
    assert texture(ws)[0].reason == "no values of mean texture were counted in this window"
    radius = measurements.history(ws.cursor(), "tumour/1", statistic="ks", column="mean radius")
    assert State.INSUFFICIENT not in {m.state for m in radius}


def test_every_run_is_kept_with_its_tests_and_of_idle_ones_only_the_newest(monitored, ws, dev):
    for hours in (2, 3, 4):
        monitoring.run(ws, by=dev, at=AT + timedelta(hours=hours))

    idle, first = runs.of_version(ws.cursor(), "tumour/1")

    assert (idle.state, idle.at) == (State.NOT_APPLICABLE, AT + timedelta(hours=4))
    tested = [
        m
        for m in measurements.history(ws.cursor(), "tumour/1")
        if m.p_adjusted is not None and m.statistic != "stuck_value"
    ]
    assert first.tests == len(tested) > 24
    assert (first.by, first.days, first.series) == ("dora", 28, 1)
    assert runs.of_newest_window(ws.cursor(), "tumour/1") == first
    assert runs.last(ws.cursor()) == {"tumour/1": idle}
    assert runs.newest(ws.cursor()) == [idle, first]


def test_a_fault_in_one_monitor_is_its_own(monitored, ws, dev, monkeypatch, caplog):
    from lifecycle.services.monitoring import reference

    def broken(*_, **__):
        raise ZeroDivisionError

    monkeypatch.setattr(reference, "read", broken)
    monitoring.change(ws, "tumour", "1", limits={"ks": 0.5}, by=dev, at=LATER)

    (result,) = monitoring.run(ws, by=dev, at=LATER)

    assert result.state is State.ERROR
    assert "a fault of ours (ZeroDivisionError)" in result.notices[0]
    assert "the monitor of tumour/1 failed" in caplog.text


def test_a_second_run_of_a_version_waits_for_nobody(monitored, ws, dev, monkeypatch):
    from lifecycle.services.monitoring import counting

    real, inner = counting.count, []

    def nested(*args, **kwargs):
        if not inner:
            inner.append(None)
            inner.extend(monitoring.run(ws, by=dev, at=LATER + timedelta(hours=1)))
        return real(*args, **kwargs)

    monkeypatch.setattr(counting, "count", nested)
    monitoring.change(ws, "tumour", "1", limits={"ks": 0.5}, by=dev, at=LATER)

    (outer,) = monitoring.run(ws, by=dev, at=LATER + timedelta(hours=1))

    assert inner[1].state is State.ERROR
    assert "a run of tumour/1 is under way" in inner[1].notices[0]
    assert outer.windows == 4
    assert np.isfinite([m.value for m in texture(ws)]).all()
