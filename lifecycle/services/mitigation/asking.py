"""How ways to narrow a gap are asked for, prepared for their worker, and kept as evidence."""

import json
from collections.abc import Mapping
from datetime import datetime
from importlib.metadata import version as installed
from pathlib import Path
from typing import Any

import lifecycle
from lifecycle.adapters import model_files
from lifecycle.domain.actor import Actor, Permission
from lifecycle.domain.audit import AuditEvent
from lifecycle.domain.dataset import ColumnRole, Snapshot
from lifecycle.domain.evidence import Evidence, Purpose
from lifecycle.domain.job import Job
from lifecycle.domain.measurement import Measurement
from lifecycle.domain.model import Task, Version
from lifecycle.domain.written import read
from lifecycle.errors import InvalidInput
from lifecycle.services import jobs, sensitive_data
from lifecycle.services.access import sensitive
from lifecycle.services.access.places import require_for
from lifecycle.services.jobs import Kind
from lifecycle.services.mitigation.reading import DISPARITY
from lifecycle.services.sensitive_data import Reading
from lifecycle.store import artifacts, audit, datasets, evidence, models
from lifecycle.store.connection import Connection, Workspace

MITIGATE = "mitigate"
RUN = "lifecycle.services.mitigation.trying:run"

LIBRARIES = ("fairlearn", "scikit-learn", "numpy", "pandas", "skops")
NO_MODEL = "the version it comes from has no model file"


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
    if not [name for name in _features(asked, rows) if name in there and name != attribute]:
        raise InvalidInput(f"snapshot {snapshot} holds no feature of {asked.id} to learn from")
    sensitive.check(con, asked, [attribute], by=by)
    settings = {
        "version": asked.id,
        "snapshot": rows.id,
        "attribute": attribute,
        "constraint": constraint,
        "seed": seed,
    }
    return jobs.submit(ws, MITIGATE, subject=f"version:{asked.id}", settings=settings, by=by, at=at)


def _prepare(ws: Workspace, job: Job) -> Mapping[str, object]:
    """Tell the worker where the rows lie, after checking them against their hash."""
    con, asked = ws.cursor(), job.settings
    version = models.version_by_id(con, str(asked["version"]))
    snapshot = datasets.snapshot(con, str(asked["snapshot"]))
    artifacts.verify(ws, snapshot.artifact)
    there, columns = sensitive_data.held(con, snapshot), version.columns
    apart = sensitive_data.of_snapshot(ws, con, snapshot)
    features = _features(version, snapshot)
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
    """Write the frontier as evidence, and the files of its points as artefacts."""
    version, snapshot, found = _reading(tx, job)
    kept = Evidence(
        version_id=version.id,
        purpose=Purpose.MITIGATION,
        snapshot_id=snapshot.id,
        measurements=tuple(
            read(Measurement, one, where="a measurement") for one in result["measurements"]
        ),
        created_at=at,
        created_by=job.owner,
        method={
            "lifecycle": lifecycle.__version__,
            "libraries": {n: installed(n) for n in LIBRARIES},
            "seed": job.settings["seed"],
            "data_sha256": snapshot.artifact,
            **found.method,
            "rows": result["rows"],
            "settings": {k: job.settings[k] for k in ("attribute", "constraint", "seed")},
        },
        payload={
            "points": [_filed(ws, job, one, version, folder) for one in result["points"]],
            "notices": result["notices"],
        },
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


def _filed(
    ws: Workspace, job: Job, found: Mapping[str, Any], version: Version, folder: Path
) -> dict[str, Any]:
    """Keep a point's model file or rule among the artefacts, and say what it runs as.

    A way that leaves the model as it is runs as the version's own file.
    """
    point = {**found, "artifact": None, "format": None, "bytes": None}
    file = point.pop("file")
    if file is not None:
        held = model_files.inspect(folder / file)
        sha256 = artifacts.put(ws, folder / file)
        return {**point, "artifact": sha256, "format": held.format, "bytes": held.size}
    if found["no_file"]:
        return point
    if found["thresholds"]:
        point["rule"] = artifacts.put(
            ws, _rule(found, version, attribute=str(job.settings["attribute"]))
        )
    if version.artifact is None:
        return {**point, "no_file": NO_MODEL}
    return {**point, "artifact": version.artifact, "format": version.artifact_format}


def _rule(found: Mapping[str, Any], version: Version, *, attribute: str) -> bytes:
    """Write thresholds by group so that a person can read and a program can follow them."""
    content = {
        "decides": "positive with the sum of the chances of all steps that the score is above",
        "attribute": attribute,
        "score": version.columns.score,
        "scored_by": {"version": version.id, "sha256": version.artifact},
        "positive": version.columns.positive,
        "groups": found["thresholds"],
        "legally_sensitive": found["legally_sensitive"],
    }
    return json.dumps(content, allow_nan=False, indent=2, ensure_ascii=False).encode()


def _begin(tx: Connection, job: Job, at: datetime) -> None:
    """Write down which protected attributes the worker is about to read."""
    version, snapshot, found = _reading(tx, job)
    purpose = f"ways to narrow {job.settings['constraint']}"
    sensitive.record_job(
        tx, job, version, found.columns, purpose=purpose, rows=snapshot.rows, at=at
    )


def _reading(con: Connection, job: Job) -> tuple[Version, Snapshot, Reading]:
    """Return whom a job is about, the rows it reads, and what is sensitive in them."""
    version = models.version_by_id(con, str(job.settings["version"]))
    snapshot = datasets.snapshot(con, str(job.settings["snapshot"]))
    wanted = {str(job.settings["attribute"]), *_features(version, snapshot)}
    return version, snapshot, sensitive_data.reading(con, version, snapshot, wanted)


def _features(version: Version, snapshot: Snapshot) -> tuple[str, ...]:
    return version.columns.features or snapshot.named(ColumnRole.FEATURE)


def _check(con: Connection, job: Job, by: Actor) -> None:
    version = models.version_by_id(con, str(job.settings["version"]))
    sensitive.check(con, version, [str(job.settings["attribute"])], by=by)


KINDS: Mapping[str, Kind] = {
    MITIGATE: Kind(prepare=_prepare, keep=_keep, run=RUN, begin=_begin, check=_check)
}
"""For the runner: how mitigation starts and what is kept of it."""
