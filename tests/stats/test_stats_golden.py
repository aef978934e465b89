"""Every published number of the shared golden files that names one of our statistics."""

import numpy as np
import pandas as pd
import pytest
from estimates import hidden, value

from lifecycle.stats import counting
from lifecycle.stats.drift import counts, numbers
from lifecycle.stats.fairness import selection_rate
from lifecycle.stats.performance import classes, decisions, regression, scores
from lifecycle.stats.summaries import numeric_bins

EXCEPTIONS = {
    "chi_square_pvalue (current counts vs reference proportions)": "a one-sample test that takes "
    "the reference's proportions as known; ours tests two samples",
    "jensen_shannon_distance_base2_doane_bins": "bins of equal width by Doane's rule over both "
    "samples; ours are the reference's deciles",
    "hellinger_distance_doane_bins": "likewise",
}
"""Rows about a statistic we have, defined differently there; each with the reason."""

NOT_OURS = (
    "mann_whitney", "epps_singleton", "anderson_darling", "student_t", "energy_distance",
    "g_test", "cramer_von_mises", "fisher_exact", "l_infinity", "welch_t", "_alarm_index",
)  # fmt: skip
"""Statistics this catalogue does not hold."""


def category_counts(reference, current):
    names, codes = np.unique(np.concatenate([reference, current]), return_inverse=True)
    return (
        np.bincount(codes[: len(reference)], minlength=len(names)),
        np.bincount(codes[len(reference) :], minlength=len(names)),
    )


def chi_squared(x, y):
    names = tuple(sorted({*x, *y}))
    return counts.chi_squared(
        *(
            counting.category_profile([names.index(v) for v in side], categories=names)
            for side in (x, y)
        )
    )


OURS = {
    "hellinger_distance": lambda x, y: counts.hellinger_squared(*category_counts(x, y)) ** 0.5,
    "hellinger_distance_distinct_values": lambda x, y: (
        counts.hellinger_squared(*category_counts(x, y)) ** 0.5
    ),
    "jensen_shannon_distance_base2": lambda x, y: (
        counts.jensen_shannon_divergence(*category_counts(x, y)) ** 0.5
    ),
    "jensen_shannon_distance_base2_distinct_values": lambda x, y: (
        counts.jensen_shannon_divergence(*category_counts(x, y)) ** 0.5
    ),
    "wasserstein_distance": lambda x, y: numbers.wasserstein_raw_exact(x, y).value,
    "wasserstein_distance (EMD)": lambda x, y: numbers.wasserstein_raw_exact(x, y).value,
    "chi2_contingency_statistic": lambda x, y: chi_squared(x, y).value,
    "chi2_contingency_pvalue": lambda x, y: chi_squared(x, y).p_value,
    "ks_statistic": lambda x, y: numbers.ks_exact(x, y).value,
}


def sides(case, inputs, frame):
    """Return both sides of a case, numbers in ascending order."""
    if case == "elec2_date_halves":
        dates = frame("elec2", columns=["date_raw"])["date_raw"]
        column = dates.to_numpy().astype(np.float16).astype(np.float64)
        return np.sort(column[:22656]), np.sort(column[22656:])
    rows = inputs[inputs["case_id"] == case].sort_values(["side", "idx"])
    found = []
    for side in ("reference", "current"):
        part = rows[rows["side"] == side]
        column = part["value_num"] if part["value_cat"].isna().all() else part["value_cat"]
        found.append(np.sort(column.to_numpy()))
    return tuple(found)


def test_published_drift_values_are_reproduced(frame):
    expected, inputs = frame("golden_drift_expected"), frame("golden_drift_inputs")
    seen = []

    for row in expected.itertuples():
        if row.metric in EXCEPTIONS or any(name in row.metric for name in NOT_OURS):
            continue
        found = OURS[row.metric](*sides(row.case_id, inputs, frame))
        assert found == pytest.approx(row.expected, abs=row.abs_tolerance), row
        assert found == pytest.approx(row.recomputed, abs=1e-9), row
        seen.append(row.metric)

    assert sorted(seen) == sorted([*OURS, "hellinger_distance"])


def test_nannymls_monthly_ks_of_california_is_reproduced_and_binned_ks_is_within_resolution(frame):
    housing = frame("california_housing_nannyml")
    golden = frame("golden_nannyml_california_housing")
    golden = golden[golden["metric"] == "ks_statistic"]
    month = pd.to_datetime(housing["timestamp"]).dt.strftime("%Y-%m")
    first = housing["period"] == "reference"
    checked = 0

    for column, rows in golden.groupby("column"):
        if column not in housing.columns:
            continue
        values = housing[column].to_numpy(np.float64)
        reference = np.sort(values[first])
        edges = numeric_bins(reference, bins=256)
        before = counting.profile(reference, edges=edges)
        for row in rows.itertuples():
            current = np.sort(values[(month == row.chunk_key) & (housing["period"] == row.period)])
            exact = value(numbers.ks_exact(reference, current))
            binned = numbers.ks(before, counting.profile(current, edges=edges))
            assert exact == pytest.approx(row.value, abs=1e-9), (column, row.chunk_key)
            assert value(binned) - 1e-12 <= exact
            assert exact <= value(binned) + hidden(binned) + 1e-12
            checked += 1

    assert checked >= 160


def expected_values(frame, dataset):
    golden = frame("golden_performance_expected")
    return golden[golden["dataset"] == dataset].itertuples()


def test_published_values_of_adult_are_reproduced(frame):
    adult = frame("adult", columns=["sex", "class", "pred_tree"])
    label = (adult["class"] == ">50K").to_numpy().astype(int)
    decision = adult["pred_tree"].to_numpy().astype(int)

    for row in expected_values(frame, "adult"):
        sex = row.group.removeprefix("sex=")
        kept = np.ones(len(adult), bool) if sex == "all" else (adult["sex"] == sex).to_numpy()
        tally = counting.binary_tally(label[kept], decision[kept])
        found = {
            "accuracy": lambda t: decisions.accuracy(t).value,
            "selection_rate": lambda t: selection_rate(t).value,
            "count": lambda t: t.rows,
        }[row.metric](tally)
        assert found == pytest.approx(row.expected, abs=row.abs_tolerance)


def test_published_values_of_two_class_predictions_are_reproduced(frame):
    rows = frame("two_class_predictions")
    tally = counting.binary_tally(
        (rows["truth"] == "Class1").to_numpy().astype(int),
        (rows["predicted"] == "Class1").to_numpy().astype(int),
        rows["Class1"].to_numpy(),
    )
    measures = {
        "accuracy": decisions.accuracy,
        "cohen_kappa": decisions.cohen_kappa,
        "roc_auc": scores.roc_auc,
    }

    for row in expected_values(frame, "two_class_predictions"):
        found = measures[row.metric](tally)
        assert found.value == pytest.approx(row.expected, abs=row.abs_tolerance)
        assert found.value == pytest.approx(row.recomputed, abs=1e-6)


def test_published_values_of_many_classes_are_reproduced(frame):
    rows = frame("hpc_cv_multiclass_predictions")
    names = ("VF", "F", "M", "L")
    label, guess = (rows[c].astype(str).map(names.index).to_numpy() for c in ("obs", "pred"))
    score = rows[[f"prob_{name}" for name in names]].to_numpy()
    tally = counting.class_tally(label, guess, classes=names)

    for row in expected_values(frame, "hpc_cv_multiclass_predictions"):
        if row.metric == "roc_auc_hand_till":
            fold = (rows["resample"] == row.group.removeprefix("resample=")).to_numpy()
            found = classes.roc_auc_hand_till(label[fold], score[fold])
        else:
            measure = {
                "precision_macro": classes.precision_macro,
                "precision_micro": classes.accuracy,
            }[row.metric]
            found = measure(tally)
        assert found.value == pytest.approx(row.expected, abs=row.abs_tolerance)


def test_the_published_areas_of_california_are_reproduced(frame):
    housing = frame("california_housing_nannyml")
    for row in expected_values(frame, "california_housing_nannyml"):
        if row.metric != "roc_auc":
            continue
        kept = (housing["period"] == row.group.removeprefix("period=")).to_numpy()
        label = housing["clf_target"].to_numpy()[kept].astype(int)
        score = housing["y_pred_proba"].to_numpy()[kept]
        exact = counting.binary_tally(label, label, score, edges=np.unique(score))
        rough = counting.binary_tally(label, label, score, edges=counting.score_bins(score))
        assert scores.roc_auc(exact).value == pytest.approx(row.expected, abs=1e-12)
        found = scores.roc_auc(rough)
        assert abs(found.value - row.expected) <= (found.resolution or 0.0) + 1e-12


def test_the_published_errors_of_solubility_are_reproduced(frame):
    rows = frame("solubility_regression_predictions")
    tally = counting.error_tally(rows["solubility"], rows["prediction"])

    assert regression.rmse(tally).value == pytest.approx(0.7221, abs=5e-5)
    assert regression.mae(tally).value == pytest.approx(0.5451, abs=5e-5)
    assert regression.r2(tally).value == pytest.approx(0.8789, abs=5e-5)
