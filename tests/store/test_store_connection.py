import json
import os
import subprocess
import sys
import textwrap
import threading
import time

import duckdb
import pytest
from trail import event, fill, intruder

from lifecycle.domain.audit import GENESIS, verify
from lifecycle.errors import Conflict, DamagedStore, NotFound, WorkspaceBusy
from lifecycle.store import audit, connection, durable
from lifecycle.store.connection import Workspace


def test_a_new_workspace_has_its_folders_and_says_whether_it_is_a_sample(tmp_path, at):
    for sample in (True, False):
        home = tmp_path / str(sample)
        with Workspace.create(home, at=at, sample=sample) as workspace:
            assert workspace.sample is sample
            folders = (workspace.artifacts, workspace.logs, workspace.jobs, workspace.tmp)
            assert all(folder.is_dir() and folder.parent == home for folder in folders)
        with Workspace.open(home) as workspace:
            assert workspace.sample is sample


def test_a_workspace_is_not_made_over_another(workspace, at):
    with pytest.raises(Conflict, match="already a workspace"):
        Workspace.create(workspace.home, at=at)


def test_an_empty_folder_is_not_a_workspace(tmp_path):
    with pytest.raises(NotFound, match="lifecycle init"):
        Workspace.open(tmp_path)


def test_opening_an_existing_workspace_takes_less_than_half_a_second(tmp_path, at):
    with Workspace.create(tmp_path, at=at) as workspace:
        fill(workspace, count=30)
    start = time.process_time()
    Workspace.open(tmp_path).close()
    assert time.process_time() - start < 0.5


def test_a_transaction_that_fails_half_way_leaves_nothing(workspace):
    fill(workspace, count=1)
    file = workspace.logs / "new.parquet"

    def fail():
        with workspace.transaction() as tx:
            audit.append(tx, event(2))
            file.touch()
            workspace.remove_on_rollback(file)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert audit.head(workspace.cursor())[0] == 1 == workspace.kept_head()[0]
    assert not file.exists()
    fill(workspace, count=1)
    assert audit.head(workspace.cursor())[0] == 2


def test_files_stay_when_the_commit_ends_in_an_unclear_error(workspace):
    class Unclear:
        def commit(self):
            raise duckdb.IOException("disk full after the commit")

    file = workspace.logs / "new.parquet"
    file.touch()
    workspace.remove_on_rollback(file)
    with pytest.raises(duckdb.IOException):
        workspace._commit(Unclear())
    assert workspace._fresh == []


def test_a_conflict_at_commit_is_a_sentence_and_undoes_the_files(workspace):
    with workspace.transaction() as tx:
        tx.execute("CREATE TABLE t (k INTEGER PRIMARY KEY)")
    file = workspace.logs / "new.parquet"
    file.touch()
    other = workspace.cursor()
    other.begin()
    other.execute("INSERT INTO t VALUES (1)")

    def collide():
        with workspace.transaction() as tx:
            workspace.remove_on_rollback(file)
            tx.execute("INSERT INTO t VALUES (1)")
            other.commit()

    with pytest.raises(Conflict, match="somebody else changed it first"):
        collide()
    assert not file.exists()


def test_a_transaction_inside_a_transaction_is_a_mistake_that_is_named(workspace):
    with workspace.transaction():
        with pytest.raises(RuntimeError, match="open in this thread"), workspace.transaction():
            pass
        assert workspace._writing
    fill(workspace, count=1)


def test_readers_in_other_threads_see_whole_transactions_only(workspace):
    with workspace.transaction() as tx:
        tx.execute("CREATE TABLE pair (side VARCHAR, amount INTEGER)")
        tx.execute("INSERT INTO pair VALUES ('a', 0), ('b', 0)")
    sums = set()

    def read():
        for _ in range(40):
            sums.add(workspace.cursor().execute("SELECT sum(amount) FROM pair").fetchall()[0][0])

    threads = [threading.Thread(target=read) for _ in range(3)]
    for thread in threads:
        thread.start()
    for step in range(20):
        with workspace.transaction() as tx:
            tx.execute("UPDATE pair SET amount = $n WHERE side = 'a'", {"n": step})
            tx.execute("UPDATE pair SET amount = -$n WHERE side = 'b'", {"n": step})
    for thread in threads:
        thread.join()
    assert sums == {0}


def test_sql_reaches_neither_other_files_nor_extensions_nor_settings(workspace, tmp_path):
    secret = tmp_path / "secret.csv"
    secret.write_text("a\n1\n")
    con = workspace.cursor()
    refused = [
        f"SELECT * FROM read_csv('{secret}')",
        f"SELECT * FROM read_csv('{workspace.logs}/../../secret.csv')",
        f"COPY (SELECT 1) TO '{tmp_path}/out.csv'",
        f"ATTACH '{tmp_path}/other.duckdb' AS other",
        "INSTALL httpfs",
        "SET enable_external_access = true",
        "SET allowed_directories = ['/']",
    ]
    for statement in refused:
        with pytest.raises(duckdb.Error):
            con.execute(statement).fetchall()


def test_the_same_process_opens_a_workspace_once(workspace):
    with pytest.raises(WorkspaceBusy, match="this process has"):
        Workspace.open(workspace.home)
    workspace.close()
    workspace.close()
    Workspace.open(workspace.home).close()


OPENING = """
import sys
from pathlib import Path
from lifecycle.errors import WorkspaceBusy
from lifecycle.store.connection import Workspace
try:
    Workspace.open(Path(sys.argv[1]))
except WorkspaceBusy as error:
    print(error)
"""


def other_process_opens(home):
    done = subprocess.run(
        [sys.executable, "-c", OPENING, str(home)], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_a_second_process_is_told_where_the_server_is_and_what_to_do(workspace):
    workspace.announce(url="http://127.0.0.1:8501")
    said = other_process_opens(workspace.home)
    for part in (str(os.getpid()), "http://127.0.0.1:8501", "LIFECYCLE_SERVER", "LIFECYCLE_TOKEN"):
        assert part in said
    assert "\n" not in said
    workspace.close()
    assert not (workspace.home / "server.json").exists()


def test_a_second_process_waits_for_one_that_ends_and_not_for_a_server(workspace):
    wait = OPENING.replace("sys.argv[1])", "sys.argv[1]), wait=20")
    started = "print('started', flush=True)\n" + wait + "print('open')"
    command = [sys.executable, "-c", started, str(workspace.home)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "started\n"
        time.sleep(0.3)
        workspace.close()
        assert other.stdout.read() == "open\n"

    with Workspace.open(workspace.home) as again:
        again.announce(url="http://127.0.0.1:8501")
        begun = time.monotonic()
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        assert "LIFECYCLE_SERVER" in done.stdout
        assert time.monotonic() - begun < 15


def test_a_stale_note_about_a_server_is_not_believed(workspace):
    (workspace.home / "server.json").write_text('{"pid": 1, "url": "http://elsewhere"}')
    said = other_process_opens(workspace.home)
    assert f"open in process {os.getpid()}" in said
    assert "elsewhere" not in said


def test_without_a_known_process_the_sentence_still_says_what_is_wrong(tmp_path):
    assert "open in another process" in connection._busy(tmp_path, "Could not set lock on file")


def test_a_file_that_is_no_database_is_called_damaged(tmp_path, at):
    Workspace.create(tmp_path, at=at).close()
    (tmp_path / "lifecycle.duckdb").write_bytes(b"x" * 20_000)
    with pytest.raises(DamagedStore, match="cannot be opened"):
        Workspace.open(tmp_path)


@pytest.mark.parametrize("kind", [duckdb.SerializationException, duckdb.IOException])
def test_a_database_that_cannot_be_read_is_called_damaged(workspace, monkeypatch, kind):
    workspace.close()

    def fail(*_, **__):
        raise kind("broken block\nsecond line")

    monkeypatch.setattr(connection.duckdb, "connect", fail)
    with pytest.raises(DamagedStore, match=r"broken block$"):
        Workspace.open(workspace.home)


def test_the_url_of_a_server_is_named_when_the_lock_is_its_own(tmp_path):
    (tmp_path / "server.json").write_text('{"pid": 7, "url": "http://here"}')
    said = connection._busy(tmp_path, "Conflicting lock is held in python (PID 7)")
    assert "served by process 7 at http://here" in said


def test_a_trail_behind_its_anchor_is_refused_and_can_be_inspected_only(tmp_path, at):
    with Workspace.create(tmp_path, at=at) as workspace:
        fill(workspace)
    with intruder(tmp_path) as con:
        con.execute("DELETE FROM loose WHERE sequence >= 5")
    with pytest.raises(DamagedStore, match="events 5 to 6 at the end are gone"):
        Workspace.open(tmp_path)
    with Workspace.open(tmp_path, inspect=True) as workspace:
        assert workspace.damage is not None
        assert "events 5 to 6" in workspace.damage
        assert len(audit.links(workspace.cursor())) == 4
        with pytest.raises(DamagedStore), workspace.transaction():
            pass
    assert json.loads((tmp_path / "audit.head.json").read_text())["sequence"] == 6


@pytest.mark.parametrize("content", [None, "", "{}", '{"sequence": "x", "hash": ""}', "[1]"])
def test_a_missing_or_broken_anchor_is_refused(tmp_path, at, content):
    with Workspace.create(tmp_path, at=at) as workspace:
        fill(workspace, count=2)
    anchor = tmp_path / "audit.head.json"
    anchor.unlink() if content is None else anchor.write_text(content)
    with pytest.raises(DamagedStore, match=r"anchor .*audit\.head\.json"):
        Workspace.open(tmp_path)


def test_a_trail_ahead_of_its_anchor_is_a_crash_and_is_caught_up(tmp_path, at):
    with Workspace.create(tmp_path, at=at) as workspace:
        fill(workspace, count=2)
        older = (tmp_path / "audit.head.json").read_text()
        fill(workspace, count=1)
        newest = workspace.kept_head()
    (tmp_path / "audit.head.json").write_text(older)
    with Workspace.open(tmp_path) as workspace:
        assert workspace.kept_head() == newest
    assert older != json.dumps({"sequence": 0, "hash": GENESIS})


def test_unfinished_files_of_a_crash_are_removed_at_open(tmp_path, at):
    Workspace.create(tmp_path, at=at).close()
    for name in ("abc.part", "abc.part.wal", "keep.csv"):
        (tmp_path / "tmp" / name).touch()
    with Workspace.open(tmp_path) as workspace:
        assert [file.name for file in workspace.tmp.iterdir()] == ["keep.csv"]


def test_a_failed_write_leaves_the_old_file_and_no_part(tmp_path):
    target = tmp_path / "a.json"
    durable.place_json(target, {"a": 1})

    def fail(part):
        part.write_text("half")
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        durable.place(target, via=tmp_path, write=fail)
    assert [file.name for file in tmp_path.iterdir()] == ["a.json"]
    assert json.loads(target.read_text()) == {"a": 1}


WRITING = textwrap.dedent("""
    import sys
    from datetime import UTC, datetime
    from pathlib import Path
    from lifecycle.domain.audit import AuditEvent
    from lifecycle.store import audit
    from lifecycle.store.connection import Workspace
    workspace = Workspace.open(Path(sys.argv[1]))
    while True:
        with workspace.transaction() as tx:
            link = audit.append(tx, AuditEvent("a.b", "c", "ada", datetime.now(UTC)))
        print(link.sequence, link.hash, flush=True)
""")


def test_a_killed_process_loses_nothing_it_acknowledged(tmp_path, at):
    Workspace.create(tmp_path, at=at).close()
    acknowledged = {}
    for wanted in (5, 40):
        process = subprocess.Popen(
            [sys.executable, "-c", WRITING, str(tmp_path)], stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        for _ in range(wanted):
            sequence, digest = process.stdout.readline().split()
            acknowledged[int(sequence)] = digest
        process.kill()
        for line in process.stdout.read().splitlines():
            sequence, digest = line.split()
            acknowledged[int(sequence)] = digest
        process.wait()
        process.stdout.close()
    with Workspace.open(tmp_path) as workspace:
        links = audit.links(workspace.cursor())
        kept = {link.sequence: link.hash for link in links}
        assert acknowledged.items() <= kept.items()
        assert verify(links, head=workspace.kept_head()) == []
