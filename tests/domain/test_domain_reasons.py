"""Are a decision's reasons the strongest adverse ones, in the words of the dictionary?"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifecycle.domain.reasons import Adverse, Change, ReasonDictionary, parse
from lifecycle.errors import InvalidInput

WORDS = {
    "adverse": "higher",
    "principal": 2,
    "columns": {
        "debt": {"raises": "Debt is high for the income", "change": "down", "least": 0},
        "rate": {"raises": "Debt is high for the income"},
        "late": {"raises": "Payments were late", "lowers": "Payments were on time"},
        "age": {"change": "fixed"},
    },
}
SHARES = {"debt": 0.3, "rate": 0.2, "late": 0.4, "age": 0.1, "income": -0.5}


def test_columns_with_the_same_words_are_one_reason_and_the_strongest_come_first():
    first, second = parse(WORDS, version=3).reasons(SHARES, {})

    assert (first.text, first.columns) == ("Debt is high for the income", ("debt", "rate"))
    assert (first.contribution, first.share) == pytest.approx((0.5, 0.5))
    assert (second.text, second.share) == ("Payments were late", pytest.approx(0.4))


def test_where_low_answers_are_adverse_the_reasons_are_those_that_pushed_down():
    found = parse({**WORDS, "adverse": "lower"}, version=1).reasons(SHARES, {"income": "12"})

    assert [reason.text for reason in found] == ["income is 12"]
    assert found[0].share == 1.0


def test_without_a_dictionary_reasons_name_the_columns_and_their_values():
    found = ReasonDictionary().reasons({"a": 0.2, "b": 0.1}, {"a": "7"})

    assert [reason.text for reason in found] == ["a is 7", "b is missing"]
    assert ReasonDictionary().version == 0


def test_what_hardly_pushed_is_no_principal_reason():
    found = ReasonDictionary().reasons({"a": 0.96, "b": 0.04}, {"a": "1", "b": "2"})

    assert [reason.text for reason in found] == ["a is 1"]


def test_a_decision_that_nothing_spoke_against_has_no_reasons():
    assert ReasonDictionary(adverse=Adverse.LOWER).reasons({"a": 1.0}, {}) == ()


@given(st.dictionaries(st.text(max_size=3), st.floats(-5, 5), max_size=8))
def test_reasons_are_few_adverse_in_order_and_shares_of_one_whole(shares):
    found = ReasonDictionary().reasons(shares, {})

    sizes = [reason.contribution for reason in found]
    assert sizes == sorted(sizes, reverse=True)
    assert all(size > 0 for size in sizes)
    assert len(found) <= 4
    assert sum(reason.share for reason in found) <= 1 + 1e-9


@pytest.mark.parametrize(
    ("score", "adverse", "said"),
    [
        (0.7, "higher", "score 0.7, at or above the threshold 0.5: an adverse decision"),
        (0.3, "higher", "score 0.3, below the threshold 0.5: not an adverse decision"),
        (0.7, "lower", "score 0.7, at or above the threshold 0.5: not an adverse decision"),
        (0.3, "lower", "score 0.3, below the threshold 0.5: an adverse decision"),
    ],
)
def test_reasons_stand_on_a_side_of_the_threshold_that_is_named(score, adverse, said):
    made = parse({"adverse": adverse}, version=1)
    decision = {"score": score, "threshold": 0.5, "positive": score >= 0.5}

    assert made.standing(decision).startswith(said)
    assert f"{adverse} answers are adverse" in made.standing(decision)
    assert "no threshold decides here" in made.standing(None)
    assert "higher answers are taken for adverse" in ReasonDictionary().standing(None)


def test_a_dictionary_is_read_whole():
    made = parse(WORDS, version=3)

    assert (made.version, made.principal, made.adverse) == (3, 2, Adverse.HIGHER)
    assert made.meaning("debt").change is Change.DOWN
    assert made.meaning("debt").least == 0.0
    assert made.meaning("unknown").change is Change.FREE


@pytest.mark.parametrize(
    ("given", "word"),
    [
        ([], "a dictionary of reasons"),
        ({"reasons": {}}, "'reasons'"),
        ({"adverse": "sideways"}, "'sideways'"),
        ({"principal": 0}, "0"),
        ({"principal": True}, "True"),
        ({"columns": {"a": {"raises": 3}}}, "raises of column a"),
        ({"columns": {"a": {"change": "maybe"}}}, "change of column a"),
        ({"columns": {"a": {"least": "none"}}}, "least of column a"),
        ({"columns": {"a": {"words": ""}}}, "column a has no key 'words'"),
        ({"columns": {"a": None}}, "column a"),
    ],
)
def test_what_a_dictionary_does_not_hold_is_named(given, word):
    with pytest.raises(InvalidInput, match=word):
        parse(given, version=1)
