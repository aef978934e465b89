"""Options that would do nothing beside the others are refused in one sentence."""

import pytest

FAIRNESS = ("fairness", "rows", "--target=y", "--prediction=p", "--sensitive=sex")


@pytest.fixture
def rows(table):
    return table(y=[0, 1] * 60, p=[0, 1, 1] * 40, sex=["F", "M", "F", "M"] * 30)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ((*FAIRNESS, "--value=FP=-1"), "--value does nothing without --sweep"),
        (
            (*FAIRNESS, "--value=FP=-1", "--currency=USD"),
            "--value and --currency do nothing without --sweep",
        ),
        (
            (*FAIRNESS, "--preset=nyc-ll144", "--intersect=1"),
            "--intersect does nothing with --preset, which sets its own",
        ),
        (
            (*FAIRNESS, "--preset=four-fifths", "--reference-rule=largest"),
            "--reference-rule does nothing with --preset",
        ),
        (
            (*FAIRNESS, "--no-intervals", "--confidence=0.9"),
            "--confidence does nothing with --no-intervals",
        ),
        (("quality", "rows", "--rows=5"), "--rows does nothing without --expectations"),
        (
            ("quality", "rows", "--reference-where=sex=F"),
            "--reference-where does nothing without --reference",
        ),
        (
            ("quality", "rows", "--suggest", "--id=y", "--at=2026-01-01"),
            "--id and --at do nothing with --suggest",
        ),
        (
            ("explain", "model.skops", "rows", "--id=y", "--target=y", "--threshold=0.3"),
            "--id, --target and --threshold do nothing without --row",
        ),
        (("explain", "model.skops", "rows", "--aim=..3"), "--aim does nothing without --row"),
        (
            ("explain", "model.skops", "rows", "--reasons=words.yaml"),
            "--reasons does nothing without --row",
        ),
    ],
)
def test_an_option_that_does_nothing_is_refused(command, rows, asked, said):
    outcome = command(*(rows if part == "rows" else part for part in asked))

    assert outcome.code == 2
    assert said in outcome.err
    assert outcome.out == ""


@pytest.mark.parametrize(
    "asked",
    [
        (*FAIRNESS, "--preset=four-fifths"),
        (*FAIRNESS, "--no-intervals"),
        ("quality", "rows", "--reference", "rows", "--reference-where=sex=F"),
    ],
)
def test_the_same_options_are_taken_where_they_count(command, rows, asked):
    outcome = command(*(rows if part == "rows" else part for part in asked))

    assert outcome.code in {0, 1, 3}
    assert outcome.json["measurements"]
