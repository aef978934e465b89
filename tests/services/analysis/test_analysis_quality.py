"""Quality checks find what was put into the rows, and say where."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lifecycle.engines import choose
from lifecycle.engines.checking import longest_run
from lifecycle.errors import InvalidInput
from lifecycle.services.analysis.expectations import Expectation, read_expectations
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


def check(engine, source, reference=None, **options):
    return measure_quality(
        engine, source=source, options=QualityOptions(**options), reference=reference
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


def test_every_expectation_is_checked(engine, source):
    rows = source(
        age=[20.0, 130.0, None, -1.0],
        sex=["F", "M", "X", "F"],
        code=["AB1", "ab1", "AB2", None],
        text=["1", "2", "1.5", "x"],
        id=[1, 1, 2, 3],
    )
    expected = {
        "age": Expectation(missing_max=0.1, low=0, high=120),
        "sex": Expectation(allowed=("F", "M")),
        "code": Expectation(pattern="[A-Z]+[0-9]", missing_max=0.5),
        "text": Expectation(type="integer"),
        "id": Expectation(unique=True, type="number", low=0),
    }

    result = check(engine, rows, expectations=expected)

    assert found(result, "out_of_range_share", "age").value == 0.5
    assert found(result, "outside_set_share", "sex").value == 0.25
    assert found(result, "pattern_mismatch_share", "code").value == 0.25
    assert found(result, "type_mismatch_share", "text").value == 0.5
    assert found(result, "type_mismatch_share", "id").state == "ok"
    assert found(result, "out_of_range_share", "id").state == "ok"
    assert found(result, "duplicate_ids", "id").value == 0.25
    limits = {
        m.column: m.state for m in result.measurements if m.statistic == "missing_share" and m.limit
    }
    assert limits == {"age": "breach", "code": "ok"}


def test_expectations_are_read_from_yaml(tmp_path):
    file = tmp_path / "expect.yaml"
    file.write_text(
        "columns:\n"
        "  age: {type: integer, min: 0, max: 120, missing_max: 0.01}\n"
        "  flag: {set: [true, 1, 2.0, x]}\n"
        "  id: {unique: true, pattern: '[A-Z]{2}'}\n"
    )

    assert read_expectations(str(file)) == {
        "age": Expectation(type="integer", low=0, high=120, missing_max=0.01),
        "flag": Expectation(allowed=("true", "1", "2", "x")),
        "id": Expectation(unique=True, pattern="[A-Z]{2}"),
    }


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("columns: {a: 1}", "mapping of expectations"),
        ("columns: {a: {set: x}}", "list of values"),
        ("columns: {a: {unique: perhaps}}", "true or false"),
        ("columns: {a: {missing_max: 2}}", "between 0 and 1"),
        ("columns: {a: {max: true}}", "must be a number"),
    ],
)
def test_what_a_file_of_expectations_may_not_say(tmp_path, text, said):
    file = tmp_path / "expect.yaml"
    file.write_text(text)

    with pytest.raises(InvalidInput, match=said):
        read_expectations(str(file))


def test_a_file_of_expectations_must_be_there_and_be_text(tmp_path):
    with pytest.raises(InvalidInput, match="cannot be read"):
        read_expectations(str(tmp_path / "none.yaml"))
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InvalidInput, match="UTF-8"):
        read_expectations(str(tmp_path / "binary.yaml"))


def test_bounds_need_numbers(engine, source):
    with pytest.raises(InvalidInput, match="not numeric"):
        engine.outside(source(g=["a"]), "g", low=0, high=1)
