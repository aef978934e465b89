"""What every chart shares: one palette, one look per state, one frame.

The colours are readable on the light and on the dark page alike (at least 3:1 against both) and
keep apart for the colour-blind; a symbol and a word always say the same as the colour.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from textwrap import wrap
from typing import Any, TypeAlias

import plotly.graph_objects as go

from lifecycle.domain.measurement import NO_LIMIT, Measurement, State

Trace: TypeAlias = dict[str, Any]

BLUE, ORANGE, GREEN, PURPLE, OCHRE, GREY = (
    "#3b82c4",
    "#cc5a1d",
    "#1f9074",
    "#9b6fc0",
    "#a3821a",
    "#808488",
)
"""After Okabe and Ito, shifted in lightness to stand on white and on near-black."""

RED = "#d8403a"
"""Kept for breaches and limits; no series is red."""

SERIES = (BLUE, ORANGE, GREEN, PURPLE, OCHRE, GREY)
DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
SYMBOLS = ("circle", "square", "diamond", "triangle-up", "cross", "star")

REFERENCE, CURRENT = GREY, BLUE
LINE = 20
"""Pixels of a line of a title."""
PICTURE = 1000
"""Pixels across a figure that is saved as a picture."""
TITLE_WIDTH = 130
"""Characters to a line of a title in a saved figure; Plotly does not break lines by itself. A page
writes the title above the figure, where it breaks at any width."""


@dataclass(frozen=True, slots=True)
class Look:
    """How a state is shown: word, colour, Plotly marker and the same mark in plain text."""

    word: str
    colour: str
    marker: str
    mark: str


STATES: Mapping[State, Look] = {
    State.OK: Look("ok", GREEN, "circle", "✓"),
    State.WARNING: Look("warning", OCHRE, "triangle-up", "▲"),
    State.BREACH: Look("breach", RED, "x", "✕"),
    State.ERROR: Look("error", RED, "hexagon2", "!"),
    State.INSUFFICIENT: Look("insufficient data", GREY, "circle-open", "?"),
    State.STALE: Look("stale", PURPLE, "hourglass", "◷"),
    State.UPCOMING: Look("upcoming", BLUE, "diamond-open", "→"),
    State.NOT_APPLICABLE: Look("not applicable", GREY, "square-open", "·"),
}


UNLIMITED = Look(NO_LIMIT, BLUE, "circle", "·")
LOOKS = (*STATES.values(), UNLIMITED)


def look(measured: Measurement) -> Look:
    """Return how a measurement is shown: by its state, unless nothing limits it."""
    return STATES[measured.state] if measured.judged else UNLIMITED


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that happened, to be marked on a time axis."""

    at: datetime
    text: str
    kind: str = "event"


def plain(text: object) -> str:
    """Return text that Plotly shows as it is; it would read tags in it otherwise."""
    return str(text).replace("&", "&amp;").replace("<", "&lt;")


def faded(colour: str, *, opacity: float) -> str:
    """Return a colour of the palette with an opacity, for bands and cells."""
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity})"


def line(
    value: float,
    label: str,
    *,
    across: str = "x",
    dash: str = "dash",
    colour: str = RED,
    anchor: str = "left",
) -> tuple[Trace, Trace]:
    """Return the shape and the label of a limit or reference across the plot.

    Parameters
    ----------
    anchor
        The label's end that touches a vertical line; ``right`` keeps it inside the plot when the
        line stands at its right.
    """
    along = "y" if across == "x" else "x"
    shape = {
        "type": "line",
        f"{across}ref": "paper",
        f"{across}0": 0,
        f"{across}1": 1,
        f"{along}ref": along,
        f"{along}0": value,
        f"{along}1": value,
        "line": {"color": colour, "width": 1.5, "dash": dash},
    }
    place: Trace = {"x": 1, "xref": "paper", "xanchor": "right", "y": value, "yanchor": "bottom"}
    if across == "y":
        # Inside the plot and at its foot: above it stands the legend.
        place = {"y": 0, "yref": "paper", "yanchor": "bottom", "x": value, "xanchor": anchor}
    return shape, {**place, "text": plain(label), "showarrow": False, "font": {"size": 12}}


def figure(
    traces: Sequence[Trace],
    *,
    title: str,
    x: Mapping[str, Any],
    y: Mapping[str, Any],
    height: int = 320,
    lines: Iterable[tuple[Trace, Trace]] = (),
    shapes: Sequence[Trace] = (),
    annotations: Sequence[Trace] = (),
    more: Mapping[str, Any] | None = None,
) -> go.Figure:
    """Frame traces under their message.

    Parameters
    ----------
    title
        The chart's one message, a sentence in plain text.
    lines
        Limits and references, as `line` returns them.
    more
        Further layout, such as a second panel's axes.
    """
    lines = list(lines)
    rows = wrap(title.replace(" %", "\N{NO-BREAK SPACE}%"), TITLE_WIDTH) or [""]
    layout: dict[str, Any] = {
        "title": {
            "text": "<br>".join(plain(row) for row in rows),
            "x": 0,
            "xref": "container",
            "y": 1,
            "yref": "container",
            "yanchor": "top",
            "pad": {"t": 10},
            "font": {"size": 14},
        },
        "height": height + LINE * len(rows),
        "margin": {"l": 8, "r": 8, "t": 52 + LINE * len(rows), "b": 8},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "hoverlabel": {"align": "left"},
        # Left of the plot by nothing one sees: Plotly then lets it have the figure's whole width,
        # and on a phone it would stand one entry per line over the title otherwise.
        "legend": {"orientation": "h", "y": 1, "yanchor": "bottom", "x": -1e-6},
        "shapes": [*shapes, *(shape for shape, _ in lines)],
        "annotations": [*annotations, *(label for _, label in lines)],
        "xaxis": {"automargin": True, "zeroline": False, **x},
        "yaxis": {"automargin": True, "zeroline": False, **_upright(y, height=height)},
        **(more or {}),
    }
    return go.Figure(data=list(traces), layout=layout)


def _upright(y: Mapping[str, Any], *, height: int) -> dict[str, Any]:
    """Break the label beside a vertical axis where the plot is too low for it."""
    text = str(y.get("title", {}).get("text", ""))
    return {**y, "title": {"text": "<br>".join(wrap(text, max(height // 16, 12)))}}


def axis(title: str, **settings: Any) -> dict[str, Any]:
    """Return an axis with its label; the label names the unit."""
    return {"title": {"text": plain(title)}, **settings}
