"""Fairness from files: real data against fairlearn, other kinds of answers, and what is refused."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fairlearn import metrics as fl
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, mean_absolute_error, precision_score

from lifecycle.domain.measurement import State
from lifecycle.domain.value import cost_matrix
from lifecycle.engines import choose
from lifecycle.errors import InvalidInput
from lifecycle.services.analysis.fairness import FairnessOptions, measure_fairness
from lifecycle.services.analysis.fairness.presets import applied, names
from lifecycle.services.analysis.outcomes import Roles
from lifecycle.services.analysis.result import as_json
from lifecycle.stats.fairness.suppression import suppressed

DATA = Path(__file__).resolve().parents[3].parent / "shared" / "data"
SHARED = {
    "selection_rate": fl.selection_rate,
    "true_positive_rate": fl.true_positive_rate,
    "false_positive_rate": fl.false_positive_rate,
    "true_negative_rate": fl.true_negative_rate,
    "false_negative_rate": fl.false_negative_rate,
    "accuracy": accuracy_score,
    "precision": lambda y, p: precision_score(y, p, zero_division=0),  # pyright: ignore[reportArgumentType] -- its stub wants a string
}
ROLES = Roles(target="y", prediction="p")


@pytest.fixture(scope="module")
def engine():
    with choose("duckdb") as opened:
        yield opened


@pytest.fixture
def source(engine, tmp_path):
    def write(name="rows", **columns):
        file = tmp_path / f"{name}.parquet"
        pq.write_table(pa.table(columns), file)
        return engine.open(str(file))

    return write


def rates(result, statistic="selection_rate") -> dict[str, Any]:
    """Return a rate by group."""
    return {m.slice["g"]: m for m in result.measurements if m.statistic == statistic and m.slice}


def run(engine, rows, roles=ROLES, **options: Any):
    given: dict[str, Any] = {"sensitive": ("g",), **options}
    asked = FairnessOptions(roles=roles, **given)
    return measure_fairness(engine, source=rows, options=asked)


def one(result, statistic, *, column=None, **slice_) -> Any:
    (found,) = [
        m
        for m in result.measurements
        if m.statistic == statistic and m.column == column and dict(m.slice) == slice_
    ]
    return found


@pytest.mark.parametrize(
    ("name", "attributes"),
    [("adult", ("sex", "race")), ("oulad_students", ("gender", "disability", "imd_band"))],
)
def test_shared_metrics_equal_fairlearns_metric_frame_on_real_data(
    engine, tmp_path, name, attributes
):
    if not (DATA / f"{name}.parquet").exists():
        pytest.skip(f"the shared data set {name} is not beside this checkout")
    rows = pd.read_parquet(DATA / f"{name}.parquet")
    truth = rows["class"] == ">50K" if name == "adult" else rows["final_result"] == "Pass"
    said = rows["pred_tree"] if name == "adult" else rows["studied_credits"] <= 60
    columns = {a: rows[a].astype("str").where(rows[a].notna()) for a in attributes}
    frame = pd.DataFrame({"y": truth.astype(int), "p": said.astype(int), **columns})
    file = tmp_path / "rows.parquet"
    frame.to_parquet(file)

    result = run(engine, engine.open(str(file)), sensitive=attributes, intersect=2, minimum_group=1)

    for cut in [(a,) for a in attributes] + [attributes[:2]]:
        of = frame[list(cut)].fillna("(missing)")
        peer = fl.MetricFrame(
            metrics=SHARED, y_true=frame["y"], y_pred=frame["p"], sensitive_features=of
        )
        for group, expected in peer.by_group.dropna(how="all").iterrows():
            named = dict(zip(cut, group if isinstance(group, tuple) else (group,), strict=True))
            for statistic in SHARED:
                found = one(result, statistic, **named)
                if found.value is not None:  # fairlearn writes 0 where nothing can be divided
                    assert found.value == pytest.approx(expected[statistic], abs=1e-12)
        apart = peer.difference()
        assert one(
            result, "demographic_parity_difference", column=" & ".join(cut)
        ).value == pytest.approx(apart["selection_rate"], abs=1e-12)


def test_a_regression_compares_mean_errors_and_their_size(engine, source):
    rng = np.random.default_rng(3)
    g = rng.choice(["a", "b", "c"], 900)
    y = rng.normal(10, 2, 900)
    p = y + np.where(g == "a", 1.0, 0.0) + rng.normal(0, 1, 900)

    result = run(engine, source(y=y, p=p, g=g))

    peer = fl.MetricFrame(
        metrics={"mae": mean_absolute_error, "bias": lambda y, p: np.mean(p - y)},
        y_true=y,
        y_pred=p,
        sensitive_features=g,
    )
    for group in "abc":
        for name in ("mae", "bias"):
            expected = peer.by_group.loc[group, name]
            assert one(result, name, g=group).value == pytest.approx(expected, abs=1e-9)
    apart = one(result, "mean_error_difference", column="g")
    assert apart.value == pytest.approx(peer.difference()["bias"], abs=1e-9)
    assert apart.interval[0] < 1.0 < apart.interval[1]
    ratio = one(result, "error_parity_ratio", column="g")
    assert ratio.value == pytest.approx(peer.ratio()["mae"], abs=1e-9)
    assert result.settings["task"] == "regression"


def test_several_classes_are_each_set_against_the_rest(engine, source):
    rng = np.random.default_rng(4)
    y, p, g = (
        rng.choice(list("xyz"), 600),
        rng.choice(list("xyz"), 600),
        rng.choice(["a", "b"], 600),
    )

    result = run(engine, source(y=y, p=p, g=g))

    for name in "xyz":
        peer = fl.demographic_parity_difference(y == name, p == name, sensitive_features=g)
        assert one(result, "demographic_parity_difference", column="g", y=name).value == (
            pytest.approx(peer, abs=1e-12)
        )
        rate = fl.true_positive_rate((y == name)[g == "a"], (p == name)[g == "a"])
        assert one(result, "true_positive_rate", g="a", y=name).value == pytest.approx(rate)


def test_numbers_are_cut_into_declared_bands_and_the_unknown_are_a_group(engine, source):
    age = pa.array([10.0, 25.0, 39.9, 40.0, 80.0, None] * 40)
    rows = source(y=[0, 1] * 120, p=[1, 1, 0] * 80, g=age)

    result = run(engine, rows, bands={"g": (25, 40, 65)})

    groups = {
        m.slice["g"]: m.n
        for m in result.measurements
        if m.statistic == "selection_rate" and m.slice
    }
    assert groups == {
        "under 25": 40,
        "25 to under 40": 80,
        "40 to under 65": 40,
        "65 and more": 40,
        "(missing)": 40,
    }
    assert "g=(missing) are 16.7% of the rows, a group apart" in result.notices
    for wrong in ({"g": ()}, {"g": (40, 25)}, {"h": (1,)}):
        with pytest.raises(InvalidInput, match="bands"):
            run(engine, rows, bands=wrong)
    with pytest.raises(InvalidInput, match="holds no numbers"):
        run(engine, source(y=[0, 1], p=[0, 1], g=["a", "b"]), bands={"g": (1,)})


def test_small_groups_are_hidden_with_one_more_so_that_none_can_be_found(engine, source):
    sizes = {"a": 3, "b": 40, "c": 50, "d": 60}
    g = [name for name, n in sizes.items() for _ in range(n)]
    rows = source(y=[0, 1, 1] * 51, p=[1, 0, 1] * 51, g=g)

    result = run(engine, rows, suppress=5)

    rate = {
        m.slice["g"]: m for m in result.measurements if m.statistic == "selection_rate" and m.slice
    }
    assert [rate[name].value is None for name in "abcd"] == [True, True, False, False]
    assert rate["a"].n is rate["b"].n is None
    assert rate["a"].reason == "not shown: fewer than 5 rows"
    assert "could be found from it" in str(rate["b"].reason)
    assert not any("a" in notice and " 3 rows" in notice for notice in result.notices)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(st.lists(st.integers(1, 60), min_size=2, max_size=5), st.integers(2, 40))
def test_no_small_group_can_be_counted_from_an_export(engine, source, sizes, k):
    g = [f"g{i}" for i, n in enumerate(sizes) for _ in range(n)]
    rows = source(y=[i % 2 for i in range(len(g))], p=[i % 3 % 2 for i in range(len(g))], g=g)

    written: Any = as_json(run(engine, rows, suppress=k))["measurements"]

    everybody = [m["n"] for m in written if not m["slice"] and not m["column"]]
    seen = [m["n"] for m in written if m["slice"] and m["statistic"] == "selection_rate"]
    left = max(everybody) - sum(n for n in seen if n)
    assert left == 0 or left >= min(k, sum(sizes))
    assert seen.count(None) != 1
    assert all(n is None or n >= k for n in seen)
    gaps = {m["n"] for m in written if m["column"]}
    assert not left or gaps == {None}


def test_every_line_with_a_hidden_cell_hides_two_and_crossings_follow_their_groups():
    table = {
        ("f", "x"): 2,
        ("f", "y"): 30,
        ("f", "z"): 20,
        ("m", "x"): 25,
        ("m", "y"): 40,
        ("m", "z"): 9,
    }

    hidden = suppressed(table, k=5)

    assert hidden == {("f", "x"): False, ("f", "z"): True, ("m", "x"): True, ("m", "z"): True}
    assert suppressed(table, k=0) == {}
    assert suppressed({("a",): 2, ("b",): 2, ("c",): 50}, k=5) == {
        ("a",): False,
        ("b",): False,
        ("c",): True,
    }
    assert suppressed(table, k=0, also=[("f", "x")])[("f", "x")]


def test_the_largest_group_is_the_reference_when_the_rule_says_so(engine, source):
    g = ["a"] * 100 + ["b"] * 60 + ["c"] * 60
    p = [1, 0] * 50 + [1] * 45 + [0] * 15 + [1] * 15 + [0] * 45
    rows = source(y=[0, 1] * 110, p=p, g=g)

    free, fixed = run(engine, rows), run(engine, rows, reference_rule="largest")

    assert one(free, "demographic_parity_difference", column="g").value == pytest.approx(0.5)
    assert one(fixed, "demographic_parity_difference", column="g").value == pytest.approx(0.25)
    assert "the group that has the most rows" in " ".join(fixed.notices)
    with pytest.raises(InvalidInput, match="reference rule"):
        run(engine, rows, reference_rule="smallest")


def test_what_cannot_hold_together_is_named_where_base_rates_surely_differ(engine, source):
    g, p = ["a"] * 200 + ["b"] * 200, [1, 0] * 200
    apart = source("apart", y=[1] * 150 + [0] * 50 + [0] * 150 + [1] * 50, p=p, g=g)
    alike = source("alike", y=[1, 0] * 200, p=p, g=g)

    assert any("base rates differ by g" in said for said in run(engine, apart).notices)
    assert not any("base rates" in said for said in run(engine, alike).notices)


def test_calibration_within_groups_is_told_with_its_interval(engine, source):
    rng = np.random.default_rng(8)
    s, g = rng.random(800).round(3), rng.choice(["a", "b"], 800)
    y = (rng.random(800) < np.where(g == "a", s, s / 2)).astype(int)
    roles = Roles(target="y", prediction="p", score="s")
    result = run(engine, source(y=y, p=(s > 0.5).astype(int), s=s, g=g), roles)

    gap = s[g == "b"].mean() - y[g == "b"].mean()
    found = one(result, "calibration_bias", g="b")
    assert one(result, "calibration_difference", column="g").interval[0] > 0.1
    assert found.value == pytest.approx(gap, abs=1e-9)
    assert found.interval[0] < found.value < found.interval[1]


def test_a_gap_says_how_likely_chance_is_corrected_for_all_comparisons(engine, source):
    rng = np.random.default_rng(5)
    g = rng.choice(["a", "b"], 2_000)
    rows = source(y=rng.integers(0, 2, 2_000), p=rng.integers(0, 2, 2_000), g=g)

    result = run(engine, rows, correction="bonferroni")

    gap = one(result, "demographic_parity_difference", column="g")
    assert 0 < gap.p_value <= gap.p_adjusted <= 1
    tests: Any = result.settings["tests"]
    assert tests > 5


@pytest.mark.parametrize(
    ("y", "g", "reason"),
    [
        ([1] * 80, ["a", "b"] * 40, "fewer than two groups to compare"),
        ([0, 1] * 40, ["a"] * 80, "fewer than two groups to compare"),
        ([0, 1] * 40, ["a"] * 79 + ["b"], "1 of 2 groups left out"),
        ([None] * 70 + [0, 1] * 5, ["a", "b"] * 40, "fewer than two groups to compare"),
    ],
    ids=["one class only", "one group only", "a group of one", "missing labels"],
)
def test_too_little_to_compare_is_a_state_with_its_reason(engine, source, y, g, reason):
    rows = source(y=pa.array(y, pa.int64()), p=[0, 1, 1, 0] * 20, g=g)

    result = run(engine, rows, Roles(target="y", prediction="p", positive="1"))

    gap = one(result, "equalized_odds_difference", column="g")
    assert (gap.value, gap.state) == (None, "insufficient")
    assert reason in gap.reason
    assert "NaN" not in str(as_json(result))


def test_a_score_that_is_no_probability_is_refused_in_a_sentence(engine, source):
    rows = source(y=[0, 1], p=[0, 1], s=[0.2, 1.7], g=["a", "b"])

    with pytest.raises(InvalidInput, match="holds 1 scores outside 0 to 1"):
        run(engine, rows, Roles(target="y", prediction="p", score="s"))
    lenient = run(engine, rows, Roles(target="y", prediction="p", score="s"), strict_scores=False)
    assert any("no score between 0 and 1" in said for said in lenient.notices)


def test_four_attributes_are_not_crossed(engine, source):
    rows = source(y=[0, 1], p=[0, 1], **{name: ["u", "v"] for name in "abcd"})

    with pytest.raises(InvalidInput, match="at most 3"):
        run(engine, rows, sensitive=tuple("abcd"), intersect=4)


def applicants(source, n=2_000):
    rng = np.random.default_rng(6)
    sex = rng.choice(["F", "M", "X"], n, p=[0.5, 0.49, 0.01])
    s = np.clip(rng.random(n) * np.where(sex == "F", 0.8, 1.0), 0, 1).round(3)
    rows = {"y": (rng.random(n) < s).astype(int), "p": (s > 0.6).astype(int), "s": s}
    return source(**rows, g=sex, race=rng.choice(["a", "b"], n)), rows, sex


def test_local_law_144_compares_selection_and_scoring_rates_without_categories_below_2_percent(
    engine, source
):
    file, rows, sex = applicants(source)
    roles = Roles(target="y", prediction="p", score="s")
    asked = FairnessOptions(roles=roles, sensitive=("g", "race"))

    result = measure_fairness(engine, source=file, options=applied(asked, name="nyc-ll144"))

    selected = {k: rows["p"][sex == k].mean() for k in "FM"}
    assert one(result, "impact_ratio", g="F").value == pytest.approx(selected["F"] / selected["M"])
    assert one(result, "impact_ratio", g="X").value is None
    high = {k: (rows["s"] > np.median(rows["s"]))[sex == k].mean() for k in "FM"}
    scored = {"g": "F", "decision": "score above the median"}
    assert one(result, "selection_rate", **scored).value == pytest.approx(high["F"], abs=2e-3)
    assert one(result, "impact_ratio", **scored).value == pytest.approx(
        high["F"] / high["M"], abs=4e-3
    )
    assert {m.statistic for m in result.measurements} == {"selection_rate", "impact_ratio"}
    assert any(set(m.slice) == {"g", "race"} for m in result.measurements)
    assert "nyc-ll144" in result.notices[0]
    assert {"four-fifths", "nyc-ll144"} <= set(names())
    with pytest.raises(InvalidInput, match="no preset is called"):
        applied(asked, name="atlantis")


def test_local_law_144_leaves_unknown_categories_out_and_counts_them(engine, source):
    g = ["a"] * 100 + ["b"] * 100 + [None] * 60 + ["Unknown"] * 40
    p = [1, 0] * 50 + [1, 0, 0, 0] * 25 + [1] * 100
    rows = source(y=[0, 1] * 150, p=p, g=g)
    asked = FairnessOptions(roles=ROLES, sensitive=("g",))

    result = measure_fairness(engine, source=rows, options=applied(asked, name="nyc-ll144"))

    assert one(result, "impact_ratio", g="a").value == 1.0
    assert one(result, "impact_ratio", g="b").value == pytest.approx(0.25 / 0.5)
    assert {m.slice.get("g") for m in result.measurements} == {None, "a", "b"}
    assert "100 rows whose g is unknown ((missing), Unknown) are left out by g" in result.notices


def test_what_a_caller_limits_is_measured_beside_a_preset(engine, source):
    rows = source(y=[0, 1] * 100, p=[1, 0, 0, 1] * 50, g=["a"] * 100 + ["b"] * 100)
    asked = FairnessOptions(roles=ROLES, sensitive=("g",), limits={"accuracy": 0.9})

    result = measure_fairness(engine, source=rows, options=applied(asked, name="four-fifths"))

    assert (one(result, "accuracy").state, result.verdict) == (State.BREACH, State.BREACH)


def test_where_nothing_can_be_compared_the_verdict_is_insufficient(engine, source):
    y, p, g = [0, 1] * 100, [0, 1, 1, 0] * 50, ["a"] * 100 + ["b"] * 100
    lone = run(engine, source("lone", y=y, p=p, g=["a"] * 200))
    same = run(engine, source("same", y=y, p=[0] * 200, g=g))
    usual = run(engine, source("usual", y=y, p=p, g=g))
    strict = run(engine, source("strict", y=y, p=[0] * 200, g=g), limits={"accuracy": 0.9})

    verdicts = [found.verdict for found in (lone, same, usual, strict)]
    assert verdicts == [State.INSUFFICIENT, State.INSUFFICIENT, State.OK, State.BREACH]
    assert "all decisions are negative, so there is nothing to compare groups by" in same.notices
    assert any(said.startswith("no limit set: gaps are measured") for said in usual.notices)
    assert not any(said.startswith("no limit set") for said in strict.notices)


def test_no_base_rate_of_a_group_that_is_not_shown_is_told(engine, source):
    y = [1, 0] * 200 + [1, 0] * 200 + [1] * 45 + [0, 1] * 27
    g = ["a"] * 400 + ["b"] * 400 + ["tiny"] * 45 + ["next"] * 54
    rows = source(y=y, p=[0, 1, 1] * 299 + [0, 1], g=g)

    open_, kept = run(engine, rows), run(engine, rows, suppress=50)

    assert any("base rates differ by g, by 0.5" in said for said in open_.notices)
    assert not any("base rates differ" in said for said in kept.notices)


def test_outcomes_and_answers_are_no_groups_and_errors_have_no_most_selected_one(engine, source):
    rows = source(y=[0.5, 1.5] * 100, p=[0.4, 1.7] * 100, g=["a"] * 100 + ["b"] * 100)
    asked = Roles(target="y", prediction="p", task="regression")

    said = " ".join(run(engine, rows, asked).notices)
    with pytest.raises(InvalidInput, match="attribute 'y' holds what is measured"):
        run(engine, rows, asked, sensitive=("y",))

    assert "groups are compared with each other" in said
    assert "selected" not in said


def test_a_sweep_says_what_other_thresholds_would_do_and_what_is_legally_sensitive(engine, source):
    file, _, _ = applicants(source)
    roles = Roles(target="y", prediction="p", score="s")
    worth = cost_matrix({"TP": 10, "FP": -8}, currency="EUR")

    result = run(engine, file, roles, sweep=True, costs=worth)

    found: Any = result.details["sweep"]
    assert set(found["g"]["groups"]) == {"F", "M"}  # X is too small to compare
    points = {p["name"]: p for p in found["g"]["operating_points"]}
    assert points["one threshold for all"]["legally_sensitive"] is None
    assert (
        "unlawful" in points["equal selection rates by a threshold per group"]["legally_sensitive"]
    )
    assert "EUR" in found["g"]["worth_of"]
    with pytest.raises(InvalidInput, match="give --score"):
        run(engine, file, sweep=True)


def test_rows_of_one_outcome_alone_give_reasons_and_a_slip_of_the_pen_is_still_refused(
    engine, source
):
    rows = source("one", y=[0] * 40, p=[0, 1] * 20, sex=["f", "m", "m", "f"] * 10)
    asked = FairnessOptions(roles=Roles("y", prediction="p", positive="1"), sensitive=("sex",))

    found = measure_fairness(engine, source=rows, options=asked).measurements

    without = {m.statistic: m.reason for m in found if m.value is None and not m.slice}
    assert without["true_positive_rate"] == "no decided row of the group has a positive outcome"
    assert all(m.value is not None or (m.reason and str(m.state) != "ok") for m in found)
    wrong = FairnessOptions(roles=Roles("y", prediction="p", positive="yes"), sensitive=("sex",))
    with pytest.raises(InvalidInput, match="label 'yes' never occurs"):
        measure_fairness(engine, source=rows, options=wrong)
