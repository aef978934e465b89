from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pytest
from fairlearn.metrics import equalized_odds_difference
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest
from sklearn.metrics import brier_score_loss, roc_auc_score

from lifecycle.domain.measurement import State, Window
from lifecycle.domain.monitor import Grain, Monitor
from lifecycle.services import measuring
from lifecycle.services.measuring import Counts, Watch, answers, fairness, performance
from lifecycle.services.measuring import scores as scores_of
from lifecycle.stats import catalogue, counting, quality
from lifecycle.stats.summaries import BinaryTally, CategoryProfile, numeric_bins

WINDOW = Window(datetime(2026, 1, 5, tzinfo=UTC), datetime(2026, 1, 12, tzinfo=UTC))


def monitor(**more) -> Monitor:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    return Monitor("m#1", "m/1", 1, at, "dora", **more)


def binary(n, *, accuracy, seed=0, known=1.0) -> BinaryTally:
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 2, n)
    decisions = np.where(rng.random(n) < accuracy, labels, 1 - labels)
    return counting.binary_tally(np.where(rng.random(n) < known, labels, 2), decisions)


@given(st.dates(date(1980, 1, 1), date(2100, 1, 1)), st.sampled_from(Grain))
def test_every_day_lies_in_its_window_and_windows_begin_where_they_should(day, grain):
    window = measuring.window_of(day, grain=grain)
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)

    assert window.start <= midnight < window.end
    assert measuring.window_of(window.start.date(), grain=grain) == window
    following = measuring.window_of(window.end.date(), grain=grain)
    assert following.start == window.end
    if grain is Grain.WEEK:
        assert window.start.weekday() == 0
    if grain is Grain.MONTH:
        assert (window.start.day, window.end.day) == (1, 1)


@settings(max_examples=40)
@given(st.integers(0, 10_000), st.integers(20, 900), st.booleans())
def test_rebinned_scores_keep_every_sum_and_auc_within_its_resolution(seed, n, rough):
    rng = np.random.default_rng(seed)
    labels = np.append(rng.integers(0, 2, n), [0, 1])
    scores = rng.random(n + 2) if not rough else rng.integers(0, 11, n + 2) / 10
    fine = counting.binary_tally(labels, np.full(n + 2, 2), scores)
    edges = scores_of.score_edges(fine)

    coarse = scores_of.rebin(fine, edges=edges)

    assert coarse.scores.sum() == fine.scores.sum()
    assert np.allclose(coarse.score_sums.sum(axis=1), fine.score_sums.sum(axis=1))
    auc = catalogue.get("roc_auc").measure(coarse)
    expected = roc_auc_score(labels, scores)
    assert auc.value == pytest.approx(expected, abs=(auc.resolution or 0.0) + 1e-9)
    brier = catalogue.get("brier").measure(coarse)
    assert brier.value == pytest.approx(brier_score_loss(labels, scores))
    assert coarse.exact is (len(np.unique(scores)) <= scores_of.SCORE_BINS)


def test_few_scores_stay_exact_until_a_new_one_appears():
    reference = counting.binary_tally([0, 1, 1], [0, 1, 1], [0.2, 0.7, 0.7])
    edges = scores_of.score_edges(reference)
    same = counting.binary_tally([0, 1], [0, 1], [0.7, 0.2])
    other = counting.binary_tally([0, 1], [0, 1], [0.7, 0.25])

    assert scores_of.rebin(same, edges=edges).exact
    assert not scores_of.rebin(other, edges=edges).exact
    assert {0.1, 0.2, 0.7, 0.9} <= set(edges.tolist())


def test_without_scores_there_are_no_edges_and_nothing_to_rebin():
    plain = counting.binary_tally([0, 1], [0, 1])
    assert len(scores_of.score_edges(plain)) == 0
    assert scores_of.rebin(plain, edges=np.empty(0)) is plain
    moved = scores_of.rebin(plain, edges=np.array([0.5]))
    assert moved.scores.shape == (3, 2)


@pytest.mark.parametrize(
    ("name", "reference", "limit"),
    [
        ("accuracy", 0.9, 0.85),
        ("ece", 0.02, 0.07),
        ("rmse", 10.0, 12.0),
        ("brier", 0.1, 0.12),
        ("bias", 1.0, None),
        ("accuracy", None, None),
    ],
)
def test_a_reference_value_sets_the_limit(name, reference, limit):
    found = performance.house_limit(catalogue.get(name), reference=reference)
    assert found == (None if limit is None else pytest.approx(limit))


@pytest.mark.parametrize(
    ("accuracy", "n", "state"),
    [(0.92, 2000, State.OK), (0.7, 2000, State.BREACH), (0.88, 300, State.WARNING)],
)
def test_performance_breaches_only_when_its_interval_leaves_the_limit_behind(accuracy, n, state):
    reference = binary(5000, accuracy=0.93)
    now = binary(n, accuracy=accuracy, seed=5)
    watch = Watch(monitor(performance=("accuracy",)), tallies={"{}": reference})

    (measured,) = performance.measure(watch, Counts(WINDOW, {}, {"{}": now}))

    expected: Any = catalogue.get("accuracy").measure(reference).value
    assert measured.limit == pytest.approx(expected - 0.05)
    assert measured.interval is not None
    assert measured.limit is not None
    low, high = measured.interval
    assert measured.state is state
    if state is State.WARNING:
        assert low <= measured.limit <= high
    if state is State.BREACH:
        assert high < measured.limit


def test_a_monitors_own_limit_replaces_the_references():
    watch = Watch(monitor(performance=("accuracy",), limits={"accuracy": 0.99}))
    counts = Counts(WINDOW, {}, {"{}": binary(2000, accuracy=0.9)})
    ((measured,),) = measuring.measure(watch, [counts])
    assert (measured.limit, measured.state) == (0.99, State.BREACH)


def test_fairness_reads_single_attributes_with_answers_only():
    fair, unfair = binary(500, accuracy=0.9), binary(500, accuracy=0.6, seed=1)
    tallies: dict[str, Any] = {
        '{"sex":"F"}': fair,
        '{"sex":"M"}': unfair,
        '{"sex":"M","age":"old"}': unfair,
        '{"age":"old"}': counting.class_tally([], [], classes=("a", "b")),
        '{"ward":"A"}': counting.binary_tally([0, 1], [2, 2]),
    }
    found = fairness.measure(Watch(monitor()), Counts(WINDOW, {}, tallies))

    gaps = {m.column for m in found if m.column}
    assert gaps == {"sex"}
    odds = next(m for m in found if m.statistic == "equalized_odds_difference")
    assert (odds.state, odds.limit) == (State.BREACH, 0.1)


def test_errors_of_a_number_are_compared_between_groups():
    rng = np.random.default_rng(0)
    y, g = rng.normal(0, 1, 2000), rng.integers(0, 2, 2000)
    p = y + 0.5 * g + rng.normal(0, 0.3, 2000)
    tallies = {
        f'{{"sex":"{n}"}}': counting.error_tally(y[g == i], p[g == i])
        for i, n in ((0, "F"), (1, "M"))
    }

    found = fairness.measure(Watch(monitor()), Counts(WINDOW, {}, tallies))

    gap = next(m for m in found if m.statistic == "mean_error_difference")
    apart = (p - y)[g == 1].mean() - (p - y)[g == 0].mean()
    assert (gap.value, gap.column) == (pytest.approx(apart), "sex")
    assert {m.statistic for m in found if m.slice} == {"bias", "mae", "rmse"}


def test_each_class_is_compared_between_groups_against_the_rest():
    rng = np.random.default_rng(1)
    y, d, g = (rng.integers(0, k, 3000) for k in (3, 3, 2))
    names = ("cat", "dog", "owl")
    tallies: dict[str, Any] = {"{}": counting.class_tally(y, d, classes=names)} | {
        f'{{"sex":"{n}"}}': counting.class_tally(y[g == i], d[g == i], classes=names)
        for i, n in ((0, "F"), (1, "M"))
    }

    found = fairness.measure(Watch(monitor(), target="animal"), Counts(WINDOW, {}, tallies))

    for i, name in enumerate(names):
        gap = next(
            m
            for m in found
            if m.statistic == "equalized_odds_difference" and m.slice == {"animal": name}
        )
        expected = equalized_odds_difference(y == i, d == i, sensitive_features=g)
        assert (gap.value, gap.column) == (pytest.approx(expected), "sex")
    assert {tuple(sorted(m.slice)) for m in found} == {("animal",), ("animal", "sex")}


def test_shares_of_classes_wait_for_outcomes_because_other_rows_are_not_counted():
    names = ("cat", "dog", "owl")
    y = np.array([0, 1, 2] * 200)
    part = replace(counting.class_tally(y, y, classes=names), unlabelled=6_000)
    tallies: dict[str, Any] = {"{}": part, '{"sex":"F"}': part, '{"sex":"M"}': part}

    found = fairness.measure(Watch(monitor()), Counts(WINDOW, {}, tallies))

    assert {m.state for m in found} == {State.INSUFFICIENT}


def test_a_group_too_small_to_show_hides_the_smallest_other_one_too():
    tallies = {
        f'{{"sex":"{name}"}}': binary(n, accuracy=0.9)
        for name, n in (("F", 400), ("M", 300), ("X", 3))
    }

    found = fairness.measure(Watch(monitor()), Counts(WINDOW, {}, tallies))

    rates = {m.slice["sex"]: m for m in found if m.statistic == "selection_rate" and m.slice}
    assert [rates[name].value is None for name in "FMX"] == [False, True, True]
    assert (rates["X"].n, rates["X"].reason) == (None, "not shown: fewer than 5 rows")


def test_maturity_is_the_share_of_known_outcomes():
    assert measuring.matured(binary(1000, accuracy=1, known=0.5)) == pytest.approx(0.5, abs=0.05)
    half = counting.class_tally([0, -1], [0, 1], classes=("a", "b"))
    assert measuring.matured(half) == 0.5
    assert measuring.matured(counting.error_tally([], [])) == 0.0


def test_a_tally_offers_only_what_it_can_give():
    decided = binary(50, accuracy=0.9)
    names = {s.name for s in performance.performance_statistics(decided)}
    assert names == {"accuracy", "precision", "recall", "f1"}
    scored = counting.binary_tally([0, 1], [2, 2], [0.1, 0.9])
    names = {s.name for s in performance.performance_statistics(scored)}
    assert names == {"roc_auc", "brier", "log_loss", "ece"}
    errors = counting.error_tally([1.0, 2.0], [1.0, 3.0])
    assert performance.performance_statistics(errors, named=("accuracy",)) == ()


def test_a_statistic_that_does_not_fit_a_column_is_left_out():
    reference = counting.numeric_profile(
        np.arange(500.0), edges=numeric_bins(np.arange(500.0), bins=20)
    )
    words = CategoryProfile(("a", "b"), np.array([300, 200]), 0, 0)
    watch = Watch(
        monitor(categorical=("ks", "psi")), {"{}": {"x": reference, "w": words, "y": words}}
    )
    (found,) = measuring.measure(watch, [Counts(WINDOW, {"{}": {"x": reference, "w": words}})])
    names = {statistic.name for statistic in catalogue.DRIFT}
    drift = {(m.column, m.statistic) for m in found if m.statistic in names}
    assert ("w", "psi") in drift
    assert ("w", "ks") not in drift
    assert not any(column == "y" for column, _ in drift)
    assert {m.state for m in found if m.column != "y"} == {State.OK}


def test_missing_values_have_wilsons_interval():
    reference = CategoryProfile(("a",), np.array([100]), 0, 0)
    now = CategoryProfile(("a",), np.array([80]), 0, 20)
    found = quality.missing_share(reference, now)
    expected: Any = binomtest(20, 100).proportion_ci(method="wilson")
    assert found.value == 0.2
    assert found.interval == pytest.approx((expected.low, expected.high))


def test_a_constant_column_counts_as_stuck_only_beyond_chance():
    reference = CategoryProfile(("no", "yes"), np.array([990, 10]), 0, 0)
    few = CategoryProfile(("no", "yes"), np.array([100, 0]), 0, 0)
    found = quality.stuck_value(reference, few)
    assert found.p_value == pytest.approx(float(binomtest(100, 100, 0.99, "greater").pvalue))
    unseen = CategoryProfile(("no", "yes"), np.array([0, 0]), 100, 0)
    assert quality.stuck_value(reference, unseen).value == 0.0
    nothing = CategoryProfile(("no", "yes"), np.array([0, 0]), 0, 9)
    assert quality.stuck_value(reference, nothing).insufficient
    constant = CategoryProfile(("no",), np.array([100]), 0, 0)
    assert quality.stuck_value(constant, constant).p_value == 1.0
    watch = Watch(monitor(minimum=50), {"{}": {"flag": reference}})
    (judged,) = measuring.measure(watch, [Counts(WINDOW, {"{}": {"flag": few}})])
    stuck = next(m for m in judged if m.statistic == "stuck_value")
    assert stuck.state is State.WARNING


def test_a_numeric_column_is_stuck_when_all_values_are_the_same():
    values = np.arange(200.0)
    edges = numeric_bins(values, bins=20)
    reference = counting.numeric_profile(values, edges=edges)
    still = counting.numeric_profile(np.full(300, 7.0), edges=edges)
    found = quality.stuck_value(reference, still)
    assert found.value == 1.0
    assert found.p_value is not None
    assert found.p_value < 1e-100
    assert quality.stuck_value(reference, reference).value == 0.0


def test_outcomes_are_compared_with_the_references_by_slice_once_they_are_known():
    reference = binary(5000, accuracy=0.9)
    turned = binary(3000, accuracy=0.6, seed=5)
    young = binary(3000, accuracy=0.6, known=0.5)
    watch = Watch(monitor(), tallies={"{}": reference, '{"sex":"F"}': reference})
    counts = Counts(WINDOW, {}, {"{}": turned, '{"sex":"F"}': young, '{"sex":"M"}': turned})

    found = answers.measure(watch, counts)

    everybody = {m.statistic: m for m in found if not m.slice}
    assert everybody["concept_drift"].state is State.BREACH
    assert {m.slice["sex"] for m in found if m.slice} == {"F"}
    immature = [m for m in found if m.slice]
    assert {m.state for m in immature} == {State.INSUFFICIENT}
    assert all("known" in (m.reason or "") for m in immature)


def test_a_regression_is_asked_for_its_residuals():
    rng = np.random.default_rng(4)
    before = counting.error_tally(np.zeros(900), rng.normal(size=900))
    now = counting.error_tally(np.zeros(900), rng.normal(0.5, 1, size=900))
    found = answers.measure(
        Watch(monitor(), tallies={"{}": before}), Counts(WINDOW, {}, {"{}": now})
    )
    assert [(m.statistic, m.state) for m in found] == [("residual_shift", State.BREACH)]
    assert answers.measure(Watch(monitor()), Counts(WINDOW, {}, {"{}": now})) == []


def test_a_segment_that_is_not_sensitive_is_no_matter_of_fairness():
    tallies: dict[str, Any] = {
        '{"sex":"F"}': binary(500, accuracy=0.9),
        '{"sex":"M"}': binary(500, accuracy=0.6, seed=1),
        '{"shop":"A"}': binary(500, accuracy=0.9),
        '{"shop":"B"}': binary(500, accuracy=0.6, seed=1),
    }
    watch = Watch(monitor(segments=("shop",)), sensitive=("sex",))

    found = fairness.measure(watch, Counts(WINDOW, {}, tallies))

    assert {m.column for m in found if m.column} == {"sex"}
    assert {tuple(m.slice) for m in found if m.slice} == {("sex",)}
