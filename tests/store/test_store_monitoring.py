from dataclasses import replace
from datetime import timedelta

import pytest

from lifecycle.domain.job import Job, JobState
from lifecycle.domain.measurement import Measurement, State, Window
from lifecycle.domain.monitor import Grain, Monitor
from lifecycle.errors import Conflict, NotFound
from lifecycle.store import jobs, measurements, monitors


@pytest.fixture
def monitor(at):
    return Monitor("mon-1", "credit/1", 1, at, "ada", limits={"ks": 0.1}, performance=("recall",))


@pytest.fixture
def weeks(at):
    start = at.replace(hour=0, minute=0, microsecond=0)
    return [Window(start + timedelta(7 * i), start + timedelta(7 * i + 7)) for i in range(4)]


def measured(window, *, statistic="ks", state=State.OK, limit: float | None = 0.1, **more):
    return Measurement(statistic, 0.05, state, window=window, limit=limit, **more)


def test_the_newest_revision_of_a_monitor_is_current(workspace, monitor):
    changed = replace(monitor, revision=2, grain=Grain.DAY, active=False, drift=())
    other = replace(monitor, version_id="credit/2", id="mon-2")
    with workspace.transaction() as tx:
        for one in (monitor, changed, other):
            monitors.add(tx, one)
    con = workspace.cursor()
    assert monitors.current(con, "credit/1") == changed
    assert monitors.current(con, "credit/9") is None
    assert monitors.every(con) == [changed, other]
    with pytest.raises(Conflict, match="credit/1 revision 2"), workspace.transaction() as tx:
        monitors.add(tx, changed)


def test_the_last_run_of_a_monitor_is_remembered(workspace, at):
    assert monitors.last_run(workspace.cursor(), "credit/1") is None
    for moment in (at, at + timedelta(days=1)):
        with workspace.transaction() as tx:
            monitors.set_run(tx, "credit/1", at=moment)
    assert monitors.last_run(workspace.cursor(), "credit/1") == at + timedelta(days=1)


def test_measurements_come_back_as_they_went_in(workspace, weeks):
    given = [
        Measurement("quality", 3.5, State.OK),
        measured(weeks[0], column="age", slice={"sex": "F", "race": "é"}, unit="sd"),
        Measurement("recall", None, State.INSUFFICIENT, window=weeks[0], reason="too few"),
        Measurement(
            "ks",
            0.2,
            State.BREACH,
            column="x",
            window=weeks[1],
            interval=(0.1, 0.3),
            confidence=0.95,
            resolution=0.01,
            p_value=1e-9,
            p_adjusted=2e-9,
            n=744,
            n_reference=5832,
            limit=0.1,
        ),
    ]
    with workspace.transaction() as tx:
        measurements.replace(tx, "credit/1", given, windows=None)
    assert measurements.history(workspace.cursor(), "credit/1") == given


def test_history_is_filtered_by_every_argument(workspace, weeks):
    given = [
        measured(week, statistic=name, column=column, slice=group)
        for week in weeks
        for name, column, group in (
            ("ks", "a", {}),
            ("psi", "a", {}),
            ("ks", "b", {"sex": "F"}),
        )
    ]
    with workspace.transaction() as tx:
        measurements.replace(tx, "credit/1", given, windows=None)
    con = workspace.cursor()

    def count(**filters):
        return len(measurements.history(con, "credit/1", **filters))

    assert count(statistic="ks") == 8
    assert count(statistics={"ks", "psi"}, column="a") == 8
    assert count(statistics=[]) == 0
    assert count(slice="{}") == 8
    assert count(slice='{"sex":"F"}') == 4
    assert count(start=weeks[1].start, end=weeks[3].start) == 6
    assert measurements.history(con, "other") == []
    assert measurements.latest(con, "credit/1") == given[-3:]
    assert measurements.latest(con, "other") == []


def test_an_outline_knows_the_newest_judged_window_and_since_when_columns_are_in_breach(
    workspace, weeks
):
    bad, good, thin = State.BREACH, State.OK, State.INSUFFICIENT
    rows = {"age": (bad, good, bad, thin), "income": (bad, bad, bad, thin), "still": (good,) * 2}
    given = [
        measured(window, state=state, column=column)
        for column, states in rows.items()
        for window, state in zip(weeks, states, strict=False)
    ]
    other = measured(weeks[0], statistic="psi", state=State.ERROR, column="income")
    with workspace.transaction() as tx:
        measurements.replace(tx, "credit/1", [*given, other], windows=None)
    con, first = workspace.cursor(), weeks[0].start

    found = measurements.outline(con, "credit/1", statistics=["ks", "psi"], start=first)

    assert found.statistics == {"ks", "psi"}
    assert found.starts == tuple(week.start for week in weeks)
    assert found.newest == weeks[2].start
    # What could not be measured breaks a run in breach.
    assert found.breaching == {"age": weeks[2].start, "income": weeks[1].start}
    none = measurements.outline(con, "credit/2", statistics=["ks"], start=first)
    assert (none.statistics, none.starts, none.newest, none.breaching) == (set(), (), None, {})
    thin_only = measurements.outline(con, "credit/1", statistics=["ks"], start=weeks[3].start)
    assert thin_only.newest == weeks[3].start


def test_replacing_windows_leaves_the_others_as_they_were(workspace, weeks):
    first = [measured(week) for week in weeks]
    second = [measured(weeks[1], state=State.BREACH, column="new")]
    with workspace.transaction() as tx:
        measurements.replace(tx, "credit/1", first, windows=None)
        measurements.replace(tx, "credit/2", first, windows=None)
        measurements.replace(tx, "credit/1", second, windows=weeks[1:3])
    con = workspace.cursor()
    assert measurements.history(con, "credit/1") == [first[0], *second, first[3]]
    assert measurements.history(con, "credit/2") == first
    with workspace.transaction() as tx:
        measurements.replace(tx, "credit/1", [], windows=None)
    assert measurements.history(con, "credit/1") == []


def test_jobs_are_numbered_and_their_progress_is_saved(workspace, at):
    job = Job("job-1", "explain", "version:credit/1", "ada", JobState.QUEUED, at, {"rows": [1, 2]})
    with workspace.transaction() as tx:
        assert jobs.next_id(tx) == "job-1"
        jobs.add(tx, job)
        assert jobs.next_id(tx) == "job-2"
        jobs.add(tx, replace(job, id="job-2"))
    done = replace(
        job,
        state=JobState.DONE,
        progress=1.0,
        note="n",
        log="l",
        started_at=at,
        finished_at=at,
        result="ev-1",
    )  # fmt: skip -- one job
    with workspace.transaction() as tx:
        jobs.update(tx, replace(done, state=JobState.RUNNING))
        jobs.update(tx, done)
    con = workspace.cursor()
    assert jobs.get(con, "job-1") == done
    assert [j.id for j in jobs.every(con)] == ["job-2", "job-1"]
    assert [j.id for j in jobs.every(con, live=True)] == ["job-2"]
    assert [j.id for j in jobs.every(con, live=False)] == ["job-1"]
    assert len(jobs.every(con, limit=1)) == 1
    with pytest.raises(NotFound, match="did you mean 'job-"):
        jobs.get(con, "job-3")
    with pytest.raises(NotFound, match="no job 'x'"):
        jobs.update(con, replace(job, id="x"))
    with pytest.raises(Conflict, match="job 'job-1'"), workspace.transaction() as tx:
        jobs.add(tx, job)
