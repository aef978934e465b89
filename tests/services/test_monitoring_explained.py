"""Windows explained in jobs that a run asks for: kept, compared with the reference, judged."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from skops import io
from tumour_life import AT, MONDAY, add_case, add_model

from lifecycle.domain.actor import Actor, Role
from lifecycle.domain.job import JobState
from lifecycle.domain.measurement import State
from lifecycle.domain.model import Columns
from lifecycle.services import ingestion, job_kinds, jobs, monitoring, registry
from lifecycle.services.monitoring import scheduling
from lifecycle.store import alerts, audit, evidence, explained_rows, measurements, models
from lifecycle.store import jobs as job_rows
from lifecycle.store.connection import Workspace

DORA = Actor("dora", frozenset({Role.DEVELOPER}))
COLUMNS = Columns(target="ill", positive="1", prediction="guess", features=("a", "b", "c"))
NAMES = ("explanation_ndcg", "explanation_rank_correlation")
WEEKS = (MONDAY, MONDAY + timedelta(weeks=1))


def rows(seed, n, *, spread=(3.0, 1.0, 0.2)):
    """Draw columns whose spread decides how much a linear model leans on each."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(rng.normal(0, spread, (n, 3)), columns=["a", "b", "c"])
    return frame.assign(ill=(frame.sum(axis=1) + rng.normal(size=n) > 0).astype(int))


def model():
    frame = rows(0, 2_000)
    return LogisticRegression().fit(frame[["a", "b", "c"]], frame["ill"].astype(str))


def workspace(folder, *, file=True, **settings) -> Any:
    """Open a workspace with a version of that model, watched week by week."""
    ws = Workspace.create(folder / "home", at=AT)
    add_case(ws, DORA)
    add_model(ws, DORA)
    registry.add_dataset(
        ws,
        id="cases",
        name="Cases",
        description="Made here",
        source="a test",
        owner="dora",
        by=DORA,
        at=AT,
    )
    reference = rows(1, 600)
    fitted = model()
    answered = reference.assign(guess=fitted.predict(reference[["a", "b", "c"]]).astype(int))
    answered.to_parquet(folder / "reference.parquet", index=False)
    roles: Any = {"ill": "target", "guess": "prediction"}
    kept = registry.add_snapshot(
        ws, "cases", folder / "reference.parquet", roles=roles, by=DORA, at=AT
    )
    held = folder / "model.skops"
    io.dump(fitted, held)
    registry.add_version(
        ws,
        "tumour",
        "1",
        columns=COLUMNS,
        file=held if file else None,
        reference=kept.id,
        by=DORA,
        at=AT,
    )
    given: dict[str, Any] = {"minimum": 100, "explanations": True, **settings}
    monitoring.define(ws, "tumour", "1", by=DORA, at=AT, **given)
    return ws


def log(ws, folder, frame, *, when, name):
    file = folder / f"{name}.parquet"
    made = frame.drop(columns="ill").assign(
        guess=0, case=[f"{name}-{i}" for i in range(len(frame))], when=when
    )
    made.to_parquet(file, index=False)
    ingestion.predictions(ws, "tumour", "1", [file], timestamp="when", id="case", by=DORA, at=AT)


def run(ws, *, by=DORA, hours=0):
    (result,) = monitoring.run(ws, "tumour", by=by, at=AT + timedelta(hours=hours))
    return result


def found(ws, statistic=NAMES[0]) -> dict[Any, Any]:
    kept = measurements.history(ws.cursor(), "tumour/1", statistic=statistic)
    return {m.window.start: m for m in kept if m.window is not None}


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """Two weeks, the second of which leans on another column; before and after their jobs ran."""
    folder = tmp_path_factory.mktemp("explained")
    ws = workspace(folder, alerts={"k": 1, "m": 1})
    log(ws, folder, rows(2, 300), when=WEEKS[0], name="first")
    log(ws, folder, rows(3, 300, spread=(0.2, 1.0, 9.0)), when=WEEKS[1], name="second")
    result = run(ws)
    before = found(ws)
    with jobs.JobRunner(
        ws, kinds=job_kinds.KINDS, clock=lambda: datetime.now(UTC), reuse=True
    ) as runner:
        ended = [runner.wait(f"job-{number}") for number in (1, 2, 3)]
    yield ws, result, before, ended
    ws.close()


def test_a_run_asks_for_jobs_and_waits_for_none(told):
    _, result, before, ended = told

    assert result.notices[-1].startswith("job-1, job-2, job-3 explain rows of tumour/1")
    assert {m.state for m in before.values()} == {State.INSUFFICIENT}
    assert [job.kind for job in ended] == ["explain_rows"] * 3
    assert [job.state for job in ended] == [JobState.DONE] * 3
    assert {job.owner for job in ended} == {"dora"}
    assert before[WEEKS[0]].reason == "job-1 explains the rows of the reference; it is queued"
    assert before[WEEKS[0]].value is None


def test_what_drives_a_window_is_compared_with_the_reference_and_judged(told):
    ws, *_ = told

    ndcg, correlation = found(ws), found(ws, NAMES[1])

    assert ndcg[WEEKS[0]].value == pytest.approx(1, abs=0.02)
    assert ndcg[WEEKS[0]].state is State.OK
    assert correlation[WEEKS[0]].value == pytest.approx(1)
    assert ndcg[WEEKS[1]].value < 0.9
    assert ndcg[WEEKS[1]].state is State.BREACH
    assert ndcg[WEEKS[1]].limit == pytest.approx(0.9)
    assert correlation[WEEKS[1]].value == pytest.approx(-1)
    assert ndcg[WEEKS[1]].n == 300


def test_the_columns_are_those_of_shap_for_a_linear_model(told):
    ws, *_ = told
    kept = explained_rows.of_version(ws.cursor(), "tumour/1")
    weights = np.abs(model().coef_[0])

    (part,) = [part for part in kept if part.startswith("2026-01-12")]
    columns: Any = kept[part].payload["columns"]
    assert [one["column"] for one in columns] == ["c", "b", "a"]
    # a linear model's value of a column is its weight times how far it is from the background
    week, behind = rows(3, 300, spread=(0.2, 1.0, 9.0)), rows(1, 600)
    far = np.abs(week["c"] - behind["c"].mean()).mean()
    (most,) = [one["value"] for one in columns if one["column"] == "c"]
    assert most == pytest.approx(weights[2] * far, rel=0.05)


def test_explanations_outlive_the_next_runs(told, tmp_path):
    ws, *_ = told
    before = found(ws)

    log(ws, tmp_path, rows(2, 3), when=MONDAY - timedelta(days=2), name="older")
    result = run(ws, hours=1)
    assert result.windows >= 1
    monitoring.change(ws, "tumour", "1", minimum=120, by=DORA, at=AT + timedelta(hours=2))
    run(ws, hours=3)

    after = found(ws)
    assert {start: after[start].value for start in before} == {
        start: m.value for start, m in before.items()
    }
    assert len(job_rows.every(ws.cursor())) == 3, "nothing was asked for again"


def test_an_alert_follows_and_no_evidence_is_made(told):
    ws, *_ = told

    raised = alerts.unfinished(ws.cursor(), "tumour/1", at=AT + timedelta(days=1))
    series = {s.statistic for alert in raised for s in alert.signals}
    kept = audit.search(ws.cursor(), action="monitor.explain")
    assert len(kept) == 3
    assert "explanation_ndcg" in series
    assert evidence.of_version(ws.cursor(), "tumour/1") == []


@pytest.fixture
def plain(tmp_path):
    opened: list[Any] = []

    def made(**settings):
        ws = workspace(tmp_path, **settings)
        opened.append(ws)
        return ws

    yield made
    for ws in opened:
        ws.close()


def test_a_version_without_a_file_is_a_reason_and_the_run_goes_on(plain, tmp_path):
    ws = plain(file=False)
    log(ws, tmp_path, rows(2, 300), when=MONDAY, name="first")

    result = run(ws)

    (ndcg,) = found(ws).values()
    assert (ndcg.value, ndcg.state) == (None, State.NOT_APPLICABLE)
    assert "it has no file, and only skops files can run" in ndcg.reason
    assert result.measurements > 10
    assert job_rows.every(ws.cursor()) == []


def test_too_few_rows_and_windows_that_are_not_over_start_no_job(plain, tmp_path):
    ws = plain()
    log(ws, tmp_path, rows(2, 40), when=MONDAY, name="few")
    log(ws, tmp_path, rows(3, 300), when=AT - timedelta(hours=1), name="now")

    run(ws)

    (ndcg,) = found(ws).values()
    assert ndcg.state is State.INSUFFICIENT
    assert ndcg.reason == "40 rows in the window, at least 100 are needed to explain it"
    assert job_rows.every(ws.cursor()) == []


def test_a_job_that_failed_is_the_reason_and_is_not_started_again(plain, tmp_path):
    ws = plain()
    log(ws, tmp_path, rows(2, 300), when=MONDAY, name="first")
    run(ws)
    with ws.transaction() as tx:
        for job in job_rows.every(tx):
            note = "the file needs trust in __main__.Odd"
            job_rows.update(tx, replace(job, state=JobState.FAILED, note=note))

    run(ws, hours=1)

    (ndcg,) = found(ws).values()
    assert (ndcg.value, ndcg.state) == (None, State.NOT_APPLICABLE)
    assert ndcg.reason.startswith("the reference was not explained: job-1 failed: the file needs")
    assert len(job_rows.every(ws.cursor())) == 2


def test_rows_that_came_later_are_explained_again_once_the_first_job_ended(plain, tmp_path):
    ws = plain()
    log(ws, tmp_path, rows(2, 300), when=MONDAY, name="first")
    run(ws)
    log(ws, tmp_path, rows(3, 50), when=MONDAY, name="late")
    run(ws, hours=1)
    assert len(job_rows.every(ws.cursor())) == 2, (
        "the job still waits, and takes the rows there are"
    )
    with ws.transaction() as tx:
        for job in job_rows.every(tx):
            job_rows.update(tx, replace(job, state=JobState.DONE))

    run(ws, hours=2)

    assert [job.id for job in job_rows.every(ws.cursor(), live=True)] == ["job-3"]


def test_the_scheduler_asks_in_its_own_name(plain, tmp_path):
    ws = plain(schedule="6h")
    log(ws, tmp_path, rows(2, 300), when=MONDAY, name="first")

    scheduling.run_due(ws, at=AT + timedelta(hours=7))

    assert {job.owner for job in job_rows.every(ws.cursor())} == {"scheduler"}


def test_a_monitor_explains_nothing_unless_it_is_told_to(plain, tmp_path):
    ws = plain(explanations=False)
    log(ws, tmp_path, rows(2, 300), when=MONDAY, name="first")

    run(ws)

    assert found(ws) == {}
    assert job_rows.every(ws.cursor()) == []
    assert models.version_by_id(ws.cursor(), "tumour/1").reference is not None
