"""Rates and gaps against fairlearn, on real data; intervals against simulation."""

import numpy as np
import pytest
from estimates import interval, reason, untyped, value
from fairlearn import metrics as fl
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, precision_score

from benchmarks.interval_coverage import CASES, coverage
from lifecycle.errors import InvalidInput
from lifecycle.stats import counting, fairness
from lifecycle.stats.catalogue import FAIRNESS_RATES
from lifecycle.stats.inference import newcombe

PEER = {
    "selection_rate": fl.selection_rate,
    "true_positive_rate": fl.true_positive_rate,
    "false_positive_rate": fl.false_positive_rate,
    "true_negative_rate": fl.true_negative_rate,
    "false_negative_rate": fl.false_negative_rate,
    "precision": lambda y, p: precision_score(y, p, zero_division=untyped(0)),
    "accuracy": accuracy_score,
    "base_rate": lambda y, _: np.mean(y),
}
GAPS = {
    fairness.demographic_parity_difference: fl.demographic_parity_difference,
    fairness.demographic_parity_ratio: fl.demographic_parity_ratio,
    fairness.equalized_odds_difference: fl.equalized_odds_difference,
    fairness.equalized_odds_ratio: fl.equalized_odds_ratio,
    fairness.equal_opportunity_difference: fl.equal_opportunity_difference,
    fairness.equal_opportunity_ratio: fl.equal_opportunity_ratio,
    fairness.impact_ratio: fl.demographic_parity_ratio,
}


def group(tp, fn, fp, tn):
    label = np.repeat([1, 1, 0, 0], [tp, fn, fp, tn])
    decision = np.repeat([1, 0, 1, 0], [tp, fn, fp, tn])
    return counting.binary_tally(label, decision)


tallies = st.lists(st.builds(group, *[st.integers(1, 300)] * 4), min_size=2, max_size=5)


@pytest.mark.parametrize("attribute", ["sex", "race"])
def test_rates_and_gaps_of_adult_are_fairlearns(frame, attribute):
    adult = frame("adult", columns=["sex", "race", "class", "pred_tree"])
    label = (adult["class"] == ">50K").to_numpy().astype(int)
    decision = adult["pred_tree"].to_numpy().astype(int)
    of = adult[attribute].astype(str).to_numpy()
    peer = fl.MetricFrame(metrics=PEER, y_true=label, y_pred=decision, sensitive_features=of)
    groups = {
        name: counting.binary_tally(label[of == name], decision[of == name])
        for name in np.unique(of)
    }

    for statistic in FAIRNESS_RATES:
        for name, tally in groups.items():
            expected = peer.by_group.loc[name, statistic.name]
            assert statistic.measure(tally).value == pytest.approx(expected, abs=1e-12)
    together = list(groups.values())
    for gap, expected in GAPS.items():
        truth = expected(label, decision, sensitive_features=of)
        assert gap(together, minimum=1).value == pytest.approx(truth, abs=1e-12)
    precision = peer.by_group["precision"]
    assert fairness.predictive_parity_difference(together, minimum=1).value == pytest.approx(
        precision.max() - precision.min(), abs=1e-12
    )
    assert fairness.predictive_parity_ratio(together, minimum=1).value == pytest.approx(
        precision.min() / precision.max(), abs=1e-12
    )


def test_adults_published_rates_are_reproduced(frame):
    adult = frame("adult", columns=["sex", "pred_tree"])
    rates = {
        name: fairness.selection_rate(
            counting.binary_tally(np.full(len(rows), 2), rows.to_numpy().astype(int))
        )
        for name, rows in adult.groupby("sex", observed=True)["pred_tree"]
    }

    assert rates["Female"].value == pytest.approx(0.0635, abs=1e-4)
    assert rates["Male"].value == pytest.approx(0.2135, abs=1e-4)
    assert rates["Male"].n == 32_650


@given(tallies)
def test_the_order_of_groups_changes_nothing_and_values_lie_in_their_intervals(groups):
    for gap in (*GAPS, fairness.predictive_parity_difference, fairness.predictive_parity_ratio):
        found, turned = gap(groups, minimum=1), gap(groups[::-1], minimum=1)
        assert found.value == pytest.approx(turned.value, abs=1e-12)
        assert found.interval == pytest.approx(turned.interval, abs=1e-6)
        assert interval(found)[0] - 1e-12 <= value(found) <= interval(found)[1] + 1e-12
        assert 0 <= interval(found)[0] <= interval(found)[1] <= 1


@given(st.builds(group, *[st.integers(1, 300)] * 4))
def test_equal_groups_have_no_gap(tally):
    assert fairness.equalized_odds_difference([tally, tally], minimum=1).value == 0
    assert fairness.equalized_odds_ratio([tally, tally], minimum=1).value == 1
    low, high = interval(fairness.demographic_parity_difference([tally, tally], minimum=1))
    assert low == 0
    assert high > 0


def test_small_groups_are_left_out_and_counted():
    large, other, small = group(40, 40, 40, 40), group(60, 20, 20, 60), group(5, 5, 0, 50)
    groups = [large, small, other]

    found = fairness.equal_opportunity_difference(groups)

    assert found.value == pytest.approx(0.25)
    assert found.reason == "1 of 3 groups left out: fewer than 30 observations"
    assert fairness.equal_opportunity_difference.judged(groups) == (0, 2)
    assert fairness.demographic_parity_difference.judged(groups) == (0, 1, 2)
    alone = fairness.equal_opportunity_difference([large, small])
    assert alone.value is None
    assert alone.insufficient
    assert "1 of 2 groups left out" in reason(alone)
    assert (
        fairness.equal_opportunity_difference([large]).reason == "fewer than two groups to compare"
    )
    assert fairness.equal_opportunity_difference([]).insufficient


def test_a_reference_group_limits_the_pairs():
    low, middle, high = group(10, 90, 1, 99), group(50, 50, 1, 99), group(90, 10, 1, 99)

    everyone = fairness.equal_opportunity_difference([low, middle, high])
    against = fairness.equal_opportunity_difference([low, middle, high], reference=1)

    assert everyone.value == pytest.approx(0.8)
    assert against.value == pytest.approx(0.4)


def test_a_reference_group_that_is_missing_or_small_is_told():
    groups = [group(40, 40, 40, 40), group(60, 20, 20, 60), group(5, 5, 0, 10)]

    for gap in (fairness.demographic_parity_ratio, fairness.impact_ratio, fairness.impact_ratios):
        with pytest.raises(InvalidInput, match="no group at position 7"):
            gap(groups, reference=7)
    found = fairness.demographic_parity_ratio(groups, reference=2)
    assert found.value is None
    assert "reference group" in reason(found)
    assert fairness.impact_ratio(groups, reference=2).value is None
    assert fairness.demographic_parity_ratio(groups[::-1], reference=0).value is None
    assert fairness.impact_ratio(groups[:1], reference=0).reason == (
        "fewer than two groups to compare"
    )


def test_ratios_without_any_success_are_undefined():
    nobody = [group(0, 50, 0, 50), group(0, 60, 0, 40)]

    assert fairness.demographic_parity_difference(nobody).value == 0
    for ratio in (fairness.demographic_parity_ratio, fairness.impact_ratio):
        assert ratio(nobody).value is None
        assert ratio(nobody).reason
    assert {reason(e) for e in fairness.impact_ratios(nobody)} == {
        "there is no group with a selection rate above zero to compare with"
    }
    assert {reason(e) for e in fairness.impact_ratios(nobody, reference=1)} == {
        "the reference group's selection rate is zero, so there is no ratio to it"
    }
    some = [*nobody, group(10, 40, 10, 40)]
    assert fairness.demographic_parity_ratio(some).value == 0


def test_groups_that_are_merely_too_small_to_compare_with_are_called_so():
    small = [group(5, 5, 0, 10), group(8, 2, 0, 10)]
    one_large = [*small, group(40, 10, 0, 50)]

    assert {reason(e) for e in fairness.impact_ratios(small)} == {
        "every group has fewer than 30 decisions, too few to compare with"
    }
    assert {reason(e) for e in fairness.impact_ratios(one_large, reference=0)} == {
        "the reference group has fewer than 30 decisions, too few to compare with"
    }
    assert reason(fairness.impact_ratio(one_large, reference=0)).startswith("the reference group")


def test_impact_ratios_compare_with_the_best_group():
    groups = [group(20, 30, 0, 50), group(40, 10, 0, 50), group(1, 1, 1, 1)]

    best = fairness.impact_ratios(groups)
    lowest = fairness.impact_ratio(groups)

    assert [e.value for e in best] == [0.5, 1.0, None]
    assert best[1].interval is None
    assert interval(best[0])[0] < 0.5 < interval(best[0])[1]
    assert lowest.value == pytest.approx(0.5)
    against = fairness.impact_ratio(groups, reference=0)
    assert against.value == pytest.approx(2.0)
    assert interval(against)[0] < 2.0 < interval(against)[1]
    assert against.n == 200
    assert "1 of 3" in reason(against)
    assert fairness.impact_ratio(groups[:2], reference=0).reason is None


def test_the_lowest_ratio_of_few_successes_is_bounded_by_single_ratios():
    groups = [group(20, 30, 0, 50), group(6, 24, 0, 40), group(9, 31, 0, 30), group(4, 26, 0, 40)]

    lowest = fairness.impact_ratio(groups, reference=0)

    single = fairness.impact_ratios(groups, reference=0)[1:]
    wider = fairness.impact_ratios(groups, reference=0, confidence=1 - 0.05 / 3)[1:]
    assert lowest.value == min(value(one) for one in single)
    # The lowest lower bound is no higher than that of the group that truly is lowest.
    assert interval(lowest)[0] == min(interval(one)[0] for one in single)
    assert interval(lowest)[1] == min(interval(one)[1] for one in wider)


def test_decisions_without_outcomes_count_for_selection_only():
    tally = counting.binary_tally([2] * 40 + [1] * 10, [1] * 20 + [0] * 20 + [1] * 10)

    assert fairness.selection_rate(tally).n == 50
    assert fairness.true_positive_rate(tally).n == 10
    assert fairness.base_rate(tally).n == 10
    assert fairness.false_positive_rate(tally).reason == fairness.NO_NEGATIVE


@pytest.mark.parametrize(
    ("gap", "truth"),
    [
        (fairness.demographic_parity_difference, 0.1),
        (fairness.demographic_parity_ratio, 0.3 / 0.4),
        (fairness.equalized_odds_difference, 0.15),
        (fairness.equalized_odds_ratio, 0.2 / 0.3),
    ],
)
def test_intervals_of_gaps_cover_the_truth_as_often_as_they_say(gap, truth, rng):
    laws = [
        (0.6, 0.2),
        (0.7, 0.3),
        (0.55, 0.25),
    ]  # true and false positive rate; a quarter positive
    inside = 0
    for _ in range(300):
        groups = []
        for tpr, fpr in laws:
            positives = rng.binomial(400, 0.25)
            tp, fp = rng.binomial(positives, tpr), rng.binomial(400 - positives, fpr)
            groups.append(group(tp, positives - tp, fp, 400 - positives - fp))
        low, high = gap(groups).interval
        inside += low <= truth <= high

    assert 0.93 <= inside / 300 <= 0.985


@pytest.mark.parametrize("name", ["rate", "ratio of two", "equalized odds difference, 5 groups"])
@pytest.mark.parametrize(("n", "rate"), [(50, 0.3), (1_000, 0.1)])
def test_a_nominal_95_percent_is_held_by_rates_ratios_and_maxima(name, n, rate):
    assert coverage(CASES[name], n=n, rate=rate, runs=400) == pytest.approx(0.95, abs=0.03)


def test_an_interval_of_two_groups_is_close_to_newcombes():
    groups = [group(120, 80, 0, 200), group(60, 140, 0, 200)]

    found = interval(fairness.equal_opportunity_difference(groups))

    assert found == pytest.approx(newcombe((120, 200), (60, 200)), abs=0.005)


def test_without_confidence_a_gap_has_no_interval():
    found = fairness.equalized_odds_difference(
        [group(40, 40, 40, 40), group(60, 20, 20, 60)], confidence=None
    )

    assert (found.value, found.interval, found.confidence) == (0.25, None, None)
