"""Is a model file tried as its plan asks, and does one that misbehaves fail its job alone?"""

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MaxAbsScaler, OneHotEncoder, PolynomialFeatures
from skops import io

from lifecycle.domain.actor import Actor, Role
from lifecycle.domain.dataset import ColumnRole
from lifecycle.domain.job import JobState
from lifecycle.domain.measurement import State
from lifecycle.domain.model import Columns
from lifecycle.errors import CheckFailed, InvalidInput
from lifecycle.services import assessment, plans, registry
from lifecycle.services.jobs import JobRunner
from lifecycle.stats import catalogue
from lifecycle.store import evidence
from lifecycle.store.connection import Workspace

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)
DANA = Actor("dana", frozenset({Role.DEVELOPER}))
ANSWERS = {"practice": "no", "domain": "credit", "effect": "informs", "interaction": "no"}
FEATURES = ("income", "debt", "region")
COLUMNS = Columns(
    target="default", score="score", positive="1", features=FEATURES, sensitive=("sex",)
)
EVERYTHING = f"""name: soundness
statistics:
  validation: [{", ".join(s.name for s in catalogue.VALIDATION)}]
validation:
  champion: "1"
  monotone: {{debt: increasing}}
  rows: 2000
  fits: 3
limits:
  champion_gain: {{minimum: 0, bound: lower, rationale: must beat the champion beyond chance}}
  training_overlap: {{maximum: 0.01}}
seed: 5
"""


def applicants(n, seed):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "income": rng.normal(40, 10, n),
            "debt": rng.normal(10, 4, n),
            "region": rng.choice(["N", "S", "W"], n),
            "sex": rng.choice(["f", "m"], n),
        }
    )
    logit = 0.35 * (frame["debt"] - 10) - 0.08 * (frame["income"] - 40)
    frame["default"] = (rng.random(n) < 1 / (1 + np.exp(-logit))).astype(int)
    return frame


def recipe(final, unknown="ignore"):
    encoder = OneHotEncoder(handle_unknown=unknown, sparse_output=False)
    prepared = make_column_transformer((encoder, ["region"]), remainder="passthrough")
    return make_pipeline(prepared, final)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Return a workspace with a weak champion, a good challenger and the snapshots' ids."""
    folder = tmp_path_factory.mktemp("validation")
    train, test = applicants(1500, 1), applicants(1200, 2)
    inputs = list(FEATURES)
    champion = recipe(LogisticRegression()).fit(
        train[inputs].assign(debt=0.0), train["default"].astype(str)
    )
    forest = RandomForestClassifier(30, min_samples_leaf=20, random_state=0)
    challenger = recipe(forest).fit(train[inputs], train["default"])
    strict = recipe(LogisticRegression(), "error").fit(train[inputs], train["default"])
    narrow = LogisticRegression().fit(train[["income"]], train["default"])
    powers = make_pipeline(MaxAbsScaler(), PolynomialFeatures(2000))
    wide = make_column_transformer((powers, ["income", "debt"]))
    hungry = make_pipeline(wide, DummyClassifier()).fit(train[inputs][:2], [0, 1])
    files = {"6": hungry, "1": champion, "2": challenger, "3": strict, "4": narrow}
    for name, model in files.items():
        io.dump(model, folder / f"{name}.skops")
    test["score"] = challenger.predict_proba(test[inputs])[:, 1]
    one_class = test[test["default"] == 0]
    odd = test.assign(region=np.where(np.arange(len(test)) < 5, "E", test["region"]))
    snapshots: dict[str, str] = {}
    with Workspace.create(folder / "home", at=AT) as ws:
        who: Any = {"by": DANA, "at": AT}
        registry.add_use_case(
            ws, id="u", name="U", problem="p", owner="dana", sponsor="s", answers=ANSWERS, **who
        )
        registry.add_model(
            ws, id="m", use_case_id="u", name="M", task="binary", owner="dana", purpose="p", **who
        )
        registry.add_dataset(
            ws, id="d", name="D", description="d", source="a test", owner="dana", **who
        )
        held = {"train": train, "test": test, "one": one_class, "odd": odd}
        for name, frame in held.items():
            file = folder / f"{name}.parquet"
            frame.to_parquet(file, index=False)
            kept = registry.add_snapshot(ws, "d", file, roles={"default": ColumnRole.TARGET}, **who)
            snapshots[name] = kept.id
        for name in files:
            registry.add_version(
                ws,
                "m",
                name,
                columns=COLUMNS,
                file=folder / f"{name}.skops",
                training=snapshots["train"],
                **who,
            )
        registry.add_version(ws, "m", "5", columns=COLUMNS, **who)
        yield ws, snapshots, test


@pytest.fixture(scope="module")
def runner(made):
    with JobRunner(made[0], kinds=assessment.KINDS, clock=lambda: AT, reuse=True) as running:
        yield running


def asked(made, version, snapshot, text=EVERYTHING):
    ws, snapshots, _ = made
    plan = plans.parse(text)
    return assessment.start(
        ws, "m", version, snapshot=snapshots[snapshot], plan=plan, override="a test", by=DANA, at=AT
    )


def tried(made, runner, version, snapshot="test", text=EVERYTHING):
    ended = runner.wait(asked(made, version, snapshot, text).id)
    return assessment.finished(made[0].cursor(), ended)[0]


def only(*names):
    return f"name: {'-'.join(names)}\nstatistics: {{validation: [{', '.join(names)}]}}\n"


@pytest.fixture(scope="module")
def challenger(made, runner):
    return tried(made, runner, "2")


def test_a_challenger_is_tried_in_every_way_and_beats_the_champion_on_the_same_rows(
    challenger, made
):
    found = {m.statistic: m for m in challenger.measurements}
    assert set(found) == {s.name for s in catalogue.VALIDATION}
    assert {m.state for m in challenger.measurements} == {State.OK}
    ours = roc_auc_score(made[2]["default"], made[2]["score"])
    assert found["baseline_gain"].value == pytest.approx(ours - 0.5)
    gain = found["champion_gain"]
    assert gain.column == "m/1"
    assert gain.interval is not None
    assert 0 < gain.interval[0] < (gain.value or 0) < ours - 0.5
    assert gain.limit == 0
    assert found["generalisation_gap"].value > 0.02
    assert found["training_overlap"].value == 0
    assert found["scoring_latency"].n == 200
    assert found["missing_loss"].column in FEATURES
    slices = [m for m in challenger.measurements if m.statistic == "worst_slice_gap"]
    assert len(slices) == 5
    assert all(m.slice and (m.n or 0) >= 50 for m in slices)
    assert assessment.outcome(challenger) == "pass"


def test_the_record_says_what_ran_and_what_it_was_compared_with(challenger):
    assert {"scikit-learn", "skops", "pandas"} <= set(challenger.method["libraries"])
    settings: Any = challenger.method["settings"]
    assert (settings["metric"], settings["champion"], settings["model"]) == (
        "roc_auc",
        "m/1",
        "m/2",
    )
    assert challenger.payload["findings"] == []


def test_a_rerun_of_everything_is_reproduced_but_for_the_clock(made, runner, challenger):
    job = assessment.start_again(made[0], "m", "2", kept=challenger.id, by=DANA, at=AT)
    (again,) = assessment.finished(made[0].cursor(), runner.wait(job.id))
    said: Any = again.payload["reproduction"]
    assert said["differences"] == []
    assert said["reproduced"]
    assert said["compared"] == len(challenger.measurements) - 2


def test_rows_it_learned_from_are_noticed_and_fail_the_plan(made, runner):
    plan = only("training_overlap", "champion_gain") + (
        "limits: {training_overlap: {maximum: 0.01}}\n"
    )
    found = tried(made, runner, "2", "train", plan)
    overlap = next(m for m in found.measurements if m.statistic == "training_overlap")
    assert (overlap.value, overlap.state) == (1.0, State.BREACH)
    assert assessment.outcome(found) == "fail"
    assert "no champion" in next(
        m.reason or "" for m in found.measurements if m.statistic == "champion_gain"
    )


def test_an_unseen_category_that_makes_the_model_raise_is_an_error(made, runner):
    plan = only("category_loss") + "limits: {category_loss: {maximum: 0.5}}\n"
    found = tried(made, runner, "3", "test", plan)
    unseen = next(m for m in found.measurements if m.slice.get("values") == "never seen before")
    assert unseen.state is State.ERROR
    assert "the model of m/3 raises: ValueError" in str(unseen.reason)
    assert assessment.outcome(found) == "error"


def test_a_model_that_raises_on_the_rows_fails_its_job_with_a_sentence(made, runner):
    ended = runner.wait(asked(made, "3", "odd", only("noise_loss")).id)
    assert ended.state is JobState.FAILED
    assert ended.note.startswith("the model of m/3 raises: ValueError: Found unknown categories")
    assert "(first where region is 'E')" in ended.note
    with pytest.raises(CheckFailed):
        assessment.finished(made[0].cursor(), ended)
    assert evidence.of_version(made[0].cursor(), "m/4") == []


def test_a_model_file_that_takes_other_columns_fails_its_job_with_a_sentence(made, runner):
    ended = runner.wait(asked(made, "4", "test", only("noise_loss")).id)
    assert ended.state is JobState.FAILED
    assert "m/4 takes other columns than its version names: it does not know 'debt'" in ended.note


def test_a_model_that_takes_too_long_fails_its_job_and_nothing_else(made):
    ws = made[0]
    job = asked(made, "2", "test", only("fold_spread"))
    given: Any = {"kinds": assessment.KINDS, "clock": lambda: AT, "seconds": 0.2}
    with JobRunner(ws, **given) as limited:
        ended = limited.wait(job.id, seconds=60)
    assert ended.state is JobState.FAILED
    assert "longer than the 0 seconds a job may take" in ended.note


def test_a_model_that_eats_memory_fails_its_job_and_nothing_else(made, runner):
    ended = runner.wait(asked(made, "6", "test", only("noise_loss")).id)
    assert ended.state is JobState.FAILED
    assert "the model of m/6 raises: MemoryError: Unable to allocate" in ended.note
    assert evidence.of_version(made[0].cursor(), "m/6") == []


def test_one_class_alone_is_insufficient_with_reasons_and_never_a_number(made, runner):
    names = ("baseline_gain", "calibration_slope", "single_feature_auc", "generalisation_gap")
    found = tried(made, runner, "2", "one", only(*names))
    for measured in found.measurements:
        assert (measured.value, measured.state) == (None, State.INSUFFICIENT)
        assert measured.reason
    assert assessment.outcome(found) == "insufficient"


def test_without_a_model_file_what_needs_one_does_not_apply_and_the_rest_reads_logged_scores(
    made, runner
):
    found = tried(made, runner, "5", "test", only("noise_loss", "calibration_slope", "fold_spread"))
    by = {m.statistic: m for m in found.measurements}
    assert by["noise_loss"].state is State.NOT_APPLICABLE
    assert by["calibration_slope"].value is not None
    assert "no model file was run" in str(found.payload["findings"])


def test_what_validation_cannot_do_is_refused_before_a_job(made):
    ws, snapshots, _ = made
    plan = plans.parse(only("noise_loss"))
    with pytest.raises(InvalidInput, match="which only a job does"):
        assessment.assess(
            ws, "m", "2", snapshot=snapshots["test"], plan=plan, override="a test", by=DANA, at=AT
        )
    lacking = Columns(target="default", positive="1", features=("income", "wealth"))
    registry.add_version(ws, "m", "9", columns=lacking, by=DANA, at=AT)
    with pytest.raises(InvalidInput, match="has no column 'wealth', which m/9 takes"):
        asked(made, "9", "test", only("duplicate_share"))


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ("{nois: 0.1}", "line 3: validation has no setting 'nois', did you mean noise"),
        ("{fits: 1}", "line 3: fits must be at least 2"),
        ("{noise: 2}", "noise must lie above 0"),
        ("{metric: f2}", "metric of validation must be one of roc_auc"),
        ("{monotone: {debt: up}}", "must be one of increasing, decreasing"),
    ],
)
def test_settings_that_make_no_sense_are_refused_by_line_and_key(settings, sentence):
    with pytest.raises(InvalidInput, match=sentence):
        plans.parse(only("noise_loss") + f"validation: {settings}\n")
