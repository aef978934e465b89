"""Is a version sound: numbers of one kind in rows, with their intervals, limits and states."""

from collections import Counter
from collections.abc import Sequence
from textwrap import wrap

import plotly.graph_objects as go

from lifecycle.charts import theme, wording
from lifecycle.charts.theme import Trace
from lifecycle.domain.measurement import NO_LIMIT, Measurement, State
from lifecycle.stats import catalogue

ROW = 38
WIDTH = 26
"""Letters of a line of a row's label."""


def forest(
    measurements: Sequence[Measurement], *, title: str, axis: str, zero: str | None = None
) -> go.Figure:
    """Draw a dot with its interval per row, its limit as a bar across the row.

    Parameters
    ----------
    measurements
        Of one unit, the first on top; those without a value are left out.
    zero
        What 0 means, to be written at its line; no line when absent.
    """
    held = [m for m in measurements if m.value is not None]
    labels = _apart([_row(m, among=held) for m in held])
    traces: list[Trace] = []
    for look in theme.LOOKS:
        rows = [(m, row) for m, row in zip(held, labels, strict=True) if theme.look(m) is look]
        if rows:
            traces.append(_dots(rows, look=look))
    limited = [(m, row) for m, row in zip(held, labels, strict=True) if m.limit is not None]
    if limited:
        traces.append(_limits(limited))
    none = theme.line(0, zero, across="y", colour=theme.REFERENCE) if zero is not None else None
    air = [-0.6, len(labels) - 0.4]
    return theme.figure(
        traces,
        title=title,
        x=theme.axis(axis),
        y=theme.axis("", type="category", categoryarray=labels[::-1], range=air),
        height=120 + ROW * max(len(labels), 2),
        lines=[] if none is None else [none],
        more={"showlegend": len(traces) > 1},
    )


def label(m: Measurement) -> str:
    """Name a value: the statistic, and the column or the slice it is about."""
    about = _about(m)
    return f"{catalogue.get(m.statistic).title}{': ' if about else ''}{about}"


def together(measurements: Sequence[Measurement]) -> list[list[Measurement]]:
    """Sort values into charts: each unit apart, and what has a row per column or slice alone."""
    charts: dict[tuple[str, str], list[Measurement]] = {}
    counts = Counter(m.statistic for m in measurements)
    for m in measurements:
        alone = m.statistic if counts[m.statistic] > 1 else ""
        charts.setdefault((alone, m.unit), []).append(m)
    return list(charts.values())


def heading(measurements: Sequence[Measurement]) -> str:
    """Say what a chart shows: of one statistic the largest value, else how limits are kept."""
    names = {m.statistic for m in measurements}
    held = [m for m in measurements if m.value is not None]
    if len(held) == 1 and all(m.limit is None for m in measurements):
        return f"{label(held[0])} {wording.measured(held[0])}"
    if len(names) > 1 or len(held) < 2:  # noqa: PLR2004 -- one value is no comparison
        return message(measurements)
    most = max(held, key=lambda m: m.value or 0.0)
    title = catalogue.get(most.statistic).title
    return f"{title}: largest {wording.number(most.value)} for {_about(most) or 'all rows'}"


def _about(m: Measurement) -> str:
    return ", ".join([*([m.column] if m.column else []), *(f"{k} {v}" for k, v in m.slice.items())])


def _row(m: Measurement, *, among: Sequence[Measurement]) -> str:
    """Name a row on two short lines, so that a phone leaves room for the plot."""
    alone = len({one.statistic for one in among}) == 1 and len(among) > 1
    text = (_about(m) or "all rows") if alone else label(m)
    lines = wrap(text, WIDTH, max_lines=2, placeholder="…", break_long_words=True)
    return "<br>".join(theme.plain(line) for line in lines)


def message(measurements: Sequence[Measurement]) -> str:
    """Say how many values are beyond their limit or warn, and name the worst of them."""
    judged = [m for m in measurements if m.limit is not None]
    failed = [m for m in judged if m.state in {State.ERROR, State.BREACH}]
    warned = [m for m in judged if m.state is State.WARNING]
    unknown = [m for m in judged if m.state is State.INSUFFICIENT]
    every = wording.counted(len(judged), "limit")
    if not judged:
        return f"{wording.counted(len(measurements), 'value')} measured, {NO_LIMIT}"
    warn = f"{len(warned)} {{}}{'warns' if len(warned) == 1 else 'warn'}"
    if failed:
        verb = "is" if len(failed) == 1 else "are"
        more = f"; {warn.format('more ')}" if warned else ""
        return f"{len(failed)} of {every} {verb} not kept: {_against(failed[0])}{more}"
    if unknown:
        more = f"; {warn.format('')}" if warned else ""
        return f"{len(unknown)} of {every} cannot be judged yet{more}"
    if warned:
        return f"{warn.format(f'of {every} ')}: {_against(warned[0])}"
    return f"{len(judged)} of {every} {'is' if len(judged) == 1 else 'are'} kept"


def _against(m: Measurement) -> str:
    said = wording.number(m.value) if m.value is not None else "failed"
    return f"{label(m)} {said}, limit {wording.number(m.limit)}"


def _dots(rows: Sequence[tuple[Measurement, str]], *, look: theme.Look) -> Trace:
    values = [m.value or 0.0 for m, _ in rows]
    bounds = [m.interval or (v, v) for (m, _), v in zip(rows, values, strict=True)]
    return {
        "type": "scatter",
        "x": values,
        "y": [row for _, row in rows],
        "mode": "markers",
        "name": look.word,
        "marker": {"symbol": look.marker, "color": look.colour, "size": 10},
        "error_x": {
            "type": "data",
            "symmetric": False,
            "array": [high - v for v, (_, high) in zip(values, bounds, strict=True)],
            "arrayminus": [v - low for v, (low, _) in zip(values, bounds, strict=True)],
            "color": look.colour,
            "thickness": 1.5,
        },
        "text": [theme.plain(wording.measured(m)) for m, _ in rows],
        "hovertemplate": "%{y}<br>%{text}<extra></extra>",
    }


def _limits(rows: Sequence[tuple[Measurement, str]]) -> Trace:
    return {
        "type": "scatter",
        "x": [m.limit for m, _ in rows],
        "y": [row for _, row in rows],
        "mode": "markers",
        "name": "limit",
        "marker": {"symbol": "line-ns", "size": 20, "line": {"width": 2.5, "color": theme.RED}},
        "hovertemplate": "limit %{x}<extra></extra>",
    }


def _apart(labels: Sequence[str]) -> list[str]:
    """Keep rows of the same name apart; Plotly would draw them on one line."""
    seen: dict[str, int] = {}
    made: list[str] = []
    for name in labels:
        seen[name] = seen.get(name, 0) + 1
        made.append(name + "\u200b" * (seen[name] - 1))
    return made
