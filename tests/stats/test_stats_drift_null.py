"""Limits learned from a reference against itself: formulas, persistence, and the promise kept."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import false_alarms
from lifecycle.errors import InsufficientData, InvalidInput
from lifecycle.stats import catalogue
from lifecycle.stats.counting import category_profile, numeric_profile
from lifecycle.stats.drift.null import Null, false_alarms_per_month, reference_null
from lifecycle.stats.drift.signals import LEARNABLE, SHARES, signal
from lifecycle.stats.summaries import merge, numeric_bins

ROWS = 120


def numeric_days(rng, *, days=42, levels=None):
    edges = numeric_bins(np.sort(rng.normal(size=2000)), bins=32)
    path = np.zeros(days) if levels is None else levels
    return [numeric_profile(level + rng.normal(size=ROWS), edges=edges) for level in path]


def category_days(rng, *, days=42):
    share = [0.5, 0.3, 0.15, 0.05]
    return [
        category_profile(rng.choice(4, ROWS, p=share), categories=("a", "b", "c"))
        for _ in range(days)
    ]


def memory(rng, *, days, phi):
    return false_alarms.memory(days, phi=phi, rng=rng)


@pytest.mark.parametrize("name", sorted(LEARNABLE))
def test_the_statistic_of_a_window_is_what_the_catalogue_measures(rng, name):
    days = numeric_days(rng)
    found = signal(days, merge(days), statistic=name, width=7)

    drawn = found.formula(found.windows[[0, 14]])

    measure = catalogue.get(name).measure
    expected = [measure(merge(days), merge(days[i : i + 7])).value for i in (0, 14)]
    assert drawn == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("name", sorted(SHARES))
def test_categories_are_measured_as_the_catalogue_does(rng, name):
    days = category_days(rng)
    found = signal(days, merge(days), statistic=name, width=7)

    drawn = found.formula(found.windows[[3]])

    expected = catalogue.get(name).measure(merge(days), merge(days[3:10])).value
    assert drawn == pytest.approx([expected], rel=1e-9)


def test_windows_go_round_at_the_end_of_the_reference(rng):
    days = numeric_days(rng, days=10)

    found = signal(days, merge(days), statistic="psi", width=3)

    around = merge([days[9], days[0], days[1]])
    expected = catalogue.get("psi").measure(merge(days), around).value
    assert found.formula(found.windows[[9]]) == pytest.approx([expected], rel=1e-9)


@given(
    st.lists(st.lists(st.floats(0, 1), min_size=5, max_size=5), min_size=1, max_size=30),
    st.integers(1, 4),
    st.floats(0, 1),
)
def test_alarms_are_those_counted_window_by_window(runs, k, limit):
    null = Null(np.array(runs), windows=20, independent=20)
    now = [sum(value > limit for value in run[1:]) >= k for run in runs]
    before = [sum(value > limit for value in run[:-1]) >= k for run in runs]

    assert null.share(limit, k=k) == np.mean(now)
    began = [one and not other for one, other in zip(now, before, strict=True)]
    assert null.starts(limit, k=k) == np.mean(began)


@given(st.integers(1, 3), st.floats(0.01, 0.3))
def test_a_limit_keeps_its_promise_on_the_runs_it_was_learned_from(k, rate):
    null = Null(np.random.default_rng(5).random((400, 4)), windows=20, independent=20)

    assert null.share(null.limit(rate=rate, k=k), k=k) <= rate


def test_asking_for_more_windows_beyond_the_limit_lowers_it(rng):
    null = reference_null(numeric_days(rng, days=84), statistic="ks", width=7, m=3, rng=rng)

    assert null.limit(k=3) < null.limit(k=2) < null.limit(k=1)


def test_days_that_hang_together_count_for_fewer_windows_and_give_a_wider_limit(rng):
    days = 280
    alone = numeric_days(rng, levels=0.3 * memory(rng, days=days, phi=0.0))
    slow = numeric_days(rng, levels=0.3 * memory(rng, days=days, phi=0.8))

    quiet, restless = (
        reference_null(given, statistic="wasserstein", width=7, rng=rng) for given in (alone, slow)
    )

    assert quiet.windows == restless.windows == 40
    assert restless.independent < quiet.independent <= 40
    assert restless.limit() > 1.5 * quiet.limit()


def test_a_reference_of_few_windows_teaches_no_limit(rng):
    with pytest.raises(InsufficientData, match="holds 5 windows"):
        reference_null(numeric_days(rng, days=35), statistic="psi", width=7, rng=rng)


def test_a_reference_that_only_rises_teaches_no_limit(rng):
    days = numeric_days(rng, levels=np.linspace(0, 3, 56))

    with pytest.raises(InsufficientData, match="hang together"):
        reference_null(days, statistic="psi", width=7, rng=rng)


def test_days_without_rows_are_passed_over(rng):
    held = numeric_days(rng, days=160)
    days = [*held[:20], *[None] * 7, *held[27:]]

    null = reference_null(days, statistic="psi", width=7, m=2, rng=rng)

    assert np.isfinite(null.values).all()
    assert null.windows == pytest.approx(153 / 7)


def test_a_reference_without_enough_windows_in_a_row_teaches_no_limit(rng):
    days = numeric_days(rng, days=16)
    gappy = [day if i % 2 else None for i, day in enumerate(days)]

    with pytest.raises(InsufficientData, match="3 windows in a row"):
        reference_null(gappy, statistic="psi", width=1, m=2, rng=rng)


def test_a_constant_column_has_a_limit_of_nothing(rng):
    edges = numeric_bins(np.ones(10), bins=16)
    days = [numeric_profile(np.ones(ROWS), edges=edges) for _ in range(84)]

    assert reference_null(days, statistic="psi", width=7, rng=rng).limit() == pytest.approx(0)
    with pytest.raises(InvalidInput, match="constant"):
        reference_null(days, statistic="wasserstein", width=7, rng=rng)


def test_what_cannot_be_learned_is_refused(rng):
    with pytest.raises(InvalidInput, match="no limit of ks"):
        reference_null(category_days(rng), statistic="ks", width=7, rng=rng)
    with pytest.raises(InvalidInput, match="no limit of chi_squared"):
        reference_null(numeric_days(rng), statistic="chi_squared", width=7, rng=rng)
    null = Null(np.zeros((2, 3)), windows=8, independent=8)
    with pytest.raises(InvalidInput, match="3 of 2"):
        null.share(0.1, k=3)
    with pytest.raises(InvalidInput, match="rate"):
        null.limit(rate=0)


def test_false_alarms_of_series_add_up_over_a_month():
    assert false_alarms_per_month([0.01] * 40, days=7) == pytest.approx(40 * 0.01 * 30.44 / 7)
    assert false_alarms_per_month([], days=1) == 0


def test_learned_limits_cry_wolf_no_more_than_promised():
    counts = false_alarms.run(
        features=24, reference_weeks=26, weeks=26, rows=150, rate=0.02, seed=11
    )

    windows = sum(count.windows for count in counts.values())
    assert sum(count.alarms for count in counts.values()) <= 0.02 * windows
    assert sum(c.found for c in counts.values()) > 0.8 * sum(c.series for c in counts.values())
