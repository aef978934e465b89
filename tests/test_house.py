"""The house rules that a linter does not know."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGES = sorted((ROOT / "pages").glob("*.py"))
MODULES = [*(ROOT / "lifecycle").rglob("*.py"), *(ROOT / "app").glob("*.py")]
LONGEST, LONGEST_PAGE = 400, 120


def lines(path):
    return path.read_text(encoding="utf-8").count("\n")


def imported(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def test_files_stay_short_enough_to_be_read():
    assert not {str(p.relative_to(ROOT)): lines(p) for p in MODULES if lines(p) > LONGEST}
    assert not {p.name: lines(p) for p in PAGES if lines(p) > LONGEST_PAGE}


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.stem)
def test_a_page_knows_nothing_of_other_pages_and_never_of_the_database(page):
    roots = {name.split(".")[0] for name in imported(page)}

    assert not roots & {path.stem for path in PAGES} - {"statistics"}
    assert not roots & {"duckdb", "pages"}


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.stem)
def test_a_page_writes_only_through_services(page):
    tree = ast.parse(page.read_text(encoding="utf-8"))
    called = {
        node.func.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    }

    assert not called & {"transaction", "execute", "add_version", "update_version"}


def test_there_is_no_drawer_for_odds_and_ends():
    names = {"utils", "util", "helpers", "common_utils", "misc"}

    assert not [p for p in MODULES if p.stem in names]


def test_every_module_opens_with_what_it_is_about():
    silent = [p for p in [*MODULES, *PAGES] if not ast.get_docstring(ast.parse(p.read_text()))]

    assert not silent
