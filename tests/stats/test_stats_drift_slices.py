"""Which slices make a column drift: parts that add up, and a planted culprit."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from lifecycle.stats.counting import category_profile, numeric_profile
from lifecycle.stats.drift import counts
from lifecycle.stats.drift.slices import contributions
from lifecycle.stats.summaries import merge, numeric_bins

EDGES = numeric_bins(np.sort(np.random.default_rng(0).normal(size=4000)), bins=32)


def column(values):
    return numeric_profile(values, edges=EDGES)


def sliced(before, now):
    """Return the whole column and its slices, from values by slice name."""
    parts = [({"g": name}, column(before[name]), column(now[name])) for name in before]
    whole = (merge([b for _, b, _ in parts]), merge([n for _, _, n in parts]))
    return whole, parts


@given(st.integers(0, 2**31))
def test_the_parts_of_an_attribute_add_up_to_the_whole(seed):
    rng = np.random.default_rng(seed)
    before = {name: rng.normal(size=int(rng.integers(20, 300))) for name in "abc"}
    now = {name: rng.normal(rng.normal(), 1, int(rng.integers(20, 300))) for name in "abc"}

    found = contributions(*sliced(before, now))

    assert sum(one.share for one in found) == pytest.approx(1)
    assert all(one.within + one.size == pytest.approx(one.share) for one in found)


def test_the_slice_that_moved_stands_first_and_only_its_own_rows_moved(rng):
    before = {name: rng.normal(size=1000) for name in "abc"}
    now = {name: rng.normal(0.8 if name == "b" else 0.0, 1, 1000) for name in "abc"}

    first, *others = contributions(*sliced(before, now))

    assert first.slice == {"g": "b"}
    assert first.share > 0.8
    assert first.within > 0.8
    assert first.p_adjusted is not None
    assert first.p_adjusted < 1e-6
    assert all(one.p_adjusted is not None and one.p_adjusted > 0.001 for one in others)


def test_a_slice_that_only_grew_has_its_share_by_size(rng):
    before = {"low": rng.normal(-1, 1, 1000), "high": rng.normal(1, 1, 1000)}
    now = {"low": rng.normal(-1, 1, 400), "high": rng.normal(1, 1, 1600)}

    for one in contributions(*sliced(before, now)):
        assert one.size > 0.35
        assert abs(one.within) < 0.15


def test_tests_are_scipys_corrected_over_all_slices(rng):
    before = {name: rng.normal(size=400) for name in "abcd"}
    now = {name: rng.normal(0.2, 1, 400) for name in "abcd"}
    whole, parts = sliced(before, now)

    found = {one.slice["g"]: one for one in contributions(whole, parts)}

    _, expected = zip(*(([p], _p_value(p, whole[0])) for p in parts), strict=True)
    adjusted = stats.false_discovery_control(expected)
    assert [found[name].p_adjusted for name in "abcd"] == pytest.approx(list(adjusted), rel=1e-6)


def _p_value(part, reference):
    """Test a slice on the deciles of the whole reference, by hand."""
    from lifecycle.stats.counting import deciles

    starts = np.concatenate([[0], deciles(reference) + 1])
    table = np.stack([np.add.reduceat(side.counts, starts) for side in part[1:]])
    found = stats.chi2_contingency(table[:, table.sum(axis=0) > 0], correction=False)
    return float(found.pvalue)  # pyright: ignore[reportAttributeAccessIssue]


def test_the_distance_of_a_slice_is_the_catalogues(rng):
    before, now = {"a": rng.normal(size=500)}, {"a": rng.normal(0.5, 1, 500)}
    whole, parts = sliced(before, now)

    (only,) = contributions(whole, parts)

    assert only.distance == pytest.approx(counts.total_variation(*whole).value)
    assert only.share == pytest.approx(1)


def test_small_slices_are_named_but_not_judged(rng):
    before = {"a": rng.normal(size=500), "small": rng.normal(size=500)}
    now = {"a": rng.normal(size=500), "small": rng.normal(5, 1, 40)}

    found = contributions(*sliced(before, now))

    assert [one.slice["g"] for one in found] == ["a", "small"]
    assert found[-1].insufficient
    assert (found[-1].n_reference, found[-1].n) == (500, 40)


def test_new_and_vanished_slices_count_by_their_size(rng):
    before = {"gone": rng.normal(size=300), "stays": rng.normal(size=300)}
    now = {"gone": np.empty(0), "stays": rng.normal(size=300)}

    found = {one.slice["g"]: one for one in contributions(*sliced(before, now))}

    assert found["gone"].distance is None
    assert found["gone"].within == 0


def test_categories_have_slices_too():
    names = ("x", "y")
    still = category_profile([0] * 200 + [1] * 200, categories=names)
    moved = category_profile([0] * 50 + [1] * 350, categories=names)

    whole = (merge([still, still]), merge([still, moved]))
    found = contributions(whole, [({"g": "a"}, still, still), ({"g": "b"}, still, moved)])

    assert [one.slice["g"] for one in found] == ["b", "a"]
    assert found[0].share == pytest.approx(1)


def test_nothing_to_compare_has_no_slices():
    empty = column(np.empty(0))

    assert contributions((empty, empty), [({"g": "a"}, empty, empty)]) == []
    same = column(np.ones(500))
    (one,) = contributions((same, same), [({"g": "a"}, same, same)])
    assert (one.share, one.p_adjusted) == (0, 1)
