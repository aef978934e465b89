"""Estimates become measurements with a state, and a run gets one verdict."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import false_discovery_control

from lifecycle.domain.measurement import Measurement, State
from lifecycle.errors import InvalidInput
from lifecycle.services.analysis.result import (
    Draft,
    Input,
    Result,
    as_json,
    check_limits,
    finish,
    overall,
)
from lifecycle.stats import catalogue
from lifecycle.stats.inference import Estimate

KS, ACCURACY = catalogue.get("ks"), catalogue.get("accuracy")


def judged(draft, **options):
    ((measured,), _) = finish([draft], **options)
    return measured


def draft(value=0.5, *, n=1_000, p_value=None, statistic=KS, **fields):
    return Draft(statistic=statistic, estimate=Estimate(value, n, p_value=p_value), **fields)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_p_values_of_a_run_are_adjusted_together_as_scipy_does(p_values):
    drafts = [draft(p_value=p) for p in p_values] + [draft(p_value=None)]

    measured, tests = finish(drafts, correction="bh")

    expected = false_discovery_control(p_values)
    assert [m.p_adjusted for m in measured[:-1]] == pytest.approx(list(expected), abs=1e-12)
    assert (tests, measured[-1].p_adjusted) == (len(p_values), None)


def test_bonferroni_multiplies_and_none_leaves_alone():
    drafts = [draft(p_value=0.01), draft(p_value=0.4)]

    assert [m.p_adjusted for m in finish(drafts, correction="bonferroni")[0]] == [0.02, 0.8]
    assert [m.p_adjusted for m in finish(drafts, correction="none")[0]] == [0.01, 0.4]
    with pytest.raises(InvalidInput, match="holm"):
        finish(drafts, correction="holm")


def test_a_value_on_the_good_side_of_its_limit_is_ok():
    assert judged(draft(0.05, limit=0.1)).state is State.OK
    assert judged(draft(0.9, limit=0.8, statistic=ACCURACY)).state is State.OK


def test_a_value_on_the_bad_side_is_a_breach():
    assert judged(draft(0.2, limit=0.1)).state is State.BREACH
    assert judged(draft(0.7, limit=0.8, statistic=ACCURACY)).state is State.BREACH


def test_a_bias_is_judged_by_its_size_whatever_its_sign():
    bias = catalogue.get("bias")

    assert judged(draft(-2.0, limit=1.0, statistic=bias)).state is State.BREACH
    assert judged(draft(-0.5, limit=1.0, statistic=bias)).state is State.OK


def test_without_a_limit_nothing_is_judged():
    assert judged(draft(99.0)).state is State.OK


def test_chance_softens_a_breach_to_a_warning_unless_told_otherwise():
    suspect = draft(0.2, limit=0.1, p_value=0.4)

    assert judged(suspect).state is State.WARNING
    assert judged(suspect, alpha=0.5).state is State.BREACH
    assert judged(replace(suspect, filtered=False)).state is State.BREACH


def test_too_few_observations_on_either_side_are_insufficient_with_a_reason():
    few = judged(draft(0.9, n=5, limit=0.1))
    other = Estimate(0.9, 1_000, n_reference=5)
    thin = judged(Draft(statistic=KS, estimate=other, limit=0.1))

    assert (few.state, thin.state) == (State.INSUFFICIENT, State.INSUFFICIENT)
    assert few.value == 0.9
    assert "5 observations" in (few.reason or "")
    assert judged(draft(0.9, n=5, limit=0.1, minimum=1)).state is State.BREACH


def test_a_value_that_does_not_exist_is_not_applicable_or_insufficient():
    missing = Estimate(None, 9, reason="no positives")
    scarce = Estimate(None, 0, reason="no rows", insufficient=True)

    assert judged(Draft(KS, missing)).state is State.NOT_APPLICABLE
    assert judged(Draft(KS, scarce)).state is State.INSUFFICIENT
    assert judged(Draft(KS, missing)).reason == "no positives"


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        (["ok", "insufficient"], "ok"),
        (["ok", "warning", "insufficient"], "warning"),
        (["error", "breach"], "breach"),
        (["error", "ok"], "error"),
        (["insufficient", "not_applicable"], "insufficient"),
        (["not_applicable"], "not_applicable"),
        (["not_applicable", "ok"], "ok"),
        ([], "insufficient"),
    ],
)
def test_the_verdict_is_the_worst_that_could_be_judged(states, expected):
    measurements = [Measurement("ks", None, State(s)) for s in states]

    assert overall(measurements) == expected


def test_infinities_become_null_in_json():
    measured = Measurement("r", 1.0, State.OK, interval=(0.5, math.inf), limit=math.inf)
    body = as_json(Result("drift", {"data": Input(1, "x")}, {}, (measured,), State.OK))

    (found,) = body["measurements"]  # pyright: ignore[reportGeneralTypeIssues] -- a list, as JSON
    assert (found["interval"], found["limit"]) == ([0.5, None], None)
    assert "reference_windows" not in body


def test_a_limit_must_be_on_something_measured():
    check_limits({"ks": 0.1}, measured={"ks", "psi"})
    with pytest.raises(InvalidInput, match="measured: ks"):
        check_limits({"psi": 0.1}, measured={"ks"})


@pytest.mark.parametrize("limit", [math.nan, math.inf, -math.inf])
def test_a_limit_must_be_finite(limit):
    with pytest.raises(InvalidInput, match="limit 'ks' must be a finite number"):
        check_limits({"ks": limit}, measured={"ks"})


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"p_adjusted": 0.4}, "chance would do that too"),
        ({"screen": "only a screen"}, "only a screen"),
        ({"minimum": 500}, "at least 500 are needed to judge"),
    ],
)
def test_why_a_value_is_softened_keeps_what_was_left_out_of_it(fields, said):
    p_value = fields.pop("p_adjusted", None)
    estimate = Estimate(0.9, 300, p_value=p_value, reason="7 of 307 rows are left out")

    found = judged(Draft(KS, estimate, limit=0.1, **fields))

    assert found.state in {State.WARNING, State.INSUFFICIENT}
    assert said in (found.reason or "")
    assert "7 of 307 rows are left out" in (found.reason or "")
