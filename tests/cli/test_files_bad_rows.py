"""Rows that cannot be used get a state with a reason, and the rest of the run goes on."""

import numpy as np
import pyarrow as pa
import pytest


def test_a_type_that_changed_is_an_error_with_the_first_row(command, write):
    before = write("before.csv", "x\n" + "1\n" * 300)
    after = write("after.csv", "x\n" + "1\n" * 16 + "abc\n" + "1\n" * 283)

    outcome = command("drift", before, after)

    (measured,) = outcome.json["measurements"]
    assert (outcome.code, measured["state"]) == (1, "error")
    assert "'abc'" in measured["reason"]
    assert "row 17" in measured["reason"]


def test_an_all_null_column_is_insufficient_with_a_reason(command, table):
    file = table(x=pa.array([None] * 300, pa.float64()), z=list(range(0, 600, 2)))

    outcome = command("drift", file, file, "--statistic", "ks")

    assert [m["state"] for m in outcome.found("ks", column="x")] == ["insufficient"]
    assert outcome.found("ks", column="x")[0]["reason"]
    assert outcome.json["verdict"] == "ok"


def test_a_csv_column_that_is_empty_on_one_side_is_insufficient_and_no_type_error(command, write):
    before = write("before.csv", "x,z\n" + "1.5,2\n2.5,3\n" * 150)
    after = write("after.csv", "x,z\n" + ",2\n,3\n" * 150)

    for sides in ((before, after), (after, before)):
        (measured,) = command("drift", *sides).found("missing_share", column="x")
        assert measured["state"] == "insufficient"
        assert measured["reason"] == f"column x of {after} holds no value"


def test_rows_that_cannot_be_used_are_counted_aloud(command, table):
    file = table(
        y=["no", "yes", None, "perhaps"] * 50, p=[0.2, 0.7, 0.5, 1.5] * 50, said=["yes", "no"] * 100
    )

    outcome = command("performance", file, "--target", "y", "--positive", "yes", "--score", "p")

    assert "'no', 'perhaps' in y all count as not 'yes'" in outcome.err
    assert "50 of 200 rows have no outcome and are left out" in outcome.err
    assert "50 of 200 rows have no score between 0 and 1 and are left out" in outcome.err
    assert {m["n"] for m in outcome.json["measurements"]} == {100}
    regression = table(
        "r.parquet", y=[1.0, 2.0, 3.0, None] * 50, f=[1.0, float("nan"), 2.0, 1.0] * 50
    )
    outcome = command("performance", regression, "--target", "y", "--prediction", "f")
    assert "50 of 200 rows have no outcome" in outcome.err
    assert "50 of 200 rows have no finite prediction" in outcome.err


def test_a_run_in_which_nothing_can_be_judged_exits_with_3(command, table):
    file = table(x=[1.0, 2.0, 3.0])

    outcome = command("drift", file, file)

    assert (outcome.code, outcome.json["verdict"]) == (3, "insufficient")


def test_constant_and_all_null_columns_have_a_state_with_a_reason(command, table):
    file = table(c=[5] * 50, n=pa.array([None] * 50, pa.int32()), x=[i / 7 for i in range(50)])

    outcome = command("quality", file)

    (constant,) = outcome.found("distinct_values", column="c")
    (empty,) = outcome.found("missing_share", column="n")
    assert (constant["state"], empty["state"], outcome.code) == ("warning", "breach", 1)
    assert "constant" in constant["reason"]
    assert "no row holds a value" in empty["reason"]


def test_infinite_values_are_counted_apart_and_never_reach_the_json(command, write):
    rows = "".join(f"{i / 10}\n" for i in range(300))
    file = write("x.csv", f"x\ninf\n-inf\n{rows}")

    drift, quality = command("drift", file, file), command("quality", file)

    assert {m["n"] for m in drift.json["measurements"] if m["statistic"] == "ks"} == {300}
    (infinite,) = quality.found("infinite_share", column="x")
    assert infinite["state"] == "breach"
    assert infinite["value"] == pytest.approx(2 / 302)


def test_nan_counts_as_missing(command, table):
    file = table(x=[float("nan")] * 30 + [float(i) for i in range(70)])

    assert command("quality", file).value("missing_share", column="x") == pytest.approx(0.3)


def test_duplicate_ids_are_a_breach_that_names_the_row(command, table):
    file = table(id=[*range(200), 7], x=[float(i % 9) for i in range(201)])

    outcome = command("quality", file)

    (repeated,) = outcome.found("duplicate_ids", column="id")
    assert repeated["state"] == "breach"
    assert "first row 201" in repeated["reason"]
    assert "'7' (2)" in repeated["reason"]


def test_a_group_of_one_is_insufficient_and_stays_out_of_the_gaps(command, table):
    groups = ["F", "M"] * 100 + ["X"]
    file = table(y=[0, 1, 1, 0] * 50 + [1], p=[0, 1, 0, 0] * 50 + [0], sex=groups)

    outcome = command("fairness", file, "--target=y", "--prediction=p", "--sensitive=sex")

    (alone,) = outcome.found("selection_rate", slice={"sex": "X"})
    assert (alone["state"], alone["n"]) == ("insufficient", 1)
    (gap,) = outcome.found("demographic_parity_difference")
    assert gap["n"] == 200
    assert "sex=X has 1 rows" in outcome.err


def test_times_and_ids_are_left_out_of_drift_with_a_notice(command, table):
    file = table(
        at=pa.array(np.arange(300), pa.timestamp("us")),
        row=list(range(300)),
        key=[f"k{i}" for i in range(300)],
        x=[float(i % 50) for i in range(300)],
    )

    outcome = command("drift", file, file)

    assert {m["column"] for m in outcome.json["measurements"]} == {"x"}
    assert len(outcome.json["notices"]) == 3
    for name in ("at", "row", "key"):
        assert f"column {name} was left out" in outcome.err


def test_a_named_id_column_is_measured_after_all(command, table):
    file = table(row=list(range(300)))

    outcome = command("drift", file, file, "--columns", "row", "--statistic", "ks")

    assert outcome.value("ks", column="row") == 0


def test_rows_without_a_time_are_left_out_with_a_notice(command, write):
    rows = "".join(f"2024-01-0{1 + i % 2},{i % 10}\n" for i in range(800))
    file = write("x.csv", f"at,x\n,3\n{rows}")

    outcome = command("drift", file, file, "--timestamp", "at", "--statistic", "ks")

    assert [m["n"] for m in outcome.json["measurements"]] == [400, 400]
    assert "1 rows" in outcome.err


def test_a_third_decision_is_named_before_it_counts_as_not_positive(command, table):
    file = table(y=["yes", "no"] * 60, p=["yes", "no", "maybe"] * 40)

    result = command("performance", file, "--target", "y", "--prediction", "p", "--positive", "yes")

    assert any(
        "'maybe'" in n and "in p all count as not 'yes'" in n for n in result.json["notices"]
    )


def test_infinite_and_missing_decisions_are_no_decisions(command, table):
    file = table(y=[1.0, 0.0] * 60, p=[1.0, 0.0, 1.0, float("inf"), float("nan"), 0.0] * 20)

    result = command("performance", file, "--target", "y", "--prediction", "p")

    assert {m["n"] for m in result.json["measurements"] if m["statistic"] == "accuracy"} == {80}
    assert (
        "40 of 120 rows have no decision and are left out of what needs it"
        in result.json["notices"]
    )
