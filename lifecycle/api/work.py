"""Long work: followed, stopped, run again."""

from datetime import UTC, datetime
from functools import partial
from typing import Any

from fastapi import APIRouter

from lifecycle.api.door import Call, Door
from lifecycle.api.registry import Limit
from lifecycle.api.shapes import plain
from lifecycle.domain.job import Job
from lifecycle.services import job_kinds
from lifecycle.services import jobs as service
from lifecycle.store import jobs

router = APIRouter(tags=["jobs"])


@router.get("/jobs")
def list_jobs(door: Door, limit: Limit = 100) -> Any:
    """List long work, newest first."""
    con = door.reading()
    return {"items": plain(service.seen(con, jobs.every(con, limit=limit), by=door.actor))}


@router.get("/jobs/{job_id}")
def show_job(door: Door, job_id: str) -> Any:
    """Show one job with its progress and log."""
    return plain(shown_to(door, jobs.get(door.reading(), job_id)))


@router.post("/jobs/{job_id}/cancel")
def cancel_job(door: Door, job_id: str) -> Any:
    """Stop a job."""
    job = service.cancel(door.workspace, job_id, by=door.actor, at=door.at)
    return plain(shown_to(door, job))


@router.post("/jobs/{job_id}/retry", status_code=202)
def retry_job(door: Door, job_id: str) -> Any:
    """Run a finished, failed or lost job again with the same settings."""
    job = service.retry(door.workspace, job_id, kinds=job_kinds.KINDS, by=door.actor, at=door.at)
    return plain(shown_to(door, seen_through(door, job)))


def shown_to(door: Call, job: Job) -> Job:
    """Return a job as the caller may see it."""
    (shown,) = service.seen(door.workspace.cursor(), [job], by=door.actor)
    return shown


@router.post("/jobs/{job_id}/run")
def run_job(door: Door, job_id: str) -> Any:
    """Wait for a job to end; it runs here where no server's runner takes it."""
    clock = partial(datetime.now, UTC)
    if door.jobs is not None:
        job = service.wait(door.workspace, job_id, runner=door.jobs, by=door.actor)
        return plain(shown_to(door, job))
    with service.JobRunner(door.workspace, kinds=job_kinds.KINDS, clock=clock) as runner:
        job = service.wait(door.workspace, job_id, runner=runner, by=door.actor)
        return plain(shown_to(door, job))


def seen_through(door: Call, job: Job) -> Job:
    """Leave a job to the server's runner; where none runs, do it now."""
    if door.jobs is not None:
        return job
    clock = partial(datetime.now, UTC)
    with service.JobRunner(door.workspace, kinds=job_kinds.KINDS, clock=clock) as runner:
        return runner.wait(job.id)
