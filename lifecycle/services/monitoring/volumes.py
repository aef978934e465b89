"""What the log's manifest says of each window: how many rows, how many are usual, which columns.

No row is read.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from statistics import median

from lifecycle.domain.measurement import Window
from lifecycle.domain.monitor import Grain
from lifecycle.services.measuring.watch import Layout, Volume, window_of
from lifecycle.store.log_schemas import LogSchema
from lifecycle.store.logs import DayLog

USUAL = 12
"""Windows before one whose median is its usual number of rows; a house default."""

FEWEST = 3
"""With fewer windows before it nothing is usual yet; a house default."""


def volumes(
    days: Sequence[DayLog],
    windows: Iterable[Window],
    *,
    grain: Grain,
    until: datetime | None = None,
) -> Mapping[Window, Volume]:
    """Count the rows of windows, with the median of up to `USUAL` windows before each.

    The first window of a log may have begun before it did, so it says nothing of what is usual.

    Parameters
    ----------
    until
        Up to when all rows should be there, whatever the log's last day is; ``None`` where rows
        come when they come.
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
        over = over or (until is not None and window.end <= until)
        usual = float(median(before)) if len(before) >= FEWEST else None
        found[window] = Volume(rows.get(window, 0), usual, over)
    return found


def layouts(schemas: Sequence[LogSchema], windows: Iterable[Window]) -> Mapping[Window, Layout]:
    """Name the columns of the files in each window; none for a window before the first file.

    Parameters
    ----------
    schemas
        One for each change of a log's columns, in the order they came.
    """
    ordered = sorted(schemas, key=lambda schema: schema.first_at)
    found: dict[Window, Layout] = {}
    for window in windows:
        before = [s.columns for s in ordered if s.first_at <= window.start][-1:]
        within = [s.columns for s in ordered if window.start < s.first_at < window.end]
        if before or within:
            found[window] = Layout(schemas[0].columns, (*before, *within))
    return found
