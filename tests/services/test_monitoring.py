from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from fairlearn.metrics import (
    demographic_parity_ratio,
    equal_opportunity_difference,
    equalized_odds_difference,
    selection_rate,
)
from scipy.stats import chi2_contingency, false_discovery_control, ks_2samp
from sklearn.metrics import accuracy_score, brier_score_loss, log_loss, roc_auc_score
from tumour_life import AT, COLUMNS, MONDAY, add_model, deliver, tell

from lifecycle.domain.measurement import State
from lifecycle.errors import InvalidInput
from lifecycle.services import monitoring, registry
from lifecycle.store import audit, logs, measurements, tallies


def weeks():
    return [MONDAY + timedelta(days=7 * w) for w in range(4)]


def found(ws, statistic, *, column=None, of="{}", version="tumour/1") -> Any:
    return measurements.history(ws.cursor(), version, statistic=statistic, column=column, slice=of)


def everything(ws) -> Any:
    return measurements.history(ws.cursor(), "tumour/1")


def all_rows(ws) -> Any:
    return tallies.daily(ws.cursor(), "tumour/1", slice={})["{}"]


def test_ks_of_every_week_is_scipys_within_its_resolution(monitored, ws, tumours, log):
    reference, _ = tumours

    measured = found(ws, "ks", column="mean radius")

    assert [m.window.start for m in measured] == weeks()
    for week, m in enumerate(measured):
        rows = log.loc[log["week"] == week, "mean radius"]
        scipys: Any = ks_2samp(reference["mean radius"], rows)
        expected = scipys.statistic
        assert m.value == pytest.approx(expected, abs=m.resolution + 1e-12)
        assert (m.n, m.n_reference) == (len(rows), len(reference))


def test_chi_squared_of_a_category_is_scipys(monitored, ws, tumours, log):
    reference, _ = tumours
    for week, m in enumerate(found(ws, "chi_squared", column="ward")):
        table = np.array(
            [
                [(side["ward"] == ward).sum() for ward in "ABC"]
                for side in (reference, log[log["week"] == week])
            ]
        )
        expected: Any = chi2_contingency(table, correction=False)
        assert m.value == pytest.approx(expected.statistic)
        assert m.p_value == pytest.approx(expected.pvalue)


def test_the_shifted_column_breaches_from_the_week_it_shifts(monitored, ws):
    states = [m.state for m in found(ws, "ks", column="mean texture")]

    assert states[:2] == [State.OK, State.OK] or State.BREACH not in states[:2]
    assert states[2:] == [State.BREACH, State.BREACH]


def test_p_values_are_adjusted_over_everything_a_run_tested(monitored, ws):
    tested = [
        m
        for m in measurements.history(ws.cursor(), "tumour/1")
        if m.p_adjusted is not None and m.statistic != "stuck_value"
    ]

    expected = false_discovery_control([m.p_value for m in tested])

    assert len({(m.column, m.window) for m in tested}) > len({m.column for m in tested}) > 1
    assert [m.p_adjusted for m in tested] == pytest.approx(list(expected))


def test_performance_of_every_week_is_scikit_learns(monitored, ws, log):
    auc, accuracy = found(ws, "roc_auc"), found(ws, "accuracy")
    brier, loss = found(ws, "brier"), found(ws, "log_loss")
    for week in range(4):
        rows = log[log["week"] == week]
        y, p, d = rows["benign"], rows["proba"], rows["decision"]
        assert accuracy[week].value == pytest.approx(accuracy_score(y, d))
        assert brier[week].value == pytest.approx(brier_score_loss(y, p))
        assert loss[week].value == pytest.approx(log_loss(y, p))
        off = (auc[week].resolution or 0) + 1e-12
        assert auc[week].value == pytest.approx(roc_auc_score(y, p), abs=off)
        assert off < 0.005


def test_the_limit_of_a_rate_is_the_references_value_less_the_tolerance(monitored, ws, tumours):
    reference, _ = tumours
    limit = found(ws, "accuracy")[0].limit

    expected = accuracy_score(reference["benign"], reference["decision"]) - 0.05

    assert limit == pytest.approx(expected)


def test_fairness_of_every_week_is_fairlearns(monitored, ws, log):
    ratio = found(ws, "demographic_parity_ratio", column="sex")
    odds = found(ws, "equalized_odds_difference", column="sex")
    chance = found(ws, "equal_opportunity_difference", column="sex")
    women = found(ws, "selection_rate", of='{"sex":"Female"}')
    for week in range(4):
        rows = log[log["week"] == week]
        y, d, groups = rows["benign"], rows["decision"], rows["sex"]
        given = {"y_true": y, "y_pred": d, "sensitive_features": groups}
        assert ratio[week].value == pytest.approx(demographic_parity_ratio(**given))
        assert odds[week].value == pytest.approx(equalized_odds_difference(**given))
        assert chance[week].value == pytest.approx(equal_opportunity_difference(**given))
        female = rows[groups == "Female"]
        expected = selection_rate(female["benign"], female["decision"])
        assert women[week].value == pytest.approx(expected)
    assert ratio[0].limit == 0.8


def test_a_run_records_one_event_with_its_counts(monitored, ws, log):
    (result,) = monitored

    events = audit.search(ws.cursor(), action="monitor.run")

    assert len(events) == 1
    details: Any = events[0].event.details
    assert details["rows"] == len(log) == result.rows
    assert details["windows"] == 4 == result.windows
    assert sum(details["states"].values()) == details["measurements"] == result.measurements
    assert result.state is State.BREACH


def test_a_run_with_nothing_new_changes_nothing(monitored, ws, dev):
    before = audit.head(ws.cursor())

    (again,) = monitoring.run(ws, "tumour", by=dev, at=AT + timedelta(hours=2))

    assert again.state is State.NOT_APPLICABLE
    assert (again.days, again.measurements) == (0, 0)
    assert audit.head(ws.cursor()) == before


def test_new_rows_recount_their_days_and_remeasure_their_window_only(
    monitored, ws, dev, log, tmp_path
):
    more = log[log["week"] == 3].head(40).copy()
    more["case"] = "late-" + more["case"]
    before = everything(ws)
    deliver(ws, dev, more, tmp_path, name="more")

    (result,) = monitoring.run(ws, by=dev, at=AT + timedelta(hours=2))

    after = everything(ws)
    assert result.windows == 1
    cut = MONDAY + timedelta(days=21)
    assert [m for m in before if m.window.start < cut] == [m for m in after if m.window.start < cut]
    assert [m for m in before if m.window.start >= cut] != [
        m for m in after if m.window.start >= cut
    ]
    assert logs.dirty(ws.cursor(), "tumour/1") == []


def test_counting_in_two_runs_gives_the_numbers_of_one(
    registered, ws, dev, log, tmp_path, monitored
):
    whole = everything(ws)
    add_model(ws, dev, key="twin")
    registry.add_version(ws, "twin", "1", columns=COLUMNS, reference=registered.id, by=dev, at=AT)
    from lifecycle.services import ingestion

    monitoring.define(ws, "twin", "1", minimum=100, by=dev, at=AT)
    truth = tmp_path / "truth.csv"
    log[["case", "benign"]].to_csv(truth, index=False)
    for part, rows in enumerate((log[log["week"] < 2], log[log["week"] >= 2])):
        file = tmp_path / f"twin{part}.csv"
        rows.drop(columns=["benign", "week"]).to_csv(file, index=False)
        ingestion.predictions(ws, "twin", "1", [file], timestamp="when", id="case", by=dev, at=AT)
        monitoring.run(ws, "twin", by=dev, at=AT + timedelta(hours=3 + part))
    ingestion.outcomes(ws, "twin", [truth], id="case", target="benign", by=dev, at=AT)
    monitoring.run(ws, "twin", by=dev, at=AT + timedelta(hours=6))

    assert measurements.history(ws.cursor(), "twin/1") == whole


def test_performance_waits_until_enough_outcomes_are_known(registered, ws, dev, log, tmp_path):
    deliver(ws, dev, log, tmp_path)
    tell(ws, dev, log[(log["week"] < 2) | (log.index % 2 == 0)], tmp_path)
    monitoring.define(ws, "tumour", "1", minimum=100, by=dev, at=AT)

    monitoring.run(ws, by=dev, at=AT)

    accuracy = found(ws, "accuracy")
    assert [m.state is State.INSUFFICIENT for m in accuracy] == [False, False, True, True]
    assert accuracy[3].reason == "outcomes of 50% of rows known, 90% are needed to judge"
    parity = found(ws, "demographic_parity_ratio", column="sex")
    assert parity[3].state is not State.INSUFFICIENT
    assert found(ws, "equalized_odds_difference", column="sex")[3].state is State.INSUFFICIENT


def test_a_window_of_too_few_rows_is_insufficient(registered, ws, dev, log, tmp_path):
    deliver(ws, dev, log[log["week"] == 0].head(150), tmp_path)
    monitoring.define(ws, "tumour", "1", by=dev, at=AT)

    (result,) = monitoring.run(ws, by=dev, at=AT)

    judged = found(ws, "ks", column="mean radius")[0]
    assert judged.state is State.INSUFFICIENT
    assert judged.reason == "150 rows in the window, at least 200 are needed to judge"
    assert judged.value is not None
    assert State.BREACH not in result.states


def test_a_stuck_column_and_missing_values_are_found(registered, ws, dev, log, tmp_path):
    rows = log.copy()
    rows.loc[rows["week"] == 1, "mean smoothness"] = 0.1
    rows.loc[rows["week"] == 1, "ward"] = None
    deliver(ws, dev, rows, tmp_path)
    monitoring.define(ws, "tumour", "1", minimum=100, by=dev, at=AT)

    monitoring.run(ws, by=dev, at=AT)

    stuck = found(ws, "stuck_value", column="mean smoothness")
    assert [m.state for m in stuck] == [State.OK, State.BREACH, State.OK, State.OK]
    missing = found(ws, "missing_share", column="ward")
    assert [m.value for m in missing] == [0, 1, 0, 0]
    assert missing[1].state is State.BREACH


def test_until_hides_what_came_later_and_counts_it_next_time(registered, ws, dev, log, tmp_path):
    rows = log.copy()
    rows["known"] = rows["when"] + timedelta(days=3)
    deliver(ws, dev, rows, tmp_path)
    tell(ws, dev, rows, tmp_path, known_at="known")
    monitoring.define(ws, "tumour", "1", minimum=100, by=dev, at=AT)
    until = MONDAY + timedelta(days=14, hours=12)

    monitoring.run(ws, until=until, by=dev, at=AT + timedelta(hours=1))

    total = all_rows(ws)
    made, known = rows["when"] < until, rows["known"] < until
    assert sum(t.rows for _, t in total) == made.sum()
    assert sum(t.labelled for _, t in total) == (made & known).sum()
    monitoring.run(ws, by=dev, at=AT + timedelta(hours=2))
    total = all_rows(ws)
    assert sum(t.labelled for _, t in total) == len(rows)
    assert logs.dirty(ws.cursor(), "tumour/1") == []


def test_a_changed_grain_measures_every_window_again_without_counting(monitored, ws, dev):
    changed = monitoring.define(
        ws,
        "tumour",
        "1",
        grain="month",
        minimum=100,
        reason="Too few rows a week",
        by=dev,
        at=AT + timedelta(hours=2),
    )

    (result,) = monitoring.run(ws, by=dev, at=AT + timedelta(hours=3))

    assert changed.revision == 2
    assert (result.days, result.windows) == (0, 2)
    starts = {m.window.start for m in everything(ws)}
    assert starts == {datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)}


def test_changed_bins_count_every_day_again(monitored, ws, dev, log):
    later = AT + timedelta(hours=2)
    monitoring.define(ws, "tumour", "1", bins=200, minimum=100, reason="Finer", by=dev, at=later)

    (result,) = monitoring.run(ws, by=dev, at=AT + timedelta(hours=3))

    assert result.rows == len(log)
    finer = found(ws, "ks", column="mean radius")[0].resolution
    assert finer < 0.02


def test_days_make_windows_that_follow_one_another(monitored, ws, dev):
    monitoring.define(
        ws,
        "tumour",
        "1",
        grain="day",
        minimum=10,
        reason="Sooner",
        by=dev,
        at=AT + timedelta(hours=2),
    )

    monitoring.run(ws, by=dev, at=AT + timedelta(hours=3))

    windows = sorted({m.window.start for m in found(ws, "ks", column="mean radius")})
    assert len(windows) == 28
    assert all(b - a == timedelta(days=1) for a, b in pairwise(windows))


def test_progress_counts_the_monitors(monitored, ws, dev):
    seen = []
    monitoring.run(ws, by=dev, at=AT + timedelta(hours=4), progress=lambda *a: seen.append(a))
    assert seen == [(1, 1)]


def test_a_monitor_that_is_switched_off_does_not_run(monitored, ws, dev):
    monitoring.define(ws, "tumour", "1", active=False, by=dev, at=AT + timedelta(hours=2))

    assert monitoring.run(ws, by=dev, at=AT + timedelta(hours=3)) == []
    with pytest.raises(InvalidInput, match="no version of tumour has a monitor"):
        monitoring.run(ws, "tumour", by=dev, at=AT + timedelta(hours=3))


def test_what_one_version_cannot_do_is_said_and_stops_no_other(
    monitored, ws, dev, log, tmp_path, monkeypatch
):
    from lifecycle.services.monitoring import counting

    def refuse(*_, **__):
        raise InvalidInput("the log of tumour/1 cannot be read")

    monkeypatch.setattr(counting, "count", refuse)
    more = log.head(5).copy()
    more["case"] = "x" + more["case"]
    deliver(ws, dev, more, tmp_path, name="more")

    (result,) = monitoring.run(ws, by=dev, at=AT + timedelta(hours=2))

    assert result.state is State.ERROR
    assert result.notices == ("the log of tumour/1 cannot be read",)


def test_rows_that_arrive_during_a_run_stay_marked(monitored, ws, dev, log, tmp_path, monkeypatch):
    from lifecycle.services.monitoring import counting

    real = counting.count
    first, second = (log[log["week"] == 3].head(n).copy() for n in (5, 9))
    first["case"], second["case"] = "x" + first["case"], "y" + second["case"]
    deliver(ws, dev, first, tmp_path, name="first")

    def interrupted(*args, **kwargs):
        result = real(*args, **kwargs)
        deliver(ws, dev, second, tmp_path, name="second")
        return result

    monkeypatch.setattr(counting, "count", interrupted)
    monitoring.run(ws, by=dev, at=AT + timedelta(hours=2))

    assert logs.dirty(ws.cursor(), "tumour/1") != []
