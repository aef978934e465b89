"""The approval of a version that runs is renewed by a request for the stage it is in."""

from datetime import timedelta

import pytest
from furniture import NOW, Bench, actor, furnished, proof_of, publish
from terms_bench import DAY, vote

from lifecycle.domain.approval import Status, Vote
from lifecycle.domain.model import Stage
from lifecycle.domain.rules import Outcome
from lifecycle.domain.standing import Standing
from lifecycle.errors import InvalidInput
from lifecycle.services import approvals, asof, trail
from lifecycle.store import approvals as kept
from lifecycle.store import models

HOUSE = """
name: house
version: renewing
tiers:
  high:
    production: {approvals: 1, valid_days: 60, notice_days: 10}
"""
OVER = NOW + 61 * DAY


@pytest.fixture
def running(tmp_path):
    """Return a workspace where credit/1 came into production, by an approval for 60 days."""
    with furnished(tmp_path / "ws") as made:
        publish(made, HOUSE)
        Bench(made).version(stage=Stage.APPROVED)
        vote(made, ask(made, at=NOW), "app", at=NOW)
        yield made


def ask(workspace, *, at, to=Stage.PRODUCTION):
    return approvals.request(
        workspace, "credit", "1", to=to, reason="as it was", by=actor("dev"), at=at
    )


def start(workspace, *, at):
    return approvals.ask(
        workspace, "credit", "1", to=Stage.PRODUCTION, by=actor("dev"), at=at
    ).outcome


def test_what_expired_in_production_starts_again_after_a_renewal_and_never_stopped(running):
    approvals.tick(running, at=OVER)
    assert start(running, at=OVER) is Outcome.FAIL
    asked = ask(running, at=OVER)

    decided = vote(running, asked, "app", at=OVER)

    con = running.cursor()
    version = models.version_by_id(con, "credit/1")
    assert asked.wish == "renew the approval of credit/1 for production"
    assert (decided.status, version.stage) == (Status.APPROVED, Stage.PRODUCTION)
    assert start(running, at=OVER) is Outcome.PASS
    current = approvals.current(con, version, at=OVER)
    assert current is not None
    assert (current.request_id, current.expires_at) == (asked.id, OVER + timedelta(days=60))
    assert trail.examine(running, by=actor("aud")).findings == []


def test_a_renewal_takes_the_place_of_an_approval_that_still_holds(running):
    soon = NOW + 55 * DAY
    asked = ask(running, at=soon)
    vote(running, asked, "app", at=soon)

    standing = {a.request_id: a.standing for a in kept.of_version(running.cursor(), "credit/1")}

    assert standing == {"req-1": Standing.SUPERSEDED, asked.id: Standing.VALID}


def test_a_renewal_that_is_rejected_leaves_the_version_and_its_approval(running):
    soon = NOW + 55 * DAY
    decided = vote(running, ask(running, at=soon), "app", Vote.REJECT, reason="no", at=soon)

    version = models.version_by_id(running.cursor(), "credit/1")
    assert (decided.status, version.stage) == (Status.REJECTED, Stage.PRODUCTION)
    assert start(running, at=soon) is Outcome.PASS


def test_the_trail_tells_which_request_a_version_stands_on_after_its_renewal(running):
    asked = ask(running, at=OVER)
    vote(running, asked, "app", at=OVER)

    def stood(at):
        told = asof.as_of(running, at, by=actor("aud"), now=OVER + DAY).told
        (version,) = told.versions
        assert version.request is not None
        return version.request.id, version.standing, version.since

    assert stood(NOW + 30 * DAY) == ("req-1", "valid", NOW)
    assert stood(OVER - timedelta(hours=1)) == ("req-1", "expired", NOW)
    assert stood(OVER) == (asked.id, "valid", NOW), "it has been there since it came"


def test_a_stage_without_a_gate_knows_no_approval_to_renew(tmp_path):
    with furnished(tmp_path / "ws") as made:
        publish(made, HOUSE)
        Bench(made).version(stage=Stage.VALIDATED)
        with pytest.raises(InvalidInput, match="validated"):
            ask(made, at=NOW, to=Stage.VALIDATED)


def test_nobody_renews_their_own(running):
    asked = ask(running, at=OVER)

    assert {"dev"} <= asked.barred
    assert proof_of(running, "app")
    assert approvals.why_not(
        running.cursor(),
        asked,
        actor("dev"),
        terms=approvals.terms_of(running.cursor(), asked),
        at=OVER,
    )
