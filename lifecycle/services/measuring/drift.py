"""How far has each column moved from its reference, in all rows and in every slice."""

from collections.abc import Sequence

from lifecycle.domain.measurement import Measurement
from lifecycle.services.analysis.result import Draft, finish
from lifecycle.services.measuring.watch import Counts, Watch, enough, pairs
from lifecycle.stats import catalogue
from lifecycle.stats.catalogue import Needs
from lifecycle.stats.summaries import NumericProfile


def measure(watch: Watch, counts: Counts) -> Sequence[Measurement]:
    """Compare every column with its reference; judged by size alone, chance is asked of a run."""
    monitor = watch.monitor
    drafts: list[Draft] = []
    for pair in pairs(watch, counts):
        numeric = isinstance(pair.reference, NumericProfile)
        needs = Needs.NUMERIC if numeric else Needs.CATEGORICAL
        learned = watch.learned.get(pair.column, {})
        for name in monitor.drift if numeric else monitor.categorical:
            statistic = catalogue.get(name)
            if needs in statistic.needs:
                found = statistic.measure(pair.reference, pair.current)
                drafts.append(
                    Draft(
                        statistic=statistic,
                        estimate=enough(found, rows=pair.current.rows, minimum=monitor.minimum),
                        column=pair.column,
                        slice=pair.slice,
                        window=counts.window,
                        limit=monitor.limit(
                            name,
                            column=pair.column,
                            otherwise=learned.get(name, statistic.limit),
                        ),
                        filtered=False,
                    )
                )
    measured, _ = finish(drafts)
    return measured
