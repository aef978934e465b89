import threading
from datetime import UTC, datetime, timedelta, timezone

import duckdb
import pytest
from trail import START, event, fill, intruder

from lifecycle.domain.audit import GENESIS, Tampering, verify
from lifecycle.errors import Conflict, DamagedStore, InvalidInput
from lifecycle.store import audit
from lifecycle.store.connection import Workspace


def test_an_untouched_trail_verifies_and_reads_back_as_written(workspace):
    fill(workspace)
    links = audit.links(workspace.cursor())
    assert [link.event for link in links] == [event(number) for number in range(1, 7)]
    assert verify(links, head=workspace.kept_head()) == []
    assert audit.head(workspace.cursor()) == (6, links[-1].hash) == workspace.kept_head()


def test_an_empty_trail_has_the_origin_as_its_head(workspace):
    assert audit.head(workspace.cursor()) == (0, GENESIS)
    assert verify(audit.links(workspace.cursor()), head=workspace.kept_head()) == []


def test_times_in_other_zones_and_keys_that_json_changes_still_verify(workspace):
    zone = timezone(timedelta(hours=5, minutes=30))
    odd = event(1, at=START.astimezone(zone), details={"by count": {10: "a", 9: ("b", "c")}})
    with workspace.transaction() as tx:
        written = audit.append(tx, odd)
    links = audit.links(workspace.cursor())
    assert links == [written]
    assert links[0].event.at == START
    assert links[0].event.at.tzinfo is UTC
    assert verify(links) == []


def test_a_time_without_a_zone_is_refused_and_nothing_is_appended(workspace):
    naive = event(1, at=datetime(2026, 1, 1))  # noqa: DTZ001 -- the mistake under test
    with pytest.raises(InvalidInput, match="no time zone"), workspace.transaction() as tx:
        audit.append(tx, naive)
    assert audit.head(workspace.cursor()) == (0, GENESIS)


TAMPERING = [
    ("UPDATE loose SET reason = 'forged' WHERE sequence = 3", 3, Tampering.CHANGED),
    ("UPDATE loose SET actor = 'eve' WHERE sequence = 6", 6, Tampering.CHANGED),
    ("UPDATE loose SET details = '{}' WHERE sequence = 1", 1, Tampering.CHANGED),
    ("DELETE FROM loose WHERE sequence = 4", 4, Tampering.REMOVED),
    ("DELETE FROM loose WHERE sequence = 1", 1, Tampering.REMOVED),
    ("DELETE FROM loose WHERE sequence > 4", 5, Tampering.TRUNCATED),
    ("DELETE FROM loose", 1, Tampering.TRUNCATED),
    (
        "UPDATE loose SET sequence = 5 - sequence WHERE sequence IN (2, 3)",
        2,
        Tampering.REORDERED,
    ),
]


@pytest.mark.parametrize(("sql", "sequence", "kind"), TAMPERING)
def test_tampering_in_the_database_is_found_and_named(tmp_path, at, sql, sequence, kind):
    with Workspace.create(tmp_path, at=at) as workspace:
        fill(workspace)
    with intruder(tmp_path) as con:
        con.execute(sql)
    with Workspace.open(tmp_path, inspect=True) as workspace:
        findings = verify(audit.links(workspace.cursor()), head=workspace.kept_head())
    assert (findings[0].sequence, findings[0].kind) == (sequence, kind)


def test_an_inserted_event_is_found_and_named(tmp_path, at):
    with Workspace.create(tmp_path, at=at) as workspace:
        fill(workspace)
    with intruder(tmp_path) as con:
        con.execute(
            """
            INSERT INTO loose
            SELECT * REPLACE ('eve' AS actor, 'not the real hash' AS hash)
            FROM loose WHERE sequence = 3
            """
        )
    with Workspace.open(tmp_path, inspect=True) as workspace:
        findings = verify(audit.links(workspace.cursor()), head=workspace.kept_head())
    assert 3 in {finding.sequence for finding in findings}


def test_a_chain_forged_as_a_whole_differs_from_the_head_kept_outside(tmp_path, at):
    with Workspace.create(tmp_path / "true", at=at) as workspace:
        fill(workspace)
    with Workspace.create(tmp_path / "forged", at=at) as workspace:
        for number in range(1, 7):
            with workspace.transaction() as tx:
                audit.append(tx, event(number, by="eve"))
    (tmp_path / "forged" / "lifecycle.duckdb").replace(tmp_path / "true" / "lifecycle.duckdb")
    with pytest.raises(DamagedStore, match="event 6 is not the one whose hash was kept"):
        Workspace.open(tmp_path / "true")


@pytest.mark.parametrize("statement", ["DELETE FROM audit", "UPDATE audit SET reason = ''"])
def test_the_trail_refuses_changes_through_the_product(workspace, statement):
    fill(workspace, count=2)
    with pytest.raises(duckdb.Error, match="audit is append-only"), workspace.transaction() as tx:
        tx.execute(statement)
    assert len(audit.links(workspace.cursor())) == 2


def test_two_threads_that_append_make_one_chain(workspace):
    def work(name):
        for number in range(15):
            with workspace.transaction() as tx:
                audit.append(tx, event(number, by=name))

    threads = [threading.Thread(target=work, args=(name,)) for name in ("ada", "bob")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    links = audit.links(workspace.cursor())
    assert [link.sequence for link in links] == list(range(1, 31))
    assert verify(links, head=workspace.kept_head()) == []


def test_a_fork_of_the_chain_cannot_be_committed(workspace):
    fill(workspace, count=1)
    behind = workspace.cursor()
    behind.begin()
    audit.append(behind, event(7))

    def fork():
        with workspace.transaction() as tx:
            audit.append(tx, event(8))
            behind.commit()

    with pytest.raises(Conflict, match="somebody else"):
        fork()
    assert [link.event.by for link in audit.links(workspace.cursor())] == ["ada", "ada"]


def test_search_finds_by_every_filter_newest_first(workspace):
    fill(workspace)
    with workspace.transaction() as tx:
        audit.append(tx, event(7, action="request.approve", subject="request:req-1"))
    con = workspace.cursor()

    def numbers(**filters):
        return [link.sequence for link in audit.search(con, **filters)]

    assert numbers() == [7, 6, 5, 4, 3, 2, 1]
    assert numbers(limit=2, offset=1) == [6, 5]
    assert numbers(text="REASON 3") == [3]
    assert numbers(text="100%") == []
    assert numbers(by="bob") == [6, 4, 2]
    assert numbers(subject="version:credit/2") == [2]
    assert numbers(action="request") == [7]
    assert numbers(action="version.move", by="ada") == [5, 3, 1]
    between = {"start": START + timedelta(minutes=2), "end": START + timedelta(minutes=4)}
    assert numbers(**between) == [3, 2]
    assert audit.count(con, by="bob") == 3


def test_a_stream_gives_every_link_once_whatever_a_portion_holds(workspace, monkeypatch):
    with workspace.transaction() as tx:
        for number in range(7):
            audit.append(tx, event(number))
    whole = audit.links(workspace.cursor())

    for portion in (1, 2, 3, 100):
        monkeypatch.setattr(audit, "PORTION", portion)
        assert list(audit.stream(workspace.cursor())) == whole
        assert list(audit.stream(workspace.cursor(), until=4)) == whole[:4]


def test_a_stream_gives_links_that_share_a_number_and_jumps_over_gaps(monkeypatch):
    numbers = [1, 2, 2, 3, 900_000_000]
    with duckdb.connect() as con:
        con.execute(
            """
            CREATE TABLE audit AS
            SELECT sequence, 'a' AS action, 's' AS subject, 'ada' AS actor, now() AS happened_at,
                '' AS reason, 'session' AS via, '{}' AS details, '' AS previous, '' AS hash
            FROM (SELECT unnest($numbers::BIGINT[]) AS sequence)
            """,
            {"numbers": numbers},
        )
        monkeypatch.setattr(audit, "PORTION", 2)

        assert [link.sequence for link in audit.stream(con)] == numbers
