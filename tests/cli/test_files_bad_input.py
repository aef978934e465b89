"""Bad input gets one sentence that names file, column and row, or a state with a reason."""

import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lifecycle.cli import entry


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


def test_a_score_that_is_no_probability_is_one_sentence(command, table):
    file = table(y=[0, 1] * 50, p=[0, 1] * 50, s=[0.2, 1.3] * 50, sex=["F", "M"] * 50)
    outcome = command(
        *("fairness", file, "--target=y", "--prediction=p", "--score=s", "--sensitive=sex")
    )
    refused(outcome, "column s", "50 scores outside 0 to 1")


def test_bands_and_presets_that_cannot_be_read_are_named(command, table):
    file = table(y=[0, 1] * 50, p=[0, 1] * 50, age=list(range(100)))
    asked = ("fairness", file, "--target=y", "--prediction=p", "--sensitive=age")
    refused(command(*asked, "--bands=age=young,old"), "--bands age", "young,old")
    refused(command(*asked, "--bands=age=40,20"), "ascending bounds")
    refused(command(*asked, "--preset=atlantis"), "atlantis", "nyc-ll144")


def test_an_unknown_option_is_one_sentence(command, people):
    refused(command("drift", people, people, "--nope", printed_as="json"), "--nope", "--help")


def test_output_into_a_missing_folder_is_refused(command, people, tmp_path):
    outcome = command("quality", people, "--out", tmp_path / "none" / "x.json")
    assert outcome.code == 2
    assert "cannot be written" in outcome.err


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("columns: [", ("not valid YAML", "line 1")),
        ("age: {min: 1}", ("line 1", "'age'", "columns")),
        ("columns:\n  age: {minimum: 1}", ("line 2", "columns.age", "'minimum'")),
        ("columns: {age: {min: low}}", ("columns.age.min", "'low'")),
        ("columns: {age: {type: int32}}", ("columns.age.type", "'int32'", "integer")),
        ("columns: {age: {pattern: '['}}", ("columns.age", "regular expression")),
    ],
)
def test_bad_expectations_are_named(command, people, write, text, words):
    file = write("expect.yaml", text)
    refused(command("quality", people, "--expectations", file), *words)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("columns: {height: {min: 1}}", ("'height'", "rows.parquet")),
        ("columns: {sex: {min: 1}}", ("column sex", "not numeric")),
        ("rules: ['age > sex']", ("compares a number with a text",)),
        ("rules: ['agee > 1']", ("'agee'", "age")),
        ("columns: {age: {skew_max: 0.1}}", ("--reference",)),
    ],
)
def test_an_expectation_that_cannot_be_checked_is_an_error_and_the_others_are_checked(
    command, people, write, text, words
):
    file = write("expect.yaml", f"{text}\nrows: {{min: 10}}")

    outcome = command("quality", people, "--expectations", file)

    refused, rows = sorted(outcome.json["measurements"], key=lambda m: m["state"])
    assert (outcome.code, refused["state"], refused["value"]) == (1, "error", None)
    assert (rows["statistic"], rows["state"]) == ("rows", "ok")
    for word in words:
        assert word in refused["reason"]


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
