"""Texts that nobody should send: kept as typed, or refused in a sentence; never a fault of ours."""

import json

import pytest
from api_bodies import columns, model, use_case

MINIMAL = {"practice": "no", "domain": "operations", "effect": "none", "interaction": "no"}
ODD = "\x1b[31m<script>alert(1)</script>\u202e\u2028\x07 'quoted'; DROP TABLE audit"
HALF = "a\ud800b"
LONG = "x" * 300_000
SOON = {"start": "2026-01-01T00:00:00Z", "end": "2026-02-01T00:00:00Z"}
DUE = {"owner": "dev", "due_at": "2099-01-01T00:00:00Z"}


@pytest.fixture
def asked(caller, request):
    dev, name = caller("dev"), f"odd-{abs(hash(request.node.name)) % 10**8}"
    dev("POST", "/usecases", json=use_case(name) | {"answers": MINIMAL})
    dev("POST", "/models", json=model(name))
    dev("POST", f"/models/{name}/versions", json={"name": "1", "columns": columns()})
    dev("POST", f"/models/{name}/versions/1/move", json={"to": "candidate", "reason": "ready"})
    body = {"model": name, "version": "1", "to": "validated", "reason": "ready"}
    return dev("POST", "/requests", json=body).json()["id"]


def fields(asked):
    """Return who sends which body where, for every text that goes with a decision."""
    at = f"/requests/{asked}"
    return {
        "vote": ("apa", f"{at}/decisions", lambda t: {"vote": "abstain", "reason": t}),
        "condition": (
            "apa",
            f"{at}/decisions",
            lambda t: {
                "vote": "approve_with_conditions",
                "code": "other",
                "reason": "x",
                "conditions": [{"text": t, **DUE}],
            },
        ),
        "owner of a condition": (
            "apa",
            f"{at}/decisions",
            lambda t: {
                "vote": "approve_with_conditions",
                "code": "other",
                "reason": "x",
                "conditions": [{"text": "x", "due_at": DUE["due_at"], "owner": t}],
            },
        ),
        "on behalf of": (
            "apa",
            f"{at}/decisions",
            lambda t: {"vote": "abstain", "on_behalf_of": t},
        ),
        "comment": ("val", f"{at}/comments", lambda t: {"text": t}),
        "withdrawal": ("dev", f"{at}/withdrawal", lambda t: {"reason": t}),
        "delegation": ("apa", "/delegations", lambda t: {"taker": "dev", "reason": t, **SOON}),
        "taker": ("apa", "/delegations", lambda t: {"taker": t, "reason": "x", **SOON}),
        "gate": ("vic", "/gate", lambda t: {"model": t, "version": t, "to": "validated"}),
        "glass": ("dev", "/gate/glass", lambda t: {"model": t, "version": "1", "reason": t}),
        "account": ("adm", "/people", lambda t: {"name": t, "display": "x", "roles": ["viewer"]}),
        "hold": ("adm", "/holds", lambda t: {"subject": t, "reason": t}),
        "policy": ("adm", "/policies/check", lambda t: {"content": t}),
        "several": ("apa", "/decisions", lambda t: {"requests": [t], "vote": "abstain"}),
    }


FIELDS = list(fields(""))


def send(caller, asked, field, text):
    who, path, body = fields(asked)[field]
    content = json.dumps(body(text)).encode()
    return caller(who)("POST", path, content=content, headers={"content-type": "application/json"})


@pytest.mark.parametrize("field", FIELDS)
def test_half_a_character_and_a_very_long_text_are_refused_in_one_sentence(caller, asked, field):
    for text in (HALF, LONG):
        answer = send(caller, asked, field, text)

        assert answer.status_code in {401, 403, 404, 422}, answer.text[:300]
        assert answer.json()["detail"]


@pytest.mark.parametrize("field", FIELDS)
def test_markup_and_control_characters_are_text_like_any_other(caller, asked, field):
    answer = send(caller, asked, field, ODD)

    assert answer.status_code < 500, answer.text[:300]


def test_what_was_typed_is_given_back_as_it_was_typed(caller, asked):
    send(caller, asked, "comment", ODD)
    send(caller, asked, "condition", ODD)

    shown = caller("vic")("GET", f"/requests/{asked}").json()

    assert [said["text"] for said in shown["comments"]] == [ODD]
    found = caller("aud")("GET", "/audit", params={"text": "drop table AUDIT"}).json()
    assert ODD in {link["event"]["reason"] for link in found["items"]}


@pytest.mark.parametrize("at", ["2026-06-01", "2026-06-01T00:00:00", "2026-06-01T02:00:00+02:00"])
def test_a_time_in_a_query_that_names_no_zone_is_in_utc(caller, at):
    told = caller("aud")("GET", "/asof", params={"at": at})
    searched = caller("aud")("GET", "/audit", params={"start": at, "end": at})

    assert (told.status_code, searched.status_code) == (200, 200), told.text
    assert told.json()["at"] == "2026-06-01T00:00:00Z"
