"""Is the frontier measured on rows nobody learned from, and its points open to every gate?"""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest
from fairlearn import metrics as fl
from sklearn.metrics import accuracy_score

from lifecycle.adapters import mitigation as ways
from lifecycle.adapters import mitigation_rows
from lifecycle.domain.actor import Actor, Role
from lifecycle.domain.dataset import ColumnRole
from lifecycle.domain.evidence import Evidence, Purpose
from lifecycle.domain.job import JobState
from lifecycle.domain.model import Columns, Stage
from lifecycle.errors import InsufficientData, InvalidInput, NotAllowed, NotFound
from lifecycle.services import explanation, mitigation, registry
from lifecycle.services.jobs import JobRunner
from lifecycle.store import artifacts, audit, datasets, evidence, jobs, models
from lifecycle.store.connection import Workspace

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)
DANA = Actor("dana", frozenset({Role.DEVELOPER}))
VALA = Actor("vala", frozenset({Role.VALIDATOR}))
VERA = Actor("vera", frozenset({Role.VIEWER}))
ANSWERS = {"practice": "no", "domain": "credit", "effect": "informs", "interaction": "no"}
COLUMNS = Columns(
    target="paid",
    positive="1",
    score="score",
    threshold=0.5,
    features=("income", "trade", "sex"),
    sensitive=("sex",),
)


def applicants(n=1_200):
    rng = np.random.default_rng(2)
    sex = rng.choice(["F", "M"], n)
    income = rng.normal(0.6 * (sex == "M"), 1.0)
    paid = (income + rng.normal(0, 0.8, n) > 0.3).astype(int)
    trade = np.where(rng.random(n) < 0.3, "craft", "office")
    score = 1 / (1 + np.exp(-(1.5 * income - 0.4 + 0.5 * (sex == "M"))))
    return pd.DataFrame(
        {"income": income, "trade": trade, "sex": sex, "paid": paid, "score": score}
    )


@pytest.fixture(scope="module")
def ws(tmp_path_factory):
    folder = tmp_path_factory.mktemp("mitigation")
    applicants().to_parquet(folder / "rows.parquet")
    with Workspace.create(folder / "home", at=AT) as opened:
        who: Any = {"by": DANA, "at": AT}
        registry.add_use_case(
            opened, id="credit", name="Credit", problem="Losses", owner="dana", sponsor="sam",
            answers=ANSWERS, **who,
        )  # fmt: skip
        for name, task in (("credit", "binary"), ("price", "regression")):
            registry.add_model(
                opened, id=name, use_case_id="credit", name=name, task=task, owner="dana",
                purpose="Rank", **who,
            )  # fmt: skip
            registry.add_version(opened, name, "1", columns=COLUMNS, **who)
        registry.add_dataset(
            opened, id="loans", name="Loans", description="Made here", source="a test",
            owner="dana", **who,
        )  # fmt: skip
        roles = {"paid": ColumnRole.TARGET, "score": ColumnRole.SCORE}
        registry.add_snapshot(opened, "loans", folder / "rows.parquet", roles=roles, **who)
        yield opened


@pytest.fixture(scope="module")
def snapshot(ws):
    return datasets.snapshots(ws.cursor())[0].id


def data(rows, **more) -> Any:
    given = {
        "target": "paid", "positive": "1", "attribute": "sex", "score": "score", "threshold": 0.5,
        "features": ["income", "trade", "sex"],
    }  # fmt: skip
    return mitigation_rows.columns(rows, given | more)


@pytest.fixture(scope="module")
def frontier(ws, snapshot):
    job = mitigation.start(ws, "credit", "1", snapshot=snapshot, attribute="sex", by=VALA, at=AT)
    with JobRunner(ws, kinds=mitigation.KINDS, clock=lambda: AT) as runner:
        ended = runner.wait(job.id, seconds=300)
    assert ended.state is JobState.DONE, ended.note
    kept = evidence.latest(ws.cursor(), "credit/1", Purpose.MITIGATION)
    assert kept is not None
    return kept


def test_a_frontier_is_evidence_with_accuracy_and_gap_of_each_way_and_their_intervals(frontier):
    found: dict[str, Any] = mitigation.measured(frontier.measurements)

    assert len(found) == len(mitigation.points(frontier)) == 13
    for accuracy, gap in found.values():
        assert (accuracy.statistic, gap.statistic) == ("accuracy", "demographic_parity_difference")
        for one in (accuracy, gap):
            assert one.interval is not None
            assert one.interval[0] <= (one.value or 0.0) <= one.interval[1]
    assert found["thresholds by group, gap up to 0"][1].value < found["as decided"][1].value / 2
    assert frontier.method["seed"] == 0
    assert "fairlearn" in str(frontier.method["libraries"])


def test_every_point_is_what_sklearn_and_fairlearn_say_of_the_rows_kept_apart(frontier):
    rows = applicants()
    _, test = ways.apart(len(rows), seed=0)
    apart = rows.iloc[test]
    said = (apart["score"] >= 0.5).astype(int)

    accuracy, gap = mitigation.measured(frontier.measurements)["as decided"]

    assert accuracy.value == pytest.approx(accuracy_score(apart["paid"], said), abs=1e-12)
    assert gap.value == pytest.approx(
        fl.demographic_parity_difference(apart["paid"], said, sensitive_features=apart["sex"]),
        abs=1e-12,
    )


def test_what_reads_the_group_is_flagged_as_legally_sensitive(frontier):
    flagged = {p["method"] for p in mitigation.points(frontier) if p["legally_sensitive"]}

    assert flagged == {"ThresholdOptimizer", "CorrelationRemover"}


def test_a_point_becomes_a_draft_that_says_where_it_came_from(ws, frontier):
    made = mitigation.register(
        ws, frontier.id, point="thresholds by group, gap up to 0", name="1-fair", by=DANA, at=AT
    )

    assert made.stage is Stage.DRAFT
    assert made.parameters["mitigation"] == "ThresholdOptimizer"
    assert made.parameters["evidence"] == frontier.id
    assert set(made.metrics) == {"accuracy", "demographic_parity_difference"}
    assert "credit/1" in made.notes
    assert "unlawful" in made.notes
    with pytest.raises(NotFound, match="has no point 'magic'"):
        mitigation.register(ws, frontier.id, point="magic", name="x", by=DANA, at=AT)
    with pytest.raises(NotAllowed):
        mitigation.register(ws, frontier.id, point="as decided", name="x", by=VERA, at=AT)
    other = Evidence("credit/1", Purpose.FAIRNESS, None, (), AT, "dana")
    with ws.transaction() as tx:
        evidence.add(tx, other)
    with pytest.raises(InvalidInput, match="holds no frontier"):
        mitigation.register(ws, other.id, point="as decided", name="x", by=DANA, at=AT)


def test_a_point_brings_its_model_file_and_says_so(ws, snapshot, frontier):
    point = "trained with 100% of the correlation removed"
    told = next(p for p in mitigation.points(frontier) if p["name"] == point)

    made = mitigation.register(ws, frontier.id, point=point, name="1-linear", by=DANA, at=AT)

    assert (made.artifact, made.artifact_format) == (told["artifact"], "skops")
    assert made.columns.features == ("income", "trade", "sex"), "the group is read by the model"
    assert made.columns.threshold == 0.5
    assert made.training == snapshot
    assert f"a model file of its own ({told['bytes']:,} bytes)" in made.notes
    assert registry.file_of(ws, "credit", "1-linear", by=DANA).stat().st_size == told["bytes"]
    with pytest.raises(NotAllowed):
        registry.file_of(ws, "credit", "1-linear", by=VERA)
    with pytest.raises(NotFound, match="has no model file"):
        registry.file_of(ws, "credit", "1", by=DANA)


def test_a_registered_model_file_is_explained_by_the_usual_job(ws, snapshot, frontier):
    mitigation.register(ws, frontier.id, point="trained anew", name="1-anew", by=DANA, at=AT)
    with JobRunner(ws, kinds=explanation.KINDS, clock=lambda: AT) as runner:
        kept = explanation.run_now(
            ws, "credit", "1-anew", snapshot=snapshot, rows=100, runner=runner, by=VALA, at=AT
        )

    assert kept.method["explainer"] == "linear"
    assert {m.column for m in kept.measurements if m.column} == {"income", "trade"}


def test_thresholds_by_group_are_kept_as_a_file_that_says_what_it_decides(ws, frontier):
    point = "thresholds by group, gap up to 0.05"
    made = mitigation.register(ws, frontier.id, point=point, name="1-rule", by=DANA, at=AT)

    rule: Any = mitigation.rule_of(ws, made)

    assert made.columns.threshold is None, "no threshold holds for all"
    assert set(rule["groups"]) == {"F", "M"}
    assert (rule["attribute"], rule["score"], rule["positive"]) == ("sex", "score", "1")
    assert rule["scored_by"] == {"version": "credit/1", "sha256": None}
    assert "unlawful" in rule["legally_sensitive"]
    path = artifacts.path(ws, made.parameters["decision_rule"])
    assert json.loads(path.read_text(encoding="utf-8")) == rule
    assert mitigation.rule_of(ws, models.version(ws.cursor(), "credit", "1")) is None


def test_a_way_that_draws_by_chance_says_why_it_has_no_file(ws, frontier):
    point = "trained with each group within 0.01 of all"
    made = mitigation.register(ws, frontier.id, point=point, name="1-drawn", by=DANA, at=AT)

    assert made.artifact is None
    assert "It runs as no file: each decision is drawn by chance from" in made.notes


def test_what_cannot_be_tried_is_refused_before_there_is_a_job(ws, snapshot):
    asked: dict[str, Any] = {"snapshot": snapshot, "attribute": "sex", "by": VALA, "at": AT}
    with pytest.raises(InvalidInput, match="no binary model"):
        mitigation.start(ws, "price", "1", **asked)
    race, viewer = dict(asked, attribute="race"), dict(asked, by=VERA)
    with pytest.raises(InvalidInput, match="no column 'race'"):
        mitigation.start(ws, "credit", "1", **race)
    with pytest.raises(InvalidInput, match="constraint 'luck'"):
        mitigation.start(ws, "credit", "1", **asked, constraint="luck")
    with pytest.raises(NotAllowed):
        mitigation.start(ws, "credit", "1", **viewer)


def test_equalised_odds_is_tried_with_thresholds_that_leave_no_gap():
    found = ways.candidates(
        data(applicants()), constraint="equalized_odds", seed=0, report=lambda *_: None
    )

    named = [one.name for one in found if one.method == "ThresholdOptimizer"]
    assert named == ["thresholds by group, gap up to 0"]


def test_learning_from_a_sensitive_column_needs_its_own_permission_and_is_recorded(
    ws, snapshot, frontier
):
    with pytest.raises(NotAllowed, match="protected attributes row by row"):
        mitigation.start(ws, "credit", "1", snapshot=snapshot, attribute="sex", by=DANA, at=AT)
    tried = next(job for job in jobs.every(ws.cursor()) if job.kind == "mitigate")
    check = mitigation.KINDS["mitigate"].check
    assert check is not None
    with pytest.raises(NotAllowed, match="protected attributes row by row"):
        check(ws.cursor(), tried, DANA)

    read = [
        link.event for link in audit.links(ws.cursor()) if link.event.action == "sensitive.read"
    ]
    assert (read[0].by, read[0].subject) == ("vala", "version:credit/1")
    assert read[0].details["columns"] == ["sex"]
    assert frontier.created_by == "vala"


def test_too_few_rows_and_nothing_to_learn_from_are_said():
    rows = applicants(300)
    nothing = data(applicants(500))
    bare = replace(nothing, features=nothing.features.loc[:, []], scores=None)

    with pytest.raises(InsufficientData, match="300 rows with an outcome"):
        ways.apart(len(rows), seed=0)
    with pytest.raises(InsufficientData, match="no feature holds"):
        list(ways.candidates(bare, constraint="equalized_odds", seed=0, report=lambda *_: None))


def test_rows_without_outcome_are_left_out_and_unknown_groups_are_one():
    rows = applicants(600).astype({"paid": "float64"})
    rows.loc[:9, "paid"] = np.nan
    rows.loc[10:29, "sex"] = None

    found = data(rows)

    assert len(found.labels) == 590
    assert set(found.groups) == {"F", "M", "(missing)"}
    assert found.labels.tolist() == rows["paid"][10:].astype(int).tolist()


def test_rows_without_a_score_or_a_decision_are_left_out_of_every_way_and_counted():
    rows = applicants(1_000).assign(said=1)
    rows.loc[:9, "score"] = np.nan
    rows.loc[10:12, "score"] = 1.4
    rows.loc[500:504, "said"] = np.nan

    found = data(rows)
    decided = data(rows, prediction="said")

    assert found.notices == (
        "13 of 1000 rows have no score between 0 and 1 and are left out of every way",
    )
    assert len(found.labels) == len(found.scores) == len(found.decided) == 987
    assert (found.decided == (rows["score"].to_numpy()[13:] >= 0.5)).all()
    assert decided.notices[0] == "5 rows without a decision are left out"
    assert len(decided.labels) == 982


def test_where_hardly_a_row_has_a_score_thresholds_by_group_are_left_out_and_it_is_said():
    rows = applicants(1_000)
    rows.loc[300:, "score"] = np.nan

    few, none = data(rows), data(rows, score=None)

    assert len(few.labels) == len(none.labels) == 1_000
    assert few.scores is few.decided is none.scores is none.decided is None
    (told,) = few.notices
    assert told.startswith("thresholds by group are left out: 700 of 1000 rows have no score")
    assert told.endswith("and they need 400 that have")
    assert none.notices == (
        "thresholds by group are left out: the rows have no column with the version's score",
    )
    tried = ways.candidates(few, constraint="demographic_parity", seed=0, report=lambda *_: None)
    assert "ThresholdOptimizer" not in {one.method for one in tried}
