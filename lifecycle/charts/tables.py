"""The table beside a chart: the same measurements as rows, with all their digits."""

from collections.abc import Iterable
from typing import Any

from lifecycle.charts import wording
from lifecycle.charts.theme import look
from lifecycle.domain.measurement import Measurement


def rows(measurements: Iterable[Measurement]) -> list[dict[str, Any]]:
    """Return one row per measurement; columns that hold nothing in any row are left out."""
    table = [
        {
            "state": f"{look(m).mark} {look(m).word}",
            "statistic": m.statistic,
            "column": m.column,
            "rows": wording.group(m.slice),
            "from (UTC)": m.window.start if m.window else None,
            "to (UTC)": m.window.end if m.window else None,
            "value": m.value,
            "unit": None if m.unit == "1" else wording.unit(m.unit),
            "lower": m.interval[0] if m.interval else None,
            "upper": m.interval[1] if m.interval else None,
            "limit": m.limit,
            "n": m.n,
            "reference n": m.n_reference,
            "resolution": m.resolution,
            "adjusted p": m.p_adjusted,
            "reason": m.reason,
        }
        for m in measurements
    ]
    filled = {key for row in table for key, value in row.items() if value is not None}
    return [{key: value for key, value in row.items() if key in filled} for row in table]
