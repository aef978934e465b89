"""Columns become the profiles that NumPy counts from the same values."""

from dataclasses import replace
from itertools import pairwise
from typing import Any
from unittest.mock import patch

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lifecycle.engines.contract import MISSING_GROUP, OTHER_GROUP, Filter, Grouping, Kind
from lifecycle.engines.windows import EPOCH, Windowing, parse_width
from lifecycle.stats import counting
from lifecycle.stats.summaries import merge

numbers = st.one_of(
    st.none(), st.floats(-1e6, 1e6), st.sampled_from([0.0, np.inf, -np.inf, np.nan])
)
with_files = settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def same(first, second):
    assert np.array_equal(first.edges, second.edges)
    assert np.array_equal(first.counts, second.counts)
    assert first.totals == second.totals
    assert (first.missing, first.infinite) == (second.missing, second.infinite)
    assert (first.low, first.high) == (second.low, second.high)
    assert first.square_totals == second.square_totals


@with_files
@given(values=st.lists(numbers, min_size=1, max_size=60))
def test_a_numeric_profile_is_numpys_with_null_and_nan_as_missing(source, engine, values):
    rows = source(x=pa.array(values, pa.float64()))

    counted = engine.baseline(rows, "x", bins=10, categorical=False, keep=True).counted

    plain = np.array([np.nan if v is None else v for v in values])
    same(counted.profile, counting.numeric_profile(plain, edges=counted.profile.edges))
    assert np.array_equal(counted.sample, np.sort(plain[np.isfinite(plain)]))


@with_files
@given(
    values=st.lists(st.tuples(st.integers(0, 4_000), numbers), min_size=1, max_size=60),
    width=st.sampled_from(["1d", "1w", "1M", "36h"]),
)
def test_the_windows_of_a_column_add_up_to_the_whole(source, engine, values, width):
    hours, column = zip(*values, strict=True)
    at = np.datetime64("2019-12-01", "us") + np.array(hours).astype("timedelta64[h]")
    rows = source(at=at, x=pa.array(column, pa.float64()))
    like = engine.baseline(rows, "x", bins=10, categorical=False, keep=False).counted.profile

    windows = engine.profile(rows, "x", like=like, windowing=Windowing("at", parse_width(width)))

    same(merge([part.profile for part in windows.values()]), like)
    assert sum(part.profile.rows for part in windows.values()) == len(values)


@with_files
@given(values=st.lists(st.sampled_from(["a", "b", "c'", 'd"', "", None]), min_size=1, max_size=50))
def test_categories_are_counted_most_frequent_first(source, engine, values):
    rows = source(g=pa.array(values, pa.string()))

    counted = engine.baseline(rows, "g", bins=10, categorical=True, keep=False).counted.profile

    assert {c: values.count(c) for c in counted.categories} == dict(
        zip(counted.categories, counted.counts.tolist(), strict=True)
    )
    assert sorted(counted.counts.tolist(), reverse=True) == counted.counts.tolist()
    assert counted.missing == values.count(None)
    again = engine.profile(rows, "g", like=counted)[None].profile
    assert again.counts.tolist() == counted.counts.tolist()


def test_rare_and_unseen_categories_share_a_bin(source, engine):
    many = [f"v{i // 2:03d}" for i in range(400)]
    rows = source(g=many, h=["new", None] * 200)
    like = engine.baseline(rows, "g", bins=10, categorical=True, keep=False)

    unseen = engine.profile(rows, "h", like=like.counted.profile)[None].profile

    assert (len(like.counted.profile.categories), like.counted.profile.other) == (100, 200)
    assert like.distinct == 200
    assert (unseen.other, unseen.missing, int(unseen.counts.sum())) == (200, 200, 0)


@pytest.mark.parametrize(
    "values",
    [
        pa.array([1, 2, 1], pa.int8()),
        pa.array([1, 2, 1], pa.uint64()),
        pa.array([1.0, 2.0, 1.0], pa.float32()),
        pa.array(["1", "2", "1"]).cast(pa.decimal128(5, 2)),
    ],
)
def test_every_numeric_type_counts_alike_as_numbers_and_as_categories(source, engine, values):
    rows = source(x=values)

    as_numbers = engine.baseline(rows, "x", bins=10, categorical=False, keep=True).counted
    as_categories = engine.baseline(rows, "x", bins=10, categorical=True, keep=False).counted

    assert as_numbers.sample.tolist() == [1.0, 1.0, 2.0]
    assert as_categories.profile.categories == ("1", "2")


def test_columns_have_the_kind_their_type_allows(source):
    rows = source(
        n=[1.5],
        b=[True],
        t=["x"],
        d=pa.array([1], pa.date32()),
        at=pa.array([1], pa.timestamp("ns", tz="UTC")),
        e=pa.array(["x"]).dictionary_encode(),
        raw=[b"x"],
        many=[[1, 2]],
    )

    kinds = {c.name: c.kind for c in rows.columns}

    assert kinds == {
        "n": Kind.NUMERIC,
        "b": Kind.CATEGORICAL,
        "t": Kind.CATEGORICAL,
        "d": Kind.TEMPORAL,
        "at": Kind.TEMPORAL,
        "e": Kind.CATEGORICAL,
        "raw": Kind.OTHER,
        "many": Kind.OTHER,
    }


@pytest.mark.parametrize(
    "at",
    [
        pa.array(["2024-01-31T23:30:00Z", "2024-02-01 01:30:00+01:00", "2024-02-29"]),
        pa.array([1706743800, 1706747400, 1709164800], pa.timestamp("s", tz="Europe/Berlin")),
        pa.array([1706743800, 1706747400, 1709164800], pa.timestamp("s")),
    ],
)
def test_times_are_read_in_utc_whatever_their_form(source, engine, at):
    rows = source(at=at, x=[1.0, 2.0, 3.0])
    like = engine.baseline(rows, "x", bins=10, categorical=False, keep=False).counted.profile

    months = engine.profile(rows, "x", like=like, windowing=Windowing("at", parse_width("1M")))

    assert {w.start.isoformat()[:10]: c.profile.n for w, c in months.items() if w} == {
        "2024-01-01": 1,
        "2024-02-01": 2,
    }
    assert [w.end.isoformat()[:10] for w in months if w] == ["2024-02-01", "2024-03-01"]


def test_weeks_begin_on_monday_and_categories_fall_into_the_same_windows(source, engine):
    rows = source(
        at=pa.array(["2024-01-07 23:59", "2024-01-08 00:00", None]), g=["a", "a", "b"], x=[1, 2, 3]
    )
    weekly = Windowing("at", parse_width("1w"))
    like = engine.baseline(rows, "g", bins=10, categorical=True, keep=False).counted.profile
    by_number = engine.baseline(rows, "x", bins=10, categorical=False, keep=False).counted.profile

    windows = engine.profile(rows, "g", like=like, windowing=weekly)

    assert [w.start.isoformat()[:10] for w in windows if w] == ["2024-01-01", "2024-01-08"]
    assert list(windows) == list(engine.profile(rows, "x", like=by_number, windowing=weekly))


@with_files
@given(
    rows=st.lists(
        st.tuples(
            st.integers(0, 5), numbers, st.sampled_from(["F", "M", "X", None]), st.integers(0, 3)
        ),
        min_size=1,
        max_size=60,
    ),
    cuts=st.lists(st.integers(0, 60), max_size=3),
    data=st.data(),
)
def test_slices_and_windows_are_numpys_to_the_bit_however_rows_lie_in_files(
    engine, tmp_path, rows, cuts, data
):
    folder = tmp_path / str(len(list(tmp_path.iterdir())))
    folder.mkdir()
    order = data.draw(st.permutations(range(len(rows))))
    bounds = sorted({0, *(min(cut, len(rows)) for cut in cuts), len(rows)})
    for i, (begin, end) in enumerate(pairwise(bounds)):
        day, x, sex, kind = zip(*[rows[k] for k in order[begin:end]], strict=True)
        at = np.datetime64("2024-01-01", "us") + np.array(day).astype("timedelta64[D]")
        columns = {"at": at, "x": pa.array(x, pa.float64()), "sex": pa.array(sex, pa.string())}
        pq.write_table(pa.table({**columns, "kind": kind}), folder / f"{i}.parquet")
    source = engine.open(str(folder))
    daily = Windowing("at", parse_width("1d"))
    groupings = [Grouping((), daily), Grouping(("sex",), daily), Grouping(("sex", "kind"))]
    edges = np.array([-10.0, 0.0, 0.5])
    like = counting.numeric_profile([0.0], edges=edges)

    found = list(
        engine.profiles(
            source, "x", like=like, groupings=groupings, levels={"sex": ["F"], "kind": ["1", "2"]}
        )
    )

    expected: dict[object, list[float]] = {}
    for day, x, sex, kind in rows:
        value = np.nan if x is None else x
        group = {"F": "F", None: MISSING_GROUP}.get(sex, OTHER_GROUP)
        other = str(kind) if kind in (1, 2) else OTHER_GROUP
        for key in ((day, ()), (day, (group,)), (None, (group, other))):
            expected.setdefault(key, []).append(value)
    keys = [
        (p.window and (p.window.start - EPOCH).days - 19_723, tuple(p.slice.values()))
        for p in found
    ]
    assert len(keys) == len(set(keys))
    assert set(keys) == set(expected)
    for key, part in zip(keys, found, strict=True):
        counted = part.counted.profile
        same(counted, counting.numeric_profile(np.array(expected[key]), edges=edges))


@with_files
@given(
    rows=st.lists(
        st.tuples(st.integers(0, 4), numbers, st.sampled_from(["a", "b", "z", None])),
        min_size=1,
        max_size=60,
    ),
    block=st.integers(1, 20),
)
def test_blocks_of_any_size_give_the_same_profiles_and_samples(source, engine, rows, block):
    day, x, g = zip(*rows, strict=True)
    at = pa.array([None if d == 4 else 86_400_000_000 * d for d in day], pa.timestamp("us"))
    file = source(at=at, x=pa.array(x, pa.float64()), g=pa.array(g, pa.string()))
    groupings = [Grouping(), Grouping((), Windowing("at", parse_width("1d"))), Grouping(("g",))]
    like: dict[str, Any] = {"g": counting.category_profile([], categories=("a", "b"))}
    like["x"] = counting.numeric_profile([0.0], edges=np.array([-1.0, 2.0]))

    def counted():
        fresh = replace(file, relation=f"(FROM {file.relation})")  # nothing is remembered of it
        return [
            part
            for name, of in like.items()
            for part in engine.profiles(fresh, name, like=of, groupings=groupings, keep=True)
        ]

    whole = counted()
    with patch.object(engine._columns, "block", block):
        engine._partitions.clear()
        parts = counted()
        baseline = engine.baseline(file, "x", bins=10, categorical=False, keep=True)
    engine._partitions.clear()

    assert [(p.slice, p.window) for p in parts] == [(p.slice, p.window) for p in whole]
    for one, other in zip(parts, whole, strict=True):
        if other.counted.sample is None:
            assert one.counted.profile.counts.tolist() == other.counted.profile.counts.tolist()
            assert one.counted.profile.rows == other.counted.profile.rows
        else:
            same(one.counted.profile, other.counted.profile)
            assert one.counted.sample.tolist() == other.counted.sample.tolist()
    same(
        baseline.counted.profile,
        counting.numeric_profile(
            np.array([np.nan if v is None else v for v in x]), edges=baseline.counted.profile.edges
        ),
    )


def test_categories_are_cut_into_the_same_slices_as_numbers(source, engine):
    rows = source(g=["a", "b", None, "c"] * 2, x=[1.0] * 8, sex=["F", "F", "M", None] * 2)
    like = engine.baseline(rows, "g", bins=10, categorical=True, keep=False).counted.profile
    by_number = engine.baseline(rows, "x", bins=10, categorical=False, keep=False).counted.profile
    groupings = [Grouping(), Grouping(("sex",))]

    found = list(engine.profiles(rows, "g", like=like, groupings=groupings))

    numbers = engine.profiles(rows, "x", like=by_number, groupings=groupings)
    assert [part.slice for part in found] == [part.slice for part in numbers]
    assert [part.slice.get("sex") for part in found] == [None, "F", "M", MISSING_GROUP]
    whole, *parts = (part.counted.profile for part in found)
    assert merge(parts).counts.tolist() == whole.counts.tolist()
    assert [part.missing for part in parts] == [0, 2, 0]


def test_values_called_like_the_other_groups_are_groups_of_their_own(source, engine):
    held = ["(other)", "(missing)", '"(other)"', "a", None, "rare"]
    rows = source(g=held, x=[1.0] * 6)
    like = engine.baseline(rows, "x", bins=10, categorical=False, keep=False).counted.profile

    found = engine.profiles(
        rows, "x", like=like, groupings=[Grouping(("g",))], levels={"g": held[:4]}
    )

    names = [part.slice["g"] for part in found]
    assert len(set(names)) == 6
    assert {*names} == {
        '"(other)"',
        '"(missing)"',
        '""(other)""',
        "a",
        OTHER_GROUP,
        MISSING_GROUP,
    }


def test_rows_out_of_order_in_time_fall_into_their_windows(source, engine):
    rng = np.random.default_rng(4)
    days, x = rng.integers(0, 5, 1_000), rng.normal(size=1_000)
    rows = source(at=np.datetime64("2024-01-01", "us") + days.astype("timedelta64[D]"), x=x)
    like = engine.baseline(rows, "x", bins=16, categorical=False, keep=False).counted.profile

    found = engine.profile(
        rows, "x", like=like, windowing=Windowing("at", parse_width("1d")), keep=True
    )

    for day, part in enumerate(found.values()):
        assert np.array_equal(part.sample, np.sort(x[days == day]))


def test_row_numbers_are_recognised_and_other_whole_numbers_are_not(source, engine):
    rows = source(row=[3, 1, 2], gap=[1, 2, 4], twice=[1, 2, 2], real=[1.0, 2.0, 3.0])

    serial = {
        name: engine.baseline(rows, name, bins=10, categorical=False, keep=False).serial
        for name in rows.names
    }

    assert serial == {"row": True, "gap": False, "twice": False, "real": False}


def test_quotes_in_names_and_values_are_only_names_and_values(source, engine, tmp_path):
    name = "a\"b'; DROP TABLE x; --"
    source(**{name: ["it's", "other"]})

    kept = engine.open(str(tmp_path / "rows.parquet"), where=[Filter(name, "it's")])

    assert kept.rows == 1
    assert engine.values(kept, name, limit=5) == [("it's", 1)]
