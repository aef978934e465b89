import time
from dataclasses import fields
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from lifecycle.errors import InvalidInput
from lifecycle.stats.summaries import (
    BinaryTally,
    CategoryProfile,
    ClassTally,
    ErrorTally,
    NumericProfile,
    exact,
)
from lifecycle.store import logs, profiles, tallies
from lifecycle.store.cells import slice_key
from lifecycle.store.profiles import binning

DAY = date(2026, 5, 4)
DAYS = [DAY + timedelta(i) for i in range(3)]
EDGES = np.array([-1.5, 0.0, 2.25])


def numeric(seed=0, edges=EDGES, **changes):
    rng = np.random.default_rng(seed)
    k = len(edges) + 1
    values: dict[str, Any] = {
        "edges": edges,
        "counts": rng.integers(0, 10**12, k),
        "totals": exact.products(rng.normal(size=k), np.ones(k, int)),
        "missing": seed,
        "infinite": 2,
        "low": -3.5,
        "high": 1e300,
        "square_totals": exact.products(np.array([7.1]), np.ones(1, int)),
    }
    return NumericProfile(**values | changes)


def category(seed=0, categories=("b", "a", "é")):
    counts = np.random.default_rng(seed).integers(0, 99, len(categories))
    return CategoryProfile(categories, counts, other=seed, missing=4)


def binary(seed=0, edges=EDGES):
    rng = np.random.default_rng(seed)
    k = len(edges) + 1
    return BinaryTally(
        edges=edges,
        decisions=rng.integers(0, 99, (3, 3)),
        scores=rng.integers(0, 99, (3, k)),
        score_totals=exact.products(rng.random((3, k)), np.ones((3, k), int)),
        decided=rng.integers(0, 99, (3, k)),
        square_totals=exact.products(rng.random(3), np.ones(3, int)),
        loss_totals=exact.zeros(3),
        exact=bool(seed % 2),
        invalid_scores=seed,
        strange_labels=2 * seed,
        strange_decisions=seed,
    )


def same(one, other):
    assert type(one) is type(other)
    for field in fields(one):
        a, b = getattr(one, field.name), getattr(other, field.name)
        if isinstance(a, np.ndarray):
            assert a.dtype == b.dtype
            assert a.shape == b.shape
            assert np.array_equal(a, b)
        else:
            assert a == b, field.name
            assert type(a) is type(b), field.name
    return True


def test_bins_come_back_with_the_reference_counted_on_them(workspace):
    given_bins = [
        binning("m/1", "x", numeric()),
        binning("m/1", "empty", numeric(low=np.inf, high=-np.inf)),
        binning("m/1", "colour", category()),
        binning("m/1", "nothing", category(categories=())),
    ]
    with workspace.transaction() as tx:
        profiles.set_binnings(tx, "m/1", given_bins)
    found = profiles.binnings(workspace.cursor(), "m/1")
    assert list(found) == ["x", "empty", "colour", "nothing"]
    for before in given_bins:
        after = found[before.column]
        assert (after.kind, after.categories) == (before.kind, before.categories)
        assert np.array_equal(after.edges, before.edges)
        assert same(after.reference, before.reference)
    assert profiles.binnings(workspace.cursor(), "m/2") == {}


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    counts=hnp.arrays(np.int64, 4, elements=st.integers(0, 2**53)),
    sums=hnp.arrays(np.float64, 4, elements=st.floats(allow_nan=False, allow_infinity=False)),
    low=st.floats(allow_nan=False),
)
def test_any_profile_comes_back_to_the_bit(workspace, counts, sums, low):
    profile = numeric(counts=counts, totals=exact.products(sums, np.ones(4, int)), low=low)
    with workspace.transaction() as tx:
        profiles.set_binnings(tx, "m/1", [binning("m/1", "x", numeric())])
        profiles.replace_days(tx, "m/1", [DAY], {(DAY, "x", "{}"): profile})
    [(day, found)] = profiles.daily(workspace.cursor(), "m/1")["x"]
    assert day == DAY
    assert same(found, profile)


def test_whole_days_are_replaced_and_the_others_stay(workspace):
    with workspace.transaction() as tx:
        bins = [binning("m/1", "x", numeric()), binning("m/1", "c", category())]
        profiles.set_binnings(tx, "m/1", bins)
        first = {
            (d, c, "{}"): (numeric(i) if c == "x" else category(i))
            for i, d in enumerate(DAYS)
            for c in ("x", "c")
        }  # fmt: skip -- one table
        profiles.replace_days(tx, "m/1", DAYS, first)
        profiles.replace_days(tx, "m/1", DAYS[:2], {(DAYS[1], "x", "{}"): numeric(9)})
    con = workspace.cursor()
    found = profiles.daily(con, "m/1")
    assert [day for day, _ in found["x"]] == DAYS[1:]
    assert same(found["x"][0][1], numeric(9))
    assert same(found["x"][1][1], numeric(2))
    assert [day for day, _ in found["c"]] == DAYS[2:]
    assert list(profiles.daily(con, "m/1", column="c")) == ["c"]
    assert profiles.daily(con, "m/1", start=DAYS[2], end=DAYS[2]) == {}
    assert [d for d, _ in profiles.daily(con, "m/1", end=DAYS[2])["x"]] == [DAYS[1]]


def test_slices_stand_beside_all_rows_and_are_read_apart(workspace):
    women, men = {"sex": "Female"}, {"sex": "Male"}
    keys = ["{}", *map(slice_key, (women, men))]
    with workspace.transaction() as tx:
        bins = [binning("m/1", "x", numeric()), binning("m/1", "c", category())]
        profiles.set_binnings(tx, "m/1", bins)
        parts = {
            (day, column, key): (numeric(i) if column == "x" else category(i))
            for day in DAYS
            for column in ("x", "c")
            for i, key in enumerate(keys)
        }
        profiles.replace_days(tx, "m/1", DAYS, parts)
    con = workspace.cursor()
    assert same(profiles.daily(con, "m/1")["x"][0][1], numeric(0))
    assert same(profiles.daily(con, "m/1", slice=men)["x"][2][1], numeric(2))
    assert same(profiles.daily(con, "m/1", slice=keys[1], column="c")["c"][0][1], category(1))
    found = profiles.by_slice(con, "m/1", start=DAYS[1])
    assert set(found) == set(keys)
    assert {tuple(columns) for columns in found.values()} == {("x", "c")}
    assert [day for day, _ in found[keys[1]]["c"]] == DAYS[1:]
    assert profiles.daily(con, "m/1", slice={"sex": "X"}) == {}


@pytest.mark.parametrize(
    ("given_profiles", "words"),
    [
        ({(DAYS[1], "x", "{}"): numeric()}, "not among the days"),
        ({(DAY, "z", "{}"): numeric()}, "no bins for the column 'z'"),
        ({(DAY, "x", "{}"): numeric(edges=np.array([1.0]))}, "'x' on 2026-05-04 is on other bins"),
        ({(DAY, "x", "{}"): category()}, "other bins"),
    ],
)
def test_profiles_that_do_not_fit_are_refused_whole(workspace, given_profiles, words):
    with workspace.transaction() as tx:
        profiles.set_binnings(tx, "m/1", [binning("m/1", "x", numeric())])
        profiles.replace_days(tx, "m/1", [DAY], {(DAY, "x", "{}"): numeric(5)})
    with pytest.raises(InvalidInput, match=words), workspace.transaction() as tx:
        profiles.replace_days(tx, "m/1", [DAY], given_profiles)
    assert same(profiles.daily(workspace.cursor(), "m/1")["x"][0][1], numeric(5))


def test_bins_that_contradict_themselves_are_refused(workspace):
    wrong = profiles.Binning("m/1", "x", "numeric", np.array([1.0]), (), numeric())
    twice = [binning("m/1", "x", numeric())] * 2
    for bins, words in (([wrong], "other bins"), (twice, "binned twice")):
        with pytest.raises(InvalidInput, match=words), workspace.transaction() as tx:
            profiles.set_binnings(tx, "m/1", bins)


def test_new_bins_forget_the_days_and_ask_for_them_again(workspace, predictions):
    with workspace.transaction() as tx:
        logged = logs.write_predictions(tx, workspace, "m/1", predictions(6, days=3))
        profiles.set_binnings(tx, "m/1", [binning("m/1", "x", numeric())])
        profiles.replace_days(tx, "m/1", logged, {(logged[0], "x", "{}"): numeric()})
        logs.clear_dirty(tx, "m/1", logged)
        profiles.set_binnings(tx, "m/1", [binning("m/1", "x", numeric(3))])
    assert logs.dirty(workspace.cursor(), "m/1") == []
    assert len(profiles.daily(workspace.cursor(), "m/1")["x"]) == 1
    with workspace.transaction() as tx:
        other = numeric(edges=np.array([0.5]))
        profiles.set_binnings(tx, "m/1", [binning("m/1", "x", other)])
    assert logs.dirty(workspace.cursor(), "m/1") == logged
    assert profiles.daily(workspace.cursor(), "m/1") == {}
    with workspace.transaction() as tx:
        profiles.replace_days(tx, "m/1", logged, {})
        profiles.set_binnings(tx, "m/1", [])
    assert profiles.binnings(workspace.cursor(), "m/1") == {}


def test_a_year_of_thirty_columns_is_replaced_in_two_seconds_and_one_column_read_at_once(workspace):
    edges = np.linspace(0, 1, 63)
    year = [DAY + timedelta(i) for i in range(365)]
    columns = [f"f{i}" for i in range(30)]
    shared = [numeric(i, edges=edges) for i in range(7)]
    given_days = {(d, c, "{}"): shared[i % 7] for i, d in enumerate(year) for c in columns}
    with workspace.transaction() as tx:
        profiles.set_binnings(tx, "m/1", [binning("m/1", c, shared[0]) for c in columns])
        start = time.process_time()
        profiles.replace_days(tx, "m/1", year, given_days)
        assert time.process_time() - start < 2
    start = time.process_time()
    found = profiles.daily(workspace.cursor(), "m/1", column="f7")
    assert time.process_time() - start < 0.1
    assert len(found["f7"]) == 365


def test_tallies_of_every_kind_come_back_by_slice(workspace):
    classes = ClassTally(("a", "b"), np.array([[1, 2], [3, 4]]), unlabelled=5)
    errors = ErrorTally(9, exact.products(np.arange(0.5, 8), np.ones(8, int)), 5, 6, 7)
    women = slice_key({"sex": "Female", "race": "é"})
    with workspace.transaction() as tx:
        tallies.set_score_edges(tx, "m/1", EDGES)
        given_days = {(day, key): binary(i) for i, day in enumerate(DAYS) for key in ("{}", women)}
        tallies.replace_days(tx, "m/1", DAYS, given_days)
        tallies.replace_days(tx, "m/2", DAYS[:1], {(DAY, "{}"): classes})
        tallies.replace_days(tx, "m/3", DAYS[:1], {(DAY, "{}"): errors})
        tallies.replace_days(tx, "m/4", DAYS[:1], {(DAY, "{}"): binary(1, edges=np.empty(0))})
    con = workspace.cursor()
    found = tallies.daily(con, "m/1")
    assert set(found) == {"{}", '{"race":"é","sex":"Female"}'}
    assert [day for day, _ in found[women]] == DAYS
    assert all(same(tally, binary(i)) for i, (_, tally) in enumerate(found[women]))
    assert same(tallies.daily(con, "m/2")["{}"][0][1], classes)
    assert same(tallies.daily(con, "m/3")["{}"][0][1], errors)
    assert same(tallies.daily(con, "m/4")["{}"][0][1], binary(1, edges=np.empty(0)))
    assert list(tallies.daily(con, "m/1", slice={"race": "é", "sex": "Female"})) == [women]
    assert list(tallies.daily(con, "m/1", slice="{}", start=DAYS[1], end=DAYS[2])) == ["{}"]
    assert tallies.daily(con, "m/9") == {}


def test_tallies_on_other_bins_or_days_are_refused_whole(workspace):
    with workspace.transaction() as tx:
        tallies.set_score_edges(tx, "m/1", EDGES)
        tallies.replace_days(tx, "m/1", [DAY], {(DAY, "{}"): binary()})
    for given_days, words in (
        ({(DAY, "{}"): binary(edges=np.array([0.5]))}, "other score bins"),
        ({(DAYS[1], "{}"): binary()}, "not among the days"),
    ):
        with pytest.raises(InvalidInput, match=words), workspace.transaction() as tx:
            tallies.replace_days(tx, "m/1", [DAY], given_days)
    with workspace.transaction() as tx:
        tallies.set_score_edges(tx, "m/1", EDGES)
    assert len(tallies.daily(workspace.cursor(), "m/1")["{}"]) == 1
    with workspace.transaction() as tx:
        tallies.replace_days(tx, "m/1", [DAY], {})
    assert tallies.daily(workspace.cursor(), "m/1") == {}


def test_new_score_bins_forget_the_days_and_ask_for_them_again(workspace, predictions):
    assert tallies.score_edges(workspace.cursor(), "m/1") is None
    with workspace.transaction() as tx:
        logged = logs.write_predictions(tx, workspace, "m/1", predictions(6, days=3))
        tallies.set_score_edges(tx, "m/1", EDGES)
        tallies.replace_days(tx, "m/1", logged, {(logged[0], "{}"): binary()})
        logs.clear_dirty(tx, "m/1", logged)
        tallies.set_score_edges(tx, "m/1", EDGES[:1])
    con = workspace.cursor()
    fixed = tallies.score_edges(con, "m/1")
    assert fixed is not None
    assert np.array_equal(fixed, EDGES[:1])
    assert tallies.daily(con, "m/1") == {}
    assert logs.dirty(con, "m/1") == logged
