"""Does an explanation become evidence that says how it was made, and is bad input refused early?"""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures
from sklearn.tree import DecisionTreeClassifier
from skops import io

import lifecycle
from lifecycle.domain.actor import Actor, Role
from lifecycle.domain.dataset import ColumnRole
from lifecycle.domain.evidence import Purpose
from lifecycle.domain.job import JobState
from lifecycle.domain.model import Columns
from lifecycle.domain.reach import Reach
from lifecycle.errors import CheckFailed, InvalidInput, NotAllowed, NotFound
from lifecycle.services import explanation, registry
from lifecycle.services.explanation import decisions, reading
from lifecycle.services.jobs import JobRunner
from lifecycle.store import artifacts, audit, datasets, evidence, explained, jobs, models
from lifecycle.store.connection import Workspace

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)
DANA = Actor("dana", frozenset({Role.DEVELOPER}))
VERA = Actor("vera", frozenset({Role.VIEWER}))
VALA = Actor("vala", frozenset({Role.VALIDATOR}))
AUDRA = Actor("audra", frozenset({Role.AUDITOR}))
WORDS = """
adverse: higher
columns:
  debt: {raises: Debt is high, change: down}
  age: {change: fixed}
"""
ANSWERS = {"practice": "no", "domain": "credit", "effect": "informs", "interaction": "no"}
COLUMNS = Columns(target="default", positive="1", features=("debt", "age"), threshold=0.5)


def applicants():
    rng = np.random.default_rng(0)
    return pd.DataFrame({"debt": rng.normal(size=300), "age": rng.normal(size=300)})


@pytest.fixture(scope="module")
def ws(tmp_path_factory):
    folder = tmp_path_factory.mktemp("explanation")
    frame = applicants()
    model = LogisticRegression().fit(frame, (frame["debt"] > 0).astype(int).astype(str))
    io.dump(model, folder / "model.skops")
    frame.assign(default=(frame["debt"] > 0).astype(int)).to_parquet(folder / "rows.parquet")
    with Workspace.create(folder / "home", at=AT) as workspace:
        who: Any = {"by": DANA, "at": AT}
        registry.add_use_case(
            workspace,
            id="credit",
            name="Credit",
            problem="Losses",
            owner="dana",
            sponsor="sam",
            answers=ANSWERS,
            **who,
        )
        registry.add_model(
            workspace,
            id="credit",
            use_case_id="credit",
            name="Credit",
            task="binary",
            owner="dana",
            purpose="Rank",
            **who,
        )
        registry.add_dataset(
            workspace,
            id="loans",
            name="Loans",
            description="Made here",
            source="a test",
            owner="dana",
            **who,
        )
        registry.add_snapshot(
            workspace,
            "loans",
            folder / "rows.parquet",
            roles={"default": ColumnRole.TARGET},
            **who,
        )
        file = folder / "model.skops"
        registry.add_version(workspace, "credit", "1", columns=COLUMNS, file=file, **who)
        registry.add_version(workspace, "credit", "2", columns=COLUMNS, **who)
        strange = Columns(target="default", positive="maybe", features=("debt", "age"))
        registry.add_version(workspace, "credit", "3", columns=strange, file=file, **who)
        yield workspace


@pytest.fixture
def snapshot(ws):
    every = datasets.snapshots(ws.cursor())
    return next(s.id for s in every if any(c.name == "debt" for c in s.columns))


@pytest.fixture
def runner(ws):
    with JobRunner(ws, kinds=explanation.KINDS, clock=lambda: AT) as running:
        yield running


def test_an_explanation_is_evidence_with_its_method_and_a_sample_of_rows(ws, snapshot, runner):
    found = explanation.run_now(
        ws, "credit", "1", snapshot=snapshot, rows=100, runner=runner, by=DANA, at=AT
    )

    assert evidence.latest(ws.cursor(), "credit/1", Purpose.EXPLANATION) == found
    assert (found.created_by, found.snapshot_id) == ("dana", snapshot)
    importance = [m for m in found.measurements if m.statistic == "mean_abs_shap"]
    assert [m.column for m in importance] == ["debt", "age"]
    assert importance[0].interval is not None
    assert importance[0].unit == "log-odds"
    assert found.method["explainer"] == "linear"
    assert found.method["artifact"] == models.version(ws.cursor(), "credit", "1").artifact
    assert found.method["lifecycle"] == lifecycle.__version__
    assert "code_commit" in found.method
    assert {"shap", "scikit-learn", "numpy", "python"} <= set(found.method["versions"])  # pyright: ignore[reportArgumentType] -- JSON values
    local = pq.read_table(artifacts.path(ws, str(found.payload["local"]))).to_pandas()
    assert len(local) == 100
    effects = json.loads(artifacts.path(ws, str(found.payload["effects"])).read_text())
    assert list(effects["columns"]) == ["debt", "age"]
    assert found.method["ranking"]["rows"] == 100  # pyright: ignore[reportCallIssue, reportArgumentType, reportIndexIssue] -- JSON values
    kept = [link.event for link in audit.links(ws.cursor()) if link.event.action == "evidence.add"]
    assert kept[-1].details["evidence"] == found.id


def test_rows_along_columns_are_for_those_who_may_open_rows_of_the_model(ws, snapshot, runner):
    kept = explanation.run_now(
        ws, "credit", "1", snapshot=snapshot, rows=100, runner=runner, by=DANA, at=AT
    )
    elsewhere = replace(DANA, reach=Reach(units=frozenset({"cards"})))

    whole = reading.effects(ws, kept, by=DANA)

    assert whole is not None
    assert whole["rows"]
    for by in (VERA, elsewhere):
        shown = reading.effects(ws, kept, by=by)
        assert shown is not None
        assert not shown["rows"]
        assert list(shown["columns"]) == list(whole["columns"])
        for name, column in shown["columns"].items():
            assert column["dots"] is None
            assert "lines" not in column["partial"]
            assert column["partial"]["mean"] == whole["columns"][name]["partial"]["mean"]
            assert column["accumulated"] == whole["columns"][name]["accumulated"]


def test_a_model_that_does_not_know_the_positive_label_fails_the_job(ws, snapshot, runner):
    with pytest.raises(CheckFailed, match="classes are 0, 1, not 'maybe'"):
        explanation.run_now(ws, "credit", "3", snapshot=snapshot, runner=runner, by=DANA, at=AT)

    assert jobs.every(ws.cursor())[0].state is JobState.FAILED
    assert evidence.of_version(ws.cursor(), "credit/3") == []


def test_a_changed_model_file_is_never_given_to_a_worker(ws, snapshot, runner):
    sha256 = models.version(ws.cursor(), "credit", "1").artifact
    assert sha256 is not None
    path = artifacts.path(ws, sha256)
    content = path.read_bytes()
    job = explanation.explain(ws, "credit", "1", snapshot=snapshot, by=DANA, at=AT)
    path.chmod(0o600)
    path.write_bytes(content + b"x")
    try:
        ended = runner.wait(job.id)
    finally:
        path.write_bytes(content)

    assert ended.state is JobState.FAILED
    assert "changed since it was kept" in ended.note


def test_what_cannot_be_explained_is_refused_before_a_job_exists(ws, snapshot):
    before = len(jobs.every(ws.cursor()))
    for version, changes, error, sentence in (
        ("2", {}, InvalidInput, "it has no file"),
        ("9", {}, NotFound, "9"),
        ("1", {"rows": 0}, InvalidInput, "rows must lie between"),
        ("1", {"snapshot": "loans@gone"}, NotFound, "loans@gone"),
        ("1", {"by": VERA}, NotAllowed, "vera"),
    ):
        given: Any = {"snapshot": snapshot, "by": DANA, "at": AT} | changes
        with pytest.raises(error, match=sentence):
            explanation.explain(ws, "credit", version, **given)

    assert len(jobs.every(ws.cursor())) == before


def actions(ws):
    return [link.event.action for link in audit.links(ws.cursor())]


def decided(ws, snapshot, runner, *, row="1"):
    job = decisions.explain_decision(ws, "credit", "1", row=row, source=snapshot, by=DANA, at=AT)
    return runner.wait(job.id)


def test_a_decision_is_explained_in_the_words_in_force_and_every_opening_is_logged(
    ws, snapshot, runner
):
    made = decisions.publish_reasons(ws, "credit", WORDS, by=DANA, at=AT)
    frame = pq.read_table(artifacts.path(ws, datasets.snapshot(ws.cursor(), snapshot).artifact))
    debts = frame.to_pandas()["debt"]
    row = int(debts.argmax()) + 1
    ended = decided(ws, snapshot, runner, row=str(row))
    assert ended.state is JobState.DONE, ended.note
    before = actions(ws).count("decision.read")

    opened = decisions.open_decision(ws, str(ended.result), by=AUDRA, at=AT)

    content = opened.content
    assert opened.kept.dictionary == made.version
    assert content["values"]["debt"] == debts.max()
    assert content["base"] + sum(content["shares"].values()) == pytest.approx(content["output"])
    assert content["reasons"][0]["text"] == "Debt is high"
    assert content["decision"]["positive"]
    assert content["standing"].endswith("an adverse decision, because higher answers are adverse")
    assert content["version"] == "credit/1"
    assert content["artifact"] == models.version(ws.cursor(), "credit", "1").artifact
    (suggestion,) = content["suggestions"]
    (change,) = suggestion["changes"]
    assert (change["column"], change["from"]) == ("debt", debts.max())
    assert change["to"] < change["from"]
    assert suggestion["score"] < 0.5
    assert len(content["similar"]) == 5
    assert content["similar"][0]["values"]["debt"] == debts.max()  # itself: it is among the cases
    assert actions(ws).count("decision.read") == before + 1
    assert {"reasons.publish", "decision.explain"} <= set(actions(ws))


def test_a_number_is_explained_with_ways_into_the_range_that_was_asked_for(
    ws, snapshot, runner, tmp_path
):
    frame = applicants()
    io.dump(Ridge(alpha=0).fit(frame, 10 * frame["debt"]), tmp_path / "loss.skops")
    who: Any = {"by": DANA, "at": AT}
    registry.add_model(
        ws, id="loss", use_case_id="credit", name="Loss", task="regression", owner="dana",
        purpose="Estimates", **who,
    )  # fmt: skip
    columns = Columns(target="default", features=("debt", "age"))
    registry.add_version(
        ws, "loss", "1", columns=columns, training=snapshot, file=tmp_path / "loss.skops", **who
    )
    with pytest.raises(InvalidInput, match=r"written as 10\.\.20"):
        decisions.explain_decision(
            ws, "loss", "1", row="1", source=snapshot, aim="less", by=VALA, at=AT
        )

    job = decisions.explain_decision(
        ws, "loss", "1", row=str(int(frame["debt"].argmax()) + 1), source=snapshot, aim="..5",
        by=VALA, at=AT,
    )  # fmt: skip
    ended = runner.wait(job.id)
    content = decisions.open_decision(ws, str(ended.result), by=VALA, at=AT).content

    assert content["aim"] == "an answer of 5 or less"
    (change,) = content["suggestions"][0]["changes"]
    assert change["column"] == "debt"
    assert change["to"] == pytest.approx(0.5, abs=0.02), "as far as the range asks, no further"


def test_a_sensitive_feature_is_shown_to_whoever_may_read_sensitive_values(
    ws, snapshot, runner, tmp_path
):
    whole = artifacts.path(ws, datasets.snapshot(ws.cursor(), snapshot).artifact)
    frame = pq.read_table(whole).to_pandas()
    frame.to_parquet(tmp_path / "rows.parquet")
    roles = {"default": ColumnRole.TARGET, "age": ColumnRole.SENSITIVE}
    who: Any = {"by": DANA, "at": AT}
    about = {"description": "Made here", "source": "a test", "owner": "dana"}
    registry.add_dataset(ws, id="guarded", name="Guarded", **about, **who)
    apart = registry.add_snapshot(ws, "guarded", tmp_path / "rows.parquet", roles=roles, **who)
    model = artifacts.path(ws, str(models.version(ws.cursor(), "credit", "1").artifact))
    (tmp_path / "model.skops").write_bytes(model.read_bytes())
    columns = replace(COLUMNS, sensitive=("age",))
    registry.add_version(
        ws, "credit", "guarded", columns=columns, file=tmp_path / "model.skops",
        reference=apart.id, **who,
    )  # fmt: skip
    given: Any = {"row": "7", "source": apart.id, "at": AT}
    with pytest.raises(NotAllowed, match="read protected attributes"):
        decisions.explain_decision(ws, "credit", "guarded", by=DANA, **given)

    job = decisions.explain_decision(ws, "credit", "guarded", by=VALA, **given)
    ended = runner.wait(job.id)

    assert ended.state is JobState.DONE, ended.note
    assert "age" not in pq.read_schema(artifacts.path(ws, apart.artifact)).names
    with pytest.raises(NotAllowed, match="read protected attributes"):
        decisions.open_decision(ws, str(ended.result), by=DANA, at=AT)
    opened = decisions.open_decision(ws, str(ended.result), by=AUDRA, at=AT)
    assert opened.content["values"] == pytest.approx(frame.loc[6, ["debt", "age"]].to_dict())
    event = audit.search(ws.cursor(), limit=1)[0].event
    read = {"columns": ["age"], "purpose": "one decision explained", "rows": 1}
    assert (event.action, event.by, event.details) == ("sensitive.read", "audra", read)


def test_earlier_words_stay_with_what_was_said_in_them(ws, snapshot, runner):
    first = decisions.publish_reasons(ws, "credit", WORDS, by=DANA, at=AT)
    ended = decided(ws, snapshot, runner, row="2")

    second = decisions.publish_reasons(ws, "credit", "adverse: lower", by=DANA, at=AT)

    assert second.version == first.version + 1
    kept = explained.of_version(ws.cursor(), "credit/1")[0]
    assert (kept.id, kept.dictionary) == (ended.result, first.version)
    assert explained.dictionary(ws.cursor(), "credit") == second
    assert explained.content(ws.cursor(), "credit") == {"adverse": "lower"}
    assert explained.content(ws.cursor(), "nothing") == {}


def test_a_row_that_is_not_there_fails_the_job(ws, snapshot, runner):
    ended = decided(ws, snapshot, runner, row="301")

    assert ended.state is JobState.FAILED
    assert "has rows 1 to 300, not 301" in ended.note


def test_single_decisions_are_for_those_who_may_see_single_rows(ws, snapshot):
    given: Any = {"source": snapshot, "at": AT}
    for changes, error, sentence in (
        ({"row": "1", "by": VERA}, NotAllowed, "open single rows"),
        ({"row": "1", "by": AUDRA}, NotAllowed, "run assessments"),
        ({"row": "1", "by": DANA, "source": "log"}, InvalidInput, "has no log"),
        ({"row": "c-1", "by": DANA}, InvalidInput, "no id column"),
    ):
        with pytest.raises(error, match=sentence):
            decisions.explain_decision(ws, "credit", "1", **given | changes)
    with pytest.raises(NotAllowed):
        decisions.open_decision(ws, "xd-1", by=VERA, at=AT)
    with pytest.raises(NotFound, match="xd-99"):
        decisions.open_decision(ws, "xd-99", by=AUDRA, at=AT)
    with pytest.raises(NotAllowed):
        decisions.publish_reasons(ws, "credit", WORDS, by=VERA, at=AT)
    for text, sentence in (("a: [", "no YAML"), ("- a", "table of keys"), ("x: 1", "'x'")):
        with pytest.raises(InvalidInput, match=sentence):
            decisions.publish_reasons(ws, "credit", text, by=DANA, at=AT)


def endless(tree):
    """Make the root of a tree its own child, so that no answer ever comes."""
    state = tree.tree_.__getstate__()
    state["nodes"] = state["nodes"].copy()
    for side in ("left_child", "right_child"):
        state["nodes"][side][0] = 0
    tree.tree_.__setstate__(state)
    return tree


@pytest.mark.parametrize(
    ("seconds", "memory", "sentence"),
    [(10, 8192, "longer than the 10 seconds"), (600, 1400, "memory")],
)
def test_a_model_that_hangs_or_eats_memory_ends_its_job_and_the_next_one_runs(
    ws, tmp_path, seconds, memory, sentence
):
    rng = np.random.default_rng(memory)
    frame = pd.DataFrame(rng.normal(size=(400, 30)), columns=[f"c{i}" for i in range(30)])
    if memory == 8192:
        model: Any = endless(DecisionTreeClassifier().fit(frame, frame["c0"] > 0))
    else:
        # 324,632 products of columns: a few hundred rows of them fill a gigabyte.
        greedy = make_pipeline(PolynomialFeatures(5), Ridge())
        model = greedy.fit(frame.head(5), range(5))
    name = f"bad-{memory}"
    io.dump(model, tmp_path / "model.skops")
    frame.to_parquet(tmp_path / "rows.parquet")
    who: Any = {"by": DANA, "at": AT}
    kept = registry.add_snapshot(ws, "loans", tmp_path / "rows.parquet", roles={}, **who)
    columns = Columns(target="none", features=tuple(frame.columns))
    file = tmp_path / "model.skops"
    registry.add_version(ws, "credit", name, columns=columns, file=file, **who)
    limits: Any = {"seconds": seconds, "memory_mb": memory}
    with JobRunner(ws, kinds=explanation.KINDS, clock=lambda: AT, **limits) as runner:
        job = explanation.explain(ws, "credit", name, snapshot=kept.id, **who)
        ended = runner.wait(job.id, seconds=120)

    assert ended.state is JobState.FAILED
    assert sentence in ended.note
    assert evidence.of_version(ws.cursor(), f"credit/{name}") == []


def test_a_model_fitted_on_other_columns_than_the_version_names_fails_its_job(ws, snapshot, runner):
    file = artifacts.path(ws, str(models.version(ws.cursor(), "credit", "1").artifact))
    other = Columns(target="default", positive="1", features=("debt",))
    registry.add_version(ws, "credit", "other", columns=other, file=file, by=DANA, at=AT)

    job = explanation.explain(ws, "credit", "other", snapshot=snapshot, by=DANA, at=AT)
    ended = runner.wait(job.id)

    assert ended.state is JobState.FAILED
    assert "fitted on the columns debt, age, not on debt" in ended.note
