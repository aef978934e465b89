"""Detectors that watch a stream value by value: ADWIN and Page-Hinkley, from River."""

from collections.abc import Callable, Mapping
from typing import Any

from lifecycle.stats.drift.streams import cusum
from lifecycle.stats.inference import FloatArray


def adwin(values: FloatArray) -> list[int]:
    """Find changes of the mean between two parts of an adaptive window.

    Source: Bifet and Gavalda (2007), doi:10.1137/1.9781611972771.42; River's defaults.
    """
    from river.drift import ADWIN

    return _watched(ADWIN(), values)


def page_hinkley(values: FloatArray) -> list[int]:
    """Find rises and falls of the mean against its running average.

    Source: Page (1954), doi:10.1093/biomet/41.1-2.100; River's defaults.
    """
    from river.drift import PageHinkley

    return _watched(PageHinkley(), values)


def _watched(detector: Any, values: FloatArray) -> list[int]:
    found: list[int] = []
    for place, value in enumerate(values.tolist()):
        detector.update(value)
        if detector.drift_detected:
            found.append(place)
    return found


DETECTORS: Mapping[str, Callable[[FloatArray], list[int]]] = {
    "adwin": adwin,
    "page_hinkley": page_hinkley,
    "cusum": cusum,
}
"""Each takes values in order of time and returns the positions at which it saw a change."""
