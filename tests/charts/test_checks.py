"""The map of checks shows the worst of each cell, and says in a sentence what fails."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from lifecycle.charts import checks
from lifecycle.charts.theme import Mark
from lifecycle.domain.measurement import Measurement, State, Window

START = datetime(2026, 1, 5, tzinfo=UTC)


def found(column, statistic, state, *, week=0, value=0.0, limit=0.1, reason=None):
    start = START + timedelta(weeks=week)
    window = Window(start, start + timedelta(weeks=1))
    return Measurement(
        statistic, value, state, column=column, window=window, limit=limit, n=9, reason=reason
    )


HISTORY = [
    found("a", "missing_share", State.OK),
    found("a", "stuck_value", State.BREACH, value=1.0, limit=0.5, reason="it stands"),
    found("b", "missing_share", State.WARNING, value=0.2),
    found(None, "volume_change", State.OK),
    found("a", "missing_share", State.INSUFFICIENT, week=1, reason="few rows"),
    found("b", "missing_share", State.INSUFFICIENT, week=1, reason="few rows"),
]


def test_a_cell_is_as_bad_as_its_worst_check_and_a_click_names_it():
    cells = checks.cells_of(HISTORY)
    figure: Any = checks.by_window(cells, title="x")

    heat, *marks = figure.data
    assert heat.y == ("(all rows)", "a", "b")
    assert [list(row) for row in heat.z] == [[1, None], [3, 0], [2, 0]]
    (breach,) = [trace for trace in marks if trace.name == "breach"]
    assert list(breach.customdata[0]) == ["a", START.isoformat(), "stuck_value"]
    assert breach.text == ("a<br>stuck value: 1, breach",)


def test_a_large_map_is_cut_to_the_columns_that_failed_most_and_the_newest_windows():
    cells = checks.cells_of(HISTORY)

    assert set(checks.cut(cells, columns=2, windows=1)) == {("a", START + timedelta(weeks=1))}
    assert checks.cut(cells, columns=9, windows=9) == cells


def test_what_happened_stands_above_its_window():
    mark = Mark(START + timedelta(days=8), "v2 became production")

    figure: Any = checks.by_window(checks.cells_of(HISTORY), title="x", marks=[mark])

    (event,) = figure.layout.annotations
    assert event.x == "12 Jan 2026"
    assert "v2 became production" in event.hovertext


def test_the_message_is_about_the_newest_window_that_can_be_judged():
    now = checks.newest(checks.cells_of(HISTORY))

    assert {m.window.start for m in now if m.window} == {START}
    assert checks.message(now) == (
        "1 of 4 checks fail in the 7 days to 11 Jan 2026, most of all stuck value of a"
    )
    assert checks.worst(now).statistic == "stuck_value"


@pytest.mark.parametrize(
    ("measured", "said"),
    [
        (HISTORY[:1], "1 of 1 check pass in the 7 days to 11 Jan 2026"),
        (HISTORY[4:], "No check can be judged in the 7 days to 18 Jan 2026: few rows"),
    ],
)
def test_what_passes_and_what_cannot_be_judged_is_said(measured, said):
    assert checks.message(measured) == said


def test_the_table_holds_what_fails_worst_first_and_a_sentence_the_rest():
    assert [(row["column"], row["check"]) for row in checks.rows(HISTORY)] == [
        ("a", "Stuck value"),
        ("b", "Missing values"),
    ]
    assert checks.unjudged(HISTORY) == "2 checks cannot be judged: few rows"
    assert checks.unjudged(HISTORY[:1]) is None
