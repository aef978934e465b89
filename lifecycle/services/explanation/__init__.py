"""What drives a version: asked for as a job, computed in a worker, kept as evidence."""

from lifecycle.services.explanation import decisions
from lifecycle.services.explanation.asking import (
    EFFECTS_FILE,
    EXPLAIN,
    KIND,
    LOCAL_FILE,
    MOST_ROWS,
    explain,
    finished,
    run_now,
)

KINDS = {EXPLAIN: KIND, decisions.EXPLAIN_DECISION: decisions.KIND}
"""For the runner: how explanation jobs start and what is kept of them."""

__all__ = [
    "EFFECTS_FILE",
    "EXPLAIN",
    "KINDS",
    "LOCAL_FILE",
    "MOST_ROWS",
    "explain",
    "finished",
    "run_now",
]
