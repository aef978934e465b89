"""The statistics of data quality: what the summaries of a window give, and what its rows do."""

from lifecycle.stats import quality
from lifecycle.stats.catalogue.statistic import Family, Needs, Statistic
from lifecycle.stats.drift import counts as drift_counts

NUMERIC, CATEGORICAL = frozenset({Needs.NUMERIC}), frozenset({Needs.CATEGORICAL})

MINIMUM = 30
"""Below some 30 rows a share of rows says little; a house default."""

WILSON = "interval by Wilson 1927"

QUALITY: tuple[Statistic, ...] = (
    Statistic(
        name="missing_share",
        title="Missing values",
        family=Family.QUALITY,
        unit="1",
        definition="Share of rows without a usable value: null, not a number or infinite.",
        formula="(rows - values) / rows",
        source=WILSON,
        needs=NUMERIC | CATEGORICAL,
        better="lower",
        limit=None,
        minimum=MINIMUM,
        measure=quality.missing_share,
    ),
    Statistic(
        name="infinite_share",
        title="Infinite values",
        family=Family.QUALITY,
        unit="1",
        definition="Share of rows that hold plus or minus infinity.",
        formula="infinite / rows",
        source=WILSON,
        needs=NUMERIC,
        better="lower",
        limit=0.0,
        minimum=MINIMUM,
        measure=quality.infinite_share,
    ),
    Statistic(
        name="out_of_range_share",
        title="Values out of range",
        family=Family.QUALITY,
        unit="1",
        definition="Share of rows below the reference's smallest or above its largest value; "
        "rows of a bin that holds one of the two count as inside, within the resolution.",
        formula="(rows below + rows above) / rows",
        source=WILSON,
        needs=NUMERIC,
        better="lower",
        limit=0.01,
        minimum=MINIMUM,
        measure=quality.out_of_range_share,
    ),
    Statistic(
        name="unseen_category_share",
        title="Unseen categories",
        family=Family.QUALITY,
        unit="1",
        definition="Share of rows with a value that the reference never held.",
        formula="rows with an unseen value / rows",
        source=WILSON,
        needs=CATEGORICAL,
        better="lower",
        limit=0.01,
        minimum=MINIMUM,
        measure=quality.unseen_category_share,
    ),
    Statistic(
        name="stuck_value",
        title="Stuck value",
        family=Family.QUALITY,
        unit="1",
        definition="1 when a column holds one single value in the window, else 0; its p-value "
        "bounds the chance of that under no change, and is 1 where the reference is stuck too.",
        formula="1 if every value is the same, else 0; p = share of the value's bin ^ rows",
        source="binomial probability of all rows alike",
        needs=NUMERIC | CATEGORICAL,
        better="lower",
        limit=0.5,
        minimum=MINIMUM,
        measure=quality.stuck_value,
    ),
    Statistic(
        name="training_serving_skew",
        title="Training-serving skew",
        family=Family.QUALITY,
        unit="1",
        definition="Jensen-Shannon distance (base 2) from the reference that the model was made "
        "with, whatever else windows are compared with.",
        formula="sqrt((KL(p || m) + KL(q || m)) / 2), m = (p + q) / 2",
        source="Lin 1991, doi:10.1109/18.61115",
        needs=NUMERIC | CATEGORICAL,
        better="lower",
        limit=0.1,
        minimum=MINIMUM,
        measure=drift_counts.jensen_shannon,
    ),
    Statistic(
        name="volume_change",
        title="Volume against usual",
        family=Family.QUALITY,
        unit="1",
        definition="How far the rows of a window lie from the usual number, as a share of it: "
        "-1 for no rows, 0 for the usual number, 1 for twice as many.",
        formula="rows / usual rows - 1",
        source="hand count; the usual number is a median of windows",
        needs=frozenset({Needs.VOLUME}),
        better=None,
        limit=0.5,
        minimum=MINIMUM,
        measure=quality.volume_change,
    ),
)

BROKEN = frozenset({Needs.BROKEN})


def _broken(name: str, title: str, *, definition: str) -> Statistic:
    return Statistic(
        name=name,
        title=title,
        family=Family.QUALITY,
        unit="1",
        definition=definition,
        formula="rows that break it / rows judged",
        source=WILSON,
        needs=BROKEN,
        better="lower",
        limit=0.0,
        minimum=MINIMUM,
        measure=quality.broken_share,
    )


ROW_CHECKS: tuple[Statistic, ...] = (
    _broken(
        "type_mismatch_share",
        "Values of another type",
        definition="Share of values that cannot be read as the type that is expected.",
    ),
    _broken(
        "pattern_mismatch_share",
        "Values against the pattern",
        definition="Share of values that do not match the regular expression that is expected.",
    ),
    _broken(
        "duplicate_ids",
        "Repeated ids",
        definition="Share of rows that repeat an earlier row's value in a column, or in several "
        "columns together, that should be unique.",
    ),
    _broken(
        "duplicate_rows",
        "Repeated rows",
        definition="Share of rows that repeat an earlier row in every column.",
    ),
    _broken(
        "rule_broken_share",
        "Rows that break a rule",
        definition="Share of rows that break a rule over several columns; rows in which the rule "
        "has no answer, because a value is missing, are left out.",
    ),
    Statistic(
        name="columns_changed",
        title="Columns changed",
        family=Family.QUALITY,
        unit="columns",
        definition="Columns that are expected and not in the files of a window, that are new in "
        "them, or that hold another type than in the log's first file.",
        formula="gone + new + retyped",
        source="hand count",
        needs=frozenset({Needs.LAYOUT}),
        better="lower",
        limit=0.0,
        minimum=MINIMUM,
        measure=quality.columns_changed,
    ),
    Statistic(
        name="missing_periods",
        title="Periods without rows",
        family=Family.QUALITY,
        unit="1",
        definition="Share of the periods of a window, such as its days or hours, that hold no "
        "row; before the first row of the log and after its last one none is missed.",
        formula="periods without a row / periods",
        source="hand count",
        needs=frozenset({Needs.PERIODS}),
        better="lower",
        limit=0.0,
        minimum=MINIMUM,
        measure=quality.missing_periods,
    ),
    Statistic(
        name="age_of_newest_row",
        title="Age of the newest row",
        family=Family.QUALITY,
        unit="hours",
        definition="Hours from the newest time in a column to the end of the window, or to now "
        "while the window is not over; below 0 when a time lies in the future.",
        formula="end of the window - newest time",
        source="hand count",
        needs=frozenset({Needs.AGE}),
        better="lower",
        limit=None,
        minimum=MINIMUM,
        measure=quality.age_in_hours,
    ),
)
"""What only the rows and files of a window can tell."""
