import math
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifecycle.domain.actor import Role
from lifecycle.domain.condition import Condition
from lifecycle.domain.model import Stage
from lifecycle.domain.policy_text import parse
from lifecycle.domain.rules import Documented, Limit
from lifecycle.domain.usecase import Tier
from lifecycle.errors import InvalidInput


def policy(*rules, **gate) -> dict:
    return {
        "name": "house",
        "version": "1",
        "tiers": {"high": {"validated": gate | ({"rules": list(rules)} if rules else {})}},
    }


LIMIT = {"rule": "limit", "purpose": "performance", "statistic": "roc_auc", "minimum": 0.7}
AT = r"tiers\.high\.validated"


def test_a_whole_policy_is_read():
    rule = LIMIT | {
        "id": "auc",
        "severity": "warn",
        "rationale": "because",
        "bound": "lower",
        "column": "sex",
        "maximum": 1,
        "when": {"task": ["binary"], "kind": ["predictive"], "has": ["score"]},
    }
    content = policy(
        rule, {"rule": "documented", "fields": ["owner", "kpis"]}, approvals=2, roles=["approver"]
    )
    house = parse(content | {"description": "ours"})

    gate = house.gate(Tier.HIGH, Stage.VALIDATED)
    assert (house.name, house.version, house.description) == ("house", "1", "ours")
    assert (gate.terms.approvals, gate.roles) == (2, {Role.APPROVER})
    limit, documented = gate.rules
    assert limit.rule == Limit("performance", "roc_auc", 0.7, 1, "lower", "sex")
    assert (limit.id, limit.blocking, limit.rationale) == ("auc", False, "because")
    assert limit.when == Condition(("binary",), ("predictive",), ("score",))
    assert documented.rule == Documented(("owner", "kpis"))
    assert (documented.id, documented.blocking) == ("documented", True)


def test_a_gate_without_words_takes_one_approver_and_no_rules():
    gate = parse(policy()).gate(Tier.HIGH, Stage.VALIDATED)

    assert (gate.rules, gate.terms.approvals, gate.roles) == ((), 1, {Role.APPROVER})


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (policy() | {"colour": 1}, "policy has the unknown key 'colour'"),
        ({"name": "h", "version": "1"}, "tiers must hold keys and values"),
        (policy() | {"name": ""}, "policy lacks the key 'name'"),
        (policy() | {"version": None}, "policy lacks the key 'version'"),
        (policy() | {"version": 1.1}, "policy version must be text; write it in quotes, not 1.1"),
        (policy() | {"version": True}, "policy version must be text"),
        (policy() | {"version": "1 b"}, "policy version '1 b' must be one word"),
        (policy() | {"version": "<b>"}, "policy version '<b>' must be one word"),
        (policy() | {"version": "1\x07"}, "must be one word"),
        (policy() | {"version": date(2026, 1, 1)}, r"policy\.version holds datetime\.date"),
        (policy() | {"description": [{"a": {1, 2}}]}, r"policy\.description\[0\]\.a holds"),
        (policy() | {"tiers": {1: {}}}, r"policy\.tiers has the key 1, which must be text"),
        (policy() | {"tiers": {"deadly": {}}}, "tiers: 'deadly' is not one of prohibited, high"),
        (policy() | {"tiers": {"prohibited": {}}}, "nothing of it may go forward"),
        (policy() | {"tiers": {"high": []}}, r"tiers\.high must hold keys and values"),
        (policy() | {"tiers": {"high": {"moon": {}}}}, r"tiers\.high: 'moon' is not one of draft"),
        (policy(colour=1), f"{AT} has the unknown key 'colour'"),
        (policy(rules="all"), f"{AT}.rules must be a list"),
        (policy("all"), rf"{AT}\.rules\[0\] must hold keys and values"),
        (policy(approvals=0), f"{AT}.approvals must be a whole number, at least 1"),
        (policy(approvals=True), f"{AT}.approvals must be a whole number"),
        (policy(approvals="2"), f"{AT}.approvals must be a whole number"),
        (policy(roles="approver"), f"{AT}.roles must be a list"),
        (policy(roles=["boss"]), f"{AT}.roles: 'boss' is not one of viewer"),
        (policy(roles=["developer"]), f"{AT}.roles must name roles that may decide: approver"),
        (policy(roles=[]), f"{AT}.roles must name roles"),
        (policy(quorum=[]), f"{AT}.quorum must name at least one step"),
        (policy(quorum=[{}], approvals=2), f"{AT} has a quorum, so approvals and roles must stand"),
        (policy(override={"approvals": 1}), "an override takes a second person"),
        (policy({"rule": "magic"}), "must be one of documented, traceable, evidence, limit"),
        (policy({}), "must be one of documented"),
        (policy(LIMIT | {"severity": "panic"}), "severity must be block or warn, not 'panic'"),
        (policy(LIMIT | {"color": 1}), r"rules\[0\] has the unknown key 'color'"),
        (policy({"rule": "evidence"}), r"rules\[0\] \(evidence\) lacks the key 'purpose'"),
        (policy({"rule": "documented", "fields": ["age"]}), "fields: 'age' is not one of owner"),
        (policy({"rule": "documented", "fields": "owner"}), "fields must be a list"),
        (policy({"rule": "traceable", "needs": ["luck"]}), "needs: 'luck' is not one of artifact"),
        (policy(LIMIT | {"purpose": "fun"}), "purpose: 'fun' is not one of performance"),
        (policy(LIMIT | {"bound": "middle"}), "bound: 'middle' is not one of point, lower, upper"),
        (policy(LIMIT | {"minimum": "0.7"}), "minimum must be a number, not '0.7'"),
        (policy(LIMIT | {"minimum": True}), "minimum must be a number, not True"),
        (policy(LIMIT | {"minimum": math.nan}), "minimum must be a finite number, not nan"),
        (policy(LIMIT | {"maximum": math.inf}), "maximum must be a finite number, not inf"),
        (policy(LIMIT | {"statistic": 3}), "statistic must be text, not 3"),
        (policy(LIMIT | {"column": ""}), "column must be text, not ''"),
        (policy({"rule": "healthy", "worst": "breach"}), "worst: 'breach' is not one of ok, warn"),
        (policy(LIMIT, LIMIT), f"{AT} has two rules called 'limit'"),
        (
            policy({k: v for k, v in LIMIT.items() if k != "minimum"}),
            r"\(limit\) needs a minimum or a maximum",
        ),
        (policy(LIMIT | {"when": "always"}), "when must hold keys and values"),
        (policy(LIMIT | {"when": {"mood": []}}), "when has the unknown key 'mood'"),
        (policy(LIMIT | {"when": {"task": "binary"}}), r"when\.task must be a list"),
        (policy(LIMIT | {"when": {"has": ["luck"]}}), r"when\.has: 'luck' is not one of artifact"),
    ],
)
def test_what_the_grammar_does_not_know_is_refused_with_its_path(content, sentence):
    with pytest.raises(InvalidInput, match=sentence):
        parse(content)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)


@given(values, st.sampled_from(["name", "version", "tiers", "high", "gate", "rule", "when"]))
def test_whatever_stands_in_a_policy_it_is_read_or_refused_in_a_sentence(value, where):
    content = policy()
    if where in {"name", "version", "tiers"}:
        content[where] = value
    elif where == "high":
        content["tiers"]["high"] = value
    elif where == "gate":
        content["tiers"]["high"]["validated"] = value
    else:
        rule = value if where == "rule" else LIMIT | {"when": value}
        content["tiers"]["high"]["validated"]["rules"] = [rule]

    try:
        house = parse(content)
    except InvalidInput:
        return
    assert len(house.sha256) == 64
