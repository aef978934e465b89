"""The grammar of policies as JSON Schema, for editors and for checks before anything is sent."""

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields
from typing import Any, cast

from lifecycle.domain.grammar import LONGEST_SPAN
from lifecycle.domain.model import Stage
from lifecycle.domain.policy_text import CHOICES, CONDITIONS, NUMBERS, SEVERAL, SEVERITIES, WORD
from lifecycle.domain.rules import RULES
from lifecycle.domain.terms import DECIDERS, FURTHER, Cause, Effect, Order, Signing
from lifecycle.domain.terms_text import SPANS
from lifecycle.domain.usecase import Tier

Schema = Mapping[str, object]

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema() -> Schema:
    """Return the JSON Schema of a policy, made from the tables its reader uses."""
    tiers = {str(t): _object(dict.fromkeys(map(str, Stage), _ref("gate"))) for t in Tier}
    del tiers[Tier.PROHIBITED]
    word: Schema = {"anyOf": [{"type": "string", "pattern": f"^{WORD}$"}, {"type": "integer"}]}
    entries: dict[str, object] = {
        "name": word,
        "version": word,
        "description": {"type": "string"},
        "unit": word,
        "tiers": _object(tiers),
    }
    whole = _object(entries, required=("name", "version", "tiers"))
    return {
        "$schema": DIALECT,
        "title": "Lifecycle policy",
        **whole,
        "$defs": {"gate": _gate(), "step": _step(), "roles": _roles()},
    }


def _gate() -> Schema:
    rules: list[Schema] = [_rule(kind) for kind in RULES]
    keys: dict[str, object] = {
        "rules": {"type": "array", "items": {"oneOf": rules}},
        "approvals": {"type": "integer", "minimum": 1},
        "roles": _ref("roles"),
        "quorum": {"type": "array", "items": _ref("step"), "minItems": 1},
        "order": _enum(Order),
        "veto": _ref("roles"),
        "separation": {"type": "array", "items": _enum(FURTHER)},
        "signature": _enum(Signing),
        "bulk": {"type": "boolean"},
        "override": _override(),
        "stale": _object(dict.fromkeys(map(str, Cause), _enum(Effect))),
    }
    spans = {name: _span() for name in SPANS}
    return _object(keys | spans)


def _rule(kind: str) -> Schema:
    keys: dict[str, object] = {
        "rule": {"const": kind},
        "id": {"type": "string"},
        "severity": _enum(SEVERITIES),
        "rationale": {"type": "string"},
        "when": _object({k: {"type": "array", "items": _enum(v)} for k, v in CONDITIONS.items()}),
    }
    required = ["rule"]
    for f in fields(cast("Any", RULES[kind])):
        keys[f.name] = _parameter(f.name)
        if f.default is MISSING and f.default_factory is MISSING:
            required.append(f.name)
    made = dict(_object(keys, required=required))
    if "minimum" in keys:
        made["anyOf"] = [{"required": ["minimum"]}, {"required": ["maximum"]}]
    return made


def _parameter(name: str) -> Schema:
    if name in SEVERAL:
        return {"type": "array", "items": _enum(SEVERAL[name])}
    if name in NUMBERS:
        return {"type": "number"}
    return _enum(CHOICES[name]) if name in CHOICES else {"type": "string", "minLength": 1}


def _step() -> Schema:
    return _object({"approvals": {"type": "integer", "minimum": 1}, "roles": _ref("roles")})


def _override() -> Schema:
    approvals: Schema = {"type": "integer", "minimum": 2}
    asked = _object({"roles": _ref("roles"), "approvals": approvals, "review_days": _span()})
    return {"anyOf": [{"const": False}, asked]}


def _roles() -> Schema:
    return {"type": "array", "items": _enum(DECIDERS), "minItems": 1}


def _span() -> Schema:
    return {"type": "number", "minimum": 0, "maximum": LONGEST_SPAN}


def _enum(choices: Sequence[str] | Any) -> Schema:
    return {"enum": [str(one) for one in choices]}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


def _object(properties: Mapping[str, object], *, required: Sequence[str] = ()) -> Schema:
    made: dict[str, object] = {
        "type": "object",
        "properties": dict(properties),
        "additionalProperties": False,
    }
    return made | ({"required": list(required)} if required else {})
