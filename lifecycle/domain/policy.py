"""A published set of gates by risk tier: what a version must show, and who must agree."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from lifecycle.domain.actor import Role
from lifecycle.domain.audit import canonical
from lifecycle.domain.model import Stage
from lifecycle.domain.rules import Case, GateReport, NamedRule, Result
from lifecycle.domain.terms import Terms, strictest
from lifecycle.domain.usecase import Tier
from lifecycle.errors import InvalidInput

CENTRAL = "house"
"""The name of the policy that every unit of an organisation is under."""

JOIN = " & "
"""Between the labels of a central policy and a unit's own."""


@dataclass(frozen=True, slots=True)
class Gate:
    """What one transition needs: rules that pass and people who agree."""

    rules: tuple[NamedRule, ...]
    terms: Terms = field(default_factory=Terms)

    @property
    def roles(self) -> frozenset[Role]:
        """Roles that may vote here."""
        return self.terms.roles


@dataclass(frozen=True, slots=True)
class Policy:
    """A published set of gates by risk tier; known by name, version and hash.

    Parameters
    ----------
    unit
        The business unit it holds for; empty for the central policy, which holds for all.
    """

    name: str
    version: str
    description: str
    gates: Mapping[Tier, Mapping[Stage, Gate]]
    content: Mapping[str, object] = field(repr=False)
    unit: str = ""

    @property
    def sha256(self) -> str:
        """The hash of the content as it was read."""
        return hashlib.sha256(canonical(self.content).encode()).hexdigest()

    @property
    def label(self) -> str:
        """Name and version, as requests and the trail write it."""
        return f"{self.name} {self.version}"

    def gate(self, tier: Tier, to: Stage) -> Gate:
        """Return the gate before a stage.

        Raises
        ------
        InvalidInput
            The policy has no gate there: nothing of that tier may go there under it.
        """
        gate = self.gates.get(tier, {}).get(to)
        if gate is None:
            raise InvalidInput(
                f"policy {self.name} {self.version} has no gate to {to} for the {tier} tier"
            )
        return gate

    def judge(self, case: Case, *, to: Stage) -> GateReport:
        """Check every rule of the gate before a stage."""
        gate = self.gate(case.use_case.tier, to)
        return GateReport(
            tuple(
                Result(
                    rule=named.id,
                    kind=named.rule.kind,
                    blocking=named.blocking,
                    rationale=named.rationale,
                    verdict=named.judge(case),
                )
                for named in gate.rules
            )
        )

    def under(self, central: "Policy") -> "Policy":
        """Join a unit's policy with the central one; where they differ, the stricter holds.

        A gate only the central policy has stays as it is; one only the unit has opens nothing.
        """
        gates: dict[Tier, dict[Stage, Gate]] = {}
        for tier, stages in central.gates.items():
            gates[tier] = {
                stage: _joined(gate, self.gates.get(tier, {}).get(stage), unit=self.unit)
                for stage, gate in stages.items()
            }
        name, version = central.name, f"{central.version}{JOIN}{self.label}"
        content: dict[str, object] = {"central": central.sha256, "unit": self.sha256}
        return Policy(name, version, self.description, gates, content, unit=self.unit)


def _joined(central: Gate, local: Gate | None, *, unit: str) -> Gate:
    if local is None:
        return central
    added = tuple(replace(rule, id=f"{unit}:{rule.id}") for rule in local.rules)
    return Gate(rules=(*central.rules, *added), terms=strictest(central.terms, local.terms))
