"""How DuckDB is opened to count: in memory, downloading nothing, its settings locked."""

import tempfile

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
