"""Read a policy from the mapping its YAML holds: a closed grammar, nothing is ever executed."""

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields
from enum import StrEnum
from typing import Any, TypeVar, cast

from lifecycle.domain.actor import Role
from lifecycle.domain.evidence import Purpose
from lifecycle.domain.measurement import State
from lifecycle.domain.model import Stage
from lifecycle.domain.policy import BOUNDS, RULES, Gate, NamedRule, Policy
from lifecycle.domain.usecase import Tier
from lifecycle.errors import InvalidInput

_Choice = TypeVar("_Choice", bound=StrEnum)


def parse(content: Mapping[str, object]) -> Policy:
    """Read a policy from the mapping its YAML holds.

    Raises
    ------
    InvalidInput
        A key is unknown or missing, or a value is not one of the choices; the sentence gives
        the path to it.
    """
    _only(content, {"name", "version", "description", "tiers"}, at="policy")
    gates: dict[Tier, dict[Stage, Gate]] = {}
    for tier, transitions in _mapping(content.get("tiers"), at="tiers").items():
        stages = _mapping(transitions, at=f"tiers.{tier}")
        gates[_choice(Tier, tier, at="tiers")] = {
            _choice(Stage, stage, at=f"tiers.{tier}"): _gate(gate, at=f"tiers.{tier}.{stage}")
            for stage, gate in stages.items()
        }
    for key in ("name", "version"):
        if not content.get(key):
            raise InvalidInput(f"policy lacks the key {key!r}")
    return Policy(
        name=str(content["name"]),
        version=str(content["version"]),
        description=str(content.get("description", "")),
        gates=gates,
        content=content,
    )


def _gate(value: object, *, at: str) -> Gate:
    content = _mapping(value, at=at)
    _only(content, {"rules", "approvals", "roles"}, at=at)
    rules = content.get("rules", [])
    if not isinstance(rules, list):
        raise InvalidInput(f"{at}.rules must be a list")
    named = tuple(
        _rule(rule, at=f"{at}.rules[{i}]") for i, rule in enumerate(cast("list[object]", rules))
    )
    approvals = content.get("approvals", 1)
    if not isinstance(approvals, int) or isinstance(approvals, bool) or approvals < 0:
        raise InvalidInput(f"{at}.approvals must be a whole number, at least 0")
    roles = content.get("roles", ["approver"])
    if not isinstance(roles, list):
        raise InvalidInput(f"{at}.roles must be a list of roles")
    chosen = (_choice(Role, str(r), at=f"{at}.roles") for r in cast("list[object]", roles))
    return Gate(rules=named, approvals=approvals, roles=frozenset(chosen))


def _rule(value: object, *, at: str) -> NamedRule:
    content = dict(_mapping(value, at=at))
    kind = str(content.pop("rule", ""))
    if kind not in RULES:
        raise InvalidInput(f"{at}.rule must be one of {', '.join(RULES)}, not {kind!r}")
    identifier = str(content.pop("id", kind))
    severity = str(content.pop("severity", "block"))
    if severity not in {"block", "warn"}:
        raise InvalidInput(f"{at}.severity must be block or warn, not {severity!r}")
    rationale = str(content.pop("rationale", ""))
    known = {f.name: f for f in fields(cast("Any", RULES[kind]))}
    _only(content, set(known), at=at)
    for name, f in known.items():
        if f.default is MISSING and f.default_factory is MISSING and name not in content:
            raise InvalidInput(f"{at} ({kind}) lacks the key {name!r}")
    values: dict[str, Any] = {
        k: tuple(cast("list[object]", v)) if isinstance(v, list) else v for k, v in content.items()
    }
    _check_values(values, at=at)
    return NamedRule(identifier, RULES[kind](**values), severity == "block", rationale)


def _check_values(values: Mapping[str, object], *, at: str) -> None:
    if "purpose" in values:
        _choice(Purpose, str(values["purpose"]), at=f"{at}.purpose")
    if "worst" in values:
        _choice(State, str(values["worst"]), at=f"{at}.worst")
    if values.get("bound", "point") not in BOUNDS:
        raise InvalidInput(f"{at}.bound must be one of {', '.join(BOUNDS)}")
    for name in ("minimum", "maximum", "max_age_days"):
        number = values.get(name)
        if name in values and (isinstance(number, bool) or not isinstance(number, int | float)):
            raise InvalidInput(f"{at}.{name} must be a number, not {number!r}")


def _mapping(value: object, *, at: str) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise InvalidInput(f"{at} must hold keys and values")
    return cast("Mapping[str, object]", value)


def _only(content: Mapping[str, object], known: set[str], *, at: str) -> None:
    unknown: Sequence[str] = sorted(set(content) - known)
    if unknown:
        raise InvalidInput(f"{at} has the unknown key {unknown[0]!r}; known: {sorted(known)}")


def _choice(kind: type[_Choice], value: str, *, at: str) -> _Choice:
    try:
        return kind(value)
    except ValueError as error:
        raise InvalidInput(f"{at}: {value!r} is not one of {', '.join(kind)}") from error
