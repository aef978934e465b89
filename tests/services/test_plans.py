"""Are plans fixed before results, is a later change of a limit told, and a typo found by line?"""

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tumour_life import AT

from lifecycle.domain.actor import Actor, Role
from lifecycle.domain.case import PlanLimited
from lifecycle.domain.evidence import Purpose
from lifecycle.domain.job import JobState
from lifecycle.domain.measurement import State
from lifecycle.domain.rules import Case, Outcome, Planned
from lifecycle.errors import CheckFailed, Conflict, InvalidInput, NotAllowed
from lifecycle.services import assessment, jobs, plans
from lifecycle.services.plans.fixing import departures
from lifecycle.store import audit, evidence, models, usecases
from lifecycle.store import plans as store

PLAN = """name: board
rationale: what the board asked for
statistics:
  performance: [accuracy, roc_auc]
slices: [ward]
limits:
  accuracy: {minimum: 0.5, rationale: better than a coin}
  roc_auc:
    minimum: 0.6
    bound: lower
"""
VITO = Actor("vito", frozenset({Role.VALIDATOR}))


def assess(ws, snapshot, text=PLAN, **more) -> Any:
    given: Any = {"snapshot": snapshot.id, "plan": plans.parse(text), "by": VITO, "at": AT} | more
    return assessment.assess(ws, "tumour", "1", **given)


def case(ws, at=AT):
    con = ws.cursor()
    version = models.version(con, "tumour", "1")
    model = models.get(con, "tumour")
    found = tuple(evidence.newest(con, version.id))
    limited = evidence.limited(con, "tumour").get("tumour", ())
    return Case(usecases.get(con, model.use_case_id), model, version, found, State.OK, at, limited)


def test_a_plan_is_fixed_once_with_who_and_when_and_gets_the_next_version(ws, dev):
    first = plans.fix(ws, plans.parse(PLAN), by=VITO, at=AT)
    again = plans.fix(ws, plans.parse(PLAN), by=dev, at=AT + timedelta(days=1))
    second = plans.fix(ws, plans.parse(PLAN.replace("0.5", "0.6")), by=dev, at=AT)

    assert first == again
    assert (first.version, first.fixed_by, first.fixed_at) == ("1", "vito", AT)
    assert (second.version, store.get(ws.cursor(), "board", "2")) == ("2", second)
    events = audit.search(ws.cursor(), action="plan.fix")
    assert [e.event.subject for e in reversed(events)] == ["plan:board 1", "plan:board 2"]


def test_a_version_that_is_taken_by_other_content_is_a_conflict(ws):
    plans.fix(ws, plans.parse(f"version: 4\n{PLAN}"), by=VITO, at=AT)

    with pytest.raises(Conflict, match="plan board 4 was fixed by vito on 2026-"):
        plans.fix(ws, plans.parse(f"version: 4\n{PLAN.replace('0.5', '0.4')}"), by=VITO, at=AT)


def test_a_viewer_fixes_no_plan(ws, viewer):
    with pytest.raises(NotAllowed):
        plans.fix(ws, plans.parse(PLAN), by=viewer, at=AT)


def test_a_limit_changed_after_results_on_the_same_rows_needs_a_reason_that_is_kept(registered, ws):
    (first,) = assess(ws, registered)
    changed = PLAN.replace("minimum: 0.5,", "minimum: 0.4, severity: warn,") + "minimum: 50\n"

    with pytest.raises(InvalidInput) as refused:
        assess(ws, registered, changed)
    (found,) = assess(ws, registered, changed, override="the board said so")
    (later,) = assess(ws, registered, changed, at=AT + timedelta(days=1))

    sentence = str(refused.value)
    assert first.id in sentence
    assert "accuracy: at least 0.5, now at least 0.4 as a warning" in sentence
    assert "minimum: 100, now 50" in sentence
    made = plans.recorded(found.plan)
    assert made is not None
    assert (made["by"], made["since"]) == ("vito", first.id)
    assert made == plans.recorded(later.plan), "a plan once overridden needs no second reason"
    event = audit.search(ws.cursor(), action="evidence.add")[0].event
    assert event.reason == "the board said so"
    verdict = Planned().check(case(ws))
    assert "limits changed by vito after results were known: the board said so" in verdict.sentence


def test_a_limit_on_what_was_not_measured_before_is_no_override(registered, ws):
    assess(ws, registered)
    more = PLAN.replace("[accuracy, roc_auc]", "[accuracy, roc_auc, brier]")

    (found,) = assess(ws, registered, more + "  brier: {maximum: 0.9}\n")

    assert plans.recorded(found.plan) is None


def test_a_plan_under_another_name_does_not_hide_a_changed_limit(registered, ws):
    assess(ws, registered)

    with pytest.raises(InvalidInput, match="judges otherwise"):
        assess(ws, registered, PLAN.replace("board", "nicer").replace("0.6", "0.1"))


def test_dropping_what_failed_from_a_plan_is_an_override_too(registered, ws):
    assess(ws, registered, PLAN.replace("minimum: 0.5", "minimum: 0.999"))
    less = PLAN.replace("[accuracy, roc_auc]", "[roc_auc]").replace("  accuracy", "#")

    with pytest.raises(InvalidInput, match=r"accuracy: at least 0.999, now not measured"):
        assess(ws, registered, less)


GROUPS = """
statistics: {fairness: [selection_rate, demographic_parity_difference]}
sensitive: [sex, ward]
limits: {demographic_parity_difference: {maximum: 0.9}}
"""


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ("sensitive: [sex]", "sensitive: sex, ward, now sex"),
        ("intersect: 2", "intersect: 1, now 2"),
        ("seed: 7", "seed: 0, now 7"),
        ("fairness: {control: [ward]}", "fairness.control: none, now ward"),
        ("fairness: {suppress: 9}", "fairness.suppress: 0, now 9"),
        ("fairness: {bands: {mean radius: [12.5]}}", "bands: none, now mean radius 12.5"),
        ("fairness: {reference_group: {sex: Male}}", "reference_group: none, now sex Male"),
        ("statistics: {fairness: [demographic_parity_difference]}", "rate: measured, now not"),
    ],
)
def test_whatever_decides_a_result_needs_a_reason_once_results_are_known(
    registered, ws, changed, sentence
):
    (known,) = assess(ws, registered, GROUPS)
    key = changed.partition(":")[0]
    kept = [line for line in GROUPS.splitlines() if not line.startswith(key)]

    assert sentence in " and ".join(departures(known, plans.parse("\n".join([*kept, changed]))))
    with pytest.raises(InvalidInput, match="judges otherwise"):
        assess(ws, registered, "\n".join([*kept, changed]))


def test_settings_of_trials_decide_a_validation_and_nothing_else(registered, ws):
    (known,) = assess(ws, registered)
    text = "statistics: {validation: [noise_loss], performance: [accuracy, roc_auc]}\n"
    text += "".join(PLAN.partition("slices")[1:])
    tried = replace(
        known, purpose=Purpose.VALIDATION, measurements=(), plan=plans.parse(text).content
    )
    noisy = plans.parse(text + "validation: {noise: 0.5}\n")

    assert departures(tried, noisy) == ["validation.noise: 0.1, now 0.5"]
    assert departures(known, noisy) == []


def test_limits_hold_for_every_slice_and_for_the_bound_they_name(registered, ws):
    (found,) = assess(ws, registered)

    wards = [m for m in found.measurements if m.statistic == "roc_auc"]
    assert {m.slice.get("ward") for m in wards} == {None, "A", "B", "C"}
    assert all(m.limit == 0.6 for m in wards)
    strict = PLAN.replace("minimum: 0.6", "minimum: 0.99999")
    (judged,) = assess(ws, registered, strict, override="a test")
    areas = [m for m in judged.measurements if m.statistic == "roc_auc"]
    assert {m.state for m in areas} == {State.BREACH}
    assert all("wanted lower bound at least 0.99999" in str(m.reason) for m in areas)


def test_the_gate_names_value_interval_limit_and_evidence_of_a_failing_plan(registered, ws):
    strict = PLAN.replace("minimum: 0.5", "minimum: 0.999")
    (found,) = assess(ws, registered, strict)

    verdict = Planned().check(case(ws))

    accuracy = found.measurements[0]
    assert (verdict.outcome, verdict.evidence) == (Outcome.FAIL, found.id)
    assert (verdict.value, verdict.interval) == (accuracy.value, accuracy.interval)
    assert (verdict.limit, verdict.n) == (0.999, 400)
    for said in ("accuracy is 0.9", "limit 0.999 of plan board", found.id, "and 3 more"):
        assert said in verdict.sentence
    assert verdict.remedy == "bring accuracy within its limit"


def test_where_nobody_measured_under_a_plan_nothing_passes_for_planned(registered, ws):
    verdict = Planned().check(case(ws))
    assert verdict.outcome is Outcome.INSUFFICIENT
    assert verdict.sentence == "nothing was measured under an assessment plan"
    assess(ws, registered, PLAN.partition("limits")[0])
    assert Planned().check(case(ws)).sentence == "no assessment plan sets a limit"


def test_newer_evidence_without_limits_retires_no_limit_of_a_plan(registered, ws):
    strict = PLAN.replace("minimum: 0.5", "minimum: 0.999")
    assess(ws, registered, strict)
    assert Planned().check(case(ws)).outcome is Outcome.FAIL
    free = PLAN.partition("limits")[0].replace("board", "look")
    later = {"at": AT + timedelta(days=1), "override": "only to look"}
    assess(ws, registered, free, **later)

    verdict = Planned().check(case(ws))

    assert verdict.outcome is Outcome.INSUFFICIENT
    assert verdict.sentence == "plan board limits accuracy, which has no current result, and 1 more"
    assert verdict.remedy == "run a performance assessment under plan board"


def test_a_version_nobody_measured_is_held_to_the_plans_of_its_model(registered, ws):
    (found,) = assess(ws, registered)

    unmeasured = replace(case(ws), evidence=())

    assert case(ws).limited == tuple(
        PlanLimited(Purpose.PERFORMANCE, "board", name) for name in ("accuracy", "roc_auc")
    )
    assert "plan board limits accuracy" in Planned().check(unmeasured).sentence
    assert Planned("fairness").check(unmeasured).outcome is Outcome.INSUFFICIENT
    one = replace(found, measurements=found.measurements[:1])
    held = replace(case(ws), evidence=(one,), limited=case(ws).limited[:1])
    assert Planned().check(held).sentence.startswith("1 value is within the limits of their plan")


def test_without_limits_too_little_data_or_an_error_the_rule_says_so(registered, ws):
    (found,) = assess(ws, registered)
    assert Planned("performance").check(case(ws)).outcome is Outcome.PASS
    for state, outcome in ((State.INSUFFICIENT, "insufficient"), (State.ERROR, "error")):
        worse = replace(found.measurements[0], state=state, value=None, interval=None, reason="why")
        judged = replace(found, measurements=(worse, *found.measurements[1:]))
        verdict = Planned().check(replace(case(ws), evidence=(judged,)))
        assert verdict.outcome == outcome
        assert "accuracy has no value" in verdict.sentence
        assert assessment.outcome(judged) == outcome


def test_what_a_plan_limits_but_cannot_apply_is_an_error_and_no_pass(registered, ws):
    from lifecycle.domain.measurement import Measurement
    from lifecycle.services.assessment.judging import judged

    given = Measurement("accuracy", None, State.NOT_APPLICABLE, reason="there are no decisions")
    found, absent = judged([given], purpose=Purpose.PERFORMANCE, plan=plans.parse(PLAN))

    assert found.state is State.ERROR
    assert found.reason == "the plan limits it, but it does not apply: there are no decisions"
    assert (absent.statistic, absent.state, absent.limit) == ("roc_auc", State.ERROR, 0.6)
    assert "was not measured" in str(absent.reason)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (PLAN.replace("roc_auc]", "rocauc]"), "line 4: statistics.performance: .* mean roc_auc"),
        (PLAN.replace("bound: lower", "bond: lower"), "line 10: .* 'bond', did you mean bound"),
        (PLAN.replace("bound: lower", "bound: best"), "line 10: limits.roc_auc.bound must be"),
        (PLAN.replace("  roc_auc:\n", "  roc_acu:\n"), "line 8: limits.roc_acu .* mean roc_auc"),
        (PLAN.replace("slices", "slice"), "line 5: unknown key 'slice', did you mean slices"),
        (f"{PLAN}name: other\n", "name stands there twice, in lines 1 and 11"),
        (PLAN.replace("[ward]", "[ward"), "is no valid YAML in line 6"),
        ("statistics: 1", "line 1: statistics must hold keys and values"),
    ],
)
def test_a_typo_is_refused_with_its_line_and_key(text, sentence):
    with pytest.raises(InvalidInput, match=sentence):
        plans.parse(text)


def test_a_job_measures_in_a_worker_what_the_same_plan_gives_here(registered, ws):
    (here,) = assess(ws, registered)
    job = assessment.start(
        ws, "tumour", "1", snapshot=registered.id, plan=plans.parse(PLAN), by=VITO, at=AT
    )
    again = assessment.start_again(ws, "tumour", "1", kept=here.id, by=VITO, at=AT)
    with jobs.JobRunner(ws, kinds=assessment.KINDS, clock=lambda: AT, reuse=True) as runner:
        ended = runner.wait(job.id)
        repeated = runner.wait(again.id)

    (there,) = assessment.finished(ws.cursor(), ended)
    assert [m.state for m in there.measurements] == [m.state for m in here.measurements]
    for one, other in zip(there.measurements, here.measurements, strict=True):
        assert one.value == pytest.approx(other.value, rel=1e-12)
    assert there.plan == here.plan
    (rerun,) = assessment.finished(ws.cursor(), repeated)
    said: Any = rerun.payload["reproduction"]
    assert (said["of"], said["reproduced"], said["differences"]) == (here.id, True, [])
    assert said["compared"] == len(here.measurements)
    assert "Measuring performance on 400 rows" in ended.log


def test_a_rerun_that_differs_says_what_and_why(registered, ws):
    from lifecycle.services.assessment.reproducing import reproduction

    (found,) = assess(ws, registered)
    moved = replace(found.measurements[0], value=0.25)
    libraries: Any = found.method["libraries"]
    other = {**found.method, "libraries": {**libraries, "numpy": "1.0"}, "seed": 3}

    said: Any = reproduction(found, (moved, *found.measurements[1:]), method=other)
    same: Any = reproduction(found, (moved, *found.measurements[1:]), method=found.method)

    assert not said["reproduced"]
    assert said["differences"] == [f"accuracy: {found.measurements[0].value:.6g} before, 0.25 now"]
    assert said["because"] == [
        "seed: 0 before, 3 now",
        f"numpy: {libraries['numpy']} before, 1.0 now",
    ]
    assert "not deterministic" in same["because"][0]


def test_only_what_a_plan_asked_for_of_this_version_is_measured_again(registered, ws):
    (found,) = assess(ws, registered)
    with pytest.raises(InvalidInput, match="not of tumour/2"):
        assessment.start_again(ws, "tumour", "2", kept=found.id, by=VITO, at=AT)
    attested = replace(found, plan={"what": "a letter"}, purpose=Purpose.ATTESTATION)
    with pytest.raises(InvalidInput, match="which no plan asked for"):
        assessment.plan_of(attested)


def test_a_cancelled_job_leaves_no_evidence(registered, ws):
    job = assessment.start(
        ws, "tumour", "1", snapshot=registered.id, plan=plans.parse(PLAN), by=VITO, at=AT
    )
    ended = jobs.cancel(ws, job.id, by=VITO, at=AT)

    assert ended.state is JobState.CANCELLED
    with pytest.raises(CheckFailed, match="Cancelled by vito"):
        assessment.finished(ws.cursor(), ended)
    assert evidence.of_version(ws.cursor(), "tumour/1") == []


def test_the_plan_in_the_documents_is_one():
    page = Path(__file__).parents[2] / "docs" / "validation.md"
    (text,) = re.findall(r"```yaml\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)

    plan = plans.parse(text)

    assert plan.limits["champion_gain"].wanted == "lower bound at least 0"
    assert plan.trials.monotone == {"debt_to_income": "increasing"}


def test_a_plan_compares_groups_in_bands_within_control_groups(registered, ws):
    text = """name: groups
statistics: {fairness: [selection_rate, demographic_parity_difference]}
sensitive: [mean radius]
minimum_group: 20
fairness: {bands: {mean radius: [12, 16]}, control: [sex]}
"""
    (found,) = assess(ws, registered, text)

    rates = [m for m in found.measurements if m.statistic == "selection_rate" and m.slice]
    assert {m.slice.get("sex") for m in rates} == {"Female", "Male"}
    assert len({m.slice.get("mean radius") for m in rates} - {None}) == 3
    with pytest.raises(InvalidInput, match="line 5: fairness has no setting 'band'"):
        plans.parse(text.replace("bands", "band"))
