"""The rule that results keep to their plans, and that no limit of a plan is forgotten."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, cast

from lifecycle.domain.case import Case, Outcome, PlanLimited, Verdict
from lifecycle.domain.evidence import Evidence, Purpose
from lifecycle.domain.measurement import Measurement, State


@dataclass(frozen=True, slots=True)
class Planned:
    """Every limit of the model's assessment plans is met by this version's latest evidence.

    What a plan limits stays limited: newer evidence that judges it against nothing is too little to
    say, and so is a version that nobody measured.

    Parameters
    ----------
    purpose
        Judge only evidence for this purpose; that of every plan when empty.
    """

    kind: ClassVar[str] = "plan"
    purpose: str = ""

    def check(self, case: Case) -> Verdict:
        """Judge one version."""
        wanted = [Purpose(self.purpose)] if self.purpose else list(Purpose)
        latest = [found for p in wanted if (found := case.latest(p)) and "statistics" in found.plan]
        judged = [(e, *both) for e in latest for both in case.told(e) if both[0].limit is not None]
        for state, outcome in PLAN_STATES.items():
            beyond = [one for one in judged if one[1].state is state]
            if beyond:
                return _beyond(*beyond[0], outcome=outcome, more=len(beyond) - 1)
        known = {(e.purpose, m.statistic) for e, m, _ in judged}
        unjudged = [
            one
            for one in case.limited
            if one.purpose in wanted and (one.purpose, one.statistic) not in known
        ]
        if unjudged or not latest:
            return _unmeasured(unjudged)
        if not judged:
            return Verdict(Outcome.PASS, "no assessment plan sets a limit")
        listed = ", ".join(e.id for e in latest)
        changed = "".join(_overridden(e) for e in latest)
        values = "1 value is" if len(judged) == 1 else f"{len(judged)} values are"
        sentence = f"{values} within the limits of their plan ({listed}){changed}"
        return Verdict(Outcome.PASS, sentence, evidence=latest[0].id)


PLAN_STATES = {
    State.ERROR: Outcome.ERROR,
    State.BREACH: Outcome.FAIL,
    State.INSUFFICIENT: Outcome.INSUFFICIENT,
}
"""What a limited value that does not pass comes to, the worst first."""


def _unmeasured(unjudged: Sequence[PlanLimited]) -> Verdict:
    """Say which limit of which plan has no current result."""
    if not unjudged:
        sentence = "nothing was measured under an assessment plan"
        return Verdict(Outcome.INSUFFICIENT, sentence, remedy="run an assessment under a plan")
    first, others = unjudged[0], len(unjudged) - 1
    sentence = f"plan {first.plan} limits {first.statistic}, which has no current result" + (
        f", and {others} more" if others else ""
    )
    remedy = f"run a {first.purpose} assessment under plan {first.plan}"
    return Verdict(Outcome.INSUFFICIENT, sentence, remedy=remedy)


def _beyond(
    found: Evidence, m: Measurement, seen: Measurement, *, outcome: Outcome, more: int
) -> Verdict:
    """Say which value of which evidence does not keep to its plan."""
    about = [*([m.column] if m.column else []), *(f"{k} {v}" for k, v in m.slice.items())]
    name = m.statistic + (f" of {', '.join(about)}" if about else "")
    if m.value is not None and seen.value is None:
        value = "has a value"
    else:
        value = "has no value" if seen.value is None else f"is {seen.value:.4g}"
    if seen.interval is not None:
        value += f" ({seen.interval[0]:.4g} to {seen.interval[1]:.4g})"
    size = "" if seen.n is None else f", n {seen.n:,}"
    why = f": {seen.reason}" if seen.reason else ""
    others = f", and {more} more" if more else ""
    sentence = (
        f"{name} {value}{size}, limit {m.limit:g} of plan {found.plan.get('name')} "
        f"({found.id}){why}{others}{_overridden(found)}"
    )
    remedies = {
        Outcome.ERROR: "repair and rerun",
        Outcome.INSUFFICIENT: f"measure {name} on more rows",
    }
    return Verdict(
        outcome,
        sentence,
        value=seen.value,
        interval=seen.interval,
        limit=m.limit,
        n=seen.n,
        evidence=found.id,
        remedy=remedies.get(outcome, f"bring {name} within its limit"),
    )


def _overridden(found: Evidence) -> str:
    """Say that limits were changed after results on the same rows were known."""
    made = cast("Mapping[str, object]", found.plan.get("override") or {})
    if not made:
        return ""
    return f"; limits changed by {made['by']} after results were known: {made['reason']}"
