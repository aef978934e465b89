from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifecycle.domain.dataset import Column, ColumnRole, Snapshot
from lifecycle.domain.evidence import Evidence, Purpose
from lifecycle.domain.job import LIVE, Job, JobState
from lifecycle.domain.measurement import SEVERITY, Measurement, State, Window, verdict
from lifecycle.domain.model import ARROWS, Columns, Stage, Version
from lifecycle.domain.monitor import Grain, Monitor
from lifecycle.errors import Conflict


def a_version(now, **changes) -> Version:
    return replace(Version("m", "1", Stage.DRAFT, "dev", now, Columns("y")), **changes)


def evidence(now, *measurements, **changes) -> Evidence:
    made = Evidence("m/1", Purpose.PERFORMANCE, "d@1", measurements, now, "val")
    return replace(made, **changes)


def test_a_version_without_scores_by_class_keeps_the_hash_it_always_had():
    """The hash was written by version 0.1.0, before a version could name scores by class."""
    columns = Columns(target="y", score="p", features=("a", "b"), positive="1")
    made = Version("m", "1", Stage.DRAFT, "dora", datetime(2026, 1, 1, tzinfo=UTC), columns)

    known = "5eb7e791a16822244a6e5640021b96ef5906a76ac6d89ebd0e70903096f52709"
    assert made.sha256 == known
    scored = replace(made, columns=replace(columns, class_scores={"a": "p_a", "b": "p_b"}))
    assert scored.sha256 != known


@pytest.mark.parametrize("before", Stage)
@pytest.mark.parametrize("after", Stage)
def test_a_version_moves_along_arrows_only(now, before, after):
    version = a_version(now, stage=before)

    if after in ARROWS[before]:
        moved, event = version.move(after, by="ada", at=now, reason="r", request="req-1")
        assert moved == replace(version, stage=after)
        assert event.subject == "version:m/1"
        assert event.details == {"before": before, "after": after, "request": "req-1"}
    else:
        with pytest.raises(Conflict, match=f"m/1 is {before}"):
            version.move(after, by="ada", at=now, reason="r")


def test_production_is_reached_from_a_draft_and_nothing_leaves_retirement():
    reached, todo = set(), {Stage.DRAFT}
    while todo:
        stage = todo.pop()
        reached.add(stage)
        todo |= ARROWS[stage] - reached

    assert reached == set(Stage) == set(ARROWS)
    assert not ARROWS[Stage.RETIRED]


def test_a_versions_hash_covers_everything_but_its_stage(now):
    version = a_version(now)
    elsewhere = now.astimezone(timezone(timedelta(hours=-3)))

    assert replace(version, stage=Stage.RETIRED).sha256 == version.sha256
    assert replace(version, created_at=elsewhere).sha256 == version.sha256
    for changes in (
        {"artifact": "a"},
        {"developer": "x"},
        {"columns": Columns("z")},
        {"metrics": {"auc": 0.5}},
        {"notes": "n"},
    ):
        assert replace(version, **changes).sha256 != version.sha256


def test_evidence_is_named_by_its_content_in_any_time_zone(now):
    window = Window(now, now + timedelta(days=1))
    base = evidence(now, Measurement("ks", 0.1, State.OK, window=window, slice={"sex": "F"}))
    elsewhere = now.astimezone(timezone(timedelta(hours=2)))

    assert base.id == f"ev-{base.sha256[:12]}"
    assert replace(base, created_at=elsewhere).id == base.id
    assert replace(base, plan=MappingProxyType({})).id == base.id
    assert replace(base, created_by="x").id != base.id
    assert replace(base, measurements=()).id != base.id
    assert replace(base, payload={"a": [1, {"b": None}]}).id != base.id


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ([], State.NOT_APPLICABLE),
        ([State.OK], State.OK),
        ([State.OK, State.WARNING], State.WARNING),
        ([State.WARNING, State.INSUFFICIENT, State.BREACH], State.BREACH),
        ([State.OK, State.INSUFFICIENT], State.INSUFFICIENT),
        ([State.OK, State.ERROR], State.ERROR),
    ],
)
def test_evidence_is_as_bad_as_its_worst_judged_measurement(now, states, expected):
    judged = [Measurement("ks", 0.1, state, limit=0.1) for state in states]
    unjudged = Measurement("ks", 0.9, State.BREACH)

    assert evidence(now, *judged, unjudged).state is expected


def test_a_number_that_could_not_be_computed_counts_as_judged(now):
    missing = Measurement("ks", None, State.INSUFFICIENT, reason="3 rows")

    assert evidence(now, missing).state is State.INSUFFICIENT


@given(st.lists(st.sampled_from(list(State)), min_size=1))
def test_a_verdict_is_one_of_its_states_and_the_most_severe(states):
    worst = verdict(states)

    assert worst in states
    assert all(SEVERITY.index(worst) <= SEVERITY.index(state) for state in states)


def test_nothing_measured_is_insufficient_and_every_state_has_a_severity():
    assert verdict([]) is State.INSUFFICIENT
    assert set(SEVERITY) == set(State)


def test_a_snapshot_lists_its_columns_by_role(now):
    columns = (
        Column("age", "BIGINT", ColumnRole.FEATURE),
        Column("sex", "VARCHAR", ColumnRole.SENSITIVE),
        Column("pay", "DOUBLE", ColumnRole.FEATURE),
    )
    snapshot = Snapshot("d@1", "d", "a" * 64, 10, columns, now, "dev")

    assert snapshot.named(ColumnRole.FEATURE) == ("age", "pay")
    assert snapshot.named(ColumnRole.TARGET) == ()


def test_jobs_and_monitors_start_as_documented(now):
    job = Job("job-1", "explain", "version:m/1", "dev", JobState.QUEUED, now)
    monitor = Monitor("mon", "m/1", 1, now, "dev")

    assert job.state in LIVE
    assert JobState.LOST not in LIVE
    assert monitor.grain is Grain.WEEK
