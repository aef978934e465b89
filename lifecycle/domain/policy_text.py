"""Read a policy from the mapping its YAML holds: a closed grammar, nothing is ever executed."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields
from typing import Any, cast

from lifecycle.domain import grammar
from lifecycle.domain.condition import PARTS, Condition
from lifecycle.domain.evidence import Purpose
from lifecycle.domain.measurement import State
from lifecycle.domain.model import ModelKind, Stage, Task
from lifecycle.domain.policy import CENTRAL, Gate, Policy
from lifecycle.domain.rules import BOUNDS, DOCUMENTS, LINEAGE, RULES, Limit, NamedRule
from lifecycle.domain.terms import SILENT, Terms
from lifecycle.domain.terms_text import KEYS, terms
from lifecycle.domain.usecase import Tier
from lifecycle.errors import InvalidInput

ENTRIES = ("name", "version", "description", "unit", "tiers")
SEVERITIES = ("block", "warn")
WORD = r"[\w.-]+"
"""What a name, a version or a unit is made of, since a label joins them with blanks."""


def parse(content: Mapping[str, object]) -> Policy:
    """Read a policy from the mapping its YAML holds.

    Raises
    ------
    InvalidInput
        A key is unknown or missing, or a value is not one of the choices; the sentence begins
        with the path to it.
    """
    grammar.only(content, ENTRIES, at="policy")
    grammar.json_only(content, at="policy")
    silent = SILENT if content.get("unit") else Terms()
    gates: dict[Tier, dict[Stage, Gate]] = {}
    for tier, transitions in grammar.mapping(content.get("tiers"), at="tiers").items():
        stages = grammar.mapping(transitions, at=f"tiers.{tier}")
        chosen = grammar.choice(Tier, tier, at="tiers")
        if chosen is Tier.PROHIBITED:
            raise InvalidInput("tiers.prohibited cannot have gates: nothing of it may go forward")
        gates[chosen] = {
            grammar.choice(Stage, stage, at=f"tiers.{tier}"): _gate(
                gate, tier=chosen, silent=silent, at=f"tiers.{tier}.{stage}"
            )
            for stage, gate in stages.items()
        }
    for key in ("name", "version", *(("unit",) if "unit" in content else ())):
        _named(content, key)
    unit = str(content.get("unit", ""))
    if (unit == "") != (content["name"] == CENTRAL):
        raise InvalidInput(
            f"policy name {content['name']!r}: the central policy is called {CENTRAL!r}, "
            "any other one holds for a unit and must name it"
        )
    return Policy(
        name=str(content["name"]),
        version=str(content["version"]),
        description=str(content.get("description", "")),
        gates=gates,
        content=content,
        unit=unit,
    )


def _named(content: Mapping[str, object], key: str) -> None:
    value = content.get(key)
    if value is None or value == "":
        raise InvalidInput(f"policy lacks the key {key!r}")
    # YAML reads 1.10 as the number 1.1, and then two versions would share a name.
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise InvalidInput(f"policy {key} must be text; write it in quotes, not {value!r}")
    if not re.fullmatch(WORD, str(value)):
        raise InvalidInput(f"policy {key} {value!r} must be one word")


def _gate(value: object, *, tier: Tier, silent: Terms, at: str) -> Gate:
    content = grammar.mapping(value, at=at)
    grammar.only(content, {"rules", *KEYS}, at=at)
    rules = grammar.items(content.get("rules", []), at=f"{at}.rules")
    named = tuple(_rule(rule, at=f"{at}.rules[{i}]") for i, rule in enumerate(rules))
    ids = [rule.id for rule in named]
    repeated = next((name for name in ids if ids.count(name) > 1), None)
    if repeated is not None:
        raise InvalidInput(f"{at} has two rules called {repeated!r}; give each an id of its own")
    said = {k: v for k, v in content.items() if k != "rules"}
    agreed = terms(said, silent=silent, at=at)
    if said.get("bulk") and tier is Tier.HIGH:
        raise InvalidInput(f"{at}.bulk: what is of high risk is decided one by one")
    return Gate(rules=named, terms=agreed)


def _rule(value: object, *, at: str) -> NamedRule:
    content = dict(grammar.mapping(value, at=at))
    kind = str(content.pop("rule", ""))
    if kind not in RULES:
        raise InvalidInput(f"{at}.rule must be one of {', '.join(RULES)}, not {kind!r}")
    identifier = str(content.pop("id", kind))
    severity = str(content.pop("severity", "block"))
    if severity not in set(SEVERITIES):
        raise InvalidInput(f"{at}.severity must be block or warn, not {severity!r}")
    rationale = str(content.pop("rationale", ""))
    when = _condition(content.pop("when", {}), at=f"{at}.when")
    known = {f.name: f for f in fields(cast("Any", RULES[kind]))}
    grammar.only(content, set(known), at=at)
    for name, f in known.items():
        if f.default is MISSING and f.default_factory is MISSING and name not in content:
            raise InvalidInput(f"{at} ({kind}) lacks the key {name!r}")
    values: dict[str, Any] = {k: _value(k, v, at=f"{at}.{k}") for k, v in content.items()}
    if RULES[kind] is Limit and not {"minimum", "maximum"} & set(values):
        raise InvalidInput(f"{at} (limit) needs a minimum or a maximum")
    return NamedRule(identifier, RULES[kind](**values), severity == "block", rationale, when)


def _condition(value: object, *, at: str) -> Condition:
    content = grammar.mapping(value, at=at)
    grammar.only(content, set(CONDITIONS), at=at)
    return Condition(
        **{k: grammar.several(v, CONDITIONS[k], at=f"{at}.{k}") for k, v in content.items()}
    )


CONDITIONS: Mapping[str, Sequence[str]] = {
    "task": tuple(Task),
    "kind": tuple(ModelKind),
    "has": PARTS,
}

CHOICES: Mapping[str, Sequence[str]] = {
    "purpose": tuple(Purpose),
    "worst": (State.OK, State.WARNING),
    "bound": BOUNDS,
}
NUMBERS = ("minimum", "maximum", "max_age_days")
SEVERAL: Mapping[str, Sequence[str]] = {"fields": DOCUMENTS, "needs": LINEAGE}


def _value(name: str, value: object, *, at: str) -> object:
    """Check one parameter of a rule by its name."""
    if name in SEVERAL:
        return grammar.several(value, SEVERAL[name], at=at)
    if name in NUMBERS:
        return grammar.number(value, at=at)
    if not isinstance(value, str) or not value:
        raise InvalidInput(f"{at} must be text, not {value!r}")
    if name in CHOICES and value not in CHOICES[name]:
        raise InvalidInput(f"{at}: {value!r} is not one of {', '.join(CHOICES[name])}")
    return value
