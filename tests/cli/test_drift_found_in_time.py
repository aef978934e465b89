"""Known breaks of New York taxi trips are found in the month they happened and in none before."""

import functools
from pathlib import Path

import pytest
from files_command import DATA, Command, needs_data

pytestmark = needs_data

TAXI = DATA / "nyc_taxi_yellow_2018_2020.parquet"


@pytest.fixture
def command(capsys):
    return Command(capsys)


def months(year, first, last):
    return [f"{year}-{month:02d}" for month in range(first, last + 1)]


def by_month(command, *, reference, current, column, statistics=()):
    """Return the state of each statistic and month; a few trips lie in months of no file."""
    result = command(
        *("drift", Path(TAXI), TAXI, "--timestamp", "pickup_datetime", "--window", "1M"),
        *(f"--reference-where=source_file_month={month}" for month in reference),
        *(f"--current-where=source_file_month={month}" for month in current),
        *("--columns", column, *(f"--statistic={name}" for name in statistics)),
    )
    return {
        (m["statistic"], m["window"]["start"][:7]): m
        for m in result.json["measurements"]
        if m["n"] > 1000
    }


def breached(found, statistic):
    return [
        month for (name, month), m in found.items() if name == statistic and m["state"] == "breach"
    ]


@pytest.mark.parametrize("statistic", ["ks", "psi", "jensen_shannon"])
def test_the_congestion_surcharge_is_found_in_february_2019(command, statistic):
    found = by_month(
        command,
        reference=months(2018, 9, 12),
        current=months(2019, 1, 4),
        column="total_amount",
        statistics=(statistic,),
    )

    assert breached(found, statistic) == ["2019-02", "2019-03", "2019-04"]


@pytest.mark.parametrize("statistic", ["psi", "jensen_shannon", "total_variation"])
def test_fewer_cards_are_found_in_april_2020(command, statistic):
    find = functools.partial(by_month, command, column="payment_type", statistics=(statistic,))

    found = find(reference=months(2019, 8, 12), current=months(2020, 1, 5))

    assert breached(found, statistic) == ["2020-04", "2020-05"]


def test_one_absurd_fare_moves_no_statistic_but_the_one_that_adds_up_distances(command):
    found = by_month(
        command,
        reference=months(2018, 3, 6),
        current=months(2018, 8, 8),
        column="fare_amount",
        statistics=("ks", "psi", "jensen_shannon", "hellinger", "wasserstein"),
    )

    robust = {name: m for (name, _), m in found.items() if name != "wasserstein"}
    assert {m["state"] for m in robust.values()} == {"ok"}
    assert all(m["value"] < 0.03 for m in robust.values())
    absurd = found["wasserstein", "2018-08"]
    assert absurd["value"] > 1
    assert absurd["state"] == "warning"
