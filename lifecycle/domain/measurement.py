"""One number and what it is worth: value, unit, window, slice, sample size, interval, state."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class State(StrEnum):
    """What a measurement, a window or a model may be in; one vocabulary everywhere."""

    OK = "ok"
    WARNING = "warning"
    BREACH = "breach"
    INSUFFICIENT = "insufficient"
    NOT_APPLICABLE = "not_applicable"
    ERROR = "error"
    STALE = "stale"
    UPCOMING = "upcoming"


SEVERITY = (
    State.BREACH,
    State.ERROR,
    State.WARNING,
    State.STALE,
    State.INSUFFICIENT,
    State.OK,
    State.UPCOMING,
    State.NOT_APPLICABLE,
)
"""Worst first: a verdict over several states is the first of these that occurs."""


OUTCOMES_UNKNOWN = "outcomes of "
"""How the reason begins of every measurement that waits until more outcomes are known."""

NO_LIMIT = "no limit set"
"""What every page and report calls a number that was measured and not judged."""


@dataclass(frozen=True, slots=True)
class Window:
    """A half-open span of time, ``start <= t < end``; both aware and in UTC."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Measurement:
    """One number with everything needed to believe it.

    Parameters
    ----------
    statistic
        A name of the catalogue, such as ``ks``.
    value
        ``None`` when it could not be computed; then ``reason`` says why.
    column
        The column measured, or the attribute a fairness gap is about.
    slice
        The rows it is about, such as ``{"sex": "Female"}``; empty for all rows.
    interval
        Lower and upper bound at ``confidence``.
    resolution
        What binning may have cost, in the value's own unit; ``None`` when exact.
    limit
        The limit the state was judged against; ``None`` when nothing was judged.
    """

    statistic: str
    value: float | None
    state: State
    unit: str = "1"
    column: str | None = None
    slice: Mapping[str, str] = field(default_factory=dict[str, str])
    window: Window | None = None
    interval: tuple[float, float] | None = None
    confidence: float | None = None
    resolution: float | None = None
    p_value: float | None = None
    p_adjusted: float | None = None
    n: int | None = None
    n_reference: int | None = None
    limit: float | None = None
    reason: str | None = None

    @property
    def judged(self) -> bool:
        """Whether its state says more than that it was measured and that nothing limits it."""
        return self.limit is not None or self.value is None or self.state is not State.OK


def judgement(measurements: Iterable[Measurement]) -> State:
    """Return the worst state among what was judged; where no limit is set, none applies.

    What could not be measured counts: having no limit, it is no pass either.
    """
    found = [m.state for m in measurements if m.limit is not None or m.value is None]
    return verdict(found) if found else State.NOT_APPLICABLE


def verdict(states: Iterable[State]) -> State:
    """Return the worst of several states; nothing measured is insufficient."""
    present = set(states)
    for state in SEVERITY:
        if state in present:
            return state
    return State.INSUFFICIENT
