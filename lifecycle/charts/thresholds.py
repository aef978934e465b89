"""What would other thresholds, or other ways to decide, do to groups: curves, and a frontier."""

from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from lifecycle.charts import theme, wording
from lifecycle.charts.theme import Trace
from lifecycle.domain.measurement import Measurement

CURVES = {
    "selection_rate": "Selection rate",
    "true_positive_rate": "True positive rate",
    "false_positive_rate": "False positive rate",
    "worth": "Mean worth of a decision",
}
"""What a sweep holds by group and threshold."""


def curves(swept: Mapping[str, Any], *, curve: str, title: str, now: float | None) -> go.Figure:
    """Draw one curve per group over the threshold.

    Parameters
    ----------
    swept
        One attribute of a sweep, as a fairness result has it.
    now
        The threshold in use, drawn as a line.
    """
    traces: list[Trace] = [
        {
            "type": "scatter",
            "mode": "lines",
            "name": theme.plain(f"{group} (n {wording.count(found['n'])})"),
            "x": swept["thresholds"],
            "y": found[curve],
            "line": {"color": theme.SERIES[i % 6], "dash": theme.DASHES[i % 6], "width": 2},
            "hovertemplate": "from %{x:.3f} on: %{y:.3f}<extra>%{fullData.name}</extra>",
        }
        for i, (group, found) in enumerate(swept["groups"].items())
    ]
    label = CURVES[curve]
    if curve == "worth":
        label = f"{label} ({swept['worth_of']})"
    lines = []
    if now is not None:
        lines.append(
            theme.line(now, f"in use {wording.number(now)}", across="y", colour=theme.REFERENCE)
        )
    return theme.figure(
        traces,
        title=title,
        x=theme.axis("decided positive from this score on"),
        y=theme.axis(label),
        lines=lines,
    )


def message(swept: Mapping[str, Any], *, curve: str, now: float | None) -> str:
    """Say how far apart groups are at the threshold in use, or at the best common one."""
    best = swept["operating_points"][0]
    at = next(iter(best["thresholds"].values())) if now is None else now
    thresholds = swept["thresholds"]
    nearest = min(range(len(thresholds)), key=lambda i: abs(thresholds[i] - at))
    known = {
        group: found[curve][nearest]
        for group, found in swept["groups"].items()
        if found[curve][nearest] is not None
    }
    where = "the best common threshold" if now is None else "the threshold in use"
    if not known:
        return f"{CURVES[curve]}: no group has a value at {where}"
    low, high = min(known, key=lambda g: known[g]), max(known, key=lambda g: known[g])
    return (
        f"{CURVES[curve]} at {where}, {wording.number(thresholds[nearest])}: "
        f"{wording.number(known[low])} for {low} to {wording.number(known[high])} for {high}"
    )


def point_rows(swept: Mapping[str, Any]) -> list[dict[str, object]]:
    """Return the points somebody could choose as rows of a table."""
    return [
        {
            "choice": point["name"],
            "thresholds": ", ".join(
                f"{group} {wording.number(t)}" for group, t in point["thresholds"].items()
            ),
            f"worth ({swept['worth_of']})": point["worth"],
            "selection rate difference": point["selection_rate_difference"],
            "true positive rate difference": point["true_positive_rate_difference"],
            "legally sensitive": "yes" if point["legally_sensitive"] else "no",
        }
        for point in swept["operating_points"]
    ]


def curve_rows(swept: Mapping[str, Any], *, curve: str) -> list[dict[str, object]]:
    """Return a curve's numbers, a row per threshold and a column per group."""
    return [
        {"threshold": t, **{g: found[curve][i] for g, found in swept["groups"].items()}}
        for i, t in enumerate(swept["thresholds"])
    ]


def frontier(
    points: Sequence[Mapping[str, Any]],
    measured: Mapping[str, tuple[Measurement, Measurement]],
    *,
    title: str,
    gap: str,
) -> go.Figure:
    """Draw accuracy against the gap, each way with the intervals of both.

    Parameters
    ----------
    points
        Name, method and warning of each way.
    measured
        By name, its accuracy and its gap.
    """
    methods = list(dict.fromkeys(str(point["method"]) for point in points))
    traces = [
        _method([p for p in points if p["method"] == method], measured, look=i, name=method)
        for i, method in enumerate(methods)
    ]
    return theme.figure(
        traces,
        title=title,
        x=theme.axis(gap),
        y=theme.axis("accuracy"),
        height=420,
        # Below, because a narrow screen stacks the names.
        more={"legend": {"orientation": "h", "y": -0.2, "yanchor": "top", "x": 0}},
    )


def _method(
    points: Sequence[Mapping[str, Any]],
    measured: Mapping[str, tuple[Measurement, Measurement]],
    *,
    look: int,
    name: str,
) -> Trace:
    pairs = [measured[str(point["name"])] for point in points]
    colour = theme.SERIES[look % 6]
    texts = [
        theme.plain(f"{p['name']}: accuracy {wording.measured(a)}, gap {wording.measured(g)}")
        for p, (a, g) in zip(points, pairs, strict=True)
    ]
    return {
        "type": "scatter",
        "mode": "markers",
        "name": theme.plain("no mitigation" if name == "none" else name),
        "x": [g.value for _, g in pairs],
        "y": [a.value for a, _ in pairs],
        "error_x": _bars([g for _, g in pairs], colour=colour),
        "error_y": _bars([a for a, _ in pairs], colour=colour),
        "marker": {"symbol": theme.SYMBOLS[look % 6], "size": 10, "color": colour},
        "text": texts,
        "hovertemplate": "%{text}<extra></extra>",
    }


def _bars(measured: Sequence[Measurement], *, colour: str) -> Trace:
    values = [m.value or 0.0 for m in measured]
    bounds = [m.interval or (v, v) for m, v in zip(measured, values, strict=True)]
    return {
        "type": "data",
        "symmetric": False,
        "array": [high - v for v, (_, high) in zip(values, bounds, strict=True)],
        "arrayminus": [v - low for v, (low, _) in zip(values, bounds, strict=True)],
        "color": colour,
        "thickness": 1,
    }


def frontier_message(measured: Mapping[str, tuple[Measurement, Measurement]]) -> str:
    """Say what the narrowest gap costs against the most accurate way."""
    known = {
        n: (a.value, g.value) for n, (a, g) in measured.items() if a.value and g.value is not None
    }
    if not known:
        return "No way to decide could be measured"
    best = max(known, key=lambda n: known[n][0])
    narrow = min(known, key=lambda n: known[n][1])
    if best == narrow:
        return (
            f"“{best}” is both the most accurate way, {wording.number(known[best][0])}, and the "
            f"one with the narrowest gap, {wording.number(known[best][1])}"
        )
    return (
        f"“{narrow}” leaves a gap of {wording.number(known[narrow][1])} at an accuracy of "
        f"{wording.number(known[narrow][0])}; the most accurate way, “{best}”, one of "
        f"{wording.number(known[best][1])} at {wording.number(known[best][0])}"
    )
