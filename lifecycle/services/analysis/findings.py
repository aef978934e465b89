"""How many rows break a rule, said as a measurement."""

from lifecycle.domain.expectation import Severity
from lifecycle.domain.measurement import Measurement, State, Window
from lifecycle.engines.conditions import Violations
from lifecycle.stats import quality

NO_LIMIT = 1.0
"""No share lies above it."""


def violated(
    statistic: str,
    found: Violations,
    *,
    column: str | None,
    what: str,
    limit: float = 0.0,
    severity: Severity = Severity.BLOCK,
    window: Window | None = None,
    minimum: int = 1,
) -> Measurement:
    """Judge the share of rows that break a rule.

    Parameters
    ----------
    what
        What those rows do, such as ``lie outside 0 to 120``.
    limit
        The largest share tolerated.
    minimum
        Fewest rows to judge on where some may break the rule; where none may, one is enough.
    """
    if found.judged < (minimum if limit else 1):
        reason = f"{found.judged} rows to judge on, at least {minimum} are needed"
        return Measurement(
            statistic=statistic,
            value=found.rows / found.judged if found.judged else None,
            state=State.INSUFFICIENT,
            column=column,
            window=window,
            n=found.judged,
            limit=limit,
            reason=reason,
        )
    share = quality.broken_share(found.rows, found.judged)
    broken = share.value is not None and share.value > limit
    return Measurement(
        statistic=statistic,
        value=share.value,
        state=severity.state if broken else State.OK,
        column=column,
        window=window,
        interval=share.interval,
        confidence=share.confidence,
        n=found.judged,
        limit=limit,
        reason=told(found, what=what),
    )


def told(found: Violations, *, what: str) -> str | None:
    """Say how many rows do something, the first of them and the values most often seen."""
    if not found.rows:
        return None
    examples = ", ".join(f"{value!r} ({n})" for value, n in found.examples)
    first = f", first row {found.first_row}" if found.first_row else ""
    return f"{found.rows} rows {what}{first}" + (f"; most often {examples}" if examples else "")
