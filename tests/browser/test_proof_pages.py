"""Policies, Audit, Approvals and People in a browser: what they do, on a phone, under axe."""

import pytest
from playwright.sync_api import expect

from tests.browser.test_accessibility import violations

PHONE = {"viewport": {"width": 390, "height": 800}, "has_touch": True, "is_mobile": True}
PLACES = ["/audit", "/audit?tab=Proof", "/audit?tab=As+of", "/audit?tab=Retention", "/policies"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", PLACES)
def test_axe_finds_nothing_of_ours_on_any_tab(visit, tiny_server, path, scheme):
    visitor = visit(tiny_server, color_scheme=scheme).sign_in("otto", path)
    visitor.page.wait_for_timeout(1000)  # buttons and tables fade in

    assert violations(visitor.page) == []


@pytest.mark.parametrize("path", [*PLACES, "/approvals", "/approvals?request=req-1", "/people"])
def test_a_phone_shows_it_without_scrolling_sideways(visit, tiny_server, path):
    visitor = visit(tiny_server, **PHONE).sign_in("otto", path)

    assert visitor.page.evaluate("document.documentElement.scrollWidth") <= 390


def test_the_trail_is_searched_by_its_address_and_verified_by_a_button(visit, tiny_server):
    visitor = visit(tiny_server).sign_in("otto", "/audit?text=req-1&action=request")
    visitor.sees("1 of")

    visitor.goto("/audit?tab=Proof")
    visitor.page.get_by_role("button", name="Verify the chain").click()

    visitor.sees("are unchanged, complete and in order")
    visitor.page.wait_for_timeout(1000)
    assert violations(visitor.page) == []
    assert visitor.errors == []


def test_a_policy_opens_its_text_and_a_reader_is_offered_no_draft(visit, tiny_server):
    visitor = visit(tiny_server).sign_in("mo", "/policies")

    visitor.page.get_by_text("Its text and hash").click()

    visitor.sees("in force")
    expect(visitor.page.get_by_text("Write a draft")).to_have_count(0)
    assert violations(visitor.page) == []
