"""What must hold about data: one check each, of a column or of all rows, and how strictly."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from lifecycle.domain.measurement import State


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
    Check.SKEW: "training_serving_skew",
    Check.VOLUME: "rows",
    Check.DUPLICATES: "duplicate_rows",
    Check.SCHEMA: "columns_changed",
    Check.FRESH: "age_of_newest_row",
    Check.GAPS: "missing_periods",
    Check.RULE: "rule_broken_share",
}
"""The statistic in which the outcome of a check is reported."""

BY_ROWS = frozenset(
    {
        Check.TYPE,
        Check.PATTERN,
        Check.UNIQUE,
        Check.DUPLICATES,
        Check.RULE,
        Check.FRESH,
        Check.GAPS,
    }
)
"""What a monitor can tell only by reading a window's rows again; summaries tell the rest."""


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
