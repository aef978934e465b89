"""Are ways to narrow a gap tried, shown and registered over HTTP as on the command line?"""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from skops import io

CASE = {
    "id": "lending", "name": "Lending", "problem": "Losses", "owner": "dev", "sponsor": "sam",
    "answers": {"practice": "no", "domain": "credit", "effect": "informs", "interaction": "no"},
}  # fmt: skip
MODEL = {
    "id": "lender", "use_case_id": "lending", "name": "Lender", "kind": "predictive",
    "task": "binary", "owner": "dev", "purpose": "Ranks",
}  # fmt: skip


DATASET = {
    "id": "loans", "name": "Loans", "description": "Made here", "source": "a test", "owner": "dev",
}  # fmt: skip


def loans(n=900):
    rng = np.random.default_rng(3)
    sex = rng.choice(["F", "M"], n)
    income = rng.normal(0.7 * (sex == "M"), 1.0)
    rows = pd.DataFrame({"income": income, "debt": rng.gamma(2, 1, n), "sex": sex})
    rows["paid"] = (income - 0.2 * rows["debt"] + rng.normal(0, 0.8, n) > 0).astype(int)
    return rows


@pytest.fixture
def lender(caller, tmp_path):
    """A model with a version that has a file, and a snapshot that it scored."""
    dev = caller("dev")
    dev("POST", "/usecases", json=CASE)
    dev("POST", "/models", json=MODEL)
    rows = loans()
    model = LogisticRegression().fit(rows[["income", "debt"]], rows["paid"])
    rows["p"] = model.predict_proba(rows[["income", "debt"]])[:, 1]
    rows.loc[:4, "p"] = np.nan
    rows.to_parquet(tmp_path / "loans.parquet")
    io.dump(model, tmp_path / "model.skops")
    dev("POST", "/datasets", json=DATASET)
    upload = dev.upload("loans.parquet", (tmp_path / "loans.parquet").read_bytes())
    body = {"roles": {"paid": "target", "p": "score", "sex": "sensitive"}}
    sent = dev("POST", "/datasets/loans/snapshots", json={**body, "upload": upload})
    assert sent.status_code == 201, sent.text
    columns = {
        "target": "paid", "score": "p", "positive": "1", "threshold": 0.5,
        "features": ["income", "debt"], "sensitive": ["sex"],
    }  # fmt: skip
    upload = dev.upload("model.skops", (tmp_path / "model.skops").read_bytes())
    body = {"name": "1", "columns": columns, "reference": sent.json()["id"]}
    made = dev("POST", "/models/lender/versions", params={"upload": upload}, json=body)
    assert made.status_code in {201, 409}, made.text
    return sent.json()["id"]


def test_a_frontier_is_tried_shown_and_registered_over_http(caller, lender):
    dev, val, vic = caller("dev"), caller("val"), caller("vic")
    body = {"attribute": "sex"}
    at = "/models/lender/versions/1/mitigations"

    assert dev("POST", at, json=body).status_code == 403, "a developer may not read by row"
    unknown = val("POST", at, json={**body, "constraint": "luck"})
    assert unknown.status_code == 422
    job = val("POST", at, json=body).json()
    assert job["state"] == "done", job["note"]

    (listed,) = vic("GET", at).json()["items"]
    shown = vic("GET", f"/mitigations/{listed['id']}").json()
    assert shown == listed
    assert shown["id"] == job["result"]
    assert shown["notices"] == [
        "5 of 900 rows have no score between 0 and 1 and are left out of every way"
    ]
    by_name = {point["name"]: point for point in shown["points"]}
    for point in shown["points"]:
        for one in (point["accuracy"], point["gap"]):
            assert one["interval"][0] <= one["value"] <= one["interval"][1]
    assert by_name["as decided"]["runs_as"] == "the version's own model file"

    register = f"/mitigations/{shown['id']}/versions"
    rule = {"point": "thresholds by group, gap up to 0", "name": "1-rule"}
    assert val("POST", register, json=rule).status_code == 403, "a validator may not register"
    made = dev("POST", register, json=rule).json()
    assert made["stage"] == "draft"
    assert "unlawful" in made["notes"]
    told = vic("GET", "/models/lender/versions/1-rule/decision-rule").json()
    assert told["scored_by"]["sha256"] == made["artifact"]
    assert vic("GET", "/models/lender/versions/1/decision-rule").status_code == 404

    trained = {"point": "trained with 100% of the correlation removed", "name": "1-linear"}
    made = dev("POST", register, json=trained).json()
    file = dev("GET", "/models/lender/versions/1-linear/file")
    assert file.content[:2] == b"PK"
    assert len(file.content) == by_name[trained["point"]]["bytes"]
    assert made["columns"]["features"] == ["income", "debt", "sex"]
    assert vic("GET", "/models/lender/versions/1-linear/file").status_code == 403
    assert dev("POST", register, json=trained).status_code == 409
    lost = dev("POST", register, json={"point": "luck", "name": "x"})
    assert lost.status_code == 404
    assert "has no point 'luck'" in lost.json()["detail"]
