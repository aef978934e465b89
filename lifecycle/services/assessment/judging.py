"""What a plan's limits make of measurements; an error and too little data never pass."""

from collections.abc import Iterable
from dataclasses import replace

from lifecycle.domain.evidence import Evidence, Purpose
from lifecycle.domain.measurement import Measurement, State
from lifecycle.domain.rules import Outcome
from lifecycle.services.plans import Plan, PlanLimit
from lifecycle.stats import catalogue

OUTCOMES = {
    State.ERROR: Outcome.ERROR,
    State.BREACH: Outcome.FAIL,
    State.OK: Outcome.PASS,
    State.WARNING: Outcome.PASS,
}
"""What a state comes to under a plan; every other one is too little to say."""

UNMEASURED = "the plan asks for it, but it was not measured: it does not fit this task and columns"


def outcome(kept: Evidence) -> Outcome:
    """Return what an assessment came to: pass, fail, insufficient or error."""
    return OUTCOMES.get(kept.state, Outcome.INSUFFICIENT)


def judged(
    measurements: Iterable[Measurement], *, purpose: Purpose, plan: Plan
) -> Iterable[Measurement]:
    """Judge by the plan's limits alone; too few rows come before any limit.

    Validation counts rows, slices, fits and calls, and each statistic has its own fewest. What the
    plan asks for and nobody measured is an error, so that no limit is kept by saying nothing.
    """
    made: set[str] = set()
    for measured in _judged(measurements, purpose=purpose, plan=plan):
        made.add(measured.statistic)
        yield measured
    for name in plan.statistics.get(purpose, ()):
        if name not in made:
            limit = plan.limits.get(name)
            bound = None if limit is None else _shown(limit, None)
            unit = catalogue.get(name).unit
            yield Measurement(name, None, State.ERROR, unit, limit=bound, reason=UNMEASURED)


def _judged(
    measurements: Iterable[Measurement], *, purpose: Purpose, plan: Plan
) -> Iterable[Measurement]:
    minimum = {Purpose.FAIRNESS: plan.minimum_group, Purpose.VALIDATION: 0}.get(
        purpose, plan.minimum
    )
    for measured in measurements:
        limit = plan.limits.get(measured.statistic)
        bound = None if limit is None else _shown(limit, measured.value)
        if measured.state is State.NOT_APPLICABLE and limit is not None:
            reason = f"the plan limits it, but it does not apply: {measured.reason}"
            yield replace(measured, state=State.ERROR, limit=bound, reason=reason)
        elif measured.value is None or measured.state in {State.INSUFFICIENT, State.ERROR}:
            yield replace(measured, limit=bound)
        elif measured.n is not None and measured.n < minimum:
            reason = f"{measured.n} observations, the plan wants at least {minimum}"
            yield replace(measured, state=State.INSUFFICIENT, limit=bound, reason=reason)
        elif limit is None:
            yield replace(measured, state=State.OK, limit=None)
        else:
            yield _against(measured, measured.value, limit)


def _against(measured: Measurement, value: float, limit: PlanLimit) -> Measurement:
    if limit.bound != "point":
        if measured.interval is None:
            reason = f"the plan judges its {limit.bound} bound, and it has no interval"
            shown = _shown(limit, value)
            return replace(measured, state=State.INSUFFICIENT, limit=shown, reason=reason)
        value = measured.interval[0 if limit.bound == "lower" else 1]
    shown = _shown(limit, value)
    low_enough = limit.maximum is None or value <= limit.maximum
    if low_enough and (limit.minimum is None or value >= limit.minimum):
        return replace(measured, state=State.OK, limit=shown)
    state = State.BREACH if limit.severity == "block" else State.WARNING
    wanted = f"wanted {limit.wanted}" + (f": {limit.rationale}" if limit.rationale else "")
    return replace(measured, state=state, limit=shown, reason=measured.reason or wanted)


def _shown(limit: PlanLimit, value: float | None) -> float | None:
    """Return the bound that matters: the one that was crossed, else the lower one."""
    crossed = limit.maximum is not None and value is not None and value > limit.maximum
    return limit.maximum if crossed or limit.minimum is None else limit.minimum
