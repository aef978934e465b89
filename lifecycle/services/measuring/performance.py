"""How well does the model work in this window, judged by what the reference showed."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from lifecycle.domain.measurement import Measurement
from lifecycle.services.analysis.performance import FROM_SCORES, in_money
from lifecycle.services.analysis.result import Draft, finish, together
from lifecycle.services.measuring.watch import (
    ALL_ROWS,
    Counts,
    Watch,
    enough,
    if_mature,
    softened,
)
from lifecycle.stats import catalogue
from lifecycle.stats.catalogue import Family, Needs, Statistic
from lifecycle.stats.inference import Estimate
from lifecycle.stats.summaries import UNKNOWN, BinaryTally, ClassTally, ErrorTally, Tally

TOLERANCE = 0.05
"""How far a rate may fall behind its reference value; a house default."""

LOSSES = frozenset({"mae", "rmse", "brier", "log_loss"})
GROWTH = 1.2
"""How far an error may grow against its reference value, which has no fixed scale."""

PERFORMANCE: Mapping[Needs, tuple[str, ...]] = {
    Needs.BINARY: (
        "accuracy",
        "precision",
        "recall",
        "f1",
        "roc_auc",
        "brier",
        "log_loss",
        "ece",
    ),
    Needs.CLASSES: ("accuracy", "precision", "recall", "f1", "balanced_accuracy"),
    Needs.REGRESSION: ("mae", "rmse", "r2", "bias"),
}
"""What is measured for a kind of answer unless the monitor names statistics."""


def measure(watch: Watch, counts: Counts) -> Sequence[Measurement]:
    """Measure the answers against known outcomes, judged by what the reference showed."""
    tally, monitor = counts.tallies.get(ALL_ROWS), watch.monitor
    if tally is None:
        return []
    drafts = [
        Draft(
            statistic=statistic,
            estimate=enough(
                _told(statistic.measure(tally), statistic, tally),
                rows=tally.rows,
                minimum=monitor.minimum,
            ),
            window=counts.window,
            limit=usual_limit(watch, statistic),
        )
        for statistic in (
            *performance_statistics(tally, named=monitor.performance, like=watch.answered),
            *_in_money(watch, tally),
        )
    ]
    measured, _ = finish(drafts)
    return [if_mature(softened(m), tally=tally, wanted=monitor.maturity) for m in measured]


def _told(estimate: Estimate, statistic: Statistic, tally: Tally) -> Estimate:
    """Say beside a value how many rows it leaves out that lack a score or a decision."""
    if estimate.value is None or not isinstance(tally, BinaryTally):
        return estimate
    scored = statistic.name in FROM_SCORES
    lacking = tally.invalid_scores if scored else int(tally.decisions[:, UNKNOWN].sum())
    what = "valid score" if scored else "decision"
    said = f"{lacking} of {tally.rows} rows have no {what} and are left out" if lacking else None
    return replace(estimate, reason=together(estimate.reason, said))


def usual_limit(watch: Watch, statistic: Statistic) -> float | None:
    """Return the limit set by hand, or else the one that the reference sets; none for money."""
    otherwise = None
    if statistic.family is Family.PERFORMANCE:
        otherwise = house_limit(statistic, reference=_usual(watch, statistic))
    return watch.monitor.limit(statistic.name, column=None, otherwise=otherwise)


def house_limit(statistic: Statistic, *, reference: float | None) -> float | None:
    """Return the limit that a reference value sets for a measure of performance.

    A rate may fall by `TOLERANCE` (or rise, where lower is better), a loss grow by a fifth.
    """
    if reference is None or statistic.better is None:
        return None
    if statistic.name in LOSSES:
        return reference * GROWTH
    return reference + (TOLERANCE if statistic.better == "lower" else -TOLERANCE)


def performance_statistics(
    tally: Tally, *, named: Sequence[str] = (), like: Tally | None = None
) -> tuple[Statistic, ...]:
    """Return the named statistics that a tally can give, or the usual ones of its kind.

    Those of scores and of decisions stay where a tally ``like`` it has them and this one none, so
    that their absence is told.
    """
    needs = needs_of(tally)
    wanted = [catalogue.get(name) for name in named or PERFORMANCE[needs]]
    fitting = [s for s in wanted if needs in s.needs]
    if isinstance(tally, BinaryTally):
        sides = [side for side in (tally, like) if isinstance(side, BinaryTally)]
        scored = any(int(side.scores.sum()) + side.invalid_scores > 0 for side in sides)
        decided = any(decides(side) for side in sides)
        fitting = [s for s in fitting if (scored if s.name in FROM_SCORES else decided)]
    return tuple(fitting)


def decides(tally: BinaryTally) -> bool:
    """Tell whether some row of a tally has a decision."""
    return int(tally.decisions[:, :UNKNOWN].sum()) > 0


def _in_money(watch: Watch, tally: Tally) -> list[Statistic]:
    """Return the statistics of value where somebody said what a decision is worth."""
    costs = watch.monitor.costs
    return [] if costs is None or not isinstance(tally, BinaryTally) else in_money(costs)


def _usual(watch: Watch, statistic: Statistic) -> float | None:
    """Return a statistic's value on the reference, where it can be had."""
    tally = watch.tallies.get(ALL_ROWS)
    if tally is None or statistic not in performance_statistics(tally, named=[statistic.name]):
        return None
    return statistic.measure(tally).value


def needs_of(tally: Tally) -> Needs:
    """Return which statistics a tally can be asked for."""
    kinds = {BinaryTally: Needs.BINARY, ClassTally: Needs.CLASSES, ErrorTally: Needs.REGRESSION}
    return kinds[type(tally)]
