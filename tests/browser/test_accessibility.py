"""What axe-core finds on every page, in light and in dark, minus what only Streamlit can mend."""

from pathlib import Path

import axe_playwright_python
import pytest

from app.widgets import PAGES
from lifecycle.demo.people import PEOPLE
from lifecycle.domain.actor import Role

AXE = next(Path(axe_playwright_python.__file__).parent.rglob("axe.min.js"))
LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
KNOWN = {
    "empty-table-header": "the header above a dataframe's row selection is drawn by Streamlit",
    "presentation-role-conflict": "Streamlit's dataframe canvas is focusable and presentational",
    "svg-img-alt": "the icons in Streamlit's own widgets and Plotly's marks have no names",
    "scrollable-region-focusable": "Streamlit's containers of fixed height take no focus",
}
"""Rules that Streamlit 1.67 itself breaks and Python cannot reach, with what breaks them."""


DATES = ("target-size", 'role="spinbutton"')
"""Day, month and year inside Streamlit's date input are smaller than a finger."""


def violations(page):
    page.evaluate(AXE.read_text(encoding="utf-8"))
    options = {"runOnly": LEVELS}
    found = page.evaluate("options => axe.run(document, options)", options)["violations"]
    ours: list[tuple[str, str, list[str]]] = []
    for rule in found:
        nodes = [node["html"][:200] for node in rule["nodes"]]
        if rule["id"] == DATES[0]:
            nodes = [html for html in nodes if DATES[1] not in html]
        if nodes and rule["id"] not in KNOWN:
            ours.append((rule["id"], rule["impact"], nodes[:3]))
    return ours


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing_of_ours(visit, portfolio, name, scheme):
    visitor = visit(portfolio, color_scheme=scheme)

    visitor.sign_in(PEOPLE[Role.AUDITOR][0], "/" if name == "overview" else f"/{name}")
    visitor.page.wait_for_timeout(300)  # charts fade in

    assert violations(visitor.page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", ["sign-in", "link?secret=x", "sign-out"])
def test_axe_finds_nothing_on_the_sign_in_pages(visit, portfolio, path, scheme):
    visitor = visit(portfolio, color_scheme=scheme)

    visitor.page.goto(f"{portfolio}/auth/{path}")

    assert violations(visitor.page) == []


@pytest.mark.parametrize("name", ["overview", "approvals", "drift"])
def test_a_page_is_readable_at_twice_its_size(visit, portfolio, name):
    # 1280 pixels at 200 % leave 640 for the page.
    visitor = visit(portfolio, viewport={"width": 640, "height": 450})

    visitor.sign_in(PEOPLE[Role.AUDITOR][0], "/" if name == "overview" else f"/{name}")

    assert visitor.page.evaluate("document.documentElement.scrollWidth") <= 640
