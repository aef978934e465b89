"""What drives the model: mean absolute SHAP value per column, with how stable it is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import plotly.graph_objects as go

from lifecycle.charts import theme, wording
from lifecycle.domain.evidence import Evidence

MOST = 20
ROW = 26


@dataclass(frozen=True, slots=True)
class Driver:
    """One column's share in the model's output, or that of several columns together."""

    column: str
    value: float
    interval: tuple[float, float] | None = None
    members: tuple[str, ...] = ()


def bars(given: Sequence[Driver], *, title: str, space: str) -> go.Figure:
    """Draw the strongest columns, the first on top.

    Parameters
    ----------
    space
        What the values are in, such as ``probability`` or ``log-odds``.
    """
    shown = sorted(given, key=lambda d: d.value, reverse=True)[:MOST]
    bounds = [d.interval or (d.value, d.value) for d in shown]
    trace: theme.Trace = {
        "type": "bar",
        "orientation": "h",
        "x": [d.value for d in shown],
        "y": [theme.plain(d.column) for d in shown],
        "marker": {"color": theme.faded(theme.CURRENT, opacity=0.75)},
        "error_x": {
            "type": "data",
            "symmetric": False,
            "array": [high - d.value for d, (_, high) in zip(shown, bounds, strict=True)],
            "arrayminus": [d.value - low for d, (low, _) in zip(shown, bounds, strict=True)],
            "color": theme.GREY,
            "thickness": 1.5,
        },
        "text": [f"{wording.number(d.value)} {wording.interval(d.interval)}" for d in shown],
        "textposition": "none",
        "hovertext": [theme.plain(", ".join(d.members) or d.column) for d in shown],
        "hovertemplate": "%{hovertext}<br>%{text}<extra></extra>",
    }
    return theme.figure(
        [trace],
        title=title,
        x=theme.axis(f"mean absolute SHAP value ({space})", rangemode="tozero"),
        y=theme.axis("", type="category", autorange="reversed"),
        height=110 + ROW * max(len(shown), 3),
    )


def message(given: Sequence[Driver]) -> str:
    """Say how much of the output the strongest column accounts for."""
    total = sum(d.value for d in given)
    if not given or total <= 0:
        return "No column moves the output"
    ranked = sorted(given, key=lambda d: d.value, reverse=True)
    first = ranked[0]
    said = f"{first.column} drives the output most, {wording.percent(first.value / total)} of it"
    if len(ranked) > 1:
        second = ranked[1]
        unsure = (
            first.interval is not None
            and second.interval is not None
            and first.interval[0] <= second.interval[1]
        )
        said += f", before {second.column}" + (", though their intervals overlap" if unsure else "")
    return said


METHOD = (
    "The mean over the explained rows of the absolute SHAP value: how far the column moved the "
    "output from the average, in either direction. The interval says how far the mean would move "
    "with other rows. It describes the model, not what causes the outcome."
)
SOURCE = "Lundberg and Lee (2017), A unified approach to interpreting model predictions"


def drivers(evidence: Evidence) -> list[Driver]:
    """Read the drivers from an explanation that was kept."""
    return [Driver(c["column"], c["value"], tuple(c["interval"])) for c in _columns(evidence)]


def rows(evidence: Evidence) -> list[dict[str, Any]]:
    """Return the table beside the bars, with the sign of each column's influence."""
    return [
        {
            "column": c["column"],
            "mean absolute SHAP": c["value"],
            "lower": c["interval"][0],
            "upper": c["interval"][1],
            "rank": _rank(c),
            "direction (rank correlation)": c.get("direction"),
        }
        for c in _columns(evidence)
    ]


def grouped(evidence: Evidence, groups: Sequence[Mapping[str, Any]]) -> list[Driver]:
    """Read the drivers with columns that go together as one, its SHAP values summed by row."""
    inside = {name for group in groups for name in group["columns"]}
    alone = [driver for driver in drivers(evidence) if driver.column not in inside]
    joined = [
        Driver(
            _group_name(group["columns"]),
            group["value"],
            tuple(group["interval"]),
            members=tuple(group["columns"]),
        )
        for group in groups
    ]
    return sorted([*alone, *joined], key=lambda driver: -driver.value)


def _group_name(columns: Sequence[str]) -> str:
    """Name a group so that it fits beside a bar on a phone."""
    return " + ".join(columns) if len(columns) < 3 else f"{columns[0]} + {len(columns) - 1} more"  # noqa: PLR2004 -- two names fit


def plain_rows(given: Sequence[Driver]) -> list[dict[str, Any]]:
    """Return drivers as a table."""
    return [
        {
            "column": ", ".join(driver.members) or driver.column,
            "mean absolute SHAP": driver.value,
            "lower": None if driver.interval is None else driver.interval[0],
            "upper": None if driver.interval is None else driver.interval[1],
        }
        for driver in given
    ]


def facts(evidence: Evidence) -> dict[str, str]:
    """Say what an explanation rests on: who, how, on which rows, how exactly."""
    method = cast("Mapping[str, Any]", evidence.method)
    background, check = method["background"], method["additivity"]
    held = "" if background["n"] is None else f", n {wording.count(background['n'])}"
    return {
        "explainer": str(method["explainer"]),
        "values are in": str(method["output_space"]),
        "rows explained": f"{wording.count(method['n'])} of snapshot {evidence.snapshot_id}",
        "background": f"{background['kind']}{held}, SHA-256 {background['sha256'][:12]}",
        "seed": str(method["seed"]),
        "additivity": f"values miss the output by at most {check['error']:.2g}, "
        f"allowed {check['tolerance']:.2g}",
        "made": f"{wording.moment(evidence.created_at)} by {evidence.created_by}",
        "with": ", ".join(f"{name} {version}" for name, version in method["versions"].items()),
        **({"model file": f"SHA-256 {method['artifact'][:12]}"} if method.get("artifact") else {}),
        **{f"{one['explainer']} not used": str(one["reason"]) for one in method.get("refused", ())},
    }


def _rank(column: Mapping[str, Any]) -> str:
    """Write the ranks between which the true one lies."""
    best, worst = column.get("rank", (None, None))
    if best is None:
        return ""
    return str(best) if best == worst else f"{best} to {worst}"


def _columns(evidence: Evidence) -> list[dict[str, Any]]:
    return cast("list[dict[str, Any]]", evidence.payload["columns"])
