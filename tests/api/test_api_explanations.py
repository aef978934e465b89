"""Are explanations made over HTTP, and their single rows shown to those who may open rows?"""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from skops import io

CASE = {
    "id": "repaying", "name": "Repaying", "problem": "Losses", "owner": "dev", "sponsor": "sam",
    "answers": {"practice": "no", "domain": "credit", "effect": "informs", "interaction": "no"},
}  # fmt: skip
MODEL = {
    "id": "payer", "use_case_id": "repaying", "name": "Payer", "kind": "predictive",
    "task": "binary", "owner": "dev", "purpose": "Ranks",
}  # fmt: skip
DATASET = {
    "id": "payers", "name": "Payers", "description": "Made here", "source": "a test",
    "owner": "dev",
}  # fmt: skip
COLUMNS = {"target": "paid", "positive": "1", "threshold": 0.5, "features": ["income", "debt"]}


@pytest.fixture
def payer(caller, tmp_path):
    """Return the snapshot of a version that has a model file."""
    dev = caller("dev")
    rng = np.random.default_rng(3)
    rows = pd.DataFrame({"income": rng.normal(size=400), "debt": rng.gamma(2, 1, 400)})
    rows["paid"] = (rows["income"] > 0).astype(int)
    rows.to_parquet(tmp_path / "rows.parquet")
    io.dump(LogisticRegression().fit(rows[["income", "debt"]], rows["paid"]), tmp_path / "m.skops")
    for path, body in (("/usecases", CASE), ("/models", MODEL), ("/datasets", DATASET)):
        assert dev("POST", path, json=body).status_code == 201
    upload = dev.upload("rows.parquet", (tmp_path / "rows.parquet").read_bytes())
    body = {"roles": {"paid": "target"}, "upload": upload}
    snapshot = dev("POST", "/datasets/payers/snapshots", json=body).json()["id"]
    upload = dev.upload("m.skops", (tmp_path / "m.skops").read_bytes())
    body = {"name": "1", "columns": COLUMNS, "reference": snapshot}
    made = dev("POST", "/models/payer/versions", params={"upload": upload}, json=body)
    assert made.status_code == 201, made.text
    return snapshot


def test_single_rows_along_columns_are_shown_to_those_who_may_open_rows(caller, payer):
    dev, vic = caller("dev"), caller("vic")
    job = dev("POST", "/models/payer/versions/1/explanations", json={"snapshot": payer, "rows": 50})
    assert job.json()["state"] == "done", job.text
    at = f"/evidence/{job.json()['result']}/effects"

    whole, shown = dev("GET", at).json(), vic("GET", at).json()

    assert len(whole["columns"]["income"]["dots"]["x"]) == 50
    assert not shown["rows"]
    for name, column in shown["columns"].items():
        assert column["dots"] is None
        assert column["partial"] == {
            key: value for key, value in whole["columns"][name]["partial"].items() if key != "lines"
        }
    assert caller()("GET", at).status_code == 401
    assert vic("GET", "/evidence/ev-none/effects").status_code == 404
