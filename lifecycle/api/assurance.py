"""Assessments, explanations, the evidence they leave, and the jobs that compute it."""

from datetime import UTC, datetime
from functools import partial
from typing import Any

from fastapi import APIRouter
from pydantic import Field

from lifecycle.api.door import Call, Door
from lifecycle.api.registry import Limit, Strict
from lifecycle.api.shapes import plain
from lifecycle.domain.evidence import Purpose
from lifecycle.domain.job import Job
from lifecycle.errors import InvalidInput
from lifecycle.services import assessment, explanation
from lifecycle.services import jobs as work
from lifecycle.store import evidence, jobs, models

router = APIRouter(tags=["assurance"])


class AssessIn(Strict):
    """An assessment of a version on a snapshot, against a plan fixed before."""

    snapshot: str
    plan: str = Field(description="The plan as YAML text", max_length=200_000)


class ExplainIn(Strict):
    """An explanation of a version on a snapshot."""

    snapshot: str | None = None
    rows: int = Field(default=500, ge=10, le=20_000)
    seed: int = 0


@router.post("/models/{model_id}/versions/{version}/assessments", status_code=201)
def assess(door: Door, model_id: str, version: str, body: AssessIn) -> Any:
    """Measure what a plan asks for and keep it as evidence."""
    kept = assessment.assess(
        door.workspace,
        model_id,
        version,
        snapshot=body.snapshot,
        plan=assessment.read_plan(body.plan),
        by=door.actor,
        at=door.at,
    )
    return {"items": plain(kept)}


@router.post("/models/{model_id}/versions/{version}/explanations", status_code=202)
def explain(door: Door, model_id: str, version: str, body: ExplainIn) -> Any:
    """Start computing SHAP values in a worker process."""
    con = door.reading()
    snapshot = body.snapshot or models.version(con, model_id, version).reference
    if snapshot is None:
        raise InvalidInput(f"{model_id}/{version} has no reference snapshot; name a snapshot")
    job = explanation.explain(
        door.workspace,
        model_id,
        version,
        snapshot=snapshot,
        rows=body.rows,
        seed=body.seed,
        by=door.actor,
        at=door.at,
    )
    return plain(_seen_through(door, job))


@router.get("/models/{model_id}/versions/{version}/evidence")
def list_evidence(door: Door, model_id: str, version: str, purpose: Purpose | None = None) -> Any:
    """List a version's evidence, newest first."""
    con = door.reading()
    found = models.version(con, model_id, version)
    return {"items": plain(evidence.of_version(con, found.id, purpose=purpose))}


@router.get("/evidence/{evidence_id}")
def show_evidence(door: Door, evidence_id: str) -> Any:
    """Show one piece of evidence; its id is checked against its content."""
    return plain(evidence.get(door.reading(), evidence_id))


@router.get("/jobs")
def list_jobs(door: Door, limit: Limit = 100) -> Any:
    """List long work, newest first."""
    return {"items": plain(jobs.every(door.reading(), limit=limit))}


@router.get("/jobs/{job_id}")
def show_job(door: Door, job_id: str) -> Any:
    """Show one job with its progress and log."""
    return plain(jobs.get(door.reading(), job_id))


@router.post("/jobs/{job_id}/cancel")
def cancel_job(door: Door, job_id: str) -> Any:
    """Stop a job."""
    return plain(work.cancel(door.workspace, job_id, by=door.actor, at=door.at))


@router.post("/jobs/{job_id}/retry", status_code=202)
def retry_job(door: Door, job_id: str) -> Any:
    """Run a finished, failed or lost job again with the same settings."""
    job = work.retry(door.workspace, job_id, by=door.actor, at=door.at)
    return plain(_seen_through(door, job))


def _seen_through(door: Call, job: Job) -> Job:
    """Leave a job to the server's runner; where none runs, do it now."""
    if door.jobs is not None:
        return job
    clock = partial(datetime.now, UTC)
    with work.JobRunner(door.workspace, kinds=explanation.KINDS, clock=clock) as runner:
        return runner.wait(job.id)
