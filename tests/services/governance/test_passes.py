"""What a deployer may conclude from a pass: this stage, now, and no longer than the approval."""

import pytest
from furniture import NOW, actor
from terms_bench import DAY, ask, under, vote

from lifecycle.domain.approval import Vote
from lifecycle.domain.finding import Obligation, Severity
from lifecycle.domain.model import Stage
from lifecycle.domain.rules import Outcome
from lifecycle.errors import CheckFailed
from lifecycle.services import approvals
from lifecycle.services.approvals import passes


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
