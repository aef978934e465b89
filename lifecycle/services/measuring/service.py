"""Is the service around the model healthy in this window: latency, errors and throughput."""

from collections.abc import Sequence
from dataclasses import replace

from lifecycle.domain.measurement import Measurement
from lifecycle.domain.service_level import ServiceLevel
from lifecycle.services.analysis.result import Draft, finish
from lifecycle.services.measuring.watch import ALL_ROWS, Counts, Watch, softened
from lifecycle.stats import catalogue, counting
from lifecycle.stats.inference import Estimate
from lifecycle.stats.performance.service import LATENCY_EDGES
from lifecycle.stats.summaries import CategoryProfile, NumericProfile, Profile

LATENCIES = ("latency_p50", "latency_p95", "latency_p99")


def columns(level: ServiceLevel | None) -> dict[str, Profile]:
    """Fix the bins that a log's service columns are counted on; no reference has a say in them."""
    found: dict[str, Profile] = {}
    if level is None:
        return found
    if level.latency is not None:
        found[level.latency] = counting.numeric_profile([], edges=LATENCY_EDGES)
    if level.status is not None:
        found[level.status] = counting.category_profile([], categories=level.succeeded)
    return found


def measure(watch: Watch, counts: Counts) -> Sequence[Measurement]:
    """Measure latency, errors and throughput against the service level."""
    level = watch.monitor.service
    if level is None:
        return []
    counted = counts.profiles.get(ALL_ROWS, {})
    drafts: list[Draft] = []
    latency, status = counted.get(level.latency or ""), counted.get(level.status or "")
    if isinstance(latency, NumericProfile):
        for name in LATENCIES:
            found = catalogue.get(name).measure(latency)
            drafts.append(_draft(name, found, level, counts, column=level.latency, unit=level.unit))
    if isinstance(status, CategoryProfile):
        found = catalogue.get("error_share").measure(status)
        drafts.append(_draft("error_share", found, level, counts, column=level.status))
    seen = latency or status
    if seen is not None:
        seconds = (counts.window.end - counts.window.start).total_seconds()
        found = catalogue.get("throughput").measure(seen.rows, seconds=seconds)
        drafts.append(_draft("throughput", found, level, counts))
    measured, _ = finish(drafts)
    return [softened(one) for one in measured]


def _draft(
    name: str,
    estimate: Estimate,
    level: ServiceLevel,
    counts: Counts,
    *,
    column: str | None = None,
    unit: str | None = None,
) -> Draft:
    statistic = catalogue.get(name)
    return Draft(
        statistic=replace(statistic, unit=unit or statistic.unit),
        estimate=estimate,
        column=column,
        window=counts.window,
        limit=level.limits.get(name),
    )
