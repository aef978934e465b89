"""Into which windows a source's rows fall, and which rows are in none."""

from collections.abc import Iterable, Iterator
from itertools import pairwise

from lifecycle.domain.measurement import Measurement, Window
from lifecycle.engines import Engine
from lifecycle.engines.contract import Source
from lifecycle.engines.windows import Windowing, parse_width
from lifecycle.errors import InvalidInput


def windows_of(
    engine: Engine, source: Source, *, timestamp: str | None, window: str | None
) -> tuple[Windowing | None, list[str]]:
    """Read the windowing options against a source, and say which rows are in no window."""
    if timestamp is None:
        if window:
            raise InvalidInput("a window needs --timestamp COL to say which column holds the time")
        return None, []
    windowing = Windowing(timestamp, parse_width(window or "1d"))
    undated = engine.undated(source, timestamp=timestamp)
    if undated == source.rows:
        raise InvalidInput(f"column {timestamp} of {source.label} holds no time in any row")
    if undated == 0:
        return windowing, []
    return windowing, [f"{undated} rows of {source.label} have no {timestamp}: in no window"]


def with_gaps(held: Iterable[Window]) -> Iterator[Window]:
    """Return the windows in order, and a stretch without rows between two of them as one more."""
    before: Window | None = None
    for window in sorted(held, key=lambda w: w.start):
        if before is not None and before.end < window.start:
            yield Window(before.end, window.start)
        yield window
        before = window


NAMED = 3
"""Silences told one by one; more are counted."""


def silences(measured: Iterable[Measurement]) -> list[str]:
    """Say between which times there was nothing to measure, from the first window to the last."""
    windows = sorted({m.window for m in measured if m.window is not None}, key=lambda w: w.start)
    gaps = [(a.end, b.start) for a, b in pairwise(windows) if a.end < b.start]
    if not gaps:
        return []
    told = [f"{begin:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M}" for begin, end in gaps[:NAMED]]
    more = f" and {len(gaps) - NAMED} more times" if len(gaps) > NAMED else ""
    return [f"no rows from {', '.join(told)}{more}: there is nothing to judge then"]
