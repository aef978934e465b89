"""What holds for every statistic of the catalogue, whichever it is."""

from dataclasses import replace
from math import isfinite
from typing import Any

import numpy as np
import pytest
from estimates import hidden, value
from hypothesis import given, settings
from hypothesis import strategies as st

from lifecycle.errors import InvalidInput
from lifecycle.stats import catalogue, counting
from lifecycle.stats.catalogue import Family, Needs
from lifecycle.stats.performance import calibration, estimation, service
from lifecycle.stats.summaries import merge, numeric_bins

CONTRACT = {
    "ks", "psi", "jensen_shannon", "wasserstein", "wasserstein_raw", "hellinger",
    "total_variation", "chi_squared", "cramers_v", "kl_divergence", "selection_rate",
    "true_positive_rate", "false_positive_rate", "false_negative_rate", "true_negative_rate",
    "precision", "accuracy", "base_rate", "demographic_parity_difference",
    "demographic_parity_ratio", "equalized_odds_difference", "equalized_odds_ratio",
    "equal_opportunity_difference", "equal_opportunity_ratio", "predictive_parity_difference",
    "predictive_parity_ratio", "impact_ratio", "recall", "f1", "roc_auc", "average_precision",
    "brier", "log_loss", "ece", "mcc", "cohen_kappa", "precision_macro", "precision_micro",
    "precision_weighted", "recall_macro", "recall_micro", "recall_weighted", "f1_macro",
    "f1_micro", "f1_weighted", "mae", "rmse", "mape", "r2", "bias", "balanced_accuracy",
    "missing_share", "stuck_value", "specificity", "estimated_roc_auc",
    "estimated_average_precision", "estimated_accuracy", "estimated_precision",
    "estimated_recall", "estimated_specificity", "estimated_f1", "value_per_decision",
    "total_value", "estimated_value_per_decision", "estimated_total_value", "latency_p50",
    "latency_p95", "latency_p99", "error_share", "throughput",
    "infinite_share", "out_of_range_share", "unseen_category_share", "volume_change",
    "classifier_auc", "reconstruction_error", "mmd", "label_drift", "concept_drift",
    "concept_shift", "covariate_shift", "residual_shift", "explanation_ndcg",
    "explanation_rank_correlation", "baseline_gain", "champion_gain", "decision_gain",
    "generalisation_gap", "fold_spread", "seed_spread", "calibration_slope",
    "calibration_intercept", "training_overlap", "duplicate_share", "single_feature_auc",
    "outside_training_share", "noise_loss", "missing_loss", "category_loss", "worst_slice_gap",
    "flip_share", "monotonicity_breaks", "scoring_latency", "scoring_memory", "file_size",
    "calibration_bias", "calibration_difference",
    "type_mismatch_share", "pattern_mismatch_share", "duplicate_ids", "duplicate_rows",
    "rule_broken_share", "age_of_newest_row", "columns_changed", "missing_periods",
    "training_serving_skew", "estimated_mae", "estimated_rmse",
    "mean_error_difference", "error_parity_difference", "error_parity_ratio",
    "roc_auc_ovr", "roc_auc_hand_till", "estimated_roc_auc_ovr",
    "mean_abs_shap", "shap_value", "shap_additivity_error",
}  # fmt: skip

ASYMMETRIC = {"kl_divergence", "wasserstein"}
"""Drift that depends on which side is the reference (for `wasserstein`: by its unit)."""

seeds = st.integers(0, 2**31)


def numeric(values, edges):
    return counting.numeric_profile(values, edges=edges)


def column(rng, n):
    """Draw a column with ties, gaps and infinities, as real ones have."""
    values = rng.choice([rng.normal(0, 1, n), rng.poisson(2, n), rng.lognormal(0, 2, n)])
    values = values.round(rng.integers(0, 4))
    holes = rng.random(n)
    return np.select([holes < 0.05, holes < 0.06], [np.nan, np.inf], values)


def pairs(seed) -> dict[Needs, Any]:
    """Return a pair of profiles of each kind, by what needs it, with different row counts."""
    rng = np.random.default_rng(seed)
    x, y = column(rng, 300), column(rng, 200)
    edges = numeric_bins(np.sort(x[np.isfinite(x)]), bins=int(rng.integers(4, 64)))
    names = ("a", "b", "c")
    return {
        Needs.NUMERIC: (numeric(x, edges), numeric(y, edges)),
        Needs.CATEGORICAL: tuple(
            counting.category_profile(rng.integers(-1, 4, n), categories=names) for n in (300, 200)
        ),
        Needs.VOLUME: (300.0, 200),
    }


def tallies(seed, *, groups=3) -> dict[Needs, Any]:
    """Return a few tallies of each kind, by what needs them."""
    rng = np.random.default_rng(seed)
    edges = np.arange(1, 20) / 20
    n = int(rng.integers(1, 120))
    return {
        Needs.BINARY: [
            counting.binary_tally(
                rng.integers(0, 3, n), rng.integers(0, 3, n), rng.random(n), edges=edges
            )
            for _ in range(groups)
        ],
        Needs.CLASSES: [
            counting.class_tally(
                rng.integers(-1, 3, n), rng.integers(-1, 3, n), classes=("a", "b", "c")
            )
            for _ in range(groups)
        ],
        Needs.REGRESSION: [
            counting.error_tally(rng.normal(0, 1, n), rng.normal(0, 1, n)) for _ in range(groups)
        ],
    }


def check(found, name):
    """What every estimate promises."""
    numbers = [found.value, found.resolution, found.p_value, *(found.interval or ())]
    assert all(number is None or isfinite(number) for number in numbers), name
    assert all(number is None or type(number) is float for number in numbers), name
    assert type(found.n) is int, name
    assert (found.interval is None) == (found.confidence is None), name
    if found.value is None:
        assert found.reason, name
        assert found.interval is None, name
    else:
        assert not found.insufficient, name
    if found.interval is not None:
        low, high = found.interval
        assert low - 1e-9 <= found.value <= high + 1e-9, (name, found)
    if found.resolution is not None:
        assert found.resolution > 0, name
    if found.p_value is not None:
        assert 0 <= found.p_value <= 1, name


def measured(statistic, summaries):
    return [
        (need, statistic.measure(*arguments))
        for need in statistic.needs
        for arguments in [summaries[need]]
    ]


def said(found):
    """Return all numbers of an estimate; NaN stands for none."""
    numbers = (found.value, found.resolution, found.p_value, *(found.interval or (None, None)))
    return np.array([np.nan if number is None else number for number in numbers])


def test_every_name_of_the_contract_is_declared_once_and_nothing_else():
    names = [statistic.name for statistic in catalogue.ALL]

    assert set(names) == CONTRACT
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("statistic", catalogue.ALL, ids=lambda s: s.name)
def test_every_statistic_says_what_it_is(statistic):
    for text in ("title", "unit", "definition", "formula", "source"):
        assert getattr(statistic, text).strip()
    assert statistic.needs
    assert statistic.minimum >= 30 or statistic in catalogue.ATTRIBUTIONS
    assert (statistic.family is Family.DRIFT) == (statistic in catalogue.DRIFT)
    assert catalogue.get(statistic.name) is statistic


def test_an_unknown_name_gets_the_closest_and_all_names():
    with pytest.raises(InvalidInput, match="did you mean jensen_shannon\\?") as caught:
        catalogue.get("jensen-shannon")
    assert "wasserstein_raw" in str(caught.value)
    with pytest.raises(InvalidInput, match="known: accuracy"):
        catalogue.get("@@@@")


def test_the_defaults_of_drift_suit_their_kind():
    for kind, names in catalogue.DEFAULT_DRIFT.items():
        for name in names:
            assert Needs(kind) in catalogue.get(name).needs


@settings(max_examples=40)
@given(seeds)
def test_drift_of_a_column_from_itself_is_0(seed):
    summaries = {need: (first, first) for need, (first, _) in pairs(seed).items()}
    for statistic in catalogue.DRIFT:
        for _, found in measured(statistic, summaries):
            assert found.value == pytest.approx(0, abs=1e-7), statistic.name
            assert found.p_value is None or found.p_value == pytest.approx(1), statistic.name


@settings(max_examples=40)
@given(seeds)
def test_drift_and_quality_keep_the_promises_of_an_estimate_and_are_not_negative(seed):
    summaries = pairs(seed)
    for statistic in (*catalogue.DRIFT, *catalogue.QUALITY):
        for need, found in measured(statistic, summaries):
            check(found, statistic.name)
            if need is Needs.VOLUME:
                assert found.value == pytest.approx(-1 / 3)
                continue
            assert found.value is None or found.value >= 0
            before, now = summaries[need]
            values_only = {"ks", "wasserstein", "wasserstein_raw", "stuck_value"}
            assert (found.n_reference, found.n) == (
                (before.n, now.n) if statistic.name in values_only else (before.rows, now.rows)
            )


@settings(max_examples=40)
@given(seeds)
def test_many_windows_at_once_are_measured_as_each_by_itself(seed):
    numbers, groups = (pairs(seed)[need] for need in (Needs.NUMERIC, Needs.CATEGORICAL))
    empty = numeric(np.full(5, np.nan), numbers[0].edges)
    sides = {
        Needs.NUMERIC: [*numbers, merge(numbers), empty],
        Needs.CATEGORICAL: [*groups, merge(groups)],
    }
    for statistic in catalogue.DRIFT:
        measure: Any = statistic.measure
        for need in statistic.needs:
            reference, *windows = sides[need]
            found = measure.windows(reference, windows)
            for window, one in zip(windows, found, strict=True):
                alone = measure(reference, window)
                assert (one.n, one.n_reference, one.reason) == (
                    alone.n,
                    alone.n_reference,
                    alone.reason,
                ), statistic.name
                assert said(one) == pytest.approx(said(alone), rel=1e-9, abs=1e-7, nan_ok=True), (
                    statistic.name
                )


@settings(max_examples=40)
@given(seeds)
def test_categorical_drift_without_a_direction_is_symmetric(seed):
    before, now = pairs(seed)[Needs.CATEGORICAL]
    for statistic in catalogue.DRIFT:
        if Needs.CATEGORICAL in statistic.needs and statistic.name not in ASYMMETRIC:
            one, other = statistic.measure(before, now), statistic.measure(now, before)
            assert one.value == pytest.approx(other.value, abs=1e-12), statistic.name


@settings(max_examples=40)
@given(seeds)
def test_distances_of_numbers_without_a_direction_are_symmetric(seed):
    before, now = pairs(seed)[Needs.NUMERIC]
    for name in ("ks", "wasserstein_raw"):
        measure = catalogue.get(name).measure
        one, other = measure(before, now), measure(now, before)
        assert one.value == pytest.approx(other.value, rel=1e-9), name


@settings(max_examples=40)
@given(seeds)
def test_renaming_categories_changes_no_drift(seed):
    before, now = pairs(seed)[Needs.CATEGORICAL]
    turned = [
        replace(side, categories=("c", "a", "b"), counts=side.counts[[2, 0, 1]])
        for side in (before, now)
    ]
    for statistic in catalogue.DRIFT:
        if Needs.CATEGORICAL in statistic.needs:
            found, expected = statistic.measure(*turned), statistic.measure(before, now)
            assert found.value == pytest.approx(expected.value, abs=1e-12), statistic.name


def test_drift_with_an_empty_side_is_insufficient_with_a_reason():
    for need, (before, _) in pairs(1).items():
        if need is Needs.VOLUME:
            continue
        empty = (
            numeric([], before.edges)
            if need is Needs.NUMERIC
            else counting.category_profile([], categories=before.categories)
        )
        for statistic in catalogue.DRIFT:
            if need in statistic.needs:
                for one, other in ((before, empty), (empty, before), (empty, empty)):
                    found = statistic.measure(one, other)
                    check(found, statistic.name)
                    assert found.insufficient, statistic.name


def test_drift_of_a_column_without_any_value_has_a_number_or_a_reason():
    before, _ = pairs(1)[Needs.NUMERIC]
    gone = numeric([np.nan] * 50, before.edges)
    for statistic in catalogue.DRIFT:
        if Needs.NUMERIC in statistic.needs:
            for one, other in ((before, gone), (gone, before), (gone, gone)):
                check(statistic.measure(one, other), statistic.name)


@settings(max_examples=40)
@given(seeds)
def test_exact_drift_agrees_with_the_binned_one_within_its_resolution(seed):
    rng = np.random.default_rng(seed)
    x, y = (np.sort(side[np.isfinite(side)]) for side in (column(rng, 300), column(rng, 200)))
    edges = numeric_bins(x, bins=32)
    before, now = (counting.profile(side, edges=edges) for side in (x, y))
    for statistic in catalogue.DRIFT:
        if statistic.exact is None:
            continue
        exact, binned = statistic.exact(x, y), statistic.measure(before, now)
        check(exact, statistic.name)
        if binned.value is None:
            assert exact.value is None
        else:
            slack = 1e-6 * (1 + binned.value)
            assert value(binned) - slack <= value(exact)
            assert value(exact) <= value(binned) + hidden(binned) + slack


@settings(max_examples=60)
@given(seeds)
def test_performance_and_rates_keep_the_promises_of_an_estimate(seed):
    summaries = {need: found[:1] for need, found in tallies(seed).items()}
    for statistic in (*catalogue.PERFORMANCE, *catalogue.FAIRNESS_RATES):
        for need, found in measured(statistic, summaries):
            check(found, statistic.name)
            assert found.n <= summaries[need][0].rows


@settings(max_examples=60)
@given(seeds, st.integers(0, 4))
def test_gaps_keep_the_promises_of_an_estimate(seed, groups):
    summaries = tallies(seed, groups=groups)
    for statistic in (*catalogue.FAIRNESS_GAPS, *catalogue.FAIRNESS_MEANS):
        (need,) = statistic.needs
        check(statistic.measure(summaries[need]), statistic.name)
        check(statistic.measure(summaries[need], minimum=1), statistic.name)


@settings(max_examples=40)
@given(seeds)
def test_estimates_values_and_service_keep_the_promises_of_an_estimate(seed):
    rng = np.random.default_rng(seed)
    score = rng.random(400).round(2)
    y = (rng.random(400) < 0.2 + 0.6 * score).astype(int)
    tally = counting.binary_tally(y, (score > 0.5).astype(int), score)
    current = tallies(seed)[Needs.BINARY][0]
    expected = estimation.expect(current, calibration=calibration.calibrate(tally))
    worth = {"worth": (1.0, -2.0, -3.0, 0.5)}
    numbers = counting.numeric_profile(column(rng, 50), edges=service.LATENCY_EDGES)
    found = [
        *(s.measure(expected) for s in catalogue.ESTIMATED),
        *(s.measure(current, **worth) for s in catalogue.VALUE[:2]),
        *(s.measure(expected, **worth) for s in catalogue.VALUE[2:]),
        *(s.measure(numbers) for s in catalogue.SERVICE[:3]),
        catalogue.SERVICE[3].measure(pairs(seed)[Needs.CATEGORICAL][0]),
        catalogue.SERVICE[4].measure(current.rows, seconds=3600),
    ]
    declared = (*catalogue.ESTIMATED, *catalogue.VALUE, *catalogue.SERVICE)
    for statistic, estimate in zip(declared, found, strict=True):
        check(estimate, statistic.name)


def test_performance_of_no_rows_is_insufficient_with_a_reason():
    empty = {
        Needs.BINARY: [counting.binary_tally([], [], [])],
        Needs.CLASSES: [counting.class_tally([], [], classes=("a", "b"))],
        Needs.REGRESSION: [counting.error_tally([], [])],
    }
    for statistic in (*catalogue.PERFORMANCE, *catalogue.FAIRNESS_RATES):
        for _, found in measured(statistic, empty):
            check(found, statistic.name)
            assert found.insufficient, statistic.name


def test_a_wider_confidence_gives_a_wider_interval():
    summaries = {need: found[:1] for need, found in tallies(5).items()}
    drift = pairs(5)
    for statistic in (*catalogue.PERFORMANCE, *catalogue.FAIRNESS_RATES, *catalogue.DRIFT):
        for need in statistic.needs:
            arguments = (drift if statistic.family is Family.DRIFT else summaries)[need]
            narrow = statistic.measure(*arguments, confidence=0.8).interval
            wide = statistic.measure(*arguments, confidence=0.99).interval
            if narrow is not None and wide is not None:
                assert wide[0] <= narrow[0], statistic.name
                assert narrow[1] <= wide[1], statistic.name
