"""What a trial hands back, and how it becomes measurements."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from math import isfinite

from lifecycle.domain.measurement import Measurement, State
from lifecycle.services.analysis.result import Draft, finish
from lifecycle.stats import catalogue
from lifecycle.stats.inference import Estimate


@dataclass(frozen=True, slots=True)
class Tried:
    """One result of a trial.

    Parameters
    ----------
    failed
        Why there is no result although there should be; an error never passes.
    """

    estimate: Estimate
    column: str | None = None
    slice: Mapping[str, str] = field(default_factory=dict[str, str])
    failed: str | None = None


Trial = Iterator[Tried]


def inapplicable(why: str, *, column: str | None = None) -> Tried:
    """Say that a trial does not apply here, and why."""
    return Tried(Estimate(None, 0, reason=why), column=column)


def failure(why: str, *, column: str | None = None, **where: str) -> Tried:
    """Say that a trial failed."""
    return Tried(Estimate(None, 0, reason=why), column=column, slice=where, failed=why)


def measured(name: str, found: list[Tried]) -> list[Measurement]:
    """Turn the results of one statistic's trial into measurements."""
    statistic = catalogue.get(name)
    found = [_finite(one) for one in found]
    drafts = [Draft(statistic, one.estimate, column=one.column, slice=one.slice) for one in found]
    made, _ = finish(drafts)
    return [
        m
        if one.failed is None
        else Measurement(
            m.statistic, None, State.ERROR, m.unit, m.column, m.slice, reason=one.failed
        )
        for m, one in zip(made, found, strict=True)
    ]


def _finite(one: Tried) -> Tried:
    """Call a result that is no number a failure, so that it is judged by nobody."""
    value = one.estimate.value
    if value is None or isfinite(value):
        return one
    return failure(f"the result is {value}, no number", column=one.column, **one.slice)
