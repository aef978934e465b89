"""Do protected attributes live apart, are they joined for a purpose alone, and do they go alone?"""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest
from sklearn.linear_model import LogisticRegression
from skops import io
from test_assessment import assess
from tumour_life import AT, COLUMNS, FEATURES, deliver, tell

from lifecycle.domain.actor import Actor, Role
from lifecycle.domain.evidence import Purpose
from lifecycle.domain.job import JobState
from lifecycle.domain.measurement import State
from lifecycle.domain.retention import periods_with
from lifecycle.engines import parting
from lifecycle.errors import DamagedStore, InsufficientData
from lifecycle.services import (
    erasure,
    explanation,
    mitigation,
    monitoring,
    registry,
    sensitive_data,
    workspaces,
)
from lifecycle.services.jobs import JobRunner
from lifecycle.store import (
    artifacts,
    audit,
    datasets,
    log_rows,
    logs,
    sensitive,
    sensitive_files,
    tallies,
)
from lifecycle.store import backup as copies

VAL = Actor("vito", frozenset({Role.VALIDATOR}))
ADMIN = Actor("ada", frozenset({Role.ADMINISTRATOR}))
LATER = AT + timedelta(days=400)
YEAR = periods_with([("sensitive", 365)])


def read(files):
    return pd.concat([pq.ParquetFile(file).read().to_pandas() for file in files])


def groups(ws):
    daily: Any = tallies.daily(ws.cursor(), "tumour/1")
    return {
        key: sum(int(t.decisions.sum()) for _, t in days)
        for key, days in daily.items()
        if "sex" in key
    }


def events(ws):
    found = [link.event for link in audit.links(ws.cursor())]
    return [event for event in found if event.action == "sensitive.read"]


def joint(ws):
    """Bring a workspace into the state of one from before attributes were kept apart."""
    con = ws.cursor()
    kept = datasets.snapshots(con)[0]
    (part,) = sensitive.parts(con, kept.id)
    whole = ws.tmp / "whole.parquet"
    parting.whole(artifacts.path(ws, kept.artifact), [ws.sensitive / part.path], into=whole)
    with ws.transaction() as tx:
        sensitive.stand_in(tx, snapshot_id=kept.id, artifact=artifacts.put(ws, whole))
        tx.execute("INSERT INTO sensitive_unsplit VALUES ($id)", {"id": kept.id})
        for day in logs.days(con, "tumour/1"):
            for file, apart in zip(day.files, day.apart, strict=True):
                rows = read([file]).merge(read([apart]), on="lc_id")
                rows["lc_at"] = rows["lc_at"].astype("datetime64[us, UTC]")
                rows.to_parquet(file, index=False)
                facts = {"sha": artifacts.hash_of(file), "name": f"%{file.name}"}
                tx.execute("UPDATE log_file SET sha256 = $sha WHERE path LIKE $name", facts)
        tx.execute("DELETE FROM sensitive_part")
    sensitive_files.sweep(ws)
    return artifacts.hash_of(whole)


def test_no_file_of_features_holds_a_sensitive_column_and_together_they_are_what_was_given(
    monitored, ws, log, tumours
):
    days = logs.days(ws.cursor(), "tumour/1")
    features = read([file for day in days for file in day.files])
    attributes = read([file for day in days for file in day.apart])

    assert "sex" not in features
    assert set(attributes) == {"lc_id", "sex"}
    together: Any = features.merge(attributes, on="lc_id").set_index("lc_id")["sex"]
    pd.testing.assert_series_equal(
        together.sort_index(), log.set_index("case")["sex"].sort_index(),
        check_names=False, check_dtype=False, check_index_type=False,
    )  # fmt: skip
    (snapshot,) = datasets.snapshots(ws.cursor())
    (part,) = sensitive.parts(ws.cursor(), snapshot.id)
    assert pq.read_schema(artifacts.path(ws, snapshot.artifact)).names == [
        name for name in tumours[0].columns if name != "sex"
    ]
    held = pq.read_table(sensitive_files.verified(ws, part)).to_pandas()
    assert held["sex"].tolist() == tumours[0]["sex"].tolist()


def test_a_run_of_a_monitor_counts_every_group_and_says_what_it_read(monitored, ws, log, tumours):
    counted = log["sex"].value_counts().to_dict()

    assert groups(ws) == {f'{{"sex":"{name}"}}': n for name, n in counted.items()}
    read = {str(event.details["purpose"]): event.details["rows"] for event in events(ws)}
    assert read == {
        "monitoring by group: the reference": len(tumours[0]),
        "monitoring by group: the log": len(log),
    }
    assert {tuple(event.details["columns"]) for event in events(ws)} == {("sex",)}  # pyright: ignore[reportArgumentType] -- a list, as it was written


def test_a_run_that_fails_after_reading_has_said_what_it_reads(
    monitored, ws, dev, log, tmp_path, monkeypatch
):
    before = len(events(ws))
    deliver(ws, dev, log.assign(case=log["case"] + "x"), tmp_path, name="more")

    def full(*_, **__):
        raise OSError("no space left")

    monkeypatch.setattr("lifecycle.services.monitoring.counting.rows.join", full)
    (failed,) = monitoring.run(ws, by=dev, at=LATER)

    assert failed.state is State.ERROR
    reference, logged = events(ws)[before:]
    assert "the reference" in str(reference.details["purpose"])
    assert logged.details["rows"] == 2 * len(log), "the days of both deliveries"


def test_a_job_that_fails_after_reading_has_said_what_it_reads(registered, ws):
    ways = replace(mitigation.KINDS["mitigate"], run="lifecycle.services.no_such:run")
    job = mitigation.start(
        ws, "tumour", "1", snapshot=registered.id, attribute="sex", by=VAL, at=AT
    )
    assert events(ws) == [], "nothing is read before a worker starts"

    with JobRunner(ws, kinds={"mitigate": ways}, clock=lambda: AT) as runner:
        ended = runner.wait(job.id)

    assert ended.state is JobState.FAILED
    (event,) = events(ws)
    assert (event.by, event.via, event.at) == ("vito", "job", AT)
    assert event.details["purpose"] == "ways to narrow demographic_parity"
    assert event.details["rows"] == registered.rows


def test_explanations_and_frontiers_name_the_files_of_attributes_they_read(
    registered, ws, dev, tumours, tmp_path
):
    rows = tumours[0]
    model = LogisticRegression().fit(rows[list(FEATURES)], rows["benign"])
    io.dump(model, tmp_path / "model.skops")
    columns = replace(COLUMNS, features=FEATURES)
    registry.add_version(
        ws, "tumour", "2", columns=columns, file=tmp_path / "model.skops", by=dev, at=AT
    )
    (part,) = sensitive.parts(ws.cursor(), registered.id)
    kinds = {**explanation.KINDS, **mitigation.KINDS}
    with JobRunner(ws, kinds=kinds, clock=lambda: AT, reuse=True) as runner:
        explained = explanation.run_now(
            ws, "tumour", "2", snapshot=registered.id, rows=50, runner=runner, by=VAL, at=AT
        )
        job = mitigation.start(
            ws, "tumour", "1", snapshot=registered.id, attribute="sex", by=VAL, at=AT
        )
        ended = runner.wait(job.id)
    assert ended.state is JobState.DONE, ended.note
    frontier = mitigation.frontier(ws.cursor(), str(ended.result))

    for kept in (explained, frontier):
        assert kept.method["sensitive_sha256"] == [part.sha256]
        assert kept.method["data_sha256"] == registered.artifact
    purposes = [event.details["purpose"] for event in events(ws)]
    assert purposes == ["explanation by group", "ways to narrow demographic_parity"]


def test_attributes_of_a_log_that_were_changed_are_not_counted_and_are_named(
    monitored, ws, dev, log, tmp_path
):
    deliver(ws, dev, log.assign(case=log["case"] + "x"), tmp_path, name="more")
    days = logs.days(ws.cursor(), "tumour/1")
    days[0].apart[-1].write_bytes(b"other")
    days[1].apart[-1].unlink()

    (refused,) = monitoring.run(ws, by=dev, at=LATER)

    assert refused.state is State.ERROR
    about = "the sensitive columns sex of version:tumour/1"
    assert refused.notices[0].startswith(about)
    assert sorted(logs.damaged(ws.cursor())) == [
        f"{about} are gone",
        f"{about} were changed since they were kept",
    ]


def test_an_assessment_names_purpose_columns_rows_and_hash_of_what_it_read(registered, ws):
    _, fairness = assess(ws, VAL, registered.id)

    (part,) = sensitive.parts(ws.cursor(), registered.id)
    assert fairness.method["sensitive_sha256"] == [part.sha256]
    assert fairness.method["data_sha256"] == registered.artifact
    (event,) = events(ws)
    assert event.details["rows"] == registered.rows
    assert "fairness" in str(event.details["purpose"])


def test_what_asks_for_no_groups_reads_no_attribute(registered, ws):
    plan = "name: p\nstatistics: {performance: [accuracy]}\nrationale: r\n"

    (performance,) = assess(ws, VAL, registered.id, plan)

    assert performance.purpose is Purpose.PERFORMANCE
    assert "sensitive_sha256" not in performance.method
    assert events(ws) == []


def test_attributes_that_were_changed_are_not_measured(registered, ws):
    (part,) = sensitive.parts(ws.cursor(), registered.id)
    (ws.sensitive / part.path).write_bytes(b"other")

    with pytest.raises(DamagedStore, match="sensitive columns sex of snapshot:"):
        assess(ws, VAL, registered.id)


def test_after_their_period_they_go_alone_and_counts_stay(
    monitored, registered, ws, dev, log, tmp_path
):
    assess(ws, VAL, registered.id)
    before, files = groups(ws), [day.files for day in logs.days(ws.cursor(), "tumour/1")]
    assert sum(d.due for d in erasure.due(ws.cursor(), at=LATER)) == 0  # no period, no end

    gone = erasure.dispose(ws, by=ADMIN, at=LATER, periods=YEAR)

    assert gone["sensitive"] == 29  # the log's 28 days and the reference
    assert list(ws.sensitive.iterdir()) == []
    assert [day.files for day in logs.days(ws.cursor(), "tumour/1")] == files
    artifacts.verify(ws, datasets.snapshots(ws.cursor())[0].artifact)
    said = f"sensitive data deleted on {LATER.date()}: column sex"
    with pytest.raises(InsufficientData, match=said):
        assess(ws, VAL, registered.id)
    tell(ws, dev, log.assign(case=log["case"] + "x"), tmp_path, name="more")
    late = deliver(ws, dev, log.assign(case=log["case"] + "x"), tmp_path, name="late")
    assert late.rows == len(log)
    (again,) = monitoring.run(ws, by=dev, at=LATER + timedelta(hours=1))
    assert any(sentence.startswith(said) for sentence in again.notices)
    assert {key: groups(ws)[key] >= n for key, n in before.items()} == dict.fromkeys(before, True)


def test_a_day_counted_again_without_its_attributes_keeps_what_its_groups_were(monitored, ws, dev):
    before = groups(ws)
    erasure.dispose(ws, by=ADMIN, at=LATER, periods=YEAR)
    day = logs.days(ws.cursor(), "tumour/1")[0].day
    with ws.transaction() as tx:
        tx.execute("INSERT INTO log_dirty VALUES ('tumour/1', $day)", {"day": day})

    (again,) = monitoring.run(ws, by=dev, at=LATER)

    assert (again.days, groups(ws)) == (1, before)


def test_a_legal_hold_on_a_version_keeps_its_attributes(monitored, ws):
    erasure.hold(ws, "version:tumour/1", reason="inquiry", by=ADMIN, at=AT)

    gone = erasure.dispose(ws, by=ADMIN, at=LATER, periods=YEAR)

    assert gone["sensitive"] == 1
    (found,) = [
        d
        for d in erasure.due(ws.cursor(), at=LATER, periods=YEAR)
        if d.period.record_class == "sensitive"
    ]
    assert (found.due, found.held) == (0, 28)


def test_a_legal_hold_on_a_model_keeps_the_attributes_of_its_versions_and_their_snapshots(
    monitored, ws
):
    erasure.hold(ws, "model:tumour", reason="inquiry", by=ADMIN, at=AT)

    assert erasure.dispose(ws, by=ADMIN, at=LATER, periods=YEAR)["sensitive"] == 0


def test_a_workspace_from_before_is_split_once_and_nothing_of_it_is_lost(monitored, ws, dev, log):
    days = logs.days(ws.cursor(), "tumour/1")
    before = (read([f for d in days for f in d.files]), read([f for d in days for f in d.apart]))
    whole = joint(ws)
    assert "sex" in read(logs.files(ws.cursor(), "tumour/1"))

    sensitive_data.separate(ws, by=dev, at=AT)

    days = logs.days(ws.cursor(), "tumour/1")
    after = (read([f for d in days for f in d.files]), read([f for d in days for f in d.apart]))
    for one, other in zip(before, after, strict=True):
        pd.testing.assert_frame_equal(one, other, check_dtype=False)
    assert logs.damaged(ws.cursor()) == []
    assert len(list(ws.logs.rglob("day=*/*.parquet"))) == len(days)
    (snapshot,) = datasets.snapshots(ws.cursor())
    (part,) = sensitive.parts(ws.cursor(), snapshot.id)
    assert (part.was, part.columns) == (whole, ("sex",))
    assert not (ws.artifacts / whole[:2] / whole).exists()
    assert not sensitive.unsplit(ws.cursor())
    head = ws.kept_head()
    sensitive_data.separate(ws, by=dev, at=AT)
    assert ws.kept_head() == head
    fairness = assess(ws, VAL, snapshot.id)[1]
    assert {m.slice["sex"] for m in fairness.measurements if m.slice} == {"Female", "Male"}


def test_a_split_that_broke_off_leaves_the_old_files_and_is_done_again(
    monitored, ws, dev, monkeypatch
):
    joint(ws)

    def full(*_, **__):
        raise OSError("no space left")

    with monkeypatch.context() as patched:
        patched.setattr(logs.pq, "write_table", full)
        with pytest.raises(OSError, match="no space"):
            sensitive_data.separate(ws, by=dev, at=AT)
    assert logs.damaged(ws.cursor()) == []
    assert sensitive.unsplit(ws.cursor())

    sensitive_data.separate(ws, by=dev, at=AT)

    assert "sex" not in read(logs.files(ws.cursor(), "tumour/1"))


def test_a_copy_brings_attributes_back_too(monitored, ws, tmp_path):
    workspaces.backup(ws, tmp_path / "copy.tar", by=ADMIN, at=AT)

    copies.restore(tmp_path / "copy.tar", tmp_path / "restored")

    names = sorted(file.name for file in ws.sensitive.iterdir())
    assert sorted(f.name for f in (tmp_path / "restored" / "sensitive").iterdir()) == names


def test_attributes_of_later_rows_take_the_type_of_earlier_ones(monitored, ws, dev, log, tmp_path):
    numbers = log.assign(case=log["case"] + "y", sex=1)

    deliver(ws, dev, numbers, tmp_path, name="numbers")

    days = logs.days(ws.cursor(), "tumour/1")
    kinds = {str(pq.read_schema(file).field("sex").type) for day in days for file in day.apart}
    assert kinds == {"string"}
    assert pq.read_schema(days[0].files[0]).field("lc_at").type == log_rows.TIME
