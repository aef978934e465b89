import itertools

import pytest

from lifecycle.domain.usecase import (
    QUESTIONNAIRE,
    SEVEREST,
    Answer,
    Kpi,
    Question,
    Questionnaire,
    Tier,
    UseCase,
    tier_of,
)
from lifecycle.errors import InvalidInput

HARMLESS = {"practice": "no", "domain": "operations", "effect": "none", "interaction": "no"}


@pytest.mark.parametrize(
    ("changes", "tier", "drivers"),
    [
        ({}, Tier.MINIMAL, ("practice", "domain", "effect", "interaction")),
        ({"interaction": "yes"}, Tier.LIMITED, ("interaction",)),
        ({"domain": "customer", "effect": "informs"}, Tier.LIMITED, ("domain", "effect")),
        ({"domain": "credit", "effect": "informs"}, Tier.HIGH, ("domain",)),
        ({"domain": "health", "effect": "decides"}, Tier.HIGH, ("domain", "effect")),
        ({"domain": "credit", "practice": "yes"}, Tier.PROHIBITED, ("practice",)),
    ],
)
def test_the_worst_answer_decides_the_tier_and_is_named(changes, tier, drivers):
    tiering = tier_of(HARMLESS | changes)

    assert (tiering.tier, tiering.drivers) == (tier, drivers)
    assert tiering.questionnaire == QUESTIONNAIRE.version


def test_no_answer_ever_lowers_the_tier_of_another():
    choices = [[(q.id, key) for key in q.answers] for q in QUESTIONNAIRE.questions]
    for answers in itertools.product(*choices):
        worst = tier_of(dict(answers)).tier
        for question in QUESTIONNAIRE.questions:
            given = question.answers[dict(answers)[question.id]].tier
            assert SEVEREST.index(worst) <= SEVEREST.index(given)


def test_answers_outside_the_questionnaire_are_refused_in_a_sentence():
    with pytest.raises(InvalidInput, match="question 'effect' needs one of decides, informs, none"):
        tier_of({k: v for k, v in HARMLESS.items() if k != "effect"})
    with pytest.raises(InvalidInput, match="not 'maybe'"):
        tier_of(HARMLESS | {"practice": "maybe"})
    with pytest.raises(InvalidInput, match="has no question 'colour'"):
        tier_of(HARMLESS | {"colour": "red"})


def test_another_questionnaire_may_be_used():
    one = Questionnaire("x", (Question("q", "?", {"a": Answer("A", Tier.LIMITED)}),))

    assert tier_of({"q": "a"}, questionnaire=one).tier is Tier.LIMITED


def test_changed_kpis_leave_the_old_ones_in_the_trail(now):
    before = UseCase(
        id="churn",
        name="Churn",
        problem="Who leaves",
        owner="olga",
        sponsor="sam",
        created_at=now,
        tier=Tier.MINIMAL,
        questionnaire="2026-11",
        answers=HARMLESS,
        kpis=(Kpi("kept", "customers", 100.0),),
    )

    after, event = before.set_kpis(
        (Kpi("kept", "customers", 150.0),), by="olga", at=now, reason="better baseline"
    )

    assert after.kpis[0].target == 150.0
    assert event.details == {
        "before": [["kept", "customers", 100.0]],
        "after": [["kept", "customers", 150.0]],
    }
    assert (event.action, event.subject) == ("usecase.kpis", "usecase:churn")
    assert before.tiering.tier is Tier.MINIMAL
