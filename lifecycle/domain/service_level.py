"""What is promised about the service around a model: how fast, how reliable, how much."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isfinite

from lifecycle.errors import InvalidInput

SERVICE = ("latency_p50", "latency_p95", "latency_p99", "error_share", "throughput")
"""What a service level can limit; throughput from below, everything else from above."""

SUCCEEDED = ("200", "ok", "OK", "success", "false", "False", "0")
"""What a log writes about a request that went well, unless the service level says it."""


@dataclass(frozen=True, slots=True)
class ServiceLevel:
    """The service columns of a prediction log, and what is promised about them.

    Parameters
    ----------
    latency
        The column with how long an answer took.
    status
        The column with how a request ended: a status code, a word, or whether it failed.
    succeeded
        The values of that column that mean success; any other is an error.
    unit
        Of the latency.
    limits
        By name of `SERVICE`; latencies in the column's unit, throughput in rows per second.

    Raises
    ------
    InvalidInput
        No column is named, a limit is unknown or not a number of at least 0, or nothing succeeds.
    """

    latency: str | None = None
    status: str | None = None
    succeeded: tuple[str, ...] = SUCCEEDED
    unit: str = "ms"
    limits: Mapping[str, float] = field(default_factory=dict[str, float])

    def __post_init__(self) -> None:
        if self.latency is None and self.status is None:
            raise InvalidInput("a service level names the log's latency column, status or both")
        if self.status is not None and not self.succeeded:
            raise InvalidInput("a service level says which values of the status mean success")
        for name, limit in self.limits.items():
            if name not in SERVICE:
                raise InvalidInput(f"no service level is called {name!r}: {', '.join(SERVICE)}")
            if not (isfinite(limit) and limit >= 0):
                raise InvalidInput(f"the limit of {name} must be at least 0, not {limit}")

    @property
    def columns(self) -> tuple[str, ...]:
        """The log's columns that are about the service and no features."""
        return tuple(name for name in (self.latency, self.status) if name is not None)
