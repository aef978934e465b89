"""What a version must show before it may go further: rules and the verdicts they compute."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import ClassVar, Protocol, cast

from lifecycle.domain.condition import Condition
from lifecycle.domain.evidence import Evidence, Purpose
from lifecycle.domain.measurement import Measurement, State
from lifecycle.domain.model import Model, Version
from lifecycle.domain.usecase import UseCase


class Outcome(StrEnum):
    """What a rule says; only ``pass`` lets a version through."""

    PASS = "pass"  # noqa: S105 -- an outcome, not a password
    FAIL = "fail"
    INSUFFICIENT = "insufficient"
    ERROR = "error"


CLOCK_SLACK = timedelta(minutes=5)
"""How far two clocks may differ before what one of them dated counts as of the future."""


@dataclass(frozen=True, slots=True)
class PlanLimited:
    """A statistic that a plan limits, of those this model was ever measured under."""

    purpose: Purpose
    plan: str
    statistic: str


@dataclass(frozen=True, slots=True)
class Case:
    """Everything a rule may look at, gathered on the server.

    Parameters
    ----------
    limited
        What the model's plans limit, whether this version was measured under them or not.
    """

    use_case: UseCase
    model: Model
    version: Version
    evidence: tuple[Evidence, ...]
    health: State
    at: datetime
    limited: tuple[PlanLimited, ...] = ()

    def latest(self, purpose: Purpose) -> Evidence | None:
        """Return the newest evidence for a purpose."""
        found = [e for e in self.evidence if e.purpose is purpose]
        return max(found, key=lambda e: e.created_at, default=None)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a rule found, with enough to understand it without the code.

    Parameters
    ----------
    remedy
        What would change the verdict; empty when it passed.
    """

    outcome: Outcome
    sentence: str
    value: float | None = None
    interval: tuple[float, float] | None = None
    limit: float | None = None
    n: int | None = None
    evidence: str | None = None
    remedy: str = ""


class Rule(Protocol):
    """A rule of a policy; ``kind`` is its name in YAML, the fields are its parameters."""

    kind: ClassVar[str]

    def check(self, case: Case) -> Verdict:
        """Judge one version."""
        ...


@dataclass(frozen=True, slots=True)
class Documented:
    """The named fields of use case and model are filled."""

    kind: ClassVar[str] = "documented"
    fields: tuple[str, ...]

    def check(self, case: Case) -> Verdict:
        """Judge one version."""
        subject = {"sponsor": case.use_case, "affected": case.use_case, "kpis": case.use_case}
        missing = [name for name in self.fields if not getattr(subject.get(name, case.model), name)]
        if missing:
            listed = ", ".join(missing)
            return Verdict(Outcome.FAIL, f"not filled: {listed}", remedy=f"fill {listed}")
        return Verdict(Outcome.PASS, f"filled: {', '.join(self.fields)}")


@dataclass(frozen=True, slots=True)
class Traceable:
    """The version has a hashed artefact, its snapshots and a code commit."""

    kind: ClassVar[str] = "traceable"
    needs: tuple[str, ...] = ("artifact", "reference", "code_commit")

    def check(self, case: Case) -> Verdict:
        """Judge one version."""
        missing = [name for name in self.needs if not getattr(case.version, name)]
        if missing:
            listed = ", ".join(missing)
            remedy = f"register a version with {listed}"
            return Verdict(Outcome.FAIL, f"lineage lacks {listed}", remedy=remedy)
        return Verdict(Outcome.PASS, f"lineage holds {', '.join(self.needs)}")


@dataclass(frozen=True, slots=True)
class Evidenced:
    """There is evidence for a purpose, no older than a number of days."""

    kind: ClassVar[str] = "evidence"
    purpose: str
    max_age_days: float = 90

    def check(self, case: Case) -> Verdict:
        """Judge one version."""
        found = case.latest(Purpose(self.purpose))
        remedy = f"run a {self.purpose} assessment"
        if found is None:
            return Verdict(Outcome.INSUFFICIENT, f"no {self.purpose} evidence", remedy=remedy)
        age = case.at - found.created_at
        if age < -CLOCK_SLACK:
            sentence = f"{found.id} is dated {found.created_at:%Y-%m-%d %H:%M} UTC, in the future"
            wrong = "set the clock right, then measure again"
            return Verdict(Outcome.ERROR, sentence, evidence=found.id, remedy=wrong)
        days = max(age, timedelta()) / timedelta(days=1)
        sentence = f"{self.purpose} evidence is {days:.0f} days old, limit {self.max_age_days:.0f}"
        outcome = Outcome.PASS if days <= self.max_age_days else Outcome.FAIL
        return Verdict(
            outcome,
            sentence,
            value=days,
            limit=self.max_age_days,
            evidence=found.id,
            remedy="" if outcome is Outcome.PASS else remedy,
        )


@dataclass(frozen=True, slots=True)
class Limit:
    """A measurement over all rows of the latest evidence stays within a limit.

    Parameters
    ----------
    bound
        ``point`` judges the value; ``lower`` and ``upper`` judge that end of its interval.
    column
        Judge only measurements about this column or attribute; all of them when absent.
    """

    kind: ClassVar[str] = "limit"
    purpose: str
    statistic: str
    minimum: float | None = None
    maximum: float | None = None
    bound: str = "point"
    column: str | None = None

    def check(self, case: Case) -> Verdict:
        """Judge one version."""
        found = case.latest(Purpose(self.purpose))
        remedy = f"run a {self.purpose} assessment that measures {self.statistic}"
        if found is None:
            return Verdict(Outcome.INSUFFICIENT, f"no {self.purpose} evidence", remedy=remedy)
        matching = [m for m in found.measurements if self._matches(m)]
        if not matching:
            sentence = f"{found.id} does not measure {self.statistic}"
            return Verdict(Outcome.INSUFFICIENT, sentence, evidence=found.id, remedy=remedy)
        verdicts = [self._judge(m, evidence=found.id) for m in matching]
        order = (Outcome.ERROR, Outcome.FAIL, Outcome.INSUFFICIENT, Outcome.PASS)
        return min(verdicts, key=lambda verdict: order.index(verdict.outcome))

    def _matches(self, m: Measurement) -> bool:
        about = m.statistic == self.statistic and self.column in (None, m.column)
        return about and not m.slice and m.window is None

    def _judge(self, m: Measurement, *, evidence: str) -> Verdict:
        name = self.statistic + (f" by {m.column}" if m.column else "")
        judged = m.value
        if self.bound != "point" and m.value is not None:
            judged = m.interval[0 if self.bound == "lower" else 1] if m.interval else None
        wanted = " and ".join(
            f"{word} {bound:g}"
            for word, bound in (("at least", self.minimum), ("at most", self.maximum))
            if bound is not None
        )
        crossed = self.maximum is not None and judged is not None and judged > self.maximum
        limit = self.maximum if crossed or self.minimum is None else self.minimum
        if m.state is State.ERROR:
            sentence = f"{name} failed: {m.reason}"
            return Verdict(Outcome.ERROR, sentence, evidence=evidence, remedy="repair and rerun")
        if judged is None or m.state is State.INSUFFICIENT:
            sentence = f"{name} cannot be judged: {m.reason or f'it has no {self.bound} bound'}"
            return Verdict(
                Outcome.INSUFFICIENT,
                sentence,
                limit=limit,
                n=m.n,
                evidence=evidence,
                remedy=f"measure {name} on more rows",
            )
        fine = not crossed and (self.minimum is None or judged >= self.minimum)
        what = name if self.bound == "point" else f"the {self.bound} bound of {name}"
        return Verdict(
            Outcome.PASS if fine else Outcome.FAIL,
            f"{what} is {judged:.4g}, wanted {wanted}",
            value=m.value,
            interval=m.interval,
            limit=limit,
            n=m.n,
            evidence=evidence,
            remedy="" if fine else f"bring {what} to {wanted}",
        )


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
        judged = [(e, m) for e in latest for m in e.measurements if m.limit is not None]
        for state, outcome in PLAN_STATES.items():
            beyond = [(e, m) for e, m in judged if m.state is state]
            if beyond:
                return _beyond(*beyond[0], outcome=outcome, more=len(beyond) - 1)
        known = {(e.purpose, m.statistic) for e, m in judged}
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


def _beyond(found: Evidence, m: Measurement, *, outcome: Outcome, more: int) -> Verdict:
    """Say which value of which evidence does not keep to its plan."""
    about = [*([m.column] if m.column else []), *(f"{k} {v}" for k, v in m.slice.items())]
    name = m.statistic + (f" of {', '.join(about)}" if about else "")
    value = "has no value" if m.value is None else f"is {m.value:.4g}"
    if m.interval is not None:
        value += f" ({m.interval[0]:.4g} to {m.interval[1]:.4g})"
    size = "" if m.n is None else f", n {m.n:,}"
    why = f": {m.reason}" if m.reason else ""
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
        value=m.value,
        interval=m.interval,
        limit=m.limit,
        n=m.n,
        evidence=found.id,
        remedy=remedies.get(outcome, f"bring {name} within its limit"),
    )


def _overridden(found: Evidence) -> str:
    """Say that limits were changed after results on the same rows were known."""
    made = cast("Mapping[str, object]", found.plan.get("override") or {})
    if not made:
        return ""
    return f"; limits changed by {made['by']} after results were known: {made['reason']}"


@dataclass(frozen=True, slots=True)
class Healthy:
    """The monitors of this version show nothing worse than the state named."""

    kind: ClassVar[str] = "healthy"
    worst: str = "warning"

    def check(self, case: Case) -> Verdict:
        """Judge one version."""
        bad = {State.BREACH, State.ERROR}
        if State(self.worst) is State.OK:
            bad.add(State.WARNING)
        if case.health in bad:
            remedy = "clear the breach, or retrain"
            return Verdict(Outcome.FAIL, f"monitoring says {case.health}", remedy=remedy)
        if case.health is State.INSUFFICIENT:
            sentence = "monitoring has too little data"
            return Verdict(Outcome.INSUFFICIENT, sentence, remedy="run the monitors on more data")
        if case.health is State.STALE:
            sentence = "what monitoring says is stale: it was measured too long ago"
            return Verdict(Outcome.INSUFFICIENT, sentence, remedy="run the monitors")
        if case.health is State.NOT_APPLICABLE:
            return Verdict(Outcome.PASS, "it has scored nothing that could be monitored")
        return Verdict(Outcome.PASS, f"monitoring says {case.health}")


BOUNDS = ("point", "lower", "upper")
DOCUMENTS = ("owner", "sponsor", "purpose", "intended_use", "out_of_scope", "affected", "kpis")
LINEAGE = ("artifact", "reference", "training", "code_commit")

RULES: Mapping[str, type[Rule]] = MappingProxyType(
    {rule.kind: rule for rule in (Documented, Traceable, Evidenced, Limit, Planned, Healthy)}
)


@dataclass(frozen=True, slots=True)
class NamedRule:
    """A rule as it stands in a policy: with its name, its weight and why it is there."""

    id: str
    rule: Rule
    blocking: bool = True
    rationale: str = ""
    when: Condition = field(default_factory=Condition)

    def judge(self, case: Case) -> Verdict:
        """Check the rule where it applies; where it does not, say why and let pass."""
        excuse = self.when.excuse(case.model, case.version)
        if excuse:
            return Verdict(Outcome.PASS, f"does not apply: {excuse}")
        return self.rule.check(case)


@dataclass(frozen=True, slots=True)
class Result:
    """One rule's verdict in a gate."""

    rule: str
    kind: str
    blocking: bool
    rationale: str
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class GateReport:
    """All verdicts of one gate, and what they come to."""

    results: tuple[Result, ...]

    @property
    def outcome(self) -> Outcome:
        """Pass only when every blocking rule passed; a failure outweighs missing data."""
        outcomes = {r.verdict.outcome for r in self.results if r.blocking}
        for outcome in (Outcome.ERROR, Outcome.FAIL, Outcome.INSUFFICIENT):
            if outcome in outcomes:
                return outcome
        return Outcome.PASS

    @property
    def failing(self) -> tuple[Result, ...]:
        """Blocking rules that did not pass."""
        return tuple(r for r in self.results if r.blocking and r.verdict.outcome != Outcome.PASS)
