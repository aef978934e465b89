"""The performance command says when errors changed their level: planted, published and refused."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from files_command import DATA, Command, needs_data

START = datetime(2026, 1, 1, tzinfo=UTC)
ROLES = ("--target=label", "--prediction=answer", "--positive=yes")
IN_TIME = ("--timestamp=at", "--window=1w", "--changes")


@pytest.fixture
def command(capsys):
    return Command(capsys)


@pytest.fixture
def worsening(tmp_path):
    """Write decisions coded 0 and 1, wrong in 10 % of rows and from the middle on in 35 %."""
    rng = np.random.default_rng(1)
    n = 6000
    wrong = rng.random(n) < np.where(np.arange(n) < n // 2, 0.1, 0.35)
    good = rng.random(n) < 0.5
    rows = {
        "at": [START + timedelta(minutes=i) for i in range(n)],
        "label": np.where(good, "yes", "no"),
        "answer": np.where(wrong, ~good, good).astype(int),
    }
    file = tmp_path / "scored.parquet"
    pq.write_table(pa.table(rows), file)
    return file, wrong


def test_a_planted_change_is_told_with_its_time_and_both_levels(command, worsening):
    file, wrong = worsening

    result = command("performance", file, *ROLES, *IN_TIME)

    found = result.json["change_points"]
    assert (found["n"], found["left_out"], found["reason"]) == (6000, 0, None)
    assert found["mean_error"] == pytest.approx(wrong.mean())
    assert {c["detector"] for c in found["changes"]} == {"adwin", "page_hinkley", "cusum"}
    for change in found["changes"]:
        assert 3000 <= change["row"] < 3400
        assert datetime.fromisoformat(change["at"]) == START + timedelta(minutes=change["row"])
        assert change["before"] < 0.2 < change["after"]
    assert "UTC: the mean error rose from 0.1" in result.err


def test_without_the_option_nothing_is_said_of_changes(command, worsening):
    assert "change_points" not in command("performance", worsening[0], *ROLES).json


def test_changes_need_a_time_and_a_prediction(command, worsening):
    file, _ = worsening

    assert command("performance", file, *ROLES, "--changes").code == 2
    scored = command(
        "performance", file, "--target=label", "--positive=yes", "--score=answer", *IN_TIME
    )
    assert "give --timestamp and --prediction" in scored.err


def test_too_few_rows_are_said_and_keep_no_other_number_back(command, worsening, tmp_path):
    few = tmp_path / "few.parquet"
    pq.write_table(pq.read_table(worsening[0])[:300], few)

    result = command("performance", few, *ROLES, *IN_TIME)

    assert result.json["change_points"]["changes"] == []
    assert "at least 1000 are needed" in result.json["change_points"]["reason"]
    assert result.values("accuracy")


@needs_data
def test_the_previous_label_of_elec2_errs_in_147_rows_of_a_thousand(command, tmp_path):
    """The published accuracy of that answer is 85.3 %."""
    labels = pq.read_table(DATA / "elec2.parquet", columns=["class"])["class"]
    n = len(labels) - 1
    rows = {
        "label": labels[1:],
        "answer": labels[:-1],
        "at": [START + timedelta(minutes=30 * i) for i in range(n)],
    }
    file = tmp_path / "previous.parquet"
    pq.write_table(pa.table(rows), file)

    roles = ("--target=label", "--prediction=answer", "--positive=UP", "--timestamp=at")
    found = command("performance", file, *roles, "--window=1M", "--changes").json["change_points"]

    assert found["n"] == n
    assert found["mean_error"] == pytest.approx(1 - 0.853, abs=5e-4)
    assert found["changes"]
