"""What a window's summaries say, judged against limits.

Nothing here reads rows, a file or the store: profiles and tallies in, measurements out. Each
module measures one thing as ``measure(watch, counts)``, drift for all windows together; what is
beyond its limit by chance is told apart over a whole run, by `correct`.
"""

from collections.abc import Callable, Sequence

from lifecycle.domain.measurement import Measurement
from lifecycle.services.measuring import (
    answers,
    drift,
    estimation,
    fairness,
    performance,
    quality,
    service,
)
from lifecycle.services.measuring.correction import correct
from lifecycle.services.measuring.watch import ALL_ROWS, Counts, Watch, matured, window_of

__all__ = ["ALL_ROWS", "MEASURES", "Counts", "Watch", "correct", "matured", "measure", "window_of"]

MEASURES: tuple[Callable[[Watch, Counts], Sequence[Measurement]], ...] = (
    answers.measure,
    quality.measure,
    performance.measure,
    estimation.measure,
    service.measure,
    fairness.measure,
)
"""Everything a window is asked beside drift, in the order in which its measurements are kept."""


def measure(watch: Watch, windows: Sequence[Counts]) -> list[list[Measurement]]:
    """Measure everything a monitor asks for, in each window."""
    moved = drift.measure(watch, windows)
    return [
        [*drifted, *(found for ask in MEASURES for found in ask(watch, counts))]
        for drifted, counts in zip(moved, windows, strict=True)
    ]
