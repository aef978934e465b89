"""Is what was erased gone everywhere, does the chain still hold, and does a hold hold?"""

import json
from datetime import timedelta

import pytest
from furniture import NOW, ROOT, actor
from hypothesis import given
from hypothesis import strategies as st

from lifecycle.domain.actor import Actor, Role
from lifecycle.domain.delivery import ChannelKind
from lifecycle.domain.retention import periods_with
from lifecycle.errors import Conflict, FourEyesViolation, InvalidInput, NotAllowed, NotFound
from lifecycle.services import access, alerting, erasure, trail, workspaces
from lifecycle.services.alerting import channels
from lifecycle.store import audit, deliveries, holds, keys, people, shredding

ADMIN, AUDITOR = actor("adm"), actor("aud")
DAY = timedelta(days=1)


@pytest.fixture
def left(workspace):
    """A workspace with somebody who has left."""
    access.add_person(workspace, "zoe", display="Zoë Q.", roles={Role.VIEWER}, by=ADMIN, at=NOW)
    access.deactivate(workspace, "zoe", by=ADMIN, at=NOW)
    return workspace


def added(workspace, name="zoe"):
    found = audit.search(workspace.cursor(), action="person.add", subject=f"person:{name}")
    return found[0].event


def erase(workspace, *, at=NOW):
    return erasure.erase(workspace, "zoe", reason="she asked", by=ADMIN, at=at)


def test_a_name_in_the_trail_is_readable_until_it_is_erased_and_never_after(left, tmp_path):
    assert "Zoë" not in json.dumps(dict(added(left).details), ensure_ascii=False)
    assert erasure.opened(left, added(left))["display"] == "Zoë Q."
    before = added(left)

    erase(left)

    assert added(left) == before, "the chain keeps what was written"
    assert erasure.opened(left, added(left))["display"] == erasure.ERASED
    assert people.get(left.cursor(), "zoe").display == erasure.ERASED
    assert trail.verify(left, by=AUDITOR) == []
    file = tmp_path / "trail.jsonl"
    trail.export(left, file, by=AUDITOR, at=NOW)
    assert trail.verify_file(file) == []
    assert "Zoë" not in file.read_text()


def test_a_copy_made_before_the_erasure_cannot_be_read_either(left, tmp_path):
    copy = tmp_path / "copy.tar"
    workspaces.backup(left, copy, by=ROOT, at=NOW)
    erase(left)

    workspaces.restore(copy, tmp_path / "back", by=ROOT, at=NOW)

    with workspaces.open(tmp_path / "back") as back:
        assert erasure.opened(back, added(back))["display"] == erasure.ERASED


def test_only_a_closed_account_is_erased_once_by_an_administrator_with_a_reason(left):
    with pytest.raises(NotAllowed):
        erasure.erase(left, "zoe", reason="x", by=AUDITOR, at=NOW)
    with pytest.raises(InvalidInput, match="give a reason"):
        erasure.erase(left, "zoe", reason=" ", by=ADMIN, at=NOW)
    with pytest.raises(Conflict, match="close it first"):
        erasure.erase(left, "dev", reason="x", by=ADMIN, at=NOW)
    erase(left)
    with pytest.raises(Conflict, match="erased already"):
        erase(left)


def test_a_crash_between_record_and_destruction_is_made_up_for_at_the_next_start(left, monkeypatch):
    monkeypatch.setattr(shredding, "destroy", lambda *_: None)
    erase(left)
    monkeypatch.undo()
    home = left.home
    assert any(erasure.folder(left).iterdir())
    left.close()

    with workspaces.open(home) as again:
        assert erasure.opened(again, added(again))["display"] == erasure.ERASED


def test_a_hold_keeps_what_it_covers_until_a_second_person_releases_it(left):
    placed = erasure.hold(left, "person:zoe", reason="court order", by=ADMIN, at=NOW)
    with pytest.raises(Conflict, match=r"legal hold hold-1 \(court order\)"):
        erase(left)
    with pytest.raises(FourEyesViolation):
        erasure.release(left, placed.id, reason="over", by=ADMIN, at=NOW)

    erasure.release(left, placed.id, reason="case closed", by=ROOT, at=NOW)

    erase(left)
    with pytest.raises(Conflict, match="released already"):
        erasure.release(left, placed.id, reason="again", by=ROOT, at=NOW)
    actions = [link.event.action for link in audit.links(left.cursor())]
    assert [a for a in actions if a.startswith("hold.")] == ["hold.place", "hold.release"]


@pytest.mark.parametrize(
    ("subject", "error", "sentence"),
    [
        ("zoe", InvalidInput, "covers everything or person:NAME, .*, not 'zoe'"),
        ("request:req-1", InvalidInput, "not 'request:req-1'"),
        ("Everything", InvalidInput, "not 'Everything'"),
        ("person:zo", NotFound, "did you mean 'zoe'"),
        ("model:none", NotFound, "no model 'none'"),
        ("version:none/1", NotFound, "no version 'none/1'"),
        ("snapshot:none@1", NotFound, "no snapshot 'none@1'"),
    ],
)
def test_a_hold_on_what_is_not_there_is_refused(left, subject, error, sentence):
    with pytest.raises(error, match=sentence):
        erasure.hold(left, subject, reason="court order", by=ADMIN, at=NOW)

    assert holds.every(left.cursor()) == []


def test_a_hold_on_everything_covers_everybody(left):
    erasure.hold(left, "everything", reason="inquiry", by=ADMIN, at=NOW)

    with pytest.raises(Conflict, match="legal hold"):
        erase(left)
    assert holds.every(left.cursor())[0].active


def test_what_is_due_goes_what_is_held_stays_and_the_trail_tells_how_much(left):
    with left.transaction() as tx:
        keys.remember(tx, "old", "dev", {"a": 1}, NOW)
        keys.remember(tx, "new", "dev", {"a": 1}, NOW + 1090 * DAY)
    later = NOW + 1095 * DAY
    counts = {str(d.period.record_class): d.due for d in erasure.due(left.cursor(), at=later)}
    assert (counts["personal"], counts["responses"], counts["trail"]) == (1, 1, 0)

    gone = erasure.dispose(left, by=ADMIN, at=later)

    assert gone == {"personal": 1, "responses": 1, "messages": 0, "sensitive": 0}
    assert people.get(left.cursor(), "zoe").display == erasure.ERASED
    assert keys.remembered(left.cursor(), "new", "dev") == {"a": 1}
    assert audit.search(left.cursor(), limit=1)[0].event.details == gone
    assert trail.verify(left, by=AUDITOR) == []


def test_under_a_hold_nothing_is_disposed_of(left):
    with left.transaction() as tx:
        keys.remember(tx, "old", "dev", {"a": 1}, NOW)
    erasure.hold(left, "everything", reason="inquiry", by=ADMIN, at=NOW)
    later = NOW + 2000 * DAY

    assert {d.held for d in erasure.due(left.cursor(), at=later) if d.held} == {1}
    assert erasure.dispose(left, by=ADMIN, at=later) == dict.fromkeys(
        ("personal", "responses", "messages", "sensitive"), 0
    )
    assert people.get(left.cursor(), "zoe").display == "Zoë Q."


def test_an_installation_chooses_its_periods_and_the_clock_applies_them(left):
    with left.transaction() as tx:
        keys.remember(tx, "old", "dev", {"a": 1}, NOW)
    periods = periods_with([("personal", 90), ("responses", 7)])
    before = left.kept_head()
    assert erasure.dispose_by_clock(left, at=NOW + 6 * DAY, periods=periods) == {}
    assert left.kept_head() == before

    gone = erasure.dispose_by_clock(left, at=NOW + 90 * DAY, periods=periods)

    assert gone == {"personal": 1, "responses": 1, "messages": 0, "sensitive": 0}
    event = audit.search(left.cursor(), limit=1)[0].event
    assert (event.by, event.via) == ("clock@lifecycle", "clock")
    shown = {str(d.period.record_class): d.period.days for d in erasure.due(left.cursor(), at=NOW)}
    assert shown["personal"] == 1095, "the house's where nobody chose"


def test_a_hold_wins_over_the_clock(left):
    erasure.hold(left, "person:zoe", reason="court order", by=ADMIN, at=NOW)

    periods = periods_with([("personal", 1)])
    assert erasure.dispose_by_clock(left, at=NOW + 9 * DAY, periods=periods) == {}
    assert people.get(left.cursor(), "zoe").display == "Zoë Q."


@pytest.mark.parametrize(
    ("chosen", "sentence"),
    [
        (("trail", 10), "a period is chosen for messages, personal, responses"),
        (("tail", 10), "has 'tail'"),
        (("personal", 0), "at least one"),
    ],
)
def test_a_period_that_cannot_be_chosen_is_named(chosen, sentence):
    with pytest.raises(InvalidInput, match=sentence):
        periods_with([chosen])


def test_old_messages_go_and_those_that_wait_stay(left):
    channels.add(left, "log", kind=ChannelKind.FILE, by=ADMIN, at=NOW)
    channels.try_out(left, "log", by=ADMIN, at=NOW)
    alerting.deliver(left, by=actor("val"), at=NOW)
    channels.try_out(left, "log", by=ADMIN, at=NOW + DAY)

    gone = erasure.dispose(left, by=ADMIN, at=NOW + 400 * DAY)

    assert gone["messages"] == 1
    assert [str(one.state) for one in deliveries.every(left.cursor())] == ["queued"]


def test_looking_at_personal_texts_is_itself_an_event(left):
    assert erasure.read_personal(left, added(left), by=AUDITOR, at=NOW)["display"] == "Zoë Q."
    event = audit.search(left.cursor(), limit=1)[0].event

    assert (event.action, event.by, event.subject) == ("read.personal", "aud", "person:zoe")
    with pytest.raises(NotAllowed):
        erasure.read_personal(left, added(left), by=Actor("x", frozenset()), at=NOW)


@given(text=st.text(max_size=50), name=st.sampled_from(["ana", "bea"]))
def test_what_is_sealed_opens_for_its_person_alone_and_not_when_changed(
    tmp_path_factory, text, name
):
    folder = tmp_path_factory.mktemp("keys")
    sealed = shredding.seal(folder, name, text)

    assert shredding.is_sealed(sealed)
    assert shredding.unseal(folder, name, sealed) == text
    assert shredding.unseal(folder, "cleo", sealed) is None
    shredding.seal(folder, "cleo", "x")
    assert shredding.unseal(folder, "cleo", sealed) is None
    assert shredding.unseal(folder, name, sealed[:-4] + "AAA=") is None
    shredding.destroy(folder, name)
    assert shredding.unseal(folder, name, sealed) is None
