from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from sklearn.calibration import calibration_curve
from sklearn.metrics import confusion_matrix

from lifecycle.charts import groups, importance, lives, outcomes, theme
from lifecycle.charts.theme import Mark
from lifecycle.domain.measurement import Measurement, State
from lifecycle.domain.usecase import Tier
from lifecycle.stats.summaries import BinaryTally, ClassTally, exact


def traces(figure) -> Any:
    return figure.data


def layout(figure) -> Any:
    return figure.layout


def rate(group, value, *, n=1000, half=0.02):
    return Measurement(
        "selection_rate",
        value,
        State.INSUFFICIENT if value is None else State.OK,
        slice={"sex": group},
        interval=None if value is None else (value - half, value + half),
        n=n,
        reason="7 rows, fewer than 30" if value is None else None,
    )


def gap(value, *, limit=0.1, statistic="demographic_parity_difference"):
    state = State.BREACH if value > limit else State.OK
    return Measurement(statistic, value, state, column="sex", interval=(0, 1), limit=limit, n=9)


def tally(labels, decisions, scores, *, edges=None):
    edges = np.linspace(0.05, 0.95, 19) if edges is None else edges
    bins = np.searchsorted(edges, scores)
    size = len(edges) + 1
    cells, counts, sums = np.zeros((3, 3), int), np.zeros((3, size), int), np.zeros((3, size))
    decided = np.zeros((3, size), int)
    np.add.at(decided, (decisions, bins), 1)
    np.add.at(cells, (labels, decisions), 1)
    np.add.at(counts, (labels, bins), 1)
    np.add.at(sums, (labels, bins), scores)
    return BinaryTally(
        edges=edges,
        decisions=cells,
        scores=counts,
        score_totals=exact.products(sums, np.ones_like(counts)),
        decided=decided,
        square_totals=exact.zeros(3),
        loss_totals=exact.zeros(3),
        exact=False,
        invalid_scores=0,
    )


def test_each_group_is_a_dot_with_its_interval_and_size():
    figure = groups.rates([rate("F", 0.2), rate("M", 0.3)], title="t", name="rate")

    dots = traces(figure)[0]
    assert list(dots.x) == [0.2, 0.3]
    assert list(dots.y) == ["sex F (n 1,000)", "sex M (n 1,000)"]
    assert list(dots.error_x.array) == pytest.approx([0.02, 0.02])
    assert list(dots.error_x.arrayminus) == pytest.approx([0.02, 0.02])


def test_groups_of_two_attributes_with_the_same_value_have_a_row_each():
    yes = [replace(rate("F", 0.2), slice={name: "yes"}) for name in ("smoker", "insured")]

    rows = list(traces(groups.rates(yes, title="t", name="rate"))[0].y)

    assert rows == ["smoker yes (n 1,000)", "insured yes (n 1,000)"]


def test_a_suppressed_group_keeps_its_row_and_says_why():
    figure = groups.rates([rate("F", 0.2), rate("X", None, n=7)], title="t", name="rate")

    said = traces(figure)[1]
    assert list(said.y) == ["sex X (n 7)"]
    assert "fewer than 30" in said.text[0]


def test_a_group_too_small_to_judge_is_drawn_open_and_left_out_of_the_message():
    small = Measurement(
        "selection_rate", 0.9, State.INSUFFICIENT, slice={"sex": "X"}, n=12, reason="12 rows"
    )
    figure = groups.rates([rate("F", 0.2), small], title="t", name="rate")

    assert traces(figure)[1].marker.symbol == theme.STATES[State.INSUFFICIENT].marker
    assert "fewer than two groups" in groups.message([rate("F", 0.2), small], name="rate")


def test_a_groups_rate_beyond_its_limit_shows_state_and_limit():
    limited = replace(rate("M", 0.5), state=State.BREACH, limit=0.4)
    figure = groups.rates([rate("F", 0.2), limited], title="t", name="rate")

    by_name = {trace.name: trace for trace in traces(figure)}
    assert list(by_name["group"].x) == [0.2]
    assert list(by_name["breach"].x) == [0.5]
    assert list(by_name["limit"].x) == [0.4]
    assert list(by_name["limit"].y) == list(by_name["breach"].y)


def test_the_axis_names_the_unit_of_what_has_one():
    error = Measurement("mae", 9.0, State.OK, unit="outcome", slice={"day": "free"}, n=90)
    gap_of = replace(error, statistic="mean_error_difference", column="day", slice={})

    rates_axis = layout(groups.rates([error], title="t", name="Mean absolute error")).xaxis
    gaps_axis = layout(groups.gaps([gap_of], titles=["a"], title="t")).xaxis
    assert rates_axis.title.text == "Mean absolute error<br>in the outcome's unit"
    assert gaps_axis.title.text == "largest difference<br>in the outcome's unit"


def test_all_rows_are_a_labelled_line():
    overall = Measurement("selection_rate", 0.26, State.OK)
    figure = groups.rates([rate("F", 0.2)], title="t", name="rate", overall=overall)

    assert layout(figure).annotations[0].text == "all rows 0.260"


def test_the_message_names_both_ends_and_the_groups_left_out():
    said = groups.message([rate("F", 0.2), rate("M", 0.3), rate("X", None)], name="rate")

    assert said == (
        "rate: lowest 0.200 for sex F, highest 0.300 for sex M; 1 group too small to judge"
    )


def test_the_message_says_when_intervals_overlap():
    said = groups.message([rate("F", 0.2, half=0.1), rate("M", 0.3, half=0.1)], name="rate")

    assert "their intervals overlap" in said


def test_gaps_show_state_limit_and_where_there_is_none():
    figure = groups.gaps([gap(0.2), gap(0.05)], titles=["a", "b"], title="t")

    by_name = {trace.name: trace for trace in traces(figure)}
    assert list(by_name["breach"].y) == ["a"]
    assert list(by_name["ok"].y) == ["b"]
    assert list(by_name["limit"].x) == [0.1, 0.1]
    assert layout(figure).shapes[0].x0 == 0


def test_the_no_gap_line_of_ratios_stands_at_one():
    ratios = [gap(0.05, statistic="demographic_parity_ratio")]
    figure = groups.gaps(ratios, titles=["a"], title="t")

    assert layout(figure).shapes[0].x0 == 1


def test_gap_messages_count_breaches_among_those_with_a_limit():
    assert groups.gap_message([gap(0.2), gap(0.05)]) == (
        "1 gap of 2 is beyond the limit: demographic parity difference 0.200, limit 0.100"
    )
    assert groups.gap_message([gap(0.2), gap(0.3)]).endswith("and others")
    assert groups.gap_message([gap(0.05)]) == "The gap with a limit keeps it"
    assert groups.gap_message([gap(0.05), gap(0.06)]) == "All 2 gaps with a limit keep it"


def test_a_gap_that_only_warns_is_not_called_kept():
    warned = replace(gap(0.2), state=State.WARNING)

    assert groups.gap_message([warned, gap(0.05)]) == (
        "1 gap of 2 warns: demographic parity difference 0.200, limit 0.100"
    )
    assert groups.gap_message([warned, gap(0.3)]).endswith("0.300, limit 0.100; 1 more warns")


def test_gaps_without_a_value_are_not_called_measured():
    free = replace(gap(0.05), limit=None)
    none = replace(free, value=None, interval=None, state=State.INSUFFICIENT)

    assert groups.gap_message([free, none]) == "1 gap measured, 1 without a value, no limit set"


def test_a_group_without_a_value_has_no_entry_in_the_legend():
    limited = replace(rate("M", 0.5), state=State.BREACH, limit=0.4)
    figure = groups.rates([rate("X", None), limited], title="t", name="rate")

    words = [trace for trace in traces(figure) if trace.mode == "text"]
    assert [trace.showlegend for trace in words] == [False]


def test_a_gap_with_too_few_rows_is_not_called_kept():
    few = replace(gap(0.05), state=State.INSUFFICIENT)

    assert groups.gap_message([few, gap(0.05)]) == "1 of 2 gaps with a limit can be judged"


def test_reliability_is_scikit_learns_calibration_curve_on_groups_of_equal_size():
    rng = np.random.default_rng(0)
    scores = np.round(rng.uniform(0.01, 0.99, 5000), 2)
    labels = (rng.uniform(size=5000) < scores**1.5).astype(int)
    # A bin per distinct score, so that merging is the only thing compared.
    edges = np.unique(scores)[:-1]

    bins = outcomes.reliability(tally(labels, labels, scores, edges=edges), bins=10)

    observed, predicted = calibration_curve(labels, scores, n_bins=10, strategy="quantile")
    assert len(bins) == 10
    assert [b.predicted for b in bins] == pytest.approx(predicted, abs=0.015)
    assert [b.observed for b in bins] == pytest.approx(observed, abs=0.03)
    assert sum(b.n for b in bins) == 5000


def test_calibration_names_scores_that_are_too_high():
    scores = np.full(1000, 0.8)
    labels = (np.arange(1000) < 500).astype(int)

    said = outcomes.calibration_message(outcomes.reliability(tally(labels, labels, scores)))

    assert said == "Scores around 0.800 are too high: 50 % came true, n 1,000"


def test_calibration_without_outcomes_says_so():
    unknown = np.full(10, 2)
    bins = outcomes.reliability(tally(unknown, unknown, np.full(10, 0.5)))

    assert bins == []
    assert "known outcome" in outcomes.calibration_message(bins)
    assert layout(outcomes.calibration(bins, title="t")).title.text == "t"


def test_the_confusion_matrix_is_scikit_learns():
    rng = np.random.default_rng(3)
    labels, decisions = rng.integers(0, 2, (2, 200))

    figure = outcomes.confusion(tally(labels, decisions, rng.uniform(size=200)), title="t")

    expected = confusion_matrix(labels, decisions, labels=[1, 0], normalize="true")
    assert np.array(traces(figure)[0].z) == pytest.approx(expected)
    assert list(traces(figure)[0].y) == ["positive", "negative"]


def test_the_confusion_message_names_the_class_recognised_worst():
    classes = ClassTally(("a", "b"), np.array([[9, 1], [5, 5]]), 0)

    assert outcomes.confusion_message(classes) == "Of 10 rows that were b, 50 % were recognised"


def test_drivers_are_ranked_and_carry_their_interval():
    drivers = [importance.Driver("weak", 0.1), importance.Driver("strong", 0.5, (0.4, 0.7))]
    figure = importance.bars(drivers, title="t", space="log-odds")

    assert list(traces(figure)[0].y) == ["strong", "weak"]
    assert list(traces(figure)[0].error_x.array) == pytest.approx([0.2, 0])
    assert "log-odds" in layout(figure).xaxis.title.text


def test_the_message_says_when_the_first_two_drivers_cannot_be_told_apart():
    close = [importance.Driver("a", 0.5, (0.3, 0.7)), importance.Driver("b", 0.4, (0.2, 0.6))]

    assert "intervals overlap" in importance.message(close)
    assert importance.message([]) == "No column moves the output"


def test_a_life_has_a_row_per_kind_of_event():
    start = datetime(2026, 1, 1, tzinfo=UTC)
    marks = [
        Mark(start, "registered", "version"),
        Mark(start + timedelta(days=9), "approved", "decision"),
        Mark(start + timedelta(days=5), "version 2", "version"),
    ]
    figure = lives.life(marks, title=lives.life_message(marks))

    assert [(t.name, len(t.x)) for t in traces(figure)] == [("version", 2), ("decision", 1)]
    assert layout(figure).title.text == "3 events since 1 Jan 2026, the last on 10 Jan 2026"


def test_every_kind_of_event_has_a_row_in_a_life():
    assert lives.lane("request.open") == "approvals"
    assert lives.lane("outcomes.ingest") == "monitoring"
    assert lives.lane("something.new") == "other"


def test_tier_by_health_counts_models_and_says_the_state_in_words():
    counts = {(Tier.HIGH, State.BREACH): 2, (Tier.MINIMAL, State.OK): 3}
    figure = lives.tier_by_health(counts, title="t")

    breach, ok = traces(figure)
    assert (list(breach.y), list(breach.x)) == (["high", "minimal"], [2, 0])
    assert list(ok.x) == [0, 3]
    assert breach.name == f"{theme.STATES[State.BREACH].mark} breach"
    assert lives.health_message(counts) == "2 of 5 models in breach, 2 of them high-risk"
