"""Drift between files: columns that fit, options that cannot be used, learned limits."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from lifecycle.errors import InvalidInput
from lifecycle.services.analysis.drift import DriftOptions, measure_drift


def drift(engine, before, after, **options):
    return measure_drift(engine, reference=before, current=after, options=DriftOptions(**options))


def test_drift_reports_its_progress_column_by_column(engine, source, people):
    rows, seen = source(**people), []
    measure_drift(
        engine,
        reference=rows,
        current=rows,
        options=DriftOptions(),
        progress=lambda done, total: seen.append((done, total)),
    )

    assert seen == [(i, 6) for i in range(1, 7)]


def test_columns_on_one_side_only_are_named(engine, source, people):
    before = source("before", x=people["s"], gone=people["y"])
    after = source("after", x=people["s"], new=people["y"])

    result = drift(engine, before, after)

    assert any("gone" in n for n in result.notices)
    assert any("new" in n for n in result.notices)
    assert {m.column for m in result.measurements} == {"x"}
    with pytest.raises(InvalidInput, match="'gone'"):
        drift(engine, before, after, columns=("gone",))


def test_files_without_a_common_feature_are_refused(engine, source):
    before, after = source("before", a=[1.0]), source("after", b=[1.0])
    with pytest.raises(InvalidInput, match="share no column"):
        drift(engine, before, after)


def test_a_column_of_times_cannot_be_asked_for(engine, source):
    rows = source(at=pa.array([1], pa.timestamp("us")), id=[1])
    with pytest.raises(InvalidInput, match="holds times"):
        drift(engine, rows, rows, columns=("at",))


def test_a_statistic_for_the_other_kind_leaves_a_notice(engine, source, people):
    rows = source(**people)

    result = drift(engine, rows, rows, statistics=("ks",))

    assert any("column sex holds categories" in n for n in result.notices)


def test_numbers_named_categorical_are_compared_as_categories(engine, source, people):
    rows = source(**people)

    result = drift(engine, rows, rows, columns=("y",), categorical=("y",), exclude=("sex",))

    assert {m.statistic for m in result.measurements} == {
        "chi_squared",
        "psi",
        "jensen_shannon",
        "total_variation",
    }


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"alert_on": "mean+3sd"}, "--timestamp"),
        ({"alert_on": "null"}, "--timestamp"),
        ({"alert_on": "median", "timestamp": "at"}, "mean\\+3sd"),
        ({"bins": 5}, "at least 10"),
        ({"alpha": 1.5}, "alpha"),
    ],
)
def test_options_that_cannot_be_used_are_named(engine, source, options, said):
    rows = source(at=pa.array([1, 2], pa.timestamp("us")), x=[1.0, 2.0])
    with pytest.raises(InvalidInput, match=said):
        drift(engine, rows, rows, **options)


def test_limits_are_learned_from_the_references_own_windows(engine, source):
    rng = np.random.default_rng(9)
    hours = np.arange(2_400).astype("timedelta64[h]")
    before = source(
        "before", at=np.datetime64("2024-01-01", "us") + hours, x=rng.normal(size=2_400)
    )
    moved = rng.normal(size=2_400) + np.repeat([0.0, 3.0], 1_200)
    after = source("after", at=np.datetime64("2024-06-01", "us") + hours, x=moved)

    result = drift(
        engine, before, after, statistics=("ks",), timestamp="at", window="10d", alert_on="mean+3sd"
    )

    own = np.array([m.value for m in result.reference_windows], float)
    (limit,) = {m.limit for m in result.measurements}
    assert limit == pytest.approx(np.mean(own) + 3 * np.std(own))
    late = [m.state for m in result.measurements if m.window and m.window.start.month >= 8]
    assert set(late[:-1]) == {"breach"}
    few = drift(
        engine, before, after, statistics=("ks",), timestamp="at", window="1M", alert_on="mean+3sd"
    )
    assert any("only 4 reference windows" in n for n in few.notices)
    with pytest.raises(InvalidInput, match="at least two windows"):
        drift(
            engine, before, after, statistics=("ks",), timestamp="at", window="1Y",
            alert_on="mean+3sd",
        )  # fmt: skip


@pytest.mark.parametrize("rule", ["mean+3sd", "null"])
def test_a_limit_by_hand_holds_beside_learned_ones(engine, source, rule):
    rng = np.random.default_rng(9)
    hours = np.arange(2_400).astype("timedelta64[h]")
    before, after = (
        source(name, at=np.datetime64(day, "us") + hours, x=rng.normal(size=2_400))
        for name, day in (("before", "2024-01-01"), ("after", "2024-06-01"))
    )
    given: Any = {"timestamp": "at", "window": "10d", "alert_on": rule}

    result = drift(engine, before, after, statistics=("ks", "psi"), limits={"ks": 0.99}, **given)

    measured = (*result.measurements, *result.reference_windows)
    limits = {name: {m.limit for m in measured if m.statistic == name} for name in ("ks", "psi")}
    assert limits["ks"] == {0.99}
    (learned,) = limits["psi"]
    assert learned not in {0.1, 0.2, 0.25}, "the house's"


def test_days_without_rows_between_others_are_named(engine, source):
    days = np.array(["2024-05-01", "2024-05-02", "2024-05-05"], "datetime64[us]")
    rows = source(at=np.repeat(days, 300), x=np.arange(900.0))

    result = drift(engine, rows, rows, timestamp="at", window="1d")
    whole = drift(engine, rows, rows, timestamp="at", window="1M")

    assert result.notices[-1] == (
        "no rows from 2024-05-03 00:00 to 2024-05-05 00:00: there is nothing to judge then"
    )
    assert not any("no rows" in notice for notice in whole.notices)
