"""What has happened to a model so far, and how a portfolio stands."""

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from lifecycle.charts import theme, wording
from lifecycle.charts.theme import Mark, Trace
from lifecycle.domain.measurement import SEVERITY, State
from lifecycle.domain.usecase import SEVEREST, Tier

LANES = {
    "usecase": "registered",
    "model": "registered",
    "version": "versions",
    "plan": "evidence",
    "evidence": "evidence",
    "decision": "evidence",
    "reasons": "evidence",
    "report": "evidence",
    "rows": "evidence",
    "pack": "evidence",
    "request": "approvals",
    "approval": "approvals",
    "finding": "approvals",
    "gate": "approvals",
    "monitor": "monitoring",
    "alert": "monitoring",
    "incident": "monitoring",
    "predictions": "monitoring",
    "outcomes": "monitoring",
}
"""The row of a life an event stands in, by the first word of its action."""


def lane(action: str) -> str:
    """Say which row of a life an event belongs to, such as ``request.open`` to approvals."""
    return LANES.get(action.partition(".")[0], "other")


def life(marks: Sequence[Mark], *, title: str) -> go.Figure:
    """Draw what happened on one time axis, a row per kind of event."""
    kinds = list(dict.fromkeys(mark.kind for mark in sorted(marks, key=lambda m: m.at)))
    traces: list[Trace] = []
    for i, kind in enumerate(kinds):
        found = [mark for mark in marks if mark.kind == kind]
        traces.append(
            {
                "type": "scatter",
                "x": [mark.at for mark in found],
                "y": [theme.plain(kind)] * len(found),
                "mode": "markers",
                "marker": {
                    "symbol": theme.SYMBOLS[i % len(theme.SYMBOLS)],
                    "color": theme.SERIES[i % len(theme.SERIES)],
                    "size": 11,
                },
                "name": theme.plain(kind),
                "text": [theme.plain(f"{m.text}, {wording.moment(m.at)}") for m in found],
                "hovertemplate": "%{text}<extra></extra>",
            }
        )
    return theme.figure(
        traces,
        title=title,
        x=theme.axis("time (UTC)", type="date"),
        y=theme.axis("", type="category", categoryarray=[theme.plain(k) for k in reversed(kinds)]),
        height=120 + 28 * max(len(kinds), 2),
        more={"showlegend": False},
    )


def life_message(marks: Sequence[Mark]) -> str:
    """Say how much has happened, since when, and when last: short enough for a phone."""
    if not marks:
        return "Nothing has happened yet"
    times = [mark.at for mark in marks]
    first, last = wording.day(min(times)), wording.day(max(times))
    return f"{wording.counted(len(marks), 'event')} since {first}, the last on {last}"


def tier_by_health(counts: Mapping[tuple[Tier, State], int], *, title: str) -> go.Figure:
    """Draw how many models of each risk tier are in each state of health."""
    tiers = [tier for tier in SEVEREST if any(t is tier for t, _ in counts)]
    traces: list[Trace] = []
    for state in SEVERITY:
        values = [counts.get((tier, state), 0) for tier in tiers]
        if not any(values):
            continue
        look = theme.STATES[state]
        traces.append(
            {
                "type": "bar",
                "orientation": "h",
                "y": [str(tier) for tier in tiers],
                "x": values,
                "marker": {
                    "color": theme.faded(look.colour, opacity=0.45),
                    "line": {"color": look.colour, "width": 1},
                },
                "name": f"{look.mark} {look.word}",
                "text": [f"{look.mark} {value}" if value else "" for value in values],
                "textposition": "inside",
                "insidetextanchor": "middle",
                "customdata": [[str(tier), str(state)] for tier in tiers],
                "hovertemplate": f"%{{x}} of the %{{y}} tier: {look.word}<extra></extra>",
            }
        )
    return theme.figure(
        traces,
        title=title,
        x=theme.axis("models", dtick=1 if sum(counts.values()) <= 20 else None),  # noqa: PLR2004 -- whole numbers while they fit
        y=theme.axis("risk tier", type="category", autorange="reversed"),
        height=190 + 36 * max(len(tiers), 2),
        # Five words are several rows on half a page; over the plot they would reach the title.
        more={"barmode": "stack", "legend": {"orientation": "h", "yref": "container", "y": 0}},
    )


def health_message(counts: Mapping[tuple[Tier, State], int]) -> str:
    """Say how many models are in breach, and how many of those are of the high tier."""
    total = sum(counts.values())
    bad = {key: n for key, n in counts.items() if key[1] is State.BREACH}
    if not total:
        return "No model is in the inventory yet"
    if not bad:
        return f"None of {wording.counted(total, 'model')} is in breach"
    high = sum(n for (tier, _), n in bad.items() if tier is Tier.HIGH)
    said = f"{sum(bad.values())} of {wording.counted(total, 'model')} in breach"
    return f"{said}, {high} of them high-risk" if high else said
