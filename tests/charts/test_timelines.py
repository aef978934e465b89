from datetime import UTC, datetime, timedelta
from typing import Any

from lifecycle.charts import heatmaps, theme, timelines
from lifecycle.charts.theme import Mark
from lifecycle.domain.measurement import Measurement, State, Window


def traces(figure) -> Any:
    return figure.data


def layout(figure) -> Any:
    return figure.layout


START = datetime(2026, 1, 5, tzinfo=UTC)


def window(i):
    return Window(START + timedelta(days=7 * i), START + timedelta(days=7 * (i + 1)))


def measured(i, value, *, column="age", limit=0.1, state=None, interval=True):
    judged = State.BREACH if value is not None and value > limit else State.OK
    return Measurement(
        "ks",
        value,
        state or (State.INSUFFICIENT if value is None else judged),
        column=column,
        window=window(i),
        interval=(value - 0.01, value + 0.01) if interval and value is not None else None,
        confidence=0.95,
        n=1000,
        limit=limit,
        reason=None if value is not None else "12 rows, needs 200",
    )


def named(figure, name):
    return [trace for trace in traces(figure) if trace.name == name]


def test_each_state_is_a_trace_with_its_own_symbol_and_word():
    figure = timelines.over_windows(
        [measured(0, 0.05), measured(1, 0.2), measured(2, None)], title="t", name="KS"
    )

    (ok,), (breach,), (missing,) = (
        named(figure, word) for word in ("ok", "breach", "insufficient data")
    )
    assert list(ok.y) == [0.05]
    assert list(breach.y) == [0.2]
    assert breach.marker.symbol == theme.STATES[State.BREACH].marker
    assert list(missing.y) == [0.0], "a window without a value stands on the floor of the chart"
    assert "needs 200" in missing.text[0]


def test_hover_tells_interval_sample_size_and_limit():
    figure = timelines.over_windows([measured(0, 0.05)], title="t", name="KS")

    (ok,) = named(figure, "ok")
    assert "n 1,000" in ok.text[0]
    assert "0.0400\N{EN DASH}0.0600" in ok.text[0]
    assert "limit 0.100" in ok.text[0]


def test_limit_and_reference_are_labelled_lines():
    figure = timelines.over_windows(
        [measured(0, 0.05)], title="t", name="KS", reference=(0.07, "reference")
    )

    assert [a.text for a in layout(figure).annotations] == ["limit 0.100", "reference 0.0700"]
    assert [s.y0 for s in layout(figure).shapes] == [0.1, 0.07]


def test_the_band_runs_around_the_intervals_and_breaks_where_there_is_none():
    history = [measured(0, 0.05), measured(1, 0.06), measured(2, None), measured(3, 0.07)]
    figure = timelines.over_windows(history, title="t", name="KS")

    (band,) = named(figure, "95 % interval")
    assert [round(y, 2) if y is not None else None for y in band.y] == [
        *(0.04, 0.05, 0.07, 0.06, None),
        *(0.06, 0.06, 0.08, 0.08),
    ]


def test_events_within_the_windows_are_marked_and_others_are_left_out():
    marks = [
        Mark(START + timedelta(days=1), "version 2 to production", "deployment"),
        Mark(START - timedelta(days=100), "registered"),
    ]
    figure = timelines.over_windows([measured(0, 0.05)], title="t", name="KS", marks=marks)

    (event,) = named(figure, "event")
    assert len(event.x) == 1
    assert "version 2 to production" in event.text[0]


def test_nothing_measured_still_gives_a_figure():
    assert layout(timelines.over_windows([], title="t", name="KS")).title.text == "t"
    assert traces(timelines.several({}, title="t", name="KS")) == ()


def test_a_single_window_has_a_band_with_a_width():
    figure = timelines.over_windows([measured(0, 0.05)], title="t", name="KS")

    (band,) = named(figure, "95 % interval")
    assert len(set(band.x)) == 2


def test_several_groups_differ_in_dash_and_symbol_and_stop_at_six():
    histories = {f"g{i}": [measured(0, 0.05 + i / 100)] for i in range(8)}
    figure = timelines.several(histories, title="t", name="rate")

    assert len(traces(figure)) == 6
    assert len({(t.line.dash, t.marker.symbol) for t in traces(figure)}) == 6


def test_the_message_says_since_when_it_is_in_breach():
    history = [measured(0, 0.05), measured(1, 0.2), measured(2, 0.25)]

    said = timelines.message(history, name="KS of age")

    assert "KS of age is 0.250" in said
    assert "a breach of the limit 0.100, for 2 windows, since 12 Jan 2026" in said


def test_the_message_speaks_of_the_newest_judged_window_and_counts_those_that_wait():
    history = [measured(0, 0.05), measured(1, 0.9, state=State.INSUFFICIENT)]

    said = timelines.message(history, name="accuracy")

    assert said.startswith("accuracy is 0.0500")
    assert said.endswith("1 newer window cannot be judged yet")


def test_the_message_counts_past_breaches_when_all_is_well_again():
    history = [measured(0, 0.2), measured(1, 0.05)]

    assert timelines.message(history, name="KS").endswith("1 of 2 windows were in breach")


def test_the_message_says_why_there_is_no_value():
    assert "needs 200" in timelines.message([measured(0, None)], name="KS")


def test_the_heat_map_has_a_row_per_column_and_a_column_per_window():
    cells = [measured(i, 0.05 * (i + 1), column=c) for i in range(3) for c in ("age", "income")]
    figure = heatmaps.by_column(cells, order=["income", "age"], title="t", name="KS")

    (colours,) = (t for t in traces(figure) if t.type == "heatmap")
    assert list(colours.y) == ["income", "age"]
    assert list(colours.x) == ["5 Jan 2026", "12 Jan 2026", "19 Jan 2026"]
    assert [[round(v, 6) for v in row] for row in colours.z] == [[0.5, 1.0, 1.5]] * 2
    assert list(layout(figure).yaxis.categoryarray) == ["age", "income"], "drawn from below"


def test_every_cell_of_the_heat_map_carries_a_symbol_and_can_be_told_by_a_click():
    cells = [measured(0, 0.05), measured(1, 0.3), measured(2, None)]
    figure = heatmaps.by_column(cells, order=["age"], title="t", name="KS")

    points = [t for t in traces(figure) if t.type == "scatter"]
    assert {t.marker.symbol for t in points} == {
        theme.STATES[s].marker for s in (State.OK, State.BREACH, State.INSUFFICIENT)
    }
    clicked = sorted(tuple(c) for t in points for c in t.customdata)
    assert clicked == [("age", window(i).start.isoformat()) for i in range(3)]


def test_the_heat_map_names_the_worst_column_of_the_newest_window():
    cells = [measured(0, 0.9, column="old"), measured(1, 0.3), measured(1, 0.2, column="income")]

    said = heatmaps.message(cells, name="KS")

    assert said.startswith("KS: 2 of 2 columns beyond the limit")
    assert said.endswith("most of all age")
