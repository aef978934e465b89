"""What a window's summaries say: drift, quality, performance and fairness, judged against limits.

Nothing here reads rows, a file or the store: profiles and tallies in, measurements out.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

import numpy as np

from lifecycle.domain.measurement import Measurement, State, Window
from lifecycle.domain.monitor import Grain, Monitor
from lifecycle.services.analysis.performance import FROM_SCORES
from lifecycle.services.analysis.result import Draft, finish
from lifecycle.stats import catalogue
from lifecycle.stats.catalogue import Needs, Statistic
from lifecycle.stats.inference import Estimate
from lifecycle.stats.summaries import (
    UNKNOWN,
    BinaryTally,
    ClassTally,
    ErrorTally,
    FloatArray,
    NumericProfile,
    Profile,
    Tally,
)

ALL_ROWS = "{}"
"""The slice of all rows, as its canonical JSON."""

TOLERANCE = 0.05
"""How far a rate may fall behind its reference value; a house default."""

LOSSES = frozenset({"mae", "rmse", "brier", "log_loss"})
GROWTH = 1.2
"""How far an error may grow against its reference value, which has no fixed scale."""

MISSING_TOLERANCE = 0.05
"""How far the share of missing values may rise above the reference's."""

CHANCE = 0.001
"""A column counts as stuck only if chance would make it constant less often than this."""

FAIRNESS_LIMITS: Mapping[str, float] = {
    "demographic_parity_ratio": 0.8,
    "equal_opportunity_difference": 0.1,
    "equalized_odds_difference": 0.1,
    "predictive_parity_difference": 0.1,
}
"""House limits: four fifths for selection (29 CFR 1607.4(D)), a tenth for rates of error."""

UNLABELLED = frozenset(
    {
        "selection_rate",
        "impact_ratio",
        "demographic_parity_difference",
        "demographic_parity_ratio",
    }
)
"""What fairness can say before any outcome is known."""

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

SCORE_BINS = 128
SCORE_GRID = 8_192
"""Edges of score bins lie on this grid, the one engines count many different scores on."""

TENTHS = np.arange(1, 10) / 10
"""Always among the edges, for the calibration error."""


@dataclass(frozen=True, slots=True, eq=False)
class Watch:
    """What every window of a version is compared with.

    Parameters
    ----------
    references
        The reference's profile by column; the model's answers are called score and prediction.
    tally
        The reference's own outcomes; ``None`` when it holds no answers to compare.
    """

    monitor: Monitor
    references: Mapping[str, Profile]
    tally: Tally | None


@dataclass(frozen=True, slots=True, eq=False)
class Counts:
    """What was counted in one window.

    Parameters
    ----------
    tallies
        By slice, as canonical JSON; `ALL_ROWS` among them once anything was tallied.
    """

    window: Window
    profiles: Mapping[str, Profile]
    tallies: Mapping[str, Tally]


def window_of(day: date, *, grain: Grain) -> Window:
    """Return the window a day falls into: the day, its week from Monday, or its month, in UTC."""
    if grain is Grain.MONTH:
        first = day.replace(day=1)
        following = (first + timedelta(days=31)).replace(day=1)
    else:
        first = day if grain is Grain.DAY else day - timedelta(days=day.weekday())
        following = first + timedelta(days=1 if grain is Grain.DAY else 7)
    return Window(*(datetime.combine(d, time.min, tzinfo=UTC) for d in (first, following)))


def measure(watch: Watch, counts: Counts) -> list[Measurement]:
    """Measure everything a monitor asks for in one window."""
    return [
        *_drift(watch, counts),
        *_quality(watch, counts),
        *_performance(watch, counts),
        *_fairness(watch, counts),
    ]


def matured(tally: Tally) -> float:
    """Return the share of rows whose outcome is known."""
    if tally.rows == 0:
        return 0.0
    known = tally.labelled if isinstance(tally, BinaryTally) else tally.rows - tally.unlabelled
    return known / tally.rows


def house_limit(statistic: Statistic, *, reference: float | None) -> float | None:
    """Return the limit that a reference value sets for a measure of performance.

    A rate may fall by `TOLERANCE` (or rise, where lower is better), a loss grow by a fifth.
    """
    if reference is None or statistic.better is None:
        return None
    if statistic.name in LOSSES:
        return reference * GROWTH
    return reference + (TOLERANCE if statistic.better == "lower" else -TOLERANCE)


def performance_statistics(tally: Tally, *, named: Sequence[str] = ()) -> tuple[Statistic, ...]:
    """Return the named statistics that a tally can give, or the usual ones of its kind."""
    needs = _needs(tally)
    wanted = [catalogue.get(name) for name in named or PERFORMANCE[needs]]
    fitting = [s for s in wanted if needs in s.needs]
    if isinstance(tally, BinaryTally):
        scored = int(tally.scores.sum()) + tally.invalid_scores > 0
        decided = int(tally.decisions[:, :UNKNOWN].sum()) > 0
        fitting = [s for s in fitting if (scored if s.name in FROM_SCORES else decided)]
    return tuple(fitting)


def score_edges(reference: BinaryTally) -> FloatArray:
    """Fix the inner edges of score bins from the reference's own scores.

    Few different scores get a bin each, so that everything computed from them is exact; others
    get bins of about equal size. The tenths are always among the edges.
    """
    rows = reference.scores.sum(axis=0)
    held = np.flatnonzero(rows)
    if len(reference.edges) == 0 or len(held) == 0:
        return np.empty(0)
    upper = np.append(reference.edges, 1.0)
    if reference.exact and len(held) <= SCORE_BINS:
        return np.unique(np.concatenate([upper[held], TENTHS]))
    reached = np.cumsum(rows)
    wanted = np.arange(1, SCORE_BINS) * int(reached[-1]) / SCORE_BINS
    quantiles = upper[np.searchsorted(reached, wanted)]
    return np.unique(np.concatenate([np.ceil(quantiles * SCORE_GRID) / SCORE_GRID, TENTHS]))


def rebin(tally: BinaryTally, *, edges: FloatArray) -> BinaryTally:
    """Put a tally on other score bins; nothing is lost but the order inside the new ones.

    A bin goes where its upper edge lies. That is exact for bins of one score each, and for bins
    of the grid whenever the new edges lie on it.
    """
    if len(edges) == 0 or np.array_equal(edges, tally.edges):
        return tally
    upper = np.append(tally.edges, 1.0)
    at = np.searchsorted(edges, upper)
    held = tally.scores.sum(axis=0) > 0
    scores = np.zeros((3, len(edges) + 1), dtype=np.int64)
    sums = np.zeros((3, len(edges) + 1))
    for label in range(3):
        np.add.at(scores[label], at, tally.scores[label])
        np.add.at(sums[label], at, tally.score_sums[label])
    return replace(
        tally,
        edges=edges,
        scores=scores,
        score_sums=sums,
        exact=tally.exact and bool(np.isin(upper[held], edges).all()),
    )


def _needs(tally: Tally) -> Needs:
    kinds = {BinaryTally: Needs.BINARY, ClassTally: Needs.CLASSES, ErrorTally: Needs.REGRESSION}
    return kinds[type(tally)]


def _drift(watch: Watch, counts: Counts) -> Sequence[Measurement]:
    """Compare every column with its reference; the p-values of one window are one family."""
    monitor = watch.monitor
    drafts: list[Draft] = []
    for column, reference, current in _pairs(watch, counts):
        numeric = isinstance(reference, NumericProfile)
        needs = Needs.NUMERIC if numeric else Needs.CATEGORICAL
        for name in monitor.drift if numeric else monitor.categorical:
            statistic = catalogue.get(name)
            if needs in statistic.needs:
                found = statistic.measure(reference, current)
                drafts.append(
                    Draft(
                        statistic=statistic,
                        estimate=_enough(found, rows=current.rows, minimum=monitor.minimum),
                        column=column,
                        window=counts.window,
                        limit=monitor.limits.get(name, statistic.limit),
                    )
                )
    measured, _ = finish(drafts, correction=monitor.correction, alpha=monitor.alpha)
    return measured


def _quality(watch: Watch, counts: Counts) -> Sequence[Measurement]:
    """Tell whether each column is fit to be measured."""
    minimum, limits = watch.monitor.minimum, watch.monitor.limits
    missing, stuck = catalogue.get("missing_share"), catalogue.get("stuck_value")
    drafts: list[Draft] = []
    for column, reference, current in _pairs(watch, counts):
        usual = (reference.rows - reference.n) / reference.rows if reference.rows else 0.0
        for statistic, limit in ((missing, usual + MISSING_TOLERANCE), (stuck, stuck.limit)):
            found = statistic.measure(reference, current)
            drafts.append(
                Draft(
                    statistic=statistic,
                    estimate=_enough(found, rows=current.rows, minimum=minimum),
                    column=column,
                    window=counts.window,
                    limit=limits.get(statistic.name, limit),
                )
            )
    measured, _ = finish(drafts, alpha=CHANCE)
    return [_softened(m) for m in measured]


def _performance(watch: Watch, counts: Counts) -> Sequence[Measurement]:
    """Measure the answers against known outcomes, judged by what the reference showed."""
    tally, monitor = counts.tallies.get(ALL_ROWS), watch.monitor
    if tally is None:
        return []
    drafts = [
        Draft(
            statistic=statistic,
            estimate=_enough(statistic.measure(tally), rows=tally.rows, minimum=monitor.minimum),
            window=counts.window,
            limit=monitor.limits.get(
                statistic.name, house_limit(statistic, reference=_usual(watch, statistic))
            ),
        )
        for statistic in performance_statistics(tally, named=monitor.performance)
    ]
    measured, _ = finish(drafts)
    return [_if_mature(_softened(m), tally=tally, wanted=monitor.maturity) for m in measured]


def _usual(watch: Watch, statistic: Statistic) -> float | None:
    """Return a statistic's value on the reference, where it can be had."""
    if watch.tally is None or statistic not in performance_statistics(
        watch.tally, named=[statistic.name]
    ):
        return None
    return statistic.measure(watch.tally).value


def _fairness(watch: Watch, counts: Counts) -> Sequence[Measurement]:
    """Measure rates by group, and the gaps between the groups of each attribute."""
    monitor, everybody = watch.monitor, counts.tallies.get(ALL_ROWS)
    drafts: list[Draft] = []
    for attribute, groups in _groups(counts).items():
        for group, tally in groups.items():
            drafts += [
                Draft(rate, rate.measure(tally), slice={attribute: group}, window=counts.window)
                for rate in catalogue.FAIRNESS_RATES
            ]
        compared = list(groups.values())
        rows = sum(tally.rows for tally in compared)
        drafts += [
            Draft(
                gap,
                _enough(gap.measure(compared), rows=rows, minimum=monitor.minimum),
                column=attribute,
                window=counts.window,
                limit=monitor.limits.get(gap.name, FAIRNESS_LIMITS.get(gap.name)),
            )
            for gap in catalogue.FAIRNESS_GAPS
        ]
    measured, _ = finish(drafts)
    return [
        softened
        if everybody is None or softened.statistic in UNLABELLED
        else _if_mature(softened, tally=everybody, wanted=monitor.maturity)
        for softened in map(_softened, measured)
    ]


def _groups(counts: Counts) -> dict[str, dict[str, BinaryTally]]:
    """Sort the slices of one attribute each: attribute, group, tally; groups by name."""
    found: dict[str, dict[str, BinaryTally]] = {}
    for key in sorted(counts.tallies):
        tally = counts.tallies[key]
        named: dict[str, str] = json.loads(key)
        if len(named) == 1 and isinstance(tally, BinaryTally):
            ((attribute, group),) = named.items()
            if int(tally.decisions[:, :UNKNOWN].sum()):
                found.setdefault(attribute, {})[group] = tally
    return found


def _pairs(watch: Watch, counts: Counts) -> list[tuple[str, Profile, Profile]]:
    """Pair each column's reference with what the window holds."""
    return [
        (column, reference, counts.profiles[column])
        for column, reference in watch.references.items()
        if column in counts.profiles
    ]


def _enough(estimate: Estimate, *, rows: int, minimum: int) -> Estimate:
    """Keep a value from being judged in a window of too few rows."""
    if rows >= minimum or estimate.value is None:
        return estimate
    reason = f"{rows} rows in the window, at least {minimum} are needed to judge"
    return replace(estimate, insufficient=True, reason=reason)


def _softened(measured: Measurement) -> Measurement:
    """Make a breach a warning while its interval still includes the limit."""
    if measured.state is not State.BREACH or measured.interval is None or measured.limit is None:
        return measured
    low, high = measured.interval
    if not low <= measured.limit <= high:
        return measured
    reason = "beyond the limit, but the interval includes it"
    return replace(measured, state=State.WARNING, reason=measured.reason or reason)


def _if_mature(measured: Measurement, *, tally: Tally, wanted: float) -> Measurement:
    """Keep a value from being judged before enough outcomes are known."""
    share = matured(tally)
    if share >= wanted:
        return measured
    reason = f"outcomes of {share:.0%} of rows known, {wanted:.0%} are needed to judge"
    return replace(measured, state=State.INSUFFICIENT, reason=reason)
