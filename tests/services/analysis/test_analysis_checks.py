"""Every kind of expectation finds what was put into the rows; hand counts."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from scipy.stats import binomtest

from lifecycle.domain.expectation import Check, Expectation
from lifecycle.engines import choose
from lifecycle.engines.windows import Windowing, parse_width
from lifecycle.services.analysis.checks import Checking, measure
from lifecycle.services.analysis.quality import failing_rows

NOW = datetime(2026, 3, 1, tzinfo=UTC)
START = datetime(2026, 1, 1, tzinfo=UTC)


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


@pytest.fixture
def check(engine, source):
    def measured(expected, *, reference=None, **columns):
        run = Checking(engine, source(**columns), NOW, reference)
        (found,) = measure(run, [expected])
        return found

    return measured


@pytest.mark.parametrize(
    ("expected", "share"),
    [
        (Expectation(Check.RANGE, "age", low=0, high=120), 2 / 4),
        (Expectation(Check.RANGE, "age", low=0), 1 / 4),
        (Expectation(Check.SET, "sex", values=("F", "M")), 1 / 4),
        (Expectation(Check.PATTERN, "code", text="[A-Z]+[0-9]"), 1 / 4),
        (Expectation(Check.TYPE, "text", text="integer"), 2 / 4),
        (Expectation(Check.TYPE, "id", text="number"), 0),
        (Expectation(Check.RANGE, "id", low=0), 0),
        (Expectation(Check.UNIQUE, "id"), 1 / 4),
        (Expectation(Check.UNIQUE, values=("id", "sex")), 0),
        (Expectation(Check.MISSING, "age", limit=0.1), 1 / 4),
        (Expectation(Check.FINITE, "load"), 1 / 4),
        (Expectation(Check.DUPLICATES), 0),
        (Expectation(Check.RULE, text="age <= 2 * load + 100"), 1 / 2),
    ],
)
def test_a_share_of_rows_breaks_an_expectation(check, expected, share):
    found = check(
        expected,
        age=[20.0, 130.0, None, -1.0],
        sex=["F", "M", "X", "F"],
        code=["AB1", "ab1", "AB2", None],
        text=["1", "2", "1.5", "x"],
        id=[1, 1, 2, 3],
        load=[1.0, 2.0, float("inf"), float("nan")],
    )

    assert found.value == pytest.approx(share)
    assert found.state == ("ok" if found.value <= expected.limit else "breach")
    assert found.statistic == expected.statistic
    wilson = binomtest(round(share * found.n), found.n).proportion_ci(method="wilson")
    assert found.interval == pytest.approx((wilson.low, wilson.high), abs=1e-9)
    assert (found.reason is None) == (share == 0)


def test_a_rule_is_told_only_of_rows_that_hold_what_it_names(check):
    found = check(
        Expectation(Check.RULE, text="a <= b"), a=[1, 2, None, 4], b=[1.0, 1.0, 1.0, None]
    )

    assert (found.value, found.n) == (0.5, 2)
    assert found.reason == "1 rows break a <= b, first row 2"


def test_a_rule_no_row_can_tell_is_insufficient(check):
    found = check(Expectation(Check.RULE, text="a <= b"), a=[1], b=pa.array([None], pa.int64()))

    assert (found.value, found.state) == (None, "insufficient")


def test_times_in_rules_count_in_seconds_and_compare_with_texts(check):
    at = pa.array([START, START + timedelta(minutes=2)])
    columns = {"left": pa.array([START, START]), "arrived": at}

    assert check(Expectation(Check.RULE, text="arrived - left <= 60"), **columns).value == 0.5
    assert check(Expectation(Check.RULE, text="arrived > '2026-01-01'"), **columns).value == 0.5
    assert check(Expectation(Check.RULE, text="arrived >= left + 0"), **columns).value == 0


def test_a_run_of_one_value_is_stuck_beyond_its_limit(check):
    x = np.arange(100.0)
    x[10:40] = 3.5

    found = check(Expectation(Check.STUCK, "x", limit=20), x=x)

    assert (found.value, found.state, found.unit) == (30, "breach", "rows")
    assert found.reason == "holds one value from row 11 to 40"
    assert check(Expectation(Check.STUCK, "x", limit=30), x=x).state == "ok"
    assert check(Expectation(Check.STUCK, "x", limit=3), x=["a"]).state == "error"


def test_the_number_of_rows_has_two_bounds(check):
    def volume(low, high):
        found = check(Expectation(Check.VOLUME, low=low, high=high), x=[1, 2, 3])
        return found.state, found.reason

    assert volume(3, 3) == ("ok", None)
    assert volume(4, None) == ("breach", "3 rows, fewer than 4")
    assert volume(None, 2) == ("breach", "3 rows, more than 2")


def test_a_stretch_without_rows_has_too_few_of_them(engine, source):
    days = pa.array([START + timedelta(days=d) for d in [0] * 3 + [1] * 3 + [4] * 3])
    expected = [Expectation(Check.VOLUME, low=3)]

    found = measure(
        Checking(engine, source(at=days), NOW, windowing=Windowing("at", parse_width("1d"))),
        expected,
    )

    assert [(m.value, m.state) for m in found] == [(3, "ok"), (3, "ok"), (0, "breach"), (3, "ok")]
    empty = found[2]
    assert empty.window is not None
    assert (empty.window.start.day, empty.window.end.day) == (3, 5)
    assert empty.reason == "0 rows, fewer than 3"


def test_columns_that_came_and_went_are_named(check):
    found = check(Expectation(Check.SCHEMA, values=("a", "b")), a=[1], c=[2])

    assert (found.value, found.state) == (2, "breach")
    assert found.reason == "gone: b; new: c"
    assert check(Expectation(Check.SCHEMA, values=("a",)), a=[1]).state == "ok"


@pytest.mark.parametrize(
    ("newest", "state", "said"),
    [
        (NOW - timedelta(hours=30), "breach", "older than 1d"),
        (NOW - timedelta(hours=3), "ok", ""),
        (NOW + timedelta(hours=1), "breach", "in the future"),
    ],
)
def test_the_newest_row_has_an_age(check, newest, state, said):
    expected = Expectation(Check.FRESH, "at", limit=24, text="1d")

    found = check(expected, at=pa.array([START, newest]))

    assert (found.value, found.unit) == ((NOW - newest).total_seconds() / 3600, "hours")
    assert found.state == state
    assert said in (found.reason or "")


def test_periods_without_rows_are_counted(check):
    hours = [0, 1, 2, 5, 6, 9]
    at = pa.array([START + timedelta(hours=h) for h in hours])

    found = check(Expectation(Check.GAPS, "at", limit=0.3, text="1h"), at=at)

    assert (found.value, found.n, found.state) == (0.4, 10, "breach")
    assert found.reason == "4 of 10 periods of 1h hold no row, first 2026-01-01 03:00 UTC"


def test_months_without_rows_are_counted(check):
    at = pa.array([datetime(2025, 11, 5, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC)])

    assert check(Expectation(Check.GAPS, "at", limit=0.5, text="1M"), at=at).value == 3 / 5


def test_skew_is_the_distance_from_the_training_rows(check, source):
    before = source("before", x=[0.0, 1.0] * 50, g=["a", "b"] * 50)

    same = check(Expectation(Check.SKEW, "x", limit=0.1), reference=before, x=[1.0, 0.0] * 50)
    gone = check(Expectation(Check.SKEW, "g", limit=0.1), reference=before, g=["c"] * 100)
    typed = check(Expectation(Check.SKEW, "x", limit=0.1), reference=before, x=["a"])

    assert (same.statistic, same.state, same.n_reference) == ("training_serving_skew", "ok", 100)
    assert (same.value or 0) < 0.01
    assert gone.state == "breach"
    assert typed.state == "error"


@pytest.mark.parametrize(
    ("expected", "said"),
    [
        (Expectation(Check.RANGE, "gone", low=0), "no column 'gone'"),
        (Expectation(Check.RANGE, "g", low=0), "not numeric"),
        (Expectation(Check.SKEW, "x", limit=0.1), "--reference"),
        (Expectation(Check.SKEW, "g", limit=0.1), "--reference"),
        (Expectation(Check.FRESH, "x", limit=1, text="1h"), "expected timestamps"),
        (Expectation(Check.GAPS, "g", limit=0, text="1h"), "holds no time"),
        (Expectation(Check.FRESH, "g", limit=0, text="1h"), "holds no time"),
        (Expectation(Check.RULE, text="x = g"), "a number with a text"),
        (Expectation(Check.RULE, text="x + g > 1"), "needs a number"),
        (Expectation(Check.RULE, text="at > 'noon'"), "'noon', which is none"),
        (Expectation(Check.RULE, text="x > 0 and not g is missing or b"), ""),
    ],
)
def test_what_cannot_be_checked_is_an_error_with_its_reason(check, expected, said):
    found = check(expected, x=[1, 2], g=["a", "b"], at=pa.array([START, NOW]), b=[True, False])

    assert found.state == ("error" if said else "ok")
    assert said in (found.reason or "")


def test_failing_rows_come_with_their_number_and_values(engine, source):
    rows = source(x=[1, 200, None, 300], g=["a", "b", "c", None])
    expectations = [
        Expectation(Check.RANGE, "x", high=9),
        Expectation(Check.MISSING, "g"),
        Expectation(Check.RANGE, "gone", high=9),
        Expectation(Check.VOLUME, low=9),
    ]

    found = failing_rows(engine, rows, expectations, limit=1)

    assert [(f.expectation.check, f.row, f.values) for f in found] == [
        ("range", 2, {"x": "200", "g": "b"}),
        ("missing", 4, {"x": "300", "g": None}),
    ]
