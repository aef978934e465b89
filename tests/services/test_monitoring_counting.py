"""What a monitor keeps of each day: profiles and tallies by slice, whatever the batches."""

import math
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tumour_life import AT

from lifecycle.engines import choose
from lifecycle.services import monitoring
from lifecycle.services.monitoring import counting
from lifecycle.services.monitoring.reference import Codes, Reference
from lifecycle.stats.summaries import merge
from lifecycle.store import monitors, profiles


@pytest.fixture
def engine():
    with choose() as opened:
        yield opened


@pytest.fixture
def source_of(engine, tmp_path):
    def write(**columns):
        pq.write_table(pa.table(columns), tmp_path / "rows.parquet")
        return engine.open(str(tmp_path / "rows.parquet"))

    return write


def kept(ws):
    return [
        ws.cursor().execute(f"FROM {table} ORDER BY ALL").fetchall()
        for table in ("profile", "tally")
    ]


def test_what_is_kept_does_not_depend_on_how_many_rows_are_counted_at_a_time(
    monitored, ws, dev, monkeypatch
):
    before = kept(ws)
    monkeypatch.setattr(counting, "BATCH_ROWS", 1)
    with ws.transaction() as tx:
        tx.execute("DELETE FROM profile")
        tx.execute("DELETE FROM tally")
        tx.execute("INSERT INTO log_dirty SELECT version_id, day FROM log_file WHERE day NOT NULL")

    monitoring.run(ws, by=dev, at=AT)

    after = kept(ws)
    assert len(before[0]) > len(before[1]) > 0
    assert after == before


def test_other_segments_cut_every_day_again_and_a_column_of_many_values_keeps_its_commonest(
    monitored, ws, dev, log, monkeypatch
):
    monkeypatch.setattr(counting, "MOST_SLICES", 2)
    with ws.transaction() as tx:
        before = monitors.current(tx, "tumour/1")
        assert before is not None
        later = AT + timedelta(hours=2)
        monitors.add(
            tx, replace(before, id="m#2", revision=2, segments=("ward",), created_at=later)
        )

    monitoring.run(ws, by=dev, at=later)

    found: Any = profiles.by_slice(ws.cursor(), "tumour/1", column="mean radius")
    wards = {key for key in found if "ward" in key}
    assert '{"ward":"(other)"}' in wards
    assert len(wards) == 3
    whole = merge([profile for _, profile in found["{}"]["mean radius"]])
    parts = [profile for key in wards for _, profile in found[key]["mean radius"]]
    assert merge(parts).totals == whole.totals
    assert whole.rows == len(log)


def test_a_reference_is_cut_into_the_same_slices(engine, source_of):
    source = source_of(x=[1.0, 2.0, 3.0, 4.0], sex=["F", "M", "F", None])
    like = engine.baseline(source, "x", bins=10, categorical=False, keep=False).counted.profile
    reference = Reference(source, {"x": ("x", False)}, ("sex",), Codes(), None, ())
    levels = counting.levels_of(engine, source, segments=(), sensitive=("sex",))

    found = counting.reference_slices(engine, reference, profiles={"x": like}, levels=levels)

    assert levels == {"sex": ["F", "M"]}
    assert {key: columns["x"].n for key, columns in found.items()} == {
        '{"sex":"F"}': 2,
        '{"sex":"M"}': 1,
        '{"sex":"(missing)"}': 1,
    }


def test_each_column_is_profiled_for_every_group_of_the_sensitive_attributes(monitored, ws, log):
    found: Any = profiles.by_slice(ws.cursor(), "tumour/1", column="mean radius")

    assert set(found) == {"{}", '{"sex":"Female"}', '{"sex":"Male"}'}
    women = merge([profile for _, profile in found['{"sex":"Female"}']["mean radius"]])
    rows = log.loc[log["sex"] == "Female", "mean radius"]
    assert (women.n, women.low) == (len(rows), rows.min())
    assert women.sums.sum() == pytest.approx(math.fsum(rows), rel=1e-15)
