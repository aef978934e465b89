"""How far current rows differ from reference rows, column by column and window by window."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, cast

from lifecycle.domain.measurement import Measurement, State, Window
from lifecycle.engines import Engine
from lifecycle.engines.conditions import Unreadable
from lifecycle.engines.contract import Counted, Source
from lifecycle.engines.windows import Windowing
from lifecycle.errors import InvalidInput
from lifecycle.services.analysis.columns import Chosen, choose_columns, identifier_like
from lifecycle.services.analysis.learning import deviations, learned_limit
from lifecycle.services.analysis.multivariate import measure_together
from lifecycle.services.analysis.null_limits import NULL, with_learned_limits
from lifecycle.services.analysis.periods import silences, windows_of
from lifecycle.services.analysis.result import (
    Draft,
    Result,
    check_limits,
    finish,
    overall,
    side,
)
from lifecycle.stats import catalogue
from lifecycle.stats.catalogue import Family, Needs, Statistic
from lifecycle.stats.summaries import Profile

if TYPE_CHECKING:
    from lifecycle.stats.drift.sides import OverWindows

FEW_WINDOWS = 6
"""NannyML warns below so many reference windows: their spread is then hardly known."""


@dataclass(frozen=True, slots=True)
class DriftOptions:
    """What a drift run measures and how it judges.

    Parameters
    ----------
    timestamp, window
        Cut the current rows into windows of that width.
    columns, exclude, categorical
        Measure only these; leave these out; read these as categories whatever their type.
    statistics
        Names of the catalogue; the usual ones of each kind when empty.
    bins
        Quantile bins per numeric column.
    exact
        Compare the samples instead of the binned counts.
    correction, alpha
        How p-values are adjusted, and above which a value beyond its limit is only a warning.
    limits
        By statistic, before any learned one; house defaults otherwise.
    alert_on
        ``mean+3sd``: a limit per column from the reference's own windows; ``null``: one that they
        exceed in 1 % of cases while nothing changes.
    sides
        Columns that tell reference from current; they differ by construction.
    seed
        Of the chance in statistics that draw rows.
    """

    timestamp: str | None = None
    window: str | None = None
    columns: Sequence[str] = ()
    exclude: Sequence[str] = ()
    categorical: Sequence[str] = ()
    statistics: Sequence[str] = ()
    bins: int = 256
    exact: bool = False
    correction: str = "bh"
    alpha: float = 0.05
    confidence: float = 0.95
    limits: Mapping[str, float] = field(default_factory=dict[str, float])
    alert_on: str | None = None
    sides: Sequence[str] = ()
    seed: int = 0


@dataclass(frozen=True, slots=True)
class _Run:
    """One run's sources and choices, handed from step to step."""

    engine: Engine
    reference: Source
    current: Source
    windowing: Windowing | None
    options: DriftOptions
    by_kind: Mapping[str, tuple[Statistic, ...]]


@dataclass(frozen=True, slots=True)
class _Column:
    """What one column gave: drafts over the current rows and over the reference's windows."""

    drafts: tuple[Draft, ...] = ()
    reference: tuple[Draft, ...] = ()
    notice: str | None = None
    baseline: Profile | None = None


def measure_drift(
    engine: Engine,
    *,
    reference: Source,
    current: Source,
    options: DriftOptions,
    progress: Callable[[int, int], None] | None = None,
) -> Result:
    """Measure the drift of every column from reference to current.

    Parameters
    ----------
    progress
        Called with columns done and columns in all.

    Raises
    ------
    InvalidInput
        A named column, statistic, window or limit cannot be used.
    """
    _check(options)
    time = {"timestamp": options.timestamp, "window": options.window}
    windowing, notices = windows_of(engine, current, **time)
    by_kind = _statistics(options.statistics)
    check_limits(options.limits, measured={s.name for group in by_kind.values() for s in group})
    chosen = choose_columns(reference, current, options=options, timestamp=options.timestamp)
    run = _Run(engine, reference, current, windowing, options, by_kind)
    if options.alert_on:
        notices += windows_of(engine, reference, **time)[1]
    columns: list[_Column] = []
    with ThreadPoolExecutor(engine.threads) as pool:
        for column in pool.map(lambda c: _measure_column(run, c), chosen.columns):
            columns.append(column)
            if progress:
                progress(len(columns), len(chosen.columns))
    notices += [*chosen.notices, *(c.notice for c in columns if c.notice)]
    mismatched = [_mismatch(run, name) for name in chosen.mismatched]
    profiles = {
        c.name: found.baseline
        for c, found in zip(chosen.columns, columns, strict=True)
        if found.baseline is not None
    }
    together = _together(run, profiles)
    return _result(run, columns, together=together, mismatched=mismatched, notices=notices)


def _together(run: _Run, profiles: Mapping[str, Profile]) -> list[Draft]:
    """Measure what no column shows by itself, where that was asked for."""
    names = [statistic.name for statistic in run.by_kind["rows"]]
    if not names or not profiles:
        return []
    return measure_together(
        run.engine,
        reference=run.reference,
        current=run.current,
        references=profiles,
        names=names,
        windowing=run.windowing,
        limits=run.options.limits,
        confidence=run.options.confidence,
        seed=run.options.seed,
    )


def _result(
    run: _Run,
    columns: Sequence[_Column],
    *,
    together: Sequence[Draft],
    mismatched: Sequence[Measurement],
    notices: list[str],
) -> Result:
    options = run.options
    drafts = [draft for column in columns for draft in column.drafts]
    inside = [draft for column in columns for draft in column.reference]
    if options.alert_on not in {None, NULL} and drafts:
        drafts, inside = _learn_limits(drafts, inside=inside, options=options)
        notices += _few_windows(inside)
    measured, tests = finish(
        [*drafts, *together], correction=options.correction, alpha=options.alpha
    )
    within, _ = finish(inside)
    if not measured and not mismatched:
        raise InvalidInput(
            f"{run.reference.label} and {run.current.label} share no column to compare"
            + (": " + "; ".join(notices) if notices else "")
        )
    measurements = (*measured, *mismatched)
    return Result(
        command="drift",
        inputs={"reference": side(run.reference), "current": side(run.current)},
        settings=_settings(run, tests=tests),
        measurements=measurements,
        verdict=overall(measurements),
        notices=(*notices, *silences(measurements)),
        reference_windows=within,
    )


def _mismatch(run: _Run, name: str) -> Measurement:
    """Say that a column cannot be compared, with the first value that does not fit."""
    for empty in (run.reference, run.current):
        if not run.engine.values(empty, name, limit=1):
            return _without_values(run, name, label=empty.label)
    before, now = run.reference.column(name), run.current.column(name)
    reason = f"is {before.type} in {run.reference.label} but {now.type} in {run.current.label}"
    (bad,) = run.engine.violations(run.current, [Unreadable(name, before.type)])[None]
    if bad.rows:
        value = bad.examples[0][0]
        reason += f": {bad.rows} rows such as {value!r}, first row {bad.first_row}"
    return Measurement(
        statistic="type",
        value=None,
        state=State.ERROR,
        column=name,
        n=run.current.rows,
        n_reference=run.reference.rows,
        reason=f"column {name} {reason}",
    )


def _without_values(run: _Run, name: str, *, label: str) -> Measurement:
    """Say that a side holds nothing but missing values, which has no type to compare."""
    return Measurement(
        statistic="missing_share",
        value=1.0,
        state=State.INSUFFICIENT,
        column=name,
        n=run.current.rows,
        n_reference=run.reference.rows,
        reason=f"column {name} of {label} holds no value",
    )


def _check(options: DriftOptions) -> None:
    if options.bins < 10:  # noqa: PLR2004 -- PSI and Jensen-Shannon read the deciles
        raise InvalidInput(f"bins must be at least 10, not {options.bins}")
    if not 0 < options.alpha < 1:
        raise InvalidInput(f"alpha must lie between 0 and 1, not {options.alpha}")
    if options.alert_on:
        if options.alert_on != NULL:
            deviations(options.alert_on)
        if not options.timestamp:
            raise InvalidInput("alert-on learns from the reference's windows: give --timestamp")


def _statistics(names: Sequence[str]) -> dict[str, tuple[Statistic, ...]]:
    """Return the statistics to measure for numeric and categorical columns, and for rows."""
    if not names:
        usual = {
            kind: tuple(catalogue.get(name) for name in chosen)
            for kind, chosen in catalogue.DEFAULT_DRIFT.items()
        }
        return {**usual, "rows": ()}
    found = [catalogue.get(name) for name in dict.fromkeys(names)]
    for statistic in found:
        if statistic.family not in {Family.DRIFT, Family.MULTIVARIATE}:
            raise InvalidInput(f"{statistic.name} measures {statistic.family}, not drift")
    return {
        "numeric": tuple(s for s in found if Needs.NUMERIC in s.needs),
        "categorical": tuple(s for s in found if Needs.CATEGORICAL in s.needs),
        "rows": tuple(s for s in found if Needs.ROWS in s.needs),
    }


def _measure_column(run: _Run, chosen: Chosen) -> _Column:
    wanted = run.by_kind["categorical" if chosen.categorical else "numeric"]
    if not wanted and not run.by_kind["rows"]:
        kind = "categories" if chosen.categorical else "numbers"
        return _Column(notice=f"column {chosen.name} holds {kind}: no statistic named for those")
    keep = run.options.exact and not chosen.categorical
    baseline = run.engine.baseline(
        run.reference,
        chosen.name,
        bins=run.options.bins,
        categorical=chosen.categorical,
        keep=keep,
    )
    if not chosen.asked and (why := identifier_like(baseline, column=chosen)):
        return _Column(notice=why)
    before = baseline.counted
    if not wanted:
        return _Column(baseline=before.profile)
    windows = run.engine.profile(
        run.current, chosen.name, like=before.profile, windowing=run.windowing, keep=keep
    )
    drafts = _drafts(run, chosen, before=before, windows=windows, wanted=wanted)
    if not run.options.alert_on:
        return _Column(drafts=drafts, baseline=before.profile)
    own = run.engine.profile(
        run.reference, chosen.name, like=before.profile, windowing=run.windowing, keep=keep
    )
    if run.options.alert_on == NULL:
        drafts, notice = with_learned_limits(
            drafts, own, by_hand=run.options.limits, seed=run.options.seed
        )
        return _Column(drafts=drafts, notice=notice, baseline=before.profile)
    return _Column(
        baseline=before.profile,
        drafts=drafts,
        reference=_drafts(run, chosen, before=before, windows=own, wanted=wanted),
    )


def _drafts(
    run: _Run,
    chosen: Chosen,
    *,
    before: Counted,
    windows: Mapping[Window | None, Counted],
    wanted: Sequence[Statistic],
) -> tuple[Draft, ...]:
    by_statistic: list[list[Draft]] = []
    for statistic in wanted:
        exact = statistic.exact if before.sample is not None else None
        # A statistic of a column's drift measures many windows at once.
        measure = cast("OverWindows[Any]", exact or statistic.measure)
        first, *sides = (c.sample if exact else c.profile for c in (before, *windows.values()))
        found = measure.windows(first, sides, confidence=run.options.confidence)
        limit = run.options.limits.get(statistic.name, statistic.limit)
        by_statistic.append(
            [
                Draft(statistic, estimate, column=chosen.name, window=window, limit=limit)
                for window, estimate in zip(windows, found, strict=True)
            ]
        )
    return tuple(draft for drafts in zip(*by_statistic, strict=True) for draft in drafts)


def _series(draft: Draft) -> tuple[str, str | None]:
    return draft.statistic.name, draft.column


def _learn_limits(
    drafts: Sequence[Draft], *, inside: Sequence[Draft], options: DriftOptions
) -> tuple[list[Draft], list[Draft]]:
    """Set each series' limit to the mean plus so many standard deviations of its own windows.

    A limit given by hand stays, over the current rows and over the reference's windows.
    """
    values: dict[tuple[str, str | None], list[float]] = {}
    for draft in inside:
        if draft.estimate.value is not None:
            values.setdefault(_series(draft), []).append(draft.estimate.value)
    learned = {
        series: learned_limit(held, rule=str(options.alert_on), statistic=catalogue.get(series[0]))
        for series, held in values.items()
        if len(held) > 1
    }
    if not learned:
        raise InvalidInput("alert-on needs at least two windows in the reference to learn from")

    def limited(draft: Draft) -> Draft:
        if draft.statistic.name in options.limits:
            return draft
        return replace(draft, limit=learned.get(_series(draft)), filtered=False)

    return [limited(d) for d in drafts], [limited(d) for d in inside]


def _few_windows(inside: Sequence[Draft]) -> list[str]:
    windows = len({draft.window for draft in inside})
    if windows >= FEW_WINDOWS:
        return []
    return [
        f"the limits come from only {windows} reference windows; below {FEW_WINDOWS} they are rough"
    ]


def _settings(run: _Run, *, tests: int) -> dict[str, object]:
    options = run.options
    names = {s.name for group in run.by_kind.values() for s in group}
    chance: dict[str, object] = {"seed": options.seed} if run.by_kind["rows"] else {}
    return chance | {
        "engine": run.engine.name,
        "statistics": sorted(names),
        "bins": options.bins,
        "exact": options.exact,
        "correction": options.correction,
        "alpha": options.alpha,
        "confidence": options.confidence,
        "tests": tests,
        "timestamp": options.timestamp,
        "window": run.windowing.width.text if run.windowing else None,
        "alert_on": options.alert_on,
        "limits": dict(options.limits),
    }
