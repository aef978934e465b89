"""Does long work end in exactly one state, whatever happens to worker, server or owner?"""

import os
import signal
import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from lifecycle.domain.actor import Actor, Role
from lifecycle.domain.job import JobState
from lifecycle.errors import Conflict, InvalidInput, NotAllowed
from lifecycle.services import jobs as service
from lifecycle.services.jobs import JobRunner, Kind
from lifecycle.store import audit, jobs
from lifecycle.store.connection import Workspace

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)
DANA = Actor("dana", frozenset({Role.DEVELOPER}))
DORA = Actor("dora", frozenset({Role.DEVELOPER}))
ADA = Actor("ada", frozenset({Role.ADMINISTRATOR}))
VERA = Actor("vera", frozenset({Role.VIEWER}))


@pytest.fixture
def ws(tmp_path):
    with Workspace.create(tmp_path / "home", at=AT) as workspace:
        yield workspace


def runner(ws, **changes):
    kind = Kind(prepare=lambda _ws, job: dict(job.settings), keep=lambda *_: "kept")
    kinds = {"warm": kind, "explain": kind, "bake": kind}
    given: Any = {"kinds": kinds, "clock": lambda: AT} | changes
    return JobRunner(ws, **given)


def asked(ws, kind="bake", by=DANA):
    return service.submit(ws, kind, subject="version:a/1", settings={"n": 1}, by=by, at=AT)


def test_a_job_asked_for_is_queued_and_in_the_trail(ws):
    job = asked(ws)

    assert job.state is JobState.QUEUED
    assert jobs.get(ws.cursor(), job.id) == job
    assert audit.search(ws.cursor(), limit=1)[0].event.action == "job.submit"


def test_a_viewer_may_not_ask_for_work(ws):
    with pytest.raises(NotAllowed):
        asked(ws, by=VERA)

    assert jobs.every(ws.cursor()) == []


def test_a_finished_job_keeps_its_result_and_leaves_no_folder(ws):
    job = asked(ws, "warm")
    with runner(ws) as running:
        ended = running.wait(job.id, seconds=60)

    assert (ended.state, ended.result, ended.progress) == (JobState.DONE, "kept", 1.0)
    assert (ended.started_at, ended.finished_at) == (AT, AT)
    assert not (ws.jobs / job.id).exists()


def test_a_workers_refusal_becomes_the_note_of_a_failed_job(ws):
    job = asked(ws, "bake")
    with runner(ws) as running:
        ended = running.wait(job.id, seconds=60)

    assert ended.state is JobState.FAILED
    assert ended.note == "a worker knows no job of kind 'bake'"


def test_a_job_that_cannot_be_prepared_fails_with_the_sentence(ws):
    def refuse(*_):
        raise InvalidInput("the snapshot is gone")

    job = asked(ws)
    with runner(ws, kinds={"bake": Kind(prepare=refuse, keep=lambda *_: "")}) as running:
        ended = running.wait(job.id)
        other = running.wait(asked(ws, "fry").id)

    assert (ended.state, ended.note) == (JobState.FAILED, "the snapshot is gone")
    assert other.note == "there is no kind of job called 'fry'"


def test_a_result_that_cannot_be_kept_fails_the_job_and_writes_nothing(ws):
    def refuse(_ws, tx, job, *_):
        jobs.add(tx, replace(job, id="job-99"))
        raise Conflict("somebody was faster")

    job = asked(ws, "warm")
    kinds = {"warm": Kind(prepare=lambda *_: {}, keep=refuse)}
    with runner(ws, kinds=kinds) as running:
        ended = running.wait(job.id, seconds=60)

    assert (ended.state, ended.note) == (JobState.FAILED, "somebody was faster")
    assert [j.id for j in jobs.every(ws.cursor())] == [job.id]


def test_a_worker_that_dies_fails_the_job_and_names_the_signal(ws):
    job = asked(ws, "explain")
    with runner(ws) as running:
        running.step()
        os.killpg(running._running[job.id].worker._process.pid, signal.SIGKILL)
        ended = running.wait(job.id, seconds=60)

    assert ended.state is JobState.FAILED
    assert "SIGKILL" in ended.note


def test_a_job_that_takes_too_long_is_ended(ws):
    job = asked(ws, "explain")
    with runner(ws, seconds=0.0) as running:
        running.step()
        process = running._running[job.id].worker._process
        ended = running.wait(job.id, seconds=60)

    assert ended.state is JobState.FAILED
    assert "longer than the 0 seconds" in ended.note
    assert process.poll() == -signal.SIGKILL


def test_cancelling_ends_the_process_and_only_owner_or_administrator_may(ws):
    job = asked(ws, "explain")
    with runner(ws) as running:
        running.step()
        process = running._running[job.id].worker._process
        with pytest.raises(NotAllowed, match="only dana or an administrator"):
            service.cancel(ws, job.id, by=DORA, at=AT)
        service.cancel(ws, job.id, by=ADA, at=AT)
        running.step()

        assert process.poll() == -signal.SIGKILL
    assert jobs.get(ws.cursor(), job.id).state is JobState.CANCELLED
    with pytest.raises(Conflict, match="cancelled already"):
        service.cancel(ws, job.id, by=DANA, at=AT)


def test_a_queued_job_that_is_cancelled_never_starts(ws):
    job = asked(ws)
    service.cancel(ws, job.id, by=DANA, at=AT)
    with runner(ws) as running:
        running.step()

        assert running._running == {}


def test_what_a_killed_server_left_running_is_lost_and_runs_again_as_a_new_job(ws):
    job = asked(ws)
    with ws.transaction() as tx:
        jobs.update(tx, replace(job, state=JobState.RUNNING))
    with runner(ws):
        lost = jobs.get(ws.cursor(), job.id)
        again = service.retry(ws, job.id, kinds={}, by=DORA, at=AT)

        assert lost.state is JobState.LOST
        assert (again.owner, again.settings, again.state) == ("dora", job.settings, JobState.QUEUED)
        assert again.id != job.id
        with pytest.raises(Conflict, match="only failed, cancelled or lost"):
            service.retry(ws, again.id, kinds={}, by=DORA, at=AT)


def test_a_runner_leaves_alone_what_another_one_works_on(ws):
    job = asked(ws, "warm")
    with runner(ws) as first:
        first.step()
        with runner(ws) as second:
            assert second.recover_lost() == []
            assert jobs.get(ws.cursor(), job.id).state is JobState.RUNNING

        assert first.wait(job.id, seconds=60).state is JobState.DONE


def test_what_could_not_be_given_to_a_worker_is_lost_when_its_runner_closes(ws, monkeypatch):
    job = asked(ws, "warm")
    with runner(ws) as running:
        monkeypatch.setattr(running, "_worker", lambda: {}["no worker"])
        with pytest.raises(KeyError):
            running.step()

    assert jobs.get(ws.cursor(), job.id).state is JobState.LOST


def test_closing_the_runner_ends_its_workers_and_marks_their_jobs_lost(ws):
    job = asked(ws, "explain")
    with runner(ws) as running:
        running.step()
        process = running._running[job.id].worker._process

    assert process.poll() == -signal.SIGKILL
    assert jobs.get(ws.cursor(), job.id).state is JobState.LOST


def test_in_the_background_jobs_run_by_themselves_in_the_order_they_came(ws):
    ids = [asked(ws).id for _ in range(3)]
    running = runner(ws)
    running.start()
    try:
        deadline = time.monotonic() + 60
        while jobs.every(ws.cursor(), live=True) and time.monotonic() < deadline:
            time.sleep(0.05)
        ended = [jobs.get(ws.cursor(), i) for i in ids]
    finally:
        running.close()

    assert [job.state for job in ended] == [JobState.FAILED] * 3


def test_one_worker_does_several_jobs_when_it_may_be_reused(ws):
    first, second = asked(ws), asked(ws)
    with runner(ws, reuse=True) as running:
        running.wait(first.id, seconds=60)
        (worker,) = running._idle
        running.wait(second.id, seconds=60)

        assert running._idle == [worker]


def test_running_again_asks_for_what_asking_asked_for(ws):
    job = asked(ws)
    with ws.transaction() as tx:
        jobs.update(tx, replace(job, state=JobState.FAILED))

    def check(_con, again, by):
        raise NotAllowed(f"{by.name} may not read what {again.id} reads")

    kind = Kind(prepare=lambda *_: {}, keep=lambda *_: "kept", check=check)
    with pytest.raises(NotAllowed, match="dora may not read"):
        service.retry(ws, job.id, kinds={"bake": kind}, by=DORA, at=AT)
    assert [kept.id for kept in jobs.every(ws.cursor())] == [job.id]


def test_a_job_that_cannot_be_prepared_fails_and_the_next_one_runs(ws):
    def unreadable(_ws, _job):
        raise PermissionError("the disk says no")

    first, second = asked(ws, "bake"), asked(ws, "warm")
    kept = Kind(prepare=lambda _ws, job: dict(job.settings), keep=lambda *_: "kept")
    kinds = {"bake": Kind(prepare=unreadable, keep=lambda *_: "kept"), "warm": kept}
    with runner(ws, kinds=kinds, workers=1) as running:
        running.start()
        done = running.wait(second.id, seconds=60)

    failed = jobs.get(ws.cursor(), first.id)
    assert (failed.state, done.state) == (JobState.FAILED, JobState.DONE)
    assert failed.note == "A fault of ours (PermissionError); see the log"
