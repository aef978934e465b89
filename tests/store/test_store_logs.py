from datetime import UTC, date, datetime, timedelta

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lifecycle.errors import InvalidInput
from lifecycle.store import logs


def write(workspace, table, version_id="m/1"):
    with workspace.transaction() as tx:
        return logs.write_predictions(tx, workspace, version_id, table)


def outcomes(workspace, table, model_id="m"):
    with workspace.transaction() as tx:
        return logs.write_outcomes(tx, workspace, model_id, table)


def on_disk(workspace):
    return sorted(file for file in workspace.home.rglob("*.parquet"))


def rows_of(files):
    query = "SELECT * FROM read_parquet($files, hive_partitioning = false) ORDER BY lc_at, lc_id"
    found = duckdb.sql(query, params={"files": [str(f) for f in files]})
    assert found is not None
    return found.to_arrow_table().to_pylist()


def test_rows_come_back_from_one_file_per_day_and_ingestion(workspace, predictions):
    table = predictions(10, days=4)
    shuffled = table.take([3, 9, 0, 7, 1, 8, 2, 6, 4, 5])
    days = write(workspace, shuffled)
    more = write(workspace, predictions(3, first=100))
    con = workspace.cursor()
    assert days == [date(2026, 5, 4) + timedelta(i) for i in range(4)]
    assert more == days[:1] == logs.dirty(con, "m/1")[:1]
    kept = logs.days(con, "m/1")
    assert [(d.day, len(d.files)) for d in kept] == [
        (day, 2 - bool(i)) for i, day in enumerate(days)
    ]
    assert sum(d.rows for d in kept) == 13
    files = logs.files(con, "m/1")
    assert files == [file for day in kept for file in day.files]
    assert sorted(files) == on_disk(workspace)
    assert files[0].parent == workspace.logs / "m" / "1" / "day=2026-05-04"
    expected = [*table.to_pylist(), *predictions(3, first=100).to_pylist()]
    assert rows_of(files) == sorted(expected, key=lambda row: (row["lc_at"], row["lc_id"]))
    assert logs.files(con, "m/1", days[1:3]) == files[2:4]
    assert logs.files(con, "m/1", []) == []
    assert logs.files(con, "m/2") == []
    assert logs.days(con, "m/2") == []
    assert logs.damaged(con) == []


def test_first_and_last_prediction_and_dirty_days_are_known(workspace, predictions):
    con = workspace.cursor()
    assert logs.first_last(con, "m/1") is None
    table = predictions(4, days=2)
    days = write(workspace, table)
    times = table["lc_at"].to_pylist()
    assert logs.first_last(con, "m/1") == (times[0], times[-1])
    with workspace.transaction() as tx:
        logs.clear_dirty(tx, "m/1", days[:1])
    assert logs.dirty(con, "m/1") == days[1:]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda t: t.slice(0, 0), "there are no rows"),
        (lambda t: t.drop_columns("lc_id"), "there is no column 'lc_id'"),
        (lambda t: t.drop_columns("lc_at"), "there is no column 'lc_at'"),
        (
            lambda t: t.set_column(0, "lc_id", pa.array(["a", "b", None, "d"])),
            "column 'lc_id' is empty in row 3",
        ),
        (
            lambda t: t.set_column(0, "lc_id", pa.array([{"a": 1}] * 4)),
            r"column 'lc_id' must hold text, not struct.*",
        ),
        (
            lambda t: t.set_column(0, "lc_id", pa.array(["a", "b", "c", "b"])),
            "row 4 repeats the id 'b' of row 2",
        ),
        (
            lambda t: t.set_column(1, "lc_at", pa.array(["2026"] * 4)),
            "column 'lc_at' must hold times, not string",
        ),
        (
            lambda t: t.set_column(1, "lc_at", pa.array([None] * 4, pa.timestamp("us", tz="UTC"))),
            "column 'lc_at' is empty in row 1",
        ),
    ],
)
def test_bad_rows_get_one_sentence_and_write_nothing(workspace, predictions, change, sentence):
    with pytest.raises(InvalidInput, match=f"^{sentence}$"):
        write(workspace, change(predictions(4)))
    assert on_disk(workspace) == []
    assert logs.days(workspace.cursor(), "m/1") == []


def test_an_id_of_the_log_is_refused_with_its_row_whatever_its_day(workspace, predictions):
    write(workspace, predictions(6, days=3))
    before = on_disk(workspace)
    mixed = predictions(3).set_column(0, "lc_id", pa.array(["new", "newer", "id-5"]))
    with pytest.raises(InvalidInput, match="row 3: the id 'id-5' is in the log of m/1 already"):
        write(workspace, mixed)
    assert on_disk(workspace) == before
    assert write(workspace, predictions(6, days=3), version_id="m/2")


def test_a_failure_after_writing_takes_the_files_back(workspace, predictions):
    def fail():
        with workspace.transaction() as tx:
            logs.write_predictions(tx, workspace, "m/1", predictions(6, days=3))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert on_disk(workspace) == []
    assert logs.files(workspace.cursor(), "m/1") == []
    assert list(workspace.tmp.iterdir()) == []


def test_times_without_zone_are_utc_and_ids_of_other_types_become_text(workspace):
    table = pa.table(
        {
            "lc_id": pa.array([7, 8]),
            "lc_at": pa.array([datetime(2026, 1, 1, 23, 59)] * 2, pa.timestamp("ns")),  # noqa: DTZ001 -- what a CSV gives
        }
    )
    assert write(workspace, table) == [date(2026, 1, 1)]
    [first, second] = rows_of(logs.files(workspace.cursor(), "m/1"))
    assert (first["lc_id"], second["lc_id"]) == ("7", "8")
    assert first["lc_at"].astimezone(UTC) == datetime(2026, 1, 1, 23, 59, tzinfo=UTC)


def test_a_column_keeps_the_type_it_had_first(workspace, predictions):
    write(workspace, predictions(2, extra=pa.array([1.5, 2.5])))
    write(workspace, predictions(2, first=2, extra=pa.array([1, 2]), new=pa.array([1, 2])))
    types = {pq.read_schema(f).field("extra").type for f in on_disk(workspace)}
    assert types == {pa.float64()}
    with pytest.raises(InvalidInput, match="'extra' is string here and double in the log of m/1"):
        write(workspace, predictions(2, first=4, extra=pa.array(["1", "two"])))


def test_outcomes_touch_the_days_of_their_predictions_in_every_version(workspace, predictions):
    days = write(workspace, predictions(6, days=3))
    write(workspace, predictions(2, days=1), version_id="m/2")
    write(workspace, predictions(6, days=3), version_id="other/1")
    with workspace.transaction() as tx:
        for version in ("m/1", "m/2", "other/1"):
            logs.clear_dirty(tx, version, days)
    late = datetime(2026, 7, 1, tzinfo=UTC)
    known = pa.table(
        {"lc_id": ["id-0", "id-5", "never"], "outcome": [1, 0, 1], "known_at": [late] * 3}
    )
    assert outcomes(workspace, known) == [days[0], days[2]]
    con = workspace.cursor()
    assert logs.dirty(con, "m/1") == [days[0], days[2]]
    assert logs.dirty(con, "m/2") == [days[0]]
    assert logs.dirty(con, "other/1") == []
    [file] = logs.outcome_files(con, "m")
    assert file.parent == workspace.logs / "m" / "+outcomes"
    assert pq.read_table(file).to_pylist() == known.to_pylist()
    assert len(logs.files(con, "m/1")) == 3


def test_outcomes_may_come_before_predictions_and_without_a_time(workspace, predictions):
    assert outcomes(workspace, pa.table({"lc_id": ["id-0"], "outcome": ["yes"]})) == []
    write(workspace, predictions(1))
    assert outcomes(workspace, pa.table({"lc_id": ["zzz"], "outcome": ["no"]})) == []
    assert len(logs.outcome_files(workspace.cursor(), "m")) == 2


def test_repeated_or_unusable_outcomes_are_refused(workspace):
    outcomes(workspace, pa.table({"lc_id": ["a"], "outcome": [1]}))
    for table, words in (
        (pa.table({"lc_id": ["b", "a"], "outcome": [1, 0]}), "row 2: the id 'a' is in the outc"),
        (pa.table({"lc_id": ["b"]}), "no column 'outcome'"),
        (pa.table({"lc_id": ["b"], "outcome": ["x"]}), "'outcome' is string here and int64 in"),
    ):
        with pytest.raises(InvalidInput, match=words):
            outcomes(workspace, table)
    assert len(on_disk(workspace)) == 1


def test_files_that_a_crash_left_unlisted_are_not_read(workspace, predictions):
    write(workspace, predictions(2))
    stray = on_disk(workspace)[0].with_name("stray.parquet")
    stray.write_bytes(b"half a file")
    assert stray not in logs.files(workspace.cursor(), "m/1")
    write(workspace, predictions(2, first=2))


def test_a_log_file_that_is_gone_or_changed_is_found(workspace, predictions):
    write(workspace, predictions(4, days=2))
    gone, changed = logs.files(workspace.cursor(), "m/1")
    gone.unlink()
    changed.write_bytes(changed.read_bytes()[:-1])
    first, second = logs.damaged(workspace.cursor())
    assert "day=2026-05-04" in first
    assert first.endswith("is gone")
    assert second.endswith("was changed since it was written")


@pytest.mark.parametrize("name", ["..", ".", "a b", "+outcomes", "ü/?*", "v1.0"])
def test_any_version_name_stays_inside_its_own_folder(workspace, predictions, name):
    write(workspace, predictions(1), version_id=f"m/{name}")
    [file] = logs.files(workspace.cursor(), f"m/{name}")
    folder = file.resolve().relative_to(workspace.logs.resolve()).parts
    assert len(folder) == 4
    assert folder[1] != "+outcomes"
