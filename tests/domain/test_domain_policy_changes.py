"""Policies against each other and against themselves: differences, contradictions, the schema."""

import json
from dataclasses import replace
from itertools import permutations

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifecycle.domain.actor import Role
from lifecycle.domain.model import Stage
from lifecycle.domain.policy_check import problems
from lifecycle.domain.policy_difference import Direction, differences
from lifecycle.domain.policy_schema import schema
from lifecycle.domain.policy_text import parse
from lifecycle.domain.reach import EVERYWHERE
from lifecycle.domain.terms import (
    DECIDERS,
    SILENT,
    Cause,
    Effect,
    Order,
    Override,
    Signing,
    Step,
    Terms,
    strictest,
)
from lifecycle.domain.usecase import Tier
from lifecycle.errors import InvalidInput

APPROVERS = [(roles, EVERYWHERE) for roles in [frozenset({Role.APPROVER})] * 3]


def policy(*rules, **gate):
    rules_of = {"rules": list(rules)} if rules else {}
    return parse(
        {"name": "house", "version": "1", "tiers": {"high": {"approved": gate | rules_of}}}
    )


def auc(**more):
    return {"rule": "limit", "purpose": "performance", "statistic": "roc_auc"} | more


EVIDENCE = {"rule": "evidence", "purpose": "performance"}


@pytest.mark.parametrize(
    ("before", "after", "where", "direction"),
    [
        ({}, {"approvals": 2}, "quorum", "stricter"),
        ({"approvals": 2}, {}, "quorum", "looser"),
        ({}, {"quorum": [{"roles": ["risk_owner"]}]}, "quorum", "other"),
        ({}, {"order": "sequence"}, "order", "stricter"),
        ({}, {"veto": ["risk_owner"]}, "veto", "looser"),
        ({"veto": ["risk_owner"]}, {"veto": ["risk_owner", "approver"]}, "veto", "stricter"),
        ({"separation": ["owner"]}, {}, "separation", "looser"),
        ({}, {"waiting_hours": 5}, "waiting_hours", "stricter"),
        ({}, {"open_days": 30}, "open_days", "stricter"),
        ({}, {"valid_days": 90}, "valid_days", "stricter"),
        ({"valid_days": 90}, {"valid_days": 120}, "valid_days", "looser"),
        ({}, {"remind_days": 1}, "remind_days", "other"),
        ({}, {"signature": "fresh"}, "signature", "stricter"),
        ({}, {"override": {"roles": ["approver"]}}, "override", "looser"),
        (
            {"override": {"roles": ["approver", "risk_owner"]}},
            {"override": {"roles": ["approver"]}},
            "override",
            "stricter",
        ),
        (
            {"override": {"roles": ["approver"]}},
            {"override": {"roles": ["approver", "risk_owner"]}},
            "override",
            "looser",
        ),
        (
            {"override": {"roles": ["approver", "risk_owner"]}},
            {"override": {"roles": ["approver"], "review_days": 20}},
            "override",
            "other",
        ),
        ({}, {"stale": {"drift": "stop"}}, "stale.drift", "stricter"),
        ({}, {"stale": {"version": "keep"}}, "stale.version", "looser"),
        ({}, {"rules": [EVIDENCE]}, "rules.evidence", "stricter"),
        ({"rules": [EVIDENCE]}, {}, "rules.evidence", "looser"),
        ({}, {"rules": [EVIDENCE | {"severity": "warn"}]}, "rules.evidence", "other"),
        (
            {"rules": [EVIDENCE]},
            {"rules": [EVIDENCE | {"max_age_days": 30}]},
            "rules.evidence.max_age_days",
            "stricter",
        ),
        (
            {"rules": [auc(minimum=0.7)]},
            {"rules": [auc(minimum=0.6)]},
            "rules.limit.minimum",
            "looser",
        ),
        (
            {"rules": [auc(maximum=0.7)]},
            {"rules": [auc(maximum=0.6)]},
            "rules.limit.maximum",
            "stricter",
        ),
        (
            {"rules": [auc(minimum=0.7)]},
            {"rules": [auc(minimum=0.7, bound="lower")]},
            "rules.limit.bound",
            "stricter",
        ),
        (
            {"rules": [auc(maximum=0.7, bound="upper")]},
            {"rules": [auc(maximum=0.7)]},
            "rules.limit.bound",
            "looser",
        ),
        (
            {"rules": [EVIDENCE]},
            {"rules": [EVIDENCE | {"severity": "warn"}]},
            "rules.evidence.severity",
            "looser",
        ),
        (
            {"rules": [EVIDENCE]},
            {"rules": [EVIDENCE | {"when": {"has": ["score"]}}]},
            "rules.evidence.when",
            "other",
        ),
        (
            {"rules": [EVIDENCE | {"id": "x"}]},
            {"rules": [auc(minimum=1) | {"id": "x"}]},
            "rules.x.rule",
            "other",
        ),
    ],
)
def test_a_difference_says_where_and_which_way(before, after, where, direction):
    (change,) = differences(policy(**before), policy(**after))

    assert change.where == f"high.approved.{where}"
    assert change.direction == direction
    assert change.where in change.sentence


def test_a_gate_that_appears_opens_a_way_and_one_that_goes_closes_it():
    empty = parse({"name": "house", "version": "0", "tiers": {}})

    assert [c.direction for c in differences(empty, policy())] == [Direction.LOOSER]
    assert [c.direction for c in differences(policy(), empty)] == [Direction.STRICTER]
    assert differences(policy(), policy()) == []


@pytest.mark.parametrize(
    ("rules", "gate", "sentence"),
    [
        ([auc(minimum=0.9, maximum=0.8)], {}, "no roc_auc can keep this limit and its own"),
        (
            [auc(minimum=0.9, id="a"), auc(maximum=0.8, id="b")],
            {},
            "rules[1] (b): no roc_auc can keep this limit and a's",
        ),
        ([], {"approvals": 4}, "quorum: nobody could meet it: it takes 4 of approver"),
        ([], {"quorum": [{"roles": ["risk_owner"]}]}, "and there are 0 risk_owner"),
        ([], {"veto": ["risk_owner"]}, "nobody who may decide has the role risk_owner"),
        ([], {"override": {"roles": ["risk_owner"]}}, "override: nobody could meet it"),
        ([], {"waiting_hours": 48, "open_days": 2}, "a request expires after 2 days, before"),
        ([], {"valid_days": 20}, "notice 30 days before the end would be given at once"),
        (
            [EVIDENCE | {"max_age_days": 1}],
            {"waiting_hours": 24},
            "evidence of 1 days is too old once the 24 hours",
        ),
        ([EVIDENCE | {"max_age_days": -1}], {}, "evidence of -1 days is too old"),
    ],
)
def test_what_contradicts_itself_or_nobody_can_meet_is_named(rules, gate, sentence):
    (found,) = problems(policy(*rules, **gate), people=APPROVERS)

    assert found.startswith("tiers.high.approved")
    assert sentence in found


@pytest.mark.parametrize(
    "rules",
    [
        [auc(minimum=0.9, id="a"), auc(maximum=0.8, id="b", severity="warn")],
        [auc(minimum=0.9, id="a"), auc(maximum=0.8, id="b", bound="lower")],
        [auc(minimum=0.9, id="a"), auc(maximum=0.8, id="b", column="sex")],
        [auc(minimum=0.9, id="a"), EVIDENCE],
    ],
)
def test_limits_on_different_numbers_do_not_contradict(rules):
    assert problems(policy(*rules), people=APPROVERS) == []


def test_a_gate_at_every_stage_contradicts_nothing():
    content = {"name": "house", "version": "1", "tiers": {"high": {s: {} for s in Stage}}}

    assert problems(parse(content), people=APPROVERS) == []


def brute_force(quorum, people):
    """Fill the places in every order of people and keep the best."""
    places = [step.roles for step in quorum for _ in range(step.approvals)]
    best = 0
    for order in permutations(range(len(people)), min(len(places), len(people))):
        best = max(
            best, sum(bool(people[i] & roles) for i, roles in zip(order, places, strict=False))
        )
        for skip in permutations(places, min(len(places), len(people))):
            best = max(
                best, sum(bool(people[i] & roles) for i, roles in zip(order, skip, strict=False))
            )
    return len(places) - best


deciders = st.frozensets(st.sampled_from([Role.APPROVER, Role.RISK_OWNER]), min_size=1)
steps = st.lists(st.builds(Step, deciders, st.integers(1, 2)), min_size=1, max_size=2)


@given(steps, st.lists(deciders, max_size=4))
def test_the_lack_of_a_quorum_is_what_trying_every_seating_finds(quorum, people):
    lacking = Terms(quorum=tuple(quorum)).lacking(people)

    assert sum(lacking) == brute_force(quorum, people)
    assert all(0 <= lack <= step.approvals for lack, step in zip(lacking, quorum, strict=True))


@given(steps, st.lists(deciders, max_size=4), st.data())
def test_nobodys_place_depends_on_the_order_of_votes(quorum, people, data):
    terms = Terms(quorum=tuple(quorum))
    shuffled = data.draw(st.permutations(people))

    assert sum(terms.lacking(people)) == sum(terms.lacking(shuffled))


spans = st.floats(0, 100)
some_terms = st.builds(
    Terms,
    quorum=steps.map(tuple),
    order=st.sampled_from(Order),
    veto=st.frozensets(st.sampled_from([Role.APPROVER, Role.RISK_OWNER])),
    waiting_hours=spans,
    open_days=spans,
    valid_days=st.none() | spans,
    signature=st.sampled_from(Signing),
    bulk=st.booleans(),
)


@given(some_terms, some_terms, st.lists(deciders, max_size=4))
def test_joined_terms_are_met_only_by_what_meets_both(central, local, people):
    joined = strictest(central, local)

    if not any(joined.lacking(people)):
        assert not any(central.lacking(people))
        assert not any(local.lacking(people))
    most = max(central.approvals, local.approvals)
    assert most <= joined.approvals <= central.approvals + local.approvals
    assert joined.waiting_hours == max(central.waiting_hours, local.waiting_hours)
    assert joined.bulk <= min(central.bulk, local.bulk)
    assert (joined.veto or set(DECIDERS)) >= (central.veto or set(DECIDERS))
    assert (joined.veto or set(DECIDERS)) >= local.veto
    lasting = [t.valid_days for t in (central, local) if t.valid_days is not None]
    assert joined.valid_days == min(lasting, default=None)


@given(some_terms)
def test_a_unit_that_says_nothing_leaves_the_central_terms_as_they_are(central):
    central = replace(central, override=Override(frozenset({Role.APPROVER}), 3, 5))

    joined = strictest(central, SILENT)

    assert joined.needed == central.needed
    assert joined == replace(central, quorum=joined.quorum, separation=joined.separation)
    assert strictest(replace(central, override=None), SILENT).override is None


@pytest.mark.parametrize(
    ("central", "local", "joined"),
    [
        ([("a", 1)], [("ar", 2)], {"a": 1, "ar": 1}),
        ([("ar", 2)], [("a", 1)], {"a": 1, "ar": 1}),
        ([("a", 1)], [("r", 1)], {"a": 1, "r": 1}),
        ([("a", 2)], [("a", 3)], {"a": 3}),
        ([("ar", 1), ("a", 1)], [("a", 1)], {"a": 1, "ar": 1}),
    ],
)
def test_an_approval_counts_for_both_policies_where_it_can(central, local, joined):
    def steps_of(given):
        roles = {"a": Role.APPROVER, "r": Role.RISK_OWNER}
        return tuple(Step(frozenset(roles[letter] for letter in word), n) for word, n in given)

    terms = strictest(Terms(quorum=steps_of(central)), Terms(quorum=steps_of(local)))

    assert terms.needed == Terms(quorum=steps_of(joined.items())).needed


def test_a_unit_says_only_what_it_changes():
    unit = parse(
        {
            "name": "retail",
            "version": "1",
            "unit": "retail",
            "tiers": {"high": {"approved": {"stale": {"drift": "stop"}, "override": False}}},
        }
    )
    central = policy(override={"roles": ["approver"]}, open_days=20, approvals=2)

    terms = unit.under(central).gate(Tier.HIGH, Stage.APPROVED).terms

    assert (terms.approvals, terms.open_days, terms.override) == (2, 20, None)
    assert terms.stale[Cause.DRIFT] is Effect.STOP
    assert terms.stale[Cause.VERSION] is Effect.STOP
    assert terms.stale[Cause.DATA] is Effect.KEEP


def test_the_harsher_effect_and_the_narrower_override_hold():
    central = policy(override={"roles": ["approver", "risk_owner"], "review_days": 3})
    local = policy(override={"roles": ["risk_owner"], "approvals": 3}, stale={"drift": "stop"})

    joined = strictest(*(p.gate(Tier.HIGH, Stage.APPROVED).terms for p in (central, local)))

    assert joined.override is not None
    assert (joined.override.roles, joined.override.approvals) == ({Role.RISK_OWNER}, 3)
    assert joined.override.review_days == 3
    assert set(joined.stale.values()) >= {Effect.STOP, Effect.KEEP}
    assert strictest(Terms(), joined).override is None


values = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 40_000) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=6,
)
KEYS = sorted(
    {"approvals", "roles", "quorum", "order", "veto", "separation", "signature", "bulk"}
    | {"override", "stale", "waiting_hours", "valid_days", "rules", "colour"}
)


@given(st.sampled_from(KEYS), values)
def test_the_schema_refuses_what_the_reader_refuses(key, value):
    content = {"name": "house", "version": "1", "tiers": {"limited": {"approved": {key: value}}}}
    valid = jsonschema.Draft202012Validator(schema()).is_valid(json.loads(json.dumps(content)))

    try:
        parse(content)
    except InvalidInput:
        # Some things only reading finds: two rules of one name, a quorum beside its short form.
        return
    assert valid


def test_the_schema_is_one():
    jsonschema.Draft202012Validator.check_schema(schema())
