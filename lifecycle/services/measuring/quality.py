"""Is each column fit to be measured in this window."""

from collections.abc import Sequence

from lifecycle.domain.measurement import Measurement
from lifecycle.services.analysis.result import Draft, finish
from lifecycle.services.measuring.watch import ALL_ROWS, Counts, Watch, enough, pairs, softened
from lifecycle.stats import catalogue

MISSING_TOLERANCE = 0.05
"""How far the share of missing values may rise above the reference's."""

CHANCE = 0.001
"""A column counts as stuck only if chance would make it constant less often than this."""


def measure(watch: Watch, counts: Counts) -> Sequence[Measurement]:
    """Tell whether each column is fit to be measured."""
    minimum, limits = watch.monitor.minimum, watch.monitor.limits
    missing, stuck = catalogue.get("missing_share"), catalogue.get("stuck_value")
    drafts: list[Draft] = []
    for pair in pairs(watch, counts, within=ALL_ROWS):
        reference, current = pair.reference, pair.current
        usual = (reference.rows - reference.n) / reference.rows if reference.rows else 0.0
        for statistic, limit in ((missing, usual + MISSING_TOLERANCE), (stuck, stuck.limit)):
            found = statistic.measure(reference, current)
            drafts.append(
                Draft(
                    statistic=statistic,
                    estimate=enough(found, rows=current.rows, minimum=minimum),
                    column=pair.column,
                    window=counts.window,
                    limit=limits.get(statistic.name, limit),
                )
            )
    measured, _ = finish(drafts, alpha=CHANCE)
    return [softened(m) for m in measured]
