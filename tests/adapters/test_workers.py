"""Does a worker answer every folder it is given, and is its end noticed?"""

import json
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from sklearn.ensemble import RandomForestClassifier
from skops import io

from lifecycle.adapters import worker_process
from lifecycle.adapters.worker_process import Worker
from lifecycle.adapters.workers import work, write_json

FEATURES = ["income", "age"]


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("files")
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(200, 2)), columns=FEATURES)
    label = np.where(frame["income"] > 0, "1", "0")
    io.dump(RandomForestClassifier(5, random_state=0).fit(frame, label), folder / "model.skops")
    frame.assign(label=label).to_parquet(folder / "rows.parquet")
    return folder


def job(folder, files, **changes):
    folder.mkdir(exist_ok=True)
    settings = {
        "kind": "explain",
        "model": str(files / "model.skops"),
        "data": str(files / "rows.parquet"),
        "features": FEATURES,
        "positive": "1",
        "rows": 50,
        "seed": 0,
    }
    write_json(folder / "settings.json", settings | changes)
    return folder


def wait(worker, folder, *, seconds=90):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        answer = worker_process.result(folder)
        if answer is not None or worker.code is not None:
            return answer
        time.sleep(0.05)
    raise AssertionError("the worker took too long")


def test_one_worker_explains_several_folders_and_gives_numbers_with_their_method(tmp_path, files):
    first, second = job(tmp_path / "1", files), job(tmp_path / "2", files, features=["gone"])
    with Worker() as worker:
        worker.give(first)
        worker.give(second)
        good, bad = wait(worker, first), wait(worker, second)

    assert good is not None
    assert good["ok"], good
    result = good["result"]
    assert [c["column"] for c in result["columns"]] == ["income", "age"]
    low, high = result["columns"][0]["interval"]
    assert low < result["columns"][0]["value"] < high
    assert result["columns"][0]["direction"] > 0.8
    assert result["additivity"]["error"] <= result["additivity"]["tolerance"]
    assert (result["n"], result["seed"], result["output_space"]) == (50, 0, "probability")
    assert len(result["background"]["sha256"]) == 64
    local = pq.read_table(first / "local.parquet").to_pandas()
    total = local["base"] + local["shap:income"] + local["shap:age"]
    assert total.to_numpy() == pytest.approx(local["output"].to_numpy())
    assert bad == {
        "ok": False,
        "error": "the model was fitted on the columns income, age, not on gone",
    }
    assert "of processor time" in worker_process.progress(first).note
    assert "Explaining 50 rows" in worker_process.progress(first).log


def test_the_same_seed_gives_the_same_result_twice(tmp_path, files):
    folders = [job(tmp_path / name, files) for name in ("1", "2")]
    for folder in folders:
        work(folder)

    first, second = ((folder / "result.json").read_text() for folder in folders)
    assert first == second


def test_too_few_rows_and_a_strange_label_are_said_in_one_sentence(tmp_path, files):
    few = tmp_path / "few.parquet"
    pd.DataFrame({"income": [1.0], "age": [2.0]}).to_parquet(few)
    for name, changes, sentence in (
        ("a", {"data": str(few)}, "has 1 rows"),
        ("b", {"positive": "maybe"}, "classes are 0, 1, not 'maybe'"),
        ("c", {"kind": "bake"}, "knows no job of kind 'bake'"),
        ("d", {"model": str(few)}, "none of the accepted model files"),
    ):
        folder = job(tmp_path / name, files, **changes)
        work(folder)
        answer = json.loads((folder / "result.json").read_text())
        assert not answer["ok"]
        assert sentence in answer["error"]


def test_a_killed_worker_shows_its_signal_and_leaves_no_result(tmp_path, files):
    with Worker() as worker:
        worker.kill()
        worker.give(job(tmp_path / "1", files))

        assert worker.code == -9
        assert worker_process.result(tmp_path / "1") is None


def test_a_worker_that_a_library_ends_for_lack_of_memory_says_so(tmp_path):
    log = tmp_path / "worker.log"
    lacking = "OpenBLAS error: Memory allocation still failed after 10 retries, giving up.\n"
    log.write_text(lacking)
    with Worker(log=log) as worker:
        worker.finish()
        while worker.code is None:
            time.sleep(0.05)
        assert worker.cause == "it stopped with code 0", "what another one said before"
        with log.open("a") as more:
            more.write(lacking)
        assert worker.cause == "it needs more memory than a worker may use"


def test_a_worker_ends_with_its_input(tmp_path):
    with Worker() as worker:
        worker.finish()
        deadline = time.monotonic() + 30
        while worker.code is None and time.monotonic() < deadline:
            time.sleep(0.05)

        assert worker.code == 0


def test_a_worker_sees_no_token_of_ours(tmp_path, monkeypatch):
    monkeypatch.setenv("LIFECYCLE_TOKEN", "secret")
    with Worker() as worker:
        environment = Path(f"/proc/{worker._process.pid}/environ").read_bytes()

    assert b"secret" not in environment
