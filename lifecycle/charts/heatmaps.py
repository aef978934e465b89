"""Which column moved when: columns by windows, coloured by value over limit, marked by state."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import numpy as np
import plotly.graph_objects as go

from lifecycle.charts import theme, timelines, wording
from lifecycle.charts.theme import Mark, Trace
from lifecycle.domain.measurement import Measurement, State, Window

ROW = 26
"""Pixels per column; enough to hit with a finger."""

FULL = 3.0
"""Times the limit at which a cell has its strongest colour."""

SCALE = [
    [0.0, theme.faded(theme.BLUE, opacity=0.04)],
    [1 / FULL, theme.faded(theme.BLUE, opacity=0.35)],
    [1 / FULL + 0.001, theme.faded(theme.RED, opacity=0.25)],
    [1.0, theme.faded(theme.RED, opacity=0.8)],
]
"""Up to the limit in blue, beyond it in red; see-through, so it stands on either page."""


def by_column(
    measurements: Sequence[Measurement],
    *,
    order: Sequence[str],
    title: str,
    name: str,
    marks: Sequence[Mark] = (),
) -> go.Figure:
    """Draw one statistic of many columns over windows.

    Parameters
    ----------
    order
        The columns to show, the first on top.
    name
        The statistic's title.
    marks
        What happened meanwhile, shown above the window it fell into.

    Notes
    -----
    Every cell also is a point whose ``customdata`` holds column and window start, so that a
    click can be told which cell it hit.
    """
    shown = set(order)
    cells = {
        (m.column or "", m.window.start): m
        for m in measurements
        if m.window is not None and (m.column or "") in shown
    }
    windows = {m.window.start: m.window for m in cells.values() if m.window is not None}
    starts = sorted(windows)
    labels = [wording.day(start) for start in starts]
    traces = [_colours(cells, order, starts, labels), *_marks(cells)]
    return frame(traces, order=order, windows=windows, title=title, marks=marks).update_traces(
        selector={"type": "heatmap"}, colorbar_title_text=f"{name}<br>by its limit"
    )


def frame(
    traces: Sequence[Trace],
    *,
    order: Sequence[str],
    windows: Mapping[datetime, Window],
    title: str,
    marks: Sequence[Mark] = (),
) -> go.Figure:
    """Frame a map of columns by windows.

    Parameters
    ----------
    order
        The columns, the first on top.
    windows
        By their starts.
    marks
        What happened meanwhile, shown above the window it fell into.
    """
    labels = [wording.day(start) for start in sorted(windows)]
    return theme.figure(
        traces,
        title=title,
        x=theme.axis(
            "window from (UTC)",
            type="category",
            categoryarray=labels,
            tickangle=-45,
            nticks=18,
            showgrid=False,
        ),
        y=theme.axis(
            "",
            type="category",
            categoryarray=[theme.plain(c) for c in reversed(order)],
            showgrid=False,
        ),
        height=150 + ROW * max(len(order), 3),
        annotations=_events(windows, labels, marks),
    )


def _colours(
    cells: dict[tuple[str, datetime], Measurement],
    order: Sequence[str],
    starts: Sequence[datetime],
    labels: Sequence[str],
) -> Trace:
    return {
        "type": "heatmap",
        "x": labels,
        "y": [theme.plain(column) for column in order],
        "z": np.array(
            [[_share(cells.get((column, start))) for start in starts] for column in order],
            dtype=np.float64,  # what has no value is NaN, which stays blank
        ),
        "zmin": 0,
        "zmax": FULL,
        "colorscale": SCALE,
        "xgap": 1,
        "ygap": 1,
        "hoverinfo": "skip",
        "colorbar": {
            "thickness": 10,
            "lenmode": "pixels",
            "len": 150,
            "y": 1,
            "yanchor": "top",
            "tickvals": [0, 1, 2, 3],
            "ticktext": ["0", "1", "2", "3+"],
        },
    }


def _events(
    windows: Mapping[datetime, Window], labels: Sequence[str], marks: Sequence[Mark]
) -> list[Trace]:
    """Point at the windows in which something happened; what it was shows on hovering."""
    events: list[Trace] = []
    for label, start in zip(labels, sorted(windows), strict=True):
        held = [mark for mark in marks if start <= mark.at < windows[start].end]
        if held:
            told = "<br>".join(theme.plain(f"{m.text}, {wording.moment(m.at)}") for m in held)
            place = {"x": label, "y": 1, "yref": "paper", "yanchor": "bottom", "showarrow": False}
            look = {"text": "▼", "font": {"color": theme.PURPLE, "size": 12}}
            events.append({**place, **look, "hovertext": told})
    return events


def _share(m: Measurement | None) -> float | None:
    """Return value by limit, or the value itself where nothing limits it; at most the full."""
    if m is None or m.value is None:
        return None
    return min(m.value if m.limit is None else wording.times_limit(m) or 0.0, FULL)


def _marks(cells: dict[tuple[str, datetime], Measurement]) -> list[Trace]:
    traces: list[Trace] = []
    names = {column: theme.plain(column) for column, _ in cells}
    days = {start: wording.day(start) for _, start in cells}
    for state, look in theme.STATES.items():
        found = [(*key, m) for key, m in cells.items() if m.state is state]
        if not found:
            continue
        quiet = state in {State.OK, State.NOT_APPLICABLE}
        traces.append(
            {
                "type": "scatter",
                # Arrays, because plotly checks and copies lists item by item.
                "x": np.array([days[start] for _, start, _ in found]),
                "y": np.array([names[column] for column, _, _ in found]),
                "mode": "markers",
                "marker": {
                    "symbol": look.marker,
                    "color": look.colour,
                    "size": 4 if quiet else 9,
                    "line": {"width": 0 if quiet else 1, "color": "white"},
                },
                "name": look.word,
                "customdata": np.array([(column, start.isoformat()) for column, start, _ in found]),
                "text": np.array([theme.plain(f"{c}: {wording.measured(m)}") for c, _, m in found]),
                "hovertemplate": f"%{{text}}<br>{look.word}<extra></extra>",
            }
        )
    return traces


def message(measurements: Sequence[Measurement], *, name: str) -> str:
    """Say how many columns are beyond their limit in the newest window that could be judged."""
    starts = [m.window.start for m in measurements if m.window is not None]
    if not starts:
        return f"{name}: nothing measured yet"
    judged = [m.window.start for m in measurements if m.window and m.state in timelines.JUDGED]
    last = max(judged or starts)
    newest = [m for m in measurements if m.window is not None and m.window.start == last]
    bad = [m for m in newest if m.state is State.BREACH]
    when = "" if newest[0].window is None else f" in the {wording.span(newest[0].window)}"
    if not bad:
        return f"{name}: none of {wording.counted(len(newest), 'column')} beyond its limit{when}"
    worst = max(bad, key=lambda m: wording.times_limit(m) or 0.0)
    return (
        f"{name}: {len(bad)} of {wording.counted(len(newest), 'column')} beyond the limit{when}, "
        f"most of all {worst.column}"
    )
