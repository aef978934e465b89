"""Do rows of numbers say what is beyond its limit, and keep every value on a row of its own?"""

from dataclasses import replace
from typing import Any

from lifecycle.charts import soundness
from lifecycle.domain.measurement import Measurement, State

GAIN = Measurement("champion_gain", 0.02, State.OK, column="m/1", interval=(0.01, 0.03), limit=0.0)
SLICE = Measurement("worst_slice_gap", 0.2, State.BREACH, slice={"age": "<b>old</b>"}, limit=0.1)
FAILED = Measurement("noise_loss", None, State.ERROR, reason="it raises", limit=0.1)
FREE = Measurement("flip_share", 0.1, State.OK)


def test_the_message_names_the_first_limit_that_is_not_kept():
    assert soundness.message([FREE]) == "1 value measured, no limit set"
    assert soundness.message([GAIN, FREE]) == "1 of 1 limit is kept"
    said = soundness.message([GAIN, SLICE, FAILED])
    assert said == ("2 of 3 limits are not kept: Worst slice: age <b>old</b> 0.200, limit 0.100")
    few = Measurement("noise_loss", None, State.INSUFFICIENT, reason="few", limit=0.1)
    assert soundness.message([GAIN, few]) == "1 of 2 limits cannot be judged yet"
    assert "failed" in soundness.message([FAILED])


def test_a_limit_that_only_warns_is_not_called_kept():
    warned = replace(SLICE, state=State.WARNING)

    assert soundness.message([GAIN, warned]) == (
        "1 of 2 limits warns: Worst slice: age <b>old</b> 0.200, limit 0.100"
    )
    assert soundness.message([warned, SLICE]).endswith("limit 0.100; 1 more warns")
    few = Measurement("noise_loss", None, State.INSUFFICIENT, reason="few", limit=0.1)
    assert soundness.message([warned, few]) == "1 of 2 limits cannot be judged yet; 1 warns"


def test_every_value_has_a_row_with_interval_and_limit_and_no_tag_survives():
    figure: Any = soundness.forest(
        [GAIN, SLICE, SLICE, FAILED], title="t", axis="gain", zero="equal"
    )
    rows = [y for trace in figure.data for y in trace.y]
    values = {trace.name: list(trace.x) for trace in figure.data}
    assert values["ok"] == [0.02]
    assert values["breach"] == [0.2, 0.2]
    assert values["limit"] == [0.0, 0.1, 0.1]
    assert len(set(rows)) == 3, "two slices of one name stay apart"
    assert all("<b>" not in row for row in rows)
    ok = next(trace for trace in figure.data if trace.name == "ok")
    assert list(ok.error_x.array) == [0.03 - 0.02]
    assert "equal" in [note.text for note in figure.layout.annotations]


def test_what_has_several_rows_gets_a_chart_that_names_the_largest():
    other = Measurement("worst_slice_gap", 0.1, State.OK, slice={"age": "young"})
    cost = Measurement("file_size", 2.0, State.OK, unit="MB")

    charts = soundness.together([GAIN, SLICE, other, FREE, cost])

    assert charts == [[GAIN, FREE], [SLICE, other], [cost]]
    assert soundness.heading(charts[1]) == "Worst slice: largest 0.200 for age <b>old</b>"
    assert soundness.heading(charts[0]) == "1 of 1 limit is kept"
    assert soundness.heading(charts[2]) == "Size of the model file 2 MB"


def test_a_long_label_stands_on_two_lines():
    long = Measurement("missing_loss", 0.1, State.OK, column="c" * 90)
    figure: Any = soundness.forest([long], title="t", axis="loss")
    assert figure.data[0].y[0].count("<br>") == 1
