"""Summaries add up, whatever the order and the partition, and bins sit where they should."""

import math
import struct
from dataclasses import fields
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lifecycle.errors import InvalidInput
from lifecycle.stats import counting, summaries
from lifecycle.stats.drift.tables import bin_matrix

EPS = float(np.finfo(np.float64).eps)
finite = st.floats(-1e6, 1e6, allow_subnormal=False)
cells = st.one_of(finite, st.integers(-3, 3).map(float), st.sampled_from([np.nan, np.inf, -np.inf]))


@st.composite
def split(draw, rows):
    """Draw rows, a shuffle of them and places to cut it."""
    values = draw(st.lists(rows, max_size=60))
    order = draw(st.permutations(range(len(values))))
    cuts = sorted(draw(st.lists(st.integers(0, len(values)), max_size=4)))
    parts = [list(part) for part in np.split(np.array(order, dtype=int), cuts)]
    return values, parts


def agree(whole, merged):
    """Equal to the bit in every field."""
    for field in fields(whole):
        a, b = getattr(whole, field.name), getattr(merged, field.name)
        if isinstance(a, np.ndarray):
            assert a.dtype == b.dtype
            assert a.tobytes() == b.tobytes()
        elif isinstance(a, float):
            assert struct.pack("d", a) == struct.pack("d", b)
        else:
            assert a == b
    assert whole.rows == merged.rows


def fsum(values):
    """Add up as the standard library does, which rounds once; beyond a double it refuses."""
    try:
        return math.fsum(values)
    except OverflowError:
        return math.inf


@given(split(cells), st.lists(finite, min_size=1, max_size=6))
def test_a_numeric_profile_is_the_sum_of_its_parts(drawn, edges):
    values, parts = drawn
    bounds = np.unique(edges)
    values = np.array(values, dtype=float)

    whole = counting.numeric_profile(values, edges=bounds)
    merged = summaries.merge([counting.numeric_profile(values[p], edges=bounds) for p in parts])

    agree(whole, merged)
    assert whole.rows == len(values)
    assert whole.n == np.isfinite(values).sum()


@given(split(cells), st.lists(finite, min_size=1, max_size=6))
def test_a_numeric_profile_counts_as_a_hand_count_does(drawn, edges):
    values = np.array(drawn[0], dtype=float)
    bounds = np.unique(edges)
    kept = values[np.isfinite(values)]

    found = counting.numeric_profile(values, edges=bounds)

    full = np.concatenate([[-np.inf], bounds, [np.inf]])
    for i, (low, high) in enumerate(pairwise(full)):
        held = kept[(kept > low) & (kept <= high)]
        assert found.counts[i] == len(held)
        assert found.sums[i] == math.fsum(held)
    assert found.low == (kept.min() if len(kept) else np.inf)
    assert found.high == (kept.max() if len(kept) else -np.inf)
    assert found.missing == np.isnan(values).sum()
    assert found.infinite == np.isinf(values).sum()
    assert found.squares == math.fsum(kept * kept)


@given(split(st.integers(-1, 3)))
def test_a_category_profile_is_the_sum_of_its_parts(drawn):
    codes, parts = np.array(drawn[0], dtype=int), drawn[1]
    names = ("a", "b", "c")

    whole = counting.category_profile(codes, categories=names)

    agree(
        whole,
        summaries.merge([counting.category_profile(codes[p], categories=names) for p in parts]),
    )
    assert whole.counts.tolist() == [int((codes == k).sum()) for k in range(3)]
    assert (whole.other, whole.missing) == ((codes == 3).sum(), (codes == -1).sum())
    assert whole.n == (codes >= 0).sum()


scored = st.tuples(
    st.integers(0, 2), st.integers(0, 2), st.one_of(st.floats(-0.2, 1.2), st.just(np.nan))
)


@given(split(scored), st.booleans())
def test_a_binary_tally_is_the_sum_of_its_parts(drawn, own):
    rows, parts = np.array(drawn[0], dtype=float).reshape(-1, 3), drawn[1]
    valid = rows[(rows[:, 2] >= 0) & (rows[:, 2] <= 1), 2]
    edges = np.unique(valid) if own else np.array([0.25, 0.5])

    def tally(part):
        return counting.binary_tally(part[:, 0], part[:, 1], part[:, 2], edges=edges)

    whole = tally(rows)
    merged = summaries.merge([tally(rows[p]) for p in parts])

    agree(whole, merged)
    assert whole.rows == len(rows)
    assert whole.labelled == (rows[:, 0] < 2).sum()
    assert whole.invalid_scores == len(rows) - len(valid)
    assert whole.exact is bool(np.isin(valid, edges).all())
    for label in range(3):
        held = rows[(rows[:, 0] == label) & (rows[:, 2] >= 0) & (rows[:, 2] <= 1), 2]
        assert whole.score_squares[label] == math.fsum(held * held)
        assert math.fsum(whole.score_sums[label]) == pytest.approx(math.fsum(held), rel=1e-15)
        losses = {0: -np.log1p(-np.minimum(held, 1 - EPS)), 1: -np.log(np.maximum(held, EPS))}
        expected = math.fsum(losses.get(label, ()))
        assert whole.log_losses[label] == pytest.approx(expected, rel=1e-14, abs=1e-15)


def test_a_binary_tally_without_scores_holds_decisions_only():
    tally = counting.binary_tally([1, 0, 2], [1, 1, 2])

    assert tally.scores.sum() == 0
    assert tally.invalid_scores == 0
    assert tally.decisions.tolist() == [[0, 1, 0], [0, 1, 0], [0, 0, 1]]


@given(split(st.tuples(st.integers(-1, 2), st.integers(-1, 2))))
def test_a_class_tally_is_the_sum_of_its_parts(drawn):
    rows, parts = np.array(drawn[0], dtype=int).reshape(-1, 2), drawn[1]

    def tally(part):
        return counting.class_tally(part[:, 0], part[:, 1], classes=("a", "b", "c"))

    agree(tally(rows), summaries.merge([tally(rows[p]) for p in parts]))


@given(split(st.tuples(cells, cells)))
def test_an_error_tally_is_the_sum_of_its_parts(drawn):
    rows, parts = np.array(drawn[0], dtype=float).reshape(-1, 2), drawn[1]

    def tally(part):
        return counting.error_tally(part[:, 0], part[:, 1])

    whole = tally(rows)
    merged = summaries.merge([tally(rows[p]) for p in parts])

    agree(whole, merged)
    assert whole.rows == len(rows)
    used = rows[np.isfinite(rows).all(axis=1)]
    error, y = used[:, 1] - used[:, 0], used[:, 0]
    assert whole.errors == math.fsum(error)
    assert whole.absolute == math.fsum(np.abs(error))
    assert whole.squares == math.fsum(error * error)
    assert whole.fourths == math.fsum((error * error) * (error * error))
    assert whole.totals.rounded[4:6].tolist() == [math.fsum(y), math.fsum(y * y)]


def test_summaries_of_different_bins_are_not_merged():
    edges, other = np.array([0.0]), np.array([1.0])
    pairs: list[Any] = [
        [counting.numeric_profile([1.0], edges=e) for e in (edges, other)],
        [counting.category_profile([0], categories=c) for c in (("a",), ("b",))],
        [counting.binary_tally([0], [0], [0.5], edges=e) for e in (edges, other)],
        [counting.class_tally([0], [0], classes=c) for c in (("a",), ("b",))],
    ]

    for pair in pairs:
        with pytest.raises(InvalidInput, match="cannot be merged"):
            summaries.merge(pair)


def test_nothing_cannot_be_merged():
    with pytest.raises(InvalidInput, match="nothing"):
        summaries.merge([])


def test_a_code_out_of_range_is_refused():
    with pytest.raises(InvalidInput, match="a label must be coded 0 to 2"):
        counting.binary_tally([3], [0])


@given(st.lists(finite, min_size=1, max_size=300), st.integers(2, 40))
def test_bins_hold_the_deciles_and_strictly_increase(values, bins):
    ordered = np.sort(np.array(values))

    edges = summaries.numeric_bins(ordered, bins=bins)

    assert np.all(np.diff(edges) > 0)
    deciles = np.quantile(ordered, np.arange(1, 10) / 10, method="inverted_cdf")
    assert np.isin(deciles, edges).all()
    profile = counting.profile(ordered, edges=edges)
    found = edges[counting.deciles(profile)]
    below = found[found < ordered[0]]
    assert len(below) <= 1
    assert np.array_equal(found[found >= ordered[0]], np.unique(deciles))


@given(st.lists(st.integers(-5, 5).map(float), min_size=1, max_size=80))
def test_a_column_of_few_values_gets_a_bin_per_value(values):
    ordered = np.sort(np.array(values))
    distinct, rows = np.unique(ordered, return_counts=True)

    profile = counting.profile(ordered, edges=summaries.numeric_bins(ordered, bins=16))

    held = profile.counts > 0
    assert profile.counts[held].tolist() == rows.tolist()
    assert np.allclose(profile.sums[held], distinct * rows)


@settings(max_examples=30)
@given(st.integers(0, 2**31), st.integers(10, 60))
def test_no_bin_of_many_values_holds_more_than_its_share(seed, bins):
    rng = np.random.default_rng(seed)
    column = np.where(rng.random(3000) < 0.4, 0.0, rng.normal(0, 1, 3000).round(2))
    ordered = np.sort(column)

    edges = summaries.numeric_bins(ordered, bins=bins)

    shares = counting.profile(ordered, edges=edges).counts / 3000
    alone = np.append(np.append(False, edges[:-1] == np.nextafter(edges[1:], -np.inf)), False)
    assert shares[alone].max() >= np.mean(column == 0)
    assert shares[~alone].max() <= 2 / bins


def test_the_lowest_double_gets_no_infinite_edge():
    lowest = np.finfo(np.float64).min

    assert summaries.numeric_bins(np.array([lowest]), bins=8).tolist() == [lowest]


def test_bins_need_a_value_and_two_bins():
    for ordered, bins in ((np.zeros(0), 10), (np.zeros(3), 1)):
        with pytest.raises(InvalidInput, match="bins"):
            summaries.numeric_bins(ordered, bins=bins)


def test_decile_counts_put_rows_without_a_finite_value_apart():
    edges = summaries.numeric_bins(np.arange(100.0), bins=50)
    reference = counting.numeric_profile(np.arange(100.0), edges=edges)
    current = counting.numeric_profile([5.0, np.nan, np.inf, 99.0, -1.0], edges=edges)

    before, now = bin_matrix([reference, current], reference)

    assert before.tolist() == [10] * 10 + [0]
    assert now.tolist() == [2, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2]


def test_deciles_of_a_profile_without_edges_are_none():
    profile = counting.numeric_profile([1.0, 2.0], edges=np.zeros(0))

    assert len(counting.deciles(profile)) == 0
    assert bin_matrix([profile], profile).tolist() == [[2]]


def test_values_below_a_constant_reference_get_a_bin():
    edges = summaries.numeric_bins(np.full(50, 3.0), bins=20)
    reference = counting.numeric_profile(np.full(50, 3.0), edges=edges)
    current = counting.numeric_profile([1.0, 3.0, 7.0], edges=edges)

    before, now = bin_matrix([reference, current], reference)

    assert before.tolist() == [0, 50, 0]
    assert now.tolist() == [1, 1, 1]


def test_scores_of_few_values_are_their_own_edges_and_others_lie_on_a_grid(rng):
    few, many = np.sort(rng.integers(0, 5, 100) / 4), np.sort(rng.random(5000))

    assert counting.score_bins(few).tolist() == [0, 0.25, 0.5, 0.75, 1]
    grid = counting.score_bins(many, bins=64)
    assert np.isin(np.arange(1, 10) / 10, grid).all()
    assert len(grid) == 63 + 9 - 1
    assert len(counting.score_bins(np.zeros(0))) == 0
