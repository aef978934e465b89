"""Expectations survive being stored, and rules between columns are read by a closed grammar."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifecycle.domain.expectation import (
    STATISTICS,
    Check,
    Expectation,
    Severity,
)
from lifecycle.domain.row_rule import Joined, Missing, Name, Negated, Value, parse_rule
from lifecycle.domain.written import read, written
from lifecycle.errors import InvalidInput

numbers = st.none() | st.floats(allow_nan=False, allow_infinity=False)


@given(
    st.builds(
        Expectation,
        check=st.sampled_from(list(Check)),
        column=st.none() | st.text(),
        limit=st.floats(0, 1e6),
        low=numbers,
        high=numbers,
        values=st.lists(st.text()).map(tuple),
        text=st.text(),
        severity=st.sampled_from(list(Severity)),
    )
)
def test_an_expectation_is_read_as_it_was_written(expectation):
    assert read(Expectation, written(expectation), where="it") == expectation


@pytest.mark.parametrize(
    ("record", "said"),
    [
        ({}, "not complete"),
        ({"check": "colour"}, "check of it must be one of missing"),
        ({"check": "range", "minimum": 1}, "no setting 'minimum'"),
        ({"check": "range", "low": "a"}, "low of it must be a number"),
        ({"check": "set", "values": "a"}, "values of it must be a list"),
        ({"check": "set", "severity": "loud"}, "block, warn, info"),
    ],
)
def test_a_record_that_is_no_expectation_is_refused(record, said):
    with pytest.raises(InvalidInput, match=said):
        read(Expectation, record, where="it")


def test_every_check_has_a_statistic_and_every_severity_a_state():
    assert set(STATISTICS) == set(Check)
    assert [severity.state for severity in Severity] == ["breach", "warning", "ok"]
    assert Expectation(Check.VOLUME).of_rows
    assert not Expectation(Check.MISSING, "x").of_rows


A, B = Name("a"), Name("b")


@pytest.mark.parametrize(
    ("text", "node"),
    [
        ("a <= b", Joined("<=", A, B)),
        ("a == 1.5e3", Joined("=", A, Value(1500.0))),
        ("a != 'it''s'", Joined("!=", A, Value("it's"))),
        ('"my ""a" > 0', Joined(">", Name('my "a'), Value(0.0))),
        ("a is missing", Missing(A)),
        ("a is not missing", Negated("not", Missing(A))),
        ("not a < b", Negated("not", Joined("<", A, B))),
        (
            "-a * 2 + b < 1",
            Joined("<", Joined("+", Joined("*", Negated("-", A), Value(2.0)), B), Value(1.0)),
        ),
        ("not a or b", Joined("or", Negated("not", A), B)),
        ("a - b - 1 = 0", Joined("=", Joined("-", Joined("-", A, B), Value(1.0)), Value(0.0))),
        (
            "a < 1 or b < 1 and (a > 2 or b > 2)",
            Joined(
                "or",
                Joined("<", A, Value(1.0)),
                Joined(
                    "and",
                    Joined("<", B, Value(1.0)),
                    Joined("or", Joined(">", A, Value(2.0)), Joined(">", B, Value(2.0))),
                ),
            ),
        ),
    ],
)
def test_a_rule_is_read_by_precedence(text, node):
    assert parse_rule(text).node == node


def test_a_rule_names_its_columns_once_in_order():
    assert parse_rule("b > a and a > 1 or not c is missing").columns == ("b", "a", "c")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "found its end"),
        ("a", "compares nothing"),
        ("-a", "compares nothing"),
        ("1 and b < 1", "compares nothing"),
        ("a < b < 1", "expected the end of the rule, found '<'"),
        ("a <", "expected a column"),
        ("(a < b", "a closing bracket"),
        ("a is b", "expected missing, found 'b'"),
        ("and < 1", "found 'and'"),
        ("a; drop table x", "';' is not part of a rule"),
        ("a = 'open", "is not part of a rule"),
        ("f(a) < 1", "expected the end of the rule, found '\\('"),
        ("(" * 200 + "a < 1" + ")" * 200, "30 levels deep"),
    ],
)
def test_what_is_no_rule_is_refused_with_the_place(text, said):
    with pytest.raises(InvalidInput, match=said):
        parse_rule(text)


@given(st.text(max_size=30))
def test_any_text_is_a_rule_or_refused(text):
    try:
        read = parse_rule(text)
    except InvalidInput:
        return
    assert read.text == text
