"""Do the commands about ways to narrow a gap say what the frontier says, and register points?"""

import json
import os
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest

from lifecycle.cli import main
from lifecycle.domain.actor import Actor, Role
from lifecycle.domain.dataset import ColumnRole
from lifecycle.domain.model import Columns
from lifecycle.services import mitigation, registry
from lifecycle.services.jobs import JobRunner
from lifecycle.store import datasets
from lifecycle.store.connection import Workspace

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)
ANSWERS = {"practice": "no", "domain": "credit", "effect": "informs", "interaction": "no"}


@pytest.fixture
def run(capsys, monkeypatch, tmp_path):
    for name in list(os.environ):
        if name.startswith("LIFECYCLE_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("LIFECYCLE_HOME", str(tmp_path / "home"))

    def command(*arguments):
        code = main([str(a) for a in arguments])
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return command


@pytest.fixture
def frontier(tmp_path):
    rng = np.random.default_rng(5)
    sex = rng.choice(["F", "M"], 700)
    income = rng.normal(0.7 * (sex == "M"), 1.0)
    rows = pd.DataFrame({"income": income, "sex": sex, "score": 1 / (1 + np.exp(-income))})
    rows["paid"] = (income + rng.normal(0, 0.8, 700) > 0.2).astype(int)
    rows.to_parquet(tmp_path / "rows.parquet")
    who: Any = {"by": Actor("dana", frozenset({Role.DEVELOPER})), "at": AT}
    vala = Actor("vala", frozenset({Role.VALIDATOR}))
    with Workspace.create(tmp_path / "home", at=AT) as ws:
        registry.add_use_case(
            ws, id="credit", name="Credit", problem="Losses", owner="dana", sponsor="sam",
            answers=ANSWERS, **who,
        )  # fmt: skip
        registry.add_model(
            ws, id="credit", use_case_id="credit", name="Credit", task="binary", owner="dana",
            purpose="Ranks", **who,
        )  # fmt: skip
        registry.add_dataset(
            ws, id="loans", name="Loans", description="Made here", source="a test", owner="dana",
            **who,
        )  # fmt: skip
        registry.add_snapshot(
            ws, "loans", tmp_path / "rows.parquet", roles={"paid": ColumnRole.TARGET}, **who
        )
        snapshot = datasets.snapshots(ws.cursor())[0].id
        columns = Columns(
            target="paid", positive="1", score="score", threshold=0.5, features=("income",),
            sensitive=("sex",),
        )  # fmt: skip
        registry.add_version(ws, "credit", "1", columns=columns, reference=snapshot, **who)
        job = mitigation.start(
            ws, "credit", "1", snapshot=snapshot, attribute="sex", by=vala, at=AT
        )
        with JobRunner(ws, kinds=mitigation.KINDS, clock=lambda: AT) as runner:
            return runner.wait(job.id).result


def test_a_frontier_is_listed_shown_and_its_points_registered(run, frontier, tmp_path):
    code, out, _ = run("mitigation", "list", "credit", "1", "--format", "json")
    assert code == 0
    assert [item["id"] for item in json.loads(out)["items"]] == [frontier]

    code, out, err = run("mitigation", "show", frontier)
    assert code == 0
    assert "trained with 100% of the correlation removed" in out
    assert " to " in out
    assert "unlawful" in err

    code, out, err = run(
        "mitigation", "register", frontier, "1-rule",
        "--point", "thresholds by group, gap up to 0", "--format", "json",
    )  # fmt: skip
    assert code == 0, err
    assert json.loads(out)["stage"] == "draft"
    code, out, _ = run("mitigation", "rule", "credit", "1-rule")
    assert code == 0
    assert set(json.loads(out)["groups"]) == {"F", "M"}
    assert run("mitigation", "rule", "credit", "1")[0] == 2

    assert run("mitigation", "register", frontier, "1-anew", "--point", "trained anew")[0] == 0
    file = tmp_path / "model.skops"
    assert run("version", "file", "credit", "1-anew", "--out", file)[0] == 0
    assert file.read_bytes()[:2] == b"PK"
    code, _, err = run("mitigation", "register", frontier, "x", "--point", "luck")
    assert (code, "has no point 'luck'" in err) == (2, True)


def test_who_may_not_read_protected_attributes_by_row_cannot_start_one(run, frontier):
    assert frontier

    code, _, err = run("mitigation", "start", "credit", "1", "--attribute", "sex")

    assert code == 4
    assert "protected attributes row by row" in err
