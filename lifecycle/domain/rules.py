"""What a version must show before it may go further: rules and the verdicts they compute."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from types import MappingProxyType
from typing import ClassVar, Protocol

from lifecycle.domain.case import CLOCK_SLACK, Case, Outcome, Verdict
from lifecycle.domain.condition import Condition
from lifecycle.domain.evidence import Purpose
from lifecycle.domain.measurement import Measurement, State
from lifecycle.domain.planned import Planned


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
        matching = [(m, seen) for m, seen in case.told(found) if self._matches(m)]
        if not matching:
            sentence = f"{found.id} does not measure {self.statistic}"
            return Verdict(Outcome.INSUFFICIENT, sentence, evidence=found.id, remedy=remedy)
        verdicts = [_told(self._judge(m, evidence=found.id), m, seen) for m, seen in matching]
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


def _told(verdict: Verdict, m: Measurement, seen: Measurement) -> Verdict:
    """Return a verdict on a measurement with no more in it than may be told of that."""
    if m.value is None or seen.value is not None:
        return replace(verdict, n=seen.n)
    does = "keeps to" if verdict.outcome is Outcome.PASS else "does not keep to"
    name = m.statistic + (f" by {m.column}" if m.column else "")
    sentence = f"{name} {does} what is wanted; its value is {seen.reason}"
    return replace(verdict, sentence=sentence, value=None, interval=None, n=None)


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
