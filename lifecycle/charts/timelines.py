"""How has a number gone over time: value with its interval, against limit and reference."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

import plotly.graph_objects as go

from lifecycle.charts import theme, wording
from lifecycle.charts.theme import Mark, Trace
from lifecycle.domain.measurement import Measurement, State, Window

LOW, TALL = 320, 400
"""Pixels of a figure, and of one with a second history in it."""

LEGEND_BELOW = {
    "legend": {"orientation": "h", "x": 0, "y": 0, "yref": "container", "yanchor": "bottom"}
}
"""Two bands and the states are too many names to stand between title and plot on a phone."""

MOST_SERIES = len(theme.SERIES)
"""More lines than this cannot be told apart; the table holds them all."""


def over_windows(
    history: Sequence[Measurement],
    *,
    title: str,
    name: str,
    reference: tuple[float, str] | None = None,
    beside: Sequence[Measurement] = (),
    marks: Sequence[Mark] = (),
    zero: bool = True,
    mirrored: bool = False,
) -> go.Figure:
    """Draw one statistic over its windows with the band of its interval.

    Windows that are not judged stand apart as open grey points, off the line.

    Parameters
    ----------
    history
        Measurements of one statistic of one column and slice, oldest first; those without a
        window are left out.
    name
        What the vertical axis shows, such as ``Kolmogorov-Smirnov distance of age``.
    reference
        A value to compare with, and its label.
    beside
        Estimates of the same statistic, drawn with a band of their own on the same axis.
    marks
        What happened meanwhile; those outside the windows are left out.
    zero
        Whether the axis starts at 0.
    mirrored
        Whether the limit holds in both directions from 0.
    """
    history = [m for m in history if m.window is not None]
    beside = [m for m in beside if m.window is not None]
    every = [*history, *beside]
    limits = [m.limit for m in every if m.limit is not None]
    limit = limits[-1] if limits else None
    below = -limit if mirrored and limit is not None else None
    low, high = _range(every, fixed=(limit, below, reference and reference[0]), zero=zero)
    traces = [
        *_band(beside, colour=theme.ORANGE, of="estimate's "),
        *_band([m for m in history if m.state in JUDGED] if beside else history),
        *_estimates(beside),
        _path(_judged(history), name="value", colour=theme.CURRENT, dash="solid"),
        *_points(history, floor=low),
        *_event_points(marks, every, top=high),
    ]
    lines: list[tuple[Trace, Trace]] = []
    if limit is not None:
        bounds = (limit, -limit) if mirrored else (limit,)
        lines += [theme.line(bound, f"limit {wording.number(bound)}") for bound in bounds]
    if reference is not None:
        text = f"{reference[1]} {wording.number(reference[0])}"
        lines.append(theme.line(reference[0], text, dash="dot", colour=theme.REFERENCE))
    return theme.figure(
        traces,
        title=title,
        x=theme.axis("window (UTC)", type="date"),
        y=theme.axis(_labelled(name, every), range=[low, high]),
        lines=lines,
        shapes=_event_lines(marks, every),
        height=TALL if beside else LOW,
        more=LEGEND_BELOW if beside else None,
    )


def several(
    histories: Mapping[str, Sequence[Measurement]],
    *,
    title: str,
    name: str,
    marks: Sequence[Mark] = (),
    zero: bool = True,
) -> go.Figure:
    """Draw one statistic of several groups or columns, each with line, dash and symbol.

    The first six are drawn, so order them by what matters.
    """
    drawn = dict(list(histories.items())[:MOST_SERIES])
    every = [m for history in drawn.values() for m in history if m.window is not None]
    limits = {m.limit for m in every if m.limit is not None}
    limit = limits.pop() if len(limits) == 1 else None
    low, high = _range(every, fixed=(limit,), zero=zero, bounds=False)
    traces = [
        _path(
            [m for m in history if m.window is not None],
            name=label,
            colour=theme.SERIES[i],
            dash=theme.DASHES[i],
            symbol=theme.SYMBOLS[i],
        )
        for i, (label, history) in enumerate(drawn.items())
    ]
    return theme.figure(
        [*traces, *_event_points(marks, every, top=high)],
        title=title,
        x=theme.axis("window (UTC)", type="date"),
        y=theme.axis(_labelled(name, every), range=[low, high]),
        lines=[] if limit is None else [theme.line(limit, f"limit {wording.number(limit)}")],
        shapes=_event_lines(marks, every),
    )


JUDGED = frozenset({State.OK, State.WARNING, State.BREACH})


def message(history: Sequence[Measurement], *, name: str) -> str:
    """Say in one sentence what the newest judged window shows."""
    valued = [m for m in history if m.value is not None]
    if not valued:
        why = next((m.reason for m in reversed(history) if m.reason), "nothing was measured")
        return f"{name}: no value yet, {why}"
    judged = [m for m in valued if m.state in JUDGED]
    last = (judged or valued)[-1]
    said = f"{name} is {wording.number(last.value)} {wording.interval(last.interval)}".rstrip()
    said += "" if last.window is None else f" {wording.within(last.window)}"
    if not judged:
        return f"{said}, not judged: {last.reason or 'too little data'}"
    waiting = len(history) - 1 - max(i for i, m in enumerate(history) if m is last)
    newer = f"; {wording.counted(waiting, 'newer window')} cannot be judged yet" if waiting else ""
    if last.limit is None:
        return said + newer
    limit = wording.number(last.limit)
    if last.state is State.BREACH:
        return f"{said}: a breach of the limit {limit}, {_since(judged)}{newer}"
    bad = sum(m.state is State.BREACH for m in judged)
    once = f"; {bad} of {len(judged)} windows were in breach" if bad else ""
    near = "near its limit" if last.state is State.WARNING else "limit"
    return f"{said}, {near} {limit}{once}{newer}"


def _since(history: Sequence[Measurement]) -> str:
    """Say since when the newest windows have all been in breach."""
    run = 0
    for m in reversed(history):
        if m.state is not State.BREACH:
            break
        run += 1
    first = history[-run].window
    if run == 1 or first is None:
        return "for the first time in a row" if run != len(history) else "in every window"
    return f"for {run} windows, since {wording.day(first.start)}"


def _middle(window: Window) -> datetime:
    return window.start + (window.end - window.start) / 2


def _labelled(name: str, history: Sequence[Measurement]) -> str:
    unit = wording.unit(history[0].unit) if history else ""
    return f"{name} ({unit})" if unit else name


def _range(
    history: Sequence[Measurement],
    *,
    fixed: Sequence[float | None],
    zero: bool,
    bounds: bool = True,
) -> tuple[float, float]:
    values = [m.value for m in history if m.value is not None]
    values += [v for v in fixed if v is not None]
    if bounds:
        values += [b for m in history if m.interval is not None for b in m.interval]
    if zero:
        values.append(0.0)
    low, high = min(values, default=0.0), max(values, default=1.0)
    pad = (high - low) * 0.1 or abs(high) * 0.1 or 1.0
    return (low if zero and low >= 0 else low - pad), high + pad


def _hover(m: Measurement) -> str:
    parts = [wording.measured(m), theme.look(m).word]
    if m.limit is not None:
        parts.append(f"limit {wording.number(m.limit)}")
    if m.p_adjusted is not None:
        parts.append(f"adjusted p {wording.number(m.p_adjusted)}")
    return theme.plain("\n".join(parts)).replace("\n", "<br>")


def _judged(history: Sequence[Measurement]) -> list[Measurement]:
    """Take the value out of windows that are not judged, so that a line has a gap there."""
    return [m if m.state in JUDGED else replace(m, value=None) for m in history]


def _estimates(beside: Sequence[Measurement]) -> list[Trace]:
    """Return the estimates as a dashed line of their own; a refused one leaves a gap."""
    if not beside:
        return []
    path = _path(beside, name="estimated", colour=theme.ORANGE, dash="dash", symbol="diamond-open")
    return [path]


def _band(
    history: Sequence[Measurement], *, colour: str = theme.CURRENT, of: str = ""
) -> list[Trace]:
    """Return one filled trace; windows without an interval leave a hole in it."""
    xs: list[datetime | None] = []
    ys: list[float | None] = []
    for known, run in groupby(history, key=lambda m: m.interval is not None):
        if not known:
            continue
        part = [(_middle(m.window), *m.interval) for m in run if m.window and m.interval]
        if len(part) == 1:  # a single window still needs a width to be seen
            at, low, high = part[0]
            part = [(at - timedelta(hours=6), low, high), (at + timedelta(hours=6), low, high)]
        xs += [*(at for at, _, _ in part), *(at for at, _, _ in reversed(part)), None]
        ys += [*(low for _, low, _ in part), *(high for _, _, high in reversed(part)), None]
    if not xs:
        return []
    confidence = next((m.confidence for m in history if m.confidence is not None), None)
    return [
        {
            "type": "scatter",
            "x": xs[:-1],
            "y": ys[:-1],
            "fill": "toself",
            "fillcolor": theme.faded(colour, opacity=0.2),
            "line": {"width": 0},
            "mode": "lines",
            "hoverinfo": "skip",
            "name": of + ("interval" if confidence is None else f"{confidence * 100:g} % interval"),
        }
    ]


def _path(
    history: Sequence[Measurement], *, name: str, colour: str, dash: str, symbol: str | None = None
) -> Trace:
    trace: Trace = {
        "type": "scatter",
        "x": [_middle(m.window) for m in history if m.window is not None],
        "y": [m.value for m in history],
        "mode": "lines",
        "line": {"color": colour, "width": 1.8, "dash": dash},
        "name": theme.plain(name),
        "hoverinfo": "skip",
        "showlegend": symbol is not None,
    }
    if symbol is not None:
        trace |= {
            "mode": "lines+markers",
            "marker": {"symbol": symbol, "color": colour, "size": 7},
            "text": [f"{theme.plain(name)}<br>{_hover(m)}" for m in history],
            "hovertemplate": "%{text}<extra></extra>",
            "hoverinfo": "text",
        }
    return trace


def _points(history: Sequence[Measurement], *, floor: float) -> list[Trace]:
    """Return one trace of marks per state; a window without a value stands on the floor."""
    traces: list[Trace] = []
    for state, look in theme.STATES.items():
        found = [m for m in history if m.state is state and m.window is not None]
        if found:
            traces.append(
                {
                    "type": "scatter",
                    "x": [_middle(m.window) for m in found if m.window is not None],
                    "y": [floor if m.value is None else m.value for m in found],
                    "mode": "markers",
                    "marker": {"symbol": look.marker, "color": look.colour, "size": 9},
                    "name": look.word,
                    "text": [_hover(m) for m in found],
                    "hovertemplate": "%{text}<extra></extra>",
                    "cliponaxis": False,
                }
            )
    return traces


def _within(marks: Sequence[Mark], history: Sequence[Measurement]) -> list[Mark]:
    windows = [m.window for m in history if m.window is not None]
    if not windows:
        return []
    start, end = min(w.start for w in windows), max(w.end for w in windows)
    return [mark for mark in marks if start <= mark.at <= end]


def _event_points(
    marks: Sequence[Mark], history: Sequence[Measurement], *, top: float
) -> list[Trace]:
    shown = _within(marks, history)
    if not shown:
        return []
    text = [theme.plain(f"{mark.text}, {wording.moment(mark.at)}") for mark in shown]
    return [
        {
            "type": "scatter",
            "x": [mark.at for mark in shown],
            "y": [top] * len(shown),
            "mode": "markers",
            "marker": {"symbol": "triangle-down", "color": theme.PURPLE, "size": 11},
            "name": "event",
            "text": text,
            "hovertemplate": "%{text}<extra></extra>",
            "cliponaxis": False,
        }
    ]


def _event_lines(marks: Sequence[Mark], history: Sequence[Measurement]) -> list[dict[str, Any]]:
    return [
        {
            "type": "line",
            "x0": mark.at,
            "x1": mark.at,
            "yref": "paper",
            "y0": 0,
            "y1": 1,
            "line": {"color": theme.PURPLE, "width": 1, "dash": "dot"},
        }
        for mark in _within(marks, history)
    ]
