"""Two real workspaces: an empty one, and a small portfolio with twelve weeks of predictions."""

from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from streamlit.testing.v1 import AppTest

from app import session
from lifecycle.domain.actor import Actor, Role
from lifecycle.domain.dataset import ColumnRole
from lifecycle.domain.evidence import Evidence, Purpose
from lifecycle.domain.measurement import Measurement, State
from lifecycle.domain.model import Columns, Stage
from lifecycle.domain.service_level import ServiceLevel
from lifecycle.domain.value import CostMatrix
from lifecycle.services import approvals, ingestion, monitoring, registry, workspaces
from lifecycle.settings import Settings
from lifecycle.store import evidence, models

MAIN = Path(__file__).parents[2] / "app" / "main.py"
AT = datetime(2026, 11, 16, 12, tzinfo=UTC)
WEEKS, PER_WEEK = 12, 300
START = datetime(2026, 8, 24, tzinfo=UTC)

DEVELOPER = Actor("dana", frozenset({Role.DEVELOPER}), via="sample")
APPROVER = Actor("ada", frozenset({Role.APPROVER}), via="sample")
VIEWER = Actor("vik", frozenset({Role.VIEWER}), via="sample")
FULL: Any = {"by": DEVELOPER, "at": AT}


def rows(n, *, seed, shift=0.0) -> dict[str, Any]:
    """Applicants whose income decides; `shift` moves it, and women are scored lower."""
    rng = np.random.default_rng(seed)
    sex = rng.choice(["Female", "Male"], n, p=[0.4, 0.6])
    income = rng.lognormal(3.0 + shift, 0.4, n)
    truth = rng.random(n) < 1 / (1 + np.exp(-(income - 22) / 6))
    score = 1 / (1 + np.exp(-(income - 22 - 4 * (sex == "Female")) / 6))
    return {
        "income": income,
        "age": rng.integers(20, 60, n).astype(float),
        "region": rng.choice(["north", "south", "east"], n),
        "sex": sex,
        "score": np.clip(score, 0.001, 0.999),
        "approved": truth.astype(int),
    }


def parquet(folder, name, columns: dict[str, Any]):
    file = folder / f"{name}.parquet"
    pq.write_table(pa.table(columns), file)
    return file


def register(ws, folder):
    registry.add_use_case(
        ws,
        id="credit",
        name="Consumer credit",
        problem="Decide on small loans",
        owner="olga",
        sponsor="sam",
        answers={
            "practice": "no",
            "domain": "credit",
            "effect": "informs",
            "interaction": "no",
        },
        affected="applicants",
        simulated=True,
        **FULL,
    )
    registry.add_dataset(
        ws,
        id="loans",
        name="Loans 2025",
        description="Decided applications",
        source="core banking",
        owner="olga",
        **FULL,
    )
    roles = {"approved": ColumnRole.TARGET, "score": ColumnRole.SCORE, "sex": ColumnRole.SENSITIVE}
    snapshot = registry.add_snapshot(
        ws, "loans", parquet(folder, "reference", rows(2000, seed=0)), roles=roles, **FULL
    )
    for model in ("credit-default", "credit-limit"):
        registry.add_model(
            ws,
            id=model,
            use_case_id="credit",
            name=model.replace("-", " ").title(),
            task="binary",
            owner="olga",
            purpose="Rank applications",
            **FULL,
        )
    columns = Columns(
        target="approved",
        timestamp="at",
        id="id",
        score="score",
        positive="1",
        threshold=0.5,
        features=("income", "age", "region"),
        categorical=("region",),
        sensitive=("sex",),
    )
    for version in ("1", "2"):
        registry.add_version(
            ws, "credit-default", version, columns=columns, reference=snapshot.id, **FULL
        )
    registry.move_version(
        ws, "credit-default", "2", to=Stage.CANDIDATE, reason="ready for validation", **FULL
    )
    with ws.transaction() as tx:
        live = models.version(tx, "credit-default", "1")
        models.update_version(tx, replace(live, stage=Stage.PRODUCTION))
    return snapshot


def log(ws, folder):
    costs = CostMatrix("EUR", true_positive=50, false_positive=-200)
    level = ServiceLevel(latency="ms", status="status", limits={"latency_p95": 90})
    watched: Any = {"costs": costs, "service": level, "segments": ("region",)}
    monitoring.define(ws, "credit-default", "1", **watched, **FULL)
    rng = np.random.default_rng(9)
    for week in range(WEEKS):
        n = PER_WEEK
        found = rows(n, seed=100 + week, shift=0.4 if week >= WEEKS - 4 else 0.0)
        at = [START + timedelta(weeks=week, minutes=30 * i) for i in range(n)]
        ids = [f"w{week}-{i}" for i in range(n)]
        truth = found.pop("approved")
        found |= {
            "ms": rng.lognormal(4, 0.3, n),
            "status": rng.choice(["200", "500"], n, p=[0.98, 0.02]),
        }
        parts = parquet(folder, f"log{week}", {"id": ids, "at": at, **found})
        ingestion.predictions(
            ws, "credit-default", "1", [parts], timestamp="at", id="id", score="score", **FULL
        )
        if week < WEEKS - 2:
            late = parquet(folder, f"outcomes{week}", {"id": ids, "approved": truth})
            ingestion.outcomes(ws, "credit-default", [late], id="id", target="approved", **FULL)
    monitoring.run(ws, **FULL)


def keep_evidence(ws, snapshot):
    """Write what assessments and the SHAP worker leave behind, in their shape."""
    rate = Measurement("selection_rate", 0.31, State.OK, interval=(0.28, 0.34), n=800)
    performance = (Measurement("roc_auc", 0.82, State.OK, interval=(0.8, 0.84), n=2000),)
    fairness = (
        replace(rate, slice={"sex": "Female"}),
        replace(rate, value=0.52, interval=(0.49, 0.55), slice={"sex": "Male"}, n=1200),
        Measurement("demographic_parity_ratio", 0.6, State.BREACH, column="sex", limit=0.8, n=2000),
        replace(rate, value=0.28, slice={"sex": "Female", "region": "north"}, n=400),
        replace(rate, value=0.55, slice={"sex": "Male", "region": "north"}, n=600),
    )
    ways = tuple(
        Measurement(name, value, State.OK, column=column, slice={"point": point}, n=800)
        for point, values in (("as decided", (0.8, 0.2)), ("strict", (0.75, 0.01)))
        for (name, column), value in zip(
            (("accuracy", None), ("demographic_parity_difference", "sex")), values, strict=True
        )
    )
    points = [
        {"name": "as decided", "method": "none", "legally_sensitive": None},
        {"name": "strict", "method": "ThresholdOptimizer", "legally_sensitive": "Ask counsel."},
    ]
    tried = Evidence(
        "credit-default/1", Purpose.MITIGATION, snapshot.id, ways, AT, "val",
        method={"seed": 0}, payload={"points": points},
    )  # fmt: skip
    add(ws, tried)
    for purpose, found in ((Purpose.PERFORMANCE, performance), (Purpose.FAIRNESS, fairness)):
        add(ws, Evidence("credit-default/1", purpose, snapshot.id, found, AT, "val"))
    columns = [
        {"column": "income", "value": 0.9, "interval": [0.8, 1.0], "direction": 0.97},
        {"column": "age", "value": 0.1, "interval": [0.05, 0.15], "direction": None},
    ]
    method = {
        "explainer": "tree",
        "output_space": "log-odds",
        "outputs": ["1"],
        "background": {"kind": "rows of the snapshot", "n": 100, "sha256": "ab" * 32},
        "n": 500,
        "seed": 0,
        "additivity": {"error": 1e-9, "tolerance": 1e-6},
        "refused": [{"explainer": "linear", "reason": "the model is a forest"}],
        "versions": {"shap": "0.51.0"},
    }
    explained = Evidence(
        "credit-default/1",
        Purpose.EXPLANATION,
        snapshot.id,
        (),
        AT,
        "dana",
        method=method,
        payload={"columns": columns, "base": [0.1], "local": "cd" * 32},
    )
    add(ws, explained)


def add(ws, kept):
    with ws.transaction() as tx:
        evidence.add(tx, kept)


@pytest.fixture(scope="session")
def portfolio(tmp_path_factory):
    """Return a workspace with a monitored model, evidence, an open request and a bare model."""
    folder = tmp_path_factory.mktemp("portfolio")
    ws, _ = workspaces.create(folder / "home", admin=None, at=AT, sample=True)
    with ws:
        snapshot = register(ws, folder)
        log(ws, folder)
        keep_evidence(ws, snapshot)
        approvals.request(
            ws, "credit-default", "2", to=Stage.VALIDATED, reason="please look", **FULL
        )
        yield ws


@pytest.fixture(scope="session")
def empty(tmp_path_factory):
    """Return a workspace nobody has put anything into."""
    ws, _ = workspaces.create(tmp_path_factory.mktemp("empty") / "home", admin=None, at=AT)
    with ws:
        yield ws


@pytest.fixture
def open_page():
    """Return a function that opens a page of a workspace as somebody, with an address."""
    with ExitStack() as opened:

        def run(name, ws, *, by=DEVELOPER, **params) -> AppTest:
            process = session.Process(ws, Settings(home=ws.home), acting=by)
            opened.enter_context(session.serving(process))
            test = AppTest.from_file(str(MAIN), default_timeout=30).run()
            if name != "overview":
                test.switch_page(f"../pages/{name}.py")
            for key, value in params.items():
                test.query_params[key] = value
            return test.run()

        yield run
