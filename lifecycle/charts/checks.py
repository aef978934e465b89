"""Which check of which column failed when: columns by windows, coloured and marked by state."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import plotly.graph_objects as go

from lifecycle.charts import heatmaps, theme, wording
from lifecycle.charts.theme import Mark, Trace
from lifecycle.domain.measurement import SEVERITY, Measurement, State
from lifecycle.stats import catalogue

ALL_ROWS = "(all rows)"
"""The row of the chart for checks that are about no single column."""

LEVELS = {
    State.OK: (1, theme.faded(theme.BLUE, opacity=0.10)),
    State.WARNING: (2, theme.faded(theme.OCHRE, opacity=0.35)),
    State.BREACH: (3, theme.faded(theme.RED, opacity=0.45)),
    State.ERROR: (3, theme.faded(theme.RED, opacity=0.45)),
}
"""Place on the colour scale and colour of a state; every other is nearly clear."""

FAILED = frozenset({State.BREACH, State.ERROR})
JUDGED = FAILED | {State.OK, State.WARNING}

CLEAR = theme.faded(theme.GREY, opacity=0.06)
SCALE = [
    [0.0, CLEAR],
    [0.25, CLEAR],
    *(
        [i / 4, LEVELS[s][1]]
        for s, at in zip(LEVELS, (1, 2, 3), strict=False)
        for i in (at, at + 1)
    ),
]

Cells = dict[tuple[str, datetime], list[Measurement]]


def cells_of(measurements: Sequence[Measurement]) -> Cells:
    """Sort measurements into columns and windows, the worst check of each first."""
    cells: Cells = {}
    for m in measurements:
        if m.window is not None:
            cells.setdefault((m.column or ALL_ROWS, m.window.start), []).append(m)
    return {key: sorted(found, key=_badness) for key, found in cells.items()}


def order(cells: Cells) -> list[str]:
    """Order columns by how often they failed, the worst first, all rows on top."""
    failed = dict.fromkeys((column for column, _ in cells), 0)
    for (column, _), found in cells.items():
        failed[column] += found[0].state in FAILED
    return sorted(failed, key=lambda column: (column != ALL_ROWS, -failed[column], column))


def cut(cells: Cells, *, columns: int, windows: int) -> Cells:
    """Keep the columns that failed most often and the newest windows, as far as can be taken in."""
    kept = set(order(cells)[:columns])
    newest_ = sorted({start for _, start in cells})[-windows:]
    return {key: found for key, found in cells.items() if key[0] in kept and key[1] in newest_}


def by_window(cells: Cells, *, title: str, marks: Sequence[Mark] = ()) -> go.Figure:
    """Draw the worst state of each column in each window, with what happened meanwhile.

    Notes
    -----
    Every cell also is a point whose ``customdata`` holds column, window start and check, so that
    a click can be told which cell it hit.
    """
    columns = order(cells)
    windows = {start: found[0].window for (_, start), found in cells.items() if found[0].window}
    starts = sorted(windows)
    labels = [wording.day(start) for start in starts]
    traces = [_colours(cells, columns, starts, labels), *_marks(cells)]
    return heatmaps.frame(traces, order=columns, windows=windows, title=title, marks=marks)


def newest(cells: Cells) -> list[Measurement]:
    """Return what was measured in the newest window in which anything could be judged."""
    starts = [start for (_, start), found in cells.items() if found[0].state in JUDGED]
    last = max(starts, default=max((start for _, start in cells), default=None))
    return [m for (_, start), found in cells.items() if start == last for m in found]


def worst(found: Sequence[Measurement]) -> Measurement:
    """Return the check that is furthest from passing."""
    return min(found, key=_badness)


def message(found: Sequence[Measurement]) -> str:
    """Say which columns fail a check in one window."""
    window = next((m.window for m in found if m.window is not None), None)
    when = "" if window is None else f" in the {wording.span(window)}"
    judged = [m for m in found if m.state in JUDGED]
    if not judged:
        return f"No check can be judged{when}: {found[0].reason or 'too little data'}"
    bad = sorted((m for m in judged if m.state in FAILED), key=_badness)
    if not bad:
        return f"{len(judged)} of {wording.counted(len(judged), 'check')} pass{when}"
    worst = bad[0]
    return (
        f"{len(bad)} of {wording.counted(len(judged), 'check')} fail{when}, most of all "
        f"{title_of(worst.statistic)} of {worst.column or ALL_ROWS}"
    )


def title_of(statistic: str) -> str:
    """Return what a screen calls a check, in the middle of a sentence."""
    return catalogue.get(statistic).title.lower()


def _badness(m: Measurement) -> tuple[int, float]:
    """Order by state, then by how far beyond the limit."""
    over = 0.0 if m.value is None else abs(m.value) / m.limit if m.limit else abs(m.value)
    return SEVERITY.index(m.state), -over


def _colours(
    cells: Cells, columns: Sequence[str], starts: Sequence[datetime], labels: Sequence[str]
) -> Trace:
    def level(column: str, start: datetime) -> int | None:
        found = cells.get((column, start))
        return None if found is None else LEVELS.get(found[0].state, (0, ""))[0]

    return {
        "type": "heatmap",
        "x": labels,
        "y": [theme.plain(column) for column in columns],
        "z": [[level(column, start) for start in starts] for column in columns],
        "zmin": -0.5,
        "zmax": 3.5,
        "colorscale": SCALE,
        "showscale": False,
        "xgap": 1,
        "ygap": 1,
        "hoverinfo": "skip",
    }


def _marks(cells: Cells) -> list[Trace]:
    traces: list[Trace] = []
    for state, look in theme.STATES.items():
        found = [(*key, ms) for key, ms in cells.items() if ms[0].state is state]
        if not found:
            continue
        quiet = state in {State.OK, State.NOT_APPLICABLE, State.INSUFFICIENT}
        traces.append(
            {
                "type": "scatter",
                "x": [wording.day(start) for _, start, _ in found],
                "y": [theme.plain(column) for column, _, _ in found],
                "mode": "markers",
                "marker": {
                    "symbol": look.marker,
                    "color": look.colour,
                    "size": 4 if quiet else 9,
                    "line": {"width": 0 if quiet else 1, "color": "white"},
                },
                "name": look.word,
                "customdata": [
                    [column, start.isoformat(), ms[0].statistic] for column, start, ms in found
                ],
                "text": [_hover(column, ms) for column, _, ms in found],
                "hovertemplate": "%{text}<extra></extra>",
            }
        )
    return traces


def _hover(column: str, found: Sequence[Measurement]) -> str:
    """Name a cell's checks that failed, or its first one where none did."""
    shown = [m for m in found if m.state not in {State.OK, State.NOT_APPLICABLE}] or found[:1]
    lines = [
        f"{title_of(m.statistic)}: {wording.number(m.value)}, {theme.STATES[m.state].word}"
        for m in shown
    ]
    return "<br>".join(theme.plain(line) for line in (column, *lines))


def rows(measurements: Sequence[Measurement]) -> list[dict[str, Any]]:
    """Return the checks that fail or nearly do, worst first, for a table."""
    listed = [m for m in measurements if m.state in FAILED or m.state is State.WARNING]
    return [
        {
            "state": f"{theme.STATES[m.state].mark} {theme.STATES[m.state].word}",
            "column": m.column or ALL_ROWS,
            "check": catalogue.get(m.statistic).title,
            "value": m.value,
            "limit": m.limit,
            "n": m.n,
            "reason": m.reason,
        }
        for m in sorted(listed, key=_badness)
    ]


def unjudged(measurements: Sequence[Measurement]) -> str | None:
    """Say how many checks could not be judged, and why most of them could not."""
    reasons = [m.reason or "too little data" for m in measurements if m.state is State.INSUFFICIENT]
    if not reasons:
        return None
    most = max(reasons, key=reasons.count)
    return f"{wording.counted(len(reasons), 'check')} cannot be judged: {most}"
