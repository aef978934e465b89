"""Into which windows a source's rows fall, and which rows are in none."""

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
