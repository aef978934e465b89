import hashlib
import json
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifecycle.domain.condition import PARTS, Condition
from lifecycle.domain.evidence import Evidence, Purpose
from lifecycle.domain.measurement import Measurement, State, Window
from lifecycle.domain.model import Columns, Model, ModelKind, Stage, Task, Version
from lifecycle.domain.policy_text import parse
from lifecycle.domain.rules import (
    DOCUMENTS,
    LINEAGE,
    Case,
    Documented,
    Evidenced,
    GateReport,
    Healthy,
    Limit,
    NamedRule,
    Outcome,
    Planned,
    Result,
    Traceable,
    Verdict,
)
from lifecycle.domain.usecase import Kpi, Tier, UseCase
from lifecycle.errors import InvalidInput


@pytest.fixture
def case(now) -> Case:
    return Case(
        use_case=UseCase(
            id="u",
            name="Credit",
            problem="p",
            owner="o",
            sponsor="s",
            created_at=now,
            tier=Tier.HIGH,
            questionnaire="2026-11",
            answers={},
            kpis=(Kpi("k", "u", 1.0),),
            affected="applicants",
        ),
        model=Model(
            "m", "u", "M", ModelKind.PREDICTIVE, Task.BINARY, "o", "p", now, "use", "not for"
        ),
        version=Version(
            "m",
            "1",
            Stage.CANDIDATE,
            "dev",
            now,
            Columns("y", score="s", sensitive=("sex",)),
            artifact="a",
            reference="d@1",
            training="d@2",
            code_commit="c",
        ),
        evidence=(),
        health=State.OK,
        at=now,
    )


def measured(case: Case, *measurements: Measurement, days=1.0, purpose=Purpose.PERFORMANCE):
    made = Evidence("m/1", purpose, "d@1", measurements, case.at - timedelta(days=days), "val")
    return replace(case, evidence=(*case.evidence, made))


def auc(value, state=State.OK, **changes) -> Measurement:
    return replace(Measurement("roc_auc", value, state, n=100), **changes)


def test_documented_names_exactly_the_empty_fields(case):
    assert Documented(DOCUMENTS).check(case).outcome is Outcome.PASS
    poorer = replace(
        case,
        use_case=replace(case.use_case, sponsor="", kpis=()),
        model=replace(case.model, intended_use=""),
    )

    verdict = Documented(DOCUMENTS).check(poorer)

    assert verdict.outcome is Outcome.FAIL
    assert verdict.sentence == "not filled: sponsor, intended_use, kpis"
    assert verdict.remedy == "fill sponsor, intended_use, kpis"


@pytest.mark.parametrize("part", LINEAGE)
def test_traceable_names_what_the_lineage_lacks(case, part):
    poorer = replace(case, version=replace(case.version, **{part: None}))

    assert Traceable(LINEAGE).check(case).outcome is Outcome.PASS
    verdict = Traceable(LINEAGE).check(poorer)
    assert (verdict.outcome, verdict.sentence) == (Outcome.FAIL, f"lineage lacks {part}")


def test_missing_evidence_is_insufficient_and_old_evidence_fails(case):
    rule = Evidenced("performance", 90)

    assert rule.check(case).outcome is Outcome.INSUFFICIENT
    fresh = rule.check(measured(case, days=90))
    old = rule.check(measured(case, days=90.1))
    assert (fresh.outcome, fresh.value, fresh.remedy) == (Outcome.PASS, 90, "")
    assert (old.outcome, old.remedy) == (Outcome.FAIL, "run a performance assessment")
    assert fresh.evidence == measured(case, days=90).evidence[0].id


def test_evidence_of_the_future_is_an_error_and_not_young(case):
    rule = Evidenced("performance", 90)

    verdict = rule.check(measured(case, days=-400))

    assert verdict.outcome is Outcome.ERROR
    assert verdict.sentence.endswith("is dated 2027-12-07 09:00 UTC, in the future")
    nearly = measured(case, days=-4 / (24 * 60))
    assert rule.check(nearly).sentence == "performance evidence is 0 days old, limit 90"


def test_a_limit_on_both_sides_names_the_side_that_was_crossed(case):
    rule = Limit("performance", "roc_auc", minimum=0.5, maximum=0.7)

    found = [rule.check(measured(case, auc(value))).limit for value in (0.4, 0.6, 0.8)]

    assert found == [0.5, 0.5, 0.7]


def test_the_newest_evidence_of_a_purpose_is_judged(case):
    both = measured(measured(case, auc(0.9), days=1), auc(0.5), days=10)
    other = measured(both, auc(0.1), days=0, purpose=Purpose.FAIRNESS)

    verdict = Limit("performance", "roc_auc", minimum=0.7).check(other)

    assert (verdict.outcome, verdict.value) == (Outcome.PASS, 0.9)


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))
def test_a_limit_passes_exactly_between_its_bounds(value, minimum, maximum):
    rule = Limit("performance", "roc_auc", minimum=minimum, maximum=maximum)

    verdict = rule._judge(auc(value), evidence="ev")

    assert (verdict.outcome is Outcome.PASS) == (minimum <= value <= maximum)
    assert (verdict.remedy == "") == (verdict.outcome is Outcome.PASS)


@pytest.mark.parametrize(
    ("measurement", "rule", "outcome", "sentence"),
    [
        (auc(0.8), {"minimum": 0.7}, Outcome.PASS, "roc_auc is 0.8, wanted at least 0.7"),
        (auc(0.8), {"maximum": 0.7}, Outcome.FAIL, "roc_auc is 0.8, wanted at most 0.7"),
        (
            auc(0.8, interval=(0.6, 0.9)),
            {"minimum": 0.7, "bound": "lower"},
            Outcome.FAIL,
            "the lower bound of roc_auc is 0.6, wanted at least 0.7",
        ),
        (
            auc(0.8, interval=(0.6, 0.9)),
            {"minimum": 0.1, "maximum": 0.95, "bound": "upper"},
            Outcome.PASS,
            "the upper bound of roc_auc is 0.9, wanted at least 0.1 and at most 0.95",
        ),
        (
            auc(0.8),
            {"minimum": 0.7, "bound": "lower"},
            Outcome.INSUFFICIENT,
            "roc_auc cannot be judged: it has no lower bound",
        ),
        (
            auc(None, State.INSUFFICIENT, reason="12 rows"),
            {"minimum": 0.7, "bound": "lower"},
            Outcome.INSUFFICIENT,
            "roc_auc cannot be judged: 12 rows",
        ),
        (
            auc(0.9, State.INSUFFICIENT, reason="too few"),
            {"minimum": 0.7},
            Outcome.INSUFFICIENT,
            "roc_auc cannot be judged: too few",
        ),
        (
            auc(None, State.ERROR, reason="it broke", column="sex"),
            {"minimum": 0.7},
            Outcome.ERROR,
            "roc_auc by sex failed: it broke",
        ),
    ],
)
def test_a_limit_says_what_it_found_and_wanted(case, measurement, rule, outcome, sentence):
    verdict = Limit("performance", "roc_auc", **rule).check(measured(case, measurement))

    assert (verdict.outcome, verdict.sentence) == (outcome, sentence)


def test_a_limit_judges_the_worst_of_all_attributes_and_no_slice_or_window(case):
    window = Window(case.at, case.at + timedelta(days=1))
    many = measured(
        case,
        auc(0.9, column="sex"),
        auc(0.6, column="age"),
        auc(0.1, slice={"sex": "F"}),
        auc(0.1, window=window),
        Measurement("ece", 0.0, State.OK),
    )

    verdict = Limit("performance", "roc_auc", minimum=0.7).check(many)

    assert verdict.sentence == "roc_auc by age is 0.6, wanted at least 0.7"
    sex = Limit("performance", "roc_auc", minimum=0.7, column="sex").check(many)
    assert sex.outcome is Outcome.PASS


def test_a_limit_without_its_measurement_is_insufficient(case):
    rule = Limit("performance", "roc_auc", minimum=0.7)

    assert rule.check(case).sentence == "no performance evidence"
    verdict = rule.check(measured(case, Measurement("ece", 0.0, State.OK)))
    assert verdict.outcome is Outcome.INSUFFICIENT
    assert verdict.sentence.endswith("does not measure roc_auc")


@pytest.mark.parametrize(
    ("health", "worst", "outcome"),
    [
        (State.OK, "ok", Outcome.PASS),
        (State.WARNING, "warning", Outcome.PASS),
        (State.WARNING, "ok", Outcome.FAIL),
        (State.STALE, "ok", Outcome.INSUFFICIENT),
        (State.STALE, "warning", Outcome.INSUFFICIENT),
        (State.BREACH, "warning", Outcome.FAIL),
        (State.ERROR, "warning", Outcome.FAIL),
        (State.INSUFFICIENT, "warning", Outcome.INSUFFICIENT),
        (State.NOT_APPLICABLE, "ok", Outcome.PASS),
    ],
)
def test_health_is_judged_against_the_worst_allowed(case, health, worst, outcome):
    assert Healthy(worst).check(replace(case, health=health)).outcome is outcome


def test_a_rule_that_is_about_other_models_passes_and_says_so(case):
    rule = NamedRule("r", Limit("performance", "r2", minimum=0), when=Condition(("regression",)))

    verdict = rule.judge(case)

    assert verdict.outcome is Outcome.PASS
    assert verdict.sentence == (
        "does not apply: the task is binary, and the rule is about regression"
    )


@pytest.mark.parametrize(
    ("condition", "excuse"),
    [
        (Condition(), ""),
        (Condition(task=("binary", "classes"), kind=("predictive",), has=("score",)), ""),
        (Condition(kind=("llm", "agent")), "the kind is predictive, and the rule is about llm or"),
        (Condition(has=("prediction",)), "the version has no prediction"),
    ],
)
def test_a_condition_excuses_with_a_reason(case, condition, excuse):
    said = condition.excuse(case.model, case.version)

    assert said.startswith(excuse)
    assert bool(said) == bool(excuse)


def test_every_part_a_condition_may_ask_for_is_known(case):
    bare = replace(case.version, artifact=None, reference=None, columns=Columns("y"))

    excuse = Condition(has=PARTS).excuse(case.model, bare)

    assert excuse == f"the version has no {' and no '.join(PARTS)}"


@given(st.lists(st.tuples(st.sampled_from(list(Outcome)), st.booleans())))
def test_a_gate_passes_exactly_when_every_blocking_rule_does(given_results):
    results = tuple(Result("r", "k", b, "", Verdict(o, "")) for o, b in given_results)
    report = GateReport(results)
    blocking = [outcome for outcome, blocks in given_results if blocks]

    assert (report.outcome is Outcome.PASS) == all(o is Outcome.PASS for o in blocking)
    assert len(report.failing) == sum(o is not Outcome.PASS for o in blocking)
    assert report.outcome in {*blocking, Outcome.PASS}


def policy(**gate) -> dict:
    return {"name": "house", "version": "1", "tiers": {"high": {"validated": gate}}}


def test_a_policy_judges_every_rule_of_its_gate(case):
    rules = [
        {"rule": "evidence", "purpose": "performance", "rationale": "numbers"},
        {"rule": "healthy", "severity": "warn", "id": "well"},
    ]
    house = parse(policy(rules=rules))

    report = house.judge(replace(case, health=State.BREACH), to=Stage.VALIDATED)

    assert [(r.rule, r.kind, r.blocking) for r in report.results] == [
        ("evidence", "evidence", True),
        ("well", "healthy", False),
    ]
    assert report.results[0].rationale == "numbers"
    assert report.outcome is Outcome.INSUFFICIENT
    with pytest.raises(InvalidInput, match="no gate to production for the high tier"):
        house.judge(case, to=Stage.PRODUCTION)


def test_a_policy_is_known_by_the_hash_of_its_content():
    content = policy(approvals=2)

    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    assert parse(content).sha256 == hashlib.sha256(text.encode()).hexdigest()
    assert parse(policy(approvals=1)).sha256 != parse(content).sha256


def test_a_verdict_tells_no_more_of_a_value_than_may_be_shown(case):
    gap = Measurement(
        "demographic_parity_ratio", 0.71, State.BREACH, column="sex", interval=(0.6, 0.8),
        limit=0.8, n=138,
    )  # fmt: skip
    by_group = Measurement("recall", 0.42, State.BREACH, slice={"sex": "X"}, limit=0.5, n=7)
    found = Evidence(
        "m/1", Purpose.FAIRNESS, "s@1", (gap, by_group), case.at, "val",
        plan={"name": "fair", "statistics": ["recall"]},
    )  # fmt: skip
    hidden = tuple(
        replace(m, value=None, interval=None, n=None, reason="not shown: fewer than 10 rows")
        for m in found.measurements
    )
    seen = replace(case, evidence=(found,), shown={found.id: hidden})
    open_ = replace(case, evidence=(found,))

    for rule in (
        Limit("fairness", "demographic_parity_ratio", minimum=0.8, column="sex"),
        Planned("fairness"),
    ):
        told, whole = rule.check(seen), rule.check(open_)
        assert (told.outcome, whole.outcome) == (Outcome.FAIL, Outcome.FAIL)
        assert "0.71" in whole.sentence
        assert (told.value, told.interval, told.n) == (None, None, None)
        assert "not shown: fewer than 10 rows" in told.sentence
        assert not {"0.71", "0.6", "138", "0.42"} & {
            word.strip("(),;:") for word in told.sentence.split()
        }
    uncounted = replace(case, evidence=(found,), shown={found.id: (replace(gap, n=None), by_group)})
    verdict = Limit("fairness", "demographic_parity_ratio", minimum=0.8).check(uncounted)
    assert (verdict.value, verdict.n) == (0.71, None)
