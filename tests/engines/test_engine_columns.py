"""A column that Arrow hands over is the one that a query gives."""

from collections import Counter
from dataclasses import replace
from unittest.mock import patch

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lifecycle.engines.columns import FEW_TEXTS
from lifecycle.errors import InvalidInput
from lifecycle.stats.summaries import CategoryProfile

NUMBERS = [
    *(pa.int8(), pa.int16(), pa.int32(), pa.int64()),
    *(pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64()),
    *(pa.float16(), pa.float32(), pa.float64()),
]
texts = st.one_of(st.none(), st.sampled_from(["a", "b", "", " a", "é", "z"]), st.text(max_size=3))
with_files = settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@pytest.fixture
def read(engine):
    """Return a way to read a column whole, in blocks of so many rows, straight or by a query."""

    def values(source, column, *levels, block=1_000, query=False):
        if query:
            source = replace(source, relation=f"(FROM {source.relation})")
        given = (levels,) if levels else ()
        columns = engine._columns
        with patch.object(columns, "block", block):
            found = (columns.codes if levels else columns.numbers)(source, column, *given)
            return np.concatenate(list(found))

    return values


@pytest.fixture
def straight(engine):
    """Tell whether a column is read without a query."""

    def told(source, column):
        held = engine._columns._stored[source.relation]
        return held.numeric(column) or held.textual(column)

    return told


@pytest.mark.parametrize("kind", NUMBERS, ids=str)
def test_numbers_of_every_type_are_those_of_a_query(source, read, straight, kind):
    wide = [0, 1, None, 100, 7, None, 3] * 20
    rows = source(x=pa.array(wide, kind), y=pa.array([v or 0 for v in wide], kind))

    for name in ("x", "y"):
        assert straight(rows, name)
        assert np.array_equal(read(rows, name), read(rows, name, query=True), equal_nan=True)
    assert np.array_equal(read(rows, "y"), [float(v or 0) for v in wide])


def test_whole_numbers_too_wide_for_a_double_are_rounded_as_in_a_query(source, read):
    rows = source(x=pa.array([2**53 + 1, 2**63 - 1, -(2**63), 2**62 + 3, None], pa.int64()))

    assert np.array_equal(read(rows, "x"), read(rows, "x", query=True), equal_nan=True)


@with_files
@given(
    values=st.lists(texts, min_size=1, max_size=40),
    levels=st.lists(texts.filter(bool), min_size=1, unique=True, max_size=4),
    block=st.integers(1, 50),
)
def test_texts_have_the_codes_of_a_query(source, read, values, levels, block):
    for kind in (pa.string(), pa.large_string()):
        rows = source(g=pa.array(values, kind))

        found = read(rows, "g", *levels, block=block)

        expected = [
            len(levels) + 1 if v is None else levels.index(v) if v in levels else len(levels)
            for v in values
        ]
        assert found.tolist() == expected
        assert read(rows, "g", *levels, query=True).tolist() == expected


def counted(engine, rows, *, like):
    """Return what a baseline says of a column, and its rows on the categories of another."""
    baseline = engine.baseline(rows, "g", bins=10, categorical=True, keep=False)
    profiles = (baseline.counted.profile, engine.profile(rows, "g", like=like)[None].profile)
    return baseline.distinct, *((p.categories, [*p.counts], p.other, p.missing) for p in profiles)


@with_files
@given(
    values=st.lists(texts, min_size=1, max_size=40),
    levels=st.lists(texts.filter(bool), unique=True, max_size=4),
)
def test_texts_are_counted_as_by_a_query(source, engine, values, levels):
    like = CategoryProfile(tuple(levels), np.ones(len(levels), np.int64), other=0, missing=0)
    for kind in (pa.string(), pa.large_string()):
        rows = source(g=pa.array(values, kind))

        straight, asked = (
            counted(engine, side, like=like)
            for side in (rows, replace(rows, relation=f"(FROM {rows.relation})"))
        )

        assert engine._columns.texts(rows, "g") == Counter(v for v in values if v is not None)
        assert straight == asked


@pytest.mark.parametrize(("different", "straight"), [(FEW_TEXTS, True), (FEW_TEXTS + 1, False)])
def test_many_different_texts_are_left_to_a_query(source, engine, different, straight):
    values = [f"v{i % different}" for i in range(3 * FEW_TEXTS)]

    found = engine._columns.texts(source(g=values), "g")

    assert found == (Counter(values) if straight else None)


@pytest.mark.parametrize("block", [1, 3, 250, 1_000])
def test_rows_of_several_files_and_row_groups_keep_their_order(engine, tmp_path, read, block):
    numbers = np.random.default_rng(5).normal(size=500)
    for i, part in enumerate(np.split(numbers, [130, 131, 300])):
        columns = {"x": part, "g": np.where(part > 0, "up", "down")}
        file = tmp_path / f"{i}.parquet"
        pq.write_table(pa.table(columns), file, row_group_size=64, use_dictionary=i % 2 == 0)

    rows = engine.open(str(tmp_path))

    assert np.array_equal(read(rows, "x", block=block), numbers)
    assert np.array_equal(read(rows, "g", "down", "up", block=block), numbers > 0)


def test_a_column_of_two_types_is_read_by_a_query(engine, tmp_path, read, straight):
    pq.write_table(pa.table({"x": [1.5], "y": [1]}), tmp_path / "a.parquet")
    pq.write_table(pa.table({"x": [2], "y": [2]}), tmp_path / "b.parquet")

    rows = engine.open(str(tmp_path))

    assert not straight(rows, "x")
    assert straight(rows, "y")
    assert read(rows, "x").tolist() == [1.5, 2.0]


def test_columns_are_told_apart_by_their_whole_name(source, read):
    inner = pa.array([{"b": 1.0}], pa.struct({"b": pa.float64()}))
    rows = source(**{"a": inner, "a.b": [2.0], 'c"': [3.0], "C": [4.0]})

    assert read(rows, "a.b").tolist() == [2.0]
    assert read(rows, 'c"').tolist() == [3.0]
    assert read(rows, "C").tolist() == [4.0]


def test_categories_kept_as_codes_are_read_by_a_query(source, read, straight):
    rows = source(g=pa.array(["a", "b", "a"]).dictionary_encode(), x=pa.array([True, False, None]))

    assert not straight(rows, "g")
    assert not straight(rows, "x")
    assert read(rows, "g", "a", "b").tolist() == [0, 1, 0]


@pytest.mark.parametrize("later", [[1.0], [1.0, 2.0, 3.0]])
def test_a_file_that_changed_since_it_was_opened_is_refused(source, engine, read, tmp_path, later):
    rows = source(x=[1.0, 2.0], g=["a", "b"])
    texts = ["a"] * len(later)
    pq.write_table(pa.table({"x": later, "g": texts}), tmp_path / "rows.parquet")

    for reading in (lambda: read(rows, "x"), lambda: engine._columns.texts(rows, "g")):
        with pytest.raises(InvalidInput, match=r"rows.parquet changed while it was read"):
            reading()


def test_a_file_that_is_gone_since_it_was_opened_is_named(source, read, tmp_path):
    rows = source(x=[1.0, 2.0])
    (tmp_path / "rows.parquet").unlink()

    with pytest.raises(InvalidInput, match=r"rows.parquet cannot be read"):
        read(rows, "x")


def test_a_name_that_two_columns_share_is_left_to_a_query(engine, tmp_path, read, straight):
    file = tmp_path / "rows.parquet"
    pq.write_table(pa.table([[1.0], [2.0]], names=["x", "x"]), file)

    rows = engine.open(str(file))

    assert not straight(rows, "x")
    assert [read(rows, name).tolist() for name in rows.names] == [[1.0], [2.0]]
