"""Trials of the model file: how long a row takes, what it needs, how large it is."""

import contextlib
import sys
import time
from pathlib import Path

from lifecycle.services.validation.bench import Bench
from lifecycle.services.validation.comparing import NO_FILE
from lifecycle.services.validation.tried import Trial, Tried, inapplicable
from lifecycle.stats.validation import resources

CALLS, WARM = 200, 5


def scoring_latency(bench: Bench) -> Trial:
    """Time single rows, one after the other."""
    if bench.model is None:
        yield inapplicable(NO_FILE)
        return
    taken: list[float] = []
    for number in range(WARM + CALLS):
        row = bench.rows.frame.iloc[[number % len(bench.rows)]]
        begun = time.perf_counter()
        bench.model.answers(row)
        taken.append((time.perf_counter() - begun) * 1000)
    yield Tried(resources.scoring_latency(taken[WARM:], confidence=bench.confidence))


def scoring_memory(bench: Bench) -> Trial:
    """Read by how much memory grew since before the model was read."""
    now = peak_memory()
    if bench.model is None or bench.memory is None or now is None:
        yield inapplicable(NO_FILE if bench.model is None else "the system does not tell")
        return
    grown = max(now - bench.memory, 0.0)
    yield Tried(resources.megabytes(grown, n=len(bench.rows)))


def file_size(bench: Bench) -> Trial:
    """Read the size of the model file."""
    if bench.file is None:
        yield inapplicable(NO_FILE)
        return
    yield Tried(resources.megabytes(Path(bench.file).stat().st_size, n=len(bench.rows)))


def peak_memory() -> float | None:
    """Return the largest resident memory of this process in bytes, where the system tells."""
    with contextlib.suppress(ImportError):
        import resource  # POSIX only

        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return float(peak if sys.platform == "darwin" else peak * 1024)
    return None
