import json

from playwright.sync_api import expect

from lifecycle.domain.model import Stage
from lifecycle.services import trail
from lifecycle.store import models
from lifecycle.store.connection import Workspace
from tests.app import tiny_workspace
from tests.browser.conftest import serving


def vote(visitor, name):
    visitor.page.get_by_text(name, exact=True).click()
    visitor.page.get_by_label("Reason").fill("The evidence holds on both data sets")
    visitor.page.get_by_role("button", name="Sign and vote").click()


PHONE = {"viewport": {"width": 390, "height": 800}, "has_touch": True, "is_mobile": True}


def test_an_approver_approves_end_to_end_on_a_phone_and_the_requester_cannot(visit, tmp_path):
    home = tmp_path / "workspace"
    tiny_workspace.build(home).workspace.close()
    with serving(home, tmp_path / "server.log") as url:
        requester = visit(url).sign_in("dan", "/approvals?request=req-1")
        requester.sees("a second person must decide")
        assert requester.page.get_by_role("button", name="Sign and vote").count() == 0

        approver = visit(url, **PHONE).sign_in("rita", "/approvals")
        approver.page.get_by_role("button", name="Review and decide").click()
        approver.sees("req-1: move credit/1 from candidate to validated")
        approver.page.wait_for_url(f"{url}/approvals?request=req-1")
        assert approver.page.evaluate("document.documentElement.scrollWidth") <= 390
        vote(approver, "Approve")
        approver.sees("it is approved now")

        auditor = visit(url).sign_in("otto", "/audit?tab=Proof")
        auditor.page.get_by_role("button", name="Verify the chain").click()
        auditor.sees("are unchanged, complete and in order")
        with auditor.page.expect_download() as download:
            auditor.page.get_by_role("button", name="Export the whole chain").click()
        download.value.save_as(tmp_path / "audit.jsonl")

    events = [json.loads(line) for line in (tmp_path / "audit.jsonl").read_text().splitlines()[1:]]
    assert [e["event"]["by"] for e in events if e["event"]["action"] == "request.approve"] == [
        "rita"
    ]
    assert trail.verify_file(tmp_path / "audit.jsonl") == []
    workspace = Workspace.open(home)
    try:
        assert models.version(workspace.cursor(), "credit", "1").stage is Stage.VALIDATED
    finally:
        workspace.close()


def test_a_draft_of_a_reason_outlives_a_look_at_another_page(visit, tiny_server):
    visitor = visit(tiny_server).sign_in("rita", "/approvals?request=req-1")
    reason = visitor.page.get_by_label("Reason")
    reason.fill("Halfway through")
    reason.blur()
    visitor.page.wait_for_timeout(1000)  # what was typed is on its way to the server
    visitor.page.get_by_role("link", name="Jobs").click()
    visitor.ready()

    visitor.page.go_back()
    visitor.sees("req-1: move credit/1")

    visitor.page.wait_for_url(f"{tiny_server}/approvals?request=req-1")
    expect(visitor.page.get_by_label("Reason")).to_have_value("Halfway through")


def test_what_was_said_is_gone_from_its_field_and_waits_for_whom_it_means(visit, tmp_path):
    home = tmp_path / "workspace"
    tiny_workspace.build(home).workspace.close()
    with serving(home, tmp_path / "server.log") as url:
        visitor = visit(url).sign_in("rita", "/approvals?request=req-1")
        field = visitor.page.get_by_label("Say something")
        field.fill("@dan which rows?")
        field.blur()
        send = visitor.page.get_by_role("button", name="Send")
        expect(send).to_be_enabled()
        send.click()
        visitor.sees("Your comment on req-1 is kept.")

        expect(visitor.page.get_by_label("Say something")).to_have_value("")
        meant = visit(url).sign_in("dan", "/approvals")
        meant.sees("rita mentions you on req-1: @dan which rows?")


def test_a_card_is_taken_along_by_whoever_is_signed_in(visit, tiny_server, tmp_path):
    visitor = visit(tiny_server).sign_in("dan", "/model?model=credit&tab=Card")
    button = visitor.page.locator(".st-key-card_markdown button")
    button.wait_for()

    with visitor.page.expect_download() as download:
        button.click()
    download.value.save_as(tmp_path / "card.md")

    assert (tmp_path / "card.md").read_text().startswith("# ")
