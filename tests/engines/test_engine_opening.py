"""What an engine opens, hashes and refuses before it counts anything."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lifecycle.engines import choose
from lifecycle.errors import InvalidInput


def test_the_hash_of_several_files_does_not_depend_on_their_folder(engine, tmp_path):
    for place in ("one", "two"):
        (tmp_path / place).mkdir()
        for name in ("a", "b"):
            pq.write_table(pa.table({"x": [name]}), tmp_path / place / f"{name}.parquet")

    one, two = (engine.open(str(tmp_path / place)) for place in ("one", "two"))

    assert one.sha256 == two.sha256
    assert one.sha256 != engine.open(str(tmp_path / "one" / "a.parquet")).sha256


def test_an_engine_downloads_nothing_and_its_settings_are_locked(engine):
    asked = "SELECT value FROM duckdb_settings() WHERE name LIKE 'auto%known_extensions'"

    assert engine._rows(asked) == [("false",), ("false",)]
    with pytest.raises(Exception, match="locked"):
        engine._rows("SET autoload_known_extensions = true")


def test_an_unknown_engine_is_named():
    with pytest.raises(InvalidInput, match="no engine 'flink'"):
        choose("flink")


def test_columns_are_counted_though_an_earlier_file_is_gone(tmp_path):
    for name, values in (("first", [1.0, 2.0]), ("second", [3.0, 4.0, 4.0])):
        pq.write_table(pa.table({"x": values}), tmp_path / f"{name}.parquet")
    with choose("duckdb") as opened:
        opened.open(str(tmp_path / "first.parquet"))
        (tmp_path / "first.parquet").unlink()
        second = opened.open(str(tmp_path / "second.parquet"))

        found = opened.baseline(second, "x", bins=2, categorical=False, keep=False)

    assert found.counted.profile.n == 3
