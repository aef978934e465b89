"""Which of a run's breaches may chance have made: its drift tests are one family.

A run asks every column in every slice of every window it measures, so its p-values are corrected
together, and the number of them is kept.
"""

from collections.abc import Sequence
from dataclasses import replace

from lifecycle.domain.measurement import Measurement, State
from lifecycle.services.analysis.result import CORRECTIONS, together
from lifecycle.stats import catalogue
from lifecycle.stats.catalogue import Family

TESTED = frozenset({Family.DRIFT, Family.ANSWERS})
"""Statistics whose p-values are one family: what moved, in columns and in outcomes."""


def correct(
    found: Sequence[Measurement], *, correction: str, alpha: float
) -> tuple[list[Measurement], int]:
    """Correct the p-values of a run's drift and soften the breaches that chance explains.

    Returns
    -------
    tuple
        The measurements, in their order, and the number of tests corrected for.
    """
    tests = [
        (at, measured.p_value)
        for at, measured in enumerate(found)
        if measured.p_value is not None and catalogue.get(measured.statistic).family in TESTED
    ]
    corrected = list(found)
    adjusted = CORRECTIONS[correction]([p for _, p in tests])
    for (at, _), p in zip(tests, adjusted, strict=True):
        corrected[at] = _told(found[at], p_adjusted=p, alpha=alpha)
    return corrected, len(tests)


def _told(measured: Measurement, *, p_adjusted: float, alpha: float) -> Measurement:
    known = replace(measured, p_adjusted=p_adjusted)
    if measured.state is not State.BREACH or p_adjusted <= alpha:
        return known
    chance = f"beyond the limit, but chance would do that too (adjusted p {p_adjusted:.2g})"
    return replace(known, state=State.WARNING, reason=together(chance, measured.reason))
