"""Inventory, Overview and a request's page say what an approval is worth today."""

from datetime import timedelta

import pytest
from furniture import NOW, Bench, actor, furnished, publish
from terms_bench import DAY, vote

from lifecycle.domain.model import Stage
from lifecycle.domain.standing import Standing
from lifecycle.services import approvals, portfolio

HOUSE = """
name: house
version: shown
tiers:
  high:
    production: {approvals: 1, valid_days: 60, notice_days: 10, stale: {review: limit}}
"""
END = NOW + 60 * DAY


@pytest.fixture
def running(tmp_path):
    """Return a workspace where credit/1 runs on an approval for 60 days, and its request."""
    with furnished(tmp_path / "ws") as made:
        publish(made, HOUSE)
        Bench(made).version(stage=Stage.APPROVED)
        asked = approvals.request(
            made, "credit", "1", to=Stage.PRODUCTION, reason="go", by=actor("dev"), at=NOW
        )
        yield made, vote(made, asked, "app", at=NOW)


def seen(workspace, at):
    con = workspace.cursor()
    (row,) = portfolio.inventory(con, at=at)
    return row, portfolio.overview(con, actor=actor("app"), at=at)


def test_while_it_holds_the_inventory_says_until_when_and_the_overview_nothing(running):
    workspace, _ = running

    row, overview = seen(workspace, END - timedelta(seconds=1))

    assert row.approval is not None
    assert (row.approval.standing, row.approval.holds) == (Standing.VALID, True)
    assert row.approval.sentence == f"holds until {END:%Y-%m-%d}"
    assert row.next_review == END, "the policy's date, not the tier's interval"
    assert overview.unapproved == ()


def test_from_its_end_on_it_is_over_though_no_clock_has_run(running):
    workspace, asked = running

    row, overview = seen(workspace, END)
    given = approvals.of_request(workspace.cursor(), asked, at=END)

    assert row.approval is not None
    assert row.approval.standing is Standing.EXPIRED
    assert row.review_due
    assert [r.version_id for r in overview.unapproved] == ["credit/1"]
    assert given is not None
    assert given.sentence == (
        f"is expired: it held until {END:%Y-%m-%d}; what runs may go on, nothing new may start"
    )


def test_a_request_that_was_followed_by_another_says_so(running):
    workspace, asked = running
    again = approvals.request(
        workspace, "credit", "1", to=Stage.PRODUCTION, reason="go", by=actor("dev"), at=NOW + DAY
    )
    vote(workspace, again, "app", at=NOW + DAY)

    given = approvals.of_request(workspace.cursor(), asked, at=NOW + 2 * DAY)

    assert given is not None
    assert given.sentence == f"is superseded: followed by {again.id}"
