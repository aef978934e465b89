"""What drives a version: asked for as a job, computed in a worker, kept as evidence."""

from lifecycle.services.explanation.asking import (
    EXPLAIN,
    KINDS,
    LOCAL_FILE,
    MOST_ROWS,
    explain,
    finished,
    run_now,
)

__all__ = ["EXPLAIN", "KINDS", "LOCAL_FILE", "MOST_ROWS", "explain", "finished", "run_now"]
