"""Is a range of answers read as a person writes it?"""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifecycle.domain.aim import Range, range_of
from lifecycle.errors import InvalidInput

NUMBERS = st.floats(-1e6, 1e6)


@given(NUMBERS, NUMBERS)
def test_a_range_holds_its_ends_and_what_lies_between(one, other):
    low, high = sorted((one, other))

    found = range_of(f"{low!r}..{high!r}")

    assert found == Range(low, high)
    assert low in found
    assert high in found
    assert math.nextafter(low, -math.inf) not in found
    assert math.nextafter(high, math.inf) not in found


@pytest.mark.parametrize(
    ("text", "expected", "words"),
    [
        ("10..20", Range(10, 20), "10 to 20"),
        (" 10 .. ", Range(10, math.inf), "10 or more"),
        ("..-0.5", Range(-math.inf, -0.5), "-0.5 or less"),
        ("7..7", Range(7, 7), "7 to 7"),
    ],
)
def test_either_end_may_be_open(text, expected, words):
    assert range_of(text) == expected
    assert range_of(text).words == words


@pytest.mark.parametrize("text", ["", "..", "10", "ten..twenty", "10-20", "1..2..3", "nan..2"])
def test_what_is_no_range_is_refused_with_how_one_is_written(text):
    with pytest.raises(InvalidInput, match=r"written as 10\.\.20|no number lies in"):
        range_of(text)


def test_a_range_without_numbers_is_refused():
    with pytest.raises(InvalidInput, match=r"no number lies in '20\.\.10'"):
        range_of("20..10")
