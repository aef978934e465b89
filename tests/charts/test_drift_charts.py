"""What the drift page draws: a ranking that knows importance, events, and slices."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from lifecycle.charts import contributions, heatmaps, rankings, timelines, wording
from lifecycle.charts.theme import Mark
from lifecycle.domain.measurement import Measurement, State, Window
from lifecycle.domain.monitor import Comparison, LimitRule, Monitor, ReferenceKind
from lifecycle.stats.drift.slices import Contribution

START = datetime(2026, 1, 5, tzinfo=UTC)


def measured(i, value, *, column="age", state=None):
    start = START + timedelta(days=7 * i)
    judged = State.BREACH if value > 0.1 else State.OK
    return Measurement(
        "ks",
        value,
        state or judged,
        column=column,
        window=Window(start, start + timedelta(days=7)),
        n=1000,
        limit=0.1,
    )


def layout(figure) -> Any:
    return figure.layout


def part(name, *, within, size=0.0, p=0.001, rows=0.5):
    return Contribution({"sex": name}, within + size, within, size, 0.2, 500, 400, rows, p)


def test_columns_rank_by_drift_times_importance_and_those_without_one_come_after():
    history = [
        measured(0, 0.9, column="harmless"),
        measured(0, 0.4, column="strong"),
        measured(0, 0.95, column="score"),
        measured(0, 0.05, column="still"),
    ]

    found = rankings.by_column(history, importance={"harmless": 0.01, "strong": 0.8, "still": 0.1})

    assert [r.column for r in found] == ["strong", "harmless", "score", "still"]
    assert found[0].weight is not None
    assert round(found[0].weight, 6) == 3.2
    assert found[2].weight is None
    row = rankings.rows(found, changes={"strong": "mean 3, 1 in the reference"})[0]
    assert row["importance"] == 0.8
    assert row["what changed"] == "mean 3, 1 in the reference"


def test_a_column_beyond_a_limit_of_zero_is_named_first_without_a_multiple_of_it():
    strict = replace(measured(0, 0.02, column="strict"), limit=0.0, state=State.BREACH)
    still = replace(measured(0, 0.0, column="still"), limit=0.0, state=State.OK)
    history = [strict, still, measured(0, 0.9, column="loud")]
    found = rankings.by_column(history)

    assert [r.column for r in found] == ["strict", "loud", "still"]
    assert rankings.message(found).endswith(
        "most of all strict: Kolmogorov-Smirnov distance 0.0200, limit 0"
    )
    assert [row["times limit"] for row in rankings.rows(found)] == [None, 9.0, 0.0]
    assert "most of all strict" in heatmaps.message(history, name="KS")
    order = ["strict", "loud", "still"]
    figure: Any = heatmaps.by_column(history, order=order, title="t", name="KS")
    assert figure.data[0].z.ravel().tolist() == [3, 3, 0]
    known = rankings.by_column(history, importance={"strict": 0.0, "loud": 0.5, "still": 0.5})
    assert [r.column for r in known] == ["loud", "strict", "still"]
    known = rankings.by_column(history, importance={"strict": 0.1, "loud": 0.5, "still": 0.5})
    assert rankings.rows(known)[0]["drift by importance"] is None
    assert known[0].column == "strict"


def test_without_explanations_the_table_has_no_column_for_them():
    (row,) = rankings.rows(rankings.by_column([measured(0, 0.2)]))

    assert "importance" not in row
    assert "what changed" not in row


def test_the_newest_window_that_could_be_judged_is_ranked_and_newer_ones_are_counted():
    history = [measured(0, 0.3), measured(1, 0.2), measured(2, 0.5, state=State.INSUFFICIENT)]

    found = rankings.by_column(history)

    assert found[0].worst.value == 0.2
    newer = rankings.waiting(history, found)
    said = rankings.message(found, newer=newer)
    assert "to 18 Jan 2026" in said
    assert said.endswith("1 newer window cannot be judged yet")
    unjudged = rankings.by_column([history[2]])
    assert unjudged[0].state is State.INSUFFICIENT


def test_the_heat_map_speaks_of_the_newest_judged_window_too():
    history = [measured(0, 0.3), measured(1, 0.5, state=State.INSUFFICIENT)]

    assert "1 of 1 column beyond the limit" in heatmaps.message(history, name="KS")


def test_events_stand_above_the_window_they_fell_into():
    history = [measured(0, 0.3), measured(1, 0.2)]
    marks = [
        Mark(START + timedelta(days=8), "v2 became production"),
        Mark(START + timedelta(days=9), "incident-1: <b>no</b> data"),
        Mark(START + timedelta(days=400), "later"),
    ]

    figure = heatmaps.by_column(history, order=["age"], title="t", name="KS", marks=marks)

    (event,) = layout(figure).annotations
    assert event.x == "12 Jan 2026"
    assert "v2 became production" in event.hovertext
    assert "&lt;b>no" in event.hovertext


def test_a_limit_in_both_directions_is_drawn_twice():
    figure = timelines.over_windows([measured(0, 0.2)], title="t", name="shift", mirrored=True)

    assert [shape.y0 for shape in layout(figure).shapes] == [0.1, -0.1]
    low, _ = layout(figure).yaxis.range
    assert low < -0.1


def test_slices_are_bars_in_two_parts_and_a_sentence():
    found = [part("Female", within=0.7, size=0.1), part("Male", within=0.1, size=0.1)]

    figure: Any = contributions.bars(found, title="t")

    assert [list(trace.x) for trace in figure.data] == [[0.7, 0.1], [0.1, 0.1]]
    assert list(figure.data[0].y) == ["sex Female", "sex Male"]
    assert list(figure.data[0].customdata) == ["sex Female", "sex Male"]
    said = contributions.message(found, column="age")
    assert said == "sex Female brings 80 % of the movement of age, because its own rows moved"
    assert contributions.rows(found)[0]["reference n"] == 500


def test_no_slice_is_blamed_where_all_bring_what_their_rows_are():
    found = [part("Female", within=0.503, rows=0.48), part("Male", within=0.497, rows=0.52)]

    said = contributions.message(found, column="age")

    assert said == (
        "No slice stands out: sex Female brings 50.3 % of the movement of age with 48 % of rows"
    )


def test_a_small_slice_that_brings_much_goes_before_a_large_one_that_brings_its_part():
    found = [part("Male", within=0.6, rows=0.8), part("Female", within=0.4, rows=0.2)]

    assert contributions.message(found, column="age").startswith("sex Female brings 40 %")


def test_a_slice_that_chance_explains_or_that_only_grew_is_said_so():
    likely = contributions.message([part("Female", within=0.9, p=0.4)], column="age")
    grown = contributions.message([part("Female", within=0.1, size=0.8, p=0.4)], column="age")
    small = contributions.message([replace(part("F", within=1), p_adjusted=None)], column="age")

    assert likely.endswith("though chance would do that too")
    assert grown.endswith("because there are more or fewer of them")
    assert small == "age: no slice holds enough rows to be judged"


def test_what_windows_are_compared_with_is_said_in_plain_words():
    monitor = Monitor("m#2", "m/1", 2, START, "dora")
    rolling = replace(monitor, reference=Comparison(ReferenceKind.ROLLING, days=28, gap=7))
    season = replace(
        monitor, reference=Comparison(ReferenceKind.SEASON), series=2, reason="holidays"
    )

    assert wording.comparison(monitor) == ""
    assert "28 days that end 7 days before each week" in wording.comparison(rolling)
    assert "same week a year before" in wording.comparison(season)
    assert wording.comparison(season).endswith("Series 2 since 5 Jan 2026: holidays.")
    assert "house's" in wording.testing(monitor, tests=3)
    learned = replace(monitor, rule=LimitRule.LEARNED)
    assert "learned from the reference" in wording.testing(learned, tests=1)
