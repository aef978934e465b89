"""What would it cost to narrow a gap: accuracy against disparity in several ways, as evidence.

The work is a job. Each way becomes a point with intervals, measured on rows it never saw, and any
point can be registered as a draft version of the model, which then goes through every gate.
"""

from collections.abc import Mapping
from datetime import datetime
from importlib.metadata import version as installed
from pathlib import Path
from typing import Any

import lifecycle
from lifecycle.domain.actor import Actor, Permission
from lifecycle.domain.audit import AuditEvent
from lifecycle.domain.dataset import ColumnRole
from lifecycle.domain.evidence import Evidence, Purpose
from lifecycle.domain.job import Job
from lifecycle.domain.measurement import Measurement, State
from lifecycle.domain.model import Task, Version
from lifecycle.domain.written import read, written
from lifecycle.errors import InvalidInput, NotFound
from lifecycle.services import jobs, sensitive_data, snapshots
from lifecycle.services.access import sensitive
from lifecycle.services.access.places import require_for
from lifecycle.services.jobs import Kind
from lifecycle.services.registry import versions
from lifecycle.stats import counting, fairness
from lifecycle.stats.fairness.sweep import LEGALLY_SENSITIVE
from lifecycle.stats.performance.decisions import accuracy
from lifecycle.store import artifacts, audit, datasets, evidence, models
from lifecycle.store.connection import Connection, Workspace

MITIGATE = "mitigate"
RUN = "lifecycle.services.mitigation:run"

DISPARITY = {
    "demographic_parity": fairness.demographic_parity_difference,
    "equalized_odds": fairness.equalized_odds_difference,
}
"""The gap each constraint narrows."""

MOST_ROWS = 20_000
"""Rows taken at most, drawn by the seed; the reduction trains twenty models."""

POINT = "point"
"""The key of a point's name in its measurements' slices."""


def start(
    ws: Workspace,
    model_id: str,
    version: str,
    *,
    snapshot: str,
    attribute: str,
    constraint: str = "demographic_parity",
    seed: int = 0,
    by: Actor,
    at: datetime,
) -> Job:
    """Ask for the ways to narrow a gap between the groups of an attribute, as a job.

    Raises
    ------
    InvalidInput
        The model is not binary, or the snapshot lacks the target, the attribute or any feature.
    NotAllowed
        The actor may not run assessments, or not read a sensitive column row by row.
    """
    con = ws.cursor()
    require_for(con, model_id, Permission.ASSESS, by=by)
    asked, rows = models.version(con, model_id, version), datasets.snapshot(con, snapshot)
    there = sensitive_data.held(con, rows)
    if models.get(con, model_id).task is not Task.BINARY:
        raise InvalidInput(f"{model_id} is no binary model; mitigation narrows gaps of decisions")
    if constraint not in DISPARITY:
        raise InvalidInput(f"constraint {constraint!r} is not one of {', '.join(DISPARITY)}")
    sensitive_data.refuse_deleted(con, rows, [attribute])
    for name in (asked.columns.target, attribute):
        if name not in there:
            raise InvalidInput(f"snapshot {snapshot} has no column {name!r}")
    features = asked.columns.features or rows.named(ColumnRole.FEATURE)
    if not [name for name in features if name in there and name != attribute]:
        raise InvalidInput(f"snapshot {snapshot} holds no feature of {asked.id} to learn from")
    kept_apart = sensitive.check(con, asked, [attribute], by=by)
    with ws.transaction() as tx:
        purpose = f"ways to narrow {constraint}"
        sensitive.record(tx, asked, kept_apart, purpose=purpose, rows=rows.rows, by=by, at=at)
    settings = {
        "version": asked.id,
        "snapshot": rows.id,
        "attribute": attribute,
        "constraint": constraint,
        "seed": seed,
    }
    return jobs.submit(ws, MITIGATE, subject=f"version:{asked.id}", settings=settings, by=by, at=at)


def run(settings: Mapping[str, Any], *, folder: Path, report: Any) -> dict[str, object]:
    """Try every way in a worker process, and measure each on the rows kept apart."""
    import pandas as pd

    from lifecycle.adapters import mitigation

    apart = [Path(part) for part in settings["apart"]]
    rows = pd.read_parquet(snapshots.joined(Path(settings["file"]), folder, apart=apart))
    if len(rows) > MOST_ROWS:
        rows = rows.sample(MOST_ROWS, random_state=settings["seed"])
    data = mitigation.columns(rows, settings["columns"])
    _, test = mitigation.apart(len(data.labels), seed=settings["seed"])
    labels, groups = data.labels[test], data.groups[test]
    ways: list[dict[str, object]] = []
    told: list[Measurement] = []
    for found in mitigation.candidates(
        data, constraint=settings["constraint"], seed=settings["seed"], report=report
    ):
        told += _measured(found.name, labels, found.decisions, groups, settings=settings)
        ways.append(
            {
                "name": found.name,
                "method": found.method,
                "strength": found.strength,
                "legally_sensitive": LEGALLY_SENSITIVE if found.by_group else None,
            }
        )
    kept = [written(m) for m in told]
    return {"points": ways, "measurements": kept, "rows": len(data.labels)}


def _measured(
    point: str, labels: Any, decisions: Any, groups: Any, *, settings: Mapping[str, Any]
) -> list[Measurement]:
    """Measure a point's accuracy and gap, each with its interval."""
    gap = DISPARITY[settings["constraint"]]
    parts = [
        counting.binary_tally(labels[groups == name], decisions[groups == name])
        for name in sorted(set(groups))
    ]
    every = accuracy(counting.binary_tally(labels, decisions))
    attribute = settings["columns"]["attribute"]
    return [
        Measurement(
            statistic,
            estimate.value,
            State.INSUFFICIENT if estimate.value is None else State.OK,
            column=column,
            slice={POINT: point},
            interval=estimate.interval,
            confidence=estimate.confidence,
            n=estimate.n,
            reason=estimate.reason,
        )
        for statistic, column, estimate in (
            ("accuracy", None, every),
            (gap.name, attribute, gap(parts)),
        )
    ]


def register(
    ws: Workspace, evidence_id: str, *, point: str, name: str, by: Actor, at: datetime
) -> Version:
    """Register a point of the frontier as a draft version, to be judged by every gate.

    Raises
    ------
    NotFound
        The evidence has no such point.
    InvalidInput
        The evidence holds no frontier.
    """
    con = ws.cursor()
    kept = evidence.get(con, evidence_id)
    if kept.purpose is not Purpose.MITIGATION:
        raise InvalidInput(f"{evidence_id} is {kept.purpose} evidence and holds no frontier")
    known = {str(p["name"]): p for p in points(kept)}
    if point not in known:
        raise NotFound(f"{evidence_id} has no point {point!r}; there is: {', '.join(known)}")
    origin = models.version_by_id(con, kept.version_id)
    chosen, settings = known[point], kept.method["settings"]
    values = {m.statistic: m.value for m in kept.measurements if m.slice.get(POINT) == point}
    said = f"{point}, from {origin.id} by evidence {kept.id}"
    warned = chosen["legally_sensitive"]
    return versions.add_version(
        ws,
        origin.model_id,
        name,
        columns=origin.columns,
        reference=origin.reference,
        training=kept.snapshot_id,
        metrics={k: v for k, v in values.items() if v is not None},
        parameters={
            "mitigation": str(chosen["method"]),
            "strength": str(chosen["strength"]),
            "evidence": kept.id,
            **({k: str(v) for k, v in settings.items()} if isinstance(settings, Mapping) else {}),
        },
        notes=f"{said}. {warned}" if warned else f"{said}.",
        by=by,
        at=at,
    )


def points(kept: Evidence) -> list[Mapping[str, Any]]:
    """Return the ways of a frontier: name, method, strength and warning of each."""
    found = kept.payload.get("points")
    return list(found) if isinstance(found, list | tuple) else []


def measured(kept: Evidence) -> dict[str, tuple[Measurement, Measurement]]:
    """Return each way's accuracy and its gap."""
    by_point: dict[str, list[Measurement]] = {}
    for one in kept.measurements:
        by_point.setdefault(one.slice[POINT], []).append(one)
    return {name: (found[0], found[1]) for name, found in by_point.items()}


def _prepare(ws: Workspace, job: Job) -> Mapping[str, object]:
    """Tell the worker where the rows lie, after checking them against their hash."""
    con, asked = ws.cursor(), job.settings
    version = models.version_by_id(con, str(asked["version"]))
    snapshot = datasets.snapshot(con, str(asked["snapshot"]))
    artifacts.verify(ws, snapshot.artifact)
    there, columns = sensitive_data.held(con, snapshot), version.columns
    apart = sensitive_data.of_snapshot(ws, con, snapshot)
    features = columns.features or snapshot.named(ColumnRole.FEATURE)
    return {
        "file": str(artifacts.path(ws, snapshot.artifact).absolute()),
        "apart": [str(part) for part in apart.parts([str(asked["attribute"]), *features])],
        "constraint": asked["constraint"],
        "seed": asked["seed"],
        "columns": {
            "target": columns.target,
            "positive": columns.positive,
            "attribute": asked["attribute"],
            "features": [name for name in features if name in there],
            "score": columns.score if columns.score in there else None,
            "prediction": columns.prediction if columns.prediction in there else None,
            "threshold": columns.threshold,
        },
    }


def _keep(
    ws: Workspace, tx: Connection, job: Job, result: Mapping[str, Any], folder: Path, at: datetime
) -> str:
    """Write the frontier as evidence."""
    del ws, folder  # everything is in the result
    snapshot = datasets.snapshot(tx, str(job.settings["snapshot"]))
    kept = Evidence(
        version_id=str(job.settings["version"]),
        purpose=Purpose.MITIGATION,
        snapshot_id=snapshot.id,
        measurements=tuple(
            read(Measurement, one, where="a measurement") for one in result["measurements"]
        ),
        created_at=at,
        created_by=job.owner,
        method={
            "lifecycle": lifecycle.__version__,
            "libraries": {n: installed(n) for n in ("fairlearn", "scikit-learn", "numpy")},
            "seed": job.settings["seed"],
            "data_sha256": snapshot.artifact,
            "rows": result["rows"],
            "settings": {k: job.settings[k] for k in ("attribute", "constraint", "seed")},
        },
        payload={"points": result["points"]},
    )
    evidence.add(tx, kept)
    audit.append(
        tx,
        AuditEvent(
            "evidence.add",
            f"version:{kept.version_id}",
            job.owner,
            at,
            via="job",
            details={"purpose": kept.purpose, "evidence": kept.id, "sha256": kept.sha256},
        ),
    )
    return kept.id


KINDS: Mapping[str, Kind] = {MITIGATE: Kind(prepare=_prepare, keep=_keep, run=RUN)}
"""For the runner: how mitigation starts and what is kept of it."""
