"""Did the outcomes move: because other rows came, or because the same rows turn out otherwise."""

from collections.abc import Sequence

from lifecycle.domain.measurement import Measurement
from lifecycle.services.analysis.result import Draft, finish
from lifecycle.services.measuring.performance import needs_of
from lifecycle.services.measuring.scores import rebin
from lifecycle.services.measuring.watch import (
    Counts,
    Watch,
    enough,
    if_mature,
    slice_of,
    softened,
)
from lifecycle.stats import catalogue
from lifecycle.stats.summaries import BinaryTally, Tally


def measure(watch: Watch, counts: Counts) -> Sequence[Measurement]:
    """Compare known outcomes with the reference's, in all rows and in every slice."""
    found: list[Measurement] = []
    for key, current in counts.tallies.items():
        reference = watch.tallies.get(key)
        if reference is None or type(reference) is not type(current):
            continue
        drafts = _drafts(watch, counts, reference=reference, current=current, key=key)
        measured, _ = finish(drafts)
        wanted = watch.monitor.maturity
        found += [if_mature(softened(m), tally=current, wanted=wanted) for m in measured]
    return found


def _drafts(
    watch: Watch, counts: Counts, *, reference: Tally, current: Tally, key: str
) -> list[Draft]:
    monitor = watch.monitor
    if isinstance(reference, BinaryTally) and isinstance(current, BinaryTally):
        reference = rebin(reference, edges=current.edges)
    drafts: list[Draft] = []
    for statistic in catalogue.ANSWERS:
        if needs_of(current) not in statistic.needs:
            continue
        estimate = statistic.measure(reference, current)
        drafts.append(
            Draft(
                statistic=statistic,
                estimate=enough(estimate, rows=estimate.n, minimum=monitor.minimum),
                slice=slice_of(key),
                window=counts.window,
                limit=monitor.limits.get(statistic.name, statistic.limit),
                filtered=False,
            )
        )
    return drafts
