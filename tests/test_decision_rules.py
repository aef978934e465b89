"""The page of rules names tests that exist, and leaves out nothing that a policy can say."""

import re
from pathlib import Path

from lifecycle.domain.approval import Status, Vote
from lifecycle.domain.standing import Standing
from lifecycle.domain.terms import Cause, Effect
from lifecycle.domain.terms_text import KEYS

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "decision-rules.md").read_text(encoding="utf-8")


def test_every_rule_names_a_test_that_exists():
    named = set(re.findall(r"`(test_\w+)`", PAGE))
    written = "\n".join(p.read_text(encoding="utf-8") for p in (ROOT / "tests").rglob("test_*.py"))

    assert len(named) > 50
    assert not [name for name in sorted(named) if f"def {name}(" not in written]
    rows = [row for row in PAGE.splitlines() if row.startswith("| ") and "---" not in row]
    assert not [row for row in rows if "test_" not in row and "| Test |" not in row]


def test_every_policy_key_vote_cause_and_standing_has_its_rule():
    said = set(re.findall(r"`(\w+)`", PAGE))
    closed = set(Status) - {Status.OPEN, Status.APPROVED, Status.REJECTED, Status.RETURNED}
    standings = set(Standing) - {Standing.STALE, Standing.SUPERSEDED}
    known = {*KEYS, *Vote, *Cause, *Effect, *closed, *standings} - {Vote.APPROVE}

    assert not sorted(known - said)
