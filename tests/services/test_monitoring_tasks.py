from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import accuracy_score, mean_absolute_error, recall_score
from tumour_life import AT, MONDAY, add_model, deliver

from lifecycle.domain.measurement import State
from lifecycle.domain.model import Columns
from lifecycle.services import ingestion, monitoring, registry
from lifecycle.store import measurements, profiles, tallies


def live(ws, dev, rows, folder, *, columns, task, reference, model="other") -> Any:
    """Register a model, deliver one week of rows with outcomes, and run its monitor."""
    add_model(ws, dev, key=model, task=task)
    registry.add_version(ws, model, "1", columns=columns, reference=reference, by=dev, at=AT)
    made, known = folder / "made.parquet", folder / "known.parquet"
    rows.drop(columns=[columns.target]).to_parquet(made, index=False)
    rows[["case", columns.target]].to_parquet(known, index=False)
    ingestion.predictions(ws, model, "1", [made], timestamp="when", id="case", by=dev, at=AT)
    ingestion.outcomes(ws, model, [known], id="case", target=columns.target, by=dev, at=AT)
    monitoring.define(ws, model, "1", minimum=50, by=dev, at=AT)
    (result,) = monitoring.run(ws, model, by=dev, at=AT)
    return result


def only(ws, statistic, *, version="other/1", of="{}") -> Any:
    (found,) = measurements.history(ws.cursor(), version, statistic=statistic, slice=of)
    return found


@pytest.fixture
def week(log):
    return log[log["week"] == 0].drop(columns="week").reset_index(drop=True)


def snapshot(ws, dev, frame, folder):
    file = folder / "other.parquet"
    frame.to_parquet(file, index=False)
    roles: Any = {}
    return registry.add_snapshot(ws, "cancer", file, roles=roles, by=dev, at=AT).id


def test_a_regression_is_measured_by_its_errors(registered, ws, dev, tumours, week, tmp_path):
    frame = tumours[0].assign(guess=tumours[0]["mean radius"] + 1.0)
    rows = week.assign(guess=week["mean radius"] + np.where(week.index % 2, 3.0, -3.0))
    columns = Columns(target="mean radius", prediction="guess", features=("mean texture",))

    live(
        ws,
        dev,
        rows,
        tmp_path,
        columns=columns,
        task="regression",
        reference=snapshot(ws, dev, frame, tmp_path),
    )

    mae = only(ws, "mae")
    assert mae.value == pytest.approx(mean_absolute_error(rows["mean radius"], rows["guess"]))
    assert mae.limit == pytest.approx(1.2)
    assert mae.state is State.BREACH
    assert set(profiles.binnings(ws.cursor(), "other/1")) == {"mean texture", "prediction"}


def test_several_classes_are_measured_by_their_confusion(
    registered, ws, dev, tumours, week, tmp_path
):
    frame = tumours[0].assign(guess=np.where(tumours[0].index % 5, tumours[0]["ward"], "A"))
    rows = week.assign(guess=np.where(week.index % 4, week["ward"], "B"))
    columns = Columns(
        target="ward", prediction="guess", features=("mean radius",), sensitive=("sex",)
    )

    live(
        ws,
        dev,
        rows,
        tmp_path,
        columns=columns,
        task="classes",
        reference=snapshot(ws, dev, frame, tmp_path),
    )

    assert only(ws, "accuracy").value == pytest.approx(accuracy_score(rows["ward"], rows["guess"]))
    expected = recall_score(rows["ward"], rows["guess"], average="macro")
    assert only(ws, "recall").value == pytest.approx(expected)
    assert set(tallies.daily(ws.cursor(), "other/1")) == {
        "{}",
        '{"sex":"Female"}',
        '{"sex":"Male"}',
    }


def test_decisions_follow_from_the_threshold(registered, ws, dev, week, tmp_path):
    columns = Columns(
        target="benign",
        score="proba",
        threshold=0.8,
        positive="1",
        features=("mean radius",),
        sensitive=("sex",),
    )
    rows = week.drop(columns="decision")

    live(ws, dev, rows, tmp_path, columns=columns, task="binary", reference=registered.id)

    expected = accuracy_score(week["benign"], week["proba"] >= 0.8)
    assert only(ws, "accuracy").value == pytest.approx(expected)
    women = week[week["sex"] == "Female"]
    rate = only(ws, "selection_rate", of='{"sex":"Female"}')
    assert rate.value == pytest.approx((women["proba"] >= 0.8).mean())


def test_logged_decisions_the_reference_lacks_are_read_by_their_coding(
    registered, ws, dev, week, tmp_path
):
    columns = Columns(target="benign", score="proba", positive="1", features=("mean radius",))
    rows = week.drop(columns="benign").assign(
        case=[f"n{i}" for i in range(len(week))], decision=week["decision"].astype(bool)
    )
    live(ws, dev, week, tmp_path, columns=columns, task="binary", reference=registered.id)
    file = tmp_path / "decided.parquet"
    rows.assign(when=rows["when"] + timedelta(days=7)).to_parquet(file, index=False)
    ingestion.predictions(
        ws,
        "other",
        "1",
        [file],
        timestamp="when",
        id="case",
        prediction="decision",
        by=dev,
        at=AT,
    )
    monitoring.run(ws, "other", by=dev, at=AT + timedelta(hours=1))
    found: Any = tallies.daily(
        ws.cursor(), "other/1", slice={}, start=(MONDAY + timedelta(7)).date()
    )
    decided: Any = sum(tally.decisions[2, 1] for _, tally in found["{}"])
    assert decided == rows["decision"].sum()


def test_what_cannot_be_watched_is_said(registered, ws, dev, tumours, week, tmp_path):
    frame = tumours[0].assign(seen=pd.Timestamp("2026-01-01"), age=tumours[0]["mean radius"])
    columns = Columns(
        target="benign",
        score="proba",
        positive="1",
        features=("mean radius", "seen"),
        sensitive=("age", "sex"),
    )
    rows = week.assign(seen=pd.Timestamp("2026-01-02")).drop(columns="sex")

    result = live(
        ws,
        dev,
        rows,
        tmp_path,
        columns=columns,
        task="binary",
        reference=snapshot(ws, dev, frame, tmp_path),
    )

    said = " ".join(result.notices)
    assert "column seen is not watched: it is TIMESTAMP" in said
    assert "sensitive column age holds more than 10 different values" in said
    assert "the log of other/1 has no column sex to compare groups by" in said


@pytest.mark.parametrize("task", ["binary", "classes", "regression"])
def test_a_version_without_answers_is_watched_for_drift_alone(
    registered, ws, dev, week, tmp_path, task
):
    target = "mean smoothness" if task == "regression" else "benign"
    columns = Columns(target=target, positive="1", features=())

    result = live(ws, dev, week, tmp_path, columns=columns, task=task, reference=registered.id)

    assert result.measurements > 0
    assert set(profiles.binnings(ws.cursor(), "other/1")) >= {"mean radius", "ward"}
    assert tallies.daily(ws.cursor(), "other/1") == {}


def test_many_rows_are_counted_in_batches_with_the_same_numbers(
    monitored, ws, dev, log, tmp_path, monkeypatch
):
    from lifecycle.services.monitoring import counting

    whole = measurements.history(ws.cursor(), "tumour/1")
    monkeypatch.setattr(counting, "BATCH_ROWS", 60)
    for hours, bins, reason in ((2, 65, "finer"), (4, 64, "as before")):
        at = AT + timedelta(hours=hours)
        monitoring.define(ws, "tumour", "1", bins=bins, minimum=100, reason=reason, by=dev, at=at)
        monitoring.run(ws, by=dev, at=at + timedelta(hours=1))

    assert measurements.history(ws.cursor(), "tumour/1") == whole
    until = MONDAY - timedelta(days=1)
    deliver(ws, dev, log.head(3).assign(case=["q1", "q2", "q3"]), tmp_path, name="more")
    (result,) = monitoring.run(ws, until=until, by=dev, at=AT + timedelta(hours=6))
    assert (result.rows, result.windows) == (0, 0)


def spread(rng, n):
    """Make rows whose errors are the larger, the larger a column is."""
    size = rng.uniform(1, 10, n)
    guess = rng.normal(50, 5, n)
    return pd.DataFrame({"size": size, "guess": guess, "truth": guess + rng.normal(0, size)})


def test_a_regressions_errors_are_estimated_before_outcomes_and_held_against_them(
    registered, ws, dev, tmp_path
):
    rng = np.random.default_rng(8)
    rows = spread(rng, 2_000)
    rows["size"] = rows["size"].clip(lower=6)  # the mix moves to where errors are large
    rows["truth"] = rows["guess"] + rng.normal(0, rows["size"])
    rows = rows.assign(case=[f"r{i}" for i in rows.index], when=MONDAY)
    columns = Columns(target="truth", prediction="guess", features=("size",))
    add_model(ws, dev, key="other", task="regression")
    reference = snapshot(ws, dev, spread(rng, 4_000), tmp_path)
    registry.add_version(ws, "other", "1", columns=columns, reference=reference, by=dev, at=AT)
    made, known = tmp_path / "made.parquet", tmp_path / "known.parquet"
    rows.drop(columns="truth").to_parquet(made, index=False)
    rows[["case", "truth"]].to_parquet(known, index=False)
    ingestion.predictions(ws, "other", "1", [made], timestamp="when", id="case", by=dev, at=AT)
    monitoring.define(ws, "other", "1", minimum=50, by=dev, at=AT)

    monitoring.run(ws, "other", by=dev, at=AT)
    early = {name: only(ws, f"estimated_{name}") for name in ("mae", "rmse")}
    ingestion.outcomes(ws, "other", [known], id="case", target="truth", by=dev, at=AT)
    monitoring.run(ws, "other", by=dev, at=AT + timedelta(hours=1))

    errors = rows["truth"] - rows["guess"]
    for name, true in (("mae", errors.abs().mean()), ("rmse", np.sqrt((errors**2).mean()))):
        low, high = early[name].interval
        assert low <= true <= high
        assert early[name].value == pytest.approx(true, rel=0.1)
        assert only(ws, name).value == pytest.approx(true)
        assert only(ws, f"estimated_{name}").limit is None, "outcomes are judged by now"
    assert early["mae"].state is State.WARNING, "beyond the limit, which the band includes"


def test_errors_that_no_column_tells_are_not_estimated(registered, ws, dev, tmp_path):
    rng = np.random.default_rng(9)
    frame = spread(rng, 2_000)
    frame["truth"] = frame["guess"] + rng.normal(0, 3, len(frame))
    rows = frame.assign(case=[f"r{i}" for i in frame.index], when=MONDAY)
    columns = Columns(target="truth", prediction="guess", features=("size",))

    live(
        ws,
        dev,
        rows,
        tmp_path,
        columns=columns,
        task="regression",
        reference=snapshot(ws, dev, frame, tmp_path),
    )

    found = only(ws, "estimated_mae")
    assert found.value is None
    assert "do not tell large errors from small ones" in found.reason
