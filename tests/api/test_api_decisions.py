"""What people try at the door of a decision, over HTTP."""

from datetime import UTC, datetime

import pytest
from api_bodies import columns, model, use_case

from lifecycle.adapters.keys import from_text
from lifecycle.domain.actor import Role, Scope
from lifecycle.domain.reach import Reach
from lifecycle.services import access
from lifecycle.services.approvals import passes
from lifecycle.store import people

MINIMAL = {"practice": "no", "domain": "operations", "effect": "none", "interaction": "no"}


@pytest.fixture
def asked(caller, request):
    """A request of a minimal-risk version, which has everything its gate wants."""
    dev, name = caller("dev"), f"small-{abs(hash(request.node.name)) % 10**8}"
    dev("POST", "/usecases", json=use_case(name) | {"answers": MINIMAL})
    dev("POST", "/models", json=model(name))
    dev("POST", f"/models/{name}/versions", json={"name": "1", "columns": columns()})
    dev("POST", f"/models/{name}/versions/1/move", json={"to": "candidate", "reason": "ready"})
    body = {"model": name, "version": "1", "to": "validated", "reason": "<b>go</b> \x07"}
    made = dev("POST", "/requests", json=body)
    assert made.status_code == 201, made.text
    return made.json()


def decide(caller, asked, who="apa", **body):
    body = {"vote": "approve"} | body
    return caller(who)("POST", f"/requests/{asked['id']}/decisions", json=body)


def gate(caller, asked, *, to="validated"):
    name = asked["version_id"].partition("/")[0]
    return caller("vic")("POST", "/gate", json={"model": name, "version": "1", "to": to}).json()


@pytest.mark.parametrize("key", ["by", "actor", "roles", "at", "signature", "bundle", "status"])
def test_a_body_that_names_another_actor_is_refused(caller, asked, key):
    answer = decide(caller, asked, **{key: "adm"})

    assert answer.status_code == 422, answer.text
    shown = caller("vic")("GET", f"/requests/{asked['id']}").json()
    assert (shown["status"], shown["decisions"]) == ("open", [])


@pytest.mark.parametrize(
    ("who", "body", "status"),
    [
        ("apa", {"seen": "0" * 64}, 409),
        ("apa", {"password": "not the password"}, 401),
        ("apa", {"on_behalf_of": "adm"}, 403),
        ("apa", {"vote": "approve", "conditions": [{"text": "x", "owner": "dev"}]}, 422),
        ("apa", {"vote": "approve_with_conditions", "reason": "x"}, 422),
        ("dev", {}, 403),
        ("val", {}, 403),
        ("adm", {}, 403),
        ("vic", {}, 403),
    ],
)
def test_no_way_around_a_decision_moves_anything(caller, asked, who, body, status):
    assert decide(caller, asked, who, **body).status_code == status

    assert caller("vic")("GET", f"/requests/{asked['id']}").json()["status"] == "open"


def test_a_decision_is_signed_told_and_earns_a_pass(caller, asked):
    assert gate(caller, asked)["question"] == "promotion"
    done = decide(caller, asked, reason="sound", code="evidence_sufficient", seen=asked["bundle"])
    assert done.json()["status"] == "approved", done.text

    shown = caller("vic")("GET", f"/requests/{asked['id']}").json()
    answer = gate(caller, asked)

    assert shown["reason"] == "<b>go</b> \x07", "what was typed is kept as it was typed"
    listed = caller("vic")("GET", "/requests").json()["items"][0]
    for told in (done.json(), shown, listed):
        assert told["decisions"][0]["signature"]["display"] == "apa"
    assert shown["signatures"][0].startswith("Approved by apa (apa), approver, ")
    assert shown["signatures"][0].endswith(f"personal token, bundle {asked['bundle']}")
    assert (answer["question"], answer["outcome"]) == ("start", "pass")
    assert answer["approval"]["standing"] == "valid"
    key = from_text(caller("vic")("GET", "/gate/key").json()["pem"])
    claims = passes.check(answer["token"], public=key, at=datetime.now(UTC), stage="validated")
    assert claims["request"] == asked["id"]


def test_several_small_requests_are_decided_at_once_or_not_at_all(caller, asked):
    body = {"requests": [asked["id"], "req-none"], "vote": "approve", "password": "wrong one"}
    assert caller("apa")("POST", "/decisions", json=body).status_code == 401
    assert caller("vic")("GET", f"/requests/{asked['id']}").json()["decisions"] == []


def test_comments_reach_people_and_very_long_ones_are_refused(caller, asked):
    path = f"/requests/{asked['id']}/comments"
    said = caller("val")("POST", path, json={"text": "@apa look <script>alert(1)</script>"})
    assert said.json()["mentions"] == ["apa"]
    assert caller("val")("POST", path, json={"text": "x" * 10_001}).status_code == 422
    tasks = caller("apa")("GET", "/tasks").json()["items"]
    assert asked["id"] in {task["subject"] for task in tasks}
    queue = caller("apa")("GET", "/queue").json()
    assert set(queue) == {"items", "tasks"}
    assert queue["tasks"] == tasks
    (mine,) = [item for item in queue["items"] if item["request_id"] == asked["id"]]
    assert (mine["kind"], mine["reasons"]) == ("decide", [])


def test_a_person_of_another_unit_is_refused_at_the_door(caller, workspace, asked):
    adm = people.get(workspace.cursor(), "adm").acting(via="session")
    if "rita" not in {person.name for person in people.every(workspace.cursor())}:
        reach, at = Reach(frozenset({"retail"})), datetime.now(UTC)
        access.add_person(workspace, "rita", roles={Role.VIEWER}, reach=reach, by=adm, at=at)
    rita = people.get(workspace.cursor(), "rita").acting(via="session")
    secret = access.add_token(
        workspace, label="t", scopes={Scope.WRITE}, days=1, by=rita, at=datetime.now(UTC)
    )[0]

    answer = type(caller())(caller().app, secret)(
        "POST", f"/requests/{asked['id']}/comments", json={"text": "hm"}
    )

    assert answer.status_code == 403, answer.text
    assert "discuss requests in unit retail" in answer.json()["detail"]


def test_a_policy_is_checked_drafted_and_tried_but_not_published_by_its_author(caller):
    adm = caller("adm")
    house = adm("GET", "/policies/house").json()["content"]
    text = adm("GET", "/policies/schema").json()
    assert text["title"] == "Lifecycle policy"
    content = "name: house\nversion: http-1\ntiers: {minimal: {approved: {approvals: 2}}}"
    refused = adm("POST", "/policies/check", json={"content": content})
    assert "line 3: tiers.minimal.approved.quorum: nobody could meet it" in refused.json()["detail"]

    content = content.replace("approvals: 2", "approvals: 1")
    kept = adm("POST", "/policies", json={"content": content})
    assert kept.status_code == 201, kept.text
    trial = adm("POST", "/policies/trial", json={"content": content}).json()
    assert trial["policy"] == "house http-1"
    own = adm("POST", "/policies/house/publication", json={"version": "http-1"})
    assert (own.status_code, own.json()["title"]) == (403, "A second person must decide")
    dropped = adm("POST", "/policies/house/discard", json={"version": "http-1", "reason": "x"})
    assert dropped.status_code == 200
    assert adm("GET", "/policies/house").json()["content"] == house
    assert adm("GET", "/policies").json()["items"][0]["in_force"]


def test_the_clock_and_delegations_have_doors_of_their_own(caller):
    assert set(caller("dev")("POST", "/clock").json()) == {"sentences"}
    assert caller("vic")("POST", "/clock").status_code == 403
    body = {"taker": "dev", "start": "2026-01-01T00:00:00Z", "end": "2126-01-01T00:00:00Z"}
    refused = caller("apa")("POST", "/delegations", json=body | {"reason": "leave"})
    assert refused.status_code == 422
    assert caller("vic")("GET", "/delegations").json() == {"items": []}
    assert set(caller("vic")("GET", "/findings").json()) == {"items"}
