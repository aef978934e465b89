"""Several classes with a score each, watched week by week: estimated before outcomes are known."""

from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics
from tumour_life import AT, MONDAY, add_model

from lifecycle.domain.measurement import State
from lifecycle.domain.model import Columns
from lifecycle.errors import InvalidInput
from lifecycle.services import ingestion, monitoring, registry
from lifecycle.store import logs, measurements

NAMES = np.array(["a", "b", "c"])
SCORES = {name: f"p_{name}" for name in NAMES}
COLUMNS = Columns(target="kind", prediction="guess", features=("x",), class_scores=SCORES)


def rows(seed, n, *, mix=(0.0, 0.0, 0.0)):
    """Draw rows whose scores are the chances of their classes."""
    rng = np.random.default_rng(seed)
    chances = np.exp(rng.normal(0, 1.3, (n, 3)) + mix)
    chances /= chances.sum(axis=1, keepdims=True)
    y = np.minimum((chances.cumsum(axis=1) < rng.random((n, 1))).sum(axis=1), 2)
    frame = pd.DataFrame(chances, columns=list(SCORES.values()))
    return frame.assign(kind=NAMES[y], guess=NAMES[chances.argmax(axis=1)], x=rng.normal(size=n))


def watched(ws, dev, folder, *, reference, columns=COLUMNS, **settings):
    """Register a model of three classes on a reference, and watch it."""
    add_model(ws, dev, key="kinds", task="classes")
    file = folder / "kinds.parquet"
    reference.to_parquet(file, index=False)
    roles: Any = {}
    made = registry.add_snapshot(ws, "cancer", file, roles=roles, by=dev, at=AT)
    registry.add_version(ws, "kinds", "1", columns=columns, reference=made.id, by=dev, at=AT)
    monitoring.define(ws, "kinds", "1", minimum=50, by=dev, at=AT, **settings)


def log(ws, dev, folder, frame):
    cases = frame.assign(case=[f"k{i}" for i in frame.index], when=MONDAY)
    made, known = folder / "made.parquet", folder / "known.parquet"
    cases.drop(columns="kind").to_parquet(made, index=False)
    cases[["case", "kind"]].to_parquet(known, index=False)
    ingestion.predictions(ws, "kinds", "1", [made], timestamp="when", id="case", by=dev, at=AT)
    return known


def only(ws, statistic) -> Any:
    (found,) = measurements.history(ws.cursor(), "kinds/1", statistic=statistic, slice="{}")
    return found


def run(ws, dev, *, hours=0):
    (result,) = monitoring.run(ws, "kinds", by=dev, at=AT + timedelta(hours=hours))
    return result


def test_classes_are_estimated_before_outcomes_and_held_against_them(registered, ws, dev, tmp_path):
    week = rows(2, 1_500, mix=(1.0, 0.0, 0.0))
    watched(ws, dev, tmp_path, reference=rows(1, 4_000))
    known = log(ws, dev, tmp_path, week)

    run(ws, dev)
    names = ("roc_auc_ovr", "accuracy", "precision", "recall", "f1")
    early = {name: only(ws, f"estimated_{name}") for name in names}
    assert only(ws, "roc_auc_ovr").state is State.INSUFFICIENT
    ingestion.outcomes(ws, "kinds", [known], id="case", target="kind", by=dev, at=AT)
    run(ws, dev, hours=1)

    true = {
        "roc_auc_ovr": metrics.roc_auc_score(
            week["kind"], week[list(SCORES.values())], multi_class="ovr"
        ),
        "accuracy": metrics.accuracy_score(week["kind"], week["guess"]),
        "recall": metrics.recall_score(week["kind"], week["guess"], average="macro"),
    }
    for name, value in true.items():
        low, high = early[name].interval
        assert low < value < high
        assert early[name].limit is not None
        assert only(ws, name).value == pytest.approx(value)
        assert only(ws, f"estimated_{name}").limit is None, "outcomes are judged by now"
    assert only(ws, "roc_auc_ovr").state is State.OK
    assert only(ws, "roc_auc_ovr").limit == pytest.approx(
        metrics.roc_auc_score(
            rows(1, 4_000)["kind"], rows(1, 4_000)[list(SCORES.values())], multi_class="ovr"
        )
        - 0.05
    )


def test_an_estimate_that_outcomes_prove_wrong_says_so(registered, ws, dev, tmp_path):
    week = rows(3, 1_500)
    week["kind"] = np.random.default_rng(4).permutation(week["kind"])  # scores mean nothing now
    watched(ws, dev, tmp_path, reference=rows(1, 4_000))
    known = log(ws, dev, tmp_path, week)
    ingestion.outcomes(ws, "kinds", [known], id="case", target="kind", by=dev, at=AT)

    run(ws, dev)

    assert "outside the band of the estimate" in only(ws, "estimated_accuracy").reason
    assert only(ws, "roc_auc_ovr").state is State.BREACH


def test_a_monitor_names_what_is_estimated_or_switches_it_off(registered, ws, dev, tmp_path):
    watched(ws, dev, tmp_path, reference=rows(1, 4_000), performance=["specificity", "roc_auc_ovr"])
    log(ws, dev, tmp_path, rows(2, 400))

    run(ws, dev)
    assert 0 < only(ws, "estimated_specificity").value < 1
    assert measurements.history(ws.cursor(), "kinds/1", statistic="estimated_accuracy") == []

    monitoring.change(ws, "kinds", "1", estimation=False, by=dev, at=AT + timedelta(hours=1))
    run(ws, dev, hours=2)
    found = {m.statistic for m in measurements.history(ws.cursor(), "kinds/1")}
    assert not {name for name in found if name.startswith("estimated_")}
    assert "roc_auc_ovr" in found


def test_a_reference_that_teaches_nothing_is_a_reason(registered, ws, dev, tmp_path):
    few = rows(1, 4_000)
    few = few[(few["kind"] != "c") | ((few["kind"] == "c").cumsum() <= 20)]
    watched(ws, dev, tmp_path, reference=few)
    log(ws, dev, tmp_path, rows(2, 400))

    run(ws, dev)

    found = only(ws, "estimated_accuracy")
    assert (found.value, found.state) == (None, State.INSUFFICIENT)
    assert found.reason.startswith("class 'c' against the rest: the reference has")
    assert found.n == 400


def test_scores_that_are_no_chances_beside_each_other_are_a_reason(registered, ws, dev, tmp_path):
    rng = np.random.default_rng(6)
    y = rng.integers(0, 3, 3_000)
    seen = rng.random((3_000, 3)) < np.where(np.eye(3)[y] == 1, 0.8, 0.2)
    frame = pd.DataFrame(np.where(seen, 2 / 3, 1 / 9), columns=list(SCORES.values()))
    frame = frame.assign(kind=NAMES[y], guess=NAMES[seen.argmax(axis=1)], x=0.0)
    watched(ws, dev, tmp_path, reference=frame)
    log(ws, dev, tmp_path, frame.head(400))

    run(ws, dev)

    found = only(ws, "estimated_accuracy")
    assert (found.value, found.state) == (None, State.NOT_APPLICABLE)
    assert "rows are of their likeliest class more or less often than promised" in found.reason


def test_a_class_of_the_reference_without_a_score_is_a_reason(registered, ws, dev, tmp_path):
    two = Columns(
        target="kind",
        prediction="guess",
        features=("x",),
        class_scores={"a": "p_a", "b": "p_b"},
    )
    watched(ws, dev, tmp_path, reference=rows(1, 4_000), columns=two)
    log(ws, dev, tmp_path, rows(2, 400))

    run(ws, dev)

    found = only(ws, "estimated_accuracy")
    assert (found.value, found.state) == (None, State.NOT_APPLICABLE)
    assert "class 'c' of column kind" in found.reason
    assert only(ws, "accuracy").state is State.INSUFFICIENT, "the rest of the run went on"


def test_rows_and_files_without_scores_are_told(registered, ws, dev, tmp_path):
    week = rows(2, 400)
    week.loc[:9, "p_b"] = np.nan
    watched(ws, dev, tmp_path, reference=rows(1, 4_000))
    log(ws, dev, tmp_path, week)
    run(ws, dev)
    assert only(ws, "estimated_accuracy").n == 390
    assert only(ws, "estimated_accuracy").reason.startswith("10 of 400 rows have no score")

    later = rows(5, 100).drop(columns="p_c").assign(when=MONDAY + timedelta(days=7))
    file = tmp_path / "later.parquet"
    later.assign(case=[f"l{i}" for i in later.index]).drop(columns="kind").to_parquet(file)
    ingestion.predictions(ws, "kinds", "1", [file], timestamp="when", id="case", by=dev, at=AT)
    run(ws, dev, hours=1)

    _, found = measurements.history(ws.cursor(), "kinds/1", statistic="estimated_accuracy")
    assert (found.value, found.state) == (None, State.INSUFFICIENT)
    assert found.reason == "the log holds no column p_c, the score of a class"


def test_a_score_of_a_class_is_kept_as_a_number_and_is_no_feature(registered, ws, dev, tmp_path):
    every = Columns(target="kind", prediction="guess", class_scores=SCORES)
    watched(ws, dev, tmp_path, reference=rows(1, 1_000), columns=every)
    log(ws, dev, tmp_path, rows(2, 300))
    run(ws, dev)

    drifted = {m.column for m in measurements.history(ws.cursor(), "kinds/1", statistic="psi")}
    assert drifted == {"x", "prediction"}
    (day,) = logs.days(ws.cursor(), "kinds/1")
    held = pd.read_parquet(day.files[0])
    assert {"p_a", "p_b", "p_c"} <= set(held.columns)

    words = tmp_path / "words.csv"
    words.write_text("case,when,guess,x,p_a,p_b,p_c\nw,2026-01-06,a,1,high,0,0\n")
    with pytest.raises(InvalidInput, match="column p_a holds 'high', expected a number"):
        ingestion.predictions(ws, "kinds", "1", [words], timestamp="when", id="case", by=dev, at=AT)


def test_scores_by_class_are_for_several_classes_and_the_reference_holds_them(
    registered, ws, dev, tmp_path
):
    add_model(ws, dev, key="two", task="binary")
    with pytest.raises(InvalidInput, match="scores by class are for a model of several classes"):
        registry.add_version(ws, "two", "1", columns=COLUMNS, by=dev, at=AT)
    with pytest.raises(InvalidInput, match="has no column 'p_c'"):
        watched(ws, dev, tmp_path, reference=rows(1, 500).drop(columns="p_c"))
    alone = Columns(target="kind", class_scores={"a": "p_a"})
    with pytest.raises(InvalidInput, match="model kinds is classes and 1 are named"):
        registry.add_version(ws, "kinds", "2", columns=alone, by=dev, at=AT)
