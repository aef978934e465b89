"""Who runs long work and how is it going: rows in the store, folders for workers, one runner.

A job is asked for by writing a row; the runner, opened by the server or for one command, gives
its folder to a worker process, watches it and writes what came of it. Cancelling writes the row
too, and the runner ends the worker when it sees it. Workers never open the store.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from lifecycle.domain.actor import Actor, Permission
from lifecycle.domain.audit import AuditEvent
from lifecycle.domain.job import LIVE, Job, JobState
from lifecycle.errors import Conflict, NotAllowed
from lifecycle.services.access.places import require_for, within_reach
from lifecycle.services.job_runner import JobRunner, Kind
from lifecycle.store import audit, jobs
from lifecycle.store.connection import Connection, Workspace

__all__ = ["JobRunner", "Kind", "cancel", "retry", "seen", "submit", "wait"]

AGAIN = frozenset({JobState.FAILED, JobState.CANCELLED, JobState.LOST})
"""States from which a job may be asked for once more."""


def submit(
    ws: Workspace,
    kind: str,
    *,
    subject: str,
    settings: Mapping[str, object],
    by: Actor,
    at: datetime,
) -> Job:
    """Ask for long work; it waits until a runner takes it.

    Raises
    ------
    NotAllowed
        The actor may not run assessments, or not of this version.
    """
    by.require(Permission.ASSESS)
    with ws.transaction() as tx:
        what, _, version_id = subject.partition(":")
        if what == "version":
            require_for(tx, version_id, Permission.ASSESS, by=by)
        job = Job(
            id=jobs.next_id(tx),
            kind=kind,
            subject=subject,
            owner=by.name,
            state=JobState.QUEUED,
            created_at=at,
            settings=dict(settings),
        )
        jobs.add(tx, job)
        told = job.without_row().settings
        details = {"kind": kind, "subject": subject, "settings": told}
        audit.append(tx, _event("submit", job, by=by, at=at, details=details))
    return job


def seen(con: Connection, found: Iterable[Job], *, by: Actor) -> list[Job]:
    """Return jobs as somebody may see them: which row one is about is for who may open rows."""
    reaches = within_reach(con, by)

    def may(job: Job) -> bool:
        return by.may(Permission.READ_ROWS) and reaches(job.subject.partition(":")[2])

    return [job.without_row() if job.of_one_row and not may(job) else job for job in found]


def cancel(ws: Workspace, job_id: str, *, by: Actor, at: datetime) -> Job:
    """Stop a job that is waiting or running; its owner or an administrator may.

    Raises
    ------
    NotAllowed
        The job is somebody else's.
    Conflict
        It has ended already.
    """
    by.require(Permission.READ)
    with ws.transaction() as tx:
        job = jobs.get(tx, job_id)
        if by.name != job.owner and not by.may(Permission.ADMINISTER):
            raise NotAllowed(f"only {job.owner} or an administrator can cancel {job_id}")
        if job.state not in LIVE:
            raise Conflict(f"{job_id} is {job.state} already")
        note = f"Cancelled by {by.name}"
        stopped = replace(job, state=JobState.CANCELLED, finished_at=at, note=note)
        jobs.update(tx, stopped)
        audit.append(tx, _event("cancel", job, by=by, at=at))
    return stopped


def wait(ws: Workspace, job_id: str, *, runner: JobRunner, by: Actor) -> Job:
    """Return a job once it has ended; it runs here where nobody else runs it.

    Raises
    ------
    Conflict
        It has not ended in the time a job may take.
    """
    by.require(Permission.ASSESS)
    return runner.wait(jobs.get(ws.cursor(), job_id).id)


def retry(ws: Workspace, job_id: str, *, kinds: Mapping[str, Kind], by: Actor, at: datetime) -> Job:
    """Ask for the same work again, as a new job in one's own name.

    Raises
    ------
    Conflict
        The job is still to finish, or it is done.
    NotAllowed
        The actor could not have asked for it in the first place.
    """
    con = ws.cursor()
    job = jobs.get(con, job_id)
    if job.state not in AGAIN:
        raise Conflict(f"{job_id} is {job.state}; only failed, cancelled or lost jobs run again")
    kind = kinds.get(job.kind)
    if kind is not None and kind.check is not None:
        kind.check(con, job, by)
    return submit(ws, job.kind, subject=job.subject, settings=job.settings, by=by, at=at)


def _event(
    verb: str, job: Job, *, by: Actor, at: datetime, details: Mapping[str, object] | None = None
) -> AuditEvent:
    return AuditEvent(
        action=f"job.{verb}",
        subject=f"job:{job.id}",
        by=by.name,
        at=at,
        via=by.via,
        details=details or {},
    )
