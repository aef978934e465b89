"""Who works on a job: the one runner that starts worker processes, watches them, keeps results."""

import logging
import shutil
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from lifecycle.adapters import worker_process, workers
from lifecycle.adapters.worker_process import MEMORY_MB, Worker
from lifecycle.domain.actor import Actor
from lifecycle.domain.job import LIVE, Job, JobState
from lifecycle.errors import Conflict, LifecycleError
from lifecycle.store import jobs
from lifecycle.store.connection import Connection, Workspace

log = logging.getLogger(__name__)

POLL_SECONDS = 0.3
TIME_LIMIT_SECONDS = 1800.0
WORKER_LOG = "worker.log"
"""What workers say outside of a job; the end of it explains one that could not start."""


_worked_on: set[tuple[Path, str]] = set()
# Workspace and job of every worker of this process; it owns the workspace, so this is all.


@dataclass(frozen=True, slots=True)
class Kind:
    """What a kind of job needs before its worker starts and after it has finished.

    Parameters
    ----------
    prepare
        From a job to the settings its worker reads; ``kind`` is added. What it writes into the
        job's folder, ``jobs/ID`` of the workspace, goes with it.
    keep
        Writes a worker's result in the transaction given and names what it left behind.
        Arguments: workspace, transaction, job, result, folder, time.
    run
        What the worker calls, as ``module:function``; empty for a kind it knows by name.
        Arguments: settings, ``folder`` and ``report``.
    begin
        Writes down, in the transaction that starts the job, what its worker is about to read.
        Arguments: transaction, job, time.
    check
        Refuses an actor who may not ask for the job again, beyond what every job needs.
        Arguments: connection, job, actor.
    """

    prepare: Callable[[Workspace, Job], Mapping[str, object]]
    keep: Callable[[Workspace, Connection, Job, Mapping[str, Any], Path, datetime], str]
    run: str = ""
    begin: Callable[[Connection, Job, datetime], None] | None = None
    check: Callable[[Connection, Job, Actor], None] | None = None


@dataclass(slots=True)
class _Running:
    """A job and the process that works on it."""

    job: Job
    worker: Worker
    folder: Path
    since: float


class JobRunner:
    """Runs queued jobs in worker processes; opened and closed, one per workspace.

    Parameters
    ----------
    kinds
        What can be run, by the kind's name.
    clock
        Where times written into rows come from.
    workers
        Processes at once.
    seconds
        How long a job may take before its worker is ended.
    reuse
        Keep a worker for the next job instead of starting a fresh one, which saves seconds of
        imports; for files of one's own making, as the sample portfolio has them.
    """

    def __init__(
        self,
        workspace: Workspace,
        *,
        kinds: Mapping[str, Kind],
        clock: Callable[[], datetime],
        workers: int = 1,
        seconds: float = TIME_LIMIT_SECONDS,
        memory_mb: int = MEMORY_MB,
        reuse: bool = False,
    ) -> None:
        self._ws = workspace
        self._kinds = kinds
        self._clock = clock
        self._slots = workers
        self._seconds = seconds
        self._memory_mb = memory_mb
        self._reuse = reuse
        self._running: dict[str, _Running] = {}
        self._idle: list[Worker] = []
        self._lock = threading.RLock()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        self.recover_lost()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self) -> None:
        """Mark what an earlier server left running as lost, and run jobs in the background."""
        self.recover_lost()
        self._thread = threading.Thread(target=self._loop, name="jobs", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop; what was running is lost and can be run again."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()
        with self._lock:
            for running in self._running.values():
                running.worker.kill()
            for worker in self._idle:
                worker.kill()
            _worked_on.difference_update((self._ws.home, job_id) for job_id in self._running)
            self._running.clear()
            self._idle.clear()
            self.recover_lost()

    def recover_lost(self) -> list[Job]:
        """Mark running jobs as lost that no worker works on, of this runner or of another."""
        lost: list[Job] = []
        with self._lock:
            for job in jobs.every(self._ws.cursor(), live=True, limit=1000):
                if job.state is JobState.RUNNING and (self._ws.home, job.id) not in _worked_on:
                    note = "The server stopped while this ran; run it again"
                    lost.append(self._end(job, JobState.LOST, note=note))
        return lost

    def warm(self) -> None:
        """Start a worker ahead of its first job; only of use with ``reuse``."""
        with self._lock:
            folder = self._ws.jobs / "warm"
            folder.mkdir(exist_ok=True)
            workers.write_json(folder / "settings.json", {"kind": "warm"})
            worker = self._worker()
            worker.give(folder)
            self._idle.append(worker)

    def wait(self, job_id: str, *, seconds: float | None = None) -> Job:
        """Return a job once it has ended, running it here when no thread does.

        Raises
        ------
        Conflict
            It has not ended in the time given.
        """
        deadline = time.monotonic() + (self._seconds if seconds is None else seconds)
        while True:
            if self._thread is None:
                self.step(only=job_id)
            job = jobs.get(self._ws.cursor(), job_id)
            if job.state not in LIVE:
                return job
            if time.monotonic() > deadline:
                raise Conflict(f"{job_id} is still {job.state}")
            time.sleep(POLL_SECONDS / 6)

    def step(self, *, only: str | None = None) -> None:
        """Look after what runs and start what waits, once.

        Parameters
        ----------
        only
            Start no other job than this one.
        """
        with self._lock:
            live = {job.id: job for job in jobs.every(self._ws.cursor(), live=True, limit=1000)}
            for running in list(self._running.values()):
                self._watch(running, live.get(running.job.id))
            waiting = [job for job in live.values() if job.state is JobState.QUEUED]
            for job in reversed(waiting):  # rows come newest first
                if len(self._running) < self._slots and only in (None, job.id):
                    self._begin(job)

    def _loop(self) -> None:
        while not self._stopping.wait(POLL_SECONDS):
            try:
                self.step()
            except Exception:  # noqa: BLE001, S112 -- a conflict passes, a damaged store is reported by whoever reads it, and the next job must not wait for either
                continue

    def _begin(self, job: Job) -> None:
        folder = self._ws.jobs / job.id
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        kind = self._kinds.get(job.kind)
        if kind is None:
            self._end(job, JobState.FAILED, note=f"there is no kind of job called {job.kind!r}")
            shutil.rmtree(folder, ignore_errors=True)
            return
        try:
            settings = kind.prepare(self._ws, job)
        except Exception as error:
            # Whatever it is, the jobs behind this one must not wait for it.
            refused = isinstance(error, LifecycleError)
            if not refused:
                log.exception("%s could not be prepared", job.id)
            note = (
                str(error) if refused else f"A fault of ours ({type(error).__name__}); see the log"
            )
            self._end(job, JobState.FAILED, note=note)
            shutil.rmtree(folder, ignore_errors=True)
            return
        given = {**settings, "kind": job.kind, "run": kind.run}
        workers.write_json(folder / "settings.json", given)
        started = replace(job, state=JobState.RUNNING, started_at=self._clock(), note="Starting")
        try:
            self._start(started, kind, folder)
        except BaseException:
            _worked_on.discard((self._ws.home, job.id))
            raise

    def _start(self, job: Job, kind: Kind, folder: Path) -> None:
        """Give a job to a worker, unless it was cancelled or another runner took it."""
        with self._ws.transaction() as tx:
            if jobs.get(tx, job.id).state is not JobState.QUEUED:
                return
            jobs.update(tx, job)
            if kind.begin is not None:
                kind.begin(tx, job, self._clock())
            _worked_on.add((self._ws.home, job.id))  # before anybody sees that it runs
        worker = self._idle.pop() if self._idle else self._worker()
        worker.give(folder)
        if not self._reuse:
            worker.finish()
        self._running[job.id] = _Running(job, worker, folder, time.monotonic())

    def _watch(self, running: _Running, row: Job | None) -> None:
        answer = worker_process.result(running.folder)
        if row is None:  # cancelled
            running.worker.kill()
            self._drop(running)
        elif answer is not None:
            self._finish(running, answer)
        elif running.worker.code is not None:
            note = f"The worker ended before it was done: {running.worker.cause}"
            self._end(running.job, JobState.FAILED, note=note, log=self._log(running))
            self._drop(running)
        elif time.monotonic() - running.since > self._seconds:
            running.worker.kill()
            note = f"It took longer than the {self._seconds:.0f} seconds a job may take"
            self._end(running.job, JobState.FAILED, note=note, log=self._log(running))
            self._drop(running)
        else:
            self._show(running)

    def _finish(self, running: _Running, answer: Mapping[str, Any]) -> None:
        log = self._log(running)
        if answer["ok"]:
            try:
                self._keep(running, answer["result"], log=log)
            except LifecycleError as error:
                self._end(running.job, JobState.FAILED, note=str(error), log=log)
            except Exception as error:  # noqa: BLE001 -- whatever it is, the job must not stay running
                note = f"The result could not be kept: {type(error).__name__}: {error}"
                self._end(running.job, JobState.FAILED, note=note, log=log)
        else:
            self._end(running.job, JobState.FAILED, note=str(answer["error"]), log=log)
        self._drop(running)

    def _keep(self, running: _Running, result: Mapping[str, Any], *, log: str) -> None:
        """Write result and state together; a job cancelled meanwhile keeps nothing."""
        at = self._clock()
        kind = self._kinds[running.job.kind]
        with self._ws.transaction() as tx:
            if jobs.get(tx, running.job.id).state is not JobState.RUNNING:
                return
            left = kind.keep(self._ws, tx, running.job, result, running.folder, at)
            done = replace(
                running.job,
                state=JobState.DONE,
                progress=1.0,
                note="Done",
                log=log,
                finished_at=at,
                result=left,
            )
            jobs.update(tx, done)

    def _show(self, running: _Running) -> None:
        """Write progress into the row when there is news."""
        seen = worker_process.progress(running.folder)
        news = replace(
            running.job,
            progress=seen.fraction,
            note=seen.note or running.job.note,
            log=seen.log,
        )
        if news != running.job:
            with self._ws.transaction() as tx:
                if jobs.get(tx, news.id).state is JobState.RUNNING:
                    jobs.update(tx, news)
                    running.job = news

    def _end(self, job: Job, state: JobState, *, note: str, log: str | None = None) -> Job:
        ended = replace(
            job,
            state=state,
            note=note,
            log=job.log if log is None else log,
            finished_at=self._clock(),
        )
        with self._ws.transaction() as tx:
            if jobs.get(tx, job.id).state in LIVE:
                jobs.update(tx, ended)
        return ended

    def _log(self, running: _Running) -> str:
        own = worker_process.progress(running.folder).log
        started = self._ws.jobs / WORKER_LOG
        outside = started.read_text(encoding="utf-8", errors="replace") if started.exists() else ""
        return own or outside[-worker_process.LOG_TAIL :]

    def _drop(self, running: _Running) -> None:
        """Forget a job that has ended, and keep its worker if it may work on."""
        del self._running[running.job.id]
        _worked_on.discard((self._ws.home, running.job.id))
        if self._reuse and running.worker.code is None:
            self._idle.append(running.worker)
        else:
            running.worker.kill()
        shutil.rmtree(running.folder, ignore_errors=True)

    def _worker(self) -> Worker:
        return Worker(memory_mb=self._memory_mb, log=self._ws.jobs / WORKER_LOG)
