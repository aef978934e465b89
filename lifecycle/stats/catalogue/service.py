"""The statistics of the service around a model."""

from functools import partial

from lifecycle.stats.catalogue.statistic import Family, Needs, Statistic
from lifecycle.stats.performance import service

MINIMUM = 30
"""Below some 30 requests a share says little; a house default."""


def _latency(name: str, share: float, *, minimum: int) -> Statistic:
    return Statistic(
        name=name,
        title=f"Latency, {share:.0%} quantile",
        family=Family.SERVICE,
        unit="column",
        definition=f"Time within which {share:.0%} of answers came; known to within 4.4 %, the "
        "width of the bins latencies are counted on.",
        formula=f"smallest value with a share of {share:g} at or below it",
        source="interval by order statistics, Conover 1999, section 3.2",
        needs=frozenset({Needs.NUMERIC}),
        better="lower",
        limit=None,
        minimum=minimum,
        measure=partial(service.quantile, share=share),
    )


SERVICE: tuple[Statistic, ...] = (
    _latency("latency_p50", 0.5, minimum=MINIMUM),
    _latency("latency_p95", 0.95, minimum=100),
    _latency("latency_p99", 0.99, minimum=300),
    Statistic(
        name="error_share",
        title="Share of errors",
        family=Family.SERVICE,
        unit="1",
        definition="Share of requests whose status is none of those that mean success.",
        formula="errors / requests with a status",
        source="interval by Wilson 1927",
        needs=frozenset({Needs.CATEGORICAL}),
        better="lower",
        limit=None,
        minimum=MINIMUM,
        measure=service.error_share,
    ),
    Statistic(
        name="throughput",
        title="Throughput",
        family=Family.SERVICE,
        unit="1/s",
        definition="Logged rows per second of the window.",
        formula="rows / seconds",
        source="interval by Garwood 1936, doi:10.2307/2333958",
        needs=frozenset({Needs.NUMERIC, Needs.CATEGORICAL}),
        better="higher",
        limit=None,
        minimum=MINIMUM,
        measure=service.throughput,
    ),
)
