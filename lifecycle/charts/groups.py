"""Who is treated differently, and how sure are we: a dot per group with its interval."""

from collections.abc import Sequence

import plotly.graph_objects as go

from lifecycle.charts import theme, wording
from lifecycle.charts.theme import Trace
from lifecycle.domain.measurement import NO_LIMIT, Measurement, State

ROW = 34


def rates(
    measurements: Sequence[Measurement],
    *,
    title: str,
    name: str,
    overall: Measurement | None = None,
) -> go.Figure:
    """Draw one rate by group; a group too small to be shown keeps its row and says so.

    Parameters
    ----------
    measurements
        One statistic, one measurement per group, the first on top.
    overall
        The same statistic over all rows, drawn as a line.
    """
    hidden = [m for m in measurements if m.value is None]
    small = [m for m in measurements if m.value is not None and m.state is State.INSUFFICIENT]
    large = [m for m in measurements if m.value is not None and m.state is not State.INSUFFICIENT]
    free, limited = ([m for m in large if (m.limit is None) is one] for one in (True, False))
    traces: list[Trace] = [{**_dots(free, colour=theme.CURRENT), "name": "group"}]
    for look in theme.LOOKS:
        if found := [m for m in limited if theme.look(m) is look]:
            dots = _dots(found, colour=look.colour, symbol=look.marker)
            traces.append({**dots, "name": look.word})
    if limited:
        traces.append(_limits([(m, _label(m)) for m in limited]))
    if small:
        look = theme.STATES[State.INSUFFICIENT]
        dots = _dots(small, colour=look.colour, symbol=look.marker)
        traces.append({**dots, "name": "too few rows to judge"})
    if hidden:
        traces.append(_suppressed(hidden))
    lines: list[tuple[Trace, Trace]] = []
    if overall is not None and overall.value is not None:
        label = f"all rows {wording.number(overall.value)}"
        right = max((m.value or 0.0 for m in measurements), default=0.0) < 2 * overall.value
        lines.append(
            theme.line(
                overall.value,
                label,
                across="y",
                dash="dot",
                colour=theme.REFERENCE,
                anchor="right" if right else "left",
            )
        )
    return theme.figure(
        traces,
        title=title,
        # Dots need no zero to be compared; the words of a suppressed group stand at it.
        x=_axis(name, measurements, rangemode="tozero" if hidden else "normal"),
        y=_labels([_label(m) for m in measurements]),
        height=110 + ROW * max(len(measurements), 2),
        lines=lines,
        more={"showlegend": bool(small or limited)},
    )


def gaps(measurements: Sequence[Measurement], *, titles: Sequence[str], title: str) -> go.Figure:
    """Draw gaps as a forest: a dot with its interval per row, its limit as a bar across the row.

    Parameters
    ----------
    measurements
        Either all differences, where 0 means no gap, or all ratios, where 1 does.
    titles
        What each row is called.
    """
    ratio = bool(measurements) and is_ratio(measurements[0])
    labels = [theme.plain(label) for label in titles]
    traces: list[Trace] = []
    for look in theme.LOOKS:
        pairs = zip(measurements, labels, strict=True)
        found = [(m, row) for m, row in pairs if theme.look(m) is look and m.value is not None]
        if found:
            dots = _dots([m for m, _ in found], colour=look.colour, symbol=look.marker)
            traces.append({**dots, "y": [row for _, row in found], "name": look.word})
    limited = [(m, row) for m, row in zip(measurements, labels, strict=True) if m.limit is not None]
    if limited:
        traces.append(_limits(limited))
    return theme.figure(
        traces,
        title=title,
        x=_axis("lowest over highest" if ratio else "largest difference", measurements),
        y=_labels(labels),
        height=130 + ROW * max(len(labels), 2),
        lines=[
            theme.line(
                1 if ratio else 0,
                "no gap",
                across="y",
                colour=theme.REFERENCE,
                anchor="right" if ratio else "left",
            )
        ],
    )


def is_ratio(m: Measurement) -> bool:
    """Tell whether a gap is a ratio, where less is worse."""
    return m.statistic.endswith(("_ratio", "impact_ratio"))


def message(measurements: Sequence[Measurement], *, name: str) -> str:
    """Say which group is lowest, which highest, and whether their intervals keep apart."""
    shown = sorted(
        (m for m in measurements if m.value is not None and m.state is not State.INSUFFICIENT),
        key=lambda m: m.value or 0.0,
    )
    hidden = len(measurements) - len(shown)
    small = f"; {wording.counted(hidden, 'group')} too small to judge" if hidden else ""
    if len(shown) < 2:  # noqa: PLR2004 -- a comparison needs two
        return f"{name}: fewer than two groups are large enough to compare{small}"
    low, high = shown[0], shown[-1]
    said = (
        f"{name}: lowest {wording.number(low.value)} for {wording.group(low.slice)}, "
        f"highest {wording.number(high.value)} for {wording.group(high.slice)}"
    )
    if low.interval and high.interval and low.interval[1] >= high.interval[0]:
        said += "; their intervals overlap"
    return said + small


def gap_message(measurements: Sequence[Measurement]) -> str:
    """Say how many gaps are beyond their limit or warn, and name the first of them."""
    judged = [m for m in measurements if m.limit is not None and m.value is not None]
    bad = [m for m in judged if m.state is State.BREACH]
    warned = [m for m in judged if m.state is State.WARNING]
    if not judged:
        without = sum(m.value is None for m in measurements)
        lacking = f", {without} without a value" if without else ""
        held = wording.counted(len(measurements) - without, "gap")
        return f"{held} measured{lacking}, {NO_LIMIT}"
    if bad:
        verb = "is" if len(bad) == 1 else "are"
        more = f"; {len(warned)} more {'warns' if len(warned) == 1 else 'warn'}" if warned else ""
        return f"{_of(bad, judged)} {verb} beyond the limit: {_first(bad)}{more}"
    if warned:
        return f"{_of(warned, judged)} {'warns' if len(warned) == 1 else 'warn'}: {_first(warned)}"
    kept = sum(m.state is State.OK for m in judged)
    if kept < len(judged):
        return f"{kept} of {wording.counted(len(judged), 'gap')} with a limit can be judged"
    return "The gap with a limit keeps it" if kept == 1 else f"All {kept} gaps with a limit keep it"


def _of(some: Sequence[Measurement], judged: Sequence[Measurement]) -> str:
    return f"{wording.counted(len(some), 'gap')} of {len(judged)}"


def _first(some: Sequence[Measurement]) -> str:
    first, others = some[0], " and others" if len(some) > 1 else ""
    name = first.statistic.replace("_", " ")
    return f"{name} {wording.number(first.value)}, limit {wording.number(first.limit)}{others}"


def _dots(measurements: Sequence[Measurement], *, colour: str, symbol: str = "circle") -> Trace:
    values = [m.value or 0.0 for m in measurements]
    bounds = [m.interval or (v, v) for m, v in zip(measurements, values, strict=True)]
    return {
        "type": "scatter",
        "x": values,
        "y": [_label(m) for m in measurements],
        "mode": "markers",
        "marker": {"symbol": symbol, "color": colour, "size": 10},
        "error_x": {
            "type": "data",
            "symmetric": False,
            "array": [high - v for v, (_, high) in zip(values, bounds, strict=True)],
            "arrayminus": [v - low for v, (low, _) in zip(values, bounds, strict=True)],
            "color": colour,
            "thickness": 1.5,
        },
        "text": [theme.plain(wording.measured(m)) for m in measurements],
        "hovertemplate": "%{y}<br>%{text}<extra></extra>",
    }


def _suppressed(measurements: Sequence[Measurement]) -> Trace:
    return {
        "type": "scatter",
        "x": [0] * len(measurements),
        "y": [_label(m) for m in measurements],
        "mode": "text",
        "text": [theme.plain(f"  {m.reason or 'too small to show'}") for m in measurements],
        "textposition": "middle right",
        "hoverinfo": "skip",
        "showlegend": False,
    }


def _limits(limited: Sequence[tuple[Measurement, str]]) -> Trace:
    return {
        "type": "scatter",
        "x": [m.limit for m, _ in limited],
        "y": [row for _, row in limited],
        "mode": "markers",
        "marker": {
            "symbol": "line-ns",
            "size": 20,
            "line": {"width": 2.5, "color": theme.RED},
        },
        "name": "limit",
        "hovertemplate": "limit %{x}<extra></extra>",
    }


def _label(m: Measurement) -> str:
    n = "" if m.n is None else f" (n {wording.count(m.n)})"
    return theme.plain(f"{wording.group(m.slice)}{n}")


def _axis(name: str, measurements: Sequence[Measurement], **settings: object) -> dict[str, object]:
    """Name an axis with its unit on a line of its own, where a phone has room for it."""
    unit = next((wording.unit(m.unit) for m in measurements if wording.unit(m.unit)), "")
    axis = theme.axis(name, **settings)
    title = "<br>".join(theme.plain(part) for part in (name, unit) if part)
    return {**axis, "title": {"text": title}}


def _labels(labels: Sequence[str]) -> dict[str, object]:
    # Half a row of air above and below, counted in rows.
    air = [-0.6, len(labels) - 0.4]
    return theme.axis("", type="category", categoryarray=list(reversed(labels)), range=air)
