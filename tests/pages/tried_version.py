"""A small workspace with one version that was measured against a plan, and tried."""

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd

from lifecycle.domain.actor import Actor, Role
from lifecycle.domain.dataset import ColumnRole
from lifecycle.domain.evidence import Evidence, Purpose
from lifecycle.domain.measurement import Measurement, State
from lifecycle.domain.model import Columns
from lifecycle.services import assessment, plans, registry
from lifecycle.store import evidence

AT = datetime(2026, 11, 16, 12, tzinfo=UTC)
DEVELOPER = Actor("dana", frozenset({Role.DEVELOPER}), via="sample")
WHO: Any = {"by": DEVELOPER, "at": AT}
ANSWERS = {"practice": "no", "domain": "credit", "effect": "informs", "interaction": "no"}
PLAN = """name: board
rationale: what the board asked for
statistics:
  performance: [accuracy, roc_auc]
  validation: [champion_gain, worst_slice_gap, scoring_latency, missing_loss]
limits:
  roc_auc: {minimum: 0.99, rationale: nothing less}
  champion_gain: {minimum: 0, bound: lower}
"""


def register(ws, folder) -> str:
    """Register a case, a model, a snapshot and two versions; return the snapshot's id."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"x": rng.normal(size=400), "y": rng.integers(0, 2, 400)})
    frame["p"] = 1 / (1 + np.exp(-frame["x"] - frame["y"]))
    frame.to_parquet(folder / "rows.parquet", index=False)
    registry.add_use_case(
        ws, id="u", name="U", problem="p", owner="dana", sponsor="s", answers=ANSWERS, **WHO
    )
    registry.add_model(
        ws, id="m", use_case_id="u", name="M", task="binary", owner="dana", purpose="p", **WHO
    )
    registry.add_dataset(ws, id="d", name="D", description="d", source="s", owner="dana", **WHO)
    roles = {"y": ColumnRole.TARGET}
    kept = registry.add_snapshot(ws, "d", folder / "rows.parquet", roles=roles, **WHO)
    columns = Columns(target="y", score="p", positive="1", threshold=0.5, features=("x",))
    for name in ("1", "2"):
        registry.add_version(ws, "m", name, columns=columns, reference=kept.id, **WHO)
    return kept.id


def measure(ws, snapshot: str) -> None:
    """Measure version 1 by counting, and write what trying its file would have left."""
    counted = PLAN.replace(", worst_slice_gap, scoring_latency, missing_loss", "").replace(
        "  validation: [champion_gain]\n", ""
    )
    counted = counted.replace("  champion_gain: {minimum: 0, bound: lower}\n", "")
    assessment.assess(ws, "m", "1", snapshot=snapshot, plan=plans.parse(counted), **WHO)
    gain = Measurement(
        "champion_gain", 0.02, State.OK, column="m/0", interval=(0.01, 0.03), n=400, limit=0.0
    )
    found = (
        gain,
        Measurement("scoring_latency", 3.0, State.OK, unit="ms", interval=(2.0, 4.0), n=200),
        Measurement(
            "worst_slice_gap", 0.1, State.OK, slice={"x": "low"}, interval=(0.0, 0.2), n=90
        ),
        Measurement("missing_loss", None, State.NOT_APPLICABLE, column="x", reason="it raises *"),
    )
    plan = plans.parse(PLAN)
    override = {
        "changes": ["roc_auc: no limit, now at least 0.99"],
        "since": "ev-000000000000",
        "reason": "the *board* asked",
        "by": "dana",
        "at": AT.isoformat(),
    }
    again = {
        "of": "ev-000000000000",
        "reproduced": False,
        "compared": 4,
        "differences": ["champion_gain m/0: 0.01 before, 0.02 now"],
        "because": ["seed: 1 before, 0 now"],
    }
    kept = Evidence(
        "m/1",
        Purpose.VALIDATION,
        snapshot,
        found,
        AT,
        "dana",
        plan={**plan.content, plans.OVERRIDE: override},
        method={"rows": 400, "seed": 0, "libraries": {"numpy": "2.4"}},
        payload={"findings": ["3 of 400 scores differ"], "notices": [], "reproduction": again},
    )
    with ws.transaction() as tx:
        evidence.add(tx, kept)
