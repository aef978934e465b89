"""A chart of numbers with intervals and limits, laid out once for every way of drawing it."""

from collections.abc import Sequence
from dataclasses import dataclass

from lifecycle.domain.measurement import Measurement, State
from lifecycle.services.reports import words

MOST = 24
"""Rows of one chart; the table below has all numbers."""

COLOURS = {State.BREACH: "#b3261e", State.ERROR: "#b3261e", State.WARNING: "#8a6100"}
NEUTRAL = "#2f6ea8"


@dataclass(frozen=True, slots=True)
class Mark:
    """One row of a chart, its places between 0 and 1 along the axis."""

    label: str
    said: str
    at: float
    low: float
    high: float
    limit: float | None
    colour: str


@dataclass(frozen=True, slots=True)
class Chart:
    """Rows over one axis, with the values at its ends."""

    marks: tuple[Mark, ...]
    start: float
    end: float


def chart(measurements: Sequence[Measurement]) -> Chart | None:
    """Lay out the numbers that share the commonest unit; ``None`` where there are none."""
    held = [m for m in measurements if m.value is not None]
    units = [m.unit for m in held]
    held = [m for m in held if m.unit == max(units, key=units.count)][:MOST]
    if not held:
        return None
    ends = [e for m in held for e in (m.value, m.limit, *(m.interval or ())) if e is not None]
    start, end = min(*ends, 0.0), max(ends)
    width = (end - start) or 1.0

    def place(value: float) -> float:
        return (value - start) / width

    marks = [
        Mark(
            label=" ".join(part for part in (m.statistic, words.where(m)) if part),
            said=words.number(m.value),
            at=place(m.value),
            low=place(m.interval[0] if m.interval else m.value),
            high=place(m.interval[1] if m.interval else m.value),
            limit=None if m.limit is None else place(m.limit),
            colour=COLOURS.get(m.state, NEUTRAL),
        )
        for m in held
        if m.value is not None
    ]
    return Chart(tuple(marks), start, start + width)
