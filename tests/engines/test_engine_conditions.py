"""Conditions counted in one scan are the counts of NumPy, missing and infinite values included."""

from datetime import UTC, datetime
from uuid import uuid4

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lifecycle.engines.conditions import Infinite, Missing, NotAmong, Outside
from lifecycle.engines.windows import Windowing, parse_width

values = st.lists(
    st.none() | st.floats(width=64) | st.sampled_from([0.0, -0.0, 1.5, np.inf, -np.inf, np.nan]),
    min_size=1,
    max_size=40,
)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("conditions")


@settings(max_examples=60)
@given(values, st.floats(-1e6, 1e6), st.floats(0, 1e6))
def test_numbers_are_counted_as_numpy_counts_them(engine, place, column, low, width):
    file = place / f"{uuid4().hex}.parquet"  # an engine remembers what a file held
    pq.write_table(pa.table({"x": pa.array(column, pa.float64())}), file, row_group_size=7)
    x = np.array([np.nan if v is None else v for v in column])
    bounds = Outside("x", low, low + width)

    found = engine.violations(
        engine.open(str(file)), [Missing("x"), Infinite("x"), bounds, Outside("x", low, None)]
    )[None]

    outside = (x < low) | (x > low + width)
    expected = [np.isnan(x), np.isinf(x), outside, x < low]
    assert [v.rows for v in found] == [int(part.sum()) for part in expected]
    assert [v.first_row for v in found] == [
        int(np.argmax(part)) + 1 if part.any() else None for part in expected
    ]


@settings(max_examples=30)
@given(st.lists(st.none() | st.sampled_from(["a", "b", "c", "NULL", ""]), min_size=1), st.data())
def test_texts_outside_a_set_are_counted_and_a_missing_one_is_not(engine, place, column, data):
    known = tuple(data.draw(st.sets(st.sampled_from(["a", "b", "c", ""]))))
    file = place / f"{uuid4().hex}.parquet"
    pq.write_table(pa.table({"g": pa.array(column, pa.string())}), file)

    missing, outside = engine.violations(
        engine.open(str(file)), [Missing("g"), NotAmong("g", known)]
    )[None]

    assert missing.rows == sum(v is None for v in column)
    assert outside.rows == sum(v is not None and v not in known for v in column)


def test_every_window_has_its_own_counts_and_rows_without_a_time_are_in_none(engine, place):
    days = [datetime(2026, 1, d, tzinfo=UTC) if d else None for d in (1, 1, 3, 0, 3)]
    file = place / "times.parquet"
    table = {"at": pa.array(days, pa.timestamp("us", "UTC")), "x": [1.0, 9.0, 9.0, 9.0, None]}
    pq.write_table(pa.table(table), file)

    found = engine.violations(
        engine.open(str(file)),
        [Outside("x", 0.0, 5.0), Missing("x")],
        windowing=Windowing("at", parse_width("1d")),
    )

    assert [
        (window.start.day, [(v.rows, v.judged, v.first_row) for v in counted])
        for window, counted in found.items()
        if window is not None
    ] == [(1, [(1, 2, 2), (0, 2, None)]), (3, [(1, 2, 3), (1, 2, 5)])]
    assert len(found) == 2
