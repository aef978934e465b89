"""Whether rows are fit for use: by themselves, against a reference, by window, as expected."""

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from statistics import median

from lifecycle.domain.expectation import Check, Expectation
from lifecycle.domain.measurement import Measurement
from lifecycle.engines import Engine
from lifecycle.engines.contract import Kind, Source
from lifecycle.engines.windows import Windowing
from lifecycle.services.analysis import checks, house
from lifecycle.services.analysis.periods import silences, windows_of, with_gaps
from lifecycle.services.analysis.result import Draft, Result, finish, overall, side
from lifecycle.stats import catalogue

BINS = 64
"""Quantile bins of a column's whole on which its windows are counted."""


@dataclass(frozen=True, slots=True)
class QualityOptions:
    """What a quality run expects.

    Parameters
    ----------
    at
        The time that ages are told from.
    expectations
        All that is checked of the rows themselves; the house's own checks where there is none.
    ids
        Columns in which no value may occur twice.
    timestamp, window
        How rows are cut by time; one window of all rows without a timestamp.
    """

    at: datetime
    expectations: Sequence[Expectation] = ()
    ids: Sequence[str] = ()
    timestamp: str | None = None
    window: str | None = None


@dataclass(frozen=True, slots=True)
class FailingRow:
    """A row that breaks an expectation: its number from 1, and its values as text."""

    expectation: Expectation
    row: int
    values: dict[str, str | None]


def measure_quality(
    engine: Engine, *, source: Source, options: QualityOptions, reference: Source | None = None
) -> Result:
    """Check rows by themselves, against a reference and against expectations.

    Raises
    ------
    InvalidInput
        A column of ids or of times is not there, or cannot be read.
    """
    for name in options.ids:
        source.column(name)
    windowing, notices = windows_of(
        engine, source, timestamp=options.timestamp, window=options.window
    )
    found: list[Measurement] = []
    if options.expectations:
        run = checks.Checking(engine, source, options.at, reference, windowing)
        found += checks.measure(run, _with_ids(options))
    if reference is not None or not options.expectations:
        facts = house.all_facts(engine, source)
        if not options.expectations:
            found += house.by_themselves(engine, source, facts, ids=options.ids)
        if reference is not None:
            found += house.against(engine, source, facts, reference=reference)
        if windowing is not None:
            found += _by_window(engine, source, windowing, reference=reference)
    inputs = {"data": side(source)} | ({"reference": side(reference)} if reference else {})
    return Result(
        command="quality",
        inputs=inputs,
        settings=_settings(engine, options, windowing),
        measurements=tuple(found),
        verdict=overall(found),
        notices=(*notices, *silences(found), *_extra(source, reference)),
    )


def failing_rows(
    engine: Engine, source: Source, expectations: Iterable[Expectation], *, limit: int
) -> list[FailingRow]:
    """Return the first rows that break each expectation which single rows can break."""
    found: list[FailingRow] = []
    for expected in expectations:
        condition = checks.condition_of(expected)
        if condition is None or not set(checks.columns_of(expected)) <= set(source.names):
            continue
        rows = engine.failing(source, condition, columns=source.names, limit=limit)
        found += [FailingRow(expected, row, values) for row, values in rows]
    return found


def _with_ids(options: QualityOptions) -> list[Expectation]:
    return [*options.expectations, *(Expectation(Check.UNIQUE, name) for name in options.ids)]


def _by_window(
    engine: Engine, source: Source, windowing: Windowing, *, reference: Source | None
) -> list[Measurement]:
    """Judge each column in each window, and the number of rows of each."""
    usual = source if reference is None else reference
    names = [
        column.name
        for column in source.columns
        if column.kind in {Kind.NUMERIC, Kind.CATEGORICAL}
        and column.name in usual.names
        and usual.column(column.name).kind is column.kind
    ]

    def drafts_of(name: str) -> list[Draft]:
        categorical = source.column(name).kind is Kind.CATEGORICAL
        base = engine.baseline(usual, name, bins=BINS, categorical=categorical, keep=False)
        profile = base.counted.profile
        windows = engine.profile(source, name, like=profile, windowing=windowing)
        return [
            draft
            for window, counted in windows.items()
            if window is not None
            for draft in house.window_drafts(
                profile, counted.profile, column=name, window=window, fixed=reference is not None
            )
        ]

    with ThreadPoolExecutor(engine.threads) as pool:
        drafts = [draft for part in pool.map(drafts_of, names) for draft in part]
    measured, _ = finish(drafts, alpha=house.CHANCE)
    return [*_volumes(engine, source, windowing, reference=reference), *measured]


def _volumes(
    engine: Engine, source: Source, windowing: Windowing, *, reference: Source | None
) -> tuple[Measurement, ...]:
    """Compare the rows of each window with the usual number; a stretch without rows is named."""
    held = dict(engine.volume(source, windowing))
    dated = reference is not None and windowing.timestamp in reference.names
    base = engine.volume(reference, windowing) if reference is not None and dated else held
    usual = float(median(base.values())) if base else 0.0  # no row of the reference has a time
    statistic = catalogue.get("volume_change")
    drafts = [
        Draft(
            statistic,
            statistic.measure(usual, held.get(window, 0)),
            window=window,
            limit=statistic.limit,
            minimum=0,
        )
        for window in with_gaps(held)
    ]
    measured, _ = finish(drafts)
    return tuple(replace(m, reason="the window holds no rows") if m.n == 0 else m for m in measured)


def _settings(
    engine: Engine, options: QualityOptions, windowing: Windowing | None
) -> dict[str, object]:
    return {
        "engine": engine.name,
        "ids": list(options.ids),
        "expectations": len(options.expectations),
        "stuck_factor": house.STUCK_FACTOR,
        "missing_rise": house.RISE,
        "outside_range": house.OUTSIDE,
        "at": options.at.isoformat(),
        "window": windowing.width.text if windowing else None,
    }


def _extra(source: Source, reference: Source | None) -> tuple[str, ...]:
    if reference is None:
        return ()
    extra = [name for name in source.names if name not in reference.names]
    if not extra:
        return ()
    return (f"only in {source.label}, not in {reference.label}: {', '.join(extra)}",)
