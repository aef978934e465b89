"""How DuckDB is opened to count: in memory, downloading nothing, its settings locked."""

import tempfile
import threading
from contextlib import suppress

import duckdb

from lifecycle.engines.reading import FileSet, columns_of, identifier, scan

SETTINGS = (
    "SET TimeZone = 'UTC'",
    "SET python_enable_replacements = false",
    "SET parquet_metadata_cache = true",
    "SET enable_progress_bar = false",
)


def connect(*, threads: int | None = None) -> duckdb.DuckDBPyConnection:
    """Open an empty database in memory; as many threads as there are processors unless given."""
    con = duckdb.connect(
        config={
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "temp_directory": tempfile.gettempdir(),
        }
    )
    chosen = () if threads is None else (f"SET threads = {threads:d}",)
    for statement in (*SETTINGS, *chosen, "SET lock_configuration = true"):
        con.execute(statement)
    return con


class Later:
    """A database that opens when it is first needed, and then runs what was asked of it before."""

    def __init__(self, *, threads: int) -> None:
        self._threads = threads
        self._connection: duckdb.DuckDBPyConnection | None = None
        self._asked: list[str] = []
        self._lock = threading.Lock()

    def execute(self, statement: str) -> None:
        """Run a statement, now or on opening."""
        with self._lock:
            if self._connection is None:
                self._asked.append(statement)
            else:
                self._connection.execute(statement)

    def opened(self) -> duckdb.DuckDBPyConnection:
        """Return the connection, opening it when it is not."""
        with self._lock:
            if self._connection is None:
                self._connection = connect(threads=self._threads)
                for statement in self._asked:
                    with suppress(duckdb.IOException):  # of a file that is gone by now
                        self._connection.execute(statement)
            return self._connection

    def close(self) -> None:
        """Close what was opened."""
        if self._connection is not None:
            self._connection.close()


def parse(con: duckdb.DuckDBPyConnection, relation: str, *, files: FileSet) -> None:
    """Read text files into a table, as numbers where only `inf` or `nan` kept DuckDB from it."""
    con.execute(f"CREATE TABLE {relation} AS SELECT * FROM {scan(files)}")
    if files.format != "csv":
        return
    for column in columns_of(con.execute(f"DESCRIBE {relation}").fetchall()):
        if column.type != "VARCHAR":
            continue
        name = identifier(column.name)
        counts = f"count({name}), count(TRY_CAST({name} AS DOUBLE))"
        held, read = con.execute(f"SELECT {counts} FROM {relation}").fetchall()[0]
        if held and held == read:
            con.execute(f"ALTER TABLE {relation} ALTER {name} SET DATA TYPE DOUBLE")
