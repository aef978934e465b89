"""How do two attributes together fare: a cell per pair of groups, coloured by its rate."""

from collections.abc import Sequence

import plotly.graph_objects as go

from lifecycle.charts import theme, wording
from lifecycle.domain.measurement import Measurement, State

ROW = 44

SCALE = [[0.0, theme.faded(theme.BLUE, opacity=0.03)], [1.0, theme.faded(theme.BLUE, opacity=0.38)]]
"""See-through, so that numbers stay readable on either page."""


def heatmap(
    measurements: Sequence[Measurement], *, attributes: tuple[str, str], title: str, name: str
) -> go.Figure:
    """Draw one rate of every pair of groups; each cell says its number and its rows.

    Parameters
    ----------
    measurements
        One statistic, its slices naming both attributes.
    attributes
        Down and across.
    """
    down, across = attributes
    cells = {(m.slice[down], m.slice[across]): m for m in measurements}
    rows, columns = sorted({row for row, _ in cells}), sorted({column for _, column in cells})
    held = [[cells.get((row, column)) for column in columns] for row in rows]
    colours = {
        "type": "heatmap",
        "x": [theme.plain(column) for column in columns],
        "y": [theme.plain(row) for row in rows],
        "z": [[m.value if m and _judged(m) else None for m in line] for line in held],
        "colorscale": SCALE,
        "xgap": 2,
        "ygap": 2,
        "text": [[_told(m) for m in line] for line in held],
        "hovertemplate": f"{theme.plain(down)} %{{y}}, {theme.plain(across)} %{{x}}"
        f"<br>{theme.plain(name)} %{{text}}<extra></extra>",
        "hoverongaps": False,
        # Every cell says its number, and on a phone a scale would leave no room for the cells.
        "showscale": False,
    }
    words = [
        {
            "x": theme.plain(column),
            "y": theme.plain(row),
            "text": _written(m),
            "showarrow": False,
            "font": {"size": 12},
        }
        for row, line in zip(rows, held, strict=True)
        for column, m in zip(columns, line, strict=True)
        if m is not None
    ]
    return theme.figure(
        [colours],
        title=title,
        x=theme.axis(across, type="category", showgrid=False),
        y=theme.axis(
            down, type="category", showgrid=False, categoryarray=[*map(theme.plain, rows[::-1])]
        ),
        height=150 + ROW * max(len(rows), 2),
        annotations=words,
    )


def message(measurements: Sequence[Measurement], *, name: str) -> str:
    """Say which pair of groups is lowest and highest, and how many are not told."""
    shown = sorted((m for m in measurements if _judged(m)), key=lambda m: m.value or 0.0)
    left = len(measurements) - len(shown)
    small = f"; {wording.counted(left, 'cell')} too small to judge or not shown" if left else ""
    if not shown:
        return f"{name}: no pair of groups is large enough{small}"
    low, high = shown[0], shown[-1]
    return (
        f"{name}: lowest {wording.number(low.value)} for {wording.group(low.slice)}, highest "
        f"{wording.number(high.value)} for {wording.group(high.slice)}{small}"
    )


def _judged(m: Measurement) -> bool:
    return m.value is not None and m.state is not State.INSUFFICIENT


def _written(m: Measurement) -> str:
    if m.value is None:
        return "not shown" if m.n is None else "no value"
    few = "" if _judged(m) else " (few)"
    return f"{wording.number(m.value)}{few}<br>n {wording.count(m.n or 0)}"


def _told(m: Measurement | None) -> str:
    if m is None:
        return "no row"
    return theme.plain(m.reason if m.value is None else wording.measured(m))
