from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifecycle.charts import distributions
from lifecycle.errors import InvalidInput
from lifecycle.stats import counting
from lifecycle.stats.summaries import CategoryProfile, numeric_bins


def traces(figure) -> Any:
    return figure.data


def layout(figure) -> Any:
    return figure.layout


def profile(values, edges, *, missing=0, infinite=0):
    lost = [np.nan] * missing + [np.inf] * infinite
    return counting.numeric_profile([*values, *lost], edges=edges)


def pair(reference, current, **lost):
    edges = numeric_bins(np.sort(np.asarray(reference, float)), bins=32)
    return profile(reference, edges), profile(current, edges, **lost)


numbers = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=200)


@given(numbers, numbers)
def test_spreading_a_profile_over_bars_that_hold_it_loses_no_row(reference, current):
    _, now = pair(reference, current)
    low, high = min(now.low, *reference) - 1, max(now.high, *reference) + 1

    spread = distributions.respread(now, np.linspace(low, high, 41))

    assert spread.sum() == pytest.approx(now.n)
    assert spread.min() >= -1e-9


def test_bars_come_close_to_numpys_histogram_of_the_values_themselves():
    values = np.random.default_rng(0).normal(size=20_000)
    edges = numeric_bins(np.sort(values), bins=256)
    steps = np.linspace(-3, 3, 25)

    spread = distributions.respread(profile(values, edges), steps)

    assert np.abs(spread - np.histogram(values, steps)[0]).max() / len(values) < 0.004


def test_a_wide_outer_bin_thins_out_as_its_mean_says():
    values = np.random.default_rng(3).exponential(size=50_000)
    edges = np.array([1.0, 2.0])
    steps = np.linspace(0, 8, 17)

    spread = distributions.respread(profile(values, edges), steps)

    tail = steps[:-1] >= 2
    off = np.abs(spread - np.histogram(values, steps)[0])[tail].max() / len(values)
    assert off < 0.005


def test_a_column_of_few_values_is_drawn_as_bars_at_those_values():
    reference, current = pair([0, 0, 1, 2] * 50, [0, 2, 2, 2] * 10)
    figure = distributions.compare(reference, current, column="children", title="t")

    before, now = traces(figure)
    assert list(before.x) == ["0", "1", "2"]
    assert list(before.y) == [0.5, 0.25, 0.25]
    assert list(now.y) == [0.25, 0.0, 0.75]


@pytest.mark.parametrize("first", [1_000_001.0, 0.1, 2.0**53 - 10])
def test_values_that_differ_in_their_last_digits_have_a_bar_each(first):
    values = [first, np.nextafter(first, np.inf) if first < 1 else first + 1, first + 2]

    figure = distributions.compare(*pair(values * 50, values[:2] * 50), column="id", title="t")

    for trace in traces(figure):
        assert [float(label) for label in trace.x] == values
        assert "e+" not in "".join(trace.x)


def test_a_constant_column_is_one_bar():
    reference, current = pair([7.0] * 50, [7.0] * 20)
    figure = distributions.compare(reference, current, column="stuck", title="t")

    assert [list(t.x) for t in traces(figure)] == [["7"], ["7"]]


def test_a_continuous_column_is_drawn_in_steps_that_add_up_to_all_rows():
    rng = np.random.default_rng(1)
    reference, current = pair(rng.uniform(size=2000), rng.uniform(size=500))
    figure = distributions.compare(reference, current, column="x", title="t")

    assert [t.type for t in traces(figure)] == ["scatter", "scatter"]
    assert [sum(t.y) for t in traces(figure)] == pytest.approx([1, 1], abs=0.03)
    assert "n 2,000" in traces(figure)[0].name


def test_one_outlier_does_not_flatten_the_rest():
    rng = np.random.default_rng(2)
    reference, current = pair([*rng.normal(size=2000), 1e9], rng.normal(size=500))
    figure = distributions.compare(reference, current, column="x", title="t")

    assert max(traces(figure)[0].x) < 1e8


def test_missing_and_infinite_values_have_a_panel_of_their_own():
    reference, current = pair([1.0, 2.0, 3.0] * 30, [1.0, 2.0] * 30, missing=30, infinite=10)
    figure = distributions.compare(reference, current, column="x", title="t")

    _, lost = (t for t in traces(figure) if t.xaxis == "x2")
    assert list(lost.x) == ["missing", "infinite"]
    assert list(lost.y) == [0.3, 0.1]


def test_a_column_that_lost_all_values_still_gives_a_figure():
    edges = numeric_bins(np.array([1.0, 2.0, 3.0]), bins=8)
    figure = distributions.compare(
        profile([1, 2, 3], edges), profile([], edges, missing=9), column="x", title="t"
    )

    assert layout(figure).title.text == "t"


def test_categories_show_missing_and_unseen_values_beside_the_known_ones():
    reference = CategoryProfile(("red", "<blue>"), np.array([6, 3]), 0, 1)
    current = CategoryProfile(("red", "<blue>"), np.array([2, 2]), 4, 2)
    figure = distributions.compare(reference, current, column="colour", title="t")

    _, now = traces(figure)
    assert list(now.y) == ["red", "&lt;blue>", "not in the reference's list", "missing"]
    assert list(now.x) == [0.2, 0.2, 0.4, 0.2]


def test_rare_categories_are_summed_up_and_counted():
    names = tuple(f"c{i}" for i in range(30))
    reference = CategoryProfile(names, np.arange(30, 0, -1), 0, 0)
    figure = distributions.compare(reference, reference, column="c", title="t")

    (at,) = (i for i, name in enumerate(traces(figure)[0].y) if name == "10 rarer values")
    assert traces(figure)[0].x[at] == pytest.approx(sum(range(1, 11)) / sum(range(1, 31)))


def test_profiles_on_different_bins_are_refused():
    one = profile([1, 2], np.array([1.5]))
    other = profile([1, 2], np.array([1.7]))

    with pytest.raises(InvalidInput, match="different bins"):
        distributions.compare(one, other, column="x", title="t")


def test_a_number_is_not_compared_with_a_category():
    one = profile([1, 2], np.array([1.5]))
    other = CategoryProfile(("a",), np.array([1]), 0, 0)

    with pytest.raises(InvalidInput, match="numeric on one side"):
        distributions.compare(one, other, column="x", title="t")


def test_the_table_holds_the_counting_bins_and_every_row():
    reference, current = pair([1, 1, 2, 3], [1, 3, 3], missing=2)

    table = distributions.rows(reference, current)

    assert sum(row["reference rows"] for row in table) == 4
    assert sum(row["current rows"] for row in table) == 5


def test_the_message_prefers_missing_values_over_any_shift():
    reference, current = pair([1, 2, 3], [2, 3, 3], missing=3)

    assert "50 % of rows have no value, 0 % in the reference" in distributions.message(
        reference, current, column="x"
    )


def test_the_message_names_the_category_that_changed_most():
    reference = CategoryProfile(("a", "b", "c"), np.array([60, 30, 10]), 0, 0)
    current = CategoryProfile(("a", "b", "c"), np.array([55, 10, 35]), 0, 0)

    said = distributions.message(reference, current, column="kind")

    assert said == "kind: c rose to 35 % of rows, 10 % in the reference"


def test_the_message_names_the_values_that_a_stuck_column_stands_at():
    rng = np.random.default_rng(0)
    edges = np.linspace(36, 38, 21)[1:-1]
    reference = profile(rng.normal(37.0, 0.4, 2_000).clip(36, 38), edges)
    stuck = profile([36.85] * 500, edges)

    said = distributions.message(reference, stuck, column="temperature")

    assert said.startswith("temperature: values from 36.8 to 36.9 rose to 100 % of rows, ")


def test_the_message_names_the_spread_where_the_mean_stayed():
    rng = np.random.default_rng(0)
    edges = np.linspace(-4, 4, 33)[1:-1]
    reference, wide = (profile(rng.normal(0, sd, 5_000), edges) for sd in (1, 3))
    moved = profile(rng.normal(1.5, 1, 5_000), edges)

    said = distributions.message(reference, wide, column="x")

    assert said.startswith("x: standard deviation 3.0")
    assert distributions.message(reference, moved, column="x").startswith("x: mean 1.5")


def test_the_message_takes_what_chance_does_to_few_rows_for_no_change():
    rng = np.random.default_rng(0)
    edges = np.linspace(-3, 3, 64)
    reference, few = (profile(rng.normal(0, 1, n), edges) for n in (5_000, 300))

    assert distributions.message(reference, few, column="x").startswith("x: mean ")
