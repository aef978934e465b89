"""Outcomes and answers that are coded otherwise, come too early or not at all: never a number."""

from datetime import timedelta

import numpy as np
import pytest
from tumour_life import AT, COLUMNS, MONDAY, add_model, deliver, tell

from lifecycle.services import ingestion, monitoring, registry
from lifecycle.store import changes, measurements

LATER = AT + timedelta(hours=1)
REALISED = ("accuracy", "precision", "recall", "f1")


@pytest.fixture
def run(registered, ws, dev, tmp_path):
    """Return a function that delivers a log with outcomes and runs the monitor."""

    def result(log, outcomes, **define):
        deliver(ws, dev, log, tmp_path)
        tell(ws, dev, outcomes, tmp_path)
        monitoring.define(ws, "tumour", "1", minimum=100, by=dev, at=AT, **define)
        (found,) = monitoring.run(ws, by=dev, at=LATER)
        return found

    return result


@pytest.fixture
def found(ws):
    def history(*statistics, week=None, of="{}", version="tumour/1"):
        start = None if week is None else MONDAY + timedelta(weeks=week)
        return [
            m
            for name in statistics
            for m in measurements.history(ws.cursor(), version, statistic=name, slice=of)
            if start is None or (m.window is not None and m.window.start == start)
        ]

    return history


def worded(rows, column):
    return rows.assign(**{column: np.where(rows[column] == 1, "well", "ill")})


def test_outcomes_coded_otherwise_than_in_the_reference_are_not_known(run, found, log):
    result = run(log, worded(log, "benign"))

    for m in found(*REALISED, "roc_auc", "brier", "label_drift", "concept_drift"):
        assert m.state == "insufficient", m
        assert m.reason is not None
        assert "outcomes of 0% of rows known" in m.reason
        assert "250 outcomes are coded otherwise than in the reference" in m.reason
    odds = [m for m in found("equalized_odds_difference") if m.column == "sex"]
    assert {m.state for m in odds} == {"insufficient"}
    said = [n for n in result.notices if "outcome" in n]
    assert len(said) == 1
    assert "'well'" in said[0]
    assert "'ill'" in said[0]
    assert "1000 rows" in said[0]
    assert "'1' (positive)" in said[0]
    assert "'0' (negative)" in said[0]


def test_decisions_coded_otherwise_than_in_the_reference_say_nothing(run, found, log):
    result = run(worded(log, "decision"), log)

    held = found(*REALISED)
    assert len(held) == 4 * len(REALISED)
    for m in held:
        assert m.state == "insufficient", m
        assert m.value is None
        assert "250 decisions are coded otherwise than in the reference" in (m.reason or "")
    parity = [m for m in found("demographic_parity_ratio") if m.column == "sex"]
    assert {(m.state, m.value) for m in parity} == {("insufficient", None)}
    assert len(parity) == 4
    assert {m.value is None for m in found("roc_auc")} == {False}
    assert any("decision" in n and "'well'" in n and "1000 rows" in n for n in result.notices)


def test_a_few_strange_outcomes_are_left_out_and_told_of(run, found, log):
    outcomes = log.assign(benign=log["benign"].astype(str))
    outcomes.loc[:2, "benign"] = "unclear"

    result = run(log, outcomes)

    (first,) = found("accuracy", week=0)
    assert first.n == 247
    assert (log["decision"] == log["benign"])[3:250].mean() == pytest.approx(first.value)
    assert any("'unclear'" in n and "3 rows" in n for n in result.notices)


def test_a_reference_in_words_knows_no_outcomes_in_numbers(ws, dev, registered, tumours, tmp_path):
    words = add_twin(ws, dev, tumours, tmp_path, positive="well", coded=worded)
    log = words.sample(1200, replace=True, random_state=1).assign(
        when=[MONDAY + timedelta(minutes=i) for i in range(1200)],
        case=[f"c{i}" for i in range(1200)],
    )
    log["decision"] = (log["decision"] == "well").astype(int)
    rows, outcomes = tmp_path / "twin.parquet", tmp_path / "truth.csv"
    log.drop(columns=["benign"]).to_parquet(rows)
    log[["case"]].assign(benign=(log["benign"] == "well").astype(int)).to_csv(outcomes)
    ingestion.predictions(ws, "twin", "1", [rows], timestamp="when", id="case", by=dev, at=AT)
    ingestion.outcomes(ws, "twin", [outcomes], id="case", target="benign", by=dev, at=AT)
    monitoring.define(ws, "twin", "1", minimum=100, changes=("cusum",), by=dev, at=AT)

    (result,) = monitoring.run(ws, "twin", by=dev, at=LATER)

    (accuracy,) = measurements.history(ws.cursor(), "twin/1", statistic="accuracy", slice="{}")
    assert (accuracy.state, accuracy.value) == ("insufficient", None)
    assert changes.of_version(ws.cursor(), "twin/1") == []
    assert any("0 rows" in n and "are needed to find changes" in n for n in result.notices)
    assert any("outcome" in n and "'well' (positive)" in n for n in result.notices)
    assert any("decision" in n and "'well' (positive)" in n for n in result.notices)


def add_twin(ws, dev, tumours, tmp_path, *, positive, coded):
    """Register a second model whose reference is written otherwise; return the reference."""
    from dataclasses import replace

    from lifecycle.domain.dataset import ColumnRole

    reference, _ = tumours
    rows = coded(coded(reference, "benign"), "decision").reset_index(drop=True)
    file = tmp_path / "twin-reference.parquet"
    rows.to_parquet(file)
    roles = {"benign": ColumnRole.TARGET, "sex": ColumnRole.SENSITIVE}
    add_model(ws, dev, key="twin")
    snapshot = registry.add_snapshot(ws, "cancer", file, roles=roles, by=dev, at=AT)
    columns = replace(COLUMNS, positive=positive)
    registry.add_version(ws, "twin", "1", columns=columns, reference=snapshot.id, by=dev, at=AT)
    return rows


@pytest.mark.parametrize("absent", ["missing", "no column"])
def test_a_week_without_any_decision_is_said_of_everything_that_needs_one(
    run, found, ws, dev, log, tmp_path, absent
):
    third = log[log["week"] == 2]
    silent = third.assign(decision=None) if absent == "missing" else third.drop(columns="decision")
    deliver(ws, dev, silent, tmp_path, name="silent")

    run(log[log["week"] != 2], log)

    for name in (*REALISED, "estimated_accuracy"):
        (m,) = found(name, week=2)
        assert (m.state, m.value) == ("insufficient", None), m
        assert m.reason
    parity = [m for m in found("demographic_parity_ratio", week=2) if m.column == "sex"]
    assert [(m.state, m.value) for m in parity] == [("insufficient", None)]
    assert parity[0].reason
    (auc,) = found("roc_auc", week=2)
    assert auc.state != "insufficient"
    assert {m.state for m in found("accuracy") if m.value is None} == {"insufficient"}
    assert len(found("accuracy")) == 4


def test_a_week_without_any_answer_is_said_of_everything_that_needs_one(
    run, found, ws, dev, log, tmp_path
):
    third = log[log["week"] == 2].drop(columns=["decision", "proba"])
    deliver(ws, dev, third, tmp_path, name="silent")

    run(log[log["week"] != 2], log)

    for name in (*REALISED, "roc_auc", "brier"):
        (m,) = found(name, week=2)
        assert (m.state, m.value, bool(m.reason)) == ("insufficient", None, True), m


def test_a_value_says_how_many_rows_lack_the_decision_or_the_score_it_needs(run, found, log):
    rows = log.astype({"decision": object})
    rows.loc[:149, "decision"] = None
    rows.loc[:9, "proba"] = np.inf

    run(rows, log)

    (accuracy,), (auc,) = found("accuracy", week=0), found("roc_auc", week=0)
    assert accuracy.n == 100
    assert "150 of 250 rows have no decision" in (accuracy.reason or "")
    assert auc.n == 240
    assert "10 of 250 rows have no valid score" in (auc.reason or "")
