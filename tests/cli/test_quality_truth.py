"""What is known to be wrong with real files is found, in the right column and month."""

import json

import pyarrow.parquet as pq
import pytest
from files_command import DATA, needs_data

pytestmark = needs_data


@pytest.fixture
def expectations(tmp_path):
    def write(text):
        (tmp_path / "expect.yaml").write_text(text)
        return tmp_path / "expect.yaml"

    return write


def by_month(outcome, statistic, column):
    return {
        m["window"]["start"][:7]: m for m in outcome.found(statistic, column=column) if m["window"]
    }


def test_elec2_holds_three_columns_that_stood_still_for_17424_rows(command):
    outcome = command("quality", DATA / "elec2.parquet")

    stuck = {m["column"]: m for m in outcome.found("longest_run", state="breach")}
    assert set(stuck) == {"vicprice", "vicdemand", "transfer"}
    assert {m["value"] for m in stuck.values()} == {17_424}
    assert {m["reason"] for m in stuck.values()} == {"stuck at one value from row 1 to 17424"}


def test_elec2s_stuck_columns_show_from_the_first_window_to_april_1997(command):
    outcome = command(
        "quality", DATA / "elec2.parquet", "--timestamp", "timestamp", "--window", "1M"
    )

    for column in ("vicprice", "vicdemand", "transfer"):
        stuck = [m for m in by_month(outcome, "stuck_value", column).items() if m[1]["value"]]
        assert [month for month, _ in stuck] == [
            *(f"1996-{month:02d}" for month in range(5, 13)),
            *(f"1997-{month:02d}" for month in range(1, 5)),
        ]
        assert {m["state"] for _, m in stuck} == {"breach"}
    assert not [m for m in outcome.found("stuck_value", column="nswprice") if m["value"]]


def test_a_reference_that_is_stuck_itself_is_told_of(command, tmp_path):
    rows = pq.read_table(DATA / "elec2.parquet")
    early, late = tmp_path / "early.parquet", tmp_path / "late.parquet"
    pq.write_table(rows.slice(0, 10_000), early)
    pq.write_table(rows.slice(10_000, 5_000), late)

    outcome = command(
        *("quality", late, "--reference", early, "--timestamp", "timestamp", "--window", "1M")
    )
    command("quality", early, "--suggest", "--out", tmp_path / "suggested.yaml")

    told = outcome.found("stuck_value", column="vicprice")
    assert {(m["value"], m["state"]) for m in told} == {(1.0, "warning")}
    assert all(m["reason"].endswith("the reference holds one single value as well") for m in told)
    assert "# column vicprice is constant here" in (tmp_path / "suggested.yaml").read_text()


def test_the_taxis_vendors_go_missing_in_2020(command):
    file = DATA / "nyc_taxi_yellow_2018_2020.parquet"

    outcome = command("quality", file, "--timestamp", "pickup_datetime", "--window", "1M")

    vendor = by_month(outcome, "missing_share", "vendor_id")
    assert all(vendor[f"2018-{month:02d}"]["value"] == 0 for month in range(1, 13))
    assert all(vendor[f"2019-{month:02d}"]["value"] == 0 for month in range(1, 7))
    assert round(vendor["2020-04"]["value"], 3) == 0.080
    assert round(vendor["2020-05"]["value"], 3) == pytest.approx(0.168, abs=0.001)
    assert min(month for month, m in vendor.items() if m["state"] == "breach") == "2020-04"
    surcharge = by_month(outcome, "missing_share", "congestion_surcharge")
    assert surcharge["2018-12"]["value"] == 1
    assert round(surcharge["2019-01"]["value"], 3) == 0.633
    assert surcharge["2019-02"]["value"] == 0


def test_impossible_trips_are_counted(command, expectations):
    file = DATA / "nyc_taxi_yellow_2018_2020.parquet"
    rules = expectations(
        "columns:\n"
        "  fare_amount: {min: 0}\n"
        "  total_amount: {min: 0, severity: warn}\n"
        "rules: [dropoff_datetime >= pickup_datetime, trip_distance != 0]\n"
    )

    outcome = command("quality", file, "--expectations", rules, "--rows", "1")

    durations, distances = outcome.values("rule_broken_share")
    assert round(outcome.value("out_of_range_share", column="fare_amount") * 360_000) == 833
    assert (round(durations * 360_000), round(distances * 360_000)) == (136, 4_191)
    assert outcome.found("out_of_range_share", column="total_amount")[0]["state"] == "warning"
    assert "breaks range fare_amount: " in outcome.err


@pytest.mark.parametrize(("month", "strays"), [("2018-11", 3), ("2019-08", 1), ("2020-06", 0)])
def test_trips_outside_their_files_month_stand_alone_in_a_window(command, month, strays):
    outcome = command(
        *("quality", DATA / "nyc_taxi_yellow_2018_2020.parquet", "--timestamp", "pickup_datetime"),
        *("--window", "1M", "--where", f"source_file_month={month}"),
    )

    held = [m for m in outcome.found("volume_change") if m["n"]]
    others = [m for m in held if not m["window"]["start"].startswith(month)]
    assert sum(m["n"] for m in others) == strays
    assert len(held) == len(others) + 1


def test_the_bicycles_lack_165_hours(command, expectations):
    file = expectations("times: {column: timestamp, every: 1h, gaps_max: 0.001, max_age: 7d}")

    outcome = command(
        *("quality", DATA / "bike_sharing_hourly.parquet", "--expectations", file),
        *("--at", "2013-01-02"),
    )

    gaps, age = sorted(outcome.json["measurements"], key=lambda m: m["statistic"], reverse=True)
    assert (gaps["n"], gaps["state"]) == (17_544, "breach")
    assert gaps["value"] * gaps["n"] == pytest.approx(165)
    assert (age["value"], age["state"]) == (25.0, "ok")


def test_adults_missing_values_are_counted(command):
    outcome = command("quality", DATA / "adult.parquet")

    missing = {
        m["column"]: round(m["value"] * m["n"])
        for m in outcome.found("missing_share")
        if m["value"]
    }
    assert missing == {"workclass": 2_799, "occupation": 2_809, "native_country": 857}


@pytest.mark.parametrize("name", ["adult", "bike_sharing_hourly", "two_class_predictions"])
def test_rows_keep_what_they_suggest_themselves(command, tmp_path, name):
    data, file = DATA / f"{name}.parquet", tmp_path / "suggested.yaml"
    command("quality", data, "--suggest", "--out", file)

    outcome = command("quality", data, "--expectations", file, printed_as="junit")

    broken = [line for line in outcome.out.splitlines() if "<failure" in line or "<error" in line]
    assert (outcome.code, broken) == (0, [])
    assert json.loads(command("quality", data, "--expectations", file).out)["verdict"] != "breach"
