"""The documents say what the product does today."""

import importlib.util
import re
import tomllib
from dataclasses import fields
from pathlib import Path
from typing import Any, cast

import pytest

from lifecycle.domain.actor import Role
from lifecycle.domain.model import Stage
from lifecycle.domain.policy_check import problems
from lifecycle.domain.reach import EVERYWHERE
from lifecycle.domain.rules import RULES
from lifecycle.domain.usecase import Tier
from lifecycle.services.policies import read
from lifecycle.settings import VARIABLES
from lifecycle.stats import catalogue

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def generator():
    spec = importlib.util.spec_from_file_location("make_docs", ROOT / "docs" / "make.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", ["statistics.md", "commands.md"])
def test_generated_pages_are_what_the_product_says_today(name):
    said = (ROOT / "docs" / name).read_text(encoding="utf-8")

    assert said == generator().PAGES[name](), "run `make docs`"


def test_the_policies_shown_as_examples_hold_what_the_page_says():
    page = (ROOT / "docs" / "policies.md").read_text(encoding="utf-8")
    house, retail = (read(text) for text in re.findall(r"```yaml\n(.*?)```", page, re.DOTALL))
    everybody = [frozenset({Role.APPROVER}), frozenset({Role.RISK_OWNER})]
    joined = retail.under(house).gate(Tier.HIGH, Stage.PRODUCTION)

    assert problems(house, people=[(roles, EVERYWHERE) for roles in everybody]) == []
    assert not any(joined.terms.lacking(everybody))
    assert (joined.terms.valid_days, joined.terms.override) == (90, None)
    rows = dict(re.findall(r"^\| `(\w+)` \|.*\| (.*) \|$", page, re.MULTILINE))
    assert {name: re.findall(r"`(\w+)`", keys) for name, keys in rows.items()} == {
        name: [field.name for field in fields(cast("Any", rule))] for name, rule in RULES.items()
    }


def test_every_statistic_is_listed():
    said = (ROOT / "docs" / "statistics.md").read_text(encoding="utf-8")

    assert not [s.name for s in catalogue.ALL if f"`{s.name}`" not in said]


def test_every_page_is_in_the_readme():
    titles = re.findall(r'\("\w+", "([^"]+)", "', (ROOT / "app" / "main.py").read_text())

    assert len(titles) > 10
    assert not [title for title in titles if title not in README]


def test_every_setting_is_listed():
    said = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")

    assert not [variable for variable in VARIABLES.values() if variable not in said]


def test_links_between_the_documents_lead_somewhere():
    for page in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md"), ROOT / "data" / "README.md"]:
        for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text(encoding="utf-8")):
            if "://" not in target:
                assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_the_readmes_commands_exist():
    listed = generator().commands()
    command = r"^lifecycle (\w+(?: (?:add|predictions|outcomes|run|verify))?)"
    shown = set(re.findall(command, README, re.MULTILINE))

    assert {"drift", "init", "monitor run", "audit verify"} <= shown
    assert not [c for c in shown if f"## lifecycle {c}" not in listed]


def test_the_readmes_python_example_runs(tmp_path, monkeypatch, capsys):
    from datetime import UTC, datetime

    from lifecycle.services import workspaces

    workspaces.create(tmp_path / "home", admin="ana", at=datetime.now(UTC))[0].close()
    monkeypatch.setenv("LIFECYCLE_HOME", str(tmp_path / "home"))
    for name in ("LIFECYCLE_SERVER", "LIFECYCLE_TOKEN", "LIFECYCLE_AS"):
        monkeypatch.delenv(name, raising=False)
    (example,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)

    exec(compile(example, "README.md", "exec"), {})  # noqa: S102 -- our own example

    assert capsys.readouterr().out == "", "an empty workspace lists nothing"


def test_the_lock_holds_exact_versions_with_hashes_and_names_no_host():
    for name in ("requirements.lock", "requirements-dev.lock"):
        lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
        packages = [line for line in lines if line and not line.startswith((" ", "#"))]
        assert len(packages) > 50
        assert all(re.match(r"^[\w.-]+==\S+", line) for line in packages), name
        assert not [line for line in lines if "://" in line or "--index" in line]


def test_every_dependency_is_in_the_lock():
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    locked = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    for requirement in declared["project"]["dependencies"]:
        name = re.split(r"[\[<>=]", requirement)[0]
        assert re.search(rf"^{re.escape(name)}==", locked, re.MULTILINE | re.IGNORECASE), name
