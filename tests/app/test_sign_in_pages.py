from datetime import timedelta

import pytest
from starlette.websockets import WebSocketDisconnect

from app import door, session
from lifecycle.services import access
from lifecycle.store import audit
from tests.app.forms_in_tests import PAGE, STREAM, sign_in, token_of
from tests.app.tiny_workspace import OPERATOR, PASSWORD


def test_a_page_without_a_sign_in_leads_to_the_sign_in_page_and_remembers_the_deep_link(served):
    answer = served().get("/drift?model=credit&version=1", headers=PAGE)

    assert answer.status_code == 303
    assert answer.headers["location"] == (
        "/auth/sign-in?next=%2Fdrift%3Fmodel%3Dcredit%26version%3D1"
    )


def test_after_signing_in_the_deep_link_opens(served):
    client = served()

    answer = sign_in(client, path="/auth/sign-in?next=%2Fdrift%3Fmodel%3Dcredit")

    assert (answer.status_code, answer.headers["location"]) == (303, "/drift?model=credit")
    assert client.get("/somewhere", headers=PAGE).text == "the page"


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example/",
        "\\\\evil.example",
        "javascript:alert(1)",
        "/\t/evil.example",
        "evil.example",
        "http:/evil.example",
        "/auth/sign-out",
    ],
)
def test_next_never_leads_to_another_server(served, target):
    client = served()
    fields = {"token": token_of(client), "name": "rita", "password": PASSWORD}

    answer = client.post("/auth/sign-in", params={"next": target}, data=fields)

    assert (answer.status_code, answer.headers["location"]) == (303, "/")


def test_files_and_uploads_of_people_not_signed_in_are_refused_with_401(served):
    assert served().get("/media/x.csv").status_code == 401
    assert served().post("/_stcore/upload_file/a/b", headers=PAGE).status_code == 401


def test_the_websocket_of_people_not_signed_in_is_closed_before_it_opens(served):
    with (
        pytest.raises(WebSocketDisconnect) as closed,
        served().websocket_connect(STREAM),
    ):
        pass

    assert closed.value.code == door.SIGNED_OUT


def test_the_websocket_of_somebody_signed_in_works(served):
    client = served()
    sign_in(client)

    with client.websocket_connect(STREAM) as stream:
        stream.send_text("hello")

        assert stream.receive_text() == "hello"


def test_an_open_websocket_hangs_up_soon_after_the_sign_in_ended(served, process, monkeypatch):
    monkeypatch.setattr(door, "CHECK_EVERY", 0.05)
    client = served()
    sign_in(client)
    secret = client.cookies[session.COOKIE]

    with client.websocket_connect(STREAM) as stream:
        access.sign_out(process.workspace, secret, at=session.now())
        with pytest.raises(WebSocketDisconnect) as closed:
            stream.receive_text()

    assert closed.value.code == door.SIGNED_OUT


def test_an_expired_session_opens_nothing(served, process, monkeypatch):
    client = served()
    sign_in(client)
    later = session.now() + timedelta(hours=13)
    monkeypatch.setattr(door, "now", lambda: later)

    assert client.get("/somewhere", headers=PAGE).status_code == 303


def test_a_made_up_cookie_opens_nothing(served):
    client = served()
    client.cookies.set(session.COOKIE, "x" * 43)

    assert client.get("/somewhere", headers=PAGE).status_code == 303


def test_the_cookie_is_out_of_reach_for_scripts_and_other_sites(served):
    cookie = sign_in(served()).headers["set-cookie"].lower()

    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "secure" not in cookie


def test_behind_https_the_cookie_is_secure_and_browsers_are_told_to_stay_there(served):
    client = served(public_url="https://models.example", base="https://models.example")

    answer = sign_in(client)

    assert "secure" in answer.headers["set-cookie"].lower()
    assert answer.headers["strict-transport-security"] == "max-age=31536000"


def test_a_wrong_password_says_only_that_name_or_password_is_wrong(served):
    known, unknown = sign_in(served(), password="x"), sign_in(served(), name="nobody", password="x")

    assert (known.status_code, unknown.status_code) == (401, 401)
    assert "the name or the password is wrong" in known.text
    assert session.COOKIE not in known.headers.get("set-cookie", "")


def test_the_sixth_wrong_password_within_a_quarter_of_an_hour_is_not_looked_at(served):
    client = served()
    for _ in range(5):
        assert sign_in(client, password="x").status_code == 401

    answer = sign_in(client)

    assert answer.status_code == 429
    assert "try again in" in answer.text


def test_a_form_without_its_token_is_not_read(served):
    client = served()
    client.get("/auth/sign-in")

    answer = client.post("/auth/sign-in", data={"name": "rita", "password": PASSWORD})

    assert answer.status_code == 401
    assert "too old or came from elsewhere" in answer.text


def test_a_token_of_another_browser_does_not_fit(served):
    client, other = served(), served()
    fields = {"token": token_of(other), "name": "rita", "password": PASSWORD}
    client.get("/auth/sign-in")

    assert client.post("/auth/sign-in", data=fields).status_code == 401


def test_a_form_larger_than_any_of_ours_is_refused_unread(served):
    client = served()
    fields = {"token": token_of(client), "name": "rita", "password": "x" * 20_000}

    assert client.post("/auth/sign-in", data=fields).status_code == 422


def test_signing_in_again_ends_the_sign_in_before(served, process):
    client = served()
    sign_in(client)
    first = client.cookies[session.COOKIE]

    sign_in(client, name="dan")

    assert access.actor_of_session(process.workspace, first, at=session.now()) is None


def test_signing_out_ends_the_session_on_the_server_and_clears_the_cookie(served, process):
    client = served()
    sign_in(client)
    secret = client.cookies[session.COOKIE]

    answer = client.post("/auth/sign-out", data={"token": token_of(client, "/auth/sign-out")})

    assert answer.headers["location"] == "/auth/sign-in"
    assert session.COOKIE not in client.cookies
    assert access.actor_of_session(process.workspace, secret, at=session.now()) is None


def test_a_link_elsewhere_cannot_sign_anybody_out(served, process):
    client = served()
    sign_in(client)
    secret = client.cookies[session.COOKIE]

    client.get("/auth/sign-out")
    refused = client.post("/auth/sign-out")

    assert refused.status_code in {401, 422}
    assert access.actor_of_session(process.workspace, secret, at=session.now()) is not None


def test_the_sample_people_are_one_click_away_on_this_machine(served):
    client = served()
    offered = client.get("/auth/sign-in").text

    answer = client.post("/auth/sample", data={"token": token_of(client), "name": "mo"})

    assert "Mo Manager" in offered
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert client.get("/somewhere", headers=PAGE).status_code == 200


@pytest.mark.parametrize(
    "reached",
    [
        {"client": "192.0.2.7"},
        {"host": "0.0.0.0"},  # noqa: S104 -- only compared with
        {"base": "http://models.example", "allowed_hosts": ("models.example",)},
        {"public_url": "http://models.example"},
    ],
)
def test_nobody_becomes_a_sample_person_from_elsewhere(served, reached):
    client = served(**reached)

    answer = client.post("/auth/sample", data={"token": token_of(client), "name": "ada"})

    assert "Mo Manager" not in client.get("/auth/sign-in").text
    assert answer.status_code == 403


def test_nobody_becomes_a_sample_person_through_a_proxy(served):
    client = served()
    client.headers["x-forwarded-for"] = "192.0.2.7"

    answer = client.post("/auth/sample", data={"token": token_of(client), "name": "ada"})

    assert answer.status_code == 403


def test_a_one_time_link_lets_its_person_choose_a_password_and_works_once(served, process):
    access.add_person(process.workspace, "new", roles={"viewer"}, by=OPERATOR, at=session.now())
    secret = access.invite(process.workspace, "new", by=OPERATOR, at=session.now())
    client, link = served(), f"/auth/link?secret={secret}"
    seen_by_a_preview = client.get(link)
    fields = {"token": token_of(client, link), "secret": secret}

    taken = client.post("/auth/link", data=fields)
    password = "nine plain words that only I would say"
    form = {"token": token_of(client, "/auth/password"), "password": password, "again": password}
    saved = client.post("/auth/password", data=form)

    assert seen_by_a_preview.status_code == 200
    assert taken.headers["location"] == "/auth/password"
    assert saved.headers["location"] == "/"
    assert sign_in(served(), name="new", password=password).status_code == 303
    again = {"token": token_of(client, link), "secret": secret}
    assert "used up or expired" in client.post("/auth/link", data=again).text


def test_changing_a_password_asks_for_the_present_one(served):
    client = served()
    sign_in(client)
    new = {"password": "another long sentence of mine", "again": "another long sentence of mine"}

    page = client.get("/auth/password").text
    wrong = {"token": token_of(client, "/auth/password"), "current": "x", **new}
    refused = client.post("/auth/password", data=wrong)

    assert "Present password" in page
    assert "all your tokens end" in page
    assert refused.status_code == 403
    assert "the present password is wrong" in refused.text


def test_two_different_new_passwords_change_nothing(served):
    client = served()
    sign_in(client)
    form = {"token": token_of(client, "/auth/password"), "current": PASSWORD}

    answer = client.post("/auth/password", data=form | {"password": "a" * 20, "again": "b" * 20})

    assert "the two passwords differ" in answer.text
    assert sign_in(served()).status_code == 303


def test_the_password_page_is_for_people_who_are_signed_in(served):
    assert served().get("/auth/password").headers["location"].startswith("/auth/sign-in")


def test_what_is_typed_as_a_name_comes_back_as_text_never_as_markup(served):
    link = served().get("/auth/link", params={"secret": '"><script>alert(1)</script>'})

    assert "<script>" not in link.text


def test_every_sign_in_stands_in_the_audit_trail(served, process):
    sign_in(served())

    newest = audit.search(process.workspace.cursor(), limit=1)[0].event

    assert (newest.action, newest.by) == ("session.start", "rita")
