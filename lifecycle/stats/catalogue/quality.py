"""The statistics of data quality that a column's profile gives."""

from lifecycle.stats import quality
from lifecycle.stats.catalogue.statistic import Family, Needs, Statistic

ANY = frozenset({Needs.NUMERIC, Needs.CATEGORICAL})

MINIMUM = 30
"""Below some 30 rows a share of missing values says little; a house default."""

QUALITY: tuple[Statistic, ...] = (
    Statistic(
        name="missing_share",
        title="Missing values",
        family=Family.QUALITY,
        unit="1",
        definition="Share of rows without a usable value: null, not a number or infinite.",
        formula="(rows - values) / rows",
        source="interval by Wilson 1927",
        needs=ANY,
        better="lower",
        limit=None,
        minimum=MINIMUM,
        measure=quality.missing_share,
    ),
    Statistic(
        name="stuck_value",
        title="Stuck value",
        family=Family.QUALITY,
        unit="1",
        definition="1 when a column that varies in the reference holds one single value in the "
        "window, else 0; its p-value bounds the chance of that under no change.",
        formula="1 if every value is the same, else 0; p = share of the value's bin ^ rows",
        source="binomial probability of all rows alike",
        needs=ANY,
        better="lower",
        limit=0.5,
        minimum=MINIMUM,
        measure=quality.stuck_value,
    ),
)
