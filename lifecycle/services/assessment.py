"""Does a version do what its plan asks on a snapshot: measured once, kept as evidence for ever."""

import platform
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from importlib.metadata import version as installed
from pathlib import Path

import lifecycle
from lifecycle.domain.actor import Actor, Permission
from lifecycle.domain.audit import AuditEvent
from lifecycle.domain.dataset import Snapshot
from lifecycle.domain.evidence import Evidence, Purpose
from lifecycle.domain.measurement import Measurement, State
from lifecycle.domain.model import Columns, Model, Task, Version
from lifecycle.engines import Engine, choose, rows
from lifecycle.engines.conditions import Missing, Outside
from lifecycle.engines.contract import Source
from lifecycle.errors import InvalidInput
from lifecycle.services import approvals, plans, snapshots
from lifecycle.services.access.places import require_for
from lifecycle.services.analysis.fairness import FairnessOptions, measure_fairness
from lifecycle.services.analysis.outcomes import Roles
from lifecycle.services.analysis.performance import PerformanceOptions, measure_performance
from lifecycle.services.analysis.result import Result
from lifecycle.services.plans import Plan, PlanLimit
from lifecycle.store import artifacts, audit, datasets, evidence, models
from lifecycle.store.connection import Workspace

LIBRARIES = ("numpy", "scipy", "duckdb", "pyarrow")
"""What computed the numbers; a rerun with other versions may differ in the last digits."""


@dataclass(frozen=True, slots=True)
class _Case:
    """What is assessed, and on which rows."""

    model: Model
    version: Version
    snapshot: Snapshot
    plan: Plan
    source: Source
    columns: Columns


def read_plan(plan: Plan | Path | str) -> Plan:
    """Return a plan from a file's path or from YAML text; a plan itself is returned as it is."""
    if isinstance(plan, Plan):
        return plan
    return plans.read(plan) if isinstance(plan, Path) else plans.parse(plan)


def assess(
    ws: Workspace,
    model_id: str,
    version: str,
    *,
    snapshot: str,
    plan: Plan | Path,
    by: Actor,
    at: datetime,
) -> list[Evidence]:
    """Measure what a plan asks for and keep it as evidence, one record per purpose.

    Raises
    ------
    InvalidInput
        The plan cannot be read, or the snapshot lacks a column it needs.
    NotFound
        There is no such version or snapshot.
    DamagedStore
        The snapshot's file is not the one that was kept.
    """
    require_for(ws.cursor(), model_id, Permission.ASSESS, by=by)
    asked = read_plan(plan)
    con = ws.cursor()
    model, assessed = models.get(con, model_id), models.version(con, model_id, version)
    rows_of = datasets.snapshot(con, snapshot)
    columns = _answers(assessed, rows_of)
    artifacts.verify(ws, rows_of.artifact)
    with snapshots.opened(ws, rows_of, columns=columns) as file, choose() as engine:
        source = replace(engine.open(str(file)), label=f"snapshot {rows_of.id}")
        if snapshots.derives_decision(columns):
            columns = replace(columns, prediction=rows.DECISION)
        case = _Case(model, assessed, rows_of, asked, source, columns)
        found = [
            _evidence(engine, case, purpose=purpose, by=by, at=at)
            for purpose, names in asked.statistics.items()
            if names
        ]
    with ws.transaction() as tx:
        for one in found:
            evidence.add(tx, one)
            audit.append(tx, _event(one, by=by))
        approvals.refresh(tx, assessed.id, at)
    return found


def _answers(version: Version, snapshot: Snapshot) -> Columns:
    """Return the version's columns with the answers that the snapshot holds."""
    there = {column.name for column in snapshot.columns}
    columns = version.columns
    if columns.target not in there:
        raise InvalidInput(
            f"snapshot {snapshot.id} has no column {columns.target!r}, the target of {version.id}"
        )
    score = columns.score if columns.score in there else None
    prediction = columns.prediction if columns.prediction in there else None
    if score is None and prediction is None:
        wanted = " or ".join(repr(c) for c in (columns.prediction, columns.score) if c)
        raise InvalidInput(
            f"snapshot {snapshot.id} holds no answers of {version.id}: add a snapshot with the "
            f"column {wanted or 'of its predictions, and register a version that names it'}"
        )
    return replace(columns, score=score, prediction=prediction)


def _evidence(
    engine: Engine, case: _Case, *, purpose: Purpose, by: Actor, at: datetime
) -> Evidence:
    measured = _performance(engine, case) if purpose is Purpose.PERFORMANCE else None
    result = measured or _fairness(engine, case)
    plan = case.plan
    return Evidence(
        version_id=case.version.id,
        purpose=purpose,
        snapshot_id=case.snapshot.id,
        measurements=tuple(_judged(result.measurements, purpose=purpose, plan=plan)),
        created_at=at,
        created_by=by.name,
        plan=dict(plan.content) or {"name": plan.name},
        method=_method(case, result=result),
        payload={
            "findings": _findings(engine, case),
            "notices": list(result.notices),
        },
    )


def _roles(case: _Case) -> Roles:
    columns = case.columns
    return Roles(
        target=columns.target,
        prediction=columns.prediction,
        score=columns.score,
        positive=columns.positive,
        task=case.model.task.value,
    )


def _performance(engine: Engine, case: _Case) -> Result:
    options = PerformanceOptions(
        roles=_roles(case),
        statistics=case.plan.statistics[Purpose.PERFORMANCE],
        confidence=case.plan.confidence,
    )
    return measure_performance(engine, source=case.source, options=options)


def _fairness(engine: Engine, case: _Case) -> Result:
    """Compare groups; the statistics the plan does not name are left out."""
    if case.model.task is not Task.BINARY:
        raise InvalidInput(
            f"{case.model.id} is a {case.model.task} model; fairness compares the decisions of a "
            "binary one"
        )
    if case.columns.prediction is None:
        raise InvalidInput(
            f"fairness compares decisions: {case.version.id} needs a prediction column or a "
            "threshold for its score"
        )
    sensitive = case.plan.sensitive or case.version.columns.sensitive
    if not sensitive:
        raise InvalidInput(
            f"neither plan {case.plan.name} nor {case.version.id} names a sensitive column"
        )
    options = FairnessOptions(
        roles=_roles(case),
        sensitive=sensitive,
        intersect=min(case.plan.intersect, len(sensitive)),
        confidence=case.plan.confidence,
        minimum_group=case.plan.minimum_group,
    )
    result = measure_fairness(engine, source=case.source, options=options)
    wanted = set(case.plan.statistics[Purpose.FAIRNESS])
    kept = tuple(m for m in result.measurements if m.statistic in wanted)
    return replace(result, measurements=kept)


def _judged(
    measurements: Iterable[Measurement], *, purpose: Purpose, plan: Plan
) -> Iterable[Measurement]:
    """Judge by the plan's limits alone; too few rows come before any limit."""
    minimum = plan.minimum if purpose is Purpose.PERFORMANCE else plan.minimum_group
    for measured in measurements:
        limit = plan.limits.get(measured.statistic)
        if measured.value is None or measured.state is State.INSUFFICIENT:
            yield replace(measured, limit=None if limit is None else _bound(limit, None))
        elif measured.n is not None and measured.n < minimum:
            reason = f"{measured.n} observations, the plan wants at least {minimum}"
            bound = None if limit is None else _bound(limit, measured.value)
            yield replace(measured, state=State.INSUFFICIENT, limit=bound, reason=reason)
        elif limit is None:
            yield replace(measured, state=State.OK, limit=None)
        else:
            yield _against(measured, measured.value, limit)


def _against(measured: Measurement, value: float, limit: PlanLimit) -> Measurement:
    bound = _bound(limit, value)
    low_enough = limit.maximum is None or value <= limit.maximum
    if low_enough and (limit.minimum is None or value >= limit.minimum):
        return replace(measured, state=State.OK, limit=bound)
    state = State.BREACH if limit.severity == "block" else State.WARNING
    return replace(measured, state=state, limit=bound)


def _bound(limit: PlanLimit, value: float | None) -> float | None:
    """Return the bound that matters: the one that was crossed, else the lower one."""
    crossed = limit.maximum is not None and value is not None and value > limit.maximum
    return limit.maximum if crossed or limit.minimum is None else limit.minimum


def _findings(engine: Engine, case: _Case) -> list[str]:
    """Say what a reviewer must know about the rows, in a sentence each."""
    columns, source = case.columns, case.source
    findings = [
        f"sensitive column {name} is also a feature of the model"
        for name in case.plan.sensitive or columns.sensitive
        if name in columns.features
    ]
    if columns.score is not None and case.model.task is Task.BINARY:
        wrong = [Missing(columns.score), Outside(columns.score, low=0.0, high=1.0)]
        invalid = sum(found.rows for found in engine.violations(source, wrong)[None])
        if invalid:
            findings.append(
                f"{invalid} of {source.rows} rows have no score between 0 and 1 in column "
                f"{columns.score} and are left out of what reads the score"
            )
    unlabelled = engine.facts(source, columns.target).missing
    if unlabelled:
        findings.append(
            f"{unlabelled} of {source.rows} rows have no outcome in column {columns.target}"
        )
    return findings


def _method(case: _Case, *, result: Result) -> Mapping[str, object]:
    return {
        "lifecycle": lifecycle.__version__,
        "python": platform.python_version(),
        "libraries": {name: installed(name) for name in LIBRARIES},
        "seed": case.plan.seed,
        "data_sha256": case.snapshot.artifact,
        "rows": case.source.rows,
        "code_commit": case.version.code_commit,
        "artifact": case.version.artifact,
        "settings": dict(result.settings),
    }


def _event(found: Evidence, *, by: Actor) -> AuditEvent:
    details = {
        "purpose": found.purpose,
        "evidence": found.id,
        "sha256": found.sha256,
        "snapshot": found.snapshot_id,
        "plan": found.plan.get("name"),
        "state": found.state,
    }
    subject = f"version:{found.version_id}"
    return AuditEvent(
        "evidence.add", subject, by.name, found.created_at, via=by.via, details=details
    )
