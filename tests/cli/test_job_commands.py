"""Work that waits, done on the command line where no server runs."""

import json
from datetime import UTC, datetime

import pytest

from lifecycle.cli import main
from lifecycle.domain.job import Job, JobState
from lifecycle.store import jobs
from lifecycle.store.connection import Workspace

NOW = datetime(2026, 5, 1, tzinfo=UTC)


@pytest.fixture
def home(tmp_path):
    with Workspace.create(tmp_path / "home", at=NOW) as ws, ws.transaction() as tx:
        for number in (1, 2, 3):
            state = JobState.DONE if number == 3 else JobState.QUEUED
            jobs.add(tx, Job(f"job-{number}", "unheard", "version:m/1", "dora", state, NOW))
    return tmp_path / "home"


def test_what_waits_is_run_in_its_order_and_nothing_else(home, capsys):
    assert main(["job", "run", "--home", str(home), "--format", "json"]) == 0

    ended = json.loads(capsys.readouterr().out)["items"]
    assert [(one["id"], one["state"]) for one in ended] == [
        ("job-1", "failed"),
        ("job-2", "failed"),
    ]
    assert ended[0]["note"] == "there is no kind of job called 'unheard'"
    assert main(["job", "run", "--home", str(home), "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["items"] == []


def test_one_job_is_run_and_one_that_is_not_there_is_refused(home, capsys):
    assert main(["job", "run", "job-2", "--home", str(home), "--format", "json"]) == 0
    assert [one["id"] for one in json.loads(capsys.readouterr().out)["items"]] == ["job-2"]

    assert main(["job", "run", "job-9", "--home", str(home)]) == 2
    assert "job-9" in capsys.readouterr().err
