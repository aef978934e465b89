import io
import json
import tarfile
import threading
from datetime import timedelta

import duckdb
import pytest
from trail import event, fill

from lifecycle.domain.audit import verify
from lifecycle.errors import Conflict, DamagedStore, InvalidInput, NotFound
from lifecycle.store import (
    alerts,
    artifacts,
    audit,
    backup,
    logs,
    migrations,
    schema,
    tokens,
)
from lifecycle.store.connection import Workspace


@pytest.fixture
def filled(workspace, predictions):
    fill(workspace, count=3)
    artifacts.put(workspace, b"a model")
    with workspace.transaction() as tx:
        logs.write_predictions(tx, workspace, "m/1", predictions(6, days=3))
        audit.append(tx, event(4))
    return workspace


def everything(home):
    """Read all tables and files of a closed workspace."""
    tables = {}
    with duckdb.connect(str(home / "lifecycle.duckdb"), read_only=True) as con:
        for (name,) in con.execute("SELECT table_name FROM duckdb_tables()").fetchall():
            tables[name] = con.execute(f"SELECT * FROM {name} ORDER BY ALL").fetchall()
    kept = [f for part in ("artifacts", "logs") for f in (home / part).rglob("*") if f.is_file()]
    return tables, {f.relative_to(home): f.read_bytes() for f in kept}


def repacked(file, change):
    """Write a backup again with members changed: name to bytes, or to nothing."""
    with tarfile.open(file) as tar:
        opened = {m.name: tar.extractfile(m) for m in tar.getmembers()}
        members = {name: member.read() for name, member in opened.items() if member}
    change(members)
    with tarfile.open(file, "w") as tar:
        for name, data in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))


def test_the_same_bytes_are_kept_once_and_known_by_their_hash(workspace, tmp_path):
    source = tmp_path / "model.skops"
    source.write_bytes(b"abc")
    sha256 = artifacts.put(workspace, source)
    assert (
        sha256 == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    )  # FIPS 180-2
    assert artifacts.put(workspace, b"abc") == sha256
    assert artifacts.path(workspace, sha256).read_bytes() == b"abc"
    assert len([f for f in workspace.artifacts.rglob("*") if f.is_file()]) == 1
    artifacts.verify(workspace, sha256)


def test_a_damaged_artefact_is_found_and_mended_by_putting_it_again(workspace):
    sha256 = artifacts.put(workspace, b"abc")
    artifacts.path(workspace, sha256).write_bytes(b"abd")
    with pytest.raises(DamagedStore, match=f"artefact {sha256} was changed"):
        artifacts.verify(workspace, sha256)
    artifacts.put(workspace, b"abc")
    artifacts.verify(workspace, sha256)


@pytest.mark.parametrize("name", ["f" * 64, "../../lifecycle.duckdb", "", "F" * 64])
def test_an_unknown_or_malformed_hash_finds_no_artefact(workspace, name):
    with pytest.raises(NotFound, match="no artefact"):
        artifacts.path(workspace, name)


def test_a_restored_backup_equals_its_origin(filled, tmp_path):
    file = tmp_path / "copy.tar"
    manifest = backup.backup(filled, file)
    assert manifest["head"] == [4, audit.head(filled.cursor())[1]]
    assert file.stat().st_mode & 0o077 == 0
    backup.restore(file, tmp_path / "restored")
    with Workspace.open(tmp_path / "restored") as restored:
        assert verify(audit.links(restored.cursor()), head=restored.kept_head()) == []
        assert len(logs.files(restored.cursor(), "m/1")) == 3
        assert logs.damaged(restored.cursor()) == []
        for table in schema.APPEND_ONLY:
            with pytest.raises(duckdb.Error, match="append-only"):
                restored.cursor().execute(f"DELETE FROM {table}")
        fill(restored, count=1)
        assert audit.head(filled.cursor())[0] == 4
    filled.close()
    backup.restore(file, tmp_path / "again")
    assert everything(tmp_path / "again") == everything(filled.home)
    assert {f.name for f in tmp_path.iterdir()} == {"home", "copy.tar", "restored", "again"}
    assert list(filled.tmp.iterdir()) == []


def test_a_backup_taken_while_others_write_is_consistent(filled, tmp_path, predictions):
    stop = threading.Event()

    def work():
        number = 1
        while not stop.is_set():
            with filled.transaction() as tx:
                table = predictions(2, first=1000 * number)
                logs.write_predictions(tx, filled, "m/1", table)
                audit.append(tx, event(number, subject="rows"))
            number += 1

    writer = threading.Thread(target=work)
    writer.start()
    try:
        for name in ("a", "b"):
            backup.backup(filled, tmp_path / name)
    finally:
        stop.set()
        writer.join()
    for name in ("a", "b"):
        home = tmp_path / f"restored-{name}"
        backup.restore(tmp_path / name, home)
        with Workspace.open(home) as restored:
            con = restored.cursor()
            links = audit.links(con)
            assert verify(links, head=restored.kept_head()) == []
            assert logs.damaged(con) == []
            ingestions = sum(link.event.subject == "rows" for link in links)
            assert sum(day.rows for day in logs.days(con, "m/1")) == 6 + 2 * ingestions


def test_a_backup_of_damaged_files_is_refused_and_leaves_no_file(filled, tmp_path):
    [artefact] = [f for f in filled.artifacts.rglob("*") if f.is_file()]
    artefact.write_bytes(b"other")
    with pytest.raises(DamagedStore, match=r"the artefact .* was changed"):
        backup.backup(filled, tmp_path / "copy.tar")
    artefact.unlink()
    file = logs.files(filled.cursor(), "m/1")[0]
    whole = file.read_bytes()
    file.write_bytes(b"other")
    with pytest.raises(DamagedStore, match=r"logs/m/1/.* was changed since it was written"):
        backup.backup(filled, tmp_path / "copy.tar")
    file.unlink()
    with pytest.raises(DamagedStore, match=r"logs/m/1/.* is gone"):
        backup.backup(filled, tmp_path / "copy.tar")
    file.write_bytes(whole)
    with pytest.raises(InvalidInput, match="cannot be written"):
        backup.backup(filled, tmp_path / "no" / "copy.tar")
    assert [f.name for f in tmp_path.iterdir()] == ["home"]


def test_a_backup_is_restored_into_an_empty_folder_only(filled, tmp_path):
    backup.backup(filled, tmp_path / "copy.tar")
    target = tmp_path / "target"
    target.mkdir()
    (target / "mine.txt").touch()
    for home in (target, tmp_path / "copy.tar"):
        with pytest.raises(Conflict, match="is not empty"):
            backup.restore(tmp_path / "copy.tar", home)
    (target / "mine.txt").unlink()
    backup.restore(tmp_path / "copy.tar", target)
    Workspace.open(target).close()


def broken(name):
    def change(members):
        found = next(member for member in members if member.startswith(name))
        members[found] = members[found][:-1] + b"?"

    return change


def without(name):
    def change(members):
        del members[next(member for member in members if member.startswith(name))]

    return change


def renamed(to):
    def change(members):
        manifest = json.loads(members["manifest.json"])
        manifest["files"][1]["path"] = to
        members["manifest.json"] = json.dumps(manifest).encode()

    return change


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        (broken("lifecycle.duckdb"), DamagedStore, "lifecycle.duckdb in .* is damaged"),
        (broken("logs/"), DamagedStore, "is damaged; nothing was restored"),
        (broken("artifacts/"), DamagedStore, "is damaged; nothing was restored"),
        (without("artifacts/"), DamagedStore, "is missing in"),
        (without("manifest.json"), InvalidInput, "not a backup"),
        (lambda m: m.update({"manifest.json": b"{}"}), InvalidInput, "not a backup"),
        (lambda m: m.update({"manifest.json": b'{"files": []}'}), InvalidInput, "not a backup"),
        (renamed("../outside"), InvalidInput, "not a backup"),
        (renamed("logs/../../outside"), InvalidInput, "not a backup"),
        (renamed("/etc/cron.d/x"), InvalidInput, "not a backup"),
        (renamed(""), InvalidInput, "not a backup"),
    ],
)
def test_a_damaged_backup_restores_nothing(filled, tmp_path, change, error, words):
    file = tmp_path / "copy.tar"
    backup.backup(filled, file)
    repacked(file, change)
    with pytest.raises(error, match=words):
        backup.restore(file, tmp_path / "restored")
    assert {f.name for f in tmp_path.iterdir()} == {"home", "copy.tar"}


def test_a_truncated_or_missing_backup_restores_nothing(filled, tmp_path):
    file = tmp_path / "copy.tar"
    backup.backup(filled, file)
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    with pytest.raises((InvalidInput, DamagedStore)):
        backup.restore(file, tmp_path / "restored")
    file.write_bytes(b"no tar at all")
    with pytest.raises(InvalidInput, match="not a complete backup"):
        backup.restore(file, tmp_path / "restored")
    with pytest.raises(InvalidInput, match="there is no file"):
        backup.restore(tmp_path / "none.tar", tmp_path / "restored")
    assert not (tmp_path / "restored").exists()


def test_migrations_are_applied_once_and_recorded_with_their_checksums(workspace):
    con = workspace.cursor()
    found = con.execute("SELECT number, name, checksum FROM schema_version ORDER BY 1").fetchall()
    assert found == [
        (n, m.__name__, migrations.checksum(m)) for n, m in enumerate(migrations.MIGRATIONS, 1)
    ]
    assert migrations.apply(con) == []


def test_a_missing_migration_is_applied_when_the_workspace_opens(tmp_path, at, monkeypatch):
    Workspace.create(tmp_path, at=at).close()

    def m007_colour(tx):
        tx.execute("ALTER TABLE model ADD COLUMN colour VARCHAR DEFAULT 'red'")

    monkeypatch.setattr(migrations.apply, "__defaults__", ([*migrations.MIGRATIONS, m007_colour],))
    with Workspace.open(tmp_path) as workspace:
        workspace.cursor().execute("SELECT colour FROM model").fetchall()


def test_summaries_with_rounded_sums_are_forgotten_and_their_monitors_run_anew():
    with duckdb.connect() as con:
        before = migrations.MIGRATIONS.index(migrations.m013_exact_sums)
        migrations.apply(con, migrations.MIGRATIONS[:before])
        con.execute("INSERT INTO monitor_run VALUES ('m/1', now())")
        con.execute(
            "INSERT INTO tally VALUES ('m/1','{}','2026-01-01','errors',[],[],[],[],"
            "[1.5],false,1,0,0,[])"
        )

        migrations.apply(con, migrations.MIGRATIONS[: before + 1])

        for table in ("monitor_run", "binning", "profile", "tally"):
            assert con.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)


def test_tokens_of_before_get_their_makers_from_the_trail_and_links_of_before_end(at):
    with duckdb.connect() as con:
        before = migrations.MIGRATIONS.index(migrations.m025_makers)
        migrations.apply(con, migrations.MIGRATIONS[:before])
        for number, token in enumerate(("lent", "old"), 1):
            con.execute(
                "INSERT INTO token VALUES "
                "($id, $id, 'eve', 'ci', '[\"read\"]', $at, $at, NULL, NULL)",
                {"id": token, "at": at},
            )
            if token == "lent":
                con.execute(
                    "INSERT INTO audit VALUES ($n, 'token.add', 'token:lent', 'anna', $at, '', '', "
                    "'{}', '', 'h')",
                    {"n": number, "at": at},
                )
        con.execute("INSERT INTO invitation VALUES ('h', 'eve', $at, NULL)", {"at": at})

        migrations.apply(con, migrations.MIGRATIONS)

        assert {t.id: t.made_by for t in tokens.every(con)} == {"lent": "anna", "old": ""}
        assert con.execute("SELECT count(*) FROM invitation").fetchone() == (0,)


def test_an_alert_of_before_was_put_before_people_when_it_was_raised(at):
    with duckdb.connect() as con:
        before = migrations.MIGRATIONS.index(migrations.m026_reopened)
        migrations.apply(con, migrations.MIGRATIONS[:before])
        con.execute(
            "INSERT INTO alert VALUES ('alert-1', 1, 'a/1', '1', 'drift', 1, $at, $at, $at, '{}', "
            "'', 'open', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)",
            {"at": at},
        )

        migrations.apply(con, migrations.MIGRATIONS)

        kept = alerts.get(con, "alert-1")
        assert (kept.reopened_at, kept.due) == (None, at + timedelta(hours=72))


def test_a_migration_that_fails_leaves_no_trace(workspace):
    def m007_half(tx):
        tx.execute("CREATE TABLE half (a INTEGER); SELECT * FROM nowhere")

    con = workspace.cursor()
    with pytest.raises(duckdb.CatalogException):
        migrations.apply(con, [*migrations.MIGRATIONS, m007_half])
    assert con.execute("SELECT max(number) FROM schema_version").fetchall() == [
        (len(migrations.MIGRATIONS),)
    ]
    assert ("half",) not in con.execute("SELECT table_name FROM duckdb_tables()").fetchall()


def test_a_database_of_a_newer_or_another_version_is_refused(tmp_path, at):
    with Workspace.create(tmp_path, at=at) as workspace, workspace.transaction() as tx:
        tx.execute("INSERT INTO schema_version VALUES (99, 'm099_later', 'x', now())")
    with pytest.raises(DamagedStore, match="schema 99"):
        Workspace.open(tmp_path)
    with duckdb.connect(str(tmp_path / "lifecycle.duckdb")) as con:
        con.execute("DELETE FROM schema_version WHERE number = 99")
        con.execute("UPDATE schema_version SET checksum = 'other' WHERE number = 2")
    with pytest.raises(DamagedStore, match="migration 2 were made by other statements"):
        Workspace.open(tmp_path)
