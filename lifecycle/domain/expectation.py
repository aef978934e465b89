"""What must hold about data: one check each, of a column or of all rows, and how strictly."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from lifecycle.domain.measurement import State
from lifecycle.errors import InvalidInput


class Severity(StrEnum):
    """How bad it is when a check finds something."""

    BLOCK = "block"
    WARN = "warn"
    INFO = "info"

    @property
    def state(self) -> State:
        """The state of a check that found something."""
        return {Severity.BLOCK: State.BREACH, Severity.WARN: State.WARNING}.get(self, State.OK)


class Check(StrEnum):
    """What can be expected."""

    MISSING = "missing"
    FINITE = "finite"
    TYPE = "type"
    RANGE = "range"
    SET = "set"
    PATTERN = "pattern"
    UNIQUE = "unique"
    STUCK = "stuck"
    SKEW = "skew"
    VOLUME = "volume"
    DUPLICATES = "duplicates"
    SCHEMA = "schema"
    FRESH = "fresh"
    GAPS = "gaps"
    RULE = "rule"


STATISTICS: Mapping[Check, str] = {
    Check.MISSING: "missing_share",
    Check.FINITE: "infinite_share",
    Check.TYPE: "type_mismatch_share",
    Check.RANGE: "out_of_range_share",
    Check.SET: "outside_set_share",
    Check.PATTERN: "pattern_mismatch_share",
    Check.UNIQUE: "duplicate_ids",
    Check.STUCK: "longest_run",
    Check.SKEW: "jensen_shannon",
    Check.VOLUME: "rows",
    Check.DUPLICATES: "duplicate_rows",
    Check.SCHEMA: "columns_changed",
    Check.FRESH: "age_of_newest_row",
    Check.GAPS: "missing_periods",
    Check.RULE: "rule_broken_share",
}
"""The statistic in which the outcome of a check is reported."""

SUMMARISED = frozenset(
    {Check.MISSING, Check.FINITE, Check.RANGE, Check.SET, Check.STUCK, Check.VOLUME}
)
"""What a monitor can tell from the summaries of a window, without its rows."""

BY_ROWS = frozenset(
    {Check.TYPE, Check.PATTERN, Check.UNIQUE, Check.DUPLICATES, Check.RULE, Check.FRESH}
)
"""What it can tell only by reading a window's rows again."""


@dataclass(frozen=True, slots=True)
class Expectation:
    """One check of data.

    Parameters
    ----------
    column
        The column it is about; ``None`` for all rows.
    limit
        The largest value tolerated: a share of rows for most, rows for ``stuck``, hours for
        ``fresh``, a distance for ``skew``. Not used by ``volume``.
    low, high
        Bounds of the values for ``range``, of the number of rows for ``volume``.
    values
        What ``set`` allows; the columns that ``unique`` takes together or ``schema`` allows.
    text
        The type, pattern, rule, or the width of the periods for ``gaps``.
    """

    check: Check
    column: str | None = None
    limit: float = 0.0
    low: float | None = None
    high: float | None = None
    values: tuple[str, ...] = ()
    text: str = ""
    severity: Severity = Severity.BLOCK

    @property
    def statistic(self) -> str:
        """The statistic in which the outcome is reported."""
        return STATISTICS[self.check]

    @property
    def of_rows(self) -> bool:
        """Whether it is about rows as a whole and not about a column."""
        return self.column is None


def check_watched(expectation: Expectation) -> None:
    """Refuse what a monitor cannot tell of a window.

    Raises
    ------
    InvalidInput
        The check is about a file as a whole.
    """
    if expectation.check not in SUMMARISED | BY_ROWS:
        able = ", ".join(sorted(SUMMARISED | BY_ROWS))
        raise InvalidInput(
            f"a monitor looks at windows of a log, so it cannot check {expectation.check}; "
            f"it can check {able}"
        )
