"""How fast the gate answers on a large portfolio, in process: 1,000 models with 10 versions each.

python benchmarks/gate.py [MODELS [VERSIONS [ASKED]]]
"""

import json
import platform
import random
import statistics
import sys
import tempfile
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from lifecycle.domain.actor import Actor, Role
from lifecycle.domain.approval import Decision, Request, Status, Vote
from lifecycle.domain.audit import AuditEvent
from lifecycle.domain.evidence import Evidence, Purpose
from lifecycle.domain.measurement import Measurement, State, Window
from lifecycle.domain.model import Columns, Model, ModelKind, Stage, Task, Version
from lifecycle.domain.policy import Policy
from lifecycle.domain.standing import granted
from lifecycle.domain.usecase import Tier, UseCase
from lifecycle.services import approvals, policies, workspaces
from lifecycle.services.approvals import cases
from lifecycle.store import approvals as kept
from lifecycle.store import audit, evidence, measurements, models, requests, usecases
from lifecycle.store.connection import Connection, Workspace

AT = datetime(2026, 11, 2, tzinfo=UTC)
READER = Actor("vera", frozenset({Role.VIEWER}))
STATISTICS = 40
"""Measurements of a version's newest window."""
TARGET_MS = 50


def use_case(name: str) -> UseCase:
    return UseCase(
        id=name,
        name=name,
        problem="p",
        owner="olga",
        sponsor="sam",
        created_at=AT,
        tier=Tier.LIMITED,
        questionnaire="2026-11",
        answers={},
        affected="applicants",
    )


def model(name: str) -> Model:
    return Model(name, name, name, ModelKind.PREDICTIVE, Task.BINARY, "olga", "rank", AT, "use")


def proof(version: Version, purpose: Purpose) -> Evidence:
    auc = Measurement("roc_auc", 0.8, State.OK, interval=(0.78, 0.82), n=1000, limit=0.7)
    rates = [
        Measurement("selection_rate", 0.2, State.OK, slice={"sex": f"{i}"}, n=500)
        for i in range(20)
    ]
    plan = {"name": "yearly", "statistics": {str(purpose): ["roc_auc", "selection_rate"]}}
    return Evidence(version.id, purpose, "d@1", (auc, *rates), AT, "val", plan=plan)


def fill(tx: Connection, policy: Policy, *, number: int, versions: int) -> list[Version]:
    """Add a model with its versions, evidence and measurements; its last version is live."""
    name = f"model-{number}"
    usecases.add(tx, use_case(name))
    models.add(tx, model(name))
    made: list[Version] = []
    for i in range(versions):
        stage = Stage.PRODUCTION if i == versions - 1 else Stage.CANDIDATE
        columns = Columns(target="y", score="s", sensitive=("sex",))
        version = Version(
            name, f"{i}", stage, "dev", AT, columns, reference="d@1", code_commit="c" * 40
        )
        models.add_version(tx, version)
        tell(tx, "version.add", f"version:{version.id}", stage=stage)
        for purpose in (Purpose.PERFORMANCE, Purpose.FAIRNESS):
            evidence.add(tx, proof(version, purpose))
        week = Window(AT - timedelta(days=7), AT)
        given = [
            Measurement("ks", 0.01, State.OK, column=f"c{j}", window=week, n=900, limit=0.1)
            for j in range(STATISTICS)
        ]
        measurements.replace(tx, version.id, given, windows=None)
        if stage is Stage.PRODUCTION:
            approve(tx, policy, version, number=number)
        made.append(version)
    return made


def approve(tx: Connection, policy: Policy, version: Version, *, number: int) -> None:
    case = cases.case_of(tx, version.model_id, version.name, at=AT)
    asked = Request(
        id=f"req-{number}",
        version_id=version.id,
        before=Stage.APPROVED,
        to=Stage.PRODUCTION,
        reason="go",
        requested_by="dev",
        requested_at=AT,
        policy=policy.label,
        policy_sha256=policy.sha256,
        evidence=tuple(e.id for e in cases.latest(case)),
        bundle=cases.bundle(case, policy),
        barred=frozenset({"dev", "val"}),
        quorum=1,
        tier=Tier.LIMITED,
        version_sha256=version.sha256,
    )
    vote = Decision("app", AT, Vote.APPROVE, "", asked.bundle)
    done = replace(asked, decisions=(vote,), status=Status.APPROVED)
    requests.add(tx, done)
    given = granted(done, terms=cases.terms_of(tx, done), at=AT)
    kept.put_approval(tx, given)
    pinned = ("to", "policy", "policy_sha256", "bundle")
    about = {name: str(getattr(asked, name)) for name in pinned} | {"version": version.id}
    tell(tx, "request.open", f"request:{asked.id}", **about)
    tell(tx, "request.approve", f"request:{asked.id}", by="app", status="approved", **about)
    audit.append(tx, given.event(before=None, by="app", at=AT))


def tell(tx: Connection, action: str, subject: str, *, by: str = "dev", **details: str) -> None:
    """Write the event of a record, which the gate holds it against."""
    audit.append(tx, AuditEvent(action, subject, by, AT, details=details))


def measured(workspace: Workspace, asked: list[tuple[Version, Stage]]) -> dict[str, float]:
    """Ask about every version once and return milliseconds of wall and CPU."""
    wall: list[float] = []
    cpu: list[float] = []
    for version, to in asked:
        began, spent = time.perf_counter(), time.process_time()
        answer = approvals.ask(
            workspace, version.model_id, version.name, to=to, by=READER, at=AT + timedelta(days=1)
        )
        wall.append(1000 * (time.perf_counter() - began))
        cpu.append(1000 * (time.process_time() - spent))
        assert answer.outcome == "pass", answer  # noqa: S101 -- a wrong answer is no measurement
    return {
        "median_ms": statistics.median(wall),
        "p95_ms": statistics.quantiles(wall, n=20)[-1],
        "median_cpu_ms": statistics.median(cpu),
    }


def main() -> None:
    count, versions, asked = (int(a) for a in [*sys.argv[1:], 1000, 10, 200][:3])
    with tempfile.TemporaryDirectory() as folder:
        workspace, _ = workspaces.create(Path(folder) / "ws", admin=None, at=AT)
        policy = policies.shipped()[0]
        made: list[Version] = []
        for start in range(0, count, 50):
            with workspace.transaction() as tx:
                for number in range(start, min(start + 50, count)):
                    made += fill(tx, policy, number=number, versions=versions)
            print(f"\r{len(made)} versions", end="", file=sys.stderr)
        rng = random.Random(1)  # noqa: S311 -- which versions are asked about
        live = [v for v in made if v.stage is Stage.PRODUCTION]
        waiting = [v for v in made if v.stage is Stage.CANDIDATE]
        report = {
            "models": count,
            "versions": len(made),
            "python": platform.python_version(),
            "promotion": measured(
                workspace, [(rng.choice(waiting), Stage.VALIDATED) for _ in range(asked)]
            ),
            "start": measured(
                workspace, [(rng.choice(live), Stage.PRODUCTION) for _ in range(asked)]
            ),
            "target_ms": TARGET_MS,
        }
        workspace.close()
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
