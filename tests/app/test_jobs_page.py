from dataclasses import replace
from datetime import timedelta

import pytest

from app.session import now
from lifecycle.domain.job import JobState
from lifecycle.domain.measurement import State
from lifecycle.domain.monitor import Monitor
from lifecycle.domain.run import Run
from lifecycle.services import jobs as work
from lifecycle.store import audit, jobs, monitors, runs
from tests.app.tiny_workspace import person
from tests.app.words_on_screen import words_of


@pytest.fixture
def job(tiny):
    return work.submit(
        tiny.workspace,
        "explain",
        subject="version:credit/1",
        settings={"rows": 500},
        by=person("dan"),
        at=now() - timedelta(minutes=10),
    )


@pytest.fixture
def become(tiny, job):
    """Return a function that puts the job into a state."""

    def change(state, **fields):
        with tiny.workspace.transaction() as tx:
            jobs.update(tx, replace(job, state=state, **fields))

    return change


def test_without_jobs_the_page_says_how_one_starts(look):
    assert "No job has run yet" in words_of(look("jobs"))


def test_the_list_shows_state_and_subject(look, job):
    text = words_of(look("jobs"))

    assert "queued" in text
    assert "version:credit/1" in text


def test_a_running_job_shows_progress_and_the_time_left(look, job, become):
    become(
        JobState.RUNNING,
        progress=0.25,
        note="row 125 of 500",
        started_at=now() - timedelta(minutes=2),
    )

    shown = look("jobs", job=job.id)

    assert shown.get("progress")[0].value == 25
    assert shown.get("progress")[0].text == "25% about 6 min left"
    assert "row 125 of 500" in words_of(shown)


def test_its_owner_cancels_a_job(look, tiny, job):
    shown = look("jobs", who="dan", job=job.id)

    shown.button(key="cancel").click().run()

    assert jobs.get(tiny.workspace.cursor(), job.id).state is JobState.CANCELLED
    assert f"{job.id} is cancelled" in words_of(shown)


def test_nobody_else_is_offered_to_cancel_it(look, job):
    assert "cancel" not in [button.key for button in look("jobs", who="vera", job=job.id).button]


def test_a_lost_job_is_run_again_as_a_new_one(look, tiny, job, become):
    become(JobState.LOST, note="The server stopped while this ran; run it again")
    shown = look("jobs", who="dan", job=job.id)

    shown.button(key="again").click().run()

    newest = jobs.every(tiny.workspace.cursor())[0]
    assert (newest.id, newest.state) == ("job-2", JobState.QUEUED)
    assert newest.settings == {"rows": 500}


def test_a_failed_job_shows_its_log(look, job, become):
    become(JobState.FAILED, note="The model could not be read", log="line one\nline two")

    text = words_of(look("jobs", job=job.id))

    assert "The model could not be read" in text
    assert "line two" in text


def test_whose_row_a_job_is_about_is_told_only_to_those_who_may_open_rows(look, tiny):
    ws, of_row = tiny.workspace, {"version": "credit/1", "row": "patient-4711", "aim": "10..20"}
    asked = work.submit(
        ws, "explain_decision", subject="version:credit/1", settings=of_row,
        by=person("dan"), at=now(),
    )  # fmt: skip
    said = "the log has no row with lc_id patient-4711"
    with ws.transaction() as tx:
        jobs.update(tx, replace(asked, state=JobState.FAILED, note=said, log=said))

    def everything(page):
        return f"{words_of(page)} {[e.value for e in page.json]}"

    hidden = everything(look("jobs", who="mo", job=asked.id)) + words_of(look("jobs", who="mo"))

    assert "credit/1" in hidden
    assert "Only those who may open single rows" in hidden
    assert not [secret for secret in ("patient-4711", "10..20") if secret in hidden]
    assert everything(look("jobs", who="otto", job=asked.id)).count("patient-4711") > 2
    (link,) = audit.search(ws.cursor(), action="job.submit")
    assert "patient-4711" not in repr(link.event)


def test_a_monitor_is_switched_on_after_a_look_at_what_to_expect(look, tiny):
    with tiny.workspace.transaction() as tx:
        monitors.add(tx, Monitor("credit/1#1", "credit/1", 1, now(), "dan", active=False))
    shown = look("model", who="dan", model="credit", tab="Monitoring")

    shown.button(key="switch_1").click().run()

    assert not current(tiny).active
    assert "othing of credit/1 was counted yet" in shown.error[0].value
    shown.button(key="sure_1").click().run()
    assert current(tiny).active


def current(tiny) -> Monitor:
    found = monitors.current(tiny.workspace.cursor(), "credit/1")
    assert found is not None
    return found


def test_scheduled_monitors_and_their_runs_are_listed(look, tiny):
    assert "No monitor has a schedule" in words_of(look("jobs"))
    made = Monitor("credit/1#1", "credit/1", 1, now(), "dan", schedule="6h")
    run = Run("credit/1", 0, made.id, 1, now(), "scheduler", "schedule", "", State.OK)
    with tiny.workspace.transaction() as tx:
        monitors.add(tx, made)
        runs.add(tx, run)

    text = words_of(look("jobs"))

    assert "The time of a sample stands still, so nothing runs by itself" in text
    assert "Runs of monitors" in text
    assert "scheduler" in text
