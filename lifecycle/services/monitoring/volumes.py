"""How many rows each window holds by the log's manifest, and how many are usual; no row is read."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from statistics import median

from lifecycle.domain.measurement import Window
from lifecycle.domain.monitor import Grain
from lifecycle.services.measuring.watch import Volume, window_of
from lifecycle.store.logs import DayLog

USUAL = 12
"""Windows before one whose median is its usual number of rows; a house default."""

FEWEST = 3
"""With fewer windows before it nothing is usual yet; a house default."""


def volumes(
    days: Sequence[DayLog], windows: Iterable[Window], *, grain: Grain
) -> Mapping[Window, Volume]:
    """Count the rows of windows, with the median of up to `USUAL` windows before each.

    The first window of a log may have begun before it did, so it says nothing of what is usual.
    """
    rows: dict[Window, int] = {}
    for day in days:
        window = window_of(day.day, grain=grain)
        rows[window] = rows.get(window, 0) + day.rows
    ordered = sorted(rows, key=lambda window: window.start)
    last = max((day.day for day in days), default=None)
    found: dict[Window, Volume] = {}
    for window in windows:
        before = [rows[w] for w in ordered[1:] if w.start < window.start][-USUAL:]
        over = last is not None and last >= (window.end - timedelta(days=1)).date()
        usual = float(median(before)) if len(before) >= FEWEST else None
        found[window] = Volume(rows.get(window, 0), usual, over)
    return found
