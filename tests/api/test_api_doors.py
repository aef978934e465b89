"""Who is let in, and how refusals look."""

from datetime import UTC, datetime

import pytest
from api_bodies import use_case

from lifecycle.domain.job import Job, JobState
from lifecycle.store import jobs

PROBLEM = "application/problem+json"
NOW = datetime(2026, 11, 18, tzinfo=UTC)


def test_without_a_token_everything_but_the_description_is_closed(caller):
    nobody = caller()

    assert nobody("GET", "/openapi.json").status_code == 200
    answer = nobody("GET", "/inventory")
    assert answer.status_code == 401
    assert answer.headers["content-type"] == PROBLEM
    assert answer.headers["www-authenticate"] == "Bearer"


def test_a_made_up_token_is_refused(caller):
    answer = caller()("GET", "/me", headers={"Authorization": "Bearer lc_made-up"})

    assert answer.status_code == 401


def test_a_header_cannot_name_an_actor(caller):
    answer = caller()("GET", "/me", headers={"lifecycle.actor": "adm", "X-Forwarded-User": "adm"})

    assert answer.status_code == 401


def test_a_token_says_who_calls_and_what_they_may(caller):
    said = caller("dev")("GET", "/me").json()

    assert (said["name"], said["via"]) == ("dev", "token")
    assert "decide" not in said["permissions"]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/usecases", use_case("refused")),
        ("POST", "/monitors/run", {}),
        ("POST", "/requests", {"model": "m", "version": "1", "to": "approved", "reason": "r"}),
        ("POST", "/requests/req-1/decisions", {"vote": "reject", "reason": "no"}),
        ("POST", "/people", {"name": "eve", "display": "Eve", "roles": ["approver"]}),
        ("POST", "/policies", {"content": "name: x"}),
        ("GET", "/audit", None),
        ("GET", "/audit/export", None),
        ("GET", "/backup", None),
        ("POST", "/audit/verification", None),
    ],
)
def test_a_viewer_may_look_but_not_act(caller, method, path, body):
    answer = caller("vic")(method, path, json=body)

    assert answer.status_code == 403, answer.text
    assert answer.headers["content-type"] == PROBLEM
    assert "vic" in answer.json()["detail"]


def test_a_viewer_cannot_upload(caller):
    answer = caller("vic")("POST", "/uploads", params={"name": "x.csv"}, content=b"a\n1\n")

    assert answer.status_code == 403


def test_an_unknown_key_in_a_body_is_named(caller):
    answer = caller("dev")("POST", "/usecases", json={**use_case("x"), "tier": "minimal"})

    assert answer.status_code == 422
    assert "tier" in answer.json()["detail"]


def test_an_unknown_address_is_a_problem_too(caller):
    answer = caller("dev")("GET", "/nowhere")

    assert (answer.status_code, answer.headers["content-type"]) == (404, PROBLEM)


def test_something_that_does_not_exist_is_named(caller):
    answer = caller("dev")("GET", "/models/no-such-model")

    assert answer.status_code == 404
    assert "no-such-model" in answer.json()["detail"]


def test_a_fault_of_ours_shows_an_id_and_no_traceback(caller, monkeypatch, caplog):
    def explode(*_, **__):
        raise ZeroDivisionError("a secret from inside")

    monkeypatch.setattr("lifecycle.store.usecases.every", explode)

    answer = caller("dev")("GET", "/usecases")

    assert answer.status_code == 500
    assert answer.json()["fault"] in caplog.text
    assert "secret" not in answer.text


def test_a_keyed_write_is_carried_out_once(caller):
    dev = caller("dev")
    key = {"Idempotency-Key": "one-of-a-kind"}

    first = dev("POST", "/usecases", json=use_case("once-only"), headers=key)
    again = dev("POST", "/usecases", json=use_case("once-only"), headers=key)
    other = dev("POST", "/usecases", json=use_case("another"), headers=key)

    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert again.headers["idempotency-replayed"] == "true"
    assert other.status_code == 422
    assert dev("POST", "/usecases", json=use_case("once-only")).status_code == 409


def test_a_refused_write_is_not_remembered(caller):
    dev = caller("dev")
    key = {"Idempotency-Key": "first-wrong-then-right"}

    assert dev("POST", "/usecases", json={}, headers=key).status_code == 422
    assert dev("POST", "/usecases", json=use_case("in-the-end"), headers=key).status_code == 201


def test_an_upload_is_used_once_and_by_its_sender_only(caller):
    dev, val = caller("dev"), caller("val")
    upload = dev.upload("x.csv", b"a,b\n1,2\n")
    body = {"uploads": [upload], "id": "a", "target": "b"}

    assert val("POST", "/models/m/outcomes", json=body).status_code in {403, 404}
    assert dev("POST", "/models/m/outcomes", json=body).status_code == 404
    gone = dev("POST", "/models/m/outcomes", json=body)
    assert "no upload" in gone.json()["detail"]


def test_no_answer_shows_a_hash_of_a_secret(caller):
    assert "hash" not in caller("adm")("GET", "/tokens").json()["items"][0]


def test_a_row_that_a_job_is_about_is_named_only_to_those_who_may_open_rows(caller, workspace):
    job = Job(
        "job-900", "explain_decision", "version:none/1", "dev", JobState.FAILED, NOW,
        settings={"row": "patient-4711", "source": "log"}, note="no patient-4711", log="4711",
    )  # fmt: skip
    with workspace.transaction() as tx:
        jobs.add(tx, job)
        jobs.update(tx, job)

    for path in ("/jobs", "/jobs/job-900", "/jobs/job-900/evidence"):
        assert "4711" in caller("aud")("GET", path).text
        assert "4711" not in caller("vic")("GET", path).text
    assert '"source":"log"' in caller("vic")("GET", "/jobs/job-900").text


def test_the_description_lists_every_route(caller):
    described = caller()("GET", "/openapi.json").json()

    assert described["openapi"].startswith("3.")
    assert {"/inventory", "/gate", "/requests/{request_id}/decisions"} <= set(described["paths"])
    for path, operations in described["paths"].items():
        for method, operation in operations.items():
            assert operation.get("summary"), f"{method} {path} has no summary"
            assert operation["security"] == [{"HTTPBearer": []}], f"{method} {path} looks open"


def test_an_administrator_runs_the_workspace(caller):
    adm = caller("adm")

    made = adm("POST", "/people", json={"name": "zoe", "display": "Zoe", "roles": ["viewer"]})
    assert made.status_code == 201, made.text
    assert len(made.json()["invitation"]) > 30
    assert adm("PUT", "/people/zoe/roles", json={"roles": ["auditor"]}).json()["roles"] == [
        "auditor"
    ]
    token = adm("POST", "/tokens", json={"label": "x", "scopes": ["read"], "person": "zoe"})
    assert token.status_code in {201, 403}
    assert adm("POST", "/people/zoe/deactivation").json()["active"] is False
    saved = adm("GET", "/backup")
    assert saved.status_code == 200
    assert len(saved.content) > 1000
    exported = adm("GET", "/audit/export")
    assert exported.text.count("\n") > 5
