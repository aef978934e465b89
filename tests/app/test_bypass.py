"""Do the ways around the doors stay closed: replays, another name, typed addresses?"""

from datetime import timedelta

import pytest

from app import session
from lifecycle import api
from lifecycle.domain.actor import Actor, Role
from lifecycle.errors import NotAllowed
from lifecycle.services import access
from lifecycle.store import audit, people, requests
from tests.app.conftest import TestClient
from tests.app.forms_in_tests import PAGE, sign_in, token_of
from tests.app.tiny_workspace import person

ROOT = Actor("root@local", frozenset({Role.ADMINISTRATOR}), via="local")


@pytest.fixture
def programs(process):
    """The HTTP interface, as a program reaches it."""
    return TestClient(api.create(process.workspace, settings=process.settings))


def token(process, name, *, scopes=("read",), days=30, at=None):
    when = at or session.now()
    by = people.get(process.workspace.cursor(), name).acting(via="session")
    secret, made = access.add_token(
        process.workspace, label="ci", scopes=scopes, days=days, by=by, at=when
    )
    return {"Authorization": f"Bearer {secret}"}, made


def test_a_cookie_replayed_after_signing_out_opens_nothing(served):
    client = served()
    sign_in(client)
    stolen = client.cookies[session.COOKIE]
    client.post("/auth/sign-out", data={"token": token_of(client, "/auth/sign-out")})

    thief = served()
    thief.cookies.set(session.COOKIE, stolen)

    assert thief.get("/model", headers=PAGE).status_code == 303


def test_signing_out_everywhere_ends_every_browser_at_once(served, process):
    browsers = [served() for _ in range(3)]
    for browser in browsers:
        sign_in(browser)
    by = person("rita")

    assert access.sign_out_everywhere(process.workspace, "rita", by=by, at=session.now()) == 3

    assert {browser.get("/model", headers=PAGE).status_code for browser in browsers} == {303}
    event = audit.search(process.workspace.cursor(), limit=1)[0].event
    assert (event.action, event.details) == ("session.end_all", {"sessions": 3})


def test_only_oneself_or_an_administrator_ends_somebodys_sessions(process):
    with pytest.raises(NotAllowed):
        access.sign_out_everywhere(process.workspace, "dan", by=person("rita"), at=session.now())
    access.sign_out_everywhere(process.workspace, "dan", by=ROOT, at=session.now())


def test_a_session_cookie_is_no_token_and_a_token_no_session(served, programs, process):
    client = served()
    sign_in(client)
    secret = client.cookies[session.COOKIE]
    bearer, _ = token(process, "rita")

    assert programs.get("/me", headers={"Authorization": f"Bearer {secret}"}).status_code == 401
    other = served()
    other.cookies.set(session.COOKIE, bearer["Authorization"].split()[1])
    assert other.get("/model", headers=PAGE).status_code == 303


def test_a_token_replayed_after_its_end_its_revocation_or_its_owners_is_refused(programs, process):
    old, _ = token(process, "rita", days=1, at=session.now() - timedelta(days=2))
    gone, made = token(process, "rita")
    access.revoke_token(process.workspace, made.id, by=person("rita"), at=session.now())
    orphan, _ = token(process, "dan")
    access.deactivate(process.workspace, "dan", by=ROOT, at=session.now())

    for bearer in (old, gone, orphan, {"Authorization": "Bearer lc_guess"}, {}):
        answer = programs.get("/me", headers=bearer)
        assert answer.status_code == 401, answer.text


def test_a_token_reaches_no_further_than_its_scopes_whoever_owns_it(programs, process, tiny):
    reading, _ = token(process, "rita", scopes=["read"])
    body = {"vote": "approve", "reason": "looks fine"}

    answer = programs.post(f"/requests/{tiny.waiting}/decisions", json=body, headers=reading)

    assert answer.status_code == 403
    assert requests.get(process.workspace.cursor(), tiny.waiting).decisions == ()


@pytest.mark.parametrize("field", ["by", "actor", "voter", "name"])
def test_a_body_that_names_another_actor_is_refused_and_changes_nothing(
    programs, process, tiny, field
):
    bearer, _ = token(process, "dan", scopes=["read", "write"])
    body = {"vote": "approve", "reason": "in her name", field: "rita"}

    answer = programs.post(f"/requests/{tiny.waiting}/decisions", json=body, headers=bearer)

    assert answer.status_code in {403, 422}
    assert requests.get(process.workspace.cursor(), tiny.waiting).decisions == ()


def test_headers_that_name_another_actor_are_not_believed(programs, process):
    bearer, _ = token(process, "dan")
    forged = {"X-Remote-User": "rita", "X-Forwarded-User": "rita", "lifecycle.actor": "rita"}

    assert programs.get("/me", headers=bearer | forged).json()["name"] == "dan"


def test_a_typed_page_address_answers_not_allowed(look):
    shown = look("audit", who="dan")

    assert [title.value for title in shown.title] == ["Not allowed"]
    assert not shown.dataframe


def test_another_sites_page_cannot_end_or_begin_a_session(served):
    client = served()
    foreign = {"origin": "https://evil.example"}

    assert client.post("/auth/sign-out", headers=foreign).status_code == 403
    assert client.post("/auth/sign-in", headers=foreign).status_code == 403
    assert client.post("/auth/sign-out", data={"token": "forged"}).status_code == 401
