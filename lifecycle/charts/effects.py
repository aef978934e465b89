"""How the answer moves along one column: single rows, averages, accumulated effects."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from itertools import pairwise
from typing import Any, cast

import plotly.graph_objects as go

from lifecycle.charts import theme, wording

HEIGHT = 360
SIDE_BY_SIDE = 0.05
"""Share of a joint effect below which two columns are said to act side by side; ours."""


class View(StrEnum):
    """What is drawn along a column."""

    DEPENDENCE = "SHAP values"
    PARTIAL = "Average answer"
    ACCUMULATED = "Accumulated effect"


METHODS = {
    View.DEPENDENCE: "Each dot is a row: its value, and how far that value moved its answer. The "
    "colour is the column that best tells like rows apart.",
    View.PARTIAL: "The mean answer if every row held that value (partial dependence, Friedman "
    "2001), its interval over the rows, and single rows behind it (individual conditional "
    "expectation, Goldstein et al. 2015). Where columns go together it asks about rows that do "
    "not occur.",
    View.ACCUMULATED: "How the answer changes from value to value among the rows found there, "
    "added up, with mean 0 (Apley and Zhu 2020). It stays with rows that occur, so columns that "
    "go together do not leak into each other.",
}


def views(column: Mapping[str, Any]) -> list[View]:
    """Return what can be drawn of a column."""
    held = [(View.DEPENDENCE, column["dots"]), (View.PARTIAL, column["partial"])]
    return [view for view, found in [*held, (View.ACCUMULATED, column["accumulated"])] if found]


def figure(
    name: str, column: Mapping[str, Any], *, view: View, output: int, unit: str
) -> go.Figure:
    """Draw one view of a column.

    Parameters
    ----------
    column
        As the explanation job wrote it.
    output
        Position of the output that is shown.
    unit
        What the answers are in.
    """
    title = message(name, column, view=view, output=output)
    category = column["kind"] == "category"
    x = theme.axis(name, type="category" if category else "linear")
    if view is View.DEPENDENCE:
        y = theme.axis(f"SHAP value ({unit})")
        traces = [_dots(column["dots"], output=output, category=category)]
    else:
        y = theme.axis(f"answer ({unit})" if view is View.PARTIAL else f"effect ({unit})")
        curve = column["partial" if view is View.PARTIAL else "accumulated"]
        traces = _curve(curve, output=output, category=category)
    return theme.figure(traces, title=title, x=x, y=y, height=HEIGHT)


def message(name: str, column: Mapping[str, Any], *, view: View, output: int) -> str:
    """Say in which direction and how far the answer goes along a column."""
    curve = column["accumulated"] if view is View.ACCUMULATED else column["partial"]
    if curve is None:
        return f"{name} holds one value only"
    mean, places = curve["mean"][output], curve["x"]
    low, high = min(mean), max(mean)
    reach = wording.number(high - low)
    if column["kind"] == "category":
        return f"The answer differs by {reach} between {name} {_at(mean, places, low)} and \
{_at(mean, places, high)}"
    way = _way(mean)
    return f"The answer {way} along {name}, over a range of {reach}"


def _at(mean: Sequence[float], places: Sequence[object], value: float) -> str:
    return str(places[list(mean).index(value)])


def _way(mean: Sequence[float]) -> str:
    steps = [after - before for before, after in pairwise(mean)]
    up, down = sum(s for s in steps if s > 0), -sum(s for s in steps if s < 0)
    if up + down == 0:
        return "stays the same"
    if down <= (up + down) / 10:
        return "rises"
    return "falls" if up <= (up + down) / 10 else "rises and falls"


def _places(values: Sequence[Any], *, category: bool) -> list[Any]:
    """Return where values stand on the axis; a category's own text must not be read as tags."""
    return [theme.plain(v) if category and v is not None else v for v in values]


def _dots(dots: Mapping[str, Any], *, output: int, category: bool) -> theme.Trace:
    marker: theme.Trace = {"color": theme.CURRENT, "opacity": 0.6, "size": 6}
    hover = "%{x}<br>SHAP %{y:.3g}<extra></extra>"
    if dots["by"]:
        marker |= {
            "color": dots["colour"],
            "colorscale": [[0, theme.BLUE], [1, theme.ORANGE]],
            "showscale": True,
            "opacity": 0.8,
            "colorbar": {
                "title": {"text": theme.plain(dots["by"]), "side": "right"},
                "thickness": 10,
            },
        }
        other = theme.plain(dots["by"])
        hover = f"%{{x}}<br>SHAP %{{y:.3g}}<br>{other} %{{marker.color}}<extra></extra>"
    return {
        "type": "scatter",
        "mode": "markers",
        "x": _places(dots["x"], category=category),
        "y": dots["shap"][output],
        "marker": marker,
        "hovertemplate": hover,
        "showlegend": False,
    }


def _curve(curve: Mapping[str, Any], *, output: int, category: bool) -> list[theme.Trace]:
    x, mean = _places(curve["x"], category=category), curve["mean"][output]
    low, high = curve["low"][output], curve["high"][output]
    if category:
        error = {
            "type": "data",
            "symmetric": False,
            "array": [h - m for h, m in zip(high, mean, strict=True)],
            "arrayminus": [m - lo for lo, m in zip(low, mean, strict=True)],
            "color": theme.GREY,
        }
        marker = {"size": 9, "color": theme.CURRENT}
        return [
            {"type": "scatter", "mode": "markers", "x": x, "y": mean, "marker": marker}
            | {"error_y": error, "showlegend": False}
        ]
    lines: list[theme.Trace] = [
        {
            "type": "scatter",
            "mode": "lines",
            "x": x,
            "y": line,
            "line": {"color": theme.faded(theme.GREY, opacity=0.45), "width": 1},
            "hoverinfo": "skip",
            "name": "single rows",
            "legendgroup": "rows",
            "showlegend": number == 0,
        }
        for number, line in enumerate(curve.get("lines", [[]] * (output + 1))[output])
    ]
    band: theme.Trace = {
        "type": "scatter",
        "mode": "lines",
        "x": [*x, *x[::-1]],
        "y": [*high, *low[::-1]],
        "fill": "toself",
        "fillcolor": theme.faded(theme.CURRENT, opacity=0.25),
        "line": {"width": 0},
        "hoverinfo": "skip",
        "name": "95 % interval",
    }
    middle: theme.Trace = {
        "type": "scatter",
        "mode": "lines",
        "x": x,
        "y": mean,
        "line": {"color": theme.CURRENT, "width": 2.5},
        "name": "mean",
        "hovertemplate": "%{x}<br>%{y:.3g}<extra></extra>",
    }
    return [*lines, band, middle]


def rows(column: Mapping[str, Any], *, view: View, output: int) -> list[dict[str, Any]]:
    """Return the numbers of a view as a table."""
    if view is View.DEPENDENCE:
        dots = column["dots"]
        colour = dots["colour"] or [None] * len(dots["x"])
        keys = ("value", "SHAP value", dots["by"] or "colour")
        found = zip(dots["x"], dots["shap"][output], colour, strict=True)
        return [dict(zip(keys, one, strict=True)) for one in found]
    curve = column["partial" if view is View.PARTIAL else "accumulated"]
    parts = (curve["x"], *(curve[key][output] for key in ("mean", "low", "high")))
    return [
        dict(zip(("value", "mean", "lower", "upper"), one, strict=True))
        for one in zip(*parts, strict=True)
    ]


def interactions(effects: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return which of the strongest columns act together, the strongest pair first."""
    return [
        {
            "columns": f"{one['first']} and {one['second']}",
            "together beyond their sum": one["size"],
            "lower": one["interval"][0],
            "upper": one["interval"][1],
            "share of their joint effect": one["share"],
        }
        for one in cast("list[dict[str, Any]]", effects["interactions"])
    ]


def together(effects: Mapping[str, Any]) -> str:
    """Say whether any columns act together."""
    found = cast("list[dict[str, Any]]", effects["interactions"])
    if not found:
        return "Too few columns to act together."
    most = max(float(one["share"]) for one in found)
    if most < SIDE_BY_SIDE:
        return (
            f"The strongest columns act side by side: at most {wording.percent(most)} of a pair's "
            "joint effect is more than the sum of the two."
        )
    first = max(found, key=lambda one: float(one["share"]))
    return (
        f"{first['first']} and {first['second']} act together: "
        f"{wording.percent(first['share'])} of their joint effect is more than the sum of the two."
    )
