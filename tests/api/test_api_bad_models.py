"""What a bad model does over HTTP: its job fails with one sentence, and the server goes on."""

import time
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, PolynomialFeatures
from sklearn.tree import DecisionTreeClassifier
from skops import io

from lifecycle import api
from lifecycle.services import job_kinds
from lifecycle.services.jobs import JobRunner
from lifecycle.settings import Settings
from tests.api.conftest import Caller

CASE = {
    "id": "spoiled", "name": "Spoiled", "problem": "Losses", "owner": "dev", "sponsor": "sam",
    "answers": {"practice": "no", "domain": "credit", "effect": "informs", "interaction": "no"},
}  # fmt: skip
MODEL = {
    "id": "spoiled", "use_case_id": "spoiled", "name": "Spoiled", "kind": "predictive",
    "task": "binary", "owner": "dev", "purpose": "Ranks",
}  # fmt: skip
DATASET = {
    "id": "homes", "name": "Homes", "description": "Made here", "source": "a test", "owner": "dev",
}  # fmt: skip
NUMBERS = [f"c{i}" for i in range(30)]
FEATURES = ["income", "home"]
PLAN = "name: spoiled\nstatistics: {fairness: [demographic_parity_difference]}\nsensitive: [home]\n"


def homes(n=400):
    rng = np.random.default_rng(5)
    rows = pd.DataFrame(rng.normal(size=(n, 30)), columns=NUMBERS)
    rows["income"], rows["home"] = rng.normal(size=n), rng.choice(["flat", "house"], n)
    rows["paid"] = (rows["income"] > 0).astype(int)
    rows["score"] = 1 / (1 + np.exp(-rows["income"]))
    return rows


def encoded(rows):
    texts = ColumnTransformer([("home", OneHotEncoder(), ["home"])], remainder="passthrough")
    return make_pipeline(texts, LogisticRegression()).fit(rows[FEATURES], rows["paid"])


def endless(tree):
    """Make the root of a tree its own child, so that no answer ever comes."""
    state = tree.tree_.__getstate__()
    state["nodes"] = state["nodes"].copy()
    for side in ("left_child", "right_child"):
        state["nodes"][side][0] = 0
    tree.tree_.__setstate__(state)
    return tree


def doubled(rows):
    return rows * 2


@contextmanager
def serving(built, folder, **limits: Any):
    """Open a server with limits of its jobs; return its callers and where files are made.

    Only one at a time: any runner takes any job that waits.
    """
    workspace, tokens = built
    clock = partial(datetime.now, UTC)
    with JobRunner(workspace, kinds=job_kinds.KINDS, clock=clock, **limits) as runner:
        runner.start()
        app = api.create(workspace, settings=Settings(home=workspace.home), jobs=runner)
        dev = Caller(app, tokens["dev"])
        for path, body in (("/usecases", CASE), ("/datasets", DATASET), ("/models", MODEL)):
            assert dev("POST", path, json=body).status_code in {201, 409}
        yield dev, Caller(app, tokens["val"]), folder


@pytest.fixture
def server(built, tmp_path):
    with serving(built, tmp_path) as opened:
        yield opened


def kept(server, name, rows, *, roles=None):
    dev, _, folder = server
    file = folder / f"{name}.parquet"
    rows.assign(of=name).to_parquet(file)
    body = {
        "roles": roles or {"paid": "target"},
        "upload": dev.upload(file.name, file.read_bytes()),
    }
    sent = dev("POST", "/datasets/homes/snapshots", json=body)
    assert sent.status_code == 201, sent.text
    return sent.json()["id"]


def registered(server, name, made, *, features, **more):
    dev, _, folder = server
    file = folder / f"{name}.skops"
    io.dump(made, file)
    columns = {"target": "paid", "positive": "1", "features": features, **more}
    return dev(
        "POST",
        "/models/spoiled/versions",
        params={"upload": dev.upload(file.name, file.read_bytes())},
        json={"name": name, "columns": columns},
    )


def waited(caller, job_id):
    deadline = time.monotonic() + 240
    while time.monotonic() < deadline:
        job = caller("GET", f"/jobs/{job_id}").json()
        if job["state"] not in {"queued", "running"}:
            return job
        time.sleep(0.1)
    raise AssertionError("the job never ended")


def other(rows):
    return LogisticRegression().fit(rows[["income"]], rows["paid"]), FEATURES, rows


def unseen(rows):
    made = encoded(rows)
    rows.loc[333, "home"] = "castle"
    return made, FEATURES, rows


def raising(rows):
    made = LogisticRegression().fit(rows[NUMBERS], rows["paid"])
    rows.loc[300, "c3"] = np.nan
    return made, NUMBERS, rows


def hanging(rows):
    return endless(DecisionTreeClassifier().fit(rows[NUMBERS], rows["paid"])), NUMBERS, rows


def greedy(rows):
    # 324,632 products of columns: a few hundred rows of them fill a gigabyte.
    made = make_pipeline(PolynomialFeatures(5), Ridge())
    return made.fit(rows[NUMBERS].head(5), range(5)), NUMBERS, rows


SNAPSHOT = "the model fails on rows of the snapshot, first where "
UNSEEN = "ValueError: Found unknown categories ['castle'] in column 0 during transform"


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (other, "the model was fitted on the columns income, not on income, home"),
        (unseen, f"{SNAPSHOT}home is 'castle': {UNSEEN}"),
        (raising, f"{SNAPSHOT}c3 is missing: ValueError: Input X contains NaN"),
    ],
)
def test_a_bad_model_fails_its_job_with_one_sentence_and_the_server_goes_on(server, bad, said):
    fails(server, bad, said)


@pytest.mark.parametrize(
    ("bad", "limits", "said"),
    [
        (hanging, {"seconds": 5}, "It took longer than the 5 seconds a job may take"),
        (greedy, {"memory_mb": 1400}, "it needs more memory than a worker may use"),
    ],
)
def test_a_model_that_passes_a_limit_is_ended_and_the_server_goes_on(
    built, tmp_path, bad, limits, said
):
    with serving(built, tmp_path, **limits) as server:
        fails(server, bad, said)


def fails(server, bad, said):
    dev, _, _ = server
    made, features, rows = bad(homes())
    snapshot = kept(server, bad.__name__, rows)
    assert registered(server, bad.__name__, made, features=features).status_code == 201

    path = f"/models/spoiled/versions/{bad.__name__}/explanations"
    asked = dev("POST", path, json={"snapshot": snapshot, "rows": 400})
    job = waited(dev, asked.json()["id"])

    assert (job["state"], job["result"]) == ("failed", None)
    assert said in job["note"]
    assert dev("GET", f"/models/spoiled/versions/{bad.__name__}/evidence").json() == {"items": []}


def test_a_model_file_with_types_nobody_trusts_is_refused(server):
    rows = homes()
    made = make_pipeline(FunctionTransformer(doubled), LogisticRegression())

    refused = registered(server, "strange", made.fit(rows[NUMBERS], rows["paid"]), features=NUMBERS)

    assert refused.status_code == 422
    assert "strange.skops holds types that are not trusted" in refused.json()["detail"]
    assert "doubled" in refused.json()["detail"]


def assessed(server, snapshot) -> Any:
    _, val, _ = server
    path = "/models/spoiled/versions/protected/assessments"
    asked = val("POST", path, json={"snapshot": snapshot, "plan": PLAN})
    assert asked.status_code == 202, asked.text
    job = waited(val, asked.json()["job"]["id"])
    found = val("GET", "/models/spoiled/versions/protected/evidence").json()["items"]
    return job, next(one for one in found if one["snapshot_id"] == snapshot)


def test_a_protected_feature_is_a_finding_and_a_score_beyond_one_is_said(server):
    rows = homes()
    made = registered(
        server, "protected", encoded(rows), features=FEATURES, sensitive=["home"], score="score",
        threshold=0.5,
    )  # fmt: skip
    assert made.status_code == 201, made.text
    roles = {"paid": "target", "score": "score", "home": "sensitive"}

    job, found = assessed(server, kept(server, "protected", rows, roles=roles))
    assert job["state"] == "done", job["note"]
    assert found["payload"]["findings"] == ["sensitive column home is also a feature of the model"]

    rows.loc[5, "score"] = 1.7
    job, found = assessed(server, kept(server, "scores", rows, roles=roles))
    assert job["state"] == "done", job["note"]
    assert any("1 of 400 rows have no score" in one for one in found["payload"]["findings"])
