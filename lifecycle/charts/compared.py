"""What drives one explanation and another: two versions, two snapshots, or groups of rows."""

from collections.abc import Mapping, Sequence
from math import sqrt
from typing import Any, cast

import plotly.graph_objects as go

from lifecycle.charts import theme, wording
from lifecycle.domain.evidence import Evidence
from lifecycle.stats.inference import CONFIDENCE, normal_quantile

ROW, BAR = 30, 14
GROUPS = 6


def shares(kept: Evidence) -> dict[str, tuple[float, float]]:
    """Return each column's share of all influence with its standard error.

    Shares of two explanations can be compared even where their answers are in different spaces.
    The error is the first-order one of a ratio, with the columns' means taken as independent.
    """
    columns = cast("list[dict[str, Any]]", kept.payload["columns"])
    total = sum(float(one["value"]) for one in columns)
    if total <= 0:
        return {str(one["column"]): (0.0, 0.0) for one in columns}
    z = normal_quantile(CONFIDENCE)
    errors = [(float(c["interval"][1]) - float(c["interval"][0])) / (2 * z) for c in columns]
    whole = sum(error**2 for error in errors)
    found: dict[str, tuple[float, float]] = {}
    for one, error in zip(columns, errors, strict=True):
        share = float(one["value"]) / total
        rest = whole - error**2
        found[str(one["column"])] = (
            share,
            sqrt((1 - share) ** 2 * error**2 + share**2 * rest) / total,
        )
    return found


def rows(first: Evidence, second: Evidence) -> list[dict[str, Any]]:
    """Return each column's two shares and their difference with its interval, largest first."""
    before, now, z = shares(first), shares(second), normal_quantile(CONFIDENCE)
    found: list[dict[str, Any]] = []
    for name in dict.fromkeys([*before, *now]):
        (one, spread), (other, wide) = before.get(name, (0.0, 0.0)), now.get(name, (0.0, 0.0))
        half = z * sqrt(spread**2 + wide**2)
        found.append(
            {
                "column": name,
                first.version_id: one,
                second.version_id: other,
                "difference": other - one,
                "lower": other - one - half,
                "upper": other - one + half,
            }
        )
    return sorted(found, key=lambda row: -abs(row["difference"]))


def figure(first: Evidence, second: Evidence, *, labels: tuple[str, str]) -> go.Figure:
    """Draw both shares of every column, joined by a line."""
    before, now = shares(first), shares(second)
    names = sorted(
        dict.fromkeys([*before, *now]),
        key=lambda n: -max(before.get(n, (0, 0))[0], now.get(n, (0, 0))[0]),
    )
    z = normal_quantile(CONFIDENCE)
    traces: list[theme.Trace] = []
    for side, label, colour, symbol in (
        (before, labels[0], theme.REFERENCE, "circle-open"),
        (now, labels[1], theme.CURRENT, "circle"),
    ):
        held = [side.get(name, (0.0, 0.0)) for name in names]
        traces.append(
            {
                "type": "scatter",
                "mode": "markers",
                "x": [share for share, _ in held],
                "y": [theme.plain(name) for name in names],
                "name": theme.plain(label),
                "marker": {"color": colour, "symbol": symbol, "size": 10},
                "error_x": {"type": "data", "array": [z * e for _, e in held], "color": colour},
                "hovertemplate": "%{y}: %{x:.1%}<extra></extra>",
            }
        )
    return theme.figure(
        traces,
        title=message(rows(first, second), labels=labels),
        x=theme.axis("share of all influence", tickformat=".0%", rangemode="tozero"),
        y=theme.axis("", type="category", autorange="reversed"),
        height=120 + ROW * len(names),
    )


def message(found: Sequence[Mapping[str, Any]], *, labels: tuple[str, str]) -> str:
    """Say which column's share differs most, and whether by more than chance."""
    sure = [row for row in found if row["lower"] > 0 or row["upper"] < 0]
    if not sure:
        return f"{labels[1]} leans on the same columns as {labels[0]}, as far as these rows tell"
    first = sure[0]
    way = "more" if first["difference"] > 0 else "less"
    return (
        f"{labels[1]} leans {way} on {first['column']} than {labels[0]}: "
        f"{wording.percent(abs(first['difference']))} of all influence"
    )


def cohorts(found: Sequence[Mapping[str, Any]], *, unit: str) -> go.Figure:
    """Draw what moves the answers of each group; groups that are too small stay out."""
    kept = [one for one in found if one["state"] == "ok"][:GROUPS]
    names = list(kept[0]["columns"]) if kept else []
    traces: list[theme.Trace] = [
        {
            "type": "bar",
            "orientation": "h",
            "x": [one["columns"][name]["value"] for name in names],
            "y": [theme.plain(name) for name in names],
            "name": theme.plain(f"{one['group']}, n {wording.count(one['n'])}"),
            "marker": {"color": theme.faded(theme.SERIES[i], opacity=0.75)},
            "error_x": {
                "type": "data",
                "symmetric": False,
                "array": [_reach(one["columns"][name], 1) for name in names],
                "arrayminus": [_reach(one["columns"][name], 0) for name in names],
                "color": theme.GREY,
                "thickness": 1.5,
            },
        }
        for i, one in enumerate(kept)
    ]
    return theme.figure(
        traces,
        title=cohort_message(found),
        x=theme.axis(f"mean absolute SHAP value ({unit})", rangemode="tozero"),
        y=theme.axis("", type="category", autorange="reversed"),
        height=130 + (12 + BAR * max(len(kept), 1)) * max(len(names), 3),
        more={"barmode": "group"},
    )


def cohort_message(found: Sequence[Mapping[str, Any]]) -> str:
    """Say whether another column comes first in some group, or where the groups differ most."""
    kept = [one for one in found if one["state"] == "ok"]
    if len(kept) < 2:  # noqa: PLR2004 -- a comparison needs two
        return "Too few rows in these groups to compare them"
    top = {
        one["group"]: max(one["columns"], key=lambda n: one["columns"][n]["value"]) for one in kept
    }
    if len(set(top.values())) > 1:
        return "Another column comes first: " + ", ".join(f"{n} for {g}" for g, n in top.items())
    apart: list[tuple[float, str]] = []
    for name in kept[0]["columns"]:
        bounds = [one["columns"][name]["interval"] for one in kept]
        apart.append((max(low for low, _ in bounds) - min(high for _, high in bounds), name))
    gap, name = max(apart)
    if gap <= 0:
        return "The same columns drive every group, as far as these rows tell"
    return f"{next(iter(top.values()))} comes first in every group; they differ most in {name}"


def cohort_rows(found: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return a line per group and column; one per group that is too small."""
    lines: list[dict[str, Any]] = []
    for one in found:
        if one["state"] != "ok":
            lines.append({"group": one["group"], "n": one["n"], "why not": one["reason"]})
            continue
        lines += [
            {
                "group": one["group"],
                "n": one["n"],
                "column": name,
                "mean absolute SHAP": held["value"],
                "lower": held["interval"][0],
                "upper": held["interval"][1],
                "mean SHAP": held["mean"],
            }
            for name, held in one["columns"].items()
        ]
    return lines


def _reach(held: Mapping[str, Any], side: int) -> float:
    return abs(float(held["interval"][side]) - float(held["value"]))
