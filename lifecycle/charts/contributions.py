"""Which slices make a column drift: the share of its movement that each of them brings."""

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

from lifecycle.charts import theme, wording
from lifecycle.charts.theme import Trace
from lifecycle.stats.drift.slices import Contribution

MOST = 15
ROW = 28
ALIKE = 0.1
"""Share of the movement beyond its share of rows from which a slice stands out; a house default."""
ALPHA = 0.05
"""Corrected p-values up to it tell a slice that moved from chance; a house default."""


def bars(given: Sequence[Contribution], *, title: str) -> go.Figure:
    """Draw the slices that bring most, each in its two parts.

    Every bar's ``customdata`` names its slice, so that a click can be told which one it hit.
    """
    shown = list(given)[:MOST]
    names = [wording.group(one.slice) for one in shown]
    return theme.figure(
        [
            _part("its own rows moved", names, [one.within for one in shown], theme.BLUE, ""),
            _part("more or fewer rows", names, [one.size for one in shown], theme.ORANGE, "/"),
        ],
        title=title,
        x=theme.axis("share of the column's movement", tickformat=".0%"),
        y=theme.axis("", type="category", autorange="reversed"),
        height=120 + ROW * max(len(shown), 3),
        more={"barmode": "relative"},
    )


def _part(
    name: str, slices: Sequence[str], shares: Sequence[float], colour: str, pattern: str
) -> Trace:
    return {
        "type": "bar",
        "orientation": "h",
        "name": name,
        "x": list(shares),
        "y": [theme.plain(name) for name in slices],
        "customdata": list(slices),
        "marker": {"color": theme.faded(colour, opacity=0.75), "pattern": {"shape": pattern}},
        "text": [f"{name}: {wording.percent(share)}" for share in shares],
        "textposition": "none",
        "hovertemplate": "%{y}<br>%{text}<extra></extra>",
    }


def message(given: Sequence[Contribution], *, column: str) -> str:
    """Say which slice brings most beyond its share of rows, and whether chance would do that."""
    judged = [one for one in given if not one.insufficient]
    if not judged:
        return f"{column}: no slice holds enough rows to be judged"
    first = max(judged, key=lambda one: one.share - one.of_rows)
    if first.share - first.of_rows < ALIKE:
        return (
            f"No slice stands out: {wording.group(first.slice)} brings "
            f"{wording.percent(first.share)} of the movement of {column} with "
            f"{wording.percent(first.of_rows)} of rows"
        )
    why = "its own rows moved" if first.within >= first.size else "there are more or fewer of them"
    said = (
        f"{wording.group(first.slice)} brings {wording.percent(first.share)} of the movement of "
        f"{column}, because {why}"
    )
    if first.p_adjusted is not None and first.p_adjusted > ALPHA and first.within >= first.size:
        said += ", though chance would do that too"
    return said


def rows(given: Sequence[Contribution]) -> list[dict[str, Any]]:
    """Return the table beside the bars."""
    return [
        {
            "rows": wording.group(one.slice),
            "share of movement": one.share,
            "own rows moved": one.within,
            "more or fewer rows": one.size,
            "share of rows": one.of_rows,
            "distance (total variation)": one.distance,
            "n": one.n,
            "reference n": one.n_reference,
            "adjusted p": one.p_adjusted,
            "state": "insufficient data" if one.insufficient else None,
        }
        for one in given
    ]
