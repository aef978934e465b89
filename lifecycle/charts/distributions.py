"""How does a column look now against its reference: shares of rows on the same bins."""

from collections.abc import Sequence
from math import erf, pi, sqrt
from typing import Any, TypeAlias

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from lifecycle.charts import theme, wording
from lifecycle.charts.theme import Trace
from lifecycle.errors import InvalidInput
from lifecycle.stats.summaries import CategoryProfile, NumericProfile, Profile, merge

FloatArray: TypeAlias = NDArray[np.float64]

STEPS = 40
"""Bars of a histogram on screen; the counting bins may be more and of any width."""
TAIL = 0.02
"""Share of rows that may be cut off at each end, so that one outlier does not flatten the rest."""
TAIL_LENGTHS = 3.0
"""Mean excesses of an outer bin to draw; holds 95 % of an exponential tail."""
TAIL_POINTS = 32
"""Points at which an outer bin's thinning out is followed."""
ROOM = 0.5
"""Tails no longer than this share of what lies between them are drawn in full."""
MOST_CATEGORIES = 20
NEARLY_ALL = 0.999
"""Share of rows at single values from which a column is drawn as bars at those values."""
POINT = 1e-9
"""A bin narrower than this share of the range holds a single value."""

MOVED = 0.1
"""Share of rows that lie in other bins from which a column is told by more than its mean."""

SIDES = (("reference", theme.REFERENCE, "/"), ("current", theme.CURRENT, ""))


def compare(
    reference: Profile, current: Profile, *, column: str, title: str, unit: str = ""
) -> go.Figure:
    """Draw a column's two distributions as shares of rows, with what has no value beside them.

    Raises
    ------
    InvalidInput
        The profiles are not of one kind or not on the same bins.
    """
    if isinstance(reference, NumericProfile) and isinstance(current, NumericProfile):
        if not np.array_equal(reference.edges, current.edges):
            raise InvalidInput(f"{column} was counted on different bins than its reference")
        return _numeric(reference, current, column=column, title=title, unit=unit)
    if isinstance(reference, CategoryProfile) and isinstance(current, CategoryProfile):
        if reference.categories != current.categories:
            raise InvalidInput(f"{column} was counted on other categories than its reference")
        return _categories(reference, current, column=column, title=title)
    raise InvalidInput(f"{column} is numeric on one side and categorical on the other")


def total(parts: Sequence[Profile]) -> Profile:
    """Add up the profiles of one column, of one kind and at least one."""
    numeric = [part for part in parts if isinstance(part, NumericProfile)]
    return (
        merge(numeric)
        if numeric
        else merge([part for part in parts if isinstance(part, CategoryProfile)])
    )


def rows(reference: Profile, current: Profile) -> list[dict[str, Any]]:
    """Return the table beside the chart: the counting bins as they are, with both counts."""
    if isinstance(reference, NumericProfile) and isinstance(current, NumericProfile):
        bounds = ["-inf", *(repr(float(e)) for e in reference.edges), "inf"]
        return [
            {"above": low, "up to": high, "reference rows": int(before), "current rows": int(now)}
            for low, high, before, now in zip(
                bounds[:-1], bounds[1:], reference.counts, current.counts, strict=True
            )
        ] + [
            {"above": name, "up to": name, "reference rows": before, "current rows": now}
            for name, before, now in (
                ("missing", reference.missing, current.missing),
                ("infinite", reference.infinite, current.infinite),
            )
        ]
    if isinstance(reference, CategoryProfile) and isinstance(current, CategoryProfile):
        names = [*reference.categories, "(not in the reference's list)", "(missing)"]
        before = [*reference.counts.tolist(), reference.other, reference.missing]
        now = [*current.counts.tolist(), current.other, current.missing]
        return [
            {"value": name, "reference rows": b, "current rows": n}
            for name, b, n in zip(names, before, now, strict=True)
        ]
    return []


def message(reference: Profile, current: Profile, *, column: str) -> str:
    """Say in one sentence what differs most between the two."""
    if not reference.rows or not current.rows:
        return f"{column}: no rows to compare"
    gone = current.missing / current.rows - reference.missing / reference.rows
    if abs(gone) >= 0.05:  # noqa: PLR2004 -- five points of missing values outweigh any shift
        now, before = current.missing / current.rows, reference.missing / reference.rows
        return (
            f"{column}: {wording.percent(now)} of rows have no value, "
            f"{wording.percent(before)} in the reference"
        )
    if isinstance(reference, NumericProfile) and isinstance(current, NumericProfile):
        if not reference.n or not current.n:
            return f"{column}: no finite values to compare"
        return f"{column}: {_moved(reference, current)}"
    if isinstance(reference, CategoryProfile) and isinstance(current, CategoryProfile):
        return f"{column}: {_largest_change(reference, current)}"
    return column


def _moved(reference: NumericProfile, current: NumericProfile) -> str:
    """Tell a column by its mean, unless more rows moved than the mean explains."""
    (before, spread), (now, width) = (_moments(p) for p in (reference, current))
    p, q = reference.counts / reference.n, current.counts / current.n
    both = merge([reference, current])
    held = both.counts / both.n
    # What two samples of one distribution differ by, on average.
    chance = np.sqrt(2 / pi * held * (1 - held) * (1 / reference.n + 1 / current.n)).sum() / 2
    moved = float(np.abs(q - p).sum()) / 2 - float(chance)
    # Of two normal distributions so far apart, this share of rows lies elsewhere.
    explained = erf(abs(now - before) / spread / sqrt(8)) if spread else float(now != before)
    if moved < MOVED or moved <= 2 * explained:
        return f"mean {wording.number(now)}, {wording.number(before)} in the reference"
    i = int(np.argmax(np.abs(q - p)))
    if abs(float(q[i] - p[i])) < moved / 2:
        said, was = wording.number(width), wording.number(spread)
        return f"standard deviation {said}, {was} in the reference"
    direction = "rose" if q[i] >= p[i] else "fell"
    said, was = wording.percent(float(q[i])), wording.percent(float(p[i]))
    return f"{_named(reference.edges, i)} {direction} to {said} of rows, {was} in the reference"


def _moments(profile: NumericProfile) -> tuple[float, float]:
    """Return mean and standard deviation of the finite values."""
    mean = float(profile.sums.sum()) / profile.n
    return mean, sqrt(max(profile.squares / profile.n - mean**2, 0.0))


def _named(edges: FloatArray, i: int) -> str:
    """Name the values of a bin."""
    if i == 0:
        return f"values up to {wording.number(float(edges[0]))}" if len(edges) else "values"
    if i == len(edges):
        return f"values above {wording.number(float(edges[-1]))}"
    low, high = (wording.number(float(edge)) for edge in edges[i - 1 : i + 1])
    return f"values of {high}" if low == high else f"values from {low} to {high}"


def _largest_change(reference: CategoryProfile, current: CategoryProfile) -> str:
    names = [*reference.categories, "values outside the reference's list"]
    before = np.array([*reference.counts, reference.other]) / max(reference.n, 1)
    now = np.array([*current.counts, current.other]) / max(current.n, 1)
    i = int(np.argmax(np.abs(now - before)))
    direction = "rose" if now[i] >= before[i] else "fell"
    said, was = wording.percent(float(now[i])), wording.percent(float(before[i]))
    return f"{names[i]} {direction} to {said} of rows, {was} in the reference"


def respread(profile: NumericProfile, steps: FloatArray) -> FloatArray:
    """Spread the counts of a profile over other bins.

    Rows lie evenly within an inner bin. An outer bin may be very wide: its rows thin out from the
    edge so that their mean stays what it was, as an exponential tail does.

    Parameters
    ----------
    steps
        Shape (m + 1,), ascending outer and inner bounds.

    Returns
    -------
    ndarray
        Shape (m,), rows between each pair of bounds; rows outside all of them are left out.
    """
    edges, counts = profile.edges, profile.counts
    if profile.n == 0:
        return np.zeros(len(steps) - 1)
    if len(edges) == 0:
        low = np.nextafter(profile.low, -np.inf)
        return np.diff(np.interp(steps, [low, max(profile.high, low)], [0, profile.n]))
    reached = np.cumsum(counts[:-1]).astype(float)
    below, under = _tail(profile, 0)
    above, over = _tail(profile, -1)
    positions = np.concatenate([edges[0] - below[::-1], edges[1:-1], edges[-1] + above])
    inner = reached[1:-1]
    rows = np.concatenate([reached[0] - under[::-1], inner, reached[-1] + over])
    if len(edges) == 1:  # both tails begin at the one edge there is
        positions = np.concatenate([edges[0] - below[:0:-1], edges[0] + above])
        rows = np.concatenate([reached[0] - under[:0:-1], reached[0] + over])
    return np.diff(np.interp(steps, positions, rows))


def _tail(profile: NumericProfile, outer: int) -> tuple[FloatArray, FloatArray]:
    """Return distances from the outermost edge, and how many rows lie within each of them."""
    n, edge = int(profile.counts[outer]), float(profile.edges[outer])
    end = profile.high if outer else profile.low
    # A bin never loses its width altogether: what stands on the edge itself needs a place.
    reach = (
        max(abs(end - edge), float(np.spacing(abs(edge)))) if n else float(np.spacing(abs(edge)))
    )
    size = abs(float(profile.sums[outer]) / n - edge) if n else 0.0
    distances = reach * np.linspace(0.0, 1.0, TAIL_POINTS + 1)
    if not 0 < size < reach / 2:
        return distances, n * distances / reach
    return distances, n * np.expm1(-distances / size) / np.expm1(-reach / size)


def _bounds(profiles: Sequence[NumericProfile]) -> FloatArray:
    """Choose the bars: from value to value, without tails that would flatten the rest."""
    filled = [p for p in profiles if p.n]
    if not filled:
        return np.linspace(0.0, 1.0, STEPS + 1)
    ends = [_ends(p) for p in filled]
    low, high = min(low for low, _ in ends), max(high for _, high in ends)
    room = ROOM * (high - low)
    lowest, highest = min(p.low for p in filled), max(p.high for p in filled)
    low = lowest if lowest >= low - room else low
    high = highest if highest <= high + room else high
    if high <= low:
        low, high = low - 0.5, high + 0.5
    # A hair below the lowest value, so that a value standing on the bound is counted.
    return np.linspace(low - (high - low) * POINT, high, STEPS + 1)


def _ends(profile: NumericProfile) -> tuple[float, float]:
    """Return the bounds outside of which only tails lie."""
    shares = np.cumsum(profile.counts) / profile.n
    first, last = int(np.searchsorted(shares, TAIL)), int(np.searchsorted(shares, 1 - TAIL))
    return _reach(profile, first, upper=False), _reach(profile, last, upper=True)


def _reach(profile: NumericProfile, at: int, *, upper: bool) -> float:
    """Say how far a bin reaches from its inner side, for an exponential tail with its mean.

    A bin whose rows lie evenly reaches to its end; one that an outlier widened does not.
    """
    inner = [profile.low, *profile.edges.tolist(), profile.high]
    near, far = (inner[at], inner[at + 1]) if upper else (inner[at + 1], inner[at])
    near, far = (min(max(end, profile.low), profile.high) for end in (near, far))
    mean = float(profile.sums[at]) / max(int(profile.counts[at]), 1)
    reach = near + TAIL_LENGTHS * (mean - near)
    return min(reach, far) if upper else max(reach, far)


def _points(reference: NumericProfile, current: NumericProfile) -> FloatArray | None:
    """Return the values of a column that holds only a few, or nothing for a continuous one."""
    edges = reference.edges
    if len(edges) < 2:  # noqa: PLR2004 -- a value of its own needs two edges
        return None
    hair = np.maximum(float(edges[-1] - edges[0]) * POINT, 2 * np.spacing(np.abs(edges[1:])))
    own = np.diff(edges) <= hair
    held = sum(int(p.counts[1:-1][own].sum()) for p in (reference, current))
    total = reference.n + current.n
    few = int(own.sum()) <= STEPS
    return edges[1:][own] if few and total and held >= NEARLY_ALL * total else None


def _numeric(
    reference: NumericProfile, current: NumericProfile, *, column: str, title: str, unit: str
) -> go.Figure:
    sides = (reference, current)
    values = _points(reference, current)
    traces = _bars_at(sides, values) if values is not None else _steps(sides, _bounds(sides))
    lost = any(p.missing or p.infinite for p in sides)
    if lost:
        traces += _lost(sides)
    label = f"{column} ({unit})" if unit else column
    end = 0.84 if lost else 1.0
    return theme.figure(
        traces,
        title=title,
        x=theme.axis(label, domain=[0, end], type="linear" if values is None else "category"),
        y=theme.axis("share of rows", tickformat=".0%", rangemode="tozero"),
        more={
            "xaxis2": {"domain": [0.9, 1], "anchor": "y2"},
            "yaxis2": {
                "anchor": "x2",
                "tickformat": ".0%",
                "rangemode": "tozero",
                "automargin": True,
            },
            "barmode": "group",
        },
    )


def _steps(sides: Sequence[NumericProfile], steps: FloatArray) -> list[Trace]:
    traces: list[Trace] = []
    for (name, colour, _), profile in zip(SIDES, sides, strict=True):
        counts = respread(profile, steps)
        shares = counts / max(profile.rows, 1)
        outside = profile.n - float(counts.sum())
        label = f"{name}, n {wording.count(profile.n)}"
        if outside >= 1:
            label += f" ({wording.percent(outside / profile.n)} beyond the axis)"
        hover = [
            f"{name}: {wording.percent(float(s))} of rows from {wording.number(float(a))} "
            f"to {wording.number(float(b))}"
            for s, a, b in zip(shares, steps[:-1], steps[1:], strict=True)
        ]
        traces.append(
            {
                "type": "scatter",
                "x": ((steps[:-1] + steps[1:]) / 2).tolist(),
                "y": shares.tolist(),
                "mode": "lines",
                "line": {
                    "shape": "hvh",
                    "color": colour,
                    "width": 1.8,
                    "dash": "dot" if name == "reference" else "solid",
                },
                "fill": "tozeroy",
                "fillcolor": theme.faded(colour, opacity=0.15),
                "name": label,
                "text": hover,
                "hovertemplate": "%{text}<extra></extra>",
            }
        )
    return traces


def _bars_at(sides: Sequence[NumericProfile], values: FloatArray) -> list[Trace]:
    traces: list[Trace] = []
    for (name, colour, pattern), profile in zip(SIDES, sides, strict=True):
        counts = profile.counts[np.searchsorted(profile.edges, values)]
        shares = (counts / max(profile.rows, 1)).tolist()
        # All digits: values that are told apart by the last of them must not share a bar.
        labels = [repr(v).removesuffix(".0") for v in values.tolist()]
        traces.append(_bar(name, colour, pattern, profile.n, labels, shares))
    return traces


def _bar(
    name: str, colour: str, pattern: str, n: int, labels: Sequence[str], shares: Sequence[float]
) -> Trace:
    return {
        "type": "bar",
        "x": list(labels),
        "y": list(shares),
        "marker": {"color": theme.faded(colour, opacity=0.75), "pattern": {"shape": pattern}},
        "name": f"{name}, n {wording.count(n)}",
        "text": [
            f"{name}: {theme.plain(label)}, {wording.percent(share)} of rows"
            for label, share in zip(labels, shares, strict=True)
        ],
        "textposition": "none",
        "hovertemplate": "%{text}<extra></extra>",
    }


def _lost(sides: Sequence[NumericProfile]) -> list[Trace]:
    """Show rows without a finite value in a panel of their own, on a scale of their own."""
    kinds = [k for k in ("missing", "infinite") if any(getattr(p, k) for p in sides)]
    traces: list[Trace] = []
    for (name, colour, pattern), profile in zip(SIDES, sides, strict=True):
        shares = [getattr(profile, kind) / max(profile.rows, 1) for kind in kinds]
        trace = _bar(name, colour, pattern, profile.n, kinds, shares)
        traces.append({**trace, "xaxis": "x2", "yaxis": "y2", "showlegend": False})
    return traces


def _categories(
    reference: CategoryProfile, current: CategoryProfile, *, column: str, title: str
) -> go.Figure:
    names = [theme.plain(name) for name in reference.categories[:MOST_CATEGORIES]]
    beyond = len(reference.categories) - len(names)
    special = ["not in the reference's list", "missing"]
    labels = names + ([f"{beyond} rarer values"] if beyond else []) + special
    traces: list[Trace] = []
    for (name, colour, pattern), profile in zip(SIDES, (reference, current), strict=True):
        counts = profile.counts[: len(names)].tolist()
        if beyond:
            counts.append(int(profile.counts[len(names) :].sum()))
        counts += [profile.other, profile.missing]
        shares = [c / max(profile.rows, 1) for c in counts]
        bar = _bar(name, colour, pattern, profile.n, labels, shares)
        traces.append({**bar, "x": bar["y"], "y": bar["x"], "orientation": "h"})
    return theme.figure(
        traces,
        title=title,
        x=theme.axis("share of rows", tickformat=".0%", rangemode="tozero"),
        y=theme.axis(column, type="category", autorange="reversed"),
        height=140 + 30 * len(labels),
        more={"barmode": "group"},
    )
