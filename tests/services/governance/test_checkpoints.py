"""Do signatures show what the chain alone cannot: a cut-off end, a trail written anew?"""

import json
import shutil
from dataclasses import replace
from datetime import timedelta

import duckdb
import pytest
from furniture import NOW, ROOT, Bench, actor, furnished

from lifecycle.adapters import keys
from lifecycle.domain.actor import Role
from lifecycle.domain.audit import AuditEvent
from lifecycle.domain.checkpoint import EVENTS, message
from lifecycle.domain.model import Stage
from lifecycle.errors import DamagedStore
from lifecycle.services import access, approvals, sealing, trail, workspaces
from lifecycle.store import audit, checkpoints
from lifecycle.store.connection import Workspace

AUDITOR = actor("aud")


@pytest.fixture
def sealed(workspace):
    return sealing.attach(workspace)


def happen(workspace, *, count=1, action="person.note", at=NOW):
    with workspace.transaction() as tx:
        for _ in range(count):
            audit.append(tx, AuditEvent(action, "person:dev", "adm", at))


def signed(workspace):
    return [one.sequence for one in checkpoints.every(workspace.cursor())]


def kinds(examination):
    return [(f.sequence, str(f.kind)) for f in examination.findings]


def exported(workspace, tmp_path):
    file = tmp_path / "trail.jsonl"
    trail.export(workspace, file, by=AUDITOR, at=NOW)
    header, *lines = file.read_text().rstrip("\n").split("\n")
    return file, json.loads(header), lines


def write(file, header, lines):
    file.write_text("\n".join([json.dumps(header), *lines]) + "\n")


def test_a_decision_is_signed_with_it_and_the_rest_at_intervals(sealed):
    bench = Bench(sealed)
    version = bench.version()
    bench.evidence(version)
    happen(sealed)
    first = signed(sealed)
    happen(sealed, at=NOW + timedelta(minutes=59))
    assert signed(sealed) == first == [3], "the key comes with the first signature"

    approvals.request(
        sealed, "credit", "1", to=Stage.VALIDATED, reason="ready", by=actor("dev"), at=NOW
    )
    decided = audit.head(sealed.cursor())[0]
    happen(sealed, at=NOW + timedelta(hours=1))
    happen(sealed, count=EVENTS, at=NOW + timedelta(hours=1))

    hourly = decided + 1
    assert signed(sealed) == [*first, decided, hourly, hourly + EVENTS]
    assert trail.verify(sealed, by=AUDITOR) == []


def test_a_transaction_that_fails_leaves_no_signature_behind(sealed):
    happen(sealed)
    before = signed(sealed)

    def fail():
        with sealed.transaction() as tx:
            audit.append(tx, AuditEvent("request.open", "request:req-1", "dev", NOW))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert signed(sealed) == before


def test_the_three_claims_are_told_apart(sealed):
    happen(sealed)
    happen(sealed, at=NOW - timedelta(hours=2))

    found = trail.examine(sealed, by=AUDITOR)

    assert found.findings == []
    assert found.integrity.events == 4
    assert found.integrity.anchored
    assert found.authenticity.signed == 3
    assert not found.authenticity.trusted, "the keys come with the trail"
    assert found.authenticity.keys == (sealing.signing_key(sealed).id,)
    assert found.time.backwards == 1, "a clock that jumps back is told, not forbidden"
    assert found.time.signed_at == NOW


def test_a_signature_made_while_the_trail_is_examined_is_no_finding(sealed, monkeypatch):
    happen(sealed)
    whole = audit.stream

    def meanwhile(con, **options):
        happen(sealed)
        trail.seal(sealed, by=AUDITOR, at=NOW)
        return whole(con, **options)

    monkeypatch.setattr(audit, "stream", meanwhile)

    assert trail.examine(sealed, by=AUDITOR).findings == []


def test_a_trail_without_signatures_says_so_and_is_still_whole(workspace):
    found = trail.examine(workspace, by=AUDITOR)

    assert found.findings == []
    assert (found.authenticity.signed, found.authenticity.signatures) == (0, 0)


def test_an_end_cut_off_together_with_the_head_shows_by_the_signature(sealed, tmp_path):
    happen(sealed, count=3)
    file, header, lines = exported(sealed, tmp_path)
    last = json.loads(lines[-3])
    header |= {"sequence": last["sequence"], "hash": last["hash"]}
    write(file, header, lines[:-2])

    found = trail.examine_file(file)

    assert kinds(found) == [(last["sequence"] + 1, "truncated")]
    assert found.integrity.findings == (), "by itself the shorter chain is whole"


def test_an_end_cut_off_with_its_signatures_shows_by_a_checkpoint_kept_elsewhere(sealed, tmp_path):
    happen(sealed, count=3)
    public = sealing.signing_key(sealed).public
    file, header, lines = exported(sealed, tmp_path)
    kept = trail.checkpoint_of(json.dumps(header["checkpoints"][-1]))
    last = json.loads(lines[-3])
    header |= {"sequence": last["sequence"], "hash": last["hash"], "checkpoints": []}
    write(file, header, lines[:-2])

    assert trail.examine_file(file, public=public).findings == []
    found = trail.examine_file(file, public=public, kept=kept)
    assert kinds(found) == [(last["sequence"] + 1, "truncated")]


def test_a_trail_written_anew_and_signed_with_another_key_shows_by_the_key(sealed, tmp_path):
    public = sealing.signing_key(sealed).public
    with furnished(tmp_path / "forged") as other:
        sealing.attach(other)
        happen(other, count=3)
        file, header, _ = exported(other, tmp_path)

    assert trail.examine_file(file).findings == [], "the copy agrees with itself"
    found = trail.examine_file(file, public=public)
    assert {kind for _, kind in kinds(found)} == {"forged"}
    assert len(found.findings) == len(header["checkpoints"])
    assert found.authenticity.signed == 0


def test_a_chain_rewritten_under_honest_signatures_shows(sealed, tmp_path):
    happen(sealed, count=3)
    file, header, _ = exported(sealed, tmp_path)
    with furnished(tmp_path / "forged") as other:
        for _ in range(5):
            happen(other, action="person.forged")
        forged, other_header, lines = exported(other, tmp_path)
    other_header["checkpoints"] = header["checkpoints"]
    other_header["keys"] = header["keys"]
    write(forged, other_header, lines)

    assert {kind for _, kind in kinds(trail.examine_file(forged))} == {"replaced"}
    assert file.exists()


@pytest.mark.parametrize(
    "edit",
    [
        lambda one: one | {"sequence": one["sequence"] - 1},
        lambda one: one | {"at": "2026-11-03T09:00:00+00:00"},
        lambda one: one | {"root": "0" * 64},
        lambda one: one | {"signature": "00" * 64},
    ],
)
def test_a_signature_holds_for_what_was_signed_and_nothing_else(sealed, tmp_path, edit):
    happen(sealed)
    file, header, lines = exported(sealed, tmp_path)
    header["checkpoints"][-1] = edit(header["checkpoints"][-1])
    write(file, header, lines)

    assert "forged" in {kind for _, kind in kinds(trail.examine_file(file))}


def test_a_checkpoint_forged_in_the_database_shows_here_too(sealed):
    happen(sealed)
    home = sealed.home
    sealed.close()
    with duckdb.connect(str(home / "lifecycle.duckdb")) as con:
        con.execute(
            "CREATE TABLE loose AS SELECT * REPLACE (repeat('0', 64) AS root) FROM checkpoint"
        )
        con.execute("DROP TABLE checkpoint CASCADE")
        con.execute("ALTER TABLE loose RENAME TO checkpoint")

    with Workspace.open(home) as opened:
        assert {kind for _, kind in kinds(trail.examine(opened, by=AUDITOR))} == {"forged"}


def test_the_key_survives_reopening_and_never_leaves_with_a_backup(sealed, tmp_path):
    happen(sealed)
    home, first = sealed.home, sealing.signing_key(sealed)
    secret = sealing.key_file(sealed).read_bytes().split(b"\n")[1]
    copy = tmp_path / "copy.tar"
    workspaces.backup(sealed, copy, by=ROOT, at=NOW)
    sealed.close()

    assert secret not in copy.read_bytes()
    assert b"signing.pem" not in copy.read_bytes()
    with workspaces.open(home) as again:
        assert sealing.signing_key(again) == first
    workspaces.restore(copy, tmp_path / "back", by=ROOT, at=NOW)
    with workspaces.open(tmp_path / "back") as back:
        known = checkpoints.public_keys(back.cursor())
        assert set(known) == {first.id, sealing.signing_key(back).id}
        assert trail.verify(back, by=AUDITOR) == [], "what the old key signed still verifies"


def test_a_new_key_is_an_event_so_replacing_it_shows(sealed):
    happen(sealed)
    home = sealed.home
    sealed.close()
    shutil.rmtree(home / "keys")
    with workspaces.open(home) as again:
        access.add_person(again, "new", roles={Role.VIEWER}, by=ROOT, at=NOW + timedelta(hours=2))
        actions = [link.event.action for link in audit.links(again.cursor())]
        assert actions.count("key.add") == 2


def test_a_key_that_others_can_read_stops_the_server(sealed):
    sealing.key_file(sealed).chmod(0o640)
    home = sealed.home
    sealed.close()
    with pytest.raises(DamagedStore, match="set its mode to 600"):
        workspaces.open(home)


def test_a_quiet_hour_is_signed_once_by_the_clockwork(sealed):
    happen(sealed)
    happen(sealed, at=NOW + timedelta(minutes=5))

    assert sealing.keep_up(sealed, at=NOW + timedelta(minutes=30)) is None
    late = sealing.keep_up(sealed, at=NOW + timedelta(hours=1))

    assert late is not None
    assert late.sequence == audit.head(sealed.cursor())[0]
    assert sealing.keep_up(sealed, at=NOW + timedelta(hours=9)) is None


def test_signing_twice_without_news_gives_the_same_checkpoint(sealed):
    happen(sealed)
    first = trail.seal(sealed, by=AUDITOR, at=NOW)
    again = trail.seal(sealed, by=AUDITOR, at=NOW + timedelta(hours=1))

    assert first == again
    assert sealing.is_signed(sealed.cursor(), first)
    assert not sealing.is_signed(sealed.cursor(), replace(first, at=NOW + timedelta(hours=1)))
    assert keys.verify(sealing.signing_key(sealed).public, message(first), first.signature)
