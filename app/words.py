"""How numbers, states and times are written on every screen."""

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from lifecycle.charts import wording
from lifecycle.domain.alert import Severity
from lifecycle.domain.delivery import DeliveryState
from lifecycle.domain.incident import IncidentState
from lifecycle.domain.job import JobState
from lifecycle.domain.measurement import State
from lifecycle.domain.raised_alert import Status
from lifecycle.domain.rules import Outcome
from lifecycle.services.reports import marked

if TYPE_CHECKING:
    from datetime import date, datetime

    from lifecycle.domain.measurement import Measurement, Window

DASH = "\N{EN DASH}"

Color = Literal["red", "orange", "blue", "green", "gray"]


class Mark(NamedTuple):
    """A state in a word, a colour, an icon and, for table cells, a sign."""

    word: str
    color: Color
    icon: str
    sign: str


Marked: TypeAlias = State | Outcome | JobState | Severity | Status | IncidentState | DeliveryState
"""Everything that is shown by icon, word and colour."""

MARKS: dict[Marked, Mark] = {
    State.OK: Mark("ok", "green", ":material/check_circle:", "✓"),
    State.WARNING: Mark("warning", "orange", ":material/warning:", "▲"),
    State.BREACH: Mark("breach", "red", ":material/error:", "✕"),
    State.ERROR: Mark("error", "red", ":material/report:", "✕"),
    State.INSUFFICIENT: Mark("insufficient data", "gray", ":material/help:", "?"),
    State.STALE: Mark("stale", "orange", ":material/history:", "◷"),
    State.UPCOMING: Mark("upcoming", "blue", ":material/event:", "→"),
    State.NOT_APPLICABLE: Mark("not applicable", "gray", ":material/remove:", "·"),
    Outcome.PASS: Mark("passed", "green", ":material/check_circle:", "✓"),
    Outcome.FAIL: Mark("failed", "red", ":material/error:", "✕"),
    Outcome.INSUFFICIENT: Mark("insufficient data", "gray", ":material/help:", "?"),
    Outcome.ERROR: Mark("error", "red", ":material/report:", "✕"),
    JobState.QUEUED: Mark("queued", "gray", ":material/schedule:", "◷"),
    JobState.RUNNING: Mark("running", "blue", ":material/play_circle:", "→"),
    JobState.DONE: Mark("done", "green", ":material/check_circle:", "✓"),
    JobState.FAILED: Mark("failed", "red", ":material/error:", "✕"),
    JobState.CANCELLED: Mark("cancelled", "gray", ":material/cancel:", "·"),
    JobState.LOST: Mark("lost", "red", ":material/report:", "✕"),
    Severity.WARNING: Mark("warning", "orange", ":material/warning:", "▲"),
    Severity.CRITICAL: Mark("critical", "red", ":material/error:", "✕"),
    Status.OPEN: Mark("open", "red", ":material/notifications_active:", "●"),
    Status.ACKNOWLEDGED: Mark("acknowledged", "blue", ":material/person:", "→"),
    Status.SNOOZED: Mark("snoozed", "gray", ":material/snooze:", "◷"),
    Status.RESOLVED: Mark("resolved", "green", ":material/task_alt:", "✓"),
    Status.CLEARED: Mark("cleared", "green", ":material/check_circle:", "✓"),
    IncidentState.CONTAINED: Mark("contained", "orange", ":material/shield:", "▲"),
    IncidentState.CLOSED: Mark("closed", "green", ":material/check_circle:", "✓"),
    DeliveryState.SENDING: Mark("sending", "blue", ":material/send:", "→"),
    DeliveryState.SENT: Mark("sent", "green", ":material/check_circle:", "✓"),
    DeliveryState.DEAD: Mark("given up", "red", ":material/error:", "✕"),
}


def mark(state: Marked) -> Mark:
    """Return how a state is shown; `State.INSUFFICIENT` and `Outcome.INSUFFICIENT` look alike."""
    # Members of different StrEnums compare and hash as their text, so one table serves all.
    return MARKS[state]


def badge(state: Marked) -> str:
    """Write a state as Markdown: icon, word and colour."""
    shown = mark(state)
    return f":{shown.color}-badge[{shown.icon} {shown.word}]"


def cell(state: Marked) -> str:
    """Write a state for a table cell: sign and word."""
    shown = mark(state)
    return f"{shown.sign} {shown.word}"


def number(value: float | None, *, unit: str = "1") -> str:
    """Write a number as charts do, with its unit."""
    if value is None:
        return DASH
    text = wording.number(value)
    return text if unit in {"1", "", "column", "outcome"} else f"{text} {unit}"


def measured(measurement: "Measurement") -> str:
    """Write a measurement with its interval and size: value, interval at its confidence, n."""
    if measurement.value is None:
        return measurement.reason or mark(measurement.state).word
    text = number(measurement.value, unit=measurement.unit)
    if measurement.interval is not None:
        text += f" ({interval(measurement.interval)})"
    if measurement.n is not None:
        text += f", n {measurement.n:,}"
    return text


def interval(bounds: tuple[float, float]) -> str:
    """Write an interval's two ends."""
    low, high = (number(bound) for bound in bounds)
    return f"{low}{DASH}{high}"


def day(at: "date | None") -> str:
    """Write a date: ``18 Nov 2026``."""
    return DASH if at is None else f"{at.day} {at:%b %Y}"


def moment(at: "datetime | None") -> str:
    """Write a time with its zone: ``18 Nov 2026, 14:05 UTC``."""
    return DASH if at is None else f"{at.day} {at:%b %Y, %H:%M} UTC"


def window(span: "Window | None") -> str:
    """Write a window by its days, the last one included: ``7 days to 18 Nov 2026``."""
    if span is None:
        return "all rows"
    days = (span.end - span.start).days
    last = span.end - timedelta(microseconds=1)
    return f"{days} day{'' if days == 1 else 's'} to {day(last)}"


def duration(seconds: float) -> str:
    """Write a span of time in its largest fitting unit: ``40 s``, ``2.5 h``, ``9 days``."""
    if seconds < 90:  # noqa: PLR2004 -- up to a minute and a half in seconds
        return f"{seconds:.0f} s"
    if seconds < 5400:  # noqa: PLR2004 -- up to an hour and a half in minutes
        return f"{seconds / 60:.0f} min"
    if seconds < 172_800:  # noqa: PLR2004 -- up to two days in hours
        return f"{seconds / 3600:.1f} h"
    return f"{seconds / 86_400:.0f} days"


MARKUP = re.compile(rf"{marked.MARKUP}|[$@]|:(?=[A-Za-z:/])|(?<=:material)/|(?<=www)\.")
"""What Markdown, its links, colours and mathematics could be made of in a line."""

ICON, NO_ICON = re.compile(r":(?=[a-z+-][\w+-]*:)"), ":\N{WORD JOINER}"
"""What begins the name of an icon; with a mark without width behind it, it is none."""

BOLD = re.compile(r"\\\*\\\*([^*\n]+?)\\\*\\\*")
"""What matters most in a sentence of ours, after it was escaped."""

HIDDEN = "\N{REPLACEMENT CHARACTER}"
"""What a control character is shown as."""


def said(text: str) -> str:
    """Write what somebody typed as the text it is: no markup, no hidden characters.

    A plain web or mail address becomes a link to just what it says; none can be put behind words.
    """
    lines = text.replace("\r\n", "\n").split("\n")
    safe = (MARKUP.sub(r"\\\g<0>", ICON.sub(NO_ICON, _seen(line.strip()))) for line in lines)
    return "  \n".join(marked.OPENING.sub(r"\1\\\2", line) for line in safe)


def _seen(text: str) -> str:
    return "".join(" " if c.isspace() else c if c.isprintable() else HIDDEN for c in text)


def told(text: str) -> str:
    """Write a sentence of ours that may hold what somebody typed: code and bold, else as it is."""
    return BOLD.sub(r"**\1**", marked.with_code(said(" ".join(text.split()))))


def sentence(text: str) -> str:
    """Begin with a capital and end with a full stop."""
    text = text.strip()
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")


def way_out(label: str, path: str) -> str:
    """Write a link to a page of ours outside Streamlit; its own links would open a new tab."""
    return f'<a href="{path}" target="_self">{label}</a>'
