"""Who counts: from rows to mergeable summaries; DuckDB by default."""

from lifecycle.engines.protocol import Engine
from lifecycle.errors import InvalidInput

__all__ = ["Engine", "choose"]


def choose(name: str = "duckdb") -> Engine:
    """Return an engine by name, to be used in a ``with`` statement.

    Raises
    ------
    InvalidInput
        This version has no engine of that name.
    """
    if name == "duckdb":
        from lifecycle.engines.duckdb import DuckDBEngine

        return DuckDBEngine()
    if name == "spark":
        raise InvalidInput("the spark engine is not in this version; use --engine duckdb")
    raise InvalidInput(f"there is no engine {name!r}; this version has: duckdb")
