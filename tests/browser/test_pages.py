import os

import pytest
from playwright.sync_api import Error, expect

from app.widgets import PAGES
from lifecycle.demo.people import PEOPLE
from lifecycle.domain.actor import Role
from tests.browser.conftest import ROOT

PATHS = {name: "/" if name == "overview" else f"/{name}" for name in PAGES}
PICTURES = ROOT / "docs" / "images"
DEVELOPER, VIEWER = PEOPLE[Role.DEVELOPER][0], PEOPLE[Role.VIEWER][0]
AUDITOR, APPROVER = PEOPLE[Role.AUDITOR][0], PEOPLE[Role.APPROVER][0]


@pytest.mark.parametrize("page", PATHS)
def test_every_page_opens_by_its_address_without_errors_or_foreign_requests(visit, portfolio, page):
    visitor = visit(portfolio).sign_in(AUDITOR, PATHS[page])

    visitor.page.get_by_role("heading", level=1).wait_for()
    shown = visitor.page.locator("[data-testid=stMain]").inner_text()

    assert visitor.errors == []
    assert visitor.foreign == []
    assert "A fault of ours" not in shown
    assert "Not allowed" not in shown


def test_walking_through_all_pages_asks_nothing_of_any_other_server(visit, portfolio):
    visitor = visit(portfolio).sign_in(AUDITOR)
    links = visitor.page.locator("[data-testid=stSidebarNavLink]")

    for position in range(links.count()):
        links.nth(position).click()
        visitor.ready()

    assert links.count() == len(PATHS)
    assert visitor.errors == []
    assert visitor.foreign == []


def test_the_policy_really_stops_a_foreign_request(visit, portfolio):
    visitor = visit(portfolio).sign_in(VIEWER, "/jobs")

    with pytest.raises(Error, match="Failed to fetch"):
        visitor.page.evaluate("fetch('https://example.org/')")


def test_a_deep_link_opens_the_same_view_in_a_second_browser(visit, portfolio):
    first = visit(portfolio).sign_in(DEVELOPER, "/drift")
    first.page.get_by_role("combobox", name="Model").click()
    first.page.get_by_role("option").nth(2).click()
    first.ready()
    first.page.wait_for_url("**model=**")
    chosen = first.page.get_by_role("combobox", name="Model").input_value()

    second = visit(portfolio).sign_in(VIEWER, first.page.url.removeprefix(portfolio))

    assert chosen
    expect(second.page.get_by_role("combobox", name="Model")).to_have_value(chosen)
    assert second.page.url == first.page.url


def test_what_is_opened_on_the_alerts_page_stands_in_its_address(visit, portfolio):
    page = (visitor := visit(portfolio).sign_in(VIEWER, "/alerts")).page
    buttons = page.get_by_test_id("stButton")

    buttons.get_by_role("button", name="Open", exact=True).first.click()
    page.wait_for_url("**alert=alert-**")

    visitor.goto("/alerts?incident=incident-1")
    buttons.filter(has_text="alert-").first.click()
    page.wait_for_url("**alert=alert-**")
    visitor.ready()
    buttons.filter(has_text="incident-1").click()
    page.wait_for_url("**incident=incident-1**")
    assert visitor.errors == []


def test_a_page_somebody_may_not_use_is_not_shown_and_says_so_when_typed(visit, portfolio):
    visitor = visit(portfolio).sign_in(VIEWER, "/audit")

    visitor.sees("Not allowed")

    assert visitor.page.get_by_role("link", name="Audit").count() == 0


SHOWN = {
    "overview-light": (APPROVER, "/"),
    "drift-light": (DEVELOPER, "/drift?model=credit-default"),
    "fairness-light": (VIEWER, "/fairness?model=loan-prescreen"),
    "approvals-dark": (APPROVER, "/approvals?request=req-37"),
    "model-dark": (DEVELOPER, "/model?model=credit-default"),
}
"""The pictures in the documentation: who looks at what."""


@pytest.mark.skipif(
    not os.environ.get("LIFECYCLE_PICTURES"),
    reason="pictures are drawn only when LIFECYCLE_PICTURES is set",
)
@pytest.mark.parametrize("name", SHOWN)
def test_pictures_for_the_documentation(visit, portfolio, name):
    person, path = SHOWN[name]
    visitor = visit(portfolio, color_scheme=name.rpartition("-")[2]).sign_in(person, path)
    visitor.page.wait_for_timeout(1500)  # Plotly draws after the script has ended
    PICTURES.mkdir(parents=True, exist_ok=True)
    visitor.page.screenshot(path=str(PICTURES / f"{name}.png"))
