"""A gate with the terms of a test, and people who ask and vote under them."""

from datetime import timedelta
from typing import Any

from furniture import NOW, actor, proof_of, publish

from lifecycle.domain.approval import Code, Vote
from lifecycle.domain.model import Stage
from lifecycle.services import approvals
from lifecycle.store import audit

DAY = timedelta(days=1)
HOUSE = """
name: house
version: "{version}"
tiers:
  high:
    validated: {{ {terms} }}
"""
BOTH = "quorum: [{roles: [approver]}, {roles: [risk_owner]}]"


def under(workspace, terms, *, version="terms-1"):
    return publish(workspace, HOUSE.format(version=version, terms=terms))


def ask(workspace, *, at=NOW, by="dev", **more):
    return approvals.request(
        workspace, "credit", "1", to=Stage.VALIDATED, reason="ready", by=actor(by), at=at, **more
    )


def vote(workspace, request, by, choice=Vote.APPROVE, *, at=NOW + DAY, via="session", **more):
    given: dict[str, Any] = {
        "reason": "fine",
        "code": Code.OTHER,
        "proof": proof_of(workspace, by),
    } | more
    return approvals.decide(
        workspace, request.id, vote=choice, by=actor(by, via=via), at=at, **given
    )


def events(workspace, prefix):
    found = [link.event for link in audit.search(workspace.cursor(), limit=10_000)][::-1]
    return [event for event in found if event.action.startswith(prefix)]


def lend(workspace, giver, taker, *, start=NOW, end=NOW + 7 * DAY, at=NOW):
    return approvals.delegate(
        workspace, taker, start=start, end=end, reason="leave", by=actor(giver), at=at
    )
