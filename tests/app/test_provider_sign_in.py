"""Does the organisation's own sign-in let in whom it vouches for, once, here, and nobody else?"""

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from app import session
from lifecycle.domain.actor import Permission, Role
from lifecycle.errors import NotSignedIn
from lifecycle.services import access
from lifecycle.store import audit, people, sessions
from tests.app import mock_provider, tiny_workspace
from tests.app.forms_in_tests import PAGE
from tests.app.words_on_screen import words_of

GROUPS = (
    ("risk", "approver"),
    ("risk", "unit:*"),
    ("science", "developer"),
    ("science", "unit:retail"),
    ("admins", "administrator"),
    ("admins", "unit:*"),
)
RITA = {
    "sub": "u-17",
    "preferred_username": "Rita@Example.org",
    "name": "Rita R.",
    "groups": ["risk", "else"],
}


@pytest.fixture(scope="module")
def running():
    provider, server, thread = mock_provider.serve()
    yield provider
    server.should_exit = True
    thread.join()


@pytest.fixture
def provider(running):
    running.claims, running.bend, running.signing = dict(RITA), {}, mock_provider.KEY
    return running


@pytest.fixture
def client(served, provider):
    return served(
        oidc_issuer=provider.issuer,
        oidc_client_id="lifecycle",
        oidc_client_secret="secret",
        oidc_groups=GROUPS,
    )


def there(client, path="/auth/oidc"):
    """Set out and return the path the provider sends the browser back to."""
    sent = client.get(path)
    assert sent.status_code == 302, sent.text
    back = httpx.get(sent.headers["location"]).headers["location"]
    assert back.startswith("http://127.0.0.1:8501/auth/oidc/back?")
    return back.removeprefix("http://127.0.0.1:8501")


def come_in(client, path="/auth/oidc"):
    return client.get(there(client, path))


def actor(client, process):
    secret = client.cookies.get(session.COOKIE)
    return access.actor_of_session(process.workspace, secret, at=session.now()) if secret else None


def refused(answer, sentence):
    assert answer.status_code in {401, 403}, answer.text
    assert sentence in answer.text
    assert session.COOKIE not in answer.cookies


def test_it_asks_with_state_nonce_and_pkce_and_the_deep_link_opens_after(client, provider, process):
    answer = come_in(client, "/auth/oidc?next=%2Fdrift%3Fmodel%3Dcredit")

    assert (answer.status_code, answer.headers["location"]) == (303, "/drift?model=credit")
    assert provider.asked["code_challenge_method"] == "S256"
    assert len(provider.asked["state"]) > 20
    assert len(provider.asked["nonce"]) >= 20
    assert client.get("/somewhere", headers=PAGE).text == "the page"
    rita = actor(client, process)
    assert rita is not None
    assert (rita.name, rita.roles, rita.via) == ("rita@example.org", {Role.APPROVER}, "oidc")


def test_roles_and_units_follow_the_groups_at_every_sign_in(client, provider, process):
    come_in(client)
    provider.claims["groups"] = ["science"]

    come_in(client)

    rita = actor(client, process)
    assert rita is not None
    assert (rita.roles, rita.reach.units) == ({Role.DEVELOPER}, {"retail"})
    changes = audit.search(process.workspace.cursor(), action="person.roles", by=rita.name)
    assert changes[0].event.details["after"] == ["developer"]


def test_whoever_is_in_no_group_with_a_role_stays_out(client, provider, process):
    provider.claims["groups"] = ["else"]

    refused(come_in(client), "none of your groups has a role here")
    provider.claims["groups"] = ["administrators of something else"]
    refused(come_in(client), "none of your groups has a role here")


def test_an_administrators_group_takes_the_right_to_decide_from_every_other(
    client, provider, process
):
    provider.claims["groups"] = ["risk", "admins"]
    come_in(client)

    found = actor(client, process)
    assert found is not None
    assert not found.may(Permission.DECIDE)


@pytest.mark.parametrize(
    "bend",
    [
        {"exp": int(time.time()) - 3600},
        {"nonce": "another"},
        {"aud": "another"},
        {"iss": "https://evil.example"},
        {"sub": None},
    ],
    ids=lambda bend: next(iter(bend)),
)
def test_an_answer_with_a_wrong_claim_lets_nobody_in(client, provider, bend):
    provider.bend = bend

    refused(come_in(client), "sign in again")


def test_an_answer_signed_with_another_key_lets_nobody_in(client, provider):
    provider.signing = mock_provider.OTHER_KEY

    refused(come_in(client), "does not hold")


def test_the_way_back_works_once_and_only_in_the_browser_that_set_out(client, served, provider):
    back = there(client)
    other = served(
        oidc_issuer=provider.issuer,
        oidc_client_id="lifecycle",
        oidc_client_secret="secret",
        oidc_groups=GROUPS,
    )

    refused(other.get(back), "not begun here")
    assert client.get(back).status_code == 303
    refused(client.get(back), "not begun here")


def test_a_forged_state_or_code_lets_nobody_in(client):
    back = urlsplit(there(client))
    code = parse_qs(back.query)["code"][0]

    refused(client.get(f"{back.path}?code={code}&state=forged"), "does not hold")
    back = urlsplit(there(client))
    state = parse_qs(back.query)["state"][0]
    refused(client.get(f"{back.path}?code=forged&state={state}"), "does not hold")


def test_a_refusal_at_the_provider_is_told(client):
    client.get("/auth/oidc")

    refused(client.get("/auth/oidc/back?error=access_denied"), "does not hold")


def test_the_session_ends_with_the_providers_token_at_the_latest(client, provider, process):
    provider.bend = {"exp": int(time.time()) + 600}
    come_in(client)
    (kept,) = sessions.of_person(process.workspace.cursor(), "rita@example.org", at=session.now())

    assert kept.expires_at == datetime.fromtimestamp(provider.bend["exp"], UTC)
    assert kept.proved_at is None, "nobody was asked again"


def test_asking_again_makes_a_signature_possible_without_a_password(client, provider, process):
    come_in(client)
    rita = actor(client, process)
    assert rita is not None
    with pytest.raises(NotSignedIn):
        confirm(client, process, rita)

    come_in(client, "/auth/oidc?again=1&next=/approvals")

    assert (provider.asked["prompt"], provider.asked["max_age"]) == ("login", "0")
    assert confirm(client, process, rita).method == "oidc"


def confirm(client, process, by):
    secret = client.cookies[session.COOKIE]
    return access.confirm(process.workspace, by=by, at=session.now(), session=secret)


def test_a_local_account_is_never_taken_over_by_name(client, provider, process):
    provider.claims["preferred_username"] = "rita"
    come_in(client)

    found = actor(client, process)
    assert found is not None
    assert found.name.startswith("rita-")
    assert people.get(process.workspace.cursor(), "rita").has_password


def test_a_closed_account_stays_closed_whatever_the_provider_says(client, process):
    come_in(client)
    by = people.get(process.workspace.cursor(), "rita@example.org").acting(via="local")
    boss = type(by)("root@local", frozenset({Role.ADMINISTRATOR}), via="local")
    access.deactivate(process.workspace, by.name, by=boss, at=session.now())

    refused(come_in(client), "is closed")


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "/\\evil.example"])
def test_coming_back_never_leads_to_another_server(client, target):
    answer = come_in(client, f"/auth/oidc?next={target}")

    assert (answer.status_code, answer.headers["location"]) == (303, "/")


def test_a_way_begun_long_ago_is_over(client, monkeypatch):
    back = there(client)
    later = session.now() + timedelta(minutes=11)
    monkeypatch.setattr("app.provided.now", lambda: later)

    refused(client.get(back), "took too long")


def test_a_provider_that_does_not_answer_is_told_in_a_sentence(served):
    client = served(oidc_issuer="http://127.0.0.1:9", oidc_client_id="lifecycle")

    answer = client.get("/auth/oidc")

    assert answer.status_code == 503
    assert "does not answer" in answer.text


def test_without_a_provider_its_pages_lead_to_the_sign_in(served):
    for path in ("/auth/oidc", "/auth/oidc/back?code=x&state=y"):
        assert served().get(path).headers["location"] == "/auth/sign-in"
    assert "your organisation" not in served().get("/auth/sign-in").text


def test_whoever_signs_may_prove_it_again_at_the_provider_instead(look, tiny, monkeypatch):
    given = tiny_workspace.person
    monkeypatch.setattr(tiny_workspace, "person", lambda name: replace(given(name), via="oidc"))

    text = words_of(look("approvals", request=tiny.waiting))

    assert "/auth/oidc?again=1&next=" in text
    assert f"request%3D{tiny.waiting}" in text
