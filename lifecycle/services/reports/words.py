"""How facts and numbers are written in a report, the same in every format."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import cast

from lifecycle.domain.evidence import Evidence
from lifecycle.domain.measurement import NO_LIMIT, Measurement, State
from lifecycle.services import plans
from lifecycle.services.reports.document import Measured, Written

MANY = 10_000
"""From here on four digits are not enough to write the whole part of a number."""

COLUMNS = ("Statistic", "Where", "Value", "Interval", "n", "Limit", "State", "Evidence")

UNITS = {
    "1": "",
    "outcome": " (outcome's unit)",
    "target": " (outcome's unit)",
    "column": " (column's unit)",
}
"""What the names of units mean that are no unit by themselves."""


def cells(m: Measurement, *, evidence: str) -> tuple[str, ...]:
    """Return a measurement as the cells of a table, with the evidence it comes from."""
    low_high = f"{number(m.interval[0])} to {number(m.interval[1])}" if m.interval else ""
    unit = UNITS.get(m.unit, f" {m.unit}")
    return (
        m.statistic,
        where(m),
        f"{number(m.value)}{unit}" if m.value is not None else m.reason or "no value",
        low_high,
        number(m.n),
        number(m.limit),
        str(m.state).replace("_", " ") if m.judged else NO_LIMIT,
        evidence,
    )


def came_to(kept: Evidence) -> str:
    """Say what limits made of a record, or that there are none."""
    if kept.state is State.NOT_APPLICABLE:
        return f"measured, {NO_LIMIT}"
    return str(kept.state).replace("_", " ")


def overridden(kept: Evidence) -> tuple[str, ...]:
    """Say what was changed about a record's plan after results were known, by whom and why."""
    made = plans.recorded(kept.plan)
    if made is None:
        return ()
    changes = cast("Sequence[str]", made["changes"])
    said = (
        f"Plan changed by {made['by']} after {made['since']} was known, because: {made['reason']}"
    )
    return said, *changes


def where(m: Measurement) -> str:
    """Say what a measurement is about; nothing for all rows."""
    column = [m.column] if m.column else []
    return ", ".join([*column, *(f"{k} {v}" for k, v in m.slice.items())])


def number(value: float | None) -> str:
    """Write a number with four digits, a count or an amount beyond them without decimals."""
    if value is None:
        return ""
    return f"{value:,.0f}" if isinstance(value, int) or abs(value) >= MANY else f"{value:.4g}"


def moment(at: datetime) -> str:
    """Write a time in UTC."""
    return f"{at:%Y-%m-%d %H:%M} UTC"


def text(value: object) -> str:
    """Write a fact on one line; say so where it is missing."""
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, Mapping):
        pairs = cast("Mapping[object, object]", value).items()
        return ", ".join(f"{k} {v}" for k, v in pairs) or "not filled"
    return " ".join(str(value).split()) if value not in (None, "", ()) else "not filled"


def signed(block: Written) -> str:
    """Say who wrote a text, when, and why it may not hold."""
    stale = f" Stale: {block.stale}." if block.stale else ""
    return f"Written by {block.by}, {moment(block.at)}, revision {block.revision}.{stale}"


def source(block: Measured) -> str:
    """Say where numbers come from."""
    kept = block.evidence
    rows = kept.snapshot_id or "no data (attested)"
    return f"Evidence {kept.id} by {kept.created_by}, {moment(kept.created_at)}, on {rows}."
