"""Are effects along a column those of functions whose effects are known?"""

from typing import Any

import numpy as np
import pytest
from scipy import stats

from lifecycle.errors import InsufficientData, InvalidInput
from lifecycle.stats.explanations.associations import (
    alike,
    association,
    pairs,
    rank_correlations,
)
from lifecycle.stats.explanations.effects import (
    accumulated_effects,
    interaction,
    partial_dependence,
)


def test_partial_dependence_is_the_mean_with_scipys_t_interval():
    answers = np.random.default_rng(0).normal(size=(3, 40))

    curve = partial_dependence(answers, confidence=0.9)

    for row, low, high in zip(answers, curve.low, curve.high, strict=True):
        expected = stats.t.interval(0.9, 39, row.mean(), stats.sem(row))
        assert (low, high) == pytest.approx(expected)
    assert curve.mean == pytest.approx(answers.mean(axis=1))


def test_one_row_has_no_partial_dependence():
    with pytest.raises(InsufficientData):
        partial_dependence(np.zeros((3, 1)))


def test_accumulated_effects_of_a_square_follow_the_square_and_have_mean_zero():
    x = np.random.default_rng(1).uniform(0, 2, 5000)
    edges = np.linspace(0, 2, 21)
    cells = np.clip(np.searchsorted(edges, x) - 1, 0, 19)
    steps = edges[cells + 1] ** 2 - edges[cells] ** 2

    curve = accumulated_effects(steps, cells=cells, count=20)

    assert np.diff(curve.mean) == pytest.approx(np.diff(edges**2))
    middle = (curve.mean[1:] + curve.mean[:-1]) / 2
    assert np.bincount(cells, minlength=20) @ middle == pytest.approx(0, abs=1e-9)
    assert curve.high - curve.low == pytest.approx(0, abs=1e-9)


def test_correlated_columns_do_not_leak_into_accumulated_effects():
    """Apley and Zhu's point: f = a * b with b = a has partial effect 0, accumulated a * a / 2."""
    rng = np.random.default_rng(2)
    a = rng.uniform(-1, 1, 4000)
    b = a + rng.normal(0, 0.01, 4000)
    edges = np.linspace(-1, 1, 41)
    cells = np.clip(np.searchsorted(edges, a) - 1, 0, 39)

    curve = accumulated_effects((edges[cells + 1] - edges[cells]) * b, cells=cells, count=40)

    expected = edges**2 / 2
    assert np.ptp(curve.mean - expected) < 0.01
    assert np.ptp(partial_dependence(np.outer(edges, b)).mean) < 0.1


def test_bounds_of_accumulated_effects_hold_the_truth_as_often_as_promised():
    rng = np.random.default_rng(3)
    held = 0
    for _ in range(300):
        x = rng.uniform(0, 1, 200)
        cells = np.clip((x * 4).astype(int), 0, 3)
        curve = accumulated_effects(0.25 + rng.normal(0, 0.5, 200), cells=cells, count=4)
        n = np.bincount(cells, minlength=4)
        edges = np.linspace(0, 1, 5)
        truth = edges - n @ (edges[1:] + edges[:-1]) / 2 / 200
        held += bool(curve.low[4] <= truth[4] <= curve.high[4])

    assert 0.92 <= held / 300 <= 0.98


def test_an_empty_cell_or_a_row_in_none_is_refused():
    for cells in ([0, 0], [0, 2], []):
        with pytest.raises(InvalidInput):
            accumulated_effects(np.zeros(len(cells)), cells=np.asarray(cells), count=2)


def test_a_sum_has_no_interaction_and_a_product_has_nothing_else():
    rng = np.random.default_rng(4)
    a, b = rng.normal(size=(2, 500))

    none = interaction(a + b, a, b, rng=rng)
    whole = interaction(a * b, np.zeros(500), np.zeros(500), rng=rng)

    assert (none.share, none.size) == pytest.approx((0, 0))
    assert whole.share == 1.0
    assert whole.size == pytest.approx((a * b).std())
    assert whole.interval[0] < whole.size < whole.interval[1]
    assert interaction(np.zeros(3), np.zeros(3), np.zeros(3), rng=rng).share == 0.0
    with pytest.raises(InvalidInput):
        interaction(a, b, b[:3], rng=rng)


def test_two_numbers_are_associated_as_scipys_spearman_says():
    rng = np.random.default_rng(5)
    a = rng.integers(0, 9, 300).astype(float)
    b = a + rng.normal(0, 4, 300)
    a[:5] = np.nan

    found: Any = stats.spearmanr(a[5:], b[5:])
    expected = abs(found.statistic)

    assert association(a, -b, numeric=(True, True)) == pytest.approx(expected)


def test_many_numbers_at_once_are_associated_as_one_by_one():
    rng = np.random.default_rng(9)
    table = np.stack([rng.integers(0, 5, 80), rng.normal(size=80), np.ones(80)]).astype(float)
    table[1] += table[0]

    found = rank_correlations(table)

    assert found[0, 1] == pytest.approx(association(table[0], table[1], numeric=(True, True)))
    assert np.isnan(found[2, :2]).all()


def test_a_number_and_a_category_are_associated_as_scipys_kruskal_says():
    rng = np.random.default_rng(6)
    group = rng.integers(0, 3, 200).astype(float)
    number = group + rng.normal(size=200)

    found = association(number, group, numeric=(True, False))

    expected: Any = stats.kruskal(*(number[group == g] for g in range(3)))
    assert found == pytest.approx(np.sqrt(expected.statistic / 199))
    assert association(group, number, numeric=(False, True)) == pytest.approx(found)


def test_two_categories_that_are_one_are_1_and_independent_ones_near_0():
    rng = np.random.default_rng(7)
    a, b = rng.integers(0, 4, (2, 4000)).astype(float)

    assert association(a, (a + 1) % 4, numeric=(False, False)) == pytest.approx(1.0)
    assert (association(a, b, numeric=(False, False)) or 0) < 0.05


def test_constant_or_empty_columns_have_no_association():
    assert association(np.ones(50), np.arange(50.0), numeric=(True, True)) is None
    assert association(np.full(50, np.nan), np.arange(50.0), numeric=(True, True)) is None
    with pytest.raises(InvalidInput):
        association(np.ones(3), np.ones(4), numeric=(True, True))


def test_columns_linked_by_a_chain_are_one_group():
    strengths = np.full((5, 5), 0.1)
    for i, j in ((0, 2), (2, 4)):
        strengths[i, j] = strengths[j, i] = 0.9
    strengths[1, 3] = strengths[3, 1] = np.nan

    assert alike(strengths) == [[0, 2, 4]]
    assert pairs("abc") == [(0, 1), (0, 2), (1, 2)]
