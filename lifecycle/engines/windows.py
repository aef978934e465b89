"""How a time line is cut into windows: a width such as 1h, 7d, 1w or 1M and where it starts."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from lifecycle.domain.measurement import Window
from lifecycle.errors import InvalidInput

SECONDS = {"s": 1, "min": 60, "h": 3_600, "d": 86_400, "w": 604_800}
MONTHS = {"M": 1, "Y": 12}
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Width:
    """The width of a window: a number of seconds, or of calendar months.

    Parameters
    ----------
    text
        As the user wrote it.
    seconds, months
        One of them is positive, the other 0.
    """

    text: str
    seconds: int
    months: int

    @property
    def interval(self) -> str:
        """The width as a DuckDB interval literal."""
        if self.months:
            return f"INTERVAL '{self.months} months'"
        return f"INTERVAL '{self.seconds} seconds'"

    def window(self, start: datetime) -> Window:
        """Return the window that opens at ``start``."""
        if not self.months:
            return Window(start=start, end=start + timedelta(seconds=self.seconds))
        months = start.month - 1 + self.months
        end = start.replace(year=start.year + months // 12, month=months % 12 + 1)
        return Window(start=start, end=end)


@dataclass(frozen=True, slots=True)
class Windowing:
    """Which column holds the time, and how wide the windows are."""

    timestamp: str
    width: Width


def parse_width(text: str) -> Width:
    """Read a window's width, such as ``1h``, ``7d``, ``1w`` or ``1M`` (calendar month).

    Raises
    ------
    InvalidInput
        The text is no positive whole number followed by a known unit.
    """
    match = re.fullmatch(r"(\d{1,4})\s*(s|min|h|d|w|M|Y)", text.strip())
    if match is None or int(match[1]) == 0:
        raise InvalidInput(
            f"window {text!r} is not a width such as 30min, 1h, 1d, 7d, 1w or 1M (calendar month)"
        )
    count, unit = int(match[1]), match[2]
    return Width(
        text=f"{count}{unit}",
        seconds=count * SECONDS.get(unit, 0),
        months=count * MONTHS.get(unit, 0),
    )


def window_at(microseconds: int, *, width: Width) -> Window:
    """Return the window that opens this many microseconds after 1970 (UTC)."""
    return width.window(EPOCH + timedelta(microseconds=microseconds))
