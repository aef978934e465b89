"""What a deployer may conclude from a pass: this stage, now, and no longer than the approval."""

import pytest
from furniture import NOW, actor
from terms_bench import DAY, ask, under, vote

from lifecycle.domain.approval import Vote
from lifecycle.domain.finding import Obligation, Severity
from lifecycle.domain.model import Stage
from lifecycle.domain.rules import Outcome
from lifecycle.domain.standing import Standing
from lifecycle.errors import CheckFailed
from lifecycle.services import approvals
from lifecycle.services.approvals import passes
from lifecycle.store import models


def start(workspace, *, at=NOW + 2 * DAY):
    return approvals.ask(workspace, "credit", "1", to=Stage.VALIDATED, by=actor("dev"), at=at)


def test_a_pass_of_another_stage_starts_nothing_in_production(workspace, bench):
    under(workspace, "approvals: 1")
    bench.version()
    vote(workspace, ask(workspace), "app")
    token = start(workspace).token
    assert token is not None
    key, at = passes.key(workspace).public, NOW + 2 * DAY

    with pytest.raises(CheckFailed, match="is for validated, not for production"):
        passes.check(token, public=key, at=at)
    assert passes.check(token, public=key, at=at, stage="validated")["stage"] == "validated"


def test_who_restarts_asks_again_and_is_refused_once_the_approval_is_gone(workspace, bench):
    under(workspace, "approvals: 1")
    bench.version()
    due = Obligation("calibrate", Severity.HIGH, "val", NOW + 5 * DAY)
    vote(workspace, ask(workspace), "app", Vote.CONDITIONAL, conditions=[due])
    token = start(workspace, at=NOW + 4 * DAY).token
    assert token is not None
    later = NOW + 6 * DAY

    with pytest.raises(CheckFailed, match="the pass is over; ask the gate again"):
        passes.check(token, public=passes.key(workspace).public, at=later, stage="validated")
    again = start(workspace, at=later)

    assert (again.outcome, again.token) == (Outcome.FAIL, None)
    assert "was due on" in again.report.failing[-1].verdict.sentence


def test_the_gate_and_its_pass_name_the_conditions_that_are_open(workspace, bench):
    under(workspace, "approvals: 1")
    bench.version()
    due = Obligation("calibrate", Severity.HIGH, "val", NOW + 10 * DAY)
    asked = ask(workspace)
    vote(workspace, asked, "app", Vote.CONDITIONAL, conditions=[due])

    answer = start(workspace)

    (found,) = answer.conditions
    assert (found.text, answer.outcome) == ("calibrate", Outcome.PASS)
    sentence = answer.report.results[-1].verdict.sentence
    assert sentence == f"{asked.id} is valid, on conditions: {found.id} due on 2026-11-12"
    claims = passes.check(
        str(answer.token),
        public=passes.key(workspace).public,
        at=NOW + 2 * DAY,
        stage="validated",
    )
    assert claims["conditions"] == [found.id]
    approvals.answer_finding(workspace, found.id, "done", by=actor("val"), at=NOW + 2 * DAY)
    approvals.close_finding(workspace, found.id, "seen", by=actor("app"), at=NOW + 2 * DAY)
    assert start(workspace, at=NOW + 3 * DAY).conditions == ()


def test_rules_advise_only_under_an_approval_that_holds(workspace, bench):
    terms = "stale: {evidence: keep}, rules: [{rule: evidence, purpose: performance}]"
    under(workspace, f"{terms}, valid_days: 200, notice_days: 1")
    bench.evidence(bench.version())
    vote(workspace, ask(workspace), "app")

    old = start(workspace, at=NOW + 150 * DAY)
    over = start(workspace, at=NOW + 300 * DAY)

    assert [(r.rule, r.verdict.outcome, r.blocking) for r in old.report.results] == [
        ("evidence", Outcome.FAIL, False),
        ("approval-holds", Outcome.PASS, True),
    ]
    assert [result.rule for result in over.report.failing] == ["evidence", "approval-holds"]


@pytest.mark.parametrize(
    ("effect", "standing", "outcome"),
    [
        ("keep", Standing.STALE, Outcome.PASS),
        ("limit", Standing.EXPIRED, Outcome.FAIL),
        ("stop", Standing.EXPIRED, Outcome.FAIL),
    ],
)
def test_what_may_go_on_after_the_end_of_an_approval_is_what_the_policy_says(
    workspace, bench, effect, standing, outcome
):
    terms = f"valid_days: 40, notice_days: 5, stale: {{review: {effect}, policy: stop}}"
    under(workspace, terms)
    version = bench.version()
    vote(workspace, ask(workspace), "app")

    answer = start(workspace, at=NOW + 60 * DAY)

    assert answer.approval is not None
    assert (answer.approval.standing, answer.outcome) == (standing, outcome)
    assert "it held until 2026-12-13" in answer.report.results[-1].verdict.sentence
    under(workspace, "approvals: 2", version="terms-2")
    later = approvals.current(workspace.cursor(), version_of(workspace, version), at=NOW + 61 * DAY)
    assert later is not None
    assert later.holds is False, "what goes on can still lose its ground"


def version_of(workspace, version):
    return models.version_by_id(workspace.cursor(), version.id)
