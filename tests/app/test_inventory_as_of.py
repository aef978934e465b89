from datetime import timedelta

from app.session import now
from lifecycle.domain.approval import Vote
from lifecycle.services import approvals
from lifecycle.store import requests
from tests.app.tiny_workspace import PASSWORD, person
from tests.app.words_on_screen import words_of


def day(back):
    return (now() - timedelta(days=back)).date().isoformat()


def approve(tiny):
    approvals.decide(
        tiny.workspace,
        tiny.waiting,
        vote=Vote.APPROVE,
        reason="Sound",
        by=person("rita"),
        at=now(),
        proof=approvals.Proof(PASSWORD),
    )


def row_of(shown, version):
    table = shown.dataframe[0].value
    return table[table["version"] == version].iloc[0]


def test_the_inventory_of_a_day_says_who_approved_what_on_which_evidence(look, tiny):
    approve(tiny)
    asked = requests.get(tiny.workspace.cursor(), tiny.waiting)

    row = row_of(look("inventory", asof=day(0)), "credit/1")

    assert (row["stage"], row["approved by"], row["request"]) == ("validated", "rita", asked.id)
    assert row["stood on"] == ", ".join(asked.evidence)


def test_a_day_before_the_approval_shows_the_stage_before_it(look, tiny):
    approve(tiny)

    row = row_of(look("inventory", asof=day(1)), "credit/1")

    assert (row["stage"], row["approved by"]) == ("candidate", "")


def test_a_day_before_everything_says_that_nothing_was_registered(look):
    assert "Nothing was registered by then" in words_of(look("inventory", asof=day(30)))


def test_without_a_day_the_inventory_is_of_now_with_health(look):
    assert "health" in look("inventory").dataframe[0].value.columns
