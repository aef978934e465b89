from app.session import now
from lifecycle.domain.actor import Role
from lifecycle.domain.approval import Code, Status, Vote
from lifecycle.domain.evidence import Evidence, Purpose
from lifecycle.domain.model import Stage
from lifecycle.services import access, approvals
from lifecycle.store import evidence, models, requests
from tests.app.tiny_workspace import OPERATOR, PASSWORD, person
from tests.app.words_on_screen import words_of


def sign(shown, tiny, *, password=PASSWORD):
    shown.text_input(key=f"secret_{tiny.waiting}").set_value(password)
    shown.button(key=f"sign_{tiny.waiting}").click().run()


def test_the_queue_says_what_waits_for_the_approver(look, tiny):
    text = words_of(look("approvals"))

    assert "Waiting for you (1)" in text
    assert f"**{tiny.waiting}**: move credit/1 from candidate to validated" in text
    assert tiny.closed in text


def test_the_requester_sees_their_request_among_those_that_wait_for_others(look):
    text = words_of(look("approvals", who="dan"))

    assert "Waiting for you (0)" in text
    assert "Waiting for others (1)" in text


def test_a_button_of_the_queue_opens_the_request(look, tiny):
    shown = look("approvals")

    shown.button(key=f"open_{tiny.waiting}").click().run()

    assert f"{tiny.waiting}: move credit/1 from candidate to validated" in words_of(shown)


def test_the_address_opens_one_request_with_gate_evidence_and_hashes(look, tiny):
    asked = requests.get(tiny.workspace.cursor(), tiny.waiting)

    text = words_of(look("approvals", request=tiny.waiting))

    assert ":green-badge[:material/check_circle: passed]" in text
    assert "All 2 rules pass" in text
    assert asked.bundle in text
    assert asked.policy_sha256 in text
    assert asked.evidence[0] in text


def test_the_requester_is_told_why_they_cannot_decide(look, tiny):
    shown = look("approvals", who="dan", request=tiny.waiting)

    assert "a second person must decide" in words_of(shown)
    assert not shown.radio


def test_whoever_produced_the_evidence_is_told_so(look, tiny):
    shown = look("approvals", who="vera", request=tiny.waiting)

    assert "produced its evidence" in words_of(shown)
    assert not shown.radio


def test_somebody_without_the_role_is_told_who_decides(look, tiny):
    for name in ("mo", "ada", "otto"):
        shown = look("approvals", who=name, request=tiny.waiting)

        assert "somebody with the role approver does" in words_of(shown)
        assert not shown.radio


def test_an_approver_signs_and_the_version_moves(look, tiny):
    shown = look("approvals", request=tiny.waiting)
    shown.radio(key=f"vote_{tiny.waiting}").set_value(Vote.APPROVE).run()
    shown.text_area(key=f"reason_{tiny.waiting}").set_value("Sound on both data sets")

    sign(shown, tiny)

    con = tiny.workspace.cursor()
    kept = requests.get(con, tiny.waiting)
    assert not shown.exception
    assert "it is approved now" in words_of(shown)
    assert kept.status is Status.APPROVED
    assert kept.decisions[0].reason == "Sound on both data sets"
    assert models.version(con, "credit", "1").stage is Stage.VALIDATED


def test_a_rejection_without_a_reason_changes_nothing_and_says_so(look, tiny):
    shown = look("approvals", request=tiny.waiting)
    shown.radio(key=f"vote_{tiny.waiting}").set_value(Vote.REJECT).run()

    sign(shown, tiny)

    assert "give a code" in words_of(shown)
    shown.selectbox(key=f"code_{tiny.waiting}").set_value(Code.LIMIT)
    sign(shown, tiny)
    assert "give a reason" in words_of(shown)
    assert requests.get(tiny.workspace.cursor(), tiny.waiting).status is Status.OPEN


def test_nothing_can_be_signed_before_a_vote_is_chosen(look, tiny):
    shown = look("approvals", request=tiny.waiting)

    assert shown.button(key=f"sign_{tiny.waiting}").disabled


def test_a_request_whose_evidence_changed_is_stale_and_cannot_be_approved(look, tiny):
    fresh = Evidence("credit/1", Purpose.PERFORMANCE, None, (), created_at=now(), created_by="vera")
    with tiny.workspace.transaction() as tx:
        evidence.add(tx, fresh)
    shown = look("approvals", request=tiny.waiting)
    shown.radio(key=f"vote_{tiny.waiting}").set_value(Vote.APPROVE).run()

    sign(shown, tiny)

    text = words_of(shown)
    assert f"newer performance evidence {fresh.id}" in text
    assert "Evidence changed" in text
    assert requests.get(tiny.workspace.cursor(), tiny.waiting).status is Status.OPEN


def test_a_vote_that_somebody_else_overtook_is_a_conflict_in_one_sentence(look, tiny):
    shown = look("approvals", request=tiny.waiting)
    shown.radio(key=f"vote_{tiny.waiting}").set_value(Vote.APPROVE).run()
    approvals.withdraw(tiny.workspace, tiny.waiting, reason="Not yet", by=person("dan"), at=now())

    sign(shown, tiny)

    assert not shown.exception
    assert "This request is withdrawn." in words_of(shown)


def test_the_requester_can_take_it_back(look, tiny):
    shown = look("approvals", who="dan", request=tiny.waiting)

    shown.text_input(key=f"why_{tiny.waiting}").set_value("A better one is coming")
    shown.button(key=f"take_back_{tiny.waiting}").click().run()

    assert requests.get(tiny.workspace.cursor(), tiny.waiting).status is Status.WITHDRAWN


def test_a_closed_request_shows_its_votes_and_no_form(look, tiny):
    shown = look("approvals", request=tiny.closed)

    assert "**rita**, reject" in words_of(shown)
    assert "The target moved" in words_of(shown)
    assert not shown.radio


def test_an_address_with_an_unknown_request_shows_the_queue(look):
    assert "Waiting for you (1)" in words_of(look("approvals", request="req-99"))


def test_the_right_password_is_asked_again_before_a_vote_counts(look, tiny):
    shown = look("approvals", request=tiny.waiting)
    shown.radio(key=f"vote_{tiny.waiting}").set_value(Vote.APPROVE).run()

    sign(shown, tiny, password="not the password")

    assert "The password is wrong" in words_of(shown)
    assert requests.get(tiny.workspace.cursor(), tiny.waiting).decisions == ()


def test_a_conditional_approval_names_what_by_whom_and_until_when(look, tiny):
    shown = look("approvals", request=tiny.waiting)
    shown.radio(key=f"vote_{tiny.waiting}").set_value(Vote.CONDITIONAL).run()
    shown.selectbox(key=f"code_{tiny.waiting}").set_value(Code.FAIRNESS)
    shown.text_area(key=f"reason_{tiny.waiting}").set_value("Small groups are thin")
    shown.text_input(key=f"what_{tiny.waiting}_0").set_value("Measure by region")
    shown.selectbox(key=f"owner_{tiny.waiting}_0").set_value("vera")

    sign(shown, tiny)

    assert "Left to be done" in words_of(shown)
    assert "Measure by region" in words_of(shown)
    answering = look("approvals", who="vera", request=tiny.waiting)
    answering.text_input(key="text_find-1").set_value("Measured, nothing stands out").run()
    answering.button(key="act_find-1").click().run()
    assert "find-1 is answered now." in words_of(answering)


def test_what_people_type_is_shown_as_text(look, tiny):
    typed = "<img src=x> [a](http://b.c) **bold** `code` $x$ :red[y]\x07"
    approvals.comment(tiny.workspace, tiny.waiting, typed, by=person("vera"), at=now())

    shown = [m.value for m in look("approvals", request=tiny.waiting).markdown]

    (line,) = [value for value in shown if "img" in value]
    assert line.startswith(r"\<img src=x\> \[a\](http\://b.c) \*\*bold\*\*")
    assert "\x07" not in line


def test_a_comment_is_kept_and_mentions_reach_the_queue(look, tiny):
    shown = look("approvals", request=tiny.waiting)
    shown.text_area(key=f"comment_{tiny.waiting}").set_value("@vera which rows?").run()
    shown.button(key=f"send_{tiny.waiting}").click().run()

    assert not shown.exception
    assert "Also for you (1)" in words_of(look("approvals", who="vera"))


def test_the_page_says_who_must_agree_who_still_can_and_who_cannot(look, tiny):
    said = words_of(look("approvals", request=tiny.waiting))

    assert "0 of 1 by approver" in said
    assert "Can still vote: rita." in said
    assert "Cannot decide, having a part in it: dan, vera." in said
    assert "No version of this model was approved for validated before." in said


def test_somebody_who_decides_can_let_an_equal_decide(look, tiny):
    access.add_person(tiny.workspace, "rob", roles={Role.APPROVER}, by=OPERATOR, at=now())
    shown = look("approvals")
    shown.selectbox(key="taker").set_value("rob")
    shown.text_input(key="lend_reason").set_value("On leave").run()

    shown.button(key="lend").click().run()

    assert "rob decides for you until" in words_of(shown)
    assert "**rob** decides for **rita**" in words_of(shown)


def test_what_somebody_owes_stands_on_the_overview_with_its_request(look, tiny):
    approvals.comment(tiny.workspace, tiny.waiting, "@vera which rows?", by=person("dan"), at=now())

    text = words_of(look("overview", who="vera"))

    assert f"dan mentions you on {tiny.waiting}" in text.replace("\\", "")
