import re

import pytest

from tests.app import mock_provider, tiny_workspace
from tests.app.tiny_workspace import PASSWORD
from tests.browser.conftest import serving


def test_a_deep_link_survives_signing_in_with_a_password(visit, tiny_server):
    visitor = visit(tiny_server)
    page = visitor.page
    page.goto(f"{tiny_server}/approvals?request=req-1")
    page.get_by_text("Sign in with a password").click()
    page.get_by_label("Name").fill("rita")
    page.get_by_label("Password").fill(PASSWORD)

    page.get_by_role("button", name="Sign in", exact=True).click()
    visitor.ready()

    assert page.url == f"{tiny_server}/approvals?request=req-1"
    visitor.sees("req-1: move credit/1 from candidate to validated")


def test_a_wrong_password_is_answered_on_the_page(visit, tiny_server):
    page = visit(tiny_server).page
    page.goto(tiny_server)
    page.get_by_text("Sign in with a password").click()
    page.get_by_label("Name").fill("rita")
    page.get_by_label("Password").fill("wrong")

    page.get_by_role("button", name="Sign in", exact=True).click()

    assert "the name or the password is wrong" in page.get_by_role("alert").inner_text()


def test_one_click_enters_the_sample_portfolio_and_the_way_out_works(visit, tiny_server):
    visitor = visit(tiny_server).sign_in("mo", "/jobs")
    visitor.sees("viewer")

    visitor.page.get_by_role("link", name="Sign out").click()
    visitor.page.get_by_role("button", name="Sign out").click()
    visitor.page.wait_for_url("**/auth/sign-in")
    visitor.page.goto(f"{tiny_server}/jobs")

    assert re.search(r"/auth/sign-in\?next=%2Fjobs$", visitor.page.url)


def test_signing_out_in_one_tab_ends_the_other_at_its_next_click(visit, tiny_server):
    visitor = visit(tiny_server).sign_in("dan", "/people")
    other = visitor.context.new_page()
    other.goto(f"{tiny_server}/auth/sign-out")
    other.get_by_role("button", name="Sign out").click()
    other.wait_for_url("**/auth/sign-in")

    visitor.page.get_by_role("link", name="Jobs").click()

    visitor.sees("Signed out")
    assert visitor.page.get_by_role("link", name="Sign in again").is_visible()


def test_the_keyboard_alone_signs_in(visit, tiny_server):
    visitor = visit(tiny_server)
    visitor.page.goto(f"{tiny_server}/jobs")
    visitor.page.locator("button[value=mo]").focus()

    visitor.page.keyboard.press("Enter")
    visitor.ready()

    assert visitor.page.url == f"{tiny_server}/jobs"


@pytest.fixture
def vouched_for(tmp_path):
    """Return the address of a server whose people come in from a provider, and the provider."""
    provider, server, thread = mock_provider.serve()
    home = tmp_path / "workspace"
    tiny_workspace.build(home).workspace.close()
    lines = [f'oidc_issuer = "{provider.issuer}"', 'oidc_client_id = "lifecycle"']
    lines += ['oidc_client_secret = "secret"', "[oidc_groups]", 'risk = "approver"']
    (home / "lifecycle.toml").write_text("\n".join(lines), encoding="utf-8")
    with serving(home, tmp_path / "server.log") as url:
        yield url, provider
    server.should_exit = True
    thread.join()


def test_the_organisations_provider_lets_somebody_in_and_vouches_again_for_a_signature(
    visit, vouched_for
):
    url, provider = vouched_for
    provider.claims = {"sub": "u-1", "preferred_username": "rosa", "groups": ["risk"]}
    visitor = visit(url)
    visitor.page.goto(f"{url}/approvals?request=req-1")

    visitor.page.get_by_role("link", name="Sign in with your organisation").click()
    visitor.page.wait_for_url("**/approvals?request=req-1")
    visitor.ready()
    visitor.sees("rosa")
    visitor.sees("approver")
    visitor.page.get_by_role("link", name="Prove it again at your provider").click()
    visitor.page.wait_for_url("**/approvals?request=req-1")

    assert provider.asked["max_age"] == "0"


def test_whoever_is_in_no_group_is_told_so_and_stays_outside(visit, vouched_for):
    url, provider = vouched_for
    provider.claims = {"sub": "u-2", "preferred_username": "olaf", "groups": ["else"]}
    visitor = visit(url)
    visitor.page.goto(url)

    visitor.page.get_by_role("link", name="Sign in with your organisation").click()

    visitor.sees("none of your groups")
