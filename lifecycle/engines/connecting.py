"""How DuckDB is opened to count: in memory, downloading nothing, its settings locked."""

import tempfile

import duckdb

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
