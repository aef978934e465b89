"""What a test takes from an estimate that must hold it."""

from typing import Any

from lifecycle.stats.inference import Estimate, Interval


def value(estimate: Estimate) -> float:
    assert estimate.value is not None, estimate.reason
    return estimate.value


def interval(estimate: Estimate) -> Interval:
    assert estimate.interval is not None, estimate
    return estimate.interval


def reason(estimate: Estimate) -> str:
    assert estimate.reason is not None, estimate
    return estimate.reason


def hidden(estimate: Estimate) -> float:
    """Return what binning may have cost; nothing when the value is exact."""
    return estimate.resolution or 0.0


def untyped(result: object) -> Any:
    """Read a result of SciPy by its documented fields, which its type hints leave out."""
    return result
