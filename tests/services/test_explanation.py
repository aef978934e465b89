"""Does an explanation become evidence that says how it was made, and is bad input refused early?"""

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from sklearn.linear_model import LogisticRegression
from skops import io

from lifecycle.domain.actor import Actor, Role
from lifecycle.domain.dataset import ColumnRole
from lifecycle.domain.evidence import Purpose
from lifecycle.domain.job import JobState
from lifecycle.domain.model import Columns
from lifecycle.errors import CheckFailed, InvalidInput, NotAllowed, NotFound
from lifecycle.services import explanation, registry
from lifecycle.services.jobs import JobRunner
from lifecycle.store import artifacts, audit, evidence, jobs, models
from lifecycle.store.connection import Workspace

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)
DANA = Actor("dana", frozenset({Role.DEVELOPER}))
VERA = Actor("vera", frozenset({Role.VIEWER}))
ANSWERS = {"practice": "no", "domain": "credit", "effect": "informs", "interaction": "no"}
COLUMNS = Columns(target="default", positive="1", features=("debt", "age"))


@pytest.fixture(scope="module")
def ws(tmp_path_factory):
    folder = tmp_path_factory.mktemp("explanation")
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"debt": rng.normal(size=300), "age": rng.normal(size=300)})
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
    from lifecycle.store import datasets

    return datasets.snapshots(ws.cursor())[0].id


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
    assert {"shap", "scikit-learn", "numpy", "python"} <= set(found.method["versions"])  # pyright: ignore[reportArgumentType] -- JSON values
    local = pq.read_table(artifacts.path(ws, str(found.payload["local"]))).to_pandas()
    assert len(local) == 100
    kept = [link.event for link in audit.links(ws.cursor()) if link.event.action == "evidence.add"]
    assert kept[-1].details["evidence"] == found.id


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
