from types import SimpleNamespace

import pytest
from streamlit.testing.v1 import AppTest

from app import session
from app.widgets import PAGES
from lifecycle.errors import LifecycleError
from tests.app.conftest import ROOT
from tests.app.words_on_screen import words_of


def test_every_page_in_the_folder_is_in_the_navigation_and_the_other_way_round():
    assert {path.stem for path in (ROOT / "pages").glob("*.py")} == set(PAGES)


@pytest.mark.parametrize("page", PAGES)
def test_every_page_has_at_most_120_lines(page):
    assert len((ROOT / "pages" / f"{page}.py").read_text().splitlines()) <= 120


def test_the_sidebar_names_who_is_signed_in_with_their_roles_and_the_way_out(look):
    shown = look("approvals", who="rita")

    assert "**rita**  \n:small[approver]" in [e.value for e in shown.sidebar.markdown]
    assert "/auth/sign-out" in shown.sidebar.markdown[-1].value


def test_without_a_sign_in_a_page_shows_nothing_but_the_way_in(process, monkeypatch):
    monkeypatch.setattr(session.st, "context", SimpleNamespace(cookies={}))
    with session.serving(process):
        shown = AppTest.from_file(str(ROOT / "app" / "main.py"), default_timeout=20).run()

    assert shown.title[0].value == "Signed out"
    assert "/auth/sign-in" in words_of(shown)


def test_a_page_without_a_server_says_how_to_start_one():
    with pytest.raises(LifecycleError, match="lifecycle serve"):
        session.workspace()
