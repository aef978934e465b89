from typing import Any

import numpy as np
import pytest
from fairlearn.metrics import (
    MetricFrame,
    demographic_parity_difference,
    demographic_parity_ratio,
    equalized_odds_difference,
    selection_rate,
)
from sklearn.metrics import accuracy_score, mean_absolute_error, roc_auc_score
from tumour_life import AT, FEATURES, add_model

from lifecycle.cli.output import render_junit
from lifecycle.domain.actor import Actor, Role
from lifecycle.domain.evidence import Purpose
from lifecycle.domain.measurement import State
from lifecycle.domain.model import Columns
from lifecycle.errors import DamagedStore, InvalidInput, NotAllowed, NotFound
from lifecycle.services import assessment, plans, registry
from lifecycle.services.analysis.result import measurement_json
from lifecycle.store import artifacts, audit, evidence

PLAN = """
name: tumour-validation
rationale: What the tumour board asked for
statistics:
  performance: [accuracy, roc_auc]
  fairness: [selection_rate, demographic_parity_ratio, demographic_parity_difference]
sensitive: [sex]
limits:
  accuracy: {minimum: 0.8, severity: block, rationale: better than a nurse}
  roc_auc: {minimum: 0.999, severity: warn}
  demographic_parity_ratio: {minimum: 0.8}
  demographic_parity_difference: {maximum: 0.001}
minimum: 100
confidence: 0.9
seed: 42
"""


@pytest.fixture
def val():
    return Actor("vito", frozenset({Role.VALIDATOR}))


def assess(ws, by, snapshot, plan=PLAN, version="1", model="tumour") -> Any:
    return assessment.assess(
        ws,
        model,
        version,
        snapshot=snapshot,
        plan=assessment.read_plan(plan),
        by=by,
        at=AT,
    )


def with_(text, **changes):
    lines = [line for line in text.splitlines() if line.partition(":")[0] not in changes]
    return "\n".join([*lines, *(f"{k}: {v}" for k, v in changes.items() if v is not None)])


def test_evidence_holds_scikit_learns_and_fairlearns_numbers(registered, ws, val, tumours):
    reference, _ = tumours
    y, d, groups = reference["benign"], reference["decision"], reference["sex"]

    performance, fairness = assess(ws, val, registered.id)

    values = {m.statistic: m.value for m in performance.measurements}
    assert values["accuracy"] == pytest.approx(accuracy_score(y, d))
    assert values["roc_auc"] == pytest.approx(roc_auc_score(y, reference["proba"]))
    gaps = {m.statistic: m.value for m in fairness.measurements if m.column == "sex"}
    given = {"y_true": y, "y_pred": d, "sensitive_features": groups}
    assert gaps["demographic_parity_ratio"] == pytest.approx(demographic_parity_ratio(**given))
    expected = demographic_parity_difference(**given)
    assert gaps["demographic_parity_difference"] == pytest.approx(expected)
    rates = {m.slice["sex"]: m.value for m in fairness.measurements if m.slice}
    frame = MetricFrame(metrics=selection_rate, **given)
    assert rates == pytest.approx(frame.by_group.to_dict())
    assert {m.statistic for m in fairness.measurements} == set(
        plans.parse(PLAN).statistics[Purpose.FAIRNESS]
    )


def test_states_follow_the_plans_limits_and_severities(registered, ws, val):
    performance, fairness = assess(ws, val, registered.id)

    found = {m.statistic: m for m in (*performance.measurements, *fairness.measurements)}
    assert found["accuracy"].state is State.OK
    assert found["accuracy"].limit == 0.8
    assert found["roc_auc"].state is State.WARNING
    assert found["demographic_parity_difference"].state is State.BREACH
    assert found["demographic_parity_difference"].limit == 0.001
    assert fairness.state is State.BREACH


def test_evidence_is_kept_with_its_method_plan_and_an_event(registered, ws, val):
    kept = assess(ws, val, registered.id)

    for one in kept:
        assert evidence.get(ws.cursor(), one.id) == one
        assert one.plan["name"] == "tumour-validation"
        assert one.method["seed"] == 42
        assert one.method["data_sha256"] == registered.artifact
        assert set(one.method["libraries"]) == {"numpy", "scipy", "duckdb", "pyarrow"}
        assert one.created_by == "vito"
    events = audit.search(ws.cursor(), action="evidence.add")
    assert {link.event.details["evidence"] for link in events} == {one.id for one in kept}


def test_assessing_twice_gives_the_same_evidence(registered, ws, val):
    first = assess(ws, val, registered.id)
    assert [e.id for e in assess(ws, val, registered.id)] == [e.id for e in first]


def test_pairs_of_attributes_are_compared(registered, ws, val):
    plan = with_(PLAN, sensitive="[sex, ward]", intersect=2)
    _, fairness = assess(ws, val, registered.id, plan)
    assert {m.column for m in fairness.measurements if m.column} == {"sex", "ward", "sex & ward"}


def test_a_sensitive_feature_and_bad_scores_are_findings(
    registered, ws, dev, val, tumours, tmp_path
):
    rows = tumours[0].copy()
    rows["proba"] = rows["proba"].astype(float)
    rows.loc[:2, "proba"] = [1.5, -0.1, float("nan")]
    rows.loc[5, "benign"] = None
    file = tmp_path / "odd.parquet"
    rows.to_parquet(file, index=False)
    odd = registry.add_snapshot(ws, "cancer", file, roles={}, by=dev, at=AT)
    columns = Columns(
        target="benign",
        score="proba",
        prediction="decision",
        positive="1",
        features=(*FEATURES, "sex"),
        sensitive=("sex",),
    )
    registry.add_version(ws, "tumour", "2", columns=columns, reference=odd.id, by=dev, at=AT)

    performance, _ = assess(ws, val, odd.id, version="2")

    said = " ".join(performance.payload["findings"])
    assert "sensitive column sex is also a feature of the model" in said
    assert "3 of 400 rows have no score between 0 and 1" in said
    assert "1 of 400 rows have no outcome" in said


def test_too_few_rows_come_before_any_limit(registered, ws, val):
    performance, _ = assess(ws, val, registered.id, with_(PLAN, minimum=1000))
    assert {m.state for m in performance.measurements} == {State.INSUFFICIENT}
    assert "the plan wants at least 1000" in performance.measurements[0].reason


def test_groups_too_small_to_compare_are_insufficient(registered, ws, val):
    _, fairness = assess(ws, val, registered.id, with_(PLAN, minimum_group=350))
    (ratio,) = (m for m in fairness.measurements if m.statistic == "demographic_parity_ratio")
    assert (ratio.value, ratio.state, ratio.limit) == (None, State.INSUFFICIENT, 0.8)


def test_decisions_follow_from_the_threshold_where_none_were_made(
    registered, ws, dev, val, tumours
):
    reference, _ = tumours
    columns = Columns(target="benign", score="proba", threshold=0.7, positive="1")
    registry.add_version(ws, "tumour", "2", columns=columns, reference=registered.id, by=dev, at=AT)
    performance, _ = assess(ws, val, registered.id, version="2")
    accuracy = next(m for m in performance.measurements if m.statistic == "accuracy")
    expected = accuracy_score(reference["benign"], reference["proba"] >= 0.7)
    assert accuracy.value == pytest.approx(expected)


def test_a_regression_is_assessed_and_has_no_decisions_to_compare(
    registered, ws, dev, val, tumours
):
    reference, _ = tumours
    add_model(ws, dev, key="size", task="regression")
    columns = Columns(target="mean radius", prediction="mean texture", sensitive=("sex",))
    registry.add_version(ws, "size", "1", columns=columns, reference=registered.id, by=dev, at=AT)
    plan = "statistics: {performance: [mae]}\nlimits: {mae: {minimum: 1, maximum: 2}}"
    (found,) = assess(ws, val, registered.id, plan, model="size")
    expected = mean_absolute_error(reference["mean radius"], reference["mean texture"])
    assert found.measurements[0].value == pytest.approx(expected)
    assert (found.measurements[0].state, found.measurements[0].limit) == (State.BREACH, 2.0)
    with pytest.raises(InvalidInput, match="is a regression model; fairness compares"):
        assess(
            ws,
            val,
            registered.id,
            PLAN.replace("accuracy, roc_auc", "mae")
            .replace(
                "accuracy: {minimum: 0.8, severity: block, rationale: better than a nurse}",
                "mae: {maximum: 1}",
            )
            .replace("  roc_auc: {minimum: 0.999, severity: warn}\n", ""),
            model="size",
        )


def test_errors_of_a_regression_are_compared_between_groups_against_the_plan(
    registered, ws, dev, val, tumours
):
    reference, _ = tumours
    add_model(ws, dev, key="size", task="regression")
    columns = Columns(target="mean radius", prediction="mean texture", sensitive=("sex",))
    registry.add_version(ws, "size", "1", columns=columns, reference=registered.id, by=dev, at=AT)
    plan = """
statistics: {fairness: [bias, mae, mean_error_difference, error_parity_ratio]}
limits: {mean_error_difference: {maximum: 0.001}, error_parity_ratio: {minimum: 0.5}}
"""

    (found,) = assess(ws, val, registered.id, plan, model="size")

    by = MetricFrame(
        metrics={"bias": lambda y, p: (p - y).mean(), "mae": mean_absolute_error},
        y_true=reference["mean radius"],
        y_pred=reference["mean texture"],
        sensitive_features=reference["sex"],
    )
    rates = {(m.statistic, m.slice["sex"]): m for m in found.measurements if m.slice.get("sex")}
    for name in ("bias", "mae"):
        for group in ("Female", "Male"):
            assert rates[name, group].value == pytest.approx(by.by_group.loc[group, name])
    gaps = {m.statistic: m for m in found.measurements if m.column == "sex"}
    assert gaps["mean_error_difference"].value == pytest.approx(by.difference()["bias"])
    assert gaps["error_parity_ratio"].value == pytest.approx(by.ratio()["mae"])
    assert (gaps["mean_error_difference"].state, found.state) == (State.BREACH, State.BREACH)
    assert gaps["error_parity_ratio"].state is State.OK
    assert gaps["error_parity_ratio"].interval is not None


def test_a_limit_on_what_the_task_does_not_have_is_refused_and_never_passes(registered, ws, val):
    named = "[demographic_parity_difference, mean_error_difference]"
    plan = f"statistics: {{fairness: {named}}}\nsensitive: [sex]"
    limited = f"{plan}\nlimits: {{mean_error_difference: {{maximum: 0.1}}}}"

    with pytest.raises(InvalidInput, match="limits mean_error_difference, which is not measured"):
        assess(ws, val, registered.id, limited)
    (kept,) = assess(ws, val, registered.id, plan)

    absent = next(m for m in kept.measurements if m.statistic == "mean_error_difference")
    assert (absent.state, kept.state) == (State.ERROR, State.ERROR)
    shown = {"command": "assess", "measurements": [measurement_json(m) for m in kept.measurements]}
    assert 'errors="1"' in (junit := render_junit(shown))
    assert 'name="mean_error_difference"' in junit


def test_several_classes_are_each_compared_with_the_rest(
    registered, ws, dev, val, tumours, tmp_path
):
    rng = np.random.default_rng(3)
    rows = tumours[0][["sex"]].assign(
        grade=rng.choice(["I", "II", "III"], 400), told=rng.choice(["I", "II", "III"], 400)
    )
    rows.to_parquet(tmp_path / "grades.parquet", index=False)
    snapshot = registry.add_snapshot(
        ws, "cancer", tmp_path / "grades.parquet", roles={}, by=dev, at=AT
    )
    add_model(ws, dev, key="grades", task="classes")
    columns = Columns(target="grade", prediction="told", sensitive=("sex",))
    registry.add_version(ws, "grades", "1", columns=columns, by=dev, at=AT)
    plan = """
statistics: {fairness: [selection_rate, equalized_odds_difference]}
limits: {equalized_odds_difference: {maximum: 0.0001}}
"""

    (found,) = assess(ws, val, snapshot.id, plan, model="grades")

    for grade in ("I", "II", "III"):
        y, d = rows["grade"] == grade, rows["told"] == grade
        gap = next(m for m in found.measurements if m.column and m.slice == {"grade": grade})
        expected = equalized_odds_difference(y, d, sensitive_features=rows["sex"])
        assert (gap.value, gap.state) == (pytest.approx(expected), State.BREACH)
        rate = next(m for m in found.measurements if m.slice == {"sex": "Female", "grade": grade})
        assert rate.value == pytest.approx(d[rows["sex"] == "Female"].mean())
        assert gap.interval is not None
        assert rate.interval is not None
    assert found.state is State.BREACH


def test_a_snapshot_without_answers_target_or_attributes_is_refused(registered, ws, dev, val):
    def version(name, **columns):
        registry.add_version(
            ws, "tumour", name, columns=Columns(positive="1", **columns), by=dev, at=AT
        )

    version("2", target="benign", score="other")
    version("3", target="cured", score="proba")
    version("4", target="benign", score="proba", sensitive=("sex",))
    version("5", target="benign", prediction="decision")
    version("6", target="benign")
    plan = "statistics: {fairness: [selection_rate]}"
    before = audit.head(ws.cursor())
    for name, sentence in (
        ("2", "holds no answers of tumour/2: add a snapshot with the column 'other'"),
        ("3", "no column 'cured', the target of tumour/3"),
        ("4", "tumour/4 needs a prediction column or a threshold"),
        ("6", "holds no answers of tumour/6"),
    ):
        with pytest.raises(InvalidInput, match=sentence):
            assess(ws, val, registered.id, plan, version=name)
    with pytest.raises(InvalidInput, match="names a sensitive column"):
        assess(ws, val, registered.id, plan, version="5")
    with pytest.raises(NotFound):
        assess(ws, val, "gone@1")
    assert audit.head(ws.cursor()) == before


def test_a_changed_snapshot_file_is_noticed(registered, ws, val):
    artifacts.path(ws, registered.artifact).write_bytes(b"PAR1 other PAR1")
    with pytest.raises(DamagedStore):
        assess(ws, val, registered.id)


def test_a_viewer_may_not_assess(registered, ws, viewer):
    with pytest.raises(NotAllowed, match="may not run assessments"):
        assess(ws, viewer, registered.id)


def test_a_plan_is_read_from_a_file_text_or_taken_as_it_is(tmp_path):
    file = tmp_path / "plan.yaml"
    file.write_text(PLAN)

    plan = assessment.read_plan(file)

    assert plan == assessment.read_plan(PLAN) == assessment.read_plan(plan)
    assert plan.limits["accuracy"] == plans.PlanLimit(0.8, None, "block", "better than a nurse")
    assert (plan.confidence, plan.seed, plan.sensitive) == (0.9, 42, ("sex",))
    with pytest.raises(InvalidInput, match=r"gone\.yaml cannot be read"):
        plans.read(tmp_path / "gone.yaml")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a: [", "is no valid YAML"),
        ("- a", "must hold keys and values"),
        ("goal: 1", "unknown key 'goal'"),
        ("statistics: {}", "names nothing to measure"),
        ("name: x", "statistics must hold keys"),
        ("statistics: {drift: [ks]}", "'drift' is not one of performance, fairness"),
        ("statistics: {performance: ks}", "statistics.performance must be a list"),
        ("statistics: {performance: [auc]}", "no statistic is called 'auc'"),
        ("statistics: {performance: [ks]}", "ks is not a measure of performance"),
        (with_(PLAN, intersect=4), "intersect must be a whole number from 1 to 3"),
        (with_(PLAN, minimum=1.5), "minimum must be a whole number at least 1"),
        (with_(PLAN, seed="true"), "seed must be a finite number"),
        (with_(PLAN, confidence=1), "confidence must lie between 0 and 1"),
        (PLAN.replace("minimum: 0.999, severity: warn", "low: 1"), "unknown key 'low'"),
        (PLAN.replace("minimum: 0.999, ", ""), "needs a minimum, a maximum or both"),
        (PLAN.replace("severity: warn", "maximum: 0.5"), "minimum is above its maximum"),
        (PLAN.replace("severity: warn", "severity: stop"), "must be block or warn"),
        (PLAN.replace("  roc_auc: {", "  brier: {"), "limits.brier is on a statistic the plan"),
    ],
)
def test_a_plan_that_makes_no_sense_is_refused_with_the_place(text, sentence):
    with pytest.raises(InvalidInput, match=sentence):
        plans.parse(text)
