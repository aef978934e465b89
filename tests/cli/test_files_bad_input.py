"""Bad input gets one sentence that names file, column and row, or a state with a reason."""

import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from files_command import Command

from lifecycle.cli import entry


@pytest.fixture
def command(capsys):
    return Command(capsys)


@pytest.fixture
def write(tmp_path):
    def file(name, text):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return file


@pytest.fixture
def table(tmp_path):
    def file(name="rows.parquet", **columns):
        path = tmp_path / name
        pq.write_table(pa.table(columns), path)
        return path

    return file


@pytest.fixture
def people(table):
    return table(
        y=["no", "yes"] * 100,
        said=["no", "yes", "yes", "no"] * 50,
        sex=["F", "M"] * 100,
        age=list(range(200)),
    )


def refused(outcome, *words):
    """One line on stderr, nothing on stdout, exit code 2."""
    assert outcome.code == 2
    assert outcome.out == ""
    (line,) = outcome.err.strip().splitlines()
    for word in words:
        assert str(word) in line
    assert "Traceback" not in line


def test_a_missing_file_is_named(command, tmp_path):
    refused(command("quality", tmp_path / "none.parquet"), "none.parquet", "does not exist")


def test_an_empty_file_is_named(command, write):
    refused(command("quality", write("empty.csv", "")), "empty.csv", "empty")


def test_a_header_without_rows_is_named(command, write):
    refused(command("quality", write("header.csv", "a,b\n")), "header.csv", "no rows")


def test_a_short_csv_line_is_named(command, write):
    refused(command("quality", write("short.csv", "a,b\n1,2\n3\n")), "short.csv", "line 3")


def test_a_file_that_is_no_text_is_named(command, write):
    refused(command("quality", write("binary.csv", b"a,b\n\xff\xfe,1\n")), "binary.csv", "UTF-8")


def test_a_truncated_parquet_file_is_named(command, table):
    whole = table(x=list(range(10_000)))
    whole.write_bytes(whole.read_bytes()[:5_000])

    refused(command("quality", whole), "rows.parquet", "truncated")


def test_a_parquet_file_damaged_inside_is_named(command, tmp_path):
    file = tmp_path / "rows.parquet"
    numbers = np.random.default_rng(1).normal(size=50_000).round(2)
    pq.write_table(pa.table({"x": numbers}), file, compression="zstd", use_dictionary=False)
    damaged = bytearray(file.read_bytes())
    damaged[1_000:20_000] = b"\xaa" * 19_000
    file.write_bytes(damaged)

    refused(command("drift", file, file), "rows.parquet", "cannot be read")


def test_a_broken_json_line_is_named(command, write):
    refused(command("quality", write("bad.jsonl", '{"a":1}\n{"a":\n')), "bad.jsonl", "line")


def test_a_file_that_is_no_arrow_file_is_named(command, write):
    refused(command("quality", write("x.feather", "nonsense")), "x.feather", "Arrow")


def test_an_unknown_ending_is_named_with_the_known_ones(command, write):
    refused(command("quality", write("x.xlsx", "nonsense")), "x.xlsx", ".parquet")


def test_a_folder_of_mixed_formats_is_refused(command, write, tmp_path):
    write("a.csv", "x\n1\n")
    write("b.jsonl", '{"x": 1}\n')

    refused(command("quality", tmp_path), "mixes formats", "csv", "json")


def test_a_missing_column_is_named_with_the_closest(command, people):
    refused(command("drift", people, people, "--columns", "agee"), "'agee'", "rows.parquet", "age")


def test_a_missing_target_is_named(command, people):
    refused(command("performance", people, "--target", "z", "--prediction", "said"), "'z'")


def test_an_unreadable_time_is_named_with_its_row(command, write):
    file = write("times.csv", "at,x\n2024-01-01,1\nnever,2\n")

    refused(
        command("drift", file, file, "--timestamp", "at"), "row 2", "times.csv", "at", "'never'"
    )


def test_a_number_is_no_time(command, people):
    outcome = command("drift", people, people, "--timestamp", "age")
    refused(outcome, "age", "expected timestamps")


def test_a_window_without_a_time_column_is_refused(command, people):
    refused(command("drift", people, people, "--window", "1d"), "--timestamp")


@pytest.mark.parametrize("width", ["0d", "1", "d", "1x", "-1d"])
def test_a_width_that_is_none_is_refused(command, write, width):
    file = write("times.csv", "at,x\n2024-01-01,1\n")
    refused(command("drift", file, file, "--timestamp", "at", f"--window={width}"), width, "1d")


def test_a_label_never_seen_is_named_with_those_that_were(command, people):
    outcome = command(
        *("performance", people, "--target", "y", "--prediction", "said", "--positive", "maybe")
    )
    refused(outcome, "'maybe'", "column y", "'no'", "'yes'")


def test_text_labels_need_a_positive_one(command, people):
    outcome = command("performance", people, "--target", "y", "--prediction", "said")
    refused(outcome, "--positive", "'no'", "'yes'")


def test_a_prediction_in_another_coding_needs_its_positive_label(command, people):
    outcome = command(
        *("performance", people, "--target", "y", "--prediction", "sex", "--positive", "yes")
    )
    refused(outcome, "--positive-prediction", "'F'")


def test_a_binary_model_needs_a_prediction_or_a_score(command, people):
    refused(command("performance", people, "--target", "y", "--positive", "yes"), "--score")


def test_a_score_that_is_no_number_is_named(command, people):
    outcome = command(
        *("performance", people, "--target", "y", "--score", "said", "--positive", "yes")
    )
    refused(outcome, "said", "expected numbers")


def test_a_filter_that_keeps_nothing_is_named(command, people):
    refused(command("quality", people, "--where", "sex=X"), "sex=X", "no row")


def test_a_filter_that_cannot_match_the_type_is_named(command, people):
    refused(command("quality", people, "--where", "age=old"), "age", "'old'")


def test_a_filter_without_an_equals_sign_is_refused(command, people):
    refused(command("quality", people, "--where", "sex"), "COL=VALUE")


def test_an_unknown_statistic_is_named_with_the_closest(command, people):
    refused(command("drift", people, people, "--statistic", "kss"), "'kss'", "ks")


def test_a_statistic_of_another_family_is_refused(command, people):
    refused(command("drift", people, people, "--statistic", "accuracy"), "accuracy", "not drift")


def test_a_limit_on_nothing_measured_is_refused(command, people):
    refused(command("drift", people, people, "--limit", "f1=0.5"), "'f1'")


def test_a_limit_that_is_no_number_is_refused(command, people):
    refused(command("drift", people, people, "--limit", "ks=big"), "'big'")


def test_an_unknown_correction_is_refused(command, people):
    refused(command("drift", people, people, "--correction", "x"), "'x'", "bh")


def test_spark_is_not_in_this_version(command, people):
    refused(command("drift", people, people, "--engine", "spark"), "spark", "not in this version")


def test_a_reference_group_never_seen_is_named(command, people):
    outcome = command(
        *("fairness", people, "--target", "y", "--prediction", "said", "--sensitive", "sex"),
        *("--positive", "yes", "--reference-group", "sex=X"),
    )
    refused(outcome, "sex=X", "F, M")


def test_an_attribute_with_too_many_groups_is_named(command, table):
    file = table(y=[0, 1] * 150, p=[0, 1] * 150, age=[i / 7 for i in range(300)])
    outcome = command("fairness", file, "--target=y", "--prediction=p", "--sensitive=age")
    refused(outcome, "age", "more than 200")


def test_an_unknown_option_is_one_sentence(command, people):
    refused(command("drift", people, people, "--nope", printed_as="json"), "--nope", "--help")


def test_output_into_a_missing_folder_is_refused(command, people, tmp_path):
    outcome = command("quality", people, "--out", tmp_path / "none" / "x.json")
    assert outcome.code == 2
    assert "cannot be written" in outcome.err


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("columns: [", ("not valid YAML",)),
        ("age: {min: 1}", ("columns:",)),
        ("columns: {age: {minimum: 1}}", ("age", "'minimum'")),
        ("columns: {age: {min: low}}", ("age", "min", "'low'")),
        ("columns: {age: {type: int32}}", ("age", "'int32'", "integer")),
        ("columns: {age: {pattern: '['}}", ("age", "regular expression")),
        ("columns: {height: {min: 1}}", ("'height'",)),
        ("columns: {sex: {min: 1}}", ("sex", "min and max need numbers")),
    ],
)
def test_bad_expectations_are_named(command, people, write, text, words):
    file = write("expect.yaml", text)
    refused(command("quality", people, "--expectations", file), *words)


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


def test_a_fault_of_ours_shows_an_id_and_keeps_the_traceback_in_the_log(
    command, people, monkeypatch, tmp_path
):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("LIFECYCLE_HOME", str(tmp_path / "nowhere"))
    monkeypatch.setattr(entry, "_run", lambda _: 1 / 0)

    outcome = command("quality", people, "--where", "sex=secret")

    log = tmp_path / "state" / "lifecycle" / "faults.log"
    (line,) = outcome.err.strip().splitlines()
    identity = line.split("id ")[1][:8]
    assert outcome.code == 70
    assert "Traceback" not in line
    assert identity in log.read_text()
    assert "ZeroDivisionError" in log.read_text()
    assert "secret" not in log.read_text()


def test_nothing_half_written_is_left_when_writing_fails(command, people, tmp_path, monkeypatch):
    out = tmp_path / "result.json"
    out.write_text("before")
    monkeypatch.setattr("os.fsync", _no_space)

    outcome = command("quality", people, "--out", out)

    assert outcome.code == 2
    assert out.read_text() == "before"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["result.json", "rows.parquet"]


def _no_space(_):
    raise OSError(28, "No space left on device")


def test_output_goes_to_the_file_and_nothing_to_stdout(command, people, tmp_path):
    out = tmp_path / "result.json"

    outcome = command("quality", people, "--out", out)

    assert outcome.out == ""
    assert json.loads(out.read_text())["command"] == "quality"
