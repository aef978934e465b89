"""How well does a model work where outcomes are not known, from a reference where they are."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from lifecycle.domain.measurement import Window
from lifecycle.domain.value import as_settings
from lifecycle.engines import Engine
from lifecycle.engines.contract import Grouping, Source
from lifecycle.engines.windows import Windowing
from lifecycle.errors import InsufficientData, InvalidInput
from lifecycle.services.analysis import backtest, calibrated, estimating
from lifecycle.services.analysis.backtest import Tested
from lifecycle.services.analysis.class_estimation import estimate_classes
from lifecycle.services.analysis.error_estimation import estimate_errors
from lifecycle.services.analysis.estimating import (
    MATURE,
    EstimateOptions,
    acknowledged,
    windowing_of,
)
from lifecycle.services.analysis.outcomes import (
    Codings,
    Task,
    binary_codings,
    recognise,
    unknown,
)
from lifecycle.services.analysis.performance import in_money
from lifecycle.services.analysis.periods import silences
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
from lifecycle.stats.summaries import UNKNOWN, BinaryTally

RANKING = ("roc_auc", "average_precision")
"""What needs no decision."""


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
                name, window = estimating.named(found.window, options=self.options, of=source)
                yield Part(name, window, found.tally)


@dataclass(frozen=True, slots=True, eq=False)
class _Reference:
    """What the reference teaches, or why it teaches nothing, and its windows put to the test."""

    calibration: Calibration | None
    refusal: Estimate | None
    tested: Sequence[Tested]


def measure_estimate(
    engine: Engine, *, reference: Source, current: Source, options: EstimateOptions
) -> Result:
    """Estimate a model's performance on current rows; outcomes there only test the estimate.

    Raises
    ------
    InvalidInput
        A column, statistic, window or limit cannot be used.
    """
    estimating.check(options, reference=reference, current=current)
    task = recognise(engine, reference, roles=options.roles)
    if task is Task.REGRESSION:
        return estimate_errors(engine, reference=reference, current=current, options=options)
    if task is Task.CLASSES:
        return estimate_classes(engine, reference=reference, current=current, options=options)
    if options.roles.score is None:
        raise InvalidInput("give --score: a classifier is estimated from its scores")
    windowing, notices = windowing_of(engine, current, options=options)
    run = _Run(
        engine,
        estimating.cut(engine, reference, options=options),
        estimating.cut(engine, current, options=options),
        binary_codings(engine, reference, roles=options.roles).closed,
        windowing,
        options,
        _wanted(options),
    )
    learned = _learn(run)
    drafts, tested, told = _estimate(run, learned)
    tested = [*tested, *learned.tested]
    drafts = estimating.limited(drafts, tested=learned.tested, options=options)
    measurements, _ = finish(acknowledged(drafts, tested))
    return Result(
        command="estimate",
        inputs={"reference": side(reference), "current": side(current)},
        settings=_settings(run, task=task),
        measurements=measurements,
        verdict=overall(measurements),
        notices=(
            *notices,
            *silences(measurements),
            *run.codings.notices,
            *told,
            *backtest.sentences(tested),
        ),
        details=calibrated.as_details(learned.calibration) | backtest.as_details(tested),
    )


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
    for part in filter(_mature, parts):
        try:
            others = calibrate(whole, without=part.tally)
        except InsufficientData:
            continue
        tested += _test(run, part, _estimates(run, part, others), on="reference")
    return _Reference(calibration, None, tested)


def _mature(part: Part) -> bool:
    """Tell whether enough outcomes of a part are known to hold its estimates against them."""
    return part.tally.labelled >= MATURE * part.tally.rows


def _estimates(run: _Run, part: Part, calibration: Calibration) -> list[Estimate]:
    """Estimate each statistic wanted of a part."""
    expected = estimation.expect(part.tally, calibration=calibration)
    return [_measure(run, statistic, expected) for statistic in run.wanted]


def _test(run: _Run, part: Part, estimates: Sequence[Estimate], *, on: str) -> list[Tested]:
    """Hold a part's estimates against its outcomes."""
    return [
        Tested(
            on,
            statistic,
            part.slice,
            part.window,
            estimated=estimated,
            realised=_measure(run, statistic, part.tally),
        )
        for statistic, estimated in zip(run.wanted, estimates, strict=True)
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
    doubtful = 0
    for part in run.parts(run.current, labelled=labelled):
        left_out.add(part.tally)
        lacking = part.tally.decisions
        doubtful += int(lacking[:, UNKNOWN].sum()) + int(lacking[UNKNOWN].sum() if labelled else 0)
        if learned.refusal is None and learned.calibration is not None:
            estimates = _estimates(run, part, learned.calibration)
            tested += _test(run, part, estimates, on="current") if _mature(part) else []
        else:
            estimates = [replace(learned.refusal or Estimate(None, 0), n=part.tally.rows)]
            estimates *= len(run.wanted)
        drafts += [
            Draft(s, e, slice=part.slice, window=part.window)
            for s, e in zip(run.wanted, estimates, strict=True)
        ]
    strange = unknown(run.engine, run.current, codings=run.codings) if doubtful else ()
    return drafts, tested, [*strange, *left_out.sentences(run.current)]


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
