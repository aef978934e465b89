"""`lifecycle estimate` for several classes, through the JSON that programs read."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from files_command import DATA, Command, needs_data
from sklearn import metrics

HPC = DATA / "hpc_cv_multiclass_predictions.parquet"
SPEEDS = ("VF", "F", "M", "L")
SIX = {"roc_auc_ovr", "accuracy", "precision", "recall", "specificity", "f1"}
NAMES = np.array(["a", "b", "c"])


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


def scored(*names):
    return [part for name in names for part in ("--score", f"{name}=p_{name}")]


ROLES = ("--target", "y", "--prediction", "guess", *scored("a", "b", "c"))


def simulated(seed, n, *, mix=(0.0, 0.0, 0.0)):
    rng = np.random.default_rng(seed)
    chances = np.exp(rng.normal(0, 1.3, (n, 3)) + mix)
    chances /= chances.sum(axis=1, keepdims=True)
    y = np.minimum((chances.cumsum(axis=1) < rng.random((n, 1))).sum(axis=1), 2)
    columns = {f"p_{name}": chances[:, c] for c, name in enumerate(NAMES)}
    return {"y": NAMES[y], "guess": NAMES[chances.argmax(axis=1)], **columns}


@pytest.fixture
def sides(write):
    return write("reference", **simulated(1, 4000)), write(
        "current", **simulated(2, 2000, mix=(1.0, 0.0, 0.0))
    )


def test_estimates_hold_what_scikit_learn_finds_in_the_outcomes(command, sides):
    reference, current = sides
    rows = {k: np.array(v) for k, v in pq.read_table(current).to_pydict().items()}

    result = command("estimate", reference, current, *ROLES)

    assert result.code == 0
    assert {m["statistic"] for m in result.json["measurements"]} == SIX
    scores = np.column_stack([rows[f"p_{name}"] for name in NAMES])
    true = {
        "roc_auc_ovr": metrics.roc_auc_score(rows["y"], scores, multi_class="ovr"),
        "accuracy": metrics.accuracy_score(rows["y"], rows["guess"]),
        "recall": metrics.recall_score(rows["y"], rows["guess"], average="macro"),
        "f1": metrics.f1_score(rows["y"], rows["guess"], average="macro"),
    }
    realised = {pair["statistic"]: pair["realised"] for pair in result.json["backtest"]}
    for name, value in true.items():
        (found,) = result.found(name)
        assert realised[name] == pytest.approx(value)
        assert found["interval"][0] < value < found["interval"][1]
        assert found["n"] == 2000
    assert result.json["settings"]["task"] == "classes"
    assert set(result.json["calibration"]) == {"a", "b", "c"}
    assert result.json["calibration"]["a"]["method"] == "none"


@needs_data
def test_estimates_of_published_predictions_are_held_against_their_outcomes(command):
    columns = [part for name in SPEEDS for part in ("--score", f"{name}=prob_{name}")]

    result = command(
        *("estimate", HPC, HPC, "--target", "obs", "--prediction", "pred", *columns),
        *("--chunk-size", 500),
    )

    rows = pq.read_table(HPC).to_pandas()
    own = {(row["on"], row["statistic"]): row for row in result.json["own_error"]}
    assert {statistic for _, statistic in own} == SIX
    assert own["current", "accuracy"]["windows"] == 7
    assert own["current", "accuracy"]["mean_absolute"] < 0.03
    assert own["reference", "roc_auc_ovr"]["mean_absolute"] < 0.02
    assert own["reference", "accuracy"]["covered"] >= 5 / 7
    (first,) = [
        pair["realised"]
        for pair in result.json["backtest"]
        if (pair["on"], pair["statistic"]) == ("current", "accuracy")
        and pair["slice"]["rows"] == "1-500"
    ]
    assert first == pytest.approx(metrics.accuracy_score(rows["obs"][:500], rows["pred"][:500]))


def test_limits_by_hand_and_from_the_reference_are_judged(command, write):
    reference = write("reference", **simulated(1, 4000))
    worse = simulated(3, 1000)
    flat = {k: worse[k] for k in ("y", "guess")} | {
        f"p_{name}": np.full(1000, 1 / 3) + 0.01 * worse[f"p_{name}"] for name in NAMES
    }
    current = write("current", **flat)
    learned = ("--chunk-size", 500, "--alert-on", "mean+3sd")

    by_hand = command("estimate", reference, current, *ROLES, "--limit", "accuracy=0.99")
    from_reference = command("estimate", reference, current, *ROLES, *learned)

    assert by_hand.code == 1
    assert from_reference.code == 1
    assert from_reference.found("accuracy")[0]["limit"] is not None


def test_rows_without_a_score_of_every_class_are_left_out_and_told(command, write, sides):
    reference, _ = sides
    rows = simulated(5, 1000)
    rows["p_b"][:7] = np.nan
    rows["p_c"][7:10] = 1.5
    bare = {k: v for k, v in rows.items() if k != "y"}

    result = command("estimate", reference, write("gaps", **bare), *ROLES)

    assert {m["n"] for m in result.json["measurements"]} == {990}
    assert "10 of 1000 rows" in result.err
    assert "have no score between 0 and 1 for every class and are left out" in result.err
    assert result.json["backtest"] == []


def test_scores_that_do_not_order_a_class_are_refused_with_its_name(command, write):
    rng = np.random.default_rng(7)
    scores = rng.dirichlet([1, 1, 1], 4000)
    odd = rng.random(4000) < np.abs(scores[:, 1] - 0.4)
    y = np.where(odd, "b", np.where(rng.random(4000) < 0.5, "a", "c"))
    columns = {f"p_{name}": scores[:, c] for c, name in enumerate(NAMES)}
    file = write("odd", y=y, guess=NAMES[scores.argmax(axis=1)], **columns)

    result = command("estimate", file, file, *ROLES)

    (found,) = result.found("accuracy")
    assert (found["value"], found["state"]) == (None, "not_applicable")
    assert found["reason"].startswith("class 'b' against the rest: the reference's scores cannot")


def test_a_class_too_rare_to_calibrate_is_insufficient_and_named(command, write):
    rows = simulated(6, 2000)
    rare = (rows["y"] != "c") | (np.cumsum(rows["y"] == "c") <= 20)
    file = write("rare", **{k: v[rare] for k, v in rows.items()})

    result = command("estimate", file, file, *ROLES)

    assert result.code == 3
    assert "class 'c' against the rest: the reference has" in result.found("f1")[0]["reason"]


def test_what_cannot_be_estimated_is_refused_in_a_sentence(command, write, sides):
    reference, current = sides
    both = (reference, current, "--target", "y", "--prediction", "guess")
    text = simulated(8, 400)
    text["p_a"] = np.array(["high"] * 400)

    without = command("estimate", *both)
    one = command("estimate", *both, *scored("a"))
    two = command("estimate", *both, *scored("a", "b"))
    worth = command("estimate", *both, *scored("a", "b", "c"), "--value", "TP=1")
    binary = command("estimate", *both, *scored("a", "b", "c"), "--statistic", "roc_auc")
    words = command("estimate", reference, write("text", **text), *ROLES)

    for refused in (without, one, two, worth, binary, words):
        assert refused.code == 2
        assert len(refused.err.strip().splitlines()) == 1
    assert "give --score CLASS=COL for each" in without.err
    assert "give --score CLASS=COL for each" in one.err
    assert "class 'c' of column y" in two.err
    assert "decisions of a binary model" in worth.err
    assert "there is: roc_auc_ovr, accuracy" in binary.err
    assert "column p_a of" in words.err


def test_without_predictions_only_the_ranking_is_estimated(command, sides):
    reference, current = sides

    result = command("estimate", reference, current, "--target", "y", *scored("a", "b", "c"))

    assert [m["statistic"] for m in result.json["measurements"]] == ["roc_auc_ovr"]


def test_performance_measures_the_same_area_as_the_backtest(command, sides):
    reference, current = sides

    estimated = command("estimate", reference, current, *ROLES)
    realised = command("performance", current, *ROLES)

    pairs = {pair["statistic"]: pair for pair in estimated.json["backtest"]}
    assert realised.value("roc_auc_ovr") == pytest.approx(pairs["roc_auc_ovr"]["realised"])
    assert realised.value("specificity") == pytest.approx(pairs["specificity"]["realised"])
    (found,) = realised.found("roc_auc_ovr")
    assert found["interval"][0] < found["value"] < found["interval"][1]
