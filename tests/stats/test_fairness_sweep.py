"""Other thresholds, counted from score bins, against decisions made row by row."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifecycle.errors import InsufficientData, InvalidInput
from lifecycle.stats import counting
from lifecycle.stats.fairness import scoring, sweep

EDGES = np.arange(1, 20) / 20


def group(rng, n, *, shift=0.0, edges=EDGES):
    score = np.clip(rng.random(n) + shift, 0, 1)
    y = (rng.random(n) < score).astype(int)
    return y, score, counting.binary_tally(y, np.full(n, 2), score, edges=edges)


@given(st.integers(0, 10_000))
def test_every_threshold_decides_as_the_rows_would(seed):
    rng = np.random.default_rng(seed)
    parts = [group(rng, 60), group(rng, 80, shift=0.1)]

    found = sweep.sweep([tally for _, _, tally in parts])

    for i, (y, score, _) in enumerate(parts):
        for at, threshold in enumerate(found.thresholds):
            said = score >= threshold
            assert found.selection[i, at] == pytest.approx(said.mean())
            for label in (0, 1):
                if (y == label).any():
                    assert found.rate(label)[i, at] == pytest.approx(said[y == label].mean())
            worth = np.where(said, np.where(y == 1, 5, -2), np.where(y == 1, -3, 0)).mean()
            assert found.worth((5, -2, -3, 0))[i, at] == pytest.approx(worth)


@given(st.lists(st.tuples(st.integers(0, 10), st.booleans()), min_size=2, max_size=60))
def test_on_ties_a_swept_threshold_decides_as_a_version_with_that_threshold(rows):
    score, y = np.array([s / 10 for s, _ in rows]), np.array([int(p) for _, p in rows])
    if len(set(score)) == 1:
        return
    edges = np.unique(score)
    tally = counting.binary_tally(y, np.full(len(y), 2), score, edges=edges)

    found = sweep.sweep([replace(tally, exact=True)])

    assert found.thresholds.tolist() == edges[1:].tolist()
    expected = [(score >= threshold).mean() for threshold in edges[1:]]
    assert found.selection[0] == pytest.approx(expected)


def test_operating_points_are_the_best_of_all_thresholds_and_flag_what_depends_on_the_group(rng):
    parts = [group(rng, 4_000)[2], group(rng, 4_000, shift=0.25)[2]]
    swept = sweep.sweep(parts)

    points: dict[str, Any] = {
        p.name: p for p in sweep.operating_points(swept, weights=(1, -1, -1, 1))
    }

    share = swept.n / swept.n.sum()
    assert points[sweep.ONE].worth == pytest.approx((share @ swept.worth((1, -1, -1, 1))).max())
    assert points[sweep.BEST].worth >= points[sweep.ONE].worth
    assert points[sweep.SELECTED].selection_gap < points[sweep.ONE].selection_gap / 2
    assert points[sweep.FOUND].opportunity_gap < 0.05
    assert not points[sweep.ONE].legally_sensitive
    assert points[sweep.SELECTED].legally_sensitive


def test_many_scores_are_thinned_to_thresholds_that_spread_over_the_rows(rng):
    _, _, tally = group(rng, 5_000, edges=np.arange(1, 1_000) / 1_000)

    assert 40 <= len(sweep.sweep([tally], most=50).thresholds) <= 50


def test_what_cannot_be_swept_says_why(rng):
    _, _, tally = group(rng, 50)
    other = group(rng, 50, edges=np.arange(1, 10) / 10)[2]
    empty = counting.binary_tally([2, 2], [0, 1], [0.2, 0.3], edges=EDGES)
    same = counting.binary_tally([0, 1], [0, 1], [0.5, 0.5], edges=EDGES)

    with pytest.raises(InvalidInput, match="different score bins"):
        sweep.sweep([tally, other])
    for groups in ([], [tally, empty]):
        with pytest.raises(InsufficientData, match="no row with both"):
            sweep.sweep(groups)
    with pytest.raises(InsufficientData, match="one bin"):
        sweep.sweep([same])
    positive_only = counting.binary_tally([1, 1], [0, 1], [0.2, 0.8], edges=EDGES)
    negative_only = counting.binary_tally([0, 0], [0, 1], [0.2, 0.8], edges=EDGES)
    points = sweep.operating_points(sweep.sweep([positive_only, negative_only]))
    assert sweep.FOUND not in {point.name for point in points}
    assert points[0].opportunity_gap is None


def test_the_scoring_rate_is_the_share_above_everybodys_median():
    first = counting.binary_tally([0, 1, 1, 2], [0, 1, 1, 0], [0.1, 0.4, 0.9, np.nan])
    edges = np.array([0.1, 0.4, 0.5, 0.9])
    parts = [
        counting.binary_tally([0, 1, 1, 2], [0] * 4, [0.1, 0.4, 0.9, np.nan], edges=edges),
        counting.binary_tally([1, 0], [0, 0], [0.5, 0.9], edges=edges),
    ]
    at = scoring.median_bin(parts)

    rates = [scoring.above(part, bin=at).decisions.sum(axis=0).tolist() for part in parts]

    assert edges[at] == 0.5
    assert rates == [[2, 1, 1], [1, 1, 0]]
    assert first.rows == 4
