"""Read a policy from the mapping its YAML holds: a closed grammar, nothing is ever executed."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import MISSING, fields
from enum import StrEnum
from typing import Any, TypeVar, cast

from lifecycle.domain.actor import GRANTS, Permission, Role
from lifecycle.domain.condition import PARTS, Condition
from lifecycle.domain.evidence import Purpose
from lifecycle.domain.measurement import State
from lifecycle.domain.model import ModelKind, Stage, Task
from lifecycle.domain.policy import (
    BOUNDS,
    DOCUMENTS,
    LINEAGE,
    RULES,
    Gate,
    Limit,
    NamedRule,
    Policy,
)
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
    _json(content, at="policy")
    gates: dict[Tier, dict[Stage, Gate]] = {}
    for tier, transitions in _mapping(content.get("tiers"), at="tiers").items():
        stages = _mapping(transitions, at=f"tiers.{tier}")
        chosen = _choice(Tier, tier, at="tiers")
        if chosen is Tier.PROHIBITED:
            raise InvalidInput("tiers.prohibited cannot have gates: nothing of it may go forward")
        gates[chosen] = {
            _choice(Stage, stage, at=f"tiers.{tier}"): _gate(gate, at=f"tiers.{tier}.{stage}")
            for stage, gate in stages.items()
        }
    for key in ("name", "version"):
        _named(content, key)
    return Policy(
        name=str(content["name"]),
        version=str(content["version"]),
        description=str(content.get("description", "")),
        gates=gates,
        content=content,
    )


def _named(content: Mapping[str, object], key: str) -> None:
    value = content.get(key)
    if value is None or value == "":
        raise InvalidInput(f"policy lacks the key {key!r}")
    # YAML reads 1.10 as the number 1.1, and then two versions would share a name.
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise InvalidInput(f"policy {key} must be text; write it in quotes, not {value!r}")
    if len(str(value).split()) != 1:
        raise InvalidInput(f"policy {key} {value!r} must be one word")


def _gate(value: object, *, at: str) -> Gate:
    content = _mapping(value, at=at)
    _only(content, {"rules", "approvals", "roles"}, at=at)
    rules = content.get("rules", [])
    if not isinstance(rules, list):
        raise InvalidInput(f"{at}.rules must be a list")
    named = tuple(
        _rule(rule, at=f"{at}.rules[{i}]") for i, rule in enumerate(cast("list[object]", rules))
    )
    ids = [rule.id for rule in named]
    repeated = next((name for name in ids if ids.count(name) > 1), None)
    if repeated is not None:
        raise InvalidInput(f"{at} has two rules called {repeated!r}; give each an id of its own")
    approvals = content.get("approvals", 1)
    if not isinstance(approvals, int) or isinstance(approvals, bool) or approvals < 1:
        raise InvalidInput(f"{at}.approvals must be a whole number, at least 1")
    return Gate(rules=named, approvals=approvals, roles=_roles(content, at=f"{at}.roles"))


def _roles(content: Mapping[str, object], *, at: str) -> frozenset[Role]:
    able = [role for role in Role if Permission.DECIDE in GRANTS[role]]
    given = _texts(content.get("roles", ["approver"]), at=at)
    roles = frozenset(_choice(Role, name, at=at) for name in given)
    if not roles or not roles <= set(able):
        raise InvalidInput(f"{at} must name roles that may decide: {', '.join(able)}")
    return roles


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
    when = _condition(content.pop("when", {}), at=f"{at}.when")
    known = {f.name: f for f in fields(cast("Any", RULES[kind]))}
    _only(content, set(known), at=at)
    for name, f in known.items():
        if f.default is MISSING and f.default_factory is MISSING and name not in content:
            raise InvalidInput(f"{at} ({kind}) lacks the key {name!r}")
    values: dict[str, Any] = {k: _value(k, v, at=f"{at}.{k}") for k, v in content.items()}
    if RULES[kind] is Limit and not {"minimum", "maximum"} & set(values):
        raise InvalidInput(f"{at} (limit) needs a minimum or a maximum")
    return NamedRule(identifier, RULES[kind](**values), severity == "block", rationale, when)


def _condition(value: object, *, at: str) -> Condition:
    content = _mapping(value, at=at)
    _only(content, set(_CONDITIONS), at=at)
    return Condition(**{k: _several(v, _CONDITIONS[k], at=f"{at}.{k}") for k, v in content.items()})


_CONDITIONS: Mapping[str, Sequence[str]] = {
    "task": tuple(Task),
    "kind": tuple(ModelKind),
    "has": PARTS,
}

_CHOICES: Mapping[str, Sequence[str]] = {
    "purpose": tuple(Purpose),
    "worst": (State.OK, State.WARNING),
    "bound": BOUNDS,
}
_SEVERAL: Mapping[str, Sequence[str]] = {"fields": DOCUMENTS, "needs": LINEAGE}


def _value(name: str, value: object, *, at: str) -> object:
    """Check one parameter of a rule by its name."""
    if name in _SEVERAL:
        return _several(value, _SEVERAL[name], at=at)
    if name in {"minimum", "maximum", "max_age_days"}:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise InvalidInput(f"{at} must be a number, not {value!r}")
        if not math.isfinite(value):
            raise InvalidInput(f"{at} must be a finite number, not {value!r}")
        return value
    if not isinstance(value, str) or not value:
        raise InvalidInput(f"{at} must be text, not {value!r}")
    if name in _CHOICES and value not in _CHOICES[name]:
        raise InvalidInput(f"{at}: {value!r} is not one of {', '.join(_CHOICES[name])}")
    return value


def _several(value: object, choices: Sequence[str], *, at: str) -> tuple[str, ...]:
    texts = _texts(value, at=at)
    for text in texts:
        if text not in choices:
            raise InvalidInput(f"{at}: {text!r} is not one of {', '.join(choices)}")
    return texts


def _texts(value: object, *, at: str) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise InvalidInput(f"{at} must be a list")
    return tuple(str(item) for item in cast("list[object]", value))


def _json(value: object, *, at: str) -> None:
    """Refuse what YAML can hold and JSON cannot, because the content is hashed as JSON."""
    if isinstance(value, Mapping):
        for key, part in cast("Mapping[object, object]", value).items():
            if not isinstance(key, str):
                raise InvalidInput(f"{at} has the key {key!r}, which must be text")
            _json(part, at=f"{at}.{key}")
    elif isinstance(value, list):
        for i, part in enumerate(cast("Iterable[object]", value)):
            _json(part, at=f"{at}[{i}]")
    elif not isinstance(value, str | int | float | None):
        raise InvalidInput(f"{at} holds {value!r}; write it in quotes to make it text")


def _mapping(value: object, *, at: str) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise InvalidInput(f"{at} must hold keys and values")
    return cast("Mapping[str, object]", value)


def _only(content: Mapping[str, object], known: set[str], *, at: str) -> None:
    unknown = sorted(set(content) - known, key=str)
    if unknown:
        raise InvalidInput(f"{at} has the unknown key {unknown[0]!r}; known: {sorted(known)}")


def _choice(kind: type[_Choice], value: str, *, at: str) -> _Choice:
    try:
        return kind(value)
    except ValueError as error:
        raise InvalidInput(f"{at}: {value!r} is not one of {', '.join(kind)}") from error
