"""How an explanation is asked for, prepared for its worker, and kept as evidence."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import lifecycle
from lifecycle.domain.actor import Actor, Permission
from lifecycle.domain.audit import AuditEvent
from lifecycle.domain.dataset import ColumnRole, Snapshot
from lifecycle.domain.evidence import Evidence, Purpose
from lifecycle.domain.job import Job, JobState
from lifecycle.domain.model import Version
from lifecycle.errors import CheckFailed, InvalidInput
from lifecycle.services import approvals, jobs, sensitive_data
from lifecycle.services.access import sensitive
from lifecycle.services.access.places import require_for
from lifecycle.services.explanation.numbers import measurements
from lifecycle.services.jobs import JobRunner, Kind
from lifecycle.services.sensitive_data import Reading
from lifecycle.store import artifacts, audit, datasets, evidence, models
from lifecycle.store.connection import Connection, Workspace

EXPLAIN = "explain"
LOCAL_FILE, EFFECTS_FILE = "local.parquet", "effects.json"
METHOD = (
    "explainer",
    "output_space",
    "outputs",
    "background",
    "n",
    "seed",
    "additivity",
    "refused",
    "versions",
    "ranking",
)
"""What a worker says of how it explained."""
MOST_ROWS = 5000
"""More rows cost minutes and hardly narrow the intervals."""


def explain(
    ws: Workspace,
    model_id: str,
    version: str,
    *,
    snapshot: str,
    rows: int | None = None,
    seed: int = 0,
    by: Actor,
    at: datetime,
) -> Job:
    """Ask for the SHAP values of a version on a sample of a snapshot.

    Parameters
    ----------
    rows
        How many to explain; ``None`` for as many as it takes until the ranking of the columns is
        stable, which the evidence says.

    Raises
    ------
    InvalidInput
        The version has no file that can be run, the snapshot lacks a column it needs, or the
        number of rows is out of range.
    NotFound
        There is no such version or snapshot.
    """
    require_for(ws.cursor(), model_id, Permission.ASSESS, by=by)
    con = ws.cursor()
    found = models.version(con, model_id, version)
    if rows is not None and not 0 < rows <= MOST_ROWS:
        raise InvalidInput(f"rows must lie between 1 and {MOST_ROWS}, not {rows}")
    runnable(found)
    features_of(con, found, snapshot)
    settings = {"version": found.id, "snapshot": snapshot, "rows": rows, "seed": seed}
    return jobs.submit(ws, EXPLAIN, subject=f"version:{found.id}", settings=settings, by=by, at=at)


def run_now(
    ws: Workspace,
    model_id: str,
    version: str,
    *,
    snapshot: str,
    rows: int | None = None,
    seed: int = 0,
    runner: JobRunner,
    by: Actor,
    at: datetime,
) -> Evidence:
    """Explain and wait for the evidence, for a command that has the workspace to itself.

    Raises
    ------
    CheckFailed
        The job failed, was cancelled or got lost; the sentence says why.
    """
    job = explain(ws, model_id, version, snapshot=snapshot, rows=rows, seed=seed, by=by, at=at)
    return finished(ws, job.id, runner=runner)


def finished(ws: Workspace, job_id: str, *, runner: JobRunner) -> Evidence:
    """Wait for an explanation job and return its evidence.

    Raises
    ------
    CheckFailed
        The job failed, was cancelled or got lost; the sentence says why.
    """
    ended = runner.wait(job_id)
    if ended.state is not JobState.DONE or ended.result is None:
        raise CheckFailed(f"{job_id} is {ended.state}: {ended.note}")
    return evidence.get(ws.cursor(), ended.result)


def runnable(version: Version) -> None:
    """Refuse a version whose model cannot be asked for answers.

    Raises
    ------
    InvalidInput
        It has no file, or one of a format that nothing here can run.
    """
    if version.artifact_format != "skops":
        held = version.artifact_format
        kept = f"its file is {held}" if held else "it has no file"
        raise InvalidInput(
            f"{version.id} cannot be explained: {kept}, and only skops files can run"
        )


def _cohorts(version: Version, held: set[str]) -> list[str]:
    """Return the columns by which drivers are compared: sensitive ones and categories."""
    named = dict.fromkeys((*version.columns.sensitive, *version.columns.categorical))
    return [name for name in named if name in held]


def features_of(con: Connection, version: Version, snapshot_id: str) -> tuple[str, ...]:
    """Return the columns the model takes, after checking that the snapshot holds them.

    Raises
    ------
    InvalidInput
        A column is not in the snapshot, or none is named.
    """
    snapshot = datasets.snapshot(con, snapshot_id)
    features = version.columns.features or snapshot.named(ColumnRole.FEATURE)
    held = sensitive_data.held(con, snapshot)
    missing = [name for name in features if name not in held]
    if missing:
        raise InvalidInput(f"snapshot {snapshot_id} has no column {missing[0]!r}")
    if not features:
        raise InvalidInput(f"{version.id} names no features")
    return features


def _prepare(ws: Workspace, job: Job) -> Mapping[str, object]:
    """Tell the worker where model and rows lie, after checking both against their hashes."""
    con = ws.cursor()
    version = models.version_by_id(con, str(job.settings["version"]))
    snapshot = datasets.snapshot(con, str(job.settings["snapshot"]))
    if version.artifact is None:
        raise InvalidInput(f"{version.id} has no model file")
    for sha256 in (version.artifact, snapshot.artifact):
        artifacts.verify(ws, sha256)
    cohorts = _cohorts(version, sensitive_data.held(con, snapshot))
    features = features_of(con, version, snapshot.id)
    apart = sensitive_data.of_snapshot(ws, con, snapshot).parts([*cohorts, *features])
    return {
        "model": str(artifacts.path(ws, version.artifact).absolute()),
        "data": str(artifacts.path(ws, snapshot.artifact).absolute()),
        "apart": [str(part) for part in apart],
        "features": list(features),
        "positive": version.columns.positive,
        "rows": job.settings["rows"],
        "seed": job.settings["seed"],
        "sensitive": list(version.columns.sensitive),
        "effects": True,
        "cohorts": cohorts,
    }


def _keep(
    ws: Workspace, tx: Connection, job: Job, result: Mapping[str, Any], folder: Path, at: datetime
) -> str:
    """Write a worker's result as evidence, its sample of single rows as an artefact."""
    version, snapshot, read = _reading(tx, job)
    local = artifacts.put(ws, folder / LOCAL_FILE)
    effects = artifacts.put(ws, folder / EFFECTS_FILE)
    found = Evidence(
        version_id=str(job.settings["version"]),
        purpose=Purpose.EXPLANATION,
        snapshot_id=str(job.settings["snapshot"]),
        measurements=measurements(result),
        created_at=at,
        created_by=job.owner,
        plan={"rows": job.settings["rows"], "seed": job.settings["seed"]},
        method={name: result[name] for name in METHOD}
        | {"data_sha256": snapshot.artifact, **read.method, **explained_by(version)},
        payload={
            "columns": result["columns"],
            "base": result["base"],
            "local": local,
            "effects": effects,
        },
    )
    evidence.add(tx, found)
    details = {
        "purpose": found.purpose,
        "evidence": found.id,
        "job": job.id,
        "sha256": found.sha256,
    }
    subject = f"version:{found.version_id}"
    audit.append(tx, AuditEvent("evidence.add", subject, job.owner, at, via="job", details=details))
    approvals.refresh(tx, found.version_id, at)
    return found.id


def explained_by(version: Version) -> dict[str, object]:
    """Say what was explained, and by which version of this program."""
    return {
        "artifact": version.artifact,
        "code_commit": version.code_commit,
        "lifecycle": lifecycle.__version__,
    }


def _begin(tx: Connection, job: Job, at: datetime) -> None:
    """Write down which protected attributes the worker is about to read."""
    version, snapshot, read = _reading(tx, job)
    sensitive.record_job(
        tx, job, version, read.columns, purpose="explanation by group", rows=snapshot.rows, at=at
    )


def _reading(con: Connection, job: Job) -> tuple[Version, Snapshot, Reading]:
    """Return whom a job is about, the rows it reads, and what is sensitive in them."""
    version = models.version_by_id(con, str(job.settings["version"]))
    snapshot = datasets.snapshot(con, str(job.settings["snapshot"]))
    wanted = {
        *_cohorts(version, sensitive_data.held(con, snapshot)),
        *features_of(con, version, snapshot.id),
    }
    return version, snapshot, sensitive_data.reading(con, version, snapshot, wanted)


KIND = Kind(prepare=_prepare, keep=_keep, begin=_begin)
"""For the runner: how explanation jobs start and what is kept of them."""
