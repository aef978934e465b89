"""Does `lifecycle explain` answer from files alone, and refuse what it cannot run in one line?"""

import json

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, PolynomialFeatures
from skops import io

FEATURES = ["income", "age", "noise"]


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("explain")
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(900, 3)), columns=FEATURES)
    label = np.where(frame["income"] + frame["age"] / 3 > 0, "yes", "no")
    io.dump(RandomForestClassifier(5, random_state=0).fit(frame, label), folder / "model.skops")
    frame.assign(label=label, id=[f"r{i}" for i in range(900)]).to_csv(
        folder / "rows.csv", index=False
    )
    return folder


def refused(outcome, *words):
    assert outcome.code == 2
    assert outcome.out == ""
    (line,) = outcome.err.strip().splitlines()
    for word in words:
        assert word in line
    assert "Traceback" not in line


def test_the_columns_are_ranked_and_the_ranking_says_how_sure_it_is(command, files):
    outcome = command(
        "explain",
        files / "model.skops",
        files / "rows.csv",
        "--positive",
        "yes",
        "--format",
        "json",
    )

    body = json.loads(outcome.out)
    assert outcome.code == 0
    ranked = [m for m in body["measurements"] if m["statistic"] == "mean_abs_shap"]
    assert [m["column"] for m in ranked] == ["income", "age", "noise"]
    assert all(m["interval"][0] <= m["value"] <= m["interval"][1] for m in ranked)
    assert body["measurements"][0]["value"] < 1e-6
    assert body["inputs"]["data"]["rows"] == 900
    said = body["explanation"]
    assert (said["explainer"], said["output_space"]) == ("tree", "probability")
    assert said["ranking"]["stable"]
    assert ranked[0]["n"] == said["ranking"]["rows"] <= 900
    assert "order is stable after" in body["notices"][0]
    assert len(body["settings"]["model"]["sha256"]) == 64


def test_as_many_rows_as_asked_and_a_background_of_its_own(command, files):
    given = ("--rows", 40, "--where", "label=yes", "--background", files / "rows.csv")
    outcome = command("explain", files / "model.skops", files / "rows.csv", *given)

    assert outcome.code == 0
    assert "mean_abs_shap" in outcome.out
    assert "  40  " in outcome.out


def test_one_row_has_shares_reasons_like_cases_and_other_ways(command, files, write):
    words = write("words.yaml", "columns: {income: {raises: Income is high, change: down}}")
    given = ("--row", "r7", "--id", "id", "--target", "label", "--positive", "yes")
    outcome = command(
        *("explain", files / "model.skops", files / "rows.csv", "--format", "json"),
        *(*given, "--reasons", words, "--threshold", 0.5),
    )

    body = json.loads(outcome.out)
    assert outcome.code == 0
    shares = {m["column"]: m["value"] for m in body["measurements"]}
    found = body["decision"]
    assert sum(shares.values()) + found["base"] == pytest.approx(found["output"])
    assert body["measurements"][0]["slice"] == {"row": "r7"}
    assert found["similar"][0]["values"] == found["values"]
    assert {case["outcome"] for case in found["similar"]} <= {"True", "False"}
    positive = found["decision"]["positive"]
    assert all((one["score"] >= 0.5) != positive for one in found["suggestions"])
    assert found["suggestions"] or found["none_found"]
    assert any("principal reasons" in notice for notice in body["notices"])


def test_a_number_is_aimed_at_by_a_range_and_a_class_by_its_name(command, files, tmp_path):
    rows = pd.read_csv(files / "rows.csv")
    kinds = np.select([rows["income"] > 0.5, rows["age"] > 0.5], ["rich", "old"], "other")
    io.dump(Ridge().fit(rows[FEATURES], 10 * rows["income"]), tmp_path / "number.skops")
    io.dump(LogisticRegression().fit(rows[FEATURES], kinds), tmp_path / "kind.skops")
    given = (files / "rows.csv", "--row", 1, "--format", "json")

    number = command("explain", tmp_path / "number.skops", *given, "--aim", "20..25")
    kind = command("explain", tmp_path / "kind.skops", *given, "--aim", "rich")
    none = command("explain", tmp_path / "number.skops", *given)
    wrong = command("explain", tmp_path / "number.skops", *given[:-2], "--aim", "dear")

    found = json.loads(number.out)["decision"]
    assert found["aim"] == "an answer of 20 to 25"
    assert all(20 <= one["answer"]["value"] <= 25 for one in found["suggestions"])
    assert found["suggestions"]
    assert "an answer of 20 to 25 with income" in number.err
    found = json.loads(kind.out)["decision"]
    assert {one["answer"]["output"] for one in found["suggestions"]} == {"rich"}
    found = json.loads(none.out)["decision"]
    assert found["none_found"].startswith("name the range")
    refused(wrong, "written as 10..20", "dear")


def test_a_row_is_named_by_its_number_where_no_column_is_given(command, files):
    outcome = command("explain", files / "model.skops", files / "rows.csv", "--row", 1)

    assert outcome.code == 0
    assert "shap_value" in outcome.out


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (("--row", 901), "rows 1 to 900, not 901"),
        (("--row", "r7"), "no number"),
        (("--row", "r7", "--rows", 3), "not both"),
        (("--row", "x", "--id", "id"), "no row with id x"),
        (("--row", "x", "--id", "nobody"), "no column 'nobody'"),
    ],
)
def test_a_row_that_is_not_there_is_refused(command, files, given, sentence):
    refused(command("explain", files / "model.skops", files / "rows.csv", *given), sentence)


def test_rows_without_a_column_of_the_model_are_refused_by_name(command, files, write):
    refused(
        command(
            "explain", files / "model.skops", write("other.csv", "income,age\n" + "1,2\n" * 30)
        ),
        "other.csv",
        "'noise'",
    )


def test_columns_that_are_not_the_models_are_refused(command, files):
    refused(
        command("explain", files / "model.skops", files / "rows.csv", "--features", "income,label"),
        "fitted on the columns income, age, noise",
    )


def test_a_model_file_with_untrusted_types_is_refused_before_anything_runs(command, files):
    class Own(LogisticRegression):
        pass

    Own.__module__ = "somebody"
    frame = pd.DataFrame({"a": [0.0, 1.0]})
    io.dump(Own().fit(frame, [0, 1]), files / "own.skops")

    refused(command("explain", files / "own.skops", files / "rows.csv"), "not trusted", "Own")


def test_a_category_the_model_never_saw_is_named(command, files, write):
    texts = pd.DataFrame({"home": ["own", "rent"] * 30})
    model = make_pipeline(OneHotEncoder(), LogisticRegression())
    io.dump(model.fit(texts, [0, 1] * 30), files / "strict.skops")

    refused(
        command("explain", files / "strict.skops", write("boats.csv", "home\n" + "boat\n" * 30)),
        "boats.csv",
        "unknown categories",
        "boat",
    )


@pytest.fixture(scope="module")
def slow(files):
    """Save a model whose every answer compares with 4,000 rows: explaining it takes minutes."""
    rng = np.random.default_rng(1)
    frame = pd.DataFrame(rng.normal(size=(4000, 30)), columns=[f"c{i}" for i in range(30)])
    model = KNeighborsClassifier(algorithm="brute").fit(frame, frame["c0"] > 0)
    io.dump(model, files / "slow.skops")
    frame.head(200).to_parquet(files / "slow.parquet")
    return files


def test_a_model_that_takes_too_long_is_ended(command, slow):
    given = (slow / "slow.skops", slow / "slow.parquet", "--seconds", 4)

    refused(command("explain", *given), "longer than the 4 seconds")


def test_a_model_that_takes_too_much_memory_is_one_sentence(command, slow):
    frame = pd.read_parquet(slow / "slow.parquet")
    greedy = make_pipeline(PolynomialFeatures(5), Ridge()).fit(frame.head(5), range(5))
    io.dump(greedy, slow / "greedy.skops")
    given = (slow / "greedy.skops", slow / "slow.parquet", "--memory", 1400)

    refused(command("explain", *given), "memory")


def test_a_process_that_cannot_even_start_says_what_it_was_given(command, slow):
    given = (slow / "slow.skops", slow / "slow.parquet", "--memory", 256)

    refused(command("explain", *given), "256 MB")
