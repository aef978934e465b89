"""A model's whole life over HTTP, as a program would live it."""

from api_bodies import columns, dataset, model, roles, use_case
from api_rows import applications, parquet

PLAN = """
name: first validation
rationale: what the house policy asks for
seed: 7
sensitive: [sex]
statistics:
  performance: [roc_auc, accuracy]
  fairness: [demographic_parity_difference]
limits:
  roc_auc: {minimum: 0.5, rationale: better than chance}
  demographic_parity_difference: {maximum: 0.9, rationale: a generous screen}
"""


NAME = "whole-life"


def registered(dev):
    """Register a use case, model, snapshot and candidate version; return the snapshot's id."""
    made = dev("POST", "/usecases", json=use_case(NAME))
    assert (made.status_code, made.json()["tier"]) == (201, "high"), made.text
    assert dev("POST", "/models", json=model(NAME)).status_code == 201
    assert dev("POST", "/datasets", json=dataset(NAME)).status_code == 201
    upload = dev.upload("reference.parquet", parquet(applications(2000)))
    body = {"upload": upload, "roles": roles()}
    kept = dev("POST", f"/datasets/{NAME}/snapshots", json=body)
    assert kept.status_code == 201, kept.text
    assert kept.json()["rows"] == 2000
    snapshot = kept.json()["id"]
    version = {
        "name": "1",
        "columns": columns(),
        "reference": snapshot,
        "training": snapshot,
        "code_commit": "0f1e2d3",
        "metrics": {"roc_auc": 0.7},
    }
    added = dev("POST", f"/models/{NAME}/versions", json=version)
    assert (added.status_code, added.json()["stage"]) == (201, "draft"), added.text
    body = {"to": "candidate", "reason": "ready"}
    moved = dev("POST", f"/models/{NAME}/versions/1/move", json=body)
    assert moved.json()["stage"] == "candidate", moved.text
    return snapshot


def ingested(dev):
    """Send two weeks of predictions on older applicants, and their outcomes."""
    live = applications(1400, start="2026-05-04", days=14, seed=2, shift=15)
    upload = dev.upload("may.parquet", parquet(live.drop(columns="bad")))
    body = {"uploads": [upload], "timestamp": "at", "id": "id", "score": "p", "prediction": "flag"}
    sent = dev("POST", f"/models/{NAME}/versions/1/predictions", json=body)
    assert (sent.status_code, sent.json()["rows"]) == (201, 1400), sent.text
    upload = dev.upload("outcomes.csv", live[["id", "bad"]].to_csv(index=False).encode())
    body = {"uploads": [upload], "id": "id", "target": "bad"}
    sent = dev("POST", f"/models/{NAME}/outcomes", json=body)
    assert (sent.status_code, sent.json()["matched"]) == (201, 1400), sent.text


def monitored(dev):
    """Watch the version and return what was measured about the applicants' age."""
    defined = dev("PUT", f"/models/{NAME}/versions/1/monitor", json={"grain": "week"})
    assert defined.status_code == 200, defined.text
    ran = dev("POST", "/monitors/run", json={"model": NAME}).json()["items"]
    assert [r["state"] for r in ran] == ["breach"]
    measured = dev("GET", f"/models/{NAME}/versions/1/measurements", params={"statistic": "ks"})
    return [m for m in measured.json()["measurements"] if m["column"] == "age"]


def test_a_life_from_business_case_to_a_decision_on_record(caller):
    dev, val, apa, aud = (caller(who) for who in ("dev", "val", "apa", "aud"))
    snapshot = registered(dev)
    ingested(dev)
    drifted = monitored(dev)
    assert [m["state"] for m in drifted] == ["breach", "breach"]
    assert all(m["value"] > 0.3 and m["n"] == 700 for m in drifted)

    body = {"snapshot": snapshot, "plan": PLAN}
    assessed = val("POST", f"/models/{NAME}/versions/1/assessments", json=body)
    assert assessed.status_code == 202, assessed.text
    assert {e["purpose"] for e in assessed.json()["items"]} == {"performance", "fairness"}

    gate = {"model": NAME, "version": "1", "to": "validated"}
    report = dev("POST", "/gate", json=gate).json()
    failing = {r["rule"] for r in report["results"] if r["verdict"]["outcome"] != "pass"}
    assert report["outcome"] == "fail"
    assert "lineage" in failing, "no model file was registered"

    request = dev("POST", "/requests", json={**gate, "reason": "first version"}).json()
    assert len(request["evidence"]) == 2
    decisions = f"/requests/{request['id']}/decisions"
    assert dev("POST", decisions, json={"vote": "approve"}).status_code == 403
    vote = {"vote": "approve", "reason": "fine", "seen": request["bundle"]}
    refused = apa("POST", decisions, json=vote)
    assert (refused.status_code, refused.json()["title"]) == (409, "Check failed")
    refusal = {"vote": "reject", "reason": "no model file"}
    assert apa("POST", decisions, json=refusal).status_code == 422, "it names no code"
    turned = apa("POST", decisions, json=refusal | {"code": "record_incomplete"})
    assert turned.json()["status"] == "rejected"

    trail = aud("GET", "/audit", params={"subject": f"request:{request['id']}"}).json()
    assert {link["event"]["by"] for link in trail["items"]} == {"dev", "apa"}
    examined = aud("POST", "/audit/verification").json()
    # Other tests here write straight into the tables of this workspace, which is found.
    assert [f for f in examined["findings"] if f["kind"] != "edited" or NAME in f["sentence"]] == []

    # Another grain begins another series, and the earlier one stays to be read.
    path = f"/models/{NAME}/versions/1"
    changed = {"grain": "month", "reason": "too few rows a week"}
    assert dev("PUT", f"{path}/monitor", json=changed).json()["series"] == 2
    dev("POST", "/monitors/run", json={"model": NAME})
    asked = {"statistic": "ks", "column": "age"}
    earlier, newest = (
        dev("GET", f"{path}/measurements", params=asked | one).json()["measurements"]
        for one in ({"series": 1}, {})
    )
    assert [m["window"] for m in earlier] == [m["window"] for m in drifted]
    assert newest
    assert newest[0]["window"] != earlier[0]["window"]
