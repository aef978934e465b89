"""How do groups fare: rates by group, and the gaps between the groups of each attribute."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from lifecycle.domain.measurement import Measurement
from lifecycle.services.analysis.fairness.measures import Family, families
from lifecycle.services.analysis.outcomes import Task
from lifecycle.services.analysis.result import Draft, finish, uncounted, withheld
from lifecycle.services.measuring.watch import (
    ALL_ROWS,
    Counts,
    Watch,
    enough,
    explained,
    if_mature,
    slice_of,
    softened,
)
from lifecycle.stats import fairness
from lifecycle.stats.catalogue import Statistic
from lifecycle.stats.fairness.suppression import suppressed
from lifecycle.stats.inference import Estimate
from lifecycle.stats.summaries import UNKNOWN, BinaryTally, ClassTally, ErrorTally, Tally

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


TASKS: Mapping[type[Tally], Task] = {
    BinaryTally: Task.BINARY,
    ClassTally: Task.CLASSES,
    ErrorTally: Task.REGRESSION,
}


def measure(watch: Watch, counts: Counts) -> Sequence[Measurement]:
    """Measure rates by group, and the gaps between the groups of each attribute."""
    monitor, everybody = watch.monitor, counts.tallies.get(ALL_ROWS)
    decides = isinstance(everybody, BinaryTally)  # of classes only rows with an outcome are counted
    drafts: list[Draft] = []
    hidden: dict[tuple[str, str], bool] = {}
    k = watch.shown_from
    for attribute, groups in _groups(watch, counts).items():
        sizes = {(group,): tally.rows for group, tally in groups.items()}
        hidden |= {(attribute, g): also for (g,), also in suppressed(sizes, k=k).items()}
        rows = sum(tally.rows for tally in groups.values())
        for family in _families(groups.values(), target=watch.target):
            read = {group: family.of(tally) for group, tally in groups.items()}
            drafts += [
                Draft(
                    rate,
                    rate.measure(tally),
                    slice={attribute: group, **family.slice},
                    window=counts.window,
                )
                for group, tally in read.items()
                for rate in family.rates
            ]
            drafts += [
                Draft(
                    gap,
                    enough(
                        _gap(gap, list(read.values()), minimum=max(fairness.MINIMUM, k)),
                        rows=rows,
                        minimum=monitor.minimum,
                    ),
                    column=attribute,
                    slice=family.slice,
                    window=counts.window,
                    limit=monitor.limit(gap.name, column=attribute, otherwise=LIMITS.get(gap.name)),
                )
                for gap in family.gaps
            ]
    measured, _ = finish(drafts)
    judged = [
        one
        if everybody is None
        else explained(one, tally=everybody)
        if one.statistic in UNLABELLED and decides
        else if_mature(one, tally=everybody, wanted=monitor.maturity)
        for one in map(softened, measured)
    ]
    return [_shown(one, hidden=hidden, k=k) for one in judged]


def _families(tallies: Collection[Tally], *, target: str) -> tuple[Family, ...]:
    """Return the rates and gaps of decisions, of each class, or of a number's errors."""
    first = next(iter(tallies))
    classes = first.classes if isinstance(first, ClassTally) else ()
    return families(TASKS[type(first)], target=target, scored=False, classes=classes)


def _gap(gap: Statistic, compared: Sequence[Tally], *, minimum: int) -> Estimate:
    """Measure a gap without its p-value: `softened` asks the interval, which knows more."""
    return replace(gap.measure(compared, minimum=minimum), p_value=None)


def _shown(measured: Measurement, *, hidden: Mapping[tuple[str, str], bool], k: int) -> Measurement:
    """Take the number from a group that must not be shown, and the rows from its gaps."""
    secondary = next((hidden[g] for g in measured.slice.items() if g in hidden), None)
    if secondary is not None:
        return withheld(measured, k=k, secondary=secondary)
    among = any(attribute == measured.column for attribute, _ in hidden)
    return uncounted(measured) if among else measured


def _groups(watch: Watch, counts: Counts) -> dict[str, dict[str, Tally]]:
    """Sort the slices of one attribute each: attribute, group, tally; groups by name.

    Groups without answers are left out, unless no group has any and the reference has: then
    their absence is told.
    """
    found: dict[str, dict[str, Tally]] = {}
    for key in sorted(counts.tallies):
        named = slice_of(key)
        if len(named) == 1:
            ((attribute, group),) = named.items()
            if watch.sensitive is not None and attribute not in watch.sensitive:
                continue
            found.setdefault(attribute, {})[group] = counts.tallies[key]
    expected = watch.answered is not None and _answers(watch.answered) > 0
    answering = {
        attribute: {group: tally for group, tally in groups.items() if _answers(tally)}
        for attribute, groups in found.items()
    }
    compared = {a: groups or (found[a] if expected else {}) for a, groups in answering.items()}
    return {attribute: groups for attribute, groups in compared.items() if groups}


def _answers(tally: Tally) -> int:
    """Count the answers that groups can be compared by."""
    if isinstance(tally, BinaryTally):
        return int(tally.decisions[:, :UNKNOWN].sum())
    return tally.n if isinstance(tally, ErrorTally) else int(tally.confusion.sum())
