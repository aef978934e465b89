"""Do the scores mean what they say, and which mistakes are made: calibration and confusion."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import plotly.graph_objects as go

from lifecycle.charts import theme, wording
from lifecycle.domain.measurement import Measurement, State, Window
from lifecycle.stats.inference import wilson
from lifecycle.stats.summaries import (
    NEGATIVE,
    POSITIVE,
    UNKNOWN,
    BinaryTally,
    ClassTally,
    ErrorTally,
    Tally,
    merge,
)

BINS = 10
"""Points of a calibration curve, each of about the same number of rows."""


@dataclass(frozen=True, slots=True)
class Bin:
    """Rows of similar score: what was predicted on average and what came true."""

    predicted: float
    observed: float
    interval: tuple[float, float]
    n: int


def total(parts: Sequence[Tally]) -> Tally:
    """Add up tallies of one kind, at least one."""
    binary = [part for part in parts if isinstance(part, BinaryTally)]
    classes = [part for part in parts if isinstance(part, ClassTally)]
    if binary:
        return merge(binary)
    return merge(classes) if classes else merge([p for p in parts if isinstance(p, ErrorTally)])


def by_window(
    days: Iterable[tuple[date, Tally]], *, window_of: Callable[[date], Window]
) -> dict[Window, Tally]:
    """Add up the tallies of days by the window each falls into, oldest first."""
    parts: dict[Window, list[Tally]] = {}
    for day, tally in days:
        parts.setdefault(window_of(day), []).append(tally)
    return {window: total(found) for window, found in parts.items()}


def reliability(tally: BinaryTally, *, bins: int = BINS) -> list[Bin]:
    """Merge neighbouring score bins into a few of about equal size.

    Returns
    -------
    list
        Empty when no row has both a score and a known outcome.
    """
    known = tally.scores[:UNKNOWN].sum(axis=0)
    sums = tally.score_sums[:UNKNOWN].sum(axis=0)
    total = int(known.sum())
    if total == 0:
        return []
    # A score bin belongs to the group its middle row falls into.
    group = ((np.cumsum(known) - known / 2) * bins / total).astype(int).clip(0, bins - 1)
    found: list[Bin] = []
    for i in range(bins):
        inside = group == i
        n = int(known[inside].sum())
        if n:
            hits = int(tally.scores[POSITIVE][inside].sum())
            predicted = float(sums[inside].sum()) / n
            found.append(Bin(predicted, hits / n, wilson(hits, n), n))
    return found


def calibration(bins: Sequence[Bin], *, title: str) -> go.Figure:
    """Draw what came true against what was predicted; the diagonal is perfect agreement."""
    points: theme.Trace = {
        "type": "scatter",
        "x": [b.predicted for b in bins],
        "y": [b.observed for b in bins],
        "mode": "lines+markers",
        "line": {"color": theme.CURRENT, "width": 1.5},
        "marker": {"color": theme.CURRENT, "size": 8},
        "error_y": {
            "type": "data",
            "symmetric": False,
            "array": [b.interval[1] - b.observed for b in bins],
            "arrayminus": [b.observed - b.interval[0] for b in bins],
            "color": theme.CURRENT,
        },
        "name": "observed, 95 % interval",
        "text": [_hover(b) for b in bins],
        "hovertemplate": "%{text}<extra></extra>",
    }
    ideal: theme.Trace = {
        "type": "scatter",
        "x": [0, 1],
        "y": [0, 1],
        "mode": "lines",
        "line": {"color": theme.REFERENCE, "dash": "dot", "width": 1.5},
        "name": "perfect calibration",
        "hoverinfo": "skip",
    }
    return theme.figure(
        [ideal, points],
        title=title,
        x=theme.axis("mean predicted probability", range=[0, 1]),
        y=theme.axis("observed share of positives", range=[0, 1]),
        height=380,
    )


def calibration_message(bins: Sequence[Bin]) -> str:
    """Name the score range that is furthest from what came true, if chance does not explain it."""
    if not bins:
        return "Calibration: no row has both a score and a known outcome"
    off = [b for b in bins if not b.interval[0] <= b.predicted <= b.interval[1]]
    if not off:
        return (
            f"Scores agree with what came true in all {wording.counted(len(bins), 'score range')}"
        )
    worst = max(off, key=lambda b: abs(b.predicted - b.observed))
    direction = "too high" if worst.predicted > worst.observed else "too low"
    return (
        f"Scores around {wording.number(worst.predicted)} are {direction}: "
        f"{wording.percent(worst.observed)} came true, n {wording.count(worst.n)}"
    )


def _hover(b: Bin) -> str:
    return (
        f"predicted {wording.number(b.predicted)}, observed {wording.number(b.observed)} "
        f"{wording.interval(b.interval)}, n {wording.count(b.n)}"
    )


def bin_rows(bins: Sequence[Bin]) -> list[dict[str, float]]:
    """Return the calibration curve as a table."""
    return [
        {
            "mean predicted": b.predicted,
            "observed": b.observed,
            "lower": b.interval[0],
            "upper": b.interval[1],
            "n": b.n,
        }
        for b in bins
    ]


def confusion_rows(tally: BinaryTally | ClassTally) -> list[dict[str, str | int]]:
    """Return the confusion matrix as a table, an outcome per row."""
    names, counts = matrix(tally)
    return [
        {"outcome": name} | {f"predicted {n}": int(c) for n, c in zip(names, row, strict=True)}
        for name, row in zip(names, counts, strict=True)
    ]


def confusion(tally: BinaryTally | ClassTally, *, title: str) -> go.Figure:
    """Draw rows by outcome and prediction; the colour is the share of the outcome's rows."""
    names, counts = matrix(tally)
    totals = counts.sum(axis=1, keepdims=True)
    shares = np.divide(counts, totals, out=np.zeros(counts.shape), where=totals > 0)
    text = [
        [
            f"{wording.count(int(n))}<br>{wording.percent(float(s))}"
            for n, s in zip(*row, strict=True)
        ]
        for row in zip(counts, shares, strict=True)
    ]
    labels = [theme.plain(name) for name in names]
    scale = [[0, theme.faded(theme.BLUE, opacity=0.05)], [1, theme.faded(theme.BLUE, opacity=0.6)]]
    cells: theme.Trace = {
        "type": "heatmap",
        "x": labels,
        "y": labels,
        "z": shares.tolist(),
        "zmin": 0,
        "zmax": 1,
        "colorscale": scale,
        "showscale": False,
        "text": text,
        "texttemplate": "%{text}",
        "hovertemplate": "outcome %{y}, predicted %{x}<br>%{text} of its rows<extra></extra>",
        "xgap": 2,
        "ygap": 2,
    }
    return theme.figure(
        [cells],
        title=title,
        x=theme.axis("predicted", type="category"),
        y=theme.axis("outcome", type="category", autorange="reversed"),
        height=160 + 70 * len(names),
    )


def matrix(tally: BinaryTally | ClassTally) -> "tuple[list[str], np.ndarray]":
    """Return class names and counts by outcome and prediction, known ones only."""
    if isinstance(tally, ClassTally):
        return list(tally.classes), tally.confusion
    order = [POSITIVE, NEGATIVE]
    return ["positive", "negative"], tally.decisions[np.ix_(order, order)]


def confusion_message(tally: BinaryTally | ClassTally) -> str:
    """Say which class is recognised worst."""
    names, counts = matrix(tally)
    totals = counts.sum(axis=1)
    if not totals.sum():
        return "Confusion: no row has both an outcome and a prediction"
    rates = [(int(counts[i, i]) / int(t), names[i]) for i, t in enumerate(totals) if t]
    share, name = min(rates)
    n = int(totals[names.index(name)])
    return f"Of {wording.count(n)} rows that were {name}, {wording.percent(share)} were recognised"


def waiting(known: Mapping[Window, tuple[float, int]], *, wanted: float) -> list[Measurement]:
    """Return the share of known outcomes by window, against the share needed to judge.

    Parameters
    ----------
    known
        Share of rows whose outcome is known, and rows, by window.
    """
    return [
        Measurement(
            "outcomes_known",
            share,
            State.OK if share >= wanted else State.INSUFFICIENT,
            window=window,
            n=rows,
            limit=wanted,
        )
        for window, (share, rows) in known.items()
    ]


def waiting_message(shares: Sequence[Measurement], *, wanted: float) -> str:
    """Say how many windows can be judged by now."""
    ready = sum(m.state is State.OK for m in shares)
    windows, enough = wording.counted(len(shares), "window"), wording.percent(wanted)
    return f"{ready} of {windows} can be judged: outcomes of {enough} of rows are known"
