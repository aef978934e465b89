"""How do groups fare: rates by group, and the gaps between the groups of each attribute."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from lifecycle.domain.measurement import Measurement
from lifecycle.services.analysis.result import Draft, finish
from lifecycle.services.measuring.watch import (
    ALL_ROWS,
    Counts,
    Watch,
    enough,
    if_mature,
    slice_of,
    softened,
)
from lifecycle.stats import catalogue
from lifecycle.stats.catalogue import Statistic
from lifecycle.stats.inference import Estimate
from lifecycle.stats.summaries import UNKNOWN, BinaryTally

LIMITS: Mapping[str, float] = {
    "demographic_parity_ratio": 0.8,
    "equal_opportunity_difference": 0.1,
    "equalized_odds_difference": 0.1,
    "predictive_parity_difference": 0.1,
}
"""House limits: four fifths for selection (29 CFR 1607.4(D)), a tenth for rates of error."""

UNLABELLED = frozenset(
    {
        "selection_rate",
        "impact_ratio",
        "demographic_parity_difference",
        "demographic_parity_ratio",
    }
)
"""What fairness can say before any outcome is known."""


def measure(watch: Watch, counts: Counts) -> Sequence[Measurement]:
    """Measure rates by group, and the gaps between the groups of each attribute."""
    monitor, everybody = watch.monitor, counts.tallies.get(ALL_ROWS)
    drafts: list[Draft] = []
    for attribute, groups in _groups(watch, counts).items():
        for group, tally in groups.items():
            drafts += [
                Draft(rate, rate.measure(tally), slice={attribute: group}, window=counts.window)
                for rate in catalogue.FAIRNESS_RATES
            ]
        compared = list(groups.values())
        rows = sum(tally.rows for tally in compared)
        drafts += [
            Draft(
                gap,
                enough(_gap(gap, compared), rows=rows, minimum=monitor.minimum),
                column=attribute,
                window=counts.window,
                limit=monitor.limit(gap.name, column=attribute, otherwise=LIMITS.get(gap.name)),
            )
            for gap in catalogue.FAIRNESS_GAPS
        ]
    measured, _ = finish(drafts)
    return [
        judged
        if everybody is None or judged.statistic in UNLABELLED
        else if_mature(judged, tally=everybody, wanted=monitor.maturity)
        for judged in map(softened, measured)
    ]


def _gap(gap: Statistic, compared: Sequence[BinaryTally]) -> Estimate:
    """Measure a gap without its p-value: `softened` asks the interval, which knows more."""
    return replace(gap.measure(compared), p_value=None)


def _groups(watch: Watch, counts: Counts) -> dict[str, dict[str, BinaryTally]]:
    """Sort the slices of one attribute each: attribute, group, tally; groups by name."""
    found: dict[str, dict[str, BinaryTally]] = {}
    for key in sorted(counts.tallies):
        tally = counts.tallies[key]
        named = slice_of(key)
        if len(named) == 1 and isinstance(tally, BinaryTally):
            ((attribute, group),) = named.items()
            if watch.sensitive is not None and attribute not in watch.sensitive:
                continue
            if int(tally.decisions[:, :UNKNOWN].sum()):
                found.setdefault(attribute, {})[group] = tally
    return found
