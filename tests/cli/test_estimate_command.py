"""`lifecycle estimate`, through the JSON that programs read."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from files_command import DATA, Command, needs_data
from sklearn import metrics

CALIFORNIA = DATA / "california_housing_nannyml.parquet"
SIDES = ("--reference-where", "period=reference", "--current-where", "period=analysis")
COLUMNS = ("--target", "clf_target", "--score", "y_pred_proba", "--prediction", "y_pred")
MONTHLY = ("--timestamp", "timestamp", "--window", "1M")
SEVEN = {
    "roc_auc",
    "average_precision",
    "accuracy",
    "precision",
    "recall",
    "specificity",
    "f1",
}


@pytest.fixture
def command(capsys):
    return Command(capsys)


@pytest.fixture
def write(tmp_path):
    def file(name, **columns):
        path = tmp_path / f"{name}.parquet"
        pq.write_table(pa.table(columns), path)
        return path

    return file


def simulated(seed, n, *, mean=0.0):
    rng = np.random.default_rng(seed)
    z = rng.normal(mean, 1.5, n)
    score = 1 / (1 + np.exp(-1.4 * z))
    y = (rng.random(n) < 1 / (1 + np.exp(-z))).astype(int)
    return {"y": y, "p": (score > 0.5).astype(int), "s": score.round(4)}


@pytest.fixture
def sides(write):
    return write("reference", **simulated(1, 4000)), write("current", **simulated(2, 3000, mean=-1))


ROLES = ("--target", "y", "--score", "s", "--prediction", "p")


@needs_data
def test_estimates_per_month_are_the_published_ones_and_their_misses_are_told(command):
    result = command("estimate", CALIFORNIA, CALIFORNIA, *SIDES, *COLUMNS, *MONTHLY)
    golden = {
        row["chunk_key"]: row["value"]
        for row in pq.read_table(DATA / "golden_nannyml_california_housing.parquet").to_pylist()
        if row["metric"] == "cbpe_estimated_roc_auc" and row["period"] == "analysis"
    }

    found = {m["window"]["start"][:7]: m for m in result.found("roc_auc")}
    assert {month: m["value"] for month, m in found.items()} == pytest.approx(golden, abs=1e-3)
    assert {m["statistic"] for m in result.json["measurements"]} == SEVEN
    for month in ("2021-11", "2022-03"):
        assert found[month]["reason"].endswith("outside the band of the estimate")
    tested = {
        pair["window"]["start"][:7]: pair
        for pair in result.json["backtest"]
        if (pair["on"], pair["statistic"]) == ("current", "roc_auc")
    }
    assert tested["2021-11"]["missed"]
    assert tested["2022-03"]["realised"] == pytest.approx(0.704867, abs=1e-6)
    assert not tested["2021-06"]["missed"]


@needs_data
def test_the_published_alert_follows_from_the_reference_windows(command):
    result = command(
        *("estimate", CALIFORNIA, CALIFORNIA, *SIDES, *COLUMNS, *MONTHLY),
        *("--statistic", "roc_auc", "--alert-on", "mean+3sd"),
    )

    assert result.code == 1
    alarms = [m["window"]["start"][:7] for m in result.found("roc_auc", state="breach")]
    assert alarms == ["2021-09"]
    assert result.found("roc_auc")[0]["limit"] == pytest.approx(0.708336, abs=1e-6)


def test_a_limit_by_hand_holds_beside_learned_ones(command, sides):
    learned = ("--chunk-size", 500, "--alert-on", "mean+3sd")

    result = command("estimate", *sides, *ROLES, *learned, "--limit", "accuracy=0.99")

    assert {m["limit"] for m in result.found("accuracy")} == {0.99}
    assert {m["state"] for m in result.found("accuracy")} == {"breach"}
    (limit,) = {m["limit"] for m in result.found("roc_auc")}
    assert 0.5 < limit < 1


def test_one_single_window_is_estimated_and_tested_where_outcomes_are_known(command, sides):
    reference, current = sides
    rows = pq.read_table(current).to_pydict()

    result = command("estimate", reference, current, *ROLES)

    assert result.code == 0
    assert result.json["calibration"]["method"] == "isotonic"
    assert not result.json["calibration"]["calibrated"]["fails"]
    (auc,) = result.found("roc_auc")
    true = metrics.roc_auc_score(rows["y"], rows["s"])
    assert auc["interval"][0] < true < auc["interval"][1]
    assert (auc["window"], auc["slice"], auc["n"]) == (None, {}, 3000)
    realised = {pair["statistic"]: pair["realised"] for pair in result.json["backtest"]}
    assert realised["roc_auc"] == pytest.approx(true)
    assert realised["accuracy"] == pytest.approx(metrics.accuracy_score(rows["y"], rows["p"]))
    own = {row["statistic"]: row for row in result.json["own_error"]}
    assert own["roc_auc"]["mean_absolute"] == pytest.approx(abs(auc["value"] - true))
    assert "own error of the estimate on the current" in result.err


def test_current_rows_need_no_outcome_column(command, sides, write):
    reference, _ = sides
    rows = simulated(3, 500)
    bare = write("bare", p=rows["p"], s=rows["s"])
    full = write("full", **rows)

    without, with_outcomes = (command("estimate", reference, side, *ROLES) for side in (bare, full))

    assert without.json["backtest"] == []
    assert {m["statistic"]: m["value"] for m in without.json["measurements"]} == {
        m["statistic"]: m["value"] for m in with_outcomes.json["measurements"]
    }


def test_chunks_are_so_many_rows_in_file_order(command, sides):
    reference, current = sides
    rows = pq.read_table(current).to_pydict()

    result = command("estimate", reference, current, *ROLES, "--chunk-size", 1300)

    assert [m["slice"]["rows"] for m in result.found("accuracy")] == [
        "1-1300",
        "1301-2600",
        "2601-3000",
    ]
    assert [m["n"] for m in result.found("accuracy")] == [1300, 1300, 400]
    realised = [
        pair["realised"]
        for pair in result.json["backtest"]
        if (pair["on"], pair["statistic"]) == ("current", "accuracy")
    ]
    cut = [slice(0, 1300), slice(1300, 2600), slice(2600, 3000)]
    assert realised == pytest.approx(
        [metrics.accuracy_score(rows["y"][part], rows["p"][part]) for part in cut]
    )
    on_reference = [row for row in result.json["own_error"] if row["on"] == "reference"]
    assert {row["windows"] for row in on_reference} == {4}


def test_a_reference_window_without_enough_rows_beside_it_is_not_tested(command, write):
    small = write("small", **simulated(9, 300))

    result = command("estimate", small, small, *ROLES, "--chunk-size", 150)

    assert [row["on"] for row in result.json["own_error"]] == ["current"] * 7


def test_without_decisions_only_the_ranking_is_estimated(command, sides):
    reference, current = sides

    result = command("estimate", reference, current, "--target", "y", "--score", "s")

    assert {m["statistic"] for m in result.json["measurements"]} == {
        "roc_auc",
        "average_precision",
    }


def test_value_in_money_is_estimated_and_realised_alike(command, sides):
    reference, current = sides
    rows = {k: np.array(v) for k, v in pq.read_table(current).to_pydict().items()}
    worth = ("--value", "TP=20", "--value", "fp=-5", "--value", "FN=-100", "--currency", "USD")
    each = np.array([[0.0, -5.0], [-100.0, 20.0]])[rows["y"], rows["p"]]

    estimated = command("estimate", reference, current, *ROLES, *worth)
    realised = command("performance", current, *ROLES, *worth)

    (total,) = estimated.found("total_value")
    assert total["unit"] == "USD"
    assert total["interval"][0] < each.sum() < total["interval"][1]
    assert realised.value("total_value") == pytest.approx(each.sum())
    assert realised.value("value_per_decision") == pytest.approx(each.mean())
    pairs = {pair["statistic"]: pair["realised"] for pair in estimated.json["backtest"]}
    assert pairs["total_value"] == pytest.approx(each.sum())


def test_a_limit_on_an_estimate_is_judged(command, sides):
    reference, current = sides

    assert command("estimate", reference, current, *ROLES, "--limit", "roc_auc=0.99").code == 1
    assert command("estimate", reference, current, *ROLES, "--limit", "roc_auc=0.5").code == 0


def test_scores_that_mean_nothing_are_refused_with_the_test(command, write):
    rng = np.random.default_rng(4)
    s = rng.random(3000).round(3)
    y = (rng.random(3000) < np.abs(2 * s - 1)).astype(int)
    file = write("bent", y=y, s=s, p=(s > 0.5).astype(int))

    result = command("estimate", file, file, *ROLES)

    assert result.code == 3
    assert {m["state"] for m in result.json["measurements"]} == {"not_applicable"}
    assert result.json["measurements"][0]["value"] is None
    assert "cannot be calibrated" in result.json["measurements"][0]["reason"]
    assert "chi-squared, p" in result.json["measurements"][0]["reason"]
    assert result.json["calibration"]["calibrated"]["fails"]


def test_a_reference_of_few_outcomes_is_insufficient(command, write):
    few = write("few", **simulated(5, 100))

    result = command("estimate", few, few, *ROLES)

    assert result.code == 3
    assert result.json["verdict"] == "insufficient"
    assert "calibration needs at least 200" in result.json["measurements"][0]["reason"]
    assert result.json["calibration"] is None


def test_scores_without_use_are_counted_aloud(command, sides, write):
    reference, _ = sides
    rows = simulated(6, 400)
    rows["s"][:3] = [np.nan, 1.5, 1.0]
    odd = write("odd", **rows)

    result = command("estimate", reference, odd, *ROLES)

    assert "2 of 400 rows" in result.err
    assert "score outside the reference's" in result.err
    assert result.found("accuracy")[0]["n"] == 398


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--score", "none"), "no column 'none'"),
        (("--score", "s", "--statistic", "f1"), "f1 is not estimated with these columns"),
        (("--score", "s", "--statistic", "nonsense"), "no statistic is called"),
        (("--score", "s", "--chunk-size", "0"), "at least 1 row"),
        (("--score", "s", "--chunk-size", "9", "--window", "1d"), "not both"),
        (("--score", "s", "--alert-on", "mean+3sd"), "--timestamp or --chunk-size"),
        (("--score", "s", "--alert-on", "3sd", "--chunk-size", "9"), "not of the form"),
        (("--score", "s", "--value", "FP=1"), "needs the decisions"),
        (("--score", "s", "--limit", "f1=1"), "not measured here"),
        (("--score", "s", "--limit", "accuracy=nan"), "wants a finite number, not 'nan'"),
    ],
)
def test_wrong_use_is_one_sentence_and_exit_code_2(command, sides, options, said):
    reference, current = sides

    result = command("estimate", reference, current, "--target", "y", *options)

    assert result.code == 2
    assert said in result.err
    assert result.out == ""


def test_a_score_and_classes_decide_what_is_estimated(command, write):
    rng = np.random.default_rng(7)
    file = write("numbers", y=rng.normal(size=300), s=rng.random(300), p=rng.normal(size=300))
    letters = rng.choice(["a", "b", "c"], 300)
    classes = write("classes", y=letters, p=letters)

    scored = command("estimate", file, file, *ROLES)
    several = command("estimate", classes, classes, "--target", "y", "--prediction", "p")
    binary = command("estimate", file, file, "--target", "y", "--positive", "1")

    assert (scored.code, several.code, binary.code) == (2, 2, 2)
    assert "say which label is positive" in scored.err
    assert "several classes" in several.err
    assert "give --score" in binary.err


def numbers(seed, n, *, shift=0.0):
    """Draw a regression whose errors grow with `a`, in three places."""
    rng = np.random.default_rng(seed)
    a, place = rng.normal(shift, 1, n), rng.choice(["x", "y", "z"], n)
    p = 2 * a + (place == "y")
    return {"a": a, "place": place, "p": p, "y": p + rng.normal(0, 1, n) * np.exp(0.5 * a)}


REGRESSION = ("--target", "y", "--prediction", "p")


def test_errors_of_a_regression_are_estimated_and_tested(command, write):
    rows = numbers(2, 2000, shift=0.7)
    reference, current = write("reference", **numbers(1, 6000)), write("current", **rows)

    result = command("estimate", reference, current, *REGRESSION, "--chunk-size", 1000)

    assert result.json["settings"]["features"] == ["p", "a", "place"]
    assert not result.json["error_model"]["mae"]["refused"]
    assert [m["slice"]["rows"] for m in result.found("mae")] == ["1-1000", "1001-2000"]
    for pair, part in zip(
        [p for p in result.json["backtest"] if p["statistic"] == "mae"],
        (slice(0, 1000), slice(1000, 2000)),
        strict=True,
    ):
        true = metrics.mean_absolute_error(rows["y"][part], rows["p"][part])
        assert pair["realised"] == pytest.approx(true)
        assert pair["estimated"] == pytest.approx(true, rel=0.2)


def test_errors_that_no_column_explains_are_not_estimated(command, write):
    rng = np.random.default_rng(3)
    a = rng.normal(size=3000)
    file = write("alike", a=a, p=a, y=a + rng.normal(size=3000))
    few = write("few", **numbers(1, 400))

    refused, small = (command("estimate", side, side, *REGRESSION) for side in (file, few))

    assert (refused.code, small.code) == (3, 3)
    assert {m["state"] for m in refused.json["measurements"]} == {"not_applicable"}
    assert "explain -" in refused.json["measurements"][0]["reason"]
    assert small.json["verdict"] == "insufficient"
    assert small.json["error_model"] == {"mae": None, "rmse": None}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--statistic", "r2"), "r2 is not estimated of numbers"),
        (("--value", "FP=1"), "decisions of a binary model"),
        (("--alert-on", "mean+3sd", "--chunk-size", "9"), "not for a regression"),
    ],
)
def test_wrong_use_of_a_regressions_estimate_is_refused(command, write, options, said):
    file = write("rows", **numbers(1, 600))

    result = command("estimate", file, file, *REGRESSION, *options)

    assert result.code == 2
    assert said in result.err


def test_decisions_coded_otherwise_than_in_the_reference_are_not_known(command, write):
    current = simulated(2, 3000)
    words = np.where(current["p"] == 1, "yes", "no")
    sides = (write("reference", **simulated(1, 4000)), write("current", **{**current, "p": words}))

    result = command("estimate", *sides, *ROLES)

    found = {m["statistic"]: m for m in result.json["measurements"]}
    assert found["accuracy"]["value"] is None
    assert found["accuracy"]["state"] == "insufficient"
    assert found["roc_auc"]["value"] is not None
    assert any("3000 rows" in n and "'no', 'yes' in p" in n for n in result.json["notices"])
