"""What a file of expectations says is what is checked, and what is suggested reads back."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifecycle.domain.expectation import Check, Expectation, Severity
from lifecycle.engines import choose
from lifecycle.errors import InvalidInput
from lifecycle.services.analysis.expectations import parse_expectations, read_expectations
from lifecycle.services.analysis.suggestions import as_yaml, suggest, suggest_from_profiles
from lifecycle.stats import counting

EVERYTHING = """
columns:
  age: {type: integer, min: 0, max: 120, missing_max: 0.01}
  flag: {set: [true, 1, 2.0, x], severity: warn}
  id: {unique: true, pattern: '[A-Z]{2}', finite: false}
  load: {finite: true, stuck_max: 500, skew_max: 0.1, tolerate: {finite: 0.001}}
  both: {min: 1, type: number, tolerate: 0.5, severity: {range: info}}
rows: {min: 10, max: 20, duplicates_max: 0.1, unique: [[shop, day]], columns: exact}
times: {column: at, max_age: 36h, every: 1h, gaps_max: 0.01, severity: {gaps: warn}}
rules:
  - arrived >= left
  - {rule: "paid = price + tip", tolerate: 0.001, severity: info}
"""


def test_every_key_becomes_an_expectation():
    listed = ("age", "flag", "id", "load", "both")

    assert parse_expectations(EVERYTHING, label="x") == (
        Expectation(Check.TYPE, "age", text="integer"),
        Expectation(Check.MISSING, "age", limit=0.01),
        Expectation(Check.RANGE, "age", low=0, high=120),
        Expectation(Check.SET, "flag", values=("true", "1", "2", "x"), severity=Severity.WARN),
        Expectation(Check.PATTERN, "id", text="[A-Z]{2}"),
        Expectation(Check.UNIQUE, "id"),
        Expectation(Check.FINITE, "load", limit=0.001),
        Expectation(Check.STUCK, "load", limit=500),
        Expectation(Check.SKEW, "load", limit=0.1),
        Expectation(Check.TYPE, "both", text="number", limit=0.5),
        Expectation(Check.RANGE, "both", low=1, limit=0.5, severity=Severity.INFO),
        Expectation(Check.VOLUME, low=10, high=20),
        Expectation(Check.DUPLICATES, limit=0.1),
        Expectation(Check.UNIQUE, values=("shop", "day")),
        Expectation(Check.SCHEMA, values=listed),
        Expectation(Check.FRESH, "at", limit=36, text="36h"),
        Expectation(Check.GAPS, "at", limit=0.01, text="1h", severity=Severity.WARN),
        Expectation(Check.RULE, text="arrived >= left"),
        Expectation(Check.RULE, text="paid = price + tip", limit=0.001, severity=Severity.INFO),
    )


def test_what_was_read_is_written_as_the_same_again():
    read = parse_expectations(EVERYTHING, label="x")

    assert set(parse_expectations(as_yaml(read, notes=["a", "b: c"]), label="y")) == set(read)


names = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), min_size=1)
shares = st.floats(0, 1)
severities = st.sampled_from(list(Severity))


@given(st.dictionaries(names, st.tuples(shares, shares, severities, names), min_size=1))
def test_any_column_name_and_any_number_survives_writing_and_reading(columns):
    given_ = [
        expectation
        for name, (limit, low, severity, value) in columns.items()
        for expectation in (
            Expectation(Check.MISSING, name, limit=limit, severity=severity),
            Expectation(Check.RANGE, name, limit=limit, low=low, severity=severity),
            Expectation(Check.SET, name, values=(value,)),
        )
    ]

    assert set(parse_expectations(as_yaml(given_), label="y")) == set(given_)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "expected a mapping"),
        ("columns: {}\nrows: {}", "^f"),
        ("columns: {a: 1}", "line 1, columns.a: expected a mapping, not 1"),
        ("columns:\n  a:\n    set: x", "line 3, columns.a.set: expected a list of values"),
        ("columns: {a: {set: []}}", "list of values"),
        ("columns: {a: {unique: perhaps}}", "true or false"),
        ("columns: {a: {missing_max: 2}}", "between 0 and 1"),
        ("columns: {a: {max: true}}", "must be a number"),
        ("columns: {a: {max: .nan}}", "must be a number"),
        ("columns: {a: {min: 2, max: 1}}", "columns.a.max: max lies below min"),
        ("columns: {a: {stuck_max: 0}}", "at least 1"),
        ("columns: {a: {min: 1}, a: {min: 2}}", "'a' stands here twice"),
        ("columns: {a: {severity: loud}}", "'loud' is not one of block, warn, info"),
        ("columns: {a: {severity: {colour: warn}}}", "unknown key 'colour'"),
        ("columns: {a: {tolerate: {missing: 0.1}}}", "unknown key 'missing'"),
        ("columns: {a: {type: [x]}}", "expected a text"),
        ("rows: {columns: exact}", "to list them"),
        ("rows: {columns: some}", "'some' is not one of exact"),
        ("rows: {unique: a}", "rows.unique: expected a list"),
        ("times: {max_age: 1d}", "needs the key `column`"),
        ("times: {column: at, max_age: 1M}", "not months"),
        ("times: {column: at, every: often}", "times.every: window 'often'"),
        ("times: {column: at, gaps_max: 0.1}", "needs the key `every`"),
        ("rules: [a + b]", "rules: rule 'a \\+ b' compares nothing"),
        ("rules: [{tolerate: 0.1}]", "needs the key `rule`"),
        ("rules: ['a <']", "expected a column"),
        ("rules: {a: b}", "expected a list"),
    ],
)
def test_what_a_file_of_expectations_may_not_say(text, said):
    if said == "^f":
        assert parse_expectations(text, label="f") == ()
        return
    with pytest.raises(InvalidInput, match=said):
        parse_expectations(text, label="f")


def test_a_file_of_expectations_must_be_there_and_be_text(tmp_path):
    with pytest.raises(InvalidInput, match="cannot be read"):
        read_expectations(str(tmp_path / "none.yaml"))
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InvalidInput, match="UTF-8"):
        read_expectations(str(tmp_path / "binary.yaml"))


def test_a_reference_suggests_what_it_keeps_itself(tmp_path):
    rng = np.random.default_rng(5)
    columns = {
        "id": [f"k{i}" for i in range(2_000)],
        "x": np.where(rng.random(2_000) < 0.1, np.nan, rng.normal(size=2_000)),
        "n": rng.integers(0, 50, 2_000),
        "g": rng.choice(["a", "b", "c"], 2_000),
        "free": [f"text {i % 900}" for i in range(2_000)],
        "yes": rng.random(2_000) < 0.5,
        "still": [4.5] * 2_000,
    }
    pq.write_table(pa.table(columns), tmp_path / "rows.parquet")

    with choose("duckdb") as engine:
        found, notes = suggest(engine, engine.open(str(tmp_path / "rows.parquet")))

    by_column = {name: {e.check for e in found if e.column == name} for name in columns}
    assert by_column == {
        "id": {"missing", "unique"},
        "x": {"type", "missing", "range", "finite", "stuck"},
        "n": {"type", "missing", "range"},
        "g": {"missing", "set"},
        "free": {"missing"},
        "yes": {"type", "missing"},
        "still": {"type", "missing"},
    }
    (share,) = [e.limit for e in found if (e.check, e.column) == (Check.MISSING, "x")]
    assert np.isnan(columns["x"]).mean() < share < 0.15
    assert notes == ("column still is constant here: choose rows in which it moves",)


def test_profiles_alone_suggest_what_a_monitor_can_check():
    numbers = counting.numeric_profile([0.5, 1.0, 2.0, np.nan] * 10, edges=np.array([1.0]))
    names = counting.category_profile([0, 1] * 50, categories=("a", "b"))
    nothing = counting.numeric_profile([np.nan], edges=np.array([1.0]))

    still = counting.numeric_profile([4.0] * 9, edges=np.array([1.0]))

    found, notes = suggest_from_profiles(
        {"x": numbers, "g": names, "gone": nothing, "still": still}
    )

    assert [(e.column, e.check) for e in found] == [
        ("x", "missing"),
        ("x", "range"),
        ("x", "finite"),
        ("x", "skew"),
        ("g", "missing"),
        ("g", "set"),
        ("g", "skew"),
        ("gone", "missing"),
        ("still", "missing"),
    ]
    assert notes == ("column still is constant in the reference: choose rows in which it moves",)
    assert (found[1].low, found[1].high) == (0.5, 2.0)
    assert found[-2].limit == 1.0
