"""The published numbers for real data, through the JSON that programs read."""

import functools
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from files_command import DATA, Command, needs_data

pytestmark = needs_data

CALIFORNIA = DATA / "california_housing_nannyml.parquet"
SIDES = ("--reference-where", "period=reference", "--current-where", "period=analysis")
MONTHLY = ("--timestamp", "timestamp", "--window", "1M")

COMMANDS = {
    "adult": "fairness --target=class --prediction=pred_tree --sensitive=sex --positive=>50K",
    "two_class_predictions": (
        "performance --target=truth --prediction=predicted --score=Class1 --positive=Class1"
    ),
    "hpc_cv_multiclass_predictions": (
        "performance --target=obs --prediction=pred --segment=resample "
        "--score=VF=prob_VF --score=F=prob_F --score=M=prob_M --score=L=prob_L"
    ),
    "california_housing_nannyml": (
        "performance --target=clf_target --score=y_pred_proba --segment=period"
    ),
}
ELSEWHERE = {
    "count": "n of the group's accuracy",
    "mean monthly KS statistic over all 20 chunks (reference + analysis)": "test below",
    "number of KS alerts (mean +/- 3 std of reference chunks)": "test below",
    "CBPE estimated roc_auc": "tests of the estimate command",
    "accuracy of the no-change (previous label) predictor": "test below",
}


@pytest.fixture
def command(capsys):
    return Command(capsys)


@functools.cache
def golden(name):
    return pq.read_table(DATA / f"golden_{name}_expected.parquet").to_pylist()


@functools.cache
def golden_inputs(case):
    rows = pq.read_table(DATA / "golden_drift_inputs.parquet", filters=[("case_id", "=", case)])
    return rows.rename_columns({"value_num": "number", "value_cat": "category"})


@pytest.fixture
def drift_case(command, tmp_path):
    """Run an exact drift of one golden case, as numbers or as categories."""

    def run(case, statistic, *, column, as_categories=False):
        file = tmp_path / f"{case}.parquet"
        pq.write_table(golden_inputs(case), file)
        result = command(
            *("drift", file, file, "--reference-where", "side=reference"),
            *("--current-where", "side=current", "--columns", column),
            *("--categorical", column) * as_categories,
            *("--statistic", statistic, "--exact"),
        )
        return result.found(statistic)[0]

    return run


@pytest.mark.parametrize("dataset", COMMANDS)
def test_published_performance_and_fairness_numbers_are_reproduced(command, dataset):
    name, *options = COMMANDS[dataset].split()
    result = command(name, DATA / f"{dataset}.parquet", *options)
    rows = [r for r in golden("performance") if r["dataset"] == dataset]

    checked = 0
    for row in rows:
        if row["metric"] in ELSEWHERE:
            continue
        group = row["group"]
        slice_ = {} if group == "all" else dict([group.split("=")])
        value = result.value(row["metric"], slice=slice_)
        assert value == pytest.approx(row["expected"], abs=row["abs_tolerance"]), row
        checked += 1

    assert checked == sum(r["metric"] not in ELSEWHERE for r in rows) > 0


def test_adult_rates_are_fairlearns_and_every_measurement_carries_its_rows(command):
    result = command("fairness", DATA / "adult.parquet", *COMMANDS["adult"].split()[1:])

    assert result.code == 0
    assert result.value("accuracy", slice={}) == pytest.approx(0.8443552680070431, abs=1e-12)
    (female,) = result.found("accuracy", slice={"sex": "Female"})
    (male,) = result.found("accuracy", slice={"sex": "Male"})
    assert (female["n"], male["n"]) == (16192, 32650)


def test_every_golden_metric_is_measured_or_has_a_reason_not_to_be():
    supported = {"accuracy", "cohen_kappa", "roc_auc", "selection_rate", "precision_macro"}
    supported |= {"precision_micro", "roc_auc_hand_till"}

    assert {r["metric"] for r in golden("performance")} <= supported | set(ELSEWHERE)


def test_the_previous_label_predicts_elec2_as_published(command, tmp_path):
    labels = pq.read_table(DATA / "elec2.parquet", columns=["class"])["class"]
    file = tmp_path / "previous.parquet"
    pq.write_table(pa.table({"class": labels[1:], "previous": labels[:-1]}), file)

    result = command(
        "performance", file, "--target=class", "--prediction=previous", "--positive=UP"
    )

    assert result.value("accuracy") == pytest.approx(0.853, abs=5e-4)


def test_california_alerts_are_nannymls(command):
    result = command(
        *("drift", CALIFORNIA, CALIFORNIA, *SIDES, *MONTHLY),
        *("--statistic", "ks", "--alert-on", "mean+3sd", "--exact"),
    )

    alerts = {
        column: sum(m["state"] == "breach" for m in result.found("ks", column=column))
        for column in {m["column"] for m in result.json["measurements"]}
    }
    assert {c for c, n in alerts.items() if n} <= {"Longitude", "Latitude", *OUTPUTS}
    assert (alerts["Longitude"], alerts["Latitude"], alerts["Population"]) == (3, 1, 0)
    assert result.code == 1


OUTPUTS = ("clf_target", "y_pred_proba", "y_pred")
"""Not features: NannyML's notebook does not test them."""


def test_california_limits_and_monthly_distances_are_nannymls(command):
    result = command(
        *("drift", CALIFORNIA, CALIFORNIA, *SIDES, *MONTHLY),
        *("--statistic", "ks", "--alert-on", "mean+3sd", "--exact"),
    )
    ours = {(m["column"], m["window"]["start"][:7]): m for m in result.json["measurements"]}
    rows = pq.read_table(DATA / "golden_nannyml_california_housing.parquet").to_pylist()

    compared = 0
    for row in rows:
        if row["metric"] != "ks_statistic" or row["period"] != "analysis" or row["column"] == "id":
            continue
        measured = ours[row["column"], row["chunk_key"]]
        assert measured["value"] == pytest.approx(row["value"], abs=1e-9)
        assert min(measured["limit"], 1) == pytest.approx(row["upper_threshold"], abs=1e-9)
        compared += 1
    assert compared == 8 * 12


def test_mean_monthly_distances_over_reference_and_analysis_are_nannymls(command):
    result = command(
        *("drift", CALIFORNIA, CALIFORNIA, "--reference-where", "period=reference"),
        *(*MONTHLY, "--statistic", "ks", "--exact"),
    )

    for row in golden("performance"):
        if row["metric"].startswith("mean monthly KS"):
            values = result.values("ks", column=row["group"])
            assert len(values) == 20
            assert np.mean(values) == pytest.approx(row["expected"], abs=row["abs_tolerance"])


def test_binned_distances_lie_within_their_stated_resolution(command):
    arguments = ("drift", CALIFORNIA, CALIFORNIA, *SIDES, "--statistic", "ks")
    exact, binned = command(*arguments, "--exact"), command(*arguments)

    for measured in binned.json["measurements"]:
        true = exact.value("ks", column=measured["column"])
        assert abs(measured["value"] - true) <= (measured["resolution"] or 0) + 1e-12


NOT_OURS = {
    "chi_square_pvalue (current counts vs reference proportions)": "a one-sample test",
    "jensen_shannon_distance_base2_doane_bins": "bins by Doane's rule; ours are deciles",
    "hellinger_distance_doane_bins": "bins by Doane's rule; ours are deciles",
    "l_infinity_distance": "no statistic of ours",
    "cramer_von_mises": "no statistic of ours",
    "mann_whitney": "no statistic of ours",
    "epps_singleton": "no statistic of ours",
    "anderson_darling": "no statistic of ours",
    "student_t": "no statistic of ours",
    "welch_t": "no statistic of ours",
    "energy_distance": "no statistic of ours",
    "g_test": "no statistic of ours",
    "fisher_exact": "no statistic of ours",
    "bocd": "a detector on a stream",
    "cusum": "a detector on a stream",
    "gma": "a detector on a stream",
    "page_hinkley": "a detector on a stream",
}
COMPARED = [
    ("fr_univ", "wasserstein_distance (EMD)", "wasserstein_raw", "number"),
    ("nml_norm_shift1", "wasserstein_distance", "wasserstein_raw", "number"),
    ("fr_cat", "chi2_contingency_statistic", "chi_squared", "category"),
    ("ev_cat6", "hellinger_distance", "hellinger", "category"),
    ("nml_cat", "jensen_shannon_distance_base2", "jensen_shannon", "category"),
    ("nml_cat", "hellinger_distance", "hellinger", "category"),
    ("nml_quasi", "jensen_shannon_distance_base2_distinct_values", "jensen_shannon", "number"),
    ("nml_quasi", "hellinger_distance_distinct_values", "hellinger", "number"),
]
IN_OWN_TESTS = {"chi2_contingency_pvalue", "ks_statistic"}


def test_every_golden_drift_row_is_compared_or_has_a_reason_not_to_be():
    compared = {(case, metric) for case, metric, *_ in COMPARED}

    left = [
        row["metric"]
        for row in golden("drift")
        if (row["case_id"], row["metric"]) not in compared
        and row["metric"] not in IN_OWN_TESTS
        and not row["metric"].startswith(tuple(NOT_OURS))
    ]

    assert left == []


@pytest.mark.parametrize(("case", "metric", "statistic", "column"), COMPARED)
def test_peers_drift_numbers_are_reproduced(drift_case, case, metric, statistic, column):
    (row,) = [r for r in golden("drift") if r["case_id"] == case and r["metric"] == metric]

    measured = drift_case(case, statistic, column=column, as_categories="distinct_values" in metric)

    assert measured["value"] == pytest.approx(row["expected"], abs=max(row["abs_tolerance"], 1e-6))
    if row["recomputed"] is not None:
        assert measured["value"] == pytest.approx(row["recomputed"], abs=1e-6)


def test_the_contingency_p_value_is_frouros(drift_case):
    (row,) = [r for r in golden("drift") if r["metric"] == "chi2_contingency_pvalue"]

    measured = drift_case("fr_cat", "chi_squared", column="category")

    assert measured["p_value"] == pytest.approx(row["expected"], abs=1e-6)


def test_few_golden_rows_have_a_value_but_are_not_judged(drift_case):
    measured = drift_case("fr_cat", "chi_squared", column="category")

    assert measured["state"] == "insufficient"
    assert "at least" in measured["reason"]


def test_the_distance_of_elec2s_halves_is_frouros(command, tmp_path):
    """The golden value is of the dates cast to float16, as its params column says."""
    (row,) = [r for r in golden("drift") if r["metric"] == "ks_statistic"]
    dates = pq.read_table(DATA / "elec2.parquet", columns=["date_raw"])["date_raw"].to_numpy()
    rounded = dates.astype(np.float16).astype(np.float64)
    for name, part in (("reference", rounded[:22656]), ("current", rounded[22656:])):
        pq.write_table(pa.table({"date": part}), tmp_path / f"{name}.parquet")

    result = command(
        *("drift", tmp_path / "reference.parquet", tmp_path / "current.parquet"),
        *("--statistic", "ks", "--exact"),
    )

    assert result.value("ks") == pytest.approx(row["expected"], abs=row["abs_tolerance"])


def test_elec2s_stuck_columns_are_found_with_their_rows(command):
    result = command("quality", DATA / "elec2.parquet")

    stuck = {m["column"]: m for m in result.found("longest_run", state="breach")}
    assert set(stuck) == {"vicprice", "vicdemand", "transfer"}
    assert {m["value"] for m in stuck.values()} == {17424.0}
    assert "from row 1 to 17424" in stuck["vicprice"]["reason"]


def test_adults_missing_shares_are_the_known_ones(command):
    result = command("quality", DATA / "adult.parquet")

    rows = result.json["inputs"]["data"]["rows"]
    for column, missing in {"workclass": 2799, "occupation": 2809, "native_country": 857}.items():
        assert result.value("missing_share", column=column) * rows == pytest.approx(missing)


def test_input_hashes_are_those_of_the_published_checksums(command):
    sums = dict(line.split()[::-1] for line in (DATA / "SHA256SUMS").read_text().splitlines())

    result = command("quality", DATA / "elec2.parquet")

    assert result.json["inputs"]["data"]["sha256"] in {
        digest for name, digest in sums.items() if Path(name).name == "elec2.parquet"
    }
