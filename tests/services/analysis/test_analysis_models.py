"""Performance and fairness from files equal scikit-learn's and fairlearn's numbers."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from fairlearn import metrics as fair
from sklearn import metrics

from lifecycle.errors import InvalidInput
from lifecycle.services.analysis.fairness import FairnessOptions, measure_fairness
from lifecycle.services.analysis.outcomes import Roles
from lifecycle.services.analysis.performance import PerformanceOptions, measure_performance

ROLES = Roles(target="y", prediction="p", score="s")


def values(result, **slice_):
    return {m.statistic: m.value for m in result.measurements if m.slice == slice_}


def measure(engine, source, roles=ROLES, **options):
    return measure_performance(
        engine, source=source, options=PerformanceOptions(roles=roles, **options)
    )


def test_binary_performance_is_scikit_learns_overall_and_by_segment(engine, source, people):
    result = measure(engine, source(**people), segments=("sex",))

    for slice_, rows in (({}, slice(None)), ({"sex": "F"}, people["sex"] == "F")):
        y, p, s = (people[c][rows] for c in ("y", "p", "s"))
        expected = {
            "accuracy": metrics.accuracy_score(y, p),
            "precision": metrics.precision_score(y, p),
            "recall": metrics.recall_score(y, p),
            "f1": metrics.f1_score(y, p),
            "mcc": metrics.matthews_corrcoef(y, p),
            "cohen_kappa": metrics.cohen_kappa_score(y, p),
            "roc_auc": metrics.roc_auc_score(y, s),
            "average_precision": metrics.average_precision_score(y, s),
            "brier": metrics.brier_score_loss(y, s),
            "log_loss": metrics.log_loss(y, s),
        }
        found = values(result, **slice_)
        assert {k: found[k] for k in expected} == pytest.approx(expected, abs=1e-9)


def test_only_what_the_columns_allow_is_measured(engine, source, people):
    rows = source(**people)

    decided = values(measure(engine, rows, Roles(target="y", prediction="p")))
    ranked = values(measure(engine, rows, Roles(target="y", score="s")))

    assert "roc_auc" not in decided
    assert "accuracy" in decided
    assert "accuracy" not in ranked
    assert "roc_auc" in ranked
    with pytest.raises(InvalidInput, match="roc_auc is not measured"):
        measure(engine, rows, Roles(target="y", prediction="p"), statistics=("roc_auc",))


def test_a_regression_is_recognised_and_equals_scikit_learns(engine, source):
    rng = np.random.default_rng(1)
    y = rng.normal(size=500) * 3 + 10
    p = y + rng.normal(size=500)

    result = measure(engine, source(y=y, p=p), Roles(target="y", prediction="p"))

    assert result.settings["task"] == "regression"
    found = values(result)
    assert found["mae"] == pytest.approx(metrics.mean_absolute_error(y, p))
    assert found["rmse"] == pytest.approx(metrics.root_mean_squared_error(y, p))
    assert found["r2"] == pytest.approx(metrics.r2_score(y, p))


def test_classes_are_recognised_and_equal_scikit_learns(engine, source):
    rng = np.random.default_rng(1)
    y, p = rng.choice(list("abc"), 400), rng.choice(list("abc"), 400)

    result = measure(engine, source(y=y, p=p), Roles(target="y", prediction="p"))

    assert result.settings["task"] == "classes"
    found = values(result)
    for average in ("macro", "weighted"):
        expected = metrics.f1_score(y, p, average=average)
        assert found[f"f1_{average}"] == pytest.approx(expected)


def test_scores_of_every_class_give_the_pairwise_area_and_the_log_loss(engine, source):
    rng = np.random.default_rng(6)
    y, raw = rng.integers(0, 3, 400), rng.random((400, 3))
    share = raw / raw.sum(axis=1, keepdims=True)
    columns = {f"s{k}": share[:, k] for k in range(3)}
    roles = Roles(target="y", prediction="p", class_scores={str(k): f"s{k}" for k in range(3)})

    found = values(measure(engine, source(y=y, p=share.argmax(axis=1), **columns), roles))

    expected = metrics.roc_auc_score(y, share, multi_class="ovo", average="macro")
    assert found["roc_auc_hand_till"] == pytest.approx(expected)
    assert found["log_loss"] == pytest.approx(metrics.log_loss(y, share))


def test_a_class_never_seen_is_refused(engine, source, people):
    roles = Roles(target="race", prediction="race", class_scores={"z": "s"})
    with pytest.raises(InvalidInput, match="class 'z'"):
        measure(engine, source(**people), roles)


@pytest.mark.parametrize(
    ("target", "prediction"),
    [
        ([True, False] * 50, [1, 0] * 50),
        ([1.0, 0.0] * 50, ["True", "False"] * 50),
        (["1", "0"] * 50, [True, False] * 50),
    ],
)
def test_the_positive_label_of_common_codings_needs_no_telling(engine, source, target, prediction):
    result = measure(engine, source(y=target, p=prediction), Roles(target="y", prediction="p"))

    assert values(result)["recall"] == 1


def test_an_inverted_coding_is_pointed_out(engine, source, people):
    result = measure(engine, source(**people), Roles(target="y", prediction="p", positive="0"))

    assert "--positive-prediction 0" in result.notices[0]
    told = Roles(target="y", prediction="p", positive="0", positive_prediction="0")
    again = measure(engine, source(**people), told)
    expected = metrics.recall_score(people["y"], people["p"], pos_label=0)
    assert values(again)["recall"] == pytest.approx(expected)


def test_a_task_can_be_named_and_an_unknown_one_is_refused(engine, source):
    rows = source(y=[1, 2, 3] * 40, p=[1, 2, 3] * 40)

    named = measure(engine, rows, Roles(target="y", prediction="p", task="classes"))

    assert values(named)["accuracy"] == 1
    with pytest.raises(InvalidInput, match="task 'ranking'"):
        measure(engine, rows, Roles(target="y", prediction="p", task="ranking"))


@pytest.mark.parametrize("task", ["classes", "regression"])
def test_classes_and_regressions_need_a_prediction(engine, source, task):
    with pytest.raises(InvalidInput, match="--prediction"):
        measure(engine, source(y=[1, 2, 3]), Roles(target="y", task=task))


def test_numbers_with_many_values_are_no_classes(engine, source):
    rows = source(y=[f"v{i}" for i in range(300)], p=["v1"] * 300)
    with pytest.raises(InvalidInput, match="more than 200"):
        measure(engine, rows, Roles(target="y", prediction="p"))


def test_windows_and_limits_judge_each_window(engine, source, people):
    at = np.datetime64("2024-01-01", "us") + np.arange(2_000).astype("timedelta64[h]")
    result = measure(
        engine, source(at=at, **people), timestamp="at", window="1M", limits={"accuracy": 0.99}
    )

    accuracy = [m for m in result.measurements if m.statistic == "accuracy"]
    assert len(accuracy) == 3
    assert all(m.window is not None and m.state == "breach" for m in accuracy)
    assert result.verdict == "breach"


def test_a_column_without_any_time_is_refused(engine, source):
    rows = source(at=pa.array([None, None], pa.timestamp("us")), y=[0, 1], p=[0, 1])
    with pytest.raises(InvalidInput, match="no time in any row"):
        measure(engine, rows, Roles(target="y", prediction="p"), timestamp="at")


def groups(result, statistic, **slice_):
    return [m for m in result.measurements if m.statistic == statistic and dict(m.slice) == slice_]


def audit(engine, source, **options: Any):
    given: dict[str, Any] = {"sensitive": ("sex",), **options}
    return measure_fairness(
        engine,
        source=source,
        options=FairnessOptions(roles=Roles(target="y", prediction="p"), **given),
    )


GAPS = {
    "demographic_parity_difference": fair.demographic_parity_difference,
    "demographic_parity_ratio": fair.demographic_parity_ratio,
    "equalized_odds_difference": fair.equalized_odds_difference,
    "equalized_odds_ratio": fair.equalized_odds_ratio,
}


@pytest.mark.parametrize("name", GAPS)
def test_gaps_and_rates_are_fairlearns_for_attributes_and_intersections(
    engine, source, people, name
):
    result = audit(engine, source(**people), sensitive=("sex", "race"), intersect=2)

    joint = [f"{s}-{r}" for s, r in zip(people["sex"], people["race"], strict=True)]
    for column, features in (("sex", people["sex"]), ("sex & race", joint)):
        expected = GAPS[name](people["y"], people["p"], sensitive_features=features)
        (measured,) = [m for m in result.measurements if m.statistic == name and m.column == column]
        assert measured.value == pytest.approx(expected)
        assert measured.slice == {}
    frame = fair.MetricFrame(
        metrics=fair.selection_rate, y_true=people["y"], y_pred=people["p"],
        sensitive_features=people["race"],
    )  # fmt: skip
    for race, rate in frame.by_group.items():
        assert groups(result, "selection_rate", race=race)[0].value == pytest.approx(rate)


def test_control_columns_compare_only_within_their_groups(engine, source, people):
    result = audit(engine, source(**people), control=("region",))

    for region in ("north", "south"):
        here = people["region"] == region
        expected = fair.demographic_parity_difference(
            people["y"][here], people["p"][here], sensitive_features=people["sex"][here]
        )
        (gap,) = groups(result, "demographic_parity_difference", region=region)
        assert gap.value == pytest.approx(expected)
        assert gap.n == here.sum()


def test_a_reference_group_is_what_the_others_are_compared_with(engine, source, people):
    result = audit(engine, source(**people), sensitive=("race",), reference_group={"race": "b"})

    rate = {r: people["p"][people["race"] == r].mean() for r in "abc"}
    (gap,) = groups(result, "demographic_parity_difference")
    assert gap.value == pytest.approx(max(abs(rate[r] - rate["b"]) for r in "ac"))
    (own,) = groups(result, "impact_ratio", race="b")
    (other,) = groups(result, "impact_ratio", race="a")
    assert (own.value, other.value) == (1, pytest.approx(rate["a"] / rate["b"]))


def test_four_fifths_screens_and_a_limit_of_ones_own_judges(engine, source):
    p = [1] * 10 + [0] * 90 + [1] * 50 + [0] * 50
    rows = source(y=[0, 1] * 100, p=p, sex=["F"] * 100 + ["M"] * 100)

    screened, judged = audit(engine, rows), audit(engine, rows, limits={"impact_ratio": 0.8})

    assert (screened.verdict, judged.verdict) == ("warning", "breach")
    (ratio,) = [m for m in screened.measurements if m.column and m.statistic == "impact_ratio"]
    assert (ratio.value, ratio.limit) == (pytest.approx(0.2), 0.8)
    assert "not a verdict" in (ratio.reason or "")


def test_scores_add_calibration_and_ranking_by_group(engine, source, people):
    options = FairnessOptions(roles=ROLES, sensitive=("sex",))
    result = measure_fairness(engine, source=source(**people), options=options)

    female = people["sex"] == "F"
    expected = metrics.roc_auc_score(people["y"][female], people["s"][female])
    assert groups(result, "roc_auc", sex="F")[0].value == pytest.approx(expected)


def test_an_intersection_needs_as_many_attributes(engine, source, people):
    with pytest.raises(InvalidInput, match="intersect 2"):
        audit(engine, source(**people), intersect=2)
    with pytest.raises(InvalidInput, match="not a --sensitive"):
        audit(engine, source(**people), reference_group={"race": "a"})
    with pytest.raises(InvalidInput, match="--sensitive"):
        audit(engine, source(**people), sensitive=())
    with pytest.raises(InvalidInput, match="--prediction"):
        measure_fairness(
            engine,
            source=source(**people),
            options=FairnessOptions(roles=Roles(target="y"), sensitive=("sex",)),
        )
