from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from lifecycle.charts import estimates, theme, timelines
from lifecycle.domain.measurement import Measurement, State, Window

START = datetime(2026, 1, 5, tzinfo=UTC)


def window(i):
    return Window(START + timedelta(days=7 * i), START + timedelta(days=7 * (i + 1)))


def measured(i, value, *, half=0.05, state=State.OK, unit="1", limit=None, name="accuracy"):
    band = None if value is None else (value - half, value + half)
    return Measurement(
        name, value, state, unit=unit, window=window(i), interval=band, n=500, limit=limit,
        confidence=None if band is None else 0.95, reason="why" if value is None else None,
    )  # fmt: skip


REALISED = [measured(0, 0.9), measured(1, 0.8), measured(2, 0.5, state=State.INSUFFICIENT)]
ESTIMATED = [measured(0, 0.88), measured(1, 0.9), measured(2, 0.85), measured(3, 0.84)]


def named(figure, name) -> Any:
    return next(trace for trace in figure.data if trace.name == name)


def test_an_estimate_has_a_line_and_a_band_of_its_own_on_the_same_axis():
    figure = timelines.over_windows(REALISED, title="t", name="accuracy", beside=ESTIMATED)

    assert list(named(figure, "estimated").y) == [0.88, 0.9, 0.85, 0.84]
    assert named(figure, "estimated").line.color == theme.ORANGE
    assert max(named(figure, "estimate's 95 % interval").y) == pytest.approx(0.95)
    assert max(named(figure, "95 % interval").y) == pytest.approx(0.95)


def test_a_window_that_is_not_judged_stands_off_the_line_as_an_open_grey_point():
    figure = timelines.over_windows(REALISED, title="t", name="accuracy", beside=ESTIMATED)

    assert list(named(figure, "value").y) == [0.9, 0.8, None]
    waiting = named(figure, "insufficient data")
    assert list(waiting.y) == [0.5]
    assert (waiting.marker.symbol, waiting.marker.color) == ("circle-open", theme.GREY)


def test_estimates_alone_can_be_drawn():
    figure = timelines.over_windows([], title="t", name="accuracy", beside=ESTIMATED[:1])

    assert list(named(figure, "estimated").y) == [0.88]


def test_the_own_error_counts_judged_windows_alone():
    error = estimates.own_error(ESTIMATED, REALISED)

    assert error is not None
    assert error.windows == 2
    assert error.mean_absolute == pytest.approx((0.02 + 0.1) / 2)
    assert error.covered == 0.5
    said = estimates.own_error_message(error, name="Accuracy")
    assert "off by 0.0600 on average (bias 0.0400, at most 0.100) over 2 windows" in said
    assert "held what was realised in 50 %" in said


def test_an_untested_estimate_and_a_refused_one_say_so():
    assert "No outcome has tested" in estimates.own_error_message(None, name="Accuracy")
    assert estimates.refusal([measured(0, None)]) == "why"
    assert estimates.refusal(ESTIMATED) is None
    without = estimates.own_error([measured(0, 0.9, half=0)], REALISED)
    assert without is not None
    bare = estimates.own_error([Measurement("accuracy", 0.9, State.OK, window=window(0))], REALISED)
    assert "95 % band" not in estimates.own_error_message(bare, name="Accuracy")


def test_value_is_added_up_where_outcomes_are_known_and_estimated_elsewhere():
    realised = [measured(i, v, unit="EUR") for i, v in enumerate([100.0, -20.0])]
    estimated = [measured(i, 50.0, unit="EUR") for i in range(3)]

    assert estimates.value_message(realised, estimated) == (
        "Decisions brought 80 EUR in 2 windows with outcomes, and an estimated 50 EUR in "
        "1 window without"
    )
    assert estimates.value_message([], []) == "No window has a value yet"


def test_a_service_level_is_said_to_be_kept_or_not():
    kept = measured(0, 80.0, limit=90, name="latency_p95")
    broken = measured(0, 0.2, limit=0.1, name="error_share", state=State.BREACH)

    assert "kept in 1 promise" in estimates.service_message([kept])
    assert estimates.service_message([kept, broken]) == (
        "1 promise of 2 not kept: error_share 0.200 against 0.100"
    )
    near = measured(0, 92.0, limit=90, name="latency_p95", state=State.WARNING)
    assert "Near the limit" in estimates.service_message([near])
    assert "No service level is promised" in estimates.service_message([measured(0, 1.0)])
