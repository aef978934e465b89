"""Quality checks find what was put into the rows, and say where."""

from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lifecycle.domain.expectation import Check, Expectation, Severity
from lifecycle.engines import choose
from lifecycle.engines.checking import longest_run
from lifecycle.services.analysis.quality import QualityOptions, measure_quality


@pytest.fixture(scope="module")
def engine():
    with choose("duckdb") as opened:
        yield opened


@pytest.fixture
def source(engine, tmp_path):
    def write(name="rows", **columns):
        file = tmp_path / f"{name}.parquet"
        pq.write_table(pa.table(columns), file)
        return engine.open(str(file))

    return write


NOW = datetime(2026, 3, 1, tzinfo=UTC)


def check(engine, source, reference=None, **options):
    return measure_quality(
        engine, source=source, options=QualityOptions(at=NOW, **options), reference=reference
    )


def found(result, statistic, column=None):
    (measured,) = [
        m for m in result.measurements if m.statistic == statistic and m.column == column
    ]
    return measured


@pytest.mark.parametrize(
    ("values", "expected"),
    [([], (0, 0)), ([1.0], (1, 1)), ([1, 2, 2, 2, 3], (3, 2)), ([np.nan, np.nan, 1], (1, 1))],
)
def test_the_longest_run_is_found_with_its_row(values, expected):
    assert longest_run(np.array(values, float)) == expected


def test_a_sensor_that_sticks_is_a_breach_and_common_values_are_not(engine, source):
    rng = np.random.default_rng(3)
    sensor = rng.normal(size=2_000)
    sensor[700:1_000] = 4.5
    zeros = np.where(rng.random(2_000) < 0.9, 0.0, rng.normal(size=2_000))
    rising = np.sort(rng.integers(0, 4, 2_000)).astype(float)

    result = check(engine, source(sensor=sensor, zeros=zeros, rising=rising))

    stuck = found(result, "longest_run", "sensor")
    assert (stuck.state, stuck.value) == ("breach", 300)
    assert "from row 701 to 1000" in (stuck.reason or "")
    assert found(result, "longest_run", "zeros").state == "ok"
    assert found(result, "longest_run", "rising").state == "ok"


def test_repeated_rows_are_a_warning_with_the_first_of_them(engine, source):
    result = check(engine, source(x=[1, 2, 1, 3], g=["a", "b", "a", None]))

    repeated = found(result, "duplicate_rows")
    assert (repeated.state, repeated.value) == ("warning", 0.25)
    assert "first in row 3" in (repeated.reason or "")


def test_a_named_id_may_not_repeat_and_missing_ids_repeat_nothing(engine, source):
    rows = source(key=["a", "b", None, None], other=["c", "c", "c", "d"])

    result = check(engine, rows, ids=("key", "other"))

    assert found(result, "duplicate_ids", "key").state == "ok"
    assert found(result, "duplicate_ids", "other").value == 0.5


def test_a_reference_fixes_schema_ranges_categories_and_missing_shares(engine, source):
    before = source(
        "before", x=[float(i) for i in range(100)], g=["a", "b"] * 50, gone=[1] * 100, t=["1"] * 100
    )
    after = source(
        "after",
        x=[*map(float, range(95)), 200.0, 201.0, None, None, None],
        g=["a"] * 99 + ["new"],
        t=list(range(100)),
        extra=[1] * 100,
    )

    result = check(engine, after, before)

    outside = found(result, "out_of_range_share", "x")
    unseen = found(result, "unseen_category_share", "g")
    assert (outside.value, outside.state) == (0.02, "breach")
    assert "0 to 99" in (outside.reason or "")
    assert "first row 96" in (outside.reason or "")
    assert (unseen.value, unseen.state) == (0.01, "breach")
    assert found(result, "missing_share_rise", "x").value == pytest.approx(0.03)
    assert found(result, "missing_share_rise", "x").state == "ok"
    assert found(result, "column_missing", "gone").state == "breach"
    assert found(result, "type_mismatch_share", "t").state == "warning"
    assert "extra" in result.notices[0]


def test_a_share_that_jumps_to_missing_is_a_breach(engine, source):
    before = source("before", x=[1.0] * 100)
    after = source("after", x=[1.0] * 90 + [None] * 10)

    assert found(check(engine, after, before), "missing_share_rise", "x").state == "breach"


def test_without_windows_or_expectations_no_time_is_needed(engine, source):
    assert check(engine, source(x=[1.5, 2.5, 4.0])).settings["window"] is None


def test_a_window_is_judged_by_the_whole_and_an_empty_stretch_is_named(engine, source):
    days = [1] * 100 + [2] * 100 + [5] * 100
    at = [datetime(2026, 1, day, tzinfo=UTC) for day in days]
    x = [float(i % 7) for i in range(100)] * 2 + [None] * 60 + [1.0] * 40

    result = check(engine, source(at=at, x=x), timestamp="at", window="1d")

    volumes = [m for m in result.measurements if m.statistic == "volume_change"]
    assert [m.value for m in volumes] == [0, 0, -1, 0]
    gap = volumes[2]
    assert gap.state == "breach"
    assert gap.window is not None
    assert (gap.window.start.day, gap.window.end.day) == (3, 5)
    shares = [m for m in result.measurements if m.statistic == "missing_share" and m.window]
    assert [(m.value, m.state) for m in shares] == [(0, "ok"), (0, "ok"), (0.6, "breach")]
    stuck = [m for m in result.measurements if m.statistic == "stuck_value"]
    assert [m.state for m in stuck] == ["ok", "ok", "breach"]


@pytest.mark.parametrize("kind", [pa.timestamp("us", tz="UTC"), pa.string()])
def test_a_reference_without_times_tells_no_usual_number_of_rows(engine, source, kind):
    at = [datetime(2026, 1, day, tzinfo=UTC) for day in (1, 1, 3)]
    before = source("before", at=pa.array([None] * 3, kind), x=[1.0, 2.0, 3.0])

    result = check(engine, source(at=at, x=[1.0, 2.0, 3.0]), before, timestamp="at", window="1d")

    volumes = [m for m in result.measurements if m.statistic == "volume_change"]
    assert [(m.value, m.state) for m in volumes] == [(None, "insufficient")] * 3
    assert volumes[0].reason == "no usual number of rows is known"


def test_windows_of_few_rows_are_insufficient_for_a_tolerated_share(engine, source):
    at = [datetime(2026, 1, 1 + (i >= 40), tzinfo=UTC) for i in range(50)]
    expected = [Expectation(Check.MISSING, "x", limit=0.1)]

    result = check(
        engine,
        source(at=at, x=[1.0] * 36 + [None] * 14),
        expectations=expected,
        timestamp="at",
        window="1d",
    )

    assert [(m.n, m.state) for m in result.measurements] == [(40, "ok"), (10, "insufficient")]
    assert "at least 30" in (result.measurements[1].reason or "")


def test_against_a_reference_windows_have_a_range_and_a_set(engine, source):
    before = source("before", x=[float(i) for i in range(50)] * 2, g=["a", "b"] * 50)
    at = [datetime(2026, 1, 1 + (i >= 50), tzinfo=UTC) for i in range(100)]
    after = source(
        "after", at=at, x=[1.0, 2.0] * 25 + [99.0] * 10 + [1.0] * 40, g=["a"] * 95 + ["c"] * 5
    )

    result = check(engine, after, before, timestamp="at", window="1d")

    def windows(statistic):
        return [
            m.value
            for m in result.measurements
            if m.statistic == statistic and m.window is not None
        ]

    assert windows("out_of_range_share") == [0, 0.2]
    assert windows("unseen_category_share") == [0, 0.1]


def test_severity_decides_the_state_of_what_is_found(engine, source):
    rows = source(x=[1, 2, 300])
    found = [
        check(
            engine, rows, expectations=[Expectation(Check.RANGE, "x", high=9, severity=severity)]
        ).measurements[0]
        for severity in Severity
    ]

    assert [m.state for m in found] == ["breach", "warning", "ok"]
    assert {m.reason for m in found} == {
        "1 rows lie outside -inf to 9, first row 3; most often '300' (1)"
    }
