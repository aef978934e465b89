"""How well does a model work where outcomes are not known, from a reference where they are."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from lifecycle.domain.measurement import Window
from lifecycle.domain.value import CostMatrix, as_settings
from lifecycle.engines import Engine
from lifecycle.engines.contract import CHUNK, Grouping, Source
from lifecycle.engines.windows import Windowing, parse_width
from lifecycle.errors import InsufficientData, InvalidInput
from lifecycle.services.analysis import backtest, calibrated
from lifecycle.services.analysis.backtest import Tested
from lifecycle.services.analysis.learning import deviations, learned_limit
from lifecycle.services.analysis.outcomes import (
    Codings,
    Roles,
    Task,
    binary_codings,
    recognise,
)
from lifecycle.services.analysis.performance import in_money
from lifecycle.services.analysis.periods import windows_of
from lifecycle.services.analysis.result import (
    Draft,
    Result,
    check_limits,
    finish,
    overall,
    side,
)
from lifecycle.stats import catalogue
from lifecycle.stats.catalogue import Family, Statistic
from lifecycle.stats.catalogue.estimation import PREFIX
from lifecycle.stats.inference import Estimate
from lifecycle.stats.performance import estimation
from lifecycle.stats.performance.calibration import Calibration, calibrate
from lifecycle.stats.performance.estimation import Expected
from lifecycle.stats.summaries import BinaryTally

RANKING = ("roc_auc", "average_precision")
"""What needs no decision."""

MATURE = 0.9
"""Share of a window's rows whose outcome must be known before an estimate is held against it."""


@dataclass(frozen=True, slots=True)
class EstimateOptions:
    """What to estimate, and how the rows are cut.

    Parameters
    ----------
    timestamp, window
        Cut both sides into windows of that width.
    chunk_size
        Cut both sides into so many rows each, in file order.
    statistics
        Names of `estimation.ESTIMATED`; all that fit when empty.
    limits
        By statistic; nothing is judged without one.
    alert_on
        ``mean+3sd``: a limit from what was realised in the reference's windows.
    costs
        What decisions are worth, to estimate their value too.
    """

    roles: Roles
    timestamp: str | None = None
    window: str | None = None
    chunk_size: int | None = None
    statistics: Sequence[str] = ()
    confidence: float = 0.95
    limits: Mapping[str, float] = field(default_factory=dict[str, float])
    alert_on: str | None = None
    costs: CostMatrix | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """The rows of one side that are estimated together."""

    slice: Mapping[str, str]
    window: Window | None
    tally: BinaryTally


@dataclass(frozen=True, slots=True, eq=False)
class _Run:
    """One run's sources and choices, handed from step to step."""

    engine: Engine
    reference: Source
    current: Source
    codings: Codings
    windowing: Windowing | None
    options: EstimateOptions
    wanted: Sequence[Statistic]

    def parts(self, source: Source, *, labelled: bool, whole: bool = False) -> Iterator[Part]:
        """Tally a side window by window; all of its rows first where that is asked for."""
        cut = [Grouping((), self.windowing)]
        if whole and self.windowing:
            cut = [Grouping(), *cut]
        tallied = self.engine.binary(
            source,
            label=self.codings.label if labelled else None,
            decision=self.codings.decision,
            score=self.options.roles.score,
            groupings=cut,
        )
        for found in tallied:
            if isinstance(found.tally, BinaryTally):
                yield _part(found.tally, found.window, rows=self.options.chunk_size, of=source)


@dataclass(frozen=True, slots=True, eq=False)
class _Reference:
    """What the reference teaches, or why it teaches nothing, and its windows put to the test."""

    calibration: Calibration | None
    refusal: Estimate | None
    tested: Sequence[Tested]


def measure_estimate(
    engine: Engine, *, reference: Source, current: Source, options: EstimateOptions
) -> Result:
    """Estimate a classifier's performance on current rows; outcomes there only test the estimate.

    Raises
    ------
    InvalidInput
        A column, statistic, window or limit cannot be used, or the model is no binary classifier.
    """
    _check(options, reference=reference, current=current)
    if (task := recognise(engine, reference, roles=options.roles)) is not Task.BINARY:
        raise InvalidInput(f"estimate knows binary classifiers; this is a {task} model")
    windowing, notices = _windowing(engine, current, options=options)
    run = _Run(
        engine,
        _cut(engine, reference, options=options),
        _cut(engine, current, options=options),
        binary_codings(engine, reference, roles=options.roles),
        windowing,
        options,
        _wanted(options),
    )
    learned = _learn(run)
    drafts, tested, told = _estimate(run, learned)
    tested = [*tested, *learned.tested]
    measurements, _ = finish(_acknowledged(_limited(run, drafts, learned.tested), tested))
    return Result(
        command="estimate",
        inputs={"reference": side(reference), "current": side(current)},
        settings=_settings(run, task=task),
        measurements=measurements,
        verdict=overall(measurements),
        notices=(*notices, *run.codings.notices, *told, *backtest.sentences(tested)),
        details=calibrated.as_details(learned.calibration) | backtest.as_details(tested),
    )


def _check(options: EstimateOptions, *, reference: Source, current: Source) -> None:
    roles = options.roles
    if roles.score is None:
        raise InvalidInput("give --score: an estimate without outcomes is made from scores")
    reference.column(roles.target)
    for name in (roles.score, roles.prediction):
        if name is not None:
            reference.column(name)
            current.column(name)
    if options.chunk_size is not None:
        if options.timestamp or options.window:
            raise InvalidInput("give --chunk-size or --timestamp with --window, not both")
        if options.chunk_size < 1:
            raise InvalidInput(f"chunk-size must be at least 1 row, not {options.chunk_size}")
    if options.alert_on:
        deviations(options.alert_on)
        if not (options.timestamp or options.chunk_size):
            raise InvalidInput(
                "alert-on learns from the reference's windows: give --timestamp or --chunk-size"
            )


def _windowing(
    engine: Engine, current: Source, *, options: EstimateOptions
) -> tuple[Windowing | None, list[str]]:
    if options.chunk_size is not None:
        return Windowing(CHUNK, parse_width("1s")), []
    return windows_of(engine, current, timestamp=options.timestamp, window=options.window)


def _cut(engine: Engine, source: Source, *, options: EstimateOptions) -> Source:
    return source if options.chunk_size is None else engine.chunked(source, rows=options.chunk_size)


def _part(tally: BinaryTally, window: Window | None, *, rows: int | None, of: Source) -> Part:
    """Name a part: by its window, or by the rows of the file it holds."""
    if window is None or rows is None:
        return Part({}, window, tally)
    first = int(window.start.timestamp()) * rows
    return Part({"rows": f"{first + 1}-{min(first + rows, of.rows)}"}, None, tally)


def _wanted(options: EstimateOptions) -> tuple[Statistic, ...]:
    """Choose what to estimate, under the name of what is estimated."""
    names = estimation.ESTIMATED if options.roles.prediction else RANKING
    fitting = {name: catalogue.get(name) for name in names}
    if options.costs is not None:
        if not options.roles.prediction:
            raise InvalidInput("--value needs the decisions: give --prediction")
        fitting |= {statistic.name: statistic for statistic in in_money(options.costs)}
    for name in options.statistics:
        catalogue.get(name)
        if name not in fitting:
            raise InvalidInput(
                f"{name} is not estimated with these columns; there is: {', '.join(fitting)}"
            )
    chosen = dict.fromkeys(options.statistics) or fitting
    check_limits(options.limits, measured=chosen)
    return tuple(fitting[name] for name in chosen)


def _learn(run: _Run) -> _Reference:
    """Calibrate on the reference, and estimate each of its windows from the others."""
    parts = run.parts(run.reference, labelled=True, whole=True)
    whole = next(parts).tally
    try:
        calibration = calibrate(whole)
    except InsufficientData as error:
        return _Reference(None, Estimate(None, 0, reason=str(error), insufficient=True), ())
    if calibration.fit.fails:
        return _Reference(
            calibration, Estimate(None, 0, reason=calibrated.failure(calibration.fit)), ()
        )
    tested: list[Tested] = []
    for part in parts:
        try:
            others = calibrate(whole, without=part.tally)
        except InsufficientData:
            continue
        tested += _test(run, part, calibration=others, on="reference")
    return _Reference(calibration, None, tested)


def _test(run: _Run, part: Part, *, calibration: Calibration, on: str) -> list[Tested]:
    """Hold a part's estimates against its outcomes, once enough of them are known."""
    if part.tally.labelled < MATURE * part.tally.rows:
        return []
    expected = estimation.expect(part.tally, calibration=calibration)
    return [
        Tested(
            on,
            statistic,
            part.slice,
            part.window,
            estimated=_measure(run, statistic, expected),
            realised=_measure(run, statistic, part.tally),
        )
        for statistic in run.wanted
    ]


def _measure(run: _Run, statistic: Statistic, given: Expected | BinaryTally) -> Estimate:
    """Estimate a statistic from expectations, or realise it from outcomes."""
    measure = statistic.measure
    if isinstance(given, Expected):
        measure = catalogue.get(f"{PREFIX}{statistic.name}").measure
        if run.options.costs is not None and statistic.family is Family.VALUE:
            measure = partial(measure, worth=run.options.costs.weights)
    return measure(given, confidence=run.options.confidence)


def _estimate(run: _Run, learned: _Reference) -> tuple[list[Draft], list[Tested], list[str]]:
    """Estimate every part of the current side; say of each what the refusal says otherwise."""
    labelled = run.options.roles.target in run.current.names
    left_out = calibrated.LeftOut(learned.calibration)
    drafts: list[Draft] = []
    tested: list[Tested] = []
    for part in run.parts(run.current, labelled=labelled):
        left_out.add(part.tally)
        if learned.refusal is None and learned.calibration is not None:
            expected = estimation.expect(part.tally, calibration=learned.calibration)
            estimates = [_measure(run, statistic, expected) for statistic in run.wanted]
            tested += _test(run, part, calibration=learned.calibration, on="current")
        else:
            estimates = [replace(learned.refusal or Estimate(None, 0), n=part.tally.rows)]
            estimates *= len(run.wanted)
        drafts += [
            Draft(s, e, slice=part.slice, window=part.window, limit=run.options.limits.get(s.name))
            for s, e in zip(run.wanted, estimates, strict=True)
        ]
    return drafts, tested, left_out.sentences(run.current)


def _limited(run: _Run, drafts: Sequence[Draft], tested: Sequence[Tested]) -> list[Draft]:
    """Set the limits that the reference's windows teach, where that was asked for."""
    if not run.options.alert_on:
        return list(drafts)
    limits: dict[str, float] = {}
    for statistic in run.wanted:
        realised = [t.realised.value for t in tested if t.statistic is statistic]
        values = [value for value in realised if value is not None]
        if len(values) > 1:
            limits[statistic.name] = learned_limit(
                values, rule=run.options.alert_on, statistic=statistic
            )
    return [replace(d, limit=limits.get(d.statistic.name, d.limit)) for d in drafts]


def _acknowledged(drafts: Sequence[Draft], tested: Sequence[Tested]) -> list[Draft]:
    """Say beside an estimate that outcomes have proved it wrong."""
    wrong = backtest.missed(tested)
    return [
        replace(
            draft,
            estimate=replace(
                draft.estimate,
                reason=draft.estimate.reason
                or wrong.get(backtest.key(draft.statistic.name, draft.window, draft.slice)),
            ),
        )
        for draft in drafts
    ]


def _settings(run: _Run, *, task: Task) -> dict[str, object]:
    options = run.options
    roles = options.roles
    return {
        "engine": run.engine.name,
        "task": task.value,
        "target": roles.target,
        "positive": run.codings.label.positive,
        "prediction": roles.prediction,
        "score": roles.score,
        "statistics": [statistic.name for statistic in run.wanted],
        "timestamp": options.timestamp,
        "window": run.windowing.width.text if run.windowing and options.timestamp else None,
        "chunk_size": options.chunk_size,
        "confidence": options.confidence,
        "limits": dict(options.limits),
        "alert_on": options.alert_on,
        "value": as_settings(options.costs) if options.costs else None,
        "assumes": "only the mix of rows changes, not the meaning of a score",
    }
