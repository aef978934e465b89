"""Concept drift apart from covariate drift: planted changes, identities and SciPy's tests."""

import numpy as np
import pytest
from estimates import interval, reason, value
from hypothesis import given
from hypothesis import strategies as st
from scipy import special, stats

from lifecycle.errors import InvalidInput
from lifecycle.stats import counting
from lifecycle.stats.drift import answers
from lifecycle.stats.summaries import UNKNOWN

EDGES = np.arange(1, 40) / 40


def rows(rng, *, n=8000, centre=0.0, change=lambda p: p):
    """Return a tally of rows whose score is right, but for the change of what comes out."""
    score = special.expit(rng.normal(centre, 1, n))
    label = (rng.random(n) < change(score)).astype(int)
    return counting.binary_tally(label, (score > 0.5).astype(int), score, edges=EDGES)


def test_the_two_parts_add_up_to_the_change_of_the_base_rate(rng):
    before, now = rows(rng), rows(rng, centre=0.5, change=lambda p: 0.9 * p)

    parts = value(answers.concept_shift(before, now)) + value(answers.covariate_shift(before, now))

    first, second = (side.scores[1].sum() / side.scores[:2].sum() for side in (before, now))
    assert parts == pytest.approx(second - first)


def test_other_rows_are_no_concept_drift(rng):
    before, now = rows(rng, n=40_000), rows(rng, n=40_000, centre=0.8)

    assert value(answers.covariate_shift(before, now)) == pytest.approx(0.16, abs=0.02)
    assert abs(value(answers.concept_shift(before, now))) < 0.01
    assert value(answers.concept_drift(before, now)) < 0.03


def test_the_same_rows_that_turn_out_otherwise_are(rng):
    before, now = rows(rng, n=40_000), rows(rng, n=40_000, change=lambda p: 0.8 * p)

    assert value(answers.concept_shift(before, now)) == pytest.approx(-0.1, abs=0.01)
    assert value(answers.concept_drift(before, now)) == pytest.approx(0.108, abs=0.01)
    assert abs(value(answers.covariate_shift(before, now))) < 0.01


def test_a_turn_that_cancels_out_is_still_seen(rng):
    before = rows(rng, n=40_000)
    now = rows(rng, n=40_000, change=lambda p: 0.5 + 0.6 * (p - 0.5))

    assert abs(value(answers.concept_shift(before, now))) < 0.01
    found = answers.concept_drift(before, now)
    assert value(found) > 0.07
    assert found.p_value is not None
    assert found.p_value < 1e-6


def test_without_a_change_chance_is_taken_out_and_the_test_keeps_its_level(rng):
    found = [answers.concept_drift(rows(rng, n=1500), rows(rng, n=1500)) for _ in range(300)]

    assert np.mean([(one.p_value or 0) < 0.1 for one in found]) == pytest.approx(0.1, abs=0.06)
    assert np.mean([value(one) ** 2 for one in found]) < 0.0012
    assert np.mean([interval(one)[0] == 0 for one in found]) > 0.9


@pytest.mark.parametrize("measure", [answers.concept_shift, answers.covariate_shift])
def test_the_interval_covers_what_is_planted(rng, measure):
    def change(p):
        return 0.9 * p

    truth = value(measure(rows(rng, n=900_000), rows(rng, n=900_000, centre=0.3, change=change)))
    found = [
        interval(measure(rows(rng, n=2000), rows(rng, n=2000, centre=0.3, change=change)))
        for _ in range(200)
    ]

    assert np.mean([low <= truth <= high for low, high in found]) == pytest.approx(0.95, abs=0.05)


def test_the_test_within_strata_is_scipys_added_up(rng):
    before, now = rows(rng, n=3000), rows(rng, n=2000, change=lambda p: 0.9 * p)
    cut = answers.strata(before, now).thick

    expected = [
        stats.chi2_contingency(np.stack([b, n]), correction=False)
        for b, n in zip(cut.before, cut.now, strict=True)
    ]
    total = sum(one.statistic for one in expected)  # pyright: ignore[reportAttributeAccessIssue]
    p = stats.chi2.sf(total, len(expected))

    assert answers.concept_drift(before, now).p_value == pytest.approx(float(p), rel=1e-9)


def test_scores_are_cut_into_about_ten_groups_of_about_equal_size(rng):
    before, now = rows(rng), rows(rng, n=800)

    cut = answers.strata(before, now)

    weight = (cut.before.sum(axis=1) / 8000 + cut.now.sum(axis=1) / 800) / 2
    assert 9 <= len(weight) <= 10
    assert weight.max() < 0.16


def test_only_known_outcomes_count_and_their_number_is_carried(rng):
    before = rows(rng)
    label = np.repeat([0, 1, UNKNOWN], [300, 200, 400])
    now = counting.binary_tally(label, np.zeros(900, int), rng.random(900), edges=EDGES)

    for measure in (answers.concept_drift, answers.concept_shift, answers.label_drift):
        assert measure(before, now).n == 500


def test_without_scores_the_decisions_are_the_strata(rng):
    label, decision = rng.integers(0, 2, 500), rng.integers(0, 2, 500)
    before = counting.binary_tally(label, decision)
    now = counting.binary_tally(1 - label, decision)

    by_hand = [np.mean(label[decision == d]) for d in (0, 1)]
    weight = [np.mean(decision == d) for d in (0, 1)]
    expected = sum(w * ((1 - r) - r) for w, r in zip(weight, by_hand, strict=True))

    assert answers.concept_shift(before, now).value == pytest.approx(expected)


def test_classes_are_compared_within_the_predicted_class(rng):
    label = rng.integers(0, 3, 3000)
    predicted = np.where(rng.random(3000) < 0.8, label, rng.integers(0, 3, 3000))
    before = counting.class_tally(label, predicted, classes=("a", "b", "c"))
    turned = counting.class_tally((label + 1) % 3, predicted, classes=("a", "b", "c"))

    assert answers.concept_drift(before, before).value == 0
    assert value(answers.concept_drift(before, turned)) > 0.6
    other = counting.class_tally([0], [0], classes=("a",))
    with pytest.raises(InvalidInput, match="classes"):
        answers.concept_drift(before, other)


def test_label_drift_is_the_difference_of_base_rates():
    before = counting.binary_tally([0] * 70 + [1] * 30, [0] * 100)
    now = counting.binary_tally([0] * 50 + [1] * 50 + [UNKNOWN] * 40, [0] * 140)

    assert answers.label_drift(before, now).value == pytest.approx(0.2)
    classes = ("a", "b")
    three = counting.class_tally([0, 0, 1], [0, 0, 0], classes=classes)
    assert answers.label_drift(three, three).value == 0
    with pytest.raises(InvalidInput, match="no shares"):
        answers.label_drift(counting.error_tally([1], [1]), before)


def test_residual_shift_is_welchs_test_in_reference_deviations(rng):
    x, y = rng.normal(0, 2, 400), rng.normal(0.3, 3, 300)
    before = counting.error_tally(np.zeros(400), x)
    now = counting.error_tally(np.zeros(300), y)

    found = answers.residual_shift(before, now)

    assert found.value == pytest.approx((y.mean() - x.mean()) / x.std())
    p = stats.ttest_ind(y, x, equal_var=False).pvalue  # pyright: ignore[reportAttributeAccessIssue]
    assert found.p_value == pytest.approx(float(p), abs=2e-3)
    assert answers.residual_shift(before, counting.error_tally([1], [1])).insufficient
    same = counting.error_tally(np.zeros(9), np.ones(9))
    assert "no deviation" in (answers.residual_shift(same, now).reason or "")
    assert answers.residual_shift(before, before).p_value == 1


@given(st.integers(0, 2**31))
def test_a_side_compared_with_itself_has_not_moved(seed):
    side = rows(np.random.default_rng(seed), n=300)

    for measure in (answers.concept_drift, answers.concept_shift, answers.covariate_shift):
        found = measure(side, side)
        assert found.value == pytest.approx(0, abs=1e-12)
        assert found.p_value is None or found.p_value == pytest.approx(1)


def test_thin_strata_are_left_out_and_said(rng):
    before = rows(rng, n=4000)
    few = counting.binary_tally([0, 1], [0, 1], [0.2, 0.9], edges=EDGES)

    for measure in (answers.concept_drift, answers.concept_shift, answers.covariate_shift):
        assert measure(before, few).insufficient
    some = counting.binary_tally(
        rng.integers(0, 2, 43),
        np.zeros(43, int),
        np.r_[np.full(40, 0.5), 0.01, 0.02, 0.99],
        edges=EDGES,
    )
    assert "left out" in (answers.concept_drift(before, some).reason or "")


def test_what_is_left_out_is_said_and_not_counted(rng):
    before = answers_at({0.1: 400, 0.5: 400, 0.9: 400})
    now = answers_at({0.1: 250, 0.5: 250, 0.99: 40, 0.9: 3})

    for measure in (answers.concept_drift, answers.concept_shift, answers.covariate_shift):
        found = measure(before, now)
        assert (found.n, found.n_reference) == (543 - 43, 800), measure
        assert found.reason == (
            "400 of 1200 reference rows and 43 of 543 current rows are left out: "
            "their answer is rare on a side"
        )


def test_strata_of_few_of_the_rows_say_nothing_of_all():
    before = answers_at({0.1: 300, 0.5: 900})
    now = answers_at({0.1: 300, 0.9: 900})

    for measure in (answers.concept_drift, answers.concept_shift, answers.covariate_shift):
        found = measure(before, now)
        assert found.insufficient
        assert found.value is None
        assert "900 of 1200 current rows" in reason(found)


def test_a_reference_mostly_left_out_tells_of_outcomes_but_not_of_answers():
    before = answers_at({0.1: 300, 0.5: 900})
    now = answers_at({0.1: 300})

    assert value(answers.concept_shift(before, now)) == 0
    assert answers.covariate_shift(before, now).insufficient


def answers_at(rows_of):
    """Return a tally of that many rows with each score, every other one positive."""
    score = np.repeat(list(rows_of), list(rows_of.values()))
    label = np.arange(len(score)) % 2
    return counting.binary_tally(label, (score > 0.5).astype(int), score, edges=EDGES)


def test_tallies_that_cannot_be_compared_are_refused(rng):
    with pytest.raises(InvalidInput, match="one kind"):
        answers.strata(rows(rng, n=10), counting.error_tally([1], [1]))
    other = counting.binary_tally([0, 1], [0, 1], [0.2, 0.9], edges=np.array([0.5]))
    with pytest.raises(InvalidInput, match="score bins"):
        answers.strata(rows(rng, n=10), other)
