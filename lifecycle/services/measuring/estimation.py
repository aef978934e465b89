"""How well does the model seem to work in this window, while outcomes are not known."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache, partial

from lifecycle.domain.measurement import Measurement
from lifecycle.domain.monitor import Monitor
from lifecycle.errors import InsufficientData
from lifecycle.services.analysis import calibrated
from lifecycle.services.analysis.result import Draft, finish
from lifecycle.services.measuring.performance import usual_limit
from lifecycle.services.measuring.watch import (
    ALL_ROWS,
    Counts,
    Watch,
    enough,
    explained,
    matured,
    softened,
)
from lifecycle.stats import catalogue
from lifecycle.stats.catalogue import Statistic
from lifecycle.stats.catalogue.estimation import PREFIX
from lifecycle.stats.inference import Estimate
from lifecycle.stats.performance import estimation
from lifecycle.stats.performance.calibration import Calibration, calibrate
from lifecycle.stats.summaries import UNKNOWN, BinaryTally, Tally

USUAL = ("roc_auc", "accuracy", "precision", "recall", "f1")
"""What is estimated unless the monitor names statistics."""

RANKING = ("roc_auc", "average_precision")
"""What needs no decision."""


def measure(watch: Watch, counts: Counts) -> Sequence[Measurement]:
    """Estimate what can be estimated from scores; judged until the outcomes themselves are.

    Where the outcomes are known, the estimate is kept beside what was realised, without a limit,
    and says so when it was wrong.
    """
    tally, known = counts.tallies.get(ALL_ROWS), watch.tallies.get(ALL_ROWS)
    if not watch.monitor.estimation:
        return []
    if not isinstance(tally, BinaryTally) or not isinstance(known, BinaryTally):
        return []
    if not int(tally.scores.sum()) and not int(known.scores.sum()):
        return []
    learned = _learn(known)
    mature = matured(tally) >= watch.monitor.maturity
    drafts = [
        Draft(
            statistic=replace(statistic, unit=unit),
            estimate=_estimate(tally, learned, measure=measure, minimum=watch.monitor.minimum),
            window=counts.window,
            limit=None if mature else limit_of(watch, statistic),
        )
        for statistic, measure, unit in _wanted(watch.monitor, (tally, known))
    ]
    if mature:
        drafts = [held_against(draft, tally, monitor=watch.monitor) for draft in drafts]
    measured, _ = finish(drafts)
    read = replace(tally, strange_labels=0)  # outcomes have no say in an estimate
    return [explained(softened(one), tally=read) for one in measured]


@lru_cache(maxsize=4)
def _learn(reference: BinaryTally) -> Calibration | Estimate:
    """Calibrate on the reference, once for all windows of a run, or say why that is refused."""
    try:
        calibration = calibrate(reference)
    except InsufficientData as error:
        return Estimate(None, 0, reason=str(error), insufficient=True)
    if calibration.fit.fails:
        return Estimate(None, 0, reason=calibrated.failure(calibration.fit))
    return calibration


def _wanted(
    monitor: Monitor, sides: Sequence[BinaryTally]
) -> list[tuple[Statistic, Callable[..., Estimate], str]]:
    """Choose what to estimate of what some side holds: statistic, how, and its unit."""
    decided = any(int(side.decided[:UNKNOWN].sum()) > 0 for side in sides)
    names = [n for n in monitor.performance or USUAL if n in estimation.ESTIMATED]
    found = [catalogue.get(f"{PREFIX}{name}") for name in names if decided or name in RANKING]
    chosen = [(statistic, statistic.measure, statistic.unit) for statistic in found]
    if monitor.costs is not None and decided:
        for name in ("value_per_decision", "total_value"):
            statistic = catalogue.get(f"{PREFIX}{name}")
            measure = partial(statistic.measure, worth=monitor.costs.weights)
            chosen.append((statistic, measure, monitor.costs.currency))
    return chosen


def _estimate(
    tally: BinaryTally,
    learned: Calibration | Estimate,
    *,
    measure: Callable[..., Estimate],
    minimum: int,
) -> Estimate:
    if isinstance(learned, Estimate):
        return replace(learned, n=tally.rows)
    expected = estimation.expect(tally, calibration=learned)
    return enough(measure(expected), rows=tally.rows, minimum=minimum)


def limit_of(watch: Watch, statistic: Statistic) -> float | None:
    """Return the estimate's own limit, or else the one of what it estimates."""
    realised = catalogue.get(statistic.name.removeprefix(PREFIX))
    otherwise = usual_limit(watch, realised)
    return watch.monitor.limit(statistic.name, column=None, otherwise=otherwise)


def held_against(draft: Draft, tally: Tally, *, monitor: Monitor) -> Draft:
    """Say beside an estimate that the outcomes, known by now, lie outside its band."""
    realised = catalogue.get(draft.statistic.name.removeprefix(PREFIX)).measure
    if monitor.costs is not None and draft.statistic.unit == monitor.costs.currency:
        realised = partial(realised, worth=monitor.costs.weights)
    return beside(draft, realised(tally).value)


def beside(draft: Draft, value: float | None) -> Draft:
    """Say beside an estimate that what was realised lies outside its band, if it does."""
    band = draft.estimate.interval
    if band is None or value is None or band[0] <= value <= band[1]:
        return draft
    reason = draft.estimate.reason or f"realised {value:.4g}, outside the band of the estimate"
    return replace(draft, estimate=replace(draft.estimate, reason=reason))
