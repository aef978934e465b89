from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from tumour_life import AT, COLUMNS, MONDAY, deliver, tell

from lifecycle.domain.dataset import ColumnRole
from lifecycle.errors import InsufficientData, InvalidInput, NotAllowed
from lifecycle.services import monitoring, registry
from lifecycle.services.monitoring import baseline, learning
from lifecycle.stats import catalogue
from lifecycle.store import alerts, audit, limits, measurements, monitors, runs

LATER = AT + timedelta(hours=2)


def look(ws, dev, **settings):
    return monitoring.preview(ws.cursor(), "tumour", "1", by=dev, at=LATER, **settings)


def test_a_monitor_that_is_off_is_counted_and_looked_at_and_judges_nothing(
    registered, ws, dev, log, tmp_path
):
    deliver(ws, dev, log, tmp_path)
    tell(ws, dev, log, tmp_path)
    monitoring.define(ws, "tumour", "1", minimum=100, active=False, by=dev, at=AT)
    with pytest.raises(InsufficientData, match="nothing of tumour/1 was counted yet"):
        look(ws, dev)

    (result,) = monitoring.run(ws, "tumour", versions=["tumour/1"], by=dev, at=AT)
    found = look(ws, dev)

    assert (result.days, result.windows, result.measurements) == (28, 0, 0)
    assert measurements.history(ws.cursor(), "tumour/1") == []
    assert alerts.every(ws.cursor()) == []
    assert (found.windows, found.start, found.end) == (4, MONDAY, MONDAY + timedelta(days=28))
    (drift,) = [e for e in found.episodes if e.cause == "drift"]
    assert drift.since.start == MONDAY + timedelta(days=14)
    assert {column for _, column, _ in drift.series} == {"mean texture"}
    assert found.sentence.startswith("It would have fired once in 28 days; ")
    assert found.basis.startswith("From chance alone, because the reference has no times")


def test_a_preview_agrees_with_the_run_and_leaves_nothing_behind(monitored, ws, dev):
    before, (result,) = audit.head(ws.cursor()), monitored

    found = look(ws, dev)

    assert found.tests == result.tests
    raised = alerts.every(ws.cursor())
    assert {(e.cause, s) for e in found.episodes for s in e.series} == {
        (a.cause, s.key) for a in raised for s in a.signals
    }
    assert audit.head(ws.cursor()) == before
    assert len(monitors.revisions(ws.cursor(), "tumour/1")) == 1


def test_windows_without_rows_would_raise_an_alert_where_rows_are_awaited(monitored, ws, dev):
    later = MONDAY + timedelta(days=7 * 7)

    found = monitoring.preview(
        ws.cursor(), "tumour", "1", schedule="6h", alerts={"silence": 3}, by=dev, at=later
    )

    (silent,) = [e for e in found.episodes if e.cause == "no_data"]
    assert (silent.since.start, silent.told) == (MONDAY + timedelta(days=28), "rows")
    assert found.windows == 7


def test_the_rules_grouping_is_the_alerts_and_a_slice_is_named(monitored, ws, dev):
    one = look(ws, dev, alerts={"grouping": "version"})
    each = look(ws, dev, alerts={"grouping": "series"})

    assert len(one.episodes) < len(each.episodes)
    assert {s for e in one.episodes for s in e.series} == {
        s for e in each.episodes for s in e.series
    }
    women = replace(
        each.episodes[0], series=(("ks", "age", '{"sex":"Female"}'), ("rows", None, "{}"))
    )
    assert women.told == "ks of age (sex Female), rows"


def test_what_only_rows_tell_is_taken_from_runs_or_said_to_be_left_out(monitored, ws, dev):
    pattern = {"check": "pattern", "column": "ward", "text": "[AB]"}
    given: Any = {
        "expectations": [pattern],
        "together": ["reconstruction_error"],
        "alerts": {"k": 1},
    }

    before = look(ws, dev, **given)
    monitoring.change(ws, "tumour", "1", **given, by=dev, at=LATER)
    monitoring.run(ws, by=dev, at=LATER)
    after, without = look(ws, dev), look(ws, dev, expectations=[])
    loose = look(ws, dev, limits={"pattern_mismatch_share": 1})

    left_out = [r for r in before.reasons if "are left out" in r]
    assert [r.split(" are")[0] for r in left_out] == [
        "statistics of all features together",
        "checks of single rows",
    ]
    assert not [r for r in after.reasons if "are left out" in r]
    broken = {s for e in after.episodes for s, _, _ in e.series}
    assert "pattern_mismatch_share" in broken
    for other in (before, without, loose):
        assert "pattern_mismatch_share" not in {s for e in other.episodes for s, _, _ in e.series}


def test_a_looser_limit_and_more_patience_fire_less(monitored, ws, dev):
    strict = look(ws, dev, alerts={"k": 1, "m": 1})
    patient = look(ws, dev, alerts={"k": 3, "m": 3})
    loose = look(
        ws,
        dev,
        limits=dict.fromkeys(
            (*catalogue.DEFAULT_DRIFT["numeric"], *catalogue.DEFAULT_DRIFT["categorical"]), 9
        ),
    )

    assert len(strict.episodes) >= len(look(ws, dev).episodes) > len(patient.episodes)
    assert not any(e.cause == "drift" for e in loose.episodes)
    assert strict.false_alarms is not None
    assert patient.false_alarms is not None
    assert strict.false_alarms > patient.false_alarms
    assert loose.false_alarms == 0


def test_another_reference_is_looked_at_without_being_defined(monitored, ws, dev):
    found = look(ws, dev, reference={"kind": "rolling", "days": 7, "gap": 0}, alerts={"k": 1})

    assert found.monitor.reference.days == 7
    assert found.false_alarms is None
    assert found.sentence.endswith("how many false alarms to expect is not known.")


def test_bins_that_were_not_counted_and_a_viewer_are_refused(monitored, ws, dev, viewer):
    with pytest.raises(InvalidInput, match="other bins count every day anew"):
        look(ws, dev, bins=100)
    with pytest.raises(NotAllowed):
        look(ws, viewer)


@pytest.fixture
def dated(registered, ws, dev, tumours, tmp_path):
    """Return a version whose reference has half a year of days."""
    _, rows = tumours
    rng = np.random.default_rng(2)
    reference = rows.sample(6000, replace=True, random_state=8).reset_index(drop=True)
    days = np.sort(rng.integers(0, 180, len(reference)))
    reference["when"] = [MONDAY - timedelta(days=int(200 - d)) for d in days]
    file = tmp_path / "dated.parquet"
    reference.to_parquet(file, index=False)
    roles = {"benign": ColumnRole.TARGET, "when": ColumnRole.TIMESTAMP}
    kept = registry.add_snapshot(ws, "cancer", file, roles=roles, by=dev, at=AT)
    registry.add_version(ws, "tumour", "2", columns=COLUMNS, reference=kept.id, by=dev, at=AT)
    return reference


def test_limits_are_learned_from_the_days_of_the_reference(dated, ws, dev, log, tmp_path):
    from lifecycle.services import ingestion

    file = tmp_path / "second.parquet"
    log.drop(columns=["benign", "week"]).to_parquet(file, index=False)
    ingestion.predictions(ws, "tumour", "2", [file], timestamp="when", id="case", by=dev, at=AT)
    monitor = monitoring.define(ws, "tumour", "2", rule="learned", minimum=100, by=dev, at=AT)

    monitoring.run(ws, by=dev, at=LATER)

    con = ws.cursor()
    counted: Any = baseline.kept(con, "tumour/2")
    assert counted.dated
    assert len(counted.days["mean radius"]) == dated["when"].nunique()
    assert counted.profiles()["{}"]["mean radius"].n == len(dated)
    learned = limits.of_version(con, "tumour/2")
    assert {(one.column, one.statistic) for one in learned} >= {("mean radius", "ks")}
    by_hand, _ = learning.limits(monitor, counted)
    assert sorted(by_hand, key=lambda x: (x.column, x.statistic)) == learned
    ks = next(x for x in learned if (x.column, x.statistic) == ("mean texture", "ks"))
    measured = measurements.history(con, "tumour/2", statistic="ks", column="mean texture")
    assert {m.limit for m in measured} == {ks.limit}
    assert 0 <= ks.false_alarms <= 0.02
    found = monitoring.preview(con, "tumour", "2", by=dev, at=LATER)
    assert found.basis.startswith("From the reference's 180 days against themselves")


def test_a_reference_without_times_teaches_nothing_and_says_so(monitored, ws, dev):
    monitoring.change(ws, "tumour", "1", rule="learned", by=dev, at=LATER)

    (result,) = monitoring.run(ws, by=dev, at=LATER)

    assert any("the reference has no times" in notice for notice in result.notices)
    assert {m.limit for m in measurements.history(ws.cursor(), "tumour/1", statistic="ks")} == {0.1}
    assert runs.last(ws.cursor())["tumour/1"].reasons == result.notices


def test_segments_are_measured_apart_and_corrected_together(monitored, ws, dev, log):
    monitoring.change(ws, "tumour", "1", segments=["sex"], minimum=50, by=dev, at=LATER)

    (result,) = monitoring.run(ws, by=dev, at=LATER)

    women: Any = measurements.history(
        ws.cursor(), "tumour/1", statistic="ks", column="mean texture", slice='{"sex":"Female"}'
    )
    assert [m.n for m in women] == [
        int(((log["week"] == week) & (log["sex"] == "Female")).sum()) for week in range(4)
    ]
    assert result.tests > 2 * monitored[0].tests


def test_columns_of_the_service_have_no_reference_and_are_left_out_of_drift(
    dated, ws, dev, log, tmp_path
):
    from lifecycle.services import ingestion

    service = {"latency": "ms", "limits": {"latency_p95": 50}}
    monitoring.define(
        ws, "tumour", "2", rule="learned", service=service, minimum=100, by=dev, at=AT
    )
    file = tmp_path / "served.parquet"
    served = log.assign(ms=np.linspace(1, 100, len(log)))
    served.drop(columns=["benign", "week"]).to_parquet(file, index=False)
    ingestion.predictions(ws, "tumour", "2", [file], timestamp="when", id="case", by=dev, at=AT)

    monitoring.run(ws, by=dev, at=LATER)
    found = monitoring.preview(ws.cursor(), "tumour", "2", by=dev, at=LATER)

    latency = measurements.history(ws.cursor(), "tumour/2", statistic="latency_p95")
    assert [m.state.value for m in latency] == ["ok", "ok", "breach", "breach"]
    assert measurements.history(ws.cursor(), "tumour/2", statistic="ks", column="ms") == []
    assert "ms" not in {one.column for one in limits.of_version(ws.cursor(), "tumour/2")}
    assert any(e.cause == "service" for e in found.episodes)
