import json
from datetime import timedelta

import duckdb
import pytest
from furniture import NOW, ROOT, actor

from lifecycle.domain.actor import Role
from lifecycle.domain.audit import GENESIS
from lifecycle.errors import Conflict, DamagedStore, InvalidInput, LifecycleError, NotAllowed
from lifecycle.services import access, trail, workspaces
from lifecycle.store import audit, checkpoints, people
from lifecycle.store import policies as published
from lifecycle.store.connection import Workspace

AUDITOR = actor("aud")


def write_some(workspace):
    for name in ("ada", "bea", "cleo"):
        access.add_person(workspace, name, roles={Role.VIEWER}, by=ROOT, at=NOW)


def kinds(findings):
    return [(f.sequence, str(f.kind)) for f in findings]


def test_an_honest_trail_verifies_here_and_as_a_copy(workspace, tmp_path):
    write_some(workspace)
    file = tmp_path / "trail.jsonl"

    head = trail.export(workspace, file, by=AUDITOR, at=NOW)

    assert trail.verify(workspace, by=AUDITOR) == []
    assert trail.verify_file(file) == []
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    (signed,) = lines[0].pop("checkpoints")
    assert lines[0] == {
        "format": "lifecycle-audit-trail/1",
        "sequence": head[0],
        "hash": head[1],
        "exported_at": "2026-11-02T09:00:00.000000+00:00",
        "keys": checkpoints.public_keys(workspace.cursor()),
    }
    assert (signed["sequence"], signed["hash"]) == head
    assert lines[-1]["event"]["action"] == "trail.export"
    assert lines[-1]["event"]["by"] == "aud"
    assert head == audit.head(workspace.cursor()) == workspace.kept_head()
    assert [f.name for f in tmp_path.iterdir() if f.is_file()] == ["trail.jsonl"]


def test_a_reason_with_line_separators_survives_the_copy(workspace, tmp_path):
    reason = "one\ntwo\u2028three\x85four"
    access.set_roles(workspace, "dev", roles={Role.VIEWER}, by=actor("adm"), at=NOW, reason=reason)
    file = tmp_path / "trail.jsonl"

    trail.export(workspace, file, by=AUDITOR, at=NOW)

    assert trail.verify_file(file) == []


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        (lambda x: [*x[:2], x[2].replace('"by":"root@local"', '"by":"x"'), *x[3:]], (2, "changed")),
        (lambda x: x[:2] + x[3:], (2, "removed")),
        (lambda x: [*x[:3], x[1], *x[3:]], (1, "inserted")),
        (lambda x: [*x[:2], x[3], x[2], *x[4:]], (2, "reordered")),
        (lambda x: x[:-1], (6, "truncated")),
    ],
)
def test_an_edited_copy_names_what_was_done_to_it(workspace, tmp_path, edit, expected):
    write_some(workspace)
    file = tmp_path / "trail.jsonl"
    trail.export(workspace, file, by=AUDITOR, at=NOW)
    file.write_text("\n".join(edit(file.read_text().rstrip("\n").split("\n"))) + "\n")

    assert kinds(trail.verify_file(file))[0] == expected


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", "line 1 is not JSON"),
        ("[]", "line 1 holds no event"),
        ('{"format": "other"}', "line 1: this is no exported trail"),
        ('{"format": "lifecycle-audit-trail/1"}', "line 1: the header lacks the head"),
        ("HEAD\n{}", "line 2 holds no event"),
        ("HEAD\n\n", "line 2 is not JSON"),
        ('HEAD\n{"event": {"at": "noon"}}', "line 2 holds no event"),
    ],
)
def test_a_file_that_is_no_export_is_refused_with_its_line(tmp_path, content, sentence):
    header = json.dumps({"format": trail.FORMAT, "sequence": 1, "hash": "x"})
    file = tmp_path / "x.jsonl"
    file.write_text(content.replace("HEAD", header))

    with pytest.raises(InvalidInput, match=sentence):
        trail.verify_file(file)
    with pytest.raises(InvalidInput, match="cannot be read"):
        trail.verify_file(tmp_path / "absent.jsonl")


def test_an_export_that_cannot_be_written_leaves_nothing(workspace, tmp_path):
    before = audit.head(workspace.cursor())

    with pytest.raises(InvalidInput, match="cannot be written"):
        trail.export(workspace, tmp_path / "no" / "trail.jsonl", by=AUDITOR, at=NOW)

    assert audit.head(workspace.cursor()) == before


def test_tampering_with_the_table_is_found_and_can_still_be_exported(workspace, tmp_path):
    write_some(workspace)
    home = workspace.home
    workspace.close()
    with duckdb.connect(str(home / "lifecycle.duckdb")) as con:
        con.execute("CREATE TABLE copied AS SELECT * FROM audit WHERE sequence < 4")
        con.execute("DROP TABLE audit CASCADE")
        con.execute("ALTER TABLE copied RENAME TO audit")
    with pytest.raises(DamagedStore):
        Workspace.open(home)

    damaged = Workspace.open(home, inspect=True)
    try:
        assert kinds(trail.verify(damaged, by=AUDITOR)) == [(4, "truncated")]
        file = tmp_path / "trail.jsonl"
        trail.export(damaged, file, by=AUDITOR, at=NOW)
        assert trail.verify_file(file) == []
    finally:
        damaged.close()


def test_an_empty_damaged_trail_is_exported_with_its_origin_as_head(workspace, tmp_path):
    home = workspace.home
    workspace.close()
    with duckdb.connect(str(home / "lifecycle.duckdb")) as con:
        con.execute("CREATE TABLE copied AS SELECT * FROM audit WHERE false")
        con.execute("DROP TABLE audit CASCADE")
        con.execute("ALTER TABLE copied RENAME TO audit")
    damaged = Workspace.open(home, inspect=True)
    try:
        head = trail.export(damaged, tmp_path / "t.jsonl", by=AUDITOR, at=NOW)
        assert head == (0, GENESIS)
        assert trail.verify_file(tmp_path / "t.jsonl") == []
    finally:
        damaged.close()


def test_a_new_workspace_has_a_policy_an_administrator_and_one_way_in(tmp_path):
    made, secret = workspaces.create(tmp_path / "ws", admin="ada", at=NOW)
    with made:
        assert not made.sample
        assert published.current(made.cursor()).name == "house"
        assert [p.name for p in people.every(made.cursor())] == ["ada"]
        assert secret is not None
        session, _ = access.take_invitation(made, secret, at=NOW + timedelta(hours=23))
        ada = access.actor_of_session(made, session, at=NOW + timedelta(hours=23))
        assert ada is not None
        assert ada.roles == {Role.ADMINISTRATOR}
        assert trail.verify(made, by=ada) == []
        said = [(k.event.action, k.event.by, k.event.via) for k in audit.links(made.cursor())]
        assert said[:2] == [
            ("workspace.create", "init@local", "local"),
            ("policy.publish", "init@local", "local"),
        ]
    with pytest.raises(Conflict, match="already a workspace"):
        workspaces.create(tmp_path / "ws", admin="ada", at=NOW)
    with workspaces.open(tmp_path / "ws") as again:
        assert audit.head(again.cursor())[0] == len(said)


def test_a_sample_workspace_may_start_without_anybody(tmp_path):
    made, secret = workspaces.create(tmp_path / "ws", admin=None, at=NOW, sample=True)
    with made:
        assert made.sample
        assert secret is None
        assert people.every(made.cursor()) == []


def test_an_impossible_administrator_makes_no_workspace(tmp_path):
    with pytest.raises(InvalidInput, match="an account name"):
        workspaces.create(tmp_path / "ws", admin="Ada Lovelace", at=NOW)
    assert not (tmp_path / "ws").exists()


def test_a_workspace_whose_making_fails_is_let_go_of(tmp_path, monkeypatch):
    def fail(*_, **__):
        raise DamagedStore("the disk is full")

    monkeypatch.setattr("lifecycle.services.policies.install", fail)
    with pytest.raises(DamagedStore, match="disk is full"):
        workspaces.create(tmp_path / "ws", admin="ada", at=NOW)
    workspaces.open(tmp_path / "ws").close()


def test_a_copy_brings_everything_back_and_the_trail_says_so(workspace, tmp_path):
    write_some(workspace)
    copy = tmp_path / "copy.zip"

    manifest = workspaces.backup(workspace, copy, by=ROOT, at=NOW)
    workspaces.restore(copy, tmp_path / "back", by=ROOT, at=NOW)

    assert manifest
    assert audit.search(workspace.cursor(), limit=1)[0].event.action == "workspace.backup"
    with Workspace.open(tmp_path / "back") as back:
        assert people.every(back.cursor()) == people.every(workspace.cursor())
        assert trail.verify(back, by=AUDITOR) == []
        restored, introduced = audit.links(back.cursor())[-2:]
        assert restored.event.action == "workspace.restore"
        assert introduced.event.action == "key.add", "a copy signs with a key of its own"
    with pytest.raises(LifecycleError):
        workspaces.restore(copy, tmp_path / "back", by=ROOT, at=NOW)
    with pytest.raises(NotAllowed):
        workspaces.restore(copy, tmp_path / "other", by=AUDITOR, at=NOW)
    assert not (tmp_path / "other").exists()
