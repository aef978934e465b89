"""The palette is measured by WCAG's contrast and by Machado's model of colour blindness."""

from datetime import UTC, datetime, timedelta
from itertools import combinations
from typing import Any

import numpy as np
import pytest

from lifecycle.charts import theme, wording
from lifecycle.domain.measurement import Measurement, State, Window


def layout(figure) -> Any:
    return figure.layout


PAGES = {"light": "#ffffff", "dark": "#0e1117"}

# Machado, Oliveira and Fernandes (2009), doi:10.1109/TVCG.2009.113, severity 1.0, linear RGB.
BLINDNESS = {
    "normal": np.eye(3),
    "protanopia": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "deuteranopia": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
}


def linear(colour):
    rgb = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def contrast(one, other):
    """WCAG 2.2, https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio."""
    low, high = sorted(float(linear(c) @ [0.2126, 0.7152, 0.0722]) for c in (one, other))
    return (high + 0.05) / (low + 0.05)


def lab(rgb):
    """CIE L*a*b* under D65, from linear sRGB."""
    matrix = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    xyz = np.array(matrix) @ np.clip(rgb, 0, 1) / [0.9505, 1.0, 1.089]
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("page", PAGES)
def test_every_colour_stands_out_from_the_page_as_graphics_must(page):
    colours = {*theme.SERIES, theme.RED, *(look.colour for look in theme.STATES.values())}

    assert min(contrast(colour, PAGES[page]) for colour in colours) >= 3


@pytest.mark.parametrize("blindness", BLINDNESS)
def test_the_first_series_keep_apart_for_the_colour_blind(blindness):
    seen = [lab(BLINDNESS[blindness] @ linear(colour)) for colour in theme.SERIES[:3]]

    assert min(np.linalg.norm(a - b) for a, b in combinations(seen, 2)) > 15


def test_no_two_states_share_a_marker_a_mark_or_a_word():
    for part in ("marker", "mark", "word"):
        assert len({getattr(look, part) for look in theme.STATES.values()}) == len(State)


def test_every_state_has_a_look():
    assert set(theme.STATES) == set(State)


def test_series_differ_in_line_and_symbol_as_well_as_in_colour():
    assert len(set(theme.DASHES)) == len(set(theme.SYMBOLS)) == len(set(theme.SERIES))


def test_names_are_shown_as_they_are_and_never_as_markup():
    assert theme.plain("<b>&amp;") == "&lt;b>&amp;amp;"


def test_a_long_title_is_broken_into_lines_and_the_figure_grows_with_it():
    short = theme.figure([], title="short", x={}, y={})
    long = theme.figure([], title="word " * 40, x={}, y={})

    assert "<br>" in layout(long).title.text
    assert layout(long).height > layout(short).height


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (None, "no value"),
        (0.0, "0"),
        (0.81234, "0.812"),
        (-0.0123456, "-0.0123"),
        (12.345, "12.3"),
        (4567.8, "4,568"),
        (1.0, "1"),
        (1234567.0, "1,234,567"),
        (1.234e-9, "1.2e-09"),
    ],
)
def test_numbers_are_said_with_three_digits(value, said):
    assert wording.number(value) == said


def test_a_measurement_is_said_with_interval_size_and_the_last_day_of_its_window():
    start = datetime(2026, 11, 12, tzinfo=UTC)
    m = Measurement(
        "roc_auc",
        0.81,
        State.OK,
        window=Window(start, start + timedelta(days=7)),
        interval=(0.79, 0.83),
        n=12403,
    )

    assert wording.measured(m) == "0.810 (0.790\N{EN DASH}0.830), n 12,403, 7 days to 18 Nov 2026"


def test_a_measurement_without_a_value_says_why():
    m = Measurement("ks", None, State.INSUFFICIENT, n=12, reason="12 rows, needs 200")

    assert wording.measured(m) == "no value: 12 rows, needs 200, n 12"


def test_one_day_is_called_by_its_date_and_part_of_a_day_by_its_hours():
    start = datetime(2026, 11, 18, tzinfo=UTC)

    assert wording.span(Window(start, start + timedelta(days=1))) == "18 Nov 2026"
    assert "12:00 UTC" in wording.span(Window(start, start + timedelta(hours=12)))
