"""Who edits the tables beside the trail is found, and nothing starts on what they wrote."""

from datetime import timedelta

import pytest
from furniture import NOW, Bench, actor, furnished
from terms_bench import DAY, ask, under, vote

from lifecycle.domain.approval import Vote
from lifecycle.domain.audit import Tampering
from lifecycle.domain.finding import Obligation, Severity
from lifecycle.domain.model import Stage
from lifecycle.domain.rules import Outcome
from lifecycle.services import approvals, trail
from lifecycle.services.examination import told

EDITS = {
    "UPDATE approval SET standing = 'valid', effect = NULL, expires_at = '2099-01-01'": (
        "the approval req-1 has '2099-01-01T00:00:00+00:00' as its expires_at"
    ),
    "DELETE FROM approval": "the approval req-1 is gone",
    "DELETE FROM finding": "the finding find-1 is gone",
    "UPDATE finding SET due_at = due_at + INTERVAL 90 DAY": "the finding find-1 has",
    "UPDATE finding SET status = 'closed'": "the finding find-1 has 'closed' as its status",
    "UPDATE request SET status = 'open'": "the request req-1 has 'open' as its status",
    "UPDATE request SET policy_sha256 = 'other'": "the request req-1 has 'other'",
    "UPDATE version SET stage = 'production'": "the version credit/1 has 'production' as its stage",
}


@pytest.fixture
def approved(tmp_path):
    """Return a workspace where a version was approved under a condition."""
    with furnished(tmp_path / "ws") as made:
        under(made, "approvals: 1, valid_days: 60, notice_days: 10")
        Bench(made).version()
        fix = Obligation("fix it", Severity.HIGH, "dev", NOW + 10 * DAY)
        vote(made, ask(made), "app", Vote.CONDITIONAL, conditions=[fix])
        yield made


def start(workspace, to=Stage.VALIDATED):
    at = NOW + 2 * DAY
    return approvals.ask(workspace, "credit", "1", to=to, by=actor("dev"), at=at)


def edit(workspace, statement):
    con = workspace.cursor()
    con.execute(statement)


def test_records_that_nobody_touched_are_as_the_trail_tells(approved):
    found = trail.examine(approved, by=actor("aud"))

    assert found.findings == []
    assert found.agreement is not None
    # Two policies, a version, its request with one vote, its approval and the condition.
    assert found.agreement.records == 7
    assert start(approved).outcome is Outcome.PASS


@pytest.mark.parametrize(("statement", "sentence"), EDITS.items())
def test_a_record_edited_beside_the_trail_is_named_and_starts_nothing(
    approved, statement, sentence
):
    edit(approved, statement)

    findings = trail.examine(approved, by=actor("aud")).findings
    to = Stage.PRODUCTION if "stage = 'production'" in statement else Stage.VALIDATED
    answer = None if to is Stage.PRODUCTION else start(approved)

    assert {finding.kind for finding in findings} == {Tampering.EDITED}
    assert any(finding.sentence.startswith(sentence) for finding in findings)
    assert answer is None or (answer.outcome, answer.token) == (Outcome.ERROR, None)


def test_a_vote_and_an_approval_nobody_gave_are_told_by_no_event(tmp_path):
    with furnished(tmp_path / "ws") as made:
        under(made, "approvals: 2, valid_days: 60, notice_days: 10")
        Bench(made).version()
        vote(made, ask(made), "app")
        edit(
            made,
            "INSERT INTO decision SELECT * REPLACE ('app2' AS actor, position + 1 AS position) "
            "FROM decision",
        )

        findings = trail.examine(made, by=actor("aud")).findings
        answer = start(made)

    assert [f.sentence for f in findings] == ["no event tells of the vote req-1/1"]
    assert answer.outcome is Outcome.ERROR


def test_the_claim_is_told_beside_the_three_others(approved):
    sound = told(trail.examine(approved, by=actor("aud")))
    edit(approved, "DELETE FROM finding")
    edited = told(trail.examine(approved, by=actor("aud")))

    assert [claim.name for claim in sound] == ["integrity", "authenticity", "time", "agreement"]
    assert sound[-1].state == "ok"
    assert edited[-1].state == "breach"
    assert "find-1 is gone" in edited[-1].sentence
    assert [c.state for c in edited[:-1]] == [c.state for c in sound[:-1]]


def test_of_a_copy_nothing_beside_it_is_claimed(approved, tmp_path):
    file = tmp_path / "trail.jsonl"
    trail.export(approved, file, by=actor("aud"), at=NOW + timedelta(days=3))

    assert trail.examine_file(file).agreement is None
